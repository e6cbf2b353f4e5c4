//! The published JSON Schema says what the reader says.

use flov7::types::{Defs, SchemaChecker};
use flov7::workflow::{self, document_schema, document_schema_text};
use serde_json::{Value, json};

use super::shape::{everything, with_condition, with_step};

fn checker() -> SchemaChecker {
    SchemaChecker::compile(&document_schema(), &Defs::none()).unwrap()
}

#[test]
fn the_published_schema_is_the_one_that_is_made() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/schema/workflow-1.json");
    let published = std::fs::read_to_string(file).unwrap();
    assert!(
        published == document_schema_text(),
        "docs/schema/workflow-1.json is not what the types say: run\n  cargo run -p flov7-cli -- schema > docs/schema/workflow-1.json"
    );
}

#[test]
fn schema_and_reader_take_the_same_documents() {
    let checker = checker();
    assert!(checker.accepts(&everything()), "{:?}", checker.check(&everything()));
    for document in sound() {
        assert!(workflow::read(&document).is_ok(), "{document}");
        assert!(checker.accepts(&document), "{document}: {:?}", checker.check(&document));
    }
}

#[test]
fn schema_and_reader_refuse_the_same_documents() {
    let checker = checker();
    for document in broken() {
        assert!(workflow::read(&document).is_err(), "{document}");
        assert!(!checker.accepts(&document), "{document}");
    }
}

/// The documents that stand in the repository.
#[test]
fn every_reference_document_conforms() {
    let checker = checker();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/workflows");
    let Ok(files) = std::fs::read_dir(folder) else { return };
    for file in files {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !name.ends_with(".json") || name.contains(".catalog") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let value: Value = flov7::json::read(&text, &Default::default()).unwrap();
        if value.get("flov7").is_some() {
            assert!(checker.accepts(&value), "{name}: {:?}", checker.check(&value));
            assert!(workflow::read(&value).is_ok(), "{name}");
        }
    }
}

fn sound() -> Vec<Value> {
    let step = json!({ "id": "a", "data": { "set": 1 } });
    let timed = |text: &str| with_step(json!({ "id": "a", "data": { "set": 1 }, "timeout": text }));
    vec![
        with_step(step.clone()),
        with_step(json!({ "id": "a".repeat(48), "data": { "set": 1 } })),
        timed("1d2h3m4s5ms"),
        timed("P1DT2H3M4.5S"),
        with_step(
            json!({ "id": "a", "action": { "use": "a.b", "expect": false }, "retry": { "attempts": 1, "factor": 1.5 } }),
        ),
        with_condition(json!({ "if": false, "then": [step], "else": { "steps": [] } })),
        with_condition(json!({ "for_each": { "items": "${ input.lines }", "steps": [] } })),
        with_condition(json!({ "parallel": { "branches": [] } })),
    ]
}

fn broken() -> Vec<Value> {
    let step = json!({ "id": "a", "data": { "set": 1 } });
    let add = |name: &str, value: Value| {
        let mut document = with_step(step.clone());
        document[name] = value;
        document
    };
    let on_step = |name: &str, value: Value| {
        let mut step = step.clone();
        step[name] = value;
        with_step(step)
    };
    vec![
        json!([]),
        json!({ "flov7": 1, "name": "x", "steps": [] }),
        json!({ "name": "x", "steps": [step] }),
        add("flov7", json!(2)),
        add("name", json!("X")),
        add("name", json!("x".repeat(129))),
        add("nmae", json!("x")),
        add("description", json!(null)),
        add("input", json!("string")),
        add("types", json!({ "Order": true })),
        add("signals", json!({ "in": true })),
        add("connections", json!([{ "id": "crm" }])),
        add("triggers", json!([{ "id": "t" }])),
        add("timeout", json!("1h 30m")),
        add("timeout", json!("PT")),
        add("timeout", json!("")),
        add("limits", json!({ "steps": 0 })),
        add("limits", json!({ "money": { "amount": 5, "currency": "EUR" } })),
        add("limits", json!({ "money": { "amount": "5", "currency": "Euro" } })),
        add("concurrency", json!({ "key": 1 })),
        on_step("id", json!("A")),
        on_step("id", json!("steps")),
        on_step("id", json!("a".repeat(49))),
        on_step("after", json!("a")),
        on_step("when", json!("input.x")),
        on_step("when", json!(1)),
        on_step("action", json!({ "use": "a.b" })),
        on_step("data", json!({ "set": 1, "parse": { "format": "json", "text": "" } })),
        on_step("data", json!({})),
        on_step("data", json!({ "parse": { "format": "xml", "text": "" } })),
        on_step("on_error", json!([{ "value": 1 }])),
        on_step("on_error", json!([{ "then": "stop" }])),
        on_step("retry", json!({ "attempts": 0 })),
        on_step("retry", json!({ "attempts": 2.5 })),
        on_step("retry", json!({ "attempts": 2, "factor": 0.5 })),
        with_step(json!({ "id": "a" })),
        with_step(json!({ "data": { "set": 1 } })),
        with_condition(json!({})),
        with_condition(json!({ "if": true })),
        with_condition(json!({ "if": "${ a } ", "then": [] })),
        with_condition(json!({ "if": true, "then": [], "elze": [] })),
        with_condition(json!({ "if": true, "then": { "output": 1 } })),
        with_condition(json!({ "switch": { "cases": [{ "id": "default", "when": true, "steps": [] }] } })),
        with_condition(json!({ "switch": { "cases": [{ "id": "a", "steps": [] }] } })),
        with_condition(json!({ "parallel": { "wait": "some", "branches": [] } })),
        with_condition(json!({ "for_each": { "items": true, "steps": [] } })),
        with_condition(json!({ "for_each": { "items": [], "as": "item", "steps": [] } })),
        with_condition(json!({ "for_each": { "items": [], "concurrency": 1001, "steps": [] } })),
        with_condition(
            json!({ "loop": { "state": 0, "while": true, "max": 10001, "steps": [], "next": 0 } }),
        ),
        with_condition(json!({ "loop": { "state": 0, "while": true, "max": 1, "steps": [] } })),
        with_condition(json!({ "filter": "x" })),
    ]
}
