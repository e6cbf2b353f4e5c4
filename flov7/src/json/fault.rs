//! What is wrong with a text that was to be read.

use std::ops::Range;

/// One fault of a text, with its place.
///
/// `Display` is one lower-case sentence with line and column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (line {line}, column {column})")]
#[non_exhaustive]
pub struct ReadError {
    /// The code of the finding that this fault becomes: `json-syntax`, `yaml-syntax`, `duplicate-member`,
    /// `number-range`, `document-size` or `document-depth`.
    pub code: &'static str,
    /// What is wrong, as a lower-case sentence.
    pub message: String,
    /// The offending bytes of the text. Empty at the end of a text that stops too early.
    pub span: Range<usize>,
    /// The line of the start of `span`, counted from 1.
    pub line: usize,
    /// The column of the start of `span` in characters, counted from 1.
    pub column: usize,
    /// The JSON Pointer of the value at fault, or of the innermost list or object that was open.
    pub pointer: String,
    /// For `duplicate-member`: the bytes of the first member of that name (its key with the quotes).
    pub first: Option<Range<usize>>,
}

impl ReadError {
    /// A fault whose line and column are not known yet.
    pub(super) fn new(
        code: &'static str,
        message: impl Into<String>,
        span: Range<usize>,
        pointer: String,
    ) -> Self {
        ReadError { code, message: message.into(), span, line: 1, column: 1, pointer, first: None }
    }
}
