//! What an HTTP request may say: its path, which is `via.path`, the `path` of `http.request` and every argument whose
//! schema says `"format": "uri-path"`; and its headers.
//!
//! Validation says it of what is written out, flov7-connect of what is filled in, and both by these rules.

use serde_json::Value;

use crate::expr::pieces;

/// Why a path would be refused before anything is sent, if so.
///
/// It starts with one `/` and goes down only: no `\`, no control character, no `#`; each `%` is followed by two
/// hexadecimal digits; no segment is `.` or `..`, decodes to one or becomes one without what follows a `;`, since servers
/// and proxies resolve those; no segment but the last is empty, since that is what an empty value leaves behind. A query
/// may follow it.
///
/// ```
/// use flov7::catalog::path_fault;
///
/// assert_eq!(path_fault("/orders/7/lines?open=true"), None);
/// assert!(path_fault("/orders/%2e%2e").unwrap().contains("holds `.` or `..` as a segment"));
/// ```
#[must_use]
pub fn path_fault(text: &str) -> Option<String> {
    let path = text.split_once('?').map_or(text, |(path, _)| path);
    if !path.starts_with('/') {
        return Some("the path must start with `/`: it is appended to the binding's base_url".to_owned());
    }
    if path.starts_with("//") {
        return Some("the path starts with `//`, which would name another host".to_owned());
    }
    let fault = character_fault(text).or_else(|| path.split('/').find_map(segment_fault)).or_else(|| {
        let empty = path[1..].split('/').rev().skip(1).any(str::is_empty);
        empty.then_some("holds an empty segment (`//`): a value that fills it is empty")
    });
    fault.map(|fault| format!("the path {fault}"))
}

/// Why the path of a whole URL would be refused, if so: as [`path_fault`], but its segments may be empty.
#[must_use]
pub fn url_path_fault(text: &str) -> Option<String> {
    let path = text.split_once('?').map_or(text, |(path, _)| path);
    let fault = character_fault(text).or_else(|| path.split('/').find_map(segment_fault));
    fault.map(|fault| format!("the path {fault}"))
}

/// What neither a path nor a query holds.
pub(crate) fn character_fault(text: &str) -> Option<&'static str> {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().find_map(|(at, byte)| match byte {
        b'\\' => Some("holds `\\`, which some servers read as `/`"),
        b'#' => Some("holds `#`: a fragment is never sent; write %23 for the character"),
        0..=0x1F | 0x7F => Some("holds a line break or another control character"),
        b'%' => {
            let digits = bytes.get(at + 1..at + 3);
            let whole = digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
            (!whole).then_some("holds a `%` that two hexadecimal digits do not follow")
        }
        _ => None,
    })
}

/// What a segment holds that its text does not show at once: `.` or `..` for anyone who decodes it, however often, who
/// takes an encoded `/` or `\` for a separator, or who drops what follows a `;`; or an encoded control character, which
/// nobody means in a path.
fn segment_fault(segment: &str) -> Option<&'static str> {
    let mut bytes = segment.as_bytes().to_vec();
    let climbs = |part: &[u8]| {
        let name = part.split(|byte| *byte == b';').next().unwrap_or_default();
        name == b"." || name == b".."
    };
    // Each round shortens the text or is the last; eight is more than any chain of proxies decodes.
    for _ in 0..8 {
        if bytes.split(|byte| matches!(byte, b'/' | b'\\')).any(climbs) {
            return Some("holds `.` or `..` as a segment, which would leave it");
        }
        if bytes.iter().any(u8::is_ascii_control) {
            return Some("holds an encoded control character");
        }
        let decoded = decode(&bytes);
        if decoded.len() == bytes.len() {
            return None;
        }
        bytes = decoded;
    }
    Some("holds a segment that was encoded over and over")
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

/// Pointers to the arguments that are paths, in a schema of an action's input.
pub(crate) fn path_arguments(schema: &Value) -> Vec<String> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let paths = properties
        .into_iter()
        .flatten()
        .filter(|(_, argument)| argument.get("format").and_then(Value::as_str) == Some("uri-path"));
    paths.map(|(name, _)| format!("/{}", crate::json::escape(name))).collect()
}

/// Why a request of a step cannot have a header, if so; `value` where it is known. Upper case is as good as lower case.
#[must_use]
pub fn header_fault(name: &str, value: Option<&str>, connected: bool) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    // RFC 9110 §5.6.2: the characters of a token.
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) {
        return Some(format!("`{}` is no header's name", name.escape_debug()));
    }
    if let Some(why) = reserved_header(&lower) {
        return Some(format!("header `{lower}` cannot be set: {why}"));
    }
    if !connected && is_credential_header(&lower) {
        return Some(format!("header `{lower}` carries a credential, which needs a connection"));
    }
    // Visible ASCII, spaces and tabs: other bytes each server reads its own way.
    let plain = |byte: u8| matches!(byte, b'\t' | b' '..=b'~');
    let fits = value.is_none_or(|value| value.bytes().all(plain));
    (!fits).then(|| {
        format!("the value of header `{lower}` holds a line break, a control character or one beyond ASCII")
    })
}

/// Why nobody but the client sets this header (in lower case), if so: it frames the message, routes it or changes how
/// its answer is read (RFC 9110 §7.6.1 and RFC 9112 §6 name the framing ones).
#[must_use]
pub fn reserved_header(name: &str) -> Option<&'static str> {
    Some(match name {
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

/// Whether a header (in lower case) carries credentials by its name: a binding gives them through `auth`.
#[must_use]
pub fn is_credential_header(name: &str) -> bool {
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
    NAMES.contains(&name)
}

/// A text of a template with something in place of each expression.
pub(crate) struct Filled {
    pub(crate) text: String,
    /// Where the first expression stands in it, if there is one.
    pub(crate) first: Option<usize>,
}

impl Filled {
    /// Whether it starts with an expression.
    pub(crate) fn is_computed(&self) -> bool {
        self.first == Some(0)
    }
}

/// What stands for a value that is not known yet: two hexadecimal digits, so that it spoils no `%` before it.
const FILLING: &str = "aa";

/// Fills a text; nothing where a mark in it is never closed, which is found elsewhere. Whether what stands in the marks are
/// expressions is not looked at.
pub(crate) fn filled(text: &str) -> Option<Filled> {
    let mut filled = Filled { text: String::with_capacity(text.len()), first: None };
    pieces(text, &mut |literal| match literal {
        Some(literal) => filled.text.push_str(literal),
        None => {
            filled.first.get_or_insert(filled.text.len());
            filled.text.push_str(FILLING);
        }
    })?;
    Some(filled)
}
