//! The registry: a catalogue with the handlers behind it.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::{Action, ActionContext, ActionError, ActionOutput};
use crate::catalog::{ActionDescriptor, Catalog, EventDescriptor};
use crate::connect::Connector;
use crate::id::Digest;

/// What an application can do: its catalogue, and the handlers that do it.
#[derive(Clone, Default)]
pub struct Registry {
    catalog: Catalog,
    /// With the digest of each one's interface, which costs more than a call.
    actions: BTreeMap<String, (Arc<dyn Action>, Digest)>,
    connectors: BTreeMap<String, Arc<dyn Connector>>,
}

impl Registry {
    /// A registry of the built-in actions alone.
    pub fn new() -> Self {
        Registry::default()
    }

    /// Registers an action; one with the same id is replaced.
    #[must_use]
    pub fn with_action(mut self, action: impl Action + 'static) -> Self {
        self.insert(Arc::new(action));
        self
    }

    /// Registers a connector; one with the same id is replaced.
    #[must_use]
    pub fn with_connector(mut self, connector: impl Connector + 'static) -> Self {
        let descriptor = connector.descriptor().clone();
        self.connectors.insert(descriptor.id.clone(), Arc::new(connector));
        self.catalog = self.catalog.with_connector(descriptor);
        self
    }

    /// Declares an event.
    #[must_use]
    pub fn with_event(mut self, event: EventDescriptor) -> Self {
        self.catalog = self.catalog.with_event(event);
        self
    }

    /// Declares what exists without a handler: such actions validate and dry-run, and block an execution that
    /// reaches them.
    #[must_use]
    pub fn with_catalog(mut self, catalog: Catalog) -> Self {
        self.catalog = self.catalog.merged(catalog);
        self
    }

    /// Registers a shared action.
    pub fn insert(&mut self, action: Arc<dyn Action>) {
        let descriptor = action.descriptor().clone();
        self.actions.insert(descriptor.id.clone(), (action, descriptor.interface()));
        self.catalog = std::mem::take(&mut self.catalog).with_action(descriptor);
    }

    /// What the application offers, as data.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The handler of an action whose interface is this one, or declares itself compatible with it.
    pub fn handler(&self, id: &str, interface: &Digest) -> Option<&Arc<dyn Action>> {
        let (action, own) = self.actions.get(id)?;
        (own == interface || action.descriptor().compatible.contains(interface)).then_some(action)
    }

    /// A connector by id.
    pub fn connector(&self, id: &str) -> Option<&Arc<dyn Connector>> {
        self.connectors.get(id)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("actions", &self.actions.keys().collect::<Vec<_>>())
            .field("connectors", &self.connectors.keys().collect::<Vec<_>>())
            .finish()
    }
}

/// An action from a descriptor and a closure over JSON.
///
/// ```
/// # use flov7::action::{from_fn, ActionError};
/// # use flov7::catalog::{ActionDescriptor, Effect};
/// # use serde_json::json;
/// let greet = from_fn(
///     ActionDescriptor::new("demo.greet", "Greet someone",
///         json!({ "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"] }),
///         json!({ "type": "string" }))
///     .with_effect(Effect::None),
///     |_cx, input| async move { Ok::<_, ActionError>(json!(format!("Hello {}", input["name"].as_str().unwrap_or("")))) },
/// );
/// # let _ = greet;
/// ```
pub fn from_fn<F, R>(descriptor: ActionDescriptor, handler: F) -> impl Action
where
    F: Fn(ActionContext, Arc<Value>) -> R + Send + Sync,
    R: Future<Output = Result<Value, ActionError>> + Send,
{
    FromFn { descriptor, handler, result: PhantomData }
}

struct FromFn<F, R> {
    descriptor: ActionDescriptor,
    handler: F,
    result: PhantomData<fn() -> R>,
}

#[async_trait]
impl<F, R> Action for FromFn<F, R>
where
    F: Fn(ActionContext, Arc<Value>) -> R + Send + Sync,
    R: Future<Output = Result<Value, ActionError>> + Send,
{
    fn descriptor(&self) -> &ActionDescriptor {
        &self.descriptor
    }

    async fn call(&self, cx: &ActionContext, input: Arc<Value>) -> Result<ActionOutput, ActionError> {
        (self.handler)(cx.clone(), input).await.map(ActionOutput::new)
    }
}
