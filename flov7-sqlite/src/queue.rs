//! What waits to be written.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::writer::Job;

/// The most turns that one commit takes.
pub(crate) const BATCH: usize = 512;

/// The most turns that wait; whoever comes later waits before the door.
const WAITING: usize = 8 * BATCH;

/// What waits to be written, in order.
pub(crate) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    places: Semaphore,
    /// How many jobs the last commit took.
    last: AtomicUsize,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Box<dyn Job>>,
    closed: bool,
}

/// What the writer finds.
pub(crate) enum Next {
    /// Something to write, for now or since a while.
    Work,
    /// Nothing came for as long as it was told to wait.
    Nothing,
    /// The store is being closed and nothing is left.
    Closed,
}

impl Queue {
    pub(crate) fn new() -> Self {
        Queue {
            state: Mutex::default(),
            arrived: Condvar::new(),
            places: Semaphore::new(WAITING),
            last: AtomicUsize::new(0),
        }
    }

    /// A place for `weight` turns, kept until they are answered.
    pub(crate) async fn place(&self, weight: usize) -> Option<tokio::sync::SemaphorePermit<'_>> {
        let weight = u32::try_from(weight.min(WAITING)).unwrap_or(u32::MAX);
        self.places.acquire_many(weight).await.ok()
    }

    /// Whether a job that comes alone may be written by whoever brings it: nothing waits, and the last commit took so
    /// few that a queue is not building up. To write as soon as the connection is free would halve the batches: the
    /// first of many would go alone while all others wait.
    pub(crate) fn is_calm(&self) -> bool {
        self.last.load(Ordering::Relaxed) <= 2 && self.state().jobs.is_empty()
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.state().jobs.len()
    }

    #[cfg(test)]
    pub(crate) fn last_took(&self) -> usize {
        self.last.load(Ordering::Relaxed)
    }

    /// Remembers how many jobs a commit took.
    pub(crate) fn took(&self, jobs: usize) {
        self.last.store(jobs, Ordering::Relaxed);
    }

    /// Queues a job; gives it back once the store is closed.
    pub(crate) fn push(&self, job: Box<dyn Job>) -> Result<(), Box<dyn Job>> {
        let mut state = self.state();
        if state.closed {
            return Err(job);
        }
        state.jobs.push_back(job);
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// Waits for something to write, at most this long.
    pub(crate) fn wait(&self, at_most: Duration) -> Next {
        let waited = self
            .arrived
            .wait_timeout_while(self.state(), at_most, |state| state.jobs.is_empty() && !state.closed);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match (state.jobs.is_empty(), state.closed) {
            (false, _) => Next::Work,
            (true, false) => Next::Nothing,
            (true, true) => Next::Closed,
        }
    }

    /// Takes as many jobs as one commit takes, at least one if there is one.
    pub(crate) fn drain(&self) -> Vec<Box<dyn Job>> {
        let mut state = self.state();
        let (mut jobs, mut weight) = (Vec::new(), 0);
        while let Some(next) = state.jobs.front() {
            weight += next.weight();
            if weight > BATCH && !jobs.is_empty() {
                break;
            }
            jobs.extend(state.jobs.pop_front());
        }
        jobs
    }

    /// Takes no more; what is queued is still written.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.arrived.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("jobs", &self.state().jobs.len()).finish_non_exhaustive()
    }
}
