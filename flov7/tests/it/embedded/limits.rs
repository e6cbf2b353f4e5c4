//! Bounds: what is in memory, of whom, and how many calls a connection has.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use flov7::action::from_fn;
use flov7::catalog::{ConnectorDescriptor, ConnectorUse, Effect};
use flov7::connect::{Binding, BindingFacts, Bindings, Connection, Connector, Secrets};
use flov7::error::Error;
use flov7::execute::{Executor, StartOptions};
use flov7::machine::{Settled, Status};
use serde_json::{Map, Value, json};

use super::support::{World, descriptor, quiet, rested, run, sequence, space, start, trace};

#[test]
fn no_more_are_live_than_there_are_seats() {
    run(async {
        let mut world = World::new();
        world.options = world.options.with_live(3);
        world.options = world.options.with_live_per_namespace(3);
        let executor = world.executor();
        let workflow = world.valid(sequence("gate.once", 1));
        let mut ids = Vec::new();
        for _ in 0..10 {
            ids.push(start(&executor, &workflow).await);
        }
        quiet().await;
        assert_eq!(world.calls().len(), 3, "only three are in memory");
        for done in 0..10 {
            quiet().await;
            assert_eq!(world.calls().len(), (done + 3).min(10));
            world.held().await.give(Ok(json!(1)));
        }
        for id in &ids {
            let view = rested(&executor, id).await;
            assert_eq!((view.status, view.steps[0].attempts), (Status::Completed, 1), "none was begun twice");
        }
    });
}

#[test]
fn no_namespace_takes_all_seats() {
    run(async {
        let mut world = World::new();
        world.options = world.options.with_live(4);
        let executor = world.executor();
        let workflow = world.valid(sequence("gate.once", 1));
        for _ in 0..10 {
            executor.start(&space("greedy"), &workflow, json!({}), StartOptions::default()).await.unwrap();
        }
        quiet().await;
        assert_eq!(world.calls().len(), 3, "three quarters of the seats");
        let id = start(&executor, &workflow).await;
        quiet().await;
        assert_eq!(world.calls().len(), 4, "the modest one has its seat at once");
        drop(id);
    });
}

#[test]
fn what_waits_in_the_store_is_fair_too() {
    run(async {
        let mut world = World::new();
        world.options = world.options.with_live(4);
        // All come into the store while nobody runs them.
        let without = flov7::action::Registry::new().with_catalog(world.registry.catalog().clone());
        let mut idle = world.clone();
        idle.registry = without;
        let executor = idle.executor();
        let workflow = world.valid(sequence("gate.once", 1));
        for _ in 0..30 {
            executor.start(&space("greedy"), &workflow, json!({}), StartOptions::default()).await.unwrap();
        }
        let modest = start(&executor, &workflow).await;
        quiet().await;
        executor.shutdown(Duration::ZERO).await;

        let executor = world.builder("two", 2).open().unwrap();
        world.clock.advance(Duration::from_secs(31));
        quiet().await;
        // The first claim may go over the share; what follows does not.
        while !world.calls.lock().unwrap().is_empty() {
            let held = world.held().await;
            let of_modest = held.cx.execution == modest;
            held.give(Ok(json!(1)));
            quiet().await;
            if of_modest {
                break;
            }
        }
        assert!(world.calls().len() < 12, "it did not wait for all of them: {}", world.calls().len());
        assert_eq!(rested(&executor, &modest).await.status, Status::Completed);
    });
}

/// A connection that takes so many calls at once.
struct Narrow(ConnectorDescriptor, u32);

#[derive(Debug)]
struct Line;

impl Connection for Line {
    fn connector(&self) -> &str {
        "line"
    }
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

#[async_trait]
impl Connector for Narrow {
    fn descriptor(&self) -> &ConnectorDescriptor {
        &self.0
    }
    fn check(&self, _: &Binding) -> Result<BindingFacts, Error> {
        Ok(BindingFacts::default().with_concurrent(self.1))
    }
    async fn connect(&self, _: &Binding, _: Secrets) -> Result<Arc<dyn Connection>, Error> {
        Ok(Arc::new(Line))
    }
}

/// Counts down when a call ends, or is dropped.
struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A world whose action `line.call` waits for the test, over a connection that takes `calls` at once; with the greatest
/// number that ever ran.
fn narrow(calls: u32) -> (World, Arc<AtomicUsize>) {
    let mut world = World::new();
    let most = Arc::new(AtomicUsize::new(0));
    let running = Arc::new(AtomicUsize::new(0));
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let (seen, open) = (Arc::clone(&most), Arc::clone(&gate));
    let call = from_fn(
        descriptor("line.call")
            .with_connector(ConnectorUse::Required("line".into()))
            .with_effect(Effect::Once),
        move |_, _| {
            let (seen, running, open) = (Arc::clone(&seen), Arc::clone(&running), Arc::clone(&open));
            async move {
                seen.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let _running = Running(running);
                open.acquire().await.unwrap().forget();
                Ok(Value::Null)
            }
        },
    );
    let release = from_fn(descriptor("line.release").with_effect(Effect::None), move |_, input| {
        gate.add_permits(usize::try_from(input["give"].as_u64().unwrap_or(0)).unwrap());
        async { Ok(Value::Null) }
    });
    let connector = ConnectorDescriptor::new("line", "A line", json!({ "type": "object" }));
    world.registry =
        world.registry.with_action(call).with_action(release).with_connector(Narrow(connector, calls));
    (world, most)
}

fn over_the_line(count: usize, more: Value) -> Value {
    let calls = (0..count).map(|n| {
        let mut step = json!({ "id": format!("c{n}"), "after": [], "action": { "use": "line.call", "connection": "main" } });
        for (name, value) in more.as_object().unwrap() {
            step[name] = value.clone();
        }
        step
    });
    json!({ "connections": [{ "id": "main", "connector": "line" }], "steps": calls.collect::<Vec<_>>() })
}

fn line() -> Bindings {
    let binding = Binding { connector: "line".into(), settings: Map::new() };
    Bindings(BTreeMap::from([("main".to_owned(), binding)]))
}

#[test]
fn a_connection_has_no_more_calls_than_its_binding_says() {
    run(async {
        let (world, most) = narrow(2);
        let executor = world.builder("one", 1).with_bindings(space("default"), line()).open().unwrap();
        let id = start(&executor, &world.valid(over_the_line(7, json!({})))).await;
        let other = start(&executor, &world.valid(over_the_line(3, json!({})))).await;
        quiet().await;
        let release = world.valid(
            json!({ "steps": [{ "id": "r", "action": { "use": "line.release", "with": { "give": 10 } } }] }),
        );
        start(&executor, &release).await;
        for id in [&id, &other] {
            assert_eq!(rested(&executor, id).await.status, Status::Completed);
        }
        assert_eq!(most.load(Ordering::SeqCst), 2, "over all executions of the namespace");
    });
}

#[test]
fn effect_a_call_that_never_began_is_no_unknown_outcome() {
    run(async {
        let (world, most) = narrow(1);
        let executor = world.builder("one", 1).with_bindings(space("default"), line()).open().unwrap();
        let document =
            over_the_line(2, json!({ "attempt_timeout": "10s", "on_error": [{ "then": "continue" }] }));
        let id = start(&executor, &world.valid(document)).await;
        quiet().await;
        world.clock.advance(Duration::from_secs(10));
        let view = rested(&executor, &id).await;
        let failed = Some(Settled::Failed);
        assert_eq!(trace(&view), (Status::Completed, vec![("c0", failed), ("c1", failed)]));
        let codes: Vec<_> =
            view.steps.iter().map(|step| step.error.as_ref().unwrap().code.as_str()).collect();
        assert_eq!(
            codes,
            ["outcome_unknown", "timeout"],
            "the first ran into its deadline, the second never began"
        );
        assert_eq!(view.unknown_effects.len(), 1);
        assert_eq!(most.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn cancel_a_call_that_does_not_listen_frees_its_connection() {
    run(async {
        let (world, most) = narrow(1);
        let executor = world.builder("one", 1).with_bindings(space("default"), line()).open().unwrap();
        let keep = json!({ "id": "keep", "after": [], "action": { "use": "gate.once" } });
        let mut document =
            over_the_line(1, json!({ "attempt_timeout": "10s", "on_error": [{ "then": "continue" }] }));
        document["steps"].as_array_mut().unwrap().push(keep);
        let hangs = start(&executor, &world.valid(document)).await;
        let held = world.held().await;
        let waits =
            start(&executor, &world.valid(over_the_line(1, json!({ "attempt_timeout": "5m" })))).await;
        quiet().await;
        // At its deadline the first call is told to stop, and does not listen; after the grace it is dropped, and the
        // second call begins.
        world.clock.advance(Duration::from_secs(10));
        quiet().await;
        world.clock.advance(Duration::from_secs(10));
        quiet().await;
        let release =
            json!({ "steps": [{ "id": "r", "action": { "use": "line.release", "with": { "give": 1 } } }] });
        start(&executor, &world.valid(release)).await;
        assert_eq!(rested(&executor, &waits).await.status, Status::Completed);
        assert_eq!(most.load(Ordering::SeqCst), 1);
        held.give(Ok(json!(1)));
        assert_eq!(rested(&executor, &hangs).await.status, Status::Completed);
    });
}

#[test]
fn what_ended_is_named_no_more() {
    run(async {
        let world = World::new();
        let executor = world.builder("one", 1).only_named().open().unwrap();
        let (short, long) = (world.valid(sequence("now.once", 1)), world.valid(sequence("gate.once", 1)));
        let live = start(&executor, &long).await;
        let held = world.held().await;
        for _ in 0..20 {
            let id = start(&executor, &short).await;
            rested(&executor, &id).await;
        }
        rested(&executor, &start(&executor, &world.valid(sequence("now.none", 1))).await).await;
        world.clock.advance(Duration::from_secs(5));
        quiet().await;
        assert_eq!(world.store.among(), 1, "a long life does not fill memory");
        held.give(Ok(json!(null)));
        assert_eq!(rested(&executor, &live).await.status, Status::Completed);
    });
}
