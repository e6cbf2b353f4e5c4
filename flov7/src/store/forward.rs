//! `Arc` and `Box` of a store are stores.
#![deny(clippy::missing_trait_methods)]

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    Accepted, Claim, Claimed, Created, EmittedEvent, ExecutionPage, ExecutionQuery, ExecutionStore, Expect,
    Lease, Loaded, Message, NewExecution, Purge, Purged, Store, StoreCapabilities, StoredRevision, Turn,
    TurnBody, TurnError, Which, WorkflowRow, WorkflowStore,
};
use crate::error::Error;
use crate::id::{ExecutionId, Namespace, Timestamp, WorkflowName};
use crate::validate::Bundle;

macro_rules! forward {
    ($pointer:ty) => {
        #[async_trait]
        impl<S: WorkflowStore + ?Sized> WorkflowStore for $pointer {
            async fn save(
                &self,
                namespace: &Namespace,
                bundle: Arc<Bundle>,
                expect: Expect,
            ) -> Result<u64, Error> {
                (**self).save(namespace, bundle, expect).await
            }

            async fn load(
                &self,
                namespace: &Namespace,
                name: &WorkflowName,
                which: Which,
            ) -> Result<StoredRevision, Error> {
                (**self).load(namespace, name, which).await
            }

            async fn activate(
                &self,
                namespace: &Namespace,
                name: &WorkflowName,
                revision: Option<u64>,
                expect: Expect,
            ) -> Result<(), Error> {
                (**self).activate(namespace, name, revision, expect).await
            }

            async fn workflows(
                &self,
                namespace: &Namespace,
                after: Option<&WorkflowName>,
                limit: usize,
            ) -> Result<Vec<WorkflowRow>, Error> {
                (**self).workflows(namespace, after, limit).await
            }
        }

        #[async_trait]
        impl<S: ExecutionStore + ?Sized> ExecutionStore for $pointer {
            async fn create(&self, namespace: &Namespace, new: NewExecution) -> Result<Created, Error> {
                (**self).create(namespace, new).await
            }

            async fn commit(&self, turns: Vec<Turn>) -> Vec<Result<(), TurnError>> {
                (**self).commit(turns).await
            }

            async fn post(
                &self,
                namespace: &Namespace,
                to: &ExecutionId,
                message: Message,
            ) -> Result<Accepted, Error> {
                (**self).post(namespace, to, message).await
            }

            async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, Error> {
                (**self).claim(claim).await
            }

            async fn renew(
                &self,
                leases: &[(Namespace, ExecutionId, Lease)],
                ttl_millis: u64,
            ) -> Result<Vec<bool>, Error> {
                (**self).renew(leases, ttl_millis).await
            }

            async fn release(&self, leases: &[(Namespace, ExecutionId, Lease)]) -> Result<(), Error> {
                (**self).release(leases).await
            }

            async fn arrived(
                &self,
                owner: &str,
                limit: usize,
            ) -> Result<Vec<(Namespace, ExecutionId, Message)>, Error> {
                (**self).arrived(owner, limit).await
            }

            async fn restore(&self, namespace: &Namespace, execution: &ExecutionId) -> Result<Loaded, Error> {
                (**self).restore(namespace, execution).await
            }

            async fn turns(
                &self,
                namespace: &Namespace,
                execution: &ExecutionId,
                from_seq: u64,
                limit: usize,
            ) -> Result<Vec<TurnBody>, Error> {
                (**self).turns(namespace, execution, from_seq, limit).await
            }

            async fn executions(
                &self,
                namespace: &Namespace,
                query: &ExecutionQuery,
            ) -> Result<ExecutionPage, Error> {
                (**self).executions(namespace, query).await
            }

            async fn emitted(
                &self,
                namespace: &Namespace,
                after: u64,
                limit: usize,
            ) -> Result<Vec<EmittedEvent>, Error> {
                (**self).emitted(namespace, after, limit).await
            }

            async fn next_due(&self) -> Result<Option<Timestamp>, Error> {
                (**self).next_due().await
            }

            async fn purge(&self, purge: &Purge) -> Result<Purged, Error> {
                (**self).purge(purge).await
            }

            async fn changed(&self, seen: u64) -> u64 {
                (**self).changed(seen).await
            }
        }

        impl<S: Store + ?Sized> Store for $pointer {
            fn capabilities(&self) -> &StoreCapabilities {
                (**self).capabilities()
            }
        }
    };
}

forward!(Arc<S>);
forward!(Box<S>);
