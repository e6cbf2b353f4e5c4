//! A store that fails where a plan says so.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use flov7::error::Error;
use flov7::id::{ExecutionId, Namespace, Timestamp, WorkflowName};
use flov7::store::{
    Accepted, Claim, Claimed, Created, EmittedEvent, ExecutionPage, ExecutionQuery, ExecutionStore, Expect,
    Lease, Loaded, Message, NewExecution, Purge, Purged, Store, StoreCapabilities, StoredRevision, Turn,
    TurnBody, TurnError, Which, WorkflowRow, WorkflowStore,
};
use flov7::validate::Bundle;

use super::{Operation, Plan, When};

/// A store whose turns and posts are counted, and fail where its plan says so: unless the process aborts, with an
/// `Unknown` outcome. Everything else passes through.
pub struct FaultStore {
    inner: Arc<dyn Store>,
    plan: Plan,
}

impl FaultStore {
    /// Wraps a store.
    #[must_use]
    pub fn new(inner: Arc<dyn Store>, plan: Plan) -> Self {
        FaultStore { inner, plan }
    }
}

impl fmt::Debug for FaultStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultStore").field("plan", &self.plan).finish_non_exhaustive()
    }
}

impl Store for FaultStore {
    fn capabilities(&self) -> &StoreCapabilities {
        self.inner.capabilities()
    }
}

#[async_trait]
impl ExecutionStore for FaultStore {
    async fn create(&self, namespace: &Namespace, new: NewExecution) -> Result<Created, Error> {
        let number = self.plan.count(Operation::Commit, 1);
        self.plan.reach(Operation::Commit, number, When::Before)?;
        let answer = self.inner.create(namespace, new).await;
        self.plan.reach(Operation::Commit, number, When::After)?;
        answer
    }

    async fn commit(&self, turns: Vec<Turn>) -> Vec<Result<(), TurnError>> {
        let first = self.plan.count(Operation::Commit, turns.len());
        let mut answers = Vec::with_capacity(turns.len());
        // Turns up to a point are committed together, so that what came before it is written and what follows is not.
        let mut batch = Vec::new();
        for (number, turn) in (first..).zip(turns) {
            if self.plan.has(Operation::Commit, number, When::Before) {
                answers.extend(self.inner.commit(std::mem::take(&mut batch)).await);
                if let Err(error) = self.plan.reach(Operation::Commit, number, When::Before) {
                    answers.push(Err(TurnError::Unknown(error)));
                    continue;
                }
            }
            batch.push(turn);
            if self.plan.has(Operation::Commit, number, When::After) {
                answers.extend(self.inner.commit(std::mem::take(&mut batch)).await);
                if let Err(error) = self.plan.reach(Operation::Commit, number, When::After) {
                    answers.pop();
                    answers.push(Err(TurnError::Unknown(error)));
                }
            }
        }
        if !batch.is_empty() {
            answers.extend(self.inner.commit(batch).await);
        }
        answers
    }

    async fn post(
        &self,
        namespace: &Namespace,
        to: &ExecutionId,
        message: Message,
    ) -> Result<Accepted, Error> {
        let number = self.plan.count(Operation::Post, 1);
        self.plan.reach(Operation::Post, number, When::Before)?;
        let answer = self.inner.post(namespace, to, message).await;
        self.plan.reach(Operation::Post, number, When::After)?;
        answer
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, Error> {
        self.inner.claim(claim).await
    }

    async fn renew(
        &self,
        leases: &[(Namespace, ExecutionId, Lease)],
        ttl_millis: u64,
    ) -> Result<Vec<bool>, Error> {
        self.inner.renew(leases, ttl_millis).await
    }

    async fn release(&self, leases: &[(Namespace, ExecutionId, Lease)]) -> Result<(), Error> {
        self.inner.release(leases).await
    }

    async fn arrived(
        &self,
        owner: &str,
        limit: usize,
    ) -> Result<Vec<(Namespace, ExecutionId, Message)>, Error> {
        self.inner.arrived(owner, limit).await
    }

    async fn restore(&self, namespace: &Namespace, execution: &ExecutionId) -> Result<Loaded, Error> {
        self.inner.restore(namespace, execution).await
    }

    async fn turns(
        &self,
        namespace: &Namespace,
        execution: &ExecutionId,
        from_seq: u64,
        limit: usize,
    ) -> Result<Vec<TurnBody>, Error> {
        self.inner.turns(namespace, execution, from_seq, limit).await
    }

    async fn executions(
        &self,
        namespace: &Namespace,
        query: &ExecutionQuery,
    ) -> Result<ExecutionPage, Error> {
        self.inner.executions(namespace, query).await
    }

    async fn emitted(
        &self,
        namespace: &Namespace,
        after: u64,
        limit: usize,
    ) -> Result<Vec<EmittedEvent>, Error> {
        self.inner.emitted(namespace, after, limit).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, Error> {
        self.inner.next_due().await
    }

    async fn purge(&self, purge: &Purge) -> Result<Purged, Error> {
        self.inner.purge(purge).await
    }

    async fn changed(&self, seen: u64) -> u64 {
        self.inner.changed(seen).await
    }
}

#[async_trait]
impl WorkflowStore for FaultStore {
    async fn save(&self, namespace: &Namespace, bundle: Arc<Bundle>, expect: Expect) -> Result<u64, Error> {
        self.inner.save(namespace, bundle, expect).await
    }

    async fn load(
        &self,
        namespace: &Namespace,
        name: &WorkflowName,
        which: Which,
    ) -> Result<StoredRevision, Error> {
        self.inner.load(namespace, name, which).await
    }

    async fn activate(
        &self,
        namespace: &Namespace,
        name: &WorkflowName,
        revision: Option<u64>,
        expect: Expect,
    ) -> Result<(), Error> {
        self.inner.activate(namespace, name, revision, expect).await
    }

    async fn workflows(
        &self,
        namespace: &Namespace,
        after: Option<&WorkflowName>,
        limit: usize,
    ) -> Result<Vec<WorkflowRow>, Error> {
        self.inner.workflows(namespace, after, limit).await
    }
}
