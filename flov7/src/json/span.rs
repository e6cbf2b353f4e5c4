//! Where the values of a document stand in its text.

use std::ops::Range;

use serde_json::Value;

use super::pointer;

/// A document that was read: its value, and where each part of it stands.
#[derive(Debug, Clone)]
pub struct Document {
    /// The value, normalised.
    pub value: Value,
    /// Where each value and member name stands in the text.
    pub spans: Spans,
}

/// A range of bytes in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// The same range for slicing.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// An index from JSON Pointers to places in a text. About 60 bytes per value; a lookup costs a binary search for
/// each object on the way.
#[derive(Debug, Clone, Default)]
pub struct Spans {
    /// The children of each list or object are neighbours; those of an object are sorted by key.
    nodes: Vec<Node>,
    root: Option<Node>,
}

impl Spans {
    /// Where the value at `pointer` stands; none if there is no such value.
    #[must_use]
    pub fn of(&self, pointer: &str) -> Option<Span> {
        self.find(pointer).map(|node| node.value.span())
    }

    /// Where the name of the member at `pointer` stands, with its quotes; none for the root, for an item of a
    /// list, and if there is no such value.
    #[must_use]
    pub fn key_of(&self, pointer: &str) -> Option<Span> {
        self.find(pointer).and_then(|node| node.key.as_ref()).map(|key| key.place.span())
    }

    /// Where the value at `pointer` stands, or else the innermost value around it that exists: the place to
    /// show for a member that is missing. None only for an empty index.
    #[must_use]
    pub fn nearest(&self, pointer: &str) -> Option<Span> {
        let mut node = self.root.as_ref()?;
        for token in pointer::tokens(pointer) {
            match self.child(node, &token) {
                Some(child) => node = child,
                None => break,
            }
        }
        Some(node.value.span())
    }

    fn find(&self, pointer: &str) -> Option<&Node> {
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return None;
        }
        pointer::tokens(pointer).try_fold(self.root.as_ref()?, |node, token| self.child(node, &token))
    }

    fn child(&self, node: &Node, token: &str) -> Option<&Node> {
        let children = self.nodes.get(node.children.range())?;
        if node.keyed {
            let at = children.binary_search_by(|child| child.name().cmp(token)).ok()?;
            children.get(at)
        } else {
            children.get(pointer::index(token)?)
        }
    }

    /// Stores the children of a list or object that is complete and returns the node that stands for it.
    pub(super) fn close(&mut self, place: Place, mut children: Vec<Node>, keyed: bool) -> Node {
        if keyed {
            // The reader drops repeated members, so keys differ and the sort needs no stability.
            children.sort_unstable_by(|a, b| a.name().cmp(b.name()));
        }
        let start = self.nodes.len();
        self.nodes.append(&mut children);
        Node { value: place, key: None, children: Place::new(start, self.nodes.len()), keyed }
    }

    /// Makes `root` the value at the empty pointer.
    pub(super) fn finish(&mut self, root: Node) {
        self.root = Some(root);
        self.nodes.shrink_to_fit();
    }
}

/// A value of the text: a scalar, or a list or object with its children in [`Spans::nodes`].
#[derive(Debug, Clone)]
pub(super) struct Node {
    value: Place,
    key: Option<Key>,
    /// Indices into [`Spans::nodes`].
    children: Place,
    /// An object's children are found by key, a list's by index.
    keyed: bool,
}

#[derive(Debug, Clone)]
struct Key {
    name: Box<str>,
    place: Place,
}

impl Node {
    pub(super) fn scalar(place: Place) -> Node {
        Node { value: place, key: None, children: Place::new(0, 0), keyed: false }
    }

    /// This node as the member `name`, whose key stands at `place`.
    pub(super) fn named(mut self, name: &str, place: Place) -> Node {
        self.key = Some(Key { name: name.into(), place });
        self
    }

    pub(super) fn name(&self) -> &str {
        self.key.as_ref().map_or("", |key| &key.name)
    }

    /// Where the key stands.
    pub(super) fn key_place(&self) -> Option<Place> {
        self.key.as_ref().map(|key| key.place)
    }
}

/// A range in four bytes each: texts that are indexed are shorter than 4 GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    start: u32,
    end: u32,
}

impl Place {
    pub(super) fn new(start: usize, end: usize) -> Place {
        let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Place { start: narrow(start), end: narrow(end) }
    }

    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    fn span(self) -> Span {
        Span { start: self.start as usize, end: self.end as usize }
    }
}

/// The line and column of the byte at `offset`, both counted from 1; the column counts characters. An offset
/// behind the end counts as the end. Costs a walk over the text: use [`Lines`] for more than a few.
#[must_use]
pub fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..floor(text, offset)];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.bytes().filter(|byte| *byte == b'\n').count() + 1, before[start..].chars().count() + 1)
}

/// The lines of a text, for many questions about places in it: each costs about a kilobyte of scanning,
/// however long the text and its lines are.
#[derive(Debug, Clone)]
pub struct Lines<'t> {
    text: &'t str,
    /// Where each line starts.
    starts: Vec<usize>,
    /// How many characters start before each multiple of [`STRIDE`] bytes.
    counts: Vec<usize>,
}

const STRIDE: usize = 1024;

impl<'t> Lines<'t> {
    /// The lines of `text`, which end with a line feed.
    #[must_use]
    pub fn new(text: &'t str) -> Lines<'t> {
        let mut starts = vec![0];
        starts.extend(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1));
        let mut counts = vec![0];
        let mut count = 0;
        for chunk in text.as_bytes().chunks(STRIDE) {
            count += characters(chunk);
            counts.push(count);
        }
        Lines { text, starts, counts }
    }

    /// The line and column of the byte at `offset`, as [`line_column`].
    #[must_use]
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let offset = floor(self.text, offset);
        // The first line starts at 0: there is always one before.
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        (line, self.characters_before(offset) - self.characters_before(start) + 1)
    }

    /// The text of a line (counted from 1) without its end; none behind the last line.
    #[must_use]
    pub fn line(&self, line: usize) -> Option<&'t str> {
        let start = *self.starts.get(line.checked_sub(1)?)?;
        let end = self.starts.get(line).map_or(self.text.len(), |next| next - 1);
        let text = &self.text[start..end];
        Some(text.strip_suffix('\r').unwrap_or(text))
    }

    /// Where a line (counted from 1) starts.
    #[must_use]
    pub fn start(&self, line: usize) -> Option<usize> {
        self.starts.get(line.checked_sub(1)?).copied()
    }

    fn characters_before(&self, offset: usize) -> usize {
        let stride = offset / STRIDE;
        self.counts[stride] + characters(&self.text.as_bytes()[stride * STRIDE..offset])
    }
}

/// How many characters start in these bytes of UTF-8.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

/// The start of the character that holds the byte at `offset`, or the end.
fn floor(text: &str, offset: usize) -> usize {
    text.floor_char_boundary(offset)
}
