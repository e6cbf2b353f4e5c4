//! The bundle of a workflow in which no error was found.

use std::collections::{BTreeMap, BTreeSet};

use super::{Bundle, Callee, Interface, ValidWorkflow};
use crate::catalog::Catalog;
use crate::finding::Report;
use crate::workflow::{Condition, RULES, Step, Workflow};

/// Binds the document to the interfaces of what it uses.
pub(super) fn valid(
    workflow: Workflow,
    catalog: &Catalog,
    checks: BTreeSet<String>,
    report: &Report,
    callees: BTreeMap<String, Callee>,
) -> ValidWorkflow {
    let Callee { document, interfaces, connections, checks, events } = part(workflow, catalog, checks);
    let bundle = Bundle { interfaces, callees, connections, checks, events, rules: RULES, document };
    ValidWorkflow::new(bundle, report.shared_residuals(), report.findings().to_vec())
}

/// What a bundle holds of one workflow.
pub(super) fn part(workflow: Workflow, catalog: &Catalog, checks: BTreeSet<String>) -> Callee {
    let mut used = BTreeSet::new();
    uses(&workflow.steps, &mut used);
    let interfaces: BTreeMap<String, Interface> = used
        .into_iter()
        .filter_map(|id| {
            let interface = Interface::new(catalog.action(id)?, catalog.interface_of(id)?);
            Some((id.to_owned(), interface))
        })
        .collect();
    let connections = workflow
        .connections
        .iter()
        .map(|connection| (connection.id.clone(), connection.connector.clone()))
        .collect();
    let events = super::callees::emitted(&workflow)
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), catalog.event(name)?.payload.clone())))
        .collect();
    Callee { interfaces, connections, checks, events, document: workflow }
}

/// The ids of all actions of a block and of the blocks inside, of which there are at most 32 in each other.
fn uses<'w>(steps: &'w [Step], used: &mut BTreeSet<&'w str>) {
    for step in steps {
        used.extend(step.action.as_ref().map(|action| action.uses.as_str()));
        used.extend(step.undo.as_ref().map(|undo| undo.uses.as_str()));
        match &step.condition {
            Some(Condition::If(condition)) => {
                uses(condition.then.steps(), used);
                uses(condition.else_.as_ref().map_or(&[], |block| block.steps()), used);
            }
            Some(Condition::Switch(condition)) => {
                condition.switch.cases.iter().for_each(|case| uses(&case.steps, used));
                uses(condition.switch.default.as_ref().map_or(&[], |block| block.steps()), used);
            }
            Some(Condition::Parallel(condition)) => {
                condition.parallel.branches.iter().for_each(|branch| uses(&branch.steps, used));
            }
            Some(Condition::ForEach(condition)) => uses(&condition.for_each.steps, used),
            Some(Condition::Loop(condition)) => uses(&condition.loop_.steps, used),
            Some(Condition::Filter(_)) | None => {}
        }
    }
}
