//! What a disk that lies has promised, and what of it is really there.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use flov7::clock::Clock;
use flov7::id::{ExecutionId, Namespace, Timestamp, WorkflowName};
use flov7::memory::InMemoryStore;
use flov7::store::{Claim, ExecutionStore, Expect, Lease, Message, NewExecution, Purge, Turn, WorkflowStore};
use flov7::testing::ManualClock;
use flov7::validate::Bundle;

/// One write, as it can be done again.
#[derive(Clone, Debug)]
pub(super) enum Write {
    Create(Namespace, Box<NewExecution>),
    Commit(Vec<Turn>),
    Post(Namespace, ExecutionId, Message),
    Claim(Claim),
    Renew(Vec<(Namespace, ExecutionId, Lease)>, u64),
    Release(Vec<(Namespace, ExecutionId, Lease)>),
    Purge(Purge),
    Save(Namespace, Arc<Bundle>, Expect),
    Activate(Namespace, WorkflowName, Option<u64>, Expect),
}

/// A write with the instant at which it was done.
pub(super) type Entry = (Timestamp, Write);

/// All writes so far: those that are synced, and those that are not yet.
pub(super) struct Log {
    every: usize,
    synced: Vec<Entry>,
    waiting: Vec<Entry>,
}

impl Log {
    pub(super) fn new(every: usize) -> Self {
        Log { every: every.max(1), synced: Vec::new(), waiting: Vec::new() }
    }

    pub(super) fn write(&mut self, entry: Entry) {
        self.waiting.push(entry);
        if self.waiting.len() >= self.every {
            self.sync();
        }
    }

    pub(super) fn sync(&mut self) {
        self.synced.append(&mut self.waiting);
    }

    /// What a process finds that starts after a crash.
    pub(super) fn reread(&mut self, clock: &ManualClock) -> Arc<InMemoryStore> {
        self.waiting.clear();
        let past = Arc::new(Past { clock: clock.clone(), at: Mutex::new(None) });
        let store = Arc::new(InMemoryStore::with_clock(past.clone()));
        for (at, write) in &self.synced {
            past.set(Some(*at));
            // A store in memory answers at once.
            let answer = pin!(again(&store, write.clone())).poll(&mut Context::from_waker(Waker::noop()));
            debug_assert_eq!(answer, Poll::Ready(()));
        }
        past.set(None);
        store
    }
}

async fn again(store: &InMemoryStore, write: Write) {
    // As it succeeded or failed the first time.
    match write {
        Write::Create(namespace, new) => drop(store.create(&namespace, *new).await),
        Write::Commit(turns) => drop(store.commit(turns).await),
        Write::Post(namespace, to, message) => drop(store.post(&namespace, &to, message).await),
        Write::Claim(claim) => drop(store.claim(&claim).await),
        Write::Renew(leases, ttl) => drop(store.renew(&leases, ttl).await),
        Write::Release(leases) => drop(store.release(&leases).await),
        Write::Purge(purge) => drop(store.purge(&purge).await),
        Write::Save(namespace, bundle, expect) => drop(store.save(&namespace, bundle, expect).await),
        Write::Activate(namespace, name, revision, expect) => {
            drop(store.activate(&namespace, &name, revision, expect).await);
        }
    }
}

/// The time when something was written, then the true one.
struct Past {
    clock: ManualClock,
    at: Mutex<Option<Timestamp>>,
}

impl Past {
    fn set(&self, at: Option<Timestamp>) {
        *self.at.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }
}

#[async_trait]
impl Clock for Past {
    fn now(&self) -> Timestamp {
        self.at.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or_else(|| self.clock.now())
    }

    async fn sleep_until(&self, at: Timestamp) {
        self.clock.sleep_until(at).await;
    }
}
