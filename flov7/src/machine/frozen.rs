//! The parts of a snapshot: scopes, cells, open steps, effects to take back.

use std::sync::Arc;

use serde_json::Value;

use super::cells::{
    BlockCell, BlockEnding, BlockStop, CallPhase, Cell, Open, OpenBranches, OpenCall, OpenChild, OpenEach,
    OpenLoop, OpenPerson, OpenWork, Phase, Scope,
};
use super::codec::{self, Fault, In, Out};
use super::event::Ended;
use super::kept::Kept;
use super::state::{Address, At, Unit};
use super::undo::{Current, Entry, Job, Then, UndoState};
use super::{Failure, Settled};
use crate::id::Timestamp;
use crate::json::weight;
use crate::program::Program;

pub(super) fn read_time(input: &mut In<'_>) -> Result<Timestamp, Fault> {
    Ok(Timestamp::from_ms(input.signed()?))
}

pub(super) fn write_at(out: &mut Out, at: At) {
    out.number(at.step.into());
    out.number(at.scope.into());
}

pub(super) fn read_at(input: &mut In<'_>) -> Result<At, Fault> {
    Ok(At { step: input.number32()?, scope: input.number32()? })
}

pub(super) fn write_unit(out: &mut Out, unit: &Unit) {
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
        Unit::Next(at) => {
            out.byte(3);
            write_at(out, *at);
        }
        Unit::Complete(at, value) => {
            out.byte(4);
            write_at(out, *at);
            codec::write_value(out, value);
        }
        Unit::Undo => out.byte(5),
    }
}

pub(super) fn read_unit(input: &mut In<'_>) -> Result<Unit, Fault> {
    Ok(match input.byte()? {
        0 => Unit::Fail(read_at(input)?, Box::new(codec::read_failure(input)?)),
        1 => Unit::Attempt(read_at(input)?),
        2 => Unit::BlockEnd { scope: input.number32()?, block: input.number32()? },
        3 => Unit::Next(read_at(input)?),
        4 => Unit::Complete(read_at(input)?, Arc::new(codec::read_value(input)?)),
        5 => Unit::Undo,
        _ => return input.corrupt("a piece of work is unknown"),
    })
}

pub(super) fn write_address(out: &mut Out, address: &Address) {
    out.text(&address.0);
    out.option(address.1.as_deref(), Out::text);
}

pub(super) fn read_address(input: &mut In<'_>) -> Result<Address, Fault> {
    Ok((input.text()?.into(), input.option(|input| Ok(input.text()?.into()))?))
}

pub(super) fn write_scope(out: &mut Out, program: &Program, scope: &Scope) {
    out.number(scope.scope.into());
    out.option(scope.holder, write_at);
    out.number(scope.serial);
    out.number(scope.index.into());
    out.text(&scope.prefix);
    out.list(scope.cells.iter(), write_cell);
    out.list(scope.blocks.iter(), write_block);
    let whole = scope.whole(program);
    out.list(scope.slots.iter().enumerate(), |out, (place, slot)| {
        out.option(whole.get(&place).or(slot.as_deref()), codec::write_value);
    });
    out.list(scope.readers.iter(), |out, readers| out.number((*readers).into()));
}

pub(super) fn read_scope(input: &mut In<'_>, program: &Program) -> Result<Scope, Fault> {
    let mut scope = Scope {
        weights: Box::default(),
        scope: input.number32()?,
        holder: input.option(read_at)?,
        serial: input.number()?,
        index: input.number32()?,
        prefix: input.text()?.into(),
        cells: input.list(read_cell)?.into(),
        blocks: input.list(read_block)?.into(),
        slots: input.list(|input| Ok(input.option(codec::read_value)?.map(Arc::new)))?.into(),
        readers: input.list(In::number32)?.into(),
    };
    let weight = |slot: &Option<Arc<Value>>| slot.as_deref().map_or(0, weight);
    scope.weights = scope.slots.iter().map(weight).collect();
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
    out.flag(block.started);
    out.list(block.failures.iter(), codec::write_failure);
    out.number(block.failed_at);
    out.flag(block.ending);
    out.flag(block.filtered);
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
        started: input.flag()?,
        failures: input.list(codec::read_failure)?,
        failed_at: input.number()?,
        ending: input.flag()?,
        filtered: input.flag()?,
    })
}

fn write_cell(out: &mut Out, cell: &Cell) {
    out.number(cell.waits.into());
    out.number(cell.attempts.into());
    out.flag(cell.cut);
    out.number(cell.order);
    match &cell.phase {
        Phase::Idle => out.byte(0),
        Phase::Open(open) => {
            out.byte(1);
            out.text(&open.path);
            out.option(open.due, |out, due| out.signed(due.ms()));
            out.flag(open.closed);
            write_work(out, &open.work);
        }
        Phase::Settled(how, failure) => {
            out.byte(2);
            out.byte(settled_code(*how));
            out.option(failure.as_deref(), codec::write_failure);
        }
    }
}

fn read_cell(input: &mut In<'_>) -> Result<Cell, Fault> {
    Ok(Cell {
        waits: input.number32()?,
        attempts: input.number32()?,
        cut: input.flag()?,
        order: input.number()?,
        phase: match input.byte()? {
            0 => Phase::Idle,
            1 => Phase::Open(Box::new(Open {
                path: codec::read_path(input)?,
                due: input.option(read_time)?,
                closed: input.flag()?,
                work: read_work(input)?,
            })),
            2 => {
                let how = read_settled(input)?;
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
        OpenWork::Block { block, ending } => {
            out.byte(4);
            out.number((*block).into());
            write_ending(out, *ending);
        }
        OpenWork::Branches(branches) => {
            out.byte(5);
            out.list(branches.blocks.iter(), |out, block| out.number((*block).into()));
            out.number(branches.left.into());
            out.list(branches.won.iter(), |out, (block, value)| {
                out.number((*block).into());
                codec::write_value(out, value);
            });
            out.number(branches.weight);
            write_failures(out, &branches.failures);
            write_ending(out, branches.ending);
        }
        OpenWork::Each(each) => {
            out.byte(6);
            out.list(each.items.iter(), codec::write_value);
            out.number(each.next.into());
            out.list(each.running.iter(), |out, (index, scope)| {
                out.number((*index).into());
                out.number((*scope).into());
            });
            out.list(each.results.iter(), |out, (index, value)| {
                out.number((*index).into());
                codec::write_value(out, value);
            });
            out.number(each.weight);
            write_failures(out, &each.failures);
            write_ending(out, each.ending);
        }
        OpenWork::Loop(repeat) => {
            out.byte(7);
            out.number(repeat.round.into());
            out.number(repeat.scope.into());
            codec::write_value(out, &repeat.state);
            write_ending(out, repeat.ending);
        }
        OpenWork::Child(child) => {
            out.byte(8);
            out.text(&child.execution);
            write_ending(out, child.ending);
        }
    }
}

fn write_failures(out: &mut Out, failures: &[(u64, Failure)]) {
    out.list(failures.iter(), |out, (came, failure)| {
        out.number(*came);
        codec::write_failure(out, failure);
    });
}

fn read_failures(input: &mut In<'_>) -> Result<Vec<(u64, Failure)>, Fault> {
    input.list(|input| Ok((input.number()?, codec::read_failure(input)?)))
}

fn write_ending(out: &mut Out, ending: Option<BlockEnding>) {
    out.byte(match ending {
        None => 0,
        Some(BlockEnding::Cancelled) => 1,
        Some(BlockEnding::TimedOut) => 2,
        Some(BlockEnding::Won) => 3,
        Some(BlockEnding::Failed) => 4,
    });
}

fn read_ending(input: &mut In<'_>) -> Result<Option<BlockEnding>, Fault> {
    Ok(match input.byte()? {
        0 => None,
        1 => Some(BlockEnding::Cancelled),
        2 => Some(BlockEnding::TimedOut),
        3 => Some(BlockEnding::Won),
        4 => Some(BlockEnding::Failed),
        _ => return input.corrupt("blocks are stopped for an unknown reason"),
    })
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
        4 => OpenWork::Block { block: input.number32()?, ending: read_ending(input)? },
        5 => OpenWork::Branches(Box::new(OpenBranches {
            blocks: input.list(In::number32)?,
            left: input.number32()?,
            won: input.list(|input| Ok((input.number32()?, Arc::new(codec::read_value(input)?))))?,
            weight: input.number()?,
            failures: read_failures(input)?,
            ending: read_ending(input)?,
        })),
        6 => OpenWork::Each(Box::new(OpenEach {
            items: input.list(codec::read_value)?,
            next: input.number32()?,
            running: input.list(|input| Ok((input.number32()?, input.number32()?)))?.into_iter().collect(),
            results: {
                let results =
                    input.list(|input| Ok((input.number32()?, Arc::new(codec::read_value(input)?))))?;
                results.into_iter().collect()
            },
            weight: input.number()?,
            failures: read_failures(input)?,
            ending: read_ending(input)?,
        })),
        7 => OpenWork::Loop(Box::new(OpenLoop {
            round: input.number32()?,
            scope: input.number32()?,
            state: Arc::new(codec::read_value(input)?),
            ending: read_ending(input)?,
        })),
        8 => OpenWork::Child(Box::new(OpenChild {
            execution: codec::read_execution(input)?,
            ending: read_ending(input)?,
        })),
        _ => return input.corrupt("a step is at unknown work"),
    })
}

pub(super) fn write_call(out: &mut Out, call: &OpenCall) {
    out.option(call.input.as_ref(), |out, input| input.write(out));
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
        CallPhase::Decided => out.byte(4),
    }
    out.list(call.records.values(), codec::write_recorded);
}

pub(super) fn read_call(input: &mut In<'_>) -> Result<OpenCall, Fault> {
    Ok(OpenCall {
        input: input.option(Kept::read)?,
        moved: false,
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
            4 => CallPhase::Decided,
            _ => return input.corrupt("a call is in an unknown phase"),
        },
        records: {
            let records = input.list(codec::read_recorded)?;
            records.into_iter().map(|record| (record.key.clone(), record)).collect()
        },
    })
}

fn settled_code(how: Settled) -> u8 {
    match how {
        Settled::Done => 0,
        Settled::Skipped => 1,
        Settled::Failed => 2,
        Settled::Cancelled => 3,
        Settled::Abandoned => 4,
    }
}

fn read_settled(input: &mut In<'_>) -> Result<Settled, Fault> {
    Ok(match input.byte()? {
        0 => Settled::Done,
        1 => Settled::Skipped,
        2 => Settled::Failed,
        3 => Settled::Cancelled,
        4 => Settled::Abandoned,
        _ => return input.corrupt("a step settled in an unknown way"),
    })
}

pub(super) fn write_undo(out: &mut Out, undo: &UndoState) {
    out.list(undo.entries.iter(), write_entry);
    out.list(undo.jobs.iter(), |out, job| {
        out.list(job.entries.iter(), write_entry);
        out.option(job.current.as_ref(), |out, current| {
            out.number(current.step.into());
            out.text(&current.path);
            out.text(&current.undo);
            write_call(out, &current.call);
        });
        match &job.then {
            Then::Fail(at, failure) => {
                out.byte(0);
                write_at(out, *at);
                codec::write_failure(out, failure);
            }
            Then::Unhandled(at, failure) => {
                out.byte(1);
                write_at(out, *at);
                codec::write_failure(out, failure);
            }
            Then::Settle { at, how, value, failure } => {
                out.byte(2);
                write_at(out, *at);
                out.byte(settled_code(*how));
                out.option(value.as_deref(), codec::write_value);
                out.option(failure.as_deref(), codec::write_failure);
            }
            Then::End { status, error } => {
                out.byte(3);
                let ended = Ended { status: *status, output: Value::Null, error: error.clone() };
                codec::write_ended(out, &ended);
            }
        }
    });
    out.list(undo.done.iter(), |out, path| out.text(path));
    out.list(undo.failed.iter(), |out, path| out.text(path));
}

pub(super) fn read_undo(input: &mut In<'_>) -> Result<UndoState, Fault> {
    Ok(UndoState {
        entries: input.list(read_entry)?,
        jobs: input.list(read_job)?.into(),
        done: input.list(codec::read_path)?,
        failed: input.list(codec::read_path)?,
    })
}

fn read_job(input: &mut In<'_>) -> Result<Job, Fault> {
    Ok(Job {
        entries: input.list(read_entry)?,
        current: input.option(|input| {
            Ok(Current {
                step: input.number32()?,
                path: codec::read_path(input)?,
                undo: codec::read_path(input)?,
                call: read_call(input)?,
            })
        })?,
        then: match input.byte()? {
            0 => Then::Fail(read_at(input)?, Box::new(codec::read_failure(input)?)),
            1 => Then::Unhandled(read_at(input)?, Box::new(codec::read_failure(input)?)),
            2 => Then::Settle {
                at: read_at(input)?,
                how: read_settled(input)?,
                value: input.option(codec::read_value)?.map(Arc::new),
                failure: input.option(codec::read_failure)?.map(Box::new),
            },
            3 => {
                let ended = codec::read_ended(input)?;
                Then::End { status: ended.status, error: ended.error }
            }
            _ => return input.corrupt("what follows an undo is unknown"),
        },
    })
}

fn write_entry(out: &mut Out, entry: &Entry) {
    out.number(entry.step.into());
    out.text(&entry.path);
    out.option(entry.input.as_deref(), codec::write_value);
}

fn read_entry(input: &mut In<'_>) -> Result<Entry, Fault> {
    Ok(Entry {
        step: input.number32()?,
        path: codec::read_path(input)?,
        input: input.option(codec::read_value)?.map(Arc::new),
    })
}
