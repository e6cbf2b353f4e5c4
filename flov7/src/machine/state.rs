//! What a live execution holds: scopes, cells, slots, open steps, and what is to be done next.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde_json::{Value, json};

use super::event::{Ended, RecordedStep, Signal, Started, Timer};
use super::{Actor, Failure, Settled};
use crate::catalog::Effect;
use crate::id::{Digest, StepPath, Timestamp};
use crate::json::Fnv64;
use crate::program::{BY_BLOCK, Program, Slot, slot};

/// A step of a running scope. Ordered by the document, then by scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    pub(super) step: u32,
    pub(super) scope: u32,
}

/// All that a replay makes again: two states that hold the same behave the same.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// What it began with; the input has moved into its slot.
    pub(super) started: Started,
    /// The number of the next turn, and of the next event.
    pub(super) turn: u64,
    pub(super) seq: u64,
    /// The recorded time of the last turn.
    pub(super) now: Timestamp,
    pub(super) decided: Fnv64,
    pub(super) scopes: Vec<Option<Box<Scope>>>,
    /// How many scopes were made.
    pub(super) serials: u64,
    /// Steps that may start, in the order of the document. The scope's serial comes before its number, which is used
    /// again.
    pub(super) ready: BTreeSet<(u32, u64, u32)>,
    /// What comes before any of them.
    pub(super) urgent: VecDeque<Unit>,
    /// By due instant, then path.
    pub(super) timers: BTreeMap<(Timestamp, Option<StepPath>, Timer), At>,
    /// Attempts in flight by the number of their `scheduled` event.
    pub(super) calls: BTreeMap<u64, At>,
    /// Calls, backoffs and `core.wait`: what makes the status `running`.
    pub(super) busy: u32,
    /// How many steps were started.
    pub(super) activations: u64,
    /// When the workflow's `timeout` is over.
    pub(super) due: Option<Timestamp>,
    pub(super) ending: Option<Ending>,
    pub(super) unknown_effects: Vec<StepPath>,
    /// Steps that wait for a signal, the oldest first.
    pub(super) waiters: BTreeMap<Address, VecDeque<At>>,
    /// Steps that wait, by token.
    pub(super) tokens: BTreeMap<Arc<str>, At>,
    /// Signals that came before anyone waited for them, the oldest first.
    pub(super) buffered: BTreeMap<Address, VecDeque<Buffered>>,
    pub(super) buffered_count: u32,
    pub(super) buffered_bytes: u64,
    /// The start of the digest of each message's id that was taken: a message counts once.
    pub(super) seen: BTreeSet<[u8; 16]>,
    pub(super) paused: bool,
    /// Signals that came while it was paused.
    pub(super) parked: VecDeque<Signal>,
    /// Whether values stay after their last use, for someone who wants to look at them.
    pub(super) keep: bool,
    pub(super) ended: Option<Box<Ended>>,
}

/// Where a signal by name goes: the name, and the key that tells waiters of one name apart.
pub(super) type Address = (Box<str>, Option<Box<str>>);

/// A signal without a waiter.
#[derive(Clone, Debug)]
pub(super) struct Buffered {
    pub(super) payload: Arc<Value>,
    pub(super) by: Actor,
    /// The length of its canonical text.
    pub(super) bytes: u64,
}

/// Why the whole execution is being stopped.
#[derive(Clone, Debug)]
pub(super) enum Ending {
    /// Someone cancelled it.
    Cancelled,
    /// One of its limits was reached.
    Limit(Box<Failure>),
}

/// A piece of work that must be done before any step starts.
#[derive(Clone, Debug)]
pub(super) enum Unit {
    /// A step failed: its `on_error` decides.
    Fail(At, Box<Failure>),
    /// The next attempt of a step begins.
    Attempt(At),
    /// All steps of a block have settled, or all that began in a block that stops.
    BlockEnd { scope: u32, block: u32 },
}

/// The values of one running scope.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// Which scope of the program.
    pub(super) scope: u32,
    /// The step that holds it, in the scope around it.
    pub(super) holder: Option<At>,
    /// Counts scopes as they are made.
    pub(super) serial: u64,
    /// Before the suffix of its steps' paths; empty for the execution itself.
    pub(super) prefix: Box<str>,
    pub(super) cells: Box<[Cell]>,
    pub(super) blocks: Box<[BlockCell]>,
    pub(super) slots: Box<[Option<Arc<Value>>]>,
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
        scope: u32,
        block: u32,
        ending: Option<BlockEnding>,
    },
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

/// Why the block of an open step is being stopped from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockEnding {
    Cancelled,
    TimedOut,
}

/// An action that is being called.
#[derive(Clone, Debug)]
pub(super) struct OpenCall {
    /// What each attempt gets; gone where no other attempt can follow the first, so that its handler may take it.
    pub(super) input: Option<Arc<Value>>,
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
    /// The failures of its steps that nothing handled, in journal order.
    pub(super) failures: Vec<Failure>,
    /// Its end is among the units.
    pub(super) ending: bool,
}

/// Why a block starts nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockStop {
    Failed,
    Cancelled,
}

impl State {
    /// A state before its first turn, with the scope of the execution.
    pub(super) fn new(program: &Program, mut started: Started) -> State {
        let input = Arc::new(std::mem::take(&mut started.input));
        let execution = json!({ "id": started.execution, "trigger": started.trigger });
        let mut root = Scope::new(program, 0, None, 0, "".into());
        root.slots[slot::INPUT] = Some(input);
        root.slots[slot::EXECUTION] = Some(Arc::new(execution));
        let mut state = State::empty(started);
        state.scopes.push(Some(Box::new(root)));
        state.serials = 1;
        state
    }

    /// A state without any scope.
    pub(super) fn empty(started: Started) -> State {
        State {
            started,
            turn: 0,
            seq: 0,
            now: Timestamp::from_ms(i64::MIN),
            decided: Fnv64::new(),
            scopes: Vec::new(),
            serials: 0,
            ready: BTreeSet::new(),
            urgent: VecDeque::new(),
            timers: BTreeMap::new(),
            calls: BTreeMap::new(),
            busy: 0,
            activations: 0,
            due: None,
            ending: None,
            unknown_effects: Vec::new(),
            waiters: BTreeMap::new(),
            tokens: BTreeMap::new(),
            buffered: BTreeMap::new(),
            buffered_count: 0,
            buffered_bytes: 0,
            seen: BTreeSet::new(),
            paused: false,
            parked: VecDeque::new(),
            keep: false,
            ended: None,
        }
    }

    /// A running scope.
    ///
    /// # Panics
    /// If it ended: whoever holds its number is part of it.
    pub(super) fn scope(&self, scope: u32) -> &Scope {
        self.scopes[scope as usize].as_deref().expect("a scope outlives what refers to it")
    }

    /// As [`State::scope`].
    pub(super) fn scope_mut(&mut self, scope: u32) -> &mut Scope {
        self.scopes[scope as usize].as_deref_mut().expect("a scope outlives what refers to it")
    }

    pub(super) fn cell(&self, program: &Program, at: At) -> &Cell {
        &self.scope(at.scope).cells[program.steps[at.step as usize].local as usize]
    }

    pub(super) fn cell_mut(&mut self, program: &Program, at: At) -> &mut Cell {
        &mut self.scope_mut(at.scope).cells[program.steps[at.step as usize].local as usize]
    }

    pub(super) fn open(&self, program: &Program, at: At) -> Option<&Open> {
        match &self.cell(program, at).phase {
            Phase::Open(open) => Some(open),
            _ => None,
        }
    }

    pub(super) fn open_mut(&mut self, program: &Program, at: At) -> Option<&mut Open> {
        match &mut self.cell_mut(program, at).phase {
            Phase::Open(open) => Some(open),
            _ => None,
        }
    }

    pub(super) fn block(&self, program: &Program, scope: u32, block: u32) -> &BlockCell {
        &self.scope(scope).blocks[program.blocks[block as usize].local as usize]
    }

    pub(super) fn block_mut(&mut self, program: &Program, scope: u32, block: u32) -> &mut BlockCell {
        &mut self.scope_mut(scope).blocks[program.blocks[block as usize].local as usize]
    }

    /// The path of a step in a running scope.
    pub(super) fn path(&self, program: &Program, at: At) -> StepPath {
        let step = &program.steps[at.step as usize];
        match &step.path {
            Some(path) => path.clone(),
            None => {
                let text = format!("{}/{}", self.scope(at.scope).prefix, step.suffix);
                StepPath::parse(&text).expect("validation bounds the length of paths")
            }
        }
    }

    /// The running step that a path leads to.
    pub(super) fn step_at(&self, program: &Program, path: &StepPath) -> Option<At> {
        let at = At { step: program.step_at(path)?, scope: 0 };
        (self.path(program, at) == *path).then_some(at)
    }

    /// Whether something is left to do without anything coming.
    pub(super) fn has_rest(&self) -> bool {
        !self.paused && (!self.urgent.is_empty() || !self.ready.is_empty())
    }

    /// Takes note of a message; false for one that was taken before.
    pub(super) fn see(&mut self, id: &str) -> bool {
        let mut half = [0; 16];
        half.copy_from_slice(&Digest::of(id).as_bytes()[..16]);
        self.seen.insert(half)
    }

    /// Keeps a signal until someone waits for it.
    pub(super) fn buffer(&mut self, address: Address, signal: Buffered) {
        self.buffered_count += 1;
        self.buffered_bytes += signal.bytes;
        self.buffered.entry(address).or_default().push_back(signal);
    }

    /// The oldest signal that was kept for an address.
    pub(super) fn take_buffered(&mut self, address: &Address) -> Option<Buffered> {
        let queue = self.buffered.get_mut(address)?;
        let signal = queue.pop_front()?;
        if queue.is_empty() {
            self.buffered.remove(address);
        }
        self.buffered_count = self.buffered_count.saturating_sub(1);
        self.buffered_bytes = self.buffered_bytes.saturating_sub(signal.bytes);
        Some(signal)
    }

    /// A step waits for no signal and no person any more.
    pub(super) fn unregister(&mut self, program: &Program, at: At) {
        let (token, address) = match self.open(program, at).map(|open| &open.work) {
            Some(OpenWork::WaitFor { address, token }) => (token.clone(), Some(address.clone())),
            Some(OpenWork::Person(person)) => (person.token.clone(), None),
            _ => return,
        };
        self.tokens.remove(&token);
        if let Some(address) = address
            && let Some(waiters) = self.waiters.get_mut(&address)
        {
            waiters.retain(|waiter| *waiter != at);
            if waiters.is_empty() {
                self.waiters.remove(&address);
            }
        }
    }

    /// Keeps the value of a step while something may still read it.
    pub(super) fn keep_value(&mut self, program: &Program, at: At, value: Arc<Value>) {
        let slot = program.steps[at.step as usize].slot as usize;
        let keep = self.keep;
        let scope = self.scope_mut(at.scope);
        if scope.readers[slot] > 0 || keep {
            scope.slots[slot] = Some(value);
        }
    }

    /// A step has settled: what only it still read is gone.
    pub(super) fn release(&mut self, program: &Program, at: At) {
        let keep = self.keep;
        let scope = self.scope_mut(at.scope);
        for slot in &program.steps[at.step as usize].releases {
            let readers = &mut scope.readers[*slot];
            if *readers != BY_BLOCK {
                *readers = readers.saturating_sub(1);
                if *readers == 0 && !keep {
                    scope.slots[*slot] = None;
                }
            }
        }
    }

    /// The value in a slot, as seen from a scope.
    pub(super) fn slot(&self, program: &Program, from: u32, wanted: Slot) -> Option<&Arc<Value>> {
        let mut scope = self.scope(from);
        while program.scopes[scope.scope as usize].depth > slot::depth(wanted) {
            scope = self.scope(scope.holder?.scope);
        }
        scope.slots.get(slot::place(wanted))?.as_ref()
    }
}

impl Scope {
    /// A scope with nothing begun.
    pub(super) fn new(
        program: &Program,
        scope: u32,
        holder: Option<At>,
        serial: u64,
        prefix: Box<str>,
    ) -> Scope {
        let plan = &program.scopes[scope as usize];
        let cell = |waits: &u32| Cell { waits: *waits, attempts: 0, order: 0, phase: Phase::Idle };
        Scope {
            scope,
            holder,
            serial,
            prefix,
            cells: plan.waits.iter().map(cell).collect(),
            blocks: plan.blocks.iter().map(|_| BlockCell::default()).collect(),
            slots: vec![None; plan.readers.len()].into(),
            readers: plan.readers.clone(),
        }
    }
}

impl CallPhase {
    /// The number of the event that scheduled the attempt in flight.
    pub(super) fn seq(self) -> Option<u64> {
        match self {
            CallPhase::Running { seq, .. } | CallPhase::Cancelling { seq, .. } => Some(seq),
            CallPhase::Between | CallPhase::Backoff { .. } => None,
        }
    }
}
