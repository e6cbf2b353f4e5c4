//! The connector `http` and its connections.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use flov7::catalog::ConnectorDescriptor;
use flov7::connect::{Binding, BindingFacts, Connection, Connector, Secrets};
use flov7::error::{Error, ErrorKind};
use reqwest::header::{HeaderName, HeaderValue};
use tokio::sync::Semaphore;

use super::headers;
use super::scrub::{Scrub, base64};
use super::settings::{Auth, Settings, schema};
use super::transport::{Network, Transport};
use crate::fault::invalid;
use crate::guard::Guard;

/// The id of [`HttpConnector`].
pub const HTTP: &str = "http";

/// Makes connections to HTTP services (FORMAT, bindings).
///
/// Settings: `base_url`; `hosts` that may be given the credential (the base URL's); `allow_internal`, the places with
/// port that the guard lets through; `auth` with the name of one secret; `headers`; `idempotency_header`; `limits`.
#[derive(Debug)]
pub struct HttpConnector {
    descriptor: ConnectorDescriptor,
    network: Network,
}

impl HttpConnector {
    /// A connector over the operating system's resolver and certificates.
    #[must_use]
    pub fn new() -> Self {
        HttpConnector::over(Network::new())
    }

    /// A connector over another resolver or other certificates.
    #[must_use]
    pub fn over(network: Network) -> Self {
        HttpConnector { descriptor: ConnectorDescriptor::new(HTTP, "An HTTP service", schema()), network }
    }
}

impl Default for HttpConnector {
    fn default() -> Self {
        HttpConnector::new()
    }
}

#[async_trait]
impl Connector for HttpConnector {
    fn descriptor(&self) -> &ConnectorDescriptor {
        &self.descriptor
    }

    fn check(&self, binding: &Binding) -> Result<BindingFacts, Error> {
        let settings = Settings::read(&binding.settings).map_err(|faults| invalid(&faults))?;
        let secrets = settings.auth.iter().map(|auth| auth.secret().to_string()).collect();
        Ok(BindingFacts::new(secrets)
            .with_keyed(settings.idempotency_header.is_some())
            .with_concurrent(settings.limits.concurrent))
    }

    /// Opens nothing yet: connections are made when a call needs them.
    async fn connect(&self, binding: &Binding, secrets: Secrets) -> Result<Arc<dyn Connection>, Error> {
        let settings = Settings::read(&binding.settings).map_err(|faults| invalid(&faults))?;
        let (credential, scrub) = match &settings.auth {
            Some(auth) => {
                let name = auth.secret();
                let secret = secrets.0.get(name.as_str()).ok_or_else(|| {
                    Error::new(
                        ErrorKind::Missing,
                        format!("secret `{name}`, which the binding names, is missing"),
                    )
                })?;
                let (credential, scrub) = credential(auth, secret.expose())?;
                (Some(credential), scrub)
            }
            None => (None, Scrub::default()),
        };
        let guard = Guard::bound(settings.allow_internal.clone());
        Ok(Arc::new(HttpConnection {
            transport: Transport::new(self.network.clone(), guard, settings.limits.timeout),
            permits: Semaphore::new(settings.limits.concurrent as usize),
            settings,
            credential,
            scrub,
        }))
    }
}

/// The header that carries a secret, and what must be scrubbed for it.
fn credential(auth: &Auth, secret: &str) -> Result<((HeaderName, HeaderValue), Scrub), Error> {
    let (text, scrub) = match auth {
        Auth::Bearer(_) => (format!("Bearer {secret}"), Scrub::new([secret])),
        Auth::Header { .. } => (secret.to_owned(), Scrub::new([secret])),
        Auth::Basic { user, .. } => {
            let pair = format!("{user}:{secret}");
            (format!("Basic {}", base64(pair.as_bytes())), Scrub::new([secret, &pair]))
        }
    };
    let wrong = |what: &str| {
        Error::new(ErrorKind::Invalid, format!("the value of secret `{}` {what}", auth.secret()))
    };
    if secret.is_empty() {
        return Err(wrong("is empty"));
    }
    let mut value = headers::value(&text)
        .ok_or_else(|| wrong("holds a line break, a control character or one beyond ASCII"))?;
    value.set_sensitive(true);
    Ok(((auth.header(), value), scrub))
}

/// A connection to an HTTP service: what [`super::HttpRequest`] sends through. `Debug` shows no secret.
pub struct HttpConnection {
    pub(super) settings: Settings,
    pub(super) transport: Transport,
    pub(super) credential: Option<(HeaderName, HeaderValue)>,
    pub(super) scrub: Scrub,
    /// Calls at the same time. An executor bounds them before it starts an attempt ([`BindingFacts::concurrent`]); this
    /// holds where none does.
    pub(super) permits: Semaphore,
}

impl HttpConnection {
    /// The headers that the binding sets, which a step therefore cannot.
    pub(super) fn held(&self) -> Vec<HeaderName> {
        let mut held: Vec<HeaderName> = self.settings.headers.iter().map(|(name, _)| name.clone()).collect();
        held.extend(self.credential.iter().map(|(name, _)| name.clone()));
        held.extend(self.settings.idempotency_header.clone());
        held
    }
}

impl fmt::Debug for HttpConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpConnection")
            .field("base", &format_args!("{}{}", self.settings.base.origin, self.settings.base.path))
            .finish_non_exhaustive()
    }
}

impl Connection for HttpConnection {
    fn connector(&self) -> &str {
        HTTP
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
