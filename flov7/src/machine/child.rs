//! `core.call`: a step that runs another workflow as an execution of its own (RULES, call).
//!
//! The turn that schedules the call creates the child, and the child's last turn posts its result to the caller: each
//! with its commit, or not at all. So a call needs nothing to be repeated after a crash.

use std::sync::Arc;

use serde_json::{Value, json};

use super::cells::{BlockEnding, OpenChild, OpenWork};
use super::codec::{EventRef, OutcomeRef};
use super::event::{Outcome, Parent, ScheduledKind};
use super::run::{Run, Trouble};
use super::state::{At, Unit};
use super::token::child_id;
use super::wait::text;
use super::{CALL_DEPTH, Child, Command, Control, EndStatus, Ended, Failure, FailureClass, Settled, failure};
use crate::id::{ExecutionId, StepPath};
use crate::program::{Core, Work};

/// The code of a call whose child was cancelled or terminated by someone else.
pub(crate) const CHILD_CANCELLED: &str = "child_cancelled";

/// The code of a call that made no child: another execution has its concurrency key, and the policy is `reject`.
#[cfg(feature = "embedded")]
const CHILD_REFUSED: &str = "child_refused";

/// What such a call fails with.
#[cfg(feature = "embedded")]
pub(crate) fn refused_child() -> Box<Failure> {
    let message = "an execution with the same concurrency key has not ended";
    Box::new(Failure::new(FailureClass::World, CHILD_REFUSED, message))
}

/// The id of the message that tells a caller of a child's end.
pub(super) fn message_id(child: &ExecutionId) -> String {
    format!("child:{child}")
}

impl Ended {
    /// What the end means to the step that called the execution.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let how = match (self.status, &self.error) {
            (EndStatus::Completed, _) => return Outcome::Output(self.output.clone()),
            (EndStatus::Failed, Some(error)) => {
                let mut error = error.clone();
                error.also.clear();
                return Outcome::Error(error);
            }
            (EndStatus::Terminated, _) => "the execution that it called was terminated",
            _ => "the execution that it called was cancelled",
        };
        Outcome::Error(Box::new(Failure::new(FailureClass::World, CHILD_CANCELLED, how)))
    }
}

impl Run<'_> {
    pub(super) fn begin_child(&mut self, at: At, core: &Core, input: &Value) -> Result<(), Trouble> {
        let depth = self.state.started.parent.as_ref().map_or(0, |parent| parent.depth) + 1;
        if depth > CALL_DEPTH {
            let message = format!("{CALL_DEPTH} calls stand above it already");
            return Err(Trouble::Failed(self.failure(at, FailureClass::Limit, "limit.depth", message)));
        }
        let given = input.get("input").cloned().unwrap_or_else(|| json!({}));
        self.check_link(at, &core.inner, &given)?;
        self.activate(at);
        let path = self.state.path(self.program, at);
        let execution = child_id(&self.state.started.seed, &path, self.state.now);
        self.begin_waiting(at, ScheduledKind::Child, input, self.step_due(at));
        self.state.children.insert(execution.clone(), at);
        self.open(at, OpenWork::Child(Box::new(OpenChild { execution: execution.clone(), ending: None })));
        let parent = Parent { execution: self.state.started.execution.clone(), path, depth };
        self.spend_bytes(crate::json::canonical_size(&given));
        let workflow = text(input, "workflow").unwrap_or_default();
        let cause = self.state.started.cause;
        self.tape.commands.push(Command::Start(Child { parent, execution, workflow, input: given, cause }));
        Ok(())
    }

    /// Journals and applies the end of a called execution. One that nobody waits for any more is kept for readers.
    pub(super) fn accept_child(
        &mut self,
        path: &StepPath,
        execution: &ExecutionId,
        outcome: Outcome,
        id: String,
    ) {
        if self.state.see(&message_id(execution)) {
            let written = match &outcome {
                Outcome::Output(value) => OutcomeRef::Output(value),
                Outcome::Error(failure) => OutcomeRef::Error(failure, false),
            };
            self.record(&EventRef::Child(path, execution, written));
            self.child(execution, outcome);
        }
        self.tape.consumed.push(id);
    }

    /// The end of a called execution, in a replay.
    pub(super) fn replay_child(&mut self, execution: &ExecutionId, outcome: Outcome) -> bool {
        self.count();
        let fresh = self.state.see(&message_id(execution));
        self.child(execution, outcome);
        fresh
    }

    pub(super) fn child(&mut self, execution: &ExecutionId, outcome: Outcome) {
        let Some(at) = self.state.children.remove(execution) else { return };
        let Some(OpenWork::Child(child)) = self.state.open(self.program, at).map(|open| &open.work) else {
            return;
        };
        let ending = child.ending;
        self.close(at);
        match (ending, outcome) {
            (Some(BlockEnding::TimedOut), outcome) => {
                if matches!(outcome, Outcome::Output(_)) {
                    // All of it happened, although the step says that it did not.
                    let path = self.state.path(self.program, at);
                    self.state.unknown_effects.push(path);
                }
                let failure = self.failure(at, FailureClass::World, "timeout", super::timer::TIMED_OUT);
                self.state.urgent.push_back(Unit::Fail(at, failure));
            }
            (_, Outcome::Output(value)) => self.called_workflow(at, value),
            (Some(_), Outcome::Error(_)) => self.settle(at, Settled::Cancelled, None, None),
            (None, Outcome::Error(said)) => {
                let failure = self.failed_below(at, execution, *said);
                self.state.urgent.push_back(Unit::Fail(at, failure));
            }
        }
    }

    /// The called execution completed: its output is held against the step's `expect`.
    fn called_workflow(&mut self, at: At, value: Value) {
        let Work::Core(core) = &self.program.steps[at.step as usize].work else { return };
        match core.expect.iter().find_map(|checker| checker.check(&value).err()) {
            None => self.succeed(at, Arc::new(value)),
            Some(violation) => {
                let failure = self.failure(at, FailureClass::Contract, "contract.output", violation);
                self.state.urgent.push_back(Unit::Fail(at, failure));
            }
        }
    }

    /// The failure of a called execution as that of the step that called it.
    fn failed_below(&self, at: At, execution: &ExecutionId, said: Failure) -> Box<Failure> {
        let mut failed = self.failure(at, said.class, &said.code, said.message);
        let details = json!({ "execution": execution, "step": said.step, "details": said.details });
        failed.details = match failure::details(details) {
            Value::Null => json!({ "execution": execution, "step": said.step }),
            details => details,
        };
        failed
    }

    /// Tells the called execution to stop; the step ends with it, for what it did is taken back before.
    pub(super) fn end_child(&mut self, at: At, why: BlockEnding) {
        let Some(open) = self.state.open_mut(self.program, at) else { return };
        let OpenWork::Child(child) = &mut open.work else { return };
        let told = child.ending.is_some();
        child.ending.get_or_insert(why);
        let execution = child.execution.clone();
        if !told {
            self.tape.commands.push(Command::Steer { execution, control: Control::Cancel });
        }
    }

    /// What called executions are told with their caller: they do not outlive a termination, and are part of what is paused.
    pub(super) fn steer_children(&mut self, control: Control) {
        for execution in self.state.children.keys().cloned() {
            self.tape.commands.push(Command::Steer { execution, control });
        }
    }
}
