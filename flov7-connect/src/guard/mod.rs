//! The guard: requests go to public addresses only, unless an operator said otherwise for one host and port.
//!
//! Two checks, because a literal address never asks a resolver: [`Guard::check_literal`] before a request is made, for
//! the host of its URL; and [`GuardedResolver`] when a connection is opened, for every address that a name has. The
//! addresses that were checked are the ones that are connected to: nothing is resolved in between.

mod resolve;
mod special;

pub use resolve::{Resolve, SystemResolver};
pub use special::special_use;

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// A host and port, the host as [`normal_host`] writes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HostPort {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl HostPort {
    pub(crate) fn new(host: &str, port: u16) -> Self {
        HostPort { host: normal_host(host), port }
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// A URL's host in the one form that is compared: lower case, no brackets, no final dot, addresses as the standard
/// library prints them.
pub(crate) fn normal_host(host: &str) -> String {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    match bare.parse::<IpAddr>() {
        Ok(address) => address.to_string(),
        Err(_) => bare.strip_suffix('.').unwrap_or(bare).to_ascii_lowercase(),
    }
}

/// What may be reached: public addresses, and what the operator listed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard {
    allowed: BTreeSet<HostPort>,
    /// Whether there is a binding in which an operator could allow more.
    bound: bool,
}

impl Guard {
    /// The guard of requests without a connection: public addresses only.
    pub(crate) fn public() -> Self {
        Guard::default()
    }

    /// The guard of a binding that allows these internal places.
    pub(crate) fn bound(allowed: BTreeSet<HostPort>) -> Self {
        Guard { allowed, bound: true }
    }

    /// Checks the host of a URL if it is a literal address; names are checked when they are connected to.
    pub(crate) fn check_literal(&self, place: &HostPort) -> Result<(), Blocked> {
        match place.host.parse::<IpAddr>() {
            Ok(address) => self.check(place, address),
            Err(_) => Ok(()),
        }
    }

    /// Checks one address that `place` has. Allowed is what is public, what the operator listed as the URL spells it,
    /// and what the operator listed as this very address.
    fn check(&self, place: &HostPort, address: IpAddr) -> Result<(), Blocked> {
        let Some(what) = special_use(address) else { return Ok(()) };
        let plain = special::carried(address);
        let listed = |host: String| self.allowed.contains(&HostPort { host, port: place.port });
        if self.allowed.contains(place) || listed(address.to_string()) || listed(plain.to_string()) {
            return Ok(());
        }
        let verb = if place.host.parse::<IpAddr>().is_ok() { "is" } else { "resolves to" };
        Err(Blocked(if self.bound {
            format!(
                "{place} {verb} {what}; if that is meant, the operator adds \"{place}\" to the binding's allow_internal"
            )
        } else {
            format!(
                "{place} {verb} {what}; without a connection only public addresses are reached: name a connection \
                 whose binding allows it"
            )
        }))
    }
}

/// Why the guard refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Blocked(pub(crate) String);

/// A client's resolver for one place: answers only if every address may be reached.
pub(crate) struct GuardedResolver {
    pub(crate) place: HostPort,
    pub(crate) guard: Arc<Guard>,
    pub(crate) resolver: Arc<dyn Resolve>,
}

impl reqwest::dns::Resolve for GuardedResolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let (place, guard, resolver) = (self.place.clone(), self.guard.clone(), self.resolver.clone());
        Box::pin(async move {
            // A client serves one place; another name here would be checked against the wrong port.
            if normal_host(name.as_str()) != place.host {
                return Err(
                    Blocked(format!("a name that is not the one of {place} was to be resolved")).into()
                );
            }
            let addresses = resolver.resolve(name.as_str()).await?;
            if addresses.is_empty() {
                return Err("the name has no address".into());
            }
            for address in &addresses {
                guard.check(&place, *address)?;
            }
            let port = place.port;
            let checked = addresses.into_iter().map(move |address| SocketAddr::new(address, port));
            Ok(Box::new(checked) as reqwest::dns::Addrs)
        })
    }
}
