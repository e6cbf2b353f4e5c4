//! JSON Patch (RFC 6902) for the fixes that findings carry.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::pointer;

/// One operation of a patch: all of RFC 6902 but `copy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "op", rename_all = "lowercase", deny_unknown_fields)]
pub enum PatchOp {
    /// Adds a member (replacing one of that name), or inserts an item before the index (`-`: at the end).
    Add {
        /// Where the value will be.
        path: String,
        /// The value.
        value: Value,
    },
    /// Replaces a value that exists.
    Replace {
        /// Where the value is.
        path: String,
        /// The new value.
        value: Value,
    },
    /// Removes a value that exists.
    Remove {
        /// Where the value is.
        path: String,
    },
    /// Moves a value that exists to a place outside itself.
    Move {
        /// Where the value is.
        from: String,
        /// Where it will be.
        path: String,
    },
    /// Fails unless the value is there and equal.
    Test {
        /// Where the value is.
        path: String,
        /// What it must equal.
        value: Value,
    },
}

/// Which operation of a patch could not be applied, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("operation {index} of the patch: {message}")]
pub struct PatchError {
    /// The operation, counted from 0.
    pub index: usize,
    /// Why, as a lower-case sentence.
    pub message: String,
}

/// Applies a patch: all of it, or nothing.
///
/// # Errors
/// The first operation that cannot be applied; `value` is unchanged then.
pub fn apply(value: &mut Value, patch: &[PatchOp]) -> Result<(), PatchError> {
    let mut changed = value.clone();
    for (index, operation) in patch.iter().enumerate() {
        step(&mut changed, operation).map_err(|message| PatchError { index, message })?;
    }
    *value = changed;
    Ok(())
}

fn step(value: &mut Value, operation: &PatchOp) -> Result<(), String> {
    match operation {
        PatchOp::Add { path, value: new } => add(value, path, new.clone()),
        PatchOp::Replace { path, value: new } => {
            *find(value, path)? = new.clone();
            Ok(())
        }
        PatchOp::Remove { path } => remove(value, path).map(drop),
        PatchOp::Move { from, path } => {
            if path.strip_prefix(from.as_str()).is_some_and(|rest| rest.starts_with('/')) {
                return Err(format!("`{from}` cannot move into itself"));
            }
            let moved = remove(value, from)?;
            add(value, path, moved)
        }
        PatchOp::Test { path, value: expected } => {
            if super::equal(find(value, path)?, expected) {
                Ok(())
            } else {
                Err(format!("the value at `{path}` is another one"))
            }
        }
    }
}

fn add(value: &mut Value, path: &str, new: Value) -> Result<(), String> {
    let Some((parent, token)) = split(path)? else {
        *value = new;
        return Ok(());
    };
    match find(value, parent)? {
        Value::Object(members) => {
            members.insert(pointer::unescape(token).into_owned(), new);
            Ok(())
        }
        Value::Array(items) => {
            let at = if token == "-" { Some(items.len()) } else { pointer::index(token) };
            match at.filter(|at| *at <= items.len()) {
                Some(at) => {
                    items.insert(at, new);
                    Ok(())
                }
                None => Err(format!("`{path}` is no place in that list")),
            }
        }
        _ => Err(format!("`{parent}` is neither a list nor an object")),
    }
}

fn remove(value: &mut Value, path: &str) -> Result<Value, String> {
    let missing = || format!("there is nothing at `{path}`");
    let Some((parent, token)) = split(path)? else { return Ok(std::mem::take(value)) };
    match find(value, parent)? {
        Value::Object(members) => members.remove(&*pointer::unescape(token)).ok_or_else(missing),
        Value::Array(items) => match pointer::index(token).filter(|at| *at < items.len()) {
            Some(at) => Ok(items.remove(at)),
            None => Err(missing()),
        },
        _ => Err(missing()),
    }
}

fn find<'v>(value: &'v mut Value, path: &str) -> Result<&'v mut Value, String> {
    let missing = || format!("there is nothing at `{path}`");
    split(path)?;
    pointer::tokens(path).try_fold(value, |value, token| match value {
        Value::Object(members) => members.get_mut(&*token).ok_or_else(missing),
        Value::Array(items) => pointer::index(&token).and_then(|at| items.get_mut(at)).ok_or_else(missing),
        _ => Err(missing()),
    })
}

/// The pointer to the value around, and the last token; none for the root.
fn split(path: &str) -> Result<Option<(&str, &str)>, String> {
    if path.is_empty() {
        return Ok(None);
    }
    if !path.starts_with('/') {
        return Err(format!("`{path}` is no JSON Pointer"));
    }
    Ok(path.rsplit_once('/'))
}
