//! The whole document.

use flov7::catalog::EventDescriptor;
use serde_json::{Map, Value, json};

use super::block::Role;
use super::scope::Scope;
use super::{Author, Case};
use crate::ty::{Member, Rest, Ty};

impl Author {
    pub(super) fn document(mut self, seed: u64) -> Case {
        self.left = self.dice.between(8, 26) as i64;
        for at in 0..self.dice.roll(4) {
            let ty = Ty::random(&mut self.dice, 2);
            self.names.push((format!("t{at}"), ty));
        }
        let mut document = json!({ "flov7": 1, "name": "proof" });
        let mut s = Scope::default();
        if !self.dice.chance(1, 20) {
            let input = self.input();
            document["input"] = self.schema(&input);
            s.add("input", &input, false, &[]);
            self.world.input = Some(input);
        }
        let execution = vec![
            Member { name: "id".to_owned(), ty: Ty::text(), required: true },
            Member { name: "trigger".to_owned(), ty: Ty::text().or_null(), required: true },
        ];
        s.add("execution", &Ty::object(execution, Rest::Closed), false, &[]);
        if self.dice.chance(1, 4) {
            document["triggers"] = self.triggers();
        }
        let count = self.dice.between(4, 10);
        let want = self.dice.chance(3, 4).then(|| Ty::random(&mut self.dice, 2));
        let block = self.block(&s, Role::Top, 3, count, want.as_ref());
        document["steps"] = Value::Array(block.steps);
        if let Some(output) = block.output {
            self.count("output");
            document["output"] = output;
        }
        self.around(&mut document);
        let Author { catalog, world, counts, .. } = self;
        Case { seed, document, catalog, world, counts }
    }

    fn input(&mut self) -> Ty {
        let names = ["order", "n", "list", "who", "more"];
        let count = self.dice.between(2, 5) as usize;
        let mut members = Vec::new();
        for name in &names[..count] {
            let ty = match self.dice.roll(4) {
                0 if !self.names.is_empty() => self.dice.one(&self.names).1.clone(),
                1 => Ty::list(Ty::random(&mut self.dice, 1)),
                _ => Ty::random(&mut self.dice, 2),
            };
            members.push(Member { name: (*name).to_owned(), ty, required: self.dice.chance(3, 4) });
        }
        Ty::object(members, if self.dice.chance(1, 2) { Rest::Open } else { Rest::Closed })
    }

    /// What stands around the steps.
    fn around(&mut self, document: &mut Value) {
        let mut types = Map::new();
        for (name, ty) in self.names.clone() {
            self.count("types");
            types.insert(name, ty.written(&mut self.dice, &[]));
        }
        if !types.is_empty() {
            document["types"] = Value::Object(types);
        }
        let mut signals = Map::new();
        for (name, ty) in self.world.signals.clone() {
            signals.insert(name, self.schema(&ty));
        }
        if !signals.is_empty() {
            document["signals"] = Value::Object(signals);
        }
        if !self.connections.is_empty() {
            let written = |(id, connector): &(String, String)| json!({ "id": id, "connector": connector });
            document["connections"] = self.connections.iter().map(written).collect();
        }
        if self.dice.chance(1, 8) {
            self.count("workflow timeout");
            document["timeout"] = json!(*self.dice.one(&["1m", "2h", "30d"]));
        }
        if self.dice.chance(1, 12) {
            self.count("limits");
            document["limits"] = json!({ "steps": *self.dice.one(&[3, 20, 1000]) });
        }
    }

    /// Triggers that fill the input; no execution starts from them here.
    fn triggers(&mut self) -> Value {
        let wanted = self.world.input.clone();
        let mut triggers = vec![json!({ "id": "by_hand", "use": "manual" })];
        if let Some(ty) = wanted {
            self.count("trigger");
            let payload = ty.schema(&mut self.dice, &[]);
            let event: Result<EventDescriptor, _> = serde_json::from_value(
                json!({ "name": "thing.happened", "title": "It happened", "payload": payload }),
            );
            if let Ok(event) = event {
                self.catalog = std::mem::take(&mut self.catalog).with_event(event);
                triggers.push(json!({
                    "id": "on_event", "use": "event", "with": { "name": "thing.happened" }, "input": "${ trigger.payload }"
                }));
            }
        }
        Value::Array(triggers)
    }
}
