//! The reader: RFC 8259, strictly, with every fault in its place.

use serde_json::map::Entry;
use serde_json::{Map, Value};

use super::span::{Node, Place};
use super::{Document, Lines, MAX_DEPTH, Numeric, Pointer, ReadError, Spans};

/// How large a text may be and how its numbers are taken. Start from [`ReadLimits::default`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadLimits {
    /// The longest text in bytes. Default 4 MiB.
    pub bytes: usize,
    /// The deepest nesting of lists and objects. Default and maximum [`MAX_DEPTH`]: more is taken as that.
    pub depth: usize,
    /// How many values a text may hold: scalars, lists and objects together. Default 1,000,000.
    pub values: usize,
    /// What becomes of numbers outside the range. Default: a fault.
    pub big_numbers: BigNumbers,
}

/// What becomes of a number that is an integer outside -2^63 … 2^64-1, or a magnitude that no double holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BigNumbers {
    /// The fault `number-range`.
    Error,
    /// A string with the digits as they stand in the text.
    String,
}

impl Default for ReadLimits {
    fn default() -> ReadLimits {
        ReadLimits { bytes: 4 << 20, depth: MAX_DEPTH, values: 1_000_000, big_numbers: BigNumbers::Error }
    }
}

impl ReadLimits {
    /// With another limit of bytes.
    #[must_use]
    pub fn with_bytes(mut self, bytes: usize) -> ReadLimits {
        self.bytes = bytes;
        self
    }

    /// With another limit of depth.
    #[must_use]
    pub fn with_depth(mut self, depth: usize) -> ReadLimits {
        self.depth = depth;
        self
    }

    /// With another limit of values.
    #[must_use]
    pub fn with_values(mut self, values: usize) -> ReadLimits {
        self.values = values;
        self
    }

    /// With another way to take numbers outside the range.
    #[must_use]
    pub fn with_big_numbers(mut self, big_numbers: BigNumbers) -> ReadLimits {
        self.big_numbers = big_numbers;
        self
    }
}

/// Reads a payload: the value, or the first fault. Keeps no places unless there is a fault to place.
///
/// One byte order mark at the start is skipped (Windows editors write it). Memory is bounded by the limits;
/// time is proportional to the text; nesting costs heap, never stack.
///
/// # Errors
/// `json-syntax`, `duplicate-member`, `number-range`, `document-size` (bytes or values), `document-depth`.
pub fn read(text: &str, limits: &ReadLimits) -> Result<Value, ReadError> {
    let mut reader = Reader::new(text, limits, Places::Forgotten);
    match reader.document() {
        Some((value, _)) if reader.faults.is_empty() => Ok(value),
        // Once more with places: only then is it known where the first of two members stands.
        _ => {
            let mut faults = examine(text, limits).faults;
            // The second reading sees what the first saw.
            faults.truncate(1);
            Err(faults.pop().unwrap_or_else(|| {
                ReadError::new("json-syntax", "the text is not JSON", 0..text.len(), String::new())
            }))
        }
    }
}

/// Reads a document: the value with an index of places, or every fault that can be told apart (at most
/// [`Reading::MAX_FAULTS`]). Otherwise as [`read`]; a text of 4 GiB or more is too large whatever the limit.
///
/// # Errors
/// As [`read`], in the order of the text. A syntax error, size or depth ends the reading; repeated members and
/// numbers do not.
pub fn read_document(text: &str, limits: &ReadLimits) -> Result<Document, Vec<ReadError>> {
    let reading = examine(text, limits);
    match reading.document {
        Some(document) if reading.faults.is_empty() => Ok(document),
        _ => Err(reading.faults),
    }
}

/// What [`examine`] found: a document that may be incomplete, and the faults.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Reading {
    /// The document as far as it makes sense: of repeated members the first, null for numbers outside the
    /// range. None after a fault that ended the reading.
    pub document: Option<Document>,
    /// The faults in the order of the text. Empty exactly if the document is as it was written.
    pub faults: Vec<ReadError>,
}

impl Reading {
    /// How many faults are kept; the reading goes on without keeping more.
    pub const MAX_FAULTS: usize = 100;
}

/// Reads a document as far as it makes sense, so that validation can report what else is wrong with it. Limits
/// as [`read_document`].
#[must_use]
pub fn examine(text: &str, limits: &ReadLimits) -> Reading {
    let mut reader = Reader::new(text, limits, Places::Kept);
    let document = reader.document().map(|(value, root)| {
        if let Some(root) = root {
            reader.spans.finish(root);
        }
        Document { value, spans: reader.spans }
    });
    let mut faults = reader.faults;
    place(text, &mut faults);
    Reading { document, faults }
}

/// Fills in line and column, and says where the first of two members stands.
pub(super) fn place(text: &str, faults: &mut [ReadError]) {
    if faults.is_empty() {
        return;
    }
    // A text that is too large is not walked just to say that it starts in line 1.
    if faults.iter().all(|fault| fault.span.start == 0 && fault.first.is_none()) {
        return;
    }
    let lines = Lines::new(text);
    for fault in faults {
        (fault.line, fault.column) = lines.line_column(fault.span.start);
        if let Some(first) = &fault.first {
            let (line, column) = lines.line_column(first.start);
            fault.message.push_str(&format!("; the first stands in line {line}, column {column}"));
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Places {
    Kept,
    Forgotten,
}

/// Reading came to an end; the fault is noted.
struct Stop;

/// A list or object that is not complete.
enum Open {
    List {
        start: usize,
        items: Vec<Value>,
        nodes: Vec<Node>,
    },
    /// The key is there from the time it was read until its value is complete.
    Object {
        start: usize,
        members: Map<String, Value>,
        nodes: Vec<Node>,
        key: Option<String>,
        key_place: Place,
    },
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    limits: ReadLimits,
    places: Places,
    spans: Spans,
    stack: Vec<Open>,
    values: usize,
    faults: Vec<ReadError>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, limits: &ReadLimits, places: Places) -> Reader<'t> {
        Reader {
            text,
            bytes: text.as_bytes(),
            at: 0,
            limits: ReadLimits { depth: limits.depth.min(MAX_DEPTH), ..*limits },
            places,
            spans: Spans::default(),
            stack: Vec::new(),
            values: 0,
            faults: Vec::new(),
        }
    }

    /// The whole text; none when reading had to stop.
    fn document(&mut self) -> Option<(Value, Option<Node>)> {
        self.run().ok()
    }

    fn run(&mut self) -> Result<(Value, Option<Node>), Stop> {
        let limit = if self.places == Places::Kept {
            self.limits.bytes.min(u32::MAX as usize)
        } else {
            self.limits.bytes
        };
        if self.text.len() > limit {
            let message =
                format!("the text has {} bytes, more than the {limit} that are allowed", self.text.len());
            return self.stop("document-size", message, 0..0);
        }
        if self.text.starts_with('\u{FEFF}') {
            self.at = '\u{FEFF}'.len_utf8();
        }
        let mut complete = self.value()?;
        // Each turn puts a complete value into what is open around it, up to the root.
        loop {
            if let Some((value, node)) = complete.take() {
                if self.stack.is_empty() {
                    self.skip_space();
                    if self.at < self.bytes.len() {
                        let message = "something stands behind the end of the value";
                        return self.stop("json-syntax", message, self.at..self.bytes.len());
                    }
                    return Ok((value, node));
                }
                self.put(value, node);
                complete = self.after_item()?;
            } else {
                complete = self.value()?;
            }
        }
    }

    /// Reads the start of a value: a scalar or an empty list or object is complete; otherwise the list or object
    /// is open, and its first item comes next.
    #[allow(clippy::type_complexity)]
    fn value(&mut self) -> Result<Option<(Value, Option<Node>)>, Stop> {
        self.skip_space();
        self.values += 1;
        if self.values > self.limits.values {
            let message = format!("the text holds more than {} values", self.limits.values);
            return self.stop("document-size", message, self.at..self.at);
        }
        let start = self.at;
        let value = match self.bytes.get(self.at) {
            Some(b'"') => Value::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            Some(b'[') => {
                self.enter()?;
                self.stack.push(Open::List { start, items: Vec::new(), nodes: Vec::new() });
                self.skip_space();
                return if self.take(b']') { self.close().map(Some) } else { Ok(None) };
            }
            Some(b'{') => {
                self.enter()?;
                self.stack.push(Open::Object {
                    start,
                    members: Map::new(),
                    nodes: Vec::new(),
                    key: None,
                    key_place: Place::new(start, start),
                });
                self.skip_space();
                if self.take(b'}') {
                    return self.close().map(Some);
                }
                self.key()?;
                return Ok(None);
            }
            _ => return self.unexpected("a value"),
        };
        let node = (self.places == Places::Kept).then(|| Node::scalar(Place::new(start, self.at)));
        Ok(Some((value, node)))
    }

    /// Steps over the bracket that opens a list or object, unless it is one too deep.
    fn enter(&mut self) -> Result<(), Stop> {
        if self.stack.len() >= self.limits.depth {
            let message = format!("lists and objects nest deeper than {} levels", self.limits.depth);
            return self.stop("document-depth", message, self.at..self.at + 1);
        }
        self.at += 1;
        Ok(())
    }

    /// What follows an item: a comma and the next one, or the end of the list or object, which is then complete.
    #[allow(clippy::type_complexity)]
    fn after_item(&mut self) -> Result<Option<(Value, Option<Node>)>, Stop> {
        self.skip_space();
        let list = matches!(self.stack.last(), Some(Open::List { .. }));
        let end = if list { b']' } else { b'}' };
        if self.take(end) {
            return self.close().map(Some);
        }
        let comma = self.at;
        if !self.take(b',') {
            return self.unexpected(if list { "a comma or `]`" } else { "a comma or `}`" });
        }
        self.skip_space();
        if self.bytes.get(self.at) == Some(&end) {
            let message = format!("there is a comma before the closing `{}`", char::from(end));
            return self.stop("json-syntax", message, comma..comma + 1);
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
        let place = Place::new(start, self.at);
        self.skip_space();
        if !self.take(b':') {
            return self.unexpected("a colon behind the name of the member");
        }
        if let Some(Open::Object { key, key_place, .. }) = self.stack.last_mut() {
            *key = Some(name);
            *key_place = place;
        }
        Ok(())
    }

    /// Puts a value into the list or object that is open.
    fn put(&mut self, value: Value, node: Option<Node>) {
        match self.stack.last_mut() {
            Some(Open::List { items, nodes, .. }) => {
                items.push(value);
                nodes.extend(node);
            }
            Some(Open::Object { members, nodes, key, key_place, .. }) => {
                match members.entry(key.take().unwrap_or_default()) {
                    Entry::Vacant(free) => {
                        nodes.extend(node.map(|node| node.named(free.key(), *key_place)));
                        free.insert(value);
                    }
                    Entry::Occupied(taken) => {
                        let name = taken.key().clone();
                        let place = *key_place;
                        self.repeated(&name, place);
                    }
                }
            }
            None => {}
        }
    }

    fn repeated(&mut self, name: &str, place: Place) {
        if self.faults.len() >= Reading::MAX_FAULTS {
            return;
        }
        let mut pointer = self.pointer(self.stack.len().saturating_sub(1));
        pointer.push(name);
        let first = match self.stack.last() {
            Some(Open::Object { nodes, .. }) => {
                nodes.iter().find(|node| node.name() == name).and_then(Node::key_place).map(Place::range)
            }
            _ => None,
        };
        let message = format!("the member {} stands here a second time", quoted(name));
        let mut fault = ReadError::new("duplicate-member", message, place.range(), pointer.into());
        fault.first = first;
        self.faults.push(fault);
    }

    /// Closes the innermost list or object, whose closing bracket was read.
    fn close(&mut self) -> Result<(Value, Option<Node>), Stop> {
        let (value, start, nodes, keyed) = match self.stack.pop() {
            Some(Open::List { start, items, nodes }) => (Value::Array(items), start, nodes, false),
            Some(Open::Object { start, members, nodes, .. }) => (Value::Object(members), start, nodes, true),
            None => return self.unexpected("a value"),
        };
        let place = Place::new(start, self.at);
        let node = (self.places == Places::Kept).then(|| self.spans.close(place, nodes, keyed));
        Ok((value, node))
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
                return self.stop("json-syntax", message, start..self.at);
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
        if let Some(number) = Numeric::read(literal).and_then(Numeric::number) {
            return Ok(Value::Number(number));
        }
        match self.limits.big_numbers {
            BigNumbers::String => Ok(Value::String(literal.to_owned())),
            BigNumbers::Error => {
                if self.faults.len() < Reading::MAX_FAULTS {
                    let message = format!(
                        "the number {} lies outside -2^63 … 2^64-1 (whole numbers) or the range of doubles; \
                         write it as text, or give it an exponent if it may be rounded",
                        shortened(literal)
                    );
                    let pointer = self.pointer(self.stack.len()).into();
                    self.faults.push(ReadError::new("number-range", message, start..self.at, pointer));
                }
                Ok(Value::Null)
            }
        }
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
                return self.stop("json-syntax", "the string does not end", open..self.bytes.len());
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
                    return self.stop("json-syntax", message, self.at..self.at + 1);
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
                return self.stop("json-syntax", message, start..start + 1 + length);
            }
            None => return self.stop("json-syntax", "the string does not end", open..self.bytes.len()),
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
            return self.stop("json-syntax", "`\\u` is followed by four hexadecimal digits", start..end);
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
                self.stop("json-syntax", message, start..start + 6)
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
            return self.stop("json-syntax", message, self.at..self.at);
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
        self.stop("json-syntax", message, self.at..self.at + length)
    }

    fn stop<T>(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        span: std::ops::Range<usize>,
    ) -> Result<T, Stop> {
        let pointer = self.pointer(self.stack.len());
        // A fault that ends the reading is kept even where the list is full: it explains that nothing follows.
        self.faults.push(ReadError::new(code, message, span, pointer.into()));
        Err(Stop)
    }

    /// The pointer to the value that is being read inside the outermost `depth` lists and objects.
    fn pointer(&self, depth: usize) -> Pointer {
        let mut pointer = Pointer::root();
        for open in &self.stack[..depth] {
            match open {
                Open::List { items, .. } => pointer.push_index(items.len()),
                Open::Object { key: Some(key), .. } => pointer.push(key),
                Open::Object { key: None, .. } => {}
            }
        }
        pointer
    }
}

/// At most 40 characters of a text in back quotes, control characters escaped.
pub(super) fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(40).flat_map(char::escape_debug).collect();
    if text.chars().nth(40).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// A literal of digits, its middle left out where it is long.
pub(super) fn shortened(literal: &str) -> String {
    match literal.len() {
        0..=40 => literal.to_owned(),
        length => format!("{}… ({length} characters)", &literal[..24]),
    }
}
