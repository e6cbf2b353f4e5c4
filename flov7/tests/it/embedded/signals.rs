//! Messages from outside: from this process and from any other.

use flov7::error::ErrorKind;
use flov7::execute::{Executor, Inspection, SignalRequest, inspect, signal_message, waiting_approval};
use flov7::id::{ExecutionId, StepPath};
use flov7::machine::event::SignalTo;
use flov7::machine::{Actor, Control, Settled, Status, approval};
use flov7::store::{Accepted, ExecutionStore};
use flov7::testing::SeededEntropy;
use serde_json::{Value, json};

use super::support::{World, quiet, rested, run, space, start, trace};

fn ann() -> Actor {
    Actor::new("ann")
}

fn named(name: &str, payload: Value) -> SignalRequest {
    SignalRequest::new(SignalTo::Name { name: name.into(), key: None }, payload, ann())
}

fn waits_for_payment() -> Value {
    json!({
        "signals": { "paid": { "type": "object", "properties": { "amount": { "type": "number" } }, "required": ["amount"] } },
        "steps": [
            { "id": "paid", "action": { "use": "core.wait_for", "with": { "signal": "paid" } } },
            { "id": "after", "action": { "use": "now.once" } }
        ],
        "output": "${ steps.paid.amount }"
    })
}

fn two_approvals() -> Value {
    let approve = |id: &str| json!({ "id": id, "after": [], "action": { "use": "core.approve", "with": { "title": id } } });
    json!({ "steps": [approve("one"), approve("two")], "output": "${ steps.one.by + steps.two.by }" })
}

#[test]
fn signal_wakes_a_parked_execution() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let id = start(&executor, &world.valid(waits_for_payment())).await;
        assert_eq!(rested(&executor, &id).await.status, Status::Waiting);
        assert!(world.head(&id).await.lease.is_none());
        let accepted =
            executor.signal(&space("default"), &id, named("paid", json!({ "amount": 7.0 }))).await.unwrap();
        assert_eq!(accepted, Accepted::New);
        let view = rested(&executor, &id).await;
        assert_eq!((view.status, view.output), (Status::Completed, json!(7)));
    });
}

#[test]
fn signal_that_comes_early_is_kept_for_its_wait() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let mut document = waits_for_payment();
        document["steps"]
            .as_array_mut()
            .unwrap()
            .insert(0, json!({ "id": "first", "action": { "use": "gate.once" } }));
        let id = start(&executor, &world.valid(document)).await;
        let held = world.held().await;
        executor.signal(&space("default"), &id, named("paid", json!({ "amount": 3 }))).await.unwrap();
        quiet().await;
        assert_eq!(world.head(&id).await.head.buffered, 1);
        held.give(Ok(json!(null)));
        assert_eq!(rested(&executor, &id).await.output, json!(3));
        assert_eq!(world.head(&id).await.head.buffered, 0);
    });
}

#[test]
fn signal_is_taken_once_whatever_its_sender_repeats() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let id = start(&executor, &world.valid(waits_for_payment())).await;
        let here = space("default");
        let send = || named("paid", json!({ "amount": 1 })).with_id("m-1");
        assert_eq!(executor.signal(&here, &id, send()).await.unwrap(), Accepted::New);
        assert_eq!(executor.signal(&here, &id, send()).await.unwrap(), Accepted::Duplicate);
        rested(&executor, &id).await;
        assert_eq!(world.events(&id).await.iter().filter(|kind| *kind == "signal").count(), 1);
    });
}

#[test]
fn signal_is_refused_at_the_door() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let here = space("default");
        let id = start(&executor, &world.valid(waits_for_payment())).await;
        rested(&executor, &id).await;
        let refused = async |request: SignalRequest| {
            executor.signal(&here, &id, request).await.map_err(|error| {
                (error.kind(), error.report().map(|report| report.findings()[0].code.name()))
            })
        };
        let invalid = |code| Err((ErrorKind::Invalid, Some(code)));
        assert_eq!(refused(named("paid", json!({}))).await, invalid("input-invalid"));
        assert_eq!(refused(named("payed", json!({ "amount": 1 }))).await, invalid("unknown-signal"));
        let token = SignalRequest::new(SignalTo::Token("nobody".into()), json!({}), ann());
        assert_eq!(refused(token).await, Err((ErrorKind::NotFound, None)));
        assert_eq!(world.head(&id).await.head.status, Status::Waiting);
        let nobody = ExecutionId::new(0, [0; 10]);
        let error = executor.signal(&here, &nobody, named("paid", json!({ "amount": 1 }))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);

        executor.signal(&here, &id, named("paid", json!({ "amount": 1 }))).await.unwrap();
        rested(&executor, &id).await;
        assert_eq!(refused(named("paid", json!({ "amount": 1 }))).await, Err((ErrorKind::Closed, None)));
        let error = executor.control(&here, &id, Control::Cancel, ann()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed);
    });
}

#[test]
fn another_process_looks_and_posts() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let here = space("default");
        let id = start(&executor, &world.valid(two_approvals())).await;
        rested(&executor, &id).await;

        // All that another process has is the store.
        let store = world.store.clone();
        let found = Inspection::of(&*store, &here, &id).await.unwrap();
        assert_eq!(found.view.waiting.len(), 2);
        assert_eq!(waiting_approval(&found, None).unwrap_err().kind(), ErrorKind::Conflict);
        let missing = StepPath::parse("three").unwrap();
        assert_eq!(waiting_approval(&found, Some(&missing)).unwrap_err().kind(), ErrorKind::NotFound);
        let one = StepPath::parse("one").unwrap();
        let entropy = SeededEntropy::new(5);
        for (step, by) in [(Some(&one), "ann"), (None, "bob")] {
            let found = Inspection::of(&*store, &here, &id).await.unwrap();
            let token = waiting_approval(&found, step).unwrap().token.clone().unwrap();
            let request =
                SignalRequest::new(SignalTo::Token(token), approval(true, Some("fine")), Actor::new(by));
            let message = signal_message(&found, request, &entropy).unwrap();
            assert_eq!(store.post(&here, &id, message).await.unwrap(), Accepted::New);
            rested(&executor, &id).await;
        }
        let view = inspect(&*store, &here, &id).await.unwrap();
        assert_eq!((view.status, view.output.clone()), (Status::Completed, json!("annbob")));
        assert_eq!(view.steps[0].output.as_ref().unwrap()["note"], json!("fine"));
    });
}

#[test]
fn an_approval_may_say_no() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let id = start(&executor, &world.valid(two_approvals())).await;
        let view = rested(&executor, &id).await;
        let token = view.waiting[0].token.clone().unwrap();
        let no = SignalRequest::new(SignalTo::Token(token), approval(false, None), ann());
        executor.signal(&space("default"), &id, no).await.unwrap();
        let view = rested(&executor, &id).await;
        assert_eq!(view.status, Status::Failed);
        assert_eq!(view.error.unwrap().code, "rejected");
    });
}

#[test]
fn cancel_tells_what_runs_and_takes_its_result_within_the_grace() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let document = json!({ "steps": [
            { "id": "a", "action": { "use": "gate.once" } }, { "id": "b", "action": { "use": "now.once" } }
        ] });
        let id = start(&executor, &world.valid(document)).await;
        let held = world.held().await;
        executor.control(&space("default"), &id, Control::Cancel, ann()).await.unwrap();
        held.cx.cancellation.cancelled().await;
        held.give(Ok(json!("just in time")));
        let view = rested(&executor, &id).await;
        assert_eq!(trace(&view), (Status::Cancelled, vec![("a", Some(Settled::Done))]));
        assert_eq!(world.calls().len(), 1);
    });
}

#[test]
fn cancel_gives_up_what_does_not_listen() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let id = start(
            &executor,
            &world.valid(json!({ "steps": [{ "id": "a", "action": { "use": "gate.once" } }] })),
        )
        .await;
        let held = world.held().await;
        executor.control(&space("default"), &id, Control::Cancel, ann()).await.unwrap();
        held.cx.cancellation.cancelled().await;
        world.clock.advance(std::time::Duration::from_secs(10));
        let view = rested(&executor, &id).await;
        assert_eq!(trace(&view), (Status::Cancelled, vec![("a", Some(Settled::Abandoned))]));
        assert_eq!(view.unknown_effects.len(), 1);
    });
}

#[test]
fn terminate_ends_at_once() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let id = start(
            &executor,
            &world.valid(json!({ "steps": [{ "id": "a", "action": { "use": "gate.once" } }] })),
        )
        .await;
        let held = world.held().await;
        executor.control(&space("default"), &id, Control::Terminate, ann()).await.unwrap();
        assert_eq!(rested(&executor, &id).await.status, Status::Terminated);
        drop(held);
    });
}

#[test]
fn a_thousand_messages_are_enough() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let here = space("default");
        let mut document = waits_for_payment();
        document["steps"] = json!([{ "id": "a", "action": { "use": "gate.once" } }]);
        document["output"] = json!(null);
        let id = start(&executor, &world.valid(document)).await;
        let held = world.held().await;
        for n in 0..1_000 {
            executor.signal(&here, &id, named("paid", json!({ "amount": n }))).await.unwrap();
        }
        let error = executor.signal(&here, &id, named("paid", json!({ "amount": 0 }))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy);
        held.give(Ok(json!(null)));
        assert_eq!(rested(&executor, &id).await.status, Status::Completed);
    });
}

/// Two waits for one signal, one after the other.
fn waits_twice() -> Value {
    json!({ "signals": { "paid": { "type": "integer" } }, "steps": [
        { "id": "one", "action": { "use": "core.wait_for", "with": { "signal": "paid" } } },
        { "id": "two", "action": { "use": "core.wait_for", "with": { "signal": "paid" } } }],
        "output": "${ [steps.one, steps.two] }" })
}

#[test]
fn signal_a_wait_that_has_its_answer_in_the_inbox_takes_none_by_its_token() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let here = space("default");
        let id = start(&executor, &world.valid(waits_twice())).await;
        let view = rested(&executor, &id).await;
        let token = view.waiting[0].token.clone().unwrap();
        executor.shutdown(std::time::Duration::ZERO).await;
        // Nobody runs it: a process beside posts a signal by name, which this wait will take.
        let entropy = SeededEntropy::new(9);
        let found = Inspection::of(&*world.store, &here, &id).await.unwrap();
        let by_name = signal_message(&found, named("paid", json!(1)), &entropy).unwrap();
        world.store.post(&here, &id, by_name).await.unwrap();
        let found = Inspection::of(&*world.store, &here, &id).await.unwrap();
        let by_token = || SignalRequest::new(SignalTo::Token(token.clone()), json!(2), ann());
        let refused = signal_message(&found, by_token(), &entropy).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotFound);
        let executor = world.builder("two", 2).open().unwrap();
        assert_eq!(rested(&executor, &id).await.waiting[0].path.as_str(), "two");
    });
}

#[test]
fn signal_an_answer_that_was_overtaken_stays_a_signal() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let here = space("default");
        let id = start(&executor, &world.valid(waits_twice())).await;
        let token = rested(&executor, &id).await.waiting[0].token.clone().unwrap();
        executor.shutdown(std::time::Duration::ZERO).await;
        // Both pass the door before either is posted.
        let entropy = SeededEntropy::new(9);
        let found = Inspection::of(&*world.store, &here, &id).await.unwrap();
        let by_token = SignalRequest::new(SignalTo::Token(token), json!(2), ann());
        let by_token = signal_message(&found, by_token, &entropy).unwrap();
        let by_name = signal_message(&found, named("paid", json!(1)), &entropy).unwrap();
        assert_eq!(world.store.post(&here, &id, by_name).await.unwrap(), Accepted::New);
        assert_eq!(world.store.post(&here, &id, by_token.clone()).await.unwrap(), Accepted::New);
        // The same answer again is the same answer.
        let found = Inspection::of(&*world.store, &here, &id).await.unwrap();
        assert_eq!(world.store.post(&here, &id, by_token).await.unwrap(), Accepted::Duplicate);
        assert_eq!(found.inbox.len(), 2);
        let executor = world.builder("two", 2).open().unwrap();
        let view = rested(&executor, &id).await;
        assert_eq!((view.status, view.output), (Status::Completed, json!([1, 2])));
        // Its journal says the same again.
        let turns = world.store.turns(&here, &id, 0, 100).await.unwrap();
        let bundle = world.store.restore(&here, &id).await.unwrap().bundle;
        let program = flov7::program::Program::compile(&bundle).unwrap();
        assert!(flov7::machine::Machine::replay(program, &turns).is_ok());
    });
}
