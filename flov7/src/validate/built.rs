//! What format 1 has and this release cannot run yet: the one list of it. It shrinks as the machine grows.
//!
//! What is listed here is checked like everything else, so that nothing but `not-built-yet` is left to be found once
//! the document is sound.

use super::Pass;
use crate::finding::{Code, Finding};
use crate::workflow::Workflow;

pub(super) fn check(pass: &mut Pass<'_>) {
    let mut findings = if pass.is_whole() { document(pass.workflow) } else { Vec::new() };
    pass.findings.append(&mut findings);
}

fn refused(pointer: impl Into<String>, what: &str, instead: &str) -> Finding {
    Finding::new(Code::NOT_BUILT_YET, pointer, format!("this release does not run {what} yet"))
        .with_help(instead)
}

fn document(workflow: &Workflow) -> Vec<Finding> {
    let mut findings = Vec::new();
    let limits = workflow.limits.as_ref();
    if limits.is_some_and(|limits| limits.tokens.is_some()) {
        findings.push(refused("/limits/tokens", "limits of tokens", "limit `steps`, and set a `timeout`"));
    }
    if limits.is_some_and(|limits| limits.money.is_some()) {
        findings.push(refused("/limits/money", "limits of money", "limit `steps`, and set a `timeout`"));
    }
    findings
}
