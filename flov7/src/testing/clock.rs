//! A clock that is moved by hand.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;

use crate::clock::Clock;
use crate::id::Timestamp;

/// A clock that only moves when it is told to; clones share one time. Sleepers wake when it reaches their instant, in
/// the order of their instants, and not before.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    now: Timestamp,
    /// By instant, then by the order in which they lay down.
    sleepers: BTreeMap<(Timestamp, u64), Waker>,
    next: u64,
}

impl ManualClock {
    /// A clock that stands at an instant.
    pub fn new(now: Timestamp) -> Self {
        ManualClock(Arc::new(Mutex::new(State { now, sleepers: BTreeMap::new(), next: 0 })))
    }

    /// Moves it forward.
    pub fn advance(&self, by: Duration) {
        let to = self.state().now.saturating_add(by);
        self.set(to);
    }

    /// Sets it, forward or back, and wakes those whose instant has come.
    pub fn set(&self, to: Timestamp) {
        let awake = {
            let mut state = self.state();
            state.now = to;
            // No sleeper ever has this number: it splits those whose instant has come from those that sleep on.
            let asleep = state.sleepers.split_off(&(to, u64::MAX));
            std::mem::replace(&mut state.sleepers, asleep)
        };
        awake.into_values().for_each(Waker::wake);
    }

    /// The earliest instant that someone sleeps until: where a clock that jumps would jump to.
    pub fn earliest_sleeper(&self) -> Option<Timestamp> {
        self.state().sleepers.keys().next().map(|(at, _)| *at)
    }

    /// How many sleep.
    pub fn sleepers(&self) -> usize {
        self.state().sleepers.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for ManualClock {
    /// Stands at 2026-01-01T00:00:00Z.
    fn default() -> Self {
        ManualClock::new(Timestamp::from_ms(1_767_225_600_000))
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    async fn sleep_until(&self, at: Timestamp) {
        let mut place = Place { clock: self, key: None };
        poll_fn(|cx| {
            let mut state = self.state();
            if state.now >= at {
                return Poll::Ready(());
            }
            let key = *place.key.get_or_insert_with(|| {
                state.next += 1;
                (at, state.next)
            });
            state.sleepers.insert(key, cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// A sleeper's place, given up when its future is dropped: `earliest_sleeper` counts only who still sleeps.
struct Place<'a> {
    clock: &'a ManualClock,
    key: Option<(Timestamp, u64)>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.clock.state().sleepers.remove(&key);
        }
    }
}
