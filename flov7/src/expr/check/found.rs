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
    /// What should become of the text, where that is certain.
    pub edit: Option<Edit>,
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

    pub(super) fn edit(mut self, edit: Edit) -> ExprFinding {
        self.edit = Some(edit);
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
        self.edit.as_ref()?.apply(text)
    }
}

/// A change of the source of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Edit {
    /// What stands at the span ends with the one text, which becomes the other: the last name of a path.
    Ending {
        /// The span.
        span: Span,
        /// How it ends; where the source is spelled otherwise, nothing is certain.
        from: Box<str>,
        /// What becomes of that.
        to: String,
    },
    /// Something is put around what stands at the span.
    Around {
        /// The span.
        span: Span,
        /// What is put before it.
        before: String,
        /// What is put behind it.
        after: &'static str,
    },
}

impl Edit {
    /// A name at the end of `span` becomes another.
    pub(crate) fn ending(span: Span, from: &str, to: impl Into<String>) -> Edit {
        Edit::Ending { span, from: from.into(), to: to.into() }
    }

    /// The source as it should be; nothing where it is spelled in another way than the tree shows.
    #[must_use]
    pub fn apply(&self, source: &str) -> Option<String> {
        let (start, end, inside) = match self {
            Edit::Ending { span, from, to } => {
                let range = span.range();
                let kept = source.get(range.clone())?.strip_suffix(&**from)?;
                (range.start + kept.len(), range.end, to.clone())
            }
            Edit::Around { span, before, after } => {
                let range = span.range();
                (range.start, range.end, format!("{before}{}{after}", source.get(range)?))
            }
        };
        Some(format!("{}{inside}{}", source.get(..start)?, source.get(end..)?))
    }
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
