//! What `not-assignable` says: which member, what is wanted, what comes, and a value that shows it.

use flov7::catalog::Catalog;
use flov7::json::Document;
use flov7::validate::validate_document;
use serde_json::{Value, json};

/// The finding about `with.to`, given as `${ input.from }`, or as it stands.
fn said(from: Option<Value>, written: Value, to: &Value) -> String {
    let catalog = json!({ "flov7_catalog": 1, "actions": [{ "id": "x.take", "title": "Take it", "effect": "none",
        "input": { "type": "object", "properties": { "to": to }, "required": ["to"], "additionalProperties": false } }] });
    let mut document = json!({ "flov7": 1, "name": "x", "steps": [{ "id": "take", "action": { "use": "x.take", "with": { "to": written } } }] });
    if let Some(from) = from {
        document["input"] = json!({ "type": "object", "properties": { "from": from }, "required": ["from"] });
    }
    let (report, _) = validate_document(
        &Document { value: document, spans: Default::default() },
        &Catalog::read(&catalog).unwrap(),
    );
    let lines =
        report.findings().iter().filter(|finding| finding.code.name() == "not-assignable").map(|finding| {
            let place = finding.pointer.trim_start_matches("/steps/0/action/with").to_owned();
            match &finding.help {
                Some(help) => format!("{place}: {} ({help})", finding.message),
                None => format!("{place}: {}", finding.message),
            }
        });
    lines.collect::<Vec<String>>().join("\n")
}

#[test]
fn types_assign_a_broken_link_says_which_part_and_why() {
    let line = |price: &str| json!({ "type": "object", "properties": { "price": { "type": price } }, "required": ["price"], "additionalProperties": false });
    let order = |line: Value| json!({ "type": "object", "properties": { "id": { "type": "string" }, "lines": { "type": "array", "items": line, "minItems": 1 } }, "required": ["id", "lines"], "additionalProperties": false });
    let table: &[(Value, Value, &str)] = &[
        (
            json!({ "type": "string" }),
            json!({ "type": "number" }),
            "/to: expected a number, found text (convert it inside of the expression: `int(…)` or `double(…)`)",
        ),
        (
            json!({ "type": ["string", "null"] }),
            json!({ "type": "string" }),
            r#"/to: expected text, found text or null (a value that does not fit: null)"#,
        ),
        (
            json!({ "type": "string" }),
            json!({ "type": "string", "minLength": 3 }),
            r#"/to: what comes here must have at least 3 characters, and may have 0 (a value that does not fit: "")"#,
        ),
        (
            json!({ "type": "string" }),
            json!({ "enum": ["draft", "sent"] }),
            r#"/to: expected "draft" or "sent", found text (a value that does not fit: "")"#,
        ),
        (
            json!({ "type": "string" }),
            json!({ "type": "string", "pattern": "^[A-Z]{3}$" }),
            r#"/to: what comes here must have at least 3 characters, and may have 0 (a value that does not fit: "")"#,
        ),
        (
            json!({ "type": "number" }),
            json!({ "type": "integer" }),
            r#"/to: expected a whole number, found a number (a value that does not fit: 0.5)"#,
        ),
        (
            json!({ "type": "integer" }),
            json!({ "type": "integer", "minimum": 1 }),
            r#"/to: what comes here must be at least 1 (a value that does not fit: 0)"#,
        ),
        (
            json!({ "type": "array", "items": { "type": "string" } }),
            json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 }),
            r#"/to: what comes here must have at least 1 item, and may have 0 (a value that does not fit: [])"#,
        ),
        (
            order(line("string")),
            order(line("number")),
            r#"/to: `lines[0].price` of what comes here must be a number, and may be text (a value that does not fit: {"id":"","lines":[{"price":""}]})"#,
        ),
        (
            order(json!({ "type": "object", "additionalProperties": false })),
            order(line("number")),
            r#"/to: expected { id: text, lines: a list of { … } }, found { id: text, lines: a list of {} } (a value that does not fit: {"id":"","lines":[{}]}; `lines[0]` must have the member `price`)"#,
        ),
        (
            json!({ "type": "object", "properties": { "k": { "const": "a" } }, "required": ["k"], "additionalProperties": false }),
            json!({ "oneOf": [{ "properties": { "k": { "const": "a" } }, "required": ["k", "n"], "type": "object" }, { "properties": { "k": { "const": "b" } }, "required": ["k"], "type": "object" }] }),
            r#"/to: expected { k: "a", n: untyped } or { k: "b" }, found {"k":"a"} (it must have the member `n`)"#,
        ),
        (
            json!({ "type": "object", "properties": { "a": { "type": "null" }, "extra": { "type": "null" } }, "required": ["a"], "additionalProperties": false }),
            json!({ "type": "object", "properties": { "a": {} }, "additionalProperties": false }),
            r#"/to: expected { a?: untyped }, found { a: null, extra?: null } (a value that does not fit: {"a":null,"extra":null}; `extra` must not be there)"#,
        ),
        (
            json!({ "type": "object", "properties": { "a": { "type": "null" } }, "required": ["a"], "additionalProperties": false }),
            json!({ "type": "object", "dependentRequired": { "a": ["b"] } }),
            r#"/to: expected an object, found {"a":null} (it must have the member `b` beside `a`)"#,
        ),
    ];
    for (from, to, expected) in table {
        let found = said(Some(from.clone()), json!("${ input.from }"), to);
        assert_eq!(found, *expected, "{from} to {to}");
    }
    for (written, to, expected) in [
        (json!("ten"), json!({ "type": "number" }), r#"/to: expected a number, found "ten""#),
        (
            json!(""),
            json!({ "type": "string", "minLength": 1 }),
            "/to: what comes here must have at least 1 character, and has 0",
        ),
        (json!("x"), json!({ "enum": ["draft", "sent"] }), r#"/to: expected "draft" or "sent", found "x""#),
        (json!({ "price": "ten" }), line("number"), r#"/to/price: expected a number, found "ten""#),
        (
            json!([1, "two"]),
            json!({ "type": "array", "items": { "type": "number" } }),
            r#"/to: expected a list of a number, found [1,"two"] (`[1]` must be a number, and is text)"#,
        ),
    ] {
        let found = said(None, written.clone(), &to);
        assert_eq!(found, expected, "{written} to {to}");
    }
}
