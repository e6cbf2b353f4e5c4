//! Executions that call others (RULES, call).

use std::sync::Arc;
use std::time::Duration;

use flov7::action::Registry;
use flov7::embedded::EmbeddedExecutor;
use flov7::error::ErrorKind;
use flov7::execute::{Executor, SignalRequest};
use flov7::id::ExecutionId;
use flov7::machine::event::SignalTo;
use flov7::machine::{Actor, Control, ExecutionView, Settled, Status, approval};
use flov7::store::{ExecutionQuery, ExecutionStore, Expect, Purge, Store, WorkflowStore, with_callees};
use serde_json::{Value, json};

use super::support::{World, quiet, rested, run, space, start, trace};

fn callee(action: &str) -> Value {
    json!({ "name": "callee", "input": { "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] },
        "steps": [{ "id": "work", "action": { "use": action, "with": { "give": "${ input.n * 2 }" } },
            "undo": { "use": "now.idempotent", "with": { "back": "${ input.n }" } } },
            { "id": "last", "action": { "use": "gate.once" } }], "output": "${ input.n * 2 }" })
}

fn call(id: &str, n: i64) -> Value {
    json!({ "id": id, "action": { "use": "core.call", "with": { "workflow": "callee", "input": { "n": n } } } })
}

/// The executions that others called, oldest first.
async fn children(world: &World) -> Vec<ExecutionId> {
    let all = world.store.executions(&space("default"), &ExecutionQuery::new()).await.unwrap().executions;
    let called =
        all.into_iter().filter(|row| row.key.as_deref().is_some_and(|key| key.starts_with("child:")));
    called.map(|row| row.execution).collect()
}

async fn child(executor: &flov7::embedded::EmbeddedExecutor, world: &World) -> ExecutionView {
    let [child] = children(world).await.try_into().unwrap();
    executor.describe(&space("default"), &child).await.unwrap()
}

#[test]
fn call_runs_the_callee_as_an_execution_of_its_own() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let document = json!({ "steps": [call("down", 4)], "output": "${ steps.down + 1 }" });
        let id = start(&executor, &world.valid_with(document, &[callee("now.once")])).await;
        let held = world.held().await;
        assert_eq!(held.place(), ("last".into(), 1));
        quiet().await;
        let view = executor.describe(&space("default"), &id).await.unwrap();
        assert!(world.head(&id).await.lease.is_none(), "the caller is parked while its child runs");
        let below = child(&executor, &world).await;
        assert_eq!(view.waiting[0].execution.as_ref(), Some(&below.execution));
        let parent = below.parent.unwrap();
        assert_eq!((&parent.execution, parent.path.as_str(), parent.depth), (&id, "down", 1));
        held.give(Ok(json!(null)));
        let view = rested(&executor, &id).await;
        assert_eq!((view.status, view.output), (Status::Completed, json!(9)));
        assert_eq!(world.events(&id).await, ["started", "fired", "scheduled", "child", "ended"]);
        // Another execution of the same workflow has a child of its own.
        let row = world.head(&id).await;
        assert_eq!(row.workflow.as_str(), "test");
        assert_eq!(world.head(&below.execution).await.workflow.as_str(), "callee");
    });
}

#[test]
fn call_a_childs_failure_is_the_steps_failure() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let failing = json!({ "name": "callee", "input": { "type": "object" }, "steps": [
            { "id": "bad", "action": { "use": "now.once", "with": { "fail": "crm.down" } } }] });
        let document = json!({ "steps": [call("down", 4)] });
        let id = start(&executor, &world.valid_with(document, &[failing])).await;
        let view = rested(&executor, &id).await;
        let error = view.error.unwrap();
        assert_eq!(
            (view.status, error.code.as_str(), error.step.as_deref()),
            (Status::Failed, "crm.down", Some("down"))
        );
        assert_eq!(error.details["step"], "bad");
    });
}

#[test]
fn call_cancel_reaches_children_and_their_undo() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let document = json!({ "steps": [call("down", 4)] });
        let id = start(&executor, &world.valid_with(document, &[callee("now.once")])).await;
        let held = world.held().await;
        executor.control(&space("default"), &id, Control::Cancel, Actor::new("ann")).await.unwrap();
        quiet().await;
        held.cx.cancellation.cancelled().await;
        held.give(Ok(json!(null)));
        let view = rested(&executor, &id).await;
        assert_eq!(trace(&view), (Status::Cancelled, vec![("down", Some(Settled::Cancelled))]));
        let below = child(&executor, &world).await;
        assert_eq!((below.status, below.undo.done.len()), (Status::Cancelled, 1));
        assert!(world.calls().contains(&("work/undo".into(), 1)), "{:?}", world.calls());
    });
}

#[test]
fn call_terminate_reaches_children() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let document = json!({ "steps": [call("down", 4)] });
        let id = start(&executor, &world.valid_with(document, &[callee("now.once")])).await;
        let _held = world.held().await;
        executor.control(&space("default"), &id, Control::Terminate, Actor::new("ann")).await.unwrap();
        assert_eq!(rested(&executor, &id).await.status, Status::Terminated);
        quiet().await;
        let below = child(&executor, &world).await;
        assert_eq!((below.status, below.undo.done.len()), (Status::Terminated, 0));
    });
}

#[test]
fn call_a_child_that_someone_else_cancelled_fails_the_step() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let document = json!({ "steps": [{ "id": "down", "action": call("x", 4)["action"],
            "on_error": [{ "codes": ["child_cancelled"], "then": "continue", "value": 0 }] }], "output": "${ steps.down }" });
        let id = start(&executor, &world.valid_with(document, &[callee("now.once")])).await;
        let held = world.held().await;
        let below = child(&executor, &world).await.execution;
        executor.control(&space("default"), &below, Control::Cancel, Actor::new("ann")).await.unwrap();
        quiet().await;
        held.give(Ok(json!(null)));
        let view = rested(&executor, &id).await;
        assert_eq!((view.status, view.output), (Status::Completed, json!(0)));
    });
}

#[test]
fn call_waiting_for_a_child_that_waits_for_a_person_is_a_rest() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let asks = json!({ "name": "callee", "input": { "type": "object" }, "steps": [
            { "id": "ok", "action": { "use": "core.approve", "with": { "title": "Well?" } } }], "output": "${ steps.ok.by }" });
        let document = json!({ "steps": [call("down", 4)], "output": "${ steps.down }" });
        let id = start(&executor, &world.valid_with(document, &[asks])).await;
        let view = rested(&executor, &id).await;
        assert_eq!((view.status, view.waiting.len()), (Status::Waiting, 1));
        let below = child(&executor, &world).await;
        let token = below.waiting[0].token.clone().unwrap();
        let yes = SignalRequest::new(SignalTo::Token(token), approval(true, None), Actor::new("ann"));
        executor.signal(&space("default"), &below.execution, yes).await.unwrap();
        assert_eq!(rested(&executor, &id).await.output, json!("ann"));
    });
}

#[test]
fn call_many_children_run_within_few_seats() {
    run(async {
        let mut world = World::new();
        world.options = world.options.clone().with_live(2);
        let executor = world.executor();
        let quick = json!({ "name": "callee", "input": { "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] },
            "steps": [{ "id": "work", "action": { "use": "now.keyed", "with": { "give": "${ input.n }" } } }],
            "output": "${ input.n }" });
        let document = json!({ "steps": [{ "id": "each", "condition": { "for_each": {
            "items": "${ [1,2,3,4,5,6,7,8,9,10] }", "concurrency": 10,
            "steps": [{ "id": "down", "action": { "use": "core.call", "with": { "workflow": "callee", "input": { "n": "${ item }" } } } }],
            "output": "${ steps.down }" } } }], "output": "${ steps.each.sum() }" });
        let id = start(&executor, &world.valid_with(document, &[quick])).await;
        assert_eq!(rested(&executor, &id).await.output, json!(55));
        assert_eq!(children(&world).await.len(), 10);
    });
}

#[test]
fn call_recursion_ends_at_its_depth() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let document = json!({ "name": "test", "input": { "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] },
            "steps": [{ "id": "down", "action": { "use": "core.call",
                "with": { "workflow": "test", "input": { "n": "${ input.n + 1 }" } } } }] });
        let workflow = world.valid(document);
        let started = executor
            .start(&space("default"), &workflow, json!({ "n": 0 }), flov7::execute::StartOptions::default())
            .await
            .unwrap();
        let view = rested(&executor, &started.execution).await;
        let error = view.error.unwrap();
        assert_eq!((view.status, error.code.as_str()), (Status::Failed, "limit.depth"));
        assert_eq!(children(&world).await.len(), 16);
    });
}

/// The output, the calls with their keys, and how many children there are.
type Went = (Value, Vec<(String, u32, String)>, usize);

/// A process dies at each commit in turn; the next one goes on.
fn killed_at(commit: usize) -> Option<Went> {
    let world = World::new();
    let document = json!({ "steps": [
        { "id": "first", "action": { "use": "now.keyed", "with": { "give": 1 } } }, call("down", 4)], "output": "${ steps.down }" });
    let quick = json!({ "name": "callee", "input": { "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] },
        "steps": [{ "id": "work", "action": { "use": "now.keyed", "with": { "give": "${ input.n }" } } },
            { "id": "more", "action": { "use": "now.keyed" } }], "output": "${ input.n }" });
    let workflow = world.valid_with(document, &[quick]);
    let options = flov7::execute::StartOptions::default().with_key("one");
    let died = run(async {
        let executor = world.builder("p0", 1).open().unwrap();
        executor.start(&space("default"), &workflow, json!({}), options.clone()).await.unwrap();
        let mut died = false;
        for _ in 0..2_000 {
            tokio::task::yield_now().await;
            if world.store.commits() >= commit {
                died = true;
                break;
            }
        }
        std::mem::forget(executor);
        died
    });
    died.then(|| {
        run(async {
            let executor = world.builder("p1", 2).open().unwrap();
            world.clock.advance(Duration::from_secs(31));
            let started = executor.start(&space("default"), &workflow, json!({}), options).await.unwrap();
            assert!(started.existing);
            let view = rested(&executor, &started.execution).await;
            assert_eq!(view.status, Status::Completed, "{view:#?}");
            let calls = world.calls.lock().unwrap().clone();
            (view.output, calls, children(&world).await.len())
        })
    })
}

#[test]
fn call_survives_a_death_at_every_commit() {
    let mut deaths = 0;
    for commit in 1..40 {
        let Some((output, calls, children)) = killed_at(commit) else { break };
        deaths += 1;
        assert_eq!((output, children), (json!(4), 1), "after commit {commit}");
        // Repeats have the same key, and nothing else was called.
        let keys: std::collections::BTreeSet<_> = calls.iter().map(|(path, _, key)| (path, key)).collect();
        assert_eq!(keys.len(), 3, "after commit {commit}: {calls:?}");
    }
    assert!(deaths >= 6, "{deaths}");
}

#[test]
fn call_finds_the_workflows_of_the_store() {
    run(async {
        let world = World::new();
        let (ns, catalog) = (space("default"), world.registry.catalog().clone());
        let save = |document: Value, expect| {
            let workflow = world.valid_with(document, &[]);
            let store = world.store.clone();
            async move { store.save(&space("default"), workflow.bundle().clone(), expect).await.unwrap() }
        };
        let named = |text: &str| json!({ "name": "callee", "steps": [{ "id": "say", "data": { "set": text } }], "output": "${ steps.say }" });
        save(named("first"), Expect::Any).await;
        save(named("second"), Expect::Any).await;
        let caller: flov7::workflow::Workflow = serde_json::from_value(json!({ "flov7": 1, "name": "caller",
            "steps": [{ "id": "down", "action": { "use": "core.call", "with": { "workflow": "callee" } } },
                      { "id": "no", "when": "${ false }", "action": { "use": "core.call", "with": { "workflow": "missing" } } }] }))
        .unwrap();
        let found = async || {
            let catalog = with_callees(&*world.store, &ns, catalog.clone(), &caller).await.unwrap();
            assert!(catalog.workflow("missing").is_none());
            serde_json::to_value(&**catalog.workflow("callee").unwrap()).unwrap()["steps"][0]["data"]["set"]
                .clone()
        };
        assert_eq!(found().await, "second", "the newest, where none is active");
        let name = flov7::id::WorkflowName::parse("callee").unwrap();
        world.store.activate(&ns, &name, Some(1), Expect::Any).await.unwrap();
        assert_eq!(found().await, "first", "the active one");
    });
}

#[test]
fn pause_reaches_children_and_unpause_too() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let below = json!({ "name": "callee", "input": { "type": "object" }, "steps": [
            { "id": "work", "action": { "use": "gate.once" } }, { "id": "last", "action": { "use": "now.once" } }] });
        let document = json!({ "steps": [call("down", 4)] });
        let id = start(&executor, &world.valid_with(document, &[below])).await;
        let held = world.held().await;
        let here = space("default");
        let steer = |control| executor.control(&here, &id, control, Actor::new("ann"));
        for round in 0..2 {
            steer(Control::Pause).await.unwrap();
            quiet().await;
            assert_eq!(child(&executor, &world).await.status, Status::Paused, "round {round}");
            if round == 0 {
                steer(Control::Unpause).await.unwrap();
                quiet().await;
                assert_eq!(child(&executor, &world).await.status, Status::Running);
            }
        }
        // Its action ends, and is journaled; nothing new begins.
        held.give(Ok(json!(null)));
        quiet().await;
        assert_eq!(world.calls().len(), 1);
        assert_eq!(child(&executor, &world).await.steps[0].settled, Some(Settled::Done));
        steer(Control::Unpause).await.unwrap();
        assert_eq!(rested(&executor, &id).await.status, Status::Completed);
        assert_eq!(world.calls().len(), 2);
    });
}

#[test]
fn pause_does_not_keep_children_from_being_cancelled() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let document = json!({ "steps": [call("down", 4)] });
        let id = start(&executor, &world.valid_with(document, &[callee("now.once")])).await;
        let held = world.held().await;
        let here = space("default");
        executor.control(&here, &id, Control::Pause, Actor::new("ann")).await.unwrap();
        quiet().await;
        executor.control(&here, &id, Control::Cancel, Actor::new("ann")).await.unwrap();
        quiet().await;
        held.give(Ok(json!(null)));
        assert_eq!(rested(&executor, &id).await.status, Status::Cancelled);
        assert_eq!(child(&executor, &world).await.undo.done.len(), 1);
    });
}

#[test]
fn a_cancel_reaches_what_was_paused_while_it_stopped() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let callee = json!({ "name": "callee", "steps": [
            { "id": "work", "action": { "use": "gate.once" }, "undo": { "use": "now.idempotent" } },
            { "id": "more", "action": { "use": "gate.once" } }] });
        let document = json!({ "steps": [{ "id": "call", "timeout": "10s",
            "action": { "use": "core.call", "with": { "workflow": "callee", "input": {} } } }] });
        let id = start(&executor, &world.valid_with(document, &[callee])).await;
        let work = world.held().await;
        let child = work.cx.execution.clone();
        // Its time is over, and while it stops both are paused.
        world.clock.advance(Duration::from_secs(10));
        quiet().await;
        let control = async |control| {
            executor.control(&space("default"), &id, control, Actor::new("ann")).await.unwrap();
            quiet().await;
        };
        control(Control::Pause).await;
        assert_eq!(executor.describe(&space("default"), &child).await.unwrap().status, Status::Paused);
        control(Control::Cancel).await;
        work.give(Ok(json!(null)));
        quiet().await;
        let view = executor.describe(&space("default"), &child).await.unwrap();
        assert_eq!(view.status, Status::Cancelled, "{view:?}");
        assert_eq!(executor.describe(&space("default"), &id).await.unwrap().status, Status::Cancelled);
    });
}

#[test]
fn wait_comes_back_from_a_blocked_caller_whose_call_has_ended() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let pause = json!({ "id": "pause", "action": { "use": "core.wait", "with": { "for": "1h" } } });
        let callee = json!({ "name": "callee", "steps": [pause] });
        let document = json!({ "steps": [
            { "id": "call", "action": { "use": "core.call", "with": { "workflow": "callee", "input": {} } } },
            { "id": "after", "action": { "use": "now.once" } }] });
        let id = start(&executor, &world.valid_with(document, &[callee])).await;
        quiet().await;
        let child = children(&world).await.remove(0);
        drop(executor);
        quiet().await;
        // The next owner can run what was called, and not the caller.
        let store: Arc<dyn Store> = world.store.clone();
        let executor = EmbeddedExecutor::builder(store, Arc::new(Registry::new()))
            .with_clock(Arc::new(world.clock.clone()))
            .with_owner("two")
            .open()
            .unwrap();
        world.clock.advance(Duration::from_secs(3_600));
        quiet().await;
        assert_eq!(executor.describe(&space("default"), &child).await.unwrap().status, Status::Completed);
        for purge in [false, true] {
            if purge {
                assert_eq!(world.store.purge(&Purge::new(0)).await.unwrap().executions, 1);
            }
            let (executor, id) = (executor.clone(), id.clone());
            let waiter = tokio::spawn(async move { executor.wait(&space("default"), &id).await });
            quiet().await;
            assert!(waiter.is_finished(), "purged: {purge}");
            assert_eq!(waiter.await.unwrap().unwrap().status, Status::Blocked);
        }
    });
}

#[test]
fn call_is_heard_of_whatever_ids_signals_have() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let id = start(&executor, &world.valid_with(json!({ "signals": { "paid": {} }, "steps": [call("call", 1),
            { "id": "wait", "after": [], "action": { "use": "core.wait_for", "with": { "signal": "paid" } } }] }),
            &[callee("now.once")])).await;
        let last = world.held().await;
        let child = last.cx.execution.clone();
        let send = async |to: &ExecutionId, message: String| {
            let name = SignalTo::Name { name: "paid".into(), key: None };
            let signal = SignalRequest::new(name, json!(1), Actor::new("ann")).with_id(message);
            executor.signal(&space("default"), to, signal).await
        };
        let refused = send(&id, format!("child:{child}")).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Invalid);
        assert_eq!(send(&id, "caller:cancel".to_owned()).await.unwrap_err().kind(), ErrorKind::Invalid);
        send(&id, "child:7".to_owned()).await.unwrap();
        last.give(Ok(json!(null)));
        assert_eq!(rested(&executor, &id).await.status, Status::Completed);
    });
}
