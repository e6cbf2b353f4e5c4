//! The value under construction: what readers of JSON and YAML share. An explicit stack, limits, faults, places.

use std::ops::Range;

use serde_json::map::Entry;
use serde_json::{Map, Value};

use super::span::{Node, Place};
use super::{BigNumbers, Document, Lines, MAX_STORED_DEPTH, Numeric, Pointer, ReadError, ReadLimits, Spans};

/// What was found in a text: a document that may be incomplete, and the faults.
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

    /// The document, if nothing was wrong with it.
    pub(super) fn into_result(self) -> Result<Document, Vec<ReadError>> {
        match self.document {
            Some(document) if self.faults.is_empty() => Ok(document),
            _ => Err(self.faults),
        }
    }
}

/// Reading came to an end; the fault is noted.
#[derive(Debug)]
pub(super) struct Stop;

/// Whether an index of places is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Places {
    Kept,
    Forgotten,
}

/// A value with its place, if places are kept.
#[derive(Debug, Clone)]
pub(super) struct Complete {
    pub(super) value: Value,
    pub(super) node: Option<Node>,
}

/// A list or object that is not complete.
#[derive(Debug)]
enum Open {
    List {
        start: usize,
        items: Vec<Value>,
        nodes: Vec<Node>,
    },
    Object {
        start: usize,
        members: Map<String, Value>,
        nodes: Vec<Node>,
        /// There from the time it was read until its value is complete.
        key: Option<String>,
        key_place: Place,
    },
}

#[derive(Debug)]
pub(super) struct Builder {
    limits: ReadLimits,
    places: Places,
    spans: Spans,
    stack: Vec<Open>,
    values: usize,
    faults: Vec<ReadError>,
}

impl Builder {
    pub(super) fn new(limits: &ReadLimits, places: Places) -> Builder {
        Builder {
            limits: ReadLimits { depth: limits.depth.min(MAX_STORED_DEPTH), ..*limits },
            places,
            spans: Spans::default(),
            stack: Vec::new(),
            values: 0,
            faults: Vec::new(),
        }
    }

    #[cfg(feature = "yaml")]
    pub(super) fn limits(&self) -> &ReadLimits {
        &self.limits
    }

    /// Stops when the text is too long to be looked at.
    pub(super) fn check_length(&mut self, text: &str) -> Result<(), Stop> {
        let limit = match self.places {
            // Places are four bytes.
            Places::Kept => self.limits.bytes.min(u32::MAX as usize),
            Places::Forgotten => self.limits.bytes,
        };
        if text.len() <= limit {
            return Ok(());
        }
        let message = format!("the text has {} bytes, more than the {limit} that are allowed", text.len());
        self.stop("document-size", message, 0..0)
    }

    /// Counts values, of which the next starts at `at`.
    pub(super) fn count(&mut self, values: usize, at: usize) -> Result<(), Stop> {
        self.values = self.values.saturating_add(values);
        if self.values <= self.limits.values {
            return Ok(());
        }
        let message = format!("the text holds more than {} values", self.limits.values);
        self.stop("document-size", message, at..at)
    }

    /// How many lists and objects are open.
    pub(super) fn depth(&self) -> usize {
        self.stack.len()
    }

    /// Whether the innermost open value is a list (and not an object); none outside any.
    pub(super) fn in_list(&self) -> Option<bool> {
        self.stack.last().map(|open| matches!(open, Open::List { .. }))
    }

    /// Whether the innermost open value is an object that waits for the name of its next member.
    #[cfg(feature = "yaml")]
    pub(super) fn wants_key(&self) -> bool {
        matches!(self.stack.last(), Some(Open::Object { key: None, .. }))
    }

    /// Opens a list at `start`.
    pub(super) fn open_list(&mut self, start: usize) -> Result<(), Stop> {
        self.check_depth(1, start)?;
        self.stack.push(Open::List { start, items: Vec::new(), nodes: Vec::new() });
        Ok(())
    }

    /// Opens an object at `start`.
    pub(super) fn open_object(&mut self, start: usize) -> Result<(), Stop> {
        self.check_depth(1, start)?;
        self.stack.push(Open::Object {
            start,
            members: Map::new(),
            nodes: Vec::new(),
            key: None,
            key_place: Place::new(start, start),
        });
        Ok(())
    }

    /// Stops when `more` levels inside the innermost open value would be too many.
    pub(super) fn check_depth(&mut self, more: usize, at: usize) -> Result<(), Stop> {
        if self.stack.len() + more <= self.limits.depth {
            return Ok(());
        }
        let message = format!("lists and objects nest deeper than {} levels", self.limits.depth);
        self.stop("document-depth", message, at..at + 1)
    }

    /// Names the next member of the innermost object.
    pub(super) fn key(&mut self, name: String, span: Range<usize>) {
        if let Some(Open::Object { key, key_place, .. }) = self.stack.last_mut() {
            *key = Some(name);
            *key_place = Place::new(span.start, span.end);
        }
    }

    /// A scalar that stands at `span`.
    pub(super) fn scalar(&self, value: Value, span: Range<usize>) -> Complete {
        let node = (self.places == Places::Kept).then(|| Node::scalar(Place::new(span.start, span.end)));
        Complete { value, node }
    }

    /// The number that the literal at `span` stands for, as the limits take it; null with a fault for none.
    pub(super) fn number(&mut self, number: Option<Numeric>, literal: &str, span: Range<usize>) -> Value {
        if let Some(number) = number.and_then(Numeric::number) {
            return Value::Number(number);
        }
        if self.limits.big_numbers == BigNumbers::String {
            return Value::String(literal.to_owned());
        }
        let message = format!(
            "the number {} lies outside -2^63 … 2^64-1 (whole numbers) or the range of doubles; \
             write it as text, or give it an exponent if it may be rounded",
            shortened(literal)
        );
        self.note("number-range", message, span);
        Value::Null
    }

    /// Puts a value into the innermost open list or object. Of repeated members the first stays.
    pub(super) fn put(&mut self, complete: Complete) {
        let Complete { value, node } = complete;
        let repeated = match self.stack.last_mut() {
            Some(Open::List { items, nodes, .. }) => {
                items.push(value);
                nodes.extend(node);
                None
            }
            Some(Open::Object { members, nodes, key, key_place, .. }) => {
                match members.entry(key.take().unwrap_or_default()) {
                    Entry::Vacant(free) => {
                        nodes.extend(node.map(|node| node.named(free.key(), *key_place)));
                        free.insert(value);
                        None
                    }
                    Entry::Occupied(taken) => Some((taken.key().clone(), *key_place)),
                }
            }
            None => None,
        };
        if let Some((name, place)) = repeated {
            self.note_repeated(&name, place);
        }
    }

    fn note_repeated(&mut self, name: &str, place: Place) {
        if self.faults.len() >= Reading::MAX_FAULTS {
            return;
        }
        let mut pointer = self.pointer();
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

    /// Closes the innermost list or object, which ends before `end`.
    pub(super) fn close(&mut self, end: usize) -> Option<Complete> {
        let (value, start, nodes, keyed) = match self.stack.pop()? {
            Open::List { start, items, nodes } => (Value::Array(items), start, nodes, false),
            Open::Object { start, members, nodes, .. } => (Value::Object(members), start, nodes, true),
        };
        let node = (self.places == Places::Kept)
            .then(|| self.spans.close(Place::new(start, end.max(start)), nodes, keyed));
        Some(Complete { value, node })
    }

    /// Notes a fault that does not end the reading.
    pub(super) fn note(&mut self, code: &'static str, message: impl Into<String>, span: Range<usize>) {
        if self.faults.len() < Reading::MAX_FAULTS {
            self.faults.push(ReadError::new(code, message, span, self.pointer().into()));
        }
    }

    /// Notes the fault that ends the reading. It is kept even where the list is full: it explains that nothing
    /// follows.
    pub(super) fn stop<T>(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        span: Range<usize>,
    ) -> Result<T, Stop> {
        self.faults.push(ReadError::new(code, message, span, self.pointer().into()));
        Err(Stop)
    }

    /// The pointer to the value that is being read.
    fn pointer(&self) -> Pointer {
        let mut pointer = Pointer::root();
        for open in &self.stack {
            match open {
                Open::List { items, .. } => pointer.push_index(items.len()),
                Open::Object { key: Some(key), .. } => pointer.push(key),
                Open::Object { key: None, .. } => {}
            }
        }
        pointer
    }

    /// What was read of `text`.
    pub(super) fn finish(mut self, text: &str, root: Result<Complete, Stop>) -> Reading {
        let document = root.ok().map(|Complete { value, node }| {
            if let Some(root) = node {
                self.spans.finish(root);
            }
            Document { value, spans: self.spans }
        });
        // A member that repeats another is noted behind the faults inside its value.
        self.faults.sort_by_key(|fault| fault.span.start);
        place(text, &mut self.faults);
        Reading { document, faults: self.faults }
    }

    /// The value, if nothing was wrong with it.
    pub(super) fn finish_value(self, root: Result<Complete, Stop>) -> Option<Value> {
        root.ok().filter(|_| self.faults.is_empty()).map(|root| root.value)
    }
}

/// Fills in line and column, and says where the first of two members stands.
fn place(text: &str, faults: &mut [ReadError]) {
    // A text that is too large is not walked just to say that it starts in line 1.
    if faults.iter().all(|fault| fault.span.start == 0) {
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

/// At most 40 characters of a text in back quotes, control characters escaped.
pub(super) fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(40).map(visible).collect();
    if text.chars().nth(40).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// A literal, its middle left out where it is long.
fn shortened(literal: &str) -> String {
    match literal.chars().count() {
        0..=40 => literal.to_owned(),
        length => format!("{}… ({length} characters)", literal.chars().take(24).collect::<String>()),
    }
}

/// A character as it is shown: control characters escaped, quotes as they are.
pub(super) fn visible(character: char) -> String {
    match character {
        '"' | '\'' | '\\' => character.to_string(),
        other => other.escape_debug().collect(),
    }
}
