//! `validate`: all findings at once, and `--fix`; and what other verbs need of a checked file.

use std::path::Path;

use flov7::action::Registry;
use flov7::finding::{Finding, Report, Source, Style, render};
use flov7::validate::{Mended, ValidWorkflow, Validated, mend, validate_text};
use flov7::workflow::{DocumentLimits, Syntax, Workflow};
use serde_json::{Value, json};

use super::{Answer, DONE, FAILED};
use crate::args::{Common, Validate};
use crate::failure::{Failure, REFUSED};
use crate::files;
use crate::output::{Colour, Output, clean};

/// A file that was read and checked.
pub(crate) struct Checked {
    pub(crate) workflow: Workflow,
    pub(crate) registry: Registry,
    pub(crate) valid: ValidWorkflow,
}

/// A workflow that holds, for verbs that need one; refused at the door with its findings otherwise.
pub(crate) fn checked(output: Output, common: &Common, file: &Path) -> Result<Checked, Failure> {
    let registry = files::registry(common, Some(file))?;
    let text = files::text(file)?;
    let catalog = files::with_callees(common, file, &text, registry.catalog().clone())?;
    let Validated { report, valid, .. } =
        validate_text(&text.text, text.syntax, &catalog, &DocumentLimits::default());
    match valid {
        Some(valid) => Ok(Checked { workflow: valid.bundle().document.clone(), registry, valid }),
        None => {
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

/// One file after its checks, and after its fixes where they were wanted.
struct Looked {
    text: files::Text,
    report: Report,
    fixed: Option<Vec<Finding>>,
}

pub(crate) fn run(output: Output, common: &Common, args: &Validate) -> Answer {
    let (mut exit, mut unread) = (DONE, DONE);
    let mut answers = Vec::new();
    for file in &args.files {
        let looked = match look(common, file, args.fix) {
            Ok(looked) => looked,
            // One file alone: as every verb tells it. Among several the others are told all the same.
            Err(failure) if args.files.len() == 1 => return Err(failure),
            Err(failure) => {
                unread = unread.max(failure.exit);
                if output.json {
                    answers.push((file.display().to_string(), failure.to_json()));
                } else {
                    failure.tell(output);
                }
                continue;
            }
        };
        if !looked.report.is_valid() {
            exit = FAILED;
        }
        let printed = args.fix && file == Path::new("-");
        if output.json {
            answers.push((looked.text.name.clone(), answer(&looked, printed)));
        } else if printed {
            // The document alone goes on, so that it can be piped; what was done is said beside it.
            output.document(&looked.text.text);
            output.note(summary(Output { colour: false, ..output }, &looked).trim_end());
        } else {
            output.say(&summary(output, &looked));
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
    Ok(exit.max(unread))
}

fn look(common: &Common, file: &Path, fix: bool) -> Result<Looked, Failure> {
    let registry = files::registry(common, Some(file))?;
    let mut text = files::text(file)?;
    let limits = DocumentLimits::default();
    let catalog = files::with_callees(common, file, &text, registry.catalog().clone())?;
    if !fix {
        let report = validate_text(&text.text, text.syntax, &catalog, &limits).report;
        return Ok(Looked { text, report, fixed: None });
    }
    if text.syntax != Syntax::Json {
        let message =
            format!("{}: --fix edits JSON alone; what it would do is among the findings", text.name);
        return Err(Failure::unreadable(message));
    }
    let Mended { text: mended, fixed, validated, .. } = mend(&text.text, text.syntax, &catalog, &limits);
    if !fixed.is_empty() && file != Path::new("-") {
        files::replace(file, &mended)?;
    }
    text.text = mended;
    Ok(Looked { text, report: validated.report, fixed: Some(fixed) })
}

/// The report, with `fixed` where fixes were wanted and `text` where the document goes nowhere else.
fn answer(looked: &Looked, printed: bool) -> Value {
    let mut answer = looked.report.to_json();
    if let Some(members) = answer.as_object_mut() {
        if let Some(fixed) = &looked.fixed {
            members.insert("fixed".to_owned(), json!(fixed));
        }
        if printed {
            members.insert("text".to_owned(), looked.text.text.as_str().into());
        }
    }
    answer
}

fn with_file(name: &str, report: &Value) -> Value {
    let mut answer = json!({ "file": name });
    if let (Value::Object(members), Value::Object(found)) = (&mut answer, report) {
        members.extend(found.clone());
    }
    answer
}

fn summary(output: Output, looked: &Looked) -> String {
    let Looked { text, report, fixed } = looked;
    let mut out = String::new();
    for finding in fixed.iter().flatten() {
        let line = finding.span.map(|span| format!(":{}:{}", span.line, span.column)).unwrap_or_default();
        let what = format!("{}{line}: {}: {}", text.name, finding.code, finding.message);
        out.push_str(&format!("{} {}\n", output.paint(Colour::Green, "mended"), clean(&what)));
    }
    if fixed.as_ref().is_some_and(|fixed| !fixed.is_empty()) && !report.findings().is_empty() {
        out.push('\n');
    }
    let style = if output.colour { Style::Ansi } else { Style::Plain };
    out.push_str(&render(report, Some(source(text)), style));
    let verdict = if report.is_valid() {
        output.paint(Colour::Green, "valid")
    } else {
        output.paint(Colour::Red, "not valid")
    };
    out.push_str(&format!("{}: {verdict}\n", text.name));
    out
}
