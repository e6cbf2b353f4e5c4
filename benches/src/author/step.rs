//! One step: what it is, and what can stand on any step.

use serde_json::{Value, json};

use super::Author;
use super::block::{Entry, Role};
use super::scope::{Fact, Scope};
use crate::ty::Ty;

/// What a step is, before what can stand on any step is added.
pub(super) struct Made {
    pub(super) step: Value,
    /// Its value; a filter has none.
    pub(super) value: Option<Ty>,
    pub(super) computed: bool,
    /// What can be read of the steps inside of it.
    pub(super) inside: Scope,
    /// The ids of the steps right inside.
    pub(super) ids: Vec<String>,
    /// What whoever waits for it may rely on, if nothing goes on regardless.
    pub(super) facts: Vec<Fact>,
    /// Codes that it can fail with, besides those of flov7.
    pub(super) codes: Vec<String>,
    pub(super) kind: Kind,
}

/// What matters for rules and policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An action that has an output of its own.
    Action,
    /// Something that always fails.
    Fail,
    /// A filter.
    Filter,
    /// A step that promises something to those behind it.
    Guard,
    /// Everything else.
    Other,
}

impl Made {
    pub(super) fn new(step: Value, value: Ty, computed: bool) -> Made {
        Made {
            step,
            value: Some(value),
            computed,
            inside: Scope::default(),
            ids: Vec::new(),
            facts: Vec::new(),
            codes: Vec::new(),
            kind: Kind::Other,
        }
    }
}

impl Author {
    /// One step that may read what is in `s`.
    pub(super) fn step(&mut self, s: &Scope, role: Role, depth: u32) -> (Value, Entry) {
        self.steps += 1;
        self.left -= 1;
        let id = format!("s{}", self.steps);
        let mut here = s.clone();
        let mut when = None;
        if self.dice.chance(1, 8) {
            self.count("when");
            let question = self.question(s, 2);
            here = s.with(&question.yes);
            when = Some(self.marked(&question.text));
        }
        let mut made = self.make(&id, &here, role, depth, when.is_some());
        made.step["id"] = json!(id);
        let sure = when.is_none();
        if let Some(when) = when {
            made.step["when"] = when;
        }
        if self.dice.chance(1, 8) && made.kind != Kind::Filter {
            self.count("timeout");
            made.step["timeout"] = json!(*self.dice.one(&["2s", "30s", "1h30m", "PT10M", "2d"]));
        }
        if self.dice.chance(1, 30) {
            self.count("note");
            made.step["note"] = json!("why it is there");
        }
        let (value, computed, goes_on, always) = self.rules(&id, &here, &mut made);
        let mut reads = Scope::default();
        if let Some(ty) = &value {
            self.world.values.insert(id.clone(), ty.clone());
            let guard = if sure && always { Vec::new() } else { vec![format!("has(steps.{id})")] };
            let path = format!("steps.{id}");
            if made.kind == Kind::Action {
                reads.add(&path, ty, computed, &guard);
            } else {
                reads.add_made(&path, ty, computed, &guard);
            }
        }
        reads.extend(&made.inside);
        let facts = if sure && !goes_on { made.facts } else { Vec::new() };
        (made.step, Entry::new(id, reads, facts))
    }

    fn make(&mut self, id: &str, s: &Scope, role: Role, depth: u32, conditional: bool) -> Made {
        let nested = depth > 0 && self.left > 0;
        match self.dice.roll(if nested { 40 } else { 22 }) {
            0..=7 => self.call(id, s),
            8..=12 => self.data(s),
            13..=17 => self.core(id, s, conditional),
            18 if role != Role::Other && !conditional => self.filter(s),
            18..=21 => self.data(s),
            22..=25 => self.if_(s, depth),
            26 | 27 if !conditional => self.guard_clause(s),
            26..=29 => self.switch(s, depth),
            30..=33 => self.parallel(s, depth),
            34..=36 => self.for_each(s, depth),
            _ => self.loop_(s, depth),
        }
    }
}
