//! Broken documents as data: what is found in each, where, in which words, and that every fix mends.
//!
//! `corpus/*.json` hold the documents with the codes and places that are expected; `corpus/messages.txt` holds every
//! message as a person reads it. After a change of messages: `FLOV7_BLESS=1 cargo test -p flov7 --all-features --test it
//! -- corpus`, and every changed line is read before it is kept.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use flov7::finding::{Finding, MODEL_CHARACTERS, Report, render_for_model, report_schema};
use flov7::json::{self, Document, ReadLimits};
use flov7::types::{Defs, SchemaChecker};
use flov7::validate::{Validated, mend, validate_document, validate_text};
use flov7::workflow::{DocumentLimits, Syntax};
use serde_json::json;

use super::support::catalog;

struct Case {
    name: String,
    text: String,
    syntax: Syntax,
    expected: Vec<String>,
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/validate/corpus")
}

/// All cases: a `text` as it is, or the members of `with` put over those of the file's `base`, where `set` stands for a
/// single step that computes.
fn cases() -> Vec<Case> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let group = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&file).unwrap();
        let whole =
            json::read(&text, &ReadLimits::default()).unwrap_or_else(|fault| panic!("{group}: {fault}"));
        for case in whole["cases"].as_array().unwrap() {
            let name = format!("{group}: {}", case["name"].as_str().unwrap());
            let yaml = case["yaml"] == json!(true);
            let text = match case["text"].as_str() {
                Some(text) => text.to_owned(),
                None => {
                    let mut document = whole["base"].clone();
                    if let Some(set) = case.get("set") {
                        document["steps"] = json!([{ "id": "a", "data": { "set": set } }]);
                    }
                    for (member, value) in case["with"].as_object().into_iter().flatten() {
                        if value == "(none)" {
                            document.as_object_mut().unwrap().remove(member);
                        } else {
                            document[member] = value.clone();
                        }
                    }
                    json::canonical(&document)
                }
            };
            let expected = case["expect"].as_array().into_iter().flatten();
            cases.push(Case {
                name,
                text,
                syntax: if yaml { Syntax::Yaml } else { Syntax::Json },
                expected: expected.map(|line| line.as_str().unwrap().to_owned()).collect(),
            });
        }
    }
    cases
}

fn validated(case: &Case) -> Validated {
    validate_text(&case.text, case.syntax, &catalog(), &DocumentLimits::default())
}

fn lines(report: &Report) -> Vec<String> {
    report.findings().iter().map(|finding| format!("{} {}", finding.code.name(), finding.pointer)).collect()
}

/// Without the feature YAML is refused as a whole.
fn is_left_out(case: &Case) -> bool {
    case.syntax == Syntax::Yaml && cfg!(not(feature = "yaml"))
}

#[test]
fn every_broken_document_is_found_out_where_it_is_broken() {
    let cases = cases();
    let mut wrong = String::new();
    for case in cases.iter().filter(|case| !is_left_out(case)) {
        let found = lines(&validated(case).report);
        if found != case.expected {
            writeln!(wrong, "{}\t{}", case.name, json!(found)).unwrap();
        }
    }
    assert!(wrong.is_empty(), "other findings than expected:\n{wrong}");
    assert!(cases.len() >= 200, "{} documents", cases.len());
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "every case has a name of its own");
}

#[test]
fn messages_are_those_that_were_read_and_kept() {
    let mut now = String::new();
    for case in cases() {
        writeln!(now, "## {}", case.name).unwrap();
        if is_left_out(&case) {
            return;
        }
        for finding in validated(&case).report.findings() {
            write_finding(&mut now, finding);
        }
    }
    let file = directory().join("messages.txt");
    if std::env::var_os("FLOV7_BLESS").is_some() {
        fs::write(&file, &now).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    let changed = kept.lines().zip(now.lines()).find(|(kept, now)| kept != now);
    assert!(kept == now, "messages changed, first: {changed:?}; see the head of this file");
}

#[test]
fn every_report_is_one_of_the_published_schema_and_short_for_a_model() {
    let checker = SchemaChecker::compile(&report_schema(), &Defs::none()).unwrap();
    for case in cases() {
        let report = validated(&case).report;
        assert!(checker.accepts(&report.to_json()), "{}: {:?}", case.name, checker.check(&report.to_json()));
        let text = render_for_model(&report);
        assert!(text.chars().count() <= MODEL_CHARACTERS, "{}", case.name);
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{}", case.name);
    }
}

/// Whole documents are mended as far as they can be; what a text says beside its fixes stays.
#[test]
fn mending_leaves_nothing_that_is_certain_and_never_makes_it_worse() {
    let (mut mended_texts, mut wrong) = (0, Vec::new());
    for case in cases().iter().filter(|case| case.syntax == Syntax::Json) {
        let before = validated(case).report;
        let mended = mend(&case.text, case.syntax, &catalog(), &DocumentLimits::default());
        let after = mended.validated.report.findings();
        if after.len() + mended.fixed.len() > before.findings().len()
            || after.iter().any(|one| one.fix.is_some())
        {
            wrong.push(format!("{}: {} fixed, {after:#?}", case.name, mended.fixed.len()));
        }
        if mended.fixed.is_empty() {
            assert_eq!(mended.text, case.text);
        } else {
            mended_texts += 1;
            let again = validate_text(&mended.text, case.syntax, &catalog(), &DocumentLimits::default());
            assert_eq!(again.report, mended.validated.report, "{}", case.name);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(mended_texts >= 60, "{mended_texts} texts");
}

fn write_finding(out: &mut String, finding: &Finding) {
    let bytes = finding.expr_span.map(|[start, end]| format!(" [{start}..{end}]")).unwrap_or_default();
    writeln!(
        out,
        "{} {} at {}{bytes}: {}",
        finding.severity,
        finding.code,
        if finding.pointer.is_empty() { "/" } else { &finding.pointer },
        finding.message
    )
    .unwrap();
    if let Some(help) = &finding.help {
        writeln!(out, "  help: {help}").unwrap();
    }
    if let Some(cause) = finding.cause {
        writeln!(out, "  follows from: {cause}").unwrap();
    }
    for operation in finding.fix.iter().flatten() {
        // Also where another crate turned ordered maps on.
        writeln!(out, "  fix: {}", json::canonical(&json!(operation))).unwrap();
    }
}

#[test]
fn every_fix_removes_its_finding_and_adds_none() {
    let (mut fixes, mut wrong) = (0, Vec::new());
    for case in cases() {
        let validated = validated(&case);
        let Some(document) = validated.document else { continue };
        for (at, finding) in validated.report.findings().iter().enumerate() {
            let Some(fix) = &finding.fix else { continue };
            fixes += 1;
            let mut value = document.value.clone();
            if let Err(fault) = json::apply(&mut value, fix) {
                wrong.push(format!("{}: {fault}", case.name));
                continue;
            }
            let mended = Document { value, spans: Default::default() };
            let (after, _) = validate_document(&mended, &catalog());
            // What was found before, but for the one that is mended. A patch may move what follows it.
            let mut left: Vec<_> = validated.report.findings().iter().enumerate().collect();
            left.retain(|(other, _)| *other != at);
            for new in after.findings() {
                match left.iter().position(|(_, old)| old.code == new.code && old.message == new.message) {
                    Some(known) => drop(left.remove(known)),
                    None => wrong.push(format!(
                        "{}: the fix of {} {} leaves {} {}: {}",
                        case.name, finding.code, finding.pointer, new.code, new.pointer, new.message
                    )),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(fixes >= 60, "{fixes} fixes");
}
