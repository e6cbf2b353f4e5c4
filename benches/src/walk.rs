//! Finding the parts of a document, as JSON.

use flov7::json::escape;
use serde_json::Value;

/// What stands at a pointer; null where nothing does.
#[must_use]
pub fn at<'d>(document: &'d Value, pointer: &str) -> &'d Value {
    document.pointer(pointer).unwrap_or(&Value::Null)
}

/// The pointers of all blocks: lists of steps, outer ones first.
#[must_use]
pub fn blocks(document: &Value) -> Vec<String> {
    let mut blocks = vec!["/steps".to_owned()];
    let mut done = 0;
    while done < blocks.len() {
        let block = blocks[done].clone();
        for step in 0..length(at(document, &block)) {
            inside(document, &format!("{block}/{step}/condition"), &mut blocks);
        }
        done += 1;
    }
    blocks
}

fn inside(document: &Value, condition: &str, blocks: &mut Vec<String>) {
    let mut held = |pointer: String| match document.pointer(&pointer) {
        Some(Value::Array(_)) => blocks.push(pointer),
        Some(Value::Object(_)) => blocks.push(format!("{pointer}/steps")),
        _ => {}
    };
    for name in ["then", "else", "switch/default"] {
        held(format!("{condition}/{name}"));
    }
    for list in ["switch/cases", "parallel/branches"] {
        let list = format!("{condition}/{list}");
        (0..length(at(document, &list))).for_each(|at| held(format!("{list}/{at}")));
    }
    for name in ["for_each", "loop"] {
        held(format!("{condition}/{name}"));
    }
}

fn length(list: &Value) -> usize {
    list.as_array().map_or(0, Vec::len)
}

/// The pointers of all steps.
#[must_use]
pub fn steps(document: &Value) -> Vec<String> {
    let of = |block: String| {
        let count = length(at(document, &block));
        (0..count).map(move |at| format!("{block}/{at}"))
    };
    blocks(document).into_iter().flat_map(of).collect()
}

/// All strings with expressions in them below a place, with their pointers; schemas are left out.
#[must_use]
pub fn strings(document: &Value, below: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut stack = vec![below.to_owned()];
    while let Some(pointer) = stack.pop() {
        match at(document, &pointer) {
            Value::String(text) if text.contains("${ ") => found.push((pointer, text.clone())),
            Value::Array(items) => stack.extend((0..items.len()).map(|at| format!("{pointer}/{at}"))),
            Value::Object(members) => {
                let names = members.keys().filter(|name| !matches!(name.as_str(), "schema" | "expect"));
                stack.extend(names.map(|name| format!("{pointer}/{}", escape(name))));
            }
            _ => {}
        }
    }
    found
}

/// A step's id.
#[must_use]
pub fn id(step: &Value) -> &str {
    step.get("id").and_then(Value::as_str).unwrap_or_default()
}

/// What action a step uses; empty where it is none.
#[must_use]
pub fn uses(step: &Value) -> &str {
    step.pointer("/action/use").and_then(Value::as_str).unwrap_or_default()
}

/// Whether a text reads a step.
#[must_use]
pub fn reads(text: &str, id: &str) -> bool {
    [format!("steps.{id}"), format!("steps.?{id}")].iter().any(|read| {
        text.match_indices(read.as_str()).any(|(at, _)| {
            !text[at + read.len()..].starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_')
        })
    })
}
