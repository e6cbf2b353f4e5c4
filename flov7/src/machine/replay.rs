//! Making a machine again from its journal.

use std::collections::VecDeque;
use std::sync::Arc;

use super::cells::OpenWork;
use super::codec::{Fault, read_turn};
use super::event::{Event, JOURNAL_VERSION, RULES};
use super::run::{Run, Script, Tape, Watch};
use super::state::{At, State};
use super::{Incoming, Machine, TurnBody};
use crate::error::{Error, ErrorKind};
use crate::id::StepPath;
use crate::program::Program;

/// Attempts that were scheduled and have no result: nobody knows what became of them unless the engine still runs them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outstanding {
    /// Step and attempt, in the order in which they were scheduled.
    pub calls: Vec<(StepPath, u32)>,
}

impl Outstanding {
    /// What an engine that runs none of them tells the machine (RULES, journal.lost).
    pub fn into_lost(self) -> Vec<Incoming> {
        self.calls.into_iter().map(|(path, attempt)| Incoming::Lost { path, attempt }).collect()
    }
}

/// Why a journal could not be replayed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The machine decides something else than the journal says: `blocked {diverged}`.
    #[error("the replay diverged from the journal at event {seq}")]
    Diverged {
        /// The first event that differs.
        seq: u64,
    },
    /// It runs under rules that this release does not have: `blocked {rules}`.
    #[error("the execution runs under rules {rules}, and this release knows {RULES}")]
    Rules {
        /// The rules that it began under.
        rules: u16,
    },
    /// A newer release wrote it.
    #[error("written by a newer flov7: {what}")]
    Newer {
        /// What this release does not know.
        what: String,
    },
    /// It is not what a machine wrote.
    #[error("the journal is corrupt: {what}")]
    Corrupt {
        /// What is wrong.
        what: String,
    },
}

impl From<Fault> for ReplayError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Newer(what) => ReplayError::Newer { what },
            Fault::Corrupt(what, at) => ReplayError::Corrupt { what: format!("{what} at byte {at}") },
        }
    }
}

impl From<ReplayError> for Error {
    fn from(error: ReplayError) -> Self {
        let kind = match &error {
            ReplayError::Diverged { .. } => ErrorKind::Defect,
            ReplayError::Rules { .. } | ReplayError::Newer { .. } => ErrorKind::Newer,
            ReplayError::Corrupt { .. } => ErrorKind::Corrupt,
        };
        Error::new(kind, error.to_string())
    }
}

pub(super) fn corrupt(what: impl Into<String>) -> ReplayError {
    ReplayError::Corrupt { what: what.into() }
}

impl Machine {
    /// Makes a machine again from its turns, from the first on.
    ///
    /// # Errors
    /// [`ReplayError`]: the journal was written by something else, or this release decides otherwise.
    pub fn replay(program: Arc<Program>, turns: &[TurnBody]) -> Result<(Machine, Outstanding), ReplayError> {
        let machine = Machine::replay_keeping(program, turns, false)?;
        let outstanding = machine.outstanding();
        Ok((machine, outstanding))
    }

    /// As [`Machine::replay`]; `keep` leaves values where they are after their last use.
    pub(super) fn replay_keeping(
        program: Arc<Program>,
        turns: &[TurnBody],
        keep: bool,
    ) -> Result<Machine, ReplayError> {
        let Some((first, rest)) = turns.split_first() else { return Err(corrupt("it has no turn")) };
        let mut machine = begin(program, first, keep, &mut None)?;
        for turn in rest {
            machine.replay_turn(turn)?;
        }
        Ok(machine)
    }

    /// Attempts in flight, in the order in which they were scheduled.
    pub fn outstanding(&self) -> Outstanding {
        Outstanding { calls: in_flight(&self.program, &self.state) }
    }

    /// Applies one more committed turn.
    pub(super) fn replay_turn(&mut self, body: &TurnBody) -> Result<(), ReplayError> {
        self.replay_watching(body, &mut None)
    }

    /// As [`Machine::replay_turn`], looking for the first activation of a step.
    pub(super) fn replay_watching(
        &mut self,
        body: &TurnBody,
        watch: &mut Option<Box<Watch>>,
    ) -> Result<(), ReplayError> {
        let (events, stopped) = self.expect(body)?;
        let program = Arc::clone(&self.program);
        let mut run = Run::new(&program, &mut self.state, body.at);
        run.tape.replay = Some(script(&events, stopped));
        run.tape.watch = watch.take();
        *watch = follow(run, body, events.into_iter())?;
        self.state.turn += 1;
        Ok(())
    }

    /// Reads a turn that must be the next.
    fn expect(&self, body: &TurnBody) -> Result<(Vec<Event>, Option<u64>), ReplayError> {
        if self.state.ended.is_some() {
            return Err(corrupt(format!("turn {} follows the end", body.turn)));
        }
        if (body.turn, body.first_seq) != (self.state.turn, self.state.seq) || body.count == 0 {
            let (turn, seq) = (self.state.turn, self.state.seq);
            return Err(corrupt(format!(
                "turn {} begins with event {}, where turn {turn} begins with event {seq}",
                body.turn, body.first_seq
            )));
        }
        read(body)
    }
}

/// Attempts in flight, in the order in which they were scheduled.
pub(super) fn in_flight(program: &Program, state: &State) -> Vec<(StepPath, u32)> {
    let calls = state.calls.values().filter_map(|at| {
        if *at == At::UNDO {
            return Some((state.undo.path()?.clone(), state.undo.call()?.attempt));
        }
        let open = state.open(program, *at)?;
        match &open.work {
            OpenWork::Call(call) => Some((open.path.clone(), call.attempt)),
            _ => None,
        }
    });
    calls.collect()
}

fn read(body: &TurnBody) -> Result<(Vec<Event>, Option<u64>), ReplayError> {
    if body.v > JOURNAL_VERSION {
        return Err(ReplayError::Newer { what: format!("journal version {}", body.v) });
    }
    Ok(read_turn(&body.body, body.count, body.at)?)
}

/// What the machine itself is to emit.
fn script(events: &[Event], stopped: Option<u64>) -> Script {
    let emitted = events.iter().filter(|event| matches!(event, Event::Scheduled(_) | Event::Ended(_)));
    Script { emitted: emitted.cloned().collect::<VecDeque<_>>(), stopped, diverged: None }
}

/// The machine after its first turn.
pub(super) fn begin(
    program: Arc<Program>,
    body: &TurnBody,
    keep: bool,
    watch: &mut Option<Box<Watch>>,
) -> Result<Machine, ReplayError> {
    let (events, stopped) = read(body)?;
    let script = script(&events, stopped);
    let mut events = events.into_iter();
    let first = events.next();
    if let Some(Event::Forked { snapshot, started, .. }) = first {
        return begin_fork(program, body, keep, (script, &snapshot, *started), events);
    }
    let Some(Event::Started(started)) = first else {
        return Err(corrupt("it begins with no `started`"));
    };
    if (body.turn, body.first_seq) != (0, 0) {
        return Err(corrupt(format!("it begins with turn {}", body.turn)));
    }
    if started.rules != RULES {
        return Err(ReplayError::Rules { rules: started.rules });
    }
    let mut state = State::new(&program, *started);
    state.keep = keep;
    let mut run = Run::new(&program, &mut state, body.at);
    run.tape.replay = Some(script);
    run.tape.watch = watch.take();
    run.count();
    run.began();
    run.drain();
    *watch = follow(run, body, events)?;
    state.turn = 1;
    Ok(Machine::of(program, state))
}

/// As [`begin`], for a fork.
fn begin_fork(
    program: Arc<Program>,
    body: &TurnBody,
    keep: bool,
    (script, snapshot, started): (Script, &serde_json::Value, super::event::Started),
    events: std::vec::IntoIter<Event>,
) -> Result<Machine, ReplayError> {
    if (body.turn, body.first_seq) != (0, 0) {
        return Err(corrupt(format!("it begins with turn {}", body.turn)));
    }
    if started.rules != RULES {
        return Err(ReplayError::Rules { rules: started.rules });
    }
    let mut state = State::forked(&program, snapshot, started, body.at)?;
    state.keep = keep;
    let mut run = Run::new(&program, &mut state, body.at);
    run.tape.replay = Some(script);
    run.count();
    run.began_again();
    run.drain();
    follow(run, body, events)?;
    state.turn = 1;
    Ok(Machine::of(program, state))
}

/// Feeds the events that came from outside, each where the machine has emitted all that stands before it.
fn follow(
    mut run: Run<'_>,
    body: &TurnBody,
    events: impl ExactSizeIterator<Item = Event>,
) -> Result<Option<Box<Watch>>, ReplayError> {
    let end = body.first_seq + u64::from(body.count);
    let first = end - events.len() as u64;
    for (seq, event) in (first..).zip(events) {
        if matches!(event, Event::Scheduled(_) | Event::Ended(_)) {
            continue;
        }
        if run.state.seq != seq {
            return Err(diverged(&run.tape, run.state.seq.min(seq)));
        }
        if !run.replay(event) {
            return Err(diverged(&run.tape, seq));
        }
        run.drain();
    }
    let same = run.state.seq == end && run.state.decided.finish() == body.decided;
    match run.tape.replay.as_ref().and_then(|script| script.diverged) {
        None if same => Ok(run.tape.watch.take()),
        _ => Err(diverged(&run.tape, run.state.seq.min(end - 1))),
    }
}

fn diverged(tape: &Tape, seq: u64) -> ReplayError {
    let known = tape.replay.as_ref().and_then(|script| script.diverged);
    ReplayError::Diverged { seq: known.unwrap_or(seq) }
}
