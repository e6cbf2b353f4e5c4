//! How steps and blocks end: joins, failures, handlers, stopping.

use std::sync::Arc;

use serde_json::Value;

use super::cells::{BlockEnding, BlockStop, CallPhase, OpenWork, Phase};
use super::event::Timer;
use super::run::{Run, Tag, Trouble};
use super::state::{At, Ending, Unit};
use super::undo::Then;
use super::{Blocked, Command, EndStatus, Failure, Settled};
use crate::catalog::Effect;
use crate::planted::{Bug, planted};
use crate::program::Handler;

/// How long a cancelled action may still give its result, in milliseconds (RULES, cancel).
pub const GRACE: i64 = 10_000;

impl Run<'_> {
    /// Settles a step: its value is kept, those who wait for it are told, its block may end.
    pub(super) fn settle(
        &mut self,
        at: At,
        how: Settled,
        value: Option<Arc<Value>>,
        failure: Option<Box<Failure>>,
    ) {
        if matches!(self.state.cell(self.program, at).phase, Phase::Settled(..)) {
            return;
        }
        let step = &self.program.steps[at.step as usize];
        let path = self.state.path(self.program, at);
        self.decide(Tag::Settled, &path, &[how as u64]);
        self.state.unregister(self.program, at);
        let cell = self.state.cell_mut(self.program, at);
        let cut = cell.cut;
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
            match &open.work {
                OpenWork::Child(child) => drop(self.state.children.remove(&child.execution)),
                OpenWork::Each(each) => self.state.live = self.state.live.saturating_sub(each.weight),
                OpenWork::Branches(branches) => {
                    self.state.live = self.state.live.saturating_sub(branches.weight);
                }
                _ => {}
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
            let first = waiting.waits > 0 && planted(Bug::JoinWaitsForFirst);
            waiting.waits = if first { 0 } else { waiting.waits.saturating_sub(1) };
            if how == Settled::Skipped && planted(Bug::SkippedHoldsUp) {
                waiting.waits += 1;
            }
            // What follows a false filter by path is skipped (RULES, filter).
            waiting.cut |= cut;
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
        let handler = step.handlers.iter().find(|handler| self.handles(handler, &failure));
        let under = match handler {
            Some(handler) if handler.undo => Some([self.state.path(self.program, at).to_string()]),
            _ => None,
        };
        let Some(handler) = handler.filter(|handler| handler.goes_on) else {
            self.fail_with(at, failure, under);
            return Ok(());
        };
        let value = match &handler.value {
            None => Ok(None),
            Some(template) => {
                let error = Arc::new(failure.as_root());
                let value = self.render_with(at, template, Some(&error));
                let checkers = if planted(Bug::OnErrorValueUnchecked) { &[] } else { &*handler.checkers };
                value.and_then(|value| self.check_link(at, checkers, &value).map(|()| Some(value)))
            }
        };
        match value {
            Ok(value) => {
                failure.also.clear();
                let failure = Some(Box::new(failure));
                match under {
                    None => self.settle(at, Settled::Failed, value, failure),
                    Some(under) => {
                        self.take_back(
                            Some(&under),
                            Then::Settle { at, how: Settled::Failed, value, failure },
                        );
                    }
                }
                Ok(())
            }
            Err(Trouble::Defect(blocked)) => Err(blocked),
            // The handler itself failed: that is the step's failure now, with what it was to handle beside it.
            Err(Trouble::Failed(mut second)) => {
                second.add(failure);
                self.fail_with(at, *second, under);
                Ok(())
            }
        }
    }

    /// A step fails, perhaps after what it did was taken back.
    fn fail_with(&mut self, at: At, failure: Failure, under: Option<[String; 1]>) {
        match under {
            None => self.fail_unhandled(at, failure),
            Some(under) => self.take_back(Some(&under), Then::Unhandled(at, Box::new(failure))),
        }
    }

    /// A step fails, and its block with it (RULES, fail.block).
    pub(super) fn fail_unhandled(&mut self, at: At, failure: Failure) {
        let step = &self.program.steps[at.step as usize];
        let mut alone = failure.clone();
        alone.also.clear();
        let came = self.state.seq;
        let cell = self.state.block_mut(self.program, at.scope, step.block);
        cell.failures.push(failure);
        // The first failure stops the block, before anything that waited for the step could start.
        let first = cell.stop.is_none();
        if first {
            cell.stop = Some(BlockStop::Failed);
            cell.failed_at = came;
        }
        self.settle(at, Settled::Failed, None, Some(Box::new(alone)));
        if first {
            self.cancel_open(at.scope, step.block);
        }
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
        let (path, closed) = (open.path.clone(), open.closed);
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
                CallPhase::Decided | CallPhase::Cancelling { .. } => {}
                CallPhase::Backoff { due } => {
                    self.state.timers.remove(&(due, Some(path), Timer::Backoff));
                    self.settle(at, Settled::Cancelled, None, None);
                }
                CallPhase::Between => self.settle(at, Settled::Cancelled, None, None),
            },
            _ if closed => {}
            OpenWork::Wait { .. } | OpenWork::WaitFor { .. } | OpenWork::Person(_) => {
                self.settle(at, Settled::Cancelled, None, None);
            }
            OpenWork::Block { block, ending } => {
                let block = *block;
                ending.get_or_insert(BlockEnding::Cancelled);
                self.cancel_block(at.scope, block);
            }
            OpenWork::Branches(_) => self.end_branches(at, BlockEnding::Cancelled),
            OpenWork::Each(_) => self.end_items(at, BlockEnding::Cancelled),
            OpenWork::Loop(_) => self.end_round(at, BlockEnding::Cancelled),
            OpenWork::Child(_) => self.end_child(at, BlockEnding::Cancelled),
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
        let holder = self.state.holder(self.program, scope, block);
        let cell = self.state.block_mut(self.program, scope, block);
        let came = cell.failed_at;
        let outcome = match cell.stop {
            Some(BlockStop::Cancelled) => Outcome::Cancelled,
            Some(BlockStop::Failed) => {
                let mut failures = std::mem::take(&mut cell.failures).into_iter();
                match failures.next() {
                    Some(mut first) => {
                        failures.for_each(|other| first.add(other));
                        Outcome::Failed(Box::new(first), came)
                    }
                    None => Outcome::Cancelled,
                }
            }
            None if cell.filtered => Outcome::Filtered,
            None => match &plan.output {
                None => Outcome::Value(Arc::new(Value::Null)),
                Some(template) => match self.render_block(scope, holder, template) {
                    Ok(value) => Outcome::Value(value),
                    Err(Trouble::Failed(failure)) => Outcome::Failed(failure, self.state.seq),
                    Err(Trouble::Defect(blocked)) => return Err(blocked),
                },
            },
        };
        let Some(holder) = holder else {
            self.finish(outcome);
            return Ok(());
        };
        self.tape.fuel.spend(plan.releases.len() as u64);
        for slot in &plan.releases {
            self.state.clear(scope, *slot);
        }
        self.block_done(holder, scope, block, outcome);
        Ok(())
    }

    /// The outermost block has ended. What is not completed takes its effects back first.
    fn finish(&mut self, outcome: Outcome) {
        let (status, error) = match (outcome, &self.state.ending) {
            (Outcome::Failed(failure, _), _) => (EndStatus::Failed, Some(failure)),
            (_, Some(Ending::Limit(failure))) => (EndStatus::Failed, Some(failure.clone())),
            (Outcome::Value(value), None) => {
                return self.end(EndStatus::Completed, Arc::unwrap_or_clone(value), None);
            }
            (Outcome::Filtered, None) => return self.end(EndStatus::Completed, Value::Null, None),
            (_, Some(Ending::Cancelled) | None) => (EndStatus::Cancelled, None),
        };
        self.take_back(None, Then::End { status, error });
    }
}

/// How a block ended.
pub(super) enum Outcome {
    Value(Arc<Value>),
    /// A `filter` in it was false.
    Filtered,
    /// With the number of events when the failure came.
    Failed(Box<Failure>, u64),
    Cancelled,
}
