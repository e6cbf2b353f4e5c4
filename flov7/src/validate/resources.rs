//! Time and length: where `retry` and `undo` may stand, whether a timeout leaves room for it, how long paths become.

use super::Pass;
use super::outline::StepAt;
use crate::catalog::CORE_PREFIX;
use crate::finding::{Code, Finding};
use crate::json::{PatchOp, below};
use crate::workflow::{DurationText, Retry, Step, parse_duration};

/// How long one attempt of an action may take where nobody says otherwise (RULES, time.out).
const ATTEMPT_TIMEOUT_MS: i64 = 60_000;

pub(super) fn check(pass: &mut Pass<'_>) {
    let mut findings = Vec::new();
    for at in pass.steps() {
        let before = findings.len();
        path_length(at, pass.limits.path_bytes, &mut findings);
        if !at.poisoned {
            undo_place(at, &mut findings);
            retry_place(at, &mut findings);
            if findings.len() == before {
                timeout_short(pass, at, &mut findings);
            }
        }
    }
    pass.findings.append(&mut findings);
}

/// The longest path of a step, with `/undo` where it has one.
fn path_length(at: &StepAt<'_>, most: usize, findings: &mut Vec<Finding>) {
    let bytes = at.path_bytes + if at.step.undo.is_some() { "/undo".len() } else { 0 };
    if bytes > most {
        let message = format!("the path to this step can have {bytes} bytes; paths have at most {most}");
        let finding = Finding::new(Code::PATH_LENGTH, below(&at.pointer, "/id"), message)
            .with_step(&at.step.id)
            .with_found(bytes)
            .with_allowed(most)
            .with_help("shorten the ids of the steps around it");
        findings.push(finding);
    }
}

/// What takes an effect back is an action of the application, or an event.
fn undo_place(at: &StepAt<'_>, findings: &mut Vec<Finding>) {
    let step = at.step;
    if let Some(undo) = &step.undo
        && undo.uses.starts_with(CORE_PREFIX)
        && undo.uses != "core.emit"
    {
        let message = format!("`{}` takes nothing back", undo.uses);
        let finding = Finding::new(Code::UNDO_PLACE, below(&at.pointer, "/undo/use"), message);
        findings.push(
            finding
                .with_step(&step.id)
                .with_found(undo.uses.as_str())
                .with_help("an undo calls an action of the application, or tells of it with core.emit"),
        );
    }
}

fn retry_place(at: &StepAt<'_>, findings: &mut Vec<Finding>) {
    let step = at.step;
    let (what, help) = if step.condition.is_some() {
        ("a condition", "put it on the action inside that fails; polling is a `loop`")
    } else if step.data.is_some() {
        ("a data step", "a computation gives the same answer again")
    } else if step.action.as_ref().is_some_and(|action| action.uses.starts_with(CORE_PREFIX)) {
        ("a `core` action", "there is no handler to call again; `timeout` limits how long it takes")
    } else {
        return;
    };
    for (name, there) in
        [("retry", step.retry.is_some()), ("attempt_timeout", step.attempt_timeout.is_some())]
    {
        if there {
            let message = format!("{what} cannot have `{name}`: it belongs to actions that call a handler");
            let finding = Finding::new(Code::RETRY_PLACE, format!("{}/{name}", at.pointer), message)
                .with_step(&step.id)
                .with_help(help)
                .about_name();
            // A computation gives the same again: without it nothing changes.
            let idle = step.data.is_some() && name == "retry";
            findings.push(if idle {
                let path = finding.pointer.clone();
                finding.with_fix(vec![PatchOp::Remove { path }])
            } else {
                finding
            });
        }
    }
    if let Some(undo) = &step.undo
        && undo.uses.starts_with(CORE_PREFIX)
        && undo.retry.is_some()
    {
        let finding = Finding::new(
            Code::RETRY_PLACE,
            below(&at.pointer, "/undo/retry"),
            "a `core` action cannot have `retry`: it belongs to actions that call a handler",
        );
        findings.push(finding.with_step(&step.id).about_name());
    }
}

/// A hint where all attempts and the delays between them do not fit into the step's timeout.
fn timeout_short(pass: &Pass<'_>, at: &StepAt<'_>, findings: &mut Vec<Finding>) {
    let (Some(timeout), Some(retry)) = (millis(at.step.timeout.as_ref()), &at.step.retry) else { return };
    let longest = longest(pass, at.step, retry);
    if longest > timeout.into() {
        let shown = |millis: i128| readable(millis);
        let message = format!(
            "{} attempts can take {}, but the step is given {}",
            retry.attempts,
            shown(longest),
            shown(timeout.into())
        );
        let finding = Finding::new(Code::TIMEOUT_SHORT, below(&at.pointer, "/timeout"), message)
            .with_step(&at.step.id)
            .with_help("give it more time, or less to each attempt");
        findings.push(finding);
    }
}

/// All attempts at their longest, and all delays between them, without jitter.
fn longest(pass: &Pass<'_>, step: &Step, retry: &Retry) -> i128 {
    let declared = step.action.as_ref().and_then(|action| pass.catalog.action(&action.uses));
    let attempt = millis(step.attempt_timeout.as_ref())
        .or_else(|| millis(declared.and_then(|action| action.attempt_timeout.as_ref())))
        .unwrap_or(ATTEMPT_TIMEOUT_MS);
    let first = millis(retry.first.as_ref()).unwrap_or(1_000);
    let most = millis(retry.max.as_ref()).unwrap_or(60_000);
    let factor = retry.factor.unwrap_or(2.0);
    let mut delay = first as f64;
    let mut total = i128::from(attempt) * i128::from(retry.attempts);
    for _ in 1..retry.attempts {
        // Bounded by `most`, which is a whole number of milliseconds.
        total += delay.min(most as f64) as i128;
        delay = (delay * factor).min(most as f64);
    }
    total
}

fn millis(text: Option<&DurationText>) -> Option<i64> {
    text.and_then(|text| parse_duration(&text.0))
}

/// The two greatest units of a duration.
fn readable(millis: i128) -> String {
    let units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
    let mut rest = millis;
    let mut parts = Vec::new();
    for (unit, length) in units {
        if rest >= length && parts.len() < 2 {
            parts.push(format!("{}{unit}", rest / length));
            rest %= length;
        }
    }
    if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") }
}
