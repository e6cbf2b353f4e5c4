//! Making a document that shows something smaller, as long as it shows the same.

use flov7::json::escape;
use serde_json::{Value, json};

/// The most documents that are tried.
const MOST_TRIES: u32 = 600;

/// A smaller document with the first of these complaints. `check` says what is wrong with a document.
#[must_use]
pub fn shrink(document: &Value, complaints: &[String], check: &dyn Fn(&Value) -> Vec<String>) -> Value {
    let Some(wanted) = complaints.first().map(|first| kind_of(first)) else { return document.clone() };
    let same = |document: &Value| {
        let found = check(document);
        !found.is_empty() && found.iter().all(|complaint| kind_of(complaint) == wanted)
    };
    let mut best = document.clone();
    if !same(&best) {
        return best;
    }
    let mut tries = 0;
    loop {
        let mut smaller = None;
        for candidate in candidates(&best) {
            tries += 1;
            if tries > MOST_TRIES {
                return best;
            }
            if same(&candidate) {
                smaller = Some(candidate);
                break;
            }
        }
        match smaller {
            Some(smaller) => best = smaller,
            None => return best,
        }
    }
}

/// What a complaint is about, without the places in it.
fn kind_of(complaint: &str) -> String {
    match complaint.strip_prefix("refused: ").and_then(|rest| Some((rest, rest.split_once(": ")?.1))) {
        // The code and the message; where it stands changes with what is left out before it.
        Some((rest, message)) => format!("{} {message}", rest.split(' ').next().unwrap_or_default()),
        None => complaint[..complaint.find([':', '`']).unwrap_or(complaint.len())].to_owned(),
    }
}

/// Documents that lack one part of this one, the larger parts first.
fn candidates(document: &Value) -> Vec<Value> {
    let mut places: Vec<(usize, String)> = Vec::new();
    let mut stack = vec![String::new()];
    while let Some(pointer) = stack.pop() {
        let value = document.pointer(&pointer).unwrap_or(&Value::Null);
        // What the world was made for stays as it is.
        let kept = ["/input", "/types", "/signals", "/connections"];
        if kept.contains(&pointer.as_str()) {
            continue;
        }
        if !pointer.is_empty() {
            places.push((value.to_string().len(), pointer.clone()));
        }
        match value {
            Value::Array(items) => stack.extend((0..items.len()).map(|at| format!("{pointer}/{at}"))),
            Value::Object(members) => {
                stack.extend(members.keys().map(|name| format!("{pointer}/{}", escape(name))))
            }
            _ => {}
        }
    }
    places.sort_by(|a, b| b.cmp(a));
    let mut candidates = Vec::new();
    for (_, pointer) in places {
        candidates.extend(without(document, &pointer));
        if matches!(document.pointer(&pointer), Some(Value::String(text)) if text.contains("${")) {
            candidates.extend([json!(0), json!("a"), json!([]), json!(true)].map(|simple| {
                let mut changed = document.clone();
                if let Some(place) = changed.pointer_mut(&pointer) {
                    *place = simple;
                }
                changed
            }));
        }
    }
    candidates
}

fn without(document: &Value, pointer: &str) -> Option<Value> {
    let (around, last) = pointer.rsplit_once('/')?;
    let mut changed = document.clone();
    match changed.pointer_mut(around)? {
        Value::Array(items) => {
            items.remove(last.parse().ok()?);
        }
        Value::Object(members) => {
            members.remove(&last.replace("~1", "/").replace("~0", "~"))?;
        }
        _ => return None,
    }
    Some(changed)
}
