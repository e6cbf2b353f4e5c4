//! Taking effects back, with real handlers (RULES, undo).

use std::time::Duration;

use flov7::execute::Executor;
use flov7::id::idempotency_key;
use flov7::machine::{Actor, Control, ExecutionView, Status};
use serde_json::{Value, json};

use super::support::{World, quiet, rested, run, space, start};

/// A step whose effect can be taken back.
fn undoable(id: &str) -> Value {
    json!({ "id": id, "action": { "use": "now.keyed", "with": { "give": id } },
        "undo": { "use": "now.idempotent", "with": { "of": format!("${{ steps.{id} }}") } } })
}

fn fails(id: &str) -> Value {
    json!({ "id": id, "action": { "use": "now.once", "with": { "fail": "x.bad" } } })
}

/// Runs to its end, moving the clock where nothing else happens; gives the view, and the calls that took something back.
fn ended(document: Value, cancel: bool) -> (ExecutionView, Vec<String>) {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let id = start(&executor, &world.valid(document)).await;
        quiet().await;
        if cancel {
            executor.control(&space("default"), &id, Control::Cancel, Actor::new("ann")).await.unwrap();
        }
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
        let view = waiting.await.unwrap();
        for (path, _, key) in world.calls.lock().unwrap().iter().filter(|(path, ..)| path.ends_with("/undo"))
        {
            let path = flov7::id::StepPath::parse(path).unwrap();
            assert_eq!(
                *key,
                idempotency_key(&space("default"), &id, &path, false),
                "the key is that of PATH/undo"
            );
        }
        let undone = world.calls().into_iter().map(|(path, _)| path).filter(|path| path.ends_with("/undo"));
        (view, undone.collect())
    })
}

#[test]
fn undo_runs_on_failure_in_reverse_order_across_branches_and_items() {
    let document = json!({ "steps": [
        undoable("a"),
        { "id": "both", "condition": { "parallel": { "branches": [
            { "id": "l", "steps": [undoable("b")] }, { "id": "r", "steps": [undoable("c")] }] } } },
        { "id": "each", "condition": { "for_each": { "items": [1, 2], "steps": [undoable("d")] } } },
        { "id": "poll", "condition": { "loop": { "state": 0, "while": "${ state < 2 }", "max": 5, "steps": [undoable("e")], "next": "${ state + 1 }" } } },
        fails("z")] });
    let (view, undone) = ended(document, false);
    assert_eq!(view.status, Status::Failed);
    assert_eq!(
        undone,
        [
            "poll[1]/e/undo",
            "poll[0]/e/undo",
            "each[1]/d/undo",
            "each[0]/d/undo",
            "both/r/c/undo",
            "both/l/b/undo",
            "a/undo"
        ]
    );
    assert_eq!(view.undo.done.len(), 7);
}

#[test]
fn undo_runs_on_cancel() {
    let wait = json!({ "id": "w", "action": { "use": "core.wait", "with": { "for": "1d" } } });
    let (view, undone) = ended(json!({ "steps": [undoable("a"), wait] }), true);
    assert_eq!((view.status, undone), (Status::Cancelled, vec!["a/undo".to_owned()]));
}

#[test]
fn undo_runs_on_the_executions_timeout_and_steps_limit() {
    let wait = json!({ "id": "w", "action": { "use": "core.wait", "with": { "for": "1d" } } });
    let (view, undone) = ended(json!({ "timeout": "1h", "steps": [undoable("a"), wait] }), false);
    assert_eq!((view.error.unwrap().code.as_str(), undone), ("limit.time", vec!["a/undo".to_owned()]));
    let (view, undone) = ended(
        json!({ "limits": { "steps": 2 }, "steps": [undoable("a"), undoable("b"), undoable("c")] }),
        false,
    );
    assert_eq!(
        (view.error.unwrap().code.as_str(), undone),
        ("limit.steps", vec!["b/undo".to_owned(), "a/undo".to_owned()])
    );
}

#[test]
fn undo_of_losers_and_timed_out_blocks_comes_before_the_step_settles() {
    let document = json!({ "steps": [{ "id": "race", "condition": { "parallel": { "wait": "any", "branches": [
        { "id": "slow", "steps": [undoable("a"), { "id": "w", "action": { "use": "core.wait", "with": { "for": "1d" } } }] },
        { "id": "fast", "steps": [{ "id": "q", "action": { "use": "core.wait", "with": { "for": "1s" } } }, undoable("b")] }] } } },
        { "id": "after", "action": { "use": "now.once" } }] });
    let (view, undone) = ended(document, false);
    assert_eq!((view.status, undone), (Status::Completed, vec!["race/slow/a/undo".to_owned()]));
    let document = json!({ "steps": [{ "id": "block", "timeout": "1m", "on_error": [{ "codes": ["timeout"], "then": "continue" }],
        "condition": { "if": "${ execution.id != '' }", "then": [undoable("a"), { "id": "w", "action": { "use": "core.wait", "with": { "for": "1d" } } }] } }] });
    let (view, undone) = ended(document, false);
    assert_eq!((view.status, undone), (Status::Completed, vec!["block/then/a/undo".to_owned()]));
}

#[test]
fn undo_of_a_caught_error_is_kept_unless_the_rule_says_so() {
    let block = |undo: bool| {
        json!({ "steps": [{ "id": "block", "on_error": [{ "codes": ["x.bad"], "undo": undo, "then": "continue" }],
            "condition": { "if": "${ execution.id != '' }", "then": [undoable("a"), fails("b")] } }, undoable("c"), fails("z")] })
    };
    let (_, undone) = ended(block(false), false);
    assert_eq!(undone, ["c/undo", "block/then/a/undo"], "kept, and taken back with all else");
    let (_, undone) = ended(block(true), false);
    assert_eq!(undone, ["block/then/a/undo", "c/undo"], "taken back at once");
}

#[test]
fn undo_that_fails_is_listed_and_the_next_runs() {
    let mut bad = undoable("b");
    bad["undo"] = json!({ "use": "now.once", "with": { "fail": "x.never" } });
    // Its input cannot be made: that is a failed undo too.
    let mut odd = undoable("c");
    odd["undo"]["with"] = json!({ "of": "${ int(toJson(steps.c)) }" });
    let (view, undone) = ended(json!({ "steps": [undoable("a"), bad, odd, fails("z")] }), false);
    assert_eq!(undone, ["b/undo", "a/undo"]);
    let paths = |paths: &[flov7::id::StepPath]| paths.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        (paths(&view.undo.done), paths(&view.undo.failed)),
        (vec!["a".to_owned()], vec!["c".to_owned(), "b".to_owned()])
    );
}

#[test]
fn undo_goes_on_where_a_dead_process_left_it() {
    let world = World::new();
    let mut gated = undoable("a");
    gated["undo"] = json!({ "use": "gate.keyed" });
    let document = json!({ "steps": [undoable("first"), gated, undoable("b"), fails("z")] });
    let id = run(async {
        let executor = world.builder("p0", 1).open().unwrap();
        let id = start(&executor, &world.valid(document)).await;
        assert_eq!(world.held().await.place(), ("a/undo".into(), 1));
        std::mem::forget(executor);
        id
    });
    run(async {
        let executor = world.builder("p1", 2).open().unwrap();
        world.clock.advance(Duration::from_secs(31));
        let held = world.held().await;
        assert_eq!(held.place(), ("a/undo".into(), 2));
        held.give(Ok(json!(null)));
        let view = rested(&executor, &id).await;
        assert_eq!(view.undo.done.iter().map(|path| path.as_str()).collect::<Vec<_>>(), ["b", "a", "first"]);
        let calls = world.calls.lock().unwrap().clone();
        let keys: Vec<_> = calls.iter().filter(|(path, ..)| path == "a/undo").map(|(.., key)| key).collect();
        assert_eq!((keys.len(), keys[0] == keys[1]), (2, true));
        assert_eq!(calls.iter().filter(|(path, ..)| path == "b/undo").count(), 1, "what is done stays done");
    });
}
