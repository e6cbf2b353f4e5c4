//! What a test says about a value deep inside another: `has(a.b)` makes `b` a required member of `a`.

use std::sync::Arc;

use super::few::Few;
use super::lattice::{
    Additional, Kind, Kinds, ListFacet, MAX_PREFIX, MapFacet, MemberLookup, MemberType, NumberFacet, Repr,
    Type, Union,
};
use super::number::{Bound, Num};

/// One step of a constant path: `.id`, `[0]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segment {
    /// A member by its name.
    Member(Arc<str>),
    /// An item by its position.
    Index(u64),
}

/// A comparison with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Type {
    /// The type once it is known that the path can be read, with what stands there changed by `change`.
    ///
    /// Whatever lies on the way is then there: objects have the member, lists are long enough. Alternatives that
    /// cannot have it are dropped. Through an untyped value nothing is learnt.
    #[must_use]
    pub fn refine(&self, path: &[Segment], change: &dyn Fn(&Type) -> Type) -> Type {
        match path.split_first() {
            None => change(self),
            Some((Segment::Member(name), rest)) => self.with_members(|map| {
                let held = match map.members.get(name) {
                    Some(member) => member.ty.clone(),
                    None => map.undeclared()?,
                };
                let ty = held.refine(rest, change);
                (!ty.is_never()).then(|| map.with(name, ty, true))
            }),
            Some((Segment::Index(index), rest)) => self.with_list(|list| list.refine(*index, rest, change)),
        }
    }

    /// The type once it is known that its objects do not have the member.
    #[must_use]
    pub fn without_member(&self, name: &str) -> Type {
        self.with_members(|map| match map.members.get(name) {
            Some(member) if member.required => None,
            _ => Some(map.with(&Arc::from(name), Type::never(), false)),
        })
    }

    /// Without one constant, where the lattice has words for that.
    #[must_use]
    pub fn without_value(&self, value: &serde_json::Value) -> Type {
        use serde_json::Value;
        let Repr::Union(own) = &self.0 else {
            return match (value, self.open()) {
                (Value::Null, Some(_)) => self.without_null(),
                _ => self.clone(),
            };
        };
        let mut union = Union::clone(own);
        match value {
            Value::Null => union.null = false,
            Value::Bool(true) => union.yes = false,
            Value::Bool(false) => union.no = false,
            Value::String(text) => {
                if let Some(facet) = &mut union.text
                    && let Some(values) = &facet.values
                {
                    let kept: Few<Arc<str>> =
                        values.iter().filter(|value| ***value != **text).cloned().collect();
                    facet.values = Some(kept);
                }
                union.text =
                    union.text.filter(|facet| facet.values.as_ref().is_none_or(|values| !values.is_empty()));
            }
            Value::Number(number) => {
                if let Some(number) = Num::read(number) {
                    union.number = union.number.and_then(|facet| facet.without(number));
                }
            }
            Value::Array(_) | Value::Object(_) => return self.clone(),
        }
        Type::of_union(union)
    }

    /// Its numbers on one side of a limit; other kinds are dropped, because nothing else could have been compared.
    pub(crate) fn limited(&self, limit: Limit, at: &serde_json::Number) -> Type {
        let Some(at) = Num::read(at) else { return self.clone() };
        let (min, max) = match limit {
            Limit::Less => (None, Some(Bound::exclusive(at))),
            Limit::LessOrEqual => (None, Some(Bound::inclusive(at))),
            Limit::Greater => (Some(Bound::exclusive(at)), None),
            Limit::GreaterOrEqual => (Some(Bound::inclusive(at)), None),
        };
        let limit = NumberFacet { min, max, ..NumberFacet::default() };
        let Some(union) = self.open() else { return Type::of_number(limit) };
        let number = union.number.as_ref().and_then(|number| number.meet(&limit));
        let (opaque, coarse) = (union.opaque.clone(), union.coarse);
        Type::of_union(Union { number, opaque, coarse, ..Union::default() })
    }

    /// With a number of members between two ends: items of a list, code points of a text. Other kinds are dropped
    /// but objects, of which it says nothing.
    pub(crate) fn sized(&self, least: u64, most: Option<u64>) -> Type {
        let Some(union) = self.open() else { return self.clone() };
        let mut union = union.only(Kinds::only(Kind::List).and(Kind::Map).and(Kind::Text));
        union.optional = None;
        union.list = union.list.and_then(|list| {
            let max = least_of(list.max, most);
            ListFacet { min: list.min.max(least), max, ..list }.unless_empty()
        });
        union.text = union.text.and_then(|text| {
            let limit = super::lattice::TextFacet { min: least, max: most, ..Default::default() };
            text.meet(&limit)
        });
        Type::of_union(union)
    }

    fn with_members(&self, change: impl Fn(&MapFacet) -> Option<MapFacet>) -> Type {
        let Some(union) = self.open() else { return self.clone() };
        let maps = union.maps.iter().filter_map(change).filter_map(MapFacet::unless_empty).collect();
        let (opaque, coarse) = (union.opaque.clone(), union.coarse);
        Type::of_union(Union { maps, opaque, coarse, ..Union::default() })
    }

    fn with_list(&self, change: impl Fn(&ListFacet) -> Option<ListFacet>) -> Type {
        let Some(union) = self.open() else { return self.clone() };
        let list = union.list.as_ref().and_then(change).and_then(ListFacet::unless_empty);
        let (opaque, coarse) = (union.opaque.clone(), union.coarse);
        Type::of_union(Union { list, opaque, coarse, ..Union::default() })
    }

    /// The type of what stands at a path, and whether it is surely there; `None` where the path leads through
    /// something without that member or position, or through an untyped value.
    #[must_use]
    pub fn at(&self, path: &[Segment]) -> Option<(Type, super::Presence)> {
        let mut ty = self.clone();
        let mut presence = super::Presence::Required;
        for segment in path {
            ty = match segment {
                Segment::Member(name) => match ty.member(name) {
                    MemberLookup::Required(ty) => ty,
                    MemberLookup::Optional(ty) => {
                        presence = super::Presence::Optional;
                        ty
                    }
                    _ => return None,
                },
                Segment::Index(index) => {
                    let union = ty.open()?;
                    let list = union.list.as_ref()?;
                    if list.min <= *index {
                        presence = super::Presence::Optional;
                    }
                    list.at(*index)
                }
            };
        }
        Some((ty, presence))
    }
}

pub(crate) fn least_of(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

impl MapFacet {
    fn with(&self, name: &Arc<str>, ty: Type, required: bool) -> MapFacet {
        let mut map = self.clone();
        map.members.insert(Arc::clone(name), MemberType { ty, required });
        // A forbidden member of a dictionary stays forbidden by its name.
        if map.additional == Additional::Closed {
            map.members.retain(|member| !member.ty.is_never());
        }
        map
    }
}

impl ListFacet {
    fn refine(&self, index: u64, rest: &[Segment], change: &dyn Fn(&Type) -> Type) -> Option<ListFacet> {
        let ty = self.at(index).refine(rest, change);
        if ty.is_never() {
            return None;
        }
        let mut list = self.clone();
        list.min = list.min.max(index.saturating_add(1));
        if let Ok(position) = usize::try_from(index)
            && position < MAX_PREFIX
        {
            while list.prefix.len() <= position {
                list.prefix.push(list.items.clone());
            }
            if let Some(place) = list.prefix.get_mut(position) {
                *place = ty;
            }
        }
        Some(list)
    }
}

impl NumberFacet {
    /// Without one number: taken out of an enum, or off the end of a range of integers.
    fn without(&self, number: Num) -> Option<NumberFacet> {
        let mut facet = self.clone();
        if let Some(values) = &facet.values {
            let kept: Few<Num> = values.iter().copied().filter(|value| *value != number).collect();
            facet.values = Some(kept);
            return facet.unless_empty();
        }
        for end in [&mut facet.min, &mut facet.max].into_iter().flatten() {
            if end.at == number {
                end.exclusive = true;
            }
        }
        facet.unless_empty()
    }
}
