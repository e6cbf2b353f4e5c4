//! The published JSON Schema of the document.

use serde_json::Value;

use super::Workflow;
use crate::id::Name;

/// A string that is exactly one `${ … }`, as far as a pattern can say it.
pub(super) const MARKED: &str = "^\\$\\{[\\s\\S]*\\}$";

/// What names of types and signals look like.
pub(super) fn name_schema() -> Value {
    <Name as schemars::JsonSchema>::json_schema(&mut schemars::SchemaGenerator::default()).to_value()
}

/// What the id of a case looks like: `default` is not one.
pub(super) fn case_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let mut schema = name_schema();
    if let Some(Value::Array(taken)) = schema.pointer_mut("/not/enum") {
        taken.push("default".into());
    }
    schema.try_into().unwrap_or_default()
}

/// A list, or an expression that gives one.
pub(super) fn items_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "anyOf": [{ "type": "string", "pattern": MARKED }, { "type": "array" }] })
}

/// The JSON Schema (2020-12) of format 1, made from the types of this module. Members are sorted.
pub fn document_schema() -> Value {
    let mut schema = schemars::schema_for!(Workflow);
    schema.insert("$id".into(), "https://flov7.dev/schema/workflow-1.json".into());
    schema.insert("title".into(), "flov7 workflow, format 1".into());
    without_nulls(schema.to_value())
}

/// A member that may be left out is not thereby one that may be null: `Option` says both, the format says the
/// first alone. Members come out sorted, also where another crate turned on insertion order.
fn without_nulls(schema: Value) -> Value {
    match schema {
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> =
                members.into_iter().map(|(name, value)| (name, without_nulls(value))).collect();
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            for (name, value) in &mut members {
                if name == "type"
                    && let Some([kind, Value::String(null)]) = value.as_array().map(Vec::as_slice)
                    && null == "null"
                {
                    *value = kind.clone();
                }
            }
            let only = members.iter().position(|(name, value)| name == "anyOf" && is_or_null(value));
            if let Some(at) = only {
                let (_, alternatives) = members.remove(at);
                if let Value::Array(alternatives) = alternatives {
                    let first = alternatives.into_iter().next().and_then(|first| match first {
                        Value::Object(first) => Some(first),
                        _ => None,
                    });
                    members.extend(first.into_iter().flatten());
                    members.sort_by(|(a, _), (b, _)| a.cmp(b));
                }
            }
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

/// `[X, {"type": "null"}]`.
fn is_or_null(alternatives: &Value) -> bool {
    matches!(alternatives.as_array().map(Vec::as_slice),
        Some([Value::Object(_), Value::Object(null)]) if null.len() == 1 && null.get("type").is_some_and(|kind| kind == "null"))
}

/// [`document_schema`] as indented text with a final newline: what `flov7 schema` prints and what is published.
pub fn document_schema_text() -> String {
    // A value with text keys always has a text.
    let mut text = serde_json::to_string_pretty(&document_schema()).unwrap_or_default();
    text.push('\n');
    text
}
