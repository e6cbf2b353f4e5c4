//! Conditions: which block runs, and what value the step has.

use flov7::machine::Settled;
use serde_json::{Value, json};

use super::support::{Driver, document};

fn set(id: &str, value: Value) -> Value {
    json!({ "id": id, "data": { "set": value } })
}

/// A document of one condition `c`, whose value is the output.
fn value_of(condition: Value, input: Value) -> Value {
    let mut document = document(json!([{ "id": "c", "condition": condition }]));
    document["output"] = json!("${ steps.c }");
    Driver::start(document, input).output()
}

#[test]
fn value_if_is_the_output_of_the_block_that_ran() {
    let choice = |then: Value, otherwise: Option<Value>| {
        let mut choice = json!({ "if": "${ input.n > 1 }", "then": then });
        if let Some(otherwise) = otherwise {
            choice["else"] = otherwise;
        }
        choice
    };
    let block = |value| json!({ "steps": [set("x", value)], "output": { "x": "${ steps.x }" } });
    let cases = [
        (choice(block(json!("yes")), None), 2, json!({ "x": "yes" })),
        (choice(block(json!("yes")), None), 1, json!(null)),
        (choice(json!([set("x", json!(1))]), None), 2, json!(null)),
        (choice(json!([]), None), 2, json!(null)),
        (choice(json!([set("y", json!(1))]), Some(block(json!("no")))), 1, json!({ "x": "no" })),
        (choice(json!({ "steps": [], "output": 7 }), None), 2, json!(7)),
    ];
    for (condition, n, expected) in cases {
        assert_eq!(value_of(condition.clone(), json!({ "n": n })), expected, "{condition} of {n}");
    }
}

#[test]
fn value_switch_first_is_the_first_case_that_holds() {
    let case = |id: &str, when: &str| json!({ "id": id, "when": when, "steps": [set(&format!("s_{id}"), json!(id))], "output": format!("${{ steps.s_{id} }}") });
    let cases = json!([case("low", "${ input.n < 10 }"), case("mid", "${ input.n < 20 }")]);
    let with = json!({ "switch": { "cases": cases, "default": { "steps": [], "output": "high" } } });
    let without = json!({ "switch": { "cases": cases } });
    for (condition, n, expected) in [
        (&with, 5, json!("low")),
        (&with, 15, json!("mid")),
        (&with, 25, json!("high")),
        (&without, 25, json!(null)),
    ] {
        assert_eq!(value_of(condition.clone(), json!({ "n": n })), expected, "{n}");
    }
}

#[test]
fn paths_name_the_branch_that_ran() {
    let steps = json!([
        { "id": "check", "condition": { "if": true, "then": [
            { "id": "pick", "condition": { "switch": { "cases": [
                { "id": "one", "when": "${ input.n == 1 }", "steps": [{ "id": "deep", "action": { "use": "x.once" } }] }
            ], "default": [{ "id": "other", "action": { "use": "x.once" } }] } } }
        ] } }
    ]);
    let mut run = Driver::start(document(steps.clone()), json!({ "n": 1 }));
    assert_eq!(run.open_calls(), ["check/then/pick/one/deep"]);
    run.done("check/then/pick/one/deep", json!(null));
    assert_eq!(
        run.settled(),
        [
            ("check/then/pick/one/deep", Settled::Done),
            ("check/then/pick", Settled::Done),
            ("check", Settled::Done)
        ],
        "steps of branches that did not run are not listed"
    );
    let run = Driver::start(document(steps), json!({ "n": 2 }));
    assert_eq!(run.open_calls(), ["check/then/pick/default/other"]);
}

#[test]
fn scope_block_steps_inside_are_absent_outside_when_their_branch_did_not_run() {
    let mut document = document(json!([
        { "id": "c", "condition": { "if": "${ input.go }", "then": [set("inner", json!(5))] } }
    ]));
    document["output"] = json!({ "has": "${ has(steps.inner) }", "or": "${ steps.?inner.orValue(0) }" });
    for (go, expected) in [(true, json!({ "has": true, "or": 5 })), (false, json!({ "has": false, "or": 0 }))]
    {
        assert_eq!(Driver::start(document.clone(), json!({ "go": go })).output(), expected);
    }
}

#[test]
fn blocks_nest_and_their_steps_wait_only_inside() {
    let steps = json!([
        { "id": "c", "condition": { "if": true, "then": [
            { "id": "a", "action": { "use": "x.keyed" } },
            { "id": "b", "action": { "use": "x.keyed" } }
        ] } },
        { "id": "side", "after": [], "action": { "use": "x.keyed" } },
        { "id": "last", "action": { "use": "x.keyed" } }
    ]);
    let mut run = Driver::start(document(steps), json!({}));
    assert_eq!(run.open_calls(), ["c/then/a", "side"]);
    run.done("c/then/a", json!(1));
    run.done("side", json!(1));
    assert_eq!(run.open_calls(), ["c/then/b"]);
    run.done("c/then/b", json!(1));
    assert_eq!(run.open_calls(), ["last"]);
}
