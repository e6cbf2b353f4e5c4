//! Reads a document: every fault of its shape at once, never the first alone.
//!
//! This is the only way from JSON to a [`Workflow`]: `Deserialize` goes through it too.

mod condition;
mod data;
mod document;
pub(crate) mod fault;
pub(crate) mod limits;
pub(crate) mod reader;
mod step;

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use self::fault::Fault;
use self::reader::Reader;
use super::Workflow;
use crate::finding::Finding;
use crate::json;

/// How a document is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Syntax {
    /// JSON (RFC 8259).
    #[default]
    Json,
    /// YAML 1.2, of which JSON's values are used. Needs the feature `yaml`.
    Yaml,
}

impl Syntax {
    /// YAML for a file name that ends with `.yaml` or `.yml`, else JSON.
    #[must_use]
    pub fn of_file(name: &str) -> Syntax {
        let ends = |end: &str| {
            name.len() > end.len()
                && name.get(name.len() - end.len()..).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
        };
        if ends(".yaml") || ends(".yml") { Syntax::Yaml } else { Syntax::Json }
    }
}

/// A document as far as it can be read.
#[derive(Debug)]
pub(crate) struct Examined {
    /// The document; none if it is no object or of another format.
    pub(crate) workflow: Option<Workflow>,
    /// What is wrong with its shape.
    pub(crate) faults: Vec<Fault>,
    /// How many faults more there are, beyond what is kept.
    pub(crate) more: usize,
    /// Pointers of steps, triggers and connections whose own parts could not all be read (the empty pointer: the
    /// document itself).
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
/// let faults = workflow::read(&serde_json::json!({ "flov7": 1, "nmae": "x", "steps": [{ "id": "A" }] })).unwrap_err();
/// let codes: Vec<&str> = faults.iter().map(|finding| finding.code.as_str()).collect();
/// assert_eq!(codes, ["unknown-member", "missing-member", "bad-id", "missing-member"]);
/// ```
///
/// # Errors
/// Every fault of its shape: `wrong-kind`, `unknown-member`, `missing-member`, `number-range`, `bad-id`,
/// `expression-marks`, `format-version`, `document-depth`, `too-many-steps`. At most 1,000 are kept.
pub fn read(value: &Value) -> Result<Workflow, Vec<Finding>> {
    let examined = examine(value);
    match examined.workflow {
        Some(workflow) if examined.faults.is_empty() => Ok(workflow),
        _ => Err(examined.faults.into_iter().map(Finding::from).collect()),
    }
}

/// Reads a document as far as it can be read, so that validation can say what else is wrong with it.
pub(crate) fn examine(value: &Value) -> Examined {
    let mut reader = Reader::default();
    let workflow = if too_deep(value) {
        let message = format!("the document nests deeper than {} levels", json::MAX_DEPTH);
        reader.fault("document-depth", message);
        None
    } else {
        document::document(&mut reader, value)
    };
    let (faults, more, poisoned) = reader.finish();
    Examined { workflow, faults, more, poisoned }
}

/// Whether a value that did not come through our reader nests deeper than it would have let it.
fn too_deep(value: &Value) -> bool {
    let mut level = vec![value];
    for _ in 0..=json::MAX_DEPTH {
        let mut next = Vec::new();
        for value in level {
            match value {
                Value::Array(items) => next.extend(items),
                Value::Object(members) => next.extend(members.values()),
                _ => {}
            }
        }
        if next.is_empty() {
            return false;
        }
        level = next;
    }
    true
}

impl<'de> Deserialize<'de> for Workflow {
    /// Through [`read`], so that no document gets around its rules.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Workflow, D::Error> {
        let mut examined = examine(&Value::deserialize(deserializer)?);
        if examined.faults.is_empty() {
            if let Some(workflow) = examined.workflow {
                return Ok(workflow);
            }
        }
        let first = examined.faults.drain(..).next();
        Err(serde::de::Error::custom(match first {
            Some(fault) => format!("{} at \"{}\"", fault.message, fault.pointer),
            None => "no workflow".to_owned(),
        }))
    }
}
