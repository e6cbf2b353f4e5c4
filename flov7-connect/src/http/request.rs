//! The action `http.request`.

use std::sync::Arc;

use async_trait::async_trait;
use flov7::action::{Action, ActionContext, ActionError, ActionOutput};
use flov7::catalog::{ActionDescriptor, ConnectorUse, Effect};
use serde_json::{Value, json};

use super::call::{Route, Terms};
use super::connector::{HTTP, HttpConnection};
use super::input::{Ask, METHODS};
use super::settings::Limits;
use super::transport::{Network, Transport};
use crate::guard::Guard;

/// `http.request`: one HTTP request (FORMAT, built-in actions).
///
/// With a connection it takes `path`, which is appended to the binding's base URL, and carries the binding's
/// credential. Without one it takes `url`, reaches public addresses only and carries no credential.
///
/// | failure | when | another attempt |
/// |---|---|---|
/// | `http.<status>` | 400 and above, unless in `ok_statuses`; details `{status, body}` | 408, 425, 429, 503; for other effects than `once` every 5xx; not before `retry-after` |
/// | `http.connect` | no connection: nothing was sent | yes |
/// | `http.blocked` | refused before anything was sent; the message says why and who can allow it | no |
/// | `http.too_large` | the answer is longer than the limit | no |
/// | `http.not_text`, `http.not_json` | the answer is not UTF-8, or not the JSON it says it is | no |
/// | `http.broken` | the connection was lost, or time ran out, after something was sent: outcome unknown | as the effect allows |
pub struct HttpRequest {
    descriptor: ActionDescriptor,
    free: Transport,
}

impl HttpRequest {
    /// The action over the operating system's resolver and certificates.
    #[must_use]
    pub fn new() -> Self {
        HttpRequest::over(Network::new())
    }

    /// The action over another resolver or other certificates, for requests without a connection.
    #[must_use]
    pub fn over(network: Network) -> Self {
        HttpRequest {
            descriptor: descriptor(),
            free: Transport::new(network, Guard::public(), Limits::default().timeout),
        }
    }
}

impl Default for HttpRequest {
    fn default() -> Self {
        HttpRequest::new()
    }
}

/// The descriptor of `http.request`.
#[must_use]
pub fn descriptor() -> ActionDescriptor {
    let scalar = json!({ "type": ["string", "number", "boolean", "null"] });
    let input = json!({
        "type": "object", "additionalProperties": false,
        "properties": {
            "method": { "type": "string", "enum": METHODS, "default": "GET" },
            "path": { "type": "string", "format": "uri-path",
                "description": "With a connection: starts with `/` and is appended to the binding's base URL." },
            "url": { "type": "string", "description": "Without a connection: http or https, public addresses only." },
            "query": { "type": "object", "description": "Scalars or lists of them; null omits.",
                "additionalProperties": { "anyOf": [scalar, { "type": "array", "items": scalar }] } },
            "headers": { "type": "object", "additionalProperties": { "type": "string" },
                "description": "Names in any case; they are sent in lower case." },
            "body": { "description": "Text as text/plain, anything else as JSON." },
            "ok_statuses": { "type": "array", "items": { "type": "integer", "minimum": 100, "maximum": 599 },
                "description": "Failures that are ordinary results here." },
            "big_numbers": { "type": "string", "enum": ["error", "string"], "default": "error",
                "description": "Numbers beyond 64 bits in the answer: a failure, or text with their digits." }
        }
    });
    let mut descriptor =
        ActionDescriptor::new("http.request", "Send an HTTP request", input, response_schema())
            .with_description("Sends one HTTP request through a connection, or to a public URL.")
            .with_phrases(["call a web service", "call an API", "fetch a URL"])
            .with_connector(ConnectorUse::Optional(HTTP.to_owned()))
            .with_effect_by(
                "/method",
                &[
                    ("GET", Effect::None),
                    ("HEAD", Effect::None),
                    ("PUT", Effect::Idempotent),
                    ("DELETE", Effect::Idempotent),
                    ("*", Effect::Once),
                ],
            );
    for (code, retryable, description) in ERRORS {
        descriptor = descriptor.with_error(code, *retryable, description);
    }
    descriptor
}

/// How requests fail.
pub(super) const ERRORS: &[(&str, bool, &str)] = &[
    ("http.connect", true, "No connection could be made; nothing was sent."),
    ("http.blocked", false, "Refused before anything was sent."),
    ("http.broken", true, "The connection was lost after something was sent."),
    ("http.too_large", false, "The answer is longer than the limit."),
    ("http.not_text", false, "The answer is no text."),
    ("http.not_json", false, "The answer says that it is JSON, and is not."),
    ("http.*", true, "The answer's status, as in `http.404`."),
];

/// `{status, headers, body}`, all required.
pub(super) fn response_schema() -> Value {
    json!({
        "type": "object", "additionalProperties": false, "required": ["status", "headers", "body"],
        "properties": {
            "status": { "type": "integer", "minimum": 100, "maximum": 599 },
            "headers": { "type": "object", "additionalProperties": { "type": "string" } },
            "body": true
        }
    })
}

/// The connection of a call, as ours.
pub(super) fn connection(cx: &ActionContext) -> Result<Option<&HttpConnection>, ActionError> {
    let Some(connection) = &cx.connection else { return Ok(None) };
    connection.as_any().downcast_ref().map(Some).ok_or_else(|| {
        ActionError::failed(
            "http.blocked",
            format!("the connection is one of `{}`, not of `{HTTP}`", connection.connector()),
        )
    })
}

#[async_trait]
impl Action for HttpRequest {
    fn descriptor(&self) -> &ActionDescriptor {
        &self.descriptor
    }

    async fn call(&self, cx: &ActionContext, input: Arc<Value>) -> Result<ActionOutput, ActionError> {
        let ask = Ask::read(&input).map_err(|why| ActionError::failed("http.blocked", why))?;
        let connection = connection(cx)?;
        let keyed = connection.is_some_and(|connection| connection.settings.idempotency_header.is_some());
        let terms = Terms {
            effect: self.descriptor.effect.resolve(&input, &self.descriptor.input.0, keyed),
            key: cx.idempotency_key(),
            cancellation: &cx.cancellation,
        };
        let route = connection.map_or(Route::Free(&self.free), Route::Bound);
        route.call(&ask, &terms).await.map(|answer| ActionOutput::new(answer.into_value()))
    }
}
