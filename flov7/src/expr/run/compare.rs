//! Equality and order: exact, on values of any spelling, and paid for as they walk.

use std::cmp::Ordering;
use std::rc::Rc;

use super::budget::bytes_cost;
use super::value::{Kind, Val};
use super::{Res, Run};
use crate::expr::ast::NodeId;

/// How deep values are walked. JSON of ours nests at most 256 deep, an expression adds 64; a value from elsewhere
/// that is deeper is `data.size`.
pub(crate) const VALUE_DEPTH: usize = 512;

impl<'a> Run<'a, '_> {
    /// `a == b`. Kinds that differ are unequal; lists and maps are compared member by member.
    pub(crate) fn equal(&mut self, a: &Val<'a>, b: &Val<'a>, id: NodeId) -> Res<bool> {
        self.equal_at(a, b, VALUE_DEPTH, id)
    }

    fn equal_at(&mut self, a: &Val<'a>, b: &Val<'a>, depth: usize, id: NodeId) -> Res<bool> {
        self.charge(1, id)?;
        if let (Some(x), Some(y)) = (a.as_str(), b.as_str()) {
            self.charge(bytes_cost(x.len().min(y.len())), id)?;
            return Ok(x == y);
        }
        match (a, b) {
            (Val::Null, Val::Null) => return Ok(true),
            (Val::Bool(x), Val::Bool(y)) => return Ok(x == y),
            (Val::Num(x), Val::Num(y)) => return Ok(x.compare(*y).is_eq()),
            (Val::Timestamp(x), Val::Timestamp(y)) => return Ok(x == y),
            (Val::Duration(x), Val::Duration(y)) => return Ok(x == y),
            (Val::Optional(x), Val::Optional(y)) => {
                return match (x, y) {
                    (Some(x), Some(y)) => {
                        let depth = self.deeper(depth, id)?;
                        self.equal_at(x, y, depth, id)
                    }
                    (None, None) => Ok(true),
                    _ => Ok(false),
                };
            }
            _ => {}
        }
        if a.kind() != b.kind() || a.len() != b.len() {
            return Ok(false);
        }
        let depth = self.deeper(depth, id)?;
        if let (Some(x), Some(y)) = (a.list(), b.list()) {
            for (x, y) in x.iter().zip(y.iter()) {
                if !self.equal_at(&x, &y, depth, id)? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        let Some(keys) = a.keys() else { return Ok(false) };
        for key in keys {
            let key = key.as_str();
            match (a.member(key).flatten(), b.member(key).flatten()) {
                (Some(x), Some(y)) if self.equal_at(&x, &y, depth, id)? => {}
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    fn deeper(&self, depth: usize, id: NodeId) -> Res<usize> {
        match depth.checked_sub(1) {
            Some(depth) => Ok(depth),
            None => self.fail("data.size", id, format!("a value nests more than {VALUE_DEPTH} deep")),
        }
    }

    /// The order of `<` and its kin: numbers, texts by code point, false before true, times, durations.
    pub(crate) fn order(&mut self, a: &Val<'a>, b: &Val<'a>, what: &str, id: NodeId) -> Res<Ordering> {
        if let (Val::Num(x), Val::Num(y)) = (a, b) {
            return Ok(x.compare(*y));
        }
        if let (Some(x), Some(y)) = (a.as_str(), b.as_str()) {
            self.charge(bytes_cost(x.len().min(y.len())), id)?;
            return Ok(x.cmp(y));
        }
        match (a, b) {
            (Val::Bool(x), Val::Bool(y)) => Ok(x.cmp(y)),
            (Val::Timestamp(x), Val::Timestamp(y)) => Ok(x.cmp(y)),
            (Val::Duration(x), Val::Duration(y)) => Ok(x.cmp(y)),
            _ => self.defect(
                id,
                format!("`{what}` cannot compare {} with {}", a.kind().phrase(), b.kind().phrase()),
            ),
        }
    }

    /// The members sorted by their keys, ascending; equal keys keep their order.
    pub(crate) fn sort_by(
        &mut self,
        mut keyed: Vec<(Val<'a>, Val<'a>)>,
        keys: NodeId,
        id: NodeId,
    ) -> Res<Val<'a>> {
        let mut weight = 0u64;
        for (key, _) in &keyed {
            weight = weight.saturating_add(1 + bytes_cost(key.len()));
            // All keys have the kind of the first, so that the order below is total.
            self.order(&keyed[0].0, key, "sort", keys)?;
        }
        self.charge(sorting_cost(weight, keyed.len()), id)?;
        keyed.sort_by(|(a, _), (b, _)| total(a, b));
        Ok(Val::List(Rc::new(keyed.into_iter().map(|(_, member)| member).collect())))
    }

    /// The first of each equal member, in order.
    pub(crate) fn distinct(&mut self, list: &Val<'a>, id: NodeId) -> Res<Val<'a>> {
        let Some(members) = list.list() else { return self.wrong(id, list, "a list") };
        let members = members.to_vec();
        let mut weight = 0u64;
        for member in &members {
            weight = weight.saturating_add(self.weigh(member, VALUE_DEPTH, id)?);
        }
        self.charge(sorting_cost(weight, members.len()), id)?;
        let mut order: Vec<usize> = (0..members.len()).collect();
        order.sort_by(|x, y| total(&members[*x], &members[*y]));
        let mut keep = vec![true; members.len()];
        for pair in order.windows(2) {
            // The sort is stable: of equal neighbours the earlier member comes first.
            keep[pair[1]] = total(&members[pair[0]], &members[pair[1]]).is_ne();
        }
        let mut keep = keep.into_iter();
        let kept = members.into_iter().filter(|_| keep.next().unwrap_or(false)).collect();
        Ok(Val::List(Rc::new(kept)))
    }

    /// The steps that walking a value costs, spent once on the way.
    pub(crate) fn weigh(&mut self, value: &Val<'a>, depth: usize, id: NodeId) -> Res<u64> {
        let mut weight = 1;
        if let Some(members) = value.list() {
            let depth = self.deeper(depth, id)?;
            for member in members.iter() {
                weight += self.weigh(&member, depth, id)?;
            }
        } else if let Some(keys) = value.keys() {
            let depth = self.deeper(depth, id)?;
            for key in keys {
                weight += bytes_cost(key.as_str().len());
                if let Some(member) = value.member(key.as_str()).flatten() {
                    weight += self.weigh(&member, depth, id)?;
                }
            }
        } else if let Val::Optional(Some(inner)) = value {
            let depth = self.deeper(depth, id)?;
            weight += self.weigh(inner, depth, id)?;
        } else {
            weight += bytes_cost(value.len());
        }
        self.charge(1 + bytes_cost(value.as_str().map_or(0, str::len)), id)?;
        Ok(weight)
    }
}

/// What sorting members of that weight in all costs: each is compared about log2(count) times, and four comparisons
/// take as long as a step.
fn sorting_cost(weight: u64, count: usize) -> u64 {
    weight.saturating_mul(u64::from(usize::BITS - count.leading_zeros())) / 4
}

/// A total order of all values that agrees with `==`; among what `<` compares it is that order. The caller has
/// weighed both, which also bounds their depth.
fn total(a: &Val<'_>, b: &Val<'_>) -> Ordering {
    match (a, b) {
        (Val::Num(x), Val::Num(y)) => return x.compare(*y),
        (Val::Bool(x), Val::Bool(y)) => return x.cmp(y),
        (Val::Timestamp(x), Val::Timestamp(y)) => return x.cmp(y),
        (Val::Duration(x), Val::Duration(y)) => return x.cmp(y),
        (Val::Optional(x), Val::Optional(y)) => {
            return match (x, y) {
                (Some(x), Some(y)) => total(x, y),
                (x, y) => x.is_some().cmp(&y.is_some()),
            };
        }
        _ => {}
    }
    let kind: Kind = a.kind();
    if kind != b.kind() {
        return kind.cmp(&b.kind());
    }
    if let (Some(x), Some(y)) = (a.as_str(), b.as_str()) {
        return x.cmp(y);
    }
    if let (Some(x), Some(y)) = (a.list(), b.list()) {
        let first = x.iter().zip(y.iter()).map(|(x, y)| total(&x, &y)).find(|order| order.is_ne());
        return first.unwrap_or(x.len().cmp(&y.len()));
    }
    let (Some(x), Some(y)) = (a.keys(), b.keys()) else { return Ordering::Equal };
    x.cmp(&y).then_with(|| {
        x.iter()
            .map(|key| match (a.member(key.as_str()).flatten(), b.member(key.as_str()).flatten()) {
                (Some(x), Some(y)) => total(&x, &y),
                _ => Ordering::Equal,
            })
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    })
}
