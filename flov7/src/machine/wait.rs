//! What the machine does itself: waiting, asking people, failing. Calling workflows and emitting events stand in
//! `child` and `emit`.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::cells::{OpenPerson, OpenWork};
use super::event::{Scheduled, ScheduledKind, Timer};
use super::run::{Run, Trouble, expr_time};
use super::state::At;
use super::token::wait_token;
use super::{Failure, FailureClass, failure};
use crate::id::Timestamp;
use crate::json::hash64;
use crate::program::{Core, CoreKind};
use crate::workflow::parse_duration;

impl Run<'_> {
    pub(super) fn begin_core(&mut self, at: At, core: &Core) -> Result<(), Trouble> {
        let input = match &core.with {
            Some(template) => self.render(at, template)?,
            None => Arc::new(Value::Object(Map::new())),
        };
        self.check_link(at, &core.input, &input)?;
        match core.kind {
            CoreKind::Wait => self.begin_wait(at, &input),
            CoreKind::WaitFor => {
                self.begin_wait_for(at, &input);
                Ok(())
            }
            CoreKind::Approve | CoreKind::Ask => {
                self.begin_person(at, core.kind, &input);
                Ok(())
            }
            CoreKind::Call => self.begin_child(at, core, &input),
            CoreKind::Emit => self.begin_emit(at, core, &input),
            CoreKind::Fail => Err(Trouble::Failed(self.failed_on_purpose(at, &input))),
        }
    }

    /// `core.wait`: for a duration, or until an instant. What lies in the past is due at once.
    fn begin_wait(&mut self, at: At, input: &Value) -> Result<(), Trouble> {
        let wanted = ["for", "until"].map(|name| text(input, name));
        let due = match wanted {
            [Some(length), _] => parse_duration(&length)
                .map(|ms| self.state.now.saturating_add_ms(ms.max(0)))
                .ok_or_else(|| format!("`{length}` is no duration")),
            [None, Some(instant)] => Timestamp::parse(&instant).map_err(|error| error.to_string()),
            [None, None] => Err("neither `for` nor `until` is there".to_owned()),
        };
        let due = due.map_err(|message| {
            Trouble::Failed(self.failure(at, FailureClass::Data, "data.conversion", message))
        })?;
        self.activate(at);
        let due = self.begin_waiting(at, ScheduledKind::Wait, input, Some(due)).unwrap_or(due);
        self.open(at, OpenWork::Wait { due });
        let path = self.state.path(self.program, at);
        self.state.timers.insert((due, Some(path), Timer::Wait), at);
        Ok(())
    }

    fn begin_wait_for(&mut self, at: At, input: &Value) {
        self.activate(at);
        self.begin_waiting(at, ScheduledKind::WaitFor, input, self.step_due(at));
        let address = (text(input, "signal").unwrap_or_default().into(), text(input, "key").map(Into::into));
        let token = self.token(at);
        self.state.tokens.insert(token.clone(), at);
        self.open(at, OpenWork::WaitFor { address: address.clone(), token });
        match self.state.take_buffered(&address) {
            Some(signal) => self.deliver(at, signal.payload, &signal.by),
            None => self.state.waiters.entry(address).or_default().push_back(at),
        }
    }

    fn begin_person(&mut self, at: At, kind: CoreKind, input: &Value) {
        self.activate(at);
        let approval = kind == CoreKind::Approve;
        let what = if approval { ScheduledKind::Approve } else { ScheduledKind::Ask };
        self.begin_waiting(at, what, input, self.step_due(at));
        let token = self.token(at);
        self.state.tokens.insert(token.clone(), at);
        let person = OpenPerson {
            approval,
            token,
            title: text(input, "title").unwrap_or_default(),
            details: input.get("details").cloned(),
            to: text(input, "to"),
        };
        self.open(at, OpenWork::Person(Box::new(person)));
    }

    /// A `core.wait` is over.
    pub(super) fn waited(&mut self, at: At) {
        self.close(at);
        self.succeed(at, Arc::new(Value::Null));
    }

    pub(super) fn begin_waiting(
        &mut self,
        at: At,
        kind: ScheduledKind,
        input: &Value,
        due: Option<Timestamp>,
    ) -> Option<Timestamp> {
        let path = self.state.path(self.program, at);
        let scheduled = Scheduled { path, attempt: 1, kind, input_digest: hash64(input), due, effect: None };
        self.schedule(scheduled).1
    }

    fn token(&self, at: At) -> Arc<str> {
        wait_token(&self.state.started.seed, &self.state.path(self.program, at)).as_str().into()
    }

    fn failed_on_purpose(&self, at: At, input: &Value) -> Box<Failure> {
        let code = text(input, "code").unwrap_or_default();
        let message = text(input, "message").unwrap_or_default();
        let mut failed = self.failure(at, FailureClass::World, &code, message);
        failed.details = failure::details(input.get("details").cloned().unwrap_or_default());
        failed
    }

    /// The person's answer to an approval: a yes is the step's value, a no its failure.
    pub(super) fn approved(&self, at: At, answer: &Value, by: &str) -> Result<Value, Box<Failure>> {
        let note = answer.get("note").filter(|note| note.is_string());
        if answer.get("approved") == Some(&Value::Bool(true)) {
            let mut value = json!({ "by": by, "at": expr_time(self.state.now).to_string() });
            if let (Some(note), Some(members)) = (note, value.as_object_mut()) {
                members.insert("note".to_owned(), note.clone());
            }
            return Ok(value);
        }
        let message = match note.and_then(Value::as_str) {
            Some(note) => format!("{by} said no: {note}"),
            None => format!("{by} said no"),
        };
        let mut rejected = self.failure(at, FailureClass::World, "rejected", message);
        rejected.details = json!({ "by": by, "note": note });
        Err(rejected)
    }
}

pub(super) fn text(input: &Value, name: &str) -> Option<String> {
    input.get(name).and_then(Value::as_str).map(str::to_owned)
}
