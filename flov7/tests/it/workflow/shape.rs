//! Every construct of format 1 is read, and every fault of shape is found, all at once.

use flov7::json;
use flov7::workflow::{self, DocumentLimits, Syntax};
use serde_json::{Value, json};

/// The findings of a document as `code pointer`, in order.
fn found(document: &Value) -> Vec<String> {
    match workflow::read(document) {
        Ok(_) => Vec::new(),
        Err(findings) => findings.iter().map(|f| format!("{} {}", f.code.name(), f.pointer)).collect(),
    }
}

/// A document whose only step is `step`.
pub(super) fn with_step(step: Value) -> Value {
    json!({ "flov7": 1, "name": "x", "steps": [step] })
}

/// A document whose only step is this condition.
pub(super) fn with_condition(condition: Value) -> Value {
    with_step(json!({ "id": "c", "condition": condition }))
}

/// Every construct once, every optional member written.
pub(super) fn everything() -> Value {
    let step = json!({ "id": "placeholder", "data": { "set": null } });
    let inner = |id: &str| {
        let mut step = step.clone();
        step["id"] = id.into();
        step
    };
    let retry = json!({ "attempts": 5, "first": "1s", "factor": 1.5, "max": "1m" });
    json!({
        "flov7": 1, "$schema": "https://flov7.dev/schema/workflow-1.json", "name": "all.of-it", "description": "All.",
        "input": { "type": "object" }, "types": { "order": true },
        "connections": [{ "id": "crm", "connector": "http", "note": "n" }],
        "signals": { "paid": { "type": "object" } },
        "triggers": [{ "id": "t", "use": "webhook", "with": { "path": "p" }, "connection": "crm", "expect": {},
            "input": { "a": "${ trigger.body }" }, "note": "n" },
            { "id": "u", "use": "manual", "input": "${ trigger.input }" }],
        "steps": [
            { "id": "a", "after": [], "when": "${ true }",
              "action": { "use": "http.request", "connection": "crm", "with": { "path": "/" }, "expect": true },
              "timeout": "1h", "attempt_timeout": "PT30S", "retry": retry,
              "undo": { "use": "x.y", "connection": "crm", "with": {}, "retry": { "attempts": 1, "factor": 2 } },
              "on_error": [{ "codes": ["http.*"], "steps": ["a"], "undo": true, "then": "fail" },
                           { "value": null, "then": "continue" }],
              "note": "n" },
            { "id": "b1", "data": { "set": [1, "${ 2 }"] } },
            { "id": "b2", "data": { "parse": { "format": "csv", "text": "a", "schema": {}, "header": false } } },
            { "id": "b3", "data": { "format": { "as": "csv", "value": [], "columns": ["a"] } } },
            { "id": "b4", "data": { "validate": { "value": 1, "schema": true } } },
            { "id": "c1", "when": false, "condition": { "if": true, "then": [inner("i1")], "else": { "steps": [], "output": null } } },
            { "id": "c2", "condition": { "switch": { "match": "all", "cases": [
                { "id": "one", "when": "${ 1 > 0 }", "steps": [inner("i2")], "output": 1 }], "default": [] } } },
            { "id": "c3", "condition": { "parallel": { "wait": 1, "branches": [{ "id": "one", "steps": [], "output": 1 }] } } },
            { "id": "c4", "condition": { "parallel": { "wait": "any", "branches": [{ "id": "one", "steps": [inner("i3")] }] } } },
            { "id": "c5", "condition": { "for_each": { "items": "${ [1] }", "as": "line", "concurrency": 4,
                "errors": "collect", "steps": [inner("i4")], "output": "${ line }" } } },
            { "id": "c6", "condition": { "for_each": { "items": [1, 2], "steps": [] } } },
            { "id": "c7", "condition": { "loop": { "state": 0, "schema": {}, "while": "${ state < 3 }", "max": 10,
                "at_max": "stop", "steps": [inner("i5")], "next": "${ state + 1 }" } } },
            { "id": "c8", "condition": { "filter": "${ true }" } }
        ],
        "output": { "r": "${ steps.b1 }" }, "timeout": "1d",
        "limits": { "steps": 10, "tokens": 5, "money": { "amount": "5.00", "currency": "EUR" } },
        "concurrency": { "key": "${ input.id }", "policy": "replace" }, "note": "n"
    })
}

#[test]
fn every_construct_is_read_and_written_back() {
    let document = everything();
    let workflow = workflow::read(&document).unwrap();
    assert_eq!(workflow.steps.len(), 13);
    assert_eq!(json::canonical(&serde_json::to_value(&workflow).unwrap()), json::canonical(&document));
    // Through serde too, which is how bundles are read.
    let again: workflow::Workflow = serde_json::from_value(document).unwrap();
    assert_eq!(again, workflow);
}

#[test]
fn a_factor_written_as_a_whole_number_stays_one() {
    let document =
        with_step(json!({ "id": "a", "action": { "use": "a.b" }, "retry": { "attempts": 2, "factor": 2 } }));
    let workflow = workflow::read(&document).unwrap();
    assert_eq!(json::canonical(&serde_json::to_value(workflow).unwrap()), json::canonical(&document));
}

#[test]
fn all_faults_at_once_in_order() {
    let document = json!({
        "flov7": 1, "name": "X", "descripton": "?", "timeout": "soon", "input": 5,
        "connections": [{ "id": "crm" }, 7],
        "signals": { "Paid": 1 },
        "steps": [
            { "id": "a", "action": { "use": "a.b", "wiht": {} }, "retry": { "attempts": 0 } },
            "nonsense",
            { "id": "c", "condition": { "if": "input.x", "then": [{ "id": "d" }], "els": [] } }
        ]
    });
    assert_eq!(
        found(&document),
        [
            "bad-id /name",
            "wrong-kind /input",
            "missing-member /connections/0",
            "wrong-kind /connections/1",
            "bad-id /signals/Paid",
            "wrong-kind /signals/Paid",
            "unknown-member /steps/0/action/wiht",
            "number-range /steps/0/retry/attempts",
            "wrong-kind /steps/1",
            "unknown-member /steps/2/condition/els",
            "expression-marks /steps/2/condition/if",
            "missing-member /steps/2/condition/then/0",
            "unknown-member /descripton",
            "wrong-kind /timeout",
        ]
    );
}

/// A broken document, and all that is found in it.
#[track_caller]
fn check(document: Value, expected: &[&str]) {
    assert_eq!(found(&document), expected, "{document}");
}

#[test]
fn the_document_itself() {
    check(json!([]), &["wrong-kind "]);
    check(json!({}), &["missing-member ", "missing-member ", "missing-member "]);
    check(json!({ "flov7": 2, "name": "X", "stepz": 1 }), &["format-version /flov7"]);
    check(json!({ "flov7": "1", "name": "x", "steps": [] }), &["format-version /flov7"]);
    check(json!({ "flov7": 1, "name": "x", "steps": [] }), &["missing-member /steps"]);
    check(json!({ "flov7": 1, "name": 5, "steps": {} }), &["wrong-kind /name", "wrong-kind /steps"]);
    check(json!({ "flov7": 1, "name": "x", "steps": null }), &["wrong-kind /steps"]);
    let mut document = with_step(json!({ "id": "a", "data": { "set": 1 } }));
    document["limits"] =
        json!({ "steps": 0, "tokens": -1, "money": { "amount": "5,00", "currency": "euro" } });
    document["concurrency"] = json!({ "key": 1, "policy": "quue" });
    document["types"] = json!([]);
    check(
        document,
        &[
            "wrong-kind /types",
            "wrong-kind /concurrency/policy",
            "wrong-kind /limits/money/amount",
            "wrong-kind /limits/money/currency",
            "number-range /limits/steps",
            "number-range /limits/tokens",
        ],
    );
}

#[test]
fn steps() {
    check(with_step(json!({ "data": { "set": 1 } })), &["missing-member /steps/0"]);
    check(with_step(json!({ "id": "in", "data": { "set": 1 } })), &["bad-id /steps/0/id"]);
    check(with_step(json!({ "id": "steps", "data": { "set": 1 } })), &["bad-id /steps/0/id"]);
    check(with_step(json!({ "id": "a" })), &["missing-member /steps/0"]);
    check(
        with_step(json!({ "id": "a", "data": { "set": 1 }, "action": { "use": "a.b" } })),
        &["wrong-kind /steps/0/data"],
    );
    check(
        with_step(json!({ "id": "a", "data": { "set": 1 }, "undo": { "use": "a.b" } })),
        &["wrong-kind /steps/0/undo"],
    );
    check(
        with_step(json!({ "id": "a", "after": "b", "data": { "set": 1 } })),
        &["wrong-kind /steps/0/after"],
    );
    check(
        with_step(json!({ "id": "a", "after": [1], "data": { "set": 1 } })),
        &["wrong-kind /steps/0/after/0"],
    );
    check(with_step(json!({ "id": "a", "action": "a.b" })), &["wrong-kind /steps/0/action"]);
    check(with_step(json!({ "id": "a", "action": {} })), &["missing-member /steps/0/action"]);
    check(
        with_step(json!({ "id": "a", "action": { "use": "a.b", "expect": "text" } })),
        &["wrong-kind /steps/0/action/expect"],
    );
    for (text, code) in [("0s", "number-range"), ("-1s", "number-range"), ("1 h", "wrong-kind")] {
        check(
            with_step(json!({ "id": "a", "data": { "set": 1 }, "timeout": text })),
            &[&format!("{code} /steps/0/timeout")],
        );
    }
    check(
        with_step(json!({ "id": "a", "action": { "use": "a.b" },
            "retry": { "attempts": 2.5, "first": "0s", "factor": 0.5, "max": 5, "jitter": true } })),
        &[
            "wrong-kind /steps/0/retry/attempts",
            "number-range /steps/0/retry/factor",
            "unknown-member /steps/0/retry/jitter",
            "wrong-kind /steps/0/retry/max",
        ],
    );
    check(
        with_step(json!({ "id": "a", "action": { "use": "a.b" },
            "on_error": [{ "codes": "x", "value": 1 }, 5, { "then": "stop" }, { "then": "fail", "undo": 1 }] })),
        &[
            "missing-member /steps/0/on_error/0",
            "wrong-kind /steps/0/on_error/0/codes",
            "wrong-kind /steps/0/on_error/1",
            "wrong-kind /steps/0/on_error/2/then",
            "wrong-kind /steps/0/on_error/3/undo",
        ],
    );
}

#[test]
fn data_steps() {
    let data = |data: Value| with_step(json!({ "id": "a", "data": data }));
    check(data(json!({})), &["missing-member /steps/0/data"]);
    check(data(json!("x")), &["wrong-kind /steps/0/data"]);
    check(data(json!({ "set": 1, "parse": {} })), &["wrong-kind /steps/0/data/parse"]);
    check(
        data(json!({ "parse": { "format": "xml", "words": "" } })),
        &[
            "missing-member /steps/0/data/parse",
            "wrong-kind /steps/0/data/parse/format",
            "unknown-member /steps/0/data/parse/words",
        ],
    );
    check(
        data(json!({ "parse": { "format": "json", "text": "", "header": true } })),
        &["unknown-member /steps/0/data/parse/header"],
    );
    check(
        data(json!({ "format": { "as": "json", "value": 1, "columns": [] } })),
        &["unknown-member /steps/0/data/format/columns"],
    );
    check(data(json!({ "validate": { "value": 1 } })), &["missing-member /steps/0/data/validate"]);
}

#[test]
fn conditions() {
    check(with_condition(json!({})), &["missing-member /steps/0/condition"]);
    check(
        with_condition(json!({ "fi": true, "then": [] })),
        &[
            "missing-member /steps/0/condition",
            "unknown-member /steps/0/condition/fi",
            "unknown-member /steps/0/condition/then",
        ],
    );
    check(with_condition(json!({ "if": true })), &["missing-member /steps/0/condition"]);
    check(
        with_condition(json!({ "if": true, "then": 1, "else": "x" })),
        &["wrong-kind /steps/0/condition/else", "wrong-kind /steps/0/condition/then"],
    );
    check(with_condition(json!({ "if": 1, "then": [] })), &["wrong-kind /steps/0/condition/if"]);
    check(
        with_condition(json!({ "filter": true, "switch": { "cases": [] } })),
        &["wrong-kind /steps/0/condition/filter"],
    );
    check(
        with_condition(json!({ "switch": { "match": "some", "cases": [
            { "id": "default", "when": true, "steps": [] }, { "id": "b", "steps": [] }, "c"] } })),
        &[
            "bad-id /steps/0/condition/switch/cases/0/id",
            "missing-member /steps/0/condition/switch/cases/1",
            "wrong-kind /steps/0/condition/switch/cases/2",
            "wrong-kind /steps/0/condition/switch/match",
        ],
    );
    check(
        with_condition(json!({ "parallel": { "wait": 3, "branches": [{ "id": "a", "steps": [] }] } })),
        &["number-range /steps/0/condition/parallel/wait"],
    );
    check(
        with_condition(json!({ "parallel": { "wait": "any", "branches": [] } })),
        &["number-range /steps/0/condition/parallel/wait"],
    );
    check(
        with_condition(
            json!({ "for_each": { "items": { "a": 1 }, "as": "item", "concurrency": 1001, "steps": [] } }),
        ),
        &[
            "bad-id /steps/0/condition/for_each/as",
            "number-range /steps/0/condition/for_each/concurrency",
            "wrong-kind /steps/0/condition/for_each/items",
        ],
    );
    check(
        with_condition(json!({ "loop": { "while": true, "max": 20000, "steps": [], "next": 1 } })),
        &["missing-member /steps/0/condition/loop", "number-range /steps/0/condition/loop/max"],
    );
}

#[test]
fn expression_marks_are_put_where_that_is_certain() {
    for (written, fixed) in [
        ("input.total > 500", Some("${ input.total > 500 }")),
        (" ${ true } ", Some("${ true }")),
        ("true", Some("${ true }")),
        ("a ${ b }", None),
        ("", None),
    ] {
        let mut document = with_condition(json!({ "if": written, "then": [] }));
        let findings = workflow::read(&document).unwrap_err();
        assert_eq!(findings.len(), 1, "{written}");
        assert_eq!(findings[0].code.name(), "expression-marks");
        match (&findings[0].fix, fixed) {
            (Some(fix), Some(fixed)) => {
                json::apply(&mut document, fix).unwrap();
                assert_eq!(document["steps"][0]["condition"]["if"], fixed);
                assert_eq!(found(&document), [""; 0]);
            }
            (fix, fixed) => assert_eq!((fix, fixed), (&None, None), "{written}"),
        }
    }
}

#[test]
fn a_missing_version_is_mended_by_its_fix() {
    let mut document = json!({ "name": "x", "steps": [{ "id": "a", "data": { "set": 1 } }] });
    let findings = workflow::read(&document).unwrap_err();
    json::apply(&mut document, findings[0].fix.as_ref().unwrap()).unwrap();
    assert!(workflow::read(&document).is_ok());
}

#[test]
fn messages_say_what_was_meant() {
    let message = |document: Value| {
        let finding = workflow::read(&document).unwrap_err().remove(0);
        format!("{}; {}", finding.message, finding.help.unwrap_or_default())
    };
    assert_eq!(
        message(with_step(json!({ "id": "a", "data": { "set": 1 }, "onerror": [] }))),
        "a step has no member `onerror`; did you mean `on_error`?"
    );
    assert_eq!(
        message(with_step(json!({ "id": "Send Mail", "data": { "set": 1 } }))),
        "`Send Mail` is not a name: it starts with a letter from a to z; `send_mail` would do"
    );
    assert_eq!(
        message(with_condition(json!({ "switch": { "match": "al", "cases": [] } }))),
        "expected \"first\" or \"all\", found \"al\"; did you mean \"all\"?"
    );
}

#[test]
fn limits_hold_and_can_be_lowered() {
    let step = |i: usize| json!({ "id": format!("s{i}"), "data": { "set": 1 } });
    let many: Vec<Value> = (0..10_001).map(step).collect();
    check(json!({ "flov7": 1, "name": "x", "steps": many }), &["too-many-steps /steps/10000"]);

    // 32 conditions nest, and not one more.
    let mut blocks = json!([step(0)]);
    for i in 1..=32 {
        blocks = json!([{ "id": format!("b{i}"), "condition": { "if": true, "then": blocks } }]);
    }
    check(json!({ "flov7": 1, "name": "x", "steps": blocks }), &[]);
    let fewer = DocumentLimits::default().with_blocks(31);
    assert!(workflow::read_with(&json!({ "flov7": 1, "name": "x", "steps": blocks }), &fewer).is_err());
    blocks = json!([{ "id": "b33", "condition": { "if": true, "then": blocks } }]);
    let found = found(&json!({ "flov7": 1, "name": "x", "steps": blocks }));
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("document-depth /steps/0/condition/then/0/"), "{found:?}");

    let mut deep = json!(1);
    for _ in 0..260 {
        deep = json!([deep]);
    }
    check(with_step(json!({ "id": "a", "data": { "set": deep } })), &["document-depth "]);

    let small = DocumentLimits::default().with_document_bytes(20);
    let findings = workflow::read_with(&with_step(step(0)), &small).unwrap_err();
    assert_eq!(findings[0].code.name(), "document-size");
    // None can be raised.
    assert_eq!(DocumentLimits::default().with_steps(usize::MAX).steps, 10_000);
}

#[test]
fn hostile_documents_end_in_bounded_reports() {
    let wrong: Vec<Value> = (0..100_000).map(|i| json!({ "x": i })).collect();
    let findings = workflow::read(&json!({ "flov7": 1, "name": "x", "steps": wrong })).unwrap_err();
    assert!(findings.len() <= 1_000);
}

#[test]
fn texts_are_read_with_their_places() {
    let text = "{ \"flov7\": 1, \"name\": \"x\",\n  \"steps\": [ { \"id\": \"a\", \"data\": { \"set\": 1 }, \"tmeout\": \"1s\" } ],\n  \"name\": \"y\" }";
    let findings = workflow::read_text(text, Syntax::Json).unwrap_err();
    let places: Vec<_> = findings
        .iter()
        .map(|finding| {
            let span = finding.span.unwrap();
            (finding.code.name(), span.line, span.column, &text[span.start..span.end])
        })
        .collect();
    assert_eq!(places, [("unknown-member", 2, 49, "\"tmeout\""), ("duplicate-member", 3, 3, "\"name\"")]);

    let (workflow, document) = workflow::read_text(
        &text.replace("tmeout", "timeout").replace("\n  \"name\": \"y\"", "\n  \"note\": \"y\""),
        Syntax::Json,
    )
    .unwrap();
    assert_eq!(workflow.name, "x");
    assert_eq!(document.value["note"], "y");
    assert_eq!(Syntax::of_file("a/b.YML"), Syntax::Yaml);
    assert_eq!(Syntax::of_file("yaml"), Syntax::Json);
}

#[cfg(feature = "yaml")]
#[test]
fn yaml_is_read_into_the_same_document() {
    let text = "flov7: 1\nname: x\nsteps:\n  - id: a\n    data: { set: '${ 1 + 1 }' }\n";
    let (workflow, _) = workflow::read_text(text, Syntax::Yaml).unwrap();
    assert_eq!(
        workflow,
        workflow::read(&with_step(json!({ "id": "a", "data": { "set": "${ 1 + 1 }" } }))).unwrap()
    );
    let findings = workflow::read_text(&text.replace("id", "di"), Syntax::Yaml).unwrap_err();
    let places: Vec<_> = findings.iter().map(|f| (f.code.name(), f.span.unwrap().line)).collect();
    assert_eq!(places, [("unknown-member", 4), ("missing-member", 4)]);
}

#[cfg(not(feature = "yaml"))]
#[test]
fn yaml_is_refused_where_it_is_not_built_in() {
    let findings = workflow::read_text("flov7: 1", Syntax::Yaml).unwrap_err();
    assert_eq!(findings[0].code.name(), "yaml-syntax");
}

#[test]
fn the_size_of_a_document_is_counted_exactly() {
    for text in ["plain", "\u{1}\u{2} \"quoted\" \n", "é€😀"] {
        let document = json!({ "flov7": 1, "name": "x", "note": text.repeat(20), "steps": [
            { "id": "a", "data": { "set": [1, -20, 0.5, 1e300, null, true, {}, []] } } ] });
        let size = json::canonical_size(&document);
        let read =
            |bytes| workflow::read_with(&document, &DocumentLimits::default().with_document_bytes(bytes));
        assert!(read(size).is_ok(), "{text:?}");
        let refused = read(size - 1).unwrap_err();
        assert_eq!(refused[0].code.name(), "document-size", "{text:?}");
    }
}
