//! Values as expressions and as templates.

use serde_json::{Map, Value};

/// A text in quotes.
pub(super) fn text_literal(text: &str) -> String {
    let mut out = String::from("\"");
    for point in text.chars() {
        match point {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            // So that no mark of a template stands in it.
            '$' => out.push_str("\\u0024"),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// A value as an expression.
pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(_) => flov7::json::canonical(value),
        Value::String(text) => text_literal(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{}: {}", text_literal(name), literal(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
    }
}

/// A value as a template that gives it.
pub(super) fn constant(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(plain_text(text)),
        Value::Array(items) => items.iter().map(constant).collect(),
        Value::Object(members) => Value::Object(
            members.iter().map(|(name, value)| (name.clone(), constant(value))).collect::<Map<_, _>>(),
        ),
        other => other.clone(),
    }
}

/// A text in which nothing is marked.
pub(super) fn plain_text(text: &str) -> String {
    text.replace("${", "$${")
}
