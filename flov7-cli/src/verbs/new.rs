//! `new`: a draft from a sentence, by rules.

use flov7::finding::{Style, render};
use flov7::generate::{Because, Draft, DraftOutcome, GenerateRequest, Question, RefusalReason};
use flov7::rules::RuleGenerator;
use flov7::validate::validate;
use flov7::workflow::Workflow;
use serde_json::json;

use super::{Answer, DONE};
use crate::args::{Common, New};
use crate::failure::Failure;
use crate::files;
use crate::output::{Colour, Output, clean};

/// Needs answers.
const NEEDS: u8 = 3;
/// Refused.
const REFUSED: u8 = 4;

pub(crate) fn run(output: Output, common: &Common, args: &New) -> Answer {
    let catalog = files::registry(common, args.out.as_deref())?.catalog().clone();
    let request =
        args.answers.iter().fold(GenerateRequest::new(args.text.as_str()), |request, (id, answer)| {
            request.with_answer(id, answer)
        });
    let draft = RuleGenerator::new(catalog.clone()).draft(&request);
    match &draft.outcome {
        DraftOutcome::Ready(workflow) => {
            // A draft is only shown as ready when it has passed validation: a generator's word is not enough.
            if let Err(report) = validate(workflow, &catalog) {
                let answer = json!({ "outcome": "refused", "reason": "invalid", "because": draft.because,
                    "questions": [], "findings": report.to_json()["findings"] });
                output.either(
                    || answer,
                    || format!("The draft does not hold:\n{}", render(&report, None, Style::Plain)),
                );
                return Ok(REFUSED);
            }
            ready(output, args, workflow, &draft)
        }
        DraftOutcome::NeedsAnswers(questions) => {
            output.either(
                || json!({ "outcome": "needs", "because": draft.because, "questions": questions }),
                || questions_text(output, args, questions, &draft),
            );
            Ok(NEEDS)
        }
        DraftOutcome::Refused(refusal) => {
            output.either(
                || {
                    json!({ "outcome": "refused", "because": draft.because, "questions": [],
                        "reason": refusal.reason, "text": refusal.text })
                },
                || format!("{}: {}\n", refusal_word(refusal.reason), clean(&refusal.text)),
            );
            Ok(REFUSED)
        }
        _ => {
            Err(Failure::unreadable("this generator answered in a way that this command line does not know"))
        }
    }
}

fn ready(output: Output, args: &New, workflow: &Workflow, draft: &Draft) -> Answer {
    let document = serde_json::to_value(workflow).unwrap_or_default();
    let text = document_text(workflow);
    if let Some(path) = &args.out {
        let failed = |error| Failure::unreadable(format!("{}: {error}", path.display()));
        std::fs::write(path, &text).map_err(failed)?;
        output.note(&format!("written to {}", path.display()));
    }
    if output.json {
        output.answer(
            &json!({ "outcome": "ready", "document": document, "because": draft.because, "questions": [] }),
        );
        return Ok(DONE);
    }
    if args.out.is_none() {
        output.say(&text);
    }
    output.note(&because_text(output, &draft.because));
    Ok(DONE)
}

/// A document as people read it: the members in the order of FORMAT, which a `Value` would lose.
pub(crate) fn document_text(workflow: &Workflow) -> String {
    let mut text = serde_json::to_string_pretty(workflow).unwrap_or_default();
    text.push('\n');
    text
}

/// Which words caused which step, one line each.
pub(crate) fn because_text(output: Output, because: &[Because]) -> String {
    let width = because.iter().map(|b| b.step.len()).max().unwrap_or(0);
    let lines = because.iter().map(|b| {
        let step = format!("{:width$}", clean(&b.step));
        format!("  {}  because of “{}”", output.paint(Colour::Bold, &step), clean(&b.words))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn questions_text(output: Output, args: &New, questions: &[Question], draft: &Draft) -> String {
    let mut out = String::new();
    if !draft.because.is_empty() {
        out.push_str(&because_text(output, &draft.because));
        out.push_str("\n\n");
    }
    out.push_str("Before this can be a workflow:\n");
    for question in questions {
        out.push_str(&format!(
            "  {}  {}\n",
            output.paint(Colour::Bold, &clean(&question.id)),
            clean(&question.text)
        ));
        if !question.suggestions.is_empty() {
            out.push_str(&format!("      for example: {}\n", clean(&question.suggestions.join(", "))));
        }
    }
    if let Some(first) = questions.first() {
        let example = first.suggestions.first().map_or("…", String::as_str);
        let text = clean(&args.text).replace('\'', "’");
        out.push_str(&format!(
            "\nAnswer with --answer, for example:\n  flov7 new '{text}' --answer '{}={example}'\n",
            first.id
        ));
    }
    out
}

fn refusal_word(reason: RefusalReason) -> &'static str {
    match reason {
        RefusalReason::Outside => "Outside what rules do",
        RefusalReason::Invalid => "The draft does not hold",
        _ => "Refused",
    }
}
