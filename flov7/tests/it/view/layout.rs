//! Where everything stands in a picture: nothing over anything else, all text in its box, and in bounded work.

use flov7::catalog::Catalog;
use flov7::view::{Edge, Graph, Group, Layout, Node, NodeKind, Placed, Stroke, graph, layout, text_width};
use flov7::workflow::Workflow;
use serde_json::{Value, json};

use super::{catalog, references};

fn overlap(a: &Placed, b: &Placed) -> bool {
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

fn inside(inner: &Placed, outer: &Placed) -> bool {
    inner.x >= outer.x
        && inner.y >= outer.y
        && inner.x + inner.width <= outer.x + outer.width
        && inner.y + inner.height <= outer.y + outer.height
}

/// The frames around a group, itself first.
fn around(graph: &Graph, mut group: Option<usize>) -> Vec<usize> {
    let mut out = Vec::new();
    while let Some(at) = group {
        out.push(at);
        group = graph.groups[at].parent;
    }
    out
}

/// The points of a line between which nothing of it lies outside their common box.
fn parts(strokes: &[Stroke]) -> Vec<Placed> {
    let mut at = (0, 0);
    let mut out = Vec::new();
    for stroke in strokes {
        let points = match *stroke {
            Stroke::From(x, y) => vec![(x, y)],
            Stroke::To(x, y) => vec![at, (x, y)],
            Stroke::Curve(points) => [at].into_iter().chain(points).collect(),
        };
        at = *points.last().unwrap();
        let (x, y) = (points.iter().map(|p| p.0).min().unwrap(), points.iter().map(|p| p.1).min().unwrap());
        let mut part = Placed::default();
        (part.x, part.y) = (x, y);
        part.width = points.iter().map(|p| p.0).max().unwrap() - x;
        part.height = points.iter().map(|p| p.1).max().unwrap() - y;
        out.push(part);
    }
    out
}

/// Everything that a layout promises of any graph.
pub(super) fn assert_sound(name: &str, graph: &Graph) -> Layout {
    let layout = layout(graph);
    assert_eq!(layout, flov7::view::layout(graph), "{name}: the same twice");
    let mut page = Placed::default();
    (page.width, page.height) = (layout.width, layout.height);
    // Boxes with the frames around them, sorted by their upper edge, so that few pairs are looked at.
    let mut boxes: Vec<(&Placed, Vec<usize>)> = Vec::new();
    for (node, placed) in graph.nodes.iter().zip(&layout.nodes) {
        boxes.push((placed, around(graph, node.group)));
    }
    assert_eq!(layout.labels.len(), graph.edges.len(), "{name}");
    for (edge, placed) in graph.edges.iter().zip(&layout.labels) {
        assert_eq!(placed.is_some(), !edge.label.is_empty() && edge.from != edge.to, "{name}");
        if let Some(placed) = placed {
            // A label stands in one of the frames that its edge leads through, the deeper one.
            let (from, to) =
                (around(graph, graph.nodes[edge.from].group), around(graph, graph.nodes[edge.to].group));
            boxes.push((placed, if to.len() > from.len() { to } else { from }));
        }
    }
    for (placed, frames) in &boxes {
        assert!(placed.width > 0 && placed.height > 0 && inside(placed, &page), "{name}: {placed:?}");
        for line in placed.text.iter().chain(&placed.mark) {
            assert!(text_width(line) + 10 <= placed.width, "{name}: {line:?} is wider than {placed:?}");
        }
        let lines = placed.text.len() + usize::from(placed.mark.is_some());
        assert!(lines as i64 * 16 <= placed.height, "{name}: {placed:?}");
        for frame in frames {
            let frame = layout.frames[*frame].as_ref().unwrap();
            assert!(inside(placed, frame), "{name}: {placed:?} leaves {frame:?}");
        }
    }
    boxes.sort_by_key(|(placed, _)| placed.y);
    for (at, (one, _)) in boxes.iter().enumerate() {
        let near = boxes[at + 1..].iter().take_while(|(other, _)| other.y < one.y + one.height);
        for (other, _) in near {
            assert!(!overlap(one, other), "{name}: {one:?} over {other:?}");
        }
    }
    for (at, frame) in layout.frames.iter().enumerate() {
        let Some(frame) = frame else { continue };
        assert!(inside(frame, &page), "{name}: {frame:?}");
        assert!(text_width(&frame.text.concat()) + 24 <= frame.width, "{name}: {frame:?}");
        // Its title stands in the upper left corner, over nothing.
        let mut title = Placed::default();
        (title.x, title.y) = (frame.x + 12, frame.y + 4);
        (title.width, title.height) = (text_width(&frame.text.concat()) + 12, 20);
        for (placed, frames) in &boxes {
            assert!(!overlap(placed, &title), "{name}: {placed:?} over the title of {frame:?}");
            assert!(frames.contains(&at) || !overlap(placed, frame), "{name}: {placed:?} over {frame:?}");
        }
        for (other, second) in layout.frames.iter().enumerate().skip(at + 1) {
            let Some(second) = second else { continue };
            assert!(!overlap(second, &title), "{name}: {second:?} over the title of {frame:?}");
            let nested = around(graph, Some(other)).contains(&at);
            assert!(if nested { inside(second, frame) } else { !overlap(frame, second) }, "{name}");
        }
    }
    for (edge, lines) in graph.edges.iter().zip(&layout.lines) {
        assert_eq!(lines.len(), if edge.label.is_empty() { 1 } else { 2 }, "{name}: {edge:?}");
        assert!(lines.last().unwrap().arrow && (lines.len() == 1 || !lines[0].arrow));
        let (from, to) = (&layout.nodes[edge.from], &layout.nodes[edge.to]);
        let (first, last) = (lines[0].strokes[0], lines.last().unwrap().strokes.last().unwrap());
        assert_eq!(first, Stroke::From(from.x + from.width / 2, from.y + from.height), "{name}: {edge:?}");
        let (Stroke::From(x, y) | Stroke::To(x, y) | Stroke::Curve([.., (x, y)])) = *last;
        assert_eq!((x, y), (to.x + to.width / 2, to.y), "{name}: {edge:?}");
        for part in lines.iter().flat_map(|line| parts(&line.strokes)) {
            assert!(inside(&part, &page), "{name}: {edge:?} leaves the picture: {part:?}");
            let end = boxes.partition_point(|(placed, _)| placed.y < part.y + part.height);
            for (placed, _) in boxes[..end].iter().filter(|_| boxes.len() < 400) {
                assert!(!overlap(&part, placed), "{name}: {edge:?} runs through {placed:?}: {part:?}");
            }
        }
    }
    layout
}

#[test]
fn no_two_boxes_of_a_reference_workflow_overlap_and_no_line_runs_through_one() {
    for (name, workflow) in references() {
        assert_sound(&name, &graph(&workflow, &catalog()));
    }
}

/// Small numbers, the same in every run.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

/// A graph with frames in frames, lines forth and back, in and out of frames, long and short.
fn generated(seed: u64) -> Graph {
    let mut random = Seeded(seed);
    let mut graph = Graph { title: format!("seed {seed}"), ..Graph::default() };
    for index in 0..random.below(8) {
        let parent = (index > 0 && random.below(3) > 0).then(|| random.below(index));
        graph.groups.push(Group { label: "frame ".repeat(random.below(12)), parent });
    }
    let kinds = [NodeKind::Action, NodeKind::Join, NodeKind::Decision, NodeKind::Person, NodeKind::Data];
    for _ in 0..1 + random.below(40) {
        let group =
            (!graph.groups.is_empty() && random.below(3) > 0).then(|| random.below(graph.groups.len()));
        let label = ["Do it ", "Würmer 漢字 ", "mmmmmmmmmmmm", "x "][random.below(4)].repeat(random.below(9));
        graph.nodes.push(Node { kind: kinds[random.below(5)], label, id: None, group, mark: None });
    }
    for _ in 0..random.below(70) {
        let (from, to) = (random.below(graph.nodes.len()), random.below(graph.nodes.len()));
        if from != to {
            let label =
                ["", "", "yes", "a condition of some length, longer than fits"][random.below(4)].into();
            graph.edges.push(Edge { from, to, label });
        }
    }
    graph
}

#[test]
fn no_two_boxes_of_a_generated_graph_overlap_and_no_line_runs_through_one() {
    for seed in 0..400 {
        assert_sound(&format!("seed {seed}"), &generated(seed));
    }
}

#[test]
fn what_leads_nowhere_is_left_out() {
    let node = |group| Node { kind: NodeKind::Action, label: "a".into(), id: None, group, mark: None };
    let edge = |from, to| Edge { from, to, label: "x".into() };
    let mut graph = Graph::default();
    assert_eq!((layout(&graph).width, layout(&graph).nodes.len()), (0, 0));
    graph.nodes = vec![node(None), node(Some(7)), node(Some(1))];
    // A frame that names itself, one in a frame that comes later, and one that holds nothing.
    let group = |parent| Group { label: "g".into(), parent };
    graph.groups = vec![group(Some(0)), group(Some(2)), group(None)];
    graph.edges = vec![edge(0, 0), edge(0, 9), edge(9, 0), edge(0, 2)];
    let layout = layout(&graph);
    assert_eq!(layout.lines.iter().map(Vec::len).collect::<Vec<_>>(), [0, 0, 0, 2]);
    assert_eq!(layout.frames.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, false]);
}

fn of(steps: Vec<Value>) -> Graph {
    let workflow: Workflow =
        serde_json::from_value(json!({ "flov7": 1, "name": "x", "steps": steps })).unwrap();
    graph(&workflow, &Catalog::new())
}

fn set(index: usize) -> Value {
    json!({ "id": format!("s{index}"), "data": { "set": 1 } })
}

fn chain(count: usize) -> Graph {
    of((0..count).map(set).collect())
}

fn fan(count: usize) -> Graph {
    let branch = |index| json!({ "id": format!("b{index}"), "steps": [set(index)] });
    let branches: Vec<Value> = (0..count).map(branch).collect();
    of(vec![json!({ "id": "p", "condition": { "parallel": { "branches": branches } } })])
}

/// Blocks of sixteen loops and choices in each other, one after another.
fn nested(count: usize) -> Graph {
    let block = |first: usize| {
        (0..16).rev().fold(set(first + 16), |inner, depth| {
            let id = format!("c{}", first + depth);
            if depth % 2 == 0 {
                json!({ "id": id, "condition": { "if": "${ input.x == 1 }", "then": [inner] } })
            } else {
                json!({ "id": id, "condition": { "loop": { "state": {}, "while": "${ true }", "max": 3, "steps": [inner], "next": {} } } })
            }
        })
    };
    of((0..count).step_by(17).map(block).collect())
}

/// Every step may be passed by, and all but the first follow the first alone.
fn star(count: usize) -> Graph {
    let step = |index: usize| match index {
        0 => set(0),
        _ => {
            json!({ "id": format!("s{index}"), "when": "${ input.x == 1 }", "after": ["s0"], "data": { "set": 1 } })
        }
    };
    of((0..count).map(step).collect())
}

/// A chain beside which every step has a follower that nothing follows: long lines to the end.
fn comb(count: usize) -> Graph {
    let step = |index: usize| {
        let after: Vec<String> = match index {
            0 => vec![],
            _ if index.is_multiple_of(2) => vec![format!("s{}", index - 2)],
            _ => vec![format!("s{}", index - 1)],
        };
        json!({ "id": format!("s{index}"), "after": after, "data": { "set": 1 } })
    };
    of((0..count).map(step).collect())
}

#[test]
fn the_work_grows_no_faster_than_n_log_n() {
    /// Visits and comparisons for each node or edge and each doubling of their number.
    const MOST: f64 = 8.0;
    type Shape = fn(usize) -> Graph;
    let shapes: [(&str, Shape); 5] =
        [("chain", chain), ("fan", fan), ("nested", nested), ("star", star), ("comb", comb)];
    for (name, shape) in shapes {
        let rates: Vec<f64> = [125, 250, 500, 1_000, 2_000]
            .into_iter()
            .map(|count| {
                let graph = shape(count);
                let size = (graph.nodes.len() + graph.edges.len()) as f64;
                let layout = layout(&graph);
                assert!(
                    graph.nodes.len() >= count && layout.work as f64 > size,
                    "{name}: the work is counted"
                );
                layout.work as f64 / (size * size.log2())
            })
            .collect();
        assert!(rates.iter().all(|rate| *rate < MOST), "{name}: {rates:?}");
        // More than constant would be another order of growth.
        assert!(rates[4] < rates[0] * 1.15, "{name}: {rates:?}");
    }
}

#[test]
fn two_thousand_steps_stand_without_overlap() {
    for (name, graph) in [("chain", chain(2_000)), ("fan", fan(2_000)), ("comb", comb(2_000))] {
        assert_sound(name, &graph);
    }
}
