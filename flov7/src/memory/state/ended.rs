//! Executions that ended: in the order in which they did, and how much memory they take.

use std::collections::BTreeMap;

use super::State;
use crate::id::{ExecutionId, Namespace, Timestamp};

/// An execution that ended, by when.
type Place = (Timestamp, Namespace, ExecutionId);

/// All that ended, the longest ago first.
pub(super) struct Ended {
    /// With the bytes of each.
    places: BTreeMap<Place, usize>,
    bytes: usize,
    /// How many bytes are kept; all without it.
    kept: Option<usize>,
}

impl Ended {
    pub(super) fn new(kept: Option<usize>) -> Self {
        Ended { places: BTreeMap::new(), bytes: 0, kept }
    }

    fn put(&mut self, place: Place, bytes: usize) {
        self.bytes += bytes;
        self.bytes -= self.places.insert(place, bytes).unwrap_or(0);
    }

    pub(super) fn remove(&mut self, place: &Place) {
        self.bytes -= self.places.remove(place).unwrap_or(0);
    }

    /// Those that ended by then.
    pub(super) fn until(&self, until: Timestamp) -> impl Iterator<Item = &Place> {
        self.places.keys().take_while(move |(at, ..)| *at <= until)
    }

    /// The one that ended the longest ago, where they take more than is kept; never this one.
    fn too_much(&self, but: &ExecutionId) -> Option<Place> {
        self.kept.filter(|kept| self.bytes > *kept)?;
        self.places.keys().find(|(_, _, execution)| execution != but).cloned()
    }
}

impl State {
    /// Puts an execution that ended where it belongs in [`Ended`], and takes others away where they are too much then.
    pub(super) fn file(&mut self, namespace: &Namespace, execution: &ExecutionId) {
        let Some(row) = self.row_mut(namespace, execution) else { return };
        // Nothing is added any more.
        row.turns.shrink_to_fit();
        let (before, at, bytes) = (row.ended.replace(row.changed), row.changed, row.bytes());
        let place = |at| (at, namespace.clone(), execution.clone());
        if let Some(before) = before.filter(|before| *before != at) {
            self.ended.remove(&place(before));
        }
        self.ended.put(place(at), bytes);
        while let Some((_, namespace, execution)) = self.ended.too_much(execution) {
            self.remove(&namespace, &execution);
        }
    }
}
