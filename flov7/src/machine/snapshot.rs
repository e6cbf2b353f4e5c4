//! Snapshots: the state as bytes, so that a long journal need not be replayed from its beginning (RULES, snapshot).
//!
//! A snapshot can be deleted at any time: the journal is the truth. It is tagged with the rules, and whatever follows
//! from other parts (timers, tokens, attempts in flight) is made again when it is read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::codec::{self, Fault, In, Out};
use super::event::{RULES, Timer};
use super::replay::corrupt;
use super::state::{
    Address, At, BlockCell, BlockEnding, BlockStop, Buffered, CallPhase, Cell, Ending, Open, OpenCall,
    OpenPerson, OpenWork, Phase, Scope, State, Unit,
};
use super::{Actor, Machine, Outstanding, ReplayError, Settled, TurnBody};
use crate::id::Timestamp;
use crate::json::{Fnv64, fnv1a64};
use crate::program::Program;

/// The version of this encoding. Another one is no snapshot: the journal is replayed instead.
const VERSION: u64 = 1;

impl Machine {
    /// The state after the last turn. None for a machine that must be made again from its journal: a defect stopped it,
    /// or it holds what no turn has taken yet.
    #[must_use]
    pub fn snapshot(&self) -> Option<Arc<[u8]>> {
        if self.blocked.is_some() || !self.held.is_empty() || self.state.keep {
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
        let mut out = Out::default();
        out.number(VERSION);
        out.number(RULES.into());
        write_state(&mut out, &self.state);
        out.0
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
        let mut input = In::new(snapshot);
        let (version, rules) = (input.number()?, input.number()?);
        if version != VERSION {
            return Err(ReplayError::Newer { what: format!("snapshot version {version}") });
        }
        if rules != u64::from(RULES) {
            return Err(ReplayError::Rules { rules: u16::try_from(rules).unwrap_or(u16::MAX) });
        }
        let mut state = read_state(&mut input, &program)?;
        if !input.is_empty() {
            return Err(corrupt("there are bytes after the snapshot"));
        }
        state.index(&program).ok_or_else(|| corrupt("the snapshot is of another program"))?;
        let mut machine = Machine::of(program, state);
        for turn in turns {
            machine.replay_turn(turn)?;
        }
        let outstanding = machine.outstanding();
        Ok((machine, outstanding))
    }
}

fn write_state(out: &mut Out, state: &State) {
    codec::write_started(out, &state.started, &serde_json::Value::Null);
    out.number(state.turn);
    out.number(state.seq);
    out.signed(state.now.ms());
    out.word(state.decided.finish());
    out.list(state.scopes.iter(), |out, scope| out.option(scope.as_deref(), write_scope));
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
    let started = codec::read_started(input)?;
    let mut state = State::empty(started);
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

fn read_time(input: &mut In<'_>) -> Result<Timestamp, Fault> {
    Ok(Timestamp::from_ms(input.signed()?))
}

fn write_at(out: &mut Out, at: At) {
    out.number(at.step.into());
    out.number(at.scope.into());
}

fn read_at(input: &mut In<'_>) -> Result<At, Fault> {
    Ok(At { step: input.number32()?, scope: input.number32()? })
}

fn write_unit(out: &mut Out, unit: &Unit) {
    match unit {
        Unit::Fail(at, failure) => {
            out.byte(0);
            write_at(out, *at);
            codec::write_failure(out, failure);
        }
        Unit::Attempt(at) => {
            out.byte(1);
            write_at(out, *at);
        }
        Unit::BlockEnd { scope, block } => {
            out.byte(2);
            out.number((*scope).into());
            out.number((*block).into());
        }
    }
}

fn read_unit(input: &mut In<'_>) -> Result<Unit, Fault> {
    Ok(match input.byte()? {
        0 => Unit::Fail(read_at(input)?, Box::new(codec::read_failure(input)?)),
        1 => Unit::Attempt(read_at(input)?),
        2 => Unit::BlockEnd { scope: input.number32()?, block: input.number32()? },
        _ => return input.corrupt("a piece of work is unknown"),
    })
}

fn write_address(out: &mut Out, address: &Address) {
    out.text(&address.0);
    out.option(address.1.as_deref(), Out::text);
}

fn read_address(input: &mut In<'_>) -> Result<Address, Fault> {
    Ok((input.text()?.into(), input.option(|input| Ok(input.text()?.into()))?))
}

fn write_scope(out: &mut Out, scope: &Scope) {
    out.number(scope.scope.into());
    out.option(scope.holder, write_at);
    out.number(scope.serial);
    out.text(&scope.prefix);
    out.list(scope.cells.iter(), write_cell);
    out.list(scope.blocks.iter(), write_block);
    out.list(scope.slots.iter(), |out, slot| out.option(slot.as_deref(), codec::write_value));
    out.list(scope.readers.iter(), |out, readers| out.number((*readers).into()));
}

fn read_scope(input: &mut In<'_>, program: &Program) -> Result<Scope, Fault> {
    let scope = Scope {
        scope: input.number32()?,
        holder: input.option(read_at)?,
        serial: input.number()?,
        prefix: input.text()?.into(),
        cells: input.list(read_cell)?.into(),
        blocks: input.list(read_block)?.into(),
        slots: input.list(|input| Ok(input.option(codec::read_value)?.map(Arc::new)))?.into(),
        readers: input.list(In::number32)?.into(),
    };
    // What follows may rely on the places of the program.
    match program.scopes.get(scope.scope as usize) {
        Some(plan)
            if plan.steps.len() == scope.cells.len()
                && plan.blocks.len() == scope.blocks.len()
                && plan.readers.len() == scope.slots.len()
                && scope.slots.len() == scope.readers.len() =>
        {
            Ok(scope)
        }
        _ => input.corrupt("a scope is not the program's"),
    }
}

fn write_block(out: &mut Out, block: &BlockCell) {
    out.number(block.left.into());
    out.list(block.open.iter(), |out, step| out.number((*step).into()));
    out.byte(match block.stop {
        None => 0,
        Some(BlockStop::Failed) => 1,
        Some(BlockStop::Cancelled) => 2,
    });
    out.list(block.failures.iter(), codec::write_failure);
    out.flag(block.ending);
}

fn read_block(input: &mut In<'_>) -> Result<BlockCell, Fault> {
    Ok(BlockCell {
        left: input.number32()?,
        open: input.list(In::number32)?,
        stop: match input.byte()? {
            0 => None,
            1 => Some(BlockStop::Failed),
            2 => Some(BlockStop::Cancelled),
            _ => return input.corrupt("a block stops for an unknown reason"),
        },
        failures: input.list(codec::read_failure)?,
        ending: input.flag()?,
    })
}

fn write_cell(out: &mut Out, cell: &Cell) {
    out.number(cell.waits.into());
    out.number(cell.attempts.into());
    out.number(cell.order);
    match &cell.phase {
        Phase::Idle => out.byte(0),
        Phase::Open(open) => {
            out.byte(1);
            out.text(&open.path);
            out.option(open.due, |out, due| out.signed(due.ms()));
            write_work(out, &open.work);
        }
        Phase::Settled(how, failure) => {
            out.byte(2);
            out.byte(match how {
                Settled::Done => 0,
                Settled::Skipped => 1,
                Settled::Failed => 2,
                Settled::Cancelled => 3,
                Settled::Abandoned => 4,
            });
            out.option(failure.as_deref(), codec::write_failure);
        }
    }
}

fn read_cell(input: &mut In<'_>) -> Result<Cell, Fault> {
    Ok(Cell {
        waits: input.number32()?,
        attempts: input.number32()?,
        order: input.number()?,
        phase: match input.byte()? {
            0 => Phase::Idle,
            1 => Phase::Open(Box::new(Open {
                path: codec::read_path(input)?,
                due: input.option(read_time)?,
                work: read_work(input)?,
            })),
            2 => {
                let how = match input.byte()? {
                    0 => Settled::Done,
                    1 => Settled::Skipped,
                    2 => Settled::Failed,
                    3 => Settled::Cancelled,
                    4 => Settled::Abandoned,
                    _ => return input.corrupt("a step settled in an unknown way"),
                };
                Phase::Settled(how, input.option(codec::read_failure)?.map(Box::new))
            }
            _ => return input.corrupt("a step is in an unknown phase"),
        },
    })
}

fn write_work(out: &mut Out, work: &OpenWork) {
    match work {
        OpenWork::Call(call) => {
            out.byte(0);
            write_call(out, call);
        }
        OpenWork::Wait { due } => {
            out.byte(1);
            out.signed(due.ms());
        }
        OpenWork::WaitFor { address, token } => {
            out.byte(2);
            write_address(out, address);
            out.text(token);
        }
        OpenWork::Person(person) => {
            out.byte(3);
            out.flag(person.approval);
            out.text(&person.token);
            out.text(&person.title);
            out.option(person.details.as_ref(), codec::write_value);
            out.option(person.to.as_deref(), Out::text);
        }
        OpenWork::Block { scope, block, ending } => {
            out.byte(4);
            out.number((*scope).into());
            out.number((*block).into());
            out.byte(match ending {
                None => 0,
                Some(BlockEnding::Cancelled) => 1,
                Some(BlockEnding::TimedOut) => 2,
            });
        }
    }
}

fn read_work(input: &mut In<'_>) -> Result<OpenWork, Fault> {
    Ok(match input.byte()? {
        0 => OpenWork::Call(read_call(input)?),
        1 => OpenWork::Wait { due: read_time(input)? },
        2 => OpenWork::WaitFor { address: read_address(input)?, token: input.text()?.into() },
        3 => OpenWork::Person(Box::new(OpenPerson {
            approval: input.flag()?,
            token: input.text()?.into(),
            title: input.text()?.to_owned(),
            details: input.option(codec::read_value)?,
            to: input.option(|input| Ok(input.text()?.to_owned()))?,
        })),
        4 => OpenWork::Block {
            scope: input.number32()?,
            block: input.number32()?,
            ending: match input.byte()? {
                0 => None,
                1 => Some(BlockEnding::Cancelled),
                2 => Some(BlockEnding::TimedOut),
                _ => return input.corrupt("a block is ended for an unknown reason"),
            },
        },
        _ => return input.corrupt("a step is at unknown work"),
    })
}

fn write_call(out: &mut Out, call: &OpenCall) {
    out.option(call.input.as_deref(), codec::write_value);
    out.word(call.digest);
    out.byte(codec::effect_code(call.effect));
    out.number(call.attempt.into());
    out.number(call.tries.into());
    out.number(call.losses.into());
    out.flag(call.unknown);
    match call.phase {
        CallPhase::Between => out.byte(0),
        CallPhase::Running { seq, due } => {
            out.byte(1);
            out.number(seq);
            out.signed(due.ms());
        }
        CallPhase::Cancelling { seq, due } => {
            out.byte(2);
            out.number(seq);
            out.signed(due.ms());
        }
        CallPhase::Backoff { due } => {
            out.byte(3);
            out.signed(due.ms());
        }
    }
    out.list(call.records.values(), codec::write_recorded);
}

fn read_call(input: &mut In<'_>) -> Result<OpenCall, Fault> {
    Ok(OpenCall {
        input: input.option(codec::read_value)?.map(Arc::new),
        digest: input.word()?,
        effect: codec::read_effect(input)?,
        attempt: input.number32()?,
        tries: input.number32()?,
        losses: input.number32()?,
        unknown: input.flag()?,
        phase: match input.byte()? {
            0 => CallPhase::Between,
            1 => CallPhase::Running { seq: input.number()?, due: read_time(input)? },
            2 => CallPhase::Cancelling { seq: input.number()?, due: read_time(input)? },
            3 => CallPhase::Backoff { due: read_time(input)? },
            _ => return input.corrupt("a call is in an unknown phase"),
        },
        records: {
            let records = input.list(codec::read_recorded)?;
            records.into_iter().map(|record| (record.key.clone(), record)).collect()
        },
    })
}

impl State {
    /// Makes again what follows from the open steps: timers, attempts in flight, tokens, waiters. None where a number
    /// leads nowhere.
    fn index(&mut self, program: &Program) -> Option<()> {
        if self.ended.is_some() {
            return self.scopes.first()?.is_some().then_some(());
        }
        if let Some(due) = self.due {
            self.timers.insert((due, None, Timer::Execution), At { step: 0, scope: 0 });
        }
        let mut waiters: Vec<(u64, Address, At)> = Vec::new();
        let scopes = std::mem::take(&mut self.scopes);
        for (number, scope) in (0u32..).zip(&scopes) {
            let Some(scope) = scope else { continue };
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
                    OpenWork::Call(call) => match call.phase {
                        CallPhase::Running { due, .. } => arm(due, Timer::Attempt),
                        CallPhase::Cancelling { due, .. } => arm(due, Timer::Grace),
                        CallPhase::Backoff { due } => arm(due, Timer::Backoff),
                        CallPhase::Between => {}
                    },
                    OpenWork::Wait { due } => arm(*due, Timer::Wait),
                    OpenWork::WaitFor { address, token } => {
                        self.tokens.insert(Arc::clone(token), at);
                        waiters.push((cell.order, address.clone(), at));
                    }
                    OpenWork::Person(person) => drop(self.tokens.insert(Arc::clone(&person.token), at)),
                    OpenWork::Block { scope, block, .. } => {
                        let held = scopes.get(*scope as usize)?.as_deref()?;
                        held.blocks.get(program.blocks.get(*block as usize)?.local as usize)?;
                    }
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
            Unit::Fail(at, _) | Unit::Attempt(at) => known(*at),
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
