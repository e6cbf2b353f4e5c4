//! Mermaid flowchart text.

use std::fmt::Write;

use super::svg::light;
use super::{Graph, MarkKind, NodeKind};

/// A graph as Mermaid flowchart text, ending with a line break.
///
/// Node ids are generated (`n0`, `n1`, …) and labels stand in quotes with every character that Mermaid or HTML
/// gives a meaning written as an entity: a label can be neither markup nor a directive, a link or a callback. A mark
/// stands in its node's label, and gives the node a class with a colour.
pub fn mermaid(graph: &Graph) -> String {
    let mut out = String::from("flowchart TD\n");
    // `write!` to a string cannot fail, so its results are dropped.
    let mut held = vec![Held::default(); graph.groups.len() + 1];
    // Slot 0 is outside every frame, frame g has slot g + 1; filled once, so that writing stays linear.
    let slot = |group: Option<usize>| group.map_or(0, |group| group + 1);
    for (index, node) in graph.nodes.iter().enumerate() {
        held[slot(node.group)].nodes.push(index);
    }
    for (index, frame) in graph.groups.iter().enumerate() {
        held[slot(frame.parent)].groups.push(index);
    }
    write_held(&mut out, graph, &held, 0, 0);
    for edge in &graph.edges {
        let _ = match edge.label.as_str() {
            "" => writeln!(out, "  n{} --> n{}", edge.from, edge.to),
            label => writeln!(out, "  n{} -->|\"{}\"| n{}", edge.from, escape(label), edge.to),
        };
    }
    for kind in MarkKind::ALL {
        if graph.nodes.iter().any(|node| node.mark.as_ref().is_some_and(|mark| mark.kind == kind)) {
            let (fill, stroke, text) = light(kind);
            let _ = writeln!(
                out,
                "  classDef {} fill:{fill},stroke:{stroke},stroke-width:2px,color:{text}",
                kind.as_str()
            );
        }
    }
    out
}

/// What stands directly in a frame.
#[derive(Clone, Default)]
struct Held {
    nodes: Vec<usize>,
    groups: Vec<usize>,
}

/// Writes the nodes of one frame and, inside, its frames. Frames nest at most 64 deep: the projection stops there.
fn write_held(out: &mut String, graph: &Graph, held: &[Held], slot: usize, depth: usize) {
    let pad = "  ".repeat(depth + 1);
    for &index in &held[slot].nodes {
        let node = &graph.nodes[index];
        let (label, class) = match &node.mark {
            None => (escape(&node.label), String::new()),
            Some(mark) => {
                let label = if node.label.is_empty() {
                    escape(&mark.line())
                } else {
                    format!("{} · {}", escape(&node.label), escape(&mark.line()))
                };
                (label, format!(":::{}", mark.kind.as_str()))
            }
        };
        let _ = match node.kind {
            NodeKind::Trigger | NodeKind::End => writeln!(out, "{pad}n{index}([\"{label}\"]){class}"),
            NodeKind::Action => writeln!(out, "{pad}n{index}[\"{label}\"]{class}"),
            NodeKind::Person => writeln!(out, "{pad}n{index}[/\"{label}\"/]{class}"),
            NodeKind::Wait => writeln!(out, "{pad}n{index}>\"{label}\"]{class}"),
            NodeKind::Data => writeln!(out, "{pad}n{index}(\"{label}\"){class}"),
            NodeKind::Decision => writeln!(out, "{pad}n{index}{{\"{label}\"}}{class}"),
            NodeKind::Join if label.is_empty() => writeln!(out, "{pad}n{index}((\" \")){class}"),
            NodeKind::Join => writeln!(out, "{pad}n{index}((\"{label}\")){class}"),
        };
    }
    for &index in &held[slot].groups {
        let _ = writeln!(out, "{pad}subgraph g{index} [\"{}\"]", escape(&graph.groups[index].label));
        write_held(out, graph, held, index + 1, depth + 1);
        let _ = writeln!(out, "{pad}end");
    }
}

/// Keeps letters, digits, spaces and harmless marks; everything else becomes an entity (`#35;` for `#`).
fn escape(label: &str) -> String {
    let mut out = String::with_capacity(label.len());
    for c in label.chars() {
        if c.is_alphanumeric() || matches!(c, ' ' | '.' | ',' | ':' | '?' | '-' | '_' | '/' | '‹' | '›' | '…')
        {
            out.push(c);
        } else if !c.is_control() {
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    // A run of dashes could end an edge in older parsers, and `//` in a label becomes a link in some renderers.
    out.replace("--", "-#45;").replace("//", "/#47;")
}
