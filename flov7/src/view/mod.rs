//! How a workflow looks: its graph, Mermaid text, and an explanation in plain English.
//!
//! Everything here is made from the document and the catalogue alone, and is the same in every process. What comes
//! from documents is only ever text: generated node ids, escaped labels, control characters removed.

mod explain;
mod graph;
mod mermaid;
mod words;

pub use explain::explain;
pub use graph::{Edge, Graph, Group, Node, NodeKind, graph};
pub use mermaid::mermaid;
