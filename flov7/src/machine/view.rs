//! What an execution looks like from outside (FORMAT, command line).

use std::sync::Arc;

use serde_json::Value;

use super::cells::{CallPhase, Open, OpenWork, Phase};
use super::event::ScheduledKind;
use super::state::At;
use super::{EndStatus, ExecutionView, Machine, ReplayError, Settled, StepView, TurnBody, UndoView, Waiting};
use crate::id::{StepPath, Timestamp};
use crate::program::Program;

impl Machine {
    /// What the execution looks like now. Values that nothing will read again are gone from a live machine:
    /// [`Machine::replay_view`] has them all.
    pub fn view(&self) -> ExecutionView {
        let head = self.head();
        let ended = self.state.ended.as_deref();
        let terminated = ended.is_some_and(|ended| ended.status == EndStatus::Terminated);
        let mut steps = Vec::new();
        let mut waiting = Vec::new();
        for (scope, running) in (0u32..).zip(&self.state.scopes) {
            let Some(running) = running else { continue };
            let whole = running.whole(&self.program);
            for (place, cell) in running.cells.iter().enumerate() {
                if cell.order == 0 {
                    continue;
                }
                let step = self.program.scopes[running.scope as usize].steps[place];
                let at = At { step, scope };
                let path = self.state.path(&self.program, at);
                let (settled, error) = match &cell.phase {
                    Phase::Settled(how, failure) => (Some(*how), failure.as_deref().cloned()),
                    // What a termination cut off never settled; nothing is in flight any more.
                    Phase::Idle => (terminated.then_some(Settled::Cancelled), None),
                    Phase::Open(open) => {
                        waiting.extend(waits(open).map(|wait| (cell.order, wait)));
                        (terminated.then(|| cut_off(open)), None)
                    }
                };
                let slot = self.program.steps[step as usize].slot as usize;
                let output = whole.get(&slot).or(running.slots[slot].as_deref()).cloned();
                steps.push((cell.order, StepView { path, settled, attempts: cell.attempts, output, error }));
            }
        }
        if let (Some(path), Some(call)) = (self.state.undo.path(), self.state.undo.call()) {
            waiting.extend(call_waits(path, ScheduledKind::Undo, call.phase).map(|wait| (u64::MAX, wait)));
        }
        steps.sort_unstable_by_key(|(order, _)| *order);
        waiting.sort_unstable_by_key(|(order, _)| *order);
        ExecutionView {
            execution: self.state.started.execution.clone(),
            parent: self.state.started.parent.clone(),
            forked: self.state.started.forked.clone(),
            status: head.status,
            output: ended.map_or(Value::Null, |ended| ended.output.clone()),
            error: ended.and_then(|ended| ended.error.as_deref().cloned()),
            steps: steps.into_iter().map(|(_, step)| step).collect(),
            undo: UndoView { done: self.state.undo.done.clone(), failed: self.state.undo.failed.clone() },
            unknown_effects: self.state.unknown_effects.clone(),
            waiting: if ended.is_some() {
                Vec::new()
            } else {
                waiting.into_iter().map(|(_, wait)| wait).collect()
            },
            begins: self.state.held_back.clone().filter(|_| ended.is_none()),
            blocked: self.blocked.clone(),
        }
    }

    /// What an execution looked like after some turns, the outputs of all its steps included.
    ///
    /// # Errors
    /// As [`Machine::replay`].
    pub fn replay_view(program: Arc<Program>, turns: &[TurnBody]) -> Result<ExecutionView, ReplayError> {
        Ok(Machine::replay_keeping(program, turns, true)?.view())
    }
}

/// How a step counts that was open when its execution was terminated: a call that ran may have had its effect.
fn cut_off(open: &Open) -> Settled {
    match &open.work {
        OpenWork::Call(call)
            if matches!(call.phase, CallPhase::Running { .. } | CallPhase::Cancelling { .. }) =>
        {
            Settled::Abandoned
        }
        _ => Settled::Cancelled,
    }
}

/// What a call waits for: its handler, or the end of a pause.
fn call_waits(path: &StepPath, kind: ScheduledKind, phase: CallPhase) -> Option<Waiting> {
    match phase {
        CallPhase::Running { due, .. } | CallPhase::Cancelling { due, .. } => {
            Some(waiting(path, kind, Some(due)))
        }
        CallPhase::Backoff { due } => Some(waiting(path, ScheduledKind::Backoff, Some(due))),
        CallPhase::Between | CallPhase::Decided => None,
    }
}

fn waiting(path: &StepPath, kind: ScheduledKind, due: Option<Timestamp>) -> Waiting {
    Waiting {
        path: path.clone(),
        kind,
        token: None,
        signal: None,
        key: None,
        execution: None,
        title: None,
        details: None,
        to: None,
        due,
    }
}

/// What an open step waits for.
fn waits(open: &Open) -> Option<Waiting> {
    if open.closed {
        return None;
    }
    let mut wait = waiting(&open.path, ScheduledKind::Call, open.due);
    match &open.work {
        OpenWork::Call(call) => return call_waits(&open.path, ScheduledKind::Call, call.phase),
        OpenWork::Wait { due } => {
            wait.kind = ScheduledKind::Wait;
            wait.due = Some(*due);
        }
        OpenWork::WaitFor { address, token } => {
            wait.kind = ScheduledKind::WaitFor;
            wait.token = Some(token.to_string());
            wait.signal = Some(address.0.to_string());
            wait.key = address.1.as_deref().map(str::to_owned);
        }
        OpenWork::Person(person) => {
            wait.kind = if person.approval { ScheduledKind::Approve } else { ScheduledKind::Ask };
            wait.token = Some(person.token.to_string());
            wait.title = Some(person.title.clone());
            wait.details = person.details.clone();
            wait.to = person.to.clone();
        }
        OpenWork::Child(child) => {
            wait.kind = ScheduledKind::Child;
            wait.execution = Some(child.execution.clone());
        }
        OpenWork::Block { .. } | OpenWork::Branches(_) | OpenWork::Each(_) | OpenWork::Loop(_) => {
            return None;
        }
    }
    Some(wait)
}
