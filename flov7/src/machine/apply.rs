//! What comes from outside: how it is journaled, and what it does.

use std::sync::Arc;

use serde_json::Value;

use super::cells::OpenWork;
use super::codec::{EventRef, OutcomeRef};
use super::event::{Event, Outcome, Timer};
use super::line::REPLACED;
use super::run::{Run, Tag};
use super::state::{At, Ending};
use super::{
    CallError, CallErrorKind, CallOutput, Command, Control, EndStatus, Failure, FailureClass, Incoming,
};
use crate::catalog::Effect;
use crate::id::StepPath;
use crate::json;

/// The longest output of an action, in bytes of canonical text (RULES, fail.class).
pub const PAYLOAD_BYTES: usize = 1024 * 1024;

/// How an attempt's result is journaled and taken.
enum Taken {
    Output(Arc<Value>),
    /// The failure, whether its effect may have happened, and the earliest that another attempt makes sense.
    Error(Box<Failure>, bool, Option<u64>),
}

impl Run<'_> {
    /// Journals and applies one incoming. What is not for this execution changes nothing.
    pub(super) fn accept(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Result { path, attempt, result } => self.accept_result(&path, attempt, result),
            Incoming::Lost { path, attempt } => {
                if let Some(at) = self.in_flight(&path, attempt) {
                    self.record(&EventRef::Lost(&path, attempt));
                    self.lost(at, None);
                }
            }
            Incoming::Control { control, by, id } => self.accept_control(control, &by, id),
            Incoming::Turn { id } => self.accept_turn(id),
            Incoming::Record(record) => self.accept_record(record),
            Incoming::Signal(signal) => self.accept_signal(signal),
            Incoming::Child { path, execution, outcome, id } => {
                self.accept_child(&path, &execution, outcome, id);
            }
            Incoming::Tick => {}
        }
    }

    /// The running step that a path leads to.
    pub(super) fn step_at(&self, path: &StepPath) -> Option<At> {
        self.state.step_at(self.program, path)
    }

    fn accept_result(&mut self, path: &StepPath, attempt: u32, result: Result<CallOutput, CallError>) {
        let at = self.in_flight(path, attempt);
        if at.is_none() && self.program.step_at(path).is_none() {
            return;
        }
        let usage = result.as_ref().ok().and_then(|output| output.usage.clone());
        let taken = self.take(at, path, attempt, result);
        let outcome = match &taken {
            Taken::Output(value) => OutcomeRef::Output(value),
            Taken::Error(failure, unknown, _) => OutcomeRef::Error(failure, *unknown),
        };
        let Some(at) = at else {
            // Given up before: kept for readers, never applied.
            return self.record(&EventRef::Late(path, attempt, outcome, usage.as_ref()));
        };
        self.record(&EventRef::Done(path, attempt, outcome, usage.as_ref()));
        self.done(at, taken);
    }

    fn done(&mut self, at: At, taken: Taken) {
        match taken {
            Taken::Output(value) => self.succeeded(at, value),
            Taken::Error(failure, unknown, retry_after) => self.failed(at, failure, unknown, retry_after),
        }
    }

    /// Holds a result against what the step was promised: an output that breaks it is a failure.
    fn take(
        &self,
        at: Option<At>,
        path: &StepPath,
        attempt: u32,
        result: Result<CallOutput, CallError>,
    ) -> Taken {
        let refused = |class, code: &str, message: String| {
            let mut failure = Failure::new(class, code, message);
            (failure.step, failure.attempt) = (Some(path.clone()), attempt);
            Taken::Error(Box::new(failure), false, None)
        };
        let output = match result {
            Ok(output) => output,
            Err(error) => {
                let unknown = error.kind == CallErrorKind::Unknown;
                let retry_after = error.retry_after;
                let failure = Failure::of_call(error, path.clone(), attempt);
                return Taken::Error(Box::new(failure), unknown, retry_after);
            }
        };
        let value = Arc::unwrap_or_clone(output.value);
        let (value, most) = match json::enter_weighed(value, json::MAX_DEPTH, PAYLOAD_BYTES) {
            Ok((value, weight)) => (value, json::longest(weight)),
            Err(fault @ json::EnterFault::Count { .. }) => {
                return refused(FailureClass::Limit, "limit.payload", fault.to_string());
            }
            Err(fault) => return refused(FailureClass::Contract, "contract.output", fault.to_string()),
        };
        if most > PAYLOAD_BYTES as u64
            && let bytes = json::canonical_size(&value)
            && bytes > PAYLOAD_BYTES
        {
            let message = format!("the output has {bytes} bytes, more than {PAYLOAD_BYTES}");
            return refused(FailureClass::Limit, "limit.payload", message);
        }
        if let Some(call) = at.and_then(|at| self.called(at))
            && let Some(violation) = call.output.iter().find_map(|checker| checker.check(&value).err())
        {
            return refused(FailureClass::Contract, "contract.output", violation);
        }
        Taken::Output(Arc::new(value))
    }

    /// Applies what a journal holds, in a replay. False where the event cannot have come then.
    pub(super) fn replay(&mut self, event: Event) -> bool {
        match event {
            Event::Done(done) => {
                let taken = match done.outcome {
                    Outcome::Output(value) => Taken::Output(Arc::new(value)),
                    // The journaled instant of the backoff counts, not what the action asked for then.
                    Outcome::Error(failure) => Taken::Error(failure, done.unknown, None),
                };
                let Some(at) = self.in_flight(&done.path, done.attempt) else { return false };
                self.count();
                self.done(at, taken);
            }
            Event::Late(_) => self.count(),
            Event::Lost { path, attempt } => {
                let Some(at) = self.in_flight(&path, attempt) else { return false };
                self.count();
                self.lost(at, None);
            }
            Event::Signal(signal) => return self.replay_signal(signal),
            Event::Child { execution, outcome, .. } => return self.replay_child(&execution, outcome),
            Event::Control { control, id, .. } => {
                if !self.state.see(&id) {
                    return false;
                }
                self.count();
                self.control(control, &id);
            }
            Event::Recorded(record) => return self.replay_record(record),
            Event::Fired { path: None, timer: Timer::Rest } => self.rest(),
            Event::Fired { path: None, timer: Timer::Turn } => return self.replay_turn_came(),
            Event::Fired { path, timer } => return self.refire(path.as_ref(), timer),
            _ => return false,
        }
        true
    }

    /// Goes on with what an earlier turn left.
    pub(super) fn rest(&mut self) {
        self.record(&EventRef::Fired(None, Timer::Rest));
        self.decide(Tag::Fired, "", &[Timer::Rest as u64]);
    }

    pub(super) fn control(&mut self, control: Control, id: &str) {
        match control {
            // Asked by no person, so it is nobody's first cancel.
            Control::Cancel if id == REPLACED => self.cancel(),
            Control::Pause => {
                self.state.paused = true;
                self.steer_children(Control::Pause);
            }
            Control::Unpause => {
                self.unpause();
                self.steer_children(Control::Unpause);
            }
            // A second cancel is a terminate (RULES, cancel).
            Control::Cancel if !self.state.cancelled => {
                self.state.cancelled = true;
                self.cancel();
            }
            Control::Cancel | Control::Terminate => self.terminate(),
        }
    }

    /// Ends in order, also what is paused.
    fn cancel(&mut self) {
        let was_paused = self.state.paused;
        self.let_go();
        self.unpause();
        self.stop(Ending::Cancelled);
        if was_paused {
            // Those that were told to stop before they were paused hear of no other cancel.
            self.steer_children(Control::Unpause);
        }
    }

    /// Ends at once: what runs is told, and its outcome is unknown.
    fn terminate(&mut self) {
        for (path, attempt) in super::replay::in_flight(self.program, self.state) {
            self.tape.commands.push(Command::CancelCall { path, attempt });
        }
        self.steer_children(Control::Terminate);
        for at in self.state.calls.values().copied().filter(|at| *at != At::UNDO).collect::<Vec<_>>() {
            if let Some(open) = self.state.open(self.program, at)
                && let OpenWork::Call(call) = &open.work
                && call.effect != Effect::None
            {
                let path = open.path.clone();
                self.state.unknown_effects.push(path);
            }
        }
        self.end(EndStatus::Terminated, Value::Null, None);
    }
}

impl Incoming {
    /// The id of the inbox message that it is, if it is one.
    pub(super) fn into_message_id(self) -> Option<String> {
        match self {
            Incoming::Signal(signal) => Some(signal.id),
            Incoming::Control { id, .. } | Incoming::Child { id, .. } | Incoming::Turn { id } => Some(id),
            _ => None,
        }
    }
}

/// What comes first within a turn (RULES, turn.order).
impl Run<'_> {
    /// Controls, signals, records, ends of called executions, results by the order in which they were scheduled.
    pub(super) fn in_order(&self, mut incoming: Vec<Incoming>) -> Vec<Incoming> {
        if incoming.len() > 1 {
            incoming.sort_by_cached_key(|incoming| match incoming {
                Incoming::Control { .. } => (0, 0),
                Incoming::Turn { .. } => (0, 1),
                Incoming::Signal(_) => (1, 0),
                Incoming::Record(_) => (2, 0),
                Incoming::Child { .. } => (3, 0),
                Incoming::Result { path, .. } | Incoming::Lost { path, .. } => (4, self.scheduled_at(path)),
                Incoming::Tick => (5, 0),
            });
        }
        incoming
    }

    /// The number of the event that scheduled the attempt in flight; results of no such attempt come last.
    fn scheduled_at(&self, path: &StepPath) -> u64 {
        if let (Some(undo), Some(call)) = (self.state.undo.path(), self.state.undo.call())
            && undo == path
        {
            return call.phase.seq().unwrap_or(u64::MAX);
        }
        let open = self.step_at(path).and_then(|at| self.state.open(self.program, at));
        match open.map(|open| &open.work) {
            Some(OpenWork::Call(call)) => call.phase.seq().unwrap_or(u64::MAX),
            _ => u64::MAX,
        }
    }
}
