//! What is wrong with a binding, with its place.

use std::fmt;

use flov7::error::{Error, ErrorKind};
use flov7::json::escape;

/// One fault of a bindings file or of a binding's settings. No fault repeats a text that may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BindingFault {
    /// JSON Pointer to what is wrong: into the file, or into the settings where only those were read.
    pub pointer: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl BindingFault {
    pub(crate) fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        BindingFault { pointer: pointer.into(), message: message.into() }
    }

    /// The same fault seen from outside.
    pub(crate) fn below(mut self, parent: &str) -> Self {
        self.pointer.insert_str(0, parent);
        self
    }
}

impl fmt::Display for BindingFault {
    /// `auth.bearer: not the name of a secret…`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path: Vec<&str> = self.pointer.split('/').skip(1).collect();
        if !path.is_empty() {
            write!(f, "{}: ", path.join("."))?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for BindingFault {}

/// All faults as one error of kind `Invalid`.
pub(crate) fn invalid(faults: &[BindingFault]) -> Error {
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    Error::new(ErrorKind::Invalid, lines.join("; "))
}

/// `parent/name` as a JSON Pointer.
pub(crate) fn at(parent: &str, name: &str) -> String {
    format!("{parent}/{}", escape(name))
}
