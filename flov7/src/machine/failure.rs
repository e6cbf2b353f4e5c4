//! Failures, cut to what a journal takes (RULES, fail.error).

use serde_json::{Value, json};

use super::{CallError, Failure, FailureClass};
use crate::id::StepPath;
use crate::json;

/// The longest message of a failure, in bytes.
pub const MESSAGE_BYTES: usize = 2 * 1024;

/// The longest details of a failure, in bytes of canonical text.
pub const DETAILS_BYTES: usize = 16 * 1024;

/// A message cut to [`MESSAGE_BYTES`].
pub(super) fn message(mut text: String) -> String {
    if text.len() > MESSAGE_BYTES {
        let dots = "…";
        let end = MESSAGE_BYTES - dots.len();
        let cut = (0..=end).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(cut);
        text.push_str(dots);
    }
    text
}

/// Details that may enter; null for what may not.
pub(super) fn details(value: Value) -> Value {
    match json::enter(value, json::MAX_DEPTH, DETAILS_BYTES) {
        Ok(value) if json::canonical_size(&value) <= DETAILS_BYTES => value,
        _ => Value::Null,
    }
}

impl Failure {
    /// A failure of no step and no attempt yet.
    pub(super) fn new(class: FailureClass, code: &str, text: impl Into<String>) -> Failure {
        Failure {
            code: code.to_owned(),
            class,
            message: message(text.into()),
            step: None,
            attempt: 0,
            retryable: false,
            details: Value::Null,
            also: Vec::new(),
        }
    }

    /// The root `error` (RULES, fail.error).
    pub(super) fn as_root(&self) -> Value {
        json!({
            "code": self.code, "class": self.class, "message": self.message, "step": self.step,
            "attempt": self.attempt, "retryable": self.retryable, "details": self.details
        })
    }

    /// Keeps another failure beside this one.
    pub(super) fn add(&mut self, mut other: Failure) {
        let also = std::mem::take(&mut other.also);
        self.also.push(other);
        self.also.extend(also);
    }

    /// What a handler's failure is to the document.
    pub(super) fn of_call(error: CallError, path: StepPath, attempt: u32) -> Failure {
        Failure {
            code: error.code,
            class: FailureClass::World,
            message: message(error.message),
            step: Some(path),
            attempt,
            retryable: error.kind == super::CallErrorKind::Retryable,
            details: details(error.details),
            also: Vec::new(),
        }
    }
}
