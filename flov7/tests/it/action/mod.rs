//! Actions: what closures and Rust types become, what a handler's failures mean, and durable sub-steps.

mod attempt;
mod record;
mod registry;
mod typed;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use flov7::action::ActionContext;
use flov7::id::{ExecutionId, Namespace, StepPath, Timestamp};

/// A context of an attempt of `step`.
fn context(step: &str, attempt: u32) -> ActionContext {
    ActionContext::new(
        Namespace::parse("default").unwrap(),
        ExecutionId::new(1_700_000_000_000, [7; 10]),
        StepPath::parse(step).unwrap(),
        attempt,
        Timestamp::MAX,
    )
}

/// Runs a future that never waits.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future waits"),
    }
}
