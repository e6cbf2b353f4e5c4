//! The reader: RFC 8259, strictly, with every fault in its place.

use std::ops::Range;

use serde_json::Value;

use super::build::{Builder, Complete, Places, Reading, Stop, quoted};
use super::{Document, Numeric, ReadError, ReadLimits};

/// Reads a payload: the value, or the first fault. Keeps no places unless there is a fault to place.
///
/// One byte order mark at the start is skipped (Windows editors write it). Memory is bounded by the limits;
/// time is proportional to the text; nesting costs heap, never stack.
///
/// # Errors
/// `json-syntax`, `duplicate-member`, `number-range`, `document-size` (bytes or values), `document-depth`.
pub fn read(text: &str, limits: &ReadLimits) -> Result<Value, ReadError> {
    let mut reader = Reader::new(text, limits, Places::Forgotten);
    let root = reader.document();
    match reader.builder.finish_value(root) {
        Some(value) => Ok(value),
        // Once more with places: only then is it known where the first of two members stands. The second
        // reading sees what the first saw.
        None => Err(examine(text, limits).faults.into_iter().next().unwrap_or_else(|| {
            ReadError::new("json-syntax", "the text is not JSON", 0..text.len(), String::new())
        })),
    }
}

/// Reads a document: the value with an index of places, or every fault that can be told apart (at most
/// [`Reading::MAX_FAULTS`]). Otherwise as [`read`]; a text of 4 GiB or more is too large whatever the limit.
///
/// # Errors
/// As [`read`], in the order of the text. A syntax error, size or depth ends the reading; repeated members and
/// numbers do not.
pub fn read_document(text: &str, limits: &ReadLimits) -> Result<Document, Vec<ReadError>> {
    examine(text, limits).into_result()
}

/// Reads a document as far as it makes sense, so that validation can report what else is wrong with it. Limits
/// as [`read_document`].
#[must_use]
pub fn examine(text: &str, limits: &ReadLimits) -> Reading {
    let mut reader = Reader::new(text, limits, Places::Kept);
    let root = reader.document();
    reader.builder.finish(text, root)
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    builder: Builder,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, limits: &ReadLimits, places: Places) -> Reader<'t> {
        Reader { text, bytes: text.as_bytes(), at: 0, builder: Builder::new(limits, places) }
    }

    /// The whole text.
    fn document(&mut self) -> Result<Complete, Stop> {
        self.builder.check_length(self.text)?;
        if self.text.starts_with('\u{FEFF}') {
            self.at = '\u{FEFF}'.len_utf8();
        }
        let mut complete = self.value()?;
        // Each turn puts a complete value into what is open around it, up to the root.
        loop {
            complete = match complete {
                None => self.value()?,
                Some(root) if self.builder.depth() == 0 => {
                    self.skip_space();
                    if self.at == self.bytes.len() {
                        return Ok(root);
                    }
                    return self
                        .stop("something stands behind the end of the value", self.at..self.bytes.len());
                }
                Some(item) => {
                    self.builder.put(item);
                    self.after_item()?
                }
            };
        }
    }

    /// Reads the start of a value: a scalar or an empty list or object is complete; otherwise the list or object
    /// is open, and its first item comes next.
    fn value(&mut self) -> Result<Option<Complete>, Stop> {
        self.skip_space();
        self.builder.count(1, self.at)?;
        let start = self.at;
        let value = match self.bytes.get(start) {
            Some(b'"') => Value::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            Some(b'[') => {
                self.builder.open_list(start)?;
                self.at += 1;
                self.skip_space();
                return if self.take(b']') { Ok(self.builder.close(self.at)) } else { Ok(None) };
            }
            Some(b'{') => {
                self.builder.open_object(start)?;
                self.at += 1;
                self.skip_space();
                if self.take(b'}') {
                    return Ok(self.builder.close(self.at));
                }
                self.key()?;
                return Ok(None);
            }
            _ => return self.unexpected("a value"),
        };
        Ok(Some(self.builder.scalar(value, start..self.at)))
    }

    /// What follows an item: a comma and the next one, or the end of the list or object, which is then complete.
    fn after_item(&mut self) -> Result<Option<Complete>, Stop> {
        self.skip_space();
        let list = self.builder.in_list() == Some(true);
        let end = if list { b']' } else { b'}' };
        if self.take(end) {
            return Ok(self.builder.close(self.at));
        }
        let comma = self.at;
        if !self.take(b',') {
            return self.unexpected(if list { "a comma or `]`" } else { "a comma or `}`" });
        }
        self.skip_space();
        if self.bytes.get(self.at) == Some(&end) {
            let message = format!("there is a comma before the closing `{}`", char::from(end));
            return self.stop(message, comma..comma + 1);
        }
        if !list {
            self.key()?;
        }
        Ok(None)
    }

    /// Reads the name of a member and the colon.
    fn key(&mut self) -> Result<(), Stop> {
        self.skip_space();
        let start = self.at;
        if self.bytes.get(start) != Some(&b'"') {
            return self.unexpected("the name of a member in double quotes");
        }
        let name = self.string()?;
        let end = self.at;
        self.skip_space();
        if !self.take(b':') {
            return self.unexpected("a colon behind the name of the member");
        }
        self.builder.key(name, start..end);
        Ok(())
    }

    fn word(&mut self, word: &'static str, value: Value) -> Result<Value, Stop> {
        let rest = &self.bytes[self.at..];
        let letters = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        if &rest[..letters] != word.as_bytes() {
            return self.unexpected("a value");
        }
        self.at += letters;
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, Stop> {
        let start = self.at;
        self.take(b'-');
        let whole = self.digits();
        match self.bytes.get(self.at - whole) {
            _ if whole == 0 => return self.unexpected("a digit"),
            Some(b'0') if whole > 1 => {
                let message = "a number does not start with 0 and another digit";
                return self.stop(message, start..self.at);
            }
            _ => {}
        }
        if self.take(b'.') && self.digits() == 0 {
            return self.unexpected("a digit behind the point");
        }
        if self.take(b'e') || self.take(b'E') {
            let _sign = self.take(b'+') || self.take(b'-');
            if self.digits() == 0 {
                return self.unexpected("a digit of the exponent");
            }
        }
        // The literal is ASCII: the slice cannot split a character.
        let literal = &self.text[start..self.at];
        Ok(self.builder.number(Numeric::read(literal), literal, start..self.at))
    }

    fn digits(&mut self) -> usize {
        let count = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }

    /// Reads a string from its opening to its closing quote.
    fn string(&mut self) -> Result<String, Stop> {
        let open = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.bytes[self.at..];
            let plain = rest.iter().position(|byte| *byte < 0x20 || *byte == b'"' || *byte == b'\\');
            let Some(plain) = plain else {
                return self.stop("the string does not end", open..self.bytes.len());
            };
            // The stretch is bounded by ASCII bytes: the slice cannot split a character.
            let stretch = &self.text[self.at..self.at + plain];
            self.at += plain;
            match self.bytes[self.at] {
                b'"' => {
                    self.at += 1;
                    if out.is_empty() {
                        return Ok(stretch.to_owned());
                    }
                    out.push_str(stretch);
                    return Ok(out);
                }
                b'\\' => {
                    out.push_str(stretch);
                    let character = self.escape(open)?;
                    out.push(character);
                }
                control => {
                    let message = match control {
                        b'\n' | b'\r' => {
                            "the line ends inside a string; write a line break as `\\n`".to_owned()
                        }
                        _ => format!("a control character in a string is written as `\\u{control:04x}`"),
                    };
                    return self.stop(message, self.at..self.at + 1);
                }
            }
        }
    }

    /// Reads an escape from its backslash, in the string that starts at `open`.
    fn escape(&mut self, open: usize) -> Result<char, Stop> {
        let start = self.at;
        let character = match self.bytes.get(start + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{C}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(start),
            Some(_) => {
                let length = self.text[start + 1..].chars().next().map_or(0, char::len_utf8);
                let message = "a string knows no such escape; a backslash itself is written `\\\\`";
                return self.stop(message, start..start + 1 + length);
            }
            None => return self.stop("the string does not end", open..self.bytes.len()),
        };
        self.at = start + 2;
        Ok(character)
    }

    /// Reads `\uXXXX`, and the second half of a surrogate pair with it.
    fn unicode(&mut self, start: usize) -> Result<char, Stop> {
        let hex = |at: usize| {
            let digits = self.bytes.get(at..at + 4)?;
            digits.iter().try_fold(0u32, |code, digit| Some(code << 4 | char::from(*digit).to_digit(16)?))
        };
        let Some(high) = hex(start + 2) else {
            let end = (start + 6).min(self.text.len());
            let end = self.text.floor_char_boundary(end);
            return self.stop("`\\u` is followed by four hexadecimal digits", start..end);
        };
        let second = match self.bytes.get(start + 6..start + 8) {
            Some(b"\\u") => hex(start + 8),
            _ => None,
        };
        let (code, end) = match (high, second) {
            (0xD800..=0xDBFF, Some(low @ 0xDC00..=0xDFFF)) => {
                (0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00), start + 12)
            }
            _ => (high, start + 6),
        };
        match char::from_u32(code) {
            Some(character) => {
                self.at = end;
                Ok(character)
            }
            None => {
                let message = "half of a surrogate pair is no character";
                self.stop(message, start..start + 6)
            }
        }
    }

    fn skip_space(&mut self) {
        let rest = &self.bytes[self.at..];
        self.at += rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(there);
        there
    }

    /// Stops because something else than `wanted` stands here, and says what people usually meant by it.
    fn unexpected<T>(&mut self, wanted: &str) -> Result<T, Stop> {
        let rest = &self.text[self.at..];
        let mut characters = rest.chars();
        let Some(next) = characters.next() else {
            let message = format!("the text ends where {wanted} should stand");
            return self.stop(message, self.at..self.at);
        };
        let word =
            rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count().min(32);
        let length = if word > 0 { word } else { next.len_utf8() };
        let hint = match next {
            '/' if matches!(characters.next(), Some('/' | '*')) => "; JSON has no comments",
            '\'' | '`' | '“' | '”' => "; JSON quotes with `\"`",
            '\u{FEFF}' => "; a byte order mark stands at the start only",
            '+' | '.' => "; a number starts with a digit or `-`",
            '$' if rest.starts_with("${") => "; an expression stands inside a string",
            _ => match &rest[..word] {
                "True" | "TRUE" => "; write `true`",
                "False" | "FALSE" => "; write `false`",
                "None" | "NULL" | "Null" | "nil" | "undefined" => "; write `null`",
                "NaN" | "Infinity" | "Inf" | "inf" | "nan" => "; JSON has no such number",
                _ => "",
            },
        };
        let message = format!("{wanted} should stand here, not {}{hint}", quoted(&rest[..length]));
        self.stop(message, self.at..self.at + length)
    }

    fn stop<T>(&mut self, message: impl Into<String>, span: Range<usize>) -> Result<T, Stop> {
        self.builder.stop("json-syntax", message, span)
    }
}
