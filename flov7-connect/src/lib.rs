//! Connectors of flov7: guarded HTTP, bindings, and secrets from the environment.
#![warn(unreachable_pub)]

pub mod bindings;
mod env;
mod fault;
mod guard;
mod http;

pub use env::EnvSecrets;
pub use fault::BindingFault;
pub use guard::{Resolve, SystemResolver, special_use};
pub use http::{HTTP, HttpConnection, HttpConnector, HttpRequest, Network, http_request_descriptor};
