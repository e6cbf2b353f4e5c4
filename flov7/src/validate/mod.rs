//! Whether a workflow is sound against a catalogue: all findings at once, or a [`ValidWorkflow`].

mod bundle;

pub use bundle::{Bundle, Interface};
mod valid;
pub use valid::ValidWorkflow;
