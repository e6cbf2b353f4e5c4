//! Where a step runs: the path through blocks and iterations that leads to it.

use std::borrow::Cow;
use std::sync::Arc;

use schemars::json_schema;

use super::{IdError, text_id};

/// The path of a step inside an execution: `check/then/approve`, `each[17]/charge`, `invoice/undo`.
///
/// Segments are separated by `/`; each is a word `[a-z][a-z0-9_]*`, followed by `[index]` in `for_each` and
/// `loop`. At most 512 bytes. Paths compare as text: an order that is stable, and not that of the document.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepPath(Arc<str>);

/// One segment of a [`StepPath`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment<'a> {
    /// The step, case or branch id, or a fixed word such as `then`, `default`, `undo`.
    pub name: &'a str,
    /// The iteration, counted from 0, in `for_each` and `loop`.
    pub index: Option<u32>,
}

impl StepPath {
    /// The longest path, in bytes. A limit of the rules: the same on every engine.
    pub const MAX_BYTES: usize = 512;

    /// Checks `text` and takes it.
    ///
    /// # Errors
    /// When a segment is malformed or the text is longer than 512 bytes.
    pub fn parse(text: &str) -> Result<StepPath, IdError> {
        if text.len() > Self::MAX_BYTES {
            return Err(IdError::of(text, "is longer than the 512 bytes of a step path"));
        }
        if !text.split('/').all(|part| segment(part).is_some()) {
            return Err(IdError::of(
                text,
                "is not a step path such as `check/then/approve` or `each[0]/charge`",
            ));
        }
        Ok(StepPath(text.into()))
    }

    /// This path with one more segment.
    ///
    /// # Errors
    /// As [`StepPath::parse`].
    pub fn child(&self, name: &str) -> Result<StepPath, IdError> {
        StepPath::parse(&format!("{self}/{name}"))
    }

    /// This path with the iteration `index` on its last segment (in place of the one that is there).
    ///
    /// # Errors
    /// When the result would be longer than 512 bytes.
    pub fn at_index(&self, index: u32) -> Result<StepPath, IdError> {
        let bare = match self.0.strip_suffix(']').and_then(|text| text.rfind('[')) {
            Some(open) => &self.0[..open],
            None => &self.0,
        };
        StepPath::parse(&format!("{bare}[{index}]"))
    }

    /// The segments, from the outermost step to this one.
    #[must_use]
    pub fn segments(&self) -> Segments<'_> {
        Segments(Some(&self.0))
    }

    /// The path without its last segment; none for a step of the outermost block.
    #[must_use]
    pub fn parent(&self) -> Option<StepPath> {
        self.0.rfind('/').map(|at| StepPath(self.0[..at].into()))
    }

    /// The path with the index of every segment left out: `each[17]/charge` → `each/charge`.
    #[must_use]
    pub fn without_indices(&self) -> Cow<'_, str> {
        if !self.0.contains('[') {
            return Cow::Borrowed(&self.0);
        }
        let mut text = String::with_capacity(self.0.len());
        for segment in self.segments() {
            if !text.is_empty() {
                text.push('/');
            }
            text.push_str(segment.name);
        }
        Cow::Owned(text)
    }
}

text_id!(
    StepPath,
    json_schema!({
        "type": "string", "maxLength": 512,
        "pattern": "^[a-z][a-z0-9_]*(\\[(0|[1-9][0-9]{0,8})\\])?(/[a-z][a-z0-9_]*(\\[(0|[1-9][0-9]{0,8})\\])?)*$"
    })
);

/// The segments of a path, in order. Made by [`StepPath::segments`].
#[derive(Debug, Clone)]
pub struct Segments<'a>(Option<&'a str>);

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        let rest = self.0?;
        let part = match rest.split_once('/') {
            Some((part, rest)) => {
                self.0 = Some(rest);
                part
            }
            None => {
                self.0 = None;
                rest
            }
        };
        segment(part)
    }
}

/// One segment: a word, and an index in brackets without leading zeros, of at most nine digits.
fn segment(part: &str) -> Option<Segment<'_>> {
    let (name, index) = match part.strip_suffix(']') {
        None => (part, None),
        Some(open) => {
            let (name, digits) = open.split_once('[')?;
            let plain =
                !digits.is_empty() && digits.len() <= 9 && digits.bytes().all(|byte| byte.is_ascii_digit());
            if !plain || (digits.len() > 1 && digits.starts_with('0')) {
                return None;
            }
            (name, Some(digits.parse().ok()?))
        }
    };
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let fits = name.as_bytes().first().is_some_and(u8::is_ascii_lowercase) && name.bytes().all(word);
    fits.then_some(Segment { name, index })
}
