//! Long executions: what is restored is short, and what is shown is whole.

use std::sync::Arc;
use std::time::Duration;

use flov7::execute::inspect;
use flov7::id::ExecutionId;
use flov7::machine::{ExecutionView, Status};
use flov7::store::{ExecutionStore, Loaded};
use flov7_conformance::fault::{FaultStore, Plan};
use serde_json::{Value, json};

use super::support::{World, quiet, rested, run, sequence, space, start};

/// A value that is longer than what a snapshot keeps of a settled step.
fn value(n: usize) -> Value {
    json!(format!("{n:0100}"))
}

/// Steps that give such values.
fn steps(count: usize) -> Value {
    let mut document = sequence("now.once", count);
    for n in 0..count {
        document["steps"][n]["action"]["with"]["give"] = value(n);
    }
    document
}

/// Many steps, a long pause, and one step that needs the first one's value.
fn long(count: usize) -> Value {
    let mut document = steps(count);
    let list = document["steps"].as_array_mut().unwrap();
    list.push(json!({ "id": "pause", "action": { "use": "core.wait", "with": { "for": "1h" } } }));
    list.push(json!({ "id": "last", "action": { "use": "now.once", "with": { "give": "${ steps.s0 }" } } }));
    document["output"] = json!("${ steps.last }");
    document
}

async fn parked(world: &World, id: &ExecutionId) -> Loaded {
    quiet().await;
    world.store.restore(&space("default"), id).await.unwrap()
}

fn whole(view: &ExecutionView, count: usize) {
    for n in 0..count {
        assert_eq!(view.steps[n].output, Some(value(n)), "step {n} is shown with its value");
    }
}

#[test]
fn snapshot_a_long_journal_is_restored_from_its_end() {
    for damaged in [false, true] {
        run(async {
            let world = World::new();
            let executor = world.executor();
            let id = start(&executor, &world.valid(long(600))).await;
            for _ in 0..20 {
                quiet().await;
            }
            let loaded = parked(&world, &id).await;
            assert!(loaded.snapshot.is_some());
            let events: u32 = loaded.turns.iter().map(|turn| turn.count).sum();
            assert!(events < 1_000, "{events} of more than 1,200 events are replayed");
            whole(&inspect(&*world.store, &space("default"), &id).await.unwrap(), 600);
            if damaged {
                world.store.damage_snapshots();
            }
            world.clock.advance(Duration::from_secs(3_600));
            let view = rested(&executor, &id).await;
            assert_eq!((view.status, view.output.clone()), (Status::Completed, value(0)));
            whole(&view, 600);
            assert_eq!(world.calls().len(), 601);
        });
    }
}

#[test]
fn snapshot_a_short_journal_has_none() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let id = start(&executor, &world.valid(long(20))).await;
        assert!(parked(&world, &id).await.snapshot.is_none());
    });
}

#[test]
fn snapshot_a_commit_in_doubt_knows_where_the_journal_ends() {
    for when in ["before", "after"] {
        run(async {
            let world = World::new();
            // Around the first snapshot: what is restored then begins after it, or has no turns at all.
            let points = (120..320).map(|commit| format!("commit:{commit}:{when}=error"));
            let plan: Plan = points.collect::<Vec<_>>().join(",").parse().unwrap();
            world.store.wrap(|inner| Arc::new(FaultStore::new(inner, plan)));
            let executor = world.executor();
            let id = start(&executor, &world.valid(steps(400))).await;
            let waiting = tokio::spawn({
                let (executor, id) = (executor.clone(), id.clone());
                async move { rested(&executor, &id).await }
            });
            while !waiting.is_finished() {
                quiet().await;
                if let Some(next) = world.clock.earliest_sleeper() {
                    world.clock.set(next);
                }
            }
            assert_eq!(waiting.await.unwrap().status, Status::Completed);
            assert_eq!((world.calls().len(), world.events(&id).await.len()), (400, 802));
        });
    }
}
