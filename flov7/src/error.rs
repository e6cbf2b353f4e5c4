//! One opaque error with a kind.
//!
//! Callers match [`Error::kind`] and never the text. `Display` speaks for its own level: the cause below it is
//! [`std::error::Error::source`], and is not repeated.
//!
//! ```
//! use flov7::error::{Error, ErrorKind};
//!
//! let error = Error::new(ErrorKind::NotFound, "there is no such workflow").with("workflow", "big_order");
//! assert_eq!(error.kind(), ErrorKind::NotFound);
//! assert_eq!(error.to_string(), "there is no such workflow (workflow: big_order)");
//! ```

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::finding::{Report, Severity};
use crate::id::ExecutionId;

/// What kind of thing went wrong: what callers match on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What was given is not sound; [`Error::report`] says where.
    Invalid,
    /// There is no such thing in this namespace.
    NotFound,
    /// A secret, a binding or a handler that is needed is not there.
    Missing,
    /// Someone else was first: the expected state is not the state.
    Conflict,
    /// The lease was lost to another worker; nothing was written.
    Fenced,
    /// Too much at once; the same may succeed later.
    Busy,
    /// It has ended, and takes nothing more.
    Closed,
    /// This implementation does not offer that, and changed nothing.
    Unsupported,
    /// Not allowed.
    Denied,
    /// A limit was reached.
    Limit,
    /// Not reachable now; nothing was done.
    Unavailable,
    /// It may have been done or not: read again before going on.
    Unknown,
    /// Another executor holds it; [`Error::owner`] says which process.
    Locked,
    /// Written by a newer flov7.
    Newer,
    /// Not what we wrote.
    Corrupt,
    /// Our fault.
    Defect,
}

impl ErrorKind {
    /// The kind as a lower-case word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorKind::Invalid => "invalid",
            ErrorKind::NotFound => "not_found",
            ErrorKind::Missing => "missing",
            ErrorKind::Conflict => "conflict",
            ErrorKind::Fenced => "fenced",
            ErrorKind::Busy => "busy",
            ErrorKind::Closed => "closed",
            ErrorKind::Unsupported => "unsupported",
            ErrorKind::Denied => "denied",
            ErrorKind::Limit => "limit",
            ErrorKind::Unavailable => "unavailable",
            ErrorKind::Unknown => "unknown",
            ErrorKind::Locked => "locked",
            ErrorKind::Newer => "newer",
            ErrorKind::Corrupt => "corrupt",
            ErrorKind::Defect => "defect",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What went wrong: a kind, a sentence, context, and what caused it. Small, and cheap to clone.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    context: Vec<(&'static str, String)>,
    report: Option<Arc<Report>>,
    owner: Option<u32>,
    execution: Option<ExecutionId>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of `kind`; `message` is one lower-case sentence without a full stop.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(Inner {
            kind,
            message: message.into(),
            context: Vec::new(),
            report: None,
            owner: None,
            execution: None,
            source: None,
        }))
    }

    /// What was given is not sound, as `report` says.
    #[must_use]
    pub fn invalid(report: Report) -> Error {
        let errors = report.count(Severity::Error);
        let first = report.findings().iter().find(|finding| finding.severity == Severity::Error);
        let message = match (errors, first) {
            (1, Some(first)) => first.message.clone(),
            (_, Some(first)) => format!("{} (and {} more)", first.message, errors - 1),
            (_, None) => "what was given is not sound".to_owned(),
        };
        let mut error = Error::new(ErrorKind::Invalid, message);
        error.0.report = Some(Arc::new(report));
        error
    }

    /// Something that this implementation does not offer.
    #[must_use]
    pub fn unsupported(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Unsupported, message)
    }

    /// Another executor holds it: the process `owner`, where that is known.
    #[must_use]
    pub fn locked(owner: Option<u32>, message: impl Into<String>) -> Error {
        let mut error = Error::new(ErrorKind::Locked, message);
        error.0.owner = owner;
        error
    }

    /// An execution is in the way.
    #[must_use]
    pub fn conflict(execution: ExecutionId, message: impl Into<String>) -> Error {
        let mut error = Error::new(ErrorKind::Conflict, message).with("execution", &execution);
        error.0.execution = Some(execution);
        error
    }

    /// Our own fault: a state that cannot be.
    #[must_use]
    pub fn defect(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Defect, message)
    }

    /// With a piece of context. Never a secret's value.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl fmt::Display) -> Error {
        self.0.context.push((key, value.to_string()));
        self
    }

    /// With what caused it.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The sentence, without context.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The context, in the order in which it was added.
    pub fn context(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.context.iter().map(|(key, value)| (*key, value.as_str()))
    }

    /// What is not sound, for [`ErrorKind::Invalid`].
    #[must_use]
    pub fn report(&self) -> Option<&Report> {
        self.0.report.as_deref()
    }

    /// The execution that is in the way, where one is.
    #[must_use]
    pub fn execution(&self) -> Option<&ExecutionId> {
        self.0.execution.as_ref()
    }

    /// The process that holds it, for [`ErrorKind::Locked`].
    #[must_use]
    pub fn owner(&self) -> Option<u32> {
        self.0.owner
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        let owner = self.0.owner.map(|pid| ("pid", pid.to_string()));
        let context = self.0.context.iter().chain(&owner);
        for (index, (key, value)) in context.enumerate() {
            write!(f, "{}{key}: {value}", if index == 0 { " (" } else { ", " })?;
        }
        if self.0.context.is_empty() && owner.is_none() { Ok(()) } else { f.write_str(")") }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Error");
        debug.field("kind", &self.0.kind).field("message", &self.0.message);
        if !self.0.context.is_empty() {
            debug.field("context", &self.0.context);
        }
        if let Some(report) = &self.0.report {
            debug.field("report", report);
        }
        if let Some(owner) = self.0.owner {
            debug.field("owner", &owner);
        }
        if let Some(source) = &self.0.source {
            debug.field("source", source);
        }
        debug.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
