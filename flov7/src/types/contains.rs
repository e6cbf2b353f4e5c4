//! Whether a type contains a value: exact, because opaque conditions decide single values.

use serde_json::Value;

use super::lattice::{Additional, ListFacet, MapFacet, Type};
use super::number::Num;

/// Levels of a value that are looked into. Deeper values than any reader lets in are in no described type.
const MAX_DEPTH: usize = 320;

impl Type {
    /// Whether the value has the type. Untyped contains every value; instants, spans and optionals are no values.
    #[must_use]
    pub fn contains(&self, value: &Value) -> bool {
        contains(self, value, 0)
    }
}

fn contains(ty: &Type, value: &Value, depth: usize) -> bool {
    let Some(union) = ty.open() else { return true };
    if depth > MAX_DEPTH {
        return false;
    }
    let inside = match value {
        Value::Null => union.null,
        Value::Bool(false) => union.no,
        Value::Bool(true) => union.yes,
        Value::Number(number) => {
            union.number.as_ref().zip(Num::read(number)).is_some_and(|(facet, number)| facet.contains(number))
        }
        Value::String(text) => union.text.as_ref().is_some_and(|facet| facet.contains(text)),
        Value::Array(items) => {
            union.list.as_ref().is_some_and(|facet| list_contains(facet, items, value, depth))
        }
        Value::Object(_) => union.maps.iter().any(|facet| map_contains(facet, value, depth)),
    };
    inside && union.opaque.contain(value)
}

fn list_contains(facet: &ListFacet, items: &[Value], whole: &Value, depth: usize) -> bool {
    let length = u64::try_from(items.len()).unwrap_or(u64::MAX);
    facet.min <= length
        && facet.max.is_none_or(|max| length <= max)
        && items.iter().enumerate().all(|(index, item)| {
            let ty = facet.prefix.get(index).unwrap_or(&facet.items);
            contains(ty, item, depth + 1)
        })
        && facet.opaque.contain(whole)
}

fn map_contains(facet: &MapFacet, whole: &Value, depth: usize) -> bool {
    let Value::Object(members) = whole else { return false };
    let length = u64::try_from(members.len()).unwrap_or(u64::MAX);
    facet.min <= length
        && facet.max.is_none_or(|max| length <= max)
        && facet.members.iter().all(|(name, member)| match members.get(&**name) {
            Some(value) => contains(&member.ty, value, depth + 1),
            None => !member.required,
        })
        && match &facet.additional {
            Additional::Silent => true,
            Additional::Closed => members.keys().all(|name| facet.members.contains_key(name.as_str())),
            Additional::Of(ty) => members
                .iter()
                .filter(|(name, _)| !facet.members.contains_key(name.as_str()))
                .all(|(_, value)| contains(ty, value, depth + 1)),
        }
        && facet.opaque.contain(whole)
}
