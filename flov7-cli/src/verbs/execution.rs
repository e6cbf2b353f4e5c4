//! How executions are shown, and the exit code of each status.

use std::fmt::Write;

use flov7::machine::event::ScheduledKind;
use flov7::machine::{ExecutionView, Settled, Status, StepView, Waiting};
use serde_json::Value;

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

/// An execution for people: its steps, what came of it, and what it waits for.
pub(crate) fn text(output: Output, view: &ExecutionView) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "{} {}",
        output.paint(Colour::Bold, view.execution.as_str()),
        status_text(output, view.status)
    );
    if let Some(parent) = &view.parent {
        let _ = writeln!(out, "called by {} at {}", parent.execution, parent.path);
    }
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
    for path in &view.unknown_effects {
        let _ = writeln!(
            out,
            "{} {path}: nobody knows whether it happened",
            output.paint(Colour::Yellow, "unknown effect:")
        );
    }
    for waiting in &view.waiting {
        let _ = write!(out, "{}", waiting_text(output, view, waiting));
    }
    out
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
    let mut line = format!("{:<9} {}", mark, clean(step.path.as_str()));
    line = format!("{}{}", output.paint(colour, &line[..mark.len()]), &line[mark.len()..]);
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

fn waiting_text(output: Output, view: &ExecutionView, waiting: &Waiting) -> String {
    let id = view.execution.as_str();
    let token = waiting.token.as_deref().unwrap_or("");
    let (what, how) = match waiting.kind {
        ScheduledKind::Approve => {
            let whom = waiting.to.as_deref().map_or(String::new(), |to| format!(" by {}", clean(to)));
            let how = format!("flov7 approve {id} --step {path}   (or --no)", path = waiting.path);
            (format!("approval{whom}: {}", clean(waiting.title.as_deref().unwrap_or(""))), how)
        }
        ScheduledKind::Ask => {
            let how = format!("flov7 signal {id} {token} 'JSON'");
            (format!("answer: {}", clean(waiting.title.as_deref().unwrap_or(""))), how)
        }
        ScheduledKind::WaitFor => {
            let signal = clean(waiting.signal.as_deref().unwrap_or(""));
            let (keyed, key) = match waiting.key.as_deref().map(clean) {
                Some(key) => (format!(" with key {key}"), format!(" --key '{key}'")),
                None => (String::new(), String::new()),
            };
            let how = format!("flov7 signal {id} {signal} 'JSON'{key}");
            (format!("signal {signal}{keyed}"), how)
        }
        ScheduledKind::Child => {
            let child = waiting.execution.as_ref().map_or("", |child| child.as_str());
            (format!("execution {child}"), format!("flov7 show {child}"))
        }
        _ => (format!("{}", waiting.path), String::new()),
    };
    let due = waiting.due.map_or(String::new(), |due| format!(", until {due}"));
    let mut text =
        format!("{} {what} at {}{due}\n", output.paint(Colour::Yellow, "waiting for"), waiting.path);
    if !how.is_empty() {
        text.push_str(&format!("  {how}\n"));
    }
    text
}

/// A value on one line, cut at some characters.
pub(crate) fn short(value: &Value, characters: usize) -> String {
    let text = clean(&value.to_string());
    match text.char_indices().nth(characters) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
