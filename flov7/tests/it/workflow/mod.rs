//! The document: its reader, its published schema, its builder.

mod duration;
mod shape;
