//! The hand that walks a document: knows where it is, notes every fault, and goes on.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::finding::{Code, Finding, Misnamed, nearest, slip};
use crate::id::Name;
use crate::json::{PatchOp, Pointer};
use crate::workflow::{DocumentLimits, DurationText, Expression, Schema, Template, parse_duration};

/// More findings than this are not kept: nobody reads them, and a hostile document cannot make a report that is
/// larger than itself.
pub(crate) const MAX_FINDINGS: usize = 1_000;

/// The members of one object.
pub(crate) type Members = Map<String, Value>;

/// Where the reader is, and what it found so far.
///
/// A construct that cannot be read as it stands *poisons* the step, trigger or connection around it: its own body
/// is not looked at again, so that one fault has no consequences in the report, while everything beside it and the
/// blocks inside are still checked.
pub(crate) struct Reader {
    pub(crate) limits: DocumentLimits,
    pub(crate) pointer: Pointer,
    findings: Vec<Finding>,
    poisoned: BTreeSet<String>,
    /// The steps, triggers and connections around, innermost last: the length of each one's pointer.
    owners: Vec<usize>,
    /// The id of the step around.
    pub(crate) step: Option<String>,
    /// Steps read so far.
    pub(crate) steps: usize,
    /// Blocks around.
    pub(crate) blocks: usize,
    /// The schemas that were read last: steps that look alike expect the same, and share it then.
    schemas: Vec<Schema>,
}

/// How many schemas are kept for those that come behind.
const LAST_SCHEMAS: usize = 4;

impl Reader {
    pub(crate) fn new(limits: DocumentLimits) -> Reader {
        Reader {
            limits,
            pointer: Pointer::root(),
            findings: Vec::new(),
            poisoned: BTreeSet::new(),
            owners: Vec::new(),
            step: None,
            steps: 0,
            blocks: 0,
            schemas: Vec::new(),
        }
    }

    /// Everything that was found, and what is poisoned.
    pub(crate) fn finish(self) -> (Vec<Finding>, BTreeSet<String>) {
        (self.findings, self.poisoned)
    }

    /// A finding about the value here.
    pub(crate) fn about(&self, code: Code, message: impl Into<String>) -> Finding {
        let finding = Finding::new(code, self.pointer.as_str(), message);
        match &self.step {
            Some(step) => finding.with_step(step),
            None => finding,
        }
    }

    /// Keeps a finding.
    pub(crate) fn note(&mut self, finding: Finding) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        }
    }

    /// Notes what is wrong with the value here.
    pub(crate) fn fault(&mut self, code: Code, message: impl Into<String>) {
        let finding = self.about(code, message);
        self.note(finding);
    }

    /// Says that the step, trigger or connection around cannot be used; outside of them, that the value here cannot.
    pub(crate) fn poison(&mut self) {
        let here = self.pointer.as_str();
        let end = self.owners.last().copied().unwrap_or(here.len());
        self.poisoned.insert(here.get(..end).unwrap_or(here).to_owned());
    }

    /// Reads the value at the member `name` as what `read` makes of it.
    pub(crate) fn within<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.pointer.len();
        self.pointer.push(name);
        let result = read(self);
        self.pointer.truncate(length);
        result
    }

    /// As [`Reader::within`], for one of format 1's own names.
    fn within_known<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.pointer.len();
        self.pointer.push_known(name);
        let result = read(self);
        self.pointer.truncate(length);
        result
    }

    /// The members of the object here by the names that it knows; unknown ones are noted.
    pub(crate) fn members<'v, const N: usize>(
        &mut self,
        members: &'v Members,
        what: &str,
        known: &[&str; N],
    ) -> [Option<&'v Value>; N] {
        let (found, all_known) = sort_members(members, known);
        if !all_known {
            self.unknown_members(members, what, known);
        }
        found
    }

    /// The member `name`, which was looked up already, as `read` makes it, if it is there.
    pub(crate) fn known<'v, T>(
        &mut self,
        value: Option<&'v Value>,
        name: &str,
        read: impl FnOnce(&mut Self, &'v Value) -> Option<T>,
    ) -> Option<T> {
        let value = value?;
        self.within_known(name, |reader| read(reader, value))
    }

    /// Reads the item `index`.
    pub(crate) fn within_index<T>(&mut self, index: usize, read: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.pointer.len();
        self.pointer.push_index(index);
        let result = read(self);
        self.pointer.truncate(length);
        result
    }

    /// Reads a step, trigger or connection: what is poisoned inside stays inside.
    pub(crate) fn owned<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        self.owners.push(self.pointer.len());
        let result = read(self);
        self.owners.pop();
        result
    }

    /// Notes that the value here is of another kind than wanted.
    pub(crate) fn wrong_kind(&mut self, wanted: &str, found: &Value) {
        self.poison();
        let finding = self
            .about(Code::WRONG_KIND, format!("expected {wanted}, found {}", describe(found)))
            .with_found(excerpt(found));
        self.note(finding);
    }

    /// Notes that the value here is of another kind than wanted, and surely means `meant`.
    fn wrong_kind_for(&mut self, wanted: &str, found: &Value, meant: Option<Value>) {
        self.wrong_kind(wanted, found);
        let path = self.pointer.as_str().to_owned();
        if let (Some(value), Some(finding)) = (meant, self.findings.last_mut())
            && finding.pointer == path
        {
            finding.help = Some(format!("write `{value}`"));
            finding.fix = Some(vec![PatchOp::Replace { path, value }]);
        }
    }

    /// The object here, each member of which is one of `known`; unknown ones are noted.
    pub(crate) fn object<'v>(&mut self, value: &'v Value, what: &str, known: &[&str]) -> Option<&'v Members> {
        let Some(members) = value.as_object() else {
            self.wrong_kind(&format!("{what} (an object)"), value);
            return None;
        };
        self.unknown_members(members, what, known);
        Some(members)
    }

    /// Notes each member that is not one of `known`, with the nearest one that is free.
    pub(crate) fn unknown_members(&mut self, members: &Members, what: &str, known: &[&str]) {
        if members.keys().all(|name| known.contains(&name.as_str())) {
            return;
        }
        // Sorted by name, whatever order the map is in (another crate may turn on insertion order).
        let mut unknown: Vec<&str> =
            members.keys().map(String::as_str).filter(|name| !known.contains(name)).collect();
        unknown.sort_unstable();
        for name in unknown {
            let free = known.iter().copied().filter(|known| !members.contains_key(*known));
            let nearest = nearest(name, free);
            if !nearest.is_empty() {
                // The slip may be in the name alone, and then what it was meant for is missing.
                self.poison();
            }
            self.within(name, |reader| {
                let message = format!("{what} has no member `{}`", shorten(name));
                let free = known.iter().copied().filter(|known| !members.contains_key(*known));
                let finding = reader.about(Code::UNKNOWN_MEMBER, message).about_name().with_allowed(known);
                let mut finding = finding.with_names(name, free, Misnamed::Member);
                if finding.fix.is_none()
                    && let Some((_, help)) = FOREIGN.iter().find(|(foreign, _)| *foreign == name)
                {
                    finding.help = Some((*help).to_owned());
                }
                reader.note(finding);
            });
        }
    }

    /// Whether a member is there that is surely one of `names` with a slip of the pen: then that is what is wrong.
    pub(crate) fn has_slip(&self, members: &Members, names: &[&str]) -> bool {
        members.keys().any(|key| slip(key, names.iter().copied()).is_some())
    }

    /// Notes that the member `name` is missing here.
    pub(crate) fn missing(&mut self, what: &str, name: &str) {
        self.poison();
        self.fault(Code::MISSING_MEMBER, format!("{what} needs the member `{name}`"));
    }

    /// The member `name` as `read` makes it; noted when it is missing.
    pub(crate) fn required<'v, T>(
        &mut self,
        members: &'v Members,
        what: &str,
        name: &str,
        read: impl FnOnce(&mut Self, &'v Value) -> Option<T>,
    ) -> Option<T> {
        self.needed(members, members.get(name), what, name, read)
    }

    /// As [`Reader::required`], of a member that was looked up already.
    pub(crate) fn needed<'v, T>(
        &mut self,
        members: &Members,
        value: Option<&'v Value>,
        what: &str,
        name: &str,
        read: impl FnOnce(&mut Self, &'v Value) -> Option<T>,
    ) -> Option<T> {
        match value {
            Some(value) => self.within_known(name, |reader| read(reader, value)),
            // What is written with a slip of the pen is not missing too.
            None if self.has_slip(members, &[name]) => {
                self.poison();
                None
            }
            None => {
                self.missing(what, name);
                None
            }
        }
    }

    /// The member `name` as `read` makes it, if it is there.
    pub(crate) fn optional<'v, T>(
        &mut self,
        members: &'v Members,
        name: &str,
        read: impl FnOnce(&mut Self, &'v Value) -> Option<T>,
    ) -> Option<T> {
        let value = members.get(name)?;
        self.within_known(name, |reader| read(reader, value))
    }

    /// A text.
    pub(crate) fn text(&mut self, value: &Value) -> Option<String> {
        match value.as_str() {
            Some(text) => Some(text.to_owned()),
            None => {
                self.wrong_kind("a text", value);
                None
            }
        }
    }

    /// Notes why a text is no name, with the nearest that would be one.
    pub(crate) fn check_name(&mut self, text: &str) {
        let Err(error) = Name::check(text) else { return };
        let mut finding = self.about(Code::BAD_ID, error.to_string()).with_found(shorten(text));
        if let Some(near) = as_name(text) {
            finding = finding.with_help(format!("`{near}` would do"));
        }
        self.note(finding);
    }

    /// True or false.
    pub(crate) fn boolean(&mut self, value: &Value) -> Option<bool> {
        if value.as_bool().is_none() {
            let meant = ["true", "false"].iter().position(|word| value.as_str() == Some(*word));
            self.wrong_kind_for("true or false", value, meant.map(|at| Value::Bool(at == 0)));
        }
        value.as_bool()
    }

    /// The items of a list, each as `read` makes it. Whoever gives nothing for an item shifts those behind it, so
    /// what pointers lead into later is always given, in whatever state.
    pub(crate) fn list<'v, T>(
        &mut self,
        value: &'v Value,
        what: &str,
        mut read: impl FnMut(&mut Self, &'v Value) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Some(items) = value.as_array() else {
            self.wrong_kind(what, value);
            return None;
        };
        let mut result = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            result.extend(self.within_index(index, |reader| read(reader, item)));
        }
        Some(result)
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, value: &Value) -> Option<Vec<String>> {
        if value.is_string() {
            self.wrong_kind_for("a list of texts", value, Some(Value::Array(vec![value.clone()])));
            return None;
        }
        self.list(value, "a list of texts", Self::text)
    }

    /// A whole number between two ends, both inside. A number outside is brought to the nearer end, so that
    /// nothing else is wrong because of it.
    pub(crate) fn whole(&mut self, value: &Value, least: u64, greatest: u64) -> Option<u64> {
        let number = match value {
            Value::Number(number)
                if !number.is_f64() || number.as_f64().is_some_and(|n| n.fract() == 0.0) =>
            {
                number
            }
            _ => {
                self.wrong_kind_for("a whole number", value, whole_number(value, least, greatest));
                return None;
            }
        };
        let taken = number.as_u64().unwrap_or_else(|| if number.as_f64() < Some(0.0) { 0 } else { u64::MAX });
        let kept = taken.clamp(least, greatest);
        let inside = number.as_u64() == Some(kept);
        if !inside {
            self.out_of_range(value, &least.to_string(), &greatest.to_string());
        }
        Some(kept)
    }

    /// [`Reader::whole`] for what is kept in 32 bits.
    pub(crate) fn small(&mut self, value: &Value, least: u32, greatest: u32) -> Option<u32> {
        // `whole` gives a number between its ends, which fit.
        self.whole(value, least.into(), greatest.into()).and_then(|number| u32::try_from(number).ok())
    }

    /// Any number between two ends, both inside.
    pub(crate) fn number(&mut self, value: &Value, least: f64, greatest: f64) -> Option<f64> {
        let Some(number) = value.as_f64() else {
            self.wrong_kind("a number", value);
            return None;
        };
        if !(least..=greatest).contains(&number) {
            self.out_of_range(value, &least.to_string(), &greatest.to_string());
        }
        Some(number.clamp(least, greatest))
    }

    fn out_of_range(&mut self, value: &Value, least: &str, greatest: &str) {
        let range = if greatest == u64::MAX.to_string() {
            format!("{least} or more")
        } else {
            format!("{least} to {greatest}")
        };
        let finding = self
            .about(Code::NUMBER_RANGE, format!("{value} is outside of {range}"))
            .with_found(value.clone())
            .with_allowed(range);
        self.note(finding);
    }

    /// One of some words.
    pub(crate) fn word<T: Copy>(&mut self, value: &Value, words: &[(&'static str, T)]) -> Option<T> {
        let found = value.as_str();
        if let Some((_, meant)) = words.iter().find(|(word, _)| found == Some(*word)) {
            return Some(*meant);
        }
        let all: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        self.poison();
        let message = format!("expected {}, found {}", alternatives(&all), describe(value));
        let allowed: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let mut finding = self.about(Code::WRONG_KIND, message).with_found(excerpt(value));
        if let Some(text) = found {
            finding = finding.with_names(text, allowed.iter().copied(), Misnamed::Value);
            // A word stands in quotes here, and not in the marks of a name.
            finding.help = finding.help.map(|help| help.replacen('`', "\"", 2));
        }
        self.note(finding.with_allowed(allowed));
        None
    }

    /// A length of time for a policy: a literal, never negative; `zero` says whether none at all is meant too.
    pub(crate) fn duration(&mut self, value: &Value, zero: Zero) -> Option<DurationText> {
        let Some(text) = value.as_str() else {
            self.wrong_kind("a duration such as \"1h30m\"", value);
            return None;
        };
        match parse_duration(text) {
            None => {
                self.poison();
                let message = format!("expected a duration such as \"1h30m\", found {}", describe(value));
                let finding = self.about(Code::WRONG_KIND, message).with_found(excerpt(value)).with_help(
                    "days, hours, minutes, seconds and milliseconds, in this order: 1d, 1h30m, 500ms; \
                     or ISO 8601: PT1H30M",
                );
                self.note(finding);
            }
            Some(millis) if millis < 0 || (millis == 0 && zero == Zero::Refused) => {
                self.poison();
                let least = if zero == Zero::Refused { "longer than zero" } else { "zero or longer" };
                let message = format!("a duration here is {least}, found {}", describe(value));
                let finding = self.about(Code::NUMBER_RANGE, message).with_found(excerpt(value));
                self.note(finding);
            }
            Some(_) => {}
        }
        Some(DurationText(text.to_owned()))
    }

    /// A JSON Schema: an object or a bool. What stands inside is checked where schemas are understood.
    pub(crate) fn schema(&mut self, value: &Value) -> Option<Schema> {
        match value {
            Value::Object(_) => {
                if let Some(same) = self.schemas.iter().find(|known| *known.0 == *value) {
                    return Some(same.clone());
                }
                let schema = Schema::from(value.clone());
                if self.schemas.len() == LAST_SCHEMAS {
                    self.schemas.remove(0);
                }
                self.schemas.push(schema.clone());
                Some(schema)
            }
            Value::Bool(_) => Some(Schema::from(value.clone())),
            _ => {
                self.wrong_kind("a JSON Schema (an object, true or false)", value);
                None
            }
        }
    }

    /// Any JSON.
    pub(crate) fn template(&mut self, value: &Value) -> Option<Template> {
        Some(Template(value.clone()))
    }

    /// A question: true, false or exactly one `${ … }`.
    pub(crate) fn condition(&mut self, value: &Value) -> Option<Expression> {
        match value {
            Value::Bool(_) => Some(Expression(value.clone())),
            _ => self.expression(value, "true, false or an expression `${ … }`"),
        }
    }

    /// A list, or exactly one `${ … }`.
    pub(crate) fn items(&mut self, value: &Value) -> Option<Expression> {
        match value {
            Value::Array(_) => Some(Expression(value.clone())),
            _ => self.expression(value, "a list or an expression `${ … }`"),
        }
    }

    /// Exactly one `${ … }`. A bare text is taken as if it had its marks, so that what is in it is checked too.
    fn expression(&mut self, value: &Value, wanted: &str) -> Option<Expression> {
        let Some(text) = value.as_str() else {
            self.wrong_kind(wanted, value);
            return None;
        };
        let trimmed = text.trim();
        if trimmed.starts_with("${") && trimmed.ends_with('}') {
            if trimmed.len() == text.len() {
                return Some(Expression(value.clone()));
            }
            return Some(self.marked(
                trimmed.to_owned(),
                "nothing may stand around the `${ … }` here, not even white space".to_owned(),
            ));
        }
        if text.contains("${") || trimmed.is_empty() {
            self.poison();
            let message = format!("expected {wanted}, found {}", describe(value));
            let finding = self
                .about(Code::EXPRESSION_MARKS, message)
                .with_found(excerpt(value))
                .with_help("the whole text is one expression: write texts inside of it as 'strings'");
            self.note(finding);
            return None;
        }
        Some(self.marked(
            format!("${{ {trimmed} }}"),
            format!("expected {wanted}, found the bare text {}", describe(value)),
        ))
    }

    fn marked(&mut self, text: String, message: String) -> Expression {
        let help = format!("write `{}`", shorten(&text));
        let fixed = Value::String(text);
        let fix = PatchOp::Replace { path: self.pointer.as_str().to_owned(), value: fixed.clone() };
        let finding = self.about(Code::EXPRESSION_MARKS, message).with_help(help).with_fix(vec![fix]);
        self.note(finding);
        Expression(fixed)
    }
}

/// The members of an object by the names that are known, and whether there are no others.
pub(super) fn sort_members<'v, const N: usize>(
    members: &'v Members,
    known: &[&str; N],
) -> ([Option<&'v Value>; N], bool) {
    let mut found = [None; N];
    let mut all_known = true;
    for (name, value) in members {
        // Names of the same length mostly differ in their first letter.
        let first = name.as_bytes().first();
        let is =
            |known: &&str| known.len() == name.len() && known.as_bytes().first() == first && *known == name;
        match known.iter().position(is) {
            Some(at) => found[at] = Some(value),
            None => all_known = false,
        }
    }
    (found, all_known)
}

/// The whole number that a text is, if it is one of those allowed.
fn whole_number(value: &Value, least: u64, greatest: u64) -> Option<Value> {
    let number: u64 = value.as_str()?.parse().ok()?;
    (least..=greatest).contains(&number).then(|| number.into())
}

/// Whether a duration of zero means something.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Zero {
    Allowed,
    Refused,
}

/// `Send-Invoice` → `send_invoice`; nothing where too little of the text is left.
pub(super) fn as_name(text: &str) -> Option<String> {
    let mut near = String::new();
    for c in text.chars().take(Name::MAX_BYTES) {
        match plain(c)? {
            Some(c @ ('a'..='z' | '0'..='9' | '_')) => near.push(c),
            None => {}
            _ if near.ends_with('_') || near.is_empty() => {}
            Some(_) => near.push('_'),
        }
    }
    let near = near.trim_matches('_');
    if near.is_empty() {
        return None;
    }
    [near.to_owned(), format!("the_{near}")].into_iter().find(|near| Name::parse(near).is_ok())
}

/// The small ASCII letter that a character stands for, or looks like: nothing inside for what nobody sees, and nothing
/// at all for letters that have no counterpart.
fn plain(character: char) -> Option<Option<char>> {
    const ALIKE: &[(char, char)] = &[
        ('а', 'a'),
        ('е', 'e'),
        ('о', 'o'),
        ('р', 'p'),
        ('с', 'c'),
        ('х', 'x'),
        ('у', 'y'),
        ('і', 'i'),
        ('ј', 'j'),
        ('ѕ', 's'),
        ('ο', 'o'),
        ('ſ', 's'),
        ('\u{212A}', 'k'),
    ];
    Some(match character {
        c if c.is_ascii() => Some(c.to_ascii_lowercase()),
        // Full width.
        '\u{FF21}'..='\u{FF3A}' | '\u{FF41}'..='\u{FF5A}' | '\u{FF10}'..='\u{FF19}' => {
            char::from_u32(u32::from(character) - 0xFEE0).map(|c| c.to_ascii_lowercase())
        }
        '\u{AD}'
        | '\u{300}'..='\u{36F}'
        | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}'
        | '\u{E0000}'..='\u{E01EF}' => None,
        c => match ALIKE.iter().find(|(other, _)| *other == c) {
            Some((_, letter)) => Some(*letter),
            None if c.is_alphanumeric() => return None,
            None => Some(' '),
        },
    })
}

/// Members of other languages, and what to do here instead.
const FOREIGN: &[(&str, &str)] = &[
    ("depends_on", "what a step waits for is said with `after`"),
    ("dependsOn", "what a step waits for is said with `after`"),
    ("needs", "what a step waits for is said with `after`"),
    ("next", "steps run in the order of the list; `after` says otherwise"),
    ("if", "a step runs only where its `when` is true"),
    ("type", "an action and a trigger name their kind with `use`"),
    ("params", "arguments stand in `with`"),
    ("parameters", "arguments stand in `with`"),
    ("args", "arguments stand in `with`"),
    ("arguments", "arguments stand in `with`"),
    ("inputs", "arguments stand in `with`"),
    ("base_url", ELSEWHERE),
    ("url", ELSEWHERE),
    ("host", ELSEWHERE),
    ("auth", ELSEWHERE),
    ("token", ELSEWHERE),
    ("secret", ELSEWHERE),
    ("secrets", ELSEWHERE),
    ("password", ELSEWHERE),
    ("api_key", ELSEWHERE),
    ("version", "revisions are counted when a workflow is saved"),
    ("comment", "remarks stand in `note`"),
];

const ELSEWHERE: &str =
    "addresses and credentials are in the operator's binding of a connection, never in a document";

/// What a value is, for a message: its kind, and itself when it is short.
pub(crate) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("\"{}\"", shorten(text)),
        Value::Array(items) if items.is_empty() => "an empty list".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(members) if members.is_empty() => "an empty object".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// A value as it is shown in a finding: scalars (texts shortened) as they are, lists and objects in words.
pub(crate) fn excerpt(value: &Value) -> Value {
    match value {
        Value::String(text) => shorten(text).into(),
        Value::Array(_) | Value::Object(_) => describe(value).into(),
        scalar => scalar.clone(),
    }
}

/// At most 64 characters of a text, control characters escaped: messages are shown on terminals.
pub(crate) fn shorten(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars().take(64) {
        match c {
            '\'' | '"' | '\\' => shown.push(c),
            c => shown.extend(c.escape_debug()),
        }
    }
    if text.chars().nth(64).is_some() {
        shown.push('…');
    }
    shown
}

/// `a, b or c`.
pub(crate) fn alternatives(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
