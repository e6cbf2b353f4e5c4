//! Which headers a step, a binding and the client itself may set.

use reqwest::header::{HeaderName, HeaderValue};

/// Why nobody but the client sets this header, if so: it frames the message, routes it or changes how its answer is
/// read (RFC 9110 §7.6.1 and RFC 9112 §6 name the framing ones).
pub(crate) fn reserved(name: &HeaderName) -> Option<&'static str> {
    Some(match name.as_str() {
        "host" => "it is made from the URL",
        "content-length" | "transfer-encoding" | "trailer" | "te" | "expect" => "it frames the message",
        "connection" | "keep-alive" | "upgrade" | "proxy-connection" | "http2-settings" => {
            "it belongs to the connection"
        }
        "proxy-authorization" | "proxy-authenticate" => "there is no proxy",
        "accept-encoding" => "answers are taken uncompressed, so that their size is known",
        _ => return None,
    })
}

/// Headers that carry credentials by their name: a binding gives them through `auth`.
pub(crate) fn is_credential(name: &HeaderName) -> bool {
    const NAMES: &[&str] = &[
        "api-key",
        "apikey",
        "authorization",
        "cookie",
        "private-token",
        "x-access-token",
        "x-api-key",
        "x-auth-token",
        "x-vault-token",
    ];
    NAMES.contains(&name.as_str())
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
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(format!("header `{}` must be written in lower case", name.escape_debug()));
    }
    let name = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| format!("`{}` is no header's name", name.escape_debug()))?;
    if let Some(why) = reserved(&name) {
        return Err(format!("header `{name}` cannot be set: {why}"));
    }
    if held.contains(&name) {
        return Err(format!("header `{name}` is set by the connection's binding"));
    }
    if !bound && is_credential(&name) {
        return Err(format!("header `{name}` carries a credential, which needs a connection"));
    }
    let value = self::value(value).ok_or_else(|| {
        format!("the value of header `{name}` holds a line break, a control character or one beyond ASCII")
    })?;
    Ok((name, value))
}
