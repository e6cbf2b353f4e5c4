//! Whether the actions that are used exist.

use super::Pass;
use crate::finding::{Code, Finding, Misnamed};
use crate::workflow::read::shorten;

pub(super) fn check(pass: &mut Pass<'_>) {
    let mut findings = Vec::new();
    for at in pass.steps().iter().filter(|at| !at.poisoned) {
        let uses = [
            at.step.action.as_ref().map(|action| ("action", action.uses.as_str())),
            at.step.undo.as_ref().map(|undo| ("undo", undo.uses.as_str())),
        ];
        for (member, uses) in uses.into_iter().flatten() {
            if pass.catalog.action(uses).is_some() {
                continue;
            }
            let message = format!("the catalogue has no action `{}`", shorten(uses));
            let finding = Finding::new(Code::UNKNOWN_ACTION, format!("{}/{member}/use", at.pointer), message)
                .with_step(&at.step.id)
                .with_found(shorten(uses));
            let known = pass.catalog.actions().map(|action| action.id.as_str());
            let mut finding = finding.with_names(uses, known, Misnamed::Value);
            if finding.help.is_none() {
                finding.help = Some("use one of the catalogue, or describe it there".to_owned());
            }
            findings.push(finding);
        }
    }
    pass.findings.append(&mut findings);
}
