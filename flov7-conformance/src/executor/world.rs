//! What a case works with.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use flov7::clock::Clock;
use flov7::error::Error;
use flov7::execute::{Cursor, EventPage, Executor, SignalRequest, StartOptions};
use flov7::id::{ExecutionId, Namespace, Timestamp};
use flov7::machine::event::{Event, Recorded, SignalTo};
use flov7::machine::{Actor, Control, ExecutionView, Settled, Status};
use flov7::store::{Accepted, ExecutionQuery, ExecutionRow, ExecutionStore};
use flov7::validate::{ValidWorkflow, validate};
use flov7::workflow::Workflow;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::fixture::{Called, Fixture, Held, Setting};
use crate::store::{Failure, Outcome, Stop};

/// An executor under test with all that surrounds it; cases know what is in it.
pub struct World {
    setting: Setting,
    calls: mpsc::UnboundedReceiver<Held>,
    fixture: Fixture,
    patience: Option<u32>,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("fixture", &self.fixture).finish_non_exhaustive()
    }
}

/// The namespace of most cases.
pub(super) fn ns() -> Namespace {
    Namespace::default()
}

/// Another namespace.
pub(super) fn other_ns() -> Outcome<Namespace> {
    Namespace::parse("other").map_err(|error| Failure::new(error.to_string()).into())
}

pub(super) fn by() -> Actor {
    Actor::new("tester")
}

/// A list of steps `s0`, `s1`, … of one action, each given its number.
pub(super) fn sequence(action: &str, length: usize) -> Value {
    let steps = (0..length)
        .map(|n| json!({ "id": format!("s{n}"), "action": { "use": action, "with": { "give": n } } }));
    json!({ "steps": steps.collect::<Vec<_>>() })
}

/// A signal to a name.
pub(super) fn to_name(name: &str, key: Option<&str>, payload: Value) -> SignalRequest {
    let to = SignalTo::Name { name: name.to_owned(), key: key.map(str::to_owned) };
    SignalRequest::new(to, payload, by())
}

/// The kinds of events, in words.
pub(super) fn kinds(events: &[Recorded]) -> Vec<&'static str> {
    events.iter().map(|recorded| kind(&recorded.event)).collect()
}

fn kind(event: &Event) -> &'static str {
    match event {
        Event::Started(_) => "started",
        Event::Scheduled(_) => "scheduled",
        Event::Recorded(_) => "recorded",
        Event::Done(_) => "done",
        Event::Lost { .. } => "lost",
        Event::Late(_) => "late",
        Event::Fired { .. } => "fired",
        Event::Signal(_) => "signal",
        Event::Child { .. } => "child",
        Event::Control { .. } => "control",
        Event::Forked { .. } => "forked",
        Event::Ended(_) => "ended",
        _ => "other",
    }
}

/// How a step settled; nothing while it did not.
pub(super) fn settled(view: &ExecutionView, path: &str) -> Option<Settled> {
    view.steps.iter().find(|step| step.path.as_str() == path).and_then(|step| step.settled)
}

/// The code of an execution's failure.
pub(super) fn code(view: &ExecutionView) -> Option<&str> {
    view.error.as_ref().map(|error| error.code.as_str())
}

impl World {
    pub(super) fn new(
        setting: Setting,
        calls: mpsc::UnboundedReceiver<Held>,
        fixture: Fixture,
        patience: Option<u32>,
    ) -> Self {
        World { setting, calls, fixture, patience }
    }

    /// The executor.
    pub(super) fn executor(&self) -> Outcome<Arc<dyn Executor>> {
        self.fixture.executor.clone().ok_or_else(|| Failure::new("no executor was opened again").into())
    }

    /// The second executor; ends the case where there is none.
    pub(super) fn peer(&self) -> Outcome<Arc<dyn Executor>> {
        self.fixture.peer.clone().ok_or(Stop::NotDeclared("a second executor"))
    }

    /// The store that it works on; ends the case where it is not given.
    pub(super) fn store(&self) -> Outcome<Arc<dyn ExecutionStore>> {
        self.fixture.store.clone().ok_or(Stop::NotDeclared("its store"))
    }

    /// Stops the first executor where there are two, without a word to the other.
    pub(super) fn stop(&mut self) {
        self.fixture.executor = None;
    }

    /// Drops the executor as it stands and opens another one over what it left; ends the case where that is not
    /// declared. What the old one held has lapsed.
    pub(super) async fn restart(&mut self) -> Outcome<Arc<dyn Executor>> {
        let Some(restart) = &self.fixture.restart else { return Err(Stop::NotDeclared("restarts")) };
        self.fixture.peer = None;
        drop(self.fixture.executor.take());
        // Before the next one opens: what that one has leased by then would lapse too.
        self.advance(self.fixture.lapse);
        let executor = restart().await?;
        self.fixture.executor = Some(Arc::clone(&executor));
        Ok(executor)
    }

    /// The time after which another executor goes on.
    pub(super) fn lapse(&self) -> Duration {
        self.fixture.lapse
    }

    pub(super) fn now(&self) -> Timestamp {
        self.setting.clock.now()
    }

    /// Moves the clock.
    pub(super) fn advance(&self, by: Duration) {
        self.setting.clock.advance(by);
    }

    /// Moves the clock to an instant.
    pub(super) fn reach(&self, at: Timestamp) {
        self.setting.clock.set(at);
    }

    /// All calls so far.
    pub(super) fn called(&self) -> Vec<Called> {
        self.setting.called()
    }

    /// The steps that were called so far, with their attempts.
    pub(super) fn places(&self) -> Vec<(String, u32)> {
        self.called().into_iter().map(|called| (called.path, called.attempt)).collect()
    }

    /// A document made sound: with a version, and a name where it has none.
    pub(super) fn valid(&self, document: Value) -> Outcome<ValidWorkflow> {
        self.valid_with(document, &[])
    }

    /// The same of one that calls others.
    pub(super) fn valid_with(&self, document: Value, callees: &[Value]) -> Outcome<ValidWorkflow> {
        let read = |mut document: Value| -> Outcome<Workflow> {
            document["flov7"] = json!(1);
            if document.get("name").is_none() {
                document["name"] = json!("tried");
            }
            serde_json::from_value(document)
                .map_err(|error| Failure::new(format!("no document: {error}")).into())
        };
        let mut catalog = self.setting.registry.catalog().clone();
        for callee in callees {
            catalog = catalog.with_workflow(read(callee.clone())?);
        }
        validate(&read(document)?, &catalog)
            .map_err(|report| Failure::new(format!("not sound: {}", report.to_json())).into())
    }

    /// Starts an execution of a document without input.
    pub(super) async fn start(&self, document: Value) -> Outcome<ExecutionId> {
        let workflow = self.valid(document)?;
        self.begin(&workflow).await
    }

    /// Starts an execution without input.
    pub(super) async fn begin(&self, workflow: &ValidWorkflow) -> Outcome<ExecutionId> {
        let started = self.executor()?.start(&ns(), workflow, json!({}), StartOptions::default()).await?;
        ensure!(!started.existing, "an execution without a key was there already");
        Ok(started.execution)
    }

    /// Lets everything go on until `look` gives something.
    pub(super) async fn sometime<T, F: Future<Output = Outcome<Option<T>>>>(
        &self,
        what: &str,
        mut look: impl FnMut() -> F,
    ) -> Outcome<T> {
        let mut round = 0;
        loop {
            if let Some(found) = look().await? {
                return Ok(found);
            }
            round += 1;
            ensure!(self.patience.is_none_or(|most| round < most), "it never came: {what}");
            tokio::task::yield_now().await;
        }
    }

    /// Whether a case that lets everything go on in rounds of its own may try another one.
    pub(super) fn goes_on(&self, round: u32) -> bool {
        self.patience.is_none_or(|most| round < most)
    }

    /// The next call that waits for an answer.
    pub(super) async fn call(&mut self) -> Outcome<Held> {
        let mut round = 0;
        loop {
            if let Ok(held) = self.calls.try_recv() {
                return Ok(held);
            }
            round += 1;
            ensure!(self.patience.is_none_or(|most| round < most), "no action was called");
            tokio::task::yield_now().await;
        }
    }

    /// The next call, which must be this one.
    pub(super) async fn call_of(&mut self, path: &str, attempt: u32) -> Outcome<Held> {
        let held = self.call().await?;
        ensure_eq!(held.place(), (path, attempt), "which step is called");
        Ok(held)
    }

    /// A call that waits already, if any.
    pub(super) fn call_now(&mut self) -> Option<Held> {
        self.calls.try_recv().ok()
    }

    pub(super) async fn describe(&self, execution: &ExecutionId) -> Outcome<ExecutionView> {
        Ok(self.executor()?.describe(&ns(), execution).await?)
    }

    /// Waits until an execution looks like this.
    pub(super) async fn until(
        &self,
        execution: &ExecutionId,
        what: &str,
        like: impl Fn(&ExecutionView) -> bool,
    ) -> Outcome<ExecutionView> {
        let executor = self.executor()?;
        self.sometime(what, || async {
            let view = executor.describe(&ns(), execution).await?;
            Ok(like(&view).then_some(view))
        })
        .await
    }

    /// Waits until an execution ended, as this status says.
    pub(super) async fn ended(&self, execution: &ExecutionId, status: Status) -> Outcome<ExecutionView> {
        let view = self.until(execution, "the end of the execution", |view| view.status.is_ended()).await?;
        ensure_eq!(view.status, status, "how it ended ({:?})", view.error);
        Ok(view)
    }

    /// Waits until an execution waits for someone.
    pub(super) async fn waits(&self, execution: &ExecutionId) -> Outcome<ExecutionView> {
        self.until(execution, "a wait", |view| view.status == Status::Waiting && !view.waiting.is_empty())
            .await
    }

    /// Waits until the journal holds so many events of a kind; gives all events.
    pub(super) async fn journaled(
        &self,
        execution: &ExecutionId,
        kind: &str,
        count: usize,
    ) -> Outcome<Vec<Recorded>> {
        self.sometime(kind, || async {
            let events = self.events(execution).await?;
            let found = kinds(&events).iter().filter(|found| **found == kind).count();
            Ok((found >= count).then_some(events))
        })
        .await
    }

    pub(super) async fn signal(
        &self,
        execution: &ExecutionId,
        signal: SignalRequest,
    ) -> Result<Accepted, Error> {
        match &self.fixture.executor {
            Some(executor) => executor.signal(&ns(), execution, signal).await,
            None => Err(Error::defect("no executor was opened again")),
        }
    }

    pub(super) async fn control(&self, execution: &ExecutionId, control: Control) -> Outcome {
        let accepted = self.executor()?.control(&ns(), execution, control, by()).await?;
        ensure_eq!(accepted, Accepted::New, "what became of {control:?}");
        Ok(())
    }

    /// Reads all events page by page, without waiting.
    pub(super) async fn events(&self, execution: &ExecutionId) -> Outcome<Vec<Recorded>> {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let EventPage { events, next, ended } =
                self.executor()?.events(&ns(), execution, after, false).await?;
            let more = !events.is_empty();
            all.extend(events);
            if !more || ended {
                return Ok(all);
            }
            ensure!(after.is_none_or(|after: Cursor| next > after), "a page does not lead on from {after:?}");
            after = Some(next);
        }
    }

    /// All executions of a namespace, newest first.
    pub(super) async fn all(&self, namespace: &Namespace) -> Outcome<Vec<ExecutionRow>> {
        Ok(self.executor()?.list(namespace, &ExecutionQuery::new()).await?.executions)
    }
}
