//! Executions that wait: out of memory, and back when due or called.

use std::time::Duration;

use flov7::execute::Executor;
use flov7::machine::{Actor, Control, Status};
use flov7::store::Accepted;
use serde_json::{Value, json};

use super::support::{World, quiet, rested, run, sequence, space, start};

fn wait_then(length: &str, action: &str) -> Value {
    json!({ "steps": [
        { "id": "pause", "action": { "use": "core.wait", "with": { "for": length } } },
        { "id": "after", "action": { "use": action } }
    ] })
}

#[test]
fn a_waiting_execution_leaves_memory_and_comes_back_when_due() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let id = start(&executor, &world.valid(wait_then("1h", "now.once"))).await;
        quiet().await;
        let row = world.head(&id).await;
        assert_eq!((row.head.status, row.lease), (Status::Running, None), "no lease, no memory but the row");

        // Never early, whatever the periodic look does.
        for _ in 0..59 {
            world.clock.advance(Duration::from_secs(60));
            quiet().await;
        }
        world.clock.advance(Duration::from_millis(59_999));
        quiet().await;
        assert!(world.calls().is_empty());
        assert_eq!(world.store.claims(), 0);
        world.clock.advance(Duration::from_millis(1));
        assert_eq!(rested(&executor, &id).await.status, Status::Completed);
        assert_eq!((world.store.claims(), world.calls().len()), (1, 1));
    });
}

#[test]
fn a_short_wait_stays_in_memory() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let id = start(&executor, &world.valid(wait_then("900ms", "now.once"))).await;
        quiet().await;
        assert!(world.head(&id).await.lease.is_some());
        world.clock.advance(Duration::from_millis(900));
        assert_eq!(rested(&executor, &id).await.status, Status::Completed);
        assert_eq!(world.store.claims(), 0);
        assert_eq!(world.store.commits(), 3);
    });
}

#[test]
fn thousands_wait_and_all_come_back() {
    run(async {
        let mut world = World::new();
        world.options = world.options.with_live(10);
        let executor = world.executor();
        let workflow = world.valid(wait_then("1h", "now.once"));
        let mut ids = Vec::new();
        for _ in 0..500 {
            ids.push(start(&executor, &workflow).await);
        }
        for _ in 0..20 {
            quiet().await;
        }
        world.clock.advance(Duration::from_secs(3_600));
        for id in &ids {
            assert_eq!(rested(&executor, id).await.status, Status::Completed);
        }
        assert_eq!(world.calls().len(), 500);
    });
}

#[test]
fn pause_holds_timers_and_unpause_lets_them_go() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        assert!(executor.capabilities().pause);
        let (here, by) = (space("default"), Actor::new("ann"));
        let id = start(&executor, &world.valid(wait_then("1h", "now.once"))).await;
        quiet().await;
        executor.control(&here, &id, Control::Pause, by.clone()).await.unwrap();
        assert_eq!(rested(&executor, &id).await.status, Status::Paused);
        world.clock.advance(Duration::from_secs(7_200));
        quiet().await;
        assert!(world.calls().is_empty());
        let accepted = executor.control(&here, &id, Control::Unpause, by).await.unwrap();
        assert_eq!(accepted, Accepted::New);
        assert_eq!(rested(&executor, &id).await.status, Status::Completed);
    });
}

#[test]
fn a_long_list_of_results_does_not_keep_others_waiting() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let long = start(&executor, &world.valid(sequence("now.none", 2_000))).await;
        let short = start(&executor, &world.valid(sequence("now.none", 1))).await;
        assert_eq!(rested(&executor, &short).await.status, Status::Completed);
        assert_eq!(rested(&executor, &long).await.status, Status::Completed);
        assert!(world.store.commits() < 20, "{}", world.store.commits());
    });
}
