//! The smallest value that a schema allows: what a dry run invents (FORMAT 4).

use std::collections::BTreeSet;

use serde_json::Value;

use crate::json::canonical;

use super::check::SchemaChecker;
use super::lower::lower;
use super::profile::SchemaFault;
use super::scope::Defs;
use super::witness::{edge_values, small_values};

/// Why there is no sample.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoSample {
    /// The schema is not of the profile.
    Schema(Vec<SchemaFault>),
    /// No value was found. Either none conforms, or only one that is hard to guess (a pattern, a `not`).
    NotFound,
}

/// Makes up the smallest value that conforms to a schema: only required members, empty texts and lists, zero; a text
/// with a `format` or `pattern` gets one that fits. The value was held against the schema by [`SchemaChecker`].
///
/// # Errors
/// [`NoSample`]; a schema's own `examples` and `default` are tried before giving up.
pub fn sample(schema: &Value, defs: &Defs) -> Result<Value, NoSample> {
    let lowered = lower(schema, defs).map_err(NoSample::Schema)?;
    let checker = SchemaChecker::compile(schema, defs).map_err(NoSample::Schema)?;
    let examples = schema.get("examples").and_then(Value::as_array).into_iter().flatten();
    let said = schema.get("default").into_iter().chain(examples);
    let mut tried = small_values(lowered.upper()).into_iter().chain(said.cloned());
    tried.find(|value| checker.accepts(value)).ok_or(NoSample::NotFound)
}

/// Makes up different values that conform to a schema, at most `limit`: the smallest, then ones at its edges. Those
/// are empty and longest texts and lists, ends of ranges and of numbers themselves, each optional member alone and all
/// together, undeclared members where the schema is open. The same schema always gives the same values, and each was
/// held against it by [`SchemaChecker`].
///
/// # Errors
/// As [`sample`].
pub fn samples(schema: &Value, defs: &Defs, limit: usize) -> Result<Vec<Value>, NoSample> {
    let lowered = lower(schema, defs).map_err(NoSample::Schema)?;
    let checker = SchemaChecker::compile(schema, defs).map_err(NoSample::Schema)?;
    let mut found = Vec::new();
    let mut known = BTreeSet::new();
    for value in sample(schema, defs).into_iter().chain(edge_values(lowered.upper())) {
        if found.len() < limit && checker.accepts(&value) && known.insert(canonical(&value)) {
            found.push(value);
        }
    }
    if found.is_empty() { Err(NoSample::NotFound) } else { Ok(found) }
}
