//! Everything of this crate, registered at once.

use flov7::action::Registry;
use flov7::catalog::{Catalog, Via};
use flov7::error::{Error, ErrorKind};

use crate::http::{HttpConnector, HttpRequest, Network, ViaHttpAction};

/// Adds a catalogue to a registry, with what this crate can run of it: the connector `http`, the action `http.request`,
/// and each action of the catalogue that says `via.http` and has no handler yet.
///
/// Validate against [`Registry::catalog`] of what comes back, not against the catalogue that went in: a `via` action
/// takes its effect from its method, and has the failures of `http.request`.
///
/// # Errors
/// `Invalid`, naming each action whose `via` cannot be run and why.
///
/// ```
/// use flov7::action::Registry;
/// use flov7::catalog::Catalog;
///
/// let registry = flov7_connect::register(Registry::new(), Catalog::new())?;
/// assert!(registry.catalog().action("http.request").is_some());
/// assert!(registry.connector("http").is_some());
/// # Ok::<(), flov7::error::Error>(())
/// ```
pub fn register(registry: Registry, catalog: Catalog) -> Result<Registry, Error> {
    register_over(Network::new(), registry, catalog)
}

/// [`register`] over another resolver or other certificates.
///
/// # Errors
/// As [`register`].
pub fn register_over(network: Network, registry: Registry, catalog: Catalog) -> Result<Registry, Error> {
    let mut faults = Vec::new();
    let mut actions = Vec::new();
    for descriptor in catalog.actions().filter(|action| matches!(action.via, Some(Via::Http(_)))) {
        let known = registry.catalog().action(&descriptor.id);
        if known.is_some_and(|known| registry.handler(&known.id, &known.interface()).is_some()) {
            continue;
        }
        match ViaHttpAction::new(descriptor.clone()) {
            Ok(action) => actions.push(action),
            Err(fault) => faults.push(fault.to_string()),
        }
    }
    if !faults.is_empty() {
        return Err(Error::new(ErrorKind::Invalid, faults.join("; ")));
    }
    // What has a handler keeps its descriptor, whatever the file says of the same id.
    let merged = catalog.merged(registry.catalog().clone());
    let registry = registry
        .with_catalog(merged)
        .with_connector(HttpConnector::over(network.clone()))
        .with_action(HttpRequest::over(network));
    Ok(actions.into_iter().fold(registry, Registry::with_action))
}
