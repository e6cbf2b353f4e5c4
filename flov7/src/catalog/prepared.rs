//! What is computed from a descriptor once, and asked for at every validation.

use std::sync::OnceLock;

use super::{ActionDescriptor, path_arguments};
use crate::finding::meter::apart;
use crate::id::Digest;
use crate::types::{Defs, Lowered, lower_shared};

/// An action with what has been computed from it so far.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) action: ActionDescriptor,
    input: OnceLock<Option<Lowered>>,
    output: OnceLock<Option<Lowered>>,
    interface: OnceLock<Digest>,
    paths: OnceLock<Vec<String>>,
}

impl From<ActionDescriptor> for Entry {
    fn from(action: ActionDescriptor) -> Entry {
        Entry {
            action,
            input: OnceLock::new(),
            output: OnceLock::new(),
            interface: OnceLock::new(),
            paths: OnceLock::new(),
        }
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.action == other.action
    }
}

impl Entry {
    /// The schema of its input as a type; none if that is no schema.
    pub(crate) fn input(&self) -> Option<&Lowered> {
        self.input.get_or_init(|| apart(|| lower_shared(&self.action.input.0, &Defs::none()).ok())).as_ref()
    }

    /// The schema of its output as a type; none if that is no schema.
    pub(crate) fn output(&self) -> Option<&Lowered> {
        self.output.get_or_init(|| apart(|| lower_shared(&self.action.output.0, &Defs::none()).ok())).as_ref()
    }

    /// Pointers to the arguments that are paths.
    pub(crate) fn paths(&self) -> &[String] {
        self.paths.get_or_init(|| path_arguments(&self.action.input.0))
    }

    /// [`ActionDescriptor::interface`].
    pub(super) fn interface(&self) -> Digest {
        *self.interface.get_or_init(|| self.action.interface())
    }
}
