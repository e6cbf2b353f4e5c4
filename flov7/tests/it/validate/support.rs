//! Checking a document against the catalogue of the tests.

use flov7::catalog::Catalog;
use flov7::finding::Report;
use flov7::json::Document;
use flov7::validate::{ValidWorkflow, validate_document};
use serde_json::{Value, json};

/// A catalogue of an invented shop.
pub(crate) fn catalog() -> Catalog {
    Catalog::read(&json!({ "flov7_catalog": 1,
        "actions": [
            { "id": "crm.invoice", "title": "Create an invoice", "effect": "keyed",
              "input": { "type": "object", "properties": { "amount": { "type": "number" }, "note": { "type": "string" } },
                  "required": ["amount"], "additionalProperties": false },
              "output": { "type": "object", "properties": { "id": { "type": "string" }, "paid": { "type": "boolean" } },
                  "required": ["id"] },
              "errors": [{ "code": "crm.conflict" }] },
            { "id": "crm.find", "title": "Find a customer", "effect": "none",
              "input": { "type": "object", "properties": { "email": { "type": "string" } }, "required": ["email"] } },
            { "id": "mail.send", "title": "Send a mail",
              "input": { "type": "object", "properties": { "to": { "type": "string", "minLength": 3 },
                  "text": { "type": "string" } }, "required": ["to", "text"], "additionalProperties": false },
              "output": { "type": "null" }, "connector": { "required": "smtp" } },
            { "id": "http.request", "title": "Send an HTTP request", "connector": { "optional": "http" },
              "effect": { "by": "/method", "GET": "none", "*": "once" },
              "input": { "type": "object", "additionalProperties": false, "properties": {
                  "method": { "type": "string", "default": "GET" }, "path": { "type": "string" },
                  "url": { "type": "string" }, "query": { "type": "object" }, "headers": { "type": "object" },
                  "body": true } },
              "output": { "type": "object", "required": ["status", "headers", "body"], "properties": {
                  "status": { "type": "integer" },
                  "headers": { "type": "object", "additionalProperties": { "type": "string" } }, "body": true } },
              "errors": [{ "code": "http.*" }] } ],
        "events": [{ "name": "order.received", "title": "An order arrives", "payload": { "type": "object",
            "properties": { "total": { "type": "number" } }, "required": ["total"] } }] }))
    .unwrap()
}

/// The report of a document and, without an error in it, the workflow.
pub(crate) fn report(document: &Value) -> (Report, Option<ValidWorkflow>) {
    let document = Document { value: document.clone(), spans: Default::default() };
    let (report, valid) = validate_document(&document, &catalog());
    assert_eq!(report.is_valid(), valid.is_some());
    (report, valid)
}

/// Asserts what is found.
#[track_caller]
pub(crate) fn check(document: Value, expected: &[&str]) {
    let (report, _) = report(&document);
    let found: Vec<String> = report
        .findings()
        .iter()
        .map(|finding| format!("{} {}", finding.code.name(), finding.pointer))
        .collect();
    if found != expected {
        let all: Vec<String> = report
            .findings()
            .iter()
            .map(|f| {
                format!(
                    "{} {} {:?}: {} ({})",
                    f.code.name(),
                    f.pointer,
                    f.expr_span,
                    f.message,
                    f.help.as_deref().unwrap_or("")
                )
            })
            .collect();
        panic!("expected {expected:#?}\nfound {all:#?}\nin {}", document["steps"]);
    }
}

/// A document of these steps.
pub(crate) fn steps(steps: Value) -> Value {
    json!({ "flov7": 1, "name": "x", "steps": steps })
}
