//! Emitted events: in the outbox exactly if their turn is (RULES, call).

use std::sync::{Arc, Mutex};

use flov7::execute::{Executor, StartOptions};
use flov7::machine::Status;
use flov7::observe::{Observation, Observer};
use flov7::store::ExecutionStore;
use serde_json::json;

use super::support::{World, rested, run, space, start};

#[derive(Default)]
struct Heard(Mutex<Vec<(String, String)>>);

impl Observer for Heard {
    fn observe(&self, observation: &Observation<'_>) {
        if let Observation::Emitted { path, event, .. } = observation {
            self.0.lock().unwrap().push((path.to_string(), (*event).to_owned()));
        }
    }
}

#[test]
fn call_emit_puts_events_into_the_outbox_and_tells_the_observer() {
    run(async {
        let world = World::new();
        let heard = Arc::new(Heard::default());
        let executor = world.builder("one", 1).with_observer(heard.clone()).open().unwrap();
        let document = json!({ "steps": [
            { "id": "a", "action": { "use": "core.emit", "with": { "event": "order.paid", "payload": { "n": 1 } } } },
            { "id": "x", "action": { "use": "now.once" } },
            { "id": "b", "action": { "use": "core.emit", "with": { "event": "order.shipped" } } } ] });
        let id = start(&executor, &world.valid(document)).await;
        assert_eq!(rested(&executor, &id).await.status, Status::Completed);
        let events = world.store.emitted(&space("default"), 0, 10).await.unwrap();
        let found: Vec<_> =
            events.iter().map(|e| (e.path.as_str(), e.name.as_str(), &e.payload, e.depth)).collect();
        assert_eq!(
            found,
            [("a", "order.paid", &json!({ "n": 1 }), 1), ("b", "order.shipped", &json!(null), 1)]
        );
        assert!(events.iter().all(|event| event.execution == id && event.id.len() == 26));
        assert_ne!(events[0].id, events[1].id);
        assert_eq!(
            *heard.0.lock().unwrap(),
            [("a".into(), "order.paid".into()), ("b".into(), "order.shipped".into())]
        );
    });
}

#[test]
fn call_emit_depth_travels_with_the_execution_that_an_event_starts() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let callee = json!({ "name": "callee", "steps": [{ "id": "inner", "action": { "use": "core.emit", "with": { "event": "x" } } }] });
        let document = json!({ "steps": [
            { "id": "outer", "action": { "use": "core.emit", "with": { "event": "x" } } },
            { "id": "down", "action": { "use": "core.call", "with": { "workflow": "callee" } } }] });
        let workflow = world.valid_with(document, &[callee]);
        let options = StartOptions::default().with_cause(7);
        let started = executor.start(&space("default"), &workflow, json!({}), options).await.unwrap();
        assert_eq!(rested(&executor, &started.execution).await.status, Status::Completed);
        let events = world.store.emitted(&space("default"), 0, 10).await.unwrap();
        assert_eq!(
            events.iter().map(|event| event.depth).collect::<Vec<_>>(),
            [8, 8],
            "a child is no further event"
        );
    });
}

#[test]
fn call_emit_is_emitted_once_although_its_commit_was_in_doubt() {
    for when in ["before", "after"] {
        for commit in 2..=3 {
            run(async {
                let world = World::new();
                let plan: flov7_conformance::fault::Plan =
                    format!("commit:{commit}:{when}=error").parse().unwrap();
                world.store.wrap(|inner| Arc::new(flov7_conformance::fault::FaultStore::new(inner, plan)));
                let executor = world.executor();
                let document = json!({ "steps": [
                    { "id": "a", "action": { "use": "core.emit", "with": { "event": "x" } } },
                    { "id": "x", "action": { "use": "now.once" } },
                    { "id": "b", "action": { "use": "core.emit", "with": { "event": "y" } } } ] });
                let id = start(&executor, &world.valid(document)).await;
                let waiting = tokio::spawn({
                    let executor = executor.clone();
                    async move { rested(&executor, &id).await }
                });
                while !waiting.is_finished() {
                    super::support::quiet().await;
                    if let Some(next) = world.clock.earliest_sleeper() {
                        world.clock.set(next);
                    }
                }
                assert_eq!(waiting.await.unwrap().status, Status::Completed);
                let events = world.store.emitted(&space("default"), 0, 10).await.unwrap();
                assert_eq!(
                    events.iter().map(|e| e.name.as_str()).collect::<Vec<_>>(),
                    ["x", "y"],
                    "{commit} {when}"
                );
            });
        }
    }
}
