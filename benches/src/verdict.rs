//! What an accepted workflow may come to, and what it may not.

use std::collections::BTreeSet;

use flov7::finding::Residual;
use flov7::id::StepPath;
use flov7::json;
use flov7::machine::{EndStatus, ExecutionView, Failure, FailureClass, Settled, Status, StepView};

use crate::author::World;
use crate::play::{Played, step_of};
use crate::ty::is_normal;

/// Everything about an execution that breaks the promise: it ends `completed`, or failed by the world or by a limit, or
/// with `data` or `contract` at a place that its report lists; its values are of the types that they are believed to be.
#[must_use]
pub fn judge(played: &Played, residuals: &[Residual], world: &World) -> Vec<String> {
    let mut wrong = played.troubles.clone();
    let Some(view) = &played.view else { return wrong };
    match played.status {
        Some(EndStatus::Cancelled) if !played.cancelled => wrong.push("cancelled by nobody".to_owned()),
        Some(EndStatus::Terminated) => wrong.push("terminated by nobody".to_owned()),
        _ => {}
    }
    let listed: BTreeSet<(Option<&str>, &str)> =
        residuals.iter().map(|residual| (residual.step.as_deref(), residual.kind.as_str())).collect();
    for failure in failures(view) {
        if let Some(why) = unlisted(failure, &listed) {
            wrong.push(why);
        }
    }
    wrong.extend(undone(view, world));
    wrong.extend(kept_by_losers(view, world));
    for step in &view.steps {
        let Some(value) = &step.output else { continue };
        let id = step_of(&step.path);
        if let Some(ty) = world.values.get(id)
            && !ty.contains(value)
        {
            wrong.push(format!("`{}` is {}, which is no {ty:?}", step.path, json::canonical(value)));
        }
        if !is_normal(value) {
            wrong.push(format!("`{}` holds a number that is not normal: {value}", step.path));
        }
    }
    wrong
}

/// What is wrong with what was taken back: at the end of what did not complete, all that was done, and nothing twice.
fn undone(view: &ExecutionView, world: &World) -> Vec<String> {
    let taken_back =
        |path: &StepPath| view.undo.done.iter().chain(&view.undo.failed).filter(|own| *own == path).count();
    let has_undo = |step: &&StepView| {
        step.settled == Some(Settled::Done)
            && world.outputs.contains_key(&format!("{}/undo", step_of(&step.path)))
    };
    let complain = |step: &StepView| match (taken_back(&step.path), view.status) {
        (0, Status::Failed | Status::Cancelled) => {
            Some(format!("what `{}` did was never taken back", step.path))
        }
        (2.., _) => Some(format!("what `{}` did was taken back twice", step.path)),
        _ => None,
    };
    view.steps.iter().filter(has_undo).filter_map(complain).collect()
}

/// What the losers of a race did, and did not take back before it was won.
fn kept_by_losers(view: &ExecutionView, world: &World) -> Vec<String> {
    let is_taken_back = |path: &StepPath| view.undo.done.contains(path) || view.undo.failed.contains(path);
    let mut wrong = Vec::new();
    for race in view.steps.iter().filter(|step| step.settled == Some(Settled::Done)) {
        let output = race.output.as_ref().and_then(|output| output.as_object());
        let Some(members) = output.filter(|members| members.len() == 2 && members.contains_key("outputs"))
        else {
            continue;
        };
        let Some(winners) = members.get("winners").and_then(|winners| winners.as_array()) else { continue };
        let won: Vec<String> =
            winners.iter().filter_map(|id| Some(format!("{}/{}/", race.path, id.as_str()?))).collect();
        let inside = format!("{}/", race.path);
        let lost = view.steps.iter().filter(|step| {
            step.path.starts_with(&inside)
                && !won.iter().any(|branch| step.path.starts_with(branch.as_str()))
                && step.settled == Some(Settled::Done)
                && world.outputs.contains_key(&format!("{}/undo", step_of(&step.path)))
        });
        wrong.extend(
            lost.filter(|step| !is_taken_back(&step.path))
                .map(|step| format!("`{}` lost and keeps its effect", step.path)),
        );
    }
    wrong
}

/// All failures of an execution: handled ones, too.
fn failures(view: &ExecutionView) -> impl Iterator<Item = &Failure> {
    let last = view.error.iter().flat_map(|failure| std::iter::once(failure).chain(&failure.also));
    view.steps.iter().filter_map(|step| step.error.as_ref()).chain(last)
}

/// Why a failure breaks the promise, if it does.
fn unlisted(failure: &Failure, listed: &BTreeSet<(Option<&str>, &str)>) -> Option<String> {
    let step = failure.step.as_ref().map(step_of);
    match failure.class {
        FailureClass::World | FailureClass::Limit => None,
        // The world keeps to its schemas.
        FailureClass::Contract if failure.code == "contract.output" => {
            Some(format!("{step:?} refused a result that conforms: {}", failure.message))
        }
        FailureClass::Data | FailureClass::Contract => {
            let known = listed.contains(&(step, failure.code.as_str()));
            (!known).then(|| {
                format!("{step:?} failed with {}, which is not listed: {}", failure.code, failure.message)
            })
        }
    }
}
