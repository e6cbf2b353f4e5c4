//! What two revisions of a workflow differ in, step by step: in data, in words, and drawn over the newer one.

mod flat;
mod picture;
mod values;

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use super::{Mark, MarkKind};
use crate::workflow::Workflow;
use flat::{Flat, flat};
use values::details;

pub use picture::difference_graph;

/// What two revisions differ in. Steps are the same by their id: one with another id is another step.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// What differs outside steps: name, triggers, input, output, limits and the like.
    pub document: Vec<Detail>,
    /// Steps that differ: those of the newer revision in its order, then those that are gone.
    pub steps: Vec<StepChange>,
}

/// How a step differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StepChange {
    /// The step.
    pub id: String,
    /// What became of it; changed where it is both changed and moved.
    pub change: Change,
    /// What differs in the step itself; what it holds is told by itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
    /// Where it was: `the workflow`, or a block such as `check/then`. Only where it moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Where it is now; the same as `from` where its order alone changed. Nothing for a step that stayed or is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is not the same; perhaps it is elsewhere too.
    Changed,
    /// It is the same, elsewhere.
    Moved,
}

/// One member that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Detail {
    /// Its names from the outside in, with dots: `action.with.amount`. Of lists whose items have ids, the ids.
    pub member: String,
    /// What it was, as JSON on one short line; nothing where it is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// What it is, as JSON on one short line; nothing where it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

/// Compares two revisions of a workflow; neither has to be valid. Members that the format gives a default are compared
/// as they are written.
///
/// Of steps that stayed in their block, as few as possible count as moved.
pub fn difference(old: &Workflow, new: &Workflow) -> Difference {
    let (old_steps, new_steps) = (flat(old), flat(new));
    let before: BTreeMap<&str, &Flat> = old_steps.iter().map(|step| (step.id.as_str(), step)).collect();
    let after: BTreeMap<&str, &Flat> = new_steps.iter().map(|step| (step.id.as_str(), step)).collect();
    let shifted = reordered(&before, &new_steps);
    let mut steps = Vec::new();
    for (index, step) in new_steps.iter().enumerate() {
        let Some(was) = before.get(step.id.as_str()) else {
            steps.push(step.change(Change::Added, None, Some(&step.place)));
            continue;
        };
        let moved = was.place != step.place || shifted[index];
        let details = details(&was.own, &step.own);
        let change = match (details.is_empty(), moved) {
            (true, false) => continue,
            (true, true) => Change::Moved,
            (false, _) => Change::Changed,
        };
        let (from, to) = if moved { (Some(&was.place), Some(&step.place)) } else { (None, None) };
        steps.push(StepChange { details, ..step.change(change, from, to) });
    }
    let gone = old_steps.iter().filter(|step| !after.contains_key(step.id.as_str()));
    steps.extend(gone.map(|step| step.change(Change::Removed, Some(&step.place), None)));
    Difference { document: details(&flat::outside(old), &flat::outside(new)), steps }
}

impl Flat {
    fn change(&self, change: Change, from: Option<&String>, to: Option<&String>) -> StepChange {
        StepChange { id: self.id.clone(), change, details: Vec::new(), from: from.cloned(), to: to.cloned() }
    }
}

/// Which steps of the newer revision stand in another order than before, among those that stayed in their block: all
/// but a longest run that kept its order.
fn reordered(before: &BTreeMap<&str, &Flat>, new: &[Flat]) -> Vec<bool> {
    let mut blocks: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
    for (index, step) in new.iter().enumerate() {
        match before.get(step.id.as_str()) {
            Some(was) if was.place == step.place => {
                blocks.entry(&step.place).or_default().push((was.at, index));
            }
            _ => {}
        }
    }
    let mut out = vec![false; new.len()];
    for stayed in blocks.into_values() {
        // The smallest end of a rising run of each length, by its place in `stayed`; and what comes before each.
        let mut ends: Vec<usize> = Vec::new();
        let mut prior: Vec<Option<usize>> = Vec::with_capacity(stayed.len());
        for (at, (was, _)) in stayed.iter().enumerate() {
            let length = ends.partition_point(|end| stayed[*end].0 < *was);
            prior.push(length.checked_sub(1).map(|before| ends[before]));
            ends.truncate(ends.len().max(length));
            if length == ends.len() { ends.push(at) } else { ends[length] = at }
        }
        let mut kept = ends.last().copied();
        stayed.iter().for_each(|(_, index)| out[*index] = true);
        while let Some(at) = kept {
            out[stayed[at].1] = false;
            kept = prior[at];
        }
    }
    out
}

impl Change {
    fn kind(self) -> MarkKind {
        match self {
            Change::Added => MarkKind::Added,
            Change::Removed => MarkKind::Removed,
            Change::Changed => MarkKind::Changed,
            Change::Moved => MarkKind::Moved,
        }
    }
}

impl StepChange {
    fn mark(&self) -> Mark {
        let mut words = self.change.kind().as_str().to_owned();
        if self.change == Change::Changed {
            let members: Vec<&str> = self.details.iter().map(|detail| detail.member.as_str()).collect();
            words = format!("{words}: {}", members.join(", "));
        }
        Mark::new(self.change.kind(), words)
    }

    /// The move in words; nothing for a step that stayed.
    fn way(&self) -> Option<String> {
        match (self.change, &self.from, &self.to) {
            (Change::Added, _, Some(to)) => Some(format!("in {to}")),
            (Change::Removed, Some(from), _) => Some(format!("it was in {from}")),
            (_, Some(from), Some(to)) if from == to => Some(format!("to another place in {to}")),
            (_, Some(from), Some(to)) => Some(format!("from {from} to {to}")),
            _ => None,
        }
    }
}

impl Difference {
    /// Whether the revisions say the same.
    pub fn is_empty(&self) -> bool {
        self.document.is_empty() && self.steps.is_empty()
    }

    /// The difference in words, line by line; ends with a line break. What comes from documents has no control or
    /// direction characters and stays on its line.
    pub fn words(&self) -> String {
        if self.is_empty() {
            return "no difference\n".to_owned();
        }
        let kinds = [Change::Added, Change::Removed, Change::Changed, Change::Moved];
        let counts = kinds.map(|kind| (kind, self.steps.iter().filter(|step| step.change == kind).count()));
        let said: Vec<String> = counts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(kind, count)| {
                let steps = if *count == 1 { "step" } else { "steps" };
                format!("{count} {steps} {}", kind.kind().as_str())
            })
            .collect();
        let mut out = String::new();
        // `write!` to a string cannot fail, so its results are dropped.
        let _ = match said.is_empty() {
            true => writeln!(out, "the same steps"),
            false => writeln!(out, "{}", said.join(", ")),
        };
        for step in &self.steps {
            let kind = step.change.kind();
            let moved = if step.change == Change::Changed && step.to.is_some() { " and moved" } else { "" };
            let way = step.way().map_or(String::new(), |way| format!(", {way}"));
            let id = super::words::line(&step.id);
            let _ = writeln!(out, "{} {id}: {}{moved}{way}", kind.sign(), kind.as_str());
            push_details(&mut out, &step.details);
        }
        if !self.document.is_empty() {
            let _ = writeln!(out, "{} outside steps:", MarkKind::Changed.sign());
            push_details(&mut out, &self.document);
        }
        out
    }
}

fn push_details(out: &mut String, details: &[Detail]) {
    for detail in details {
        let _ = match (&detail.old, &detail.new) {
            (Some(old), Some(new)) => writeln!(out, "    {}: {old} → {new}", detail.member),
            (None, Some(new)) => writeln!(out, "    {}: added {new}", detail.member),
            (Some(old), None) => writeln!(out, "    {}: removed, was {old}", detail.member),
            (None, None) => writeln!(out, "    {}", detail.member),
        };
    }
}
