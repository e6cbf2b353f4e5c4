//! Executors: who runs executions.

mod border;
mod door;
mod dry_run;
mod export;
mod forward;
mod inspect;
mod mocks;
mod places;

#[cfg(feature = "embedded")]
pub(crate) use border::InputChecker;
pub use border::check_input;
pub use door::{signal_message, waiting_approval};
pub use dry_run::{DryRun, DryRunOutcome};
pub use export::{EXPORT_VERSION, Export, ExportedTurn, Replayed};
pub use inspect::{Inspection, inspect};
#[cfg(feature = "embedded")]
pub(crate) use inspect::{all_turns, uncompilable, unreplayable};
pub use mocks::{Mock, Mocks};
#[cfg(feature = "embedded")]
pub(crate) use places::places;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;
use crate::id::{ExecutionId, Namespace, StepPath, Timestamp};
use crate::machine::event::{Recorded, SignalTo};
use crate::machine::{Actor, Control, ExecutionView};
use crate::store::{Accepted, ExecutionPage, ExecutionQuery};
use crate::validate::ValidWorkflow;

/// What an executor can do, as data. What is not declared fails with `Unsupported` and changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExecutorCapabilities {
    /// Whether executions can be paused.
    pub pause: bool,
    /// Whether executions can be forked.
    pub fork: bool,
}

/// How an execution is started.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct StartOptions {
    /// Same key, same execution: unique per namespace and workflow, at most 256 bytes.
    pub key: Option<String>,
    /// The declared trigger that fired.
    pub trigger: Option<String>,
    /// Who starts it.
    pub by: Option<Actor>,
    /// How many events stand behind each other before it: the depth of the event that starts it
    /// ([`crate::store::EmittedEvent::depth`]), 0 without one.
    pub cause: u32,
    /// When it begins; at once without it.
    pub begin: Option<Begin>,
    /// What it can be found by ([`crate::store::check_tags`] has the bounds). Never secrets: tags are shown in listings.
    pub tags: BTreeMap<String, String>,
}

/// When an execution that is created now begins. Until then it waits in the store; a cancel ends it without running
/// anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Begin {
    /// At this instant; at once where it has passed.
    At(Timestamp),
    /// So long after it was created.
    After(Duration),
}

impl StartOptions {
    /// Gives it a start key.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Names the declared trigger that fired.
    #[must_use]
    pub fn with_trigger(mut self, trigger: impl Into<String>) -> Self {
        self.trigger = Some(trigger.into());
        self
    }

    /// Lets it begin at an instant; at once where it has passed.
    #[must_use]
    pub fn with_begin_at(mut self, at: Timestamp) -> Self {
        self.begin = Some(Begin::At(at));
        self
    }

    /// Lets it begin so long after it was created.
    #[must_use]
    pub fn with_delay(mut self, delay: Duration) -> Self {
        self.begin = Some(Begin::After(delay));
        self
    }

    /// Gives it a tag.
    #[must_use]
    pub fn with_tag(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(name.into(), value.into());
        self
    }

    /// Says how many events stand behind each other before it.
    #[must_use]
    pub fn with_cause(mut self, depth: u32) -> Self {
        self.cause = depth;
        self
    }

    /// Names who starts it.
    #[must_use]
    pub fn with_actor(mut self, by: Actor) -> Self {
        self.by = Some(by);
        self
    }
}

/// What `start` did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// The execution.
    pub execution: ExecutionId,
    /// Whether it was there already, by its key.
    pub existing: bool,
}

/// A signal to send.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignalRequest {
    /// Where it goes.
    pub to: SignalTo,
    /// The payload.
    pub payload: Value,
    /// The sender's id of the message, which deduplicates for life. Without it a fresh one to a name, and one for the
    /// wait to a token: a wait takes one answer.
    pub id: Option<String>,
    /// Who sends it.
    pub by: Actor,
}

impl SignalRequest {
    /// A signal.
    pub fn new(to: SignalTo, payload: Value, by: Actor) -> Self {
        SignalRequest { to, payload, id: None, by }
    }

    /// Gives it an id.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }
}

/// Where a fork begins.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForkAt {
    /// Before this step's first activation.
    Step(StepPath),
}

/// A place in an execution's journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub u64);

/// Events, in order.
#[derive(Clone, Debug)]
pub struct EventPage {
    /// The events.
    pub events: Vec<Recorded>,
    /// Where to go on.
    pub next: Cursor,
    /// Whether the execution ended and nothing will follow.
    pub ended: bool,
}

/// Runs executions.
///
/// - `start` returns after the execution is durable, as far as its store is. An input that does not conform is
///   `Invalid`, with a report, and starts nothing.
/// - Of the executions of a workflow in a namespace with the same concurrency key one runs at a time, in the order in which
///   they were created: `start` returns although others are before it. Where the policy is `reject` it is `Conflict`
///   ([`Error::execution`] says which one is in the way), and nothing is written; where it is `replace`, those before it are
///   cancelled, and it begins once they have ended. A key that cannot be made from the input is `Invalid`.
/// - `signal` and `control` return after the message is durable. What is undeclared or ill-typed is `Invalid`; a wait
///   token that nobody waits under is `NotFound`; an ended execution is `Closed`.
/// - `describe` shows what is committed.
/// - An execution that begins later ([`StartOptions::begin`]) is there at once and says when it begins; before that instant
///   nothing of it runs, and a cancel ends it without running anything. Other executors over the same store keep to that, and
///   to the order of those with the same concurrency key.
/// - `list` gives those that fit all of the query, statuses and tags alike, with their tags.
/// - Where pausing is declared, it reaches the executions that the paused one called, and so does going on.
/// - What its store holds of an execution, where it keeps journals, is exported ([`Export`]) while it runs and after: the
///   file replays without the store to what `describe` shows.
///
/// `Arc` and `Box` of an executor are executors.
#[async_trait]
pub trait Executor: Send + Sync {
    /// What it can do.
    fn capabilities(&self) -> &ExecutorCapabilities;

    /// Starts an execution.
    async fn start(
        &self,
        namespace: &Namespace,
        workflow: &ValidWorkflow,
        input: Value,
        options: StartOptions,
    ) -> Result<Started, Error>;

    /// What an execution is doing.
    async fn describe(&self, namespace: &Namespace, execution: &ExecutionId) -> Result<ExecutionView, Error>;

    /// Sends a signal.
    async fn signal(
        &self,
        namespace: &Namespace,
        execution: &ExecutionId,
        signal: SignalRequest,
    ) -> Result<Accepted, Error>;

    /// Steers an execution.
    async fn control(
        &self,
        namespace: &Namespace,
        execution: &ExecutionId,
        control: Control,
        by: Actor,
    ) -> Result<Accepted, Error>;

    /// Starts a new execution with the past of one that has ended, up to a point: all that had happened just before a step
    /// first began is kept, everything later is forgotten, and what runs again runs under new ids, and so under new
    /// idempotency keys. Attempts that were in flight at the point are of unknown outcome to the fork; workflows that were
    /// being called there are called anew. The fork has the bundle and the tags of the other one, no start key, and no
    /// caller; a concurrency key counts for it as for a start. `Unsupported` unless declared.
    ///
    /// # Errors
    /// `NotFound` where there is no such execution, or the step never began; `Conflict` where it has not ended, or where
    /// the effect of a step that would be kept was taken back (the message names the earliest step to fork at).
    async fn fork(
        &self,
        _namespace: &Namespace,
        _execution: &ExecutionId,
        _at: ForkAt,
        _by: Actor,
    ) -> Result<Started, Error> {
        Err(Error::unsupported("this executor cannot fork executions"))
    }

    /// Events after a cursor (from the beginning without one); with `wait`, returns when there are any or the
    /// execution ended.
    async fn events(
        &self,
        namespace: &Namespace,
        execution: &ExecutionId,
        after: Option<Cursor>,
        wait: bool,
    ) -> Result<EventPage, Error>;

    /// Executions by query, newest first.
    async fn list(&self, namespace: &Namespace, query: &ExecutionQuery) -> Result<ExecutionPage, Error>;
}

/// An executor that many share.
pub type SharedExecutor = Arc<dyn Executor>;
