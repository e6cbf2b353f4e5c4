//! One attempt as a future that owns what it needs and cannot bring its caller down.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use serde_json::Value;

use super::{Action, ActionContext, ActionError, ActionOutput};

type CallFuture = Pin<Box<dyn Future<Output = Result<ActionOutput, ActionError>> + Send>>;

/// One attempt of an action: what an engine polls in place and, if it is pending, moves to a task.
///
/// A panic of the handler is an outcome that nobody knows, with code `panicked` (unless the program is built with
/// `panic = "abort"`). Polling after the end is an error of the caller, answered by `Pending`.
#[must_use]
pub struct Attempt(Option<CallFuture>);

impl Attempt {
    /// An attempt that has not begun: the handler runs when it is polled.
    pub fn new(action: Arc<dyn Action>, cx: ActionContext, input: Arc<Value>) -> Self {
        Attempt(Some(Box::pin(async move { action.call(&cx, input).await })))
    }
}

impl Future for Attempt {
    type Output = Result<ActionOutput, ActionError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(future) = &mut self.0 else { return Poll::Pending };
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
        let outcome = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(outcome)) => outcome,
            Err(panic) => Err(panicked(panic.as_ref())),
        };
        let future = self.0.take();
        // What the handler held is dropped here, where a panic of its destructors is caught too.
        match catch_unwind(AssertUnwindSafe(move || drop(future))) {
            Ok(()) => Poll::Ready(outcome),
            Err(panic) => Poll::Ready(outcome.and_then(|_| Err(panicked(panic.as_ref())))),
        }
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").field("ended", &self.0.is_none()).finish()
    }
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> ActionError {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a text".to_owned());
    ActionError::unknown("panicked", format!("the handler panicked: {text}"))
}
