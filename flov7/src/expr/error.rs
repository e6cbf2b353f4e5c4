//! Where in an expression, and what went wrong there: at compile time ([`ExprError`]) and at run time
//! ([`EvalError`]).

use std::fmt;
use std::ops::Range;

/// A range of bytes in the text that was given to the compiler.
///
/// For an expression inside a template string the offsets count from the start of that whole string, marks
/// included, so that a renderer can point into the document without knowing about templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// The span from `start` up to, not including, `end`. Offsets beyond `u32` are cut to its maximum; source
    /// limits keep them far below.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Span {
        let cut = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Span { start: cut(start), end: cut(end) }
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The same range for slicing.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A fault found while compiling: the expression can never run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExprError {
    /// The finding code: `expression-syntax`, `expression-size`, `expression-marks`, `optional-syntax`,
    /// `number-range`, `unknown-function`, `wrong-arguments` or `bad-pattern`.
    pub code: &'static str,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where.
    pub span: Span,
    /// How to mend it, where that can be said.
    pub help: Option<String>,
    /// The text that `span` should become, where that is certain.
    pub fix: Option<String>,
}

impl ExprError {
    /// An error of `code` at `span`.
    #[must_use]
    pub fn new(code: &'static str, span: Span, message: impl Into<String>) -> ExprError {
        ExprError { code, message: message.into(), span, help: None, fix: None }
    }

    /// Adds how to mend it.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> ExprError {
        self.help = Some(help.into());
        self
    }

    /// Adds the text that should stand at the span instead. Only where that is certain.
    #[must_use]
    pub fn with_fix(mut self, fix: impl Into<String>) -> ExprError {
        self.fix = Some(fix.into());
        self
    }
}

impl fmt::Display for ExprError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.message, self.span.start)
    }
}

impl std::error::Error for ExprError {}

/// A failure of one evaluation.
///
/// The codes `data.*` are failures that a report lists as residuals. [`EvalError::DEFECT`] is what checking
/// rules out (a missing member, a wrong type): it blocks an execution instead of failing it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EvalError {
    /// `data.overflow`, `data.division`, `data.index`, `data.conversion`, `data.key`, `data.size`, `contract.input` or
    /// `defect.expression`.
    pub code: &'static str,
    /// What happened, in one sentence without a full stop.
    pub message: String,
    /// Where in the expression, or in the string that holds it.
    pub span: Span,
    /// JSON Pointer of the string inside its template; empty for a bare expression.
    pub pointer: String,
}

impl EvalError {
    /// The code of what a checked expression cannot do.
    pub const DEFECT: &'static str = "defect.expression";
    /// The code of an evaluation that grew too large or ran too long.
    pub const SIZE: &'static str = "data.size";

    /// The code of a value that cannot be a segment of a path: only templates that are encoded fail so.
    pub const SEGMENT: &'static str = "contract.input";

    /// A failure of `code` at `span`.
    #[must_use]
    pub fn new(code: &'static str, span: Span, message: impl Into<String>) -> EvalError {
        EvalError { code, message: message.into(), span, pointer: String::new() }
    }

    /// Whether a checked expression can never fail this way, so that it is our defect and not the data's.
    #[must_use]
    pub fn is_defect(&self) -> bool {
        self.code == EvalError::DEFECT
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EvalError {}
