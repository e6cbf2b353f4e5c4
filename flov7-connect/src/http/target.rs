//! From what a step says to the URL that is asked for.

use flov7::json::number_text;
use reqwest::Url;
use serde_json::{Map, Value};

use super::settings::Base;

/// The longest URL that is sent: what common servers take.
const MAX_URL: usize = 8 * 1024;

/// The URL of a path below a base.
///
/// The path was filled in by the time it comes here, so it is judged as a hostile one: it starts with one `/`; no
/// `\`, no control character, no `#`; no segment that is `.` or `..` or decodes to one, since servers and proxies
/// resolve those; no empty segment but the last, since that is what an empty value leaves behind. A query may be
/// written into it.
///
/// # Errors
/// Why it is refused.
pub(crate) fn below(base: &Base, path: &str, query: Option<&Map<String, Value>>) -> Result<Url, String> {
    let (path, written) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    if !path.starts_with('/') {
        return Err("`path` must start with `/`: it is appended to the binding's base_url".to_owned());
    }
    if path.starts_with("//") {
        return Err("`path` starts with `//`, which would name another host".to_owned());
    }
    let encoded = encode_path(path)?;
    if encoded[1..].split('/').rev().skip(1).any(str::is_empty) {
        return Err("`path` holds an empty segment (`//`): a value that fills it is empty".to_owned());
    }
    let full = format!("{}{encoded}", base.path);
    let mut text = format!("{}{full}", base.origin);
    if let Some(written) = written {
        text.push('?');
        text.push_str(&encode_query(written)?);
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
    let encoded = encode_path(path)?;
    let mut whole = text[..text.len() - rest.len()].to_ascii_lowercase();
    whole.push_str(host);
    whole.push_str(&encoded);
    if let Some(written) = written {
        whole.push('?');
        whole.push_str(&encode_query(written)?);
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

/// A path with everything encoded that a path cannot hold, or the reason why it is refused.
fn encode_path(path: &str) -> Result<String, String> {
    // RFC 3986 §3.3: pchar and `/`.
    let encoded = encode(path, b"/-._~!$&'()*+,;=:@", "path")?;
    match encoded.split('/').find_map(hidden) {
        Some(what) => Err(format!("the path holds {what}")),
        None => Ok(encoded),
    }
}

/// A query as it was written, with everything encoded that a query cannot hold.
fn encode_query(query: &str) -> Result<String, String> {
    // RFC 3986 §3.4, without `'`, which the URL parser would encode.
    encode(query, b"/-._~!$&()*+,;=:@?", "query")
}

fn encode(text: &str, plain: &[u8], what: &str) -> Result<String, String> {
    let mut encoded = String::with_capacity(text.len());
    let bytes = text.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'\\' => return Err(format!("the {what} holds `\\`, which some servers read as `/`")),
            b'#' => {
                return Err(format!(
                    "the {what} holds `#`: a fragment is never sent; write %23 for the character"
                ));
            }
            0..=0x1F | 0x7F => {
                return Err(format!("the {what} holds a line break or another control character"));
            }
            b'%' => {
                let digits = bytes.get(at + 1..at + 3);
                if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    return Err(format!("the {what} holds a `%` that two hexadecimal digits do not follow"));
                }
                encoded.push('%');
            }
            _ if byte.is_ascii_alphanumeric() || plain.contains(&byte) => encoded.push(char::from(byte)),
            _ => push_percent(&mut encoded, byte),
        }
    }
    Ok(encoded)
}

/// What a segment holds that its text does not show at once: `.` or `..` for anyone who decodes it, however often, or
/// who takes an encoded `/` or `\` for a separator; or an encoded control character, which nobody means in a path.
fn hidden(segment: &str) -> Option<&'static str> {
    let mut bytes = segment.as_bytes().to_vec();
    // Each round shortens the text or is the last; eight is more than any chain of proxies decodes.
    for _ in 0..8 {
        if bytes.split(|byte| matches!(byte, b'/' | b'\\')).any(|part| part == b"." || part == b"..") {
            return Some("`.` or `..` as a segment, which would leave it");
        }
        if bytes.iter().any(u8::is_ascii_control) {
            return Some("an encoded control character");
        }
        let decoded = decode(&bytes);
        if decoded.len() == bytes.len() {
            return None;
        }
        bytes = decoded;
    }
    Some("a segment that was encoded over and over")
}

fn decode(bytes: &[u8]) -> Vec<u8> {
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                // Two hexadecimal digits make a byte.
                decoded.push(u8::try_from(high << 4 | low).unwrap_or(b'?'));
                at += 3;
            }
            (byte, ..) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
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
