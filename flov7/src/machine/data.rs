//! What goes into the machine and comes out of it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::event::{Outcome, Parent, ScheduledKind, Signal};
use crate::catalog::Effect;
use crate::id::{ExecutionId, StepPath, Timestamp};

/// The closed set of failure classes (RULES, fail.class).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// The world said so: the action failed, timed out, was rejected, or its outcome is unknown.
    World,
    /// A value broke a schema at a border.
    Contract,
    /// An expression met a value that it cannot compute with.
    Data,
    /// A limit was reached.
    Limit,
}

/// A failure as documents see it: the root `error` and `on_error`'s input (RULES, fail.error).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// The code: ours without a dot or with a class's prefix, a host's with a dot.
    pub code: String,
    /// The class.
    pub class: FailureClass,
    /// What happened, at most 2 KiB.
    pub message: String,
    /// The full path of the step, or null where the workflow's own output failed.
    pub step: Option<StepPath>,
    /// The attempt that failed, from 1; 0 where nothing was attempted.
    pub attempt: u32,
    /// Whether another attempt might succeed.
    pub retryable: bool,
    /// More, at most 16 KiB; null without it.
    #[serde(default)]
    pub details: Value,
    /// Other failures of the same block, in journal order; only in an execution's final error.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Failure>,
}

/// What an attempt used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// Tokens, input and output together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Money in micro-units of `currency`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub micros: Option<u64>,
    /// An ISO 4217 code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}

/// Who did something: a person, a program, another execution.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Actor(pub String);

impl Actor {
    /// An actor by name, at most 256 bytes; a longer one is cut at a character.
    pub fn new(name: impl Into<String>) -> Self {
        let mut name = name.into();
        if name.len() > 256 {
            let cut = (0..=256).rev().find(|at| name.is_char_boundary(*at)).unwrap_or(0);
            name.truncate(cut);
        }
        Actor(name)
    }
}

/// How a live execution is steered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Control {
    /// Stop in order: running actions get their grace, undo runs. A second one is [`Control::Terminate`].
    Cancel,
    /// Stop at once: nothing is undone.
    Terminate,
    /// Start nothing new until unpaused.
    Pause,
    /// Go on.
    Unpause,
}

/// How an execution ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndStatus {
    /// All steps settled and the output was made.
    Completed,
    /// A failure that nothing handled.
    Failed,
    /// Cancelled in order.
    Cancelled,
    /// Stopped at once.
    Terminated,
}

/// What an execution is doing (FORMAT, command line).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// A call, a backoff or a `core.wait` is open, or there is something to do.
    Running,
    /// Only people, signals, executions that it called, and deadlines over them are left.
    Waiting,
    /// Paused by someone.
    Paused,
    /// Waiting for a capable worker or a mended defect.
    Blocked,
    /// Ended: all done.
    Completed,
    /// Ended: failed.
    Failed,
    /// Ended: cancelled.
    Cancelled,
    /// Ended: terminated.
    Terminated,
}

impl Status {
    /// Whether nothing more can happen.
    pub fn is_ended(self) -> bool {
        matches!(self, Status::Completed | Status::Failed | Status::Cancelled | Status::Terminated)
    }
}

impl From<EndStatus> for Status {
    fn from(status: EndStatus) -> Self {
        match status {
            EndStatus::Completed => Status::Completed,
            EndStatus::Failed => Status::Failed,
            EndStatus::Cancelled => Status::Cancelled,
            EndStatus::Terminated => Status::Terminated,
        }
    }
}

/// Why an execution is blocked: it resumes by itself when a capable worker looks at it. A projection, never an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Blocked {
    /// What kind of thing is in the way.
    pub reason: BlockedReason,
    /// What is in the way and what would help, in a sentence.
    pub message: String,
    /// The actions, connections or secrets that are missing, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// The event at which a replay went another way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
}

impl Blocked {
    /// A reason with its sentence.
    pub fn new(reason: BlockedReason, message: impl Into<String>) -> Self {
        Blocked { reason, message: message.into(), missing: Vec::new(), seq: None }
    }

    /// Names what is missing.
    #[must_use]
    pub fn with_missing(mut self, names: Vec<String>) -> Self {
        self.missing = names;
        self
    }

    /// Says at which event a replay went another way.
    #[must_use]
    pub fn with_seq(mut self, seq: u64) -> Self {
        self.seq = Some(seq);
        self
    }
}

/// What kind of thing keeps an execution from going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BlockedReason {
    /// No handler for an action that it uses (RULES, bundle).
    Missing,
    /// A binding or a secret is missing, or the binding lost its idempotency header (RULES, effect).
    Binding,
    /// A replay decided something else than the journal says (RULES, journal.decided).
    Diverged,
    /// It runs under rules that this release does not have (RULES, journal.rules).
    Rules,
    /// A defect of ours (RULES, fail.class).
    Defect,
}

/// How a step settled (RULES, order.settle).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    /// It has its value.
    Done,
    /// `when` was false, or a filter before it.
    Skipped,
    /// It failed, handled or not.
    Failed,
    /// Cancelled before an outcome.
    Cancelled,
    /// Given up after its grace: the outcome is unknown.
    Abandoned,
}

/// What comes into the machine. Within a turn the machine orders it (RULES, turn.order).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Incoming {
    /// An attempt's result.
    Result {
        /// The step (`x/undo` for an undo).
        path: StepPath,
        /// The attempt.
        attempt: u32,
        /// What the handler gave.
        result: Result<CallOutput, CallError>,
    },
    /// An attempt whose outcome nobody can know (its worker is gone).
    Lost {
        /// The step.
        path: StepPath,
        /// The attempt.
        attempt: u32,
    },
    /// A signal from the inbox.
    Signal(Signal),
    /// A control from the inbox.
    Control {
        /// What is wanted.
        control: Control,
        /// By whom.
        by: Actor,
        /// The sender's id.
        id: String,
    },
    /// Its turn has come: every earlier execution with its concurrency key has ended.
    Turn {
        /// The id of the message that says so.
        id: String,
    },
    /// A sub-step of a running attempt, recorded on its own.
    Record(super::event::RecordedStep),
    /// An execution that a step called has ended.
    Child {
        /// The calling step.
        path: StepPath,
        /// The child.
        execution: ExecutionId,
        /// Its output, or its failure.
        outcome: Outcome,
        /// The id of the message that says so.
        id: String,
    },
    /// Time passed: every timer due at the turn's instant fires. An empty list of incomings means the same.
    Tick,
}

/// A handler's output.
#[derive(Clone, Debug, PartialEq)]
pub struct CallOutput {
    /// The value; held against the action's output schema by the machine.
    pub value: Arc<Value>,
    /// What it used.
    pub usage: Option<Usage>,
}

/// A handler's failure.
#[derive(Clone, Debug, PartialEq)]
pub struct CallError {
    /// The code that the action declared.
    pub code: String,
    /// What happened.
    pub message: String,
    /// More.
    pub details: Value,
    /// Whether the outcome is known and another attempt may succeed, or is unknown.
    pub kind: CallErrorKind,
    /// The earliest that another attempt makes sense, in milliseconds from now.
    pub retry_after: Option<u64>,
}

/// What a handler's failure says of another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallErrorKind {
    /// It failed for good.
    Failed,
    /// Another attempt may succeed; for effect `once` the handler vouches that nothing happened.
    Retryable,
    /// Nobody knows whether it happened.
    Unknown,
}

/// What the machine wants done, after its turn is committed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Command {
    /// Call a handler.
    Call(Call),
    /// Tell a running attempt that it is cancelled; its result or silence is reported as usual.
    CancelCall {
        /// The step.
        path: StepPath,
        /// The attempt.
        attempt: u32,
    },
    /// Create an execution that a step calls: with the commit of the turn, or not at all.
    Start(Child),
    /// Tell an execution that a step called to stop: with the commit of the turn, or not at all.
    Steer {
        /// The child.
        execution: ExecutionId,
        /// What it is told.
        control: Control,
    },
    /// Put an event into the store's outbox: with the commit of the turn, or not at all.
    Emit(Emission),
}

/// An execution that a step calls.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Child {
    /// The calling step, and how deep the call is.
    pub parent: Parent,
    /// The child's id, which follows from the caller's.
    pub execution: ExecutionId,
    /// The workflow's name: one of the bundle's callees, or its own.
    pub workflow: String,
    /// The input, which conforms to the schema of the callee.
    pub input: Value,
    /// How many events stand behind each other before it: as many as before the caller.
    pub cause: u32,
}

/// An event that a step emits.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Emission {
    /// The step (`x/undo` where an undo emits).
    pub path: StepPath,
    /// The event's name.
    pub event: String,
    /// What it says.
    pub payload: Arc<Value>,
    /// How many events stand behind each other, this one counted ([`EVENT_DEPTH`]).
    pub depth: u32,
}

impl Emission {
    /// An event that a step emits.
    pub fn new(path: StepPath, event: impl Into<String>, payload: Arc<Value>, depth: u32) -> Self {
        Emission { path, event: event.into(), payload, depth }
    }
}

/// How many calls may stand above an execution (RULES, call).
pub const CALL_DEPTH: u32 = 16;

/// How many events may stand behind each other, each emitted by what the one before started (RULES, call).
pub const EVENT_DEPTH: u32 = 32;

/// A call of a handler.
#[derive(Clone, Debug)]
pub struct Call {
    /// The step (`x/undo` for an undo).
    pub path: StepPath,
    /// The attempt, from 1.
    pub attempt: u32,
    /// The action's id.
    pub action: Arc<str>,
    /// The document's connection id, if the action names one.
    pub connection: Option<Arc<str>>,
    /// The input; all attempts get the same.
    pub input: Arc<Value>,
    /// What it does to the world.
    pub effect: Effect,
    /// The attempt's deadline.
    pub deadline: Timestamp,
    /// Whether this is a compensation.
    pub undo: bool,
}

/// What an execution waits for outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Waiting {
    /// The waiting step.
    pub path: StepPath,
    /// What it waits for: `wait_for`, `approve`, `ask`, `wait`, `backoff`, `call`, `child`.
    pub kind: ScheduledKind,
    /// Where an answer goes; no credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The signal's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<String>,
    /// The key that tells waiters of one signal apart: a signal without it does not reach this wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The execution that the step called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<ExecutionId>,
    /// The question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// More for the person who answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
    /// Who should answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// When the wait ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
}

/// One step as `run` and `show` list it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepView {
    /// Its path.
    pub path: StepPath,
    /// How it settled; null in flight.
    pub settled: Option<Settled>,
    /// How often its handler was called.
    pub attempts: u32,
    /// Its value, when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// Its failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// What became of compensations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UndoView {
    /// Steps whose effect was taken back.
    pub done: Vec<StepPath>,
    /// Steps whose compensation failed.
    pub failed: Vec<StepPath>,
}

/// What an execution waits for before it begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Begins {
    /// Not before this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Not before every earlier execution with the same concurrency key has ended.
    #[serde(default)]
    pub in_line: bool,
}

/// An execution as `run`, `show` and `describe` give it (FORMAT, command line).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExecutionView {
    /// The execution.
    pub execution: ExecutionId,
    /// The step of another execution that called it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// Whose past it began with, where it is a fork.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forked: Option<super::event::Forked>,
    /// What it is doing.
    pub status: Status,
    /// Its output; null until it completed.
    pub output: Value,
    /// Why it failed.
    pub error: Option<Failure>,
    /// Its steps, in the order of their activation.
    pub steps: Vec<StepView>,
    /// Compensations.
    pub undo: UndoView,
    /// Steps whose effect may or may not have happened.
    pub unknown_effects: Vec<StepPath>,
    /// What it waits for.
    pub waiting: Vec<Waiting>,
    /// What it waits for before it begins, while it has not begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begins: Option<Begins>,
    /// Why it is blocked, when it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<Blocked>,
}
