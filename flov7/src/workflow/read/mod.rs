//! Reads a document: every fault of its shape at once, never the first alone.
//!
//! This is the only way from JSON to a [`Workflow`]: `Deserialize` goes through it too.

mod condition;
mod data;
mod document;
mod reader;
mod step;
mod text;

#[allow(unused_imports)] // Validation reads them.
pub(crate) use reader::{Members, Reader, Zero, describe, excerpt, shorten};
pub use text::{Syntax, read_text};
#[allow(unused_imports)] // Validation reads them.
pub(crate) use text::{Text, examine_text, read_value};

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{DocumentLimits, Workflow};
use crate::finding::{Code, Finding, Report};
use crate::json;

/// A document as far as it can be read.
#[derive(Debug, Default)]
pub(crate) struct Examined {
    /// The document; none if it is no object or of another format.
    pub(crate) workflow: Option<Workflow>,
    /// What is wrong with its shape.
    pub(crate) findings: Vec<Finding>,
    /// Pointers of steps, triggers and connections whose own parts could not all be read, and of parts of the
    /// document itself.
    pub(crate) poisoned: BTreeSet<String>,
}

/// Reads a document that is JSON already.
///
/// Writing the result with `serde_json::to_value` gives the same canonical text, but for what says nothing: empty
/// `types`, `connections`, `signals` and `triggers`, and `"undo": false` in a rule of `on_error`, are left out.
///
/// ```
/// use flov7::workflow;
///
/// let document = serde_json::json!({ "flov7": 1, "nmae": "x", "steps": [{ "id": "A" }] });
/// let findings = workflow::read(&document).unwrap_err();
/// let codes: Vec<&str> = findings.iter().map(|finding| finding.code.name()).collect();
/// assert_eq!(codes, ["missing-member", "bad-id", "unknown-member"]);
/// ```
///
/// # Errors
/// Every fault of its shape, in order: `wrong-kind`, `unknown-member`, `missing-member`, `number-range`, `bad-id`,
/// `expression-marks`, `format-version`, `document-size`, `document-depth`, `too-many-steps`. At most 1,000 are
/// kept.
pub fn read(value: &Value) -> Result<Workflow, Vec<Finding>> {
    read_with(value, &DocumentLimits::default())
}

/// [`read`] with lower limits.
///
/// # Errors
/// As [`read`].
pub fn read_with(value: &Value, limits: &DocumentLimits) -> Result<Workflow, Vec<Finding>> {
    let examined = examine(value, limits);
    match examined.workflow {
        Some(workflow) if examined.findings.is_empty() => Ok(workflow),
        _ => Err(Report::new(examined.findings, Vec::new()).into_parts().0),
    }
}

/// Reads a document as far as it can be read, so that validation can say what else is wrong with it.
pub(crate) fn examine(value: &Value, limits: &DocumentLimits) -> Examined {
    let refused =
        |code, message| Examined { findings: vec![Finding::new(code, "", message)], ..Examined::default() };
    let mut bytes = 0;
    if nests_deeper(value, limits.depth, &mut bytes) {
        let message = format!("lists and objects nest deeper than {} levels", limits.depth);
        return refused(Code::DOCUMENT_DEPTH, message);
    }
    // Counted exactly only where a rough count leaves it open.
    if bytes > limits.document_bytes && json::canonical_size(value) > limits.document_bytes {
        let message = format!("the document has more than {} bytes", limits.document_bytes);
        return refused(Code::DOCUMENT_SIZE, message);
    }
    let mut reader = Reader::new(*limits);
    let workflow = document::document(&mut reader, value);
    let (findings, poisoned) = reader.finish();
    Examined { workflow, findings, poisoned }
}

/// Reads one step of the outermost block; none if anything is wrong with its shape, or if it nests deeper than it may in a
/// document.
pub(crate) fn read_step_at(value: &Value, index: usize, limits: &DocumentLimits) -> Option<super::Step> {
    if nests_deeper(value, limits.depth.checked_sub(2)?, &mut 0) {
        return None;
    }
    let mut reader = Reader::new(*limits);
    reader.blocks = 1;
    reader.pointer.push("steps");
    let step = reader.within_index(index, |reader| step::step(reader, value));
    let (findings, poisoned) = reader.finish();
    step.filter(|_| findings.is_empty() && poisoned.is_empty())
}

/// Whether lists and objects nest deeper than `most`. A value that came through our reader does not; any other may.
/// Adds to `bytes` what the canonical text has at most, if they do not.
fn nests_deeper(value: &Value, most: usize, bytes: &mut usize) -> bool {
    /// Of a number or a word, with its comma.
    const SCALAR: usize = 32;
    // Each byte of a text becomes six at most; then quotes, and a comma or a colon.
    let text = |text: &str| text.len().saturating_mul(6).saturating_add(3);
    *bytes = bytes.saturating_add(SCALAR);
    // As deep as the limit and no deeper, so that recursion is safe. Only what holds something is looked into.
    let deeper = |value: &Value, bytes: &mut usize, most: usize| match value {
        Value::Array(_) | Value::Object(_) => nests_deeper(value, most, bytes),
        Value::String(own) => {
            *bytes = bytes.saturating_add(SCALAR).saturating_add(text(own));
            false
        }
        _ => {
            *bytes = bytes.saturating_add(SCALAR);
            false
        }
    };
    match (value, most.checked_sub(1)) {
        (Value::String(own), _) => {
            *bytes = bytes.saturating_add(text(own));
            false
        }
        (Value::Array(items), None) => !items.is_empty(),
        (Value::Object(members), None) => !members.is_empty(),
        (Value::Array(items), Some(most)) => items.iter().any(|item| deeper(item, bytes, most)),
        (Value::Object(members), Some(most)) => members.iter().any(|(name, member)| {
            *bytes = bytes.saturating_add(text(name));
            deeper(member, bytes, most)
        }),
        _ => false,
    }
}

impl<'de> Deserialize<'de> for Workflow {
    /// Through [`read`], so that no document gets around its rules.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Workflow, D::Error> {
        read(&Value::deserialize(deserializer)?).map_err(|findings| {
            serde::de::Error::custom(match findings.first() {
                Some(finding) => format!("{} (at \"{}\")", finding.message, finding.pointer),
                None => "no workflow".to_owned(),
            })
        })
    }
}
