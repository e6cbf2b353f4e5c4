//! JSON values.

use serde_json::{Map, Number, Value};

use super::{Fault, In, Out};
use crate::json::Numeric;

/// The deepest value: an input is a template of at most 256 levels around values of expressions, of at most 512.
const DEPTH: usize = 1024;

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
/// The high half is the number.
const SMALL: u8 = 3;
/// A zigzag varint.
const INTEGER: u8 = 4;
/// A varint, for what is above `i64::MAX`.
const NATURAL: u8 = 5;
/// Eight bytes.
const DOUBLE: u8 = 6;
const TEXT: u8 = 7;
const LIST: u8 = 8;
const OBJECT: u8 = 9;
// 10 is kept for a blob: its digest and its size. This release refuses it.

/// Writes a value. Recursion is bounded: no value nests deeper than [`DEPTH`].
pub(crate) fn write_value(out: &mut Out, value: &Value) {
    match value {
        Value::Null => out.byte(NULL),
        Value::Bool(false) => out.byte(FALSE),
        Value::Bool(true) => out.byte(TRUE),
        Value::Number(number) => write_number(out, number),
        Value::String(text) => {
            head(out, TEXT, text.len());
            out.bytes(text.as_bytes());
        }
        Value::Array(items) => {
            head(out, LIST, items.len());
            items.iter().for_each(|item| write_value(out, item));
        }
        Value::Object(members) => {
            head(out, OBJECT, members.len());
            let mut member = |(key, value): (&String, &Value)| {
                out.text(key);
                write_value(out, value);
            };
            // Sorted already unless another crate turned on `preserve_order`.
            if members.keys().is_sorted() {
                members.iter().for_each(&mut member);
            } else {
                let mut sorted: Vec<_> = members.iter().collect();
                sorted.sort_unstable_by_key(|(key, _)| *key);
                sorted.into_iter().for_each(&mut member);
            }
        }
    }
}

fn write_number(out: &mut Out, number: &Number) {
    match Numeric::of(number) {
        Numeric::Integer(integer) => match (i64::try_from(integer), u64::try_from(integer)) {
            (Ok(integer @ 0..15), _) => out.byte(SMALL | (integer as u8) << 4),
            (Ok(integer), _) => {
                out.byte(INTEGER);
                out.signed(integer);
            }
            (Err(_), natural) => {
                out.byte(NATURAL);
                // A Number's integer that is no i64 is a u64.
                out.number(natural.unwrap_or_default());
            }
        },
        Numeric::Double(double) => {
            out.byte(DOUBLE);
            out.word(double.to_bits());
        }
    }
}

fn head(out: &mut Out, tag: u8, length: usize) {
    match length {
        0..15 => out.byte(tag | (length as u8) << 4),
        _ => {
            out.byte(tag | 15 << 4);
            out.count(length - 15);
        }
    }
}

/// Reads a value that nests at most [`DEPTH`] deep.
pub(crate) fn read_value(input: &mut In<'_>) -> Result<Value, Fault> {
    read_at(input, 0)
}

/// Recursion is bounded by the depth.
fn read_at(input: &mut In<'_>, depth: usize) -> Result<Value, Fault> {
    let byte = input.byte()?;
    let (tag, small) = (byte & 15, usize::from(byte >> 4));
    if small != 0 && !matches!(tag, SMALL | TEXT | LIST | OBJECT) {
        return input.corrupt("a value's first byte has a length where none belongs");
    }
    Ok(match tag {
        NULL => Value::Null,
        FALSE => Value::Bool(false),
        TRUE => Value::Bool(true),
        SMALL => Value::from(small),
        INTEGER => Value::from(input.signed()?),
        NATURAL => Value::from(input.number()?),
        DOUBLE => match Number::from_f64(f64::from_bits(input.word()?)) {
            Some(number) => Value::Number(number),
            None => return input.corrupt("a number is not finite"),
        },
        TEXT => {
            let length = length(input, small)?;
            Value::String(input.text_of(length)?.to_owned())
        }
        LIST | OBJECT if depth >= DEPTH => return input.corrupt("a value nests too deep"),
        LIST => {
            let length = length(input, small)?;
            let mut items = Vec::new();
            for _ in 0..length {
                items.push(read_at(input, depth + 1)?);
            }
            Value::Array(items)
        }
        OBJECT => {
            let length = length(input, small)?;
            let mut members = Map::new();
            for _ in 0..length {
                let key = input.text()?.to_owned();
                let value = read_at(input, depth + 1)?;
                if members.insert(key, value).is_some() {
                    return input.corrupt("an object has a member twice");
                }
            }
            Value::Object(members)
        }
        other => return Err(Fault::Newer(format!("a value of kind {other}"))),
    })
}

fn length(input: &mut In<'_>, small: usize) -> Result<usize, Fault> {
    if small < 15 {
        return Ok(small);
    }
    let more = input.count()?;
    Ok(more.saturating_add(15))
}
