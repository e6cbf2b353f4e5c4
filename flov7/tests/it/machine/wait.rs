//! Waiting for time and for people.

use flov7::machine::{Settled, approval};
use serde_json::{Value, json};

use super::support::{Driver, document};

fn wait(with: Value) -> Value {
    document(json!([{ "id": "w", "action": { "use": "core.wait", "with": with } }]))
}

#[test]
fn core_wait_is_over_at_its_instant_and_not_before() {
    for (with, ms) in [
        (json!({ "for": "1h30m" }), 5_400_000),
        (json!({ "for": "PT2S" }), 2_000),
        (json!({ "for": "${ duration('45m') }" }), 2_700_000),
        (json!({ "until": "1970-01-01T00:17:00Z" }), 20_000),
        (json!({ "until": "${ now + duration('3s') }" }), 3_000),
    ] {
        let mut run = Driver::start(wait(with.clone()), json!({}));
        assert_eq!(run.machine.due().unwrap().ms() - run.now, ms, "{with}");
        run.pass(ms - 1);
        assert!(run.machine.ended().is_none());
        run.pass(1);
        run.ended("completed");
        assert_eq!(run.trace(), ["started", "wait w 1", "fired wait w", "ended completed"]);
    }
}

#[test]
fn core_wait_in_the_past_fires_at_once() {
    for with in
        [json!({ "for": "0s" }), json!({ "for": "-PT5S" }), json!({ "until": "1970-01-01T00:00:00Z" })]
    {
        let run = Driver::start(wait(with.clone()), json!({}));
        run.ended("completed");
        assert_eq!(run.turns.len(), 1, "{with}");
    }
}

#[test]
fn core_wait_of_bad_text_is_a_conversion() {
    for with in [json!({ "for": "${ input.t }" }), json!({ "until": "${ input.t }" })] {
        let run = Driver::start(wait(with), json!({ "t": "soon" }));
        assert_eq!(run.error().code, "data.conversion");
    }
}

fn approve() -> Value {
    let mut document = document(json!([
        { "id": "i", "condition": { "if": true, "then": [
            { "id": "ok", "timeout": "24h", "action": { "use": "core.approve",
              "with": { "title": "Order ${ input.id }", "details": { "id": "${ input.id }" }, "to": "manager" } },
              "on_error": [{ "codes": ["rejected"], "then": "continue", "value": { "by": "nobody", "at": "-" } }] }
        ] } }
    ]));
    document["output"] = json!("${ steps.ok }");
    document
}

#[test]
fn core_approve_shows_what_is_asked() {
    let run = Driver::start(approve(), json!({ "id": 7 }));
    let view = run.machine.view();
    let waiting = serde_json::to_value(&view.waiting).unwrap();
    let token = view.waiting[0].token.clone().unwrap();
    assert_eq!(
        waiting,
        json!([{
            "path": "i/then/ok", "kind": "approve", "token": token, "title": "Order 7", "details": { "id": 7 },
            "to": "manager", "due": "1970-01-02T00:16:40.000Z"
        }])
    );
    assert_eq!(token.len(), 26);
}

#[test]
fn core_approve_yes_is_the_value() {
    let mut run = Driver::start(approve(), json!({ "id": 7 }));
    run.answer("i/then/ok", approval(true, Some("fine")));
    assert_eq!(run.output(), json!({ "by": "test", "at": "1970-01-01T00:16:40Z", "note": "fine" }));
    let mut run = Driver::start(approve(), json!({ "id": 7 }));
    run.answer("i/then/ok", approval(true, None));
    assert_eq!(run.output(), json!({ "by": "test", "at": "1970-01-01T00:16:40Z" }));
}

#[test]
fn core_approve_no_fails_with_rejected() {
    let mut run = Driver::start(approve(), json!({ "id": 7 }));
    run.answer("i/then/ok", approval(false, Some("too dear")));
    assert_eq!(run.output(), json!({ "by": "nobody", "at": "-" }));
    let step = &run.view().steps[1];
    assert_eq!((step.settled, step.attempts), (Some(Settled::Failed), 0));
    let error = step.error.as_ref().unwrap();
    assert_eq!((error.code.as_str(), error.message.as_str()), ("rejected", "test said no: too dear"));

    let mut uncaught = approve();
    uncaught["steps"][0]["condition"]["then"][0].as_object_mut().unwrap().remove("on_error");
    let mut run = Driver::start(uncaught, json!({ "id": 7 }));
    run.answer("i/then/ok", approval(false, None));
    assert_eq!(run.error().code, "rejected");
}

#[test]
fn core_approve_times_out() {
    let mut run = Driver::start(approve(), json!({ "id": 7 }));
    run.pass(24 * 3_600_000);
    assert_eq!(run.error().code, "timeout");
    assert!(run.view().waiting.is_empty());
}

#[test]
fn core_ask_gives_the_answer_and_refuses_what_does_not_conform() {
    let mut document = document(json!([
        { "id": "q", "action": { "use": "core.ask", "with": { "title": "How many?" }, "expect": { "type": "integer" } } }
    ]));
    document["output"] = json!("${ steps.q + 1 }");
    let mut run = Driver::start(document, json!({}));
    let turns = run.turns.len();
    run.answer("q", json!("many"));
    assert_eq!(run.turns.len(), turns, "refused at the door, and by the machine too");
    assert_eq!(run.last.consumed.len(), 1);
    run.answer("q", json!(4));
    assert_eq!(run.output(), json!(5));
}
