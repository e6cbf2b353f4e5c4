//! Numbers and texts of a type: which values they accept, and how two descriptions are joined, met and compared.

use std::sync::Arc;

use serde_json::Value;

use super::few::Few;
use super::lattice::{MAX_VALUES, NumberFacet, TextFacet};
use super::number::{Bound, Num};
use crate::planted::{Bug, planted};

/// Code points, as lengths count.
pub(crate) fn length(text: &str) -> u64 {
    u64::try_from(text.chars().count()).unwrap_or(u64::MAX)
}

impl NumberFacet {
    /// Exactly one number.
    pub(crate) fn just(number: Num) -> NumberFacet {
        NumberFacet { integer: number.is_whole(), values: Some(Few::One(number)), ..NumberFacet::default() }
    }

    /// The least number, if there is a least or a lower end.
    pub(crate) fn lower_end(&self) -> Option<Bound> {
        match &self.values {
            Some(values) => values.first().copied().map(Bound::inclusive),
            None => self.min,
        }
    }

    /// The greatest number, if there is a greatest or an upper end.
    pub(crate) fn upper_end(&self) -> Option<Bound> {
        match &self.values {
            Some(values) => values.last().copied().map(Bound::inclusive),
            None => self.max,
        }
    }

    /// Whether the number is inside, opaque conditions aside.
    pub(crate) fn accepts(&self, number: Num) -> bool {
        (!self.integer || number.is_whole())
            && self.min.is_none_or(|min| min.below(number))
            && self.max.is_none_or(|max| max.above(number))
            && self.values.as_ref().is_none_or(|values| values.contains(&number))
            && self.multiple_of.iter().all(|step| number.is_multiple_of(*step))
    }

    /// Whether the number is inside.
    pub(crate) fn contains(&self, number: Num) -> bool {
        self.accepts(number)
            && (self.opaque.is_empty() || number.to_value().is_some_and(|value| self.opaque.contain(&value)))
    }

    /// Whether every number of this is in `other`; false where that cannot be told.
    pub(crate) fn within(&self, other: &NumberFacet) -> bool {
        self.fits(other)
            && (self.opaque.imply(&other.opaque)
                || self.values.as_ref().is_some_and(|values| {
                    let hold = |value: &Num| value.to_value().is_some_and(|value| other.opaque.hold(&value));
                    values.iter().all(hold)
                }))
    }

    /// Whether every number of this is in `other`, opaque conditions aside; false where that cannot be told.
    pub(crate) fn fits(&self, other: &NumberFacet) -> bool {
        if let Some(values) = &self.values {
            return values.iter().all(|value| other.accepts(*value));
        }
        other.values.is_none()
            && (self.integer || !other.integer || planted(Bug::LinkIgnoresWhole))
            && lower_within(self.min, other.min)
            && (upper_within(self.max, other.max) || planted(Bug::LinkIgnoresMaximum))
            && other.multiple_of.iter().all(|step| self.steps_by(*step))
    }

    /// Whether each number is known to be a multiple of `step`.
    fn steps_by(&self, step: Num) -> bool {
        (self.integer && Num::int(1).is_multiple_of(step))
            || self.multiple_of.iter().any(|own| own.is_multiple_of(step))
    }

    /// The numbers in both; `None` where there are none.
    pub(crate) fn meet(&self, other: &NumberFacet) -> Option<NumberFacet> {
        let opaque = self.opaque.and(&other.opaque);
        let finite = self.values.as_ref().or(other.values.as_ref());
        if let Some(values) = finite {
            let kept: Few<Num> = values
                .iter()
                .copied()
                .filter(|value| self.accepts(*value) && other.accepts(*value))
                .collect();
            let integer = kept.iter().all(|value| value.is_whole());
            let values = Some(kept);
            return NumberFacet { integer, values, opaque, ..NumberFacet::default() }.unless_empty();
        }
        NumberFacet {
            integer: self.integer || other.integer,
            min: if lower_within(self.min, other.min) { self.min } else { other.min },
            max: if upper_within(self.max, other.max) { self.max } else { other.max },
            multiple_of: self.multiple_of.union(&other.multiple_of).copied().collect(),
            values: None,
            opaque,
        }
        .unless_empty()
    }

    /// Brings the ends of integers to integers; `None` where no number is left.
    pub(crate) fn unless_empty(mut self) -> Option<NumberFacet> {
        if let Some(values) = &self.values {
            return if values.is_empty() { None } else { Some(self) };
        }
        // A multiple of a whole number is whole.
        self.integer |= self.multiple_of.iter().any(|step| step.is_whole());
        if self.integer {
            self.min = self.min.map(whole_lower);
            self.max = self.max.map(whole_upper);
        }
        for step in self.multiple_of.iter().filter_map(|step| step.as_int()) {
            self.min = self.min.map(|min| multiple_at(min, step, divided_up));
            self.max = self.max.map(|max| multiple_at(max, step, i128::div_euclid));
        }
        match (self.min, self.max) {
            (Some(min), Some(max)) if min.at > max.at => None,
            (Some(min), Some(max)) if min.at == max.at && (min.exclusive || max.exclusive) => None,
            (Some(min), Some(max)) if min.at == max.at => {
                let only = min.at;
                let fits = self.accepts(only);
                let opaque = self.opaque;
                fits.then(|| NumberFacet { opaque, ..NumberFacet::just(only) })
            }
            _ => Some(self),
        }
    }

    /// A description that contains both; the flag says whether it contains more.
    pub(crate) fn join(&self, other: &NumberFacet) -> (NumberFacet, bool) {
        if self.within(other) {
            return (other.clone(), false);
        }
        if other.within(self) {
            return (self.clone(), false);
        }
        let integer = self.integer && other.integer;
        if let (Some(a), Some(b)) = (&self.values, &other.values)
            && a.len() + b.len() <= MAX_VALUES
        {
            let values = Some(a.union(b));
            let lossy = self.opaque != other.opaque;
            let opaque = self.opaque.common(&other.opaque);
            return (NumberFacet { integer, values, opaque, ..NumberFacet::default() }, lossy);
        }
        let joined = NumberFacet {
            integer,
            min: self
                .lower_end()
                .zip(other.lower_end())
                .map(|(a, b)| if lower_within(Some(a), Some(b)) { b } else { a }),
            max: self
                .upper_end()
                .zip(other.upper_end())
                .map(|(a, b)| if upper_within(Some(a), Some(b)) { b } else { a }),
            multiple_of: self.multiple_of.intersection(&other.multiple_of).copied().collect(),
            values: None,
            opaque: self.opaque.common(&other.opaque),
        };
        (joined, true)
    }
}

/// Whether the lower end `own` admits nothing below `limit`.
fn lower_within(own: Option<Bound>, limit: Option<Bound>) -> bool {
    match (own, limit) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(own), Some(limit)) => {
            own.at > limit.at || (own.at == limit.at && (own.exclusive || !limit.exclusive))
        }
    }
}

/// Whether the upper end `own` admits nothing above `limit`.
fn upper_within(own: Option<Bound>, limit: Option<Bound>) -> bool {
    match (own, limit) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(own), Some(limit)) => {
            own.at < limit.at || (own.at == limit.at && (own.exclusive || !limit.exclusive))
        }
    }
}

/// Whether a bound is a double without a fraction: it may lie beyond 128 bits, and is kept as it is.
fn is_whole_double(bound: Bound) -> bool {
    bound.at.is_whole() && bound.at.as_int().is_none()
}

/// An end of whole numbers brought to the next multiple inside.
fn multiple_at(end: Bound, step: i128, divided: fn(i128, i128) -> i128) -> Bound {
    let at = end.at.as_int().filter(|_| step > 0).and_then(|at| divided(at, step).checked_mul(step));
    at.map_or(end, |at| Bound::inclusive(Num::int(at)))
}

/// Division that rounds up; the divisor is positive.
fn divided_up(at: i128, step: i128) -> i128 {
    at.div_euclid(step) + i128::from(at.rem_euclid(step) != 0)
}

fn whole_lower(min: Bound) -> Bound {
    if is_whole_double(min) {
        return min;
    }
    let at = min.at.ceil();
    let skip = min.exclusive && min.at == Num::int(at);
    Bound::inclusive(Num::int(if skip { at.saturating_add(1) } else { at }))
}

fn whole_upper(max: Bound) -> Bound {
    if is_whole_double(max) {
        return max;
    }
    let at = max.at.floor();
    let skip = max.exclusive && max.at == Num::int(at);
    Bound::inclusive(Num::int(if skip { at.saturating_sub(1) } else { at }))
}

impl TextFacet {
    /// Exactly one text.
    pub(crate) fn just(text: &str) -> TextFacet {
        TextFacet { values: Some(Few::One(Arc::from(text))), ..TextFacet::default() }
    }

    /// The least length.
    pub(crate) fn least(&self) -> u64 {
        match &self.values {
            Some(values) => values.iter().map(|text| length(text)).min().unwrap_or(0),
            None => self.min,
        }
    }

    /// The greatest length, if there is one.
    pub(crate) fn greatest(&self) -> Option<u64> {
        match &self.values {
            Some(values) => values.iter().map(|text| length(text)).max(),
            None => self.max,
        }
    }

    /// Whether the text is inside, opaque conditions aside.
    pub(crate) fn accepts(&self, text: &str) -> bool {
        if let Some(values) = &self.values {
            return values.contains(text);
        }
        let length = length(text);
        self.min <= length && self.max.is_none_or(|max| length <= max)
    }

    /// Whether the text is inside.
    pub(crate) fn contains(&self, text: &str) -> bool {
        self.accepts(text) && (self.opaque.is_empty() || self.opaque.contain(&Value::from(text)))
    }

    /// Whether every text of this is in `other`; false where that cannot be told.
    pub(crate) fn within(&self, other: &TextFacet) -> bool {
        self.fits(other)
            && (self.opaque.imply(&other.opaque)
                || self.values.as_ref().is_some_and(|values| {
                    values.iter().all(|text| other.opaque.hold(&Value::from(text.as_ref())))
                }))
    }

    /// Whether every text of this is in `other`, opaque conditions aside; false where that cannot be told.
    pub(crate) fn fits(&self, other: &TextFacet) -> bool {
        if let Some(values) = &self.values {
            return values.iter().all(|text| other.accepts(text));
        }
        other.values.is_none()
            && self.min >= other.min
            && other.max.is_none_or(|limit| self.max.is_some_and(|max| max <= limit))
    }

    /// The texts in both; `None` where there are none.
    pub(crate) fn meet(&self, other: &TextFacet) -> Option<TextFacet> {
        let opaque = self.opaque.and(&other.opaque);
        let format = self.format.clone().or_else(|| other.format.clone());
        if let Some(values) = self.values.as_ref().or(other.values.as_ref()) {
            let kept: Few<Arc<str>> =
                values.iter().filter(|text| self.accepts(text) && other.accepts(text)).cloned().collect();
            if kept.is_empty() {
                return None;
            }
            return Some(TextFacet { values: Some(kept), format, opaque, min: 0, max: None });
        }
        let min = self.min.max(other.min);
        let max = match (self.max, other.max) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if max.is_some_and(|max| max < min) {
            return None;
        }
        Some(TextFacet { min, max, values: None, format, opaque })
    }

    /// A description that contains both; the flag says whether it contains more.
    pub(crate) fn join(&self, other: &TextFacet) -> (TextFacet, bool) {
        let format = if self.format == other.format { self.format.clone() } else { None };
        if self.within(other) {
            return (TextFacet { format, ..other.clone() }, false);
        }
        if other.within(self) {
            return (TextFacet { format, ..self.clone() }, false);
        }
        let opaque = self.opaque.common(&other.opaque);
        if let (Some(a), Some(b)) = (&self.values, &other.values)
            && a.len() + b.len() <= MAX_VALUES
        {
            let values = Some(a.union(b));
            let lossy = self.opaque != other.opaque;
            return (TextFacet { values, format, opaque, min: 0, max: None }, lossy);
        }
        let joined = TextFacet {
            min: self.least().min(other.least()),
            max: self.greatest().zip(other.greatest()).map(|(a, b)| a.max(b)),
            values: None,
            format,
            opaque,
        };
        (joined, true)
    }
}
