//! One answer, and how it is written.

use std::collections::BTreeMap;
use std::time::Duration;

use flov7::action::ActionError;
use flov7::error::{Error, ErrorKind};
use flov7::machine::CallErrorKind;
use flov7::workflow::DurationText;
use serde_json::{Map, Value};

use super::entered;

/// What a scripted action does.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Answer {
    /// It gives this.
    Output(Value),
    /// It fails: for good, for now, or with an unknown outcome.
    Fail(ActionError),
    /// It does not answer until it is cancelled, and then with an unknown outcome.
    Hang,
    /// It answers later, by the script's clock.
    After(Duration, Box<Answer>),
}

impl Answer {
    /// This answer, later.
    #[must_use]
    pub fn after(self, delay: Duration) -> Self {
        Answer::After(delay, Box::new(self))
    }

    /// Nobody learns what became of the attempt.
    #[must_use]
    pub fn lost() -> Self {
        Answer::Fail(ActionError::unknown("lost", "nobody knows what became of it"))
    }

    pub(super) fn unscripted() -> Self {
        Answer::Fail(ActionError::failed("unscripted", "the script has no answer for this call"))
    }

    /// Whether the other side will say the same for ever.
    pub(super) fn settles(&self) -> bool {
        match self {
            Answer::Output(_) => true,
            Answer::Fail(error) => error.kind == CallErrorKind::Failed,
            Answer::Hang => false,
            Answer::After(_, answer) => answer.settles(),
        }
    }
}

pub(super) fn read(value: &Value) -> Result<BTreeMap<String, Vec<Answer>>, Error> {
    let Value::Object(members) = value else { return Err(wrong("", "an object of answers")) };
    let mut all = BTreeMap::new();
    for (key, value) in members {
        let list = match value {
            Value::Array(list) if list.is_empty() => return Err(wrong(key, "at least one answer")),
            Value::Array(list) => list.iter().map(|one| answer(key, one)).collect::<Result<_, _>>()?,
            one => vec![answer(key, one)?],
        };
        all.insert(key.clone(), list);
    }
    Ok(all)
}

fn answer(key: &str, value: &Value) -> Result<Answer, Error> {
    const ONE: &str = "an object with one of output, error, hang and lost, and perhaps after";
    let Value::Object(members) = value else { return Err(wrong(key, ONE)) };
    let mut answer = None;
    let mut after = None;
    for (name, value) in members {
        let one = match (name.as_str(), value) {
            ("after", Value::String(text)) => {
                let millis =
                    DurationText(text.clone()).millis().and_then(|millis| u64::try_from(millis).ok());
                after = Some(Duration::from_millis(millis.ok_or_else(|| wrong(key, "a duration as after"))?));
                continue;
            }
            ("output", value) => Answer::Output(entered(value.clone()).map_err(|fault| wrong(key, &fault))?),
            ("error", Value::Object(error)) => Answer::Fail(failure(key, error)?),
            ("hang", Value::Bool(true)) => Answer::Hang,
            ("lost", Value::Bool(true)) => Answer::lost(),
            _ => return Err(wrong(key, ONE)),
        };
        if answer.replace(one).is_some() {
            return Err(wrong(key, ONE));
        }
    }
    let answer = answer.ok_or_else(|| wrong(key, ONE))?;
    Ok(match after {
        Some(delay) => answer.after(delay),
        None => answer,
    })
}

fn failure(key: &str, members: &Map<String, Value>) -> Result<ActionError, Error> {
    let Some(code) = members.get("code").and_then(Value::as_str) else {
        return Err(wrong(key, "a failure with a code"));
    };
    let message = members.get("message").and_then(Value::as_str).unwrap_or("scripted");
    let mut error = match members.get("retryable") {
        Some(Value::Bool(true)) => ActionError::retryable(code, message),
        _ => ActionError::failed(code, message),
    };
    if let Some(details) = members.get("details") {
        error = error.with_details(details.clone());
    }
    if let Some(millis) = members.get("retry_after").and_then(Value::as_u64) {
        error = error.with_retry_after(millis);
    }
    Ok(error)
}

fn wrong(key: &str, wanted: &str) -> Error {
    Error::new(ErrorKind::Invalid, format!("a script wants {wanted}")).with("key", format!("{key:?}"))
}
