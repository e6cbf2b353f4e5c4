//! Actions: attempts, results, retries, unknown outcomes. The same for the calls of steps and for those that take an
//! effect back ([`At::UNDO`]).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::cells::{CallPhase, OpenCall, OpenWork};
use super::event::{Scheduled, ScheduledKind, Timer};
use super::kept::Kept;
use super::run::{Run, Trouble};
use super::state::{At, Unit};
use super::token::chance;
use super::{Blocked, BlockedReason, Call, Command, Failure, FailureClass, Settled};
use crate::catalog::Effect;
use crate::id::StepPath;
use crate::json::hash64;
use crate::program::{self, Checker, Work};

/// So many lost attempts on one step are enough: the guard against an action that kills its process
/// (RULES, journal.lost).
const LOSSES: u32 = 3;

/// So many attempts in flight are looked at one by one.
const FEW: usize = 4;

impl<'a> Run<'a> {
    /// Evaluates the input and schedules the first attempt.
    pub(super) fn begin_call(&mut self, at: At, call: &program::Call) -> Result<(), Trouble> {
        let input = match &call.with {
            Some(template) => self.render_taking(at, template, &call.taken)?,
            None => Arc::new(json!({})),
        };
        self.check_link(at, &call.input, &input)?;
        self.activate(at);
        let taken = !call.taken.is_empty();
        let mut call = self.new_call(call, &input);
        if taken && !self.state.keep {
            // Whether or not an attempt may follow: it says what the slots held.
            (call.input, call.moved) = (Some(Kept::of(&input)), true);
        }
        self.open(at, OpenWork::Call(call));
        self.attempt(at, input);
        Ok(())
    }

    /// A call before its first attempt.
    pub(super) fn new_call(&self, call: &program::Call, input: &Value) -> OpenCall {
        let keyed = &self.state.started.keyed;
        let keyed = call.connection.as_deref().is_some_and(|id| keyed.iter().any(|keyed| keyed == id));
        OpenCall {
            // Only the journal says it.
            digest: if self.state.unread { 0 } else { hash64(input) },
            effect: call.effect.resolve(input, &call.input_schema.0, keyed),
            input: None,
            moved: false,
            attempt: 0,
            tries: 0,
            losses: 0,
            unknown: false,
            phase: CallPhase::Between,
            records: BTreeMap::new(),
        }
    }

    pub(super) fn open_call(&mut self, at: At) -> Option<&mut OpenCall> {
        if at == At::UNDO {
            return self.state.undo.call_mut();
        }
        match &mut self.state.open_mut(self.program, at)?.work {
            OpenWork::Call(call) => Some(call),
            _ => None,
        }
    }

    /// What is called at a place.
    pub(super) fn called(&self, at: At) -> Option<&'a program::Call> {
        if at == At::UNDO {
            return self.program.steps[self.state.undo.step()? as usize].undo.as_deref();
        }
        match &self.program.steps[at.step as usize].work {
            Work::Call(call) => Some(call),
            _ => None,
        }
    }

    /// The path of a call.
    fn call_path(&self, at: At) -> StepPath {
        match self.state.undo.path() {
            Some(path) if at == At::UNDO => path.clone(),
            _ => self.state.path(self.program, at),
        }
    }

    /// Holds a value against the schema of the place that it goes to, where validation could not tell: before any
    /// effect.
    pub(super) fn check_link(&self, at: At, checkers: &[Checker], value: &Value) -> Result<(), Trouble> {
        match checkers.iter().find_map(|checker| checker.check(value).err()) {
            None => Ok(()),
            Some(violation) => {
                Err(Trouble::Failed(self.failure(at, FailureClass::Contract, "contract.link", violation)))
            }
        }
    }

    /// Begins another attempt of an open call, with the input that was kept.
    ///
    /// # Errors
    /// A defect where it cannot be read: an attempt that is left out would never be missed.
    pub(super) fn again(&mut self, at: At) -> Result<(), Blocked> {
        let Some(call) = self.open_call(at).filter(|call| call.phase == CallPhase::Between) else {
            return Ok(());
        };
        let Some(input) = call.input.as_ref().and_then(Kept::value) else {
            let message = format!("the input of `{}` was not kept whole", self.call_path(at));
            return Err(Blocked::new(BlockedReason::Defect, message));
        };
        self.attempt(at, Arc::new(input));
        Ok(())
    }

    /// Begins the next attempt of an open call.
    pub(super) fn attempt(&mut self, at: At, input: Arc<Value>) {
        let Some(plan) = self.called(at) else { return };
        let path = self.call_path(at);
        let limit = self.state.now.saturating_add_ms(plan.attempt_timeout);
        let Some(call) = self.open_call(at) else { return };
        if call.phase != CallPhase::Between {
            return;
        }
        call.attempt += 1;
        call.tries += 1;
        let (attempt, effect, digest) = (call.attempt, call.effect, call.digest);
        // Unknown outcomes and retries repeat it, except for `once` without a further retry.
        let last = effect == Effect::Once && call.tries >= plan.retry.attempts;
        if last && !call.moved {
            call.input = None;
        } else if call.input.is_none() {
            call.input = Some(Kept::of(&input));
        }
        let undo = at == At::UNDO;
        let (seq, due) = self.schedule(Scheduled {
            path: path.clone(),
            attempt,
            kind: if undo { ScheduledKind::Undo } else { ScheduledKind::Call },
            input_digest: digest,
            due: Some(limit),
            effect: Some(effect),
        });
        let due = due.unwrap_or(limit);
        if let Some(call) = self.open_call(at) {
            call.phase = CallPhase::Running { seq, due };
        }
        let mut deadline = due;
        if !undo {
            self.state.cell_mut(self.program, at).attempts = attempt;
            let step_due = self.state.open(self.program, at).and_then(|open| open.due);
            deadline = step_due.map_or(due, |step_due| step_due.min(due));
        }
        self.state.timers.insert((due, Some(path.clone()), Timer::Attempt), at);
        self.state.calls.insert(seq, at);
        self.tape.commands.push(Command::Call(Call {
            path,
            attempt,
            action: Arc::clone(&plan.action),
            connection: plan.connection.clone(),
            input,
            effect,
            deadline,
            undo,
        }));
    }

    /// The attempt in flight gave its result, or is gone: nothing of it stays in the state.
    fn landed(&mut self, at: At) {
        let path = self.call_path(at);
        let Some(call) = self.open_call(at) else { return };
        let (seq, due, timer) = match call.phase {
            CallPhase::Running { seq, due } => (seq, due, Timer::Attempt),
            CallPhase::Cancelling { seq, due } => (seq, due, Timer::Grace),
            CallPhase::Between | CallPhase::Decided | CallPhase::Backoff { .. } => return,
        };
        call.phase = CallPhase::Between;
        self.state.timers.remove(&(due, Some(path), timer));
        self.state.calls.remove(&seq);
    }

    /// Where an attempt is in flight; none where it is not.
    pub(super) fn in_flight(&mut self, path: &StepPath, attempt: u32) -> Option<At> {
        // Among a few, looking at each is faster than following the path.
        if self.state.calls.len() <= FEW {
            let mut all = self.state.calls.values().copied();
            return all.find(|at| self.is_attempt(*at, path, attempt));
        }
        let at = match self.state.undo.path() {
            Some(undo) if undo == path => At::UNDO,
            _ => self.step_at(path)?,
        };
        let call = self.open_call(at)?;
        (call.attempt == attempt && call.phase.seq().is_some()).then_some(at)
    }

    /// Whether the call at a place is at this attempt.
    fn is_attempt(&self, at: At, path: &StepPath, attempt: u32) -> bool {
        if at == At::UNDO {
            let undo = &self.state.undo;
            return undo.path() == Some(path) && undo.call().is_some_and(|call| call.attempt == attempt);
        }
        self.state.open(self.program, at).is_some_and(|open| {
            matches!(&open.work, OpenWork::Call(call) if call.attempt == attempt) && open.path == *path
        })
    }

    fn is_cancelling(&mut self, at: At) -> bool {
        matches!(self.open_call(at), Some(OpenCall { phase: CallPhase::Cancelling { .. }, .. }))
    }

    /// An attempt gave its output. Within the grace it counts, although its block is ending (RULES, cancel).
    pub(super) fn succeeded(&mut self, at: At, value: Arc<Value>) {
        self.landed(at);
        if at == At::UNDO {
            return self.undone(true);
        }
        if let Some(call) = self.open_call(at) {
            call.phase = CallPhase::Decided;
        }
        self.succeed(at, value);
    }

    /// A step has its value, and nothing can take that back any more: it is done, at once or once what takes it back is
    /// made ready.
    pub(super) fn succeed(&mut self, at: At, value: Arc<Value>) {
        if self.program.steps[at.step as usize].undo.is_none() {
            return self.settle(at, Settled::Done, Some(value), None);
        }
        self.state.urgent.push_back(Unit::Complete(at, value));
    }

    /// An attempt failed.
    pub(super) fn failed(&mut self, at: At, failure: Box<Failure>, unknown: bool, retry_after: Option<u64>) {
        if unknown {
            return self.lost(at, Some((failure, retry_after)));
        }
        let cancelled = self.is_cancelling(at);
        self.landed(at);
        if cancelled {
            return self.settle(at, Settled::Cancelled, None, None);
        }
        if failure.retryable && self.may_retry(at) {
            self.back_off(at, retry_after);
        } else {
            self.give_up(at, failure);
        }
    }

    /// No further attempt follows.
    fn give_up(&mut self, at: At, failure: Box<Failure>) {
        if at == At::UNDO {
            return self.undone(false);
        }
        if let Some(call) = self.open_call(at) {
            call.phase = CallPhase::Decided;
        }
        self.state.urgent.push_back(Unit::Fail(at, failure));
    }

    /// Nobody knows what became of an attempt: its worker is gone, or its handler said so (with that failure).
    pub(super) fn lost(&mut self, at: At, said: Option<(Box<Failure>, Option<u64>)>) {
        let cancelled = self.is_cancelling(at);
        self.landed(at);
        let Some(call) = self.open_call(at) else { return };
        call.unknown = true;
        call.losses += 1;
        // A loss is not the action's fault: it counts against no retry policy.
        call.tries = call.tries.saturating_sub(1);
        let (effect, losses) = (call.effect, call.losses);
        if cancelled {
            return self.settle(at, Settled::Abandoned, None, None);
        }
        if effect == Effect::Once {
            let failure = self.outcome_unknown(at, said.map(|(said, _)| said).as_deref());
            self.give_up(at, failure);
        } else if losses >= LOSSES {
            let failure = match said {
                Some((said, _)) => said,
                None => {
                    let message = format!("{LOSSES} workers were lost while they ran it");
                    self.failure(at, FailureClass::World, "worker_lost", message)
                }
            };
            self.give_up(at, failure);
        } else if let Some((_, retry_after)) = said {
            self.back_off(at, retry_after);
        } else {
            self.state.urgent.push_back(Unit::Attempt(at));
        }
    }

    fn outcome_unknown(&mut self, at: At, said: Option<&Failure>) -> Box<Failure> {
        let message = "whether it happened is unknown, and it must not be repeated";
        let mut failure = self.failure(at, FailureClass::World, "outcome_unknown", message);
        if let Some(said) = said {
            failure.details = json!({ "code": said.code, "message": said.message });
        }
        failure
    }

    fn may_retry(&mut self, at: At) -> bool {
        let Some(plan) = self.called(at) else { return false };
        self.open_call(at).is_some_and(|call| call.tries < plan.retry.attempts)
    }

    /// Waits for the delay before another attempt.
    fn back_off(&mut self, at: At, retry_after: Option<u64>) {
        let Some(plan) = self.called(at) else { return };
        let path = self.call_path(at);
        let Some((attempt, digest)) = self.open_call(at).map(|call| (call.attempt, call.digest)) else {
            return;
        };
        let chance = chance(&self.state.started.seed, &path, attempt);
        let delay = delay(&plan.retry, attempt, chance).max(retry_after.map_or(0, saturate));
        let due = self.state.now.saturating_add_ms(delay);
        let (_, due) = self.schedule(Scheduled {
            path: path.clone(),
            attempt: attempt + 1,
            kind: ScheduledKind::Backoff,
            input_digest: digest,
            due: Some(due),
            effect: None,
        });
        let due = due.unwrap_or(self.state.now);
        if let Some(call) = self.open_call(at) {
            call.phase = CallPhase::Backoff { due };
        }
        self.state.timers.insert((due, Some(path), Timer::Backoff), at);
    }

    /// The pause is over.
    pub(super) fn backed_off(&mut self, at: At) {
        if let Some(call) = self.open_call(at) {
            call.phase = CallPhase::Between;
            self.state.urgent.push_back(Unit::Attempt(at));
        }
    }

    /// An attempt took too long: nobody knows what became of it. The handler is told, and a result comes too late.
    pub(super) fn attempt_timed_out(&mut self, at: At) {
        let Some(call) = self.open_call(at) else { return };
        call.unknown = true;
        let (effect, attempt) = (call.effect, call.attempt);
        self.landed(at);
        let path = self.call_path(at);
        self.tape.commands.push(Command::CancelCall { path, attempt });
        if effect == Effect::Once {
            let failure = self.outcome_unknown(at, None);
            self.give_up(at, failure);
        } else if self.may_retry(at) {
            self.back_off(at, None);
        } else {
            let message = "an attempt took longer than its timeout";
            let failure = self.failure(at, FailureClass::World, "timeout", message);
            self.give_up(at, failure);
        }
    }

    /// The step took too long, whatever its call is at.
    pub(super) fn call_timed_out(&mut self, at: At) {
        let path = self.state.path(self.program, at);
        let Some(call) = self.open_call(at) else { return };
        let (phase, effect, attempt) = (call.phase, call.effect, call.attempt);
        match phase {
            // It has its end, or was told to stop and has its grace.
            CallPhase::Decided | CallPhase::Cancelling { .. } => return,
            CallPhase::Running { .. } => {
                call.unknown = true;
                self.landed(at);
                self.tape.commands.push(Command::CancelCall { path, attempt });
            }
            CallPhase::Backoff { due } => {
                call.phase = CallPhase::Between;
                self.state.timers.remove(&(due, Some(path), Timer::Backoff));
            }
            CallPhase::Between => {}
        }
        let unknown = self.open_call(at).is_some_and(|call| call.unknown);
        let failure = if unknown && effect == Effect::Once {
            self.outcome_unknown(at, None)
        } else {
            self.failure(at, FailureClass::World, "timeout", super::timer::TIMED_OUT)
        };
        self.give_up(at, failure);
    }

    /// The grace is over: whether it happened stays unknown.
    pub(super) fn abandon(&mut self, at: At) {
        if let Some(call) = self.open_call(at) {
            call.unknown = true;
            self.landed(at);
            self.settle(at, Settled::Abandoned, None, None);
        }
    }
}

/// The delay after an attempt, in milliseconds: `first × factor^n`, at most `max`, less up to a half of it by chance,
/// so that executions that failed together do not come back together.
fn delay(retry: &program::Retry, attempt: u32, chance: u64) -> i64 {
    let mut delay = retry.first as f64;
    for _ in 1..attempt {
        delay *= retry.factor;
        if delay >= retry.max as f64 {
            break;
        }
    }
    let delay = delay.clamp(0.0, retry.max as f64);
    // 53 random bits: exactly a double in 0..1.
    let chance = (chance >> 11) as f64 / (1u64 << 53) as f64;
    let whole = (delay - delay * chance / 2.0).ceil();
    // In 0 ..= max, which is an i64.
    whole as i64
}

fn saturate(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}
