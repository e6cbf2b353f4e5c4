//! Taking effects back (RULES, undo).
//!
//! When a step with `undo` is done, an entry is made, its input resolved then. Entries are taken back one at a time,
//! the youngest first: all of them when the execution fails or is cancelled, those inside a step when it timed out or
//! lost, or when a rule of `on_error` says so. What that was for waits until they are through.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

use super::cells::OpenCall;
use super::run::{Run, Trouble};
use super::state::{At, Unit};
use super::{Blocked, EndStatus, Failure, Settled};
use crate::id::StepPath;
use crate::json::weight;
use crate::planted::{Bug, planted};

/// What can be taken back, and what is.
#[derive(Clone, Debug, Default)]
pub(super) struct UndoState {
    /// In journal order.
    pub(super) entries: Vec<Entry>,
    /// The first one is under way.
    pub(super) jobs: VecDeque<Job>,
    pub(super) done: Vec<StepPath>,
    pub(super) failed: Vec<StepPath>,
}

/// An effect that can be taken back.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) step: u32,
    /// The path of the step.
    pub(super) path: StepPath,
    /// The input; none where it could not be made.
    pub(super) input: Option<Arc<Value>>,
}

/// Some entries, and what follows them.
#[derive(Clone, Debug)]
pub(super) struct Job {
    /// What is left, in journal order: the last is next.
    pub(super) entries: Vec<Entry>,
    pub(super) current: Option<Current>,
    pub(super) then: Then,
}

/// The effect that is being taken back.
#[derive(Clone, Debug)]
pub(super) struct Current {
    pub(super) step: u32,
    pub(super) path: StepPath,
    /// Where it is called: the step's path with `/undo`.
    pub(super) undo: StepPath,
    pub(super) call: OpenCall,
}

/// What follows when all was taken back.
#[derive(Clone, Debug)]
pub(super) enum Then {
    Fail(At, Box<Failure>),
    /// No rule is asked again.
    Unhandled(At, Box<Failure>),
    Settle {
        at: At,
        how: Settled,
        value: Option<Arc<Value>>,
        failure: Option<Box<Failure>>,
    },
    End {
        status: EndStatus,
        error: Option<Box<Failure>>,
    },
}

impl UndoState {
    fn current(&self) -> Option<&Current> {
        self.jobs.front()?.current.as_ref()
    }

    pub(super) fn call_mut(&mut self) -> Option<&mut OpenCall> {
        Some(&mut self.jobs.front_mut()?.current.as_mut()?.call)
    }

    /// The call under way.
    pub(super) fn call(&self) -> Option<&OpenCall> {
        Some(&self.current()?.call)
    }

    /// The step whose effect is being taken back.
    pub(super) fn step(&self) -> Option<u32> {
        Some(self.current()?.step)
    }

    /// The path of the call that takes it back.
    pub(super) fn path(&self) -> Option<&StepPath> {
        Some(&self.current()?.undo)
    }
}

impl Run<'_> {
    /// A step with `undo` gave its output: its entry is made, then it is done.
    pub(super) fn complete(&mut self, at: At, value: Arc<Value>) -> Result<(), Blocked> {
        let step = &self.program.steps[at.step as usize];
        if let Some(undo) = &step.undo {
            let input = match &undo.with {
                None => Ok(Arc::new(Value::Object(serde_json::Map::new()))),
                Some(template) => self.render_own(at, template, &value),
            };
            let input = input.and_then(|input| self.check_link(at, &undo.input, &input).map(|()| input));
            let input = match input {
                Ok(input) => Some(input),
                Err(Trouble::Failed(_)) => None,
                Err(Trouble::Defect(blocked)) => return Err(blocked),
            };
            let path = self.state.path(self.program, at);
            self.state.live += input.as_deref().map_or(0, weight);
            self.state.undo.entries.push(Entry { step: at.step, path, input });
        }
        self.settle(at, Settled::Done, Some(value), None);
        Ok(())
    }

    /// Takes back the effects under some paths, then goes on. Without a path: all effects.
    pub(super) fn take_back(&mut self, under: Option<&[String]>, then: Then) {
        let mut all = std::mem::take(&mut self.state.undo.entries);
        if planted(Bug::UndoForgetsItems) {
            all.retain(|entry| !entry.path.as_str().contains('['));
        }
        self.tape.fuel.spend(all.len() as u64);
        let (taken, kept) = match under {
            None => (all, Vec::new()),
            Some(under) => {
                all.into_iter().partition(|entry| under.iter().any(|path| is_under(&entry.path, path)))
            }
        };
        self.state.undo.entries = kept;
        if taken.is_empty() {
            return self.go_on(then);
        }
        // Counted as busy until it is through: it calls, or is about to.
        self.state.busy += 1;
        self.state.undo.jobs.push_back(Job { entries: taken, current: None, then });
        if self.state.undo.jobs.len() == 1 {
            self.state.urgent.push_back(Unit::Undo);
        }
    }

    /// The next entry, or what follows.
    pub(super) fn next_undo(&mut self) {
        let Some(job) = self.state.undo.jobs.front_mut() else { return };
        let Some(entry) = job.entries.pop() else {
            if let Some(job) = self.state.undo.jobs.pop_front() {
                self.state.busy = self.state.busy.saturating_sub(1);
                self.go_on(job.then);
            }
            if !self.state.undo.jobs.is_empty() {
                self.state.urgent.push_back(Unit::Undo);
            }
            return;
        };
        self.state.live = self.state.live.saturating_sub(entry.input.as_deref().map_or(0, weight));
        let plan = self.program.steps[entry.step as usize].undo.as_deref();
        let (Some(input), Some(plan), Ok(undo)) = (entry.input, plan, entry.path.child("undo")) else {
            self.state.undo.failed.push(entry.path);
            self.state.urgent.push_back(Unit::Undo);
            return;
        };
        if plan.emits {
            // An event is out with the commit: there is nothing to wait for.
            let worked = self.emit_undo(plan, &undo, &input);
            let list = if worked { &mut self.state.undo.done } else { &mut self.state.undo.failed };
            list.push(entry.path);
            self.state.urgent.push_back(Unit::Undo);
            return;
        }
        let call = self.new_call(plan, &input);
        if let Some(job) = self.state.undo.jobs.front_mut() {
            job.current = Some(Current { step: entry.step, path: entry.path, undo, call });
        }
        self.attempt(At::UNDO, input);
    }

    /// The call under way has ended. A failed one is listed, and the next runs.
    pub(super) fn undone(&mut self, worked: bool) {
        let Some(current) = self.state.undo.jobs.front_mut().and_then(|job| job.current.take()) else {
            return;
        };
        let list = if worked { &mut self.state.undo.done } else { &mut self.state.undo.failed };
        list.push(current.path);
        self.state.urgent.push_back(Unit::Undo);
    }

    fn go_on(&mut self, then: Then) {
        match then {
            Then::Fail(at, failure) => self.state.urgent.push_back(Unit::Fail(at, failure)),
            Then::Unhandled(at, failure) => self.fail_unhandled(at, *failure),
            Then::Settle { at, how, value, failure } => self.settle(at, how, value, failure),
            Then::End { status, error } => self.end(status, Value::Null, error),
        }
    }
}

/// Whether a path is that of a step inside another: `each[0]/charge` under `each`.
fn is_under(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.starts_with(['/', '[']))
}
