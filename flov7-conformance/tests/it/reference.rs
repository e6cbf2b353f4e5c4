//! The reference workflows (`examples/workflows`), in this process, on virtual time, over a disk that fails.

pub(crate) mod drive;
mod faults;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flov7::catalog::{ActionDescriptor, Catalog, ConnectorDescriptor, ConnectorUse, Effect};
use flov7::json::{self, ReadLimits};
use flov7::validate::{ValidWorkflow, validate};
use flov7::workflow::Workflow;
use flov7_conformance::script::{Answer, Called, Script};
use serde_json::{Value, json};

/// One case of a reference workflow.
#[derive(Clone)]
pub(crate) struct Reference {
    /// The workflow's name and the case's number.
    pub(crate) name: String,
    pub(crate) workflow: ValidWorkflow,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) case: Value,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/workflows")
}

fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    json::read(&text, &ReadLimits::default()).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()))
}

/// The catalogue beside the workflows, and the one action of flov7-connect that they use.
pub(crate) fn catalog() -> Catalog {
    let request = ActionDescriptor::new(
        "http.request",
        "Send a request",
        json!({ "type": "object", "properties": { "method": { "type": "string", "default": "GET" }, "path": { "type": "string" } } }),
        json!({ "type": "object", "required": ["status", "headers", "body"],
            "properties": { "status": { "type": "integer" }, "headers": { "type": "object" }, "body": true } }),
    )
    .with_connector(ConnectorUse::Optional("http".into()))
    .with_effect_by("/method", &[("GET", Effect::None), ("*", Effect::Once)]);
    Catalog::read(&read(&folder().join("flov7.catalog.json")))
        .unwrap_or_else(|findings| panic!("{findings:?}"))
        .with_action(request)
        .with_connector(ConnectorDescriptor::new("http", "A service over HTTP", json!({ "type": "object" })))
}

/// All cases of all reference workflows that can be played for real, in order.
pub(crate) fn references() -> Vec<Reference> {
    let folder = folder();
    let mut names: Vec<String> = fs::read_dir(folder.join("cases"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    let document = |name: &String| -> Workflow {
        serde_json::from_value(read(&folder.join(format!("{name}.json")))).unwrap()
    };
    let catalog = Arc::new(names.iter().map(document).fold(catalog(), Catalog::with_workflow));
    let mut all = Vec::new();
    for name in &names {
        let workflow = validate(&document(name), &catalog)
            .unwrap_or_else(|report| panic!("{name}: {}", report.to_json()));
        let cases = read(&folder.join("cases").join(format!("{name}.json")));
        for (number, case) in cases["cases"].as_array().unwrap().iter().enumerate() {
            if case["dry_only"] != true {
                all.push(Reference {
                    name: format!("{name}#{number}"),
                    workflow: workflow.clone(),
                    catalog: Arc::clone(&catalog),
                    case: case.clone(),
                });
            }
        }
    }
    all
}

impl Reference {
    /// What its actions answer: as its dry run's do, and for the rest as the demo's shop does.
    pub(crate) fn script(&self) -> Script {
        Script::read(&self.case["mocks"]).unwrap().with_otherwise(shop)
    }
}

pub(crate) fn shop(called: &Called) -> Answer {
    let input = &called.input;
    Answer::Output(match called.action.as_str() {
        "shop.order" => json!({ "id": input["id"], "total": 750, "tier": "gold" }),
        "shop.stock" => json!({ "item": input["item"], "count": input["count"] }),
        "shop.slow" => json!({ "price": 10 }),
        "http.request" => json!({ "status": 200, "headers": {}, "body": {} }),
        _ => json!({ "id": format!("id-{}", called.key) }),
    })
}
