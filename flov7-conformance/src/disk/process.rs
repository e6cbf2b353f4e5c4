//! A store as one process has it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use async_trait::async_trait;
use flov7::clock::Clock;
use flov7::error::Error;
use flov7::id::{ExecutionId, Namespace, Timestamp, WorkflowName};
use flov7::memory::InMemoryStore;
use flov7::store::{
    Accepted, Claim, Claimed, Created, EmittedEvent, ExecutionPage, ExecutionQuery, ExecutionStore, Expect,
    Lease, Loaded, Message, NewExecution, Purge, Purged, Store, StoreCapabilities, StoredRevision, Turn,
    TurnBody, TurnError, Which, WorkflowRow, WorkflowStore,
};
use flov7::validate::Bundle;

use super::log::Write;
use super::{Disk, Mishap, gone};

/// A store on a [`Disk`], as one process has it. Clones are of the same process.
#[derive(Clone)]
pub struct Process(Arc<Inner>);

struct Inner {
    disk: Disk,
    life: u64,
    capabilities: StoreCapabilities,
    killed: AtomicBool,
    /// Until when it does nothing, in ms.
    stalled: AtomicI64,
    /// What spreads its operations among those of others.
    dice: AtomicU64,
    refused: AtomicU64,
}

impl Process {
    pub(super) fn new(disk: Disk, life: u64) -> Self {
        let capabilities = InMemoryStore::with_clock(Arc::new(disk.0.clock.clone())).capabilities().clone();
        Process(Arc::new(Inner {
            disk,
            life,
            capabilities,
            killed: AtomicBool::new(false),
            stalled: AtomicI64::new(i64::MIN),
            dice: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }))
    }

    /// Spreads its operations: before and after each one, others go on for as long as the seed says. The same seed, the
    /// same order of all operations, where everything is on one thread.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        self.0.dice.store(seed | 1, Ordering::Relaxed);
        self
    }

    /// The process dies: from now on everything is refused, and nothing is handed back. Others go on.
    pub fn kill(&self) {
        self.0.killed.store(true, Ordering::SeqCst);
    }

    /// Whether it is alive: neither killed, nor on a disk that crashed.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.0.killed.load(Ordering::SeqCst) && self.0.disk.state().life == self.0.life
    }

    /// How many operations were refused because it is dead.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.0.refused.load(Ordering::SeqCst)
    }

    /// The process does nothing until an instant, and then goes on as if nothing had been: a machine that was suspended.
    pub fn stall_until(&self, at: Timestamp) {
        self.0.stalled.store(at.ms(), Ordering::SeqCst);
    }

    async fn spread(&self) {
        let seed = self.0.dice.load(Ordering::Relaxed);
        if seed == 0 {
            return;
        }
        // SplitMix64, as `flov7::testing::SeededEntropy`.
        let next = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.dice.store(next | 1, Ordering::Relaxed);
        let mut bits = (next ^ (next >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        for _ in 0..(bits >> 61) {
            tokio::task::yield_now().await;
        }
    }

    async fn begin(&self) -> Result<(Arc<InMemoryStore>, Option<Mishap>), Error> {
        self.spread().await;
        loop {
            if !self.is_alive() {
                self.0.refused.fetch_add(1, Ordering::SeqCst);
                return Err(gone());
            }
            let until = Timestamp::from_ms(self.0.stalled.load(Ordering::SeqCst));
            if self.0.disk.0.clock.now() >= until {
                return self.0.disk.begin(self.0.life);
            }
            self.0.disk.0.clock.sleep_until(until).await;
        }
    }

    async fn done(&self, write: Option<Write>, mishap: Option<Mishap>) -> Result<(), Error> {
        let entry = write.map(|write| (self.0.disk.0.clock.now(), write));
        self.0.disk.done(self.0.life, entry, mishap)?;
        self.spread().await;
        Ok(())
    }

    /// What is kept of a write, where it may have to be done again.
    fn kept(&self, write: impl FnOnce() -> Write) -> Option<Write> {
        self.0.disk.is_lazy().then(write)
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("life", &self.0.life).field("alive", &self.is_alive()).finish()
    }
}

impl Store for Process {
    fn capabilities(&self) -> &StoreCapabilities {
        &self.0.capabilities
    }
}

#[async_trait]
impl ExecutionStore for Process {
    async fn create(&self, namespace: &Namespace, new: NewExecution) -> Result<Created, Error> {
        let (store, mishap) = self.begin().await?;
        let write = self.kept(|| Write::Create(namespace.clone(), Box::new(new.clone())));
        let answer = store.create(namespace, new).await;
        self.done(write, mishap).await?;
        answer
    }

    async fn commit(&self, turns: Vec<Turn>) -> Vec<Result<(), TurnError>> {
        let unknown = |count: usize, error: &Error| {
            (0..count).map(|_| Err(TurnError::Unknown(error.clone()))).collect()
        };
        let count = turns.len();
        let (store, mishap) = match self.begin().await {
            Ok(begun) => begun,
            Err(error) => return unknown(count, &error),
        };
        let write = self.kept(|| Write::Commit(turns.clone()));
        let answers = store.commit(turns).await;
        match self.done(write, mishap).await {
            Ok(()) => answers,
            Err(error) => unknown(count, &error),
        }
    }

    async fn post(
        &self,
        namespace: &Namespace,
        to: &ExecutionId,
        message: Message,
    ) -> Result<Accepted, Error> {
        let (store, mishap) = self.begin().await?;
        let write = self.kept(|| Write::Post(namespace.clone(), to.clone(), message.clone()));
        let answer = store.post(namespace, to, message).await;
        self.done(write, mishap).await?;
        answer
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, Error> {
        let (store, mishap) = self.begin().await?;
        let write = self.kept(|| Write::Claim(claim.clone()));
        let answer = store.claim(claim).await;
        self.done(write, mishap).await?;
        answer
    }

    async fn renew(
        &self,
        leases: &[(Namespace, ExecutionId, Lease)],
        ttl_millis: u64,
    ) -> Result<Vec<bool>, Error> {
        let (store, mishap) = self.begin().await?;
        let write = self.kept(|| Write::Renew(leases.to_vec(), ttl_millis));
        let answer = store.renew(leases, ttl_millis).await;
        self.done(write, mishap).await?;
        answer
    }

    async fn release(&self, leases: &[(Namespace, ExecutionId, Lease)]) -> Result<(), Error> {
        let (store, mishap) = self.begin().await?;
        let write = self.kept(|| Write::Release(leases.to_vec()));
        let answer = store.release(leases).await;
        self.done(write, mishap).await?;
        answer
    }

    async fn purge(&self, purge: &Purge) -> Result<Purged, Error> {
        let (store, mishap) = self.begin().await?;
        let write = self.kept(|| Write::Purge(purge.clone()));
        let answer = store.purge(purge).await;
        self.done(write, mishap).await?;
        answer
    }

    async fn arrived(
        &self,
        owner: &str,
        limit: usize,
    ) -> Result<Vec<(Namespace, ExecutionId, Message)>, Error> {
        let (store, mishap) = self.begin().await?;
        let answer = store.arrived(owner, limit).await;
        self.done(None, mishap).await?;
        answer
    }

    async fn restore(&self, namespace: &Namespace, execution: &ExecutionId) -> Result<Loaded, Error> {
        let (store, mishap) = self.begin().await?;
        let answer = store.restore(namespace, execution).await;
        self.done(None, mishap).await?;
        answer
    }

    async fn turns(
        &self,
        namespace: &Namespace,
        execution: &ExecutionId,
        from_seq: u64,
        limit: usize,
    ) -> Result<Vec<TurnBody>, Error> {
        let (store, mishap) = self.begin().await?;
        let answer = store.turns(namespace, execution, from_seq, limit).await;
        self.done(None, mishap).await?;
        answer
    }

    async fn executions(
        &self,
        namespace: &Namespace,
        query: &ExecutionQuery,
    ) -> Result<ExecutionPage, Error> {
        let (store, mishap) = self.begin().await?;
        let answer = store.executions(namespace, query).await;
        self.done(None, mishap).await?;
        answer
    }

    async fn emitted(
        &self,
        namespace: &Namespace,
        after: u64,
        limit: usize,
    ) -> Result<Vec<EmittedEvent>, Error> {
        let (store, mishap) = self.begin().await?;
        let answer = store.emitted(namespace, after, limit).await;
        self.done(None, mishap).await?;
        answer
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, Error> {
        let (store, mishap) = self.begin().await?;
        let answer = store.next_due().await;
        self.done(None, mishap).await?;
        answer
    }

    async fn changed(&self, seen: u64) -> u64 {
        let store = Arc::clone(&self.0.disk.state().store);
        if !self.is_alive() {
            // Nobody tells the dead.
            return std::future::pending().await;
        }
        store.changed(seen).await
    }
}

#[async_trait]
impl WorkflowStore for Process {
    async fn save(&self, namespace: &Namespace, bundle: Arc<Bundle>, expect: Expect) -> Result<u64, Error> {
        let (store, mishap) = self.begin().await?;
        let write = self.kept(|| Write::Save(namespace.clone(), bundle.clone(), expect));
        let answer = store.save(namespace, bundle, expect).await;
        self.done(write, mishap).await?;
        answer
    }

    async fn load(
        &self,
        namespace: &Namespace,
        name: &WorkflowName,
        which: Which,
    ) -> Result<StoredRevision, Error> {
        let (store, mishap) = self.begin().await?;
        let answer = store.load(namespace, name, which).await;
        self.done(None, mishap).await?;
        answer
    }

    async fn activate(
        &self,
        namespace: &Namespace,
        name: &WorkflowName,
        revision: Option<u64>,
        expect: Expect,
    ) -> Result<(), Error> {
        let (store, mishap) = self.begin().await?;
        let write = self.kept(|| Write::Activate(namespace.clone(), name.clone(), revision, expect));
        let answer = store.activate(namespace, name, revision, expect).await;
        self.done(write, mishap).await?;
        answer
    }

    async fn workflows(
        &self,
        namespace: &Namespace,
        after: Option<&WorkflowName>,
        limit: usize,
    ) -> Result<Vec<WorkflowRow>, Error> {
        let (store, mishap) = self.begin().await?;
        let answer = store.workflows(namespace, after, limit).await;
        self.done(None, mishap).await?;
        answer
    }
}
