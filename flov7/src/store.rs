//! Stores: where revisions, executions, journals and inboxes live.
//!
//! A store knows nothing of what a turn means: it keeps bytes in order, fences writers, deduplicates messages and
//! tells which executions have something to do. Each sentence of the trait documentation is a promise;
//! `flov7-conformance` holds one case for each, and an implementation passes all of them.
//!
//! An execution is always in one of four states, which the store keeps:
//!
//! | state | what it means | `claim` gives it |
//! |---|---|---|
//! | leased | an executor works on it | once its lease lapsed |
//! | parked | its owner let it rest ([`Turn::release`]), or it rests from the start ([`NewExecution::rests`]) | once it is due or has a message; a blocked one once it is due |
//! | orphaned | created without an owner, or handed back ([`ExecutionStore::release`]) | at once |
//! | ended | its head says so | never |

mod callees;
mod emitted;
mod execution;
mod forward;
mod message;
mod place;
mod purge;
mod query;
mod tags;
mod turn;
mod workflow;

pub use callees::with_callees;
pub use emitted::EmittedEvent;
pub use execution::{Claim, Claimed, Created, ExecutionStore, Lease, NewExecution};
pub use message::{Accepted, INBOX_BYTES, INBOX_MESSAGES, MESSAGE_ID_BYTES, Message, MessageBody, TURN};
pub use place::Place;
pub use purge::{Purge, Purged};
pub use query::{ExecutionPage, ExecutionQuery, ExecutionRow, Loaded, page_rows};
pub use tags::{TAG_NAME_BYTES, TAG_VALUE_BYTES, TAGS, check_tags};
pub use turn::{Head, Turn, TurnBody, TurnError};
pub use workflow::{Expect, StoredRevision, Which, WorkflowRow, WorkflowStore, workflow_name};

/// The longest start key, in bytes.
pub const START_KEY_BYTES: usize = 256;

/// The most rows that one page holds, whatever was asked for.
pub const PAGE_ROWS: usize = 1_000;

/// What a store can do, as data. What is not declared fails with `Unsupported` and changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreCapabilities {
    /// Whether journals are kept. Without it only live state is (memory, for speed): `turns` is `Unsupported`, and
    /// `restore` is too unless the newest snapshot is the newest state.
    pub history: bool,
    /// Whether what was acknowledged survives the process.
    pub durable: bool,
    /// Whether only one executor at a time may own the store.
    pub exclusive: bool,
    /// The most bytes that one turn's body may have.
    pub turn_bytes: usize,
    /// Whether it purges what ended.
    pub purge: bool,
    /// About how many bytes of executions that ended it keeps: where they take more, it takes those away by itself that
    /// ended the longest ago. Without it all stay until they are purged.
    pub ended_bytes: Option<usize>,
}

impl StoreCapabilities {
    /// Capabilities of a store that keeps history: durable or not, exclusive or not; 16 MiB a turn.
    pub fn new(durable: bool, exclusive: bool) -> Self {
        StoreCapabilities {
            history: true,
            durable,
            exclusive,
            turn_bytes: 16 * 1024 * 1024,
            purge: false,
            ended_bytes: None,
        }
    }

    /// Says that journals are not kept.
    #[must_use]
    pub fn without_history(mut self) -> Self {
        self.history = false;
        self
    }

    /// Says that it purges what ended.
    #[must_use]
    pub fn with_purge(mut self) -> Self {
        self.purge = true;
        self
    }

    /// Says that of executions that ended only so many bytes are kept.
    #[must_use]
    pub fn with_ended_bytes(mut self, bytes: usize) -> Self {
        self.ended_bytes = Some(bytes);
        self
    }

    /// Says how many bytes one turn's body may have.
    #[must_use]
    pub fn with_turn_bytes(mut self, bytes: usize) -> Self {
        self.turn_bytes = bytes;
        self
    }
}

/// A store of everything. Shared as `Arc<dyn Store>`; `Arc` and `Box` of a store are stores.
pub trait Store: WorkflowStore + ExecutionStore {
    /// What it can do.
    fn capabilities(&self) -> &StoreCapabilities;
}
