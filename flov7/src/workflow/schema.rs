//! The published JSON Schema of the document.

use serde_json::Value;

use super::Workflow;

/// The JSON Schema (2020-12) of format 1, made from the types of this module.
pub fn document_schema() -> Value {
    let mut schema = schemars::schema_for!(Workflow);
    schema.insert("$id".into(), "https://flov7.dev/schema/workflow-1.json".into());
    schema.insert("title".into(), "flov7 workflow, format 1".into());
    schema.to_value()
}

/// [`document_schema`] as indented text with a final newline: what `flov7 schema` prints and what is published.
pub fn document_schema_text() -> String {
    let mut text = serde_json::to_string_pretty(&document_schema()).unwrap_or_default();
    text.push('\n');
    text
}
