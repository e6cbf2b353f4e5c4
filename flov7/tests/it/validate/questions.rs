//! Conditions and expressions: marks, sizes, answers that never change, steps that never run.

use serde_json::{Value, json};

use super::support::{check, report, steps};

fn with_input(steps: Value) -> Value {
    json!({ "flov7": 1, "name": "x", "steps": steps, "input": { "type": "object", "required": ["n", "flag", "text"],
        "additionalProperties": false, "properties": { "n": { "type": "integer" }, "flag": { "type": "boolean" },
            "text": { "type": "string" }, "kind": { "enum": ["a", "b"] }, "maybe": { "type": ["boolean", "null"] } } } })
}

fn set(value: Value) -> Value {
    json!({ "id": "a", "data": { "set": value } })
}

fn asks(question: Value) -> Value {
    with_input(json!([{ "id": "c", "condition": { "if": question, "then": [set(json!(1))] } }]))
}

#[test]
fn a_question_is_answered_with_true_or_false() {
    check(asks(json!("${ input.flag }")), &[]);
    check(asks(json!("${ input.n }")), &["wrong-type /steps/0/condition/if"]);
    check(asks(json!("${ input.text }")), &["wrong-type /steps/0/condition/if"]);
    check(asks(json!("${ input.n > 1 && input.text.startsWith('a') }")), &[]);
    check(asks(json!("input.flag")), &["expression-marks /steps/0/condition/if"]);
    check(asks(json!("${ input.flag } ")), &["expression-marks /steps/0/condition/if"]);
    check(asks(json!("${ input.flag } ${ input.flag }")), &["expression-marks /steps/0/condition/if"]);
    check(asks(json!("${ input.flag && }")), &["expression-syntax /steps/0/condition/if"]);
    check(asks(json!("${ input.?maybe.orValue(true) }")), &["maybe-null /steps/0/condition/if"]);
    check(asks(json!("${ input.?maybe }")), &["maybe-absent /steps/0/condition/if"]);
    // What is always empty stays so, however far the path goes.
    for path in ["input.?nope.more", "input.?nope[0]", "input.?nope[?'a'].b"] {
        check(
            asks(json!(format!("${{ {path} }}"))),
            &["no-such-member /steps/0/condition/if", "maybe-absent /steps/0/condition/if"],
        );
        check(
            asks(json!(format!("${{ {path}.orValue(true) }}"))),
            &["constant-condition /steps/0/condition/if", "no-such-member /steps/0/condition/if"],
        );
    }
}

#[test]
fn expressions_are_read_wherever_they_stand() {
    check(
        with_input(json!([set(json!({ "a": ["${ 1 + }", "x ${ input.nope } y"] }))])),
        &["expression-syntax /steps/0/data/set/a/0", "no-such-member /steps/0/data/set/a/1"],
    );
    check(with_input(json!([set(json!("${ nothing(1) }"))])), &["unknown-function /steps/0/data/set"]);
    check(with_input(json!([set(json!("${ size() }"))])), &["wrong-arguments /steps/0/data/set"]);
    check(
        with_input(json!([set(json!("${ input.text.matches('[') }"))])),
        &["bad-pattern /steps/0/data/set"],
    );
    check(with_input(json!([set(json!("${ input?.text }"))])), &["optional-syntax /steps/0/data/set"]);
    check(with_input(json!([set(json!("${ input.text + 1 }"))])), &["wrong-type /steps/0/data/set"]);
    check(with_input(json!([set(json!("list: ${ [1] }"))])), &["not-text /steps/0/data/set"]);
    check(
        with_input(json!([set(json!("${ now.getHours('Europe/Berlin') }"))])),
        &["zone-name /steps/0/data/set"],
    );
    check(with_input(json!([set(json!("$${ not one }"))])), &[]);
    check(with_input(json!([set(json!("${ inptu.n }"))])), &["unknown-root /steps/0/data/set"]);
    check(with_input(json!([set(json!("${ input.?kind }"))])), &["maybe-absent /steps/0/data/set"]);
}

#[test]
fn places_inside_expressions_are_told() {
    let (found, _) = report(&with_input(json!([set(json!("sum: ${ input.n + input.nn }"))])));
    let finding = &found.findings()[0];
    let [start, end] = finding.expr_span.unwrap();
    assert!("sum: ${ input.n + input.nn }"[start..end].ends_with("nn"), "{start}..{end}");
}

#[test]
fn one_fault_is_told_once() {
    // The step that reads a broken one says nothing, and neither does whoever reads that.
    check(
        with_input(json!([
            { "id": "a", "data": { "set": "${ input.nope }" } },
            { "id": "b", "data": { "set": "${ steps.a.x + 1 }" } },
            { "id": "c", "action": { "use": "crm.invoice", "with": { "amount": "${ steps.b }" } } },
            { "id": "d", "action": { "use": "crm.unknown", "with": { "amount": "${ steps.b }" } } },
            { "id": "e", "data": { "set": "${ steps.d.x.y.z }" } },
        ])),
        &["no-such-member /steps/0/data/set", "unknown-action /steps/3/action/use"],
    );
    // The same name twice in one expression is one finding for each place.
    let (found, _) = report(&with_input(json!([set(json!("${ nope + nope }"))])));
    assert_eq!(found.findings().len(), 2);
}

#[test]
fn answers_that_never_change_are_warned_of() {
    check(asks(json!("${ 2 > 1 }")), &["constant-condition /steps/0/condition/if"]);
    check(
        asks(json!("${ 1 > 2 }")),
        &["constant-condition /steps/0/condition/if", "unreachable-step /steps/0/condition/then/0"],
    );
    check(asks(json!(true)), &["constant-condition /steps/0/condition/if"]);
    check(
        with_input(json!([{ "id": "a", "when": false, "data": { "set": 1 } }])),
        &["constant-condition /steps/0/when"],
    );
    check(
        with_input(json!([{ "id": "c", "condition": { "switch": { "cases": [
            { "id": "one", "when": "${ input.flag }", "steps": [] }, { "id": "rest", "when": true, "steps": [] }] } } }])),
        &[],
    );
    let (found, valid) = report(&asks(json!("${ 1 > 2 }")));
    assert_eq!(found.findings()[1].cause, Some(0));
    assert_eq!(valid.unwrap().remarks().len(), 2);
}

#[test]
fn steps_behind_a_certain_failure_never_run() {
    let stop =
        json!({ "id": "stop", "action": { "use": "core.fail", "with": { "code": "no", "message": "m" } } });
    let other = |id: &str| json!({ "id": id, "data": { "set": 1 } });
    check(with_input(json!([stop, other("b"), other("c")])), &["unreachable-step /steps/1"]);
    check(with_input(json!([other("b"), stop])), &[]);
    // Who does not wait for it runs beside it.
    check(with_input(json!([stop, { "id": "b", "after": [], "data": { "set": 1 } }])), &[]);
    let mut caught = stop.clone();
    caught["on_error"] = json!([{ "codes": ["no"], "then": "continue" }]);
    check(with_input(json!([caught, other("b")])), &[]);
    let mut asked = stop.clone();
    asked["when"] = json!("${ input.flag }");
    check(with_input(json!([asked, other("b")])), &[]);
    let both = json!({ "id": "c", "condition": { "if": "${ input.flag }", "then": [stop], "else": [
        { "id": "stop_too", "action": { "use": "core.fail", "with": { "code": "no", "message": "m" } } }] } });
    check(with_input(json!([both, other("b")])), &["unreachable-step /steps/1"]);
}

#[test]
fn all_expressions_together_have_a_size() {
    // 300 expressions of four kilobytes each are more than a megabyte.
    let long = format!("${{ '{}' }}", "x".repeat(4_000));
    let all: Vec<Value> =
        (0..300).map(|i| json!({ "id": format!("s{i}"), "data": { "set": long } })).collect();
    let (found, _) = report(&steps(json!(all)));
    let sizes: Vec<_> =
        found.findings().iter().filter(|finding| finding.code.name() == "expression-size").collect();
    assert_eq!(sizes.len(), 1);
}

#[test]
fn ten_thousand_steps_are_no_trouble() {
    let all: Vec<Value> = (0..10_000)
        .map(|i| match i {
            0 => json!({ "id": "s0", "data": { "set": "${ input.n }" } }),
            i if i % 3 == 0 => json!({ "id": format!("s{i}"), "after": [format!("s{}", i - 1)], "data": { "set": format!("${{ steps.s{} }}", i - 1) } }),
            i => json!({ "id": format!("s{i}"), "when": "${ input.flag }", "data": { "set": format!("${{ steps.?s{}.orValue(0) }}", i - 1) } }),
        })
        .collect();
    let (found, _) = report(&with_input(json!(all)));
    assert!(
        found.findings().iter().all(|finding| finding.code.name() == "maybe-absent"),
        "{:?}",
        found.findings().first()
    );
}
