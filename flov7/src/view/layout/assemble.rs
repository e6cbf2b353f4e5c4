//! The whole from its frames: the innermost first, for a frame is a box in what holds it.

use super::frame::{Child, Frame};
use super::parts::{LABEL_TEXT, Link, Piece, TITLE_TEXT, Way, node_box, short_box};
use super::{Layout, Line, Placed, Stroke};
use crate::view::Graph;

/// What is laid out. Boxes are the nodes, then the labels; slot 0 is what is outside every frame, frame g has slot g + 1.
pub(super) struct Plan {
    boxes: Vec<Placed>,
    /// The slot that holds each box.
    held_by: Vec<usize>,
    /// The box of each edge's label.
    label_of: Vec<Option<usize>>,
    frames: Vec<Placed>,
    /// The slot that holds each slot's frame; slot 0 holds itself.
    parent: Vec<usize>,
    depth: Vec<usize>,
    children: Vec<Vec<Child>>,
    /// Which slots hold anything: another has no place.
    full: Vec<bool>,
    /// The place of each box, and of each slot's frame, among the children of what holds it.
    box_place: Vec<usize>,
    frame_place: Vec<usize>,
    links: Vec<Link>,
    pieces: Vec<Vec<Piece>>,
    work: u64,
}

impl Plan {
    pub(super) fn of(graph: &Graph) -> Plan {
        let slots = graph.groups.len() + 1;
        let slot =
            |group: Option<usize>| group.filter(|group| group + 1 < slots).map_or(0, |group| group + 1);
        let mut plan = Plan {
            boxes: Vec::new(),
            held_by: graph.nodes.iter().map(|node| slot(node.group)).collect(),
            label_of: vec![None; graph.edges.len()],
            frames: vec![Placed::default(); slots],
            parent: vec![0; slots],
            depth: vec![0; slots],
            children: vec![Vec::new(); slots],
            full: vec![false; slots],
            box_place: Vec::new(),
            frame_place: vec![0; slots],
            links: Vec::new(),
            pieces: (0..slots).map(|_| Vec::new()).collect(),
            work: 0,
        };
        plan.boxes = (0..graph.nodes.len()).map(|index| node_box(graph, index, &mut plan.work)).collect();
        for (index, group) in graph.groups.iter().enumerate() {
            let parent = slot(group.parent.filter(|parent| *parent < index));
            plan.parent[index + 1] = parent;
            plan.depth[index + 1] = plan.depth[parent] + 1;
            plan.frames[index + 1] = short_box(&group.label, TITLE_TEXT, &mut plan.work);
        }
        plan.link(graph);
        plan.hold(graph);
        plan.cut();
        plan
    }

    /// Makes the links, with a box for each label: in the deeper frame of its ends, so that it is near what it speaks of.
    fn link(&mut self, graph: &Graph) {
        for (index, edge) in graph.edges.iter().enumerate() {
            let known = edge.from < graph.nodes.len() && edge.to < graph.nodes.len();
            if !known || edge.from == edge.to {
                continue;
            }
            let link = |from, to| Link {
                from,
                to,
                edge: index,
                out_x: 0,
                in_x: 0,
                out: Vec::new(),
                across: None,
                enter: Vec::new(),
            };
            if edge.label.is_empty() {
                self.links.push(link(edge.from, edge.to));
                continue;
            }
            let (from, to) = (self.held_by[edge.from], self.held_by[edge.to]);
            let label = self.boxes.len();
            self.boxes.push(short_box(&edge.label, LABEL_TEXT, &mut self.work));
            self.held_by.push(if self.depth[to] > self.depth[from] { to } else { from });
            self.label_of[index] = Some(label);
            self.links.extend([link(edge.from, label), link(label, edge.to)]);
        }
    }

    /// Gives every frame its children in the document's order: a label after the node that its edge leaves, a frame
    /// with its first node.
    fn hold(&mut self, graph: &Graph) {
        let mut first = vec![usize::MAX; self.parent.len()];
        for (index, slot) in self.held_by.iter().take(graph.nodes.len()).enumerate() {
            first[*slot] = first[*slot].min(index);
        }
        for slot in (1..first.len()).rev() {
            first[self.parent[slot]] = first[self.parent[slot]].min(first[slot]);
        }
        let mut keyed: Vec<(usize, usize, usize, Child)> = Vec::new();
        keyed.extend((0..graph.nodes.len()).map(|index| (index, 1, 0, Child::Box(index))));
        let labels = self.label_of.iter().enumerate();
        keyed.extend(
            labels.filter_map(|(edge, label)| Some((graph.edges[edge].from, 2, edge, Child::Box((*label)?)))),
        );
        // A frame stands before its first node, where both would be children of the same frame.
        let full = (1..first.len()).filter(|slot| first[*slot] != usize::MAX);
        keyed.extend(full.map(|slot| (first[slot], 0, slot, Child::Frame(slot))));
        let mut compared = 0;
        keyed.sort_by(|a, b| {
            compared += 1;
            (a.0, a.1, a.2).cmp(&(b.0, b.1, b.2))
        });
        self.work += compared + keyed.len() as u64;
        self.box_place = vec![0; self.boxes.len()];
        for (.., child) in keyed {
            let (slot, place) = match child {
                Child::Box(index) => (self.held_by[index], &mut self.box_place[index]),
                Child::Frame(inner) => (self.parent[inner], &mut self.frame_place[inner]),
            };
            *place = self.children[slot].len();
            self.children[slot].push(child);
        }
    }

    /// Cuts each link into its pieces, one for each frame that it runs in.
    fn cut(&mut self) {
        for (index, link) in self.links.iter().enumerate() {
            let (mut from, mut to) = (self.held_by[link.from], self.held_by[link.to]);
            let (mut a, mut b) = (self.box_place[link.from], self.box_place[link.to]);
            while from != to {
                self.work += 1;
                if self.depth[from] >= self.depth[to] {
                    self.pieces[from].push(Piece { link: index, way: Way::Out(a) });
                    (a, from) = (self.frame_place[from], self.parent[from]);
                } else {
                    self.pieces[to].push(Piece { link: index, way: Way::In(b) });
                    (b, to) = (self.frame_place[to], self.parent[to]);
                }
            }
            self.pieces[from].push(Piece { link: index, way: Way::Across(a, b) });
        }
    }

    pub(super) fn layout(mut self, graph: &Graph) -> Layout {
        for slot in (0..self.children.len()).rev() {
            self.full[slot] = !self.children[slot].is_empty();
            if !self.full[slot] {
                continue;
            }
            let title = (slot > 0).then(|| self.frames[slot].width);
            let children = std::mem::take(&mut self.children[slot]);
            let sizes = children.iter().map(|child| {
                let placed = self.placed(*child);
                (placed.width, placed.height)
            });
            let sizes = sizes.collect();
            let pieces = std::mem::take(&mut self.pieces[slot]);
            let made = Frame::new(slot, &children, sizes, &pieces, title).lay(&mut self.links);
            self.work += made.work;
            for (child, (x, y)) in children.iter().zip(made.places) {
                let placed = self.placed_mut(*child);
                (placed.x, placed.y) = (x, y);
            }
            let frame = &mut self.frames[slot];
            (frame.width, frame.height) = (made.width, made.height);
            self.children[slot] = children;
        }
        self.absolute();
        self.finish(graph)
    }

    fn placed(&self, child: Child) -> &Placed {
        match child {
            Child::Box(index) => &self.boxes[index],
            Child::Frame(slot) => &self.frames[slot],
        }
    }

    fn placed_mut(&mut self, child: Child) -> &mut Placed {
        match child {
            Child::Box(index) => &mut self.boxes[index],
            Child::Frame(slot) => &mut self.frames[slot],
        }
    }

    /// From places within frames to places in the picture: what holds comes before what is held.
    fn absolute(&mut self) {
        for slot in 0..self.children.len() {
            let (x, y) = (self.frames[slot].x, self.frames[slot].y);
            for child in std::mem::take(&mut self.children[slot]) {
                let placed = self.placed_mut(child);
                placed.x += x;
                placed.y += y;
                self.work += 1;
            }
        }
    }

    fn finish(mut self, graph: &Graph) -> Layout {
        let mut lines = vec![Vec::new(); graph.edges.len()];
        for link in std::mem::take(&mut self.links) {
            let parts = link.out.into_iter().chain(link.across).chain(link.enter.into_iter().rev());
            let mut strokes: Vec<Stroke> = Vec::new();
            for (slot, part) in parts {
                let (x, y) = (self.frames[slot].x, self.frames[slot].y);
                // Where one part ends the next begins.
                let again = usize::from(!strokes.is_empty());
                strokes.extend(part.into_iter().skip(again).map(|stroke| stroke.shifted(x, y)));
            }
            self.work += strokes.len() as u64;
            lines[link.edge].push(Line { strokes, arrow: link.to < graph.nodes.len() });
        }
        let mut boxes = self.boxes;
        let tail = boxes.split_off(graph.nodes.len());
        let label = |at: usize| tail.get(at - graph.nodes.len()).cloned();
        let mut frames = self.frames.into_iter();
        let whole = frames.next().unwrap_or_default();
        Layout {
            width: whole.width,
            height: whole.height,
            nodes: boxes,
            frames: frames.zip(&self.full[1..]).map(|(frame, full)| full.then_some(frame)).collect(),
            labels: self.label_of.iter().map(|at| at.and_then(label)).collect(),
            lines,
            work: self.work,
        }
    }
}

impl Stroke {
    fn shifted(self, dx: i64, dy: i64) -> Stroke {
        match self {
            Stroke::From(x, y) => Stroke::From(x + dx, y + dy),
            Stroke::To(x, y) => Stroke::To(x + dx, y + dy),
            Stroke::Curve(points) => Stroke::Curve(points.map(|(x, y)| (x + dx, y + dy))),
        }
    }
}
