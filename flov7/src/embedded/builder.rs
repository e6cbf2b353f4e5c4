//! What an executor is made of.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::connections::Connections;
use super::shared::{Parts, Shared};
use super::{EmbeddedExecutor, Options};
use crate::action::Registry;
use crate::clock::{Clock, Entropy, SystemClock, SystemEntropy};
use crate::connect::Bindings;
use crate::error::Error;
use crate::id::Namespace;
use crate::observe::Observer;
use crate::secret::SecretStore;
use crate::store::Store;

/// Collects the parts of an [`EmbeddedExecutor`].
#[must_use]
pub struct EmbeddedBuilder {
    store: Arc<dyn Store>,
    registry: Arc<Registry>,
    bindings: BTreeMap<Namespace, Bindings>,
    secrets: Option<Arc<dyn SecretStore>>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    observer: Option<Arc<dyn Observer>>,
    owner: Option<String>,
    options: Options,
    only_named: bool,
}

impl EmbeddedBuilder {
    pub(super) fn new(store: Arc<dyn Store>, registry: Arc<Registry>) -> Self {
        EmbeddedBuilder {
            store,
            registry,
            bindings: BTreeMap::new(),
            secrets: None,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            observer: None,
            owner: None,
            options: Options::default(),
            only_named: false,
        }
    }

    /// Sets the bindings of a namespace.
    pub fn with_bindings(mut self, namespace: Namespace, bindings: Bindings) -> Self {
        self.bindings.insert(namespace, bindings);
        self
    }

    /// Sets where secrets come from; without it every secret is missing.
    pub fn with_secrets(mut self, secrets: Arc<dyn SecretStore>) -> Self {
        self.secrets = Some(secrets);
        self
    }

    /// Sets the clock; it must be the store's. The system's without it.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets where ids and seeds come from; the system's randomness without it.
    pub fn with_entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = entropy;
        self
    }

    /// Sets who is told what happens.
    pub fn with_observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Sets the id under which executions are leased; no other live executor of the store may have it. Random without
    /// it.
    pub fn with_owner(mut self, owner: impl Into<String>) -> Self {
        self.owner = Some(owner.into());
        self
    }

    /// Sets bounds and intervals.
    pub fn with_options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Works on nothing but what is started here, what [`EmbeddedExecutor::resume`] names, and what those call, and leaves
    /// all else in the store as it is: for a program that runs one thing and ends, whose handlers and bindings may not be
    /// those that others need.
    pub fn only_named(mut self) -> Self {
        self.only_named = true;
        self
    }

    /// Opens the executor: from now on it takes work from the store. Must be called inside a tokio runtime.
    ///
    /// Over a store that keeps no journals ([`crate::store::StoreCapabilities::history`]) an execution's state is stored
    /// when it leaves memory, and when somebody looks: `events` is `Unsupported`, `describe` shows no output that is no
    /// longer needed, and what is live when its executor goes without [`EmbeddedExecutor::shutdown`] is lost: the next
    /// one finds it `blocked`.
    ///
    /// # Errors
    /// `Unsupported` where a retention is set and the store does not purge.
    pub fn open(self) -> Result<EmbeddedExecutor, Error> {
        if self.options.retention.is_some() && !self.store.capabilities().purge {
            return Err(Error::unsupported("retention needs a store that purges"));
        }
        let owner = match self.owner {
            Some(owner) => owner,
            None => format!("embedded-{:016x}", self.entropy.bits() & u128::from(u64::MAX)),
        };
        Ok(EmbeddedExecutor::of(Arc::new(Shared::new(Parts {
            store: self.store,
            clock: self.clock,
            entropy: self.entropy,
            observer: self.observer,
            connections: Connections::new(self.registry, self.bindings, self.secrets),
            options: self.options,
            owner,
            only_named: self.only_named,
        }))))
    }
}

impl fmt::Debug for EmbeddedBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedBuilder").field("owner", &self.owner).finish_non_exhaustive()
    }
}
