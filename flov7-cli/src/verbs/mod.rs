//! The verbs, one file each.

pub(crate) mod actions;
pub(crate) mod execution;
pub(crate) mod explain_code;
pub(crate) mod firings;
pub(crate) mod init;
pub(crate) mod keep;
pub(crate) mod look;
pub(crate) mod new;
pub(crate) mod post;
pub(crate) mod run;
pub(crate) mod test;
pub(crate) mod validate;

use flov7::workflow::document_schema;

use crate::failure::Failure;
use crate::output::Output;

/// What a verb gives: its exit code.
pub(crate) type Answer = Result<u8, Failure>;

/// Exit codes that verbs share (FORMAT §4).
pub(crate) const DONE: u8 = 0;
pub(crate) const FAILED: u8 = 1;

/// `schema`: the JSON Schema of documents, the same text with and without `--json`.
pub(crate) fn schema(output: Output) -> Answer {
    output.answer(&document_schema());
    Ok(DONE)
}
