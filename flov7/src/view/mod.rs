//! How a workflow looks: its graph, Mermaid text, a layout with SVG text, and an explanation in plain English.
//!
//! Over a graph are drawn the state of an execution ([`mark_execution`]) and what two revisions differ in
//! ([`difference_graph`]).
//!
//! Everything here is made from the document, the catalogue and the execution's view alone, and is the same in every
//! process. What comes from documents is only ever text: generated node ids, escaped labels, control characters removed.

mod difference;
mod explain;
mod graph;
mod layout;
mod mark;
mod mermaid;
mod overlay;
mod svg;
mod words;

pub use difference::{Change, Detail, Difference, StepChange, difference, difference_graph};
pub use explain::explain;
pub use graph::{Edge, Graph, Group, Node, NodeKind, graph};
pub use layout::{Layout, Line, Placed, Stroke, character_width, layout, text_width};
pub use mark::{Mark, MarkKind};
pub use mermaid::mermaid;
pub use overlay::mark_execution;
pub use svg::svg;
