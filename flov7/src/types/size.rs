//! How large the values of a type can get.

use super::facet::length;
use super::lattice::{Additional, Repr, Type};
use super::lower::MAX_DEPTH;

/// The greatest number of bytes that the canonical text of a value of the type can have; `None` where there is no
/// limit. What `data.size` is ruled out by.
#[must_use]
pub(crate) fn greatest_size(ty: &Type) -> Option<u64> {
    size(ty, 0)
}

/// A quote and its escape, `\u001f`, for one code point; four bytes at most otherwise.
const LETTER: u64 = 6;
/// The longest text of a number, `-1.7976931348623157e308` and one to spare.
const NUMBER: u64 = 25;

fn size(ty: &Type, depth: usize) -> Option<u64> {
    let Repr::Union(union) = &ty.0 else { return None };
    if depth > MAX_DEPTH {
        return None;
    }
    let mut most: u64 = 5;
    if union.number.is_some() {
        most = most.max(NUMBER);
    }
    if union.timestamp || union.duration {
        most = most.max(64);
    }
    if let Some(text) = &union.text {
        let letters = match &text.values {
            Some(values) => values.iter().map(|text| length(text)).max()?,
            None => text.max?,
        };
        most = most.max(letters.checked_mul(LETTER)?.checked_add(2)?);
    }
    if let Some(list) = &union.list {
        let items = list.max?;
        let each = if items == 0 { 0 } else { size(&list.element(), depth + 1)? };
        most = most.max(items.checked_mul(each.checked_add(1)?)?.checked_add(2)?);
    }
    for map in &union.maps {
        if map.additional != Additional::Closed {
            return None;
        }
        let mut all: u64 = 2;
        for (name, member) in &map.members {
            let name = length(name).checked_mul(LETTER)?.checked_add(4)?;
            all = all.checked_add(name)?.checked_add(size(&member.ty, depth + 1)?)?;
        }
        most = most.max(all);
    }
    if let Some(inner) = &union.optional {
        most = most.max(size(inner, depth + 1)?);
    }
    Some(most)
}
