//! What an operator may set.

use std::time::Duration;

/// Bounds and intervals of an embedded executor.
///
/// ```
/// # use std::time::Duration;
/// # use flov7::embedded::Options;
/// let options = Options::default().with_live(100).with_lease(Duration::from_secs(10));
/// assert_eq!((options.live, options.live_per_namespace), (100, 75));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// How long a lease holds without renewal; 30 s. It is renewed after a third of it.
    pub lease: Duration,
    /// How many executions are in memory at most; 1,000. Others wait in the store.
    pub live: usize,
    /// How many of them may be of one namespace; three quarters of `live`, so that none can take all.
    pub live_per_namespace: usize,
    /// A parked execution costs a read to go on; one that is due within this time stays in memory instead; 1 s.
    pub linger: Duration,
    /// How long to wait at most before looking into the store again, where no hint comes; 1 s.
    pub look: Duration,
    /// When to look again at a blocked execution; 30 s.
    pub recheck: Duration,
    /// How many events one commit takes before it is written although more is ready; 512.
    pub ride: u64,
    /// How long executions are kept after they ended, and events of the outbox; for ever without it.
    pub retention: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            lease: Duration::from_secs(30),
            live: 1_000,
            live_per_namespace: 750,
            linger: Duration::from_secs(1),
            look: Duration::from_secs(1),
            recheck: Duration::from_secs(30),
            ride: 512,
            retention: None,
        }
    }
}

impl Options {
    /// Sets how long a lease holds; at least 1 s.
    #[must_use]
    pub fn with_lease(mut self, lease: Duration) -> Self {
        self.lease = lease.max(Duration::from_secs(1));
        self
    }

    /// Sets how many executions are in memory, at least 1; a namespace may have three quarters of them.
    #[must_use]
    pub fn with_live(mut self, live: usize) -> Self {
        self.live = live.max(1);
        self.live_per_namespace = (self.live - self.live / 4).max(1);
        self
    }

    /// Sets how many executions of one namespace are in memory, at least 1.
    #[must_use]
    pub fn with_live_per_namespace(mut self, live: usize) -> Self {
        self.live_per_namespace = live.max(1);
        self
    }

    /// Sets for how short a wait an execution stays in memory; zero parks at once.
    #[must_use]
    pub fn with_linger(mut self, linger: Duration) -> Self {
        self.linger = linger;
        self
    }

    /// Sets how long to wait at most before looking into the store again; at least 1 ms.
    #[must_use]
    pub fn with_look(mut self, look: Duration) -> Self {
        self.look = look.max(Duration::from_millis(1));
        self
    }

    /// Sets when to look again at a blocked execution; at least 1 s.
    #[must_use]
    pub fn with_recheck(mut self, recheck: Duration) -> Self {
        self.recheck = recheck.max(Duration::from_secs(1));
        self
    }

    /// Sets how many events one commit takes, at least 1.
    #[must_use]
    pub fn with_ride(mut self, events: u64) -> Self {
        self.ride = events.max(1);
        self
    }

    /// Takes executions away so long after they ended, with their journals and start keys, and events of the outbox as old:
    /// in the background, of all namespaces. At least 1 s. Off without it. An executor that works only on what it is told
    /// ([`super::EmbeddedBuilder::only_named`]) takes nothing away.
    #[must_use]
    pub fn with_retention(mut self, age: Duration) -> Self {
        self.retention = Some(age.max(Duration::from_secs(1)));
        self
    }

    /// The lease as stores count it.
    pub(super) fn lease_millis(&self) -> u64 {
        u64::try_from(self.lease.as_millis()).unwrap_or(u64::MAX)
    }
}
