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
    /// Text that is written as it stands.
    fn text(&mut self, text: &str);
    fn number(&mut self, number: Numeric);
    /// A string with its quotes.
    fn string(&mut self, text: &str);
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

    fn string(&mut self, text: &str) {
        self.push('"');
        push_escaped(self, text);
        self.push('"');
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
        if let Numeric::Integer(integer) = number {
            let digits = integer.unsigned_abs().checked_ilog10().unwrap_or(0) as usize + 1;
            self.bytes += digits + usize::from(integer < 0);
            return;
        }
        self.number.clear();
        self.number.number(number);
        self.bytes += self.number.len();
    }

    fn string(&mut self, text: &str) {
        let longer = |byte: u8| match byte {
            b'"' | b'\\' | 0x08 | 0x0C | b'\n' | b'\r' | b'\t' => 1,
            0x00..0x20 => 5,
            _ => 0,
        };
        self.bytes += text.len() + 2;
        if needs_escapes(text) {
            self.bytes += text.bytes().map(longer).sum::<usize>();
        }
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
                Value::String(text) => sink.string(text),
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
            sink.string(key);
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

/// Whether a string holds anything that is escaped. A loop without an early end: it runs on several bytes at once.
fn needs_escapes(text: &str) -> bool {
    text.bytes().fold(false, |found, byte| found | (byte < 0x20) | (byte == b'"') | (byte == b'\\'))
}

fn push_escaped(out: &mut String, text: &str) {
    if !needs_escapes(text) {
        return out.push_str(text);
    }
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        out.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            0x08 => out.push_str("\\b"),
            0x0C => out.push_str("\\f"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            control => {
                out.push_str(if control < 0x10 { "\\u000" } else { "\\u001" });
                out.extend(char::from_digit(u32::from(control & 15), 16));
            }
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}
