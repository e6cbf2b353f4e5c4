//! Forks: executions that begin with the past of another one (RULES, fork).
//!
//! What is kept is all that had happened just before a step was first activated: also the result, in the same turn, that
//! made it ready. The state at that point is the fork's beginning; what was in flight there belongs to the other
//! execution, so that its outcome is unknown to the fork, and executions that were called are called anew.

use std::sync::Arc;

use serde_json::{Value, json};

use super::cells::{CallPhase, OpenWork, Phase};
use super::codec::EventRef;
use super::event::{Event, Forked, JOURNAL_VERSION, Started, Timer, decode_turn};
use super::replay::{begin, corrupt};
use super::run::{Run, Tag, Watch};
use super::snapshot::{bytes_of, state_of};
use super::state::{At, State};
use super::{Blocked, EndStatus, Ended, Machine, ReplayError, Turn, TurnBody};
use crate::expr::{base64_bytes, base64_encode};
use crate::id::{ExecutionId, StepPath, Timestamp};
use crate::program::{Program, slot};

/// Attempts of another execution's past are numbered from here: no journal is as long.
const PAST: u64 = 1 << 62;

/// A point in the past of an execution at which a fork can begin.
#[derive(Clone, Debug, PartialEq)]
pub struct ForkPoint {
    /// How many events are kept.
    pub seq: u64,
    /// The input of the execution.
    pub input: Value,
    /// The trigger that fired, if one did.
    pub trigger: Option<String>,
    /// Connections that were keyed when the execution started.
    pub keyed: Vec<String>,
    /// How many events stand behind the execution.
    pub cause: u32,
    snapshot: Value,
}

/// Why a fork cannot begin before a step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForkRefusal {
    /// The step was never begun, or there is none at this path.
    #[error("no step at `{step}` was begun")]
    NeverBegan {
        /// The path.
        step: StepPath,
    },
    /// The execution has not ended.
    #[error("the execution has not ended")]
    Live,
    /// The effects of steps that would be kept were taken back.
    #[error("effects that would be kept were taken back; fork at `{earliest}`, or at a step before it")]
    Undone {
        /// The first of those steps to begin: a fork that begins before it keeps nothing that was taken back.
        earliest: StepPath,
    },
    /// The journal cannot be replayed.
    #[error(transparent)]
    Replay(#[from] ReplayError),
}

impl Machine {
    /// Where a fork of an execution that has ended begins: just before a step was first activated.
    ///
    /// # Errors
    /// [`ForkRefusal`].
    pub fn fork_point(
        program: Arc<Program>,
        turns: &[TurnBody],
        step: &StepPath,
    ) -> Result<ForkPoint, ForkRefusal> {
        let Some((first, rest)) = turns.split_first() else { return Err(corrupt("it has no turn").into()) };
        let number = program.step_at(step).filter(|_| !step.as_str().ends_with("/undo"));
        let never = || ForkRefusal::NeverBegan { step: step.clone() };
        let watch = Watch { step: number.ok_or_else(never)?, path: step.clone(), found: None };
        let mut watch = Some(Box::new(watch));
        let mut machine = begin(Arc::clone(&program), first, false, &mut watch)?;
        for turn in rest {
            machine.replay_watching(turn, &mut watch)?;
        }
        if machine.state.ended.is_none() {
            return Err(ForkRefusal::Live);
        }
        let (seq, bytes) = watch.and_then(|watch| watch.found).ok_or_else(never)?;
        let point = state_of(&program, &bytes)?;
        let undone = undone_since(&point, &machine.state);
        if let Some(first) = undone.first() {
            let earliest = first_begun(turns, &undone)?.unwrap_or_else(|| first.clone());
            return Err(ForkRefusal::Undone { earliest });
        }
        let started = match decode_turn(first).map_err(|error| corrupt(error.to_string()))?.into_iter().next()
        {
            Some(recorded) => match recorded.event {
                Event::Started(started) | Event::Forked { started, .. } => started,
                _ => return Err(corrupt("it begins with no `started`").into()),
            },
            None => return Err(corrupt("its first turn is empty").into()),
        };
        let Started { input, trigger, keyed, cause, .. } = *started;
        Ok(ForkPoint { seq, input, trigger, keyed, cause, snapshot: Value::String(base64_encode(&bytes)) })
    }

    /// Starts a fork at an instant: the turn holds `forked` alone, and nothing is decided yet. `started` is that of the new
    /// execution; it says whose past it is ([`Started::forked`]).
    ///
    /// # Errors
    /// `Corrupt` where `started` does not say whose past it is.
    pub fn forked(
        program: Arc<Program>,
        started: Started,
        point: &ForkPoint,
        at: Timestamp,
    ) -> Result<(Machine, Turn), ReplayError> {
        let Some(Forked { from, seq }) = started.forked.clone() else {
            return Err(corrupt("it does not say whose past it is"));
        };
        let input = started.input.clone();
        let mut state = State::forked(&program, &point.snapshot, started, at)?;
        let mut run = Run::new(&program, &mut state, at);
        let started = run.state.started.clone();
        run.record(&EventRef::Forked(&from, seq, &point.snapshot, &started, &input));
        run.began_again();
        run.tape.stopped = true;
        let tape = run.tape;
        let mut machine = Machine::of(program, state);
        let turn = machine.turn(tape, false);
        debug_assert!(turn.body.as_ref().is_some_and(|body| body.v == JOURNAL_VERSION));
        Ok((machine, turn))
    }
}

/// The steps that had their effect at a point and had it taken back later.
fn undone_since(point: &State, end: &State) -> Vec<StepPath> {
    let before = |path: &StepPath| point.undo.done.contains(path) || point.undo.failed.contains(path);
    let since: Vec<&StepPath> =
        end.undo.done.iter().chain(&end.undo.failed).filter(|path| !before(path)).collect();
    let jobs = point.undo.jobs.iter().flat_map(|job| {
        job.entries.iter().map(|entry| &entry.path).chain(job.current.iter().map(|current| &current.path))
    });
    let kept = jobs.chain(point.undo.entries.iter().map(|entry| &entry.path));
    kept.filter(|path| since.contains(path)).cloned().collect()
}

/// Which of some steps was scheduled first; none where that was in the past of a fork.
fn first_begun(turns: &[TurnBody], steps: &[StepPath]) -> Result<Option<StepPath>, ReplayError> {
    for turn in turns {
        for recorded in decode_turn(turn).map_err(|error| corrupt(error.to_string()))? {
            if let Event::Scheduled(scheduled) = recorded.event
                && steps.contains(&scheduled.path)
            {
                return Ok(Some(scheduled.path));
            }
        }
    }
    Ok(None)
}

impl State {
    /// The state that a fork begins with.
    pub(super) fn forked(
        program: &Program,
        snapshot: &Value,
        mut started: Started,
        at: Timestamp,
    ) -> Result<State, ReplayError> {
        let text = snapshot.as_str().ok_or_else(|| corrupt("the snapshot of a fork is no text"))?;
        let bytes = base64_bytes(text).map_err(corrupt)?;
        let mut state = state_of(program, &bytes)?;
        // Its input stands in the event, and in its slot while something may read it.
        started.input = Value::Null;
        let execution = json!({ "id": started.execution, "trigger": started.trigger });
        state.started = started;
        if state.scope(0).slots[slot::EXECUTION].is_some() {
            state.clear(0, slot::EXECUTION);
            state.fill(0, slot::EXECUTION, Arc::new(execution));
        }
        (state.turn, state.seq) = (0, 0);
        // Messages went to the other execution.
        state.seen.clear();
        state.cancelled = false;
        let gap = at.since(state.now);
        state.now = state.now.max(at);
        state.shift_timeouts(program, gap);
        state.call_anew(program);
        state.number_anew(program);
        Ok(state)
    }

    /// What a step may take counts on from where it stood: the time in between is nobody's fault.
    fn shift_timeouts(&mut self, program: &Program, gap: std::time::Duration) {
        let later = |due: Timestamp| due.saturating_add(gap);
        self.due = None;
        let timers = std::mem::take(&mut self.timers);
        for ((due, path, timer), at) in timers {
            match timer {
                // That of the workflow begins anew; what it waited for before it began is over.
                Timer::Execution | Timer::Begin => {}
                Timer::Step => {
                    if let Some(open) = self.open_mut(program, at) {
                        open.due = Some(later(due));
                    }
                    self.timers.insert((later(due), path, timer), at);
                }
                _ => drop(self.timers.insert((due, path, timer), at)),
            }
        }
    }

    /// Executions that were called belong to the other execution: their steps are as before their activation. Those that
    /// were being stopped are left where they are, for the fork's first decision ([`Run::leave_stopped`]).
    fn call_anew(&mut self, program: &Program) {
        for (execution, at) in std::mem::take(&mut self.children) {
            let work = self.open(program, at).map(|open| &open.work);
            if matches!(work, Some(OpenWork::Child(child)) if child.ending.is_some()) {
                self.children.insert(execution, at);
                continue;
            }
            let step = &program.steps[at.step as usize];
            let block = self.block_mut(program, at.scope, step.block);
            if let Ok(place) = block.open.binary_search(&at.step) {
                block.open.remove(place);
            }
            let cell = self.cell_mut(program, at);
            if let Phase::Open(open) = std::mem::replace(&mut cell.phase, Phase::Idle)
                && let Some(due) = open.due
            {
                self.timers.remove(&(due, Some(open.path), Timer::Step));
            }
            self.cell_mut(program, at).order = 0;
            let serial = self.scope(at.scope).serial;
            self.ready.insert((at.step, serial, at.scope));
        }
    }

    /// Attempts in flight have numbers of the other journal, which this one may give again.
    fn number_anew(&mut self, program: &Program) {
        let calls = std::mem::take(&mut self.calls);
        for (seq, at) in (PAST..).zip(calls.into_values()) {
            let call = if at == At::UNDO {
                self.undo.call_mut()
            } else {
                self.open_mut(program, at).and_then(|open| match &mut open.work {
                    OpenWork::Call(call) => Some(call),
                    _ => None,
                })
            };
            if let Some(call) = call {
                match &mut call.phase {
                    CallPhase::Running { seq: number, .. } | CallPhase::Cancelling { seq: number, .. } => {
                        *number = seq;
                    }
                    CallPhase::Between | CallPhase::Decided | CallPhase::Backoff { .. } => {}
                }
                self.calls.insert(seq, at);
            }
        }
    }
}

impl Run<'_> {
    /// The first decision of a fork.
    pub(super) fn began_again(&mut self) {
        self.decide(Tag::Forked, "", &[self.state.started.rules.into()]);
        self.hold_back();
        if self.state.held_back.is_none() {
            self.arm_timeout();
        }
        self.leave_stopped();
    }

    /// Whoever was being stopped tells only its own caller of its end, and is not called again to be stopped: its step
    /// ends as it would have with it.
    fn leave_stopped(&mut self) {
        let stopped: Vec<ExecutionId> = self.state.children.keys().cloned().collect();
        for execution in stopped {
            let ended = Ended { status: EndStatus::Cancelled, output: Value::Null, error: None };
            self.child(&execution, ended.outcome());
        }
    }

    /// As [`Run::start`], keeping the state before the activation of the step that is watched for.
    pub(super) fn start_watched(&mut self, at: At, serial: u64) -> Result<(), Blocked> {
        let looks = self.tape.watch.as_ref().filter(|watch| watch.found.is_none() && watch.step == at.step);
        let runs =
            self.state.scopes[at.scope as usize].as_deref().is_some_and(|scope| scope.serial == serial);
        if !runs || looks.is_none_or(|watch| self.state.path(self.program, at) != watch.path) {
            return self.start(at, serial);
        }
        let before = (self.state.seq, bytes_of(self.program, self.state));
        self.start(at, serial)?;
        // A step of a block that stops is never started.
        let activated =
            self.state.scopes[at.scope as usize].as_deref().is_some_and(|scope| scope.serial == serial)
                && self.state.cell(self.program, at).order > 0;
        if let Some(watch) = self.tape.watch.as_mut().filter(|_| activated) {
            watch.found = Some(before);
        }
        Ok(())
    }
}
