//! `core.emit`: events go into the store's outbox with the commit of the turn that emits them (RULES, call).

use std::sync::Arc;

use serde_json::Value;

use super::event::{Scheduled, ScheduledKind};
use super::run::{Run, Trouble};
use super::state::At;
use super::wait::text;
use super::{Command, EVENT_DEPTH, Emission, FailureClass};
use crate::id::StepPath;
use crate::json::hash64;
use crate::program::{Call, Core};

impl Run<'_> {
    pub(super) fn begin_emit(&mut self, at: At, core: &Core, input: &Value) -> Result<(), Trouble> {
        if self.state.started.cause >= EVENT_DEPTH {
            let message = format!("{EVENT_DEPTH} events stand behind each other already");
            return Err(Trouble::Failed(self.failure(at, FailureClass::Limit, "limit.depth", message)));
        }
        let payload = input.get("payload").cloned().unwrap_or_default();
        self.check_link(at, &core.inner, &payload)?;
        self.activate(at);
        let path = self.state.path(self.program, at);
        self.emit(path, input, payload);
        self.succeed(at, Arc::new(Value::Null));
        Ok(())
    }

    /// An undo that emits an event; false where it cannot.
    pub(super) fn emit_undo(&mut self, plan: &Call, path: &StepPath, input: &Value) -> bool {
        let payload = input.get("payload").cloned().unwrap_or_default();
        let conforms = plan.payload.iter().all(|checker| checker.check(&payload).is_ok());
        if conforms && self.state.started.cause < EVENT_DEPTH {
            self.emit(path.clone(), input, payload);
            return true;
        }
        false
    }

    fn emit(&mut self, path: StepPath, input: &Value, payload: Value) {
        self.schedule(Scheduled {
            path: path.clone(),
            attempt: 1,
            kind: ScheduledKind::Emit,
            input_digest: hash64(input),
            due: None,
            effect: None,
        });
        self.spend_bytes(crate::json::canonical_size(&payload));
        let event = text(input, "event").unwrap_or_default();
        let depth = self.state.started.cause + 1;
        self.tape.commands.push(Command::Emit(Emission { path, event, payload: Arc::new(payload), depth }));
    }
}
