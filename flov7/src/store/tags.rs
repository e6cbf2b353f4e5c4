//! Tags: what an execution can be found by, beside its workflow and what it is doing.

use std::collections::BTreeMap;

use crate::error::{Error, ErrorKind};

/// How many tags an execution may have.
pub const TAGS: usize = 16;

/// The longest name of a tag, in bytes.
pub const TAG_NAME_BYTES: usize = 64;

/// The longest value of a tag, in bytes.
pub const TAG_VALUE_BYTES: usize = 256;

/// What every store checks of tags. Tags are plain text in the store and in listings: nothing secret belongs there.
///
/// # Errors
/// `Invalid` where there are more than [`TAGS`]; where a name is not one of up to [`TAG_NAME_BYTES`] letters, digits and
/// `_ . -` that begins with a letter; where a value has more than [`TAG_VALUE_BYTES`] bytes or holds control characters.
pub fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), Error> {
    let invalid = |message: String| Err(Error::new(ErrorKind::Invalid, message));
    if tags.len() > TAGS {
        return invalid(format!("an execution has at most {TAGS} tags, not {}", tags.len()));
    }
    for (name, value) in tags {
        let named = name.len() <= TAG_NAME_BYTES
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
        if !named {
            return invalid(format!(
                "a tag's name has 1 to {TAG_NAME_BYTES} letters, digits and _ . -, and begins with a letter"
            ));
        }
        if value.len() > TAG_VALUE_BYTES || value.chars().any(char::is_control) {
            return invalid(format!(
                "the tag `{name}` may have {TAG_VALUE_BYTES} bytes without control characters"
            ));
        }
    }
    Ok(())
}
