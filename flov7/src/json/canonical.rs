//! The one text of a value, and what is computed from it.

use std::vec;

use serde_json::{Map, Value, map};

use super::number::{Numeric, push_canonical_double, push_integer};
use crate::id::Digest;

/// The canonical text of a value: no white space; members sorted by code point; integers with all digits; a
/// double without fraction with an exponent (`1e17`), other doubles with the shortest digits that read back;
/// strings escaped only where RFC 8259 demands it (`\"`, `\\`, `\b`, `\f`, `\n`, `\r`, `\t`, else `\u00xx`).
///
/// Reading the text gives the same value, and values that differ have different texts. Works at any depth.
#[must_use]
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

/// The length in bytes of [`canonical`], without building it.
#[must_use]
pub fn canonical_size(value: &Value) -> usize {
    let mut count = Count { bytes: 0, number: String::new() };
    write(value, &mut count);
    count.bytes
}

/// The digest of a value: SHA-256 of its canonical text.
#[must_use]
pub fn digest(value: &Value) -> Digest {
    Digest::of(canonical(value))
}

/// Where the text goes.
trait Sink {
    fn text(&mut self, text: &str);
    fn number(&mut self, number: Numeric);
}

impl Sink for String {
    fn text(&mut self, text: &str) {
        self.push_str(text);
    }

    fn number(&mut self, number: Numeric) {
        match number {
            Numeric::Integer(integer) => push_integer(self, integer),
            Numeric::Double(double) => push_canonical_double(self, double),
        }
    }
}

struct Count {
    bytes: usize,
    /// Reused for each number.
    number: String,
}

impl Sink for Count {
    fn text(&mut self, text: &str) {
        self.bytes += text.len();
    }

    fn number(&mut self, number: Numeric) {
        self.number.clear();
        self.number.number(number);
        self.bytes += self.number.len();
    }
}

/// What is still to be written of a list or an object.
enum Open<'v> {
    List(std::slice::Iter<'v, Value>),
    Object(map::Iter<'v>),
    /// An object whose map was not sorted.
    Sorted(vec::IntoIter<(&'v String, &'v Value)>),
}

fn write<S: Sink>(value: &Value, sink: &mut S) {
    // An explicit stack: the depth of a value costs heap, not stack.
    let mut stack: Vec<Open<'_>> = Vec::new();
    let mut next = Some(value);
    let mut first = true;
    loop {
        if let Some(value) = next.take() {
            first = false;
            match value {
                Value::Null => sink.text("null"),
                Value::Bool(true) => sink.text("true"),
                Value::Bool(false) => sink.text("false"),
                Value::Number(number) => sink.number(Numeric::of(number)),
                Value::String(text) => write_string(text, sink),
                Value::Array(items) => {
                    sink.text("[");
                    stack.push(Open::List(items.iter()));
                    first = true;
                }
                Value::Object(members) => {
                    sink.text("{");
                    stack.push(open(members));
                    first = true;
                }
            }
        }
        let Some(innermost) = stack.last_mut() else { return };
        let member = match innermost {
            Open::List(items) => {
                next = items.next();
                None
            }
            Open::Object(members) => members.next(),
            Open::Sorted(members) => members.next(),
        };
        let more = next.is_some() || member.is_some();
        if more && !first {
            sink.text(",");
        }
        if let Some((key, value)) = member {
            write_string(key, sink);
            sink.text(":");
            next = Some(value);
        }
        if !more {
            sink.text(if matches!(innermost, Open::List(_)) { "]" } else { "}" });
            stack.pop();
            first = false;
        }
    }
}

fn open(members: &Map<String, Value>) -> Open<'_> {
    // Sorted already unless another crate turned on `preserve_order`.
    if members.keys().is_sorted() {
        return Open::Object(members.iter());
    }
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_unstable_by_key(|(key, _)| *key);
    Open::Sorted(sorted.into_iter())
}

fn write_string<S: Sink>(text: &str, sink: &mut S) {
    sink.text("\"");
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        sink.text(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => sink.text("\\\""),
            b'\\' => sink.text("\\\\"),
            0x08 => sink.text("\\b"),
            0x0C => sink.text("\\f"),
            b'\n' => sink.text("\\n"),
            b'\r' => sink.text("\\r"),
            b'\t' => sink.text("\\t"),
            control => {
                let digit = char::from_digit(u32::from(control & 15), 16).unwrap_or('0');
                sink.text(if control < 0x10 { "\\u000" } else { "\\u001" });
                sink.text(digit.encode_utf8(&mut [0; 4]));
            }
        }
        rest = &rest[at + 1..];
    }
    sink.text(rest);
    sink.text("\"");
}
