//! The two examples on the page of every code: one has it, the other is sound.

use flov7::catalog::Catalog;
use flov7::finding::{Example, Severity, Stage, codes};
use flov7::json::{ReadLimits, read};
use flov7::validate::{Validated, validate_text};
use flov7::workflow::{DocumentLimits, Syntax};

/// What validation says of an example, with the files around it that matter here.
fn validated(example: &Example) -> Validated {
    let catalog = match example.catalog {
        Some(text) => Catalog::read_text(text, Syntax::Json).unwrap(),
        None => Catalog::new(),
    };
    let catalog = match example.workflow {
        Some(text) => catalog.with_workflow(serde_json::from_str(text).unwrap()),
        None => catalog,
    };
    let mut limits = DocumentLimits::default();
    if let Some(text) = example.limits {
        for (name, limit) in read(text, &ReadLimits::default()).unwrap().as_object().unwrap() {
            let limit = usize::try_from(limit.as_u64().unwrap()).unwrap();
            limits = match name.as_str() {
                "document_bytes" => limits.with_document_bytes(limit),
                "depth" => limits.with_depth(limit),
                "steps" => limits.with_steps(limit),
                "path_bytes" => limits.with_path_bytes(limit),
                other => panic!("no limit is called {other}"),
            };
        }
    }
    let syntax = if example.yaml { Syntax::Yaml } else { Syntax::Json };
    validate_text(example.document, syntax, &catalog, &limits)
}

#[test]
fn every_code_has_an_example_that_shows_it_and_one_that_is_sound() {
    let mut wrong = Vec::new();
    for code in codes() {
        // Without the feature YAML is refused as a whole.
        if (code.failing().yaml || code.mended().yaml) && cfg!(not(feature = "yaml")) {
            continue;
        }
        let checked = matches!(code.stage(), Stage::Read | Stage::Validate);
        let failing = validated(code.failing());
        let found: Vec<&str> = failing.report.findings().iter().map(|finding| finding.code.name()).collect();
        if checked != found.contains(&code.name()) {
            wrong.push(format!("{}: the failing example gives {found:?}", code.name()));
        }
        let mended = validated(code.mended());
        for finding in mended.report.findings() {
            // A schedule, webhook or event is idle in this release, whatever else the page is about.
            let beside = finding.severity != Severity::Error && finding.code.name() == "trigger-idle";
            if finding.code == *code || !beside {
                wrong.push(format!(
                    "{}: the mended example gives {} {}",
                    code.name(),
                    finding.code.name(),
                    finding.message
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
