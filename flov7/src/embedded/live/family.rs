//! Executions that call others: how a child is made, told to stop, and heard of.
//!
//! All of it is part of a commit: a child is there exactly if its call is journaled, and its end is in its caller's inbox
//! exactly if that is journaled.

use super::Live;
use super::begin::place;
use crate::id::{ExecutionId, StepPath, idempotency_key};
use crate::machine::event::{Ended, Outcome, Started};
use crate::machine::{Actor, Blocked, BlockedReason, Child, Control, Machine, refused_child};
use crate::store::{Message, MessageBody, NewExecution};

impl Live {
    /// A child, as the commit of the turn that calls it creates it: with nothing begun, for whoever has room. Where its
    /// concurrency key cannot be made there is none, and its caller is told so like of an end.
    pub(super) fn newborn(&self, child: Child) -> Result<Born, Blocked> {
        let Child { parent, execution, workflow, input, cause, .. } = child;
        let Some(callee) = self.kit.callees.get(&workflow) else {
            let message = format!("the bundle does not hold the workflow `{workflow}`");
            return Err(Blocked::new(BlockedReason::Defect, message));
        };
        let (namespace, caller) = &self.seat.key;
        let key = format!("child:{caller}:{}", idempotency_key(namespace, caller, &parent.path, false));
        let by = Actor::new(caller.as_str());
        let seed = self.shared.entropy.bits();
        let path = parent.path.clone();
        let mut started = Started::new(namespace.clone(), execution.clone(), callee.digest, input, seed, by)
            .with_keyed(self.shared.connections.keyed(namespace, &callee.bundle))
            .with_parent(parent)
            .with_cause(cause)
            .with_lines(self.machine.started().lines.clone(), false);
        let place = match place(&callee.program, &mut started, self.shared.clock.now()) {
            Ok(place) => place,
            Err(failure) => return Ok(Born::Told(told(&execution, path, Outcome::Error(failure)))),
        };
        let (machine, turn) = Machine::begun(callee.program.clone(), started, self.shared.clock.now());
        let Some(first) = turn.body else {
            return Err(Blocked::new(BlockedReason::Defect, "the first turn has no body"));
        };
        let head = machine.head();
        self.shared.name(&(namespace.clone(), execution.clone()));
        let refused =
            place.map(|place| place.with_refused(told(&execution, path, Outcome::Error(refused_child()))));
        let snapshot = self.shared.state_of(&machine);
        let child = NewExecution::new(execution, callee.bundle.clone(), callee.digest, first, head);
        let child = child.with_key(key).with_snapshot(snapshot);
        Ok(Born::Child(Box::new(match refused {
            Some(place) => child.with_line(place),
            None => child,
        })))
    }

    /// What a child is told by its caller: to stop once each, to pause and to go on as often as its caller is.
    pub(super) fn steering(&self, execution: ExecutionId, control: Control) -> (ExecutionId, Message) {
        let caller = &self.seat.key.1;
        let id = match control {
            Control::Terminate => "caller:terminate".to_owned(),
            Control::Cancel => "caller:cancel".to_owned(),
            Control::Pause | Control::Unpause => format!("caller:{:032x}", self.shared.entropy.bits()),
        };
        (execution, Message { id, body: MessageBody::Control(control), by: Actor::new(caller.as_str()) })
    }

    /// What its caller is told when it ends.
    pub(super) fn told_parent(&self, ended: &Ended) -> Option<(ExecutionId, Message)> {
        let parent = self.machine.started().parent.as_ref()?;
        let message = told(&self.seat.key.1, parent.path.clone(), ended.outcome());
        Some((parent.execution.clone(), message))
    }
}

/// What becomes of a call.
pub(super) enum Born {
    /// A child.
    Child(Box<NewExecution>),
    /// None; the caller is told this.
    Told(Message),
}

/// What a caller is told of the end of an execution that it called.
fn told(execution: &ExecutionId, path: StepPath, outcome: Outcome) -> Message {
    Message {
        id: format!("child:{execution}"),
        by: Actor::new(execution.as_str()),
        body: MessageBody::Child { path, execution: execution.clone(), outcome },
    }
}
