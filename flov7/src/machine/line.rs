//! Executions that do not begin at once: delayed ones, and those that wait for others with their concurrency key.
//!
//! Who is first in a line only the store knows; it tells an execution by a message when its turn has come, which is
//! journaled like everything else that comes from outside. Until then nothing starts, signals are kept, and a cancel
//! ends the execution without running anything.

use std::sync::Arc;

use serde_json::{Value, json};

use super::codec::EventRef;
use super::event::{Started, Timer};
use super::run::{Run, Tag, expr_time};
use super::state::{At, State};
use super::{Begins, Failure, FailureClass};
use crate::expr::{Env, Fuel, Reference};
use crate::id::{Digest, ExecutionId, Timestamp};
use crate::json;
use crate::program::{Program, slot};
use crate::workflow::ConcurrencyPolicy;

/// The id of the message that cancels an execution because a newer one replaces it; a control under this id asks for a
/// cancel, and never counts as the second one of a person.
pub const REPLACED: &str = "flov7:replaced";

/// The longest concurrency key, in bytes.
pub const LINE_KEY_BYTES: usize = 256;

/// The concurrency key of an execution about to start, and what happens where it is taken; nothing for a workflow that
/// declares none. The key is the canonical text of the template's value; where that is longer than [`LINE_KEY_BYTES`],
/// its digest.
///
/// # Errors
/// The failure of the template: `data.*`, at no step.
pub fn line_key(
    program: &Program,
    input: &Value,
    execution: &ExecutionId,
    trigger: Option<&str>,
    at: Timestamp,
) -> Result<Option<(String, ConcurrencyPolicy)>, Box<Failure>> {
    let Some((template, policy)) = &program.concurrency else { return Ok(None) };
    let roots = Roots {
        input: Arc::new(input.clone()),
        execution: Arc::new(json!({ "id": execution, "trigger": trigger })),
        now: at,
    };
    let value = template.render(&roots, &mut Fuel::default()).map_err(|error| {
        let message = format!("the concurrency key cannot be made: {}", error.message);
        Box::new(Failure::new(FailureClass::Data, error.code, message))
    })?;
    let text = json::canonical(&value);
    let key = if text.len() > LINE_KEY_BYTES { format!("sha256:{}", Digest::of(&text)) } else { text };
    Ok(Some((key, *policy)))
}

/// What the key may read: no step.
struct Roots {
    input: Arc<Value>,
    execution: Arc<Value>,
    now: Timestamp,
}

impl Roots {
    fn find(&self, reference: &Reference) -> Option<&Arc<Value>> {
        match slot::place(reference.slot()?) {
            slot::INPUT => Some(&self.input),
            slot::EXECUTION => Some(&self.execution),
            _ => None,
        }
    }
}

impl Env for Roots {
    fn read(&self, reference: &Reference) -> Option<&Value> {
        self.find(reference).map(|value| &**value)
    }

    fn share(&self, reference: &Reference) -> Option<Arc<Value>> {
        self.find(reference).cloned()
    }

    fn now(&self) -> crate::expr::Timestamp {
        expr_time(self.now)
    }
}

impl Started {
    /// What it waits for before it begins.
    fn begins(&self) -> Option<Begins> {
        let begins = Begins { at: self.not_before, in_line: self.queued };
        (begins.at.is_some() || begins.in_line).then_some(begins)
    }
}

impl State {
    /// Whether it has not begun, and only time is in the way.
    pub(super) fn begins_by_itself(&self) -> bool {
        self.held_back.as_ref().is_some_and(|begins| !begins.in_line)
    }
}

impl Run<'_> {
    /// Does not begin what has to wait.
    pub(super) fn hold_back(&mut self) {
        self.state.held_back = self.state.started.begins();
        if let Some(due) = self.state.started.not_before {
            self.state.timers.insert((due, None, Timer::Begin), At { step: 0, scope: 0 });
        }
    }

    /// Journals and applies that its turn has come; that it came before, or that it waits for none, changes nothing.
    pub(super) fn accept_turn(&mut self, id: String) {
        self.tape.consumed.push(id);
        if self.state.held_back.as_ref().is_some_and(|begins| begins.in_line) {
            self.record(&EventRef::Fired(None, Timer::Turn));
            self.turn_came();
        }
    }

    /// As [`Run::accept_turn`], in a replay: false where it waits for no turn.
    pub(super) fn replay_turn_came(&mut self) -> bool {
        let waits = self.state.held_back.as_ref().is_some_and(|begins| begins.in_line);
        if waits {
            self.count();
            self.turn_came();
        }
        waits
    }

    fn turn_came(&mut self) {
        self.decide(Tag::Fired, "", &[Timer::Turn as u64]);
        if let Some(begins) = &mut self.state.held_back {
            begins.in_line = false;
        }
        self.begin_if_free();
    }

    /// The instant came before which it does not begin; its timer is gone.
    pub(super) fn time_came(&mut self) {
        if let Some(begins) = &mut self.state.held_back {
            begins.at = None;
        }
        self.begin_if_free();
    }

    fn begin_if_free(&mut self) {
        if self.state.held_back == Some(Begins { at: None, in_line: false }) {
            self.state.held_back = None;
            self.arm_timeout();
        }
    }

    /// It waits for nothing more, because it is to stop: none of its steps starts.
    pub(super) fn let_go(&mut self) {
        if let Some(due) = self.state.held_back.take().and_then(|begins| begins.at) {
            self.state.timers.remove(&(due, None, Timer::Begin));
        }
    }
}
