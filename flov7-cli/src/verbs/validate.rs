//! `validate`: all findings at once; and what other verbs need of a checked file.

use std::path::Path;

use flov7::action::Registry;
use flov7::finding::{Report, Source, Style, render};
use flov7::validate::{ValidWorkflow, validate};
use flov7::workflow::{Workflow, read_text};
use serde_json::{Value, json};

use super::{Answer, DONE, FAILED};
use crate::args::{Common, Validate};
use crate::failure::{Failure, REFUSED};
use crate::files;
use crate::output::{Colour, Output};

/// A file that was read and checked.
pub(crate) struct Checked {
    pub(crate) workflow: Workflow,
    pub(crate) registry: Registry,
    pub(crate) valid: ValidWorkflow,
}

/// What is known of a file after all checks.
struct Examined {
    report: Report,
    text: files::Text,
    found: Option<(Workflow, Option<ValidWorkflow>)>,
    registry: Registry,
}

fn examine(common: &Common, file: &Path) -> Result<Examined, Failure> {
    let registry = files::registry(common, Some(file))?;
    let text = files::text(file)?;
    let (workflow, document) = match read_text(&text.text, text.syntax) {
        Ok(read) => read,
        Err(findings) => {
            return Ok(Examined { report: Report::new(findings, Vec::new()), text, found: None, registry });
        }
    };
    let (report, valid) = match validate(&workflow, registry.catalog()) {
        Ok(valid) => (Report::new(valid.remarks().to_vec(), valid.residuals().to_vec()), Some(valid)),
        Err(report) => (report, None),
    };
    let report = report.locate(&document, &text.text);
    Ok(Examined { report, text, found: Some((workflow, valid)), registry })
}

/// A workflow that holds, for verbs that need one; refused at the door with its findings otherwise.
pub(crate) fn checked(output: Output, common: &Common, file: &Path) -> Result<Checked, Failure> {
    let Examined { report, text, found, registry } = examine(common, file)?;
    match found {
        Some((workflow, Some(valid))) => Ok(Checked { workflow, registry, valid }),
        _ => {
            if !output.json {
                output.note(&render(&report, Some(source(&text)), Style::Plain));
            }
            let message = format!("{} does not validate", text.name);
            let report = output.json.then_some(report);
            Err(Failure { exit: REFUSED, message, kind: Some("invalid"), report })
        }
    }
}

fn source(text: &files::Text) -> Source<'_> {
    Source { name: &text.name, text: &text.text }
}

pub(crate) fn run(output: Output, common: &Common, args: &Validate) -> Answer {
    let mut exit = DONE;
    let mut answers = Vec::new();
    for file in &args.files {
        let Examined { report, text, .. } = examine(common, file)?;
        if !report.is_valid() {
            exit = FAILED;
        }
        if output.json {
            answers.push((text.name, report.to_json()));
        } else {
            output.say(&summary(output, &report, &text));
        }
    }
    if output.json {
        // One file: its report. Several: a list with the names, still one document.
        match answers.as_slice() {
            [(_, only)] => output.answer(only),
            all => output
                .answer(&Value::Array(all.iter().map(|(name, report)| with_file(name, report)).collect())),
        }
    }
    Ok(exit)
}

fn with_file(name: &str, report: &Value) -> Value {
    let mut answer = json!({ "file": name });
    if let (Value::Object(members), Value::Object(found)) = (&mut answer, report) {
        members.extend(found.clone());
    }
    answer
}

fn summary(output: Output, report: &Report, text: &files::Text) -> String {
    let style = if output.colour { Style::Ansi } else { Style::Plain };
    let mut out = render(report, Some(source(text)), style);
    let verdict = if report.is_valid() {
        output.paint(Colour::Green, "valid")
    } else {
        output.paint(Colour::Red, "not valid")
    };
    out.push_str(&format!("{}: {verdict}\n", text.name));
    let mut kinds = std::collections::BTreeMap::new();
    for residual in report.residuals() {
        *kinds.entry(residual.kind.as_str()).or_insert(0usize) += 1;
    }
    if !kinds.is_empty() {
        let kinds =
            kinds.iter().map(|(kind, count)| format!("{kind} ({count})")).collect::<Vec<_>>().join(", ");
        out.push_str(&format!("  only the run can tell: {kinds}\n"));
    }
    out
}
