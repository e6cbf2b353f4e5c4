//! Clients, one for each place that is talked to, and one hop of a request over them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::{Client, Request, Response, Url};

use super::tls::Tls;
use crate::guard::{Blocked, Guard, GuardedResolver, HostPort, Resolve, SystemResolver};

/// The longest time to open a connection, names and TLS included.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an unused connection is kept. Short, because a server that closes one while a request is on its way leaves
/// an unknown outcome; the shortest common server timeout is 5 s.
const IDLE: Duration = Duration::from_secs(4);

/// What connections are made with: a resolver, and what https trusts. Cheap to clone; clones share certificates.
#[derive(Clone)]
pub struct Network {
    resolver: Arc<dyn Resolve>,
    tls: Arc<Tls>,
}

impl Network {
    /// The operating system's resolver and certificates.
    #[must_use]
    pub fn new() -> Self {
        Network { resolver: Arc::new(SystemResolver), tls: Arc::default() }
    }

    /// Resolves names another way. The guard checks what it answers.
    #[must_use]
    pub fn with_resolver(mut self, resolver: Arc<dyn Resolve>) -> Self {
        self.resolver = resolver;
        self
    }

    /// Trusts these root certificates, in PEM, besides the platform's.
    ///
    /// # Errors
    /// `Invalid` when the text holds no certificate or a broken one.
    pub fn with_root_certificates(mut self, pem: &[u8]) -> Result<Self, flov7::error::Error> {
        self.tls = Arc::new(Tls::with_extra(pem)?);
        Ok(self)
    }
}

impl Default for Network {
    fn default() -> Self {
        Network::new()
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network")
    }
}

/// Whether a hop may travel over a connection that served another one.
///
/// A reused connection may be closed by the server just as the request leaves, which is an unknown outcome: what must
/// not be repeated does not take that risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reuse {
    Allowed,
    Never,
}

/// Why a hop gave no response.
#[derive(Debug)]
pub(crate) enum HopError {
    /// The guard refused; nothing was sent.
    Blocked(String),
    /// No connection; nothing was sent.
    Connect(String),
    /// The connection was there and was lost; something may have been sent.
    Lost(String),
}

/// Where requests leave from: under one guard.
pub(crate) struct Transport {
    network: Network,
    guard: Arc<Guard>,
    connect: Duration,
    /// Clients that keep connections, by scheme and place. Only for places that a binding lists, so their number is
    /// bounded by it.
    kept: Mutex<BTreeMap<(bool, HostPort, Reuse), Client>>,
}

impl Transport {
    /// `timeout` is the call's: opening a connection takes at most half of it, so that a call that runs out of time
    /// is one whose request was sent.
    pub(crate) fn new(network: Network, guard: Guard, timeout: Duration) -> Self {
        Transport {
            network,
            guard: Arc::new(guard),
            connect: CONNECT.min(timeout / 2),
            kept: Mutex::default(),
        }
    }

    /// Makes what a first https connection needs: reading the platform's certificates takes time that is no call's.
    pub(crate) fn prepare(&self, https: bool) -> Result<(), HopError> {
        self.network.tls.config(https).map(drop).map_err(HopError::Connect)
    }

    /// Sends one request to where its URL says, and follows nothing. `keep` says that the place is one of a few that
    /// are worth a client of their own.
    pub(crate) async fn hop(&self, request: Request, reuse: Reuse, keep: bool) -> Result<Response, HopError> {
        let place =
            place(request.url()).ok_or_else(|| HopError::Blocked("the URL has no host".to_owned()))?;
        self.guard.check_literal(&place).map_err(|Blocked(why)| HopError::Blocked(why))?;
        let client = self.client(request.url().scheme() == "https", &place, reuse, keep)?;
        client.execute(request).await.map_err(|error| classify(&error, &place))
    }

    fn client(&self, https: bool, place: &HostPort, reuse: Reuse, keep: bool) -> Result<Client, HopError> {
        if !keep {
            return self.build(https, place, Reuse::Never);
        }
        let key = (https, place.clone(), reuse);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = kept.get(&key) {
            return Ok(client.clone());
        }
        let client = self.build(https, place, reuse)?;
        kept.insert(key, client.clone());
        Ok(client)
    }

    fn build(&self, https: bool, place: &HostPort, reuse: Reuse) -> Result<Client, HopError> {
        let tls = self.network.tls.config(https).map_err(HopError::Connect)?;
        let idle = match reuse {
            Reuse::Allowed => 8,
            Reuse::Never => 0,
        };
        Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(GuardedResolver {
                place: place.clone(),
                guard: self.guard.clone(),
                resolver: self.network.resolver.clone(),
            })
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .http1_only()
            .connect_timeout(self.connect)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(idle)
            .build()
            .map_err(|error| HopError::Connect(reason(&error)))
    }
}

/// The place that a URL names.
pub(crate) fn place(url: &Url) -> Option<HostPort> {
    Some(HostPort::new(url.host_str()?, url.port_or_known_default()?))
}

fn classify(error: &reqwest::Error, place: &HostPort) -> HopError {
    if let Some(Blocked(why)) = find(error) {
        HopError::Blocked(why.clone())
    } else if error.is_connect() {
        let what = if error.is_timeout() { "it took too long".to_owned() } else { reason(error) };
        HopError::Connect(format!("could not connect to {place}: {what}"))
    } else {
        HopError::Lost(format!("{place}: {}", reason(error)))
    }
}

/// The guard's refusal, however deep the client wrapped it.
fn find(error: &reqwest::Error) -> Option<&Blocked> {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if let Some(blocked) = error.downcast_ref() {
            return Some(blocked);
        }
        source = error.source();
    }
    None
}

/// The innermost reason: the outer ones only name the client's parts, and the URL with its query.
pub(crate) fn reason(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
