//! A scripted HTTP/1.1 peer that records what it is sent, a scripted resolver, and a way to call the action.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use flov7::action::{Action, ActionContext, ActionError, Cancellation};
use flov7::connect::{Binding, Connection, Connector, Secrets};
use flov7::id::{ExecutionId, Namespace, StepPath, Timestamp};
use flov7::secret::Secret;
use flov7_connect::{HttpConnector, HttpRequest, Network, Resolve};
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the peer does with one request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Answers with these bytes and keeps the connection.
    Bytes(Vec<u8>),
    /// Answers with these bytes and closes.
    Cut(Vec<u8>),
    /// Reads the request and never answers.
    Silent,
    /// Accepts and closes at the first bytes of a request.
    Hangup,
    /// Waits for [`Peer::release`], then goes on with this.
    AfterRelease(Box<Reply>),
}

impl Reply {
    /// A whole response with `content-length`.
    pub(crate) fn status(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
        let mut text = format!("HTTP/1.1 {status} Whatever\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text.push_str(body);
        Reply::Bytes(text.into_bytes())
    }

    pub(crate) fn json(body: &str) -> Reply {
        Reply::status(200, &[("content-type", "application/json")], body)
    }

    pub(crate) fn location(status: u16, to: &str) -> Reply {
        Reply::status(status, &[("location", to)], "")
    }
}

/// A peer on loopback. Stops with its runtime.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) port: u16,
    state: Arc<State>,
}

struct State {
    script: Mutex<Vec<Reply>>,
    requests: Mutex<Vec<Vec<u8>>>,
    connections: AtomicUsize,
    arrived: tokio::sync::Notify,
    released: tokio::sync::Notify,
}

impl Peer {
    /// Answers requests in the order of the script; the last reply repeats.
    pub(crate) async fn start(script: Vec<Reply>) -> Peer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            script: Mutex::new(script),
            requests: Mutex::default(),
            connections: AtomicUsize::new(0),
            arrived: tokio::sync::Notify::new(),
            released: tokio::sync::Notify::new(),
        });
        let peer = Peer { port, state: state.clone() };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                state.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, state.clone()));
            }
        });
        peer
    }

    /// Replaces the script, for replies that name a port.
    pub(crate) fn rescript(&self, script: Vec<Reply>) {
        *self.state.script.lock().unwrap() = script;
    }

    pub(crate) fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The requests so far, byte for byte.
    pub(crate) fn requests(&self) -> Vec<String> {
        let requests = self.state.requests.lock().unwrap();
        requests.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect()
    }

    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// Lets a waiting reply go on.
    pub(crate) fn release(&self) {
        self.state.released.notify_one();
    }

    /// Returns when the next request has been read.
    pub(crate) async fn arrival(&self) {
        self.state.arrived.notified().await;
    }
}

impl State {
    fn reply(&self, at: usize) -> Reply {
        let script = self.script.lock().unwrap();
        script.get(at).or(script.last()).cloned().unwrap_or(Reply::Silent)
    }
}

async fn serve(mut stream: TcpStream, state: Arc<State>) {
    loop {
        if matches!(state.reply(state.requests.lock().unwrap().len()), Reply::Hangup) {
            let mut byte = [0];
            let _ = stream.read(&mut byte).await;
            state.requests.lock().unwrap().push(byte.to_vec());
            return;
        }
        let Some(request) = read_request(&mut stream).await else { return };
        let at = {
            let mut requests = state.requests.lock().unwrap();
            requests.push(request);
            requests.len() - 1
        };
        state.arrived.notify_one();
        let mut reply = state.reply(at);
        while let Reply::AfterRelease(then) = reply {
            state.released.notified().await;
            reply = *then;
        }
        match reply {
            Reply::Bytes(bytes) => stream.write_all(&bytes).await.unwrap_or_default(),
            Reply::Cut(bytes) => {
                let _ = stream.write_all(&bytes).await;
                return;
            }
            Reply::Silent => {
                // Until the other side closes.
                let mut byte = [0];
                let _ = stream.read(&mut byte).await;
                return;
            }
            Reply::Hangup | Reply::AfterRelease(_) => return,
        }
    }
}

pub(crate) async fn read_request(stream: &mut (impl AsyncReadExt + Unpin)) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        if let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
            let length = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.trim().parse::<usize>().unwrap());
            if bytes.len() >= head + 4 + length {
                return Some(bytes);
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
        }
    }
}

/// A resolver that knows a few names, and remembers what it was asked.
#[derive(Default)]
pub(crate) struct Names {
    names: BTreeMap<String, Vec<Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    /// `[(name, [addresses at the first asking, at the second, …; the last repeats])]`
    pub(crate) fn new(names: &[(&str, &[&[&str]])]) -> Arc<Names> {
        let parse = |addresses: &&[&str]| addresses.iter().map(|text| text.parse().unwrap()).collect();
        Arc::new(Names {
            names: names
                .iter()
                .map(|(name, rounds)| ((*name).to_owned(), rounds.iter().map(parse).collect()))
                .collect(),
            asked: Mutex::default(),
        })
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait::async_trait]
impl Resolve for Names {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let before = {
            let mut asked = self.asked.lock().unwrap();
            asked.push(host.to_owned());
            asked.iter().filter(|name| *name == host).count() - 1
        };
        let rounds = self
            .names
            .get(host.trim_end_matches('.'))
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such name"))?;
        Ok(rounds.get(before).or(rounds.last()).cloned().unwrap_or_default())
    }
}

/// A binding for a base URL with the loopback peer allowed, and other settings.
pub(crate) fn binding(base: &str, more: Value) -> Binding {
    let place = base.split('/').nth(2).unwrap_or_default();
    let mut settings = Map::new();
    settings.insert("base_url".into(), json!(base));
    if place.contains(':') {
        settings.insert("allow_internal".into(), json!([place]));
    }
    settings.extend(more.as_object().cloned().unwrap_or_default());
    Binding { connector: "http".into(), settings }
}

pub(crate) fn secrets(values: &[(&str, &str)]) -> Secrets {
    Secrets(values.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect())
}

/// A connection with `TOKEN` and `PASSWORD` to give.
pub(crate) async fn connect(network: Network, binding: &Binding) -> Arc<dyn Connection> {
    let secrets = secrets(&[("TOKEN", SECRET), ("PASSWORD", SECRET)]);
    HttpConnector::over(network).connect(binding, secrets).await.unwrap()
}

/// A value that must be seen nowhere but in the peer's requests. Percent-encoding, JSON and base64 all change it.
pub(crate) const SECRET: &str = "s3cr3t/+\"val ue\\9";

pub(crate) fn context() -> ActionContext {
    ActionContext::new(
        Namespace::default(),
        ExecutionId::new(1, [7; 10]),
        StepPath::parse("invoice").unwrap(),
        1,
        Timestamp::from_ms(0),
    )
}

/// Calls `http.request` through a connection.
pub(crate) async fn call(connection: &Arc<dyn Connection>, input: Value) -> Result<Value, ActionError> {
    let cx = context().with_connection(connection.clone());
    HttpRequest::new().call(&cx, Arc::new(input)).await.map(|output| output.value)
}

/// Calls `http.request` through a connection, with a token that cancels it.
pub(crate) async fn call_until(
    connection: &Arc<dyn Connection>,
    input: Value,
    cancellation: Cancellation,
) -> Result<Value, ActionError> {
    let cx = context().with_connection(connection.clone()).with_cancellation(cancellation);
    HttpRequest::new().call(&cx, Arc::new(input)).await.map(|output| output.value)
}

/// Calls `http.request` without a connection.
pub(crate) async fn call_free(network: Network, input: Value) -> Result<Value, ActionError> {
    HttpRequest::over(network).call(&context(), Arc::new(input)).await.map(|output| output.value)
}

/// Starts a peer with a script and calls once through a plain binding.
pub(crate) async fn once(script: Vec<Reply>, input: Value) -> (Peer, Result<Value, ActionError>) {
    once_with(script, json!({}), input).await
}

/// As [`once`], with more settings.
pub(crate) async fn once_with(
    script: Vec<Reply>,
    settings: Value,
    input: Value,
) -> (Peer, Result<Value, ActionError>) {
    let peer = Peer::start(script).await;
    let connection = connect(Network::new(), &binding(&peer.base(), settings)).await;
    let result = call(&connection, input).await;
    (peer, result)
}
