//! Attempts in flight: polled once in place, and only then, if they are pending, given a task of their own.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::Poll;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;

use crate::action::{ActionError, ActionOutput, Attempt, Cancellation};
use crate::clock::Clock;
use crate::id::{StepPath, Timestamp};
use crate::machine::{CallErrorKind, GRACE};

/// An attempt by its step and number.
pub(super) type AttemptId = (StepPath, u32);

/// What a handler gave.
pub(super) type Outcome = Result<ActionOutput, ActionError>;

/// How an attempt that had a task of its own ended.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) attempt: AttemptId,
    /// Nothing where it was told to stop, did not within the grace, and was dropped.
    pub(super) outcome: Option<Outcome>,
}

/// The attempts of one execution that are in flight in this process. Dropping it aborts them.
pub(super) struct Calls {
    clock: Arc<dyn Clock>,
    running: BTreeMap<AttemptId, Running>,
    /// Unbounded in itself; there is at most one message for each attempt in flight.
    finished: UnboundedSender<Finished>,
}

#[derive(Debug)]
struct Running {
    action: Arc<str>,
    cancellation: Cancellation,
    deadline: Timestamp,
    since: Timestamp,
    place: Arc<Place>,
    _task: AbortOnDrop,
}

#[derive(Debug)]
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Whether an attempt waits for its connection, has begun, or was given up before: decided once.
#[derive(Debug, Default)]
struct Place(AtomicU8);

impl Place {
    const WAITS: u8 = 0;
    const BEGUN: u8 = 1;
    const GIVEN_UP: u8 = 2;

    /// Whether the attempt may begin.
    fn begin(&self) -> bool {
        self.leave(Self::BEGUN)
    }

    /// Whether it surely never begins.
    fn give_up(&self) -> bool {
        self.leave(Self::GIVEN_UP)
    }

    fn leave(&self, to: u8) -> bool {
        self.0.compare_exchange(Self::WAITS, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

/// An attempt about to begin.
pub(super) struct Launch {
    pub(super) id: AttemptId,
    pub(super) action: Arc<str>,
    pub(super) attempt: Attempt,
    pub(super) cancellation: Cancellation,
    pub(super) deadline: Timestamp,
    pub(super) now: Timestamp,
    /// The bound of the connection's calls.
    pub(super) bound: Option<Arc<Semaphore>>,
}

/// What is known of an attempt that left the calls.
#[derive(Debug)]
pub(super) struct Left {
    pub(super) action: Arc<str>,
    pub(super) since: Timestamp,
}

impl Calls {
    pub(super) fn new(clock: Arc<dyn Clock>, finished: UnboundedSender<Finished>) -> Self {
        Calls { clock, running: BTreeMap::new(), finished }
    }

    /// Begins an attempt. Gives its outcome when it is ready at once; else it goes on by itself and reports.
    ///
    /// An attempt whose connection has all its calls in flight waits for its turn, in order, without having begun.
    pub(super) async fn begin(&mut self, launch: Launch) -> Option<Outcome> {
        let Launch { id, action, mut attempt, cancellation, deadline, now, bound } = launch;
        let permit = match &bound {
            None => None,
            Some(bound) => match bound.clone().try_acquire_owned() {
                Ok(permit) => Some(permit),
                Err(_) => {
                    let place = Arc::new(Place::default());
                    let queued = queued(bound.clone(), place.clone(), attempt);
                    let cancelled = cancellation.clone();
                    self.spawn(
                        id,
                        cancelled,
                        Running::of(action, cancellation, deadline, now, place),
                        queued,
                    );
                    return None;
                }
            },
        };
        let polled = poll_fn(|cx| Poll::Ready(Pin::new(&mut attempt).poll(cx))).await;
        if let Poll::Ready(outcome) = polled {
            return Some(outcome);
        }
        let place = Arc::new(Place::default());
        place.begin();
        let cancelled = cancellation.clone();
        self.spawn(
            id,
            cancelled,
            Running::of(action, cancellation, deadline, now, place),
            holding(permit, attempt),
        );
        None
    }

    fn spawn(
        &mut self,
        id: AttemptId,
        cancelled: Cancellation,
        running: impl FnOnce(AbortHandle) -> Running,
        future: impl Future<Output = Outcome> + Send + 'static,
    ) {
        let (finished, attempt, clock) = (self.finished.clone(), id.clone(), self.clock.clone());
        let task = tokio::spawn(async move {
            // Told to stop, it has the grace (RULES, cancel). Then it is dropped where it stands: its connection may
            // have room for no other call.
            let outcome = tokio::select! {
                biased;
                outcome = future => Some(outcome),
                () = overdue(cancelled, clock) => None,
            };
            // Nobody listens any more where the execution left this process.
            let _ = finished.send(Finished { attempt, outcome });
        });
        self.running.insert(id, running(task.abort_handle()));
    }

    /// Tells an attempt that its result is no longer wanted.
    pub(super) fn cancel(&self, id: &AttemptId) {
        if let Some(running) = self.running.get(id) {
            running.cancellation.cancel();
        }
    }

    /// Takes out an attempt that reported, or that nobody waits for any more: what still runs of it is aborted.
    pub(super) fn remove(&mut self, id: &AttemptId) -> Option<Left> {
        self.running.remove(id).map(|running| Left { action: running.action.clone(), since: running.since })
    }

    /// The attempts whose deadline has come while they waited for their connection, and that never begin now: nothing
    /// happened, and nobody has to guess.
    pub(super) fn expired_unbegun(&self, now: Timestamp) -> Vec<AttemptId> {
        let expired =
            |(_, running): &(&AttemptId, &Running)| running.deadline <= now && running.place.give_up();
        self.running.iter().filter(expired).map(|(id, _)| id.clone()).collect()
    }
}

impl Running {
    fn of(
        action: Arc<str>,
        cancellation: Cancellation,
        deadline: Timestamp,
        since: Timestamp,
        place: Arc<Place>,
    ) -> impl FnOnce(AbortHandle) -> Running {
        move |task| Running { action, cancellation, deadline, since, place, _task: AbortOnDrop(task) }
    }
}

/// The failure of an attempt that waited for its connection until its deadline.
pub(super) fn never_begun() -> ActionError {
    ActionError {
        code: "timeout".into(),
        message: "the connection had no room for the call before its deadline; it was not begun".into(),
        details: serde_json::Value::Null,
        kind: CallErrorKind::Retryable,
        retry_after: None,
    }
}

async fn queued(bound: Arc<Semaphore>, place: Arc<Place>, attempt: Attempt) -> Outcome {
    // The semaphore is never closed: its connection lives as long as the executor.
    let permit = bound.acquire_owned().await.ok();
    if !place.begin() {
        // Given up meanwhile: its owner reported that, and aborts this task.
        std::future::pending::<()>().await;
    }
    holding(permit, attempt).await
}

/// Returns when the grace of an attempt that was told to stop is over.
async fn overdue(cancelled: Cancellation, clock: Arc<dyn Clock>) {
    cancelled.cancelled().await;
    clock.sleep_until(clock.now().saturating_add_ms(GRACE)).await;
}

async fn holding(permit: Option<OwnedSemaphorePermit>, attempt: Attempt) -> Outcome {
    let outcome = attempt.await;
    drop(permit);
    outcome
}
