//! What no reference workflow has: forks, snapshots, concurrency keys, executions that begin later.

use std::sync::Arc;
use std::time::Duration;

use flov7::catalog::Catalog;
use flov7::clock::Clock;
use flov7::embedded::EmbeddedExecutor;
use flov7::execute::{Executor, ForkAt, SignalRequest, StartOptions};
use flov7::id::{ExecutionId, Namespace, StepPath};
use flov7::machine::event::SignalTo;
use flov7::machine::{Actor, ExecutionView, Status};
use flov7::testing::{ManualClock, SeededEntropy};
use flov7::validate::validate;
use flov7_conformance::disk::Disk;
use flov7_conformance::script::Script;
use flov7_conformance::simulation::Simulation;
use serde_json::{Value, json};

use crate::reference::{catalog, shop};

/// Runs one, and gives the disk it ran on.
type Make = fn() -> Disk;

/// Each by the name of its file.
pub(super) const ALL: &[(&str, Make)] =
    &[("made_fork", fork), ("made_line_and_delay", line_and_delay), ("made_snapshot", snapshot)];

struct Stage {
    clock: ManualClock,
    catalog: Catalog,
    executor: EmbeddedExecutor,
}

fn here() -> Namespace {
    Namespace::default()
}

fn ann() -> Actor {
    Actor::new("ann")
}

/// Plays a program on virtual time, over an empty disk.
fn play<F: Future<Output = ()>>(answers: &Value, program: impl FnOnce(Stage) -> F) -> Disk {
    let simulation = Simulation::new().with_horizon(Duration::from_secs(30 * 86_400));
    let clock = simulation.clock();
    let (disk, catalog) = (Disk::new(clock.clone()), catalog());
    let script = Script::read(answers).unwrap().with_otherwise(shop).with_clock(Arc::new(clock.clone()));
    let process = Arc::new(disk.process());
    let played = simulation.run(async {
        let executor = EmbeddedExecutor::builder(process, Arc::new(script.registry(&catalog)))
            .with_clock(Arc::new(clock.clone()))
            .with_entropy(Arc::new(SeededEntropy::new(1)))
            .with_owner("process-1")
            .open()
            .unwrap();
        program(Stage { clock: clock.clone(), catalog, executor }).await;
    });
    played.unwrap();
    disk
}

impl Stage {
    async fn start(&self, document: &Value, input: Value, options: StartOptions) -> ExecutionId {
        let document = serde_json::from_value(document.clone()).unwrap();
        let workflow =
            validate(&document, &self.catalog).unwrap_or_else(|report| panic!("{}", report.to_json()));
        let options = options.with_actor(ann());
        // Each at an instant of its own: ids and rows are in the order of creation.
        self.clock.sleep_until(self.clock.now().saturating_add(Duration::from_millis(10))).await;
        self.executor.start(&here(), &workflow, input, options).await.unwrap().execution
    }

    async fn rests(&self, id: &ExecutionId, status: Status) -> ExecutionView {
        let view = self.executor.wait(&here(), id).await.unwrap();
        assert_eq!(view.status, status, "{view:#?}");
        view
    }

    async fn signal(&self, id: &ExecutionId, name: &str, payload: Value) {
        let to = SignalTo::Name { name: name.to_owned(), key: None };
        let signal = SignalRequest::new(to, payload, ann()).with_id(format!("{name}-1"));
        self.executor.signal(&here(), id, signal).await.unwrap();
    }
}

/// Bills somebody, fails where the bank is away, and is retried from that step.
fn fork() -> Disk {
    let document = json!({ "flov7": 1, "name": "billed", "steps": [
        { "id": "bill", "action": { "use": "shop.order", "with": { "id": "o-1" } } },
        { "id": "double", "data": { "set": "${ steps.bill.total * 2 }" } },
        { "id": "charge", "action": { "use": "pay.charge", "with": { "order": "o-1", "amount": "${ steps.double }" } } }],
        "output": "${ steps.charge.id }" });
    let answers =
        json!({ "pay.charge": [{ "error": { "code": "pay.down" } }, { "output": { "id": "c-1" } }] });
    play(&answers, async |stage| {
        let options = StartOptions::default().with_key("one").with_tag("customer", "ann");
        let id = stage.start(&document, json!({}), options).await;
        stage.rests(&id, Status::Failed).await;
        let step = ForkAt::Step(StepPath::parse("charge").unwrap());
        let forked = stage.executor.fork(&here(), &id, step, ann()).await.unwrap().execution;
        assert_eq!(stage.rests(&forked, Status::Completed).await.output, json!("c-1"));
    })
}

/// One runs, one stands in line behind it and begins later than its turn comes, one is behind both.
fn line_and_delay() -> Disk {
    let document = json!({ "flov7": 1, "name": "in_turn", "concurrency": { "key": "${ input.who }", "policy": "queue" },
        "input": { "type": "object", "required": ["who"], "properties": { "who": { "type": "string" } } },
        "signals": { "go": { "type": "integer" } },
        "steps": [{ "id": "go", "action": { "use": "core.wait_for", "with": { "signal": "go" } } }],
        "output": "${ steps.go }" });
    play(&json!({}), async |stage| {
        let input = json!({ "who": "ann" });
        let first = stage.start(&document, input.clone(), StartOptions::default()).await;
        let delayed = StartOptions::default().with_delay(Duration::from_secs(3_600));
        let second = stage.start(&document, input.clone(), delayed).await;
        let third = stage.start(&document, input, StartOptions::default()).await;
        for (number, id) in [first, second, third].iter().enumerate() {
            stage.signal(id, "go", json!(number)).await;
            assert_eq!(stage.rests(id, Status::Completed).await.output, json!(number));
        }
    })
}

/// A long loop, then a wait: the journal is longer than what is worth a snapshot, and goes on after it.
fn snapshot() -> Disk {
    let document = json!({ "flov7": 1, "name": "long", "signals": { "go": { "type": "integer" } }, "steps": [
        { "id": "round", "condition": { "loop": { "state": { "n": 0 }, "while": "${ state.n < 140 }", "max": 200,
            "steps": [{ "id": "look", "action": { "use": "shop.stock", "with": { "item": "cup", "count": "${ state.n }" } } }],
            "next": { "n": "${ state.n + 1 }" } } } },
        { "id": "go", "action": { "use": "core.wait_for", "with": { "signal": "go" } } }],
        "output": "${ steps.round.n + steps.go }" });
    play(&json!({}), async |stage| {
        let id = stage.start(&document, json!({}), StartOptions::default()).await;
        stage.rests(&id, Status::Waiting).await;
        stage.signal(&id, "go", json!(2)).await;
        assert_eq!(stage.rests(&id, Status::Completed).await.output, json!(142));
    })
}
