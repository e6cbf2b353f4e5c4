//! Events and the body of a turn.

use serde_json::Value;

use super::{Fault, In, Out, read_value, write_value};
use crate::catalog::Effect;
use crate::id::{Digest, ExecutionId, Namespace, StepPath, Timestamp};
use crate::machine::event::{
    Done, Ended, Event, Forked, Line, Outcome, Parent, RecordedStep, Scheduled, ScheduledKind, Signal,
    SignalTo, Started, Timer,
};
use crate::machine::{Actor, Control, EndStatus, Failure, FailureClass, Usage};

/// An event about to be written, borrowed from where its parts live: values are never copied for the journal.
#[derive(Debug)]
pub(crate) enum EventRef<'a> {
    /// With its input, which lives elsewhere by then.
    Started(&'a Started, &'a Value),
    Scheduled(&'a Scheduled),
    Recorded(&'a RecordedStep),
    Done(&'a StepPath, u32, OutcomeRef<'a>, Option<&'a Usage>),
    Lost(&'a StepPath, u32),
    Late(&'a StepPath, u32, OutcomeRef<'a>, Option<&'a Usage>),
    Fired(Option<&'a StepPath>, Timer),
    Signal(&'a Signal),
    Child(&'a StepPath, &'a ExecutionId, OutcomeRef<'a>),
    /// The past's number of events and its snapshot, and what `started` has.
    Forked(&'a ExecutionId, u64, &'a Value, &'a Started, &'a Value),
    Control(Control, &'a Actor, &'a str),
    Ended(&'a Ended),
}

/// An output, or a failure and whether its effect may have happened all the same.
#[derive(Debug)]
pub(crate) enum OutcomeRef<'a> {
    Output(&'a Value),
    Error(&'a Failure, bool),
}

impl<'a> EventRef<'a> {
    /// Borrows an event.
    pub(crate) fn of(event: &'a Event) -> EventRef<'a> {
        let outcome = |outcome: &'a Outcome, unknown| match outcome {
            Outcome::Output(value) => OutcomeRef::Output(value),
            Outcome::Error(failure) => OutcomeRef::Error(failure, unknown),
        };
        match event {
            Event::Started(started) => EventRef::Started(started, &started.input),
            Event::Scheduled(scheduled) => EventRef::Scheduled(scheduled),
            Event::Recorded(record) => EventRef::Recorded(record),
            Event::Done(done) => EventRef::Done(
                &done.path,
                done.attempt,
                outcome(&done.outcome, done.unknown),
                done.usage.as_ref(),
            ),
            Event::Late(done) => EventRef::Late(
                &done.path,
                done.attempt,
                outcome(&done.outcome, done.unknown),
                done.usage.as_ref(),
            ),
            Event::Lost { path, attempt } => EventRef::Lost(path, *attempt),
            Event::Fired { path, timer } => EventRef::Fired(path.as_ref(), *timer),
            Event::Signal(signal) => EventRef::Signal(signal),
            Event::Child { path, execution, outcome: ended } => {
                EventRef::Child(path, execution, outcome(ended, false))
            }
            Event::Control { control, by, id } => EventRef::Control(*control, by, id),
            Event::Forked { from, seq, snapshot, started } => {
                EventRef::Forked(from, *seq, snapshot, started, &started.input)
            }
            Event::Ended(ended) => EventRef::Ended(ended),
        }
    }
}

const STARTED: u8 = 1;
const SCHEDULED: u8 = 2;
const RECORDED: u8 = 3;
const DONE: u8 = 4;
const LOST: u8 = 5;
const LATE: u8 = 6;
const FIRED: u8 = 7;
const SIGNAL: u8 = 8;
const CHILD: u8 = 9;
const CONTROL: u8 = 10;
const FORKED: u8 = 11;
const ENDED: u8 = 12;
/// `started` of an execution that another one called, or that an event stands behind.
const STARTED_BY: u8 = 13;
/// `started` of an execution that does not begin at once, or that runs under a concurrency key.
const STARTED_LATER: u8 = 14;
/// `forked` with all of `started`'s members.
const FORKED_WHOLE: u8 = 15;

/// Writes an event of a turn made at `at`.
pub(crate) fn write_event(out: &mut Out, at: Timestamp, event: &EventRef<'_>) {
    match event {
        EventRef::Started(started, input) if waits(started) => {
            out.byte(STARTED_LATER);
            write_started(out, started, input);
            write_origin(out, started);
            write_wait(out, started);
        }
        EventRef::Started(started, input) if started.parent.is_none() && started.cause == 0 => {
            out.byte(STARTED);
            write_started(out, started, input);
        }
        EventRef::Started(started, input) => {
            out.byte(STARTED_BY);
            write_started(out, started, input);
            write_origin(out, started);
        }
        EventRef::Scheduled(scheduled) => {
            out.byte(SCHEDULED);
            out.text(&scheduled.path);
            out.number(scheduled.attempt.into());
            out.byte(scheduled_kind(scheduled.kind));
            out.word(scheduled.input_digest);
            // Near the turn's own time: one to four bytes instead of six.
            out.option(scheduled.due, |out, due| out.signed(due.ms() - at.ms()));
            out.option(scheduled.effect, |out, effect| out.byte(effect_code(effect)));
        }
        EventRef::Recorded(record) => {
            out.byte(RECORDED);
            write_recorded(out, record);
        }
        EventRef::Done(path, attempt, outcome, usage) => {
            out.byte(DONE);
            write_done(out, path, *attempt, outcome, *usage);
        }
        EventRef::Late(path, attempt, outcome, usage) => {
            out.byte(LATE);
            write_done(out, path, *attempt, outcome, *usage);
        }
        EventRef::Lost(path, attempt) => {
            out.byte(LOST);
            out.text(path);
            out.number((*attempt).into());
        }
        EventRef::Fired(path, timer) => {
            out.byte(FIRED);
            out.text(path.map_or("", StepPath::as_str));
            out.byte(timer_code(*timer));
        }
        EventRef::Signal(signal) => {
            out.byte(SIGNAL);
            write_signal(out, signal);
        }
        EventRef::Child(path, execution, outcome) => {
            out.byte(CHILD);
            out.text(path);
            out.text(execution);
            write_outcome(out, outcome);
        }
        EventRef::Forked(from, seq, snapshot, started, input) => {
            let whole = waits(started);
            out.byte(if whole { FORKED_WHOLE } else { FORKED });
            out.text(from);
            out.number(*seq);
            write_value(out, snapshot);
            write_started(out, started, input);
            if whole {
                write_origin(out, started);
                write_wait(out, started);
            }
        }
        EventRef::Control(control, by, id) => {
            out.byte(CONTROL);
            out.byte(match control {
                Control::Cancel => 0,
                Control::Terminate => 1,
                Control::Pause => 2,
                Control::Unpause => 3,
            });
            out.text(&by.0);
            out.text(id);
        }
        EventRef::Ended(ended) => {
            out.byte(ENDED);
            write_ended(out, ended);
        }
    }
}

/// Ends the body of a turn: with the number of units of work after which the machine stopped, or nothing where it came
/// to rest.
pub(crate) fn write_end(out: &mut Out, stopped: Option<u64>) {
    out.number(stopped.map_or(0, |units| units + 1));
}

/// Reads the body of a turn: the events, and what [`write_end`] wrote.
pub(crate) fn read_turn(body: &[u8], count: u32, at: Timestamp) -> Result<(Vec<Event>, Option<u64>), Fault> {
    let mut input = In::new(body);
    let mut events = Vec::new();
    for _ in 0..count {
        events.push(read_event(&mut input, at)?);
    }
    let stopped = input.number()?.checked_sub(1);
    if !input.is_empty() {
        return input.corrupt("there are bytes after the last event");
    }
    Ok((events, stopped))
}

fn read_event(input: &mut In<'_>, at: Timestamp) -> Result<Event, Fault> {
    Ok(match input.byte()? {
        STARTED => Event::Started(Box::new(read_started(input)?)),
        STARTED_BY => {
            let mut started = read_started(input)?;
            read_origin(input, &mut started)?;
            Event::Started(Box::new(started))
        }
        STARTED_LATER => {
            let mut started = read_started(input)?;
            read_origin(input, &mut started)?;
            read_wait(input, &mut started)?;
            Event::Started(Box::new(started))
        }
        SCHEDULED => Event::Scheduled(Scheduled {
            path: read_path(input)?,
            attempt: input.number32()?,
            kind: read_scheduled_kind(input)?,
            input_digest: input.word()?,
            due: input.option(|input| Ok(at.saturating_add_ms(input.signed()?)))?,
            effect: input.option(read_effect)?,
        }),
        RECORDED => Event::Recorded(read_recorded(input)?),
        DONE => Event::Done(read_done(input)?),
        LATE => Event::Late(read_done(input)?),
        LOST => Event::Lost { path: read_path(input)?, attempt: input.number32()? },
        FIRED => {
            let path = match input.text()? {
                "" => None,
                text => Some(parse_path(input, text)?),
            };
            Event::Fired { path, timer: read_timer(input)? }
        }
        SIGNAL => Event::Signal(read_signal(input)?),
        CONTROL => Event::Control {
            control: match input.byte()? {
                0 => Control::Cancel,
                1 => Control::Terminate,
                2 => Control::Pause,
                3 => Control::Unpause,
                other => return Err(newer("control", other)),
            },
            by: Actor(input.text()?.to_owned()),
            id: input.text()?.to_owned(),
        },
        ENDED => Event::Ended(read_ended(input)?),
        CHILD => Event::Child {
            path: read_path(input)?,
            execution: read_execution(input)?,
            outcome: read_outcome(input)?.0,
        },
        kind @ (FORKED | FORKED_WHOLE) => Event::Forked {
            from: read_execution(input)?,
            seq: input.number()?,
            snapshot: read_value(input)?,
            started: {
                let mut started = read_started(input)?;
                if kind == FORKED_WHOLE {
                    read_origin(input, &mut started)?;
                    read_wait(input, &mut started)?;
                }
                Box::new(started)
            },
        },
        other => return Err(newer("event", other)),
    })
}

fn newer(what: &str, code: u8) -> Fault {
    Fault::Newer(format!("{what} of kind {code}"))
}

pub(crate) fn write_started(out: &mut Out, started: &Started, input: &Value) {
    out.number(started.rules.into());
    out.text(&started.namespace);
    out.text(&started.execution);
    out.bytes(started.bundle.as_bytes());
    write_value(out, input);
    out.option(started.trigger.as_deref(), Out::text);
    out.text(&started.seed);
    out.list(started.keyed.iter(), |out, id| out.text(id));
    out.text(&started.by.0);
}

pub(crate) fn read_started(input: &mut In<'_>) -> Result<Started, Fault> {
    let rules = input.number()?;
    let Ok(rules) = u16::try_from(rules) else { return Err(Fault::Newer(format!("rules {rules}"))) };
    Ok(Started {
        rules,
        namespace: id(input, Namespace::parse, "a namespace is malformed")?,
        execution: read_execution(input)?,
        bundle: digest(input)?,
        input: read_value(input)?,
        trigger: input.option(|input| Ok(input.text()?.to_owned()))?,
        seed: input.text()?.to_owned(),
        keyed: input.list(|input| Ok(input.text()?.to_owned()))?,
        by: Actor(input.text()?.to_owned()),
        parent: None,
        cause: 0,
        not_before: None,
        queued: false,
        forked: None,
        lines: Vec::new(),
    })
}

fn waits(started: &Started) -> bool {
    started.not_before.is_some() || started.queued || started.forked.is_some() || !started.lines.is_empty()
}

/// What stands behind an execution: not part of [`write_started`], which most executions have alone.
pub(crate) fn write_origin(out: &mut Out, started: &Started) {
    out.option(started.parent.as_ref(), |out, parent| {
        out.text(&parent.execution);
        out.text(&parent.path);
        out.number(parent.depth.into());
    });
    out.number(started.cause.into());
}

pub(crate) fn read_origin(input: &mut In<'_>, started: &mut Started) -> Result<(), Fault> {
    started.parent = input.option(|input| {
        Ok(Parent { execution: read_execution(input)?, path: read_path(input)?, depth: input.number32()? })
    })?;
    started.cause = input.number32()?;
    Ok(())
}

/// What keeps an execution from beginning at once, and the concurrency keys that it runs under.
pub(crate) fn write_wait(out: &mut Out, started: &Started) {
    out.option(started.not_before, |out, at| out.signed(at.ms()));
    out.flag(started.queued);
    out.option(started.forked.as_ref(), |out, forked| {
        out.text(&forked.from);
        out.number(forked.seq);
    });
    out.list(started.lines.iter(), |out, line| {
        out.text(&line.workflow);
        out.text(&line.key);
    });
}

pub(crate) fn read_wait(input: &mut In<'_>, started: &mut Started) -> Result<(), Fault> {
    started.not_before = input.option(|input| Ok(Timestamp::from_ms(input.signed()?)))?;
    started.queued = input.flag()?;
    started.forked =
        input.option(|input| Ok(Forked { from: read_execution(input)?, seq: input.number()? }))?;
    started.lines =
        input.list(|input| Ok(Line { workflow: input.text()?.to_owned(), key: input.text()?.to_owned() }))?;
    Ok(())
}

pub(crate) fn write_ended(out: &mut Out, ended: &Ended) {
    out.byte(match ended.status {
        EndStatus::Completed => 0,
        EndStatus::Failed => 1,
        EndStatus::Cancelled => 2,
        EndStatus::Terminated => 3,
    });
    write_value(out, &ended.output);
    out.option(ended.error.as_deref(), write_failure);
}

pub(crate) fn read_ended(input: &mut In<'_>) -> Result<Ended, Fault> {
    Ok(Ended {
        status: match input.byte()? {
            0 => EndStatus::Completed,
            1 => EndStatus::Failed,
            2 => EndStatus::Cancelled,
            3 => EndStatus::Terminated,
            other => return Err(newer("status", other)),
        },
        output: read_value(input)?,
        error: input.option(read_failure)?.map(Box::new),
    })
}

pub(crate) fn write_recorded(out: &mut Out, record: &RecordedStep) {
    out.text(&record.path);
    out.text(&record.key);
    out.bytes(record.request_digest.as_bytes());
    write_value(out, &record.value);
    write_usage(out, record.usage.as_ref());
}

pub(crate) fn read_recorded(input: &mut In<'_>) -> Result<RecordedStep, Fault> {
    Ok(RecordedStep {
        path: read_path(input)?,
        key: input.text()?.to_owned(),
        request_digest: digest(input)?,
        value: read_value(input)?,
        usage: read_usage(input)?,
    })
}

fn write_done(out: &mut Out, path: &StepPath, attempt: u32, outcome: &OutcomeRef<'_>, usage: Option<&Usage>) {
    out.text(path);
    out.number(attempt.into());
    write_outcome(out, outcome);
    write_usage(out, usage);
}

fn write_outcome(out: &mut Out, outcome: &OutcomeRef<'_>) {
    match outcome {
        OutcomeRef::Output(value) => {
            out.byte(0);
            write_value(out, value);
        }
        OutcomeRef::Error(failure, unknown) => {
            out.byte(if *unknown { 2 } else { 1 });
            write_failure(out, failure);
        }
    }
}

/// The outcome, and whether its effect may have happened all the same.
fn read_outcome(input: &mut In<'_>) -> Result<(Outcome, bool), Fault> {
    Ok(match input.byte()? {
        0 => (Outcome::Output(read_value(input)?), false),
        kind @ (1 | 2) => (Outcome::Error(Box::new(read_failure(input)?)), kind == 2),
        other => return Err(newer("outcome", other)),
    })
}

fn read_done(input: &mut In<'_>) -> Result<Done, Fault> {
    let (path, attempt) = (read_path(input)?, input.number32()?);
    let (outcome, unknown) = read_outcome(input)?;
    Ok(Done { path, attempt, outcome, unknown, usage: read_usage(input)? })
}

pub(crate) fn write_signal(out: &mut Out, signal: &Signal) {
    out.text(&signal.id);
    match &signal.to {
        SignalTo::Name { name, key } => {
            out.byte(0);
            out.text(name);
            out.option(key.as_deref(), Out::text);
        }
        SignalTo::Token(token) => {
            out.byte(1);
            out.text(token);
        }
        SignalTo::Wait { token, name, key } => {
            out.byte(2);
            out.text(token);
            out.text(name);
            out.option(key.as_deref(), Out::text);
        }
    }
    write_value(out, &signal.payload);
    out.text(&signal.by.0);
}

pub(crate) fn read_signal(input: &mut In<'_>) -> Result<Signal, Fault> {
    Ok(Signal {
        id: input.text()?.to_owned(),
        to: match input.byte()? {
            0 => SignalTo::Name {
                name: input.text()?.to_owned(),
                key: input.option(|input| Ok(input.text()?.to_owned()))?,
            },
            1 => SignalTo::Token(input.text()?.to_owned()),
            2 => SignalTo::Wait {
                token: input.text()?.to_owned(),
                name: input.text()?.to_owned(),
                key: input.option(|input| Ok(input.text()?.to_owned()))?,
            },
            other => return Err(newer("address", other)),
        },
        payload: read_value(input)?,
        by: Actor(input.text()?.to_owned()),
    })
}

/// Writes a failure; those in `also` without their own, which none has.
pub(crate) fn write_failure(out: &mut Out, failure: &Failure) {
    write_one_failure(out, failure);
    out.list(failure.also.iter(), write_one_failure);
}

fn write_one_failure(out: &mut Out, failure: &Failure) {
    out.text(&failure.code);
    out.byte(match failure.class {
        FailureClass::World => 0,
        FailureClass::Contract => 1,
        FailureClass::Data => 2,
        FailureClass::Limit => 3,
    });
    out.text(&failure.message);
    out.option(failure.step.as_deref(), Out::text);
    out.number(failure.attempt.into());
    out.flag(failure.retryable);
    write_value(out, &failure.details);
}

pub(crate) fn read_failure(input: &mut In<'_>) -> Result<Failure, Fault> {
    let mut failure = read_one_failure(input)?;
    failure.also = input.list(read_one_failure)?;
    Ok(failure)
}

fn read_one_failure(input: &mut In<'_>) -> Result<Failure, Fault> {
    Ok(Failure {
        code: input.text()?.to_owned(),
        class: match input.byte()? {
            0 => FailureClass::World,
            1 => FailureClass::Contract,
            2 => FailureClass::Data,
            3 => FailureClass::Limit,
            other => return Err(newer("failure", other)),
        },
        message: input.text()?.to_owned(),
        step: input.option(read_path)?,
        attempt: input.number32()?,
        retryable: input.flag()?,
        details: read_value(input)?,
        also: Vec::new(),
    })
}

fn write_usage(out: &mut Out, usage: Option<&Usage>) {
    out.option(usage, |out, usage| {
        out.option(usage.tokens, Out::number);
        out.option(usage.micros, Out::number);
        out.option(usage.currency.as_deref(), Out::text);
    });
}

fn read_usage(input: &mut In<'_>) -> Result<Option<Usage>, Fault> {
    input.option(|input| {
        Ok(Usage {
            tokens: input.option(In::number)?,
            micros: input.option(In::number)?,
            currency: input.option(|input| Ok(input.text()?.to_owned()))?,
        })
    })
}

pub(crate) fn read_path(input: &mut In<'_>) -> Result<StepPath, Fault> {
    let text = input.text()?;
    parse_path(input, text)
}

pub(crate) fn read_execution(input: &mut In<'_>) -> Result<ExecutionId, Fault> {
    id(input, ExecutionId::parse, "an execution's id is malformed")
}

fn parse_path(input: &In<'_>, text: &str) -> Result<StepPath, Fault> {
    StepPath::parse(text).or_else(|_| input.corrupt("a path is malformed"))
}

fn id<T, E>(input: &mut In<'_>, parse: fn(&str) -> Result<T, E>, what: &'static str) -> Result<T, Fault> {
    let text = input.text()?;
    parse(text).or_else(|_| input.corrupt(what))
}

fn digest(input: &mut In<'_>) -> Result<Digest, Fault> {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(input.bytes(32)?);
    Ok(Digest::from_bytes(bytes))
}

fn scheduled_kind(kind: ScheduledKind) -> u8 {
    match kind {
        ScheduledKind::Call => 0,
        ScheduledKind::Undo => 1,
        ScheduledKind::Wait => 2,
        ScheduledKind::WaitFor => 3,
        ScheduledKind::Approve => 4,
        ScheduledKind::Ask => 5,
        ScheduledKind::Child => 6,
        ScheduledKind::Backoff => 7,
        ScheduledKind::Emit => 8,
    }
}

fn read_scheduled_kind(input: &mut In<'_>) -> Result<ScheduledKind, Fault> {
    Ok(match input.byte()? {
        0 => ScheduledKind::Call,
        1 => ScheduledKind::Undo,
        2 => ScheduledKind::Wait,
        3 => ScheduledKind::WaitFor,
        4 => ScheduledKind::Approve,
        5 => ScheduledKind::Ask,
        6 => ScheduledKind::Child,
        7 => ScheduledKind::Backoff,
        8 => ScheduledKind::Emit,
        other => return Err(newer("schedule", other)),
    })
}

pub(crate) fn effect_code(effect: Effect) -> u8 {
    match effect {
        Effect::None => 0,
        Effect::Idempotent => 1,
        Effect::Keyed => 2,
        Effect::Once => 3,
    }
}

pub(crate) fn read_effect(input: &mut In<'_>) -> Result<Effect, Fault> {
    Ok(match input.byte()? {
        0 => Effect::None,
        1 => Effect::Idempotent,
        2 => Effect::Keyed,
        3 => Effect::Once,
        other => return Err(newer("effect", other)),
    })
}

pub(crate) fn timer_code(timer: Timer) -> u8 {
    match timer {
        Timer::Wait => 0,
        Timer::Backoff => 1,
        Timer::Attempt => 2,
        Timer::Step => 3,
        Timer::Execution => 4,
        Timer::Grace => 5,
        Timer::Rest => 6,
        Timer::Begin => 7,
        Timer::Turn => 8,
    }
}

pub(crate) fn read_timer(input: &mut In<'_>) -> Result<Timer, Fault> {
    Ok(match input.byte()? {
        0 => Timer::Wait,
        1 => Timer::Backoff,
        2 => Timer::Attempt,
        3 => Timer::Step,
        4 => Timer::Execution,
        5 => Timer::Grace,
        6 => Timer::Rest,
        7 => Timer::Begin,
        8 => Timer::Turn,
        other => return Err(newer("timer", other)),
    })
}
