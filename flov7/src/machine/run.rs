//! One turn: what came is applied in order, and after each of them all that it made ready is done.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

use super::codec::{EventRef, Out, write_end, write_event};
use super::event::{Ended, Event, Scheduled, Timer};
use super::state::{At, Ending, State, Unit};
use super::{Blocked, BlockedReason, Command, EndStatus, Failure, FailureClass, Settled};
use crate::expr::{Env, EvalError, Fuel, Reference};
use crate::id::{StepPath, Timestamp};
use crate::program::{Condition, Program, Slot, Template, slot};

/// How many expression steps a turn may take before it says `more` (RULES, turn.fuel).
pub(super) const TURN_FUEL: u64 = 1_000_000;

/// How much all values may weigh that something may still read ([`crate::json::weight`]; RULES, engine.parity).
pub const LIVE_BYTES: u64 = 64 * 1024 * 1024;

/// What each piece of work costs beside its expressions, so that work without any ends a turn too.
const UNIT_FUEL: u64 = 10;

/// How many bytes most turns take.
const ROOM: usize = 1_000;

/// A turn being made.
pub(super) struct Run<'a> {
    pub(super) program: &'a Program,
    pub(super) state: &'a mut State,
    pub(super) tape: Tape,
}

/// What a turn has given so far.
#[derive(Default)]
pub(super) struct Tape {
    pub(super) out: Out,
    /// Nobody keeps the text.
    pub(super) unread: bool,
    pub(super) count: u32,
    pub(super) commands: Vec<Command>,
    pub(super) settled: Vec<(StepPath, Settled)>,
    pub(super) fuel: Fuel,
    /// Pieces of work done.
    pub(super) units: u64,
    /// Set when the turn stops before it comes to rest.
    pub(super) stopped: bool,
    /// Whether a defect stopped it, in this turn or before: what comes is journaled, and nothing is decided.
    pub(super) halted: bool,
    /// Ids of inbox messages that are done with.
    pub(super) consumed: Vec<String>,
    pub(super) blocked: Option<Blocked>,
    pub(super) replay: Option<Script>,
    /// The step whose first activation a replay looks for.
    pub(super) watch: Option<Box<Watch>>,
}

/// A step, and the state just before it was first activated.
pub(super) struct Watch {
    pub(super) step: u32,
    pub(super) path: StepPath,
    /// How many events stood before, and the state as bytes.
    pub(super) found: Option<(u64, Vec<u8>)>,
}

/// What a replay follows: what the machine is to schedule and to end with, and where it stopped.
#[derive(Default)]
pub(super) struct Script {
    pub(super) emitted: VecDeque<Event>,
    pub(super) stopped: Option<u64>,
    /// The first event that differs.
    pub(super) diverged: Option<u64>,
}

/// What a decision is, in the running hash. Small numbers, never given again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Tag {
    Started = 1,
    Skipped = 2,
    Branch = 3,
    Scheduled = 4,
    Settled = 5,
    Fired = 6,
    Ended = 7,
    Forked = 8,
}

/// Why a piece of work gave no answer.
pub(super) enum Trouble {
    /// The step fails.
    Failed(Box<Failure>),
    /// Nothing more can be decided: a defect of ours.
    Defect(Blocked),
}

impl Tape {
    /// The body of the turn, once; that of nothing where nobody keeps it.
    pub(super) fn take_body(&mut self, nothing: &Arc<[u8]>) -> Arc<[u8]> {
        if self.unread {
            return Arc::clone(nothing);
        }
        let mut out = std::mem::take(&mut self.out);
        write_end(&mut out, self.stopped.then_some(self.units));
        out.0.into()
    }
}

impl<'a> Run<'a> {
    pub(super) fn new(program: &'a Program, state: &'a mut State, at: Timestamp) -> Run<'a> {
        // A clock that was set back does not make the journal run backwards.
        state.now = state.now.max(at);
        let unread = state.unread;
        // Room for most turns, which grow it step by step else.
        let out = if unread { Out::default() } else { Out(Vec::with_capacity(ROOM)) };
        let tape = Tape { out, unread, ..Tape::default() };
        Run { program, state, tape }
    }

    pub(super) fn decide(&mut self, tag: Tag, path: &str, numbers: &[u64]) {
        self.state.decided.bytes(&[tag as u8]);
        self.state.decided.text(path);
        for number in numbers {
            self.state.decided.number(*number);
        }
    }

    /// Appends `started`, whose input has moved into its slot.
    pub(super) fn record_started(&mut self) {
        let input = self.state.scope(0).slots[slot::INPUT].as_deref().unwrap_or(&Value::Null);
        write_event(&mut self.tape.out, self.state.now, &EventRef::Started(&self.state.started, input));
        self.count();
    }

    /// The first decisions of an execution.
    pub(super) fn began(&mut self) {
        self.decide(Tag::Started, "", &[self.state.started.rules.into()]);
        self.hold_back();
        if self.state.held_back.is_none() {
            self.arm_timeout();
        }
        self.start_block(0, 0);
    }

    /// The workflow's `timeout` counts from now.
    pub(super) fn arm_timeout(&mut self) {
        if let Some(ms) = self.program.timeout {
            let due = self.state.now.saturating_add_ms(ms);
            self.state.due = Some(due);
            self.state.timers.insert((due, None, Timer::Execution), At { step: 0, scope: 0 });
        }
    }

    /// Whether work is left from an earlier turn.
    pub(super) fn has_rest(&self) -> bool {
        self.state.has_rest()
    }

    /// Counts an event that is journaled already.
    pub(super) fn count(&mut self) {
        self.state.seq += 1;
        self.tape.count += 1;
    }

    /// Appends an event that came from outside.
    pub(super) fn record(&mut self, event: &EventRef<'_>) {
        if self.tape.replay.is_none() && !self.tape.unread {
            write_event(&mut self.tape.out, self.state.now, event);
        }
        self.count();
    }

    /// Appends a `scheduled` event; gives its number, and its due instant as the journal has it.
    pub(super) fn schedule(&mut self, mut scheduled: Scheduled) -> (u64, Option<Timestamp>) {
        let seq = self.state.seq;
        self.decide(Tag::Scheduled, &scheduled.path, &[scheduled.kind as u64, scheduled.attempt.into()]);
        match &mut self.tape.replay {
            None if self.tape.unread => {}
            None => write_event(&mut self.tape.out, self.state.now, &EventRef::Scheduled(&scheduled)),
            Some(script) => match script.emitted.pop_front() {
                Some(Event::Scheduled(wrote))
                    if Scheduled { due: scheduled.due, ..wrote.clone() } == scheduled =>
                {
                    // Journaled instants count, whatever would be computed today (RULES, journal.timers).
                    scheduled.due = wrote.due;
                }
                _ => script.diverged = script.diverged.or(Some(seq)),
            },
        }
        self.state.seq += 1;
        self.tape.count += 1;
        (seq, scheduled.due)
    }

    /// Ends the execution.
    pub(super) fn end(&mut self, status: EndStatus, output: Value, error: Option<Box<Failure>>) {
        let ended = Ended { status, output, error };
        self.decide(Tag::Ended, "", &[status as u64]);
        match &mut self.tape.replay {
            None if self.tape.unread => {}
            None => write_event(&mut self.tape.out, self.state.now, &EventRef::Ended(&ended)),
            Some(script) => match script.emitted.pop_front() {
                Some(Event::Ended(wrote)) if wrote == ended => {}
                _ => script.diverged = script.diverged.or(Some(self.state.seq)),
            },
        }
        self.state.seq += 1;
        self.tape.count += 1;
        self.state.ready.clear();
        self.state.urgent.clear();
        self.state.timers.clear();
        self.state.calls.clear();
        self.state.children.clear();
        self.state.busy = 0;
        self.state.ended = Some(Box::new(ended));
    }

    /// Does all that is ready, until nothing is, the fuel is spent, or a defect is met.
    pub(super) fn drain(&mut self) {
        // Nothing starts while the execution is paused, or before it begins.
        while !self.tape.stopped && !self.state.paused && self.state.held_back.is_none() {
            if self.state.live > LIVE_BYTES && self.state.ending.is_none() && self.state.ended.is_none() {
                let message = format!("the values that are still needed weigh more than {LIVE_BYTES} bytes");
                let failure = Failure::new(FailureClass::Limit, "limit.memory", message);
                self.stop(Ending::Limit(Box::new(failure)));
            }
            let urgent = !self.state.urgent.is_empty();
            if !urgent && self.state.ready.is_empty() {
                return;
            }
            if self.must_stop() {
                self.tape.stopped = true;
                return;
            }
            self.tape.fuel.spend(UNIT_FUEL);
            // What is being done is taken out only once it is done: a defect leaves it for the next release.
            let next = if urgent { None } else { self.state.ready.first().copied() };
            let outcome = match (self.state.urgent.front().cloned(), next) {
                (_, Some((step, serial, scope))) if self.tape.watch.is_some() => {
                    self.start_watched(At { step, scope }, serial)
                }
                (_, Some((step, serial, scope))) => self.start(At { step, scope }, serial),
                (Some(unit), None) => self.unit(unit),
                (None, None) => return,
            };
            match outcome {
                Ok(()) => {
                    self.tape.units += 1;
                    match next {
                        // Whatever became urgent meanwhile stands behind it.
                        None => drop(self.state.urgent.pop_front()),
                        Some(step) => drop(self.state.ready.remove(&step)),
                    }
                }
                Err(blocked) => {
                    self.tape.stopped = true;
                    self.tape.halted = true;
                    self.tape.blocked = Some(blocked);
                }
            }
        }
    }

    /// A replay stops where the turn stopped; a fresh turn when its fuel is spent.
    fn must_stop(&self) -> bool {
        match &self.tape.replay {
            Some(script) => script.stopped.is_some_and(|units| self.tape.units >= units),
            None => self.tape.fuel.used() >= TURN_FUEL,
        }
    }

    fn unit(&mut self, unit: Unit) -> Result<(), Blocked> {
        match unit {
            Unit::Fail(at, failure) => self.fail(at, *failure),
            Unit::Attempt(at) => self.again(at),
            Unit::BlockEnd { scope, block } => self.block_end(scope, block),
            Unit::Next(at) => self.next(at),
            Unit::Complete(at, value) => self.complete(at, value),
            Unit::Undo => {
                self.next_undo();
                Ok(())
            }
        }
    }

    /// A template's value, as seen from a step.
    pub(super) fn render(&mut self, at: At, template: &Template) -> Result<Arc<Value>, Trouble> {
        self.render_with(at, template, None)
    }

    /// As [`Run::render`], with the root `error`.
    pub(super) fn render_with(
        &mut self,
        at: At,
        template: &Template,
        error: Option<&Arc<Value>>,
    ) -> Result<Arc<Value>, Trouble> {
        let view = View { error, ..View::new(self.program, self.state, at.scope) };
        let value = template.render(&view, &mut self.tape.fuel);
        value.map_err(|error| self.trouble(Some(at), &error))
    }

    /// As [`Run::render`], with null in the place of what the template takes.
    pub(super) fn render_but_taken(&mut self, at: At, template: &Template) -> Result<Value, Trouble> {
        let view = View::new(self.program, self.state, at.scope);
        let value = template.render_but_taken(&view, &mut self.tape.fuel);
        value.map_err(|error| self.trouble(Some(at), &error))
    }

    /// The value of a block, as seen from its end: a failure is that of the step that holds it, if one does.
    pub(super) fn render_block(
        &mut self,
        scope: u32,
        holder: Option<At>,
        template: &Template,
    ) -> Result<Arc<Value>, Trouble> {
        let view = View::new(self.program, self.state, scope);
        let value = template.render(&view, &mut self.tape.fuel);
        value.map_err(|error| self.trouble(holder, &error))
    }

    /// As [`Run::render`], where the step's own value is there before it is done.
    pub(super) fn render_own(
        &mut self,
        at: At,
        template: &Template,
        value: &Arc<Value>,
    ) -> Result<Arc<Value>, Trouble> {
        let own = Some((self.program.steps[at.step as usize].own, value));
        let view = View { own, ..View::new(self.program, self.state, at.scope) };
        let value = template.render(&view, &mut self.tape.fuel);
        value.map_err(|error| self.trouble(Some(at), &error))
    }

    /// Whether a condition holds, as seen from a step.
    pub(super) fn holds(&mut self, at: At, condition: &Condition) -> Result<bool, Trouble> {
        self.holds_in(at.scope, at, condition)
    }

    /// As [`Run::holds`], asked in a scope that the step holds.
    pub(super) fn holds_in(&mut self, scope: u32, at: At, condition: &Condition) -> Result<bool, Trouble> {
        let view = View::new(self.program, self.state, scope);
        let answer = condition.holds(&view, &mut self.tape.fuel);
        answer.map_err(|error| self.trouble(Some(at), &error))
    }

    /// What an expression's failure means to the step that holds it, or to the workflow's output.
    fn trouble(&self, at: Option<At>, error: &EvalError) -> Trouble {
        let path = at.map(|at| self.state.path(self.program, at));
        if error.is_defect() {
            return Trouble::Defect(defect(path.as_ref().map_or("output", StepPath::as_str), &error.message));
        }
        let message = error.message.clone();
        let class =
            if error.code == EvalError::SEGMENT { FailureClass::Contract } else { FailureClass::Data };
        Trouble::Failed(match at {
            Some(at) => self.failure(at, class, error.code, message),
            None => Box::new(Failure::new(class, error.code, message)),
        })
    }

    /// A failure of a step that calls nothing.
    pub(super) fn failure(
        &self,
        at: At,
        class: FailureClass,
        code: &str,
        message: impl Into<String>,
    ) -> Box<Failure> {
        let mut failure = Failure::new(class, code, message);
        if at == At::UNDO {
            failure.step = self.state.undo.path().cloned();
            failure.attempt = self.state.undo.call().map_or(0, |call| call.attempt);
        } else {
            failure.step = Some(self.state.path(self.program, at));
            failure.attempt = self.state.cell(self.program, at).attempts;
        }
        Box::new(failure)
    }
}

/// The slots as one scope sees them.
struct View<'a> {
    program: &'a Program,
    state: &'a State,
    scope: u32,
    error: Option<&'a Arc<Value>>,
    /// A slot that is about to be filled, and its value.
    own: Option<(Slot, &'a Arc<Value>)>,
}

impl<'a> View<'a> {
    fn new(program: &'a Program, state: &'a State, scope: u32) -> View<'a> {
        View { program, state, scope, error: None, own: None }
    }

    fn find(&self, reference: &Reference) -> Option<&Arc<Value>> {
        match (reference.slot()?, self.own) {
            (slot::ERROR, _) => self.error,
            (wanted, Some((slot, value))) if wanted == slot => Some(value),
            (wanted, _) => self.state.slot(self.program, self.scope, wanted),
        }
    }
}

impl Env for View<'_> {
    fn read(&self, reference: &Reference) -> Option<&Value> {
        self.find(reference).map(|value| &**value)
    }

    fn share(&self, reference: &Reference) -> Option<Arc<Value>> {
        self.find(reference).cloned()
    }

    fn now(&self) -> crate::expr::Timestamp {
        expr_time(self.state.now)
    }
}

/// An instant as expressions have it: both count milliseconds since 1970 over the same range.
pub(super) fn expr_time(at: Timestamp) -> crate::expr::Timestamp {
    crate::expr::Timestamp::from_millis(at.ms()).unwrap_or_default()
}

/// A defect of ours at a step.
pub(super) fn defect(path: &str, message: &str) -> Blocked {
    Blocked::new(
        BlockedReason::Defect,
        format!("at `{path}`: {message}. This is a defect of flov7; the execution goes on after an upgrade"),
    )
}
