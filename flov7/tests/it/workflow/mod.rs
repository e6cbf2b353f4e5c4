//! The document: its reader, its published schema, its builder.

mod duration;
mod schema;
mod shape;
