//! Counterexamples that the proof (`benches`) found, each the smallest document that shows it.

use flov7::catalog::{ActionDescriptor, Catalog};
use flov7::execute::{DryRun, DryRunOutcome, Mocks};
use flov7::json::Document;
use flov7::machine::{FailureClass, Status};
use flov7::validate::{ValidWorkflow, validate_document};
use serde_json::{Value, json};

fn catalog(input: Value) -> Catalog {
    let action = ActionDescriptor::new("x.take", "Take it", input, json!(true));
    Catalog::new().with_action(action)
}

/// The workflow, which is accepted.
#[track_caller]
fn accepted(document: Value, catalog: &Catalog) -> ValidWorkflow {
    let document = Document { value: document, spans: Default::default() };
    let (report, valid) = validate_document(&document, catalog);
    valid.unwrap_or_else(|| panic!("{:#?}", report.findings()))
}

fn document(input: Value, steps: Value) -> Value {
    json!({ "flov7": 1, "name": "found", "input": input, "steps": steps, "output": "${ steps.x }" })
}

/// A document whose step `x` gives `with` to an action that takes `wanted` as its `p`.
fn link(input: Value, with: &str, wanted: Value) -> (Value, Catalog) {
    let takes = json!({ "type": "object", "properties": { "p": wanted }, "required": ["p"] });
    let step = json!({ "id": "x", "action": { "use": "x.take", "with": { "p": with } } });
    (document(input, json!([step])), catalog(takes))
}

fn object(properties: Value) -> Value {
    let required: Vec<String> = properties.as_object().unwrap().keys().cloned().collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn run(document: Value, input: Value, mocks: Value) -> DryRunOutcome {
    let workflow = accepted(document, &Catalog::new());
    DryRun::new(&workflow, input).with_mocks(Mocks::read(&mocks).unwrap()).run().unwrap()
}

/// Whether the run holds the argument of `x` against its schema.
fn is_checked(workflow: &ValidWorkflow) -> bool {
    kinds(workflow).contains(&("contract.link", "/steps/0/action/with"))
}

fn kinds(workflow: &ValidWorkflow) -> Vec<(&str, &str)> {
    workflow.residuals().iter().map(|one| (one.kind.as_str(), one.pointer.as_str())).collect()
}

#[test]
fn scope_block_index_counts_the_rounds_of_a_loop() {
    let round =
        json!({ "state": 0, "while": "${ index < 4 }", "max": 9, "steps": [], "next": "${ state + index }" });
    let outcome = run(
        document(object(json!({})), json!([{ "id": "x", "condition": { "loop": round } }])),
        json!({}),
        json!({}),
    );
    assert_eq!((outcome.view.status, outcome.view.output), (Status::Completed, json!(6)));
}

#[test]
fn order_when_what_a_step_of_a_round_promises_holds_for_the_next_state() {
    let input = json!({ "type": "object", "properties": { "n": { "type": "integer" } } });
    let fail = json!({ "id": "no", "action": { "use": "core.fail", "with": { "code": "none", "message": "no n" } } });
    let guard = json!({ "id": "guard", "condition": { "if": "${ !has(input.n) }", "then": [fail] } });
    let round = json!({ "state": 0, "while": true, "max": 2, "at_max": "stop", "steps": [guard], "next": "${ state + input.n }" });
    let outcome = run(
        document(input, json!([{ "id": "x", "condition": { "loop": round } }])),
        json!({ "n": 3 }),
        json!({}),
    );
    assert_eq!(outcome.view.output, json!(6));
}

#[test]
fn fail_residual_an_expect_on_a_signal_is_listed() {
    let mut document = document(
        object(json!({})),
        json!([{ "id": "x", "action": { "use": "core.wait_for", "with": { "signal": "paid" }, "expect": { "minimum": 1 } } }]),
    );
    document["signals"] = json!({ "paid": { "type": "integer" } });
    let workflow = accepted(document.clone(), &Catalog::new());
    assert_eq!(kinds(&workflow), [("contract.signal", "/steps/0/action")]);
    let failed = run(document.clone(), json!({}), json!({ "x": { "output": 0 } })).view.error.unwrap();
    assert_eq!((failed.code.as_str(), failed.class), ("contract.signal", FailureClass::Contract));
    // What the sender is held to anyway is nothing that can fail.
    document["steps"][0]["action"]["expect"] = json!({ "type": "number" });
    assert_eq!(kinds(&accepted(document, &Catalog::new())), []);
}

#[test]
fn fail_on_error_a_value_in_place_of_a_signal_is_held_against_its_schema() {
    let rule =
        json!({ "then": "continue", "value": "${ [error.code].filter(c, c == \"timeout\").map(c, c) }" });
    let mut document = document(
        object(json!({})),
        json!([{ "id": "x", "timeout": "1s", "on_error": [rule],
            "action": { "use": "core.wait_for", "with": { "signal": "paid" } } }]),
    );
    document["signals"] =
        json!({ "paid": { "type": "array", "items": { "type": "string" }, "minItems": 2 } });
    let workflow = accepted(document.clone(), &Catalog::new());
    assert_eq!(kinds(&workflow), [("contract.link", "/steps/0/on_error/0/value")]);
    let failed = run(document, json!({}), json!({ "x": { "hang": true } })).view.error.unwrap();
    assert_eq!(failed.code, "contract.link");
}

#[test]
fn types_assign_a_union_that_says_more_than_both_makes_no_witness() {
    let range = |min: i64, max: i64| json!({ "type": "integer", "minimum": min, "maximum": max });
    let input = object(json!({ "b": { "type": "boolean" }, "low": range(0, 1), "high": range(5, 6),
        "some": { "type": "array", "items": range(0, 1) }, "tuple": { "type": "array", "prefixItems": [range(0, 1), range(5, 6)], "items": false } }));
    let wanted = json!({ "anyOf": [range(0, 1), range(5, 6)] });
    for with in ["${ input.b ? input.low : input.high }", "${ [input.low, input.high][input.low] }"] {
        let (document, catalog) = link(input.clone(), with, wanted.clone());
        assert!(is_checked(&accepted(document, &catalog)), "{with}");
    }
    // Of different kinds, or one of a few, the union is exact: what does not fit is refused.
    for with in ["${ input.b ? input.low : \"a\" }", "${ input.b ? \"b\" : \"c\" }"] {
        let (document, catalog) = link(input.clone(), with, wanted.clone());
        let document = Document { value: document, spans: Default::default() };
        assert!(!validate_document(&document, &catalog).0.is_valid(), "{with}");
    }
}

#[test]
fn types_assign_the_end_of_a_tuple_is_a_limit_and_no_shape() {
    let text = json!({ "type": "string" });
    let input = object(json!({ "list": { "type": "array", "items": text } }));
    let tuple = json!({ "type": "array", "prefixItems": [text, text], "items": false });
    let (document, catalog) = link(input.clone(), "${ input.list.map(t, t.trim()) }", tuple);
    assert!(is_checked(&accepted(document, &catalog)));
    let mixed = json!({ "type": "array", "prefixItems": [text, { "type": "number" }], "items": false });
    let (document, catalog) = link(input, "${ input.list.map(t, t.trim()) }", mixed);
    let document = Document { value: document, spans: Default::default() };
    assert!(!validate_document(&document, &catalog).0.is_valid(), "a text is no number");
}

#[test]
fn types_assign_a_time_as_text_is_one_of_few() {
    let (document, catalog) =
        link(object(json!({})), "${ now }", json!({ "type": "string", "pattern": "^2" }));
    assert_eq!(kinds(&accepted(document, &catalog)), [("contract.link", "/steps/0/action/with")]);
}

#[test]
fn types_read_nothing_is_made_of_the_items_of_an_empty_list() {
    let steps = json!([{ "id": "x", "data": { "set": "${ size([].map(v, v)) }" } }]);
    let outcome = run(document(object(json!({})), steps), json!({}), json!({}));
    assert_eq!(outcome.view.output, json!(0));
}

#[test]
fn fail_on_error_a_value_in_place_of_a_called_workflow_is_of_its_type() {
    let callee = json!({ "flov7": 1, "name": "one", "steps": [{ "id": "a", "data": { "set": 1 } }], "output": "${ steps.a }" });
    let catalog = Catalog::new().with_workflow(serde_json::from_value(callee).unwrap());
    let with = |value: &str| {
        let call = json!({ "use": "core.call", "with": { "workflow": "one" } });
        let rule = json!({ "then": "continue", "value": value });
        let steps = json!([{ "id": "c", "action": call, "on_error": [rule] }, { "id": "x", "data": { "set": "${ steps.c + 1 }" } }]);
        let document = Document { value: document(object(json!({})), steps), spans: Default::default() };
        let (report, _) = validate_document(&document, &catalog);
        report.findings().iter().map(|found| format!("{} {}", found.code, found.pointer)).collect::<Vec<_>>()
    };
    assert_eq!(with("none"), ["not-assignable /steps/0/on_error/0/value"]);
    assert_eq!(with("${ size(error.code) }"), [] as [&str; 0]);
}

#[test]
fn value_of_a_step_lives_while_the_rules_around_it_may_read_it() {
    let inner =
        json!([{ "id": "n", "data": { "set": 20 } }, { "id": "m", "data": { "set": "${ steps.n + 1 }" } }]);
    let rule = json!({ "then": "continue", "value": "${ steps.?n.orValue(0) }" });
    let holder = json!({ "id": "x", "on_error": [rule],
        "condition": { "if": "${ now > timestamp(0) }", "then": { "steps": inner, "output": "${ steps.m }" }, "else": { "steps": [], "output": "${ 0 + 0 }" } } });
    let outcome = run(document(object(json!({})), json!([holder])), json!({}), json!({}));
    assert_eq!((outcome.view.status, outcome.view.output), (Status::Completed, json!(21)));
}
