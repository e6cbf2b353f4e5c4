//! What format 1 has and this release cannot run yet: the one list of it. It shrinks as the machine grows.
//!
//! What is listed here is checked like everything else, so that nothing but `not-built-yet` is left to be found once
//! the document is sound.

use super::Pass;
use super::outline::StepAt;
use crate::finding::{Code, Finding};
use crate::workflow::Workflow;

/// Actions that the machine does not run yet, and what to use instead.
const ACTIONS: &[(&str, &str)] = &[
    (
        "core.call",
        "put its steps into this workflow, or let the application start it through an action of its own",
    ),
    ("core.emit", "let an action of the application send the event"),
];

pub(super) fn check(pass: &mut Pass<'_>) {
    let mut findings = document(pass.workflow);
    for at in pass.outline.steps.iter().filter(|at| !at.poisoned) {
        step(at, &mut findings);
    }
    pass.findings.append(&mut findings);
}

fn refused(pointer: impl Into<String>, what: &str, instead: &str) -> Finding {
    Finding::new(Code::NOT_BUILT_YET, pointer, format!("this release does not run {what} yet"))
        .with_help(instead)
}

fn document(workflow: &Workflow) -> Vec<Finding> {
    let mut findings = Vec::new();
    if workflow.concurrency.is_some() {
        findings.push(refused(
            "/concurrency",
            "`concurrency`",
            "start executions with a key: the same key is the same execution",
        ));
    }
    let limits = workflow.limits.as_ref();
    if limits.is_some_and(|limits| limits.tokens.is_some()) {
        findings.push(refused("/limits/tokens", "limits of tokens", "limit `steps`, and set a `timeout`"));
    }
    if limits.is_some_and(|limits| limits.money.is_some()) {
        findings.push(refused("/limits/money", "limits of money", "limit `steps`, and set a `timeout`"));
    }
    findings
}

fn step(at: &StepAt<'_>, findings: &mut Vec<Finding>) {
    let mut refuse = |below: &str, what: &str, instead: &str| {
        findings.push(refused(format!("{}{below}", at.pointer), what, instead).with_step(&at.step.id));
    };
    let Some(action) = &at.step.action else { return };
    if let Some((id, instead)) = ACTIONS.iter().find(|(id, _)| *id == action.uses) {
        refuse("/action/use", &format!("`{id}`"), instead);
    }
}
