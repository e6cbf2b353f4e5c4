//! Expressions and templates for places that want a certain type.

use serde_json::{Map, Value};

use super::constant::varying;
use super::literal::{constant, literal, plain_text};
use super::scope::Scope;
use super::{Author, E};
use crate::ty::{List, Member, Rest, Ty};

/// A template, and what it is believed to give.
pub(super) struct T {
    pub(super) template: Value,
    pub(super) ty: Ty,
    pub(super) computed: bool,
}

impl Author {
    /// An expression for a place that wants the type. What is read or written is surely in it; what is computed has its
    /// shape, and whether it keeps to the limits is for the run to tell.
    pub(super) fn fill(&mut self, s: &Scope, want: &Ty, d: u32) -> E {
        let read = s.pick(&mut self.dice, |read| read.guard.is_empty() && read.ty.is_within(want));
        if let Some(read) = read.filter(|_| self.dice.chance(1, 3)) {
            return E { text: read.path.clone(), ty: read.ty.clone(), computed: read.computed };
        }
        if d > 0
            && self.dice.chance(1, 5)
            && let Some((read, otherwise)) = self.asked(s, |read| read.ty.is_within(want))
        {
            let other = self.fill(&otherwise, want, d - 1);
            let text = format!("({} ? {} : {})", read.asks(), read.path, other.text);
            return E { text, ty: read.ty.join(&other.ty), computed: read.computed || other.computed };
        }
        let e = match want {
            _ if d == 0 && self.dice.chance(1, 2) => return self.written(want),
            Ty::Number(range) => self.number(s, range.whole, d),
            Ty::Text(_) => self.text(s, d),
            Ty::Bool => self.truth(s, d),
            Ty::List(list) if self.dice.chance(1, 2) => self.list(s, &list.item, d),
            Ty::List(list) => {
                let count = self.count_of(list);
                let items: Vec<E> =
                    (0..count).map(|_| self.fill(s, &list.item, d.saturating_sub(1))).collect();
                return listed(&items);
            }
            Ty::Object(object) if d > 0 => {
                let mut parts = Vec::new();
                for member in &object.members {
                    if member.required || self.dice.chance(1, 2) {
                        parts.push((member.name.clone(), self.fill(s, &member.ty, d - 1)));
                    }
                }
                return mapped(&parts);
            }
            Ty::Either(of) => {
                let one = self.dice.one(of).clone();
                return self.fill(s, &one, d);
            }
            Ty::Such(such) if self.dice.chance(1, 3) => self.fill(s, &such.of, d),
            Ty::Any if self.dice.chance(1, 2) => {
                let text = self.anything(s, d);
                return E::known(text, Ty::Any);
            }
            _ => return self.written(want),
        };
        if e.ty.is_within(want) { e } else { self.as_computed(e, want) }
    }

    /// A value of the type, written out.
    fn written(&mut self, want: &Ty) -> E {
        let value = want.sample(&mut self.dice);
        let value = flov7::json::enter(value, flov7::json::MAX_DEPTH, usize::MAX).unwrap_or(Value::Null);
        // An expression is not the place for long texts.
        let value =
            if flov7::json::canonical_size(&value) > 300 { want.short_sample(&mut self.dice) } else { value };
        E::known(literal(&value), Ty::of_value(&value))
    }

    /// The same value by a way of which only an upper bound is known.
    fn as_computed(&mut self, e: E, want: &Ty) -> E {
        if e.computed && e.ty.is_within(&want.shape()) {
            return e;
        }
        let text = match &e.ty {
            Ty::Number(_) => format!("({} + 0)", e.text),
            Ty::Text(_) => format!("({} + \"\")", e.text),
            Ty::List(_) => {
                let name = self.variable();
                format!("{}.map({name}, {name})", e.text)
            }
            Ty::Object(_) => format!("merge({}, {{}})", e.text),
            _ => return self.written(want),
        };
        E::computed(text, e.ty.shape())
    }

    fn count_of(&mut self, list: &List) -> u64 {
        self.dice.between(list.min, list.max.unwrap_or(list.min + 2).min(list.min + 2))
    }

    /// Something, of whatever type.
    pub(super) fn anything(&mut self, s: &Scope, d: u32) -> String {
        let read = s.pick(&mut self.dice, |read| read.guard.is_empty());
        match (read, self.dice.roll(6)) {
            (Some(read), 0..=2) => read.path.clone(),
            (Some(read), 3) if self.dice.chance(1, 2) => {
                self.count("dyn");
                format!("dyn({})", read.path)
            }
            (_, 3) => self.truth(s, d).text,
            (_, 4) => self.text(s, d).text,
            _ => self.number(s, false, d).text,
        }
    }

    /// A template for a place that wants the type.
    pub(super) fn template(&mut self, s: &Scope, want: &Ty, d: u32) -> T {
        match want {
            Ty::Object(object) if self.dice.chance(2, 3) => {
                let (mut written, mut parts) = (Map::new(), Vec::new());
                for member in &object.members {
                    if !member.required && self.dice.chance(1, 3) {
                        continue;
                    }
                    let optional = if member.required { None } else { self.optional_of(s, &member.ty) };
                    if let Some((text, ty)) = optional {
                        // Where it is empty the member is left out.
                        self.count("optional member");
                        written.insert(member.name.clone(), self.marked(&text));
                        let ty = Member { name: member.name.clone(), ty: ty.shape(), required: false };
                        parts.push((ty, true));
                        continue;
                    }
                    let part = self.template(s, &member.ty, d.saturating_sub(1));
                    written.insert(member.name.clone(), part.template);
                    parts.push((
                        Member { name: member.name.clone(), ty: part.ty, required: true },
                        part.computed,
                    ));
                }
                let computed = parts.iter().any(|(_, computed)| *computed);
                let members = parts.into_iter().map(|(member, _)| member).collect();
                T { template: Value::Object(written), ty: Ty::object(members, Rest::Closed), computed }
            }
            Ty::List(list) if self.dice.chance(1, 3) => {
                let count = self.count_of(list);
                let parts: Vec<T> =
                    (0..count).map(|_| self.template(s, &list.item, d.saturating_sub(1))).collect();
                let ty =
                    parts.iter().map(|part| part.ty.clone()).reduce(|a, b| a.join(&b)).unwrap_or(Ty::Null);
                T {
                    computed: parts.iter().any(|part| part.computed),
                    ty: Ty::List(Box::new(List { item: ty, min: count, max: Some(count) })),
                    template: parts.into_iter().map(|part| part.template).collect(),
                }
            }
            Ty::Text(texts) if texts.values.is_none() && self.dice.chance(1, 3) => {
                self.count("interpolation");
                T { template: Value::String(self.interpolated(s, d)), ty: Ty::text(), computed: true }
            }
            Ty::Text(texts) if texts.values.is_none() && self.dice.chance(1, 8) => {
                self.count("time that leaves");
                let text = if self.dice.chance(1, 2) { self.time(s, d) } else { self.span(s, d) };
                T { template: self.marked(&text), ty: Ty::text(), computed: true }
            }
            Ty::Either(of) => {
                let one = self.dice.one(of).clone();
                self.template(s, &one, d)
            }
            _ if self.dice.chance(1, 4) => {
                let value = want.sample(&mut self.dice);
                let value =
                    flov7::json::enter(value, flov7::json::MAX_DEPTH, usize::MAX).unwrap_or(Value::Null);
                T { template: constant(&value), ty: Ty::of_value(&value), computed: false }
            }
            _ => {
                let e = self.fill(s, want, d);
                T { template: self.marked(&e.text), ty: e.ty, computed: e.computed }
            }
        }
    }

    fn optional_of(&mut self, s: &Scope, ty: &Ty) -> Option<(String, Ty)> {
        if self.dice.chance(1, 2) { self.optional(s, ty) } else { None }
    }

    /// A text with expressions in it.
    pub(super) fn interpolated(&mut self, s: &Scope, d: u32) -> String {
        let mut text = plain_text(self.dice.one::<&str>(&["", "Order ", "$ ", "a${b} ", "{}", "x: "]));
        for _ in 0..self.dice.between(1, 2) {
            let inside = match self.dice.roll(5) {
                0 => self.text(s, d).text,
                1 => self.truth(s, d).text,
                2 => self.time(s, d),
                _ => self.number(s, false, d).text,
            };
            let inside = varying(&inside);
            text.push_str(&format!("${{ {inside} }}{}", self.dice.one::<&str>(&["", " and ", "/"])));
        }
        text.push('.');
        text
    }
}

fn listed(items: &[E]) -> E {
    let texts: Vec<&str> = items.iter().map(|item| item.text.as_str()).collect();
    let ty = items.iter().map(|item| item.ty.clone()).reduce(|a, b| a.join(&b)).unwrap_or(Ty::Null);
    let count = items.len() as u64;
    E {
        text: format!("[{}]", texts.join(", ")),
        ty: Ty::List(Box::new(List { item: ty, min: count, max: Some(count) })),
        computed: items.iter().any(|item| item.computed),
    }
}

fn mapped(parts: &[(String, E)]) -> E {
    let members: Vec<String> =
        parts.iter().map(|(name, e)| format!("{}: {}", super::literal::text_literal(name), e.text)).collect();
    let types = parts
        .iter()
        .map(|(name, e)| Member { name: name.clone(), ty: e.ty.clone(), required: true })
        .collect();
    E {
        text: format!("{{{}}}", members.join(", ")),
        ty: Ty::object(types, Rest::Closed),
        computed: parts.iter().any(|(_, e)| e.computed),
    }
}
