//! A fresh store for one case, and what cases put into it.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use flov7::clock::Clock;
use flov7::error::Error;
use flov7::id::{Digest, ExecutionId, Namespace, Timestamp};
use flov7::machine::event::SignalTo;
use flov7::machine::{Actor, Control, Status};
use flov7::store::{
    Created, ExecutionQuery, ExecutionRow, Head, Lease, Message, MessageBody, NewExecution, Store, Turn,
    TurnBody,
};
use flov7::testing::ManualClock;
use flov7::validate::Bundle;
use serde_json::{Value, json};

use super::{Failure, Outcome, Stop};

/// A boxed future.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Opens what a closed store has left, on the same clock.
pub type Reopen = Box<dyn Fn() -> Pending<'static, Result<Arc<dyn Store>, Error>> + Send + Sync>;

/// How long leases last in cases, in milliseconds.
pub(super) const TTL: u64 = 10_000;

/// A fresh, empty store for one case.
pub struct Fixture {
    store: Option<Arc<dyn Store>>,
    reopen: Option<Reopen>,
    /// Dropped last: the directory that the store lives in.
    guard: Option<Box<dyn Any + Send + Sync>>,
    pub(super) clock: ManualClock,
}

impl Fixture {
    /// A store that was opened on `clock`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: ManualClock) -> Self {
        Fixture { store: Some(store), reopen: None, guard: None, clock }
    }

    /// Says how to open it again after it was closed. A store that declares that it is durable must.
    #[must_use]
    pub fn with_reopen<F, R>(mut self, reopen: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<Arc<dyn Store>, Error>> + Send + 'static,
    {
        self.reopen = Some(Box::new(move || Box::pin(reopen())));
        self
    }

    /// Keeps something until the store is gone: the directory that it lives in.
    #[must_use]
    pub fn with_guard(mut self, guard: impl Any + Send + Sync) -> Self {
        self.guard = Some(Box::new(guard));
        self
    }

    /// The store.
    pub(super) fn store(&self) -> Outcome<Arc<dyn Store>> {
        self.store.clone().ok_or_else(|| Stop::Failed(Failure::new("the store was not opened again")))
    }

    /// The store, in a case about journals; ends the case where it keeps none.
    pub(super) fn store_with_history(&self) -> Outcome<Arc<dyn Store>> {
        let store = self.store()?;
        if store.capabilities().history { Ok(store) } else { Err(Stop::NotDeclared("history")) }
    }

    /// Closes the store and opens it again. The caller dropped its own handles.
    pub(super) async fn reopened(&mut self) -> Outcome<Arc<dyn Store>> {
        let Some(reopen) = &self.reopen else {
            return Err(Stop::Failed(Failure::new("a durable store's fixture says how to reopen it")));
        };
        drop(self.store.take());
        let store = reopen().await?;
        self.store = Some(Arc::clone(&store));
        Ok(store)
    }

    /// The clock's time.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Moves the clock.
    pub(super) fn advance(&self, millis: u64) {
        self.clock.advance(std::time::Duration::from_millis(millis));
    }
}

impl fmt::Debug for Fixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixture").field("clock", &self.clock).finish_non_exhaustive()
    }
}

/// The namespace of most cases.
pub(super) fn ns() -> Namespace {
    Namespace::default()
}

/// Another namespace.
pub(super) fn other_ns() -> Outcome<Namespace> {
    Namespace::parse("other").map_err(|error| Stop::Failed(Failure::new(error.to_string())))
}

/// The `n`th execution id: a later one is newer.
pub(super) fn id(n: u64) -> ExecutionId {
    ExecutionId::new(1_767_225_600_000 + n, [7; 10])
}

/// A bundle of the workflow `orders` whose content differs by `n`.
pub(super) fn bundle(n: u64) -> Outcome<Arc<Bundle>> {
    bundle_of("orders", n)
}

/// A bundle of a workflow whose content differs by `n`.
pub(super) fn bundle_of(name: &str, n: u64) -> Outcome<Arc<Bundle>> {
    let bundle = json!({
        "document": { "flov7": 1, "name": name, "note": "ä \u{1f600} \" \\ \n",
                      "steps": [{ "id": "total", "data": { "set": { "n": n, "big": u64::MAX, "half": 0.5 } } }] },
        "interfaces": {},
        "rules": 1,
    });
    match serde_json::from_value(bundle) {
        Ok(bundle) => Ok(Arc::new(bundle)),
        Err(error) => Err(Stop::Failed(Failure::new(format!("no bundle: {error}")))),
    }
}

/// A turn's body that begins at event `first_seq`.
pub(super) fn body(first_seq: u64, count: u32, text: &str) -> TurnBody {
    TurnBody {
        first_seq,
        count,
        turn: first_seq,
        at: Timestamp::from_ms(1_767_225_600_000),
        v: 1,
        decided: 0xdead_beef_0000_0000 | first_seq,
        body: text.as_bytes().into(),
    }
}

/// A head that runs and waits for nothing.
pub(super) fn running() -> Head {
    Head::new(Status::Running, None)
}

/// A head that waits until an instant.
pub(super) fn waiting(due: Option<Timestamp>) -> Head {
    Head::new(Status::Waiting, due)
}

/// The `n`th execution of `orders`, with a first turn of two events.
pub(super) fn new(n: u64) -> Outcome<NewExecution> {
    new_of("orders", n)
}

/// The `n`th execution of a workflow.
pub(super) fn new_of(workflow: &str, n: u64) -> Outcome<NewExecution> {
    let bundle = bundle_of(workflow, 0)?;
    let digest: Digest = bundle.digest();
    Ok(NewExecution::new(id(n), bundle, digest, body(0, 2, "first"), running()))
}

/// Creates the `n`th execution, leased to `owner`.
pub(super) async fn start(store: &Arc<dyn Store>, n: u64, owner: &str) -> Outcome<Lease> {
    start_in(store, &ns(), n, owner).await
}

/// Creates the `n`th execution in a namespace, leased to `owner`.
pub(super) async fn start_in(
    store: &Arc<dyn Store>,
    namespace: &Namespace,
    n: u64,
    owner: &str,
) -> Outcome<Lease> {
    match store.create(namespace, new(n)?.with_lease(owner, TTL)).await? {
        Created::New(Some(lease)) => Ok(lease),
        other => Err(Stop::Failed(Failure::new(format!("creating gave {other:?}, not a lease")))),
    }
}

/// A turn of the `n`th execution.
pub(super) fn turn(n: u64, lease: &Lease) -> Turn {
    Turn::new(ns(), id(n), lease.clone())
}

/// Commits one turn.
pub(super) async fn commit(store: &Arc<dyn Store>, turn: Turn) -> Result<(), flov7::store::TurnError> {
    let mut answers = store.commit(vec![turn]).await;
    match (answers.pop(), answers.len()) {
        (Some(answer), 0) => answer,
        (_, more) => Err(flov7::store::TurnError::Unknown(Error::new(
            flov7::error::ErrorKind::Defect,
            format!("one turn got {more} more answers"),
        ))),
    }
}

/// Parks the `n`th execution without a due instant: nothing but a message wakes it.
pub(super) async fn park(store: &Arc<dyn Store>, n: u64, lease: &Lease, due: Option<Timestamp>) -> Outcome {
    commit(store, turn(n, lease).with_head(waiting(due)).with_release()).await?;
    Ok(())
}

/// Ends the `n`th execution.
pub(super) async fn end(store: &Arc<dyn Store>, n: u64, lease: &Lease) -> Outcome {
    commit(store, turn(n, lease).with_head(Head::new(Status::Completed, None)).with_release()).await?;
    Ok(())
}

/// A signal with a number for payload.
pub(super) fn signal(id: &str, payload: Value) -> Message {
    let to = SignalTo::Name { name: "paid".to_owned(), key: None };
    Message { id: id.to_owned(), body: MessageBody::Signal { to, payload }, by: Actor::new("tester") }
}

/// A control.
pub(super) fn control(id: &str, control: Control) -> Message {
    Message { id: id.to_owned(), body: MessageBody::Control(control), by: Actor::new("tester") }
}

/// The row of the `n`th execution, by the listing.
pub(super) async fn row(store: &Arc<dyn Store>, n: u64) -> Outcome<ExecutionRow> {
    let page = store.executions(&ns(), &ExecutionQuery::new()).await?;
    let row = page.executions.into_iter().find(|row| row.execution == id(n));
    row.ok_or_else(|| Stop::Failed(Failure::new(format!("execution {n} is not listed"))))
}

/// Ids of messages.
pub(super) fn ids(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.id.as_str()).collect()
}
