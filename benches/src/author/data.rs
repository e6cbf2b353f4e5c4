//! Data steps.

use serde_json::json;

use super::scope::Scope;
use super::step::Made;
use super::{Author, E};
use crate::ty::{List, Member, Object, Range, Rest, Texts, Ty};

impl Author {
    pub(super) fn data(&mut self, s: &Scope) -> Made {
        match self.dice.roll(10) {
            0 => self.parse_json(s),
            1 => self.parse_csv(s),
            2 => self.format(s),
            3 | 4 => self.validate(s),
            _ => {
                self.count("data set");
                let want = Ty::random(&mut self.dice, 2);
                let value = self.template(s, &want, 3);
                Made::new(json!({ "data": { "set": value.template } }), value.ty, value.computed)
            }
        }
    }

    fn parse_json(&mut self, s: &Scope) -> Made {
        self.count("data parse json");
        let ty = Ty::random(&mut self.dice, 2);
        let e = self.fill(s, &ty, 1);
        // Mostly a text that says what the schema asks for.
        let text = match self.dice.roll(4) {
            0 => self.text(s, 1).text,
            _ => format!("toJson({})", e.text),
        };
        let mut parse = json!({ "format": "json", "text": self.marked(&text) });
        if self.dice.chance(1, 6) {
            return Made::new(json!({ "data": { "parse": parse } }), Ty::Any, false);
        }
        parse["schema"] = self.schema(&ty);
        Made::new(json!({ "data": { "parse": parse } }), ty, false)
    }

    fn parse_csv(&mut self, s: &Scope) -> Made {
        self.count("data parse csv");
        let text = *self.dice.one(&["id,name\n1,a\n2,b\n", "id,name\n", "id,name\n\"x\",\"y\"\n"]);
        let text = match s.pick(&mut self.dice, |read| read.guard.is_empty() && read.ty == Ty::text()) {
            Some(read) if self.dice.chance(1, 2) => {
                self.marked(&format!("{} + {}", super::literal::text_literal(text), read.path))
            }
            _ => json!(text),
        };
        let mut parse = json!({ "format": "csv", "text": text });
        let row = Ty::object(Vec::new(), Rest::Of(Box::new(Ty::text())));
        let ty = match self.dice.roll(3) {
            0 => {
                parse["header"] = json!(false);
                Ty::list(Ty::list(Ty::text()))
            }
            1 => {
                let member = |name: &str| Member { name: name.to_owned(), ty: Ty::text(), required: true };
                let row = Ty::object(vec![member("id"), member("name")], Rest::Open);
                parse["schema"] = self.schema(&Ty::list(row));
                // Every cell is a text.
                let members = vec![member("id"), member("name")];
                Ty::list(Ty::object(members, Rest::Of(Box::new(Ty::text()))))
            }
            _ => Ty::list(row),
        };
        Made::new(json!({ "data": { "parse": parse } }), ty, false)
    }

    fn format(&mut self, s: &Scope) -> Made {
        let (kind, value) = if self.dice.chance(1, 2) {
            self.count("data format json");
            let want = Ty::random(&mut self.dice, 2);
            ("json", self.template(s, &want, 2).template)
        } else {
            self.count("data format csv");
            let item = if self.dice.chance(1, 2) { Ty::text() } else { Ty::num() };
            let member = |name: &str| Member { name: name.to_owned(), ty: item.clone(), required: true };
            let row = match self.dice.roll(2) {
                0 => Ty::list(item),
                _ => Ty::object(vec![member("id"), member("name")], Rest::Closed),
            };
            ("csv", self.template(s, &Ty::list(row), 2).template)
        };
        let mut format = json!({ "as": kind, "value": value });
        if kind == "csv" && self.dice.chance(1, 3) {
            format["columns"] = json!(["id", "name"]);
        }
        Made::new(json!({ "data": { "format": format } }), Ty::text(), true)
    }

    /// A value held against its own type, or a smaller one: what flov7 believes to be sure, a run shows.
    fn validate(&mut self, s: &Scope) -> Made {
        self.count("data validate");
        let read = s.pick(&mut self.dice, |read| read.guard.is_empty() && read.ty != Ty::Any);
        let mut described = false;
        let e = match read {
            Some(read) if self.dice.chance(1, 2) => {
                described = read.is_described();
                E { text: read.path.clone(), ty: read.ty.clone(), computed: read.computed }
            }
            _ => {
                let want = Ty::random(&mut self.dice, 2);
                self.fill(s, &want, 2)
            }
        };
        let narrow = if described && self.dice.chance(1, 2) { self.narrower(&e.ty) } else { None };
        let ty = narrow.unwrap_or_else(|| e.ty.clone());
        let schema = self.schema(&ty);
        let value = self.marked(&e.text);
        Made::new(json!({ "data": { "validate": { "value": value, "schema": schema } } }), ty, e.computed)
    }

    /// A type of fewer values, of the same shape, that surely has some.
    pub(super) fn narrower(&mut self, ty: &Ty) -> Option<Ty> {
        Some(match ty {
            Ty::Number(Range { whole, min, max }) => {
                let low = min.unwrap_or(0).max(-1_000);
                let high = max.unwrap_or(1_000).max(low).min(low.saturating_add(1_000));
                if *whole && low == high {
                    return None;
                }
                Ty::Number(Range { whole: *whole, min: Some(low), max: Some(high) })
            }
            Ty::Text(Texts { values: None, min, max }) => {
                Ty::Text(Texts { values: None, min: *min, max: Some(max.unwrap_or(30).max(*min)) })
            }
            Ty::List(list) if list.max.is_none() => {
                Ty::List(Box::new(List { max: Some(list.min + 3), ..(**list).clone() }))
            }
            Ty::Object(object) if !object.members.is_empty() => {
                let at = self.dice.at(object.members.len());
                let mut object = Object::clone(object);
                let member = &mut object.members[at];
                member.required = true;
                if let Some(ty) = self.narrower(&object.members[at].ty.clone()) {
                    object.members[at].ty = ty;
                }
                Ty::Object(Box::new(object))
            }
            Ty::Either(of) if of.len() > 1 => self.dice.one(of).clone(),
            _ => return None,
        })
    }
}
