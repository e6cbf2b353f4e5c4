//! How executions are shown, and the exit code of each status.

use std::fmt::Write;

use flov7::machine::event::{ScheduledKind, SignalTo};
use flov7::machine::{ExecutionView, Settled, Status, StepView, Waiting};
use flov7::store::{Message, MessageBody};
use serde_json::{Value, json};

use crate::hint::{Again, quoted};
use crate::output::{Colour, Output, clean};

/// The exit code of a status (FORMAT §4).
pub(crate) fn exit_of(status: Status) -> u8 {
    match status {
        Status::Completed | Status::Running => 0,
        Status::Failed => 1,
        Status::Waiting | Status::Paused => 5,
        Status::Cancelled | Status::Terminated => 6,
        Status::Blocked => 7,
        _ => 1,
    }
}

/// A status as a word.
pub(crate) fn word(status: Status) -> String {
    serde_json::to_value(status).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// How an execution can be gone on with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Next<'a> {
    /// By commands, with these settings; with the messages that were posted and not yet taken.
    Commands(&'a Again<'a>, &'a [Message]),
    /// No store holds it: by other mocks.
    Mocks,
    /// Not at all: it is a replay of what was.
    Past,
}

/// An execution for people: its steps, what came of it, and what it waits for.
pub(crate) fn text(output: Output, view: &ExecutionView, next: Next<'_>) -> String {
    let mut out = String::new();
    let name = match next {
        Next::Commands(..) | Next::Past => view.execution.as_str(),
        Next::Mocks => "dry run",
    };
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{} {}", output.paint(Colour::Bold, name), status_text(output, view.status));
    if let Some(parent) = &view.parent {
        let _ = writeln!(out, "called by {} at {}", parent.execution, parent.path);
    }
    if let Some(past) = &view.forked {
        let _ = writeln!(out, "forked from {} at event {}", past.from, past.seq);
    }
    push_begin(&mut out, output, view, next);
    for step in &view.steps {
        let _ = writeln!(out, "  {}", step_text(output, step));
    }
    if let Some(error) = &view.error {
        let at = error.step.as_ref().map_or(String::new(), |step| format!(" at {step}"));
        let line = format!("{}{at}: {}", clean(&error.code), clean(&error.message));
        let _ = writeln!(out, "{} {line}", output.paint(Colour::Red, "failed:"));
    }
    if view.status == Status::Completed {
        let _ = writeln!(out, "output: {}", short(&view.output, 2000));
    }
    push_undo(&mut out, output, view);
    if let (Some(blocked), false) = (&view.blocked, view.status.is_ended()) {
        let _ = writeln!(out, "{} {}", output.paint(Colour::Red, "blocked:"), clean(&blocked.message));
        if let Next::Commands(again, _) = next {
            let resume = again.executing(&format!("resume {}", view.execution));
            let _ = writeln!(out, "  when that is mended: {resume}");
        }
    }
    for (waiting, answered) in view.waiting.iter().zip(answered(view, next)) {
        let _ = write!(out, "{}", waiting_text(output, view, waiting, answered, next));
    }
    out
}

/// What it waits for before it begins, or that it is paused.
fn push_begin(out: &mut String, output: Output, view: &ExecutionView, next: Next<'_>) {
    if let Some(begins) = &view.begins {
        let waits = output.paint(Colour::Yellow, "not begun:");
        if let Some(at) = begins.at {
            let _ = writeln!(out, "{waits} it begins at {at}");
        }
        if begins.in_line {
            let _ = writeln!(out, "{waits} others with the same concurrency key come first");
            if let Next::Commands(again, _) = next {
                let resume = again.executing(&format!("resume {}", view.execution));
                let _ = writeln!(out, "  when they have ended: {resume}");
            }
        }
    }
    if let (Status::Paused, Next::Commands(again, _)) = (view.status, next) {
        let _ = writeln!(out, "  to let it go on: {}", again.posting(&format!("unpause {}", view.execution)));
    }
}

/// What became of effects: taken back, not taken back, unknown.
fn push_undo(out: &mut String, output: Output, view: &ExecutionView) {
    for path in &view.undo.done {
        let _ = writeln!(out, "{} {path}", output.paint(Colour::Yellow, "undone:"));
    }
    for path in &view.undo.failed {
        let _ =
            writeln!(out, "{} {path}: its effect still stands", output.paint(Colour::Red, "undo failed:"));
    }
    for path in &view.unknown_effects {
        let _ = writeln!(
            out,
            "{} {path}: nobody knows whether it happened",
            output.paint(Colour::Yellow, "unknown effect:")
        );
    }
}

/// Which waits have their answer already: it was posted, and no executor took it yet.
fn answered(view: &ExecutionView, next: Next<'_>) -> Vec<bool> {
    let Next::Commands(_, inbox) = next else { return vec![false; view.waiting.len()] };
    answered_by(&view.waiting, inbox)
}

fn answered_by(waiting: &[Waiting], inbox: &[Message]) -> Vec<bool> {
    let mut answered = vec![false; waiting.len()];
    for message in inbox {
        let MessageBody::Signal { to, .. } = &message.body else { continue };
        // One signal, one waiter, the oldest (RULES, signal).
        let taker = waiting.iter().enumerate().position(|(at, wait)| {
            !answered[at]
                && match to {
                    SignalTo::Token(token) | SignalTo::Wait { token, .. } => {
                        wait.token.as_ref() == Some(token)
                    }
                    SignalTo::Name { name, key } => wait.signal.as_ref() == Some(name) && wait.key == *key,
                }
        });
        if let Some(at) = taker {
            answered[at] = true;
        }
    }
    answered
}

/// An execution as FORMAT §4 writes it. A wait whose answer was posted and not taken yet is marked `answered`.
pub(crate) fn view_json(view: &ExecutionView, inbox: &[Message]) -> Value {
    let mut answer = serde_json::to_value(view).unwrap_or_default();
    for (at, is_answered) in answered_by(&view.waiting, inbox).into_iter().enumerate() {
        if is_answered {
            answer["waiting"][at]["answered"] = json!(true);
        }
    }
    answer
}

fn status_text(output: Output, status: Status) -> String {
    let colour = match status {
        Status::Completed => Colour::Green,
        Status::Failed | Status::Blocked => Colour::Red,
        _ => Colour::Yellow,
    };
    output.paint(colour, &word(status))
}

/// One step in one line.
pub(crate) fn step_text(output: Output, step: &StepView) -> String {
    let (mark, colour) = match step.settled {
        Some(Settled::Done) => ("done", Colour::Green),
        Some(Settled::Skipped) => ("skipped", Colour::Grey),
        Some(Settled::Failed) => ("failed", Colour::Red),
        Some(Settled::Cancelled) => ("cancelled", Colour::Grey),
        Some(Settled::Abandoned) => ("abandoned", Colour::Yellow),
        None => ("…", Colour::Yellow),
    };
    let space = " ".repeat(10usize.saturating_sub(mark.chars().count()));
    let mut line = format!("{}{space}{}", output.paint(colour, mark), clean(step.path.as_str()));
    if step.attempts > 1 {
        line.push_str(&format!(" ({} attempts)", step.attempts));
    }
    match (&step.output, &step.error) {
        (_, Some(error)) => line.push_str(&format!(": {} {}", clean(&error.code), clean(&error.message))),
        (Some(value), None) if !value.is_null() => line.push_str(&format!(" = {}", short(value, 160))),
        _ => {}
    }
    line
}

fn waiting_text(
    output: Output,
    view: &ExecutionView,
    waiting: &Waiting,
    is_answered: bool,
    next: Next<'_>,
) -> String {
    let title = clean(waiting.title.as_deref().unwrap_or(""));
    let what = match waiting.kind {
        ScheduledKind::Approve => {
            let whom = waiting.to.as_deref().map_or(String::new(), |to| format!(" by {}", clean(to)));
            format!("approval{whom}: {title}")
        }
        ScheduledKind::Ask => format!("answer: {title}"),
        ScheduledKind::WaitFor => {
            let key = waiting.key.as_deref().map_or(String::new(), |key| format!(" with key {}", clean(key)));
            format!("signal {}{key}", clean(waiting.signal.as_deref().unwrap_or("")))
        }
        ScheduledKind::Child => {
            format!("execution {}", waiting.execution.as_ref().map_or("", |child| child.as_str()))
        }
        ScheduledKind::Call => "its action".to_owned(),
        ScheduledKind::Backoff => "another attempt".to_owned(),
        ScheduledKind::Undo => "an undo".to_owned(),
        _ => "time to pass".to_owned(),
    };
    let due = waiting.due.map_or(String::new(), |due| format!(", until {due}"));
    let mut text =
        format!("{} {what} at {}{due}\n", output.paint(Colour::Yellow, "waiting for"), waiting.path);
    match next {
        Next::Commands(again, _) if is_answered => {
            let resume = again.executing(&format!("resume {}", view.execution));
            text.push_str(&format!("  answered; taken when it goes on: {resume}\n"));
        }
        Next::Commands(again, _) => {
            for command in commands(view, waiting) {
                text.push_str(&format!("  {}\n", again.posting(&command)));
            }
        }
        Next::Mocks if waiting.token.is_some() => {
            text.push_str(&format!("  a mock answers it: \"{}\": {{\"output\": …}}\n", waiting.path));
        }
        Next::Mocks | Next::Past => {}
    }
    text
}

/// What answers a wait.
fn commands(view: &ExecutionView, waiting: &Waiting) -> Vec<String> {
    let id = view.execution.as_str();
    let word = |text: &Option<String>| quoted(&clean(text.as_deref().unwrap_or("")));
    match waiting.kind {
        ScheduledKind::Approve => {
            let approve = format!("approve {id} --step {}", quoted(waiting.path.as_str()));
            vec![approve.clone(), format!("{approve} --no")]
        }
        ScheduledKind::Ask => vec![format!("signal {id} {} 'JSON'", word(&waiting.token))],
        ScheduledKind::WaitFor => {
            let key = match &waiting.key {
                Some(_) => format!(" --key {}", word(&waiting.key)),
                None => String::new(),
            };
            vec![format!("signal {id} {} 'JSON'{key}", word(&waiting.signal))]
        }
        ScheduledKind::Child => waiting.execution.iter().map(|child| format!("show {child}")).collect(),
        _ => Vec::new(),
    }
}

/// A value on one line, cut at some characters.
pub(crate) fn short(value: &Value, characters: usize) -> String {
    let text = clean(&value.to_string());
    match text.char_indices().nth(characters) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
