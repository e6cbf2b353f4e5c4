//! Names to addresses.

use std::io;
use std::net::IpAddr;

use async_trait::async_trait;

/// Resolves host names.
///
/// - `resolve` gives every address of a name; order is kept when connecting.
/// - A name without addresses is an error or an empty list.
/// - It need not judge what it finds: the guard checks each address, every time one is connected to.
#[async_trait]
pub trait Resolve: Send + Sync {
    /// The addresses of a host name (never a literal address).
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The operating system's resolver. Needs tokio.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
    }
}
