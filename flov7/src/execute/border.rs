//! What comes in from outside, held against what the document says.

use serde_json::{Value, json};

use crate::error::Error;
use crate::finding::{Code, Finding, Report};
use crate::json;
use crate::machine::PAYLOAD_BYTES;
use crate::types::{Defs, SchemaChecker};
use crate::validate::Bundle;

/// Normalises the input of a new execution and holds it against the document's schema; without one it is exactly `{}`.
///
/// # Errors
/// `Invalid`, with a report of `input-invalid` findings whose pointers lead into the input.
pub fn check_input(bundle: &Bundle, input: Value) -> Result<Value, Error> {
    InputChecker::of(bundle)?.check(input)
}

/// The schema of a document's input, compiled: for who starts many executions of one workflow.
#[derive(Debug)]
pub(crate) struct InputChecker(SchemaChecker);

impl InputChecker {
    /// Compiles it; without one, only `{}` conforms.
    pub(crate) fn of(bundle: &Bundle) -> Result<InputChecker, Error> {
        let nothing = json!({ "type": "object", "additionalProperties": false });
        let schema = bundle.document.input.as_ref().map_or(&nothing, |schema| &schema.0);
        let types = bundle.document.types.iter().map(|(name, schema)| (name.as_str(), schema.0.clone()));
        // Validation compiled the same schema before.
        SchemaChecker::compile(schema, &Defs::new(types))
            .map(InputChecker)
            .map_err(|_| Error::defect("the schema of the input does not compile"))
    }

    /// As [`check_input`].
    pub(crate) fn check(&self, input: Value) -> Result<Value, Error> {
        check("the input", &self.0, input)
    }
}

/// Normalises a value from outside and holds it against a schema; `what` names it in findings.
fn check(what: &str, checker: &SchemaChecker, value: Value) -> Result<Value, Error> {
    let refuse = |findings: Vec<Finding>| Error::invalid(Report::new(findings, Vec::new()));
    let value = json::enter(value, json::MAX_DEPTH, PAYLOAD_BYTES)
        .map_err(|fault| refuse(vec![finding(what, "", &fault.to_string())]))?;
    let bytes = json::canonical_size(&value);
    if bytes > PAYLOAD_BYTES {
        let fault = format!("has {bytes} bytes, more than {PAYLOAD_BYTES}");
        return Err(refuse(vec![finding(what, "", &fault)]));
    }
    match checker.check(&value) {
        Ok(()) => Ok(value),
        Err(violations) => {
            Err(refuse(violations.iter().map(|one| finding(what, &one.pointer, &one.message)).collect()))
        }
    }
}

fn finding(what: &str, pointer: &str, fault: &str) -> Finding {
    let place = if pointer.is_empty() { String::new() } else { format!(" at {pointer}") };
    Finding::new(Code::INPUT_INVALID, pointer, format!("{what}{place} {fault}"))
}
