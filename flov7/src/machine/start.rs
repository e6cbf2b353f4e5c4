//! A step that is ready: `when`, then what it does.

use super::cells::{Open, OpenWork, Phase};
use super::event::Timer;
use super::run::{Run, Tag, Trouble};
use super::state::{At, Ending, Unit};
use super::{Blocked, Failure, FailureClass, Settled};
use crate::planted::{Bug, planted};
use crate::program::Work;

impl Run<'_> {
    /// Starts a step that waits for nothing more. A step of a block that stops is never started.
    pub(super) fn start(&mut self, at: At, serial: u64) -> Result<(), Blocked> {
        // Its scope may have ended, and its number be another's by now.
        let scope = self.state.scopes[at.scope as usize].as_deref();
        if scope.is_none_or(|scope| scope.serial != serial) {
            return Ok(());
        }
        let step = &self.program.steps[at.step as usize];
        if self.state.block(self.program, at.scope, step.block).stop.is_some() {
            return Ok(());
        }
        if self.state.activations >= self.program.max_steps {
            let limit = self.program.max_steps;
            let message = format!("the execution started {limit} steps, as many as it may");
            self.stop(Ending::Limit(Box::new(Failure::new(FailureClass::Limit, "limit.steps", message))));
            return Ok(());
        }
        match self.begin(at) {
            Ok(()) => Ok(()),
            Err(Trouble::Failed(failure)) => {
                self.activate(at);
                self.state.urgent.push_back(Unit::Fail(at, failure));
                Ok(())
            }
            Err(Trouble::Defect(blocked)) => Err(blocked),
        }
    }

    /// Evaluates what the step needs, and only then changes anything: a defect leaves all as it was.
    fn begin(&mut self, at: At) -> Result<(), Trouble> {
        let program = self.program;
        let step = &program.steps[at.step as usize];
        let skipped = self.state.cell(program, at).cut
            || match &step.when {
                Some(when) => !self.holds(at, when)?,
                None => false,
            };
        if skipped {
            self.activate(at);
            let path = self.state.path(program, at);
            self.decide(Tag::Skipped, &path, &[]);
            self.settle(at, Settled::Skipped, None, None);
            return Ok(());
        }
        match &step.work {
            Work::Call(call) => self.begin_call(at, call),
            Work::Core(core) => self.begin_core(at, core),
            Work::Set(_) | Work::Parse { .. } | Work::Format { .. } | Work::Validate { .. } => {
                let value = self.compute(at, &step.work)?;
                self.activate(at);
                self.settle(at, Settled::Done, Some(value), None);
                Ok(())
            }
            Work::If { condition, then, otherwise } => {
                let chosen = if self.holds(at, condition)? { Some(*then) } else { *otherwise };
                self.begin_block(at, chosen);
                Ok(())
            }
            Work::First { cases, otherwise } => {
                let mut chosen = *otherwise;
                for (when, block) in cases {
                    if self.holds(at, when)? {
                        chosen = Some(*block);
                        break;
                    }
                }
                self.begin_block(at, chosen);
                Ok(())
            }
            Work::Every { cases, otherwise } => self.begin_every(at, cases, *otherwise),
            Work::Parallel(plan) => {
                self.begin_branches(at, plan.branches.iter().map(|(_, block)| *block).collect());
                Ok(())
            }
            Work::ForEach(plan) => self.begin_each(at, plan),
            Work::Loop(plan) => self.begin_loop(at, plan),
            Work::Filter(condition) => {
                let passes = self.holds(at, condition)?;
                self.activate(at);
                if !passes && !planted(Bug::FilterSkipsNothing) {
                    self.state.cell_mut(program, at).cut = true;
                    self.state.block_mut(program, at.scope, step.block).filtered = true;
                }
                self.settle(at, Settled::Done, None, None);
                Ok(())
            }
        }
    }

    /// Counts the step as begun.
    pub(super) fn activate(&mut self, at: At) {
        self.state.activations += 1;
        let order = self.state.activations;
        self.state.cell_mut(self.program, at).order = order;
    }

    /// Opens a step that does not settle at once, and arms its `timeout`.
    pub(super) fn open(&mut self, at: At, work: OpenWork) {
        let step = &self.program.steps[at.step as usize];
        let path = self.state.path(self.program, at);
        let due = self.step_due(at);
        if let Some(due) = due {
            self.state.timers.insert((due, Some(path.clone()), Timer::Step), at);
        }
        if work.is_busy() {
            self.state.busy += 1;
        }
        let block = self.state.block_mut(self.program, at.scope, step.block);
        if let Err(place) = block.open.binary_search(&at.step) {
            block.open.insert(place, at.step);
        }
        self.state.cell_mut(self.program, at).phase =
            Phase::Open(Box::new(Open { path, due, closed: false, work }));
    }

    /// When the `timeout` of a step that opens now is over.
    pub(super) fn step_due(&self, at: At) -> Option<crate::id::Timestamp> {
        self.program.steps[at.step as usize].timeout.map(|ms| self.state.now.saturating_add_ms(ms))
    }

    /// Starts a block: the steps that wait for none are ready.
    pub(super) fn start_block(&mut self, scope: u32, block: u32) {
        let plan = &self.program.blocks[block as usize];
        let serial = self.state.scope(scope).serial;
        let cell = self.state.block_mut(self.program, scope, block);
        (cell.left, cell.started) = (plan.steps, true);
        if plan.steps == 0 {
            self.finish_block(scope, block);
        }
        self.tape.fuel.spend(plan.first.len() as u64);
        self.state.ready.extend(plan.first.iter().map(|step| (*step, serial, scope)));
    }
}

impl OpenWork {
    /// Whether the execution is `running` while a step is at it.
    pub(super) fn is_busy(&self) -> bool {
        match self {
            OpenWork::Call(_) | OpenWork::Wait { .. } => true,
            OpenWork::WaitFor { .. }
            | OpenWork::Person(_)
            | OpenWork::Block { .. }
            | OpenWork::Branches(_)
            | OpenWork::Each(_)
            | OpenWork::Loop(_)
            | OpenWork::Child(_) => false,
        }
    }
}
