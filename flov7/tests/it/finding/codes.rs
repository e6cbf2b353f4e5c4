//! The table of codes: complete, and every page a page.

use std::collections::BTreeSet;

use flov7::finding::{Code, Example, Severity, Stage, code, codes};
use flov7::json::{self, ReadLimits};

/// The codes that format 1 names. A code that disappears breaks those who match on it.
const FORMAT: &str = "json-syntax yaml-syntax duplicate-member unknown-member missing-member wrong-kind number-range \
    format-version document-size document-depth too-many-steps not-built-yet bad-id duplicate-id unknown-step \
    unknown-action unknown-connection unknown-connector unknown-signal unknown-type unknown-code not-ordered bad-after \
    no-value expression-syntax expression-marks expression-size unknown-root unknown-function wrong-arguments wrong-type \
    no-such-member maybe-absent maybe-null untyped-read optional-syntax bad-pattern not-text zone-name bad-schema \
    remote-schema not-assignable missing-argument unknown-argument loop-state-type filter-place retry-place \
    value-with-fail uncatchable constant-condition unreachable-step unused-signal unsigned-webhook trigger-idle \
    trigger-input bad-schedule duplicate-path path-length connection-missing connection-unbound path-or-url bad-header \
    timeout-short mock-missing input-invalid";

#[test]
fn every_code_of_the_format_is_there() {
    for name in FORMAT.split_whitespace() {
        assert!(code(name).is_some(), "{name}");
    }
}

#[test]
fn names_are_kebab_case_and_unique() {
    let mut names = BTreeSet::new();
    for code in codes() {
        let name = code.name();
        assert!(names.insert(name), "{name} is declared twice");
        assert!(
            name.split('-').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase())),
            "{name}"
        );
        assert_eq!(flov7::finding::code(name), Some(*code));
    }
    assert_eq!(code("no-such-code"), None);
}

#[test]
fn pages_say_something() {
    for code in codes() {
        let page = code.page();
        assert!(page.starts_with(&format!("{code} ({})\n", code.severity())), "{page}");
        assert!(
            code.title().chars().next().is_some_and(char::is_lowercase) || code.title().starts_with("JSON"),
            "{code}"
        );
        assert!(!code.title().ends_with('.') && code.why().ends_with('.'), "{code}");
        assert!(code.why().len() > 60 && !code.why().contains("  "), "{code}: {}", code.why());
        assert!(page.contains("\nFound in:\n\n    ") && page.contains("\nMended:\n\n    "), "{page}");
        assert!(page.ends_with('\n') && !page.contains('\t'), "{page}");
        assert_ne!(code.failing(), code.mended(), "{code}");
    }
}

#[test]
fn severities_of_what_runs_but_not_as_meant() {
    let mild: Vec<&str> =
        codes().iter().filter(|code| code.severity() != Severity::Error).map(|code| code.name()).collect();
    assert_eq!(
        mild,
        [
            "unknown-event",
            "unknown-code",
            "inexact-equality",
            "value-with-fail",
            "uncatchable",
            "constant-condition",
            "unreachable-step",
            "unused-signal",
            "unsigned-webhook",
            "trigger-idle",
            "timeout-short",
            "callee-changed"
        ]
    );
}

fn limits(example: &Example) -> ReadLimits {
    let mut limits = ReadLimits::default();
    if let Some(text) = example.limits {
        let given = json::read(text, &ReadLimits::default()).unwrap();
        let number =
            |name: &str| given.get(name).and_then(|n| n.as_u64()).and_then(|n| usize::try_from(n).ok());
        limits.bytes = number("document_bytes").unwrap_or(limits.bytes);
        limits.depth = number("depth").unwrap_or(limits.depth);
    }
    limits
}

/// The codes that reading finds, or none where the feature is off.
fn found(example: &Example) -> Option<Vec<&'static str>> {
    let faults = if example.yaml {
        #[cfg(feature = "yaml")]
        {
            json::yaml::examine(example.document, &limits(example)).faults
        }
        #[cfg(not(feature = "yaml"))]
        return None;
    } else {
        json::examine(example.document, &limits(example)).faults
    };
    Some(faults.iter().map(|fault| fault.code).collect())
}

#[test]
fn examples_are_read_with_the_codes_they_promise() {
    for code in codes() {
        for example in [code.failing(), code.mended()] {
            let around = [
                example.workflow,
                example.catalog,
                example.input,
                example.mocks,
                example.bindings,
                example.limits,
            ];
            for text in around.into_iter().flatten() {
                json::read(text, &ReadLimits::default())
                    .unwrap_or_else(|fault| panic!("{code}: {fault} in {text}"));
            }
        }
        let (Some(failing), Some(mended)) = (found(code.failing()), found(code.mended())) else { continue };
        assert_eq!(mended, [""; 0], "{code}");
        match code.stage() {
            Stage::Read => assert_eq!(failing, [code.name()]),
            _ => assert_eq!(failing, [""; 0], "{code}"),
        }
    }
}

#[test]
fn every_code_of_the_reader_has_a_page() {
    for name in
        ["json-syntax", "yaml-syntax", "duplicate-member", "number-range", "document-size", "document-depth"]
    {
        assert_eq!(code(name).map(Code::stage), Some(Stage::Read), "{name}");
    }
}

#[test]
fn mended_examples_are_documents() {
    for code in codes() {
        if code.mended().yaml {
            continue;
        }
        let value = json::read(code.mended().document, &ReadLimits::default()).unwrap();
        let workflow: Result<flov7::workflow::Workflow, _> = serde_json::from_value(value);
        assert!(workflow.is_ok(), "{code}: {workflow:?}");
    }
}
