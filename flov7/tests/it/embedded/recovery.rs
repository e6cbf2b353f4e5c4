//! What a process leaves behind, and who goes on with it.

use std::time::Duration;

use flov7::machine::{Settled, Status};
use serde_json::json;

use super::support::{World, quiet, rested, run, sequence, space, start, trace};

/// A call: path, attempt, idempotency key.
type Called = (String, u32, String);

/// Two processes: the first dies with a call of `action` in flight, the second goes on after the lease lapsed. Gives
/// what became of the execution, and all calls.
fn dies_in(action: &str, first_attempts: u32) -> (Status, Option<Settled>, Option<String>, Vec<Called>) {
    let world = World::new();
    let document = json!({ "steps": [
        { "id": "before", "action": { "use": "now.once" } },
        { "id": "x", "action": { "use": action } }
    ] });
    let id = run(async {
        let executor = world.builder("p0", 1).open().unwrap();
        let id = start(&executor, &world.valid(document)).await;
        let held = world.held().await;
        assert_eq!(held.place(), ("x".into(), 1));
        // The runtime is dropped with everything in it, as a kill would.
        std::mem::forget(executor);
        id
    });
    for process in 1..first_attempts {
        run(async {
            let executor = world.builder(&format!("p{process}"), u64::from(process) + 1).open().unwrap();
            world.clock.advance(Duration::from_secs(31));
            let held = world.held().await;
            assert_eq!(held.place(), ("x".into(), process + 1));
            std::mem::forget(executor);
        });
    }
    run(async {
        let executor = world.builder("last", 99).open().unwrap();
        quiet().await;
        assert_eq!(
            world.head(&id).await.lease.unwrap().owner,
            format!("p{}", first_attempts - 1),
            "not lapsed yet"
        );
        world.clock.advance(Duration::from_secs(31));
        let answer = async {
            loop {
                world.held().await.give(Ok(json!("late")));
            }
        };
        let view = tokio::select! {
            view = rested(&executor, &id) => view,
            () = answer => unreachable!(),
        };
        let (status, steps) = trace(&view);
        let settled = steps.iter().find(|(path, _)| *path == "x").and_then(|(_, settled)| *settled);
        let code = view.error.map(|error| error.code);
        let calls = world.calls.lock().unwrap().clone();
        (status, settled, code, calls)
    })
}

#[test]
fn journal_lost_what_may_be_repeated_is_repeated_with_the_same_key() {
    for action in ["gate.none", "gate.idempotent", "gate.keyed"] {
        let (status, settled, _, calls) = dies_in(action, 1);
        assert_eq!((status, settled), (Status::Completed, Some(Settled::Done)), "{action}");
        let places: Vec<_> = calls.iter().map(|(path, attempt, _)| (path.as_str(), *attempt)).collect();
        assert_eq!(places, [("before", 1), ("x", 1), ("x", 2)], "a recorded result is not asked for again");
        assert_eq!(calls[1].2, calls[2].2, "the key is the same");
    }
}

#[test]
fn effect_once_that_was_in_flight_is_never_repeated() {
    let (status, settled, code, calls) = dies_in("gate.once", 1);
    assert_eq!((status, settled), (Status::Failed, Some(Settled::Failed)));
    assert_eq!(code.as_deref(), Some("outcome_unknown"));
    assert_eq!(calls.len(), 2);
}

#[test]
fn journal_lost_three_losses_are_enough() {
    let (status, _, code, calls) = dies_in("gate.keyed", 3);
    assert_eq!((status, code.as_deref()), (Status::Failed, Some("worker_lost")));
    assert_eq!(calls.len(), 4);
}

#[test]
fn store_fence_a_zombie_writes_nothing_and_stops() {
    run(async {
        let world = World::new();
        // Full with this one execution, so that it claims nothing itself.
        let full = world.options.clone().with_live(1);
        let zombie = world.builder("zombie", 1).with_options(full).open().unwrap();
        let id = start(&zombie, &world.valid(sequence("gate.keyed", 2))).await;
        let first = world.held().await;
        let row = world.head(&id).await;
        // Another owner takes the execution over.
        use flov7::store::ExecutionStore;
        world.store.release(&[(space("default"), id.clone(), row.lease.unwrap())]).await.unwrap();
        let other = world.builder("other", 2).open().unwrap();
        let second = world.held().await;
        assert_eq!(second.place(), ("s0".into(), 2));
        first.give(Ok(json!("zombie")));
        quiet().await;
        assert_eq!(world.calls().len(), 2, "the zombie's result starts nothing");
        second.give(Ok(json!("other")));
        world.held().await.give(Ok(json!(1)));
        let view = rested(&other, &id).await;
        assert_eq!(view.status, Status::Completed);
    });
}

#[test]
fn an_executor_takes_over_from_its_own_past() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let id = start(&executor, &world.valid(sequence("gate.keyed", 1))).await;
        let first = world.held().await;
        let row = world.head(&id).await;
        use flov7::store::ExecutionStore;
        world.store.release(&[(space("default"), id.clone(), row.lease.unwrap())]).await.unwrap();
        let second = world.held().await;
        assert_eq!(second.place(), ("s0".into(), 2));
        first.give(Ok(json!("past")));
        second.give(Ok(json!("now")));
        let view = rested(&executor, &id).await;
        assert_eq!((view.status, view.steps[0].attempts), (Status::Completed, 2));
    });
}

#[test]
fn an_execution_handed_over_keeps_its_turns() {
    run(async {
        let world = World::new();
        let one = world.builder("one", 1).open().unwrap();
        let id = start(&one, &world.valid(sequence("gate.once", 2))).await;
        world.held().await.give(Ok(json!(1)));
        let second = world.held().await;
        assert_eq!(second.place(), ("s1".into(), 1));
        second.give(Ok(json!(2)));
        one.shutdown(Duration::from_secs(5)).await;
        let two = world.builder("two", 2).open().unwrap();
        assert_eq!(rested(&two, &id).await.status, Status::Completed);
        assert_eq!(world.calls().len(), 2);
    });
}
