//! How steps and blocks end: joins, failures, handlers, stopping.

use std::sync::Arc;

use serde_json::Value;

use super::event::Timer;
use super::run::{Run, Tag, Trouble};
use super::state::{At, BlockEnding, BlockStop, CallPhase, Ending, OpenWork, Phase, Unit};
use super::{Blocked, Command, EndStatus, Failure, FailureClass, Settled};
use crate::catalog::Effect;
use crate::program::Handler;

/// How long a cancelled action may still give its result, in milliseconds (RULES, cancel).
pub(super) const GRACE: i64 = 10_000;

impl Run<'_> {
    /// Settles a step: its value is kept, those who wait for it are told, its block may end.
    pub(super) fn settle(
        &mut self,
        at: At,
        how: Settled,
        value: Option<Arc<Value>>,
        failure: Option<Box<Failure>>,
    ) {
        let step = &self.program.steps[at.step as usize];
        let path = self.state.path(self.program, at);
        self.decide(Tag::Settled, &path, &[how as u64]);
        self.state.unregister(self.program, at);
        let cell = self.state.cell_mut(self.program, at);
        let before = std::mem::replace(&mut cell.phase, Phase::Settled(how, failure));
        let block = self.state.block_mut(self.program, at.scope, step.block);
        block.left = block.left.saturating_sub(1);
        if let Phase::Open(open) = before {
            if let Ok(place) = block.open.binary_search(&at.step) {
                block.open.remove(place);
            }
            if let Some(due) = open.due {
                self.state.timers.remove(&(due, Some(open.path), Timer::Step));
            }
            if open.work.is_busy() {
                self.state.busy = self.state.busy.saturating_sub(1);
            }
            if let OpenWork::Wait { due } = &open.work {
                self.state.timers.remove(&(*due, Some(path.clone()), Timer::Wait));
            }
            if let OpenWork::Call(call) = &open.work
                && call.unknown
                && call.effect != Effect::None
                && how != Settled::Done
            {
                self.state.unknown_effects.push(path.clone());
            }
        }
        if let Some(value) = value {
            self.state.keep_value(self.program, at, value);
        }
        self.state.release(self.program, at);
        let serial = self.state.scope(at.scope).serial;
        self.tape.settled.push((path, how));
        // All that a settled step touches beside itself.
        self.tape.fuel.spend((step.followers.len() + step.releases.len()) as u64);
        let stopping = self.state.block(self.program, at.scope, step.block).stop.is_some();
        for follower in &step.followers {
            let waiting = self.state.cell_mut(self.program, At { step: *follower, scope: at.scope });
            waiting.waits = waiting.waits.saturating_sub(1);
            if waiting.waits == 0 && !stopping {
                self.state.ready.insert((*follower, serial, at.scope));
            }
        }
        let block = self.state.block(self.program, at.scope, step.block);
        if block.left == 0 || (stopping && block.open.is_empty()) {
            self.finish_block(at.scope, step.block);
        }
    }

    /// Puts the end of a block among the units, once.
    pub(super) fn finish_block(&mut self, scope: u32, block: u32) {
        let cell = self.state.block_mut(self.program, scope, block);
        if !cell.ending {
            cell.ending = true;
            self.state.urgent.push_back(Unit::BlockEnd { scope, block });
        }
    }

    /// A step failed. Its `on_error` decides; unhandled, its block stops (RULES, fail.block).
    pub(super) fn fail(&mut self, at: At, mut failure: Failure) -> Result<(), Blocked> {
        if matches!(self.state.cell(self.program, at).phase, Phase::Settled(..)) {
            // It was cancelled before its failure could be decided on.
            return Ok(());
        }
        let step = &self.program.steps[at.step as usize];
        if let Some(handler) = step.handlers.iter().find(|handler| self.handles(handler, &failure))
            && handler.goes_on
        {
            let value = match &handler.value {
                None => Ok(None),
                Some(template) => {
                    let error = Arc::new(failure.as_root());
                    let value = self.render_with(at, template, Some(&error));
                    value.and_then(|value| {
                        self.check_link(at, &handler.checkers, &value).map(|()| Some(value))
                    })
                }
            };
            match value {
                Ok(value) => {
                    failure.also.clear();
                    self.settle(at, Settled::Failed, value, Some(Box::new(failure)));
                    return Ok(());
                }
                Err(Trouble::Defect(blocked)) => return Err(blocked),
                // The handler itself failed: that is the step's failure now, with what it was to handle beside it.
                Err(Trouble::Failed(second)) => {
                    let first = std::mem::replace(&mut failure, *second);
                    failure.add(first);
                }
            }
        }
        let mut alone = failure.clone();
        alone.also.clear();
        let cell = self.state.block_mut(self.program, at.scope, step.block);
        cell.failures.push(failure);
        // The first failure stops the block, before anything that waited for the step could start.
        let first = cell.stop.is_none();
        if first {
            cell.stop = Some(BlockStop::Failed);
        }
        self.settle(at, Settled::Failed, None, Some(Box::new(alone)));
        if first {
            self.cancel_open(at.scope, step.block);
        }
        Ok(())
    }

    /// Whether a rule of `on_error` is for a failure.
    fn handles(&self, handler: &Handler, failure: &Failure) -> bool {
        let code = handler.codes.as_ref().is_none_or(|codes| {
            codes.iter().any(|code| match code.strip_suffix('*') {
                Some(family) => failure.code.starts_with(family),
                None => failure.code == **code,
            })
        });
        code && handler.steps.as_ref().is_none_or(|steps| {
            let failed = failure.step.as_ref().and_then(|path| self.program.step_at(path));
            failed.is_some_and(|failed| steps.iter().any(|step| self.program.is_within(failed, *step)))
        })
    }

    /// Stops a block from outside.
    pub(super) fn cancel_block(&mut self, scope: u32, block: u32) {
        let cell = self.state.block_mut(self.program, scope, block);
        if cell.stop.is_none() {
            cell.stop = Some(BlockStop::Cancelled);
            self.cancel_open(scope, block);
        }
        if self.state.block(self.program, scope, block).open.is_empty() {
            self.finish_block(scope, block);
        }
    }

    /// Cancels what runs in a block, in the order of the document. Recursion is bounded by the nesting of blocks.
    fn cancel_open(&mut self, scope: u32, block: u32) {
        let open = self.state.block(self.program, scope, block).open.clone();
        self.tape.fuel.spend(open.len() as u64);
        for step in open {
            self.cancel_step(At { step, scope });
        }
    }

    fn cancel_step(&mut self, at: At) {
        let now = self.state.now;
        let Some(open) = self.state.open_mut(self.program, at) else { return };
        let path = open.path.clone();
        match &mut open.work {
            OpenWork::Call(call) => match call.phase {
                CallPhase::Running { seq, due } => {
                    let grace = now.saturating_add_ms(GRACE);
                    let attempt = call.attempt;
                    call.phase = CallPhase::Cancelling { seq, due: grace };
                    self.state.timers.remove(&(due, Some(path.clone()), Timer::Attempt));
                    self.state.timers.insert((grace, Some(path.clone()), Timer::Grace), at);
                    self.tape.commands.push(Command::CancelCall { path, attempt });
                }
                CallPhase::Cancelling { .. } => {}
                CallPhase::Backoff { due } => {
                    self.state.timers.remove(&(due, Some(path), Timer::Backoff));
                    self.settle(at, Settled::Cancelled, None, None);
                }
                CallPhase::Between => self.settle(at, Settled::Cancelled, None, None),
            },
            OpenWork::Wait { .. } | OpenWork::WaitFor { .. } | OpenWork::Person(_) => {
                self.settle(at, Settled::Cancelled, None, None);
            }
            OpenWork::Block { scope, block, ending } => {
                let (scope, block) = (*scope, *block);
                ending.get_or_insert(BlockEnding::Cancelled);
                self.cancel_block(scope, block);
            }
        }
    }

    /// Stops the whole execution in order.
    pub(super) fn stop(&mut self, ending: Ending) {
        if self.state.ending.is_none() {
            self.state.ending = Some(ending);
        }
        self.cancel_block(0, 0);
    }

    /// A block has ended: its value, or its failure, goes to the step that holds it.
    pub(super) fn block_end(&mut self, scope: u32, block: u32) -> Result<(), Blocked> {
        let plan = &self.program.blocks[block as usize];
        let cell = self.state.block(self.program, scope, block);
        let outcome = match cell.stop {
            Some(BlockStop::Cancelled) => Outcome::Cancelled,
            Some(BlockStop::Failed) => {
                let cell = self.state.block_mut(self.program, scope, block);
                let mut failures = std::mem::take(&mut cell.failures).into_iter();
                match failures.next() {
                    Some(mut first) => {
                        failures.for_each(|other| first.add(other));
                        Outcome::Failed(Box::new(first))
                    }
                    None => Outcome::Cancelled,
                }
            }
            None => match &plan.output {
                None => Outcome::Value(Arc::new(Value::Null)),
                Some(template) => {
                    let holder = plan.holder.map(|step| At { step, scope });
                    match self.render_block(scope, holder, template) {
                        Ok(value) => Outcome::Value(value),
                        Err(Trouble::Failed(failure)) => Outcome::Failed(failure),
                        Err(Trouble::Defect(blocked)) => return Err(blocked),
                    }
                }
            },
        };
        match plan.holder {
            None => self.finish(outcome),
            Some(step) => {
                if !self.state.keep {
                    self.tape.fuel.spend(plan.releases.len() as u64);
                    let scope = self.state.scope_mut(scope);
                    for slot in &plan.releases {
                        scope.slots[*slot] = None;
                    }
                }
                self.block_done(At { step, scope }, outcome);
            }
        }
        Ok(())
    }

    fn block_done(&mut self, at: At, outcome: Outcome) {
        let ending = match self.state.open(self.program, at).map(|open| &open.work) {
            Some(OpenWork::Block { ending, .. }) => *ending,
            _ => return,
        };
        match (ending, outcome) {
            (Some(BlockEnding::TimedOut), _) => {
                let failure = self.failure(at, FailureClass::World, "timeout", super::timer::TIMED_OUT);
                self.state.urgent.push_back(Unit::Fail(at, failure));
            }
            (Some(BlockEnding::Cancelled), _) | (None, Outcome::Cancelled) => {
                self.settle(at, Settled::Cancelled, None, None);
            }
            (None, Outcome::Value(value)) => self.settle(at, Settled::Done, Some(value), None),
            (None, Outcome::Failed(failure)) => self.state.urgent.push_back(Unit::Fail(at, failure)),
        }
    }

    /// The outermost block has ended.
    fn finish(&mut self, outcome: Outcome) {
        match (outcome, self.state.ending.take()) {
            (Outcome::Failed(failure), _) => self.end(EndStatus::Failed, Value::Null, Some(failure)),
            (_, Some(Ending::Limit(failure))) => self.end(EndStatus::Failed, Value::Null, Some(failure)),
            (Outcome::Value(value), None) => {
                self.end(EndStatus::Completed, Arc::unwrap_or_clone(value), None);
            }
            (_, Some(Ending::Cancelled) | None) => self.end(EndStatus::Cancelled, Value::Null, None),
        }
    }
}

/// How a block ended.
enum Outcome {
    Value(Arc<Value>),
    Failed(Box<Failure>),
    Cancelled,
}
