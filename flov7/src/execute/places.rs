//! Where a document uses actions.

use crate::workflow::{Block, Condition, Schema, Step, Workflow};

/// One use of an action by a step or by its undo.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place<'a> {
    /// The path without indices; it ends in `/undo` for a compensation.
    pub(crate) path: String,
    /// JSON Pointer of the `action` or `undo` in the document.
    pub(crate) pointer: String,
    pub(crate) action: &'a str,
    /// The connection that the step names.
    pub(crate) connection: Option<&'a str>,
    /// The workflow that it calls.
    pub(crate) callee: Option<&'a str>,
    /// What narrows the output.
    pub(crate) expect: Option<&'a Schema>,
}

/// Every use of an action, built-in ones included, in no particular order.
pub(crate) fn places(workflow: &Workflow) -> Vec<Place<'_>> {
    let mut found = Vec::new();
    let mut blocks =
        vec![Inner { prefix: String::new(), pointer: "/steps".to_owned(), steps: &workflow.steps }];
    while let Some(Inner { prefix, pointer, steps }) = blocks.pop() {
        for (at, step) in steps.iter().enumerate() {
            let path = format!("{prefix}{}", step.id);
            let pointer = format!("{pointer}/{at}");
            if let Some(undo) = &step.undo {
                found.push(Place {
                    path: format!("{path}/undo"),
                    pointer: format!("{pointer}/undo"),
                    action: &undo.uses,
                    connection: undo.connection.as_deref(),
                    callee: None,
                    expect: None,
                });
            }
            if let Some(condition) = &step.condition {
                inner(&path, &format!("{pointer}/condition"), condition, &mut blocks);
            }
            if let Some(action) = &step.action {
                found.push(Place {
                    path,
                    pointer: format!("{pointer}/action"),
                    action: &action.uses,
                    connection: action.connection.as_deref(),
                    callee: action
                        .with
                        .as_ref()
                        .filter(|_| action.uses == "core.call")
                        .and_then(|with| with.0.get("workflow")?.as_str()),
                    expect: action.expect.as_ref(),
                });
            }
        }
    }
    found
}

/// Steps inside a condition.
struct Inner<'a> {
    /// Before the ids of the steps in their paths.
    prefix: String,
    /// JSON Pointer of the list of steps.
    pointer: String,
    steps: &'a [Step],
}

/// The blocks that a condition holds.
fn inner<'a>(path: &str, pointer: &str, condition: &'a Condition, blocks: &mut Vec<Inner<'a>>) {
    let mut add = |name: &str, place: String, steps: &'a [Step]| {
        let prefix = if name.is_empty() { format!("{path}/") } else { format!("{path}/{name}/") };
        blocks.push(Inner { prefix, pointer: format!("{pointer}/{place}"), steps });
    };
    // A bare list is shorthand for an object with its steps.
    let block = |place: &str, block: &Block| match block {
        Block::Steps(_) => place.to_owned(),
        Block::Full(_) => format!("{place}/steps"),
    };
    match condition {
        Condition::If(one) => {
            add("then", block("then", &one.then), one.then.steps());
            if let Some(otherwise) = &one.else_ {
                add("else", block("else", otherwise), otherwise.steps());
            }
        }
        Condition::Switch(one) => {
            for (at, case) in one.switch.cases.iter().enumerate() {
                add(&case.id, format!("switch/cases/{at}/steps"), &case.steps);
            }
            if let Some(default) = &one.switch.default {
                add("default", block("switch/default", default), default.steps());
            }
        }
        Condition::Parallel(one) => {
            for (at, branch) in one.parallel.branches.iter().enumerate() {
                add(&branch.id, format!("parallel/branches/{at}/steps"), &branch.steps);
            }
        }
        Condition::ForEach(one) => add("", "for_each/steps".to_owned(), &one.for_each.steps),
        Condition::Loop(one) => add("", "loop/steps".to_owned(), &one.loop_.steps),
        Condition::Filter(_) => {}
    }
}
