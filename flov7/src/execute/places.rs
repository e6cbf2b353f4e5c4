//! Where a document uses actions.

use crate::workflow::{Block, Condition, Schema, Step, Workflow};

/// One use of an action by a step or by its undo.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place<'a> {
    /// The path without indices; it ends in `/undo` for a compensation.
    pub(crate) path: String,
    pub(crate) action: &'a str,
    /// The connection that the step names.
    pub(crate) connection: Option<&'a str>,
    /// What narrows the output.
    pub(crate) expect: Option<&'a Schema>,
}

/// Every use of an action, built-in ones included, in no particular order.
pub(crate) fn places(workflow: &Workflow) -> Vec<Place<'_>> {
    let mut found = Vec::new();
    let mut blocks: Vec<(String, &[Step])> = vec![(String::new(), &workflow.steps)];
    while let Some((prefix, steps)) = blocks.pop() {
        for step in steps {
            let path = format!("{prefix}{}", step.id);
            if let Some(undo) = &step.undo {
                found.push(Place {
                    path: format!("{path}/undo"),
                    action: &undo.uses,
                    connection: undo.connection.as_deref(),
                    expect: None,
                });
            }
            if let Some(condition) = &step.condition {
                inner(&path, condition, &mut blocks);
            }
            if let Some(action) = &step.action {
                found.push(Place {
                    path,
                    action: &action.uses,
                    connection: action.connection.as_deref(),
                    expect: action.expect.as_ref(),
                });
            }
        }
    }
    found
}

/// The blocks that a condition holds, with the prefixes of their steps' paths.
fn inner<'a>(path: &str, condition: &'a Condition, blocks: &mut Vec<(String, &'a [Step])>) {
    let named = |name: &str| format!("{path}/{name}/");
    let mut add = |prefix: String, steps: &'a [Step]| blocks.push((prefix, steps));
    match condition {
        Condition::If(one) => {
            add(named("then"), one.then.steps());
            if let Some(otherwise) = &one.else_ {
                add(named("else"), otherwise.steps());
            }
        }
        Condition::Switch(one) => {
            for case in &one.switch.cases {
                add(named(&case.id), &case.steps);
            }
            if let Some(default) = one.switch.default.as_ref().map(Block::steps) {
                add(named("default"), default);
            }
        }
        Condition::Parallel(one) => {
            for branch in &one.parallel.branches {
                add(named(&branch.id), &branch.steps);
            }
        }
        Condition::ForEach(one) => add(format!("{path}/"), &one.for_each.steps),
        Condition::Loop(one) => add(format!("{path}/"), &one.loop_.steps),
        Condition::Filter(_) => {}
    }
}
