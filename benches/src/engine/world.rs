//! Workflows, actions and executors that are measured.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use flov7::action::{Action, ActionContext, ActionError, ActionOutput, Registry};
use flov7::catalog::{ActionDescriptor, Catalog, Effect};
use flov7::embedded::{EmbeddedExecutor, Options};
use flov7::error::Error;
use flov7::execute::{Executor, StartOptions};
use flov7::id::{ExecutionId, Namespace};
use flov7::machine::Status;
use flov7::observe::{Observation, Observer};
use flov7::store::Store;
use flov7::validate::{ValidWorkflow, validate_text};
use flov7::workflow::{DocumentLimits, Syntax};
use serde_json::{Value, json};
use tokio::sync::oneshot;

/// A value of about 200 bytes.
pub(super) fn order() -> Value {
    json!({ "id": "o-2026-000117", "customer": "Ada Lovelace", "email": "ada@example.org", "city": "London",
        "lines": [{ "sku": "lamp", "n": 2, "price": 49.5 }, { "sku": "desk", "n": 1, "price": 320 }] })
}

/// An action that gives back what it was given.
struct Same(ActionDescriptor);

#[async_trait]
impl Action for Same {
    fn descriptor(&self) -> &ActionDescriptor {
        &self.0
    }

    async fn call(&self, _: &ActionContext, input: Arc<Value>) -> Result<ActionOutput, ActionError> {
        // The engine keeps no reference to the input: nothing is copied.
        Ok(ActionOutput::new(Arc::unwrap_or_clone(input)))
    }
}

fn same(id: &str, effect: Effect) -> Same {
    let value = json!({ "type": "object", "required": ["order", "n"],
        "properties": { "order": { "type": "object" }, "n": { "type": "integer" } } });
    Same(ActionDescriptor::new(id, "Give it back", value.clone(), value).with_effect(effect))
}

/// What the workflows may do: an action whose effect must be durable before it begins, and one that only reads.
pub(super) fn registry() -> Registry {
    Registry::new()
        .with_action(same("bench.strict", Effect::Idempotent))
        .with_action(same("bench.read", Effect::None))
}

fn valid(catalog: &Catalog, document: &Value) -> Result<ValidWorkflow, Error> {
    let checked = validate_text(&document.to_string(), Syntax::Json, catalog, &DocumentLimits::default());
    checked.valid.ok_or_else(|| Error::invalid(checked.report))
}

fn document(steps: Vec<Value>, signals: Value) -> Value {
    json!({ "flov7": 1, "name": "bench", "signals": signals, "steps": steps,
        "input": { "type": "object", "required": ["order", "n"],
            "properties": { "order": { "type": "object" }, "n": { "type": "integer" } } } })
}

/// `n` actions in a row, each on what the one before gave.
pub(super) fn sequence(catalog: &Catalog, action: &str, n: usize) -> Result<ValidWorkflow, Error> {
    let steps = (0..n)
        .map(|i| {
            let before = if i == 0 { "input".to_owned() } else { format!("steps.s{}", i - 1) };
            let with =
                json!({ "order": format!("${{ {before}.order }}"), "n": format!("${{ {before}.n + 1 }}") });
            json!({ "id": format!("s{i}"), "action": { "use": action, "with": with } })
        })
        .collect();
    valid(catalog, &document(steps, json!({})))
}

/// `n` actions at the same time.
pub(super) fn fanout(catalog: &Catalog, n: usize) -> Result<ValidWorkflow, Error> {
    let with = json!({ "order": "${ input.order }", "n": "${ input.n }" });
    let steps = (0..n)
        .map(|i| json!({ "id": format!("s{i}"), "after": [], "action": { "use": "bench.strict", "with": with } }))
        .collect();
    valid(catalog, &document(steps, json!({})))
}

/// One that waits for a signal.
pub(super) fn waiting(catalog: &Catalog) -> Result<ValidWorkflow, Error> {
    let steps =
        vec![json!({ "id": "paid", "action": { "use": "core.wait_for", "with": { "signal": "paid" } } })];
    valid(catalog, &document(steps, json!({ "paid": { "type": "object" } })))
}

/// An executor, and who is told what ends.
pub(super) struct World {
    pub(super) executor: EmbeddedExecutor,
    pub(super) catalog: Catalog,
    ends: Arc<Ends>,
}

/// What became of executions, by id: what they are when they run no more. Either side may come first.
#[derive(Default)]
struct Ends(Mutex<BTreeMap<ExecutionId, End>>);

enum End {
    /// It runs no more, and nobody asked yet.
    Over(Status),
    /// Somebody waits for it.
    Awaited(oneshot::Sender<Status>),
}

impl Observer for Ends {
    fn observe(&self, observation: &Observation<'_>) {
        let Observation::StatusChanged { execution, status, .. } = observation else { return };
        if *status == Status::Running {
            return;
        }
        let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match ends.remove(*execution) {
            Some(End::Awaited(waiter)) => {
                let _ = waiter.send(*status);
            }
            Some(End::Over(_)) | None => {
                ends.insert((*execution).clone(), End::Over(*status));
            }
        }
    }
}

impl Ends {
    async fn of(&self, execution: &ExecutionId) -> Option<Status> {
        let answer = {
            let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(End::Over(status)) = ends.remove(execution) {
                return Some(status);
            }
            let (waiter, answer) = oneshot::channel();
            ends.insert(execution.clone(), End::Awaited(waiter));
            answer
        };
        answer.await.ok()
    }
}

impl World {
    /// Must be called inside a runtime.
    pub(super) fn open(store: Arc<dyn Store>, options: Options) -> Result<World, Error> {
        let registry = Arc::new(registry());
        let ends = Arc::new(Ends::default());
        let executor = EmbeddedExecutor::builder(store, registry.clone())
            .with_observer(ends.clone())
            .with_options(options)
            .open()?;
        Ok(World { executor, catalog: registry.catalog().clone(), ends })
    }

    /// Runs one execution until it runs no more: it is to have ended well, or to wait.
    pub(super) async fn one(&self, workflow: &ValidWorkflow, becomes: Status) -> Result<Duration, Error> {
        let start = Instant::now();
        let started =
            self.executor.start(&Namespace::default(), workflow, input(), StartOptions::default()).await?;
        match self.ends.of(&started.execution).await {
            Some(status) if status == becomes => Ok(start.elapsed()),
            other => Err(Error::defect(format!("an execution of the benchmark became {other:?}"))),
        }
    }
}

/// The input of an execution.
pub(super) fn input() -> Value {
    json!({ "order": order(), "n": 0 })
}

/// A directory that is removed again.
pub(super) struct Dir(PathBuf);

impl Dir {
    pub(super) fn new(name: &str) -> std::io::Result<Dir> {
        let dir = std::env::temp_dir().join(format!("flov7-bench-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&dir)?;
        Ok(Dir(dir))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
