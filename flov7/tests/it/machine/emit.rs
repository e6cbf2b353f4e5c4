//! `core.emit`: events (RULES, call).

use flov7::machine::{CallErrorKind, EVENT_DEPTH, FailureClass};
use serde_json::{Value, json};

use super::support::{Driver, bundle, document, step};

fn emit(id: &str, payload: Value) -> Value {
    json!({ "id": id, "action": { "use": "core.emit", "with": { "event": "order.paid", "payload": payload } } })
}

#[test]
fn call_emit_journals_the_event_and_hands_it_out_with_the_turn() {
    let run =
        Driver::start(document(json!([emit("tell", json!({ "n": "${ input.n }" }))])), json!({ "n": 3 }));
    run.ended("completed");
    assert_eq!(run.trace(), ["started", "emit tell 1", "ended completed"]);
    let [event] = run.emitted.as_slice() else { panic!("{:?}", run.emitted) };
    assert_eq!((event.path.as_str(), event.event.as_str(), event.depth), ("tell", "order.paid", 1));
    assert_eq!(*event.payload, json!({ "n": 3 }));
}

#[test]
fn call_emit_without_a_payload_is_null() {
    let steps = json!([{ "id": "tell", "action": { "use": "core.emit", "with": { "event": "x" } } }]);
    assert_eq!(*Driver::start(document(steps), json!({})).emitted[0].payload, Value::Null);
}

#[test]
fn call_emit_depth_is_limited_to_thirty_two() {
    let bundle = bundle(document(json!([emit("tell", json!(1))])));
    for (cause, emits) in [(0, true), (EVENT_DEPTH - 1, true), (EVENT_DEPTH, false)] {
        let run = Driver::start_as(&bundle, |started| started.with_cause(cause), json!({}));
        if emits {
            assert_eq!(run.emitted[0].depth, cause + 1);
        } else {
            assert_eq!((run.error().code.as_str(), run.error().class), ("limit.depth", FailureClass::Limit));
            assert!(run.emitted.is_empty());
        }
    }
    assert_eq!(EVENT_DEPTH, 32);
}

#[test]
fn call_emit_holds_the_payload_against_the_events_schema_where_that_was_not_proven() {
    let mut bundle = bundle(document(json!([emit("tell", json!("${ input.n }"))])));
    let schema = serde_json::from_value(json!({ "type": "integer", "maximum": 5 })).unwrap();
    bundle.events.insert("order.paid".to_owned(), schema);
    bundle.checks.insert("/steps/0/action/with/payload".to_owned());
    assert_eq!(Driver::start_bundle(&bundle, json!({ "n": 5 }), Vec::new()).emitted.len(), 1);
    let run = Driver::start_bundle(&bundle, json!({ "n": 6 }), Vec::new());
    assert_eq!((run.error().code.as_str(), run.error().class), ("contract.link", FailureClass::Contract));
    assert!(run.emitted.is_empty());
}

#[test]
fn undo_by_an_event_is_done_at_once() {
    let mut first = emit("first", json!(1));
    first["undo"] = json!({ "use": "core.emit", "with": { "event": "order.unpaid", "payload": 1 } });
    let mut run = Driver::start(document(json!([first, step("then", "x.none")])), json!({}));
    run.fail("then", "x.bad", CallErrorKind::Failed);
    assert_eq!(run.error().code, "x.bad");
    let told: Vec<_> = run.emitted.iter().map(|event| (event.path.as_str(), event.event.as_str())).collect();
    assert_eq!(told, [("first", "order.paid"), ("first/undo", "order.unpaid")]);
    assert_eq!(run.machine.view().undo.done, [Driver::path("first")]);
}

#[test]
fn undo_of_waits_is_registered_like_that_of_calls() {
    let wait = json!({ "id": "wait", "action": { "use": "core.wait", "with": { "for": "1s" } },
        "undo": { "use": "x.keyed" } });
    let mut run = Driver::start(document(json!([wait, step("then", "x.none")])), json!({}));
    run.pass(1_000);
    run.fail("then", "x.bad", CallErrorKind::Failed);
    run.done("wait/undo", json!(null));
    assert_eq!(run.machine.view().undo.done, [Driver::path("wait")]);
}
