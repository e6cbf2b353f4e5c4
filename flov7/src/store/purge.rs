//! What is taken away once it ended long ago.

use crate::id::Namespace;

/// What is to be taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Purge {
    /// Executions that ended at least so many milliseconds ago, and events as old.
    pub age_millis: u64,
    /// Only of this namespace; of all without it.
    pub namespace: Option<Namespace>,
    /// At most so many executions, and so many events, at once.
    pub limit: usize,
}

impl Purge {
    /// How many executions, and how many events, one call takes away that says nothing else.
    pub const LIMIT: usize = 500;

    /// What ended at least so many milliseconds ago, in all namespaces; [`Purge::LIMIT`] at once.
    pub fn new(age_millis: u64) -> Self {
        Purge { age_millis, namespace: None, limit: Purge::LIMIT }
    }

    /// Keeps to one namespace.
    #[must_use]
    pub fn with_namespace(mut self, namespace: Namespace) -> Self {
        self.namespace = Some(namespace);
        self
    }

    /// Takes away at most so many at once, at least 1.
    #[must_use]
    pub fn with_limit(mut self, limit: usize) -> Self {
        self.limit = limit.max(1);
        self
    }
}

/// What was taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Purged {
    /// How many executions.
    pub executions: usize,
    /// How many events of the outbox.
    pub events: usize,
    /// How many bundles that nothing refers to any more.
    pub bundles: usize,
    /// Whether the limit was reached: there may be more.
    pub more: bool,
}

impl Purged {
    /// What a store took away under a limit.
    pub fn new(executions: usize, events: usize, bundles: usize, limit: usize) -> Self {
        Purged { executions, events, bundles, more: executions >= limit || events >= limit }
    }
}
