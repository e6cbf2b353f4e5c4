//! A commit whose outcome nobody knows: written or not, the execution goes on from what is there.

use std::sync::Arc;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use flov7::error::{Error, ErrorKind};
use flov7::execute::{Executor, StartOptions};
use flov7::machine::Status;
use flov7::observe::{Observation, Observer};
use flov7::store::{Store, StoreCapabilities, Turn, TurnError};
use flov7_conformance::disk::Disk;
use flov7_conformance::fault::{FaultStore, Plan};
use flov7_conformance::layer::{Layer, Over};
use serde_json::{Value, json};

use super::support::{Counting, World, quiet, rested, run, sequence, space, start, trace};

/// Runs a workflow under a plan, moving the clock past every pause.
fn under(plan: &str, document: Value) -> (Status, Vec<(String, u32)>, usize) {
    run(async {
        let world = World::new();
        if !plan.is_empty() {
            let plan: Plan = plan.parse().unwrap();
            world.store.wrap(|inner| Arc::new(FaultStore::new(inner, plan)));
        }
        let executor = world.executor();
        let id = start(&executor, &world.valid(document)).await;
        let waiting = tokio::spawn({
            let executor = executor.clone();
            let id = id.clone();
            async move { rested(&executor, &id).await }
        });
        while !waiting.is_finished() {
            super::support::quiet().await;
            if let Some(next) = world.clock.earliest_sleeper() {
                world.clock.set(next);
            }
        }
        let view = waiting.await.unwrap();
        let _ = trace(&view);
        (view.status, world.calls(), world.events(&id).await.len())
    })
}

#[test]
fn a_commit_in_doubt_repeats_nothing_and_loses_nothing() {
    let document = || sequence("now.once", 4);
    let (status, calls, events) = under("", document());
    assert_eq!((status, calls.len(), events), (Status::Completed, 4, 10));
    for commit in 2..=5 {
        for when in ["before", "after"] {
            let found = under(&format!("commit:{commit}:{when}=error"), document());
            assert_eq!(found, (status, calls.clone(), events), "commit {commit} {when}");
        }
    }
}

#[test]
fn a_ride_in_doubt_goes_on_where_it_stands() {
    let steps = json!({ "steps": [
        { "id": "a", "action": { "use": "now.once" } },
        { "id": "b", "action": { "use": "now.none" } },
        { "id": "c", "action": { "use": "now.none" } },
        { "id": "d", "action": { "use": "now.once" } }
    ] });
    let expected = under("", steps.clone());
    assert_eq!(expected.0, Status::Completed);
    for commit in 2..=5 {
        for when in ["before", "after"] {
            let found = under(&format!("commit:{commit}:{when}=error"), steps.clone());
            assert_eq!(found, expected, "commit {commit} {when}");
        }
    }
}

#[test]
fn a_creation_in_doubt_is_found_out() {
    let (status, calls, _) = under("commit:1:after=error", sequence("now.once", 2));
    assert_eq!((status, calls.len()), (Status::Completed, 2));
}

#[test]
fn an_executor_whose_store_is_away_looks_now_and_then() {
    run(async {
        let world = World::new();
        let process = Disk::new(world.clock.clone()).process();
        world.store.wrap(|_| Arc::new(process.clone()));
        let executor = world.executor();
        start(&executor, &world.valid(sequence("gate.once", 1))).await;
        world.held().await;
        process.kill();
        // Past the time when its lease is to be renewed, which fails.
        for second in 1..=20 {
            world.clock.advance(std::time::Duration::from_secs(1));
            quiet().await;
            assert!(process.refused() <= 4 * second, "{} tries in {second} s", process.refused());
        }
        assert!(process.refused() > 0);
    });
}

/// A store on a disk that may have no space left.
struct Crowded {
    inner: Arc<dyn Store>,
    full: Arc<AtomicBool>,
}

#[async_trait]
impl Layer for Crowded {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    async fn commit(&self, turns: Vec<Turn>) -> Vec<Result<(), TurnError>> {
        if self.full.load(Ordering::SeqCst) {
            let refused = || TurnError::Refused(Error::new(ErrorKind::Unavailable, "there is no space left"));
            return turns.iter().map(|_| Err(refused())).collect();
        }
        self.inner.commit(turns).await
    }
}

#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Observer for Told {
    fn observe(&self, observation: &Observation<'_>) {
        if let Observation::CommitFailed { error, .. } = observation {
            self.0.lock().unwrap().push(error.to_string());
        }
    }
}

#[test]
fn a_full_disk_holds_an_execution_up_and_repeats_nothing() {
    run(async {
        let world = World::new();
        let full = Arc::new(AtomicBool::new(false));
        world.store.wrap(|inner| Arc::new(Over(Crowded { inner, full: full.clone() })));
        let told = Arc::new(Told::default());
        let executor = world.builder("one", 1).with_observer(told.clone()).open().unwrap();
        let id = start(&executor, &world.valid(sequence("gate.once", 3))).await;
        let first = world.held().await;
        full.store(true, Ordering::SeqCst);
        first.give(Ok(Value::Null));
        // Far less than its lease, and more than its longest pause.
        for _ in 0..8 {
            quiet().await;
            world.clock.advance(std::time::Duration::from_secs(1));
        }
        quiet().await;
        let tries = told.0.lock().unwrap().len();
        assert!((3..=16).contains(&tries), "{tries} tries");
        assert!(told.0.lock().unwrap().iter().all(|error| error == "there is no space left"));
        full.store(false, Ordering::SeqCst);
        for _ in 0..6 {
            world.clock.advance(std::time::Duration::from_secs(1));
            quiet().await;
        }
        world.held().await.give(Ok(Value::Null));
        world.held().await.give(Ok(Value::Null));
        let view = rested(&executor, &id).await;
        assert_eq!((view.status, world.calls().len()), (Status::Completed, 3));
    });
}

/// An execution whose commit is refused for want of space, since some seconds.
async fn held_up(
    world: &World,
    full: &Arc<AtomicBool>,
    executor: &flov7::embedded::EmbeddedExecutor,
    steps: usize,
) -> flov7::id::ExecutionId {
    let id = start(executor, &world.valid(sequence("gate.once", steps))).await;
    let first = world.held().await;
    full.store(true, Ordering::SeqCst);
    first.give(Ok(Value::Null));
    pass(world, 12).await;
    id
}

async fn pass(world: &World, seconds: u64) {
    for _ in 0..seconds {
        quiet().await;
        world.clock.advance(std::time::Duration::from_secs(1));
    }
    quiet().await;
}

fn crowded(world: &World) -> Arc<AtomicBool> {
    let full = Arc::new(AtomicBool::new(false));
    world.store.wrap(|inner| Arc::new(Over(Crowded { inner, full: full.clone() })));
    full
}

#[test]
fn a_shutdown_on_a_full_disk_keeps_its_grace_and_begins_nothing() {
    run(async {
        let world = World::new();
        let full = crowded(&world);
        let executor = world.executor();
        let id = held_up(&world, &full, &executor, 3).await;
        let stopping = tokio::spawn({
            let executor = executor.clone();
            async move { executor.shutdown(std::time::Duration::from_secs(1)).await }
        });
        pass(&world, 1).await;
        assert!(stopping.is_finished(), "the grace is one second");
        assert_eq!(world.head(&id).await.lease, None, "it was handed back");
        full.store(false, Ordering::SeqCst);
        pass(&world, 8).await;
        assert_eq!(world.calls(), [("s0".into(), 1)], "nothing begins after the executor closed");
    });
}

#[test]
fn a_full_disk_holds_up_what_has_no_journal_as_well() {
    run(async {
        let world = World::without_history();
        let full = crowded(&world);
        let executor = world.executor();
        held_up(&world, &full, &executor, 2).await;
        full.store(false, Ordering::SeqCst);
        pass(&world, 6).await;
        assert_eq!(world.calls().len(), 2, "it went on with the next step");
    });
}

fn nested(mut value: Value, by: usize) -> Value {
    for _ in 0..by {
        value = json!({ "p": value });
    }
    value
}

/// The deepest input: a template around a value that is as deep as expressions make them.
#[test]
fn a_deep_input_reaches_its_second_attempt() {
    run(async {
        let world = World::new();
        let mut with = nested(json!("${ steps.s2 }"), 50);
        with["x"] = json!(1);
        let document = json!({ "steps": [
            { "id": "a", "action": { "use": "now.none", "with": { "give": nested(json!(1), 100) } } },
            { "id": "s", "data": { "set": nested(json!("${ steps.a }"), 200) } },
            { "id": "s2", "data": { "set": nested(json!("${ steps.s }"), 200) } },
            { "id": "b", "action": { "use": "gate.keyed", "with": with }, "retry": { "attempts": 3, "first": "1s" } }
        ] });
        let executor = world.executor();
        start(&executor, &world.valid(document)).await;
        world.held().await.give(Err(flov7::action::ActionError::retryable("x.busy", "busy")));
        pass(&world, 30).await;
        let calls: Vec<_> = world.calls().into_iter().filter(|(path, _)| path == "b").collect();
        assert_eq!(calls, [("b".into(), 1), ("b".into(), 2)]);
    });
}

/// A store that takes small turns only.
struct Small(Arc<dyn Store>, StoreCapabilities);

#[async_trait]
impl Layer for Small {
    fn inner(&self) -> &dyn Store {
        &*self.0
    }

    fn capabilities(&self) -> &StoreCapabilities {
        &self.1
    }

    async fn commit(&self, turns: Vec<Turn>) -> Vec<Result<(), TurnError>> {
        match turns.iter().find_map(|turn| turn.body.as_ref()?.check(&self.1).err()) {
            Some(error) => turns.iter().map(|_| Err(TurnError::Refused(error.clone()))).collect(),
            None => self.0.commit(turns).await,
        }
    }
}

#[test]
fn a_ride_fits_the_store() {
    run(async {
        let mut world = World::new();
        let inner: Arc<dyn Store> = world.store.clone();
        let capabilities = inner.capabilities().clone().with_turn_bytes(2 * 1024 * 1024);
        world.store = Arc::new(Counting::over(Arc::new(Over(Small(inner, capabilities)))));
        let executor = world.executor();
        let give = |n: usize| json!({ "id": format!("s{n}"), "action": { "use": "now.none", "with": { "give": "${ input.t }", "n": n } } });
        let steps: Vec<Value> = [json!({ "id": "g", "action": { "use": "gate.once" } })]
            .into_iter()
            .chain((0..6).map(give))
            .collect();
        let document = json!({ "steps": steps,
            "input": { "type": "object", "properties": { "t": { "type": "string" } }, "required": ["t"] } });
        let input = json!({ "t": "x".repeat(700_000) });
        let workflow = world.valid(document);
        let started =
            executor.start(&space("default"), &workflow, input, StartOptions::default()).await.unwrap();
        world.held().await.give(Ok(Value::Null));
        quiet().await;
        assert_eq!(world.head(&started.execution).await.head.status, Status::Completed);
    });
}
