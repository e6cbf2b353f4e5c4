//! What a dry run's actions answer instead of being called (FORMAT 4, mocks).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::places::places;
use crate::catalog::CORE_PREFIX;
use crate::finding::{Code, Finding, Report, Severity};
use crate::id::StepPath;
use crate::json;
use crate::machine::{CallError, CallErrorKind};
use crate::validate::Bundle;

/// Answers by step path, by path without indices, or by action id.
///
/// ```
/// # use flov7::execute::Mocks;
/// # use serde_json::json;
/// let mocks = Mocks::read(&json!({
///     "shop.invoice": [{ "error": { "code": "shop.busy", "retryable": true } }, { "output": { "id": "i-1" } }],
///     "each[1]/charge": { "hang": true },
///     "charge/undo": { "lost": true },
/// }));
/// assert!(mocks.is_ok());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mocks(BTreeMap<String, Vec<Mock>>);

/// One answer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Mock {
    /// The action gives this; it is held against the schema like a real output.
    Output(Value),
    /// The action fails.
    Error(CallError),
    /// The action never answers; its deadline comes.
    Hang,
    /// Nobody learns what became of the attempt.
    Lost,
}

impl Mocks {
    /// No answers: the first action that is reached ends the dry run.
    #[must_use]
    pub fn none() -> Self {
        Mocks::default()
    }

    /// Reads `{KEY: ANSWER | [ANSWERS]}`.
    ///
    /// # Errors
    /// A report of every fault of shape, with pointers into `value`.
    pub fn read(value: &Value) -> Result<Mocks, Report> {
        let mut reader = Reader::default();
        let mut mocks = BTreeMap::new();
        match value {
            Value::Object(members) => {
                for (key, answer) in members {
                    let pointer = format!("/{}", json::escape(key));
                    if !key.contains('.') && StepPath::parse(key).is_err() {
                        let message = format!("`{key}` is neither a step's path nor the id of an action");
                        reader.0.push(Finding::new(Code::BAD_ID, &pointer, message).about_name());
                    }
                    let list = match answer {
                        Value::Array(list) if list.is_empty() => {
                            reader.wrong(&pointer, "an answer, or a list of at least one", answer);
                            Vec::new()
                        }
                        Value::Array(list) => list
                            .iter()
                            .enumerate()
                            .filter_map(|(at, one)| reader.mock(&format!("{pointer}/{at}"), one))
                            .collect(),
                        one => reader.mock(&pointer, one).into_iter().collect(),
                    };
                    mocks.insert(key.clone(), list);
                }
            }
            other => reader.wrong("", "an object of answers by step path or action id", other),
        }
        if reader.0.is_empty() { Ok(Mocks(mocks)) } else { Err(Report::new(reader.0, Vec::new())) }
    }

    /// What is odd about these mocks for this workflow: a key that names nothing in it is an error, a failure code that
    /// the action does not declare a warning.
    #[must_use]
    pub fn check(&self, bundle: &Bundle) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (key, mocks) in &self.0 {
            let pointer = format!("/{}", json::escape(key));
            let action = if key.contains('.') {
                if !bundle.parts().any(|(interfaces, _)| interfaces.contains_key(key)) {
                    let message = format!("the workflow uses no action `{key}`");
                    findings.push(Finding::new(Code::UNKNOWN_ACTION, &pointer, message).about_name());
                    continue;
                }
                key.as_str()
            } else if let Some(action) =
                StepPath::parse(key).ok().and_then(|path| action_at(bundle, &path.without_indices()))
            {
                action
            } else {
                let message = format!("the workflow has no action at `{key}`");
                findings.push(Finding::new(Code::UNKNOWN_STEP, &pointer, message).about_name());
                continue;
            };
            for mock in mocks {
                findings.extend(odd(bundle, action, mock).map(|(code, severity, message)| {
                    Finding::new(code, &pointer, message).with_severity(severity)
                }));
            }
        }
        findings
    }

    /// The answer to one attempt: by path, then by path without indices (both count attempts), then by action id
    /// (which counts `calls` of it, from 0). The last of a list repeats.
    pub(crate) fn answer(
        &self,
        path: Option<&StepPath>,
        attempt: u32,
        action: &str,
        calls: usize,
    ) -> Option<&Mock> {
        let attempt = usize::try_from(attempt).unwrap_or(usize::MAX).saturating_sub(1);
        let by_path =
            path.and_then(|path| self.0.get(path.as_str()).or_else(|| self.0.get(&*path.without_indices())));
        let (list, at) = match by_path {
            Some(list) => (list, attempt),
            None => (self.0.get(action)?, calls),
        };
        list.get(at).or(list.last())
    }

    /// Whether an answer stands under a step's path, so that the action's own list is not asked.
    pub(crate) fn names(&self, path: &StepPath) -> bool {
        self.0.contains_key(path.as_str()) || self.0.contains_key(&*path.without_indices())
    }
}

/// Collects faults of shape.
#[derive(Default)]
struct Reader(Vec<Finding>);

impl Reader {
    fn mock(&mut self, pointer: &str, value: &Value) -> Option<Mock> {
        const WANTED: &str = "one of output, error, hang, lost";
        let Value::Object(members) = value else {
            self.wrong(pointer, "an object with one of output, error, hang, lost", value);
            return None;
        };
        let mut members = members.iter();
        let (Some((name, inner)), None) = (members.next(), members.next()) else {
            self.wrong(pointer, &format!("an object with exactly {WANTED}"), value);
            return None;
        };
        let inner_pointer = format!("{pointer}/{}", json::escape(name));
        match (name.as_str(), inner) {
            ("output", output) => Some(Mock::Output(output.clone())),
            ("error", Value::Object(error)) => self.error(&inner_pointer, error).map(Mock::Error),
            ("error", other) => {
                self.wrong(&inner_pointer, "an object with a code", other);
                None
            }
            ("hang", Value::Bool(true)) => Some(Mock::Hang),
            ("lost", Value::Bool(true)) => Some(Mock::Lost),
            ("hang" | "lost", other) => {
                self.wrong(&inner_pointer, "true", other);
                None
            }
            _ => {
                let message = format!("an answer has no member `{name}`");
                let finding = Finding::new(Code::UNKNOWN_MEMBER, inner_pointer, message);
                self.0.push(finding.with_help(format!("an answer has {WANTED}")).about_name());
                None
            }
        }
    }

    fn error(&mut self, pointer: &str, members: &Map<String, Value>) -> Option<CallError> {
        let before = self.0.len();
        let mut error = CallError {
            code: String::new(),
            message: "mocked".into(),
            details: Value::Null,
            kind: CallErrorKind::Failed,
            retry_after: None,
        };
        if !members.contains_key("code") {
            self.0.push(Finding::new(Code::MISSING_MEMBER, pointer, "a failure needs a `code`"));
        }
        for (name, value) in members {
            let pointer = format!("{pointer}/{}", json::escape(name));
            match (name.as_str(), value) {
                ("code", Value::String(code)) if !code.is_empty() => error.code.clone_from(code),
                ("code", other) => self.wrong(&pointer, "a failure's code, as text", other),
                ("retryable", Value::Bool(retryable)) => {
                    error.kind = if *retryable { CallErrorKind::Retryable } else { CallErrorKind::Failed };
                }
                ("retryable", other) => self.wrong(&pointer, "true or false", other),
                // A handler can fail in no other way: data, contract and limit failures are found, not returned.
                ("class", Value::String(class)) if class == "world" => {}
                ("class", other) => {
                    self.wrong(&pointer, "\"world\", the class of what handlers return", other)
                }
                ("message", Value::String(message)) => error.message.clone_from(message),
                ("message", other) => self.wrong(&pointer, "a text", other),
                ("details", details) => error.details = details.clone(),
                _ => {
                    let message = format!("a mocked failure has no member `{name}`");
                    let help = "it has code, retryable, class, message, details";
                    self.0.push(
                        Finding::new(Code::UNKNOWN_MEMBER, pointer, message).with_help(help).about_name(),
                    );
                }
            }
        }
        (self.0.len() == before).then_some(error)
    }

    fn wrong(&mut self, pointer: &str, wanted: &str, found: &Value) {
        let kind = match found {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "a text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        let message = format!("here stands {wanted}; found {kind}");
        self.0.push(Finding::new(Code::WRONG_KIND, pointer, message));
    }
}

/// The action at a path without indices: of the workflow itself, or behind the path of a call, of the one that is called
/// there.
fn action_at<'b>(bundle: &'b Bundle, path: &str) -> Option<&'b str> {
    let mut document = &bundle.document;
    let mut rest = path;
    // Each round takes at least one step off the path.
    loop {
        let places = places(document);
        if let Some(place) = places.iter().find(|place| place.path == rest) {
            return Some(place.action);
        }
        let (callee, after) = places.iter().find_map(|place| {
            Some((place.callee?, rest.strip_prefix(place.path.as_str())?.strip_prefix('/')?))
        })?;
        document = bundle.document_of(callee)?;
        rest = after;
    }
}

/// What is odd about an answer of an action.
fn odd(bundle: &Bundle, action: &str, mock: &Mock) -> Option<(Code, Severity, String)> {
    let wrong = |what: &str| Some((Code::WRONG_KIND, Severity::Error, format!("`{action}` {what}")));
    match (action, mock) {
        ("core.approve" | "core.ask" | "core.wait_for", Mock::Output(_) | Mock::Hang) => None,
        ("core.approve", Mock::Error(error)) if error.code == "rejected" => None,
        ("core.approve", _) => wrong("is answered by an output, the error `rejected`, or hangs"),
        ("core.call", Mock::Output(_) | Mock::Error(_) | Mock::Hang) => None,
        ("core.call", _) => wrong("is answered by an output or an error, or hangs"),
        ("core.ask" | "core.wait_for", _) => wrong("is answered by an output, or hangs"),
        _ if action.starts_with(CORE_PREFIX) => wrong("is run by the dry run itself, and needs no answer"),
        (_, Mock::Error(error)) if !declares(bundle, action, &error.code) => {
            let message = format!("`{action}` does not declare the failure `{}`", error.code);
            Some((Code::UNKNOWN_CODE, Severity::Warning, message))
        }
        _ => None,
    }
}

/// Whether an action's interface, or flov7 for every action, declares a failure code.
fn declares(bundle: &Bundle, action: &str, code: &str) -> bool {
    /// What a call can end with besides what its action declares (RULES, fail.class).
    const OURS: [&str; 3] = ["timeout", "outcome_unknown", "worker_lost"];
    let covers = |declared: &String| match declared.strip_suffix('*') {
        Some(family) => code.starts_with(family),
        None => declared == code,
    };
    OURS.contains(&code)
        || bundle.parts().any(|(interfaces, _)| {
            interfaces.get(action).is_some_and(|interface| interface.errors.keys().any(covers))
        })
}
