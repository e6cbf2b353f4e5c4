//! What the journal holds: the events of format 1, as they are read.
//!
//! How a turn is written is [`crate::machine`]'s own compact encoding; these are the events it splits into.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::codec::{EventRef, Fault, Out, read_turn, write_end, write_event};
use super::{Actor, Control, Failure, TurnBody, Usage};
use crate::catalog::Effect;
use crate::error::Error;
use crate::id::{Digest, StepPath, Timestamp};

/// The version of the journal's encoding: the member `v` of the envelope. A reader refuses a newer one.
pub const JOURNAL_VERSION: u16 = 1;

pub use crate::workflow::RULES;

/// One event with its envelope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its number in the execution's journal, from 0, without gaps.
    pub seq: u64,
    /// The number of its turn, from 0.
    pub turn: u64,
    /// When its turn was made.
    pub at: Timestamp,
    /// [`JOURNAL_VERSION`].
    pub v: u16,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// On a turn's last event: the running hash of what was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<u64>,
}

/// Writes events as a turn's body. A machine writes its own turns; this is for those who test stores and readers.
///
/// A failure's own failures in `also` are written without theirs, which none has.
#[must_use]
pub fn encode_turn(first_seq: u64, turn: u64, at: Timestamp, decided: u64, events: &[Event]) -> TurnBody {
    let mut out = Out::default();
    events.iter().for_each(|event| write_event(&mut out, at, &EventRef::of(event)));
    write_end(&mut out, None);
    // A body of 2^32 events would not fit into memory.
    let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
    TurnBody { first_seq, count, turn, at, v: JOURNAL_VERSION, decided, body: out.0.into() }
}

/// Splits a turn into its events, for readers.
///
/// # Errors
/// `Corrupt` for what is no turn; `Newer` for a version or a kind of event that this release does not know.
pub fn decode_turn(body: &TurnBody) -> Result<Vec<Recorded>, Error> {
    if body.v > JOURNAL_VERSION {
        return Err(Fault::Newer(format!("journal version {}", body.v)).into());
    }
    let (events, _) = read_turn(&body.body, body.count, body.at)?;
    let last = body.first_seq + u64::from(body.count.saturating_sub(1));
    let recorded = (body.first_seq..).zip(events).map(|(seq, event)| Recorded {
        seq,
        turn: body.turn,
        at: body.at,
        v: body.v,
        event,
        decided: (seq == last).then_some(body.decided),
    });
    Ok(recorded.collect())
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// The execution began.
    Started(Box<Started>),
    /// An attempt, a timer or a wait was scheduled; an attempt's call follows the commit.
    Scheduled(Scheduled),
    /// A sub-step of a running attempt was recorded.
    Recorded(RecordedStep),
    /// An attempt gave its result, as the machine took it (an output that broke its contract is an error here).
    Done(Done),
    /// An attempt of unknown outcome was found at recovery.
    Lost {
        /// The step.
        path: StepPath,
        /// The attempt, from 1.
        attempt: u32,
    },
    /// A result came after its attempt was given up; kept for readers, never applied.
    Late(Done),
    /// A timer was due.
    Fired {
        /// The step whose timer it is; nothing for the execution's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<StepPath>,
        /// Which of its timers.
        timer: Timer,
    },
    /// A signal was taken from the inbox.
    Signal(Signal),
    /// A child execution ended.
    Child {
        /// The calling step.
        path: StepPath,
        /// The child.
        execution: crate::id::ExecutionId,
        /// Its output, or its failure.
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// Someone steered the execution.
    Control {
        /// What is wanted.
        control: Control,
        /// By whom.
        by: Actor,
        /// The sender's id of the message.
        id: String,
    },
    /// The execution began as a copy of another's past.
    Forked {
        /// The execution it is a copy of.
        from: crate::id::ExecutionId,
        /// How many of that one's events were kept: the number of the first that was not.
        seq: u64,
        /// The state after those: a snapshot in the machine's encoding, as base64.
        snapshot: Value,
        /// All of `started`'s members.
        started: Box<Started>,
    },
    /// The execution ended.
    Ended(Ended),
}

/// The execution began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Started {
    /// [`RULES`] of the release that started it.
    pub rules: u16,
    /// The namespace.
    pub namespace: crate::id::Namespace,
    /// The execution.
    pub execution: crate::id::ExecutionId,
    /// The bundle that it runs for life.
    pub bundle: Digest,
    /// The input, which conforms to the document's schema.
    pub input: Value,
    /// The declared trigger that fired, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<String>,
    /// 128 bits for jitter and wait tokens, as 32 hex digits.
    pub seed: String,
    /// Connections whose bindings name an idempotency header, taken at start and kept for life.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keyed: Vec<String>,
    /// Who started it.
    pub by: Actor,
    /// The step of another execution that called it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// How many events stand behind each other before it, each emitted by what the one before started; what it emits
    /// stands one further ([`super::EVENT_DEPTH`]).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cause: u32,
    /// It does not begin before this instant: a delayed start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// Whether it does not begin before the store says that its turn has come: the last of [`Started::lines`] is its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub queued: bool,
    /// The past that it began with, where it is a fork.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forked: Option<Forked>,
    /// The concurrency keys under which it runs: those of the executions above it, outermost first, then its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
}

/// Whose past a fork began with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Forked {
    /// The execution that it is a fork of.
    pub from: crate::id::ExecutionId,
    /// How many of that one's events are its past.
    pub seq: u64,
}

/// A concurrency key of a workflow, as it was made from the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// The workflow's name.
    pub workflow: String,
    /// The key ([`crate::machine::line_key`]).
    pub key: String,
}

/// The step that called an execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Parent {
    /// The calling execution, in the same namespace.
    pub execution: crate::id::ExecutionId,
    /// Its step.
    pub path: StepPath,
    /// How many calls stand above this execution, from 1 ([`super::CALL_DEPTH`]).
    pub depth: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Started {
    /// What an execution begins with.
    pub fn new(
        namespace: crate::id::Namespace,
        execution: crate::id::ExecutionId,
        bundle: Digest,
        input: Value,
        seed: u128,
        by: Actor,
    ) -> Self {
        Started {
            rules: RULES,
            namespace,
            execution,
            bundle,
            input,
            trigger: None,
            seed: format!("{seed:032x}"),
            keyed: Vec::new(),
            by,
            parent: None,
            cause: 0,
            not_before: None,
            queued: false,
            forked: None,
            lines: Vec::new(),
        }
    }

    /// Lets it begin at this instant at the earliest.
    #[must_use]
    pub fn with_not_before(mut self, at: Timestamp) -> Self {
        self.not_before = Some(at);
        self
    }

    /// Says under which concurrency keys it runs, and whether the last one is its own, for whose turn it waits.
    #[must_use]
    pub fn with_lines(mut self, lines: Vec<Line>, queued: bool) -> Self {
        self.lines = lines;
        self.queued = queued;
        self
    }

    /// Names the step that calls it.
    #[must_use]
    pub fn with_parent(mut self, parent: Parent) -> Self {
        self.parent = Some(parent);
        self
    }

    /// Says how many events stand behind each other before it.
    #[must_use]
    pub fn with_cause(mut self, cause: u32) -> Self {
        self.cause = cause;
        self
    }

    /// Names the declared trigger that fired.
    #[must_use]
    pub fn with_trigger(mut self, trigger: impl Into<String>) -> Self {
        self.trigger = Some(trigger.into());
        self
    }

    /// Names the connections whose bindings have an idempotency header.
    #[must_use]
    pub fn with_keyed(mut self, keyed: Vec<String>) -> Self {
        self.keyed = keyed;
        self
    }
}

/// What a `scheduled` event schedules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ScheduledKind {
    /// An attempt of an action.
    Call,
    /// An attempt of an undo.
    Undo,
    /// A timer of `core.wait`.
    Wait,
    /// A wait for a signal.
    WaitFor,
    /// An approval.
    Approve,
    /// A question.
    Ask,
    /// A child execution.
    Child,
    /// The pause before another attempt.
    Backoff,
    /// An event, which is in the store's outbox with the same commit.
    Emit,
}

/// Something was scheduled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scheduled {
    /// The step.
    pub path: StepPath,
    /// The attempt, from 1.
    pub attempt: u32,
    /// What is scheduled.
    #[serde(rename = "what")]
    pub kind: ScheduledKind,
    /// The structural hash of its input; replay compares it.
    pub input_digest: u64,
    /// When it is due: a timer's instant, an attempt's deadline, a backoff's end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// An attempt's effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
}

/// A sub-step of a running attempt was recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordedStep {
    /// The step.
    pub path: StepPath,
    /// The record's key within the step.
    pub key: String,
    /// The digest of what was asked; the same key with another one is `diverged`.
    pub request_digest: Digest,
    /// What came back.
    pub value: Value,
    /// What it used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// An attempt's result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// The step.
    pub path: StepPath,
    /// The attempt, from 1.
    pub attempt: u32,
    /// Output or failure.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Whether the failure leaves open what happened: it is handled like a lost attempt.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unknown: bool,
    /// What it used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// An output or a failure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It worked.
    Output(Value),
    /// It failed.
    Error(Box<Failure>),
}

/// Which timer fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Timer {
    /// `core.wait`.
    Wait,
    /// The pause before another attempt.
    Backoff,
    /// An attempt's deadline.
    Attempt,
    /// A step's `timeout`.
    Step,
    /// The workflow's `timeout`.
    Execution,
    /// The end of the grace that a cancelled action was given.
    Grace,
    /// The rest of a turn that stopped before it came to rest: its fuel was spent, or it met a defect. No clock is
    /// involved.
    Rest,
    /// The instant before which a delayed execution does not begin.
    Begin,
    /// The turn of an execution that waited for others with the same concurrency key. No clock is involved.
    Turn,
}

/// A signal was taken from the inbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// The sender's id of the message, which deduplicates for life.
    pub id: String,
    /// A declared signal's name, or a wait's token.
    pub to: SignalTo,
    /// The payload, which conforms to the declared schema.
    pub payload: Value,
    /// Who sent it.
    pub by: Actor,
}

/// Where a signal goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalTo {
    /// To the oldest waiter for this name and key.
    Name {
        /// The declared name.
        name: String,
        /// Tells waiters of one name apart.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    /// To one wait, by the token that `describe` shows.
    Token(String),
    /// To one wait for a signal, by its token; where it waits no more, to the oldest waiter for its name and key, or kept
    /// for the next. What the door makes of a token, so that an answer that was accepted is never lost.
    Wait {
        /// The token.
        token: String,
        /// The signal that is waited for.
        name: String,
        /// Tells waiters of one name apart.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
}

/// The execution ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// How.
    pub status: super::EndStatus,
    /// The output, when it completed.
    #[serde(default)]
    pub output: Value,
    /// The failure, when it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Box<Failure>>,
}
