//! The macros: the variable has the type of an item, or is a key.

use super::compare::ordered;
use super::env::{Key, StepType, TypeEnv};
use super::found::ExprFinding;
use super::narrow::{Truth, narrow};
use super::walk::{Checker, Seen, Source};
use crate::expr::ast::{MacroKind, NodeId, VarId};
use crate::finding::Code;
use crate::types::{Kind, Kinds, Type};

impl Checker<'_> {
    pub(super) fn comprehend(
        &mut self,
        env: &TypeEnv,
        kind: MacroKind,
        range_id: NodeId,
        variable: VarId,
        filter: Option<NodeId>,
        body: NodeId,
    ) -> Seen {
        let range = self.node(env, range_id);
        let both = Kinds::only(Kind::List).and(Kind::Map);
        // An untyped range is walked as a list: that is what it is inferred to be.
        let walked = if range.unclear || range.ty.is_untyped() {
            self.want(&range, range_id, Kinds::only(Kind::List), "a list to walk")
        } else {
            self.want(&range, range_id, both, "a list or an object to walk")
        };
        let (element, least, most) = match &walked {
            Some(ty) => walk_of(ty),
            None => (None, 0, None),
        };
        let is_list = walked.as_ref().is_some_and(|ty| ty.is_only(Kind::List));
        self.sources.insert(
            variable,
            Source {
                path: range.path.clone(),
                origin: if range.unclear { range.origin } else { self.last_read(&range) },
                declared: range.declared && is_list,
            },
        );
        let key = Key::Variable(variable);
        // A list that is always empty: its items have no type, and nothing is said about what is done with them.
        let element = element.filter(|ty| !ty.is_never());
        let inner = match &element {
            Some(ty) => env.clone().with(key.clone(), StepType::Done(ty.clone())),
            None => env.clone().with(key.clone(), StepType::NoValue),
        };
        let mut each: u64 = 1;
        let mut body_env = inner.clone();
        if let Some(filter) = filter {
            let asked = self.node(&inner, filter);
            self.want_bool(&asked, filter);
            each = each.saturating_add(asked.steps);
            body_env = narrow(self.ast, filter, &inner, Truth::True);
        }
        let made = self.node(&body_env, body);
        each = each.saturating_add(made.steps);
        let count = most.unwrap_or(u64::MAX);
        let mut steps = range.steps.saturating_add(each.saturating_mul(count));
        if !is_list {
            steps = steps.saturating_add(count);
        }
        let item = |env: &TypeEnv| match env.get(&key) {
            Some(StepType::Done(ty)) => ty.clone(),
            _ => Type::untyped(),
        };
        let ty = match kind {
            MacroKind::All | MacroKind::Exists | MacroKind::ExistsOne => {
                self.want_bool(&made, body);
                Type::boolean()
            }
            MacroKind::Filter => {
                self.want_bool(&made, body);
                let kept = narrow(self.ast, body, &inner, Truth::True);
                if element.is_none() && walked.is_none() {
                    return Seen { origin: range.origin, ..Seen::unclear(steps) };
                }
                let item = element.as_ref().map_or_else(Type::never, |_| item(&kept));
                Type::list_of(Vec::new(), item, 0, most)
            }
            MacroKind::Map => {
                if made.unclear {
                    return Seen::unclear(steps);
                }
                let least = if filter.is_some() { 0 } else { least };
                let item = if element.is_none() && walked.is_some() { Type::never() } else { made.ty };
                Type::list_of(Vec::new(), item, least, most)
            }
            MacroKind::SortBy => {
                let weight = self.sort_key(&made, body);
                steps = steps.saturating_add(sorting_steps(weight, count));
                if walked.is_none() {
                    return Seen::unclear(steps);
                }
                Type::list_of(Vec::new(), element.unwrap_or_else(Type::never), least, most)
            }
            MacroKind::GroupBy => {
                let names = self.want_string(&made, body);
                let (Some(names), true) = (names, walked.is_some()) else { return Seen::unclear(steps) };
                Type::grouped(&names, element.unwrap_or_else(Type::never))
            }
        };
        if walked.is_none() && !matches!(kind, MacroKind::All | MacroKind::Exists | MacroKind::ExistsOne) {
            return Seen::unclear(steps);
        }
        Seen::of(ty, steps)
    }

    /// The read that `want` has just noted for an untyped range.
    fn last_read(&self, range: &Seen) -> Option<usize> {
        (range.ty.is_untyped() && range.path.is_some()).then(|| self.untyped.len().checked_sub(1)).flatten()
    }

    /// The key of a sort: of one kind that can be put in order. Gives what comparing it weighs.
    pub(super) fn sort_key(&mut self, seen: &Seen, id: NodeId) -> u64 {
        let wanted = "a number, text, true or false, a time or a duration";
        let Some(ty) = self.want(seen, id, ordered(), wanted) else { return 1 };
        if ty.kinds().iter().count() > 1 {
            let message = format!("{} is {ty}: values of several kinds have no order", self.show(id));
            self.find(ExprFinding::new(Code::WRONG_TYPE, self.span(id), message));
        }
        1 + ty.text_bytes() / 64
    }
}

/// What sorting so many members of that weight costs.
pub(super) fn sorting_steps(weight: u64, count: u64) -> u64 {
    let bits = u64::from(u64::BITS - count.leading_zeros());
    weight.saturating_mul(count).saturating_mul(bits.max(1)) / 4
}

/// What a macro's variable is over a list, a map or either, and how many there are.
fn walk_of(ty: &Type) -> (Option<Type>, u64, Option<u64>) {
    let lists = ty.kinds().has(Kind::List).then(|| (ty.element(), ty.item_count().unwrap_or((0, None))));
    let maps = ty.kinds().has(Kind::Map).then(|| (Type::text(), ty.member_count().unwrap_or((0, None))));
    match (lists, maps) {
        (Some((element, (least, most))), None) => (element, least, most),
        (None, Some((key, (least, most)))) => (Some(key_of(ty, key)), least, most),
        (Some((element, (a, b))), Some((key, (c, d)))) => {
            (element.map(|element| element.union(&key)), a.min(c), b.zip(d).map(|(b, d)| b.max(d)))
        }
        (None, None) => (None, 0, None),
    }
}

/// The keys of an object that declares them all.
fn key_of(ty: &Type, any: Type) -> Type {
    if ty.member_count().is_some_and(|(_, most)| most.is_some()) && ty.any_member_is_declared() {
        let names = ty.member_names();
        return Type::texts(names.iter().map(AsRef::as_ref));
    }
    any
}
