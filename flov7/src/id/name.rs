//! Names that people write: steps, workflows, namespaces, secrets.

use std::sync::Arc;

use schemars::json_schema;

use super::{IdError, text_id};

/// Words that the CEL grammar keeps for itself: its literals and `in`, and the reserved identifiers of the
/// language definition (<https://github.com/google/cel-spec/blob/master/doc/langdef.md>, "Syntax"). Sorted.
pub const RESERVED_WORDS: &[&str] = &[
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "return",
    "true",
    "var",
    "void",
    "while",
];

/// Whether a text is one of [`RESERVED_WORDS`], told by its length and letters at once: every name is asked.
pub(crate) fn is_reserved_word(text: &str) -> bool {
    matches!(
        text,
        "as" | "break"
            | "const"
            | "continue"
            | "else"
            | "false"
            | "for"
            | "function"
            | "if"
            | "import"
            | "in"
            | "let"
            | "loop"
            | "namespace"
            | "null"
            | "package"
            | "return"
            | "true"
            | "var"
            | "void"
            | "while"
    )
}

/// Whether a text is one of [`ROOTS`].
fn is_root(text: &str) -> bool {
    matches!(text, "error" | "execution" | "index" | "input" | "item" | "now" | "state" | "steps" | "trigger")
}

/// The roots that an expression may start from; no name may hide one. Sorted.
pub const ROOTS: &[&str] =
    &["error", "execution", "index", "input", "item", "now", "state", "steps", "trigger"];

/// The id of a step, connection, trigger, signal, type, case or branch, or the name that `as` gives:
/// `[a-z][a-z0-9_]{0,47}`, none of [`RESERVED_WORDS`], none of [`ROOTS`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

impl Name {
    /// The longest name, in bytes.
    pub const MAX_BYTES: usize = 48;

    /// Checks `text` and takes it.
    ///
    /// # Errors
    /// When a character is not allowed, the text is empty or longer than 48 bytes, or the word is taken.
    pub fn parse(text: &str) -> Result<Name, IdError> {
        Name::check(text)?;
        Ok(Name(text.into()))
    }

    /// Checks `text` alone.
    pub(crate) fn check(text: &str) -> Result<(), IdError> {
        check(text, Self::MAX_BYTES, "a name", is_word)?;
        if is_reserved_word(text) {
            return Err(IdError::of(text, "cannot be a name: expressions reserve this word"));
        }
        if is_root(text) {
            return Err(IdError::of(text, "cannot be a name: expressions already start from it"));
        }
        Ok(())
    }
}

text_id!(
    Name,
    json_schema!({
        "type": "string",
        "pattern": "^[a-z][a-z0-9_]{0,47}$",
        "not": { "enum": RESERVED_WORDS.iter().chain(ROOTS).collect::<Vec<_>>() }
    })
);

/// The name of a workflow: `[a-z][a-z0-9_.-]{0,127}`. Expressions never mention it, so no word is reserved.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkflowName(Arc<str>);

impl WorkflowName {
    /// The longest workflow name, in bytes.
    pub const MAX_BYTES: usize = 128;

    /// Checks `text` and takes it.
    ///
    /// # Errors
    /// When a character is not allowed, or the text is empty or longer than 128 bytes.
    pub fn parse(text: &str) -> Result<WorkflowName, IdError> {
        check(text, Self::MAX_BYTES, "a workflow name", |byte| is_word(byte) || matches!(byte, b'-' | b'.'))?;
        Ok(WorkflowName(text.into()))
    }
}

text_id!(WorkflowName, json_schema!({ "type": "string", "pattern": "^[a-z][a-z0-9_.-]{0,127}$" }));

/// A tenant's space: `[a-z][a-z0-9_-]{0,62}`; [`Namespace::default`] is `default`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace(Arc<str>);

impl Namespace {
    /// The longest namespace, in bytes.
    pub const MAX_BYTES: usize = 63;

    /// Checks `text` and takes it.
    ///
    /// # Errors
    /// When a character is not allowed, or the text is empty or longer than 63 bytes.
    pub fn parse(text: &str) -> Result<Namespace, IdError> {
        check(text, Self::MAX_BYTES, "a namespace", |byte| is_word(byte) || byte == b'-')?;
        Ok(Namespace(text.into()))
    }
}

impl Default for Namespace {
    fn default() -> Namespace {
        Namespace("default".into())
    }
}

text_id!(Namespace, json_schema!({ "type": "string", "pattern": "^[a-z][a-z0-9_-]{0,62}$" }));

/// The name of a secret, as bindings mention it: `[A-Z][A-Z0-9_]{0,63}`. Never its value; an error does not
/// repeat the text, because people paste the value where the name belongs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretName(Arc<str>);

impl SecretName {
    /// The longest secret name, in bytes.
    pub const MAX_BYTES: usize = 64;

    /// Checks `text` and takes it.
    ///
    /// # Errors
    /// When the text is not a name of this form.
    pub fn parse(text: &str) -> Result<SecretName, IdError> {
        let rest = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        let fits = text.len() <= Self::MAX_BYTES
            && text.as_bytes().first().is_some_and(u8::is_ascii_uppercase)
            && text.bytes().all(rest);
        if !fits {
            return Err(IdError::silent(
                "not the name of a secret: a capital letter, then at most 63 capital letters, digits and `_`; \
                 the value itself belongs into the secret store",
            ));
        }
        Ok(SecretName(text.into()))
    }
}

text_id!(SecretName, json_schema!({ "type": "string", "pattern": "^[A-Z][A-Z0-9_]{0,63}$" }));

fn is_word(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'
}

/// A lower-case letter, then bytes that `allowed` takes, at most `max` in all.
fn check(text: &str, max: usize, what: &str, allowed: impl Fn(u8) -> bool) -> Result<(), IdError> {
    let Some(first) = text.chars().next() else {
        return Err(IdError::silent(format!("{what} cannot be empty")));
    };
    if text.len() > max {
        return Err(IdError::of(text, format!("is longer than the {max} characters of {what}")));
    }
    if !first.is_ascii_lowercase() {
        let found = if first.is_ascii() { String::new() } else { format!(", found {}", named(first)) };
        let message = format!("is not {what}: it starts with a letter from a to z{found}");
        return Err(IdError::of(text, message));
    }
    if text.bytes().all(&allowed) {
        return Ok(());
    }
    if let Some(wrong) = text.chars().find(|c| !u8::try_from(*c).is_ok_and(&allowed)) {
        return Err(IdError::of(text, format!("is not {what}: {} is not allowed in it", named(wrong))));
    }
    Ok(())
}

/// A character as it can be told from those that look like it: beyond ASCII with its number.
pub(crate) fn named(character: char) -> String {
    if character.is_ascii() {
        format!("{character:?}")
    } else {
        format!("{character:?} (U+{:04X})", u32::from(character))
    }
}
