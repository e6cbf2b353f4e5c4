//! The leases that this owner gave.
//!
//! They live in memory alone: the file has one owner at a time, and opening it voids all leases from before. So a turn
//! is fenced, and held against the journal's end, without asking the file, and a renewal writes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flov7::id::{ExecutionId, Namespace, Timestamp};
use flov7::store::{Head, Lease};

/// An execution that someone holds.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// Its row in the file.
    pub(crate) row: i64,
    pub(crate) owner: Arc<str>,
    pub(crate) epoch: u64,
    /// When the lease lapses.
    pub(crate) until: Timestamp,
    pub(crate) next_seq: u64,
    pub(crate) next_turn: u64,
    pub(crate) head: Head,
    /// Its workflow and its concurrency key, where it has one.
    pub(crate) line: Option<Arc<(String, String)>>,
}

impl Held {
    pub(crate) fn is_under(&self, lease: &Lease) -> bool {
        self.epoch == lease.epoch && *self.owner == *lease.owner
    }

    pub(crate) fn lease(&self) -> Lease {
        Lease { owner: self.owner.to_string(), epoch: self.epoch }
    }

    /// When it may be claimed by someone else: never once it ended.
    fn lapse(&self) -> Option<Timestamp> {
        (!self.head.status.is_ended()).then_some(self.until)
    }
}

/// All of them, and what to undo when the batch that changed them is not written.
#[derive(Debug, Default)]
pub(crate) struct Leases {
    held: BTreeMap<Namespace, BTreeMap<ExecutionId, Held>>,
    lapses: BTreeSet<(Timestamp, Namespace, ExecutionId)>,
    undo: Vec<(Namespace, ExecutionId, Option<Held>)>,
}

impl Leases {
    pub(crate) fn get(&self, namespace: &Namespace, execution: &ExecutionId) -> Option<&Held> {
        self.held.get(namespace)?.get(execution)
    }

    /// Puts or takes away what is held of an execution, as part of the batch.
    pub(crate) fn set(&mut self, namespace: &Namespace, execution: &ExecutionId, held: Option<Held>) {
        let before = self.replace(namespace, execution, held);
        self.undo.push((namespace.clone(), execution.clone(), before));
    }

    /// Extends a lease, at once and for good.
    pub(crate) fn extend(
        &mut self,
        namespace: &Namespace,
        execution: &ExecutionId,
        lease: &Lease,
        until: Timestamp,
    ) -> bool {
        let Some(held) = self.get(namespace, execution).filter(|held| held.is_under(lease)) else {
            return false;
        };
        let held = Held { until, ..held.clone() };
        self.replace(namespace, execution, Some(held));
        true
    }

    /// Those that lapsed at `now`, the longest ago first.
    pub(crate) fn lapsed(
        &self,
        now: Timestamp,
    ) -> impl Iterator<Item = (Timestamp, &Namespace, &ExecutionId, &Held)> {
        self.lapses.iter().take_while(move |(at, ..)| *at <= now).filter_map(|(at, namespace, execution)| {
            Some((*at, namespace, execution, self.get(namespace, execution)?))
        })
    }

    /// When the first one lapses.
    pub(crate) fn first_lapse(&self) -> Option<Timestamp> {
        self.lapses.first().map(|(at, ..)| *at)
    }

    /// The batch was written.
    pub(crate) fn keep(&mut self) {
        self.undo.clear();
    }

    /// The batch was not written: back to what was before it.
    pub(crate) fn roll_back(&mut self) {
        while let Some((namespace, execution, before)) = self.undo.pop() {
            self.replace(&namespace, &execution, before);
        }
    }

    fn replace(
        &mut self,
        namespace: &Namespace,
        execution: &ExecutionId,
        held: Option<Held>,
    ) -> Option<Held> {
        let lapse = held.as_ref().and_then(Held::lapse);
        let before = match held {
            Some(held) => match self.held.get_mut(namespace) {
                Some(space) => space.insert(execution.clone(), held),
                None => self.held.entry(namespace.clone()).or_default().insert(execution.clone(), held),
            },
            None => self.held.get_mut(namespace).and_then(|space| space.remove(execution)),
        };
        let before_lapse = before.as_ref().and_then(Held::lapse);
        if before_lapse != lapse {
            let place = |at| (at, namespace.clone(), execution.clone());
            if let Some(at) = before_lapse {
                self.lapses.remove(&place(at));
            }
            if let Some(at) = lapse {
                self.lapses.insert(place(at));
            }
        }
        before
    }
}
