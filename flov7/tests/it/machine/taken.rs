//! Inputs of calls: handlers have them to themselves, every attempt gets the same, and what an input was made of is
//! whole wherever it is seen.

use std::sync::Arc;

use flov7::machine::{CallErrorKind, Command};
use serde_json::{Value, json};

use super::support::{Driver, document, step};

fn order() -> Value {
    json!({ "order": { "id": "o-1", "lines": [{ "sku": "lamp" }] }, "n": 4.5, "note": "x" })
}

/// `a` gives an order, and `b` takes it apart.
fn two(with: Value) -> Value {
    let mut b = step("b", "x.keyed");
    b["action"]["with"] = with;
    b["retry"] = json!({ "attempts": 3, "first": "10s" });
    document(json!([step("a", "x.none"), b]))
}

fn output_of(run: &Driver, step: &str) -> Option<Value> {
    run.machine.view().steps.into_iter().find(|view| view.path == *step).and_then(|view| view.output)
}

fn withs() -> [(Value, Value); 8] {
    [
        (json!({ "o": "${ steps.a.order }" }), json!({ "o": order()["order"] })),
        (json!({ "all": "${ steps.a }" }), json!({ "all": order() })),
        (json!("${ steps.a }"), order()),
        (json!({ "in": [{ "n": "${ steps.a.n }" }] }), json!({ "in": [{ "n": 4.5 }] })),
        (
            json!({ "o": "${ steps.a.order }", "n": "${ steps.a.n + 1 }" }),
            json!({ "o": order()["order"], "n": 5.5 }),
        ),
        (
            json!({ "o": "${ steps.a.order }", "id": "${ steps.a.order.id }", "note": "${ steps.a.note }" }),
            json!({ "o": order()["order"], "id": "o-1", "note": "x" }),
        ),
        (
            json!({ "id": "${ steps.a.order.id }", "o": "${ steps.a.order }", "all": "${ steps.a }" }),
            json!({ "o": order()["order"], "id": "o-1", "all": order() }),
        ),
        (json!({ "l": "${ steps.a.order.lines }", "t": "${ string(now) }" }), Value::Null),
    ]
}

#[test]
fn effect_key_every_attempt_gets_the_same_input_whatever_its_handler_did_with_it() {
    for (with, wanted) in withs() {
        let mut run = Driver::start(two(with.clone()), json!({}));
        run.done("a", order());
        let first = run.calls[0].input.clone();
        if !wanted.is_null() {
            assert_eq!(*first, wanted, "{with}");
        }
        for how in [CallErrorKind::Retryable, CallErrorKind::Unknown] {
            run.fail("b", "x.busy", how);
            run.pass(60_000);
            assert_eq!(run.calls[0].input, first, "{with}");
        }
    }
}

#[test]
fn a_handler_has_its_input_to_itself() {
    // What is nothing but a reference is shared with the slot.
    for (with, _) in withs().into_iter().filter(|(with, _)| !with.is_string()) {
        let mut run = Driver::start(two(with.clone()), json!({}));
        run.done("a", order());
        run.calls.clear();
        let Some(Command::Call(call)) = run.last.commands.first() else { panic!("{with}: no call") };
        assert_eq!(Arc::strong_count(&call.input), 1, "{with}");
    }
}

#[test]
fn what_moved_into_an_input_is_shown_whole_while_the_call_is_open() {
    for (with, _) in withs() {
        let mut run = Driver::start(two(with.clone()), json!({}));
        run.done("a", order());
        assert_eq!(output_of(&run, "a"), Some(order()), "{with}: in flight");
        run.fail("b", "x.busy", CallErrorKind::Retryable);
        assert_eq!(output_of(&run, "a"), Some(order()), "{with}: between attempts");
        run.pass(60_000);
        run.done("b", json!(1));
        assert_eq!(output_of(&run, "a"), None, "{with}: nothing reads it any more");
        run.ended("completed");
    }
}

#[test]
fn effect_what_moved_into_the_only_attempt_of_once_is_shown_whole_too() {
    let mut b = step("b", "x.once");
    b["action"]["with"] = json!({ "o": "${ steps.a.order }" });
    let mut run = Driver::start(document(json!([step("a", "x.none"), b])), json!({}));
    run.done("a", order());
    assert_eq!(output_of(&run, "a"), Some(order()));
    run.fail("b", "x.busy", CallErrorKind::Unknown);
    assert_eq!(run.error().code, "outcome_unknown");
    assert!(run.calls.is_empty(), "what is kept for readers is given to no other attempt");
}

#[test]
fn a_value_that_another_reads_later_does_not_move() {
    // A later step, the step's own rule, its undo, the workflow's output, the same template once more.
    let mut later = two(json!({ "o": "${ steps.a.order }" }));
    let mut c = step("c", "x.none");
    c["action"]["with"] = json!({ "o": "${ steps.a.order }" });
    later["steps"].as_array_mut().unwrap().push(c);
    let mut run = Driver::start(later, json!({}));
    run.done("a", order());
    run.done("b", json!(1));
    assert_eq!(*run.calls[0].input, json!({ "o": order()["order"] }));

    let mut rule = two(json!({ "o": "${ steps.a.order }" }));
    rule["steps"][1]["on_error"] = json!([{ "then": "continue", "value": "${ steps.a }" }]);
    rule["output"] = json!("${ steps.b }");
    let mut run = Driver::start(rule, json!({}));
    run.done("a", order());
    run.fail("b", "x.no", CallErrorKind::Failed);
    run.ended("completed");
    assert_eq!(run.machine.view().output, order());

    let mut undo = two(json!({ "o": "${ steps.a.order }" }));
    undo["steps"][1]["undo"] = json!({ "use": "x.idempotent", "with": { "o": "${ steps.a.order }" } });
    undo["steps"].as_array_mut().unwrap().push(step("c", "x.none"));
    let mut run = Driver::start(undo, json!({}));
    run.done("a", order());
    run.done("b", json!(1));
    run.fail("c", "x.no", CallErrorKind::Failed);
    assert_eq!(run.calls[0].path.as_str(), "b/undo");
    assert_eq!(*run.calls[0].input, json!({ "o": order()["order"] }));

    let mut output = two(json!({ "o": "${ steps.a.order }" }));
    output["output"] = json!("${ steps.a }");
    let mut run = Driver::start(output, json!({}));
    run.done("a", order());
    run.done("b", json!(1));
    assert_eq!(run.machine.view().output, order());

    let twice = two(json!({ "o": "${ steps.a.order }", "again": { "o": "${ steps.a.order.id }" } }));
    let mut run = Driver::start(twice, json!({}));
    run.done("a", order());
    assert_eq!(*run.calls[0].input, json!({ "o": order()["order"], "again": { "o": "o-1" } }));
}

#[test]
fn what_an_input_that_is_refused_was_made_of_is_whole() {
    let mut a = step("a", "x.none");
    a["id"] = json!("a");
    let mut b = step("b", "x.typed");
    b["action"]["with"] = json!({ "n": "${ steps.a.note }", "o": "${ steps.a.order }" });
    let mut run =
        Driver::start_checked(document(json!([a, b])), json!({}), &["/steps/1/action/with", "/action/with"]);
    run.done("a", order());
    run.ended("failed");
    // What divides by zero fails before anything moves.
    let mut b = step("b", "x.none");
    b["action"]["with"] = json!({ "o": "${ steps.a.order }", "n": "${ 1 / input.zero }" });
    let mut run = Driver::start(document(json!([step("a", "x.none"), b])), json!({ "zero": 0 }));
    run.done("a", order());
    run.ended("failed");
}
