//! `new`: a draft from a sentence, by rules.

use std::path::Path;

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
use crate::hint::{Again, quoted};
use crate::output::{Colour, Output, clean, escaped};

/// Needs answers.
const NEEDS: u8 = 3;
/// Refused.
const REFUSED: u8 = 4;

pub(crate) fn run(output: Output, common: &Common, args: &New) -> Answer {
    let catalog = files::registry(common, args.out.as_deref())?.catalog().clone();
    let sentence = if args.text == "-" {
        let read = files::text(Path::new("-"))?.text;
        read.trim().to_owned()
    } else {
        args.text.clone()
    };
    let mut request = GenerateRequest::new(sentence.as_str());
    for (id, answer) in &args.answers {
        if request.answers.contains_key(id) {
            return Err(Failure::unreadable(format!("--answer {id} is given twice")));
        }
        request = request.with_answer(id, answer);
    }
    let draft = RuleGenerator::new(catalog.clone()).draft(&request);
    match &draft.outcome {
        // What was said and is not in the draft is not passed over.
        DraftOutcome::Ready(_) if !draft.unused.is_empty() => Err(Failure::unreadable(unused(&draft))),
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
            if !draft.unused.is_empty() {
                output.note(&unused(&draft));
            }
            output.either(
                || json!({ "outcome": "needs", "because": draft.because, "questions": questions }),
                || questions_text(output, common, args, questions, &draft, &sentence),
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
        if args.force && path.exists() {
            files::replace(path, &text)?;
        } else {
            files::create(path, &text)?;
        }
        output.note(&format!("written to {}", path.display()));
    }
    if output.json {
        output.answer(
            &json!({ "outcome": "ready", "document": document, "because": draft.because, "questions": [] }),
        );
        return Ok(DONE);
    }
    if args.out.is_none() {
        output.document(&escaped(&text));
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

fn unused(draft: &Draft) -> String {
    let ids: Vec<String> = draft.unused.iter().map(|id| format!("`{}`", clean(id))).collect();
    format!("this sentence raises no question {}, so its answer would be passed over", ids.join(" or "))
}

fn questions_text(
    output: Output,
    common: &Common,
    args: &New,
    questions: &[Question],
    draft: &Draft,
    sentence: &str,
) -> String {
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
    // All that was given so far, and an answer to each question that suggests one: nothing else would be a real answer.
    let mut command = format!("new {}", quoted(&clean(sentence)));
    let open = |id: &String| questions.iter().any(|question| question.id == *id);
    let given = args.answers.iter().filter(|(id, _)| !open(id) && !draft.unused.contains(id));
    for (id, answer) in given {
        command.push_str(&format!(" --answer {}", quoted(&format!("{id}={answer}"))));
    }
    for question in questions {
        if let Some(example) = question.suggestions.first() {
            let answer = clean(&format!("{}={example}", question.id));
            command.push_str(&format!(" --answer {}", quoted(&answer)));
        }
    }
    let command = Again::new(common).drafting(&command);
    let out_option = args.out.as_ref().map_or(String::new(), |path| {
        let force = if args.force { " --force" } else { "" };
        format!(" --out {}{force}", quoted(&path.to_string_lossy()))
    });
    let suggested = questions.iter().any(|question| !question.suggestions.is_empty());
    let how = if suggested { "for example" } else { "added to" };
    out.push_str(&format!("\nAnswer each with --answer ID=ANSWER, {how}:\n  {command}{out_option}\n"));
    out
}

fn refusal_word(reason: RefusalReason) -> &'static str {
    match reason {
        RefusalReason::Outside => "Outside what rules do",
        RefusalReason::Invalid => "The draft does not hold",
        _ => "Refused",
    }
}
