//! What checking an expression finds.

use crate::expr::ast::RootName;
use crate::expr::error::Span;
use crate::finding::{Code, Finding, ResidualKind, Severity};
use crate::types::{Segment, Type, Usage};

/// The type of an expression in its place, and everything to be said about it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Checked {
    /// What its value can be once it has left: times and durations are texts; an optional is still one where it may
    /// leave as a member. Untyped where a finding left nothing to be said.
    pub ty: Type,
    /// Whether every value of the type may come, because it is what a schema declares; a computed type is an upper
    /// bound. [`Lowered::declared`](crate::types::Lowered::declared) and `computed` want to know.
    pub declared: bool,
    /// What is wrong or odd, in written order.
    pub findings: Vec<ExprFinding>,
    /// What only the run can tell: each kind once for each place, in written order.
    pub residuals: Vec<(ResidualKind, Span)>,
    /// What it reads, by constant paths, in written order.
    pub reads: Vec<Read>,
    /// Reads from values that nobody described: what an `expect` is inferred from.
    pub untyped: Vec<UntypedRead>,
}

/// A finding about a part of an expression.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ExprFinding {
    /// Its code.
    pub code: Code,
    /// How severe it is.
    pub severity: Severity,
    /// Which bytes of the string.
    pub span: Span,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The text that should stand at the span, where that is certain.
    pub edit: Option<String>,
    /// The names that would do, nearest first.
    pub nearest: Vec<String>,
    /// The step that the finding is about: what `not-ordered` adds to `after`.
    pub step: Option<Box<str>>,
}

impl ExprFinding {
    pub(super) fn new(code: Code, span: Span, message: impl Into<String>) -> ExprFinding {
        ExprFinding {
            code,
            severity: code.severity(),
            span,
            message: message.into(),
            help: None,
            edit: None,
            nearest: Vec::new(),
            step: None,
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> ExprFinding {
        self.help = Some(help.into());
        self
    }

    pub(super) fn edit(mut self, text: impl Into<String>) -> ExprFinding {
        self.edit = Some(text.into());
        self
    }

    pub(super) fn severity(mut self, severity: Severity) -> ExprFinding {
        self.severity = severity;
        self
    }

    /// Offers the nearest of some names.
    pub(super) fn near(mut self, nearest: Vec<String>) -> ExprFinding {
        if let (Some(first), None) = (nearest.first(), &self.help) {
            self.help = Some(format!("did you mean `{first}`?"));
        }
        self.nearest = nearest;
        self
    }

    /// The finding in a document, about the string at `pointer`. The fix is the caller's: it knows the document.
    #[must_use]
    pub fn at(&self, pointer: impl Into<String>) -> Finding {
        let span = self.span.range();
        let mut finding = Finding::new(self.code, pointer, self.message.clone())
            .with_severity(self.severity)
            .with_expr_span(span.start, span.end);
        if let Some(help) = &self.help {
            finding = finding.with_help(help.clone());
        }
        if !self.nearest.is_empty() {
            finding = finding.with_allowed(self.nearest.clone());
        }
        finding
    }

    /// The whole string as it should be, where that is certain. `text` is the string that was checked.
    #[must_use]
    pub fn mended(&self, text: &str) -> Option<String> {
        let (edit, span) = (self.edit.as_ref()?, self.span.range());
        let (before, after) = (text.get(..span.start)?, text.get(span.end..)?);
        Some(format!("{before}{edit}{after}"))
    }
}

/// One read of a root or step, as far as its path is constant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Read {
    /// Where the path starts.
    pub root: RootName,
    /// The members and positions after it.
    pub path: Vec<Segment>,
    /// Which bytes of the string.
    pub span: Span,
    /// Whether absence is provided for: inside `has`, or read with `?`.
    pub guarded: bool,
}

/// A read from a value that no schema describes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UntypedRead {
    /// Where the value comes from.
    pub root: RootName,
    /// The way from there to the value that has no type.
    pub at: Vec<Segment>,
    /// What is read from it, and how it is used.
    pub usage: Usage,
    /// Which bytes of the string.
    pub span: Span,
}
