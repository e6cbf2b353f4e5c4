//! A turn: what the machine decided at once, ready to be committed, and what is to be done then.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::event::Ended;
use super::{Blocked, Command, Settled, Status};
use crate::id::{StepPath, Timestamp};

/// What a store knows of an execution besides its journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Head {
    /// What it is doing.
    pub status: Status,
    /// When it next has something to do by itself; nothing when only a message can wake it.
    pub due: Option<Timestamp>,
    /// Signals that the machine holds without a waiter: how many.
    pub buffered: u32,
    /// Signals that the machine holds without a waiter: their bytes, as the canonical texts of their payloads.
    pub buffered_bytes: u64,
    /// Why it is blocked, when `status` says so; its `due` is then when another look makes sense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<Blocked>,
}

impl Head {
    /// A head without buffered signals.
    pub fn new(status: Status, due: Option<Timestamp>) -> Self {
        Head { status, due, buffered: 0, buffered_bytes: 0, blocked: None }
    }

    /// Says how many signals the machine holds.
    #[must_use]
    pub fn with_buffered(mut self, count: u32, bytes: u64) -> Self {
        self.buffered = count;
        self.buffered_bytes = bytes;
        self
    }

    /// A head of an execution that is blocked, to be looked at again at `again`.
    #[must_use]
    pub fn with_blocked(mut self, why: Blocked, again: Timestamp) -> Self {
        self.status = Status::Blocked;
        self.due = Some(again);
        self.blocked = Some(why);
        self
    }
}

/// One machine turn as a store keeps it: one row.
#[derive(Clone, Debug, PartialEq)]
pub struct TurnBody {
    /// The number of its first event.
    pub first_seq: u64,
    /// How many events it holds; at least one.
    pub count: u32,
    /// The turn's number.
    pub turn: u64,
    /// When it was made.
    pub at: Timestamp,
    /// The encoding's version.
    pub v: u16,
    /// The running hash of what was decided.
    pub decided: u64,
    /// The events in the machine's encoding; empty where the store keeps no journals.
    pub body: Arc<[u8]>,
}

impl TurnBody {
    /// The number of the first event after it.
    pub fn next_seq(&self) -> u64 {
        self.first_seq.saturating_add(u64::from(self.count))
    }
}

/// What the machine decided at once.
///
/// An engine commits `body`, `consumed` and `head` together, then carries out `commands` in order. A turn with nothing
/// to journal has no body; it may still consume messages (a signal that nobody declared) or change the head.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Turn {
    /// What is appended to the journal; nothing when nothing happened.
    pub body: Option<TurnBody>,
    /// What is to be done after the commit, in order. A call of effect `none` may start before.
    pub commands: Vec<Command>,
    /// The head, when its status, its buffered signals or, with no call in flight, its due instant changed.
    pub head: Option<Head>,
    /// Ids of the inbox messages that are done with: journaled here, duplicates, or refused at last.
    pub consumed: Vec<String>,
    /// How the execution ended, in its last turn.
    pub ended: Option<Box<Ended>>,
    /// Whether the fuel ran out: `handle` again at once, with whatever came meanwhile.
    pub more: bool,
    /// Why nothing more is decided: a defect of ours. The execution resumes from its journal after an upgrade.
    pub blocked: Option<Blocked>,
    /// Steps that settled in this turn, in order, for observers.
    pub settled: Vec<(StepPath, Settled)>,
    /// What it cost: steps of expressions, and every cell, slot and follower that was touched.
    pub work: u64,
}
