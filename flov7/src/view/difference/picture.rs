//! A difference drawn over the newer revision.

use std::collections::BTreeMap;

use super::{Change, difference};
use crate::catalog::Catalog;
use crate::view::{Edge, Graph, Group, Mark, MarkKind, Node, NodeKind, graph};
use crate::workflow::Workflow;

/// The graph of the newer revision, with what is added, changed and moved marked. What is gone stands in a frame of its
/// own, with the lines that it had among itself.
pub fn difference_graph(old: &Workflow, new: &Workflow, catalog: &Catalog) -> Graph {
    let difference = difference(old, new);
    let mut drawn = graph(new, catalog);
    let marks: BTreeMap<&str, (Change, Mark)> =
        difference.steps.iter().map(|step| (step.id.as_str(), (step.change, step.mark()))).collect();
    for node in drawn.nodes.iter_mut().filter(|node| is_step(node)) {
        if let Some((change, mark)) = node.id.as_deref().and_then(|id| marks.get(id))
            && *change != Change::Removed
        {
            node.mark = Some(mark.clone());
        }
    }
    let gone = |node: &Node| {
        let change = node.id.as_deref().and_then(|id| marks.get(id)).map(|(change, _)| *change);
        is_step(node) && change == Some(Change::Removed)
    };
    let before = graph(old, catalog);
    let mut places: BTreeMap<usize, usize> = BTreeMap::new();
    for (index, node) in before.nodes.iter().enumerate().filter(|(_, node)| gone(node)) {
        if places.is_empty() {
            drawn.groups.push(Group { label: "removed".to_owned(), parent: None });
        }
        places.insert(index, drawn.nodes.len());
        let mark = Some(Mark::new(MarkKind::Removed, "removed"));
        drawn.nodes.push(Node { group: Some(drawn.groups.len() - 1), mark, ..node.clone() });
    }
    for edge in &before.edges {
        if let (Some(from), Some(to)) = (places.get(&edge.from), places.get(&edge.to)) {
            drawn.edges.push(Edge { from: *from, to: *to, label: edge.label.clone() });
        }
    }
    drawn
}

/// Triggers have ids of their own, which steps may have too.
fn is_step(node: &Node) -> bool {
    node.kind != NodeKind::Trigger
}
