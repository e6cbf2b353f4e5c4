//! Secrets: values that only a connector sees, at call time.

use std::fmt;

use async_trait::async_trait;

use crate::error::Error;
use crate::id::Namespace;

/// A secret value. `Debug` and `Display` do not show it, and it cannot be serialised.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Secret(value.into())
    }

    /// The value itself: for the header or the signature that needs it, and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Where secrets come from.
///
/// - `resolve` gives the value of this name in this namespace, and never another namespace's.
/// - A missing one is [`crate::error::ErrorKind::Missing`], naming the secret; no error holds a value.
#[async_trait]
pub trait SecretStore: Send + Sync {
    /// The value of a secret by its name (`[A-Z][A-Z0-9_]{0,63}`).
    async fn resolve(&self, namespace: &Namespace, name: &str) -> Result<Secret, Error>;
}
