//! Snapshots: the state as bytes, so that a long journal need not be replayed from its beginning (RULES, snapshot).
//!
//! A snapshot can be deleted at any time: the journal is the truth. It is tagged with the rules, and whatever follows
//! from other parts (timers, tokens, attempts in flight) is made again when it is read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cells::{OpenWork, Phase, Scope};
use super::codec::{self, Fault, In, Out};
use super::event::{RULES, Timer};
use super::frozen::{
    read_address, read_scope, read_time, read_undo, read_unit, write_address, write_scope, write_undo,
    write_unit,
};
use super::replay::corrupt;
use super::state::{Address, At, Buffered, Ending, State, Unit};
use super::{Actor, Begins, Machine, Outstanding, ReplayError, TurnBody};
use crate::id::Timestamp;
use crate::json::{Fnv64, fnv1a64, weight};
use crate::program::Program;

/// The version of this encoding. A store's snapshot of another one is none: the journal is replayed instead. That which a
/// fork began with stands in its journal: whoever raises this goes on reading what stands there.
const VERSION: u64 = 3;

impl Machine {
    /// The state after the last turn. None for a machine that must be made again from its journal: a defect stopped it,
    /// it holds what no turn has taken yet, or a turn goes on.
    #[must_use]
    pub fn snapshot(&self) -> Option<Arc<[u8]>> {
        if self.blocked.is_some() || !self.held.is_empty() || self.is_open() || self.state.keep {
            return None;
        }
        Some(self.bytes().into())
    }

    /// A hash of the whole state: equal where a replay made the same machine again.
    #[must_use]
    pub fn state_digest(&self) -> u64 {
        fnv1a64(&self.bytes())
    }

    fn bytes(&self) -> Vec<u8> {
        bytes_of(&self.program, &self.state)
    }

    /// Makes a machine again from a snapshot and the turns after it.
    ///
    /// # Errors
    /// As [`Machine::replay`]. After `Corrupt` or `Newer` a replay of all turns may still work.
    pub fn restore(
        program: Arc<Program>,
        snapshot: &[u8],
        turns: &[TurnBody],
    ) -> Result<(Machine, Outstanding), ReplayError> {
        let state = state_of(&program, snapshot)?;
        let mut machine = Machine::of(program, state);
        for turn in turns {
            machine.replay_turn(turn)?;
        }
        let outstanding = machine.outstanding();
        Ok((machine, outstanding))
    }
}

/// A state as bytes.
pub(super) fn bytes_of(program: &Program, state: &State) -> Vec<u8> {
    let mut out = Out::default();
    out.number(VERSION);
    out.number(RULES.into());
    write_state(&mut out, program, state);
    out.0
}

/// The state that bytes hold.
pub(super) fn state_of(program: &Program, snapshot: &[u8]) -> Result<State, ReplayError> {
    let mut input = In::new(snapshot);
    let (version, rules) = (input.number()?, input.number()?);
    if version != VERSION {
        return Err(ReplayError::Newer { what: format!("snapshot version {version}") });
    }
    if rules != u64::from(RULES) {
        return Err(ReplayError::Rules { rules: u16::try_from(rules).unwrap_or(u16::MAX) });
    }
    let mut state = read_state(&mut input, program)?;
    if !input.is_empty() {
        return Err(corrupt("there are bytes after the snapshot"));
    }
    state.index(program).ok_or_else(|| corrupt("the snapshot is of another program"))?;
    Ok(state)
}

fn write_state(out: &mut Out, program: &Program, state: &State) {
    codec::write_started(out, &state.started, &serde_json::Value::Null);
    codec::write_origin(out, &state.started);
    codec::write_wait(out, &state.started);
    out.option(state.held_back.as_ref(), |out, begins| {
        out.option(begins.at, |out, at| out.signed(at.ms()));
        out.flag(begins.in_line);
    });
    out.number(state.turn);
    out.number(state.seq);
    out.signed(state.now.ms());
    out.word(state.decided.finish());
    out.list(state.scopes.iter(), |out, scope| {
        out.option(scope.as_deref(), |out, scope| write_scope(out, program, scope));
    });
    out.number(state.serials);
    out.list(state.ready.iter(), |out, (step, serial, scope)| {
        out.number((*step).into());
        out.number(*serial);
        out.number((*scope).into());
    });
    out.list(state.urgent.iter(), write_unit);
    out.number(state.activations);
    out.option(state.due, |out, due| out.signed(due.ms()));
    out.option(state.ending.as_ref(), |out, ending| match ending {
        Ending::Cancelled => out.byte(0),
        Ending::Limit(failure) => {
            out.byte(1);
            codec::write_failure(out, failure);
        }
    });
    out.flag(state.cancelled);
    write_undo(out, &state.undo);
    out.list(state.unknown_effects.iter(), |out, path| out.text(path));
    out.list(state.buffered.iter(), |out, (address, signals)| {
        write_address(out, address);
        out.list(signals.iter(), |out, signal| {
            codec::write_value(out, &signal.payload);
            out.text(&signal.by.0);
            out.number(signal.bytes);
        });
    });
    out.list(state.seen.iter(), |out, half| out.bytes(half));
    out.flag(state.paused);
    out.list(state.parked.iter(), codec::write_signal);
    out.option(state.ended.as_deref(), codec::write_ended);
}

fn read_state(input: &mut In<'_>, program: &Program) -> Result<State, Fault> {
    let mut started = codec::read_started(input)?;
    codec::read_origin(input, &mut started)?;
    codec::read_wait(input, &mut started)?;
    let held_back =
        input.option(|input| Ok(Begins { at: input.option(read_time)?, in_line: input.flag()? }))?;
    let mut state = State::empty(started);
    state.held_back = held_back;
    state.turn = input.number()?;
    state.seq = input.number()?;
    state.now = Timestamp::from_ms(input.signed()?);
    state.decided = Fnv64::resume(input.word()?);
    state.scopes = input.list(|input| Ok(input.option(|input| read_scope(input, program))?.map(Box::new)))?;
    state.serials = input.number()?;
    state.ready = input
        .list(|input| Ok((input.number32()?, input.number()?, input.number32()?)))?
        .into_iter()
        .collect();
    state.urgent = input.list(read_unit)?.into();
    state.activations = input.number()?;
    state.due = input.option(read_time)?;
    state.ending = input.option(|input| match input.byte()? {
        0 => Ok(Ending::Cancelled),
        1 => Ok(Ending::Limit(Box::new(codec::read_failure(input)?))),
        _ => input.corrupt("an ending is unknown"),
    })?;
    state.cancelled = input.flag()?;
    state.undo = read_undo(input)?;
    state.unknown_effects = input.list(codec::read_path)?;
    let buffered = input.list(|input| {
        let address = read_address(input)?;
        let signals = input.list(|input| {
            Ok(Buffered {
                payload: Arc::new(codec::read_value(input)?),
                by: Actor(input.text()?.to_owned()),
                bytes: input.number()?,
            })
        })?;
        Ok((address, signals.into()))
    })?;
    state.buffered = buffered.into_iter().collect::<BTreeMap<_, std::collections::VecDeque<Buffered>>>();
    for signal in state.buffered.values().flatten() {
        state.buffered_count = state.buffered_count.saturating_add(1);
        state.buffered_bytes = state.buffered_bytes.saturating_add(signal.bytes);
    }
    let seen = input.list(|input| {
        let mut half = [0; 16];
        half.copy_from_slice(input.bytes(16)?);
        Ok(half)
    })?;
    state.seen = seen.into_iter().collect::<BTreeSet<_>>();
    state.paused = input.flag()?;
    state.parked = input.list(codec::read_signal)?.into();
    state.ended = input.option(codec::read_ended)?.map(Box::new);
    Ok(state)
}

impl State {
    /// Whether a scope is where its prefix says: paths are made of it.
    fn is_placed(&self, program: &Program, scope: &Scope) -> bool {
        let Some(At { step, scope: outer }) = scope.holder else { return scope.prefix.is_empty() };
        let Some(step) = program.steps.get(step as usize) else { return false };
        let Some(Some(outer)) = self.scopes.get(outer as usize) else { return false };
        match &step.path {
            Some(path) => *scope.prefix == *format!("{path}[{}]", scope.index),
            None => *scope.prefix == *format!("{}/{}[{}]", outer.prefix, step.suffix, scope.index),
        }
    }

    /// Makes again what follows from the open steps: timers, attempts in flight, tokens, waiters. None where a number
    /// leads nowhere.
    fn index(&mut self, program: &Program) -> Option<()> {
        if self.ended.is_some() {
            return self.scopes.first()?.is_some().then_some(());
        }
        self.scopes.iter().flatten().all(|scope| self.is_placed(program, scope)).then_some(())?;
        for (number, scope) in (0u32..).zip(&self.scopes) {
            if scope.is_none() {
                self.free.insert(number);
            }
        }
        self.busy += u32::try_from(self.undo.jobs.len()).ok()?;
        if let (Some(undo), Some(call)) = (self.undo.path(), self.undo.call()) {
            program.steps.get(self.undo.step()? as usize)?.undo.as_ref()?;
            for timer in [Timer::Attempt, Timer::Grace, Timer::Backoff] {
                if let Some(due) = call.phase.due(timer) {
                    self.timers.insert((due, Some(undo.clone()), timer), At::UNDO);
                }
            }
            if let Some(seq) = call.phase.seq() {
                self.calls.insert(seq, At::UNDO);
            }
        }
        if let Some(due) = self.held_back.as_ref().and_then(|begins| begins.at) {
            self.timers.insert((due, None, Timer::Begin), At { step: 0, scope: 0 });
        }
        if let Some(due) = self.due {
            self.timers.insert((due, None, Timer::Execution), At { step: 0, scope: 0 });
        }
        let entries = self.undo.entries.iter().chain(self.undo.jobs.iter().flat_map(|job| &job.entries));
        self.live = entries.map(|entry| entry.input.as_deref().map_or(0, weight)).sum();
        let mut waiters: Vec<(u64, Address, At)> = Vec::new();
        let scopes = std::mem::take(&mut self.scopes);
        for (number, scope) in (0u32..).zip(&scopes) {
            let Some(scope) = scope else { continue };
            self.live += scope.weights.iter().sum::<u64>();
            let plan = &program.scopes[scope.scope as usize];
            for (cell, step) in scope.cells.iter().zip(&plan.steps) {
                let Phase::Open(open) = &cell.phase else { continue };
                let at = At { step: *step, scope: number };
                self.busy += u32::from(open.work.is_busy());
                let mut arm = |due: Timestamp, timer: Timer| {
                    self.timers.insert((due, Some(open.path.clone()), timer), at);
                };
                open.due.into_iter().for_each(|due| arm(due, Timer::Step));
                match &open.work {
                    OpenWork::Each(each) => self.live += each.weight,
                    OpenWork::Branches(branches) => self.live += branches.weight,
                    _ => {}
                }
                match &open.work {
                    OpenWork::Call(call) => {
                        for timer in [Timer::Attempt, Timer::Grace, Timer::Backoff] {
                            call.phase.due(timer).into_iter().for_each(|due| arm(due, timer));
                        }
                    }
                    // Answered or timed out already.
                    OpenWork::Wait { .. }
                    | OpenWork::WaitFor { .. }
                    | OpenWork::Person(_)
                    | OpenWork::Child(_)
                        if open.closed => {}
                    OpenWork::Wait { due } => arm(*due, Timer::Wait),
                    OpenWork::WaitFor { address, token } => {
                        self.tokens.insert(Arc::clone(token), at);
                        waiters.push((cell.order, address.clone(), at));
                    }
                    OpenWork::Person(person) => drop(self.tokens.insert(Arc::clone(&person.token), at)),
                    OpenWork::Child(child) => drop(self.children.insert(child.execution.clone(), at)),
                    OpenWork::Block { .. } | OpenWork::Branches(_) => {}
                    OpenWork::Each(each) => {
                        each.running.values().try_for_each(|held| {
                            scopes
                                .get(*held as usize)?
                                .as_deref()
                                .filter(|held| held.holder == Some(at))
                                .map(drop)
                        })?;
                    }
                    OpenWork::Loop(repeat) if !open.closed => {
                        let held = scopes.get(repeat.scope as usize)?.as_deref();
                        held.filter(|held| held.holder == Some(at))?;
                    }
                    OpenWork::Loop(_) => {}
                }
                if let OpenWork::Call(call) = &open.work
                    && let Some(seq) = call.phase.seq()
                {
                    self.calls.insert(seq, at);
                }
            }
        }
        waiters.sort_by_key(|(order, ..)| *order);
        for (_, address, at) in waiters {
            self.waiters.entry(address).or_default().push_back(at);
        }
        self.scopes = scopes;
        let mut ats = self.ready.iter().map(|(step, _, scope)| At { step: *step, scope: *scope });
        let known = |at: At| self.knows(program, at);
        let units = self.urgent.iter().all(|unit| match unit {
            Unit::Attempt(at) if *at == At::UNDO => true,
            Unit::Undo => true,
            Unit::Fail(at, _) | Unit::Attempt(at) | Unit::Next(at) | Unit::Complete(at, _) => known(*at),
            Unit::BlockEnd { scope, block } => {
                let held = self.scopes.get(*scope as usize).and_then(|scope| scope.as_deref());
                let plan = program.blocks.get(*block as usize);
                held.zip(plan).is_some_and(|(held, plan)| held.blocks.len() > plan.local as usize)
            }
        });
        let holders = self.scopes.iter().flatten().filter_map(|scope| scope.holder).all(known);
        (ats.all(known) && units && holders && self.scopes.first()?.is_some()).then_some(())
    }

    /// Whether a step is one of a running scope.
    fn knows(&self, program: &Program, at: At) -> bool {
        let plan = program.steps.get(at.step as usize);
        let scope = self.scopes.get(at.scope as usize).and_then(|scope| scope.as_deref());
        plan.zip(scope).is_some_and(|(plan, scope)| {
            program.scopes[scope.scope as usize].steps.get(plan.local as usize) == Some(&at.step)
        })
    }
}
