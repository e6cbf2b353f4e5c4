//! The embedded executor: executions of one process over any store (feature `embedded`).
//!
//! What it promises, beyond [`Executor`]:
//!
//! - An effect begins only after the commit that holds its `scheduled`; one of effect `none` may begin before.
//! - What becomes known together is one commit: n strict steps cost n + 1.
//! - An execution that only waits holds no memory but its row, and comes back when it is due or has a message. Timers
//!   are never early.
//! - What a process left behind is claimed once its lease lapses: its journal is replayed, and attempts that were in
//!   flight are lost, which their effect then decides (RULES, effect).
//! - An execution whose handlers, bindings or secrets are not here is `blocked`, says what is missing, and goes on by
//!   itself where it is not.
//!
//! It keeps all time by its [`Clock`](crate::clock::Clock) and never reads another.

mod builder;
mod calls;
mod clerk;
mod connections;
mod hub;
mod live;
mod mail;
mod options;
mod record;
mod shared;

pub use builder::EmbeddedBuilder;
pub use options::Options;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use crate::action::Registry;
use crate::error::{Error, ErrorKind};
use crate::execute::{
    Begin, Cursor, EventPage, Executor, ExecutorCapabilities, ForkAt, Inspection, SignalRequest,
    StartOptions, Started, all_turns, signal_message,
};
use crate::id::{ExecutionId, Namespace, Timestamp};
use crate::machine::event::{Event, decode_turn};
use crate::machine::{Actor, Control, ExecutionView, ForkRefusal, Machine, Status, event};
use crate::program::Program;
use crate::store::{Accepted, Claim, ExecutionPage, ExecutionQuery, Message, MessageBody, Store};
use crate::validate::ValidWorkflow;
use hub::Phase;
use live::Birth;
use shared::Shared;

/// How many turns one page of events reads.
const PAGE_TURNS: usize = 100;

/// Runs executions in this process, over one store. Clones share everything; when the last one is dropped without
/// [`EmbeddedExecutor::shutdown`], attempts in flight are dropped and leases are handed back.
///
/// Needs a tokio runtime; opened and called inside of it.
#[derive(Clone)]
pub struct EmbeddedExecutor {
    shared: Arc<Shared>,
    capabilities: ExecutorCapabilities,
    _open: Arc<OpenGuard>,
}

/// Stops everything when the last executor handle is gone.
struct OpenGuard(Arc<Shared>);

impl Drop for OpenGuard {
    fn drop(&mut self) {
        self.0.hub.enter(Phase::Closed);
    }
}

impl EmbeddedExecutor {
    /// An executor over a store, with the handlers of a registry: bindings, secrets and the rest by `with_…`, then
    /// [`EmbeddedBuilder::open`].
    pub fn builder(store: Arc<dyn Store>, registry: Arc<Registry>) -> EmbeddedBuilder {
        EmbeddedBuilder::new(store, registry)
    }

    fn of(shared: Arc<Shared>) -> EmbeddedExecutor {
        tokio::spawn(clerk::work(shared.clone()));
        let open = Arc::new(OpenGuard(shared.clone()));
        let capabilities = ExecutorCapabilities { pause: true, fork: true };
        EmbeddedExecutor { shared, capabilities, _open: open }
    }

    /// The id under which it leases executions.
    pub fn owner(&self) -> &str {
        &self.shared.owner
    }

    /// Waits until an execution ended, or nothing more happens unless someone outside does something: people or
    /// signals are waited for, by it or by all that it called, it stands in line behind others with its concurrency key, it
    /// is paused, or it is blocked. Gives what it looks like then.
    ///
    /// # Errors
    /// As [`Executor::describe`]; `Closed` when the executor is shut down meanwhile.
    pub async fn wait(&self, namespace: &Namespace, execution: &ExecutionId) -> Result<ExecutionView, Error> {
        let key = (namespace.clone(), execution.clone());
        let mut watch = self.shared.hub.watch(&key);
        let mut anyone = self.shared.hub.watch_all();
        loop {
            let found = self.look(namespace, execution).await?;
            let now = self.shared.clock.now();
            let calls = found.children().next().is_some();
            if found.rests(now) && self.children_rest(namespace, &found, now).await? {
                return Ok(found.view);
            }
            if self.shared.hub.phase() != Phase::Open {
                return Err(closed());
            }
            tokio::select! {
                biased;
                () = watch.left() => {}
                () = anyone.left(), if calls => {}
                () = self.shared.clock.sleep_until(now.saturating_add(self.shared.options.look)) => {}
            }
        }
    }

    /// Whether all that an execution called, and what that called, rests too. One that has ended does not: its end is on
    /// the way to its caller, unless that is blocked and takes nothing.
    async fn children_rest(
        &self,
        namespace: &Namespace,
        found: &Inspection,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let called = |found: &Inspection| {
            let takes = found.view.status != Status::Blocked;
            found.children().map(|child| (child.clone(), takes)).collect::<Vec<_>>()
        };
        let mut open = called(found);
        while let Some((child, takes)) = open.pop() {
            let ended = match self.look(namespace, &child).await {
                Ok(found) if found.view.status.is_ended() => true,
                Ok(found) if !found.rests(now) => return Ok(false),
                Ok(found) => {
                    open.extend(called(&found));
                    false
                }
                // It ended, and was taken away.
                Err(error) if error.kind() == ErrorKind::NotFound => true,
                Err(error) => return Err(error),
            };
            if ended && takes {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Looks at an execution again at once, due or not: after what blocked it was mended, for example. Says whether it
    /// was taken into memory; one that is live already, or has ended, is left alone.
    ///
    /// # Errors
    /// Whatever the store fails with; `Busy` when memory is full.
    pub async fn resume(&self, namespace: &Namespace, execution: &ExecutionId) -> Result<bool, Error> {
        if self.shared.hub.phase() != Phase::Open {
            return Err(closed());
        }
        if self.shared.hub.room().0 == 0 {
            return Err(Error::new(ErrorKind::Busy, "as many executions are live as this executor takes"));
        }
        self.shared.name(&(namespace.clone(), execution.clone()));
        let claim = Claim::new(&self.shared.owner, self.shared.options.lease_millis(), 1)
            .with_only(namespace.clone(), execution.clone());
        let claimed = self.shared.store.claim(&claim).await?;
        let any = !claimed.is_empty();
        claimed.into_iter().for_each(|claimed| live::claimed(self.shared.clone(), claimed));
        Ok(any)
    }

    /// Stops in order: takes nothing new, begins nothing new, lets attempts in flight finish for at most `grace`,
    /// commits what they gave, and hands every lease back. What still runs then is dropped, and is lost for the next
    /// owner.
    pub async fn shutdown(&self, grace: Duration) {
        let hub = &self.shared.hub;
        hub.enter(Phase::Draining);
        let until = self.shared.clock.now().saturating_add(grace);
        tokio::select! {
            biased;
            () = hub.until_empty() => {}
            () = self.shared.clock.sleep_until(until) => {}
        }
        hub.enter(Phase::Closed);
        hub.until_empty().await;
    }

    /// What is stored of an execution. A store without journals has the state of a live one only when it is asked for.
    async fn look(&self, namespace: &Namespace, execution: &ExecutionId) -> Result<Inspection, Error> {
        /// It may move on before it is read; each time it is asked again.
        const MOST: usize = 32;
        let store = &*self.shared.store;
        if store.capabilities().history {
            return Inspection::of(store, namespace, execution).await;
        }
        let key = (namespace.clone(), execution.clone());
        let mut watch = self.shared.hub.watch(&key);
        for _ in 0..MOST {
            // Whether it lives here is asked first: where it leaves in between, the store has its state.
            let live = self.shared.hub.look_for(&key);
            if live {
                let late = self.shared.clock.now().saturating_add(self.shared.options.look);
                tokio::select! {
                    () = watch.progress() => {}
                    () = self.shared.clock.sleep_until(late) => {}
                }
            }
            match Inspection::of(store, namespace, execution).await {
                Err(error) if error.kind() == ErrorKind::Unsupported && live => {}
                found => return found,
            }
        }
        let message = format!("execution {execution} moves on faster than it can be looked at");
        Err(Error::new(ErrorKind::Unavailable, message))
    }

    fn check_open(&self) -> Result<(), Error> {
        if self.shared.hub.phase() == Phase::Open { Ok(()) } else { Err(closed()) }
    }

    /// A fresh id for an execution.
    fn execution_id(&self) -> ExecutionId {
        let random = self.shared.entropy.bits().to_le_bytes();
        let mut tail = [0; 10];
        tail.copy_from_slice(&random[..10]);
        ExecutionId::new(u64::try_from(self.shared.clock.now().ms()).unwrap_or(0), tail)
    }

    /// Creates an execution, in a task of its own: who starts it may stop listening, and what was created is to live all
    /// the same.
    async fn bear(&self, birth: Birth) -> Result<Started, Error> {
        match tokio::spawn(live::start(self.shared.clone(), birth)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Error::defect("starting an execution panicked")),
        }
    }

    /// A fresh id for a message.
    fn message_id(&self) -> String {
        format!("{:032x}", self.shared.entropy.bits())
    }
}

/// Why an execution is not forked: `NotFound` for a step that was never begun, `Conflict` for one that lives on or whose
/// kept effects were taken back, and what a replay says.
fn refused_fork(refusal: &ForkRefusal) -> Error {
    let kind = match refusal {
        ForkRefusal::NeverBegan { .. } => ErrorKind::NotFound,
        ForkRefusal::Replay(error) => return error.clone().into(),
        ForkRefusal::Live | ForkRefusal::Undone { .. } => ErrorKind::Conflict,
    };
    let error = Error::new(kind, refusal.to_string());
    match refusal {
        ForkRefusal::Undone { earliest } => error.with("undone", earliest),
        _ => error,
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the executor is shut down")
}

impl fmt::Debug for EmbeddedExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedExecutor").field("owner", &self.shared.owner).finish_non_exhaustive()
    }
}

#[async_trait]
impl Executor for EmbeddedExecutor {
    fn capabilities(&self) -> &ExecutorCapabilities {
        &self.capabilities
    }

    async fn start(
        &self,
        namespace: &Namespace,
        workflow: &ValidWorkflow,
        input: Value,
        options: StartOptions,
    ) -> Result<Started, Error> {
        self.check_open()?;
        let bundle = workflow.bundle();
        let input = self.shared.check_input(namespace, workflow.digest(), bundle, input)?;
        if let Some(trigger) = &options.trigger
            && !bundle.document.triggers.iter().any(|declared| declared.id == *trigger)
        {
            let message = format!("the workflow declares no trigger `{trigger}`");
            return Err(Error::new(ErrorKind::NotFound, message));
        }
        let now = self.shared.clock.now();
        let execution = self.execution_id();
        let by = options.by.unwrap_or_else(|| Actor::new(&self.shared.owner));
        let seed = self.shared.entropy.bits();
        let mut started =
            event::Started::new(namespace.clone(), execution, *workflow.digest(), input, seed, by)
                .with_keyed(self.shared.connections.keyed(namespace, bundle))
                .with_cause(options.cause);
        started.trigger = options.trigger;
        crate::store::check_tags(&options.tags)?;
        let begin = options.begin.map(|begin| match begin {
            Begin::At(at) => at,
            Begin::After(delay) => now.saturating_add(delay),
        });
        started.not_before = begin.filter(|at| *at > now);
        self.shared.name(&(namespace.clone(), started.execution.clone()));
        let (key, tags) = (options.key, options.tags);
        let birth = Birth { bundle: bundle.clone(), started, key, tags, past: None };
        let outcome = self.bear(birth).await;
        if let Ok(Started { execution, existing: true }) = &outcome {
            self.shared.name(&(namespace.clone(), execution.clone()));
            self.shared.hub.poke.notify_one();
        }
        outcome
    }

    async fn describe(&self, namespace: &Namespace, execution: &ExecutionId) -> Result<ExecutionView, Error> {
        Ok(self.look(namespace, execution).await?.view)
    }

    async fn signal(
        &self,
        namespace: &Namespace,
        execution: &ExecutionId,
        signal: SignalRequest,
    ) -> Result<Accepted, Error> {
        let found = self.look(namespace, execution).await?;
        let message = signal_message(&found, signal, &*self.shared.entropy)?;
        self.shared.store.post(namespace, execution, message).await
    }

    async fn control(
        &self,
        namespace: &Namespace,
        execution: &ExecutionId,
        control: Control,
        by: Actor,
    ) -> Result<Accepted, Error> {
        let message = Message { id: self.message_id(), body: MessageBody::Control(control), by };
        self.shared.store.post(namespace, execution, message).await
    }

    async fn fork(
        &self,
        namespace: &Namespace,
        execution: &ExecutionId,
        at: ForkAt,
        by: Actor,
    ) -> Result<Started, Error> {
        self.check_open()?;
        let ForkAt::Step(step) = at;
        let loaded = self.shared.store.restore(namespace, execution).await?;
        let turns = all_turns(&*self.shared.store, namespace, execution).await?;
        let program = Program::compile(&loaded.bundle)?;
        let point = Machine::fork_point(program, &turns, &step).map_err(|refusal| refused_fork(&refusal))?;
        let id = self.execution_id();
        let seed = self.shared.entropy.bits();
        let input = point.input.clone();
        let mut started = event::Started::new(namespace.clone(), id, loaded.row.bundle, input, seed, by)
            .with_keyed(point.keyed.clone())
            .with_cause(point.cause);
        started.trigger.clone_from(&point.trigger);
        started.forked = Some(event::Forked { from: execution.clone(), seq: point.seq });
        self.shared.name(&(namespace.clone(), started.execution.clone()));
        let tags = loaded.row.tags;
        let birth = Birth { bundle: loaded.bundle, started, key: None, tags, past: Some(point) };
        self.bear(birth).await
    }

    async fn events(
        &self,
        namespace: &Namespace,
        execution: &ExecutionId,
        after: Option<Cursor>,
        wait: bool,
    ) -> Result<EventPage, Error> {
        let from = after.map_or(0, |Cursor(seq)| seq.saturating_add(1));
        let key = (namespace.clone(), execution.clone());
        let mut watch = self.shared.hub.watch(&key);
        loop {
            // With the event before, so that the end is seen by who has read it already.
            let turns =
                self.shared.store.turns(namespace, execution, from.saturating_sub(1), PAGE_TURNS).await?;
            let mut events = Vec::new();
            for turn in &turns {
                events.extend(decode_turn(turn)?);
            }
            let ended = matches!(events.last(), Some(last) if matches!(last.event, Event::Ended(_)));
            events.retain(|event| event.seq >= from);
            let last = events.last().map(|event| Cursor(event.seq));
            if last.is_some() || ended || !wait {
                let next = last.or(after).unwrap_or(Cursor(0));
                return Ok(EventPage { events, next, ended });
            }
            self.check_open()?;
            let look = self.shared.clock.now().saturating_add(self.shared.options.look);
            tokio::select! {
                biased;
                () = watch.progress() => {}
                () = self.shared.clock.sleep_until(look) => {}
            }
        }
    }

    async fn list(&self, namespace: &Namespace, query: &ExecutionQuery) -> Result<ExecutionPage, Error> {
        self.shared.store.executions(namespace, query).await
    }
}
