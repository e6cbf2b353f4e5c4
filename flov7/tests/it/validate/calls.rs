//! Calls of other workflows and emitted events: what is found, and what types flow (RULES, call).

use flov7::catalog::Catalog;
use flov7::finding::{Report, Severity};
use flov7::validate::{ValidWorkflow, changed_callees, validate};
use flov7::workflow::Workflow;
use serde_json::{Value, json};

use super::support::catalog;

fn read(document: &Value) -> Workflow {
    let mut document = document.clone();
    document["flov7"] = json!(1);
    serde_json::from_value(document).unwrap()
}

fn library(documents: &[Value]) -> Catalog {
    documents.iter().fold(catalog(), |catalog, document| catalog.with_workflow(read(document)))
}

fn examine(document: &Value, others: &[Value]) -> Result<ValidWorkflow, Report> {
    validate(&read(document), &library(others))
}

/// What is found, as `code pointer`.
#[track_caller]
fn check(document: Value, others: &[Value], expected: &[&str]) {
    let findings = match examine(&document, others) {
        Ok(valid) => valid.remarks().to_vec(),
        Err(report) => report.findings().to_vec(),
    };
    let found: Vec<String> =
        findings.iter().map(|one| format!("{} {}", one.code.name(), one.pointer)).collect();
    assert_eq!(found, expected, "{findings:#?}");
}

fn callee() -> Value {
    json!({ "name": "callee",
        "types": { "order": { "type": "object", "properties": { "n": { "type": "integer", "minimum": 0 } }, "required": ["n"] } },
        "input": { "$ref": "#/types/order" },
        "steps": [{ "id": "twice", "data": { "set": "${ input.n * 2 }" } }],
        "output": { "twice": "${ steps.twice }", "word": "w" } })
}

fn call(with: Value, output: Value) -> Value {
    json!({ "name": "caller", "input": { "type": "object", "properties": { "n": { "type": "integer" }, "x": true }, "required": ["n"] },
        "steps": [{ "id": "down", "action": { "use": "core.call", "with": with } }], "output": output })
}

#[test]
fn call_types_the_input_by_the_callees_schema() {
    let with = |input: Value| json!({ "workflow": "callee", "input": input });
    let place = "/steps/0/action/with/input";
    for (given, found) in [
        (with(json!({ "n": 3 })), vec![]),
        (with(json!({ "n": "three" })), vec![format!("not-assignable {place}/n")]),
        (with(json!({ "n": -1 })), vec![format!("not-assignable {place}/n")]),
        (with(json!({})), vec![format!("missing-argument {place}")]),
        (json!({ "workflow": "callee" }), vec![format!("missing-argument {place}")]),
    ] {
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        check(call(given, json!(null)), &[callee()], &found);
    }
    // Without a schema a callee takes nothing.
    let plain = json!({ "name": "callee", "steps": [{ "id": "a", "data": { "set": 1 } }] });
    check(call(json!({ "workflow": "callee" }), json!(null)), std::slice::from_ref(&plain), &[]);
    check(call(with(json!({ "n": 1 })), json!(null)), &[plain], &[&format!("unknown-argument {place}/n")]);
}

#[test]
fn call_lists_what_only_the_run_can_tell() {
    let document = call(json!({ "workflow": "callee", "input": { "n": "${ input.n }" } }), json!(null));
    let narrow = json!({ "name": "callee", "input": { "type": "object", "properties": { "n": { "enum": [1, 2] } }, "required": ["n"] },
        "steps": [{ "id": "div", "data": { "set": "${ 1 / (input.n - 1) }" } }] });
    // Whether -1 may come is decided by a witness; whether an untyped value fits is not.
    check(document, std::slice::from_ref(&narrow), &["not-assignable /steps/0/action/with/input/n"]);
    // Two patterns that say the same, which nobody can prove.
    let text = |pattern: &str| json!({ "type": "object", "properties": { "n": { "type": "string", "pattern": pattern } }, "required": ["n"] });
    let named = json!({ "name": "callee", "input": text("^a+$"),
        "steps": [{ "id": "div", "data": { "set": "${ 1 / (size(input.n) - 1) }" } }] });
    let mut open = call(json!({ "workflow": "callee", "input": { "n": "${ input.n }" } }), json!(null));
    open["input"] = text("^(a)+$");
    let valid = examine(&open, &[named]).unwrap_or_else(|report| panic!("{}", report.to_json()));
    let residuals: Vec<String> =
        valid.residuals().iter().map(|one| format!("{} {}", one.kind.as_str(), one.pointer)).collect();
    assert!(residuals.contains(&"contract.link /steps/0/action/with/input".to_owned()), "{residuals:?}");
    assert!(residuals.contains(&"data.division /steps/0/action".to_owned()), "{residuals:?}");
    assert!(valid.bundle().checks.contains("/steps/0/action/with/input"));
}

#[test]
fn call_has_the_type_of_the_callees_output() {
    let with = json!({ "workflow": "callee", "input": { "n": 3 } });
    check(call(with.clone(), json!("${ steps.down.twice + 1 }")), &[callee()], &[]);
    check(call(with.clone(), json!("${ steps.down.thrice }")), &[callee()], &["no-such-member /output"]);
    check(call(with.clone(), json!("${ steps.down.word + 1 }")), &[callee()], &["wrong-type /output"]);
    // A false filter completes with null.
    let mut filtered = callee();
    filtered["steps"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "id": "big", "condition": { "filter": "${ input.n > 5 }" } }));
    check(call(with.clone(), json!("${ steps.down.twice + 1 }")), &[filtered], &["maybe-null /output"]);
    // One that always fails never gives anything.
    let mut failing = callee();
    failing["steps"] =
        json!([{ "id": "no", "action": { "use": "core.fail", "with": { "code": "no", "message": "no" } } }]);
    failing["output"] = json!(null);
    let mut document = call(with, json!(null));
    document["steps"].as_array_mut().unwrap().push(json!({ "id": "after", "data": { "set": 1 } }));
    check(document, &[failing], &["unreachable-step /steps/1"]);
}

#[test]
fn call_of_itself_is_untyped_unless_expected() {
    let own = |expect: Option<Value>| {
        let mut action = json!({ "use": "core.call", "with": { "workflow": "own", "input": { "n": 1 } } });
        if let Some(expect) = expect {
            action["expect"] = expect;
        }
        json!({ "name": "own", "input": { "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] },
            "steps": [{ "id": "down", "action": action }], "output": "${ steps.down.n }" })
    };
    check(own(None), &[], &["untyped-read /output"]);
    let expect = json!({ "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] });
    check(own(Some(expect)), &[], &[]);
}

#[test]
fn call_finds_what_cannot_be_called() {
    let place = "/steps/0/action/with";
    let calls = |with: Value| call(with, json!(null));
    check(
        calls(json!({ "workflow": "cale" })),
        &[callee()],
        &[&format!("unknown-workflow {place}/workflow")],
    );
    check(
        calls(json!({ "workflow": "${ string(input.n) }" })),
        &[callee()],
        &[&format!("wrong-kind {place}/workflow")],
    );
    check(calls(json!("${ {'workflow': 'callee'} }")), &[callee()], &[&format!("wrong-kind {place}")]);
    check(calls(json!({ "workflow": 3 })), &[callee()], &[&format!("wrong-kind {place}/workflow")]);
    let broken = json!({ "name": "callee", "steps": [{ "id": "a", "data": { "set": "${ steps.b }" } }] });
    check(
        calls(json!({ "workflow": "callee" })),
        &[broken],
        &[&format!("unsound-workflow {place}/workflow")],
    );
    // One that calls something unsound is unsound itself.
    let middle = json!({ "name": "callee", "steps": [{ "id": "a", "action": { "use": "core.call", "with": { "workflow": "nobody" } } }] });
    check(
        calls(json!({ "workflow": "callee" })),
        &[middle],
        &[&format!("unsound-workflow {place}/workflow")],
    );
}

#[test]
fn call_of_more_than_sixty_four_workflows_is_refused() {
    let chain = |count: usize| -> Vec<Value> {
        (0..count)
            .map(|n| {
                let steps = match n + 1 < count {
                    true => json!([{ "id": "next", "action": { "use": "core.call", "with": { "workflow": format!("w{}", n + 1) } } }]),
                    false => json!([{ "id": "end", "data": { "set": 1 } }]),
                };
                json!({ "name": format!("w{n}"), "steps": steps })
            })
            .collect()
    };
    let first = call(json!({ "workflow": "w0" }), json!(null));
    check(first.clone(), &chain(64), &[]);
    check(first, &chain(65), &["unsound-workflow /steps/0/action/with/workflow"]);
}

#[test]
fn call_a_newer_callee_is_a_finding_at_the_next_save() {
    let deep = |n: u32| json!({ "name": "deep", "steps": [{ "id": "a", "data": { "set": n } }] });
    let middle = json!({ "name": "middle", "steps": [{ "id": "b", "action": { "use": "core.call", "with": { "workflow": "deep" } } }] });
    let top = |more: bool| {
        let mut steps =
            vec![json!({ "id": "m", "action": { "use": "core.call", "with": { "workflow": "middle" } } })];
        steps.extend(
            more.then(
                || json!({ "id": "d", "action": { "use": "core.call", "with": { "workflow": "deep" } } }),
            ),
        );
        json!({ "name": "top", "steps": steps })
    };
    let saved = |more, n| {
        examine(&top(more), &[middle.clone(), deep(n)])
            .unwrap_or_else(|report| panic!("{}", report.to_json()))
    };
    let before = saved(false, 1);
    let found = |now: &ValidWorkflow| -> Vec<String> {
        let findings = changed_callees(now, before.bundle());
        assert!(
            findings.iter().all(|one| one.code.name() == "callee-changed" && one.severity == Severity::Hint)
        );
        findings.into_iter().map(|one| one.message).collect()
    };
    assert_eq!(found(&saved(false, 1)), [""; 0]);
    assert_eq!(found(&saved(true, 1)), [""; 0], "a call of what was there before is no change of it");
    let messages = found(&saved(false, 2));
    assert_eq!(messages.len(), 1, "what it calls in turn has changed");
    assert!(messages[0].contains("`middle`"), "{messages:?}");
    // The execution's bundle stays what it was.
    assert_ne!(saved(false, 2).digest(), before.digest());
}

#[test]
fn call_codes_are_those_of_everything_below() {
    let rule = |code: &str| {
        let mut document = call(json!({ "workflow": "callee", "input": { "n": 1 } }), json!(null));
        document["steps"][0]["on_error"] = json!([{ "codes": [code], "then": "continue" }]);
        document
    };
    let deep = json!({ "name": "deep", "steps": [{ "id": "i", "action": { "use": "crm.invoice", "with": { "amount": 1 } } }] });
    let mut middle = callee();
    middle["steps"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "id": "d", "action": { "use": "core.call", "with": { "workflow": "deep" } } }));
    for code in ["crm.conflict", "child_cancelled", "limit.time", "limit.depth", "timeout"] {
        check(rule(code), &[middle.clone(), deep.clone()], &[]);
    }
    check(rule("crm.nothing"), &[middle, deep], &["unknown-code /steps/0/on_error/0/codes/0"]);
    // What ends the execution itself stays uncatchable where nothing is called.
    let document = json!({ "name": "x", "steps": [{ "id": "a", "data": { "set": 1 },
        "on_error": [{ "codes": ["limit.time"], "then": "continue" }] }] });
    check(document, &[], &["uncatchable /steps/0/on_error/0/codes/0"]);
}

#[test]
fn call_emit_checks_the_payload_by_the_catalogues_event() {
    let emit = |with: Value| {
        json!({ "name": "x", "input": { "type": "object", "properties": { "total": { "type": ["number", "string"] } }, "required": ["total"] },
            "steps": [{ "id": "tell", "action": { "use": "core.emit", "with": with } }] })
    };
    let place = "/steps/0/action/with";
    let received = |payload: Value| emit(json!({ "event": "order.received", "payload": payload }));
    check(received(json!({ "total": 3 })), &[], &[]);
    check(received(json!({ "total": "three" })), &[], &[&format!("not-assignable {place}/payload/total")]);
    check(received(json!({})), &[], &[&format!("not-assignable {place}/payload")]);
    check(emit(json!({ "event": "order.received" })), &[], &[&format!("not-assignable {place}/payload")]);
    // One that the catalogue does not know is a warning, and goes out.
    check(emit(json!({ "event": "order.recieved" })), &[], &[&format!("unknown-event {place}/event")]);
    for bad in [json!({ "event": "" }), json!({ "event": "x".repeat(129) }), json!({ "event": "a\nb" })] {
        check(emit(bad), &[], &[&format!("bad-id {place}/event")]);
    }
    check(emit(json!({ "event": "${ input.total }" })), &[], &[&format!("wrong-kind {place}/event")]);
    let document = received(json!({ "total": "${ input.total }" }));
    check(document, &[], &[&format!("not-assignable {place}/payload/total")]);
}

#[test]
fn call_emit_of_an_undo_is_looked_at_too() {
    let undo = |with: Value| {
        json!({ "name": "x", "steps": [{ "id": "i", "action": { "use": "crm.invoice", "with": { "amount": 1 } },
            "undo": { "use": "core.emit", "with": with } }] })
    };
    check(undo(json!({ "event": "order.received", "payload": { "total": 1 } })), &[], &[]);
    check(
        undo(json!({ "event": "order.received", "payload": 1 })),
        &[],
        &["not-assignable /steps/0/undo/with/payload"],
    );
    check(undo(json!({ "event": "order.recieved" })), &[], &["unknown-event /steps/0/undo/with/event"]);
}
