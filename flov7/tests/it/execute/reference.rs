//! The reference workflows and their cases, dry.

use std::path::Path;

use flov7::catalog::{ActionDescriptor, Catalog, ConnectorDescriptor, ConnectorUse, Effect};
use flov7::execute::{DryRun, Mocks};
use flov7::json::{self, ReadLimits};
use flov7::validate::validate;
use flov7::workflow::Workflow;
use serde_json::{Value, json};

#[allow(clippy::disallowed_methods)] // The files are what is tested.
fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    json::read(&text, &ReadLimits::default()).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()))
}

/// The catalogue beside the workflows, and the one action of flov7-connect that they use.
fn catalog(folder: &Path) -> Catalog {
    let request = ActionDescriptor::new(
        "http.request",
        "Send a request",
        json!({ "type": "object", "properties": { "method": { "type": "string", "default": "GET" }, "path": { "type": "string" } } }),
        json!({ "type": "object", "required": ["status", "headers", "body"],
            "properties": { "status": { "type": "integer" }, "headers": { "type": "object" }, "body": true } }),
    )
    .with_connector(ConnectorUse::Optional("http".into()))
    .with_effect_by("/method", &[("GET", Effect::None), ("*", Effect::Once)]);
    Catalog::read(&read(&folder.join("flov7.catalog.json")))
        .unwrap_or_else(|findings| panic!("{findings:?}"))
        .with_action(request)
        .with_connector(ConnectorDescriptor::new("http", "A service over HTTP", json!({ "type": "object" })))
}

#[test]
#[allow(clippy::disallowed_methods)]
fn every_reference_workflow_dry_runs_as_its_cases_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/workflows");
    let catalog = catalog(&folder);
    let mut names: Vec<_> =
        std::fs::read_dir(folder.join("cases")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert!(names.len() >= 26, "{names:?}");
    // Each may call the others.
    let documents =
        names.iter().map(|name| serde_json::from_value::<Workflow>(read(&folder.join(name))).unwrap());
    let catalog = documents.fold(catalog, Catalog::with_workflow);
    for name in names {
        let document: Workflow = serde_json::from_value(read(&folder.join(&name))).unwrap();
        let workflow = validate(&document, &catalog)
            .unwrap_or_else(|report| panic!("{}: {}", name.display(), report.to_json()));
        let cases = read(&folder.join("cases").join(&name));
        for (at, case) in cases["cases"].as_array().unwrap().iter().enumerate() {
            let place = format!("{} case {at}", name.display());
            if case["no_dry"] == true {
                continue;
            }
            let mocks =
                Mocks::read(&case["mocks"]).unwrap_or_else(|report| panic!("{place}: {}", report.to_json()));
            let outcome = DryRun::new(&workflow, case["input"].clone())
                .with_mocks(mocks)
                .run()
                .unwrap_or_else(|error| panic!("{place}: {error} {:?}", error.report()));
            check(&place, case, &outcome);
        }
    }
}

fn check(place: &str, case: &Value, outcome: &flov7::execute::DryRunOutcome) {
    assert!(outcome.findings.is_empty(), "{place}: {:?}", outcome.findings);
    let view = serde_json::to_value(&outcome.view).unwrap();
    let expect = &case["expect"];
    assert_eq!(view["status"], expect["status"], "{place}: {view}");
    if let Some(output) = case.get("dry_output").or(expect.get("output")) {
        assert!(json::equal(&view["output"], output), "{place}: {}", view["output"]);
    }
    for member in ["code", "step"] {
        if let Some(wanted) = expect.get("error").and_then(|error| error.get(member)) {
            assert_eq!(view["error"][member], *wanted, "{place}");
        }
    }
    let steps = view["steps"].as_array().unwrap();
    let step = |path: &str| steps.iter().find(|step| step["path"] == path);
    for (path, settled) in expect["settled"].as_object().unwrap() {
        assert_eq!(step(path).map(|step| &step["settled"]), Some(settled), "{place}: {path}");
    }
    for (path, attempts) in case["attempts"].as_object().into_iter().flatten() {
        assert_eq!(step(path).map(|step| &step["attempts"]), Some(attempts), "{place}: {path}");
    }
}
