//! Names that are there twice. Whether a name is well-formed is a matter of shape ([`crate::workflow::read`]).

use std::collections::BTreeMap;

use super::Pass;
use crate::finding::{Code, Finding};
use crate::json::below;
use crate::workflow::Condition;

pub(super) fn check(pass: &mut Pass<'_>) {
    let mut findings = Vec::new();
    let steps =
        pass.outline.steps.iter().map(|at| (at.step.id.as_str(), at.pointer.as_str(), Some(&at.step.id)));
    if !pass.outline.has_unique_ids() {
        unique("step", steps, &mut findings);
    }
    let connections: Vec<String> =
        (0..pass.workflow.connections.len()).map(|index| format!("/connections/{index}")).collect();
    let ids = pass.workflow.connections.iter().map(|connection| connection.id.as_str());
    unique("connection", ids.zip(&connections).map(|(id, at)| (id, at.as_str(), None)), &mut findings);
    let triggers: Vec<String> =
        (0..pass.workflow.triggers.len()).map(|index| format!("/triggers/{index}")).collect();
    let ids = pass.workflow.triggers.iter().map(|trigger| trigger.id.as_str());
    unique("trigger", ids.zip(&triggers).map(|(id, at)| (id, at.as_str(), None)), &mut findings);

    for at in &pass.outline.steps {
        let (what, list, ids): (_, _, Vec<&str>) = match &at.step.condition {
            Some(Condition::Switch(condition)) => {
                ("case", "switch/cases", condition.switch.cases.iter().map(|case| case.id.as_str()).collect())
            }
            Some(Condition::Parallel(condition)) => (
                "branch",
                "parallel/branches",
                condition.parallel.branches.iter().map(|branch| branch.id.as_str()).collect(),
            ),
            _ => continue,
        };
        let pointers: Vec<String> =
            (0..ids.len()).map(|index| format!("{}/condition/{list}/{index}", at.pointer)).collect();
        let named = ids.iter().zip(&pointers).map(|(id, pointer)| (*id, pointer.as_str(), Some(&at.step.id)));
        unique(what, named, &mut findings);
    }
    pass.findings.append(&mut findings);
}

/// Notes every name after the first of its kind. Those that could not be read are empty, and not the same.
fn unique<'a>(
    what: &str,
    named: impl Iterator<Item = (&'a str, &'a str, Option<&'a String>)>,
    findings: &mut Vec<Finding>,
) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for (id, pointer, step) in named.filter(|(id, _, _)| !id.is_empty()) {
        match seen.get(id) {
            None => {
                seen.insert(id, pointer);
            }
            Some(first) => {
                let message = format!("there is a {what} `{id}` already, at {first}");
                let mut finding =
                    Finding::new(Code::DUPLICATE_ID, below(pointer, "/id"), message).with_found(id);
                if let Some(step) = step {
                    finding = finding.with_step(step);
                }
                findings.push(finding);
            }
        }
    }
}
