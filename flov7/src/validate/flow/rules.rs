//! Rules of `on_error`: the values that stand in for that of the step.

use serde_json::Value;

use super::links::{Link, Parts, link};
use super::roots::Typed;
use super::{Flow, Place, StepValue};
use crate::finding::{Code, Finding, ResidualKind};
use crate::planted::{Bug, planted};
use crate::types::{Assign, Lowered, Type, assign};
use crate::validate::outline::{StepNo, continues};
use crate::workflow::OnError;

impl Flow<'_, '_> {
    /// The value of the step behind its rules.
    pub(super) fn rules(&mut self, place: &Place, no: StepNo, value: StepValue, pointer: &str) -> StepValue {
        let step = self.pass.outline.step(no).step;
        let mut result = value.clone();
        for (index, rule) in step.on_error.iter().flatten().enumerate() {
            let Some(given) = &rule.value else { continue };
            let inner = place.with_root("error", Some(Typed::declared(error(rule))));
            let pointer = format!("{pointer}/on_error/{index}/value");
            let ty = self.template(&inner, &given.0, &pointer);
            let (StepValue::Of(own), Some(ty)) = (&value, ty) else { continue };
            if continues(rule) {
                let known = self.stand_in(no, own, ty, &given.0, &pointer);
                result = match (result, known) {
                    (StepValue::Of(so_far), Some(known)) => StepValue::Of(so_far.or(&known)),
                    _ => StepValue::Unknown,
                };
            }
        }
        result
    }

    /// What the step is where a rule gives it this value.
    fn stand_in(
        &mut self,
        no: StepNo,
        own: &Typed,
        given: Typed,
        written: &Value,
        pointer: &str,
    ) -> Option<Typed> {
        if planted(Bug::OnErrorValueUntyped) {
            return Some(own.clone());
        }
        // A step that always fails has no type of its own: it has that of the value.
        if own.ty.is_never() {
            return Some(given);
        }
        let action = self.pass.outline.step(no).step.action.as_ref();
        // What a called workflow gives is a type and no schema, as what is computed.
        let Some(action) = action.filter(|action| action.uses != "core.call") else {
            return match assign(&given.lowered(), &Lowered::declared(own.ty.clone())) {
                Assign::Yes => Some(own.clone()),
                Assign::No { witness } => {
                    let message = format!("the value of this step is {}, and this is {}", own.ty, given.ty);
                    let finding = Finding::new(Code::NOT_ASSIGNABLE, pointer, message)
                        .with_found(witness)
                        .with_allowed(own.ty.to_string());
                    self.note(finding, Some(no));
                    None
                }
                // There is no schema to hold it against when it comes, so readers are told of both.
                _ => Some(own.or(&given)),
            };
        };
        let mut targets = vec![];
        if let Some(schema) = &action.expect {
            targets.extend(self.schemas.of(schema, "", None).ok());
        }
        targets.extend(self.output_schema(action));
        let mut undecided = false;
        for target in targets {
            match link(&given, &target, written, pointer, Parts::Members) {
                Link::Holds => {}
                Link::Undecided => undecided = true,
                Link::Broken(findings) => {
                    for finding in findings {
                        self.note(finding, Some(no));
                    }
                    return None;
                }
            }
        }
        if undecided {
            self.remain(ResidualKind::ContractLink, pointer, Some(no));
            self.pass.checks.push(pointer.to_owned());
        }
        Some(own.clone())
    }
}

/// `error` inside a rule: where it names codes and no families, it is one of them.
fn error(rule: &OnError) -> Type {
    let codes: Vec<&str> = rule.codes.iter().flatten().map(String::as_str).collect();
    let exact = codes.iter().all(|code| !code.ends_with('*'));
    Type::error(if exact { codes.as_slice() } else { &[] })
}
