//! The store in memory passes, with and without history.

use std::sync::Arc;

use flov7::memory::InMemoryStore;
use flov7::testing::ManualClock;
use flov7_conformance::store::Fixture;

async fn with_history(clock: ManualClock) -> Fixture {
    Fixture::new(Arc::new(InMemoryStore::with_clock(Arc::new(clock.clone()))), clock)
}

async fn without_history(clock: ManualClock) -> Fixture {
    let store = InMemoryStore::with_clock(Arc::new(clock.clone())).without_history();
    Fixture::new(Arc::new(store), clock)
}

/// A bound that none of the cases comes near changes nothing.
async fn bounded(clock: ManualClock) -> Fixture {
    let store = InMemoryStore::with_clock(Arc::new(clock.clone())).with_ended_bytes(64 * 1024 * 1024);
    Fixture::new(Arc::new(store), clock)
}

mod keeping_history {
    flov7_conformance::store_suite!(super::with_history);
}

mod keeping_none {
    flov7_conformance::store_suite!(super::without_history);
}

mod keeping_some {
    flov7_conformance::store_suite!(super::bounded);
}
