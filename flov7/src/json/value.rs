//! Values that did not come as text: checked at the door, compared, taken apart.

use serde_json::{Number, Value};

use super::pointer::Pointer;
use super::{MAX_DEPTH, Numeric};

/// A number of a value that no document can hold: an integer outside -2^63 … 2^64-1, or a magnitude that no
/// double has. Only `serde_json`'s feature `arbitrary_precision` makes such numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the number at `{pointer}` lies outside the range of numbers")]
pub struct NumberRange {
    /// Where the number is.
    pub pointer: String,
}

/// Why a value may not enter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnterFault {
    /// A number is outside the range.
    #[error(transparent)]
    NumberRange(NumberRange),
    /// Lists and objects nest deeper than allowed.
    #[error("the value nests deeper than {limit} levels")]
    Depth {
        /// How deep it may nest.
        limit: usize,
    },
    /// The value has more parts than allowed.
    #[error("the value has more than {limit} parts")]
    Count {
        /// How many values it may hold, itself included.
        limit: usize,
    },
}

/// Takes a value that a handler or a host made: bounds its depth (at most [`MAX_DEPTH`], or less) and its count
/// of values (the value itself and everything inside), and normalises its numbers. A value that is refused is
/// dropped without recursion, however deep it is.
///
/// With the default features of `serde_json`, an integer above 2^64-1 that *its* parser has read is a rounded
/// double by now; nobody can tell. Texts belong to [`super::read`].
///
/// # Errors
/// Depth, count, or (with `arbitrary_precision` only) a number outside the range.
pub fn enter(value: Value, max_depth: usize, max_values: usize) -> Result<Value, EnterFault> {
    enter_weighed(value, max_depth, max_values).map(|(value, _)| value)
}

/// As [`enter`]; with what the value weighs, as [`weight`] has it.
pub(crate) fn enter_weighed(
    mut value: Value,
    max_depth: usize,
    max_values: usize,
) -> Result<(Value, u64), EnterFault> {
    let max_depth = max_depth.min(MAX_DEPTH);
    // What keeps to the limits, as nearly all does, is walked once. What does not is walked again to say how.
    if let Some(weight) = fits(&mut value, max_depth, &mut max_values.saturating_sub(1)) {
        return Ok((value, weight));
    }
    let outcome = measure(&value, max_depth, max_values)
        .and_then(|()| normalize(&mut value).map_err(EnterFault::NumberRange));
    match outcome {
        Ok(()) => {
            let weight = weight(&value);
            Ok((value, weight))
        }
        Err(fault) => {
            discard(value);
            Err(fault)
        }
    }
}

/// Normalises the numbers of a value that keeps to the limits, and weighs it; none where it does not keep to them, or a
/// number is outside the range. Recursion is bounded by the depth.
fn fits(value: &mut Value, depth: usize, values: &mut usize) -> Option<u64> {
    let parts = match value {
        Value::Null | Value::Bool(_) => return Some(WEIGHT),
        Value::Number(number) => return normal(number).then_some(WEIGHT),
        Value::String(text) => return Some(WEIGHT + text.len() as u64),
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
    };
    *values = values.checked_sub(parts)?;
    let depth = depth.checked_sub(1)?;
    let mut weight = WEIGHT;
    match value {
        Value::Array(items) => {
            for item in items {
                weight += fits(item, depth, values)?;
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                weight += name.len() as u64 + fits(member, depth, values)?;
            }
        }
        _ => {}
    }
    Some(weight)
}

/// Normalises a number; false where no document can hold it.
fn normal(number: &mut Number) -> bool {
    // With `arbitrary_precision`, an integer literal that is neither i64 nor u64 is out of range, and says so by not
    // being a float; without it, every number is one of the three.
    if !(number.is_i64() || number.is_u64() || number.is_f64()) {
        return false;
    }
    match Numeric::of(number).number() {
        Some(normal) => {
            *number = normal;
            true
        }
        None => false,
    }
}

fn measure(value: &Value, max_depth: usize, max_values: usize) -> Result<(), EnterFault> {
    let mut count = 1usize;
    let mut stack = vec![(value, 1)];
    while let Some((value, depth)) = stack.pop() {
        let parts = match value {
            Value::Array(items) => items.len(),
            Value::Object(members) => members.len(),
            _ => continue,
        };
        if depth > max_depth {
            return Err(EnterFault::Depth { limit: max_depth });
        }
        count = count.saturating_add(parts);
        if count > max_values {
            return Err(EnterFault::Count { limit: max_values });
        }
        let holds = |value: &&Value| matches!(value, Value::Array(_) | Value::Object(_));
        match value {
            Value::Array(items) => stack.extend(items.iter().filter(holds).map(|item| (item, depth + 1))),
            Value::Object(members) => {
                stack.extend(members.values().filter(holds).map(|item| (item, depth + 1)))
            }
            _ => {}
        }
    }
    Ok(())
}

/// Normalises every number of a value in place (rule num.entry): a double without fraction and of magnitude up
/// to 2^53 becomes an integer, -0.0 becomes 0. Works at any depth.
///
/// # Errors
/// The first number (in no particular order) that no document can hold; what was normalised before stays so.
pub fn normalize(value: &mut Value) -> Result<(), NumberRange> {
    let mut outside = false;
    let mut stack = vec![&mut *value];
    while !outside && let Some(value) = stack.pop() {
        match value {
            Value::Number(number) => outside = !normal(number),
            Value::Array(items) => stack.extend(items),
            Value::Object(members) => stack.extend(members.values_mut()),
            _ => {}
        }
        if outside {
            break;
        }
    }
    if outside { Err(NumberRange { pointer: find_outside(value) }) } else { Ok(()) }
}

/// The pointer of a number outside the range. Only walked after one was seen.
fn find_outside(value: &Value) -> String {
    let mut stack = vec![(Pointer::root(), value)];
    while let Some((pointer, value)) = stack.pop() {
        match value {
            Value::Number(number) if !(number.is_i64() || number.is_u64() || number.is_f64()) => {
                return pointer.into();
            }
            Value::Array(items) => {
                stack.extend(items.iter().enumerate().map(|(i, item)| (pointer.join_index(i), item)));
            }
            Value::Object(members) => {
                stack.extend(members.iter().map(|(name, item)| (pointer.join(name), item)));
            }
            _ => {}
        }
    }
    String::new()
}

/// Equality of values (rule num.eq): numbers by exact value, so that `1` equals `1.0` and 2^53 + 1 does not equal
/// the double 2^53; objects whatever the order of their members. Works at any depth.
#[must_use]
pub fn equal(a: &Value, b: &Value) -> bool {
    let mut stack = Vec::new();
    let mut next = Some((a, b));
    while let Some((a, b)) = next.take().or_else(|| stack.pop()) {
        match (a, b) {
            (Value::Null, Value::Null) => {}
            (Value::Bool(a), Value::Bool(b)) if a == b => {}
            (Value::String(a), Value::String(b)) if a == b => {}
            (Value::Number(a), Value::Number(b)) if super::compare_numbers(a, b).is_eq() => {}
            (Value::Array(a), Value::Array(b)) if a.len() == b.len() => stack.extend(a.iter().zip(b)),
            (Value::Object(a), Value::Object(b)) if a.len() == b.len() => {
                for (name, member) in a {
                    match b.get(name) {
                        Some(other) => stack.push((member, other)),
                        None => return false,
                    }
                }
            }
            _ => return false,
        }
    }
    true
}

/// Drops a value without recursion: the depth of a hostile value costs heap, not stack.
pub fn discard(value: Value) {
    let mut stack = vec![value];
    while let Some(value) = stack.pop() {
        match value {
            Value::Array(items) => stack.extend(items),
            Value::Object(members) => stack.extend(members.into_iter().map(|(_, member)| member)),
            _ => {}
        }
    }
}

/// What a value weighs without its texts.
const WEIGHT: u64 = 32;

/// How long the canonical text of a value of this weight is at most: a byte of text takes six at most (`\\u001f`), and
/// what else a value needs, its number included, is shorter than what it weighs six times.
pub(crate) fn longest(weight: u64) -> u64 {
    weight.saturating_mul(6)
}

/// What a value weighs in memory, in bytes, the same on every platform: 32 for each value, and the bytes of texts and of
/// members' names.
#[must_use]
pub fn weight(value: &Value) -> u64 {
    let text = |text: &str| text.len() as u64;
    // Depth is bounded where values enter and where expressions make them.
    WEIGHT
        + match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
            Value::String(string) => text(string),
            Value::Array(items) => items.iter().map(weight).sum(),
            Value::Object(members) => members.iter().map(|(name, member)| text(name) + weight(member)).sum(),
        }
}
