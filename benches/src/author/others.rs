//! Other executions: workflows that are called, and events that others start from.

use flov7::catalog::EventDescriptor;
use serde_json::json;

use super::Author;
use super::scope::Scope;
use super::step::{Kind, Made};
use crate::ty::Ty;

impl Author {
    /// A call of a workflow that gives back what it is given, or fails.
    pub(super) fn call_workflow(&mut self, id: &str, s: &Scope) -> Made {
        self.count("core.call");
        self.actions += 1;
        let name = format!("callee{}", self.actions);
        let ty = Ty::random(&mut self.dice, 2);
        let takes = json!({
            "type": "object", "properties": { "p": ty.part(&mut self.dice, &[]) }, "required": ["p"],
            "additionalProperties": false
        });
        let fail = json!({ "use": "core.fail", "with": { "code": "too_far", "message": "no" } });
        let callee = json!({
            "flov7": 1, "name": name, "input": takes, "output": "${ input.p }",
            "steps": [{ "id": "maybe", "when": "${ now < timestamp(0) }", "action": fail }]
        });
        let given = self.template(s, &ty, 2);
        if let Ok(workflow) = serde_json::from_value(callee) {
            self.catalog = std::mem::take(&mut self.catalog).with_workflow(workflow);
        }
        self.world.outputs.insert(id.to_owned(), ty.clone());
        let with = json!({ "workflow": name, "input": { "p": given.template } });
        let mut made = Made::new(json!({ "action": { "use": "core.call", "with": with } }), ty, false);
        made.codes = vec!["too_far".to_owned()];
        made
    }

    /// An event, which the catalogue describes or does not.
    pub(super) fn emit(&mut self, s: &Scope) -> Made {
        self.count("core.emit");
        self.actions += 1;
        let name = format!("thing.done{}", self.actions);
        let ty = Ty::random(&mut self.dice, 2);
        if self.dice.chance(1, 2) {
            let described =
                json!({ "name": name, "title": "It is done", "payload": ty.schema(&mut self.dice, &[]) });
            if let Ok(event) = serde_json::from_value::<EventDescriptor>(described) {
                self.catalog = std::mem::take(&mut self.catalog).with_event(event);
            }
            self.world.events.insert(name.clone(), ty.clone());
        }
        let payload = self.template(s, &ty, 2).template;
        let action = json!({ "use": "core.emit", "with": { "event": name, "payload": payload } });
        let mut made = Made::new(json!({ "action": action }), Ty::Null, false);
        made.kind = Kind::Action;
        made
    }
}
