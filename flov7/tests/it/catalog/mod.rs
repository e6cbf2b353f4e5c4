//! Catalogue files: what is read, and every fault of one that is not.

use flov7::catalog::{Catalog, ConnectorUse, Effect, EffectOf, Via};
use flov7::workflow::Syntax;
use serde_json::{Value, json};

fn found(file: &Value) -> Vec<String> {
    match Catalog::read(file) {
        Ok(_) => Vec::new(),
        Err(findings) => findings.iter().map(|f| format!("{} {}", f.code.name(), f.pointer)).collect(),
    }
}

/// A catalogue with one action.
fn with(action: Value) -> Value {
    let mut whole = json!({ "id": "a.b", "title": "T", "input": { "type": "object" } });
    for (name, value) in action.as_object().unwrap() {
        whole[name] = value.clone();
    }
    json!({ "flov7_catalog": 1, "actions": [whole] })
}

#[test]
fn everything_is_read() {
    let catalog = Catalog::read(&json!({ "flov7_catalog": 1,
        "actions": [
            { "id": "shop.invoice", "title": "Create an invoice", "description": "D.", "phrases": ["bill"],
              "input": { "type": "object" }, "output": { "type": "object" }, "connector": { "required": "http" },
              "effect": { "by": "/method", "GET": "none", "*": "once" },
              "errors": [{ "code": "shop.full", "retryable": true, "description": "Full." }, { "code": "http.*" },
                         { "code": "http.404" }],
              "attempt_timeout": "5s", "records": true, "compatible": ["0".repeat(64)],
              "via": { "http": { "connection": "shop", "method": "POST", "path": "/invoices", "body": { "a": 1 },
                  "result": "${ response.body }" } } },
            { "id": "shop.look", "title": "Look", "input": { "type": "object" }, "effect": "none",
              "connector": { "optional": "http" } } ],
        "events": [{ "name": "order.received", "title": "An order arrives", "phrases": ["new order"],
            "payload": { "type": "object", "properties": { "total": { "type": "number" } } }, "measure": "/total" }],
        "people": ["manager", "manager", "boss"] }))
    .unwrap();
    let invoice = catalog.action("shop.invoice").unwrap();
    assert_eq!(invoice.connector, Some(ConnectorUse::Required("http".into())));
    assert!(
        matches!(&invoice.effect, EffectOf::By(by) if by.by == "/method" && by.kinds["*"] == Effect::Once)
    );
    assert_eq!(invoice.errors.len(), 3);
    assert!(invoice.errors[0].retryable && invoice.records);
    assert_eq!(invoice.attempt_timeout.as_ref().unwrap().millis(), Some(5_000));
    assert!(matches!(&invoice.via, Some(Via::Http(via)) if via.connection == "shop" && via.result.is_some()));
    let look = catalog.action("shop.look").unwrap();
    assert_eq!((&look.effect, &*look.output.0), (&EffectOf::Kind(Effect::None), &json!(true)));
    assert_eq!(catalog.event("order.received").unwrap().measure.as_deref(), Some("/total"));
    assert_eq!(catalog.people(), ["manager", "boss"]);
    assert!(catalog.action("core.approve").is_some());
    // What declares no effect is `once`.
    let plain = Catalog::read(&with(json!({}))).unwrap();
    assert_eq!(plain.action("a.b").unwrap().effect, EffectOf::Kind(Effect::Once));
}

#[test]
fn every_fault_is_found() {
    for (file, expected) in [
        (json!([]), vec!["wrong-kind "]),
        (json!({}), vec!["missing-member "]),
        (json!({ "flov7_catalog": 2, "x": 1 }), vec!["format-version /flov7_catalog"]),
        (json!({ "flov7_catalog": 1, "action": [] }), vec!["unknown-member /action"]),
        (json!({ "flov7_catalog": 1, "actions": [{}] }), vec!["missing-member /actions/0"; 3]),
        (with(json!({ "id": "core.wait" })), vec!["bad-id /actions/0/id"]),
        (with(json!({ "id": "mail" })), vec!["bad-id /actions/0/id"]),
        (with(json!({ "id": "Mail.send" })), vec!["bad-id /actions/0/id"]),
        (with(json!({ "id": "mail..send" })), vec!["bad-id /actions/0/id"]),
        (with(json!({ "input": true })), vec!["wrong-kind /actions/0/input"]),
        (with(json!({ "output": "text" })), vec!["wrong-kind /actions/0/output"]),
        (with(json!({ "effect": "twice" })), vec!["wrong-kind /actions/0/effect"]),
        (with(json!({ "effect": { "GET": "none" } })), vec!["missing-member /actions/0/effect"]),
        (
            with(json!({ "effect": { "by": "method", "GET": 1 } })),
            vec!["wrong-kind /actions/0/effect/GET", "wrong-kind /actions/0/effect/by"],
        ),
        (with(json!({ "connector": "http" })), vec!["wrong-kind /actions/0/connector"]),
        (with(json!({ "connector": {} })), vec!["missing-member /actions/0/connector"]),
        (
            with(json!({ "connector": { "required": "a", "optional": "b" } })),
            vec!["wrong-kind /actions/0/connector"],
        ),
        (
            with(json!({ "errors": [{ "code": "conflict" }, { "code": "data.size" }, {}] })),
            vec![
                "bad-id /actions/0/errors/0/code",
                "bad-id /actions/0/errors/1/code",
                "missing-member /actions/0/errors/2",
            ],
        ),
        (
            with(json!({ "attempt_timeout": "0s", "records": 1, "compatible": ["x"] })),
            vec![
                "number-range /actions/0/attempt_timeout",
                "wrong-kind /actions/0/compatible/0",
                "wrong-kind /actions/0/records",
            ],
        ),
        (
            with(json!({ "via": { "grpc": {} } })),
            vec!["missing-member /actions/0/via", "unknown-member /actions/0/via/grpc"],
        ),
        (
            with(json!({ "via": { "http": { "connection": "Shop", "method": "post", "path": "x" } } })),
            vec![
                "bad-id /actions/0/via/http/connection",
                "wrong-kind /actions/0/via/http/method",
                "wrong-kind /actions/0/via/http/path",
            ],
        ),
        (via("/../x", json!({})), vec!["path-or-url /actions/0/via/http/path"]),
        (via("//evil.example/x", json!({})), vec!["path-or-url /actions/0/via/http/path"]),
        (via("/a/..;/b", json!({})), vec!["path-or-url /actions/0/via/http/path"]),
        (via("/orders/${ input.ordr }", json!({})), vec!["no-such-member /actions/0/via/http/path"]),
        (via("/orders/${ input.order", json!({})), vec!["expression-syntax /actions/0/via/http/path"]),
        (via("/orders/${ input.note }", json!({})), vec!["maybe-absent /actions/0/via/http/path"]),
        (
            via("/x", json!({ "body": { "list": ["${ input.totl }"], "who": "${ steps.a }" } })),
            vec![
                "no-such-member /actions/0/via/http/body/list/0",
                "unknown-step /actions/0/via/http/body/who",
            ],
        ),
        (via("/x", json!({ "result": "${ input.order }" })), vec!["unknown-root /actions/0/via/http/result"]),
        (
            json!({ "flov7_catalog": 1, "events": [{ "name": "received", "title": "A", "payload": true, "measure": "total" }] }),
            vec!["wrong-kind /events/0/measure", "bad-id /events/0/name"],
        ),
        (with(json!({ "input": { "type": "string" } })), vec!["wrong-kind /actions/0/input"]),
        (with(json!({ "output": { "type": "strng" } })), vec!["bad-schema /actions/0/output/type"]),
        (
            with(json!({ "output": { "properties": { "a": { "$ref": "https://a.example/b.json" } } } })),
            vec!["remote-schema /actions/0/output/properties/a/$ref"],
        ),
        (with(json!({ "output": { "$ref": "#/types/order" } })), vec!["unknown-type /actions/0/output/$ref"]),
        (
            json!({ "flov7_catalog": 1, "events": [{ "name": "a.b", "title": "A", "measure": "/totl",
            "payload": { "type": "object", "properties": { "total": { "type": "number" } } } }] }),
            vec!["no-such-member /events/0/measure"],
        ),
        (json!({ "flov7_catalog": 1, "people": ["a", 1] }), vec!["wrong-kind /people/1"]),
    ] {
        assert_eq!(found(&file), expected, "{file}");
    }
    let good = via(
        "/orders/${ input.order }?note=${ input.?note.orValue('') }",
        json!({ "body": { "note": "${ input.?note }" }, "result": { "id": "${ response.body.id }" } }),
    );
    assert_eq!(found(&good), [""; 0]);
    let twice = json!({ "flov7_catalog": 1, "actions": [
        { "id": "a.b", "title": "T", "input": {} }, { "id": "a.b", "title": "T", "input": {} }] });
    assert_eq!(found(&twice), ["duplicate-id /actions/1/id"]);
}

#[test]
fn places_in_the_text_are_told() {
    let text = "{ \"flov7_catalog\": 1,\n  \"people\": [7] }";
    let findings = Catalog::read_text(text, Syntax::Json).unwrap_err();
    let span = findings[0].span.unwrap();
    assert_eq!((span.line, span.column), (2, 14));
    assert_eq!(Catalog::read_text("{", Syntax::Json).unwrap_err()[0].code.name(), "json-syntax");
}

/// A catalogue with one action by HTTP.
fn via(path: &str, more: Value) -> Value {
    let mut http = json!({ "connection": "shop", "method": "POST", "path": path });
    http.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "flov7_catalog": 1, "actions": [{ "id": "a.b", "title": "T", "via": { "http": http },
        "input": { "type": "object", "required": ["order"], "properties": {
            "order": { "type": "string" }, "note": { "type": "string" } } } }] })
}
