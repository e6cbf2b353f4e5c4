//! Names: what is reserved, and what to say about a function that is not there.

use super::ast::Form;
use super::error::{ExprError, Span};
use super::functions::{Forms, Function, NAMESPACES, Signature};
use super::macros::MacroKind;
use crate::finding::slip;

/// The roots that exist somewhere in a document. Which of them exist in a place is for the checker to say.
pub const ROOTS: &[&str] =
    &["input", "steps", "item", "index", "state", "error", "now", "execution", "trigger"];

/// Whether `name` is a word that CEL reserves, so that nothing may be called by it.
///
/// ```
/// assert!(flov7::expr::is_reserved("loop"));
/// assert!(!flov7::expr::is_reserved("total"));
/// ```
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    crate::id::is_reserved_word(name)
}

/// Whether `function` reads a part of a time, so that its second argument is an offset.
pub(super) fn is_accessor(function: Function) -> bool {
    use Function as F;
    matches!(
        function,
        F::GetFullYear
            | F::GetMonth
            | F::GetDate
            | F::GetDayOfMonth
            | F::GetDayOfWeek
            | F::GetDayOfYear
            | F::GetHours
            | F::GetMinutes
            | F::GetSeconds
            | F::GetMilliseconds
    )
}

/// The finding for a call of a function that does not exist.
pub(super) fn unknown_function(name: &str, span: Span, form: Form) -> ExprError {
    let error = ExprError::new("unknown-function", span, format!("there is no function `{name}`"));
    let fits = |name: &str| Function::from_name(name).is_some_and(|f| f.signature().forms.allow(form));
    let meant = same_elsewhere(name).or_else(|| nearest(name).filter(|near| slip(name, [*near]).is_some()));
    let error = match meant {
        Some(meant) if fits(meant) => error.with_fix(meant),
        _ => error,
    };
    match elsewhere(name) {
        Some(help) => error.with_help(help),
        None => match nearest(name) {
            Some(near) if Function::from_name(near).is_some_and(|f| f.signature().forms.allow(form)) => {
                error.with_help(format!("did you mean `{near}`?"))
            }
            Some(near) => error.with_help(format!("there is `{}`", example(near))),
            None => error,
        },
    }
}

/// How the first example of a function or macro reads.
fn example(name: &str) -> String {
    match Function::from_name(name).map(|f| f.signature()) {
        Some(Signature { forms: Forms::Member, .. }) => format!("value.{name}(…)"),
        Some(_) => format!("{name}(…)"),
        None if name == MacroKind::Bind.name() => format!("{name}(x, value, …)"),
        None => format!("list.{name}(x, …)"),
    }
}

/// Functions that are nothing but called otherwise in other languages.
fn same_elsewhere(name: &str) -> Option<&'static str> {
    Some(match name {
        "len" | "strlen" => "size",
        "toLowerCase" | "toLower" | "lowercase" | "lcase" => "lower",
        "toUpperCase" | "toUpper" | "uppercase" | "ucase" => "upper",
        "str" | "toString" => "string",
        _ => return None,
    })
}

/// Whether `root.function(` begins a call of a function that has a dot in its name, or would have in another language,
/// so that `root` is read as no value.
pub(super) fn is_namespaced(root: &str, function: &str) -> bool {
    NAMESPACES.contains(&root) || elsewhere(&format!("{root}.{function}")).is_some()
}

/// What people and models write by habit, and what this profile calls it.
pub(super) fn elsewhere(name: &str) -> Option<&'static str> {
    Some(match name {
        "len" | "length" | "count" | "strlen" => "write `size(v)`",
        "toLowerCase" | "toLower" | "lowercase" | "lcase" => "write `text.lower()`",
        "toUpperCase" | "toUpper" | "uppercase" | "ucase" => "write `text.upper()`",
        "includes" | "has" => "write `text.contains(part)`, or `x in list`",
        "concat" | "append" | "push" | "extend" => "write `a + b`",
        "str" | "toString" | "text" => "write `string(x)`",
        "float" | "number" | "parseFloat" | "toNumber" => "write `double(x)`",
        "parseInt" | "toInt" | "integer" => "write `int(x)`",
        "uint" => "there is one kind of number: write `int(x)`",
        "bytes" => "there are no bytes in this profile, only text",
        "json" | "toJSON" | "stringify" | "to_json" | "tojson" => "write `toJson(x)`",
        "typeof" | "typeOf" => "write `type(x)`",
        "round" => "write `math.round(x, digits)`",
        "floor" => "write `math.floor(x)`",
        "ceil" => "write `math.ceil(x)`",
        "abs" => "write `math.abs(x)`",
        "sqrt" => "write `math.sqrt(x)`",
        "pow" | "math.pow" => "there are no powers in this profile: write `x * x`",
        "sign" => "write `math.sign(x)`",
        "trunc" | "truncate" => "write `math.trunc(x)`",
        "mod" | "math.mod" => "write `a % b`",
        "avg" | "average" | "mean" => "write `sum(v) / size(v)`",
        "keys" => "write `m.map(k, k)`: a map is walked by its keys",
        "values" => "write `m.map(k, m[k])`: a map is walked by its keys",
        "find" => "write `list.filter(x, …).first()`",
        "any" | "some" => "write `list.exists(x, …)`",
        "every" => "write `list.all(x, …)`",
        "reduce" | "fold" => "there is no fold: use `sum`, `min`, `max` or `join`, or a `loop` step",
        "uniq" | "unique" => "write `list.distinct()`",
        "date" | "parseDate" | "datetime" => "write `timestamp(text)`",
        "today" => "write `now`",
        "if" | "iff" => "write `condition ? a : b`",
        "coalesce" | "default" | "orElse" | "getOrDefault" | "get" => "write `a.?b.orValue(default)`",
        "isEmpty" | "empty" => "write `size(v) == 0`",
        "regex" | "regexMatch" | "test" | "match" => "write `text.matches(\"…\")`",
        "unwrap" | "unwrapOpt" | "optional.unwrap" => "write `[?a, ?b]`: empty optionals are left out",
        "quote" => "write `strings.quote(text)`",
        "encode" | "base64" | "btoa" => "write `base64.encode(text)` or `url.encode(text)`",
        "decode" | "atob" => "write `base64.decode(text)` or `url.decode(text)`",
        "fromJson" | "parseJson" | "json_decode" => {
            "a text is read by a `parse` step, which says what is in it"
        }
        "bind" | "let" => "write `cel.bind(x, value, …)`",
        "lists.range" => "write `range(n)`",
        "lists.concat" => "write `a + b`",
        "sets.intersects" => "write `a.exists(x, x in b)`",
        "sets.equivalent" => "write `a.all(x, x in b) && b.all(x, x in a)`",
        "regex.extract" | "regex.extractAll" => {
            "patterns are asked with `matches` only: write `split` and `substring`"
        }
        "math.isNaN" | "math.isInf" | "math.isFinite" | "isNaN" | "isFinite" => {
            "leave it out: every number is finite, what is not fails with `data.overflow`"
        }
        _ => return None,
    })
}

/// The nearest name of a function or macro, if one is near.
fn nearest(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    Function::ALL
        .iter()
        .map(|function| function.name())
        .chain(MacroKind::ALL.iter().map(|kind| kind.name()))
        .map(|candidate| (distance(&lower, &candidate.to_ascii_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().min(name.len()) / 3)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance, of names so long at most; others are far apart.
fn distance(a: &str, b: &str) -> usize {
    if a.len().max(b.len()) > 48 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// The finding for a call with the wrong form or number of arguments.
pub(super) fn wrong_arguments(signature: &Signature, span: Span, given: usize, form: Form) -> ExprError {
    let name = signature.name;
    if !signature.forms.allow(form) {
        let (message, help) = match form {
            Form::Global => (
                format!("`{name}` is written behind the value that it is asked of"),
                format!("write `value.{name}({})`", if signature.min > 1 { "…" } else { "" }),
            ),
            Form::Member => (format!("`{name}` is no member function"), format!("write `{name}(value)`")),
        };
        return ExprError::new("wrong-arguments", span, message).with_help(help);
    }
    let receiver = usize::from(form == Form::Member);
    let (min, max, given) = (signature.min - receiver, signature.max - receiver, given - receiver);
    let count = match (min, max) {
        (0, 0) => "no argument".to_owned(),
        (1, 1) => "one argument".to_owned(),
        (a, b) if a == b => format!("{a} arguments"),
        (a, b) => format!("{a} to {b} arguments"),
    };
    let error = ExprError::new("wrong-arguments", span, format!("`{name}` takes {count}, found {given}"));
    if matches!(name, "min" | "max") {
        return error.with_help(format!("write `{name}([a, b])`"));
    }
    error
}
