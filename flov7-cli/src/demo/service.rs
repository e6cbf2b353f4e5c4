//! The demo's service: a small shop over HTTP on loopback that remembers what it did.
//!
//! It stands for the outside world in the demo and in the kill tests. Each request is appended to a ledger
//! (`service.jsonl`) and synced *before* it is answered; a request with a key that was answered before is answered
//! from the record, as services with an idempotency header do. What it answers depends on the request alone.

use std::convert::Infallible;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The header under which clients say their key.
pub(crate) const KEY_HEADER: &str = "idempotency-key";

/// The largest body that it takes.
const MAX_BODY: usize = 1024 * 1024;

/// How often `/flaky` is busy before it answers, per key.
const BUSY: usize = 2;

/// One line of the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The key, where one was given.
    pub(crate) key: Option<String>,
    pub(crate) method: String,
    pub(crate) path: String,
    /// The body as it came.
    pub(crate) body: String,
    /// The status that was answered.
    pub(crate) status: u16,
    /// What was answered.
    pub(crate) answer: Value,
    /// Whether it was answered from the record: nothing was done again.
    #[serde(default)]
    pub(crate) repeat: bool,
}

struct Ledger {
    file: File,
    entries: Vec<Entry>,
}

impl Ledger {
    fn open(path: &Path) -> io::Result<Self> {
        let mut entries = Vec::new();
        if let Ok(text) = std::fs::read_to_string(path) {
            // A last line that a kill cut short was never answered.
            entries.extend(text.lines().filter_map(|line| serde_json::from_str(line).ok()));
        }
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        // Closes a line that was cut, so that the next one is whole.
        if std::fs::read(path)?.last().is_some_and(|last| *last != b'\n') {
            file.write_all(b"\n")?;
        }
        Ok(Ledger { file, entries })
    }

    /// Writes down what is about to be answered; returns after it is durable.
    fn append(&mut self, entry: Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(&entry)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.file.sync_data()?;
        self.entries.push(entry);
        Ok(())
    }
}

/// Binds loopback on a port that the system chooses and serves until the process ends.
pub(crate) async fn start(ledger: &Path) -> io::Result<SocketAddr> {
    let ledger = Arc::new(Mutex::new(Ledger::open(ledger)?));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let ledger = ledger.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| answer(ledger.clone(), request));
                // A client that goes away in the middle is its own affair.
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    Ok(address)
}

async fn answer(
    ledger: Arc<Mutex<Ledger>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let key = head.headers.get(KEY_HEADER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        return Ok(reply(413, &json!({ "error": "the body is too large or was cut" })));
    };
    let body = String::from_utf8_lossy(&body.to_bytes()).into_owned();
    let path = decode(head.uri.path());
    if path.starts_with("/slow/") {
        // A partner that never answers: what a client's time limit is for.
        std::future::pending::<()>().await;
    }
    let (status, answer) = record(&ledger, key, &head.method, path, body);
    Ok(reply(status, &answer))
}

/// Decides, writes down, and only then gives what is answered.
fn record(
    ledger: &Mutex<Ledger>,
    key: Option<String>,
    method: &Method,
    path: String,
    body: String,
) -> (u16, Value) {
    let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
    let same_key = ledger.entries.iter().filter(|entry| key.is_some() && entry.key == key);
    let known = same_key.clone().find(|entry| !entry.repeat && entry.status < 300).cloned();
    let tried = same_key.count();
    let (status, answer, repeat) = match known {
        Some(known) if (&known.method, &known.path, &known.body) != (&method.to_string(), &path, &body) => {
            (422, json!({ "error": "this key was used for another request" }), false)
        }
        Some(known) => (known.status, known.answer, true),
        None => {
            let (status, answer) = decide(method, &path, &body, tried);
            (status, answer, false)
        }
    };
    let entry = Entry { key, method: method.to_string(), path, body, status, answer: answer.clone(), repeat };
    match ledger.append(entry) {
        Ok(()) => (status, answer),
        Err(error) => (500, json!({ "error": format!("the ledger cannot be written: {error}") })),
    }
}

fn decide(method: &Method, path: &str, body: &str, tried: usize) -> (u16, Value) {
    let id = |prefix: &str| json!({ "id": format!("{prefix}-{:06x}", checksum(body) & 0xff_ffff) });
    match (method, path) {
        (&Method::POST, "/invoices") => (201, id("inv")),
        (&Method::POST, "/messages") => (202, id("msg")),
        (&Method::POST, "/charges") => (201, id("ch")),
        (&Method::POST, "/flaky") if tried < BUSY => (503, json!({ "error": "busy" })),
        (&Method::POST, "/flaky") => (201, id("slot")),
        (&Method::GET, path) => match path.strip_prefix("/orders/") {
            None | Some("missing") => (404, json!({ "error": "no such order" })),
            Some(order) => (200, json!({ "id": order, "total": 750, "tier": "silver" })),
        },
        (&Method::PUT, path) => match (path.strip_prefix("/stock/"), serde_json::from_str::<Value>(body)) {
            (Some(item), Ok(body)) => (200, json!({ "item": item, "count": body["count"] })),
            _ => (404, json!({ "error": "no such thing" })),
        },
        _ => (404, json!({ "error": "no such place" })),
    }
}

/// FNV-1a: ids that depend on the request alone.
fn checksum(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

fn decode(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn reply(status: u16, answer: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.to_string())));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, json);
    response
}
