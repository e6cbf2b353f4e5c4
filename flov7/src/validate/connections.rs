//! Whether the connections that actions use are declared, and are of the kind that the actions need.

use std::collections::BTreeSet;

use super::Pass;
use crate::catalog::{ActionDescriptor, ConnectorUse};
use crate::finding::{Code, Finding, Misnamed};
use crate::json::{PatchOp, below};
use crate::workflow::Connection;

/// The connector of webhook triggers, which no catalogue has to offer.
pub(super) const WEBHOOK: &str = "webhook";

pub(super) fn check(pass: &mut Pass<'_>) {
    let mut findings = Vec::new();
    let known = connectors(pass);
    let declared = if pass.is_whole() { pass.workflow.connections.as_slice() } else { &[] };
    for (index, connection) in declared.iter().enumerate() {
        let pointer = format!("/connections/{index}");
        if connection.connector.is_empty() || pass.poisoned.contains(&pointer) {
            continue;
        }
        if !known.contains(connection.connector.as_str()) {
            let message = format!("there is no connector `{}`", connection.connector);
            let finding = Finding::new(Code::UNKNOWN_CONNECTOR, below(&pointer, "/connector"), message);
            let found = &connection.connector;
            let finding = finding.with_found(&**found);
            let mut finding = finding.with_names(found, known.iter().copied(), Misnamed::Value);
            if finding.help.is_none() {
                let all: Vec<&str> = known.iter().copied().take(8).collect();
                finding.help = Some(format!("this application knows `{}`", all.join("`, `")));
            }
            findings.push(finding);
        }
    }
    for at in pass.steps().iter().filter(|at| !at.poisoned) {
        let uses = [
            at.step.action.as_ref().map(|action| ("action", &action.uses, &action.connection)),
            at.step.undo.as_ref().map(|undo| ("undo", &undo.uses, &undo.connection)),
        ];
        for (member, uses, connection) in uses.into_iter().flatten() {
            let Some(action) = pass.catalog.action(uses) else { continue };
            let place = || format!("{}/{member}", at.pointer);
            if let Some(finding) = action_connection(pass, &known, action, connection.as_deref(), &place) {
                findings.push(finding.with_step(&at.step.id));
            }
        }
    }
    pass.findings.append(&mut findings);
}

/// Every connector that something can be done with.
fn connectors<'p>(pass: &Pass<'p>) -> BTreeSet<&'p str> {
    let offered = pass.catalog.connectors().map(|connector| connector.id.as_str());
    let used =
        pass.catalog.actions().filter_map(|action| action.connector.as_ref()).map(ConnectorUse::connector);
    offered.chain(used).chain([WEBHOOK]).collect()
}

/// The connection of that id, or the finding that there is none.
pub(super) fn declared<'p>(
    pass: &Pass<'p>,
    id: &str,
    pointer: &dyn Fn() -> String,
) -> Result<Option<&'p Connection>, Box<Finding>> {
    // With a `connections` that could not be read, nobody knows.
    if pass.poisoned.contains("/connections") || pass.poisoned.contains("") {
        return Ok(None);
    }
    let workflow = pass.workflow;
    if let Some(connection) = workflow.connections.iter().find(|connection| connection.id == id) {
        return Ok(Some(connection));
    }
    let finding =
        Finding::new(Code::UNKNOWN_CONNECTION, pointer(), format!("no connection `{id}` is declared"));
    let known = workflow.connections.iter().map(|connection| connection.id.as_str());
    let mut finding = finding.with_found(id).with_names(id, known, Misnamed::Value);
    if finding.help.is_none() {
        finding.help = Some("declare it in `connections`".to_owned());
    }
    Err(Box::new(finding))
}

fn action_connection(
    pass: &Pass<'_>,
    known: &BTreeSet<&str>,
    action: &ActionDescriptor,
    connection: Option<&str>,
    place: &dyn Fn() -> String,
) -> Option<Finding> {
    let Some(id) = connection else {
        let Some(ConnectorUse::Required(connector)) = &action.connector else { return None };
        return Some(missing(pass, &action.id, connector, &place()));
    };
    let pointer = || below(&place(), "/connection");
    let declared = match declared(pass, id, &pointer) {
        Ok(declared) => declared?,
        Err(finding) => return Some(*finding),
    };
    let Some(needed) = action.connector.as_ref().map(ConnectorUse::connector) else {
        let message = format!("`{}` uses no connection", action.id);
        let pointer = pointer();
        let fix = vec![PatchOp::Remove { path: pointer.clone() }];
        return Some(Finding::new(Code::UNKNOWN_CONNECTOR, pointer, message).with_found(id).with_fix(fix));
    };
    // A connector that nobody knows has its finding where it is declared.
    if declared.connector == needed || !known.contains(declared.connector.as_str()) {
        return None;
    }
    let message = format!(
        "`{}` works with a connection of `{needed}`, and `{id}` is one of `{}`",
        action.id, declared.connector
    );
    Some(
        Finding::new(Code::UNKNOWN_CONNECTOR, pointer(), message)
            .with_found(&*declared.connector)
            .with_allowed(needed),
    )
}

/// A connection is needed and none is named. With exactly one that fits, naming it is the fix.
pub(super) fn missing(pass: &Pass<'_>, what: &str, connector: &str, place: &str) -> Finding {
    let fitting: Vec<&str> = pass
        .workflow
        .connections
        .iter()
        .filter(|connection| connection.connector == connector)
        .map(|connection| connection.id.as_str())
        .collect();
    let message = format!("`{what}` needs a connection of `{connector}`");
    let finding = Finding::new(Code::CONNECTION_MISSING, place, message).with_allowed(fitting.clone());
    match fitting.as_slice() {
        [] => finding.with_help(format!(
            "declare one: `\"connections\": [{{ \"id\": \"{connector}\", \"connector\": \"{connector}\" }}]`, and name it here"
        )),
        [only] => finding
            .with_help(format!("`{only}` is one"))
            .with_fix(vec![PatchOp::Add { path: below(place, "/connection"), value: (*only).into() }]),
        several => finding.with_help(format!("one of `{}`", several.join("`, `"))),
    }
}
