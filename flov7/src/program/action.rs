//! Actions: calls of registered ones, and what the machine does itself.

use std::sync::Arc;

use super::build::{Build, Place, invalid};
use super::checker::{self, Checker};
use super::{Template, Work};
use crate::catalog::{CORE_PREFIX, EffectOf, path_arguments};
use crate::error::Error;
use crate::expr::{Encoding, Taken};
use crate::types::Defs;
use crate::validate::Interface;
use crate::workflow::{self, Schema};

/// A step that calls a handler.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) action: Arc<str>,
    pub(crate) connection: Option<Arc<str>>,
    pub(crate) with: Option<Template>,
    /// What `with` takes out of values that nothing else reads any more.
    pub(crate) taken: Box<[Taken]>,
    pub(crate) input_schema: Schema,
    /// What the input must conform to, where that was not proven.
    pub(crate) input: Box<[Checker]>,
    /// What the output must conform to: the action's own schema, and the step's `expect`.
    pub(crate) output: Box<[Checker]>,
    pub(crate) effect: EffectOf,
    /// How long an attempt may take, in milliseconds.
    pub(crate) attempt_timeout: i64,
    pub(crate) retry: Retry,
    /// Whether it emits an event and calls nothing: an undo by `core.emit`.
    pub(crate) emits: bool,
    /// What that event's payload must conform to, where that was not proven.
    pub(crate) payload: Box<[Checker]>,
}

/// A step that waits, asks or fails.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) kind: CoreKind,
    pub(crate) with: Option<Template>,
    /// What the input must conform to, where that was not proven.
    pub(crate) input: Box<[Checker]>,
    /// What `input` of a called workflow, or the payload of an event, must conform to, where that was not proven.
    pub(crate) inner: Box<[Checker]>,
    /// The step's `expect`.
    pub(crate) expect: Box<[Checker]>,
}

/// What the machine does itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CoreKind {
    Wait,
    WaitFor,
    Approve,
    Ask,
    Call,
    Emit,
    Fail,
}

/// How failed attempts are repeated; delays in milliseconds.
#[derive(Clone, Debug)]
pub(crate) struct Retry {
    pub(crate) attempts: u32,
    pub(crate) first: i64,
    pub(crate) factor: f64,
    pub(crate) max: i64,
}

/// Without another word one call takes at most this long.
const ATTEMPT_TIMEOUT: i64 = 60_000;

/// Without another word an undo is tried so often.
const UNDO_ATTEMPTS: u32 = 5;

impl Retry {
    /// The policy, or so many attempts where there is none.
    fn of(retry: Option<&workflow::Retry>, attempts: u32) -> Retry {
        let millis = |text: Option<&workflow::DurationText>, default| {
            text.and_then(workflow::DurationText::millis).unwrap_or(default).max(0)
        };
        match retry {
            None => Retry { attempts, first: 1_000, factor: 2.0, max: 60_000 },
            Some(retry) => Retry {
                attempts: retry.attempts.max(1),
                first: millis(retry.first.as_ref(), 1_000),
                factor: retry.factor.unwrap_or(2.0),
                max: millis(retry.max.as_ref(), 60_000),
            },
        }
    }
}

impl<'a> Build<'a> {
    pub(super) fn action(
        &mut self,
        step: &'a workflow::Step,
        action: &'a workflow::Action,
        place: Place,
    ) -> Result<Work, Error> {
        let interface = self.interface(&action.uses)?;
        let mut with = action.with.as_ref().map(|with| self.template(with, place)).transpose()?;
        let input = match self.is_checked("/action/with") {
            true => checker::all(&[(&interface.input.0, &Defs::none())])?,
            false => Box::default(),
        };
        if let Some(name) = action.uses.strip_prefix(CORE_PREFIX) {
            let kind = match name {
                "wait" => CoreKind::Wait,
                "wait_for" => CoreKind::WaitFor,
                "approve" => CoreKind::Approve,
                "ask" => CoreKind::Ask,
                "fail" => CoreKind::Fail,
                "call" => CoreKind::Call,
                "emit" => CoreKind::Emit,
                _ => return Err(invalid(format!("there is no action `{}`", action.uses))),
            };
            let expect = match &action.expect {
                Some(expect) => checker::all(&[(&expect.0, &self.defs)])?,
                None => Box::default(),
            };
            let inner = match kind {
                CoreKind::Call => {
                    self.posts = true;
                    self.callee_input(named(action.with.as_ref(), "workflow")?)?
                }
                CoreKind::Emit => {
                    self.posts = true;
                    self.payload(named(action.with.as_ref(), "event")?, "/action/with/payload")?
                }
                _ => Box::default(),
            };
            return Ok(Work::Core(Box::new(Core { kind, with, input, inner, expect })));
        }
        let connection = action.connection.as_deref().or(interface.connection.as_deref());
        let attempt = step.attempt_timeout.as_ref().or(interface.attempt_timeout.as_ref());
        encode_paths(&mut with, interface);
        Ok(Work::Call(Box::new(Call {
            action: action.uses.as_str().into(),
            connection: connection.map(Arc::from),
            with,
            taken: Box::default(),
            input_schema: interface.input.clone(),
            input,
            output: self.output(action)?,
            effect: interface.effect.clone(),
            attempt_timeout: attempt.map_or(Ok(ATTEMPT_TIMEOUT), super::build::millis)?,
            retry: Retry::of(step.retry.as_ref(), 1),
            emits: false,
            payload: Box::default(),
        })))
    }

    /// What a called workflow's input must conform to, where that was not proven. The workflow must be there all the
    /// same: it is what the child will run.
    fn callee_input(&self, name: &str) -> Result<Box<[Checker]>, Error> {
        let Some(document) = self.bundle.document_of(name) else {
            return Err(invalid(format!("it does not hold the workflow `{name}` that it calls")));
        };
        if !self.is_checked("/action/with/input") {
            return Ok(Box::default());
        }
        let types = document.types.iter().map(|(name, schema)| (name.as_str(), schema.0.clone()));
        match &document.input {
            Some(schema) => checker::all(&[(&schema.0, &Defs::new(types))]),
            None => {
                let nothing = serde_json::json!({ "type": "object", "additionalProperties": false });
                checker::all(&[(&nothing, &Defs::none())])
            }
        }
    }

    /// What an event's payload must conform to, where that was not proven.
    fn payload(&self, event: &str, place: &str) -> Result<Box<[Checker]>, Error> {
        match self.bundle.events.get(event) {
            Some(schema) if self.is_checked(place) => checker::all(&[(&schema.0, &Defs::none())]),
            _ => Ok(Box::default()),
        }
    }

    /// What takes a step's effect back.
    pub(super) fn undo(&mut self, undo: &'a workflow::Undo, place: Place) -> Result<Call, Error> {
        let interface = self.interface(&undo.uses)?;
        if undo.uses.starts_with(CORE_PREFIX) && undo.uses != "core.emit" {
            return Err(invalid(format!("`{}` takes nothing back", undo.uses)));
        }
        let emits = undo.uses == "core.emit";
        self.posts |= emits;
        let payload = match emits {
            true => self.payload(named(undo.with.as_ref(), "event")?, "/undo/with/payload")?,
            false => Box::default(),
        };
        let mut with = undo.with.as_ref().map(|with| self.template(with, place)).transpose()?;
        encode_paths(&mut with, interface);
        let checked = self.is_checked("/undo/with");
        let attempt = interface.attempt_timeout.as_ref();
        Ok(Call {
            action: undo.uses.as_str().into(),
            connection: undo.connection.as_deref().or(interface.connection.as_deref()).map(Arc::from),
            with,
            taken: Box::default(),
            input_schema: interface.input.clone(),
            input: if checked {
                checker::all(&[(&interface.input.0, &Defs::none())])?
            } else {
                Box::default()
            },
            output: checker::all(&[(&interface.output.0, &Defs::none())])?,
            effect: interface.effect.clone(),
            attempt_timeout: attempt.map_or(Ok(ATTEMPT_TIMEOUT), super::build::millis)?,
            retry: Retry::of(undo.retry.as_ref(), UNDO_ATTEMPTS),
            emits,
            payload,
        })
    }

    /// What an action's output must conform to: its own schema, for a signal that of the signal, and the step's `expect`.
    pub(super) fn output(&self, action: &workflow::Action) -> Result<Box<[Checker]>, Error> {
        let none = Defs::none();
        let own = (&*self.interface(&action.uses)?.output.0, &none);
        let signal = (action.uses == "core.wait_for").then(|| self.signal(action)).flatten();
        let further = [signal, action.expect.as_ref()].into_iter().flatten();
        let all: Vec<_> =
            std::iter::once(own).chain(further.map(|schema| (&*schema.0, &self.defs))).collect();
        checker::all(&all)
    }

    /// The schema of the signal that a step waits for.
    fn signal(&self, action: &workflow::Action) -> Option<&'a Schema> {
        let name = action.with.as_ref()?.0.get("signal")?.as_str()?;
        self.bundle.document.signals.get(name)
    }

    fn interface(&self, action: &str) -> Result<&'a Interface, Error> {
        let found = self.bundle.interfaces.get(action);
        found.ok_or_else(|| invalid(format!("it has no interface of `{action}`")))
    }
}

/// An argument that is written out.
fn named<'a>(with: Option<&'a workflow::Template>, name: &str) -> Result<&'a str, Error> {
    let found = with.and_then(|with| with.0.get(name)?.as_str());
    found.ok_or_else(|| invalid(format!("`{name}` is not written out")))
}

/// Has each `${ … }` in an argument that is a path encoded as one segment of it.
fn encode_paths(with: &mut Option<Template>, interface: &Interface) {
    if let Some(with) = with {
        for pointer in path_arguments(&interface.input.0) {
            with.encode(&pointer, Encoding::PathSegment);
        }
    }
}
