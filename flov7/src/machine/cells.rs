//! Where scopes, blocks and steps of a live execution stand.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::event::{RecordedStep, Timer};
use super::kept::Kept;
use super::state::{Address, At};
use super::{Failure, Settled};
use crate::catalog::Effect;
use crate::id::{ExecutionId, StepPath, Timestamp};
use crate::program::Program;

/// The values of one running scope.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// Which scope of the program.
    pub(super) scope: u32,
    /// The step that holds it, in the scope around it.
    pub(super) holder: Option<At>,
    /// Counts scopes as they are made.
    pub(super) serial: u64,
    /// The item or the round.
    pub(super) index: u32,
    /// Before the suffix of its steps' paths; empty for the execution itself.
    pub(super) prefix: Box<str>,
    pub(super) cells: Box<[Cell]>,
    pub(super) blocks: Box<[BlockCell]>,
    pub(super) slots: Box<[Option<Arc<Value>>]>,
    /// What the value of each slot weighs, while something may still read it.
    pub(super) weights: Box<[u64]>,
    /// For each slot, how many steps' ends still keep it.
    pub(super) readers: Box<[u32]>,
}

/// Where one step stands.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// How many steps it still waits for.
    pub(super) waits: u32,
    /// How often its handler was called.
    pub(super) attempts: u32,
    /// Whether a false `filter` stands before it.
    pub(super) cut: bool,
    /// When it was activated, counted over the execution; 0 while it was not.
    pub(super) order: u64,
    pub(super) phase: Phase,
}

/// How far one step is.
#[derive(Clone, Debug)]
pub(super) enum Phase {
    /// It waits, or is ready.
    Idle,
    Open(Box<Open>),
    Settled(Settled, Option<Box<Failure>>),
}

/// A step that began and has not settled.
#[derive(Clone, Debug)]
pub(super) struct Open {
    pub(super) path: StepPath,
    /// When its `timeout` is due.
    pub(super) due: Option<Timestamp>,
    /// Whether nothing of it runs or waits any more and its end is decided: nothing can stop it.
    pub(super) closed: bool,
    pub(super) work: OpenWork,
}

/// What an open step is at.
#[derive(Clone, Debug)]
pub(super) enum OpenWork {
    Call(OpenCall),
    /// `core.wait`, over at this instant.
    Wait {
        due: Timestamp,
    },
    /// `core.wait_for`.
    WaitFor {
        address: Address,
        token: Arc<str>,
    },
    /// `core.approve` or `core.ask`.
    Person(Box<OpenPerson>),
    /// A block of an `if` or of a `switch` runs.
    Block {
        block: u32,
        ending: Option<BlockEnding>,
    },
    /// Blocks run at the same time.
    Branches(Box<OpenBranches>),
    /// A block runs for each item.
    Each(Box<OpenEach>),
    /// A block runs again and again.
    Loop(Box<OpenLoop>),
    /// `core.call`: another execution runs.
    Child(Box<OpenChild>),
}

/// Blocks of one step that run at the same time.
#[derive(Clone, Debug)]
pub(super) struct OpenBranches {
    /// The blocks that were started, in the order of the document.
    pub(super) blocks: Vec<u32>,
    /// How many of them have not ended.
    pub(super) left: u32,
    /// The blocks that gave a value, in that order.
    pub(super) won: Vec<(u32, Arc<Value>)>,
    /// What those values weigh.
    pub(super) weight: u64,
    /// Each with the number of events when it came.
    pub(super) failures: Vec<(u64, Failure)>,
    pub(super) ending: Option<BlockEnding>,
}

/// A `for_each`.
#[derive(Clone, Debug)]
pub(super) struct OpenEach {
    /// The items; those that began have moved into their scopes.
    pub(super) items: Vec<Value>,
    /// How many items began.
    pub(super) next: u32,
    /// The scopes of the items that run, by index.
    pub(super) running: BTreeMap<u32, u32>,
    /// The results so far, by index; an item that a `filter` ended has none.
    pub(super) results: BTreeMap<u32, Arc<Value>>,
    /// What the items that have not begun and the results weigh.
    pub(super) weight: u64,
    /// Each with the number of events when it came.
    pub(super) failures: Vec<(u64, Failure)>,
    pub(super) ending: Option<BlockEnding>,
}

/// A `loop`.
#[derive(Clone, Debug)]
pub(super) struct OpenLoop {
    pub(super) round: u32,
    /// The scope of the round.
    pub(super) scope: u32,
    pub(super) state: Arc<Value>,
    pub(super) ending: Option<BlockEnding>,
}

/// An execution that a step called. It was created by the commit that scheduled it.
#[derive(Clone, Debug)]
pub(super) struct OpenChild {
    pub(super) execution: ExecutionId,
    /// Why it was told to stop.
    pub(super) ending: Option<BlockEnding>,
}

/// A question to a person.
#[derive(Clone, Debug)]
pub(super) struct OpenPerson {
    /// A yes or no is wanted; else an answer.
    pub(super) approval: bool,
    pub(super) token: Arc<str>,
    pub(super) title: String,
    pub(super) details: Option<Value>,
    pub(super) to: Option<String>,
}

/// Why the blocks of an open step are being stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockEnding {
    /// From outside.
    Cancelled,
    /// By the step's own `timeout`.
    TimedOut,
    /// Enough branches have won.
    Won,
    /// One of them failed, or so many that too few can win.
    Failed,
}

/// An action that is being called.
#[derive(Clone, Debug)]
pub(super) struct OpenCall {
    /// What another attempt would get; none where no other can follow. The one in flight has the value to itself.
    pub(super) input: Option<Kept>,
    /// Whether values moved into the input out of slots, which are to be seen whole until the step has settled.
    pub(super) moved: bool,
    pub(super) digest: u64,
    pub(super) effect: Effect,
    /// The number of the last attempt, from 1.
    pub(super) attempt: u32,
    /// Attempts that count against the retry policy.
    pub(super) tries: u32,
    /// Attempts of which nobody knows the outcome because their worker was lost, or said so.
    pub(super) losses: u32,
    /// Whether an attempt's effect may have happened.
    pub(super) unknown: bool,
    pub(super) phase: CallPhase,
    /// The sub-steps that its attempts recorded, by key; dropped with the call.
    pub(super) records: BTreeMap<String, RecordedStep>,
}

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallPhase {
    /// Between attempts, within a turn.
    Between,
    /// What became of it is decided, and only the step's end is left.
    Decided,
    /// In flight: the number of its `scheduled` event, and the attempt's deadline.
    Running { seq: u64, due: Timestamp },
    /// Told to stop; given up at this instant.
    Cancelling { seq: u64, due: Timestamp },
    /// The next attempt begins at this instant.
    Backoff { due: Timestamp },
}

/// Where one block stands.
#[derive(Clone, Debug, Default)]
pub(super) struct BlockCell {
    /// Steps that have not settled.
    pub(super) left: u32,
    /// Steps that are open, in the order of the document.
    pub(super) open: Vec<u32>,
    pub(super) stop: Option<BlockStop>,
    /// Whether its steps may run.
    pub(super) started: bool,
    /// The failures of its steps that nothing handled, in journal order.
    pub(super) failures: Vec<Failure>,
    /// How many events there were when the first of them came.
    pub(super) failed_at: u64,
    /// Its end is among the units.
    pub(super) ending: bool,
    /// Whether a `filter` in it was false: its output is not evaluated.
    pub(super) filtered: bool,
}

/// Why a block starts nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockStop {
    Failed,
    Cancelled,
}

impl Scope {
    /// A scope with nothing begun.
    pub(super) fn new(program: &Program, scope: u32, holder: Option<At>) -> Scope {
        let plan = &program.scopes[scope as usize];
        let cell =
            |waits: &u32| Cell { waits: *waits, attempts: 0, cut: false, order: 0, phase: Phase::Idle };
        Scope {
            scope,
            holder,
            serial: 0,
            index: 0,
            prefix: "".into(),
            cells: plan.waits.iter().map(cell).collect(),
            blocks: plan.blocks.iter().map(|_| BlockCell::default()).collect(),
            slots: vec![None; plan.readers.len()].into(),
            weights: vec![0; plan.readers.len()].into(),
            readers: plan.readers.clone(),
        }
    }
}

impl CallPhase {
    /// When a timer of a call in this phase is due.
    pub(super) fn due(self, timer: Timer) -> Option<Timestamp> {
        match (timer, self) {
            (Timer::Attempt, CallPhase::Running { due, .. })
            | (Timer::Grace, CallPhase::Cancelling { due, .. })
            | (Timer::Backoff, CallPhase::Backoff { due }) => Some(due),
            _ => None,
        }
    }

    /// The number of the event that scheduled the attempt in flight.
    pub(super) fn seq(self) -> Option<u64> {
        match self {
            CallPhase::Running { seq, .. } | CallPhase::Cancelling { seq, .. } => Some(seq),
            CallPhase::Between | CallPhase::Decided | CallPhase::Backoff { .. } => None,
        }
    }
}
