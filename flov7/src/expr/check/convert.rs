//! What to write instead, where a value has the wrong kind.

use crate::expr::ast::{ArithmeticOp, CompareOp};
use crate::types::{Kind, Kinds};

/// How to make what is wanted of a value that has other kinds. `wanted` says it in a sentence, as "a number".
pub(super) fn conversion(have: Kinds, want: Kinds, shown: &str, wanted: &str) -> String {
    let mut own = have.iter();
    let (Some(kind), None) = (own.next(), own.next()) else {
        return format!("write {wanted} here, or ask for its kind with `type({shown})`");
    };
    let any = |kinds: &[Kind]| kinds.iter().any(|kind| want.has(*kind));
    let help = match kind {
        Kind::Text => from_text(want, shown),
        Kind::Number if any(&[Kind::Text]) => Some(format!("use `string({shown})`")),
        Kind::Number if any(&[Kind::Timestamp]) => {
            Some(format!("use `timestamp({shown})`, seconds since 1970"))
        }
        Kind::Number if any(&[Kind::Duration]) => Some(format!("use `duration(string({shown}) + \"s\")`")),
        Kind::Bool if any(&[Kind::Number]) => Some(format!("write `{shown} ? 1 : 0`")),
        Kind::Bool if any(&[Kind::Text]) => Some(format!("use `string({shown})`")),
        Kind::List => from_list(want, shown),
        Kind::Map if any(&[Kind::List]) => Some(format!("walk its keys: `{shown}.map(k, …)`")),
        Kind::Map if want == Kinds::only(Kind::Bool) => Some(format!("ask `size({shown}) > 0`")),
        Kind::Map if any(&[Kind::Text]) => {
            Some(format!("choose a member of it, or write it as JSON: `toJson({shown})`"))
        }
        Kind::Map => Some("choose a member of it".to_owned()),
        Kind::Timestamp if any(&[Kind::Text]) => Some(format!("use `string({shown})`")),
        Kind::Timestamp if any(&[Kind::Number]) => {
            Some(format!("use `int({shown})`, seconds since 1970, or a part of it: `{shown}.getHours()`"))
        }
        Kind::Timestamp if any(&[Kind::Duration]) => {
            Some(format!("a duration lies between two times: `{shown} - now`"))
        }
        Kind::Duration if any(&[Kind::Text]) => Some(format!("use `string({shown})`")),
        Kind::Duration if any(&[Kind::Number]) => {
            Some(format!("use `{shown}.getSeconds()`, or another of its parts"))
        }
        Kind::Duration if any(&[Kind::Timestamp]) => Some(format!("add it to a time: `now + {shown}`")),
        Kind::Null => Some("null is no value: leave it out, or write what is meant instead".to_owned()),
        _ => None,
    };
    help.unwrap_or_else(|| {
        if want == Kinds::only(Kind::Bool) {
            format!("compare it: `{shown} == …`")
        } else if want == Kinds::only(Kind::List) {
            format!("write `[{shown}]` for a list of one")
        } else {
            format!("write {wanted} here")
        }
    })
}

fn from_text(want: Kinds, shown: &str) -> Option<String> {
    Some(if want.has(Kind::Number) {
        format!("use `int({shown})` or `double({shown})`")
    } else if want.has(Kind::Timestamp) {
        format!("use `timestamp({shown})`")
    } else if want.has(Kind::Duration) {
        format!("use `duration({shown})`")
    } else if want == Kinds::only(Kind::Bool) {
        format!("compare it, or use `bool({shown})`")
    } else if want.has(Kind::List) {
        format!("take it apart: `{shown}.split(\",\")`")
    } else if want.has(Kind::Map) {
        "a text that holds JSON is read by a `parse` step".to_owned()
    } else {
        return None;
    })
}

fn from_list(want: Kinds, shown: &str) -> Option<String> {
    Some(if want == Kinds::only(Kind::Bool) {
        format!("ask `size({shown}) > 0`")
    } else if want.has(Kind::Map) {
        format!("choose an item, `{shown}[0]`, or walk it: `{shown}.map(x, …)`")
    } else if want.has(Kind::Text) {
        format!("put its texts together, `{shown}.join(\", \")`, or write it as JSON: `toJson({shown})`")
    } else if want.has(Kind::Number) {
        format!("choose an item, `{shown}[0]`, count it, `size({shown})`, or add it up: `{shown}.sum()`")
    } else {
        format!("choose an item: `{shown}[0]`")
    })
}

/// How two values of different kinds become comparable.
pub(super) fn comparison(op: CompareOp, left: (Kinds, &str), right: (Kinds, &str)) -> String {
    let single = |kinds: Kinds| {
        let mut all = kinds.iter();
        all.next().filter(|_| all.next().is_none())
    };
    let (Some(a), Some(b)) = (single(left.0), single(right.0)) else {
        let shown = if single(left.0).is_none() { left.1 } else { right.1 };
        return format!("find out its kind first: `type({shown}) == …`");
    };
    // A text is read as what the other side is; else a number is.
    for (from, text, to) in [(a, left.1, b), (b, right.1, a)] {
        if from == Kind::Text && to != Kind::Bool {
            return conversion(Kinds::only(from), Kinds::only(to), text, "");
        }
    }
    for (from, text, to) in [(a, left.1, b), (b, right.1, a)] {
        if from == Kind::Number && matches!(to, Kind::Timestamp | Kind::Duration) {
            return conversion(Kinds::only(from), Kinds::only(to), text, "");
        }
    }
    match (a, b) {
        (Kind::Timestamp, Kind::Duration) => {
            format!("compare two times: `{} {} now + {}`", left.1, op.symbol(), right.1)
        }
        (Kind::Duration, Kind::Timestamp) => {
            format!("compare two times: `now + {} {} {}`", left.1, op.symbol(), right.1)
        }
        _ => format!("`{}` compares two values of one kind", op.symbol()),
    }
}

/// How two values of different kinds go together.
pub(super) fn arithmetic(op: ArithmeticOp, left: (Kinds, &str), right: (Kinds, &str)) -> String {
    let ((a, left), (b, right)) = (left, right);
    let is = |kinds: Kinds, kind: Kind| kinds == Kinds::only(kind);
    let texted = Kinds::only(Kind::Number).and(Kind::Bool).and(Kind::Timestamp).and(Kind::Duration);
    let time = |kinds| is(kinds, Kind::Timestamp) || is(kinds, Kind::Duration);
    let add = op == ArithmeticOp::Add;
    if is(a, Kind::Timestamp) && is(b, Kind::Text) {
        format!("use `duration({right})`")
    } else if is(a, Kind::Text) && !b.common(texted).is_empty() {
        format!("use `string({right})`")
    } else if is(b, Kind::Text) && !a.common(texted).is_empty() {
        format!("use `string({left})`")
    } else if is(a, Kind::List) && !is(b, Kind::List) {
        format!("use `[{right}]`")
    } else if is(b, Kind::List) && !is(a, Kind::List) {
        format!("use `[{left}]`")
    } else if (time(a) && is(b, Kind::Number)) || (is(a, Kind::Number) && time(b)) {
        "a length of time has its unit: `duration(\"5m\")`".to_owned()
    } else if add && is(a, Kind::Timestamp) && is(b, Kind::Timestamp) {
        format!("between two times lies a duration: `{left} - {right}`")
    } else if is(a, Kind::Duration) && is(b, Kind::Timestamp) {
        format!("write the time first: `{right} {} {left}`", op.symbol())
    } else {
        let goes = match op {
            ArithmeticOp::Add => "two numbers, two texts, two lists, two durations, or a time and a duration",
            ArithmeticOp::Subtract => "two numbers, two times, two durations, or a duration from a time",
            _ => "two numbers",
        };
        format!("`{}` takes {goes}", op.symbol())
    }
}
