//! Signals.

use flov7::machine::event::SignalTo;
use flov7::machine::{Refusal, Status};
use serde_json::{Value, json};

use super::support::{Driver, document};

fn waits(steps: Value) -> Value {
    let mut document = document(steps);
    let paid =
        json!({ "type": "object", "properties": { "amount": { "type": "number" } }, "required": ["amount"] });
    document["signals"] = json!({ "paid": paid, "other": true });
    document
}

fn wait_for(id: &str, with: Value) -> Value {
    json!({ "id": id, "after": [], "action": { "use": "core.wait_for", "with": with } })
}

fn one() -> Value {
    let mut document = waits(json!([wait_for("p", json!({ "signal": "paid" }))]));
    document["output"] = json!("${ steps.p.amount }");
    document
}

#[test]
fn signal_gives_its_payload_to_the_waiter() {
    let mut run = Driver::start(one(), json!({}));
    assert_eq!(run.machine.head().status, Status::Waiting);
    assert_eq!(run.machine.view().waiting[0].signal.as_deref(), Some("paid"));
    run.handle(vec![Driver::signal("paid", json!({ "amount": 3.0 }), "m1")]);
    assert_eq!(run.output(), json!(3), "numbers are normalised as they enter");
    assert_eq!(run.last.consumed, ["m1"]);
    assert_eq!(run.trace(), ["started", "waitfor p 1", "signal m1", "ended completed"]);
}

#[test]
fn signal_one_signal_one_waiter_the_oldest() {
    let mut document = waits(json!([
        wait_for("p", json!({ "signal": "paid" })),
        wait_for("q", json!({ "signal": "paid" })),
        wait_for("r", json!({ "signal": "paid", "key": "k" }))
    ]));
    document["output"] =
        json!({ "p": "${ steps.p.amount }", "q": "${ steps.q.amount }", "r": "${ steps.r.amount }" });
    let mut run = Driver::start(document, json!({}));
    run.handle(vec![Driver::signal("paid", json!({ "amount": 1 }), "m1")]);
    run.handle(vec![Driver::keyed("paid", "k", json!({ "amount": 2 }), "m2")]);
    run.handle(vec![Driver::signal("paid", json!({ "amount": 3 }), "m3")]);
    assert_eq!(run.output(), json!({ "p": 1, "q": 3, "r": 2 }));
}

#[test]
fn signal_is_kept_before_the_wait_began() {
    let mut document = waits(json!([
        { "id": "a", "action": { "use": "x.keyed" } },
        { "id": "p", "action": { "use": "core.wait_for", "with": { "signal": "paid" } } },
        { "id": "q", "action": { "use": "core.wait_for", "with": { "signal": "paid" } } }
    ]));
    document["output"] = json!(["${ steps.p.amount }", "${ steps.q.amount }"]);
    let mut run = Driver::start(document, json!({}));
    for (id, amount) in [("m1", 1), ("m2", 2), ("m3", 3)] {
        run.handle(vec![Driver::signal("paid", json!({ "amount": amount }), id)]);
    }
    let head = run.machine.head();
    assert_eq!((head.buffered, head.buffered_bytes), (3, 36));
    run.done("a", json!(1));
    assert_eq!(run.output(), json!([1, 2]), "first come, first served");
    assert_eq!(run.machine.head().buffered, 1);
}

#[test]
fn signal_id_deduplicates_for_life() {
    let mut document = waits(json!([
        { "id": "p", "action": { "use": "core.wait_for", "with": { "signal": "paid" } } },
        { "id": "q", "action": { "use": "core.wait_for", "with": { "signal": "paid" } } }
    ]));
    document["output"] = json!("${ steps.q.amount }");
    let mut run = Driver::start(document, json!({}));
    run.handle(vec![Driver::signal("paid", json!({ "amount": 1 }), "m1")]);
    run.restart();
    let turns = run.turns.len();
    run.handle(vec![Driver::signal("paid", json!({ "amount": 1 }), "m1")]);
    assert_eq!((run.turns.len(), run.last.consumed.as_slice()), (turns, ["m1".to_owned()].as_slice()));
    run.handle(vec![Driver::signal("paid", json!({ "amount": 2 }), "m2")]);
    assert_eq!(run.output(), json!(2));
}

#[test]
fn signal_undeclared_or_ill_typed_is_refused_before_the_journal() {
    let mut run = Driver::start(one(), json!({}));
    let turns = run.turns.len();
    for (name, payload) in [("paid", json!({ "amount": "3" })), ("unknown", json!(1))] {
        let to = SignalTo::Name { name: name.to_owned(), key: None };
        assert!(run.machine.accepts(&to, &payload).is_err());
        run.handle(vec![Driver::signal(name, payload, "m1")]);
        assert_eq!((run.turns.len(), run.last.consumed.len()), (turns, 1), "{name}");
    }
    // What was refused did not use up its id.
    run.handle(vec![Driver::signal("paid", json!({ "amount": 3 }), "m1")]);
    run.ended("completed");
}

#[test]
fn signal_by_token_reaches_that_wait() {
    let mut document = waits(json!([
        wait_for("p", json!({ "signal": "paid" })),
        wait_for("q", json!({ "signal": "paid" }))
    ]));
    document["output"] = json!("${ steps.q.amount }");
    let mut run = Driver::start(document, json!({}));
    run.answer("q", json!({ "amount": 2 }));
    assert_eq!(run.machine.view().waiting.len(), 1);
    run.handle(vec![Driver::signal("paid", json!({ "amount": 1 }), "m1")]);
    assert_eq!(run.output(), json!(2));
}

#[test]
fn signal_to_a_wait_that_is_over_is_journaled_and_changes_nothing() {
    let mut run = Driver::start(
        waits(json!([
            { "id": "p", "timeout": "1s", "on_error": [{ "then": "continue" }],
              "action": { "use": "core.wait_for", "with": { "signal": "paid" } } },
            { "id": "q", "action": { "use": "core.wait_for", "with": { "signal": "other" } } }
        ])),
        json!({}),
    );
    let token = run.machine.view().waiting[0].token.clone().unwrap();
    run.pass(1_000);
    let to = SignalTo::Token(token.clone());
    assert_eq!(run.machine.accepts(&to, &json!({ "amount": 1 })), Err(Refusal::NoWaiter));
    run.handle(vec![Driver::token(&token, json!({ "amount": 1 }), "m1")]);
    assert_eq!(run.trace().last().unwrap(), "signal m1");
    assert_eq!(run.machine.view().waiting.len(), 1);
}

#[test]
fn signal_contract_expect_narrows_what_the_wait_takes() {
    let mut p = wait_for("p", json!({ "signal": "paid" }));
    p["action"]["expect"] = json!({ "properties": { "amount": { "minimum": 10 } } });
    let mut run = Driver::start(waits(json!([p])), json!({}));
    run.handle(vec![Driver::signal("paid", json!({ "amount": 1 }), "m1")]);
    assert_eq!(run.error().code, "contract.signal");
}

#[test]
fn tokens_differ_by_path_and_execution_and_survive_a_restart() {
    let steps = || {
        waits(json!([wait_for("p", json!({ "signal": "paid" })), wait_for("q", json!({ "signal": "paid" }))]))
    };
    let mut run = Driver::start(steps(), json!({}));
    let tokens = |run: &Driver| {
        run.machine.view().waiting.iter().map(|wait| wait.token.clone().unwrap()).collect::<Vec<_>>()
    };
    let first = tokens(&run);
    assert_ne!(first[0], first[1]);
    run.restart();
    assert_eq!(tokens(&run), first);
    assert_eq!(first[0], "68e2wbak313587465nkqssyh0p", "pinned: people hold links with it");
}
