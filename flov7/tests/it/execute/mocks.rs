//! The shape of mocks, and whether they fit a workflow.

use flov7::execute::Mocks;
use flov7::finding::Severity;
use serde_json::{Value, json};

use super::{codes, valid};

#[test]
fn every_fault_of_shape_is_found() {
    let cases: [(Value, &[(&str, &str)]); 14] = [
        (json!([]), &[("wrong-kind", "")]),
        (json!({ "a": 1 }), &[("wrong-kind", "/a")]),
        (json!({ "a": [] }), &[("wrong-kind", "/a")]),
        (json!({ "a": {} }), &[("wrong-kind", "/a")]),
        (json!({ "a": { "output": 1, "hang": true } }), &[("wrong-kind", "/a")]),
        (json!({ "a": { "gives": 1 } }), &[("unknown-member", "/a/gives")]),
        (json!({ "a": { "hang": false } }), &[("wrong-kind", "/a/hang")]),
        (json!({ "a": { "lost": 1 } }), &[("wrong-kind", "/a/lost")]),
        (json!({ "a": { "error": "x" } }), &[("wrong-kind", "/a/error")]),
        (json!({ "a": { "error": {} } }), &[("missing-member", "/a/error")]),
        (json!({ "a": { "error": { "code": 1 } } }), &[("wrong-kind", "/a/error/code")]),
        (
            json!({ "a": [{ "output": 1 }, { "error": { "code": "x", "retryable": 1, "class": "data", "why": 2 } }] }),
            &[
                ("wrong-kind", "/a/1/error/class"),
                ("wrong-kind", "/a/1/error/retryable"),
                ("unknown-member", "/a/1/error/why"),
            ],
        ),
        (json!({ "A b": { "output": 1 } }), &[("bad-id", "/A b")]),
        (json!({ "a/~x": { "output": 1 } }), &[("bad-id", "/a~1~0x")]),
    ];
    for (value, expected) in cases {
        let report = Mocks::read(&value).unwrap_err();
        assert_eq!(codes(report.findings()), expected, "{value}");
    }
}

#[test]
fn all_forms_are_read() {
    let mocks = json!({
        "a": { "output": null },
        "check/then/b": { "error": { "code": "x.y", "retryable": true, "class": "world", "message": "m", "details": [1] } },
        "each[3]/c": [{ "hang": true }, { "lost": true }],
        "c/undo": { "output": {} },
        "shop.make": { "output": 1 }
    });
    assert!(Mocks::read(&mocks).is_ok());
}

#[test]
fn a_key_names_something_of_the_workflow() {
    let workflow = valid(json!({ "steps": [
        { "id": "make", "action": { "use": "shop.make" } },
        { "id": "pause", "action": { "use": "core.wait", "with": { "for": "1s" } } },
        { "id": "ok", "action": { "use": "core.approve", "with": { "title": "t" } } },
        { "id": "check", "condition": { "if": "${ has(steps.make) }", "then": [
            { "id": "inner", "action": { "use": "shop.read" } }
        ] } }
    ] }));
    let fits = |mocks: Value| {
        let findings = Mocks::read(&mocks).unwrap().check(workflow.bundle());
        findings.into_iter().map(|finding| (finding.code.name(), finding.severity)).collect::<Vec<_>>()
    };
    let error = |code| vec![(code, Severity::Error)];
    for key in ["make", "check/then/inner", "shop.read", "ok", "core.approve"] {
        assert_eq!(fits(json!({ key: { "hang": true } })), [], "{key}");
    }
    for key in ["mke", "inner", "check", "check/else/inner", "make/undo"] {
        assert_eq!(fits(json!({ key: { "hang": true } })), error("unknown-step"), "{key}");
    }
    assert_eq!(fits(json!({ "shop.mke": { "hang": true } })), error("unknown-action"));
    assert_eq!(fits(json!({ "pause": { "output": null } })), error("wrong-kind"));
    assert_eq!(fits(json!({ "ok": { "lost": true } })), error("wrong-kind"));
    assert_eq!(fits(json!({ "ok": { "error": { "code": "rejected" } } })), []);
    assert_eq!(fits(json!({ "ok": { "error": { "code": "shop.busy" } } })), error("wrong-kind"));
    for code in ["shop.busy", "timeout", "outcome_unknown"] {
        assert_eq!(fits(json!({ "make": { "error": { "code": code } } })), [], "{code}");
    }
    let undeclared = fits(json!({ "make": { "error": { "code": "shop.odd" } } }));
    assert_eq!(undeclared, [("unknown-code", Severity::Warning)]);
}
