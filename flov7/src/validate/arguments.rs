//! Arguments of built-in actions that are literals by nature: names of signals, codes, and what must be written out.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Pass;
use super::handlers::is_ours;
use super::outline::{StepAt, StepNo};
use crate::finding::{Code, Finding, Misnamed};
use crate::id::{Name, Timestamp};
use crate::workflow::read::{describe, shorten};
use crate::workflow::{Action, parse_duration};

/// Gives the steps whose arguments are wrong, so that nobody holds them against a schema too.
pub(super) fn check(pass: &mut Pass<'_>) -> Vec<StepNo> {
    let mut blamed = Vec::new();
    let mut findings = Vec::new();
    let mut awaited: BTreeSet<&str> = BTreeSet::new();
    // Where an action could not be read, it may have waited for anything.
    let mut unknown = pass.poisoned.contains("");
    for (index, at) in pass.outline.steps.iter().enumerate() {
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
            "core.call" => {
                literal(at, action, "workflow", &mut findings);
            }
            "core.emit" => {
                literal(at, action, "event", &mut findings);
            }
            _ => {}
        }
        for finding in &mut findings[found..] {
            finding.step = Some(at.step.id.clone());
        }
        // That the answer of `core.ask` has no schema is no fault of its arguments.
        if findings.len() > found && action.uses != "core.ask" {
            blamed.push(StepNo(index));
        }
    }
    if !unknown {
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
    let place = format!("{}/action", at.pointer);
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
                Finding::new(Code::UNKNOWN_ARGUMENT, format!("{place}/with/until"), message).about_name(),
            );
        }
        (Some(length), None) => {
            let readable = |text: &str| text.contains("${") || parse_duration(text).is_some();
            if let Some(text) = length.as_str().filter(|text| !readable(text)) {
                let message = format!("`for` is a duration such as \"1h30m\", found \"{}\"", shorten(text));
                findings.push(
                    Finding::new(Code::NOT_ASSIGNABLE, format!("{place}/with/for"), message)
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
                    Finding::new(Code::NOT_ASSIGNABLE, format!("{place}/with/until"), message)
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
        let pointer = format!("{}/action/with/signal", at.pointer);
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
            format!("{}/action", at.pointer),
            "`core.ask` needs the member `expect`: the schema of the answer",
        );
        findings.push(finding.with_help("for a text: `\"expect\": { \"type\": \"string\" }`"));
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
    let finding = Finding::new(Code::BAD_ID, format!("{}/action/with/code", at.pointer), message);
    findings.push(finding.with_found(shorten(code)));
}
