//! How large the values of a type can get: what `data.size` is ruled out by.

use super::assign::opening;
use super::facet::length;
use super::lattice::{Additional, Type, Union};
use crate::finding::meter;

/// Bounds of every value of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Bytes of its JSON text, and of the copies that an evaluation counts; `None` where there is no limit.
    pub(crate) bytes: Option<u64>,
    /// Steps that walking it once costs: one for each part and for each 64 bytes of text.
    pub(crate) steps: u64,
}

/// The most bytes of a text that can reach an expression (RULES limit.payload).
pub(crate) const MAX_TEXT: u64 = 1 << 20;
/// Bytes that cost a step.
const BYTES_PER_STEP: u64 = 64;
/// A quote and its escape, `\u001f`, for one code point; four bytes at most otherwise.
const LETTER: u64 = 6;
/// The longest text of a number, `-1.7976931348623157e308`, and some to spare.
const NUMBER: u64 = 26;
/// Parts of one type that are looked at, names opened.
const FUEL: u32 = 10_000;
/// Levels of one type that are looked at.
const MAX_DEPTH: usize = 32;

impl Type {
    /// Bounds of every value of the type.
    pub(crate) fn extent_of_values(&self) -> Extent {
        let mut measure = Measure { fuel: FUEL };
        let extent = measure.extent(self, 0);
        meter::spend(u64::from(FUEL - measure.fuel));
        extent
    }

    /// The most bytes of its texts.
    pub(crate) fn text_bytes(&self) -> u64 {
        match self.text_length() {
            Some((_, Some(most))) => most.saturating_mul(4).min(MAX_TEXT),
            Some((_, None)) => MAX_TEXT,
            None => 0,
        }
    }
}

/// Nothing is known.
const ENDLESS: Extent = Extent { bytes: None, steps: u64::MAX };

struct Measure {
    fuel: u32,
}

impl Measure {
    fn extent(&mut self, ty: &Type, depth: usize) -> Extent {
        self.fuel = self.fuel.saturating_sub(1 + opening(ty));
        if self.fuel == 0 || depth > MAX_DEPTH {
            return ENDLESS;
        }
        match ty.open() {
            Some(union) => self.of_union(union, depth),
            None => ENDLESS,
        }
    }

    fn of_union(&mut self, union: &Union, depth: usize) -> Extent {
        let mut most = Extent { bytes: Some(6), steps: 1 };
        if union.number.is_some() {
            most = most.or(Extent { bytes: Some(NUMBER), steps: 1 });
        }
        if union.timestamp || union.duration {
            most = most.or(Extent { bytes: Some(64), steps: 1 });
        }
        if let Some(text) = &union.text {
            let letters = text.greatest();
            let bytes = letters.and_then(|letters| letters.checked_mul(LETTER)?.checked_add(6));
            let held = letters.map_or(MAX_TEXT, |letters| letters.saturating_mul(4).min(MAX_TEXT));
            most = most.or(Extent { bytes, steps: 2 + held / BYTES_PER_STEP });
        }
        if let Some(list) = &union.list {
            let each = match list.max {
                Some(0) => Extent { bytes: Some(0), steps: 0 },
                _ => self.extent(&list.element(), depth + 1),
            };
            let items = list.max.unwrap_or(u64::MAX);
            let bytes = each.bytes.zip(list.max);
            let bytes =
                bytes.and_then(|(each, items)| items.checked_mul(each.checked_add(2)?)?.checked_add(6));
            most = most.or(Extent { bytes, steps: each.steps.saturating_mul(items).saturating_add(1) });
        }
        for map in &union.maps {
            let mut all = Extent { bytes: Some(6), steps: 1 };
            if map.additional != Additional::Closed {
                all = ENDLESS;
            }
            for (name, member) in &map.members {
                let inner = self.extent(&member.ty, depth + 1);
                let name = length(name).saturating_mul(LETTER).saturating_add(8);
                all.bytes = all
                    .bytes
                    .zip(inner.bytes)
                    .and_then(|(all, inner)| all.checked_add(inner)?.checked_add(name));
                all.steps = all.steps.saturating_add(inner.steps).saturating_add(1 + name / BYTES_PER_STEP);
            }
            most = most.or(all);
        }
        if let Some(inner) = &union.optional {
            let inner = self.extent(inner, depth + 1);
            most = most.or(Extent { steps: inner.steps.saturating_add(1), ..inner });
        }
        most
    }
}

impl Extent {
    fn or(self, other: Extent) -> Extent {
        Extent {
            bytes: self.bytes.zip(other.bytes).map(|(a, b)| a.max(b)),
            steps: self.steps.max(other.steps),
        }
    }
}
