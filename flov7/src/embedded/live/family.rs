//! Executions that call others: how a child is made, told to stop, and heard of.
//!
//! All of it is part of a commit: a child is there exactly if its call is journaled, and its end is in its caller's inbox
//! exactly if that is journaled.

use super::Live;
use crate::id::{ExecutionId, idempotency_key};
use crate::machine::event::{Ended, Started};
use crate::machine::{Actor, Blocked, BlockedReason, Child, Control, Machine};
use crate::store::{Message, MessageBody, NewExecution};

impl Live {
    /// A child, as the commit of the turn that calls it creates it: with nothing begun, for whoever has room.
    pub(super) fn newborn(&self, child: Child) -> Result<NewExecution, Blocked> {
        let Child { parent, execution, workflow, input, cause, .. } = child;
        let Some(callee) = self.kit.callees.get(&workflow) else {
            let message = format!("the bundle does not hold the workflow `{workflow}`");
            return Err(Blocked::new(BlockedReason::Defect, message));
        };
        let (namespace, caller) = &self.seat.key;
        let key = format!("child:{caller}:{}", idempotency_key(namespace, caller, &parent.path, false));
        let by = Actor::new(caller.as_str());
        let seed = self.shared.entropy.bits();
        let started = Started::new(namespace.clone(), execution.clone(), callee.digest, input, seed, by)
            .with_keyed(self.shared.connections.keyed(namespace, &callee.bundle))
            .with_parent(parent)
            .with_cause(cause);
        let (machine, turn) = Machine::begun(callee.program.clone(), started, self.shared.clock.now());
        let Some(first) = turn.body else {
            return Err(Blocked::new(BlockedReason::Defect, "the first turn has no body"));
        };
        let head = machine.head();
        self.shared.name(&(namespace.clone(), execution.clone()));
        let snapshot = self.shared.state_of(&machine);
        let new = NewExecution::new(execution, callee.bundle.clone(), callee.digest, first, head);
        Ok(new.with_key(key).with_snapshot(snapshot))
    }

    /// What a child is told by its caller, once for each control.
    pub(super) fn steering(&self, execution: ExecutionId, control: Control) -> (ExecutionId, Message) {
        let caller = &self.seat.key.1;
        let word = match control {
            Control::Terminate => "terminate",
            _ => "cancel",
        };
        let body = MessageBody::Control(control);
        (execution, Message { id: format!("caller:{word}"), body, by: Actor::new(caller.as_str()) })
    }

    /// What its caller is told when it ends.
    pub(super) fn told_parent(&self, ended: &Ended) -> Option<(ExecutionId, Message)> {
        let parent = self.machine.started().parent.as_ref()?;
        let execution = self.seat.key.1.clone();
        let message = Message {
            id: format!("child:{execution}"),
            by: Actor::new(execution.as_str()),
            body: MessageBody::Child { path: parent.path.clone(), execution, outcome: ended.outcome() },
        };
        Some((parent.execution.clone(), message))
    }
}
