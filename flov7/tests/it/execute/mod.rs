//! Dry runs, mocks, and what any process may ask of an execution.

mod dry_run;
mod mocks;
mod reference;

use flov7::catalog::{ActionDescriptor, Catalog, Effect};
use flov7::finding::Finding;
use flov7::validate::{ValidWorkflow, validate};
use serde_json::{Value, json};

/// Actions to dry-run with.
fn catalog() -> Catalog {
    let thing = json!({
        "type": "object", "required": ["id"],
        "properties": { "id": { "type": "string", "minLength": 2 }, "note": { "type": "string" } }
    });
    let any = json!({ "type": "object" });
    Catalog::new()
        .with_action(
            ActionDescriptor::new("shop.make", "Make a thing", any.clone(), thing)
                .with_effect(Effect::Keyed)
                .with_error("shop.busy", true, "Later.")
                .with_error("shop.gone", false, "Never."),
        )
        .with_action(ActionDescriptor::new("shop.pay", "Pay", any.clone(), json!(true)))
        .with_action(ActionDescriptor::new("shop.read", "Read", any, json!(true)).with_effect(Effect::None))
}

/// A document that is sound.
fn valid(document: Value) -> ValidWorkflow {
    valid_with(document, &[])
}

/// One that may call others.
fn valid_with(mut document: Value, callees: &[Value]) -> ValidWorkflow {
    let read = |document: &Value| {
        let mut document = document.clone();
        document["flov7"] = json!(1);
        serde_json::from_value(document).unwrap()
    };
    document["name"] = json!("test");
    let catalog = callees.iter().fold(catalog(), |catalog, callee| catalog.with_workflow(read(callee)));
    validate(&read(&document), &catalog).unwrap_or_else(|report| panic!("{}", report.to_json()))
}

fn codes(findings: &[Finding]) -> Vec<(&'static str, &str)> {
    findings.iter().map(|finding| (finding.code.name(), finding.pointer.as_str())).collect()
}
