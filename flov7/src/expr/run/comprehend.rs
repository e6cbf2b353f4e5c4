//! The macros: over the members of a list, the keys of a map in sorted order, or one value.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::value::{Key, Members, Val};
use super::{Res, Run, cut};
use crate::expr::ast::{LogicOp, NodeId, VarId};
use crate::expr::error::EvalError;
use crate::expr::macros::MacroKind;

/// What a macro names and does.
#[derive(Clone, Copy)]
pub(super) struct Parts {
    pub(super) variable: VarId,
    pub(super) second: Option<VarId>,
    pub(super) filter: Option<NodeId>,
    pub(super) body: NodeId,
}

/// What a macro walks: the members of a list, or the keys of a map with the map itself.
#[derive(Clone, Copy)]
struct Walk<'w, 'a> {
    members: Members<'w, 'a>,
    map: Option<&'w Val<'a>>,
}

impl<'a> Run<'a, '_> {
    pub(super) fn comprehend(
        &mut self,
        kind: MacroKind,
        range: NodeId,
        parts: Parts,
        id: NodeId,
    ) -> Res<Val<'a>> {
        let value = self.eval(range)?;
        let result = match kind {
            MacroKind::Bind => self.bind(value, parts),
            MacroKind::OptMap | MacroKind::OptFlatMap => match self.optional(value, range)? {
                Some(inner) => self.bind(inner, parts).and_then(|made| match kind {
                    MacroKind::OptMap => Ok(Val::some(made)),
                    _ => self.optional(made, parts.body).map(|made| made.map_or(Val::none(), Val::some)),
                }),
                None => return Ok(Val::none()),
            },
            _ => self.walked(kind, &value, range, parts, id),
        };
        // Lets go of the last member.
        *self.local(parts.variable) = Val::Null;
        if let Some(second) = parts.second {
            *self.local(second) = Val::Null;
        }
        result
    }

    fn bind(&mut self, value: Val<'a>, parts: Parts) -> Res<Val<'a>> {
        *self.local(parts.variable) = value;
        self.eval(parts.body)
    }

    fn walked(
        &mut self,
        kind: MacroKind,
        value: &Val<'a>,
        range: NodeId,
        parts: Parts,
        id: NodeId,
    ) -> Res<Val<'a>> {
        let keys;
        let walk = match (value.list(), value.keys()) {
            (Some(_), _) if kind == MacroKind::TransformMap => return self.wrong(range, value, "a map"),
            (Some(members), _) => Walk { members, map: None },
            (None, Some(found)) => {
                self.charge(found.len() as u64, id)?;
                keys = found.into_iter().map(Val::from).collect::<Vec<_>>();
                Walk { members: Members::List(&keys), map: Some(value) }
            }
            (None, None) => return self.wrong(range, value, "a list or a map"),
        };
        let Parts { variable, body, .. } = parts;
        match kind {
            MacroKind::All => self.decide(LogicOp::And, walk, parts),
            MacroKind::Exists => self.decide(LogicOp::Or, walk, parts),
            MacroKind::ExistsOne => {
                let mut count = 0usize;
                let mut each = |run: &mut Self| {
                    count += usize::from(run.condition(body)?);
                    Ok(())
                };
                self.each(walk, parts, &mut each).map(|()| Val::Bool(count == 1))
            }
            MacroKind::Filter => {
                let mut kept = Vec::new();
                let mut each = |run: &mut Self| {
                    if run.condition(body)? {
                        kept.push(run.local(variable).clone());
                    }
                    Ok(())
                };
                self.each(walk, parts, &mut each).map(|()| Val::List(Rc::new(kept)))
            }
            MacroKind::SortBy => {
                let mut keyed = Vec::new();
                let mut each = |run: &mut Self| {
                    let key = run.eval(body)?;
                    keyed.push((key, run.local(variable).clone()));
                    Ok(())
                };
                self.each(walk, parts, &mut each)?;
                self.sort_by(keyed, body, id)
            }
            MacroKind::GroupBy => self.group(walk, parts),
            MacroKind::TransformMap => {
                let mut made = BTreeMap::new();
                let mut each = |run: &mut Self| {
                    if run.passes(parts)? {
                        let result = run.eval(body)?;
                        if let Some(key) = run.local(variable).clone().into_key() {
                            made.insert(key, result);
                        }
                    }
                    Ok(())
                };
                self.each(walk, parts, &mut each).map(|()| Val::Map(Rc::new(made)))
            }
            MacroKind::TransformMapEntry => self.entries(walk, parts),
            // `map` and `transformList`; the rest never walks.
            _ => {
                let most = if parts.filter.is_none() { walk.members.len().min(1_024) } else { 0 };
                let mut made = Vec::with_capacity(most);
                let mut each = |run: &mut Self| {
                    if run.passes(parts)? {
                        made.push(run.eval(body)?);
                    }
                    Ok(())
                };
                self.each(walk, parts, &mut each).map(|()| Val::List(Rc::new(made)))
            }
        }
    }

    /// Whether the condition before the result lets this member through.
    fn passes(&mut self, parts: Parts) -> Res<bool> {
        parts.filter.map_or(Ok(true), |filter| self.condition(filter))
    }

    fn group(&mut self, walk: Walk<'_, 'a>, parts: Parts) -> Res<Val<'a>> {
        let mut groups: BTreeMap<Key<'a>, Vec<Val<'a>>> = BTreeMap::new();
        let mut each = |run: &mut Self| {
            let key = run.eval(parts.body)?;
            let kind = key.kind();
            match key.into_key() {
                Some(key) => groups.entry(key).or_default().push(run.local(parts.variable).clone()),
                None => {
                    let message = format!("the key of a group is a text, this is {}", kind.phrase());
                    return run.defect(parts.body, message);
                }
            }
            Ok(())
        };
        self.each(walk, parts, &mut each)?;
        let lists = groups.into_iter().map(|(key, list)| (key, Val::List(Rc::new(list))));
        Ok(Val::Map(Rc::new(lists.collect())))
    }

    /// One map of the entries of many; a key that comes twice fails, as in a literal.
    fn entries(&mut self, walk: Walk<'_, 'a>, parts: Parts) -> Res<Val<'a>> {
        let mut made: BTreeMap<Key<'a>, Val<'a>> = BTreeMap::new();
        let mut each = |run: &mut Self| {
            if !run.passes(parts)? {
                return Ok(());
            }
            let entry = run.eval(parts.body)?;
            let Some(keys) = entry.keys() else { return run.wrong(parts.body, &entry, "a map") };
            run.charge(keys.len() as u64, parts.body)?;
            for key in keys {
                if made.contains_key(key.as_str()) {
                    let message = format!("the key `{}` is there twice", cut(key.as_str()));
                    return run.fail("data.key", parts.body, message);
                }
                if let Some(value) = entry.member(key.as_str()).flatten() {
                    made.insert(key, value);
                }
            }
            Ok(())
        };
        self.each(walk, parts, &mut each)?;
        Ok(Val::Map(Rc::new(made)))
    }

    /// Gives the variables the values of one step of the walk.
    fn set(&mut self, walk: Walk<'_, 'a>, at: usize, parts: Parts) {
        let Some(member) = walk.members.get(at) else { return };
        let Some(second) = parts.second else {
            *self.local(parts.variable) = member;
            return;
        };
        let (first, member) = match walk.map {
            None => (Val::int(at), member),
            Some(map) => {
                let value = member.as_str().and_then(|key| map.member(key)).flatten();
                (member, value.unwrap_or(Val::Null))
            }
        };
        *self.local(parts.variable) = first;
        *self.local(second) = member;
    }

    /// Calls `each` for every member, which is the variable's value meanwhile.
    fn each(
        &mut self,
        walk: Walk<'_, 'a>,
        parts: Parts,
        each: &mut dyn FnMut(&mut Self) -> Res<()>,
    ) -> Res<()> {
        for at in 0..walk.members.len() {
            self.set(walk, at, parts);
            each(self)?;
        }
        Ok(())
    }

    /// `all` and `exists`: as a long `&&` or `||`.
    fn decide(&mut self, op: LogicOp, walk: Walk<'_, 'a>, parts: Parts) -> Res<Val<'a>> {
        let decisive = op == LogicOp::Or;
        let mut failure = None;
        for at in 0..walk.members.len() {
            self.set(walk, at, parts);
            match self.condition(parts.body) {
                Ok(value) if value == decisive => return Ok(Val::Bool(decisive)),
                Ok(_) => {}
                Err(error) if error.code == EvalError::SIZE => return Err(error),
                Err(error) => {
                    failure.get_or_insert(error);
                }
            }
        }
        failure.map_or(Ok(Val::Bool(!decisive)), Err)
    }
}
