//! An execution drawn over the graph of what it runs.

use std::collections::{BTreeMap, BTreeSet};

use super::words::line;
use super::{Graph, Mark, MarkKind, NodeKind};
use crate::id::StepPath;
use crate::machine::event::ScheduledKind;
use crate::machine::{ExecutionView, Settled, Status, StepView};

/// The most characters of a failure's code that a mark shows.
const CODE: usize = 40;

/// Marks each node with what became of its step in an execution: how it settled, what it waits for, how often it was
/// tried; and the end with the status. A step that was not reached has no mark. The runs of a step in a loop are
/// counted: `2 done, 1 running`, under the kind that most wants attention.
///
/// The graph is that of the document that the execution runs; marks that it has already are replaced.
pub fn mark_execution(graph: &mut Graph, view: &ExecutionView) {
    let facts = Facts::of(view);
    let mut runs: BTreeMap<&str, Vec<Mark>> = BTreeMap::new();
    for step in &view.steps {
        // An undo is told with its step.
        if let (Some(id), false) = (step.path.segments().last(), facts.is_undo(&step.path)) {
            runs.entry(id.name).or_default().push(facts.mark(step));
        }
    }
    // A step with `when` has two nodes; what it does is the latter.
    let mut last: BTreeMap<String, usize> = BTreeMap::new();
    for (index, node) in graph.nodes.iter_mut().enumerate() {
        node.mark = None;
        match (&node.id, node.kind) {
            (_, NodeKind::Trigger) => {}
            (_, NodeKind::End) => node.mark = end(view.status),
            (Some(id), _) => {
                last.insert(id.clone(), index);
            }
            _ => {}
        }
    }
    for (id, index) in last {
        graph.nodes[index].mark = runs.get(id.as_str()).and_then(|marks| together(marks));
    }
}

/// What the view says of paths.
struct Facts<'a> {
    waiting: BTreeMap<&'a StepPath, ScheduledKind>,
    steps: BTreeSet<&'a str>,
    unknown: BTreeSet<&'a StepPath>,
    undone: BTreeSet<&'a StepPath>,
    undo_failed: BTreeSet<&'a StepPath>,
}

impl<'a> Facts<'a> {
    fn of(view: &'a ExecutionView) -> Facts<'a> {
        Facts {
            waiting: view.waiting.iter().map(|wait| (&wait.path, wait.kind)).collect(),
            steps: view.steps.iter().map(|step| step.path.as_str()).collect(),
            unknown: view.unknown_effects.iter().collect(),
            undone: view.undo.done.iter().collect(),
            undo_failed: view.undo.failed.iter().collect(),
        }
    }

    fn is_undo(&self, path: &StepPath) -> bool {
        path.as_str().strip_suffix("/undo").is_some_and(|step| self.steps.contains(step))
    }

    fn mark(&self, step: &StepView) -> Mark {
        let (kind, mut words) = match step.settled {
            Some(Settled::Done) => (MarkKind::Done, "done".to_owned()),
            Some(Settled::Skipped) => (MarkKind::Skipped, "skipped".to_owned()),
            Some(Settled::Cancelled) => (MarkKind::Cancelled, "cancelled".to_owned()),
            Some(Settled::Abandoned) => (MarkKind::Unknown, "given up, outcome unknown".to_owned()),
            Some(Settled::Failed) => {
                let code = step.error.as_ref().map_or(String::new(), |error| {
                    format!(": {}", line(&error.code.chars().take(CODE).collect::<String>()))
                });
                (MarkKind::Failed, format!("failed{code}"))
            }
            None => {
                let (kind, words) = in_flight(self.waiting.get(&step.path).copied());
                (kind, words.to_owned())
            }
        };
        if step.attempts > 1 {
            words.push_str(&format!(", {} attempts", step.attempts));
        }
        if self.undone.contains(&step.path) {
            words.push_str(", undone");
        }
        if self.undo_failed.contains(&step.path) {
            return Mark::new(MarkKind::Failed, words + ", undo failed");
        }
        if self.unknown.contains(&step.path) {
            return Mark::new(MarkKind::Unknown, words + ", effect unknown");
        }
        Mark::new(kind, words)
    }
}

fn in_flight(waits: Option<ScheduledKind>) -> (MarkKind, &'static str) {
    match waits {
        Some(ScheduledKind::Approve) => (MarkKind::Waiting, "waiting for approval"),
        Some(ScheduledKind::Ask) => (MarkKind::Waiting, "waiting for an answer"),
        Some(ScheduledKind::WaitFor) => (MarkKind::Waiting, "waiting for a signal"),
        Some(ScheduledKind::Child) => (MarkKind::Waiting, "waiting for what it called"),
        Some(ScheduledKind::Wait) => (MarkKind::Waiting, "waiting for time to pass"),
        Some(ScheduledKind::Backoff) => (MarkKind::Running, "to be tried again"),
        Some(ScheduledKind::Undo) => (MarkKind::Running, "being undone"),
        _ => (MarkKind::Running, "running"),
    }
}

fn end(status: Status) -> Option<Mark> {
    match status {
        Status::Completed => Some(Mark::new(MarkKind::Done, "completed")),
        Status::Failed => Some(Mark::new(MarkKind::Failed, "failed")),
        Status::Cancelled => Some(Mark::new(MarkKind::Cancelled, "cancelled")),
        Status::Terminated => Some(Mark::new(MarkKind::Cancelled, "terminated")),
        Status::Paused => Some(Mark::new(MarkKind::Waiting, "paused")),
        Status::Blocked => Some(Mark::new(MarkKind::Failed, "blocked")),
        _ => None,
    }
}

/// One mark for all runs of a step.
fn together(marks: &[Mark]) -> Option<Mark> {
    /// What most wants attention first.
    const ORDER: [(MarkKind, &str); 7] = [
        (MarkKind::Failed, "failed"),
        (MarkKind::Unknown, "unknown"),
        (MarkKind::Waiting, "waiting"),
        (MarkKind::Running, "running"),
        (MarkKind::Cancelled, "cancelled"),
        (MarkKind::Done, "done"),
        (MarkKind::Skipped, "skipped"),
    ];
    if let [only] = marks {
        return Some(only.clone());
    }
    let counted = ORDER.map(|(kind, word)| (kind, word, marks.iter().filter(|m| m.kind == kind).count()));
    let there = || counted.iter().filter(|(.., count)| *count > 0);
    let words: Vec<String> = there().map(|(_, word, count)| format!("{count} {word}")).collect();
    there().next().map(|(kind, ..)| Mark::new(*kind, words.join(", ")))
}
