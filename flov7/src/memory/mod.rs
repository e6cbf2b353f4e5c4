//! A store in memory: for tests, for trying things out, and where nothing needs to outlive the process.
//!
//! ```
//! use std::sync::Arc;
//! use flov7::memory::InMemoryStore;
//! use flov7::store::Store;
//!
//! let store: Arc<dyn Store> = Arc::new(InMemoryStore::new());
//! assert!(!store.capabilities().durable && store.capabilities().history);
//! ```

mod marks;
mod space;
mod state;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::clock::Clock;
use crate::error::Error;
use crate::id::{ExecutionId, Namespace, Timestamp, WorkflowName};
use crate::store::{
    Accepted, Claim, Claimed, Created, EmittedEvent, ExecutionPage, ExecutionQuery, ExecutionStore, Expect,
    Lease, Loaded, Message, NewExecution, Purge, Purged, Store, StoreCapabilities, StoredRevision, Turn,
    TurnBody, TurnError, Which, WorkflowRow, WorkflowStore,
};
use crate::validate::Bundle;
use marks::Marks;
use state::State;

/// A store in memory. What it acknowledged is lost with the process; several executors of one process may share it.
pub struct InMemoryStore {
    capabilities: StoreCapabilities,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    marks: Marks,
}

impl InMemoryStore {
    /// An empty store that keeps history, on the system's clock.
    #[cfg(feature = "embedded")]
    #[must_use]
    pub fn new() -> Self {
        InMemoryStore::with_clock(Arc::new(crate::clock::SystemClock))
    }

    /// An empty store that keeps history, on a clock.
    #[must_use]
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        InMemoryStore {
            capabilities: StoreCapabilities::new(false, false).with_purge(),
            clock,
            state: Mutex::new(State::new(true, None)),
            marks: Marks::default(),
        }
    }

    /// Keeps no journals: a turn's body is counted and dropped, so that a long life costs no memory. Executions then
    /// live only in their executor, or by the snapshots that it takes.
    #[must_use]
    pub fn without_history(mut self) -> Self {
        self.capabilities = self.capabilities.without_history();
        self.emptied()
    }

    /// Keeps about so many bytes of executions that ended, with their journals: where one more ends and they take more, those
    /// that ended the longest ago are taken away as by [`ExecutionStore::purge`], with their start keys. The one that ended
    /// last stays, however large it is; what has not ended is not counted and never taken. Without it all stay until they
    /// are purged.
    #[must_use]
    pub fn with_ended_bytes(mut self, bytes: usize) -> Self {
        self.capabilities = self.capabilities.with_ended_bytes(bytes);
        self.emptied()
    }

    fn emptied(mut self) -> Self {
        let state = State::new(self.capabilities.history, self.capabilities.ended_bytes);
        self.state = Mutex::new(state);
        self
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics halfway through a change, so a poisoned lock hides no torn state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(feature = "embedded")]
impl Default for InMemoryStore {
    fn default() -> Self {
        InMemoryStore::new()
    }
}

impl fmt::Debug for InMemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemoryStore").field("capabilities", &self.capabilities).finish_non_exhaustive()
    }
}

impl Store for InMemoryStore {
    fn capabilities(&self) -> &StoreCapabilities {
        &self.capabilities
    }
}

#[async_trait]
impl WorkflowStore for InMemoryStore {
    async fn save(&self, namespace: &Namespace, bundle: Arc<Bundle>, expect: Expect) -> Result<u64, Error> {
        let name = crate::store::workflow_name(&bundle)?;
        // Outside the lock: the digest of a large bundle takes its time.
        let digest = bundle.digest();
        self.state().space_mut(namespace).save(name, bundle, digest, expect)
    }

    async fn load(
        &self,
        namespace: &Namespace,
        name: &WorkflowName,
        which: Which,
    ) -> Result<StoredRevision, Error> {
        match self.state().space(namespace) {
            Some(space) => space.load(name, which),
            None => Err(space::no_workflow(name)),
        }
    }

    async fn activate(
        &self,
        namespace: &Namespace,
        name: &WorkflowName,
        revision: Option<u64>,
        expect: Expect,
    ) -> Result<(), Error> {
        match self.state().existing_mut(namespace) {
            Some(space) => space.activate(name, revision, expect),
            None => Err(space::no_workflow(name)),
        }
    }

    async fn workflows(
        &self,
        namespace: &Namespace,
        after: Option<&WorkflowName>,
        limit: usize,
    ) -> Result<Vec<WorkflowRow>, Error> {
        Ok(self.state().space(namespace).map_or_else(Vec::new, |space| space.workflows(after, limit)))
    }
}

#[async_trait]
impl ExecutionStore for InMemoryStore {
    async fn create(&self, namespace: &Namespace, new: NewExecution) -> Result<Created, Error> {
        let workflow = new.check(&self.capabilities)?;
        let created = self.state().create(namespace, workflow, new, self.clock.now())?;
        // One that is held from the start is nobody else's to look at.
        if created == Created::New(None) {
            self.marks.advance();
        }
        Ok(created)
    }

    async fn commit(&self, turns: Vec<Turn>) -> Vec<Result<(), TurnError>> {
        let mut notable = false;
        let answers = {
            let mut state = self.state();
            turns
                .into_iter()
                .map(|turn| {
                    notable |= turn.release
                        || !turn.posts.is_empty()
                        || !turn.children.is_empty()
                        || !turn.emitted.is_empty();
                    state.commit(turn, &self.capabilities, &*self.clock)
                })
                .collect()
        };
        if notable {
            self.marks.advance();
        }
        answers
    }

    async fn post(
        &self,
        namespace: &Namespace,
        to: &ExecutionId,
        message: Message,
    ) -> Result<Accepted, Error> {
        message.check()?;
        let accepted = self.state().post(namespace, to, message, self.clock.now())?;
        if accepted == Accepted::New {
            self.marks.advance();
        }
        Ok(accepted)
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, Error> {
        Ok(self.state().claim(claim, self.clock.now()))
    }

    async fn renew(
        &self,
        leases: &[(Namespace, ExecutionId, Lease)],
        ttl_millis: u64,
    ) -> Result<Vec<bool>, Error> {
        Ok(self.state().renew(leases, ttl_millis, self.clock.now()))
    }

    async fn release(&self, leases: &[(Namespace, ExecutionId, Lease)]) -> Result<(), Error> {
        self.state().release(leases, self.clock.now());
        self.marks.advance();
        Ok(())
    }

    async fn arrived(
        &self,
        owner: &str,
        limit: usize,
    ) -> Result<Vec<(Namespace, ExecutionId, Message)>, Error> {
        Ok(self.state().arrived(owner, limit))
    }

    async fn restore(&self, namespace: &Namespace, execution: &ExecutionId) -> Result<Loaded, Error> {
        self.state().restore(namespace, execution)
    }

    async fn turns(
        &self,
        namespace: &Namespace,
        execution: &ExecutionId,
        from_seq: u64,
        limit: usize,
    ) -> Result<Vec<TurnBody>, Error> {
        if !self.capabilities.history {
            return Err(Error::unsupported("this store keeps no journals"));
        }
        self.state().turns(namespace, execution, from_seq, limit)
    }

    async fn executions(
        &self,
        namespace: &Namespace,
        query: &ExecutionQuery,
    ) -> Result<ExecutionPage, Error> {
        Ok(self.state().space(namespace).map(|space| space.executions(query)).unwrap_or_default())
    }

    async fn emitted(
        &self,
        namespace: &Namespace,
        after: u64,
        limit: usize,
    ) -> Result<Vec<EmittedEvent>, Error> {
        Ok(self.state().space(namespace).map_or_else(Vec::new, |space| space.emitted(after, limit)))
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, Error> {
        Ok(self.state().next_due())
    }

    async fn purge(&self, purge: &Purge) -> Result<Purged, Error> {
        Ok(self.state().purge(purge, self.clock.now()))
    }

    async fn changed(&self, seen: u64) -> u64 {
        self.marks.after(seen).await
    }
}
