//! Looking at one kind of a type, and making types from parts: what the expression checker computes with.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::few::Few;
use super::lattice::{
    Additional, Kind, Kinds, ListFacet, MAX_PREFIX, MapFacet, MemberLookup, MemberType, NumberFacet,
    TextFacet, Type,
};
use super::narrow::least_of;

/// More combinations of constant texts are described by their lengths.
const MAX_JOINED: usize = 100;
/// Combinations that hold more bytes than this together are described by their lengths: a text that is doubled step by
/// step must not be built while it is checked.
const MAX_JOINED_BYTES: usize = 4_096;

impl Type {
    /// Its numbers, if there are any; untyped has any.
    pub(crate) fn numbers(&self) -> Option<NumberFacet> {
        match self.open() {
            Some(union) => union.number.clone(),
            None => Some(NumberFacet::default()),
        }
    }

    /// Whether the union with `other` surely holds no value that neither of them has: ranges and lengths are joined into
    /// one, and conditions that only one of them has are dropped.
    pub(crate) fn unites_exactly(&self, other: &Type) -> bool {
        let numbers = || {
            let one =
                |ty: &Type| ty.is_only(Kind::Number) && ty.numbers().is_some_and(|own| own.values.is_some());
            one(self) && one(other)
        };
        let texts = || {
            let one = |ty: &Type| ty.is_only(Kind::Text) && ty.text_values().is_some();
            one(self) && one(other)
        };
        let one_of_both = || {
            let both = self.union(other);
            both == *self || both == *other
        };
        self.kinds().common(other.kinds()).is_empty() || one_of_both() || numbers() || texts()
    }

    /// Whether no place of its lists is described apart from the others.
    pub(crate) fn has_one_element_type(&self) -> bool {
        self.open().is_none_or(|union| union.list.as_ref().is_none_or(|list| list.prefix.is_empty()))
    }

    /// A type of numbers alone.
    pub(crate) fn of_numbers(facet: NumberFacet) -> Type {
        Type::of_number(facet)
    }

    /// The least and greatest number of code points of its texts, if there are any.
    #[must_use]
    pub fn text_length(&self) -> Option<(u64, Option<u64>)> {
        let Some(union) = self.open() else { return Some((0, None)) };
        union.text.as_ref().map(|text| (text.least(), text.greatest()))
    }

    /// A list with described positions, a type for those after them, and a number of items between two ends.
    #[must_use]
    pub fn list_of(prefix: Vec<Type>, items: Type, least: u64, most: Option<u64>) -> Type {
        let rest = prefix.iter().skip(MAX_PREFIX).fold(items, |all, ty| all.union(ty));
        let prefix = prefix.into_iter().take(MAX_PREFIX).collect();
        let facet = ListFacet { prefix, min: least, max: most, ..ListFacet::of(rest) };
        facet.unless_empty().map_or_else(Type::never, Type::of_list)
    }

    /// The same items in another order or number: a list without described positions.
    pub(crate) fn shuffled(&self, least: u64, most: Option<u64>) -> Type {
        Type::list_of(Vec::new(), self.element().unwrap_or_else(Type::never), least, most)
    }

    /// The item at a position of its lists; [`never`](Type::never) where no list is that long.
    #[must_use]
    pub fn item(&self, index: u64) -> Type {
        let Some(union) = self.open() else { return Type::untyped() };
        union.list.as_ref().map_or_else(Type::never, |list| list.at(index))
    }

    /// The type of any member of its objects, whatever the name.
    #[must_use]
    pub fn any_member(&self) -> Type {
        let Some(union) = self.open() else { return Type::untyped() };
        let mut all = Type::never();
        for map in &union.maps {
            for member in map.members.values() {
                all = all.union(&member.ty);
            }
            if let Some(undeclared) = map.undeclared() {
                all = all.union(&undeclared);
            }
        }
        all
    }

    /// Whether its objects have no members but those they declare.
    pub(crate) fn any_member_is_declared(&self) -> bool {
        self.open().is_some_and(|union| union.maps.iter().all(|map| map.additional == Additional::Closed))
    }

    /// The least and greatest number of members of its objects, if there are any.
    #[must_use]
    pub fn member_count(&self) -> Option<(u64, Option<u64>)> {
        let Some(union) = self.open() else { return Some((0, None)) };
        let counts = union.maps.iter().map(|map| {
            let required = map.members.values().filter(|member| member.required).count();
            let declared = u64::try_from(map.members.len()).unwrap_or(u64::MAX);
            let most = if map.additional == Additional::Closed { Some(declared) } else { None };
            (map.min.max(u64::try_from(required).unwrap_or(u64::MAX)), least_of(map.max, most))
        });
        counts.reduce(|(a, b), (c, d)| (a.min(c), b.zip(d).map(|(b, d)| b.max(d))))
    }

    /// Text and text, one after the other.
    pub(crate) fn concatenated(&self, other: &Type) -> Type {
        fn text<'t>(ty: &'t Type, any: &'t TextFacet) -> &'t TextFacet {
            ty.open().and_then(|union| union.text.as_ref()).unwrap_or(any)
        }
        let any = TextFacet::default();
        let (own, other) = (text(self, &any), text(other, &any));
        if let (Some(a), Some(b)) = (&own.values, &other.values)
            && a.len().saturating_mul(b.len()) <= MAX_JOINED
            && joined_bytes(a, b) <= MAX_JOINED_BYTES
        {
            let joined = a.iter().flat_map(|a| b.iter().map(move |b| Arc::from(crate::json::below(a, b))));
            let values = Some(joined.collect());
            return Type::of_text(TextFacet { values, ..TextFacet::default() });
        }
        let most = own.greatest().zip(other.greatest()).and_then(|(a, b)| a.checked_add(b));
        Type::text_of(own.least().saturating_add(other.least()), most)
    }

    /// The type of a member that all its values have, if they are objects and described as one.
    pub(crate) fn sure_member(&self, name: &str) -> Option<&Type> {
        let union = self.open()?;
        let [map] = union.maps.as_slice() else { return None };
        if union.optional.is_some() || union.kinds() != Kinds::only(Kind::Map) {
            return None;
        }
        map.members.get(name).filter(|member| member.required).map(|member| &member.ty)
    }

    /// Whether it has values, and each of them has a text of its own.
    pub(crate) fn surely_printed(&self) -> bool {
        let Some(union) = self.open() else { return false };
        let own = union.kinds();
        let silent = Kinds::only(Kind::Null).and(Kind::List).and(Kind::Map);
        union.optional.is_none() && !own.is_empty() && own.common(silent).is_empty()
    }

    /// Whether its texts are listed one by one.
    pub(crate) fn has_listed_texts(&self) -> bool {
        self.open().and_then(|union| union.text.as_ref()).is_some_and(|text| text.values.is_some())
    }

    /// List and list, one after the other.
    pub(crate) fn appended(&self, other: &Type) -> Type {
        let list = |ty: &Type| ty.open().and_then(|union| union.list.clone());
        let (Some(own), Some(other)) = (list(self), list(other)) else { return Type::list(Type::untyped()) };
        let least = own.min.saturating_add(other.min);
        let most = own.max.zip(other.max).and_then(|(a, b)| a.checked_add(b));
        if own.max == Some(own.min) && own.min <= 64 {
            // The first has one length: the second's positions keep their places.
            let mut prefix: Vec<Type> = (0..own.min).map(|index| own.at(index)).collect();
            prefix.extend(other.prefix.iter().cloned());
            return Type::list_of(prefix, other.items.clone(), least, most);
        }
        Type::list_of(Vec::new(), own.element().union(&other.element()), least, most)
    }

    /// Object over object, the right one winning.
    pub(crate) fn overlaid(&self, right: &Type) -> Type {
        let (Some(own), Some(other)) = (self.open(), right.open()) else { return Type::untyped() };
        let mut all = Type::never();
        for left in &own.maps {
            for right in &other.maps {
                all = all.union(&Type::of_map(left.overlaid(right)));
            }
        }
        all
    }

    /// An object of lists, as `groupBy` makes it.
    pub(crate) fn grouped(keys: &Type, element: Type) -> Type {
        let group = Type::list_of(Vec::new(), element, 1, None);
        match keys.text_values() {
            Some(names) => Type::map(
                names.into_iter().map(|name| (name, group.clone(), super::Presence::Optional)),
                Additional::Closed,
            ),
            None => Type::map::<&str>([], Additional::Of(group)),
        }
    }

    /// Whether both may have a value in common.
    pub(crate) fn meets(&self, other: &Type) -> bool {
        let times = Kinds::only(Kind::Timestamp).and(Kind::Duration);
        let common = self.kinds().common(other.kinds());
        if !common.common(times).is_empty()
            || (self.optional_inner().is_some() && other.optional_inner().is_some())
        {
            return true;
        }
        !self.intersect(other).is_never()
    }

    /// The only value, where there is just one.
    #[must_use]
    pub fn only_value(&self) -> Option<serde_json::Value> {
        let union = self.open()?;
        // Most types have many values, and show it at once.
        let several = |text: &TextFacet| {
            let listed = text.values.as_ref();
            listed.is_none_or(|values| values.len() > 1 && text.opaque.is_empty() && union.opaque.is_empty())
        };
        if union.text.as_ref().is_some_and(several)
            || union.maps.iter().any(|map| map.additional != Additional::Closed)
            || union.list.as_ref().is_some_and(|list| list.max.is_none())
            || union.no && union.yes && union.opaque.is_empty()
        {
            return None;
        }
        let values = super::witness::all_values(self, 1)?;
        let [only] = <[serde_json::Value; 1]>::try_from(values).ok()?;
        Some(only)
    }
}

impl MapFacet {
    fn overlaid(&self, right: &MapFacet) -> MapFacet {
        let mut members: BTreeMap<Arc<str>, MemberType> = BTreeMap::new();
        for (name, own) in &self.members {
            let member = match right.lookup(name) {
                MemberLookup::Required(ty) => MemberType { ty, required: true },
                MemberLookup::Optional(ty) => MemberType { ty: own.ty.union(&ty), required: own.required },
                MemberLookup::Missing => own.clone(),
                // The right one may hold anything under that name.
                MemberLookup::Undeclared | MemberLookup::Shapeless => {
                    MemberType { ty: Type::untyped(), required: own.required }
                }
            };
            members.insert(Arc::clone(name), member);
        }
        for (name, other) in &right.members {
            if !self.members.contains_key(name) {
                let member = match (other.required, self.undeclared()) {
                    (true, _) | (_, None) => other.clone(),
                    (false, Some(undeclared)) => {
                        MemberType { ty: other.ty.union(&undeclared), required: false }
                    }
                };
                members.insert(Arc::clone(name), member);
            }
        }
        let additional = match (&self.additional, &right.additional) {
            (Additional::Silent, _) | (_, Additional::Silent) => Additional::Silent,
            (Additional::Closed, other) | (other, Additional::Closed) => other.clone(),
            (Additional::Of(a), Additional::Of(b)) => Additional::Of(a.union(b)),
        };
        let max = self.max.zip(right.max).and_then(|(a, b)| a.checked_add(b));
        MapFacet { members: members.into(), min: self.min.max(right.min), max, ..MapFacet::open(additional) }
    }
}

/// The bytes of all combinations of two sets of texts.
fn joined_bytes(a: &Few<Arc<str>>, b: &Few<Arc<str>>) -> usize {
    let bytes =
        |texts: &Few<Arc<str>>| texts.iter().fold(0_usize, |total, text| total.saturating_add(text.len()));
    bytes(a).saturating_mul(b.len()).saturating_add(bytes(b).saturating_mul(a.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Forty steps that each double a text of one kilobyte would be a petabyte.
    #[test]
    fn a_text_that_is_doubled_step_by_step_is_known_by_its_length_alone() {
        let mut text = Type::texts(["x".repeat(1_000).as_str()]);
        for doubled in 1..=4 {
            text = text.concatenated(&text);
            let length = 1_000 << doubled;
            assert_eq!(text.text_length(), Some((length, Some(length))));
        }
        assert_eq!(text.text_values(), None);
        let short = Type::texts(["a", "b"]).concatenated(&Type::texts(["c"]));
        assert_eq!(short, Type::texts(["ac", "bc"]));
    }
}
