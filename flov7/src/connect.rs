//! Connections: what an operator attaches to a service that a workflow names.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::catalog::{ActionDescriptor, ConnectorDescriptor};
use crate::error::Error;
use crate::secret::Secret;

/// What an operator attaches to a connection: the connector and its settings, with the *names* of secrets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Binding {
    /// The connector's id, which must be the connection's.
    pub connector: String,
    /// The connector's settings; it checks them itself ([`Connector::check`]).
    #[serde(flatten)]
    pub settings: Map<String, Value>,
}

/// What a connector says of a binding before anything is connected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BindingFacts {
    /// The names of the secrets it wants.
    pub secrets: Vec<String>,
    /// Whether the other side deduplicates by an idempotency header (RULES, effect).
    pub keyed: bool,
    /// Calls at the same time, at most; nothing for no limit.
    pub concurrent: Option<u32>,
}

impl BindingFacts {
    /// Facts about a binding that wants these secrets.
    pub fn new(secrets: Vec<String>) -> Self {
        BindingFacts { secrets, ..BindingFacts::default() }
    }

    /// Says that the other side deduplicates by key.
    #[must_use]
    pub fn with_keyed(mut self, keyed: bool) -> Self {
        self.keyed = keyed;
        self
    }

    /// Bounds the calls at the same time.
    #[must_use]
    pub fn with_concurrent(mut self, calls: u32) -> Self {
        self.concurrent = Some(calls);
        self
    }
}

/// The bindings of one namespace, by connection id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bindings(pub BTreeMap<String, Binding>);

/// Secret values by name, for one `connect`.
#[derive(Clone, Default)]
pub struct Secrets(pub BTreeMap<String, Secret>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Makes connections usable.
///
/// - `check` reads no network and no secret; a wrong setting is `Invalid`, naming the member and what would be right.
/// - `connect` may be called again for the same binding; what it gives is used by many calls at once.
/// - No error, and no `Debug` of what it gives, holds a secret's value.
#[async_trait]
pub trait Connector: Send + Sync {
    /// The connector as data.
    fn descriptor(&self) -> &ConnectorDescriptor;

    /// Whether a binding's settings are right, and what they ask for.
    fn check(&self, binding: &Binding) -> Result<BindingFacts, Error>;

    /// A usable connection.
    async fn connect(&self, binding: &Binding, secrets: Secrets) -> Result<Arc<dyn Connection>, Error>;

    /// What actions the other side offers. `Unsupported` unless the connector can tell.
    async fn discover(&self, _connection: &dyn Connection) -> Result<Vec<ActionDescriptor>, Error> {
        Err(Error::unsupported("this connector cannot discover actions"))
    }
}

/// A usable connection. Actions of the connector's own crate find their type by [`Connection::as_any`].
pub trait Connection: Send + Sync + fmt::Debug {
    /// The connector's id.
    fn connector(&self) -> &str;

    /// The connection as its own type.
    fn as_any(&self) -> &dyn Any;
}
