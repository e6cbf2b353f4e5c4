//! Documents in JSON: whatever the text, a report; whatever is valid compiles, and is written as it was read.

use std::sync::OnceLock;

use flov7::catalog::Catalog;
use flov7::finding::{Source, Style, render};
use flov7::json::{self, ReadLimits};
use flov7::program::Program;
use flov7::validate::{Validated, validate, validate_text};
use flov7::workflow::{DocumentLimits, Syntax};

use crate::Target;

pub(crate) const TARGET: Target = Target { name: "document", run, words: WORDS };

const WORDS: &[&str] = &[
    "\"flov7\": 1",
    "\"name\"",
    "\"steps\"",
    "\"id\"",
    "\"after\"",
    "\"when\"",
    "\"action\"",
    "\"use\"",
    "\"with\"",
    "\"data\"",
    "\"set\"",
    "\"condition\"",
    "\"if\"",
    "\"then\"",
    "\"else\"",
    "\"switch\"",
    "\"cases\"",
    "\"match\"",
    "\"all\"",
    "\"parallel\"",
    "\"branches\"",
    "\"wait\"",
    "\"for_each\"",
    "\"items\"",
    "\"loop\"",
    "\"state\"",
    "\"while\"",
    "\"max\"",
    "\"next\"",
    "\"filter\"",
    "\"output\"",
    "\"undo\"",
    "\"on_error\"",
    "\"retry\"",
    "\"timeout\"",
    "\"expect\"",
    "\"types\"",
    "\"$ref\"",
    "\"signals\"",
    "\"triggers\"",
    "\"connections\"",
    "\"input\"",
    "\"limits\"",
    "\"concurrency\"",
    "core.wait",
    "core.approve",
    "core.ask",
    "core.call",
    "core.emit",
    "core.fail",
    "crm.invoice",
    "${ steps.a }",
    "${ input.n }",
    "${",
    "}",
    "null",
    "true",
    "1e999",
    "-0",
    "18446744073709551616",
    "\\ud800",
    "\u{202e}",
    "\u{0}",
    "[]",
    "{}",
    "\"\"",
    ",",
    ":",
    "\"1d\"",
    "\"collect\"",
    "\"continue\"",
];

/// A catalogue with an action of every kind of effect.
pub(crate) fn catalog() -> &'static Catalog {
    const TEXT: &str = r#"{ "flov7_catalog": 1, "actions": [
      { "id": "crm.invoice", "title": "Create an invoice", "effect": "keyed",
        "input": { "type": "object", "properties": { "amount": { "type": "number" } }, "required": ["amount"] },
        "output": { "type": "object", "properties": { "id": { "type": "string" } }, "required": ["id"] },
        "errors": [ { "code": "crm.conflict", "retryable": false, "description": "There is one." } ] },
      { "id": "crm.find", "title": "Find a customer", "effect": "none", "input": { "type": "object" }, "output": true } ],
      "events": [ { "name": "order.received", "title": "An order arrives", "payload": { "type": "object" } } ] }"#;
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| match Catalog::read_text(TEXT, Syntax::Json) {
        Ok(catalog) => catalog,
        Err(report) => panic!("the catalogue is sound: {report:?}"),
    })
}

fn run(bytes: &[u8]) {
    let text = crate::text(bytes);
    let checked = validate_text(&text, Syntax::Json, catalog(), &DocumentLimits::default());
    hold(&text, &checked);
}

/// What holds of every text that was validated.
pub(crate) fn hold(text: &str, checked: &Validated) {
    let source = Source { name: "input", text };
    let _ = render(&checked.report, Some(source), Style::Ansi);
    assert_eq!(checked.report.is_valid(), checked.valid.is_some(), "a workflow exactly without an error");
    if let Some(document) = &checked.document {
        for finding in checked.report.findings() {
            let Some(fix) = &finding.fix else { continue };
            let mut mended = document.value.clone();
            if let Err(error) = json::apply(&mut mended, fix) {
                panic!("the fix of {} cannot be applied: {error}", finding.code);
            }
        }
    }
    let Some(valid) = &checked.valid else { return };
    let bundle = valid.bundle();
    if let Err(error) = Program::compile(bundle) {
        panic!("what validates compiles: {error}");
    }
    let again = match validate(&bundle.document, catalog()) {
        Ok(again) => again,
        Err(report) => panic!("what validates does so again: {report:?}"),
    };
    assert_eq!(again.bundle().digest(), bundle.digest(), "the same document has the same digest");
    let written = match serde_json::to_value(&bundle.document) {
        Ok(value) => json::canonical(&value),
        Err(error) => panic!("what validates can be written: {error}"),
    };
    if let Err(fault) = json::read(&written, &ReadLimits::default()) {
        panic!("what is written can be read: {fault}");
    }
}
