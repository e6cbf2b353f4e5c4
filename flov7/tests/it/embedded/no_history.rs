//! A store that keeps no journals: live state only, and what is stored when an execution rests.

use std::time::Duration;

use flov7::error::ErrorKind;
use flov7::execute::{Executor, SignalRequest};
use flov7::machine::event::SignalTo;
use flov7::machine::{Actor, BlockedReason, Control, Settled, Status};
use serde_json::{Value, json};

use super::support::{World, quiet, rested, run, sequence, space, start, trace};

fn output(document: Value, output: &str) -> Value {
    let mut document = document;
    document["output"] = json!(output);
    document
}

#[test]
fn it_runs_to_its_end_and_shows_it() {
    run(async {
        let world = World::without_history();
        let executor = world.executor();
        let expect = json!({ "type": "integer" });
        let mut document = output(sequence("now.once", 3), "${ steps.s2 }");
        document["steps"][2]["action"]["expect"] = expect;
        let id = start(&executor, &world.valid(document)).await;
        let view = rested(&executor, &id).await;
        let done = Some(Settled::Done);
        assert_eq!(trace(&view), (Status::Completed, vec![("s0", done), ("s1", done), ("s2", done)]));
        assert_eq!(view.output, json!(2));
        assert_eq!(world.store.commits(), 4, "n + 1 commits, as with a journal");
        let events = executor.events(&space("default"), &id, None, false).await;
        assert_eq!(events.unwrap_err().kind(), ErrorKind::Unsupported);
    });
}

#[test]
fn what_ends_in_its_first_commit_is_shown_too() {
    run(async {
        let world = World::without_history();
        let executor = world.executor();
        let id = start(&executor, &world.valid(sequence("now.none", 2))).await;
        assert_eq!(rested(&executor, &id).await.status, Status::Completed);
        assert_eq!(world.store.commits(), 1);
    });
}

#[test]
fn a_waiting_execution_leaves_memory_and_comes_back() {
    run(async {
        let world = World::without_history();
        let executor = world.executor();
        let document = json!({ "steps": [
            { "id": "first", "action": { "use": "now.once", "with": { "give": 7 }, "expect": { "type": "integer" } } },
            { "id": "pause", "action": { "use": "core.wait", "with": { "for": "1h" } } },
            { "id": "after", "action": { "use": "now.once", "with": { "give": "${ steps.first + 1 }" } } }
        ], "output": "${ steps.first }" });
        let id = start(&executor, &world.valid(document)).await;
        quiet().await;
        let view = executor.describe(&space("default"), &id).await.unwrap();
        assert_eq!(view.waiting[0].path.as_str(), "pause");
        world.clock.advance(Duration::from_secs(3_600));
        assert_eq!(rested(&executor, &id).await.output, json!(7));
        assert_eq!(world.store.claims(), 1);
        assert_eq!(world.calls(), [("first".into(), 1), ("after".into(), 1)], "nothing ran twice");
    });
}

#[test]
fn a_live_execution_is_shown_when_somebody_looks() {
    run(async {
        let world = World::without_history();
        let executor = world.executor();
        let id = start(&executor, &world.valid(sequence("gate.once", 2))).await;
        let first = world.held().await;
        let before = world.store.commits();
        let view = executor.describe(&space("default"), &id).await.unwrap();
        assert_eq!((view.status, view.steps[0].settled), (Status::Running, None));
        assert_eq!(world.store.commits(), before + 1, "its state is stored once for the one who looks");
        first.give(Ok(json!(1)));
        let second = world.held().await;
        let view = executor.describe(&space("default"), &id).await.unwrap();
        assert_eq!(view.steps[0].settled, Some(Settled::Done));
        second.give(Ok(json!(2)));
        assert_eq!(rested(&executor, &id).await.status, Status::Completed);
    });
}

#[test]
fn signals_and_controls_reach_live_and_waiting_executions() {
    run(async {
        let world = World::without_history();
        let executor = world.executor();
        let document = json!({ "signals": { "go": { "type": "integer" } }, "steps": [
            { "id": "work", "action": { "use": "gate.once" } },
            { "id": "go", "after": [], "action": { "use": "core.wait_for", "with": { "signal": "go" } } }
        ], "output": "${ steps.go }" });
        let id = start(&executor, &world.valid(document)).await;
        let held = world.held().await;
        let to = || SignalTo::Name { name: "go".into(), key: None };
        let by = || Actor::new("test");
        let wrong = SignalRequest::new(to(), json!("no number"), by());
        let refused = executor.signal(&space("default"), &id, wrong).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Invalid);
        executor.signal(&space("default"), &id, SignalRequest::new(to(), json!(5), by())).await.unwrap();
        held.give(Ok(json!(null)));
        assert_eq!(rested(&executor, &id).await.output, json!(5));

        let waiting = json!({ "steps": [{ "id": "pause", "action": { "use": "core.wait", "with": { "for": "1h" } } }] });
        let id = start(&executor, &world.valid(waiting)).await;
        quiet().await;
        executor.control(&space("default"), &id, Control::Cancel, by()).await.unwrap();
        assert_eq!(rested(&executor, &id).await.status, Status::Cancelled);
    });
}

#[test]
fn what_is_handed_back_is_gone_on_with_by_the_next_executor() {
    run(async {
        let world = World::without_history();
        let one = world.builder("one", 1).open().unwrap();
        let id = start(&one, &world.valid(sequence("gate.keyed", 2))).await;
        world.held().await.give(Ok(json!(0)));
        let _second = world.held().await;
        one.shutdown(Duration::ZERO).await;
        let two = world.builder("two", 2).open().unwrap();
        // The attempt that was in flight is lost, and asked for again with its key.
        let again = world.held().await;
        assert_eq!(again.place(), ("s1".to_owned(), 2));
        let keys: Vec<String> = world.calls.lock().unwrap().iter().map(|(.., key)| key.clone()).collect();
        assert_eq!(keys[1], keys[2]);
        again.give(Ok(json!(1)));
        assert_eq!(rested(&two, &id).await.status, Status::Completed);
    });
}

#[test]
fn what_was_live_when_its_executor_went_is_blocked_and_says_why() {
    run(async {
        let world = World::without_history();
        let one = world.builder("one", 1).open().unwrap();
        let id = start(&one, &world.valid(sequence("gate.keyed", 1))).await;
        let _held = world.held().await;
        // As if the process had gone: nobody renews the lease, and its end is not waited for.
        std::mem::forget(one.clone());
        let two = world.builder("two", 2).open().unwrap();
        world.clock.advance(Duration::from_secs(3_600));
        quiet().await;
        let row = two.list(&space("default"), &flov7::store::ExecutionQuery::new()).await.unwrap();
        let row = row.executions.into_iter().find(|row| row.execution == id).unwrap();
        let blocked = row.head.blocked.map(|why| (why.reason, why.message));
        assert_eq!(row.head.status, Status::Blocked, "{blocked:?}");
        let (reason, message) = blocked.unwrap();
        assert_eq!(reason, BlockedReason::Defect);
        assert!(message.contains("keeps no journals"), "{message}");
    });
}

#[test]
fn children_are_made_and_heard_of() {
    run(async {
        let world = World::without_history();
        let executor = world.executor();
        let child = json!({ "name": "child", "steps": [{ "id": "work", "action": { "use": "now.once" } }], "output": "done" });
        let parent = json!({ "steps": [
            { "id": "call", "action": { "use": "core.call", "with": { "workflow": "child", "input": {} } } }
        ], "output": "${ steps.call }" });
        let id = start(&executor, &world.valid_with(parent, &[child])).await;
        let view = rested(&executor, &id).await;
        assert_eq!((view.status, view.output), (Status::Completed, json!("done")));
    });
}
