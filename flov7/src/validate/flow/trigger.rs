//! Triggers: what arrives, and whether it fills the input.

use serde_json::{Map, Value};

use super::facts::Facts;
use super::links::{Link, Parts, link};
use super::roots::{Known, Roots, Typed, event, manual, schedule, webhook};
use super::{Flow, Place};
use crate::finding::{Code, Finding};
use crate::json::below;
use crate::types::{Defs, Lowered, Presence, Type, lower};
use crate::validate::order::Spot;
use crate::validate::triggers::kind;
use crate::workflow::{Expression, Trigger};

impl Flow<'_, '_> {
    pub(super) fn triggers(&mut self, input: &Option<Lowered>) {
        let workflow = self.pass.workflow;
        for (index, trigger) in workflow.triggers.iter().enumerate() {
            let pointer = format!("/triggers/{index}");
            if self.pass.poisoned.contains(&pointer) {
                continue;
            }
            self.trigger(index, trigger, &pointer, input);
        }
    }

    fn trigger(&mut self, index: usize, trigger: &Trigger, pointer: &str, input: &Option<Lowered>) {
        let arrived = self.arrived(trigger, pointer, input);
        let place = Place {
            spot: Spot::Outside,
            step: None,
            trigger: Some(index),
            roots: Roots::default().with("trigger", arrived),
            facts: Facts::default(),
        };
        let mut facts = Facts::default();
        if let Some(filter) = trigger.with.as_ref().and_then(|with| with.0.get("filter"))
            && trigger.uses == "event"
        {
            let answer = self.question(&place, &Expression(filter.clone()), &below(pointer, "/with/filter"));
            facts = answer.yes();
        }
        let default = match trigger.uses.as_str() {
            "manual" => Value::from("${ trigger.input }"),
            _ => Value::Object(Map::new()),
        };
        let (written, at) = match &trigger.input {
            Some(template) => (&template.0, below(pointer, "/input")),
            None => (&default, pointer.to_owned()),
        };
        let place = Place { facts, ..place };
        let (Some(given), Some(wanted)) = (self.template(&place, written, &at), input) else { return };
        // What may only be too great or too long is checked when the trigger fires, like everything that cannot be
        // decided: it then starts nothing.
        let given = Typed::computed(given.ty);
        if let Link::Broken(findings) = link(&given, wanted, written, &at, Parts::Input) {
            if trigger.input.is_none() && findings.len() > 1 {
                // One cause: nobody said where the input comes from.
                let names: Vec<String> = wanted
                    .upper()
                    .members()
                    .iter()
                    .filter(|(_, _, presence)| *presence == Presence::Required)
                    .map(|(name, ..)| format!("`{name}`"))
                    .collect();
                let message =
                    format!("the input needs {}: nothing says where they come from", names.join(", "));
                let finding = Finding::new(Code::TRIGGER_INPUT, at, message);
                self.note(finding.with_help("say with `input` what each is made of"), None);
                return;
            }
            for finding in findings {
                self.note(finding, None);
            }
        }
    }

    /// The type of `trigger`.
    fn arrived(&mut self, trigger: &Trigger, pointer: &str, input: &Option<Lowered>) -> Known {
        let expected = match &trigger.expect {
            Some(expect) => Some(self.schema(expect, &below(pointer, "/expect"), None)?.upper().clone()),
            None => None,
        };
        let own = match kind(trigger)? {
            "manual" => manual(input.as_ref()?.upper().clone()),
            "schedule" => schedule(),
            "webhook" => webhook(),
            _ => {
                let name = trigger.with.as_ref().and_then(|with| with.0.get("name")?.as_str());
                let known = name.and_then(|name| self.pass.catalog.event(name));
                let payload = known.and_then(|event| lower(&event.payload.0, &Defs::none()).ok());
                event(payload.map_or_else(Type::untyped, |payload| payload.upper().clone()))
            }
        };
        let Some(expected) = expected else { return Some(Typed::declared(own)) };
        let both = own.intersect(&expected);
        if both.is_never() {
            let message = format!("nothing that arrives here is {expected}: it is {own}");
            self.note(Finding::new(Code::NOT_ASSIGNABLE, below(pointer, "/expect"), message), None);
            return None;
        }
        Some(Typed::declared(both))
    }
}
