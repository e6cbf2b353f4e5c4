//! Which headers a step, a binding and the client itself may set.

use flov7::catalog::{header_fault, is_credential_header, reserved_header};
use reqwest::header::{HeaderName, HeaderValue};

/// Why nobody but the client sets this header, if so.
pub(crate) fn reserved(name: &HeaderName) -> Option<&'static str> {
    reserved_header(name.as_str())
}

/// Headers that carry credentials by their name: a binding gives them through `auth`.
pub(crate) fn is_credential(name: &HeaderName) -> bool {
    is_credential_header(name.as_str())
}

/// Whether a header's value starts as the two schemes that every client knows.
pub(crate) fn looks_like_credential(value: &str) -> bool {
    let scheme = value.split_ascii_whitespace().next().unwrap_or_default();
    value.contains(' ') && (scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("basic"))
}

/// A header's value: visible ASCII, spaces and tabs. The header type itself would let other bytes through, which each
/// server reads its own way.
pub(crate) fn value(text: &str) -> Option<HeaderValue> {
    if text.is_ascii() { HeaderValue::from_str(text).ok() } else { None }
}

/// Takes a header that a step sets. `held` are the names that the binding sets.
///
/// # Errors
/// A sentence without the value.
pub(crate) fn of_step(
    name: &str,
    value: &str,
    held: &[HeaderName],
    bound: bool,
) -> Result<(HeaderName, HeaderValue), String> {
    if let Some(fault) = header_fault(name, Some(value), bound) {
        return Err(fault);
    }
    // In lower case, whatever the step wrote.
    let name = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| format!("`{}` is no header's name", name.escape_debug()))?;
    if held.contains(&name) {
        return Err(format!("header `{name}` is set by the connection's binding"));
    }
    let value = self::value(value).ok_or_else(|| format!("header `{name}` cannot have this value"))?;
    Ok((name, value))
}
