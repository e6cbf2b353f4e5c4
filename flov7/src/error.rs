//! One opaque error with a kind.

use std::fmt;

/// What kind of thing went wrong: what callers match on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What was given is not sound; there is a report.
    Invalid,
    /// No such thing.
    NotFound,
    /// A secret, a binding or a handler is missing.
    Missing,
    /// Someone else was first.
    Conflict,
    /// The lease was lost.
    Fenced,
    /// Too much at once; later it may do.
    Busy,
    /// It has ended.
    Closed,
    /// Not offered here.
    Unsupported,
    /// Not allowed.
    Denied,
    /// A limit was reached.
    Limit,
    /// Not reachable now.
    Unavailable,
    /// It may have been written.
    Unknown,
    /// Another executor owns it.
    Locked,
    /// Written by a newer flov7.
    Newer,
    /// Not what we wrote.
    Corrupt,
    /// Our fault.
    Defect,
}

/// What went wrong.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

impl Error {
    /// An error of a kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error { kind, message: message.into() }
    }

    /// Something that is not offered here.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Unsupported, message)
    }

    /// Its kind.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
