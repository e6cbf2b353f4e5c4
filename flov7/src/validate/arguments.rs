//! Arguments of built-in actions that are literals by nature: names of signals, codes, and what must be written out.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Pass;
use super::callees::Called;
use super::handlers::is_ours;
use super::outline::{StepAt, StepNo};
use crate::finding::{Code, Finding, Misnamed, Severity};
use crate::id::{Name, Timestamp};
use crate::json::below;
use crate::workflow::read::{describe, shorten};
use crate::workflow::{Action, Template, parse_duration};

/// The longest name of an event, in bytes.
const EVENT_NAME_BYTES: usize = 128;

/// Gives the steps whose arguments are wrong, so that nobody holds them against a schema too.
pub(super) fn check(pass: &mut Pass<'_>) -> Vec<StepNo> {
    let mut blamed = Vec::new();
    let mut findings = Vec::new();
    let mut awaited: BTreeSet<&str> = BTreeSet::new();
    // Where an action could not be read, it may have waited for anything.
    let mut unknown = pass.poisoned.contains("");
    for (index, at) in (pass.range.start..).zip(pass.steps()) {
        unknown |= at.poisoned;
        let Some(action) = at.step.action.as_ref().filter(|_| !at.poisoned) else { continue };
        let found = findings.len();
        match action.uses.as_str() {
            "core.wait" => wait(at, action, &mut findings),
            "core.wait_for" => {
                awaited.extend(wait_for(pass, at, action, &mut findings));
                // Whichever signal was meant, it is not unused.
                unknown |= findings.len() > found;
            }
            "core.ask" => ask(at, action, &mut findings),
            "core.fail" => fail(at, action, &mut findings),
            "core.call" => call(pass, at, action, &mut findings),
            "core.emit" => emit(pass, at, action.with.as_ref(), "action", &mut findings),
            _ => {}
        }
        if let Some(undo) = at.step.undo.as_ref().filter(|undo| undo.uses == "core.emit") {
            emit(pass, at, undo.with.as_ref(), "undo", &mut findings);
        }
        for finding in &mut findings[found..] {
            finding.step = Some(at.step.id.clone());
        }
        // That the answer of `core.ask` has no schema is no fault of its arguments.
        let wrong = findings[found..].iter().any(|found| found.severity == Severity::Error);
        if wrong && action.uses != "core.ask" {
            blamed.push(StepNo(index));
        }
    }
    if !unknown && pass.is_whole() {
        for name in pass.workflow.signals.keys().filter(|name| !awaited.contains(name.as_str())) {
            // Nobody can wait for what cannot be a name, which is said where it stands.
            if Name::parse(name).is_err() {
                continue;
            }
            let message = format!("no step waits for the signal `{name}`");
            findings.push(Finding::new(
                Code::UNUSED_SIGNAL,
                format!("/signals/{}", crate::json::escape(name)),
                message,
            ));
        }
    }
    pass.findings.append(&mut findings);
    blamed
}

fn with(action: &Action) -> &Value {
    action.with.as_ref().map_or(&Value::Null, |with| &with.0)
}

/// The argument of that name as the text that it is. Names are literals (FORMAT 1): what is computed cannot be
/// checked before it runs. A missing one is left to the schema of the action.
fn literal<'a>(
    at: &StepAt<'_>,
    action: &'a Action,
    name: &str,
    findings: &mut Vec<Finding>,
) -> Option<&'a str> {
    let value = with(action).get(name)?;
    match value.as_str() {
        Some(text) if !text.contains("${") => Some(text),
        _ => {
            let message = format!("`{name}` is written out, never computed; found {}", describe(value));
            let pointer = format!("{}/action/with/{name}", at.pointer);
            findings.push(Finding::new(Code::WRONG_KIND, pointer, message));
            None
        }
    }
}

/// Exactly one of `for` and `until`; where it is written out, it can be read.
fn wait(at: &StepAt<'_>, action: &Action, findings: &mut Vec<Finding>) {
    let place = below(&at.pointer, "/action");
    let arguments = with(action);
    if arguments.is_string() {
        return;
    }
    match (arguments.get("for"), arguments.get("until")) {
        (None, None) => {
            let message = "`core.wait` needs `for` (a duration) or `until` (an instant)";
            findings.push(Finding::new(Code::MISSING_ARGUMENT, place, message));
        }
        (Some(_), Some(_)) => {
            let message = "`core.wait` takes `for` or `until`, not both";
            findings.push(
                Finding::new(Code::UNKNOWN_ARGUMENT, below(&place, "/with/until"), message).about_name(),
            );
        }
        (Some(length), None) => {
            let readable = |text: &str| text.contains("${") || parse_duration(text).is_some();
            if let Some(text) = length.as_str().filter(|text| !readable(text)) {
                let message = format!("`for` is a duration such as \"1h30m\", found \"{}\"", shorten(text));
                findings.push(
                    Finding::new(Code::NOT_ASSIGNABLE, below(&place, "/with/for"), message)
                        .with_found(shorten(text)),
                );
            }
        }
        (None, Some(instant)) => {
            let readable = |text: &str| text.contains("${") || Timestamp::parse(text).is_ok();
            if let Some(text) = instant.as_str().filter(|text| !readable(text)) {
                let message = format!(
                    "`until` is an instant such as \"2027-02-28T09:00:00Z\", found \"{}\"",
                    shorten(text)
                );
                findings.push(
                    Finding::new(Code::NOT_ASSIGNABLE, below(&place, "/with/until"), message)
                        .with_found(shorten(text)),
                );
            }
        }
    }
}

fn wait_for<'a>(
    pass: &Pass<'_>,
    at: &StepAt<'_>,
    action: &'a Action,
    findings: &mut Vec<Finding>,
) -> Option<&'a str> {
    let name = literal(at, action, "signal", findings)?;
    let signals = &pass.workflow.signals;
    let hidden = format!("/signals/{}", crate::json::escape(name));
    if !signals.contains_key(name) && !pass.poisoned.contains("/signals") && !pass.poisoned.contains(&hidden)
    {
        let pointer = below(&at.pointer, "/action/with/signal");
        let finding =
            Finding::new(Code::UNKNOWN_SIGNAL, pointer, format!("no signal `{}` is declared", shorten(name)))
                .with_found(shorten(name));
        let mut finding = finding.with_names(name, signals.keys().map(String::as_str), Misnamed::Value);
        if finding.help.is_none() {
            finding.help = Some("declare it in `signals`, with the schema of what is sent".to_owned());
        }
        findings.push(finding);
    }
    Some(name)
}

fn ask(at: &StepAt<'_>, action: &Action, findings: &mut Vec<Finding>) {
    if action.expect.is_none() {
        let finding = Finding::new(
            Code::MISSING_MEMBER,
            below(&at.pointer, "/action"),
            "`core.ask` needs the member `expect`: the schema of the answer",
        );
        findings.push(finding.with_help("for a text: `\"expect\": { \"type\": \"string\" }`"));
    }
}

/// `with` is an object that is written out: a name in it is a literal.
fn written_out(
    at: &StepAt<'_>,
    with: Option<&Template>,
    member: &str,
    name: &str,
    findings: &mut Vec<Finding>,
) -> bool {
    let Some(text) = with.filter(|with| with.0.is_string()) else { return true };
    let message = format!(
        "`{name}` is written out, never computed, so `with` is an object; found {}",
        describe(&text.0)
    );
    findings.push(Finding::new(Code::WRONG_KIND, format!("{}/{member}/with", at.pointer), message));
    false
}

/// The workflow that is called is one that can be.
fn call(pass: &Pass<'_>, at: &StepAt<'_>, action: &Action, findings: &mut Vec<Finding>) {
    if !written_out(at, action.with.as_ref(), "action", "workflow", findings) {
        return;
    }
    let Some(name) = literal(at, action, "workflow", findings) else { return };
    let pointer = below(&at.pointer, "/action/with/workflow");
    if pass.callees.too_many {
        let message = format!("more than {} workflows are called from here on", super::callees::MOST);
        findings.push(Finding::new(Code::UNSOUND_WORKFLOW, pointer, message).with_found(shorten(name)));
        return;
    }
    match pass.callees.get(&pass.workflow.name, name) {
        Called::Sound { .. } => {}
        Called::Unsound(why) => {
            let message = format!("the workflow `{}` does not validate: {why}", shorten(name));
            findings.push(
                Finding::new(Code::UNSOUND_WORKFLOW, pointer, message)
                    .with_found(shorten(name))
                    .with_help("validate it by itself first"),
            );
        }
        Called::Unknown => {
            let message = format!("there is no workflow `{}` to call", shorten(name));
            let finding = Finding::new(Code::UNKNOWN_WORKFLOW, pointer, message).with_found(shorten(name));
            // Its own name is not among them: nobody calls himself by a slip.
            let known = pass.catalog.workflows().map(|workflow| workflow.name.as_str());
            let mut finding = finding.with_names(name, known, Misnamed::Value);
            if finding.help.is_none() {
                finding.help = Some("it is looked for where the application keeps its workflows".to_owned());
            }
            findings.push(finding);
        }
    }
}

/// An event is written out. One that the catalogue does not know is emitted all the same; where it knows others, that
/// is usually a slip.
fn emit(
    pass: &Pass<'_>,
    at: &StepAt<'_>,
    with: Option<&Template>,
    member: &str,
    findings: &mut Vec<Finding>,
) {
    if !written_out(at, with, member, "event", findings) {
        return;
    }
    let Some(value) = with.and_then(|with| with.0.get("event")) else { return };
    let pointer = format!("{}/{member}/with/event", at.pointer);
    let name = match value.as_str() {
        Some(name) if !name.contains("${") => name,
        _ => {
            let message = format!("`event` is written out, never computed; found {}", describe(value));
            findings.push(Finding::new(Code::WRONG_KIND, pointer, message));
            return;
        }
    };
    if name.is_empty() || name.len() > EVENT_NAME_BYTES || name.chars().any(char::is_control) {
        let message =
            format!("the name of an event has 1 to {EVENT_NAME_BYTES} bytes, and no control characters");
        findings.push(Finding::new(Code::BAD_ID, pointer, message).with_found(shorten(name)));
    } else if pass.catalog.event(name).is_none() && pass.catalog.events().next().is_some() {
        let message =
            format!("the catalogue declares no event `{}`: nobody checks its payload", shorten(name));
        let finding = Finding::new(Code::UNKNOWN_EVENT, pointer, message).with_found(shorten(name));
        let known = pass.catalog.events().map(|event| event.name.as_str());
        findings.push(finding.with_names(name, known, Misnamed::Value));
    }
}

/// A code of the workflow's own: no dot, and none of ours.
fn fail(at: &StepAt<'_>, action: &Action, findings: &mut Vec<Finding>) {
    let Some(code) = literal(at, action, "code", findings) else { return };
    let taken = is_ours(code);
    // A code is looked up in no expression, so words that expressions reserve are as good as others.
    if Name::parse(&format!("{code}_")).is_ok() && !taken {
        return;
    }
    let message = if taken {
        format!("`{code}` is a code of ours: a workflow fails with its own")
    } else {
        format!("a code of the workflow's own is small letters, digits and `_`, found `{}`", shorten(code))
    };
    let finding = Finding::new(Code::BAD_ID, below(&at.pointer, "/action/with/code"), message);
    findings.push(finding.with_found(shorten(code)));
}
