//! How a workflow looks: its graph, Mermaid text, a layout with SVG text, and an explanation in plain English.
//!
//! Everything here is made from the document and the catalogue alone, and is the same in every process. What comes
//! from documents is only ever text: generated node ids, escaped labels, control characters removed.

mod explain;
mod graph;
mod layout;
mod mark;
mod mermaid;
mod svg;
mod words;

pub use explain::explain;
pub use graph::{Edge, Graph, Group, Node, NodeKind, graph};
pub use layout::{Layout, Line, Placed, Stroke, character_width, layout, text_width};
pub use mark::{Mark, MarkKind};
pub use mermaid::mermaid;
pub use svg::svg;
