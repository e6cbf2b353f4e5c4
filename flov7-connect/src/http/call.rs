//! One call: from what a step asks to its answer, over redirects, limits and failures.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flov7::action::{ActionError, Cancellation};
use flov7::catalog::Effect;
use flov7::json::BigNumbers;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION,
    USER_AGENT,
};
use reqwest::{Method, Request, Response, Url};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep, timeout_at};

use super::connector::HttpConnection;
use super::headers;
use super::input::{Ask, Body};
use super::response::{self, End, FAILURE_BYTES};
use super::retry_after::retry_after;
use super::scrub::Scrub;
use super::settings::Limits;
use super::target;
use super::transport::{HopError, Reuse, Transport, place};

/// Redirects that are followed; the next one is an ordinary result.
const HOPS: usize = 5;
/// How long an answer is still awaited after a cancellation, where giving up would leave an unknown effect. Below the
/// engine's grace of 10 s, within which a result counts.
const CANCEL_WAIT: Duration = Duration::from_secs(8);
/// The longest path that a message repeats.
const LABEL: usize = 256;

/// Where a call goes from.
#[derive(Clone, Copy)]
pub(super) enum Route<'a> {
    /// Through a binding.
    Bound(&'a HttpConnection),
    /// Without a connection: public addresses only, no credential.
    Free(&'a Transport),
}

/// What a call is besides its request.
pub(super) struct Terms<'a> {
    pub(super) effect: Effect,
    pub(super) key: String,
    pub(super) cancellation: &'a Cancellation,
}

/// A response as steps read it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Map<String, Value>,
    pub(super) body: Value,
}

impl Answer {
    /// `{status, headers, body}`.
    pub(super) fn into_value(self) -> Value {
        json!({ "status": self.status, "headers": self.headers, "body": self.body })
    }
}

impl<'a> Route<'a> {
    fn limits(self) -> Limits {
        match self {
            Route::Bound(connection) => connection.settings.limits,
            Route::Free(_) => Limits::default(),
        }
    }

    fn transport(self) -> &'a Transport {
        match self {
            Route::Bound(connection) => &connection.transport,
            Route::Free(transport) => transport,
        }
    }

    /// Makes the call. What comes back, failure or not, holds no secret of the connection.
    pub(super) async fn call(self, ask: &Ask<'_>, terms: &Terms<'_>) -> Result<Answer, ActionError> {
        let none = Scrub::default();
        let scrub = match self {
            Route::Bound(connection) => &connection.scrub,
            Route::Free(_) => &none,
        };
        let outcome = self.guarded(ask, terms, scrub).await;
        match outcome {
            Ok(mut answer) => {
                let mut headers = Value::Object(std::mem::take(&mut answer.headers));
                scrub.value(&mut headers);
                scrub.value(&mut answer.body);
                if let Value::Object(headers) = headers {
                    answer.headers = headers;
                }
                Ok(answer)
            }
            Err(error) => Err(scrub.error(error)),
        }
    }

    async fn guarded(self, ask: &Ask<'_>, terms: &Terms<'_>, scrub: &Scrub) -> Result<Answer, ActionError> {
        let outgoing = Outgoing::new(self, ask, terms).map_err(blocked)?;
        let unsent = || ActionError::failed("http.connect", "cancelled before anything was sent");
        if terms.cancellation.is_cancelled() {
            return Err(unsent());
        }
        let _permit = match self {
            Route::Bound(connection) => Some(tokio::select! {
                permit = connection.permits.acquire() => permit.map_err(|_| unsent())?,
                () = terms.cancellation.cancelled() => return Err(unsent()),
            }),
            Route::Free(_) => None,
        };
        tokio::select! {
            biased;
            outcome = outgoing.run(scrub) => outcome,
            () = given_up(terms) => Err(ActionError::unknown(
                "http.broken",
                format!("{}: cancelled before its answer came", outgoing.label()),
            )),
        }
    }
}

/// Returns when a cancelled call stops waiting for its answer: at once for a read, else after a while, because an
/// answer that still comes makes the effect known.
async fn given_up(terms: &Terms<'_>) {
    terms.cancellation.cancelled().await;
    if terms.effect != Effect::None {
        sleep(CANCEL_WAIT).await;
    }
}

/// A request with everything decided.
struct Outgoing<'a> {
    route: Route<'a>,
    effect: Effect,
    method: Method,
    url: Url,
    /// Sent wherever the request goes.
    common: HeaderMap,
    /// Sent only to places that are trusted: [`Outgoing::trusts`].
    own: Vec<(HeaderName, HeaderValue)>,
    /// Sent only to hosts that the binding lists; there is none without a binding.
    credential: Option<(HeaderName, HeaderValue)>,
    body: Option<Body>,
    ok_statuses: Vec<u16>,
    big_numbers: BigNumbers,
}

impl<'a> Outgoing<'a> {
    fn new(route: Route<'a>, ask: &Ask<'_>, terms: &Terms<'_>) -> Result<Self, String> {
        let url = match (route, ask.path, ask.url) {
            (Route::Bound(connection), Some(path), None) => {
                target::below(&connection.settings.base, path, ask.query)?
            }
            (Route::Bound(_), _, _) => {
                return Err("with a connection the request needs `path`, and no `url`".into());
            }
            (Route::Free(_), None, Some(url)) => target::anywhere(url, ask.query)?,
            (Route::Free(_), _, _) => {
                return Err("without a connection the request needs `url`, and no `path`".into());
            }
        };
        let (held, bound, preset, credential) = match route {
            Route::Bound(connection) => {
                (connection.held(), true, connection.settings.headers.clone(), connection.credential.clone())
            }
            Route::Free(_) => (Vec::new(), false, Vec::new(), None),
        };
        let mut common = HeaderMap::new();
        common.insert(ACCEPT, HeaderValue::from_static("application/json, */*;q=0.5"));
        common.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        common.insert(USER_AGENT, HeaderValue::from_static(concat!("flov7/", env!("CARGO_PKG_VERSION"))));
        let mut own = preset;
        let mut typed = false;
        let mut set = Vec::with_capacity(ask.headers.len());
        for (name, value) in &ask.headers {
            let (name, value) = headers::of_step(name, value, &held, bound)?;
            if set.contains(&name) {
                return Err(format!("header `{name}` is there twice, in upper and in lower case"));
            }
            set.push(name.clone());
            typed |= name == CONTENT_TYPE;
            if name == ACCEPT || name == ACCEPT_LANGUAGE || name == USER_AGENT {
                common.insert(name, value);
            } else {
                own.push((name, value));
            }
        }
        if let (Some(body), false) = (&ask.body, typed) {
            own.push((CONTENT_TYPE, HeaderValue::from_static(body.content_type)));
        }
        let reads = matches!(ask.method, Method::GET | Method::HEAD);
        if let Route::Bound(connection) = route
            && let Some(name) = &connection.settings.idempotency_header
            && !reads
        {
            let key =
                HeaderValue::from_str(&terms.key).map_err(|_| "the idempotency key is no header's value")?;
            own.push((name.clone(), key));
        }
        Ok(Outgoing {
            route,
            effect: terms.effect,
            method: ask.method.clone(),
            url,
            common,
            own,
            credential,
            body: ask.body.clone(),
            ok_statuses: ask.ok_statuses.clone(),
            big_numbers: ask.big_numbers,
        })
    }

    /// What messages call the request: method, place and path; never the query.
    fn label(&self) -> String {
        label(&self.method, &self.url)
    }

    async fn run(&self, scrub: &Scrub) -> Result<Answer, ActionError> {
        let limits = self.route.limits();
        self.route.transport().prepare(self.url.scheme() == "https").map_err(|error| self.hop(error))?;
        let deadline = Instant::now() + limits.timeout;
        let response = self.follow(deadline).await?;
        self.read(response, limits, deadline, scrub).await
    }

    /// The response at the end of at most [`HOPS`] redirects.
    async fn follow(&self, deadline: Instant) -> Result<Response, ActionError> {
        let mut url = self.url.clone();
        // Once a redirect left for a place that is not trusted, nothing of ours is sent again, wherever it comes back.
        let mut trusted = true;
        let mut hops = 0;
        loop {
            trusted = trusted && self.trusts(&url);
            let label = label(&self.method, &url);
            let sending = self.route.transport().hop(
                self.request(url.clone(), trusted),
                self.reuse(),
                self.keeps(&url),
            );
            let response = match timeout_at(deadline, sending).await {
                Err(_) => {
                    return Err(ActionError::unknown("http.broken", format!("{label}: no answer in time")));
                }
                Ok(Err(error)) => return Err(self.hop(error)),
                Ok(Ok(response)) => response,
            };
            match self.next(&url, &response).map_err(blocked)? {
                Some(next) if hops < HOPS => {
                    url = next;
                    hops += 1;
                }
                _ => return Ok(response),
            }
        }
    }

    /// What a hop without a response means.
    fn hop(&self, error: HopError) -> ActionError {
        match error {
            HopError::Blocked(why) => blocked(why),
            HopError::Connect(why) => ActionError::retryable("http.connect", why),
            HopError::Lost(why) => ActionError::unknown(
                "http.broken",
                format!("{}: the connection was lost before the answer: {why}", self.label()),
            ),
        }
    }

    /// Where a redirect leads, if the response is one that is followed: of a read without a body, with a readable
    /// `location`.
    fn next(&self, from: &Url, response: &Response) -> Result<Option<Url>, String> {
        let reads = matches!(self.method, Method::GET | Method::HEAD) && self.body.is_none();
        if !reads || !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(None);
        }
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        redirect(from, location)
    }

    /// `trusted` is [`Outgoing::trusts`] of this hop and of all before it.
    fn request(&self, url: Url, trusted: bool) -> Request {
        let mut request = Request::new(self.method.clone(), url);
        let headers = request.headers_mut();
        *headers = self.common.clone();
        if trusted {
            headers.extend(self.own.iter().chain(&self.credential).cloned());
            if let Some(body) = &self.body {
                *request.body_mut() = Some(body.bytes.clone().into());
            }
        }
        request
    }

    /// Whether the credential, and what a step and its binding set, may go to this place: one that the binding lists,
    /// as it does its own; without a binding the first origin, for what the step set.
    fn trusts(&self, url: &Url) -> bool {
        match self.route {
            Route::Bound(connection) => {
                place(url).is_some_and(|place| connection.settings.lists(url.scheme() == "https", &place))
            }
            Route::Free(_) => url.origin() == self.url.origin(),
        }
    }

    /// Whether a client is kept for this place: only where the binding lists it, so that their number is bounded.
    fn keeps(&self, url: &Url) -> bool {
        matches!(self.route, Route::Bound(_)) && self.trusts(url)
    }

    fn reuse(&self) -> Reuse {
        if self.effect == Effect::Once { Reuse::Never } else { Reuse::Allowed }
    }

    async fn read(
        &self,
        mut response: Response,
        limits: Limits,
        deadline: Instant,
        scrub: &Scrub,
    ) -> Result<Answer, ActionError> {
        let status = response.status().as_u16();
        let label = self.label();
        if status >= 400 && !self.ok_statuses.contains(&status) {
            let cap = limits.response_bytes.min(FAILURE_BYTES + scrub.longest());
            let read = response::body(&mut response, cap, deadline).await;
            return Err(self.failure(&label, status, response.headers(), read, scrub));
        }
        let failed =
            |code: &str, message: String| Err(ActionError::failed(code, format!("{label}: {message}")));
        let too_large =
            || failed("http.too_large", format!("the answer is longer than {} bytes", limits.response_bytes));
        let announced = response.content_length().filter(|_| self.method != Method::HEAD);
        if announced.is_some_and(|length| length > limits.response_bytes as u64) {
            return too_large();
        }
        let read = response::body(&mut response, limits.response_bytes, deadline).await;
        match read.end {
            End::Whole => {}
            End::TooLarge => return too_large(),
            End::Broken(why) => {
                return Err(ActionError::unknown(
                    "http.broken",
                    format!("{label}: status {status}, and the answer was lost: {why}"),
                ));
            }
        }
        match response::value(read.bytes, response.headers(), self.big_numbers) {
            Ok(body) => Ok(Answer { status, headers: response::headers(response.headers()), body }),
            Err(unreadable) => failed(unreadable.code, unreadable.message),
        }
    }

    /// A status that is a failure, and whether another attempt may succeed.
    fn failure(
        &self,
        label: &str,
        status: u16,
        headers: &HeaderMap,
        read: response::Bytes,
        scrub: &Scrub,
    ) -> ActionError {
        let reason = reqwest::StatusCode::from_u16(status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .map_or_else(String::new, |reason| format!(" {reason}"));
        let (code, message) = (format!("http.{status}"), format!("{label} answered {status}{reason}"));
        let details = json!({ "status": status, "body": response::failure_body(read, headers, scrub) });
        if !retryable(status, self.effect) {
            return ActionError::failed(code, message).with_details(details);
        }
        let error = ActionError::retryable(code, message).with_details(details);
        match retry_after(headers, now_ms) {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        }
    }
}

/// Whether a status is worth another attempt (FORMAT, http.request): 408, 425, 429 and 503 say that nothing was done;
/// other failures of the server only where a repeat does no harm.
pub(super) fn retryable(status: u16, effect: Effect) -> bool {
    matches!(status, 408 | 425 | 429 | 503) || (status >= 500 && effect != Effect::Once)
}

/// Where a `location` leads from a URL; nothing where it is absent or no URL.
///
/// # Errors
/// It leads away from http and https, from https to http, or names a user.
pub(super) fn redirect(from: &Url, location: Option<&str>) -> Result<Option<Url>, String> {
    let Some(mut to) = location.and_then(|location| from.join(location).ok()) else { return Ok(None) };
    to.set_fragment(None);
    let place = place(from).map_or_else(String::new, |place| place.to_string());
    if !matches!(to.scheme(), "http" | "https") || !to.has_host() {
        return Err(format!("{place} redirects to another scheme, `{}`", to.scheme()));
    }
    if from.scheme() == "https" && to.scheme() == "http" {
        return Err(format!("{place} redirects from https to http"));
    }
    if !to.username().is_empty() || to.password().is_some() {
        return Err(format!("{place} redirects to a URL that names a user"));
    }
    Ok(Some(to))
}

fn label(method: &Method, url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    let path = url.path();
    let path = &path[..path.floor_char_boundary(LABEL)];
    format!("{method} {host}{port}{path}")
}

fn blocked(why: String) -> ActionError {
    ActionError::failed("http.blocked", why)
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    i64::try_from(since).unwrap_or(i64::MAX)
}
