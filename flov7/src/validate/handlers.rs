//! Rules of `on_error`: codes that can occur, steps that are inside, values that somebody reads.

use std::collections::BTreeSet;

use super::Pass;
use super::outline::{StepAt, StepNo, continues};
use crate::finding::{Code, Finding, Misnamed};
use crate::json::{PatchOp, below};
use crate::workflow::{Condition, OnError, Step};

/// Failures that any step, or any step that calls a handler, can end with (RULES, fail.class).
const OURS: &[&str] = &[
    "timeout",
    "outcome_unknown",
    "worker_lost",
    "panicked",
    "contract.input",
    "contract.output",
    "contract.signal",
    "contract.data",
    "contract.link",
    "data.overflow",
    "data.division",
    "data.index",
    "data.conversion",
    "data.key",
    "data.size",
    "limit.payload",
    "limit.width",
];

/// What no rule sees: it ends or suspends the execution, not the step.
const UNCATCHABLE: &[&str] = &[
    "cancelled",
    "blocked",
    "defect",
    "limit.time",
    "limit.steps",
    "limit.memory",
    "limit.tokens",
    "limit.money",
];

/// Undotted codes of ours: `core.fail` cannot use them.
pub(super) fn is_ours(code: &str) -> bool {
    OURS.contains(&code)
        || UNCATCHABLE.contains(&code)
        || ["rejected", "child_cancelled", "child_refused"].contains(&code)
}

/// Failures of a called execution that end it: to the step that called it they are failures like others.
const OF_CHILDREN: &[&str] =
    &["child_cancelled", "child_refused", "limit.depth", "limit.time", "limit.steps", "limit.memory"];

/// The codes that the steps of a document can fail with, what they call left out.
pub(super) fn own_codes(pass: &Pass<'_>) -> BTreeSet<String> {
    let mut possible = Possible { codes: BTreeSet::new(), open: false, calls: false };
    pass.outline.steps.iter().for_each(|at| possible.add_own(pass, at.step));
    possible.codes
}

pub(super) fn check(pass: &mut Pass<'_>) {
    let mut findings = Vec::new();
    for (index, at) in (pass.range.start..).zip(pass.steps()).filter(|(_, at)| !at.poisoned) {
        let Some(rules) = &at.step.on_error else { continue };
        let mut possible = None;
        for (position, rule) in rules.iter().enumerate() {
            let pointer = format!("{}/on_error/{position}", at.pointer);
            value(at, rule, &pointer, &mut findings);
            steps(pass, StepNo(index), rule, &pointer, &mut findings);
            for (place, code) in rule.codes.iter().flatten().enumerate() {
                if is_declared(pass, at, code) {
                    continue;
                }
                let possible = possible.get_or_insert_with(|| Possible::of(pass, StepNo(index)));
                let pointer = format!("{pointer}/codes/{place}");
                if let Some(mut finding) = check_code(possible, code, pointer) {
                    // No rule sees it: beside other codes it says nothing.
                    if finding.code == Code::UNCATCHABLE
                        && rule.codes.as_ref().is_some_and(|all| all.len() > 1)
                    {
                        finding.fix = Some(vec![PatchOp::Remove { path: finding.pointer.clone() }]);
                    }
                    findings.push(finding.with_step(&at.step.id));
                }
            }
        }
    }
    pass.findings.append(&mut findings);
}

/// Whether a code is one that the step itself is known to fail with: most are.
fn is_declared(pass: &Pass<'_>, at: &StepAt<'_>, code: &str) -> bool {
    let own = at.step.action.as_ref().and_then(|action| pass.catalog.action(&action.uses));
    !UNCATCHABLE.contains(&code)
        && (OURS.contains(&code) || own.is_some_and(|own| own.errors.iter().any(|error| error.code == code)))
}

fn value(at: &StepAt<'_>, rule: &OnError, pointer: &str, findings: &mut Vec<Finding>) {
    if rule.value.is_none() {
        return;
    }
    let pointer = below(pointer, "/value");
    if !continues(rule) {
        let message = "a step that fails has no value: nobody will read this one";
        let finding = Finding::new(Code::VALUE_WITH_FAIL, pointer, message)
            .with_step(&at.step.id)
            .with_help("write `\"then\": \"continue\"`, or leave the value out");
        findings.push(finding);
    } else if matches!(at.step.condition, Some(Condition::Filter(_))) {
        let message = "a filter has no value, so it cannot be given one";
        findings.push(Finding::new(Code::NO_VALUE, pointer, message).with_step(&at.step.id));
    }
}

/// Steps that a rule is for stand inside of the step that has the rule.
fn steps(pass: &Pass<'_>, own: StepNo, rule: &OnError, pointer: &str, findings: &mut Vec<Finding>) {
    let at = pass.outline.step(own);
    for (place, id) in rule.steps.iter().flatten().enumerate() {
        let found = pass.outline.find(id);
        if found.is_some_and(|found| pass.outline.is_inside(found, own)) {
            continue;
        }
        let inside = (own.0 + 1..at.end).map(|no| pass.outline.step(StepNo(no)).step.id.as_str());
        let message = match found {
            Some(_) => format!("`{id}` does not stand inside of `{}`", at.step.id),
            None => format!("no step is called `{id}`"),
        };
        let mut finding = Finding::new(Code::UNKNOWN_STEP, format!("{pointer}/steps/{place}"), message)
            .with_step(&at.step.id)
            .with_found(id.as_str())
            .with_names(id, inside, Misnamed::Value);
        if finding.help.is_none() && at.blocks.is_empty() {
            finding = finding.with_help("nothing stands inside of this step: leave `steps` out");
        }
        findings.push(finding);
    }
}

/// The codes that a step can fail with.
struct Possible {
    /// Codes, and families with a star.
    codes: BTreeSet<String>,
    /// Whether some of them cannot be known, because an action is not.
    open: bool,
    /// Whether workflows are called.
    calls: bool,
}

impl Possible {
    fn of(pass: &Pass<'_>, own: StepNo) -> Possible {
        let mut possible = Possible {
            codes: OURS.iter().map(|code| (*code).to_owned()).collect(),
            open: false,
            calls: false,
        };
        for no in own.0..pass.outline.step(own).end {
            let step = pass.outline.step(StepNo(no)).step;
            possible.add_own(pass, step);
            possible.add_called(pass, step);
        }
        possible
    }

    /// What a called workflow fails with, the step fails with.
    fn add_called(&mut self, pass: &Pass<'_>, step: &Step) {
        let Some(action) = step.action.as_ref().filter(|action| action.uses == "core.call") else { return };
        self.calls = true;
        self.codes.extend(OF_CHILDREN.iter().map(|code| (*code).to_owned()));
        let name = action.with.as_ref().and_then(|with| with.0.get("workflow")?.as_str());
        let Some(name) =
            name.filter(|name| pass.catalog.workflow(name).is_some() || *name == pass.workflow.name)
        else {
            self.open = true;
            return;
        };
        self.codes.extend(pass.callees.below(name).1);
        if pass.callees.returns(name) {
            self.codes.extend(own_codes(pass));
        }
    }

    fn add_own(&mut self, pass: &Pass<'_>, step: &Step) {
        if matches!(step.condition, Some(Condition::Loop(_))) {
            self.codes.insert("limit.iterations".to_owned());
        }
        let Some(action) = &step.action else {
            self.open |= step.data.is_none() && step.condition.is_none();
            return;
        };
        match pass.catalog.action(&action.uses) {
            Some(found) => self.codes.extend(found.errors.iter().map(|error| error.code.clone())),
            None => self.open = true,
        }
        if action.uses == "core.fail" {
            let code = action.with.as_ref().and_then(|with| with.0.get("code")?.as_str());
            self.codes.extend(code.map(str::to_owned));
        }
        if action.uses == "core.emit" {
            self.codes.insert("limit.depth".to_owned());
        }
    }

    /// Whether a rule for `code`, or for a family, can ever match.
    fn has(&self, code: &str) -> bool {
        if self.open || self.codes.contains(code) {
            return true;
        }
        let families = self.codes.iter().filter_map(|code| code.strip_suffix('*'));
        match code.strip_suffix('*') {
            Some(family) => self.codes.iter().any(|code| code.starts_with(family)),
            None => families.into_iter().any(|family| code.starts_with(family)),
        }
    }
}

fn check_code(possible: &Possible, code: &str, pointer: String) -> Option<Finding> {
    if UNCATCHABLE.contains(&code) && !(possible.calls && OF_CHILDREN.contains(&code)) {
        let message = format!("`{code}` is no failure of a step: no rule sees it");
        let finding = Finding::new(Code::UNCATCHABLE, pointer, message).with_found(code);
        return Some(finding.with_help("it ends or suspends the whole execution: leave it out"));
    }
    if possible.has(code) {
        return None;
    }
    let finding = Finding::new(Code::UNKNOWN_CODE, pointer, format!("nothing here fails with `{code}`"))
        .with_found(code);
    let mut finding = finding.with_names(code, possible.codes.iter().map(String::as_str), Misnamed::Value);
    if finding.help.is_none() {
        finding.help = Some("a rule without `codes` is for every failure".to_owned());
    }
    Some(finding)
}
