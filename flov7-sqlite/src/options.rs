//! How a store is opened.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use flov7::clock::{Clock, SystemClock};

/// What an acknowledgement means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// It is on the disk: it survives the process, the system and the power.
    #[default]
    Full,
    /// It survives the process. A system that crashes or loses power may take the last moments with it; what is left is
    /// consistent.
    Process,
}

/// How a store is opened.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// The store's clock: leases lapse and executions are due by it. Default: the system's.
    pub clock: Arc<dyn Clock>,
    /// What an acknowledgement means. Default: [`Durability::Full`].
    pub durability: Durability,
    /// How long a write waits for another process that is writing. Default: 5 s.
    pub patience: Duration,
}

impl Options {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Options {
            clock: Arc::new(SystemClock),
            durability: Durability::Full,
            patience: Duration::from_secs(5),
        }
    }

    /// Sets the clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets what an acknowledgement means.
    #[must_use]
    pub fn with_durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Sets how long a write waits for another process.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}

impl Default for Options {
    fn default() -> Self {
        Options::new()
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("durability", &self.durability)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}
