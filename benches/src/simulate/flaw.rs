//! Defects on purpose, which the simulation must catch.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use flov7::action::{Action, ActionContext, ActionError, ActionOutput, Registry};
use flov7::catalog::ActionDescriptor;
use flov7::error::Error;
use flov7::id::{ExecutionId, Namespace};
use flov7::store::{
    Accepted, Claim, Claimed, Created, ExecutionStore, Loaded, Message, MessageBody, NewExecution, Store,
    Turn, TurnError,
};
use flov7_conformance::disk::Process;
use flov7_conformance::layer::{Layer, Over};
use serde_json::Value;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flaw {
    /// A signal is acknowledged and not kept.
    SignalLost,
    /// Each attempt has a key of its own.
    KeyPerAttempt,
    /// The journal is read back without what was written last.
    SnapshotWithoutTail,
    /// Start keys are not looked at.
    DuplicateStart,
}

impl Flaw {
    /// All of them.
    pub const ALL: &'static [Flaw] =
        &[Flaw::SignalLost, Flaw::KeyPerAttempt, Flaw::SnapshotWithoutTail, Flaw::DuplicateStart];
}

/// A process's store with a flaw.
pub(super) type FlawedStore = Over<Flawed>;

/// What it does to the store below.
pub(super) struct Flawed {
    inner: Process,
    flaw: Flaw,
    operations: AtomicU64,
}

/// After so many operations nothing is answered any more: an executor that a flaw drives round and round is stuck.
const MOST: u64 = 20_000;

impl Flawed {
    pub(super) fn over(inner: Process, flaw: Flaw) -> FlawedStore {
        Over(Flawed { inner, flaw, operations: AtomicU64::new(0) })
    }

    async fn count(&self) {
        if self.operations.fetch_add(1, Ordering::Relaxed) >= MOST {
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait]
impl Layer for Flawed {
    fn inner(&self) -> &dyn Store {
        &self.inner
    }

    async fn create(&self, namespace: &Namespace, mut new: NewExecution) -> Result<Created, Error> {
        if self.flaw == Flaw::DuplicateStart {
            new.key = None;
        }
        self.inner.create(namespace, new).await
    }

    async fn commit(&self, turns: Vec<Turn>) -> Vec<Result<(), TurnError>> {
        self.count().await;
        self.inner.commit(turns).await
    }

    async fn post(
        &self,
        namespace: &Namespace,
        to: &ExecutionId,
        message: Message,
    ) -> Result<Accepted, Error> {
        if self.flaw == Flaw::SignalLost && matches!(message.body, MessageBody::Signal { .. }) {
            return Ok(Accepted::New);
        }
        self.inner.post(namespace, to, message).await
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, Error> {
        self.count().await;
        self.inner.claim(claim).await
    }

    async fn restore(&self, namespace: &Namespace, execution: &ExecutionId) -> Result<Loaded, Error> {
        self.count().await;
        let mut loaded = self.inner.restore(namespace, execution).await?;
        let open = !loaded.row.head.status.is_ended();
        if self.flaw == Flaw::SnapshotWithoutTail && open && loaded.turns.len() > 1 {
            loaded.turns.pop();
        }
        Ok(loaded)
    }
}

/// An action between an executor with a flaw and the world.
struct FlawedAction(Arc<dyn Action>, Flaw);

#[async_trait]
impl Action for FlawedAction {
    fn descriptor(&self) -> &ActionDescriptor {
        self.0.descriptor()
    }

    async fn call(&self, cx: &ActionContext, input: Arc<Value>) -> Result<ActionOutput, ActionError> {
        let mut cx = cx.clone();
        if self.1 == Flaw::KeyPerAttempt {
            cx.execution = ExecutionId::new(u64::from(cx.attempt), [1; 10]);
        }
        self.0.call(&cx, input).await
    }
}

/// A registry whose actions have the flaw.
pub(super) fn flawed(registry: Registry, flaw: Flaw) -> Registry {
    let mut bent = registry.clone();
    for descriptor in registry.catalog().actions() {
        if let Some(handler) = registry.handler(&descriptor.id, &descriptor.interface()) {
            bent.insert(Arc::new(FlawedAction(handler.clone(), flaw)));
        }
    }
    bent
}
