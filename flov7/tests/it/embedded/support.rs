//! A world to run executions in: a clock that is moved by hand, a store that counts, handlers that are scripted.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use flov7::action::{ActionContext, ActionError, Registry, from_fn};
use flov7::catalog::{ActionDescriptor, Catalog, Effect};
use flov7::embedded::{EmbeddedBuilder, EmbeddedExecutor, Options};
use flov7::error::Error;
use flov7::execute::{Executor, StartOptions};
use flov7::id::{ExecutionId, Namespace, Timestamp, WorkflowName};
use flov7::machine::event::{Event, decode_turn};
use flov7::machine::{ExecutionView, Settled, Status};
use flov7::memory::InMemoryStore;
use flov7::store::{
    Accepted, Claim, Claimed, Created, EmittedEvent, ExecutionPage, ExecutionQuery, ExecutionStore, Expect,
    Lease, Loaded, Message, NewExecution, Purge, Purged, Store, StoreCapabilities, StoredRevision, Turn,
    TurnBody, TurnError, Which, WorkflowRow, WorkflowStore,
};
use flov7::testing::{ManualClock, SeededEntropy};
use flov7::validate::{Bundle, ValidWorkflow, validate};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

/// Runs a test on one thread, without tokio's timers: nothing waits but for the world's clock.
pub(crate) fn run<F: Future>(test: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(test)
}

/// Lets every task go on until none can.
pub(crate) async fn quiet() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

pub(crate) fn space(name: &str) -> Namespace {
    Namespace::parse(name).unwrap()
}

/// Everything outside an executor.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) clock: ManualClock,
    pub(crate) store: Arc<Counting>,
    pub(crate) registry: Registry,
    pub(crate) options: Options,
    pub(crate) held: Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<Held>>>,
    /// Calls of the scripted handlers: path, attempt, idempotency key.
    pub(crate) calls: Arc<Mutex<Vec<(String, u32, String)>>>,
}

/// A call of `gate.*` that waits for the test.
pub(crate) struct Held {
    pub(crate) cx: ActionContext,
    reply: oneshot::Sender<Result<Value, ActionError>>,
}

impl Held {
    pub(crate) fn give(self, outcome: Result<Value, ActionError>) {
        // Whoever asked may be gone.
        let _ = self.reply.send(outcome);
    }

    pub(crate) fn place(&self) -> (String, u32) {
        (self.cx.path.to_string(), self.cx.attempt)
    }
}

const EFFECTS: [(&str, Effect); 4] = [
    ("none", Effect::None),
    ("idempotent", Effect::Idempotent),
    ("keyed", Effect::Keyed),
    ("once", Effect::Once),
];

pub(crate) fn descriptor(id: &str) -> ActionDescriptor {
    ActionDescriptor::new(id, "Do", json!({ "type": "object" }), json!(true))
}

impl World {
    /// Actions of every effect: `now.*` give their input's `give` (or fail with its `fail`) at once, `gate.*` wait for
    /// the test.
    pub(crate) fn new() -> World {
        let clock = ManualClock::default();
        let calls: Arc<Mutex<Vec<_>>> = Arc::default();
        let (gate, held) = mpsc::unbounded_channel();
        let mut registry = Registry::new();
        for (name, effect) in EFFECTS {
            let log = Arc::clone(&calls);
            let now = from_fn(descriptor(&format!("now.{name}")).with_effect(effect), move |cx, input| {
                log.lock().unwrap().push((cx.path.to_string(), cx.attempt, cx.idempotency_key()));
                async move {
                    match input.get("fail").and_then(Value::as_str) {
                        Some(code) => Err(ActionError::failed(code, "as told")),
                        None => Ok(input.get("give").cloned().unwrap_or_default()),
                    }
                }
            });
            let gate = gate.clone();
            let log = Arc::clone(&calls);
            let gated = from_fn(descriptor(&format!("gate.{name}")).with_effect(effect), move |cx, _| {
                log.lock().unwrap().push((cx.path.to_string(), cx.attempt, cx.idempotency_key()));
                let (reply, answer) = oneshot::channel();
                gate.send(Held { cx, reply }).unwrap();
                async move { answer.await.unwrap_or(Err(ActionError::failed("gate.gone", "the test is over"))) }
            });
            registry = registry.with_action(now).with_action(gated);
        }
        World::over(clock.clone(), InMemoryStore::with_clock(Arc::new(clock)), registry, held, calls)
    }

    /// The same over a store that keeps no journals.
    pub(crate) fn without_history() -> World {
        let mut world = World::new();
        let store = InMemoryStore::with_clock(Arc::new(world.clock.clone())).without_history();
        world.store = Arc::new(Counting::over(Arc::new(store)));
        world
    }

    fn over(
        clock: ManualClock,
        inner: InMemoryStore,
        registry: Registry,
        held: mpsc::UnboundedReceiver<Held>,
        calls: Arc<Mutex<Vec<(String, u32, String)>>>,
    ) -> World {
        World {
            store: Arc::new(Counting::over(Arc::new(inner))),
            clock,
            registry,
            options: Options::default(),
            held: Arc::new(tokio::sync::Mutex::new(held)),
            calls,
        }
    }

    pub(crate) fn builder(&self, owner: &str, seed: u64) -> EmbeddedBuilder {
        let store: Arc<dyn Store> = self.store.clone();
        EmbeddedExecutor::builder(store, Arc::new(self.registry.clone()))
            .with_clock(Arc::new(self.clock.clone()))
            .with_entropy(Arc::new(SeededEntropy::new(seed)))
            .with_owner(owner)
            .with_options(self.options.clone())
    }

    pub(crate) fn executor(&self) -> EmbeddedExecutor {
        self.builder("one", 1).open().unwrap()
    }

    /// The next call of a `gate.*` action.
    pub(crate) async fn held(&self) -> Held {
        self.held.lock().await.recv().await.unwrap()
    }

    pub(crate) fn calls(&self) -> Vec<(String, u32)> {
        let calls = self.calls.lock().unwrap();
        calls.iter().map(|(path, attempt, _)| (path.clone(), *attempt)).collect()
    }

    /// A workflow that may call others.
    pub(crate) fn valid_with(&self, document: Value, callees: &[Value]) -> ValidWorkflow {
        let read = |document: &Value| serde_json::from_value(whole(document.clone())).unwrap();
        let catalog = callees
            .iter()
            .fold(self.registry.catalog().clone(), |catalog, callee| catalog.with_workflow(read(callee)));
        valid(document, &catalog)
    }

    pub(crate) fn valid(&self, document: Value) -> ValidWorkflow {
        valid(document, self.registry.catalog())
    }

    /// The kinds of an execution's events, as the store has them.
    pub(crate) async fn events(&self, id: &ExecutionId) -> Vec<String> {
        let turns = self.store.turns(&space("default"), id, 0, 1_000).await.unwrap();
        let events = turns.iter().flat_map(|turn| decode_turn(turn).unwrap());
        events.map(|recorded| kind(&recorded.event)).collect()
    }

    pub(crate) async fn head(&self, id: &ExecutionId) -> flov7::store::ExecutionRow {
        self.store.restore(&space("default"), id).await.unwrap().row
    }
}

fn kind(event: &Event) -> String {
    serde_json::to_value(event).unwrap()["kind"].as_str().unwrap().to_owned()
}

/// A document of these steps, checked against a catalogue.
pub(crate) fn valid(document: Value, catalog: &Catalog) -> ValidWorkflow {
    let document: flov7::workflow::Workflow = serde_json::from_value(whole(document)).unwrap();
    validate(&document, catalog).unwrap_or_else(|report| panic!("{}", report.to_json()))
}

/// With a version and a name, where it has none.
fn whole(mut document: Value) -> Value {
    document["flov7"] = json!(1);
    if document.get("name").is_none() {
        document["name"] = json!("test");
    }
    document
}

/// A list of strict steps `s0`, `s1`, … of one action, each given what the one before gave plus one.
pub(crate) fn sequence(action: &str, length: usize) -> Value {
    let steps = (0..length)
        .map(|n| json!({ "id": format!("s{n}"), "action": { "use": action, "with": { "give": n } } }));
    json!({ "steps": steps.collect::<Vec<_>>() })
}

/// Starts an execution in namespace `default`.
pub(crate) async fn start(executor: &EmbeddedExecutor, workflow: &ValidWorkflow) -> ExecutionId {
    let started =
        executor.start(&space("default"), workflow, json!({}), StartOptions::default()).await.unwrap();
    assert!(!started.existing);
    started.execution
}

/// Waits until an execution of namespace `default` rests.
pub(crate) async fn rested(executor: &EmbeddedExecutor, id: &ExecutionId) -> ExecutionView {
    executor.wait(&space("default"), id).await.unwrap()
}

/// The status, and how each step settled.
pub(crate) fn trace(view: &ExecutionView) -> (Status, Vec<(&str, Option<Settled>)>) {
    (view.status, view.steps.iter().map(|step| (step.path.as_str(), step.settled)).collect())
}

/// A store that counts its transactions, and what was committed when.
pub(crate) struct Counting {
    inner: Mutex<Arc<dyn Store>>,
    capabilities: StoreCapabilities,
    commits: AtomicUsize,
    claims: AtomicUsize,
    asked: AtomicUsize,
    damage: AtomicBool,
    among: AtomicUsize,
}

impl Counting {
    pub(crate) fn over(inner: Arc<dyn Store>) -> Counting {
        Counting {
            capabilities: inner.capabilities().clone(),
            inner: Mutex::new(inner),
            commits: AtomicUsize::new(0),
            claims: AtomicUsize::new(0),
            asked: AtomicUsize::new(0),
            damage: AtomicBool::new(false),
            among: AtomicUsize::new(0),
        }
    }

    /// A store that does not purge, as far as it says.
    pub(crate) fn over_without_purge(inner: Arc<dyn Store>) -> Counting {
        let mut counting = Counting::over(inner);
        counting.capabilities.purge = false;
        counting
    }

    /// Puts another layer over the store.
    pub(crate) fn wrap(&self, layer: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>) {
        let mut inner = self.inner.lock().unwrap();
        *inner = layer(Arc::clone(&inner));
    }

    /// From now on snapshots come back damaged.
    pub(crate) fn damage_snapshots(&self) {
        self.damage.store(true, Ordering::SeqCst);
    }

    fn inner(&self) -> Arc<dyn Store> {
        Arc::clone(&self.inner.lock().unwrap())
    }

    /// How often it created or committed.
    pub(crate) fn commits(&self) -> usize {
        self.commits.load(Ordering::SeqCst)
    }

    /// How many executions the last claim of named ones named.
    pub(crate) fn among(&self) -> usize {
        self.among.load(Ordering::SeqCst)
    }

    /// How often executions were claimed from it, whether there were any or not.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// How many executions were claimed from it.
    pub(crate) fn claims(&self) -> usize {
        self.claims.load(Ordering::SeqCst)
    }
}

impl Store for Counting {
    fn capabilities(&self) -> &StoreCapabilities {
        &self.capabilities
    }
}

#[async_trait]
impl ExecutionStore for Counting {
    async fn create(&self, namespace: &Namespace, new: NewExecution) -> Result<Created, Error> {
        self.commits.fetch_add(1, Ordering::SeqCst);
        self.inner().create(namespace, new).await
    }
    async fn commit(&self, turns: Vec<Turn>) -> Vec<Result<(), TurnError>> {
        self.commits.fetch_add(1, Ordering::SeqCst);
        self.inner().commit(turns).await
    }
    async fn post(
        &self,
        namespace: &Namespace,
        to: &ExecutionId,
        message: Message,
    ) -> Result<Accepted, Error> {
        self.inner().post(namespace, to, message).await
    }
    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, Error> {
        if let Some(among) = &claim.among {
            self.among.store(among.len(), Ordering::SeqCst);
        }
        self.asked.fetch_add(1, Ordering::SeqCst);
        let claimed = self.inner().claim(claim).await?;
        self.claims.fetch_add(claimed.len(), Ordering::SeqCst);
        Ok(claimed)
    }
    async fn renew(
        &self,
        leases: &[(Namespace, ExecutionId, Lease)],
        ttl_millis: u64,
    ) -> Result<Vec<bool>, Error> {
        self.inner().renew(leases, ttl_millis).await
    }
    async fn release(&self, leases: &[(Namespace, ExecutionId, Lease)]) -> Result<(), Error> {
        self.inner().release(leases).await
    }
    async fn arrived(
        &self,
        owner: &str,
        limit: usize,
    ) -> Result<Vec<(Namespace, ExecutionId, Message)>, Error> {
        self.inner().arrived(owner, limit).await
    }
    async fn restore(&self, namespace: &Namespace, execution: &ExecutionId) -> Result<Loaded, Error> {
        let mut loaded = self.inner().restore(namespace, execution).await?;
        if let (true, Some((_, bytes))) = (self.damage.load(Ordering::SeqCst), &mut loaded.snapshot) {
            *bytes = bytes[..bytes.len() / 2].into();
        }
        Ok(loaded)
    }
    async fn turns(
        &self,
        namespace: &Namespace,
        execution: &ExecutionId,
        from_seq: u64,
        limit: usize,
    ) -> Result<Vec<TurnBody>, Error> {
        self.inner().turns(namespace, execution, from_seq, limit).await
    }
    async fn executions(
        &self,
        namespace: &Namespace,
        query: &ExecutionQuery,
    ) -> Result<ExecutionPage, Error> {
        self.inner().executions(namespace, query).await
    }
    async fn emitted(
        &self,
        namespace: &Namespace,
        after: u64,
        limit: usize,
    ) -> Result<Vec<EmittedEvent>, Error> {
        self.inner().emitted(namespace, after, limit).await
    }
    async fn next_due(&self) -> Result<Option<Timestamp>, Error> {
        self.inner().next_due().await
    }
    async fn purge(&self, purge: &Purge) -> Result<Purged, Error> {
        self.inner().purge(purge).await
    }

    async fn changed(&self, seen: u64) -> u64 {
        self.inner().changed(seen).await
    }
}

#[async_trait]
impl WorkflowStore for Counting {
    async fn save(&self, namespace: &Namespace, bundle: Arc<Bundle>, expect: Expect) -> Result<u64, Error> {
        self.inner().save(namespace, bundle, expect).await
    }
    async fn load(
        &self,
        namespace: &Namespace,
        name: &WorkflowName,
        which: Which,
    ) -> Result<StoredRevision, Error> {
        self.inner().load(namespace, name, which).await
    }
    async fn activate(
        &self,
        namespace: &Namespace,
        name: &WorkflowName,
        revision: Option<u64>,
        expect: Expect,
    ) -> Result<(), Error> {
        self.inner().activate(namespace, name, revision, expect).await
    }
    async fn workflows(
        &self,
        namespace: &Namespace,
        after: Option<&WorkflowName>,
        limit: usize,
    ) -> Result<Vec<WorkflowRow>, Error> {
        self.inner().workflows(namespace, after, limit).await
    }
}
