//! Signals: what is sent to a live execution from outside (RULES, signal).

use std::sync::Arc;

use serde_json::{Map, Value};

use super::cells::OpenWork;
use super::codec::EventRef;
use super::event::{Signal, SignalTo};
use super::run::Run;
use super::state::{At, Buffered, State, Unit};
use super::{Actor, Control, FailureClass, Machine};
use crate::json;
use crate::program::{Checker, Program, Work};

/// Why a signal is refused at the door.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The document declares no such signal.
    #[error("the workflow declares no signal `{name}`")]
    Undeclared {
        /// The name that was given.
        name: String,
    },
    /// The payload does not conform; why, in a sentence.
    #[error("the payload does not conform: {violation}")]
    IllTyped {
        /// The first violation.
        violation: String,
    },
    /// Nobody waits under this token.
    #[error("nobody waits under this token")]
    NoWaiter,
    /// The execution has ended.
    #[error("the execution has ended")]
    Ended,
}

/// The payload that answers an approval: what `approve` sends to its token.
#[must_use]
pub fn approval(approved: bool, note: Option<&str>) -> Value {
    let mut payload = Map::new();
    payload.insert("approved".to_owned(), Value::Bool(approved));
    if let Some(note) = note {
        payload.insert("note".to_owned(), Value::from(note));
    }
    Value::Object(payload)
}

impl Program {
    /// Whether a declared signal takes a payload: what the door asks of a signal by name.
    ///
    /// # Errors
    /// [`Refusal::Undeclared`] and [`Refusal::IllTyped`].
    pub fn accepts_signal(&self, name: &str, payload: &Value) -> Result<(), Refusal> {
        match self.signals.get(name) {
            None => Err(Refusal::Undeclared { name: name.to_owned() }),
            Some(checker) => conforms(std::slice::from_ref(checker), payload),
        }
    }
}

impl Machine {
    /// Whether a signal would be taken now: what the door asks before it posts one.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn accepts(&self, to: &SignalTo, payload: &Value) -> Result<(), Refusal> {
        if self.state.ended.is_some() {
            return Err(Refusal::Ended);
        }
        admits(&self.program, &self.state, to, payload)
    }
}

fn admits(program: &Program, state: &State, to: &SignalTo, payload: &Value) -> Result<(), Refusal> {
    let token = match to {
        SignalTo::Name { name, .. } => return program.accepts_signal(name, payload),
        SignalTo::Wait { token, name, .. } if !state.tokens.contains_key(token.as_str()) => {
            return program.accepts_signal(name, payload);
        }
        SignalTo::Token(token) | SignalTo::Wait { token, .. } => token,
    };
    let at = *state.tokens.get(token.as_str()).ok_or(Refusal::NoWaiter)?;
    match state.open(program, at).map(|open| &open.work) {
        Some(OpenWork::WaitFor { address, .. }) => program.accepts_signal(&address.0, payload),
        Some(OpenWork::Person(person)) if person.approval => is_approval(payload),
        Some(OpenWork::Person(_)) => match &program.steps[at.step as usize].work {
            Work::Core(core) => conforms(&core.expect, payload),
            _ => Err(Refusal::NoWaiter),
        },
        _ => Err(Refusal::NoWaiter),
    }
}

fn conforms(checkers: &[Checker], payload: &Value) -> Result<(), Refusal> {
    let violation = checkers.iter().find_map(|checker| checker.check(payload).err());
    violation.map_or(Ok(()), |violation| Err(Refusal::IllTyped { violation }))
}

/// `{"approved": bool, "note"?: text}`.
fn is_approval(payload: &Value) -> Result<(), Refusal> {
    let fits = payload.as_object().is_some_and(|members| {
        members.get("approved").is_some_and(Value::is_boolean)
            && members.iter().all(|(name, value)| match name.as_str() {
                "approved" => true,
                "note" => value.is_string(),
                _ => false,
            })
    });
    let violation = "an approval is answered by {\"approved\": true or false, \"note\"?: text}".to_owned();
    if fits { Ok(()) } else { Err(Refusal::IllTyped { violation }) }
}

impl Run<'_> {
    /// Journals and applies a signal from the inbox. One that was taken before, or that the door should have refused,
    /// is done with and leaves no trace; one whose wait is over by now is journaled and changes nothing.
    pub(super) fn accept_signal(&mut self, mut signal: Signal) {
        self.tape.consumed.push(signal.id.clone());
        let Ok(payload) = json::enter(std::mem::take(&mut signal.payload), json::MAX_DEPTH, usize::MAX)
        else {
            return;
        };
        signal.payload = payload;
        let admitted = admits(self.program, self.state, &signal.to, &signal.payload);
        if matches!(admitted, Err(Refusal::Undeclared { .. } | Refusal::IllTyped { .. })) {
            return;
        }
        if self.state.see(&signal.id) {
            self.record(&EventRef::Signal(&signal));
            self.signal(signal);
        }
    }

    /// A signal of a replay.
    pub(super) fn replay_signal(&mut self, signal: Signal) -> bool {
        self.count();
        let fresh = self.state.see(&signal.id);
        self.signal(signal);
        fresh
    }

    fn signal(&mut self, signal: Signal) {
        // Signals buffer while the execution is paused (RULES, pause).
        if self.state.paused {
            return self.state.parked.push_back(signal);
        }
        let payload = Arc::new(signal.payload);
        let to = match signal.to {
            SignalTo::Wait { token, .. } if self.state.tokens.contains_key(token.as_str()) => {
                SignalTo::Token(token)
            }
            SignalTo::Wait { name, key, .. } => SignalTo::Name { name, key },
            to => to,
        };
        match to {
            // Resolved above.
            SignalTo::Wait { .. } => {}
            SignalTo::Token(token) => {
                if let Some(at) = self.state.tokens.get(token.as_str()) {
                    self.deliver(*at, payload, &signal.by);
                }
            }
            SignalTo::Name { name, key } => {
                let address = (name.into(), key.map(Into::into));
                match self.state.waiters.get(&address).and_then(|waiters| waiters.front()) {
                    Some(at) => self.deliver(*at, payload, &signal.by),
                    None => self.state.buffer(address, Buffered::new(payload, signal.by)),
                }
            }
        }
    }

    /// Gives a waiting step what it waited for. It waits no more, whatever becomes of the answer.
    pub(super) fn deliver(&mut self, at: At, payload: Arc<Value>, by: &Actor) {
        self.state.unregister(self.program, at);
        let Work::Core(core) = &self.program.steps[at.step as usize].work else { return };
        let answer = match self.state.open(self.program, at).map(|open| &open.work) {
            Some(OpenWork::Person(person)) if person.approval => {
                self.approved(at, &payload, &by.0).map(Arc::new)
            }
            Some(OpenWork::Person(_) | OpenWork::WaitFor { .. }) => Ok(payload),
            _ => return,
        };
        let answer = answer.and_then(|value| match conforms(&core.expect, &value) {
            Ok(()) => Ok(value),
            Err(refusal) => {
                Err(self.failure(at, FailureClass::Contract, "contract.signal", refusal.to_string()))
            }
        });
        match answer {
            Ok(value) => {
                self.close(at);
                self.succeed(at, value);
            }
            Err(failure) => {
                self.close(at);
                self.state.urgent.push_back(Unit::Fail(at, failure));
            }
        }
    }

    /// Someone steers the execution. A message that was taken before is done with.
    pub(super) fn accept_control(&mut self, control: Control, by: &Actor, id: String) {
        if self.state.see(&id) {
            self.record(&EventRef::Control(control, by, &id));
            self.control(control, &id);
        }
        self.tape.consumed.push(id);
    }

    pub(super) fn unpause(&mut self) {
        self.state.paused = false;
        for signal in std::mem::take(&mut self.state.parked) {
            self.signal(signal);
        }
    }
}

impl Buffered {
    fn new(payload: Arc<Value>, by: Actor) -> Buffered {
        let bytes = json::canonical_size(&payload) as u64;
        Buffered { payload, by, bytes }
    }
}
