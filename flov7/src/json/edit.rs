//! JSON Patch on the text of a document: what is not touched keeps every byte.

use serde_json::Value;

use super::{Document, PatchError, PatchOp, ReadLimits, Spans, apply, examine, pointer};

/// Applies a patch to a JSON text: all of it, or nothing. Whatever the patch does not name stays as it is, byte for byte;
/// what is added follows the white space of its neighbours, and a member that is moved within its object is renamed in
/// its place.
///
/// The text may be one with repeated members, as far as it can be read.
///
/// # Errors
/// The first operation that cannot be applied, or that leaves a text that cannot be read. One walk over the text for each
/// operation.
///
/// ```
/// use flov7::json::{PatchOp, edit};
///
/// let text = "{ \"id\": \"a\",\n  \"timeuot\": \"1h\" }";
/// let patch = [PatchOp::Move { from: "/timeuot".into(), path: "/timeout".into() }];
/// assert_eq!(edit(text, &patch).unwrap(), "{ \"id\": \"a\",\n  \"timeout\": \"1h\" }");
/// ```
pub fn edit(text: &str, patch: &[PatchOp]) -> Result<String, PatchError> {
    let mut text = text.to_owned();
    for (index, operation) in patch.iter().enumerate() {
        let fault = |message: String| PatchError { index, message };
        let Some(document) = examine(&text, &ReadLimits::default()).document else {
            return Err(fault("the text cannot be read".to_owned()));
        };
        // What holds for values holds for their texts: places that exist, no move of a value into itself.
        let mut expected = document.value.clone();
        apply(&mut expected, std::slice::from_ref(operation)).map_err(|error| fault(error.message))?;
        let edited = Edit { text: &text, document: &document }.step(operation).map_err(fault)?;
        let read = examine(&edited, &ReadLimits::default()).document;
        if !read.is_some_and(|read| super::equal(&read.value, &expected)) {
            return Err(fault("the place is not plain in this text".to_owned()));
        }
        text = edited;
    }
    Ok(text)
}

struct Edit<'t> {
    text: &'t str,
    document: &'t Document,
}

impl Edit<'_> {
    fn spans(&self) -> &Spans {
        &self.document.spans
    }

    fn step(&self, operation: &PatchOp) -> Result<String, String> {
        match operation {
            PatchOp::Test { .. } => Ok(self.text.to_owned()),
            PatchOp::Replace { path, value } => self.replace(path, value),
            PatchOp::Add { path, value } => self.add(path, value),
            PatchOp::Remove { path } => self.remove(path),
            PatchOp::Move { from, path } => {
                let (parent, _) = around(from);
                let (wanted, name) = around(path);
                let key = self.spans().key_of(from);
                match key.filter(|_| parent == wanted && self.spans().of(path).is_none()) {
                    Some(key) => Ok(self.spliced(key.start, key.end, &quoted(&pointer::unescape(name)))),
                    None => {
                        let value = super::get(&self.document.value, from).cloned().unwrap_or_default();
                        let without = self.remove(from)?;
                        let Some(document) = examine(&without, &ReadLimits::default()).document else {
                            return Err("the text cannot be read".to_owned());
                        };
                        Edit { text: &without, document: &document }.add(path, &value)
                    }
                }
            }
        }
    }

    fn spliced(&self, start: usize, end: usize, middle: &str) -> String {
        let (before, after) = (self.text.get(..start), self.text.get(end..));
        format!("{}{middle}{}", before.unwrap_or_default(), after.unwrap_or_default())
    }

    fn replace(&self, path: &str, value: &Value) -> Result<String, String> {
        let span = self.spans().of(path).ok_or_else(|| nothing(path))?;
        Ok(self.spliced(span.start, span.end, &written(value)))
    }

    fn add(&self, path: &str, value: &Value) -> Result<String, String> {
        let (parent, token) = around(path);
        let inside = super::get(&self.document.value, parent).ok_or_else(|| nothing(parent))?;
        let whole = self.spans().of(parent).ok_or_else(|| nothing(parent))?;
        match inside {
            Value::Object(_) if self.spans().of(path).is_some() => self.replace(path, value),
            Value::Object(members) => {
                let new = format!("{}: {}", quoted(&pointer::unescape(token)), written(value));
                Ok(self.inserted(whole.start, whole.end, members.is_empty(), &new))
            }
            Value::Array(items) => {
                let at = if token == "-" { Some(items.len()) } else { pointer::index(token) };
                match at.filter(|at| *at < items.len()) {
                    Some(at) => {
                        let next = self.spans().of(&format!("{parent}/{at}")).ok_or_else(|| nothing(path))?;
                        let space = self.space_before(next.start);
                        Ok(self.spliced(next.start, next.start, &format!("{},{space}", written(value))))
                    }
                    None => Ok(self.inserted(whole.start, whole.end, items.is_empty(), &written(value))),
                }
            }
            _ => Err(format!("`{parent}` is neither a list nor an object")),
        }
    }

    /// A new last part of the list or object between those bytes.
    fn inserted(&self, start: usize, end: usize, empty: bool, new: &str) -> String {
        if empty {
            let pad = if self.text.get(start..start + 1) == Some("{") { " " } else { "" };
            return self.spliced(start + 1, end - 1, &format!("{pad}{new}{pad}"));
        }
        // The first part stands behind the same white space as the others, where they stand on lines of their own.
        let inside = self.text.get(start + 1..end - 1).unwrap_or_default();
        let space = &inside[..inside.len() - inside.trim_start().len()];
        let space = if space.contains('\n') { space } else { " " };
        let last = start + 1 + inside.trim_end().len();
        self.spliced(last, last, &format!(",{space}{new}"))
    }

    /// The white space before a part, to be put before the next.
    fn space_before(&self, at: usize) -> &str {
        let before = self.text.get(..at).unwrap_or_default();
        let space = &before[before.trim_end().len()..];
        if space.is_empty() { " " } else { space }
    }

    fn remove(&self, path: &str) -> Result<String, String> {
        let value = self.spans().of(path).ok_or_else(|| nothing(path))?;
        if path.is_empty() {
            return Ok(self.spliced(value.start, value.end, "null"));
        }
        let start = self.spans().key_of(path).map_or(value.start, |key| key.start);
        let after = self.text.get(value.end..).unwrap_or_default();
        let before = self.text.get(..start).unwrap_or_default();
        let next = after.trim_start();
        if let Some(rest) = next.strip_prefix(',') {
            // The next part takes its place.
            let end = self.text.len() - rest.trim_start().len();
            return Ok(self.spliced(start, end, ""));
        }
        match before.trim_end().strip_suffix(',') {
            Some(kept) => Ok(self.spliced(kept.len(), value.end, "")),
            // The only part.
            None => Ok(self.spliced(before.trim_end().len(), self.text.len() - next.len(), "")),
        }
    }
}

fn nothing(path: &str) -> String {
    format!("there is nothing at `{path}`")
}

/// The pointer to the value around, and the last token.
fn around(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", ""))
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A value on one line, with a little air. Recursion is bounded: a value that was read nests at most 256 deep.
fn written(value: &Value) -> String {
    match value {
        Value::Array(items) if !items.is_empty() => {
            format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", "))
        }
        Value::Object(members) if !members.is_empty() => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_unstable_by_key(|(name, _)| *name);
            let members: Vec<String> =
                sorted.iter().map(|(name, value)| format!("{}: {}", quoted(name), written(value))).collect();
            format!("{{ {} }}", members.join(", "))
        }
        other => super::canonical(other),
    }
}
