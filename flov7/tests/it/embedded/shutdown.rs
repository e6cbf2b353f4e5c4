//! Stopping in order.

use std::time::Duration;

use flov7::error::ErrorKind;
use flov7::execute::{Executor, StartOptions};
use flov7::machine::{Settled, Status};
use serde_json::json;

use super::support::{World, quiet, rested, run, sequence, space, start};

#[test]
fn what_runs_may_finish_and_nothing_new_begins() {
    run(async {
        let world = World::new();
        let one = world.builder("one", 1).open().unwrap();
        let id = start(&one, &world.valid(sequence("gate.once", 2))).await;
        let held = world.held().await;
        let stopping = tokio::spawn({
            let one = one.clone();
            async move { one.shutdown(Duration::from_secs(60)).await }
        });
        quiet().await;
        assert!(!stopping.is_finished());
        let other = world.valid(sequence("now.once", 1));
        let refused = one.start(&space("default"), &other, json!({}), StartOptions::default()).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Closed);
        held.give(Ok(json!("kept")));
        stopping.await.unwrap();
        assert_eq!(world.calls(), [("s0".into(), 1)], "the second step was not begun");
        assert_eq!(world.events(&id).await, ["started", "scheduled", "done"]);
        assert!(world.head(&id).await.lease.is_none());

        // Handed back: another goes on at once, and loses nothing.
        let two = world.builder("two", 2).open().unwrap();
        let held = world.held().await;
        assert_eq!(held.place(), ("s1".into(), 1));
        held.give(Ok(json!(2)));
        let view = rested(&two, &id).await;
        assert_eq!(view.status, Status::Completed);
        assert_eq!(view.steps[0].output, Some(json!("kept")));
    });
}

#[test]
fn what_does_not_finish_is_dropped_and_lost_for_the_next_owner() {
    run(async {
        let world = World::new();
        let one = world.builder("one", 1).open().unwrap();
        let id = start(&one, &world.valid(sequence("gate.keyed", 1))).await;
        let _held = world.held().await;
        let stopping = tokio::spawn({
            let one = one.clone();
            async move { one.shutdown(Duration::from_secs(60)).await }
        });
        quiet().await;
        world.clock.advance(Duration::from_secs(60));
        stopping.await.unwrap();
        let two = world.builder("two", 2).open().unwrap();
        let again = world.held().await;
        assert_eq!(again.place(), ("s0".into(), 2));
        again.give(Ok(json!(1)));
        let view = rested(&two, &id).await;
        assert_eq!((view.status, view.steps[0].settled), (Status::Completed, Some(Settled::Done)));
    });
}

#[test]
fn timers_do_not_fire_while_it_stops() {
    run(async {
        let world = World::new();
        let one = world.builder("one", 1).open().unwrap();
        let document = json!({ "steps": [
            { "id": "a", "after": [], "action": { "use": "gate.once" } },
            { "id": "pause", "after": [], "action": { "use": "core.wait", "with": { "for": "10s" } } },
            { "id": "b", "after": ["pause"], "action": { "use": "now.once" } }
        ] });
        let id = start(&one, &world.valid(document)).await;
        let held = world.held().await;
        let stopping = tokio::spawn({
            let one = one.clone();
            async move { one.shutdown(Duration::from_secs(60)).await }
        });
        quiet().await;
        world.clock.advance(Duration::from_secs(20));
        quiet().await;
        assert_eq!(world.calls().len(), 1);
        held.give(Ok(json!(1)));
        stopping.await.unwrap();
        let two = world.builder("two", 2).open().unwrap();
        assert_eq!(rested(&two, &id).await.status, Status::Completed);
        assert_eq!(world.calls().len(), 2);
    });
}

#[test]
fn an_idle_executor_stops_at_once() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        executor.shutdown(Duration::from_secs(3_600)).await;
        executor.shutdown(Duration::from_secs(3_600)).await;
        let id = flov7::id::ExecutionId::new(0, [0; 10]);
        assert_eq!(executor.resume(&space("default"), &id).await.unwrap_err().kind(), ErrorKind::Closed);
    });
}

#[test]
fn when_the_last_handle_goes_its_leases_go_back() {
    run(async {
        let world = World::new();
        let one = world.builder("one", 1).open().unwrap();
        let id = start(&one, &world.valid(sequence("gate.keyed", 1))).await;
        let _held = world.held().await;
        drop(one);
        quiet().await;
        assert!(world.head(&id).await.lease.is_none());
    });
}
