//! A row: all that is kept of one execution.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::id::{Digest, ExecutionId, Timestamp, WorkflowName};
use crate::store::{ExecutionRow, Head, Lease, Message, MessageBody, TurnBody};
use crate::validate::Bundle;

/// Who works on an execution.
pub(super) enum Hold {
    Leased { owner: String, until: Timestamp },
    Parked,
    Orphaned { since: Timestamp },
}

/// An execution.
pub(in crate::memory) struct Row {
    pub(super) workflow: WorkflowName,
    pub(in crate::memory) head: Head,
    pub(super) bundle: Arc<Bundle>,
    pub(super) digest: Digest,
    pub(super) key: Option<String>,
    /// Its number and its concurrency key, until it ends.
    pub(super) line: Option<(u64, String)>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) started: Timestamp,
    pub(super) changed: Timestamp,
    pub(super) hold: Hold,
    pub(super) epoch: u64,
    /// The instant under which the row stands in [`super::State::wakes`].
    pub(super) wake: Option<Timestamp>,
    /// The instant under which the row stands in [`super::ended::Ended`].
    pub(super) ended: Option<Timestamp>,
    pub(super) next_seq: u64,
    pub(super) next_turn: u64,
    pub(super) turns: Vec<TurnBody>,
    pub(super) snapshot: Option<Snapshot>,
    /// Unconsumed messages by arrival.
    pub(super) inbox: BTreeMap<u64, Mail>,
    /// Ids of all messages that were ever accepted.
    pub(super) known: BTreeSet<String>,
}

/// What an execution costs besides its own members: its places in maps, and what an allocator adds to them.
const PLACES: usize = 256;

/// What an allocator and a counter add to some bytes on the heap.
const PIECE: usize = 32;

/// An unconsumed message.
pub(super) struct Mail {
    pub(super) at: Timestamp,
    pub(super) bytes: usize,
    pub(super) message: Message,
}

pub(super) struct Snapshot {
    pub(super) next_turn: u64,
    pub(super) next_seq: u64,
    pub(super) body: Arc<[u8]>,
}

impl Row {
    /// When it becomes claimable without anything else happening.
    pub(super) fn claimable_at(&self) -> Option<Timestamp> {
        if self.head.status.is_ended() {
            return None;
        }
        match &self.hold {
            Hold::Leased { until, .. } => Some(*until),
            Hold::Orphaned { since } => Some(*since),
            // What is in the way of a blocked one is in the way of its messages, too.
            Hold::Parked if self.head.blocked.is_some() => self.head.due,
            Hold::Parked => {
                let mail = self.inbox.values().next().map(|mail| mail.at);
                self.head.due.into_iter().chain(mail).min()
            }
        }
    }

    pub(super) fn holds(&self, lease: &Lease) -> bool {
        self.epoch == lease.epoch && matches!(&self.hold, Hold::Leased { owner, .. } if *owner == lease.owner)
    }

    /// Whether nobody works on it and someone may.
    pub(super) fn is_free(&self, now: Timestamp) -> bool {
        let leased = matches!(&self.hold, Hold::Leased { until, .. } if *until > now);
        !leased && !self.head.status.is_ended()
    }

    pub(super) fn lease(&self) -> Option<Lease> {
        match &self.hold {
            Hold::Leased { owner, .. } => Some(Lease { owner: owner.clone(), epoch: self.epoch }),
            Hold::Parked | Hold::Orphaned { .. } => None,
        }
    }

    /// How many signals are unconsumed, and their bytes.
    pub(super) fn signals(&self) -> (usize, usize) {
        let signals =
            self.inbox.values().filter(|mail| matches!(mail.message.body, MessageBody::Signal { .. }));
        signals.fold((0, 0), |(count, bytes), mail| (count + 1, bytes + mail.bytes))
    }

    /// About how much memory it takes, its bundle left out: that one is shared.
    pub(super) fn bytes(&self) -> usize {
        let turns = self.turns.capacity() * size_of::<TurnBody>();
        let bodies = self.turns.iter().map(|turn| PIECE + turn.body.len());
        let snapshot = self.snapshot.iter().map(|snapshot| PIECE + snapshot.body.len());
        let key = self.key.iter().map(|key| PIECE + key.len());
        let tags = self.tags.iter().map(|(name, value)| 2 * PIECE + name.len() + value.len());
        let known = self.known.iter().map(|id| 2 * PIECE + id.len());
        let all = bodies.chain(snapshot).chain(key).chain(tags).chain(known);
        PLACES + size_of::<Row>() + turns + all.sum::<usize>()
    }

    pub(in crate::memory) fn shown(&self, execution: &ExecutionId) -> ExecutionRow {
        ExecutionRow {
            execution: execution.clone(),
            workflow: self.workflow.clone(),
            bundle: self.digest,
            head: self.head.clone(),
            key: self.key.clone(),
            tags: self.tags.clone(),
            lease: self.lease(),
            started: self.started,
            changed: self.changed,
        }
    }
}
