//! Actions: what an application can do, behind a trait; and the registry that holds them.

mod attempt;
mod cancel;
mod context;
mod forward;
mod registry;
mod typed;

pub use attempt::Attempt;
pub use cancel::Cancellation;
pub use context::{ActionContext, Recorder};
pub use registry::{Registry, from_fn};
pub use typed::{TypedAction, typed};

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::catalog::ActionDescriptor;
use crate::machine::{CallError, CallErrorKind, CallOutput, Usage};

/// Something that an application can do for a workflow.
///
/// - All attempts of a step get the same input and the same idempotency key.
/// - `retryable` is said only of what may succeed later; for effect `once` only of what surely had no effect.
/// - When [`ActionContext::cancellation`] fires, the call ends soon; its result still counts within the grace.
/// - A panic is an unknown outcome.
///
/// `Arc` and `Box` of an action are actions.
#[async_trait]
pub trait Action: Send + Sync {
    /// The action as data.
    fn descriptor(&self) -> &ActionDescriptor;

    /// The connection that the action always uses, where a step names none: its binding is found by this id, and the
    /// caller puts it into [`ActionContext::connection`] as if the step had named it.
    fn connection(&self) -> Option<&str> {
        None
    }

    /// One attempt. The engine keeps no reference to the input: `Arc::unwrap_or_clone` takes it.
    async fn call(&self, cx: &ActionContext, input: Arc<Value>) -> Result<ActionOutput, ActionError>;
}

/// What an action gives.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ActionOutput {
    /// The value.
    pub value: Value,
    /// What it used.
    pub usage: Option<Usage>,
}

impl ActionOutput {
    /// An output.
    pub fn new(value: Value) -> Self {
        ActionOutput { value, usage: None }
    }

    /// Says what the attempt used.
    #[must_use]
    pub fn with_usage(mut self, usage: Usage) -> Self {
        self.usage = Some(usage);
        self
    }
}

impl From<Value> for ActionOutput {
    fn from(value: Value) -> Self {
        ActionOutput::new(value)
    }
}

impl From<ActionOutput> for CallOutput {
    fn from(output: ActionOutput) -> Self {
        CallOutput { value: Arc::new(output.value), usage: output.usage }
    }
}

/// How an action failed: for good, for now, or nobody knows.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct ActionError {
    /// A code that the action declares.
    pub code: String,
    /// What happened, without any secret.
    pub message: String,
    /// More, for the workflow to read.
    pub details: Value,
    /// What it means for another attempt.
    pub kind: CallErrorKind,
    /// The earliest that another attempt makes sense, in milliseconds from now.
    pub retry_after: Option<u64>,
}

impl ActionError {
    /// It failed for good.
    pub fn failed(code: impl Into<String>, message: impl Into<String>) -> Self {
        ActionError::of(CallErrorKind::Failed, code, message)
    }

    /// It failed for now, and surely had no effect where the effect is `once`.
    pub fn retryable(code: impl Into<String>, message: impl Into<String>) -> Self {
        ActionError::of(CallErrorKind::Retryable, code, message)
    }

    /// Nobody knows whether it happened: handled like a lost attempt.
    pub fn unknown(code: impl Into<String>, message: impl Into<String>) -> Self {
        ActionError::of(CallErrorKind::Unknown, code, message)
    }

    fn of(kind: CallErrorKind, code: impl Into<String>, message: impl Into<String>) -> Self {
        ActionError {
            code: code.into(),
            message: message.into(),
            details: Value::Null,
            kind,
            retry_after: None,
        }
    }

    /// Adds something for the workflow to read.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    /// Says when another attempt makes sense.
    #[must_use]
    pub fn with_retry_after(mut self, millis: u64) -> Self {
        self.retry_after = Some(millis);
        self
    }
}

impl From<ActionError> for CallError {
    fn from(error: ActionError) -> Self {
        CallError {
            code: error.code,
            message: error.message,
            details: error.details,
            kind: error.kind,
            retry_after: error.retry_after,
        }
    }
}
