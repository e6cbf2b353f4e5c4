//! Connections made usable: once per namespace and id, with their secrets, within their limits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OnceCell, Semaphore};

use crate::action::{Action, Registry};
use crate::catalog::CORE_PREFIX;
use crate::connect::{Binding, BindingFacts, Bindings, Connection, Connector, Secrets};
use crate::error::Error;
use crate::execute::places;
use crate::id::Namespace;
use crate::machine::{Blocked, BlockedReason};
use crate::secret::SecretStore;
use crate::validate::Bundle;

/// A usable connection and the bound of its calls.
#[derive(Clone, Debug)]
pub(super) struct Open {
    pub(super) connection: Arc<dyn Connection>,
    pub(super) calls: Option<Arc<Semaphore>>,
}

/// What one bundle needs of this worker: a handler and, where it uses one, a connection for each action.
#[derive(Clone, Default)]
pub(super) struct Equipment {
    /// By action id.
    handlers: BTreeMap<String, Arc<dyn Action>>,
    /// By connection id.
    connections: BTreeMap<String, Open>,
    /// The declared connections whose bindings name an idempotency header.
    keyed: Vec<String>,
}

impl Equipment {
    pub(super) fn handler(&self, action: &str) -> Option<&Arc<dyn Action>> {
        self.handlers.get(action)
    }

    /// The connection that a call uses: the step's, else the one that the action always uses.
    pub(super) fn connection(&self, action: &dyn Action, named: Option<&str>) -> Option<&Open> {
        self.connections.get(named.or(action.connection())?)
    }

    /// Whether every connection that was keyed when an execution started still is.
    pub(super) fn keeps(&self, keyed: &[String]) -> Result<(), Blocked> {
        match keyed.iter().find(|id| !self.keyed.contains(id)) {
            None => Ok(()),
            Some(id) => {
                let message = format!(
                    "the binding of connection `{id}` no longer names the idempotency header that it had when the \
                     execution started"
                );
                Err(blocked(id, message))
            }
        }
    }
}

/// All connections of an executor.
pub(super) struct Connections {
    registry: Arc<Registry>,
    bindings: BTreeMap<Namespace, Bindings>,
    secrets: Option<Arc<dyn SecretStore>>,
    open: Mutex<BTreeMap<(Namespace, String), Arc<Slot>>>,
}

/// One connection, made by whoever needs it first; a failure is not kept.
#[derive(Default)]
struct Slot(OnceCell<Open>);

impl Connections {
    pub(super) fn new(
        registry: Arc<Registry>,
        bindings: BTreeMap<Namespace, Bindings>,
        secrets: Option<Arc<dyn SecretStore>>,
    ) -> Self {
        Connections { registry, bindings, secrets, open: Mutex::new(BTreeMap::new()) }
    }

    /// The connections of a bundle whose bindings name an idempotency header: what `started` keeps for life.
    pub(super) fn keyed(&self, namespace: &Namespace, bundle: &Bundle) -> Vec<String> {
        // An action may always use one connection, which the document then does not declare: its binding says of which
        // connector it is.
        let fixed = bundle.interfaces.values().filter_map(|interface| interface.connection.as_deref());
        let declared =
            bundle.connections.iter().map(|(id, connector)| (id.as_str(), Some(connector.as_str())));
        let keyed = |(id, connector): &(&str, Option<&str>)| {
            let binding = self.binding(namespace, id);
            let facts = binding
                .and_then(|binding| self.facts(namespace, id, connector.unwrap_or(&binding.connector)));
            facts.is_ok_and(|(.., facts)| facts.keyed)
        };
        let found: BTreeSet<&str> =
            declared.chain(fixed.map(|id| (id, None))).filter(keyed).map(|(id, _)| id).collect();
        found.into_iter().map(str::to_owned).collect()
    }

    /// Finds all that a bundle needs, or says what is in the way: a handler, a binding, a secret, a connection that
    /// cannot be made.
    pub(super) async fn equip(&self, namespace: &Namespace, bundle: &Bundle) -> Result<Equipment, Blocked> {
        let mut equipment = Equipment { keyed: self.keyed(namespace, bundle), ..Equipment::default() };
        let mut missing = Vec::new();
        let mut wanted = BTreeMap::new();
        for place in places(&bundle.document) {
            let action = place.action;
            if action.starts_with(CORE_PREFIX) {
                continue;
            }
            let found = bundle
                .interfaces
                .get(action)
                .and_then(|interface| self.registry.handler(action, &interface.digest));
            let Some(handler) = found else {
                missing.push(action.to_owned());
                continue;
            };
            if let Some(id) = place.connection.or(handler.connection()) {
                wanted.insert(id.to_owned(), action.to_owned());
            }
            equipment.handlers.insert(action.to_owned(), handler.clone());
        }
        if !missing.is_empty() {
            missing.sort_unstable();
            missing.dedup();
            let message = format!(
                "this worker has no handler for {} (with the interface that the workflow was checked against)",
                missing.join(", ")
            );
            return Err(Blocked::new(BlockedReason::Missing, message).with_missing(missing));
        }
        for (id, action) in wanted {
            // A connection that a document does not declare is one that the action brings along.
            let connector = bundle.connections.get(&id).map(String::as_str);
            let opened = self.opened(namespace, &id, connector).await;
            let open = opened.map_err(|blocked| Blocked {
                message: format!("{} (needed by {action})", blocked.message),
                ..blocked
            })?;
            equipment.connections.insert(id, open);
        }
        Ok(equipment)
    }

    async fn opened(
        &self,
        namespace: &Namespace,
        id: &str,
        connector: Option<&str>,
    ) -> Result<Open, Blocked> {
        let (binding, maker, facts) = match connector {
            Some(connector) => self.facts(namespace, id, connector)?,
            None => {
                let binding = self.binding(namespace, id)?;
                self.facts(namespace, id, &binding.connector)?
            }
        };
        let slot = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.entry((namespace.clone(), id.to_owned())).or_default().clone()
        };
        slot.0
            .get_or_try_init(|| async {
                let secrets = self.secrets(namespace, id, &facts).await?;
                let connection = maker.connect(binding, secrets).await.map_err(|error| {
                    blocked(id, format!("connection `{id}` cannot be made: {}", chain(&error)))
                })?;
                let calls = facts.concurrent.map(|calls| {
                    let calls = usize::try_from(calls).unwrap_or(usize::MAX).clamp(1, Semaphore::MAX_PERMITS);
                    Arc::new(Semaphore::new(calls))
                });
                Ok(Open { connection, calls })
            })
            .await
            .cloned()
    }

    fn binding(&self, namespace: &Namespace, id: &str) -> Result<&Binding, Blocked> {
        self.bindings.get(namespace).and_then(|bindings| bindings.0.get(id)).ok_or_else(|| {
            blocked(id, format!("connection `{id}` has no binding in namespace `{namespace}`"))
        })
    }

    fn facts(
        &self,
        namespace: &Namespace,
        id: &str,
        connector: &str,
    ) -> Result<(&Binding, &Arc<dyn Connector>, BindingFacts), Blocked> {
        let binding = self.binding(namespace, id)?;
        if binding.connector != connector {
            let has = &binding.connector;
            let message =
                format!("connection `{id}` is of connector `{connector}`, but its binding is of `{has}`");
            return Err(blocked(id, message));
        }
        let maker = self
            .registry
            .connector(connector)
            .ok_or_else(|| blocked(id, format!("this worker has no connector `{connector}` for `{id}`")))?;
        let facts = maker
            .check(binding)
            .map_err(|error| blocked(id, format!("the binding of connection `{id}`: {}", chain(&error))))?;
        Ok((binding, maker, facts))
    }

    async fn secrets(
        &self,
        namespace: &Namespace,
        id: &str,
        facts: &BindingFacts,
    ) -> Result<Secrets, Blocked> {
        let mut values = BTreeMap::new();
        for name in &facts.secrets {
            let lacks = |why: String| {
                blocked(id, format!("secret {name}, which the binding of connection `{id}` names, {why}"))
                    .with_missing(vec![name.clone()])
            };
            let store =
                self.secrets.as_ref().ok_or_else(|| lacks("is not there: no secret store is set".into()))?;
            let value = store
                .resolve(namespace, name)
                .await
                .map_err(|error| lacks(format!("is not there: {}", chain(&error))))?;
            values.insert(name.clone(), value);
        }
        Ok(Secrets(values))
    }
}

fn blocked(id: &str, message: String) -> Blocked {
    Blocked::new(BlockedReason::Binding, message).with_missing(vec![id.to_owned()])
}

/// An error with its causes, each of which speaks for its own level.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
