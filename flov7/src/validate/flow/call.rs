//! Calls of other workflows and events: what goes into them against what they take.

use serde_json::{Value, json};

use super::links::{Link, Parts, link};
use super::roots::{Known, Typed};
use super::{Flow, Gives, Place};
use crate::finding::{Residual, ResidualKind};
use crate::json::below;
use crate::types::{Lowered, MemberLookup, Type, lower};
use crate::validate::callees::{Called, input_of};
use crate::validate::outline::StepNo;
use crate::workflow::{Action, Template};

impl Flow<'_, '_> {
    /// The workflow that a step calls, if it can be.
    fn callee(&self, action: &Action) -> Option<(Option<Lowered>, Gives)> {
        let name = action.with.as_ref()?.0.get("workflow")?.as_str()?;
        match self.pass.callees.get(&self.pass.workflow.name, name) {
            Called::Sound { document, gives } => Some((input_of(document), gives)),
            Called::Unknown | Called::Unsound(_) => None,
        }
    }

    /// `input` of a call, against the schema of the callee.
    pub(super) fn call_input(&mut self, place: &Place, no: StepNo, action: &Action, at: &str) {
        let Some((Some(input), _)) = self.callee(action) else { return };
        let empty = json!({});
        let written = action.with.as_ref().and_then(|with| with.0.get("input")).unwrap_or(&empty);
        self.handed_over(
            place,
            no,
            written,
            &input,
            &below(at, "/with/input"),
            Parts::Arguments("core.call"),
        );
    }

    /// What a call gives: the output of the callee.
    pub(super) fn call_output(&mut self, no: StepNo, action: &Action) -> Known {
        match self.callee(action)?.1 {
            Gives::Value(value) => value,
            Gives::Never => {
                self.ends[no.0] = true;
                Some(Typed::declared(Type::never()))
            }
        }
    }

    /// The payload of an event, against what the catalogue says of it.
    pub(super) fn payload(&mut self, place: &Place, no: StepNo, with: Option<&Template>, at: &str) {
        let Some(with) = with else { return };
        let event =
            with.0.get("event").and_then(Value::as_str).and_then(|name| self.pass.catalog.event(name));
        let Some(schema) = event.and_then(|event| lower(&event.payload.0, &crate::types::Defs::none()).ok())
        else {
            return;
        };
        let written = with.0.get("payload").unwrap_or(&Value::Null);
        self.handed_over(place, no, written, &schema, &below(at, "/with/payload"), Parts::Members);
    }

    /// A member of `with` that has a schema of its own. Its expressions were looked at with the whole.
    fn handed_over(
        &mut self,
        place: &Place,
        no: StepNo,
        written: &Value,
        wanted: &Lowered,
        pointer: &str,
        parts: Parts<'_>,
    ) {
        if self.blamed.contains(&no) {
            return;
        }
        // Looked at as a member, for a member may be absent; what was found then is known already.
        let before = (self.pass.findings.len(), self.pass.residuals.len(), self.bytes);
        let whole = json!({ "value": written });
        let given = self.template(place, &whole, pointer);
        self.pass.findings.truncate(before.0);
        self.pass.residuals.truncate(before.1);
        self.bytes = before.2;
        let Some(given) = given else { return };
        let (ty, sure) = match given.ty.member("value") {
            MemberLookup::Required(ty) => (ty, true),
            MemberLookup::Optional(ty) => (ty, false),
            _ => return,
        };
        let member = Typed { ty, declared: given.declared };
        match link(&member, wanted, written, pointer, parts) {
            Link::Holds if sure => {}
            Link::Broken(findings) => {
                for finding in findings {
                    self.note(finding, Some(no));
                }
            }
            Link::Holds | Link::Undecided => {
                self.remain(ResidualKind::ContractLink, pointer, Some(no));
                self.pass.checks.push(pointer.to_owned());
            }
        }
    }

    /// What only the run of a callee can tell is told of the step that calls it: its failure is that of the step.
    pub(super) fn below(&mut self) {
        let own: Vec<ResidualKind> = self.pass.residuals.iter().map(|residual| residual.kind).collect();
        let mut more = Vec::new();
        for at in self.pass.outline.steps.iter().filter(|at| !at.poisoned) {
            let Some(action) = at.step.action.as_ref().filter(|action| action.uses == "core.call") else {
                continue;
            };
            let name = action.with.as_ref().and_then(|with| with.0.get("workflow")?.as_str());
            let Some(name) = name else { continue };
            let (mut kinds, _) = self.pass.callees.below(name);
            if self.pass.callees.returns(name) {
                kinds.extend(own.iter().copied());
            }
            let pointer = below(&at.pointer, "/action");
            more.extend(
                kinds.into_iter().map(|kind| Residual::new(kind, pointer.clone()).with_step(&at.step.id)),
            );
        }
        self.pass.residuals.append(&mut more);
    }
}
