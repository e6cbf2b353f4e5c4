//! Retrying from a step: a new execution with the past of another one (RULES, fork).

use std::time::Duration;

use flov7::action::ActionError;
use flov7::embedded::EmbeddedExecutor;
use flov7::error::{Error, ErrorKind};
use flov7::execute::{Executor, ForkAt, SignalRequest, StartOptions};
use flov7::id::{ExecutionId, StepPath};
use flov7::machine::event::SignalTo;
use flov7::machine::{Actor, Control, Settled, Status};
use serde_json::{Value, json};

use super::support::{World, quiet, rested, run, space, start, trace};

async fn fork(executor: &EmbeddedExecutor, id: &ExecutionId, step: &str) -> Result<ExecutionId, Error> {
    let at = ForkAt::Step(StepPath::parse(step).unwrap());
    let started = executor.fork(&space("default"), id, at, Actor::new("ann")).await?;
    Ok(started.execution)
}

fn action(id: &str, action: &str, with: Value) -> Value {
    json!({ "id": id, "action": { "use": action, "with": with } })
}

fn failed() -> Result<Value, ActionError> {
    Err(ActionError::failed("crm.down", "no"))
}

#[test]
fn fork_keeps_what_was_before_the_step_and_runs_the_rest_under_new_keys() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        assert!(executor.capabilities().fork);
        let mut first = action("a", "now.once", json!({ "give": 20 }));
        first["action"]["expect"] = json!({ "type": "integer" });
        let document = json!({ "steps": [first,
            { "id": "double", "data": { "set": "${ steps.a * 2 }" } },
            action("b", "gate.keyed", json!({ "x": "${ steps.double }" })), action("c", "now.once", json!({ "give": 1 }))],
            "output": "${ steps.double }" });
        let options = StartOptions::default().with_tag("customer", "ann").with_key("k");
        let valid = world.valid(document);
        let id = executor.start(&space("default"), &valid, json!({}), options).await.unwrap().execution;
        world.held().await.give(failed());
        assert_eq!(rested(&executor, &id).await.status, Status::Failed);

        let forked = fork(&executor, &id, "b").await.unwrap();
        assert_ne!(forked, id);
        world.held().await.give(Ok(json!(null)));
        let view = rested(&executor, &forked).await;
        assert_eq!((view.status, view.output.clone()), (Status::Completed, json!(40)));
        assert_eq!(view.forked.as_ref().map(|past| (&past.from, past.seq)), Some((&id, 3)));
        assert_eq!(world.calls(), [("a".into(), 1), ("b".into(), 1), ("b".into(), 1), ("c".into(), 1)]);
        let keys: Vec<String> = world.calls.lock().unwrap().iter().map(|call| call.2.clone()).collect();
        assert_ne!(keys[1], keys[2], "another execution, another key");
        assert_eq!(world.events(&forked).await[..3], ["forked", "fired", "scheduled"]);
        let row = world.head(&forked).await;
        assert_eq!((row.key, row.tags.get("customer").map(String::as_str)), (None, Some("ann")));
        // The other execution is as it was.
        assert_eq!(rested(&executor, &id).await.status, Status::Failed);
        // A fork can be forked: at what it ran itself.
        let again = fork(&executor, &forked, "c").await.unwrap();
        assert_eq!(rested(&executor, &again).await.output, json!(40));
        assert_eq!(world.calls().len(), 5);
        assert_eq!(fork(&executor, &again, "b").await.unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn fork_is_replayed_by_another_owner() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let document = json!({ "timeout": "1h", "steps": [action("a", "now.once", json!({ "give": 2 })),
            action("b", "gate.idempotent", json!({})), action("c", "gate.idempotent", json!({ "x": "${ steps.a }" }))],
            "output": "${ steps.a }" });
        let id = start(&executor, &world.valid(document)).await;
        world.held().await.give(failed());
        rested(&executor, &id).await;
        // Longer than the workflow may take: the fork's time counts from its own beginning.
        world.clock.advance(Duration::from_secs(7200));
        let forked = fork(&executor, &id, "b").await.unwrap();
        world.held().await.give(Ok(json!(null)));
        let _lost = world.held().await;
        drop(executor);
        quiet().await;
        world.clock.advance(Duration::from_secs(60));
        let executor = world.builder("two", 2).open().unwrap();
        let held = world.held().await;
        assert_eq!(held.place(), ("c".into(), 2));
        held.give(Ok(json!(null)));
        let view = rested(&executor, &forked).await;
        assert_eq!((view.status, view.output), (Status::Completed, json!(2)));
    });
}

#[test]
fn fork_is_refused_where_a_kept_step_was_undone() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let undone = |id: &str| {
            let mut step = action(id, "now.once", json!({ "give": 1 }));
            step["undo"] = json!({ "use": "now.idempotent" });
            step
        };
        let document = json!({ "steps": [action("a", "now.once", json!({})), undone("b"), undone("c"),
            action("d", "gate.once", json!({}))] });
        let id = start(&executor, &world.valid(document)).await;
        world.held().await.give(failed());
        assert_eq!(rested(&executor, &id).await.undo.done.len(), 2);
        for step in ["d", "c"] {
            let error = fork(&executor, &id, step).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Conflict);
            assert!(error.to_string().contains("undone: b"), "{error}");
        }
        let forked = fork(&executor, &id, "b").await.unwrap();
        world.held().await.give(Ok(json!(null)));
        assert_eq!(rested(&executor, &forked).await.status, Status::Completed);
        assert_eq!(world.calls().iter().filter(|call| call.0 == "a").count(), 1);
        assert_eq!(world.calls().iter().filter(|call| call.0 == "b").count(), 2);
    });
}

#[test]
fn fork_needs_an_end_and_a_step_that_began() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let document = json!({ "steps": [action("a", "gate.once", json!({})),
            { "id": "b", "when": "${ has(steps.a.go) }", "action": { "use": "now.once" } },
            action("c", "gate.once", json!({})), action("d", "now.once", json!({}))] });
        let document = {
            let mut d = document;
            d["steps"][0]["action"]["expect"] =
                json!({ "type": "object", "properties": { "go": { "type": "boolean" } } });
            d
        };
        let id = start(&executor, &world.valid(document)).await;
        let held = world.held().await;
        assert_eq!(fork(&executor, &id, "a").await.unwrap_err().kind(), ErrorKind::Conflict);
        held.give(Ok(json!({})));
        world.held().await.give(failed());
        assert_eq!(rested(&executor, &id).await.status, Status::Failed);
        for step in ["d", "nobody", "a/undo", "a[1]/b"] {
            assert_eq!(fork(&executor, &id, step).await.unwrap_err().kind(), ErrorKind::NotFound, "{step}");
        }
        let elsewhere = space("other");
        let other =
            executor.fork(&elsewhere, &id, ForkAt::Step(StepPath::parse("a").unwrap()), Actor::new("x"));
        assert_eq!(other.await.unwrap_err().kind(), ErrorKind::NotFound);
        // One that was skipped began.
        let forked = fork(&executor, &id, "b").await.unwrap();
        world.held().await.give(Ok(json!(null)));
        assert_eq!(rested(&executor, &forked).await.status, Status::Completed);
        // From the very beginning.
        let forked = fork(&executor, &id, "a").await.unwrap();
        world.held().await.give(Ok(json!({ "go": true })));
        world.held().await.give(Ok(json!(null)));
        assert_eq!(rested(&executor, &forked).await.status, Status::Completed);
    });
}

#[test]
fn fork_inside_of_an_item_keeps_the_items_before() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let document = json!({ "steps": [{ "id": "each", "condition": { "for_each": { "items": "${ [1, 2, 3] }",
            "steps": [{ "id": "twice", "data": { "set": "${ item * 2 }" } }, action("charge", "gate.once", json!({ "n": "${ steps.twice }" }))],
            "output": "${ steps.twice }" } } }], "output": "${ steps.each }" });
        let id = start(&executor, &world.valid(document)).await;
        world.held().await.give(Ok(json!(null)));
        world.held().await.give(failed());
        assert_eq!(rested(&executor, &id).await.status, Status::Failed);
        let forked = fork(&executor, &id, "each[1]/charge").await.unwrap();
        for n in 1..3 {
            let held = world.held().await;
            assert_eq!(held.place(), (format!("each[{n}]/charge"), 1));
            held.give(Ok(json!(null)));
        }
        let view = rested(&executor, &forked).await;
        assert_eq!((view.status, view.output), (Status::Completed, json!([2, 4, 6])));
    });
}

#[test]
fn fork_does_not_know_the_outcome_of_what_was_in_flight() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let beside = |id: &str, action_id: &str| {
            let mut step = action(id, action_id, json!({}));
            step["after"] = json!([]);
            step["on_error"] = json!([{ "codes": ["outcome_unknown"], "then": "continue" }]);
            step
        };
        let document = json!({ "steps": [beside("once", "gate.once"), beside("again", "gate.idempotent"),
            { "id": "first", "after": [], "action": { "use": "gate.none" } },
            { "id": "last", "after": ["first"], "action": { "use": "gate.once" } }] });
        let id = start(&executor, &world.valid(document)).await;
        let mut held = vec![world.held().await, world.held().await, world.held().await];
        held.sort_by_key(|held| held.place());
        let [again, first, once] = <[_; 3]>::try_from(held).ok().unwrap();
        first.give(Ok(json!(null)));
        let last = world.held().await;
        last.give(failed());
        quiet().await;
        again.give(Ok(json!(null)));
        once.give(Ok(json!(null)));
        assert_eq!(rested(&executor, &id).await.status, Status::Failed);
        let forked = fork(&executor, &id, "last").await.unwrap();
        let mut held = [world.held().await, world.held().await];
        held.sort_by_key(|held| held.place());
        assert_eq!(held.each_ref().map(|held| held.place()), [("again".into(), 2), ("last".into(), 1)]);
        held.into_iter().for_each(|held| held.give(Ok(json!(null))));
        let view = rested(&executor, &forked).await;
        let once = view.steps.iter().find(|step| step.path.as_str() == "once").unwrap();
        assert_eq!(once.error.as_ref().unwrap().code, "outcome_unknown");
        assert_eq!(view.status, Status::Completed);
    });
}

#[test]
fn fork_calls_anew_what_was_being_called_and_keeps_what_had_ended() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let callee = json!({ "name": "callee", "input": { "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] },
            "steps": [action("work", "gate.idempotent", json!({ "n": "${ input.n }" }))], "output": "${ input.n }" });
        let call = |id: &str, n: i64| {
            let with = json!({ "workflow": "callee", "input": { "n": n } });
            json!({ "id": id, "after": [], "action": { "use": "core.call", "with": with } })
        };
        let mut last = action("last", "gate.once", json!({}));
        last["after"] = json!(["done"]);
        let document = json!({ "steps": [call("done", 1), call("open", 2), last], "output": "${ steps.done + steps.open }" });
        let id = start(&executor, &world.valid_with(document, &[callee])).await;
        let (one, two) = (world.held().await, world.held().await);
        let of = |held: &super::support::Held| held.cx.execution.clone();
        let view = executor.describe(&space("default"), &id).await.unwrap();
        let done =
            view.waiting.iter().find(|wait| wait.path.as_str() == "done").unwrap().execution.clone().unwrap();
        let (one, two) = if of(&one) == done { (one, two) } else { (two, one) };
        let child = of(&two);
        one.give(Ok(json!(null)));
        let last = world.held().await;
        last.give(failed());
        quiet().await;
        two.give(Ok(json!(null)));
        assert_eq!(rested(&executor, &id).await.status, Status::Failed);
        let before = world.calls().len();
        let forked = fork(&executor, &id, "last").await.unwrap();
        let (a, b) = (world.held().await, world.held().await);
        let called = if a.place().0 == "work" { of(&a) } else { of(&b) };
        assert_ne!(called, child, "a new child");
        a.give(Ok(json!(null)));
        b.give(Ok(json!(null)));
        let view = rested(&executor, &forked).await;
        assert_eq!((view.status, view.output), (Status::Completed, json!(3)));
        assert_eq!(world.calls().len() - before, 2, "what had ended is not called again");
        let parent = executor.describe(&space("default"), &called).await.unwrap().parent.unwrap();
        assert_eq!(parent.execution, forked);
        // A fork of a called execution has no caller.
        let alone = fork(&executor, &called, "work").await.unwrap();
        world.held().await.give(Ok(json!(null)));
        let view = rested(&executor, &alone).await;
        assert_eq!((view.status, view.parent), (Status::Completed, None));
    });
}

#[test]
fn fork_takes_messages_under_ids_that_the_other_one_took() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let wait = |id: &str| json!({ "id": id, "action": { "use": "core.wait_for", "with": { "signal": "paid" } } });
        let document = json!({ "signals": { "paid": { "type": "integer" } },
            "steps": [wait("pay"), action("after", "gate.once", json!({})), wait("again")],
            "output": "${ [steps.pay, steps.again] }" });
        let id = start(&executor, &world.valid(document)).await;
        let paid = |n: i64| {
            let to = SignalTo::Name { name: "paid".into(), key: None };
            SignalRequest::new(to, json!(n), Actor::new("ann")).with_id("one")
        };
        executor.signal(&space("default"), &id, paid(1)).await.unwrap();
        let held = world.held().await;
        executor.control(&space("default"), &id, Control::Terminate, Actor::new("ann")).await.unwrap();
        assert_eq!(rested(&executor, &id).await.status, Status::Terminated);
        drop(held);
        let forked = fork(&executor, &id, "after").await.unwrap();
        executor.signal(&space("default"), &forked, paid(2)).await.unwrap();
        world.held().await.give(Ok(json!(null)));
        let view = rested(&executor, &forked).await;
        assert_eq!((view.status, view.output.clone()), (Status::Completed, json!([1, 2])));
        assert_eq!(trace(&view).1.last(), Some(&("again", Some(Settled::Done))));
    });
}

#[test]
fn fork_leaves_an_enclosing_step_the_time_that_was_left() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let document = json!({ "steps": [{ "id": "both", "timeout": "60s", "condition": { "if": "${ now > timestamp('2020-01-01T00:00:00Z') }",
            "then": [action("a", "gate.once", json!({})), action("b", "gate.once", json!({}))] } }] });
        let id = start(&executor, &world.valid(document)).await;
        let first = world.held().await;
        world.clock.advance(Duration::from_secs(10));
        first.give(Ok(json!(null)));
        world.held().await.give(failed());
        assert_eq!(rested(&executor, &id).await.status, Status::Failed);
        world.clock.advance(Duration::from_secs(3_600));
        let forked = fork(&executor, &id, "both/then/b").await.unwrap();
        let held = world.held().await;
        world.clock.advance(Duration::from_millis(49_999));
        quiet().await;
        assert!(!held.cx.cancellation.is_cancelled());
        world.clock.advance(Duration::from_millis(1));
        quiet().await;
        assert!(held.cx.cancellation.is_cancelled(), "50 s were left");
        held.give(Ok(json!(null)));
        let view = rested(&executor, &forked).await;
        assert_eq!(view.error.unwrap().code, "timeout");
    });
}

#[test]
fn fork_stands_in_line_as_a_start_does() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let document = json!({ "concurrency": { "key": "all", "policy": "reject" }, "steps": [action("a", "gate.once", json!({}))] });
        let valid = world.valid(document);
        let id = start(&executor, &valid).await;
        world.held().await.give(failed());
        rested(&executor, &id).await;
        let second = start(&executor, &valid).await;
        let held = world.held().await;
        let error = fork(&executor, &id, "a").await.unwrap_err();
        assert_eq!((error.kind(), error.execution()), (ErrorKind::Conflict, Some(&second)));
        held.give(Ok(json!(null)));
        rested(&executor, &second).await;
        let forked = fork(&executor, &id, "a").await.unwrap();
        world.held().await.give(Ok(json!(null)));
        assert_eq!(rested(&executor, &forked).await.status, Status::Completed);
    });
}

#[test]
fn fork_does_not_wait_for_a_called_execution_that_was_being_stopped() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let callee =
            json!({ "name": "callee", "steps": [action("work", "gate.once", json!({}))], "output": 1 });
        let branch =
            |id: &str, step: Value, output: Value| json!({ "id": id, "steps": [step], "output": output });
        let call = |timeout: Option<&str>| {
            let id = if timeout.is_some() { "timed" } else { "called" };
            let mut step = action(id, "core.call", json!({ "workflow": "callee", "input": {} }));
            if let Some(timeout) = timeout {
                step["timeout"] = json!(timeout);
                step["on_error"] = json!([{ "codes": ["timeout"], "then": "continue" }]);
            }
            step
        };
        let race = json!({ "id": "race", "after": [], "condition": { "parallel": { "wait": "any", "branches": [
            branch("slow", call(None), json!(1)), branch("fast", action("quick", "gate.none", json!({})), json!(2))] } } });
        let late = json!({ "id": "late", "after": [], "condition": { "parallel": { "branches": [
            branch("only", call(Some("10s")), json!(1))] } } });
        let first = json!({ "id": "first", "after": [], "action": { "use": "gate.idempotent" } });
        let mut last = action("last", "gate.once", json!({}));
        last["after"] = json!(["first"]);
        let document = json!({ "steps": [race, late, first, last] });
        let id = start(&executor, &world.valid_with(document, &[callee])).await;
        let (mut works, mut others) = (Vec::new(), std::collections::BTreeMap::new());
        for _ in 0..4 {
            let held = world.held().await;
            match held.place().0.as_str() {
                "work" => works.push(held),
                _ => drop(others.insert(held.place().0, held)),
            }
        }
        // One is called off by the race, one by its time; both still work when `last` begins.
        world.clock.advance(Duration::from_secs(10));
        others.remove("race/fast/quick").unwrap().give(Ok(json!(null)));
        quiet().await;
        others.remove("first").unwrap().give(Ok(json!(null)));
        world.held().await.give(Ok(json!(null)));
        quiet().await;
        works.into_iter().for_each(|held| held.give(Ok(json!(null))));
        let view = rested(&executor, &id).await;
        assert_eq!(view.status, Status::Completed, "{view:?}");

        let forked = fork(&executor, &id, "last").await.unwrap();
        world.held().await.give(Ok(json!(null)));
        quiet().await;
        let view = executor.describe(&space("default"), &forked).await.unwrap();
        assert_eq!(view.status, Status::Completed, "{view:?}");
        let calls = world.calls().iter().filter(|call| call.0 == "work").count();
        assert_eq!(calls, 2, "what was called off is not called again");
    });
}
