//! Schemas at the borders.

use serde_json::Value;

use super::build::invalid;
use crate::error::Error;
use crate::types::{Defs, SchemaChecker};

/// A schema that values are held against.
#[derive(Debug)]
pub(crate) struct Checker(SchemaChecker);

impl Checker {
    pub(super) fn compile(schema: &Value, defs: &Defs) -> Result<Checker, Error> {
        SchemaChecker::compile(schema, defs).map(Checker).map_err(|faults| {
            invalid(format!("a schema cannot be used: {}", faults.first().map_or("", |fault| &fault.message)))
        })
    }

    /// Holds a value against the schema; the first violation as a sentence.
    pub(crate) fn check(&self, value: &Value) -> Result<(), String> {
        self.0.check(value).map_err(|violations| match violations.first() {
            Some(violation) => violation.to_string(),
            None => "it does not conform".to_owned(),
        })
    }
}

/// Several schemas that a value must conform to all; none that says nothing.
pub(super) fn all(schemas: &[(&Value, &Defs)]) -> Result<Box<[Checker]>, Error> {
    let telling = schemas.iter().filter(|(schema, _)| !says_nothing(schema));
    telling.map(|(schema, defs)| Checker::compile(schema, defs)).collect()
}

fn says_nothing(schema: &Value) -> bool {
    match schema {
        Value::Bool(allows) => *allows,
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}
