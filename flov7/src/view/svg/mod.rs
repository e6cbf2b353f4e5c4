//! SVG text: a picture that stands alone, in light and in dark.

mod colour;

pub(super) use colour::light;

use std::fmt::Write;

use super::{Graph, Layout, Node, NodeKind, Placed, Stroke};
use crate::finding::is_hidden;

/// The height of a line of text, as the layout has it.
const LINE: i64 = 16;
/// From the upper edge of a line of text to its baseline.
const BASELINE: i64 = 12;
/// How far slanted shapes cut into their box.
const SLANT: i64 = 12;

/// A graph, laid out by [`layout`](super::layout()), as one SVG document that ends with a line break.
///
/// It stands alone: no script, no link, nothing fetched. Its colours follow `prefers-color-scheme` and meet WCAG AA in
/// both; what is said by colour is also said by a shape, a sign or a word. For screen readers it is one image with a
/// title and a description that names what it shows, in order; pointing at a box shows its whole text.
///
/// What comes from documents is only ever text: five characters are written as entities, controls as U+FFFD, and
/// characters that steer the direction of text are left out. No attribute holds any of it. A `Layout` of another graph
/// gives a wrong picture, no panic.
pub fn svg(graph: &Graph, layout: &Layout) -> String {
    let mut out = String::new();
    let key = key(graph);
    // `write!` to a string cannot fail, so its results are dropped.
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"flov7-graph\" role=\"img\" \
         aria-labelledby=\"t{key:016x} d{key:016x}\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\">",
        layout.width, layout.height
    );
    let _ = writeln!(out, "<title id=\"t{key:016x}\">{}</title>", escape(&graph.title));
    let _ = writeln!(out, "<desc id=\"d{key:016x}\">{}</desc>", escape(&description(graph)));
    let _ = writeln!(out, "<style>\n{}</style>", colour::style());
    let _ = writeln!(out, "<rect class=\"page\" width=\"{}\" height=\"{}\"/>", layout.width, layout.height);
    for frame in layout.frames.iter().flatten() {
        let _ = writeln!(
            out,
            "<rect class=\"frame\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"8\"/>",
            frame.x + 6,
            frame.y,
            frame.width - 12,
            frame.height
        );
    }
    for line in layout.lines.iter().flatten() {
        push_line(&mut out, &line.strokes, line.arrow);
    }
    for (edge, label) in graph.edges.iter().zip(&layout.labels) {
        if let Some(placed) = label {
            push_pill(&mut out, "label", &edge.label, placed);
        }
    }
    for (group, frame) in graph.groups.iter().zip(&layout.frames) {
        if let (Some(frame), false) = (frame, group.label.is_empty()) {
            let width = frame.text.iter().map(|line| super::text_width(line)).max().unwrap_or(0) + 12;
            let title = Placed { x: frame.x + 12, y: frame.y + 4, width, height: LINE + 4, ..frame.clone() };
            push_pill(&mut out, "caption", &group.label, &title);
        }
    }
    for (node, placed) in graph.nodes.iter().zip(&layout.nodes) {
        push_node(&mut out, node, placed);
    }
    out.push_str("</svg>\n");
    out
}

/// What a screen reader says of the picture: its nodes in order, with their marks.
fn description(graph: &Graph) -> String {
    let said: Vec<String> = graph
        .nodes
        .iter()
        .filter(|node| !node.label.is_empty() || node.mark.is_some())
        .map(|node| {
            // What comes together has no text of its own.
            let name = if node.label.is_empty() { node.id.as_deref().unwrap_or("") } else { &node.label };
            match &node.mark {
                Some(mark) => format!("{name} ({})", mark.words),
                None => name.to_owned(),
            }
        })
        .collect();
    said.join("; ")
}

/// Tells the ids of pictures on one page apart: FNV-1a over what is in the picture.
fn key(graph: &Graph) -> u64 {
    let texts = graph
        .nodes
        .iter()
        .flat_map(|node| [node.label.as_str(), node.mark.as_ref().map_or("", |mark| mark.words.as_str())]);
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for text in std::iter::once(graph.title.as_str()).chain(texts) {
        for byte in text.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

fn push_line(out: &mut String, strokes: &[Stroke], arrow: bool) {
    let mut path = String::new();
    let mut end = (0, 0);
    for stroke in strokes {
        let _ = match *stroke {
            Stroke::From(x, y) => write!(path, "M{x} {y}"),
            Stroke::To(_, y) => write!(path, "V{y}"),
            Stroke::Curve([a, b, c]) => {
                write!(path, "C{} {} {} {} {} {}", a.0, a.1, b.0, b.1, c.0, c.1)
            }
        };
        end = stroke.end();
    }
    let _ = writeln!(out, "<path class=\"line\" d=\"{path}\"/>");
    if arrow {
        let (x, y) = end;
        let _ =
            writeln!(out, "<path class=\"head\" d=\"M{} {}L{x} {y}L{} {}Z\"/>", x - 4, y - 7, x + 4, y - 7);
    }
}

/// A line of text on a ground of its own, so that lines may run behind it.
fn push_pill(out: &mut String, class: &str, whole: &str, placed: &Placed) {
    let _ = writeln!(
        out,
        "<g><title>{}</title><rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"4\"/>{}</g>",
        escape(whole),
        placed.x,
        placed.y,
        placed.width,
        placed.height,
        text(placed, placed.y + 2)
    );
}

fn push_node(out: &mut String, node: &Node, placed: &Placed) {
    let mut class = match node.kind {
        NodeKind::Trigger => "box trigger",
        NodeKind::Action => "box action",
        NodeKind::Person => "box person",
        NodeKind::Wait => "box wait",
        NodeKind::Data => "box data",
        NodeKind::Decision => "box decision",
        NodeKind::Join => "box join",
        NodeKind::End => "box end",
    }
    .to_owned();
    let mut whole = node.label.clone();
    if let Some(id) = &node.id {
        whole = format!("{whole} ({id})").trim_start().to_owned();
    }
    if let Some(mark) = &node.mark {
        class = format!("{class} {}", mark.kind.as_str());
        whole = format!("{whole}: {}", mark.words);
    }
    let lines = placed.text.len() as i64 + i64::from(placed.mark.is_some());
    let first = placed.y + (placed.height - lines * LINE) / 2;
    let _ = writeln!(
        out,
        "<g><title>{}</title>{}{}</g>",
        escape(&whole),
        shape(node.kind, placed, &class),
        text(placed, first)
    );
}

fn shape(kind: NodeKind, placed: &Placed, class: &str) -> String {
    let Placed { x, y, width, height, .. } = *placed;
    let (right, bottom, middle) = (x + width, y + height, y + height / 2);
    let rect = |round: i64| {
        format!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{round}\"/>"
        )
    };
    let polygon = |points: &[(i64, i64)]| {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
        format!("<polygon class=\"{class}\" points=\"{}\"/>", points.join(" "))
    };
    match kind {
        NodeKind::Trigger | NodeKind::End | NodeKind::Join => rect(height / 2),
        NodeKind::Action => rect(3),
        NodeKind::Data => rect(10),
        NodeKind::Person => polygon(&[(x + SLANT, y), (right, y), (right - SLANT, bottom), (x, bottom)]),
        NodeKind::Wait => polygon(&[(x, y), (right, y), (right, bottom), (x, bottom), (x + SLANT, middle)]),
        NodeKind::Decision => polygon(&[
            (x + SLANT, y),
            (right - SLANT, y),
            (right, middle),
            (right - SLANT, bottom),
            (x + SLANT, bottom),
            (x, middle),
        ]),
    }
}

/// The lines of a box's text, and its mark below them.
fn text(placed: &Placed, top: i64) -> String {
    let mut out = String::new();
    let middle = placed.x + placed.width / 2;
    let mut y = top + BASELINE;
    for line in &placed.text {
        let _ = write!(out, "<text x=\"{middle}\" y=\"{y}\">{}</text>", escape(line));
        y += LINE;
    }
    if let Some(mark) = &placed.mark {
        let _ = write!(out, "<text x=\"{middle}\" y=\"{y}\">{}</text>", escape(mark));
    }
    out
}

impl Stroke {
    /// Where it ends.
    pub(crate) fn end(self) -> (i64, i64) {
        match self {
            Stroke::From(x, y) | Stroke::To(x, y) | Stroke::Curve([_, _, (x, y)]) => (x, y),
        }
    }
}

/// Text as XML 1.0 can have it, and as nothing but text.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c if is_hidden(c) => {}
            c => out.push(c),
        }
    }
    out
}
