//! Where everything of a graph stands: layers from top to bottom, frames around what they hold.
//!
//! A frame is laid out by itself, then stands as one box in what holds it. So boxes overlap only where one holds the
//! other, and lines run in the room between rows and beside them, never through a box that they do not belong to.

mod assemble;
mod frame;
mod lanes;
mod parts;
mod rows;
mod text;

pub use text::{character_width, text_width};

use super::Graph;
use assemble::Plan;

/// A picture's places, in whole units from the upper left corner; a unit is a pixel at the picture's own size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Layout {
    /// How wide the whole is.
    pub width: i64,
    /// How high the whole is.
    pub height: i64,
    /// Where each node of the graph stands, in its order.
    pub nodes: Vec<Placed>,
    /// Where each frame of the graph stands, in its order; nothing for a frame that holds no node.
    pub frames: Vec<Option<Placed>>,
    /// Where the label of each edge stands, in its order; nothing for an edge without one.
    pub labels: Vec<Option<Placed>>,
    /// The lines of each edge, in its order: one, or two where a label stands between them. None for an edge that
    /// leads from a node to itself or to what is no node of the graph.
    pub lines: Vec<Vec<Line>>,
    /// How much was done for it: visits of nodes, edges, characters and comparisons. The same for the same graph.
    pub work: u64,
}

/// A box with its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Placed {
    /// Its left edge.
    pub x: i64,
    /// Its upper edge.
    pub y: i64,
    /// How wide it is.
    pub width: i64,
    /// How high it is.
    pub height: i64,
    /// Its text, line by line, as it fits: a long text ends in an ellipsis.
    pub text: Vec<String>,
    /// The line of its mark below the text, if it has one.
    pub mark: Option<String>,
}

/// A line from one box to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Line {
    /// Its strokes; the first is a `From`.
    pub strokes: Vec<Stroke>,
    /// Whether it ends at a node, with an arrow; else it ends at the edge's label.
    pub arrow: bool,
}

/// A part of a line. Points are `(x, y)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// The line begins here.
    From(i64, i64),
    /// Straight to here, upright.
    To(i64, i64),
    /// A cubic curve: two control points, then its end.
    Curve([(i64, i64); 3]),
}

/// Lays a graph out. The same graph always gives the same layout.
///
/// Its work and size grow as *n* log *n* with nodes and edges, for frames nest at most 64 deep in a graph of
/// [`graph`](super::graph()). Where a graph was made by hand, a frame whose parent does not come before it stands
/// outside, and edges that lead nowhere have no line.
pub fn layout(graph: &Graph) -> Layout {
    Plan::of(graph).layout(graph)
}
