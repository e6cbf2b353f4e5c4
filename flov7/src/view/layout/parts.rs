//! What is laid out: boxes, the frames that hold them, and the links between them, each cut where it leaves a frame.

use super::text::{LINE, text_width, wrap};
use super::{Placed, Stroke};
use crate::view::{Graph, NodeKind};

/// Room on both sides of a node's text; slanted shapes need it all.
const SIDE: i64 = 18;
/// Room above and below a node's text.
const ABOVE: i64 = 10;
/// The most room that a line of a node's text takes.
const NODE_TEXT: i64 = 200;
/// The same for a label.
pub(super) const LABEL_TEXT: i64 = 170;
/// The same for a frame's title, which says how its blocks run.
pub(super) const TITLE_TEXT: i64 = 360;
/// How many lines of text a node has.
const NODE_LINES: usize = 3;
/// The width and height of a node without text.
const DOT: i64 = 18;
/// The least width of a node with text.
const NODE_WIDTH: i64 = 72;

/// A link between two boxes: an edge, or one of the halves of an edge with a label.
#[derive(Debug)]
pub(super) struct Link {
    /// The box it leaves.
    pub(super) from: usize,
    /// The box it leads to.
    pub(super) to: usize,
    /// The edge that it is of.
    pub(super) edge: usize,
    /// Where it leaves the frame that was laid out last, from that frame's left edge.
    pub(super) out_x: i64,
    /// Where it enters the frame that was laid out last, from that frame's left edge.
    pub(super) in_x: i64,
    /// Strokes, by the frame that they are in: on the way out, across, and on the way in from its end.
    pub(super) out: Vec<(usize, Vec<Stroke>)>,
    pub(super) across: Option<(usize, Vec<Stroke>)>,
    pub(super) enter: Vec<(usize, Vec<Stroke>)>,
}

/// Where a piece of a link runs within one frame. Children are named by their place in the frame.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    /// From one child to another.
    Across(usize, usize),
    /// From a child out of the frame, through its lower edge.
    Out(usize),
    /// Into the frame, through its upper edge, to a child.
    In(usize),
}

/// A piece of a link within one frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) link: usize,
    pub(super) way: Way,
}

/// The box of a node.
pub(super) fn node_box(graph: &Graph, index: usize, work: &mut u64) -> Placed {
    let node = &graph.nodes[index];
    let text = match node.label.as_str() {
        "" => Vec::new(),
        label => wrap(label, NODE_TEXT, NODE_LINES, work),
    };
    let mark = node.mark.as_ref().map(|mark| wrap(&mark.line(), NODE_TEXT, 1, work).concat());
    if text.is_empty() && mark.is_none() && node.kind == NodeKind::Join {
        return Placed { width: DOT, height: DOT, ..Placed::default() };
    }
    let wide = text.iter().chain(&mark).map(|line| text_width(line)).max().unwrap_or(0);
    let lines = (text.len() + usize::from(mark.is_some())).max(1) as i64;
    Placed {
        width: even((wide + 2 * SIDE).max(NODE_WIDTH)),
        height: lines * LINE + 2 * ABOVE,
        text,
        mark,
        ..Placed::default()
    }
}

/// The box of an edge's label, or of a frame's title, of one line with so much room.
pub(super) fn short_box(label: &str, room: i64, work: &mut u64) -> Placed {
    let text = wrap(label, room, 1, work);
    let wide = text.iter().map(|line| text_width(line)).max().unwrap_or(0);
    Placed { width: even(wide + 12), height: LINE + 4, text, ..Placed::default() }
}

/// Rounded up, so that the middle is a whole unit.
fn even(size: i64) -> i64 {
    size + size % 2
}
