//! The macros: a variable has the type of an item, of a key, of a position, or of the value that it stands for.

use super::compare::ordered;
use super::env::{Key, StepType, TypeEnv};
use super::found::ExprFinding;
use super::narrow::{Truth, narrow};
use super::walk::{Checker, Seen, Source};
use crate::expr::ast::{NodeId, VarId};
use crate::expr::macros::MacroKind;
use crate::finding::{Code, ResidualKind};
use crate::types::{Additional, Kind, Kinds, Presence, Type};

/// What a macro names and does.
#[derive(Clone, Copy)]
pub(super) struct Parts {
    pub(super) variable: VarId,
    pub(super) second: Option<VarId>,
    pub(super) filter: Option<NodeId>,
    pub(super) body: NodeId,
}

/// What is walked: its type where that is known, and the types of what the variables are.
struct Walked {
    ty: Option<Type>,
    /// The members of a list, the keys of a map.
    element: Option<Type>,
    least: u64,
    most: Option<u64>,
}

/// The results of the parts, in the environments that they see.
struct Made {
    /// The environment of the condition, with the variables.
    inner: TypeEnv,
    body: Seen,
    /// The steps of one round.
    each: u64,
}

impl Checker<'_> {
    pub(super) fn comprehend(
        &mut self,
        env: &TypeEnv,
        kind: MacroKind,
        range_id: NodeId,
        parts: Parts,
    ) -> Seen {
        let range = self.node(env, range_id);
        // Not even nothing to go over: this is never reached.
        if !range.unclear && range.ty.is_never() && kind != MacroKind::Bind {
            return Seen::of(Type::never(), range.steps);
        }
        match kind {
            MacroKind::Bind => self.bound(env, &range, parts),
            MacroKind::OptMap | MacroKind::OptFlatMap => {
                self.mapped_optional(env, kind, (&range, range_id), parts)
            }
            _ => self.walk(env, kind, (&range, range_id), parts),
        }
    }

    // ---- one value

    /// `cel.bind(x, value, result)`.
    fn bound(&mut self, env: &TypeEnv, value: &Seen, parts: Parts) -> Seen {
        let origin = if value.unclear { value.origin } else { None };
        let source = Source { path: value.path, origin, declared: value.declared, whole: true };
        self.sources.insert(parts.variable, source);
        let entry = if value.unclear { StepType::NoValue } else { StepType::Done(value.ty.clone()) };
        let inner = env.clone().with(Key::Variable(parts.variable), entry);
        let body = self.node(&inner, parts.body);
        let steps = value.steps.saturating_add(body.steps);
        // What its path says holds inside only.
        Seen { path: None, steps, ..body }
    }

    /// `optMap` and `optFlatMap`.
    fn mapped_optional(
        &mut self,
        env: &TypeEnv,
        kind: MacroKind,
        range: (&Seen, NodeId),
        parts: Parts,
    ) -> Seen {
        let inside = self.want_optional(range);
        self.sources.insert(parts.variable, Source { whole: true, ..Source::default() });
        // An optional that is always empty: nothing is said about what is done with it.
        let entry = match inside.as_ref().filter(|inner| !inner.is_never()) {
            Some(inner) => StepType::Done(inner.clone()),
            None => StepType::NoValue,
        };
        let inner = env.clone().with(Key::Variable(parts.variable), entry);
        let body = self.node(&inner, parts.body);
        let steps = range.0.steps.saturating_add(body.steps);
        let Some(inside) = inside else { return Seen::unclear(steps) };
        if inside.is_never() {
            return Seen::of(Type::optional(Type::never()), steps);
        }
        if body.unclear {
            return Seen { origin: body.origin, ..Seen::unclear(steps) };
        }
        if kind == MacroKind::OptFlatMap {
            return match self.want_optional((&body, parts.body)) {
                Some(made) => Seen::of(Type::optional(made), steps),
                None => Seen::unclear(steps),
            };
        }
        if body.ty.optional_inner().is_some() {
            let message = format!("{} is an optional itself", self.show(parts.body));
            let finding = ExprFinding::new(Code::WRONG_TYPE, self.span(parts.body), message);
            self.find(finding.help("write `optFlatMap` where the result is an optional"));
            return Seen::unclear(steps);
        }
        Seen::of(Type::optional(body.ty), steps)
    }

    // ---- many

    fn walk(&mut self, env: &TypeEnv, kind: MacroKind, range: (&Seen, NodeId), parts: Parts) -> Seen {
        let (range, range_id) = range;
        let walked = self.walked(kind, range, range_id);
        let is_list = walked.ty.as_ref().is_some_and(|ty| ty.is_only(Kind::List));
        let Made { inner, body: made, each } = self.rounds(env, range, &walked, parts);
        let count = walked.most.unwrap_or(u64::MAX);
        let mut steps = range.steps.saturating_add(each.saturating_mul(count));
        if !is_list {
            steps = steps.saturating_add(count);
        }
        let decides = matches!(kind, MacroKind::All | MacroKind::Exists | MacroKind::ExistsOne);
        if decides || kind == MacroKind::Filter {
            self.want_bool(&made, parts.body);
        }
        if decides {
            return Seen::of(Type::boolean(), steps);
        }
        let element = walked.element.clone().unwrap_or_else(Type::never);
        // No member to walk: nothing is made of it, whatever the body says.
        let barren = walked.ty.is_some()
            && match parts.second {
                None => walked.element.is_none(),
                Some(_) => pair_of(&walked).1.is_none(),
            };
        let ty = match kind {
            MacroKind::Filter => {
                let kept = narrow(self.ast, parts.body, &inner, Truth::True);
                let item = match kept.get(&Key::Variable(parts.variable)) {
                    Some(StepType::Done(ty)) if walked.element.is_some() => ty.clone(),
                    _ => element,
                };
                Some(Type::list_of(Vec::new(), item, 0, walked.most))
            }
            MacroKind::SortBy => {
                let weight = self.sort_key(&made, parts.body);
                steps = steps.saturating_add(sorting_steps(weight, count));
                Some(Type::list_of(Vec::new(), element, walked.least, walked.most))
            }
            MacroKind::GroupBy => {
                self.want_string(&made, parts.body).map(|names| Type::grouped(&names, element))
            }
            MacroKind::TransformMap | MacroKind::TransformMapEntry if barren => {
                Some(Type::map::<&str>([], Additional::Closed))
            }
            MacroKind::TransformMap => {
                (!made.unclear).then(|| transformed(&walked, made.ty, parts.filter.is_some()))
            }
            MacroKind::TransformMapEntry => self.entries(&made, &walked, parts),
            _ if barren || walked.element.is_none() => {
                Some(Type::list_of(Vec::new(), Type::never(), 0, Some(0)))
            }
            _ if made.unclear => None,
            _ => {
                let least = if parts.filter.is_some() { 0 } else { walked.least };
                let item = made.ty;
                Some(Type::list_of(Vec::new(), item, least, walked.most))
            }
        };
        match ty {
            Some(ty) if walked.ty.is_some() => Seen::of(ty, steps),
            _ if kind == MacroKind::Filter => Seen { origin: range.origin, ..Seen::unclear(steps) },
            _ => Seen::unclear(steps),
        }
    }

    /// What the range is walked as.
    fn walked(&mut self, kind: MacroKind, range: &Seen, range_id: NodeId) -> Walked {
        let (list, map) = (Kinds::only(Kind::List), Kinds::only(Kind::Map));
        let silent = range.unclear || range.ty.is_untyped();
        let ty = match kind {
            MacroKind::TransformMap if !silent && range.ty.is_only(Kind::List) => {
                let message = format!("{} is {}, wanted is an object to walk", self.show(range_id), range.ty);
                let finding = ExprFinding::new(Code::WRONG_TYPE, self.span(range_id), message);
                self.find(finding.help("keys are text: give each member one with `transformMapEntry`"));
                None
            }
            MacroKind::TransformMap => self.want(range, range_id, map, "an object to walk"),
            // An untyped range is walked as a list: that is what it is inferred to be.
            _ if silent => self.want(range, range_id, list, "a list to walk"),
            _ => self.want(range, range_id, list.union(map), "a list or an object to walk"),
        };
        let (element, least, most) = match &ty {
            Some(ty) => walk_of(ty),
            None => (None, 0, None),
        };
        // A list that is always empty: its items have no type, and nothing is said about what is done with them.
        Walked { element: element.filter(|ty| !ty.is_never()), ty, least, most }
    }

    /// Checks the condition and the body with the variables in sight.
    fn rounds(&mut self, env: &TypeEnv, range: &Seen, walked: &Walked, parts: Parts) -> Made {
        let is_list = walked.ty.as_ref().is_some_and(|ty| ty.is_only(Kind::List));
        let source = Source {
            path: range.path,
            origin: if range.unclear { range.origin } else { self.last_read(range) },
            declared: range.declared && is_list,
            whole: false,
        };
        let known = |ty: Option<Type>| ty.map_or(StepType::NoValue, StepType::Done);
        let mut inner = env.clone();
        match parts.second {
            None => {
                self.sources.insert(parts.variable, source);
                inner = inner.with(Key::Variable(parts.variable), known(walked.element.clone()));
            }
            Some(second) => {
                let (first, member) = pair_of(walked);
                // The keys of an object are known by its path, as those of the macros with one variable are; its
                // members are any of them.
                let keys =
                    if is_list { Source::default() } else { Source { origin: None, ..source.clone() } };
                let members = if is_list || walked.ty.is_none() { source } else { Source::default() };
                self.sources.insert(parts.variable, keys);
                self.sources.insert(second, members);
                inner = inner.with(Key::Variable(parts.variable), known(first));
                inner = inner.with(Key::Variable(second), known(member));
            }
        }
        let mut each: u64 = 1;
        let mut body_env = inner.clone();
        if let Some(filter) = parts.filter {
            let asked = self.node(&inner, filter);
            self.want_bool(&asked, filter);
            each = each.saturating_add(asked.steps);
            body_env = narrow(self.ast, filter, &inner, Truth::True);
        }
        let body = self.node(&body_env, parts.body);
        each = each.saturating_add(body.steps);
        Made { inner, body, each }
    }

    /// The map of all entries that `transformMapEntry` makes.
    fn entries(&mut self, made: &Seen, walked: &Walked, parts: Parts) -> Option<Type> {
        let entry =
            self.want(made, parts.body, Kinds::only(Kind::Map), "an object such as `{key: value}`")?;
        if walked.most.is_none_or(|most| most > 1) {
            // Which of two equal keys fails is for the run to tell.
            self.residual(ResidualKind::Key, parts.body);
        }
        Some(Type::map::<&str>([], Additional::Of(entry.any_member())))
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
            let help = format!("make it of one kind: `string({})`", self.text(id));
            self.find(ExprFinding::new(Code::WRONG_TYPE, self.span(id), message).help(help));
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

/// What two variables are: positions and members of a list, keys and members of a map. Nothing where it is empty or
/// unclear.
fn pair_of(walked: &Walked) -> (Option<Type>, Option<Type>) {
    let Some(ty) = walked.ty.as_ref().filter(|_| walked.element.is_some()) else { return (None, None) };
    let (mut first, mut second) = (Type::never(), Type::never());
    if ty.kinds().has(Kind::List) {
        let last = ty.item_count().and_then(|(_, most)| most).unwrap_or(u64::from(u32::MAX));
        first = first.union(&Type::integer_between(Some(0), Some(i128::from(last.max(1)) - 1)));
        second = second.union(&ty.element().unwrap_or_else(Type::untyped));
    }
    if ty.kinds().has(Kind::Map) {
        first = first.union(&key_of(ty, Type::text()));
        second = second.union(&ty.any_member());
    }
    (Some(first), Some(second).filter(|ty| !ty.is_never()))
}

/// The keys of an object that declares them all.
fn key_of(ty: &Type, any: Type) -> Type {
    if ty.member_count().is_some_and(|(_, most)| most.is_some()) && ty.any_member_is_declared() {
        let names = ty.member_names();
        return Type::texts(names.iter().map(AsRef::as_ref));
    }
    any
}

/// An object with the same keys and other members.
fn transformed(walked: &Walked, made: Type, filtered: bool) -> Type {
    let Some(ty) = walked.ty.as_ref() else { return Type::untyped() };
    let members = ty.members().into_iter().map(|(name, _, presence)| {
        (name, made.clone(), if filtered { Presence::Optional } else { presence })
    });
    let additional =
        if ty.any_member_is_declared() { Additional::Closed } else { Additional::Of(made.clone()) };
    Type::map(members, additional)
}
