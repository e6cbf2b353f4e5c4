//! Holding values against schemas: what inputs, outputs, signals and answers pass at the borders.

mod compile;
mod run;

use std::sync::Arc;

use serde_json::Value;

use super::lower::Lowered;
use super::lower::Source;
use super::profile::{self, SchemaFault};
use super::scope::{Defs, Scope, Target};

/// More violations of one value are not listed.
pub const MAX_VIOLATIONS: usize = 20;

/// One way in which a value breaks a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// JSON Pointer into the value.
    pub pointer: String,
    /// JSON Pointer into the schema, to the keyword that is broken; below `/types/NAME` for a named type.
    pub schema_pointer: String,
    /// A sentence about the value there: lower case, no full stop, such as ``must be text, and is a number``.
    pub message: String,
}

impl std::fmt::Display for Violation {
    /// The message, after the place if it is not the whole value.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.pointer.is_empty() {
            return f.write_str(&self.message);
        }
        write!(f, "{}: {}", self.pointer, self.message)
    }
}

/// A schema of the profile, compiled once and held against many values. Cheap to clone.
///
/// Complete for the profile (module [`types`](super)): every keyword is checked as JSON Schema 2020-12 says, numbers
/// are compared exactly, `format` is an annotation. References are followed, also around a circle. Depth costs no
/// thread stack; a value that needs more than 128 alternatives within each other (a recursive `anyOf`), or more than
/// four million comparisons, is refused with a violation that says so.
///
/// ```
/// use flov7::types::{Defs, SchemaChecker};
/// use serde_json::json;
///
/// let order = json!({ "type": "object", "properties": { "id": { "type": "string" } }, "required": ["id"] });
/// let checker = SchemaChecker::compile(&order, &Defs::none()).unwrap();
/// assert!(checker.check(&json!({ "id": "o-1" })).is_ok());
///
/// let violations = checker.check(&json!({ "id": 1 })).unwrap_err();
/// assert_eq!(violations[0].to_string(), "/id: must be text, and is a number");
/// ```
#[derive(Clone, Debug)]
pub struct SchemaChecker {
    rules: Arc<[compile::Rule]>,
}

impl SchemaChecker {
    /// Compiles a schema; `#/types/NAME` leads into `defs`.
    ///
    /// # Errors
    /// The faults that [`lower`](super::lower()) reports, and `bad-schema` for a named type that is not of the
    /// profile.
    pub fn compile(schema: &Value, defs: &Defs) -> Result<SchemaChecker, Vec<SchemaFault>> {
        SchemaChecker::of_scope(&profile::scope(schema, defs)?)
    }

    /// The checker of a lowered schema; `None` for a type that comes from no schema of its own.
    #[must_use]
    pub fn of(lowered: &Lowered) -> Option<SchemaChecker> {
        match &lowered.source {
            Source::Schema(scope) => SchemaChecker::of_scope(scope).ok(),
            Source::Declared | Source::Computed => None,
        }
    }

    pub(crate) fn of_scope(scope: &Scope) -> Result<SchemaChecker, Vec<SchemaFault>> {
        let faults = profile::faults(scope);
        if !faults.is_empty() {
            return Err(faults);
        }
        let target = Target { scope: scope.clone(), pointer: Arc::from("") };
        let rules = compile::compile(&target, None).map_err(|fault| vec![fault])?;
        Ok(SchemaChecker { rules: rules.into() })
    }

    /// A checker of some keywords of the schema at `target`.
    pub(crate) fn of_keywords(target: &Target, keywords: &[Box<str>]) -> Result<SchemaChecker, SchemaFault> {
        Ok(SchemaChecker { rules: compile::compile(target, Some(keywords))?.into() })
    }

    /// Holds a value against the schema.
    ///
    /// # Errors
    /// The violations, at most [`MAX_VIOLATIONS`], in the order of the schema's keywords and the value's members.
    pub fn check(&self, value: &Value) -> Result<(), Vec<Violation>> {
        run::check(&self.rules, value)
    }

    /// Whether the value conforms; stops at the first violation.
    #[must_use]
    pub fn accepts(&self, value: &Value) -> bool {
        run::accepts(&self.rules, value)
    }

    /// Whether the value conforms, at the cost of `fuel` at most, which is spent; `None` where that does not tell.
    pub(crate) fn verdict(&self, value: &Value, fuel: &mut u64) -> Option<bool> {
        run::verdict(&self.rules, value, fuel)
    }
}
