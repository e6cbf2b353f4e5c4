//! Whether the actions that are used exist.

use super::Pass;
use crate::finding::{Code, Finding, nearest};
use crate::workflow::read::shorten;

pub(super) fn check(pass: &mut Pass<'_>) {
    let mut findings = Vec::new();
    for at in pass.outline.steps.iter().filter(|at| !at.poisoned) {
        let uses = [
            at.step.action.as_ref().map(|action| ("action", action.uses.as_str())),
            at.step.undo.as_ref().map(|undo| ("undo", undo.uses.as_str())),
        ];
        for (member, uses) in uses.into_iter().flatten() {
            if pass.catalog.action(uses).is_some() {
                continue;
            }
            let near = nearest(uses, pass.catalog.actions().map(|action| action.id.as_str()));
            let message = format!("the catalogue has no action `{}`", shorten(uses));
            let finding = Finding::new(Code::UNKNOWN_ACTION, format!("{}/{member}/use", at.pointer), message)
                .with_step(&at.step.id)
                .with_found(shorten(uses));
            findings.push(match near.first() {
                Some(first) => {
                    finding.with_help(format!("did you mean `{first}`?")).with_allowed(near.clone())
                }
                None => finding,
            });
        }
    }
    pass.findings.append(&mut findings);
}
