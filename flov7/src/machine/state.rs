//! What a live execution holds: scopes, cells, slots, open steps, and what is to be done next.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde_json::{Value, json};

use super::cells::{BlockCell, Cell, Open, OpenWork, Phase, Scope};
use super::event::{Ended, Signal, Started, Timer};
use super::undo::UndoState;
use super::{Actor, Begins, Failure};
use crate::id::{Digest, ExecutionId, StepPath, Timestamp};
use crate::json::{Fnv64, weight};
use crate::program::{BY_BLOCK, Program, Slot, slot};

/// A step of a running scope. Ordered by the document, then by scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    pub(super) step: u32,
    pub(super) scope: u32,
}

impl At {
    /// The call that takes an effect back: there is one at a time, and it belongs to no running scope.
    pub(super) const UNDO: At = At { step: u32::MAX, scope: u32::MAX };
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
    /// Numbers of scopes that ended.
    pub(super) free: BTreeSet<u32>,
    /// Steps that may start, in the order of the document. The scope's serial comes before its number, which is used
    /// again.
    pub(super) ready: BTreeSet<(u32, u64, u32)>,
    /// What comes before any of them.
    pub(super) urgent: VecDeque<Unit>,
    /// By due instant, then path.
    pub(super) timers: BTreeMap<(Timestamp, Option<StepPath>, Timer), At>,
    /// Attempts in flight by the number of their `scheduled` event.
    pub(super) calls: BTreeMap<u64, At>,
    /// Steps that wait for executions that they called.
    pub(super) children: BTreeMap<ExecutionId, At>,
    /// Calls, backoffs and `core.wait`: what makes the status `running`.
    pub(super) busy: u32,
    /// How many steps were started.
    pub(super) activations: u64,
    /// What all values weigh that something may still read (RULES, engine.parity).
    pub(super) live: u64,
    /// When the workflow's `timeout` is over.
    pub(super) due: Option<Timestamp>,
    /// What it waits for before it begins.
    pub(super) held_back: Option<Begins>,
    pub(super) ending: Option<Ending>,
    /// Whether someone cancelled it: the second time terminates it.
    pub(super) cancelled: bool,
    pub(super) undo: UndoState,
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
    /// Whether nobody keeps what is journaled: events are counted and not written.
    pub(super) unread: bool,
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
    /// A `for_each` or a `loop` goes on.
    Next(At),
    /// A step is done with this value, and what takes it back is made ready.
    Complete(At, Arc<Value>),
    /// The next effect is taken back, or what that was for goes on.
    Undo,
}

impl State {
    /// A state before its first turn, with the scope of the execution.
    pub(super) fn new(program: &Program, mut started: Started) -> State {
        let input = Arc::new(std::mem::take(&mut started.input));
        let execution = json!({ "id": started.execution, "trigger": started.trigger });
        let root = Scope::new(program, 0, None);
        let mut state = State::empty(started);
        state.scopes.push(Some(Box::new(root)));
        state.fill(0, slot::INPUT, input);
        state.fill(0, slot::EXECUTION, Arc::new(execution));
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
            free: BTreeSet::new(),
            ready: BTreeSet::new(),
            urgent: VecDeque::new(),
            timers: BTreeMap::new(),
            calls: BTreeMap::new(),
            children: BTreeMap::new(),
            busy: 0,
            activations: 0,
            live: 0,
            due: None,
            held_back: None,
            ending: None,
            cancelled: false,
            undo: UndoState::default(),
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
            unread: false,
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
        let step = program.step_at(path)?;
        // From the outermost scope inwards, each index of the path leads into one more.
        let mut holders = Vec::new();
        let mut plan = &program.scopes[program.steps[step as usize].scope as usize];
        while let Some(holder) = plan.holder {
            holders.push(holder);
            plan = &program.scopes[program.steps[holder as usize].scope as usize];
        }
        let mut indices = path.segments().filter_map(|segment| segment.index);
        let mut scope = 0;
        for holder in holders.into_iter().rev() {
            let index = indices.next()?;
            let open = self.open(program, At { step: holder, scope })?;
            scope = match &open.work {
                OpenWork::Each(each) => *each.running.get(&index)?,
                // The scope of a closed loop's last round has ended.
                OpenWork::Loop(repeat) if repeat.round == index && !open.closed => repeat.scope,
                _ => return None,
            };
        }
        let at = At { step, scope };
        (self.path(program, at) == *path).then_some(at)
    }

    /// The step that holds a block of a running scope; none for the outermost block.
    pub(super) fn holder(&self, program: &Program, scope: u32, block: u32) -> Option<At> {
        let step = program.blocks[block as usize].holder?;
        let running = self.scope(scope);
        if program.steps[step as usize].scope == running.scope {
            return Some(At { step, scope });
        }
        // The block is all that its scope holds.
        running.holder
    }

    /// Makes a scope inside an open step; gives its number.
    pub(super) fn enter(&mut self, program: &Program, plan: u32, holder: At, index: u32) -> u32 {
        let mut scope = Scope::new(program, plan, Some(holder));
        scope.serial = self.serials;
        scope.index = index;
        scope.prefix = format!("{}[{index}]", self.path(program, holder)).into();
        self.serials += 1;
        // The lowest number that is free: the same one in a replay from a snapshot.
        if let Some(number) = self.free.pop_first() {
            self.scopes[number as usize] = Some(Box::new(scope));
            return number;
        }
        self.scopes.push(Some(Box::new(scope)));
        // Memory ends long before 2^32 scopes.
        u32::try_from(self.scopes.len() - 1).unwrap_or(u32::MAX)
    }

    /// Puts a value into a slot that is empty.
    pub(super) fn fill(&mut self, scope: u32, slot: usize, value: Arc<Value>) {
        let weight = weight(&value);
        let scope = self.scope_mut(scope);
        scope.slots[slot] = Some(value);
        scope.weights[slot] = weight;
        self.live += weight;
    }

    /// Nothing will read a slot any more. One that is kept for readers stays, and counts no more.
    pub(super) fn clear(&mut self, scope: u32, slot: usize) {
        let keep = self.keep;
        let scope = self.scope_mut(scope);
        let weight = std::mem::take(&mut scope.weights[slot]);
        if !keep {
            scope.slots[slot] = None;
        }
        self.live = self.live.saturating_sub(weight);
    }

    /// A scope has ended. One that is kept for readers stays, under its number.
    pub(super) fn leave(&mut self, scope: u32) {
        let weights = &mut self.scope_mut(scope).weights;
        let weight: u64 = weights.iter().sum();
        weights.fill(0);
        self.live = self.live.saturating_sub(weight);
        if !self.keep {
            self.scopes[scope as usize] = None;
            self.free.insert(scope);
        }
    }

    /// Whether something is left to do without anything coming.
    pub(super) fn has_rest(&self) -> bool {
        !self.paused && self.held_back.is_none() && (!self.urgent.is_empty() || !self.ready.is_empty())
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
        if self.scope(at.scope).readers[slot] > 0 {
            self.fill(at.scope, slot, value);
        } else if self.keep {
            self.scope_mut(at.scope).slots[slot] = Some(value);
        }
    }

    /// A step has settled: what only it still read is gone.
    pub(super) fn release(&mut self, program: &Program, at: At) {
        for slot in &program.steps[at.step as usize].releases {
            let readers = &mut self.scope_mut(at.scope).readers[*slot];
            if *readers != BY_BLOCK {
                *readers = readers.saturating_sub(1);
                if *readers == 0 {
                    self.clear(at.scope, *slot);
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
