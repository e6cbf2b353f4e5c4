//! Reading what came back: never more than the cap, and as what it says it is.

use flov7::json::{BigNumbers, ReadLimits, canonical_size, read};
use reqwest::Response;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout_at};

use super::scrub::Scrub;
use super::transport::reason;

/// How much of a failure's body is read and told.
pub(crate) const FAILURE_BYTES: usize = 8 * 1024;

/// A body as far as it was read.
pub(crate) struct Bytes {
    pub(crate) bytes: Vec<u8>,
    pub(crate) end: End,
}

/// How reading a body ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With its last byte.
    Whole,
    /// At the cap; there is more.
    TooLarge,
    /// The connection broke or time ran out.
    Broken(String),
}

/// Reads the body, at most `cap` bytes. Nothing is decompressed, so a byte read is a byte held.
pub(crate) async fn body(response: &mut Response, cap: usize, deadline: Instant) -> Bytes {
    let mut bytes = Vec::new();
    let end = loop {
        match timeout_at(deadline, response.chunk()).await {
            Err(_) => break End::Broken("the answer took too long".to_owned()),
            Ok(Err(error)) => break End::Broken(reason(&error)),
            Ok(Ok(None)) => break End::Whole,
            Ok(Ok(Some(chunk))) => {
                let room = cap - bytes.len();
                if chunk.len() > room {
                    bytes.extend_from_slice(&chunk[..room]);
                    break End::TooLarge;
                }
                bytes.extend_from_slice(&chunk);
            }
        }
    };
    Bytes { bytes, end }
}

/// The headers as a step reads them: names in lower case, repeats joined by `, `, bytes beyond UTF-8 replaced.
pub(crate) fn headers(headers: &HeaderMap) -> Map<String, Value> {
    let joined = |name| {
        let values = headers.get_all(name).iter();
        values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect::<Vec<_>>().join(", ")
    };
    headers.keys().map(|name| (name.as_str().to_owned(), Value::from(joined(name)))).collect()
}

/// Why a body cannot be a value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// The value of a whole body: JSON where the content type says so, else text; null when empty.
pub(crate) fn value(
    bytes: Vec<u8>,
    headers: &HeaderMap,
    big_numbers: BigNumbers,
) -> Result<Value, Unreadable> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    if let Some(encoding) = foreign_encoding(headers) {
        return Err(Unreadable {
            code: "http.not_text",
            message: format!("the answer is encoded as `{encoding}`, which was not asked for"),
        });
    }
    let text = String::from_utf8(bytes).map_err(|error| Unreadable {
        code: "http.not_text",
        message: format!("the answer is not UTF-8 (byte {})", error.utf8_error().valid_up_to()),
    })?;
    if !is_json(headers) {
        return Ok(Value::String(text));
    }
    let limits = ReadLimits::default().with_bytes(text.len()).with_big_numbers(big_numbers);
    read(&text, &limits).map_err(|fault| Unreadable {
        code: "http.not_json",
        message: match (fault.code, big_numbers) {
            ("number-range", BigNumbers::Error) => {
                format!("the answer holds a number that is too big: {fault}; big_numbers \"string\" keeps its digits")
            }
            _ => format!("the answer says that it is JSON, and is not: {fault}"),
        },
    })
}

/// What a failure tells of its body, without secrets: at most [`FAILURE_BYTES`], JSON where it is whole, else text;
/// null where nothing can be told.
pub(crate) fn failure_body(read: Bytes, headers: &HeaderMap, scrub: &Scrub) -> Value {
    if read.end == End::Whole
        && let Ok(mut value) = value(read.bytes.clone(), headers, BigNumbers::String)
    {
        scrub.value(&mut value);
        if canonical_size(&value) <= FAILURE_BYTES {
            return value;
        }
    }
    if foreign_encoding(headers).is_some() || read.bytes.is_empty() {
        return Value::Null;
    }
    let mut text = String::from_utf8_lossy(&read.bytes).into_owned();
    scrub.text(&mut text);
    if read.end != End::Whole {
        // The end may be the first half of a secret, which no search finds.
        text.truncate(text.floor_char_boundary(text.len().saturating_sub(scrub.longest())));
    }
    text.truncate(text.floor_char_boundary(FAILURE_BYTES));
    Value::from(text)
}

fn foreign_encoding(headers: &HeaderMap) -> Option<String> {
    let encoding = headers.get(CONTENT_ENCODING)?;
    let text = String::from_utf8_lossy(encoding.as_bytes());
    let text = text.trim();
    if text.is_empty() || text.eq_ignore_ascii_case("identity") { None } else { Some(text.to_owned()) }
}

/// `application/json`, `text/json` and every type that ends in `+json` (RFC 6839).
fn is_json(headers: &HeaderMap) -> bool {
    let Some(text) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let media = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media == "application/json" || media == "text/json" || (media.contains('/') && media.ends_with("+json"))
}
