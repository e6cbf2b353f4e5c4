//! HTTP: the connector, its connections, and the actions that send through them.

mod call;
mod connector;
mod headers;
mod input;
mod request;
mod response;
mod retry_after;
mod scrub;
pub(crate) mod settings;
mod target;
mod tls;
mod transport;
mod via;

pub use connector::{HTTP, HttpConnection, HttpConnector};
pub use request::{HttpRequest, descriptor as http_request_descriptor};
pub use transport::Network;
pub use via::ViaHttpAction;
