//! Conditions.

use serde_json::{Value, json};

use super::Author;
use super::block::{Block, Role};
use super::rules::error;
use super::scope::Scope;
use super::step::{Kind, Made};
use crate::ty::{List, Member, Rest, Ty};

impl Author {
    /// A block inside of a condition, and maybe its output.
    fn inner(&mut self, s: &Scope, role: Role, depth: u32, want: Option<&Ty>) -> Block {
        let count = self.dice.between(0, 3);
        self.block(s, role, depth - 1, count, want)
    }

    /// What the blocks of a condition give, if anything.
    fn wanted(&mut self) -> Option<Ty> {
        self.dice.chance(3, 4).then(|| Ty::random(&mut self.dice, 1))
    }

    fn made(&mut self, condition: Value, value: Ty, computed: bool, blocks: &[&Block]) -> Made {
        let mut made = Made::new(json!({ "condition": condition }), value, computed);
        for block in blocks {
            made.inside.extend(&block.inside);
            made.ids.extend(block.ids.iter().cloned());
        }
        made
    }

    pub(super) fn if_(&mut self, s: &Scope, depth: u32) -> Made {
        self.count("if");
        let question = self.question(s, 2);
        let want = self.wanted();
        let then = self.inner(&s.with(&question.yes), Role::Other, depth, want.as_ref());
        let mut condition = json!({ "if": self.marked(&question.text), "then": self.held(&then) });
        if self.dice.chance(1, 2) {
            self.count("else");
            let other = self.inner(&s.with(&question.no), Role::Other, depth, want.as_ref());
            condition["else"] = self.held(&other);
            let (ty, computed) = (then.ty.join(&other.ty), then.computed || other.computed);
            return self.made(condition, ty, computed, &[&then, &other]);
        }
        let (ty, computed) = (then.ty.join(&Ty::Null), then.computed);
        self.made(condition, ty, computed, &[&then])
    }

    /// Whoever comes behind it knows that the answer was no.
    pub(super) fn guard_clause(&mut self, s: &Scope) -> Made {
        self.count("guard clause");
        let question = self.question(s, 2);
        self.steps += 1;
        let mut fail = self.fail(&s.with(&question.yes)).step;
        fail["id"] = json!(format!("s{}", self.steps));
        let condition = json!({ "if": self.marked(&question.text), "then": [fail] });
        let mut made = Made::new(json!({ "condition": condition }), Ty::Null, false);
        made.kind = Kind::Guard;
        made.facts = question.no;
        made
    }

    pub(super) fn filter(&mut self, s: &Scope) -> Made {
        self.count("filter");
        let question = self.question(s, 2);
        let mut made =
            Made::new(json!({ "condition": { "filter": self.marked(&question.text) } }), Ty::Null, false);
        made.value = None;
        made.kind = Kind::Filter;
        made.facts = question.yes;
        made
    }

    pub(super) fn switch(&mut self, s: &Scope, depth: u32) -> Made {
        let all = self.dice.chance(1, 2);
        self.count(if all { "switch all" } else { "switch first" });
        let want = self.wanted();
        let mut before = s.clone();
        let (mut cases, mut blocks) = (Vec::new(), Vec::new());
        for at in 0..self.dice.between(1, 3) {
            let question = self.question(&before, 2);
            let block = self.inner(&before.with(&question.yes), Role::Other, depth, want.as_ref());
            let case = json!({ "id": format!("c{at}"), "when": self.marked(&question.text) });
            cases.push(self.merge_block(case, &block));
            blocks.push(block);
            if !all {
                before = before.with(&question.no);
            }
        }
        let mut switch = json!({ "cases": cases });
        if all || self.dice.chance(1, 2) {
            switch["match"] = json!(if all { "all" } else { "first" });
        }
        let default = self.dice.chance(1, 2);
        if default {
            self.count("default");
            let around = if all { s } else { &before };
            let block = self.inner(around, Role::Other, depth, want.as_ref());
            switch["default"] = self.held(&block);
            blocks.push(block);
        }
        let (ty, computed) = if all {
            let named = |(at, block): (usize, &Block)| {
                let name = if at < cases.len() { format!("c{at}") } else { "default".to_owned() };
                Member { name, ty: block.ty.clone(), required: false }
            };
            (Ty::object(blocks.iter().enumerate().map(named).collect(), Rest::Closed), true)
        } else {
            let none = (!default).then_some(Ty::Null);
            let all = blocks.iter().map(|block| block.ty.clone()).chain(none).reduce(|a, b| a.join(&b));
            (all.unwrap_or(Ty::Null), blocks.iter().any(|block| block.computed))
        };
        let blocks: Vec<&Block> = blocks.iter().collect();
        self.made(json!({ "switch": switch }), ty, computed, &blocks)
    }

    pub(super) fn parallel(&mut self, s: &Scope, depth: u32) -> Made {
        let count = self.dice.between(2, 3);
        let wait = self.dice.roll(4);
        let want = self.wanted();
        let (mut branches, mut blocks, mut ids) = (Vec::new(), Vec::new(), Vec::new());
        for at in 0..count {
            let id = format!("b{at}");
            let block = self.inner(s, Role::Other, depth, want.as_ref());
            branches.push(self.merge_block(json!({ "id": id }), &block));
            blocks.push(block);
            ids.push(id);
        }
        let mut parallel = json!({ "branches": branches });
        let named = |required| {
            let member =
                |(id, block): (&String, &Block)| Member { name: id.clone(), ty: block.ty.clone(), required };
            Ty::object(ids.iter().zip(&blocks).map(member).collect(), Rest::Closed)
        };
        let value = match wait {
            0 | 1 => {
                self.count("parallel all");
                if wait == 0 {
                    parallel["wait"] = json!("all");
                }
                named(true)
            }
            _ => {
                let needed = if wait == 2 { 1 } else { self.dice.between(1, count) };
                self.count(if wait == 2 { "parallel any" } else { "parallel n" });
                parallel["wait"] = if wait == 2 { json!("any") } else { json!(needed) };
                let texts: Vec<&str> = ids.iter().map(String::as_str).collect();
                let winners = List { item: Ty::texts(&texts), min: needed, max: Some(count) };
                let member = |name: &str, ty| Member { name: name.to_owned(), ty, required: true };
                let members =
                    vec![member("winners", Ty::List(Box::new(winners))), member("outputs", named(false))];
                Ty::object(members, Rest::Closed)
            }
        };
        let blocks: Vec<&Block> = blocks.iter().collect();
        self.made(json!({ "parallel": parallel }), value, true, &blocks)
    }

    pub(super) fn for_each(&mut self, s: &Scope, depth: u32) -> Made {
        self.count("for_each");
        let items = self.some_list(s);
        let mut inner = s.clone();
        for root in ["item", "index"] {
            inner.forget(root);
        }
        let mut each = json!({ "items": self.marked(&items.text) });
        let item = match &items.ty {
            Ty::List(list) if list.max != Some(0) => Some(list.item.clone()),
            _ => None,
        };
        let mut names = vec!["item"];
        if self.dice.chance(1, 2) {
            self.count("as");
            inner.forget("line");
            each["as"] = json!("line");
            names.push("line");
        }
        for name in names {
            if let Some(item) = &item {
                inner.add_made(name, item, items.computed, &[]);
            }
        }
        inner.add("index", &Ty::int_between(0, 100_000), false, &[]);
        let want = self.wanted();
        let block = self.inner(&inner, Role::Each, depth, want.as_ref());
        each = self.merge_block(each, &block);
        if self.dice.chance(1, 2) {
            self.count("concurrency");
            each["concurrency"] = json!(self.dice.between(1, 4));
        }
        let value = if self.dice.chance(1, 3) {
            self.count("collect");
            each["errors"] = json!("collect");
            let member = |name: &str, ty| Member { name: name.to_owned(), ty, required: false };
            Ty::object(vec![member("ok", block.ty.clone()), member("error", error())], Rest::Closed)
        } else {
            block.ty.clone()
        };
        let mut made = Made::new(json!({ "condition": { "for_each": each } }), Ty::list(value), true);
        made.ids = block.ids;
        made
    }

    pub(super) fn loop_(&mut self, s: &Scope, depth: u32) -> Made {
        self.count("loop");
        let mut inner = s.clone();
        for root in ["state", "index"] {
            inner.forget(root);
        }
        let mut round = json!({ "max": self.dice.between(1, 4) });
        if self.dice.chance(1, 2) {
            self.count("at_max");
            round["at_max"] = json!(*self.dice.one(&["fail", "stop", "stop"]));
        }
        let declared = self.dice.chance(1, 2);
        let (state, computed) = if declared {
            self.count("loop schema");
            let ty = Ty::random(&mut self.dice, 2);
            round["schema"] = self.schema(&ty);
            round["state"] = self.template(s, &ty, 2).template;
            (ty, false)
        } else {
            let (first, ty) = self.first_state();
            round["state"] = first;
            (ty, true)
        };
        if declared {
            inner.add("state", &state, computed, &[]);
        } else {
            inner.add_made("state", &state, computed, &[]);
        }
        inner.add("index", &Ty::int_between(0, 100_000), false, &[]);
        let question = self.question(&inner, 2);
        round["while"] = self.marked(&question.text);
        let block = self.inner(&inner.with(&question.yes), Role::Other, depth, None);
        round["next"] = if declared {
            self.template(&block.end, &state, 2).template
        } else {
            self.next_state(&block.end, &state)
        };
        round["steps"] = Value::Array(block.steps);
        let mut made = Made::new(json!({ "condition": { "loop": round } }), state, computed);
        made.ids = block.ids;
        made.codes = vec!["limit.iterations".to_owned()];
        made
    }

    /// A first state that says by itself what every later one is.
    fn first_state(&mut self) -> (Value, Ty) {
        let member = |name: &str, ty| Member { name: name.to_owned(), ty, required: true };
        match self.dice.roll(4) {
            0 => (json!(0), Ty::int()),
            1 => (json!("start"), Ty::text()),
            2 => (json!(true), Ty::Bool),
            _ => {
                let members = vec![member("n", Ty::int()), member("t", Ty::text())];
                (json!({ "n": 0, "t": "" }), Ty::object(members, Rest::Closed))
            }
        }
    }

    fn next_state(&mut self, s: &Scope, state: &Ty) -> Value {
        match state {
            Ty::Object(object) => object
                .members
                .iter()
                .map(|member| (member.name.clone(), self.next_state(s, &member.ty)))
                .collect(),
            Ty::Number(_) => {
                let e = self.number(s, true, 2);
                self.marked(&e.text)
            }
            Ty::Text(_) => {
                let e = self.text(s, 2);
                self.marked(&e.text)
            }
            _ => {
                let e = self.truth(s, 2);
                self.marked(&e.text)
            }
        }
    }
}
