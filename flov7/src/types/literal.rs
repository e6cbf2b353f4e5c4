//! The types of constants.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::few::Few;
use super::lattice::{
    Additional, ListFacet, MAX_PREFIX, MAX_VALUES, MapFacet, MemberType, NumberFacet, TextFacet, Type, Union,
    constant,
};
use super::merge::Merge;
use super::number::Num;

/// Levels of a constant that are told apart; below, anything of JSON is assumed.
const MAX_DEPTH: usize = 32;
/// Parts of a constant that are told apart.
pub(crate) const MAX_PARTS: u32 = 10_000;

impl Type {
    /// The type of a constant: the value itself as far as the lattice has words for it. Objects are closed, lists
    /// have exactly their length; what lies deeper than 32 levels, and list items after the 64th, are described
    /// together, and of more than 10,000 parts the later ones are not described.
    #[must_use]
    pub fn of_value(value: &Value) -> Type {
        one(value, 0, &mut MAX_PARTS.clone()).0
    }
}

/// The type of one of several constants, and whether it contains nothing else. `fuel` pays for the parts of lists
/// and objects.
pub(crate) fn of_values(values: &[Value], fuel: &mut u32) -> (Type, bool) {
    let mut union = Union::default();
    let mut numbers = BTreeSet::new();
    let mut texts: BTreeSet<Arc<str>> = BTreeSet::new();
    let mut parts = Vec::new();
    let mut exact = true;
    for value in values {
        match value {
            Value::Null => union.null = true,
            Value::Bool(false) => union.no = true,
            Value::Bool(true) => union.yes = true,
            Value::Number(number) => match Num::read(number) {
                Some(number) => {
                    numbers.insert(number);
                }
                None => exact = false,
            },
            Value::String(text) => {
                texts.insert(Arc::from(text.as_str()));
            }
            Value::Array(_) | Value::Object(_) => parts.push(value),
        }
    }
    if !numbers.is_empty() {
        let integer = numbers.iter().all(|number| number.is_whole());
        exact &= numbers.len() <= MAX_VALUES;
        let values = (numbers.len() <= MAX_VALUES).then(|| Few::from(numbers));
        union.number = Some(NumberFacet { integer, values, ..NumberFacet::default() });
    }
    if !texts.is_empty() {
        exact &= texts.len() <= MAX_VALUES;
        let values = (texts.len() <= MAX_VALUES).then(|| Few::from(texts));
        union.text = Some(TextFacet { values, ..TextFacet::default() });
    }
    let mut merge = Merge::new();
    let mut all = Type::of_union(union);
    for part in parts {
        let (ty, whole) = one(part, 0, fuel);
        exact &= whole;
        all = merge.join(&all, &ty, 0);
    }
    (all, exact && !merge.lossy)
}

fn one(value: &Value, depth: usize, fuel: &mut u32) -> (Type, bool) {
    *fuel = fuel.saturating_sub(1);
    if depth > MAX_DEPTH || *fuel == 0 {
        return (Type::any(), false);
    }
    match value {
        Value::Null => (Type::null(), true),
        Value::Bool(true) => (constant!(Type::of_union(Union { yes: true, ..Union::default() })), true),
        Value::Bool(false) => (constant!(Type::of_union(Union { no: true, ..Union::default() })), true),
        Value::Number(number) => match Num::read(number) {
            Some(number) => (Type::of_number(NumberFacet::just(number)), true),
            None => (Type::number(), false),
        },
        Value::String(text) => (Type::of_text(TextFacet::just(text)), true),
        Value::Array(items) => {
            let mut exact = true;
            let mut prefix = Vec::with_capacity(items.len().min(MAX_PREFIX));
            let mut rest = Type::never();
            for (index, item) in items.iter().enumerate() {
                let (ty, whole) = one(item, depth + 1, fuel);
                exact &= whole;
                if index < MAX_PREFIX {
                    prefix.push(ty);
                } else {
                    exact = false;
                    rest = rest.union(&ty);
                }
            }
            let length = u64::try_from(items.len()).unwrap_or(u64::MAX);
            let list = ListFacet { prefix, min: length, max: Some(length), ..ListFacet::of(rest) };
            (Type::of_list(list), exact)
        }
        Value::Object(members) => {
            let mut exact = true;
            let mut described = BTreeMap::new();
            for (name, member) in members {
                let (ty, whole) = one(member, depth + 1, fuel);
                exact &= whole;
                described.insert(Arc::from(name.as_str()), MemberType { ty, required: true });
            }
            let map = MapFacet { members: described.into(), ..MapFacet::open(Additional::Closed) };
            (Type::of_map(map), exact)
        }
    }
}
