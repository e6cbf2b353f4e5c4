//! Whether a workflow is sound against a catalogue: all findings at once, or a [`ValidWorkflow`].

mod arguments;
mod built;
mod bundle;
mod connections;
mod handlers;
mod ids;
mod order;
mod outline;
mod requests;
mod resources;
mod schedules;
mod triggers;
mod valid;

use std::collections::BTreeSet;

pub use bundle::{Bundle, Interface};
pub use valid::ValidWorkflow;

use self::outline::Outline;
use crate::catalog::Catalog;
use crate::finding::Finding;
use crate::workflow::{DocumentLimits, Workflow};

/// What every pass sees, and where it leaves what it finds.
struct Pass<'w> {
    workflow: &'w Workflow,
    catalog: &'w Catalog,
    limits: DocumentLimits,
    outline: Outline<'w>,
    /// Pointers of what could not be read; whatever follows from that is not found.
    poisoned: &'w BTreeSet<String>,
    findings: Vec<Finding>,
}
