//! How a case ends.

use std::fmt;
use std::panic::Location;

/// How a case ends, written with `?`.
pub type Outcome<T = ()> = Result<T, Stop>;

/// A case's verdict where nothing failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The promise held.
    Held,
    /// The store does not declare what the promise is about; that it says `Unsupported` there was checked.
    NotDeclared(&'static str),
}

/// Why a case ended early.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Stop {
    /// The promise does not hold.
    Failed(Failure),
    /// The store does not declare this.
    NotDeclared(&'static str),
}

/// What did not hold, and where the case says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    message: String,
    at: &'static Location<'static>,
}

impl Failure {
    /// A failure at the caller's place.
    #[track_caller]
    pub fn new(message: impl Into<String>) -> Self {
        Failure { message: message.into(), at: Location::caller() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}:{})", self.message, self.at.file(), self.at.line())
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Stop::Failed(failure)
    }
}

impl From<flov7::error::Error> for Stop {
    #[track_caller]
    fn from(error: flov7::error::Error) -> Self {
        Stop::Failed(Failure::new(format!("unexpected error {:?}: {error}", error.kind())))
    }
}

impl From<flov7::store::TurnError> for Stop {
    #[track_caller]
    fn from(error: flov7::store::TurnError) -> Self {
        Stop::Failed(Failure::new(format!("unexpected turn error: {error:?}")))
    }
}
