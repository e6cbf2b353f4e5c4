//! Concurrency keys (FORMAT 1, `concurrency`) and delayed starts.

use std::time::Duration;

use flov7::embedded::EmbeddedExecutor;
use flov7::error::ErrorKind;
use flov7::execute::{Executor, SignalRequest, StartOptions};
use flov7::id::ExecutionId;
use flov7::machine::event::SignalTo;
use flov7::machine::{Actor, Control, Settled, Status};
use flov7::store::{ExecutionQuery, ExecutionStore};
use serde_json::{Value, json};

use super::support::{World, quiet, rested, run, space, trace};

/// One step that the test ends, and what takes it back.
fn keyed(policy: &str) -> Value {
    json!({ "name": "orders", "input": { "type": "object", "properties": { "who": { "type": "string" } }, "required": ["who"] },
        "concurrency": { "key": "${ input.who }", "policy": policy },
        "steps": [{ "id": "first", "action": { "use": "now.once" }, "undo": { "use": "now.idempotent" } },
                  { "id": "work", "action": { "use": "gate.once" } }] })
}

async fn begin(
    executor: &EmbeddedExecutor,
    world: &World,
    policy: &str,
    who: &str,
    options: StartOptions,
) -> Result<flov7::execute::Started, flov7::error::Error> {
    executor.start(&space("default"), &world.valid(keyed(policy)), json!({ "who": who }), options).await
}

async fn add(executor: &EmbeddedExecutor, world: &World, policy: &str, who: &str) -> ExecutionId {
    begin(executor, world, policy, who, StartOptions::default()).await.unwrap().execution
}

async fn status(executor: &EmbeddedExecutor, id: &ExecutionId) -> Status {
    executor.describe(&space("default"), id).await.unwrap().status
}

#[test]
fn concurrency_queue_runs_one_after_the_other() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let ids =
            [add(&executor, &world, "queue", "ann").await, add(&executor, &world, "queue", "ann").await];
        let third = add(&executor, &world, "queue", "ann").await;
        let other = add(&executor, &world, "queue", "bob").await;
        let (one, two) = (world.held().await, world.held().await);
        quiet().await;
        let running: Vec<_> = [&one, &two].iter().map(|held| held.cx.execution.clone()).collect();
        assert!(running.contains(&ids[0]) && running.contains(&other), "{running:?}");
        let view = executor.describe(&space("default"), &ids[1]).await.unwrap();
        assert_eq!((view.status, view.steps.len()), (Status::Waiting, 0));
        assert!(view.begins.is_some_and(|begins| begins.in_line && begins.at.is_none()));
        // A failure is an end like others.
        let (first, other) = if one.cx.execution == ids[0] { (one, two) } else { (two, one) };
        first.give(Err(flov7::action::ActionError::failed("crm.down", "no")));
        assert_eq!(rested(&executor, &ids[0]).await.status, Status::Failed);
        let second = world.held().await;
        assert_eq!(second.cx.execution, ids[1]);
        quiet().await;
        assert_eq!(status(&executor, &third).await, Status::Waiting);
        second.give(Ok(json!(null)));
        let last = world.held().await;
        assert_eq!(last.cx.execution, third);
        last.give(Ok(json!(null)));
        other.give(Ok(json!(null)));
        assert_eq!(rested(&executor, &third).await.status, Status::Completed);
        assert_eq!(world.events(&third).await[..2], ["started", "fired"]);
    });
}

#[test]
fn concurrency_reject_names_who_is_in_the_way() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let key = || StartOptions::default().with_key("k");
        let first = begin(&executor, &world, "reject", "ann", key()).await.unwrap().execution;
        let held = world.held().await;
        let error = begin(&executor, &world, "reject", "ann", StartOptions::default()).await.unwrap_err();
        assert_eq!((error.kind(), error.execution()), (ErrorKind::Conflict, Some(&first)));
        // The same start key is the same execution, whoever holds the concurrency key.
        let again = begin(&executor, &world, "reject", "ann", key()).await.unwrap();
        assert!(again.existing && again.execution == first);
        let all = world.store.executions(&space("default"), &ExecutionQuery::new()).await.unwrap();
        assert_eq!(all.executions.len(), 1, "nothing was written");
        held.give(Ok(json!(null)));
        rested(&executor, &first).await;
        assert!(begin(&executor, &world, "reject", "ann", StartOptions::default()).await.is_ok());
    });
}

#[test]
fn concurrency_replace_begins_after_the_undo_of_those_before() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let first = add(&executor, &world, "replace", "ann").await;
        let held = world.held().await;
        let second = add(&executor, &world, "replace", "ann").await;
        // Replaced twice: that is no second cancel, which would undo nothing.
        let third = add(&executor, &world, "replace", "ann").await;
        quiet().await;
        assert!(held.cx.cancellation.is_cancelled());
        assert_eq!(status(&executor, &third).await, Status::Waiting, "the first one has not ended");
        held.give(Ok(json!(null)));
        let view = rested(&executor, &first).await;
        assert_eq!((view.status, view.undo.done.len()), (Status::Cancelled, 1));
        let view = rested(&executor, &second).await;
        assert_eq!(trace(&view), (Status::Cancelled, vec![]), "it never began");
        let held = world.held().await;
        assert_eq!(held.cx.execution, third);
        let undone = world.calls().iter().position(|call| call.0 == "first/undo");
        let began = world.calls().iter().rposition(|call| call.0 == "first");
        assert!(undone < began, "{:?}", world.calls());
        held.give(Ok(json!(null)));
        assert_eq!(rested(&executor, &third).await.status, Status::Completed);
    });
}

#[test]
fn concurrency_holds_over_another_owner() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let first = add(&executor, &world, "queue", "ann").await;
        let _lost = world.held().await;
        let second = add(&executor, &world, "queue", "ann").await;
        quiet().await;
        // Dropped where it stands; another process takes over once the lease lapsed.
        drop(executor);
        quiet().await;
        world.clock.advance(Duration::from_secs(60));
        let executor = world.builder("two", 2).open().unwrap();
        // `once` is never repeated: its outcome is unknown, and the first one fails.
        assert_eq!(rested(&executor, &first).await.status, Status::Failed);
        let held = world.held().await;
        assert_eq!(held.cx.execution, second);
        held.give(Ok(json!(null)));
        assert_eq!(rested(&executor, &second).await.status, Status::Completed);
    });
}

#[test]
fn concurrency_a_cancel_in_line_runs_nothing() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let _first = add(&executor, &world, "queue", "ann").await;
        let held = world.held().await;
        let second = add(&executor, &world, "queue", "ann").await;
        executor.control(&space("default"), &second, Control::Cancel, Actor::new("ann")).await.unwrap();
        quiet().await;
        let view = executor.describe(&space("default"), &second).await.unwrap();
        assert_eq!((trace(&view), view.begins.clone()), ((Status::Cancelled, vec![]), None));
        held.give(Ok(json!(null)));
        quiet().await;
        assert_eq!(world.calls().iter().filter(|call| call.0 == "work").count(), 1);
    });
}

fn calls(n: usize) -> Value {
    let call = |n: usize| {
        json!({ "id": format!("c{n}"), "after": [], "action": { "use": "core.call", "with": { "workflow": "orders", "input": { "who": "ann" } } },
            "on_error": [{ "codes": ["child_refused"], "then": "continue", "value": "refused" }] })
    };
    json!({ "name": "caller", "steps": (0..n).map(call).collect::<Vec<_>>() })
}

async fn call(executor: &EmbeddedExecutor, world: &World, document: Value, callee: Value) -> ExecutionId {
    let valid = world.valid_with(document, &[callee]);
    executor.start(&space("default"), &valid, json!({}), StartOptions::default()).await.unwrap().execution
}

#[test]
fn concurrency_holds_for_children() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let mut callee = keyed("queue");
        callee["output"] = json!("${ input.who }");
        let id = call(&executor, &world, calls(2), callee).await;
        let held = world.held().await;
        quiet().await;
        assert_eq!(world.calls().iter().filter(|call| call.0 == "work").count(), 1, "one at a time");
        held.give(Ok(json!(null)));
        world.held().await.give(Ok(json!(null)));
        assert_eq!(rested(&executor, &id).await.status, Status::Completed);
    });
}

#[test]
fn concurrency_rejects_children_with_a_failure_that_can_be_caught() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let mut callee = keyed("reject");
        callee["output"] = json!("${ input.who }");
        let id = call(&executor, &world, calls(2), callee).await;
        let held = world.held().await;
        quiet().await;
        let view = executor.describe(&space("default"), &id).await.unwrap();
        let second = view.steps.iter().find(|step| step.path.as_str() == "c1").unwrap();
        assert_eq!(second.settled, Some(Settled::Failed));
        assert_eq!(second.error.as_ref().unwrap().code, "child_refused");
        assert_eq!(second.output, Some(json!("refused")));
        held.give(Ok(json!(null)));
        assert_eq!(rested(&executor, &id).await.status, Status::Completed);
    });
}

#[test]
fn concurrency_of_a_workflow_that_calls_itself_is_its_callers() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let document = json!({ "name": "again", "concurrency": { "key": "all", "policy": "queue" },
            "input": { "type": "object", "properties": { "left": { "type": "integer" } }, "required": ["left"] },
            "steps": [{ "id": "more", "condition": { "if": "${ input.left > 0 }", "then": [
                { "id": "call", "action": { "use": "core.call", "with": { "workflow": "again", "input": { "left": "${ input.left - 1 }" } } } }] } }] });
        let valid = world.valid(document);
        let options = StartOptions::default();
        let started = executor.start(&space("default"), &valid, json!({ "left": 3 }), options).await.unwrap();
        quiet().await;
        assert_eq!(rested(&executor, &started.execution).await.status, Status::Completed);
    });
}

#[test]
fn concurrency_keys_that_cannot_be_made_start_nothing() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let mut document = keyed("queue");
        document["input"] =
            json!({ "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] });
        document["concurrency"]["key"] = json!("${ 1 % input.n }");
        let valid = world.valid(document.clone());
        let default = space("default");
        let start = |n: i64| executor.start(&default, &valid, json!({ "n": n }), StartOptions::default());
        let error = start(0).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains("concurrency key"), "{error}");
        assert!(start(2).await.is_ok());
        // A child fails its call.
        let call_it = json!({ "name": "caller", "steps": [{ "id": "c", "action": { "use": "core.call",
            "with": { "workflow": "orders", "input": { "n": 0 } } } }] });
        let id = call(&executor, &world, call_it, document).await;
        let view = rested(&executor, &id).await;
        assert_eq!((view.status, view.error.unwrap().code.as_str()), (Status::Failed, "data.division"));
    });
}

fn delayed() -> StartOptions {
    StartOptions::default().with_delay(Duration::from_secs(60))
}

fn plain() -> Value {
    json!({ "signals": { "paid": { "type": "integer" } }, "timeout": "30s",
        "steps": [{ "id": "a", "action": { "use": "now.once" } },
                  { "id": "b", "action": { "use": "core.wait_for", "with": { "signal": "paid" } } }], "output": "${ steps.b }" })
}

#[test]
fn start_that_is_delayed_begins_at_its_instant() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let valid = world.valid(plain());
        let id = executor.start(&space("default"), &valid, json!({}), delayed()).await.unwrap().execution;
        let due = flov7::clock::Clock::now(&world.clock).saturating_add_ms(60_000);
        quiet().await;
        let view = executor.describe(&space("default"), &id).await.unwrap();
        assert_eq!((view.status, view.begins.and_then(|begins| begins.at)), (Status::Running, Some(due)));
        assert_eq!(world.head(&id).await.head.due, Some(due));
        // A signal that comes before is kept; it wakes nobody too early.
        let to = SignalTo::Name { name: "paid".into(), key: None };
        let signal = SignalRequest::new(to, json!(3), Actor::new("ann"));
        executor.signal(&space("default"), &id, signal).await.unwrap();
        world.clock.advance(Duration::from_millis(59_999));
        quiet().await;
        assert!(world.calls().is_empty());
        world.clock.advance(Duration::from_millis(1));
        // The workflow's timeout counts from when it begins.
        let view = rested(&executor, &id).await;
        assert_eq!((view.status, view.output), (Status::Completed, json!(3)));
    });
}

#[test]
fn start_that_is_delayed_is_cancelled_without_running_anything() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let valid = world.valid(plain());
        let id = executor.start(&space("default"), &valid, json!({}), delayed()).await.unwrap().execution;
        executor.control(&space("default"), &id, Control::Pause, Actor::new("ann")).await.unwrap();
        quiet().await;
        assert_eq!(status(&executor, &id).await, Status::Paused);
        executor.control(&space("default"), &id, Control::Cancel, Actor::new("ann")).await.unwrap();
        let view = rested(&executor, &id).await;
        assert_eq!(trace(&view), (Status::Cancelled, vec![]));
        world.clock.advance(Duration::from_secs(120));
        quiet().await;
        assert!(world.calls().is_empty());
        assert_eq!(world.events(&id).await, ["started", "control", "control", "ended"]);
    });
}

#[test]
fn start_that_is_delayed_takes_its_place_in_line_when_it_is_created() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let first = begin(&executor, &world, "queue", "ann", delayed()).await.unwrap().execution;
        let second = add(&executor, &world, "queue", "ann").await;
        quiet().await;
        assert!(world.calls().is_empty());
        world.clock.advance(Duration::from_secs(60));
        let held = world.held().await;
        assert_eq!(held.cx.execution, first);
        held.give(Ok(json!(null)));
        let held = world.held().await;
        assert_eq!(held.cx.execution, second);
        held.give(Ok(json!(null)));
        assert_eq!(rested(&executor, &second).await.status, Status::Completed);
    });
}

#[test]
fn start_at_an_instant_that_has_passed_begins_at_once() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let options = StartOptions::default().with_begin_at(flov7::id::Timestamp::EPOCH);
        let valid = world.valid(json!({ "steps": [{ "id": "a", "action": { "use": "now.once" } }] }));
        let id = executor.start(&space("default"), &valid, json!({}), options).await.unwrap().execution;
        assert_eq!(rested(&executor, &id).await.status, Status::Completed);
    });
}
