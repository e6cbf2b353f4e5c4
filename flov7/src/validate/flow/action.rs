//! Actions: their input against the schema of the action, and what they give.

use serde_json::Value;

use super::expressions::Filled;
use super::links::{Link, Parts, is_constant, link, misnamed};
use super::roots::{Known, Typed};
use super::{Flow, Place};
use crate::catalog::{CORE_PREFIX, Entry};
use crate::finding::{Code, Finding, ResidualKind};
use crate::json::below;
use crate::planted::{Bug, planted};
use crate::types::{Lowered, Type, lower};
use crate::validate::outline::StepNo;
use crate::validate::requests::REQUEST;
use crate::workflow::{Action, Template, Undo};

impl Flow<'_, '_> {
    pub(super) fn action(&mut self, place: &Place, no: StepNo, action: &Action, pointer: &str) -> Known {
        let place_of_action = below(pointer, "/action");
        let catalog = self.pass.catalog;
        let entry = catalog.entry(&action.uses);
        self.argument(place, no, (&action.uses, entry), action.with.as_ref(), &place_of_action);
        if action.uses == "core.fail" {
            self.ends[no.0] = true;
        }
        match action.uses.as_str() {
            "core.call" => self.call_input(place, no, action, &place_of_action),
            "core.emit" => self.payload(place, no, action.with.as_ref(), &place_of_action),
            _ => {}
        }
        self.request_residual(no, (&action.uses, entry), action.with.as_ref(), &place_of_action);
        let own = self.output(no, action, entry);
        let expected = match &action.expect {
            None => return own,
            Some(_) if planted(Bug::ExpectIgnored) => return own,
            Some(expect) => self.schema(expect, &below(&place_of_action, "/expect"), Some(no))?,
        };
        let (own, expected) = (own?.ty, expected.upper().clone());
        let both = own.intersect(&expected);
        if both.is_never() && !own.is_never() {
            let message = format!("`{}` never gives {expected}: its output is {own}", action.uses);
            let finding = Finding::new(Code::NOT_ASSIGNABLE, below(&place_of_action, "/expect"), message);
            self.note(finding.with_allowed(own.to_string()), Some(no));
            return None;
        }
        match action.uses.as_str() {
            // The sender is held to the signal's own schema alone.
            "core.wait_for" if !own.is_within(&expected) => {
                self.remain(ResidualKind::ContractSignal, place_of_action, Some(no));
            }
            id if (!id.starts_with(CORE_PREFIX) || id == "core.call") && !expected.is_untyped() => {
                self.remain(ResidualKind::ContractOutput, place_of_action, Some(no));
            }
            _ => {}
        }
        Some(Typed::declared(both))
    }

    /// What the action itself says that it gives.
    fn output(&mut self, no: StepNo, action: &Action, entry: Option<&Entry>) -> Known {
        match action.uses.as_str() {
            "core.wait_for" => {
                let name = action.with.as_ref()?.0.get("signal")?.as_str()?;
                let workflow = self.pass.workflow;
                let schema = workflow.signals.get(name)?;
                // What is wrong with the schema is noted where it stands.
                let lowered = self.schemas.of(schema, "", None).ok()?;
                Some(Typed::declared(lowered.upper().clone()))
            }
            "core.fail" => Some(Typed::declared(Type::never())),
            // Without `expect` nobody knows what the answer is, and that it is missing is known already.
            "core.ask" if action.expect.is_none() => None,
            "core.call" => self.call_output(no, action),
            id if id.starts_with(CORE_PREFIX) => {
                let output = entry?.output()?;
                Some(Typed::declared(output.upper().clone()))
            }
            _ => {
                let output = entry?.output()?;
                if !output.upper().is_untyped() {
                    let pointer = below(&self.pass.outline.step(no).pointer, "/action");
                    self.remain(ResidualKind::ContractOutput, pointer, Some(no));
                }
                Some(Typed::declared(output.upper().clone()))
            }
        }
    }

    /// `with`, checked against what the action takes.
    fn argument(
        &mut self,
        place: &Place,
        no: StepNo,
        (uses, entry): (&str, Option<&Entry>),
        with: Option<&Template>,
        at: &str,
    ) {
        let empty = Value::Object(serde_json::Map::new());
        let (written, pointer) = match with {
            Some(with) => (&with.0, below(at, "/with")),
            None => (&empty, at.to_owned()),
        };
        let input = entry.and_then(Entry::input);
        let filled = self.template_for(place, written, &pointer, input.map(Lowered::upper));
        if self.blamed.contains(&no) {
            return;
        }
        let Some(input) = input else { return };
        let link = match filled {
            Filled::Fits => Link::Holds,
            Filled::Of(Some(given)) => link(&given, input, written, &pointer, Parts::Arguments(uses)),
            Filled::Of(None) => {
                for finding in misnamed(input, written, &pointer, Parts::Arguments(uses)) {
                    self.note(finding, Some(no));
                }
                return;
            }
        };
        match link {
            Link::Holds => {}
            Link::Broken(findings) => {
                for finding in findings {
                    self.note(finding, Some(no));
                }
            }
            Link::Undecided => {
                if !planted(Bug::LinkNotListed) {
                    self.remain(ResidualKind::ContractLink, pointer.clone(), Some(no));
                }
                self.pass.checks.push(pointer);
            }
        }
        if uses == "core.wait" {
            for name in ["for", "until"] {
                let computed = written
                    .get(name)
                    .is_some_and(|value| value.as_str().is_none_or(|text| text.contains("${")));
                if computed || written.is_string() {
                    self.remain(ResidualKind::Conversion, below(at, "/with"), Some(no));
                    break;
                }
            }
        }
    }

    /// What expressions fill into a path is judged when it is filled in (an empty segment), and what they fill into a
    /// url or a header when the request is made.
    fn request_residual(
        &mut self,
        no: StepNo,
        (uses, entry): (&str, Option<&Entry>),
        with: Option<&Template>,
        at: &str,
    ) {
        let computed = |value: &Value| !is_constant(value);
        let (Some(with), Some(entry)) = (with, entry) else { return };
        let members: &[&str] =
            if uses == REQUEST { &["path", "url", "headers", "query", "method"] } else { &[] };
        let mut paths = entry.paths().iter();
        if members.iter().any(|name| with.0.get(*name).is_some_and(computed))
            || paths.any(|place| with.0.pointer(place).is_some_and(computed))
        {
            self.remain(ResidualKind::ContractInput, below(at, "/with"), Some(no));
        }
    }

    /// The action that takes the effect back: its input is made when the step is done, and may read its value.
    pub(super) fn undo(&mut self, place: &Place, no: StepNo, undo: &Undo, pointer: &str) {
        let at = below(pointer, "/undo");
        let catalog = self.pass.catalog;
        self.argument(place, no, (&undo.uses, catalog.entry(&undo.uses)), undo.with.as_ref(), &at);
        if undo.uses == "core.emit" {
            self.payload(place, no, undo.with.as_ref(), &at);
        }
    }

    /// The schema of a value that stands in for the output of an action.
    pub(super) fn output_schema(&mut self, action: &Action) -> Option<crate::types::Lowered> {
        if action.uses == "core.wait_for" {
            let name = action.with.as_ref()?.0.get("signal")?.as_str()?;
            return lower(&self.pass.workflow.signals.get(name)?.0, &self.schemas.defs).ok();
        }
        self.pass.catalog.output_of(&action.uses).cloned()
    }
}
