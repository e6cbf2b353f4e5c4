//! What fails, what handles it, and what the others do meanwhile.

use flov7::machine::{CallErrorKind, FailureClass, Settled};
use serde_json::{Value, json};

use super::support::{Driver, document, step};

#[test]
fn fail_block_starts_nothing_more_cancels_what_runs_and_fails_with_the_first() {
    let mut c = step("c", "x.keyed");
    c["after"] = json!(["a"]);
    let steps = json!([step("a", "x.keyed"), parallel("b", "x.keyed"), c, parallel("w", "x.once")]);
    let mut run = Driver::start(document(steps), json!({}));
    assert_eq!(run.open_calls(), ["a", "b", "w"]);
    run.fail("b", "x.first", CallErrorKind::Failed);
    assert_eq!(run.cancelled, [("a".to_owned(), 1), ("w".to_owned(), 1)]);
    // A result within the grace settles it done; nothing new starts.
    run.done("a", json!(1));
    run.fail("w", "x.second", CallErrorKind::Failed);
    assert_eq!(run.settled(), [("b", Settled::Failed), ("a", Settled::Done), ("w", Settled::Cancelled)]);
    run.ended("failed");
    let error = run.error();
    assert_eq!((error.code.as_str(), error.step.as_deref()), ("x.first", Some("b")));
    assert_eq!(
        run.trace(),
        [
            "started",
            "call a 1",
            "call b 1",
            "call w 1",
            "done b 1 x.first",
            "done a 1 ok",
            "done w 1 x.second",
            "ended failed"
        ]
    );
}

#[test]
fn fail_class_an_empty_segment_is_a_contract_failure_of_its_step() {
    let mut fetch = step("fetch", "x.path");
    fetch["action"]["with"] = json!({ "path": "/orders/${ input.id }" });
    let start = |fetch: &Value, id: &str| {
        let mut document = document(json!([fetch]));
        document["input"] = json!({ "type": "object", "properties": { "id": { "type": "string" } },
            "required": ["id"] });
        Driver::start(document, json!({ "id": id }))
    };
    assert_eq!(start(&fetch, "7").open_calls(), ["fetch"]);
    let run = start(&fetch, "");
    run.ended("failed");
    let error = run.error();
    assert_eq!(
        (error.code.as_str(), error.class, error.step.as_deref()),
        ("contract.input", FailureClass::Contract, Some("fetch"))
    );
    fetch["on_error"] = json!([{ "codes": ["contract.input"], "then": "continue", "value": null }]);
    let run = start(&fetch, "");
    run.ended("completed");
    assert_eq!(run.settled(), [("fetch", Settled::Failed)]);
}

fn parallel(id: &str, action: &str) -> Value {
    let mut step = step(id, action);
    step["after"] = json!([]);
    step
}

#[test]
fn fail_block_the_others_go_to_also_in_journal_order() {
    let steps = json!([
        step("a", "x.keyed"),
        { "id": "i", "after": [], "condition": { "if": true, "then": [step("p", "x.keyed"), parallel("q", "x.keyed")] } }
    ]);
    let mut run = Driver::start(document(steps), json!({}));
    let (p, q) = (
        run.error_of("i/then/p", "x.p", CallErrorKind::Failed),
        run.error_of("i/then/q", "x.q", CallErrorKind::Failed),
    );
    // Both in one turn: the journal has them in the order in which they were scheduled.
    run.handle(vec![q, p]);
    run.fail("a", "x.late", CallErrorKind::Failed);
    run.ended("failed");
    let error = run.error();
    assert_eq!(error.code, "x.p");
    assert!(error.also.is_empty(), "q was told to stop by then: its failure settles it cancelled");
    assert_eq!(
        run.settled(),
        [
            ("i/then/p", Settled::Failed),
            ("i/then/q", Settled::Cancelled),
            ("i", Settled::Failed),
            ("a", Settled::Cancelled)
        ]
    );
}

#[test]
fn fail_on_error_first_match_wins() {
    let handlers = json!([
        { "codes": ["http.404"], "then": "continue", "value": "missing" },
        { "codes": ["http.*"], "then": "continue", "value": { "code": "${ error.code }", "by": "${ error.step }" } },
        { "codes": ["x.fatal"], "then": "fail" },
        { "then": "continue", "value": "any" }
    ]);
    for (code, expected) in [
        ("http.404", Some(json!("missing"))),
        ("http.500", Some(json!({ "code": "http.500", "by": "a" }))),
        ("httpx", Some(json!("any"))),
        ("x.fatal", None),
    ] {
        let mut a = step("a", "x.once");
        a["on_error"] = handlers.clone();
        let mut document = document(json!([a]));
        document["output"] = json!("${ steps.a }");
        let mut run = Driver::start(document, json!({}));
        run.fail("a", code, CallErrorKind::Failed);
        assert_eq!(run.settled(), [("a", Settled::Failed)], "{code}: handled or not, it settles as failed");
        match expected {
            Some(value) => assert_eq!(run.output(), value, "{code}"),
            None => assert_eq!(run.error().code, code),
        }
    }
}

#[test]
fn fail_on_error_without_a_value_leaves_the_step_absent() {
    let mut a = step("a", "x.once");
    a["on_error"] = json!([{ "then": "continue" }]);
    let mut document = document(json!([a]));
    document["output"] = json!("${ has(steps.a) }");
    let mut run = Driver::start(document, json!({}));
    run.fail("a", "x.no", CallErrorKind::Failed);
    assert_eq!(run.output(), json!(false));
}

#[test]
fn fail_on_error_of_a_condition_is_for_the_steps_that_it_names() {
    let inner = json!([step("p", "x.once"), { "id": "deep", "condition": { "if": true, "then": [step("q", "x.once")] } }]);
    for (named, fails, caught) in
        [("p", "i/then/p", true), ("deep", "i/then/deep/then/q", true), ("q", "i/then/p", false)]
    {
        let steps = json!([{
            "id": "i", "condition": { "if": true, "then": inner },
            "on_error": [{ "steps": [named], "then": "continue", "value": 1 }]
        }]);
        let mut run = Driver::start(document(steps), json!({}));
        if fails != "i/then/p" {
            run.done("i/then/p", json!(1));
        }
        run.fail(fails, "x.no", CallErrorKind::Failed);
        run.ended(if caught { "completed" } else { "failed" });
    }
}

#[test]
fn fail_on_error_that_fails_itself_fails_the_step() {
    let mut a = step("a", "x.once");
    a["on_error"] = json!([{ "then": "continue", "value": "${ 1 / input.zero }" }]);
    let mut run = Driver::start(document(json!([a])), json!({ "zero": 0 }));
    run.fail("a", "x.no", CallErrorKind::Failed);
    let error = run.error();
    assert_eq!((error.code.as_str(), error.class), ("data.division", FailureClass::Data));
    assert_eq!(error.also[0].code, "x.no");
}

#[test]
fn fail_error_names_step_attempt_and_details() {
    let mut a = step("a", "x.keyed");
    a["retry"] = json!({ "attempts": 2, "first": "1s" });
    let steps = json!([{ "id": "i", "condition": { "if": true, "then": [a] } }]);
    let mut run = Driver::start(document(steps), json!({}));
    run.fail("i/then/a", "x.busy", CallErrorKind::Retryable);
    run.pass(1_000);
    run.fail("i/then/a", "x.busy", CallErrorKind::Retryable);
    let error = run.error();
    assert_eq!(
        serde_json::to_value(&error).unwrap(),
        json!({
            "code": "x.busy", "class": "world", "message": "x.busy happened", "step": "i/then/a", "attempt": 2,
            "retryable": true, "details": null
        })
    );
}

#[test]
fn fail_error_is_cut_to_what_a_journal_takes() {
    let mut run = Driver::start(document(json!([step("a", "x.once")])), json!({}));
    let mut error = run.call_error("x.no", CallErrorKind::Failed);
    error.message = "é".repeat(5_000);
    error.details = json!({ "big": "x".repeat(20_000) });
    let incoming = run.fails_with("a", error);
    run.handle(vec![incoming]);
    let error = run.error();
    assert!(error.message.len() <= 2 * 1024 && error.message.ends_with('…'));
    assert_eq!(error.details, json!(null));
}

#[test]
fn whose_failure_a_failing_template_fails_the_step_that_holds_it() {
    let broken = "${ 1 / input.zero }";
    let cases = [
        json!({ "id": "s", "when": "${ 1 / input.zero > 1 }", "data": { "set": 1 } }),
        json!({ "id": "s", "action": { "use": "x.once", "with": { "n": broken } } }),
        json!({ "id": "s", "condition": { "if": "${ 1 / input.zero > 1 }", "then": [] } }),
        json!({ "id": "s", "condition": { "if": true, "then": { "steps": [], "output": broken } } }),
        json!({ "id": "s", "data": { "set": broken } }),
    ];
    for case in cases {
        let mut caught = case.clone();
        let run = Driver::start(document(json!([case])), json!({ "zero": 0 }));
        let error = run.error();
        assert_eq!((error.code.as_str(), error.step.as_deref()), ("data.division", Some("s")), "{caught}");
        caught["on_error"] = json!([{ "codes": ["data.division"], "then": "continue" }]);
        Driver::start(document(json!([caught])), json!({ "zero": 0 })).ended("completed");
    }
    let mut document = document(json!([{ "id": "s", "data": { "set": 1 } }]));
    document["output"] = json!(broken);
    let error = Driver::start(document, json!({ "zero": 0 })).error();
    assert_eq!((error.code.as_str(), error.step), ("data.division", None));
}

#[test]
fn whose_failure_in_one_turn_takes_document_order() {
    let set =
        |id: &str, after: Value, value: &str| json!({ "id": id, "after": after, "data": { "set": value } });
    let broken = "${ 1 / input.zero }";
    let steps =
        json!([set("a", json!([]), "ok"), set("b", json!(["a"]), broken), set("c", json!([]), broken)]);
    let error = Driver::start(document(steps), json!({ "zero": 0 })).error();
    assert_eq!(error.step.as_deref(), Some("b"));
}

#[test]
fn fail_class_contract_link_is_checked_where_the_bundle_says_and_before_the_effect() {
    let mut a = step("a", "x.typed");
    a["action"]["with"] = json!({ "n": "${ input.n }" });
    let inner = |then: Value| json!({ "id": "i", "condition": { "if": true, "then": then } });
    let nested = json!([step("z", "x.none"), inner(json!({ "steps": [a.clone()] }))]);
    let cases = [
        (json!([a.clone()]), "/steps/0/action/with"),
        (nested, "/steps/1/condition/then/steps/0/action/with"),
        (json!([inner(json!([a.clone()]))]), "/steps/0/condition/then/0/action/with"),
    ];
    for (steps, pointer) in cases {
        let mut run = Driver::start_checked(document(steps.clone()), json!({ "n": "text" }), &[pointer]);
        if run.open_calls() == ["z"] {
            run.done("z", json!(1));
        }
        let error = run.error();
        assert_eq!((error.code.as_str(), error.class), ("contract.link", FailureClass::Contract), "{steps}");
        assert!(run.calls.is_empty());
    }
    let run = Driver::start_checked(document(json!([a])), json!({ "n": 1 }), &["/steps/0/action/with"]);
    assert_eq!(run.open_calls(), ["a"]);
}

#[test]
fn fail_class_contract_link_holds_the_value_of_a_handler_too() {
    let mut a = step("a", "x.typed");
    a["action"]["with"] = json!({ "n": 1 });
    a["on_error"] = json!([{ "then": "continue", "value": { "id": "${ input.id }" } }]);
    a["action"]["expect"] = json!({ "properties": { "id": { "type": "string" } } });
    for (id, ended) in [(json!("i"), "completed"), (json!(1), "failed")] {
        let document = document(json!([a.clone()]));
        let mut run = Driver::start_checked(document, json!({ "id": id }), &["/steps/0/on_error/0/value"]);
        run.fail("a", "x.no", CallErrorKind::Failed);
        run.ended(ended);
    }
}

#[test]
fn fail_class_contract_output_holds_results_against_schema_and_expect() {
    let mut a = step("a", "x.typed");
    a["action"]["with"] = json!({ "n": 1 });
    a["action"]["expect"] = json!({ "properties": { "id": { "type": "string" } } });
    for (output, code) in [
        (json!({ "id": "i" }), None),
        (json!({ "id": 1 }), Some("contract.output")),
        (json!({}), Some("contract.output")),
        (json!("x"), Some("contract.output")),
    ] {
        let mut run = Driver::start(document(json!([a.clone()])), json!({}));
        run.done("a", output.clone());
        match code {
            None => run.ended("completed"),
            Some(code) => {
                assert_eq!(run.error().code, code, "{output}");
                assert!(run.trace().contains(&format!("done a 1 {code}")), "the journal has the failure");
            }
        }
    }
}

#[test]
fn fail_class_limit_payload_is_the_steps_own() {
    let mut a = step("a", "x.once");
    a["on_error"] = json!([{ "codes": ["limit.payload"], "then": "continue" }]);
    let mut run = Driver::start(document(json!([a])), json!({}));
    run.done("a", json!("x".repeat(1024 * 1024)));
    run.ended("completed");
    let mut run = Driver::start(document(json!([step("a", "x.once")])), json!({}));
    run.done("a", json!("x".repeat(1024 * 1024 - 2)));
    run.ended("completed");
}

#[test]
fn core_fail_fails_with_the_workflows_own_code() {
    let fail = json!({ "id": "f", "action": { "use": "core.fail",
        "with": { "code": "too_big", "message": "order ${ input.id }", "details": { "id": "${ input.id }" } } } });
    let error = Driver::start(document(json!([fail])), json!({ "id": 9 })).error();
    assert_eq!(
        (error.code.as_str(), error.message.as_str(), error.class, &error.details),
        ("too_big", "order 9", FailureClass::World, &json!({ "id": 9 }))
    );
}

#[test]
fn limit_steps_ends_the_execution_and_cannot_be_caught() {
    let inner: Vec<Value> = (0..5).map(|n| json!({ "id": format!("s{n}"), "data": { "set": n } })).collect();
    let mut document = document(json!([
        { "id": "i", "condition": { "if": true, "then": inner }, "on_error": [{ "then": "continue" }] }
    ]));
    document["limits"] = json!({ "steps": 3 });
    let run = Driver::start(document.clone(), json!({}));
    let error = run.error();
    assert_eq!((error.code.as_str(), error.class, error.step), ("limit.steps", FailureClass::Limit, None));
    document["limits"] = json!({ "steps": 6 });
    Driver::start(document, json!({})).ended("completed");
}
