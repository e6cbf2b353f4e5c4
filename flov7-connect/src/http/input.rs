//! What a step asks for, read from the action's input.

use flov7::json::{BigNumbers, canonical};
use reqwest::Method;
use serde_json::{Map, Value};

/// The methods that a step may use, in the order of the schema.
pub(crate) const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// A step's request, borrowed from its input.
#[derive(Debug)]
pub(crate) struct Ask<'v> {
    pub(crate) method: Method,
    pub(crate) path: Option<&'v str>,
    pub(crate) url: Option<&'v str>,
    pub(crate) query: Option<&'v Map<String, Value>>,
    /// In the order of their names.
    pub(crate) headers: Vec<(&'v str, &'v str)>,
    pub(crate) body: Option<Body>,
    pub(crate) ok_statuses: Vec<u16>,
    pub(crate) big_numbers: BigNumbers,
}

/// A request's body and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) content_type: &'static str,
    pub(crate) bytes: Vec<u8>,
}

impl Body {
    /// Text as it stands, anything else as JSON in canonical text, so that a repeat sends the same bytes.
    pub(crate) fn of(value: &Value) -> Body {
        match value {
            Value::String(text) => {
                Body { content_type: "text/plain; charset=utf-8", bytes: text.clone().into_bytes() }
            }
            other => Body { content_type: "application/json", bytes: canonical(other).into_bytes() },
        }
    }
}

impl<'v> Ask<'v> {
    /// Reads an input that the action's schema allows; what it does not allow is refused here too.
    ///
    /// # Errors
    /// Which member is wrong.
    pub(crate) fn read(input: &'v Value) -> Result<Ask<'v>, String> {
        let members = input.as_object().ok_or("the input must be an object")?;
        let mut ask = Ask {
            method: Method::GET,
            path: None,
            url: None,
            query: None,
            headers: Vec::new(),
            body: None,
            ok_statuses: Vec::new(),
            big_numbers: BigNumbers::Error,
        };
        for (name, value) in members {
            match name.as_str() {
                "method" => ask.method = method(value)?,
                "path" => ask.path = Some(text(name, value)?),
                "url" => ask.url = Some(text(name, value)?),
                "query" => ask.query = Some(value.as_object().ok_or("`query` must be an object")?),
                "headers" => {
                    let headers = value.as_object().ok_or("`headers` must be an object")?;
                    for (name, value) in headers {
                        ask.headers.push((name, text("headers", value)?));
                    }
                    ask.headers.sort_unstable();
                }
                "body" => ask.body = Some(Body::of(value)),
                "ok_statuses" => {
                    let statuses = value.as_array().ok_or("`ok_statuses` must be a list")?;
                    for status in statuses {
                        let status = status.as_u64().and_then(|status| u16::try_from(status).ok());
                        ask.ok_statuses.push(status.ok_or("`ok_statuses` must hold statuses")?);
                    }
                }
                "big_numbers" => {
                    ask.big_numbers = match value.as_str() {
                        Some("error") => BigNumbers::Error,
                        Some("string") => BigNumbers::String,
                        _ => return Err("`big_numbers` must be \"error\" or \"string\"".to_owned()),
                    }
                }
                other => return Err(format!("there is no member `{}`", other.escape_debug())),
            }
        }
        Ok(ask)
    }
}

/// A method by its name.
pub(crate) fn method(value: &Value) -> Result<Method, String> {
    let known = value.as_str().filter(|text| METHODS.contains(text));
    known
        .and_then(|text| Method::from_bytes(text.as_bytes()).ok())
        .ok_or_else(|| format!("`method` must be one of {}", METHODS.join(", ")))
}

fn text<'v>(name: &str, value: &'v Value) -> Result<&'v str, String> {
    value.as_str().ok_or_else(|| format!("`{name}` must be text"))
}
