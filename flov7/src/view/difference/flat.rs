//! All steps of a document in one list, each without what it holds.

use serde_json::Value;

use crate::view::words::line;
use crate::workflow::{Block, Condition, FullBlock, Step, Workflow};

/// A step by itself.
pub(super) struct Flat {
    pub(super) id: String,
    /// The block that it stands in: `the workflow`, or the step that holds it and which of its blocks.
    pub(super) place: String,
    /// Which of the block's steps it is, from 0.
    pub(super) at: usize,
    /// The step as JSON, without its id and without the steps of its blocks.
    pub(super) own: Value,
}

/// The steps of a document in its order: a step before those that it holds.
pub(super) fn flat(workflow: &Workflow) -> Vec<Flat> {
    let mut out = Vec::new();
    push(&mut out, workflow.steps.clone(), "the workflow");
    out
}

/// The document as JSON, without its steps.
pub(super) fn outside(workflow: &Workflow) -> Value {
    let mut value =
        serde_json::to_value(Workflow { steps: Vec::new(), ..workflow.clone() }).unwrap_or_default();
    if let Some(members) = value.as_object_mut() {
        members.remove("steps");
    }
    value
}

// Readers bound the nesting of documents, and with it the depth of the stack here.
fn push(out: &mut Vec<Flat>, steps: Vec<Step>, place: &str) {
    for (at, mut step) in steps.into_iter().enumerate() {
        let blocks = step.condition.as_mut().map(take).unwrap_or_default();
        let id = std::mem::take(&mut step.id);
        let mut own = serde_json::to_value(step).unwrap_or_default();
        if let Some(members) = own.as_object_mut() {
            members.remove("id");
        }
        let inner: Vec<(String, Vec<Step>)> =
            blocks.into_iter().map(|(name, steps)| (line(&format!("{id}/{name}")), steps)).collect();
        out.push(Flat { id, place: place.to_owned(), at, own });
        for (place, steps) in inner {
            push(out, steps, &place);
        }
    }
}

/// Takes the steps out of a condition's blocks; gives them with the name of their block.
fn take(condition: &mut Condition) -> Vec<(String, Vec<Step>)> {
    match condition {
        Condition::If(choice) => {
            let mut out = vec![("then".to_owned(), block(&mut choice.then))];
            out.extend(choice.else_.as_mut().map(|other| ("else".to_owned(), block(other))));
            out
        }
        Condition::Switch(switch) => {
            let cases = switch.switch.cases.iter_mut();
            let mut out: Vec<_> =
                cases.map(|case| (case.id.clone(), std::mem::take(&mut case.steps))).collect();
            out.extend(switch.switch.default.as_mut().map(|other| ("default".to_owned(), block(other))));
            out
        }
        Condition::Parallel(parallel) => {
            let branches = parallel.parallel.branches.iter_mut();
            branches.map(|branch| (branch.id.clone(), std::mem::take(&mut branch.steps))).collect()
        }
        Condition::ForEach(each) => vec![("each".to_owned(), std::mem::take(&mut each.for_each.steps))],
        Condition::Loop(repeat) => vec![("round".to_owned(), std::mem::take(&mut repeat.loop_.steps))],
        Condition::Filter(_) => Vec::new(),
    }
}

/// Takes a block's steps, and leaves it in its long form: the two forms mean the same.
fn block(block: &mut Block) -> Vec<Step> {
    match block {
        Block::Steps(steps) => {
            let steps = std::mem::take(steps);
            *block = Block::Full(FullBlock { steps: Vec::new(), output: None });
            steps
        }
        Block::Full(full) => std::mem::take(&mut full.steps),
    }
}
