//! Stores that lie over another store and change some of what it does.
//!
//! A wrapper that passes on every method by hand forgets the next one that a store may have; here it passes through.

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

/// A layer over a store: what it does not write anew passes through to the store below. [`Over`] makes a store of it.
#[async_trait]
pub trait Layer: Send + Sync {
    /// The store below.
    fn inner(&self) -> &dyn Store;

    /// As [`Store::capabilities`].
    fn capabilities(&self) -> &StoreCapabilities {
        self.inner().capabilities()
    }

    /// As [`ExecutionStore::create`].
    async fn create(&self, namespace: &Namespace, new: NewExecution) -> Result<Created, Error> {
        self.inner().create(namespace, new).await
    }

    /// As [`ExecutionStore::commit`].
    async fn commit(&self, turns: Vec<Turn>) -> Vec<Result<(), TurnError>> {
        self.inner().commit(turns).await
    }

    /// As [`ExecutionStore::post`].
    async fn post(
        &self,
        namespace: &Namespace,
        to: &ExecutionId,
        message: Message,
    ) -> Result<Accepted, Error> {
        self.inner().post(namespace, to, message).await
    }

    /// As [`ExecutionStore::claim`].
    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, Error> {
        self.inner().claim(claim).await
    }

    /// As [`ExecutionStore::renew`].
    async fn renew(
        &self,
        leases: &[(Namespace, ExecutionId, Lease)],
        ttl_millis: u64,
    ) -> Result<Vec<bool>, Error> {
        self.inner().renew(leases, ttl_millis).await
    }

    /// As [`ExecutionStore::release`].
    async fn release(&self, leases: &[(Namespace, ExecutionId, Lease)]) -> Result<(), Error> {
        self.inner().release(leases).await
    }

    /// As [`ExecutionStore::arrived`].
    async fn arrived(
        &self,
        owner: &str,
        limit: usize,
    ) -> Result<Vec<(Namespace, ExecutionId, Message)>, Error> {
        self.inner().arrived(owner, limit).await
    }

    /// As [`ExecutionStore::restore`].
    async fn restore(&self, namespace: &Namespace, execution: &ExecutionId) -> Result<Loaded, Error> {
        self.inner().restore(namespace, execution).await
    }

    /// As [`ExecutionStore::turns`].
    async fn turns(
        &self,
        namespace: &Namespace,
        execution: &ExecutionId,
        from_seq: u64,
        limit: usize,
    ) -> Result<Vec<TurnBody>, Error> {
        self.inner().turns(namespace, execution, from_seq, limit).await
    }

    /// As [`ExecutionStore::executions`].
    async fn executions(
        &self,
        namespace: &Namespace,
        query: &ExecutionQuery,
    ) -> Result<ExecutionPage, Error> {
        self.inner().executions(namespace, query).await
    }

    /// As [`ExecutionStore::emitted`].
    async fn emitted(
        &self,
        namespace: &Namespace,
        after: u64,
        limit: usize,
    ) -> Result<Vec<EmittedEvent>, Error> {
        self.inner().emitted(namespace, after, limit).await
    }

    /// As [`ExecutionStore::next_due`].
    async fn next_due(&self) -> Result<Option<Timestamp>, Error> {
        self.inner().next_due().await
    }

    /// As [`ExecutionStore::purge`].
    async fn purge(&self, purge: &Purge) -> Result<Purged, Error> {
        self.inner().purge(purge).await
    }

    /// As [`ExecutionStore::changed`].
    async fn changed(&self, seen: u64) -> u64 {
        self.inner().changed(seen).await
    }

    /// As [`WorkflowStore::save`].
    async fn save(&self, namespace: &Namespace, bundle: Arc<Bundle>, expect: Expect) -> Result<u64, Error> {
        self.inner().save(namespace, bundle, expect).await
    }

    /// As [`WorkflowStore::load`].
    async fn load(
        &self,
        namespace: &Namespace,
        name: &WorkflowName,
        which: Which,
    ) -> Result<StoredRevision, Error> {
        self.inner().load(namespace, name, which).await
    }

    /// As [`WorkflowStore::activate`].
    async fn activate(
        &self,
        namespace: &Namespace,
        name: &WorkflowName,
        revision: Option<u64>,
        expect: Expect,
    ) -> Result<(), Error> {
        self.inner().activate(namespace, name, revision, expect).await
    }

    /// As [`WorkflowStore::workflows`].
    async fn workflows(
        &self,
        namespace: &Namespace,
        after: Option<&WorkflowName>,
        limit: usize,
    ) -> Result<Vec<WorkflowRow>, Error> {
        self.inner().workflows(namespace, after, limit).await
    }
}

/// A store made of a layer.
#[derive(Debug)]
pub struct Over<L>(pub L);

impl<L: Layer> Store for Over<L> {
    fn capabilities(&self) -> &StoreCapabilities {
        self.0.capabilities()
    }
}

#[async_trait]
impl<L: Layer> ExecutionStore for Over<L> {
    async fn create(&self, namespace: &Namespace, new: NewExecution) -> Result<Created, Error> {
        self.0.create(namespace, new).await
    }

    async fn commit(&self, turns: Vec<Turn>) -> Vec<Result<(), TurnError>> {
        self.0.commit(turns).await
    }

    async fn post(
        &self,
        namespace: &Namespace,
        to: &ExecutionId,
        message: Message,
    ) -> Result<Accepted, Error> {
        self.0.post(namespace, to, message).await
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, Error> {
        self.0.claim(claim).await
    }

    async fn renew(
        &self,
        leases: &[(Namespace, ExecutionId, Lease)],
        ttl_millis: u64,
    ) -> Result<Vec<bool>, Error> {
        self.0.renew(leases, ttl_millis).await
    }

    async fn release(&self, leases: &[(Namespace, ExecutionId, Lease)]) -> Result<(), Error> {
        self.0.release(leases).await
    }

    async fn arrived(
        &self,
        owner: &str,
        limit: usize,
    ) -> Result<Vec<(Namespace, ExecutionId, Message)>, Error> {
        self.0.arrived(owner, limit).await
    }

    async fn restore(&self, namespace: &Namespace, execution: &ExecutionId) -> Result<Loaded, Error> {
        self.0.restore(namespace, execution).await
    }

    async fn turns(
        &self,
        namespace: &Namespace,
        execution: &ExecutionId,
        from_seq: u64,
        limit: usize,
    ) -> Result<Vec<TurnBody>, Error> {
        self.0.turns(namespace, execution, from_seq, limit).await
    }

    async fn executions(
        &self,
        namespace: &Namespace,
        query: &ExecutionQuery,
    ) -> Result<ExecutionPage, Error> {
        self.0.executions(namespace, query).await
    }

    async fn emitted(
        &self,
        namespace: &Namespace,
        after: u64,
        limit: usize,
    ) -> Result<Vec<EmittedEvent>, Error> {
        self.0.emitted(namespace, after, limit).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, Error> {
        self.0.next_due().await
    }

    async fn purge(&self, purge: &Purge) -> Result<Purged, Error> {
        self.0.purge(purge).await
    }

    async fn changed(&self, seen: u64) -> u64 {
        self.0.changed(seen).await
    }
}

#[async_trait]
impl<L: Layer> WorkflowStore for Over<L> {
    async fn save(&self, namespace: &Namespace, bundle: Arc<Bundle>, expect: Expect) -> Result<u64, Error> {
        self.0.save(namespace, bundle, expect).await
    }

    async fn load(
        &self,
        namespace: &Namespace,
        name: &WorkflowName,
        which: Which,
    ) -> Result<StoredRevision, Error> {
        self.0.load(namespace, name, which).await
    }

    async fn activate(
        &self,
        namespace: &Namespace,
        name: &WorkflowName,
        revision: Option<u64>,
        expect: Expect,
    ) -> Result<(), Error> {
        self.0.activate(namespace, name, revision, expect).await
    }

    async fn workflows(
        &self,
        namespace: &Namespace,
        after: Option<&WorkflowName>,
        limit: usize,
    ) -> Result<Vec<WorkflowRow>, Error> {
        self.0.workflows(namespace, after, limit).await
    }
}
