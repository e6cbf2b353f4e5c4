//! Why a verb did not do what was asked, and the exit code for it.

use flov7::error::{Error, ErrorKind};
use flov7::finding::{Finding, Report};
use serde_json::{Value, json};

use crate::output::Output;

/// Unreadable, or refused at the door.
pub(crate) const REFUSED: u8 = 2;

/// Why a verb stopped.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) exit: u8,
    /// What happened, for a person.
    pub(crate) message: String,
    /// The error's kind as a word, where it has one.
    pub(crate) kind: Option<&'static str>,
    /// What was found, where something was checked.
    pub(crate) report: Option<Report>,
}

impl Failure {
    /// Something that cannot be read or is not there: exit 2.
    pub(crate) fn unreadable(message: impl Into<String>) -> Self {
        Failure { exit: REFUSED, message: message.into(), kind: None, report: None }
    }

    /// Refused at the door, with what was found: exit 2.
    pub(crate) fn refused(message: impl Into<String>, findings: Vec<Finding>) -> Self {
        let report = Some(Report::new(findings, Vec::new()));
        Failure { exit: REFUSED, message: message.into(), kind: None, report }
    }

    /// Gives it another exit code.
    pub(crate) fn with_exit(mut self, exit: u8) -> Self {
        self.exit = exit;
        self
    }

    /// As JSON: the error, and what was found.
    pub(crate) fn to_json(&self) -> Value {
        let mut answer = json!({ "error": { "kind": self.kind, "message": self.message } });
        if let (Some(report), Value::Object(members)) = (&self.report, &mut answer)
            && let Value::Object(found) = report.to_json()
        {
            members.extend(found);
        }
        answer
    }

    /// Tells it: JSON on standard output where wanted, else prose on standard error.
    pub(crate) fn tell(&self, output: Output) {
        if output.json {
            return output.answer(&self.to_json());
        }
        output.note(&format!("error: {}", crate::output::clean(&self.message)));
        if let Some(report) = &self.report {
            output.note(&flov7::finding::render(report, None, flov7::finding::Style::Plain));
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let mut message = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            message.push_str(": ");
            message.push_str(&cause.to_string());
            source = cause.source();
        }
        let exit = if error.kind() == ErrorKind::Defect { 1 } else { REFUSED };
        Failure { exit, message, kind: Some(error.kind().as_str()), report: error.report().cloned() }
    }
}
