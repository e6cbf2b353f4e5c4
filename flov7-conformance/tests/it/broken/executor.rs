//! The embedded executor behind a wrapper that breaks one promise.

use std::sync::Arc;

use async_trait::async_trait;
use flov7::action::{Action, ActionContext, ActionError, ActionOutput, Registry};
use flov7::catalog::ActionDescriptor;
use flov7::clock::Clock;
use flov7::embedded::EmbeddedExecutor;
use flov7::error::{Error, ErrorKind};
use flov7::execute::{
    Cursor, EventPage, Executor, ExecutorCapabilities, ForkAt, SignalRequest, StartOptions, Started,
};
use flov7::id::{ExecutionId, Namespace, Timestamp};
use flov7::machine::event::{Event, SignalTo};
use flov7::machine::{Actor, CallErrorKind, Control, ExecutionView, Settled, Status};
use flov7::memory::InMemoryStore;
use flov7::store::{Accepted, ExecutionPage, ExecutionQuery, Store};
use flov7::testing::ManualClock;
use flov7::validate::ValidWorkflow;
use flov7_conformance::executor::{Fixture, Setting};
use serde_json::Value;

use super::store::{BrokenStore, Defect};

macro_rules! flaws {
    ($($name:ident)*) => {
        /// What is wrong with an executor.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Flaw { $($name),* }
    };
}

flaws! {
    AcknowledgesBeforeCommit TakesAnyInput DuplicateStart SharesKeysBetweenWorkflows ShowsTooMuch KnowsEverybody SkipsAnEvent
    RepeatsAnEvent NeverSaysThatItEnded NeverWaits OldestFirst EndsPagesEarly IgnoresFilters MergesNamespaces SignalLost
    ForgetsKeysOfSignals ForgetsIdsOfSignals TakesAnySignal SendsInItsOwnName OpenAfterTheEnd KeyPerAttempt KeyPerAction
    LostIsARetry RetryIsLost RetriesWhatFailedForGood ForgetsRetryAfter ClockRunsAhead FiresAgain IgnoresCancel
    TerminateCancels IgnoresPause DeclaresNothing ForgetsOnRestart AsksAgainOnRestart UndoesNothing
    ForksNothing ForksAnyway ForgetsDelay SpreadsLines PausesItselfAlone JournalIsBent
}

/// An executor that breaks one promise; none without a flaw.
pub(crate) struct BrokenExecutor {
    inner: EmbeddedExecutor,
    flaw: Option<Flaw>,
    capabilities: ExecutorCapabilities,
}

/// A time that runs ahead of the true one.
struct Ahead(ManualClock);

#[async_trait]
impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        self.0.now().saturating_add_ms(1)
    }

    async fn sleep_until(&self, at: Timestamp) {
        self.0.sleep_until(at.saturating_add_ms(-1)).await;
    }
}

/// An action that is told, or tells, something wrong.
struct BrokenAction(Arc<dyn Action>, Flaw);

#[async_trait]
impl Action for BrokenAction {
    fn descriptor(&self) -> &ActionDescriptor {
        self.0.descriptor()
    }

    async fn call(&self, cx: &ActionContext, input: Arc<Value>) -> Result<ActionOutput, ActionError> {
        let mut cx = cx.clone();
        match self.1 {
            Flaw::KeyPerAttempt => cx.execution = ExecutionId::new(u64::from(cx.attempt), [1; 10]),
            Flaw::KeyPerAction => cx.execution = ExecutionId::new(0, [1; 10]),
            _ => {}
        }
        let mut outcome = self.0.call(&cx, input).await;
        if let Err(error) = &mut outcome {
            match (self.1, error.kind) {
                (Flaw::LostIsARetry, CallErrorKind::Unknown)
                | (Flaw::RetriesWhatFailedForGood, CallErrorKind::Failed) => {
                    error.kind = CallErrorKind::Retryable
                }
                (Flaw::RetryIsLost, CallErrorKind::Retryable) => error.kind = CallErrorKind::Unknown,
                (Flaw::ForgetsRetryAfter, _) => error.retry_after = None,
                _ => {}
            }
        }
        outcome
    }
}

fn registry(setting: &Setting, flaw: Option<Flaw>) -> Arc<Registry> {
    let mut registry = (*setting.registry).clone();
    let Some(flaw) = flaw else { return Arc::new(registry) };
    for descriptor in setting.registry.catalog().actions() {
        if let Some(handler) = setting.registry.handler(&descriptor.id, &descriptor.interface()) {
            registry.insert(Arc::new(BrokenAction(handler.clone(), flaw)));
        }
    }
    Arc::new(registry)
}

fn open(setting: &Setting, store: &Arc<dyn Store>, flaw: Option<Flaw>) -> Result<Arc<dyn Executor>, Error> {
    let clock: Arc<dyn Clock> = match flaw {
        Some(Flaw::ClockRunsAhead) => Arc::new(Ahead(setting.clock.clone())),
        _ => Arc::new(setting.clock.clone()),
    };
    let inner = EmbeddedExecutor::builder(store.clone(), registry(setting, flaw)).with_clock(clock).open()?;
    let capabilities = match flaw {
        Some(Flaw::DeclaresNothing) => ExecutorCapabilities::default(),
        _ => inner.capabilities().clone(),
    };
    Ok(Arc::new(BrokenExecutor { inner, flaw, capabilities }))
}

pub(crate) async fn fixture(setting: Setting, flaw: Option<Flaw>) -> Fixture {
    let clock = Arc::new(setting.clock.clone());
    let store: Arc<dyn Store> = match flaw {
        Some(Flaw::ClockRunsAhead) => {
            Arc::new(InMemoryStore::with_clock(Arc::new(Ahead(setting.clock.clone()))))
        }
        Some(Flaw::JournalIsBent) => {
            Arc::new(BrokenStore::new(Some(Defect::CutsBodies), setting.clock.clone()))
        }
        _ => Arc::new(InMemoryStore::with_clock(clock.clone())),
    };
    let fixture = Fixture::new(open(&setting, &store, flaw).unwrap()).with_store(store.clone());
    fixture.with_restart(move || {
        let store = match flaw {
            Some(Flaw::ForgetsOnRestart) => Arc::new(InMemoryStore::with_clock(clock.clone())),
            _ => store.clone(),
        };
        let executor = open(&setting, &store, flaw);
        async move { executor }
    })
}

impl BrokenExecutor {
    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    fn namespace(&self, namespace: &Namespace) -> Namespace {
        if self.is(Flaw::MergesNamespaces) { Namespace::default() } else { namespace.clone() }
    }
}

#[async_trait]
impl Executor for BrokenExecutor {
    fn capabilities(&self) -> &ExecutorCapabilities {
        &self.capabilities
    }

    async fn start(
        &self,
        namespace: &Namespace,
        workflow: &ValidWorkflow,
        mut input: Value,
        mut options: StartOptions,
    ) -> Result<Started, Error> {
        let namespace = self.namespace(namespace);
        match self.flaw {
            Some(Flaw::AcknowledgesBeforeCommit) => {
                let (inner, workflow) = (self.inner.clone(), workflow.clone());
                // It goes on by itself, perhaps.
                tokio::spawn(async move { inner.start(&namespace, &workflow, input, options).await });
                return Ok(Started { execution: ExecutionId::new(0, [0; 10]), existing: false });
            }
            Some(Flaw::TakesAnyInput) => {
                if let Err(error) =
                    self.inner.start(&namespace, workflow, input.clone(), options.clone()).await
                    && error.kind() == ErrorKind::Invalid
                {
                    input = serde_json::json!({ "n": 0 });
                }
            }
            Some(Flaw::DuplicateStart) => options.key = None,
            Some(Flaw::ForgetsDelay) => options.begin = None,
            // As if each had a concurrency key of its own.
            Some(Flaw::SpreadsLines) if input.get("who").is_some() => {
                let all = self.inner.list(&namespace, &ExecutionQuery::new()).await?;
                input["who"] = Value::from(format!("{} {}", input["who"], all.executions.len()));
            }
            Some(Flaw::SharesKeysBetweenWorkflows) => {
                let page = self.inner.list(&namespace, &ExecutionQuery::new()).await?;
                if let Some(row) = page.executions.into_iter().find(|row| row.key == options.key) {
                    return Ok(Started { execution: row.execution, existing: true });
                }
            }
            _ => {}
        }
        self.inner.start(&namespace, workflow, input, options).await
    }

    async fn describe(&self, namespace: &Namespace, execution: &ExecutionId) -> Result<ExecutionView, Error> {
        let mut view = match self.inner.describe(&self.namespace(namespace), execution).await {
            Err(_) if self.is(Flaw::KnowsEverybody) => {
                let all = self.inner.list(&Namespace::default(), &ExecutionQuery::new()).await?;
                let any = all.executions.into_iter().next();
                let any = any.ok_or_else(|| Error::defect("nobody")).map(|row| row.execution)?;
                self.inner.describe(&Namespace::default(), &any).await?
            }
            view => view?,
        };
        match self.flaw {
            Some(Flaw::ShowsTooMuch) => {
                view.steps.iter_mut().for_each(|step| step.settled = Some(Settled::Done));
            }
            Some(Flaw::UndoesNothing) => view.undo.done.clear(),
            // As if what was called had not been told.
            Some(Flaw::PausesItselfAlone) if view.parent.is_some() && view.status == Status::Paused => {
                self.inner.control(namespace, execution, Control::Unpause, Actor::new("nobody")).await?;
                view.status = Status::Running;
            }
            _ => {}
        }
        Ok(view)
    }

    async fn signal(
        &self,
        namespace: &Namespace,
        execution: &ExecutionId,
        mut signal: SignalRequest,
    ) -> Result<Accepted, Error> {
        match self.flaw {
            Some(Flaw::SignalLost) => return Ok(Accepted::New),
            Some(Flaw::ForgetsKeysOfSignals) => {
                if let SignalTo::Name { key, .. } = &mut signal.to {
                    *key = None;
                }
            }
            Some(Flaw::ForgetsIdsOfSignals) => signal.id = None,
            Some(Flaw::SendsInItsOwnName) => signal.by = Actor::new("executor"),
            _ => {}
        }
        match self.inner.signal(&self.namespace(namespace), execution, signal).await {
            Err(error) if self.is(Flaw::TakesAnySignal) && error.kind() == ErrorKind::Invalid => {
                Ok(Accepted::New)
            }
            Err(error) if self.is(Flaw::OpenAfterTheEnd) && error.kind() == ErrorKind::Closed => {
                Ok(Accepted::New)
            }
            accepted => accepted,
        }
    }

    async fn control(
        &self,
        namespace: &Namespace,
        execution: &ExecutionId,
        control: Control,
        by: Actor,
    ) -> Result<Accepted, Error> {
        let control = match (self.flaw, control) {
            (Some(Flaw::IgnoresCancel), Control::Cancel) | (Some(Flaw::IgnoresPause), Control::Pause) => {
                return Ok(Accepted::New);
            }
            (Some(Flaw::TerminateCancels), Control::Terminate) => Control::Cancel,
            (_, control) => control,
        };
        match self.inner.control(&self.namespace(namespace), execution, control, by).await {
            Err(error) if self.is(Flaw::OpenAfterTheEnd) && error.kind() == ErrorKind::Closed => {
                Ok(Accepted::New)
            }
            accepted => accepted,
        }
    }

    async fn fork(
        &self,
        namespace: &Namespace,
        execution: &ExecutionId,
        at: ForkAt,
        by: Actor,
    ) -> Result<Started, Error> {
        let same = Started { execution: execution.clone(), existing: false };
        match self.flaw {
            Some(Flaw::DeclaresNothing | Flaw::ForksNothing) => Ok(same),
            Some(Flaw::ForksAnyway) => {
                Ok(self.inner.fork(namespace, execution, at, by).await.unwrap_or(same))
            }
            _ => self.inner.fork(namespace, execution, at, by).await,
        }
    }

    async fn events(
        &self,
        namespace: &Namespace,
        execution: &ExecutionId,
        after: Option<Cursor>,
        wait: bool,
    ) -> Result<EventPage, Error> {
        let after = match (self.flaw, after) {
            (Some(Flaw::SkipsAnEvent), Some(Cursor(seq))) => Some(Cursor(seq + 1)),
            (Some(Flaw::RepeatsAnEvent), Some(Cursor(seq))) => seq.checked_sub(1).map(Cursor),
            (_, after) => after,
        };
        let wait = wait && !self.is(Flaw::NeverWaits);
        let mut page = self.inner.events(&self.namespace(namespace), execution, after, wait).await?;
        match self.flaw {
            Some(Flaw::NeverSaysThatItEnded) => page.ended = false,
            // As if the timer were journaled again with the next turn.
            Some(Flaw::FiresAgain) => {
                let again = |event: &Event| matches!(event, Event::Fired { .. });
                if let Some(at) = page.events.iter().position(|recorded| again(&recorded.event)) {
                    let mut twice = page.events[at].clone();
                    twice.seq = page.next.0 + 1;
                    page.events.push(twice);
                }
            }
            // As if the first attempt had not been journaled.
            Some(Flaw::AsksAgainOnRestart)
                if page.events.iter().any(|recorded| matches!(recorded.event, Event::Lost { .. })) =>
            {
                page.events.retain(|recorded| !matches!(recorded.event, Event::Done(_)));
            }
            _ => {}
        }
        Ok(page)
    }

    async fn list(&self, namespace: &Namespace, query: &ExecutionQuery) -> Result<ExecutionPage, Error> {
        let mut query = query.clone();
        if self.is(Flaw::IgnoresFilters) {
            query.statuses.clear();
            query.tags.clear();
        }
        let mut page = self.inner.list(&self.namespace(namespace), &query).await?;
        match self.flaw {
            Some(Flaw::OldestFirst) => page.executions.reverse(),
            Some(Flaw::EndsPagesEarly) => page.next = None,
            _ => {}
        }
        Ok(page)
    }
}
