//! What is committed when, and what begins before or after.

use std::sync::{Arc, Mutex};

use flov7::action::from_fn;
use flov7::catalog::Effect;
use flov7::machine::Status;
use flov7::store::ExecutionStore;
use serde_json::{Value, json};

use super::support::{World, descriptor, rested, run, sequence, space, start};

#[test]
fn n_strict_steps_cost_n_and_one_commits() {
    for (action, steps) in [("now.once", 1), ("now.keyed", 7), ("now.idempotent", 100)] {
        run(async {
            let world = World::new();
            let executor = world.executor();
            let id = start(&executor, &world.valid(sequence(action, steps))).await;
            assert_eq!(rested(&executor, &id).await.status, Status::Completed);
            assert_eq!(world.store.commits(), steps + 1, "{action}");
            assert_eq!(world.store.claims(), 0);
        });
    }
}

#[test]
fn steps_that_wait_do_not_cost_more() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let id = start(&executor, &world.valid(sequence("gate.once", 5))).await;
        for n in 0..5 {
            world.held().await.give(Ok(json!(n)));
        }
        rested(&executor, &id).await;
        assert_eq!(world.store.commits(), 6);
    });
}

#[test]
fn reads_ride_in_one_commit() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let id = start(&executor, &world.valid(sequence("now.none", 10))).await;
        assert_eq!(rested(&executor, &id).await.status, Status::Completed);
        assert_eq!(world.store.commits(), 1);
        assert_eq!(world.events(&id).await.len(), 22);
    });
}

#[test]
fn a_ride_ends_after_so_many_events() {
    run(async {
        let mut world = World::new();
        world.options = world.options.with_ride(10);
        let executor = world.executor();
        let id = start(&executor, &world.valid(sequence("now.none", 10))).await;
        assert_eq!(rested(&executor, &id).await.status, Status::Completed);
        assert!((2..=4).contains(&world.store.commits()), "{}", world.store.commits());
    });
}

#[test]
fn results_that_come_together_are_one_commit() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let steps: Vec<Value> = (0..20)
            .map(|n| json!({ "id": format!("s{n}"), "after": [], "action": { "use": "now.once" } }))
            .collect();
        let id = start(&executor, &world.valid(json!({ "steps": steps }))).await;
        assert_eq!(rested(&executor, &id).await.status, Status::Completed);
        assert_eq!(world.store.commits(), 2);
    });
}

/// Which events of its own execution a handler found in the store when it ran.
fn witness(effect: Effect) -> Vec<String> {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    run(async {
        let mut world = World::new();
        let (store, log) = (world.store.clone(), Arc::clone(&seen));
        let action = from_fn(descriptor("test.witness").with_effect(effect), move |cx, _| {
            let (store, log) = (store.clone(), Arc::clone(&log));
            async move {
                if let Ok(turns) = store.turns(&cx.namespace, &cx.execution, 0, 100).await {
                    let events =
                        turns.iter().flat_map(|turn| flov7::machine::event::decode_turn(turn).unwrap());
                    let kinds = events.map(|one| serde_json::to_value(one.event).unwrap()["kind"].clone());
                    log.lock().unwrap().extend(kinds.map(|kind| kind.as_str().unwrap().to_owned()));
                }
                Ok(Value::Null)
            }
        });
        world.registry = world.registry.with_action(action);
        let executor = world.executor();
        let id = start(&executor, &world.valid(sequence("test.witness", 1))).await;
        assert_eq!(rested(&executor, &id).await.status, Status::Completed);
        executor.shutdown(std::time::Duration::ZERO).await;
        let _ = space("default");
    });
    Arc::into_inner(seen).unwrap().into_inner().unwrap()
}

#[test]
fn effect_begins_after_the_commit_of_its_schedule() {
    for effect in [Effect::Idempotent, Effect::Keyed, Effect::Once] {
        assert_eq!(witness(effect), ["started", "scheduled"], "{effect:?}");
    }
}

#[test]
fn effect_none_may_begin_before_the_commit() {
    assert!(witness(Effect::None).is_empty());
}
