//! From what a step says to the URL that is asked for.

use flov7::catalog::{path_fault, url_path_fault};
use flov7::json::number_text;
use reqwest::Url;
use serde_json::{Map, Value};

use super::settings::Base;

/// The longest URL that is sent: what common servers take.
const MAX_URL: usize = 8 * 1024;

/// The URL of a path below a base.
///
/// The path was filled in by the time it comes here, so it is judged as a hostile one, by [`path_fault`]. A query may
/// be written into it.
///
/// # Errors
/// Why it is refused.
pub(crate) fn below(base: &Base, path: &str, query: Option<&Map<String, Value>>) -> Result<Url, String> {
    if let Some(fault) = path_fault(path) {
        return Err(fault);
    }
    let (path, written) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let encoded = encode_path(path);
    let full = format!("{}{encoded}", base.path);
    let mut text = format!("{}{full}", base.origin);
    if let Some(written) = written {
        text.push('?');
        text.push_str(&encode_query(written));
    }
    let url = finish(&text, query)?;
    // The parser normalises; what passed the rules above is normal already, so a difference is a way around them.
    if url.path() != full || url.origin().ascii_serialization() != base.origin {
        return Err("`path` is read as another path".to_owned());
    }
    Ok(url)
}

/// The URL of a step without a connection: `http://` or `https://`, no user, no fragment, otherwise judged as a path
/// is.
///
/// # Errors
/// Why it is refused.
pub(crate) fn anywhere(text: &str, query: Option<&Map<String, Value>>) -> Result<Url, String> {
    let authority = ["http://", "https://"].iter().find_map(|scheme| {
        let (start, rest) = text.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    });
    let Some(rest) = authority else {
        return Err("`url` must start with `https://` or `http://`".to_owned());
    };
    let (before, written) =
        rest.split_once('?').map_or((rest, None), |(before, query)| (before, Some(query)));
    let (host, path) = before.find('/').map_or((before, "/"), |at| before.split_at(at));
    if host.is_empty() {
        return Err("`url` has no host".to_owned());
    }
    if host.contains('@') {
        return Err("`url` holds a user: credentials need a connection".to_owned());
    }
    if let Some(wrong) = host.chars().find(|c| c.is_control() || c.is_whitespace() || "\\#%".contains(*c)) {
        return Err(format!("the host of `url` holds {wrong:?}"));
    }
    if let Some(fault) = url_path_fault(&rest[host.len()..]) {
        return Err(fault);
    }
    let encoded = encode_path(path);
    let mut whole = text[..text.len() - rest.len()].to_ascii_lowercase();
    whole.push_str(host);
    whole.push_str(&encoded);
    if let Some(written) = written {
        whole.push('?');
        whole.push_str(&encode_query(written));
    }
    let url = finish(&whole, query)?;
    if url.path() != encoded {
        return Err("the path of `url` is read as another path".to_owned());
    }
    Ok(url)
}

/// Appends the members of `query` and parses.
fn finish(text: &str, query: Option<&Map<String, Value>>) -> Result<Url, String> {
    let mut text = text.to_owned();
    for (name, value) in pairs(query)? {
        text.push(if text.contains('?') { '&' } else { '?' });
        push_encoded(&mut text, &name);
        text.push('=');
        push_encoded(&mut text, &value);
    }
    if text.len() > MAX_URL {
        return Err(format!("the URL is longer than {MAX_URL} bytes"));
    }
    Url::parse(&text).map_err(|error| format!("no valid URL: {error}"))
}

/// The members of a query as pairs, in the order of their names; a list gives a pair for each item; null omits.
fn pairs(query: Option<&Map<String, Value>>) -> Result<Vec<(String, String)>, String> {
    let mut members: Vec<(&String, &Value)> = query.into_iter().flatten().collect();
    // Sorted also where another crate turned on ordered maps: a repeat must send the same bytes.
    members.sort_unstable_by_key(|(name, _)| *name);
    let mut pairs = Vec::new();
    for (name, value) in members {
        let items = match value {
            Value::Array(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        for item in items {
            let text = match item {
                Value::Null => continue,
                Value::Bool(truth) => truth.to_string(),
                Value::Number(number) => number_text(number),
                Value::String(text) => text.clone(),
                Value::Array(_) | Value::Object(_) => {
                    return Err(format!(
                        "`query` member `{}` must be a scalar or a list of scalars",
                        name.escape_debug()
                    ));
                }
            };
            pairs.push((name.clone(), text));
        }
    }
    Ok(pairs)
}

/// A path with everything encoded that a path cannot hold.
fn encode_path(path: &str) -> String {
    // RFC 3986 §3.3: pchar and `/`.
    encode(path, b"/-._~!$&'()*+,;=:@%")
}

/// A query as it was written, with everything encoded that a query cannot hold.
fn encode_query(query: &str) -> String {
    // RFC 3986 §3.4, without `'`, which the URL parser would encode.
    encode(query, b"/-._~!$&()*+,;=:@?%")
}

fn encode(text: &str, plain: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            push_percent(&mut encoded, byte);
        }
    }
    encoded
}

/// Appends text with everything encoded but the unreserved characters of RFC 3986 §2.3: safe in any part of a URL.
pub(crate) fn push_encoded(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            push_percent(out, byte);
        }
    }
}

fn push_percent(out: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    out.push(char::from(DIGITS[usize::from(byte >> 4)]));
    out.push(char::from(DIGITS[usize::from(byte & 15)]));
}
