//! A count of what happened, and who waits for it to rise.

use std::future::poll_fn;
use std::sync::{Mutex, PoisonError};
use std::task::{Poll, Waker};

/// How often something happened. Waiters wake when it rises.
#[derive(Debug, Default)]
pub(super) struct Marks(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    mark: u64,
    wakers: Vec<Waker>,
}

impl Marks {
    /// Something happened.
    pub(super) fn advance(&self) {
        let wakers = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.mark += 1;
            std::mem::take(&mut state.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Returns once something happened after `seen`: the count then. A mark from the future (of another store) returns
    /// at once: a hint that errs must err on the side of looking.
    pub(super) async fn after(&self, seen: u64) -> u64 {
        poll_fn(|cx| {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if state.mark != seen {
                return Poll::Ready(state.mark);
            }
            if !state.wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
                state.wakers.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await
    }
}
