//! Steps in order.

use flov7::machine::Settled;
use serde_json::{Value, json};

use super::support::{Driver, document, step};

#[test]
fn order_barrier_a_list_runs_top_down() {
    let mut run = Driver::start(
        document(json!([
            { "id": "a", "action": { "use": "x.keyed", "with": { "n": 1 } } },
            { "id": "b", "action": { "use": "x.keyed" } },
            { "id": "c", "data": { "set": { "k": [1, 2] } } }
        ])),
        json!({}),
    );
    assert_eq!(run.open_calls(), ["a"]);
    assert_eq!(*run.calls[0].input, json!({ "n": 1 }));
    run.done("a", json!("first"));
    assert_eq!(run.open_calls(), ["b"]);
    run.done("b", json!(2));
    assert_eq!(
        run.trace(),
        ["started", "call a 1", "done a 1 ok", "call b 1", "done b 1 ok", "ended completed"]
    );
    assert_eq!(
        run.settled,
        [("a".into(), Settled::Done), ("b".into(), Settled::Done), ("c".into(), Settled::Done)]
    );
    assert_eq!(run.turns.len(), 3, "n strict steps cost n + 1 commits");
}

#[test]
fn values_are_freed_after_their_last_use() {
    let set = |id: &str, value: &str| json!({ "id": id, "data": { "set": value } });
    let mut document = document(json!([
        step("a", "x.keyed"),
        step("unread", "x.keyed"),
        { "id": "i", "condition": { "if": true, "then": { "steps": [
            step("p", "x.keyed"), set("q", "${ steps.a + steps.p }"), step("r", "x.keyed")
        ], "output": "${ steps.q }" } } },
        step("z", "x.keyed"),
        set("last", "${ steps.i + 1 }"),
        step("end", "x.keyed")
    ]));
    document["output"] = json!("${ steps.last }");
    let mut run = Driver::start(document, json!({}));
    let held = |run: &Driver| {
        let steps = run.machine.view().steps.into_iter().filter(|step| step.output.is_some());
        steps.map(|step| step.path.to_string()).collect::<Vec<_>>()
    };
    run.done("a", json!(1));
    assert_eq!(held(&run), ["a"]);
    run.done("unread", json!(2));
    assert_eq!(held(&run), ["a"], "what nobody reads is never kept");
    run.done("i/then/p", json!(3));
    assert_eq!(held(&run), ["a", "i/then/q"], "a is read inside `i`: it lives until `i` has settled");
    run.done("i/then/r", json!(4));
    assert_eq!(held(&run), ["i"]);
    run.done("z", json!(5));
    assert_eq!(held(&run), ["last"]);
    run.done("end", json!(6));
    assert_eq!(run.output(), json!(5));
    // Whoever looks at the journal sees them all.
    let values: Vec<Value> = run.view().steps.into_iter().map(|step| step.output.unwrap()).collect();
    assert_eq!(
        values,
        [json!(1), json!(2), json!(4), json!(3), json!(4), json!(4), json!(5), json!(5), json!(6)]
    );
}

#[test]
fn steps_are_listed_in_the_order_of_their_activation() {
    let mut run = Driver::start(
        document(
            json!([step("a", "x.keyed"), { "id": "b", "after": [], "data": { "set": 1 } }, step("c", "x.keyed")]),
        ),
        json!({}),
    );
    run.done("a", json!({ "big": [1, 2] }));
    run.done("c", json!(null));
    let view = serde_json::to_value(run.view()).unwrap();
    assert_eq!(
        view["steps"],
        json!([
            { "path": "a", "settled": "done", "attempts": 1, "output": { "big": [1, 2] } },
            { "path": "b", "settled": "done", "attempts": 0, "output": 1 },
            { "path": "c", "settled": "done", "attempts": 1, "output": null }
        ])
    );
    assert_eq!(view["status"], "completed");
}
