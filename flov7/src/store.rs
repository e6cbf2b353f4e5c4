//! Stores: where revisions, executions, journals and inboxes live.
//!
//! A store knows nothing of what a turn means: it keeps bytes in order, fences writers, deduplicates messages and
//! tells which executions are due. `flov7-conformance` holds the suite that each implementation passes.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;
use crate::id::{Digest, ExecutionId, Namespace, Timestamp, WorkflowName};
use crate::machine::event::SignalTo;
use crate::machine::{Actor, Blocked, Control, Status};
use crate::validate::Bundle;

/// What a store can do, as data. What is not declared fails with `Unsupported` and changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreCapabilities {
    /// Whether journals are kept; without it only live state is (memory, for speed).
    pub history: bool,
    /// Whether what was acknowledged survives the process.
    pub durable: bool,
    /// Whether only one executor at a time may own the store.
    pub exclusive: bool,
    /// The most bytes that one turn's body may have.
    pub turn_bytes: usize,
}

impl StoreCapabilities {
    /// Capabilities of a store that keeps history: durable or not, exclusive or not.
    pub fn new(durable: bool, exclusive: bool) -> Self {
        StoreCapabilities { history: true, durable, exclusive, turn_bytes: 16 * 1024 * 1024 }
    }

    /// Says that journals are not kept.
    #[must_use]
    pub fn without_history(mut self) -> Self {
        self.history = false;
        self
    }
}

/// Whose work an execution is, and since when: the fence against an owner that was replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The executor's id.
    pub owner: String,
    /// Raised by each new lease.
    pub epoch: u64,
}

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
    /// Signals that the machine holds without a waiter: their bytes.
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
    /// How many events it holds.
    pub count: u32,
    /// The turn's number.
    pub turn: u64,
    /// When it was made.
    pub at: Timestamp,
    /// The encoding's version.
    pub v: u16,
    /// The running hash of what was decided.
    pub decided: u64,
    /// The events in the machine's encoding.
    pub body: Arc<[u8]>,
}

/// A turn to commit.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Turn {
    /// The tenant's space.
    pub namespace: Namespace,
    /// The execution.
    pub execution: ExecutionId,
    /// The lease under which it was made.
    pub lease: Lease,
    /// What is appended. Nothing for a turn that only changes the head (parking).
    pub body: Option<TurnBody>,
    /// Ids of the inbox messages that it consumes.
    pub consumed: Vec<String>,
    /// The head, where it changed.
    pub head: Option<Head>,
    /// The state after it, where a snapshot is taken.
    pub snapshot: Option<Arc<[u8]>>,
    /// Messages to other executions, posted in the same transaction.
    pub posts: Vec<(ExecutionId, Message)>,
    /// Whether the lease ends with it: the execution is parked or ended.
    pub release: bool,
}

impl Turn {
    /// A turn that does nothing yet.
    pub fn new(namespace: Namespace, execution: ExecutionId, lease: Lease) -> Self {
        Turn {
            namespace,
            execution,
            lease,
            body: None,
            consumed: Vec::new(),
            head: None,
            snapshot: None,
            posts: Vec::new(),
            release: false,
        }
    }
}

/// Why one turn of a batch was not committed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TurnError {
    /// Another owner has the execution, or it is gone. Nothing was written.
    #[error("the lease was lost")]
    Fenced,
    /// The journal goes on elsewhere than at `first_seq`. Nothing was written.
    #[error("the journal ends at {0}, not where the turn begins")]
    Conflict(u64),
    /// It may or may not have been written: reload before going on.
    #[error("it is unknown whether the turn was written")]
    Unknown(#[source] Error),
}

/// What `create` writes: the row, the start key, the bundle and the first turn, in one transaction.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewExecution {
    /// The execution's id.
    pub execution: ExecutionId,
    /// The bundle that it runs; kept once per digest.
    pub bundle: Arc<Bundle>,
    /// [`Bundle::digest`].
    pub digest: Digest,
    /// The start key, unique per namespace and workflow.
    pub key: Option<String>,
    /// The first turn.
    pub first: TurnBody,
    /// The head after it.
    pub head: Head,
    /// Who owns it from the start, and for how many milliseconds; nothing to leave it to whoever claims it.
    pub lease: Option<(String, u64)>,
}

impl NewExecution {
    /// An execution with its first turn; no key, no owner.
    pub fn new(
        execution: ExecutionId,
        bundle: Arc<Bundle>,
        digest: Digest,
        first: TurnBody,
        head: Head,
    ) -> Self {
        NewExecution { execution, bundle, digest, key: None, first, head, lease: None }
    }

    /// Gives it a start key.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Leases it to an executor from the start.
    #[must_use]
    pub fn with_lease(mut self, owner: impl Into<String>, ttl_millis: u64) -> Self {
        self.lease = Some((owner.into(), ttl_millis));
        self
    }
}

/// What `create` did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// It was created, with the lease that was asked for.
    New(Option<Lease>),
    /// The key is known: this execution has it. Nothing was written.
    Existing(ExecutionId),
}

/// A message to an execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The sender's id, which deduplicates for the execution's life; at most 256 bytes.
    pub id: String,
    /// What it says.
    pub body: MessageBody,
    /// Who sent it.
    pub by: Actor,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MessageBody {
    /// A signal; its payload was held against its schema before it was posted.
    Signal {
        /// Where it goes.
        to: SignalTo,
        /// The payload.
        payload: Value,
    },
    /// A control.
    Control(Control),
}

/// What `post` did. Either way the message is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is in the inbox now.
    New,
    /// A message with this id was accepted before.
    Duplicate,
}

/// What an executor asks for when it looks for work.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Claim {
    /// The executor's id.
    pub owner: String,
    /// How long the lease holds without renewal, in milliseconds.
    pub ttl_millis: u64,
    /// At most this many.
    pub limit: usize,
    /// Only this execution, whether it is due or not; it must be neither ended nor leased.
    pub only: Option<(Namespace, ExecutionId)>,
    /// Nothing of these namespaces: they have their share already.
    pub except: Vec<Namespace>,
}

impl Claim {
    /// A claim.
    pub fn new(owner: impl Into<String>, ttl_millis: u64, limit: usize) -> Self {
        Claim { owner: owner.into(), ttl_millis, limit, only: None, except: Vec::new() }
    }

    /// Claims one execution, whether it is due or not (to look again at a blocked one, for example).
    #[must_use]
    pub fn with_only(mut self, namespace: Namespace, execution: ExecutionId) -> Self {
        self.only = Some((namespace, execution));
        self
    }

    /// Leaves out namespaces.
    #[must_use]
    pub fn with_except(mut self, namespaces: Vec<Namespace>) -> Self {
        self.except = namespaces;
        self
    }
}

/// An execution that was claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The tenant's space.
    pub namespace: Namespace,
    /// The execution.
    pub execution: ExecutionId,
    /// The new lease.
    pub lease: Lease,
}

/// An execution's row.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecutionRow {
    /// The execution.
    pub execution: ExecutionId,
    /// The workflow's name.
    pub workflow: WorkflowName,
    /// The bundle that it runs.
    pub bundle: Digest,
    /// The head.
    pub head: Head,
    /// Its start key.
    pub key: Option<String>,
    /// Who holds it now, if anyone does.
    pub lease: Option<Lease>,
    /// When it was created, by the store's clock.
    pub started: Timestamp,
    /// When its head last changed, by the store's clock.
    pub changed: Timestamp,
}

/// All that is needed to go on with an execution.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The row.
    pub row: ExecutionRow,
    /// The bundle.
    pub bundle: Arc<Bundle>,
    /// The newest snapshot, with the number of the first turn after it.
    pub snapshot: Option<(u64, Arc<[u8]>)>,
    /// The turns after the snapshot, in order.
    pub turns: Vec<TurnBody>,
    /// The unconsumed messages, oldest first.
    pub inbox: Vec<Message>,
}

/// Which executions are wanted.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ExecutionQuery {
    /// Only those of this workflow.
    pub workflow: Option<WorkflowName>,
    /// Only those with one of these; all when empty.
    pub statuses: Vec<Status>,
    /// Go on after this one (newest first).
    pub after: Option<ExecutionId>,
    /// At most this many; 100 when 0, never more than 1,000.
    pub limit: usize,
}

/// A page of executions, newest first.
#[derive(Clone, Debug, Default)]
pub struct ExecutionPage {
    /// The rows.
    pub executions: Vec<ExecutionRow>,
    /// Where the next page goes on, if there is one.
    pub next: Option<ExecutionId>,
}

/// Which revision of a workflow is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The newest.
    Head,
    /// The active one.
    Active,
    /// This one.
    Revision(u64),
}

/// What must hold for a write to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Anything.
    Any,
    /// The workflow does not exist yet.
    Absent,
    /// The head revision (for `save`) or the active one (for `activate`) is this.
    Revision(u64),
}

/// A stored revision.
#[derive(Clone, Debug)]
pub struct StoredRevision {
    /// Its number, from 1.
    pub revision: u64,
    /// Its bundle.
    pub bundle: Arc<Bundle>,
    /// The bundle's digest.
    pub digest: Digest,
    /// Whether triggers fire it.
    pub active: bool,
}

/// A workflow's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowRow {
    /// Its name.
    pub name: WorkflowName,
    /// Its newest revision.
    pub head: u64,
    /// Its active revision.
    pub active: Option<u64>,
}

/// Keeps revisions.
///
/// - `save` of a bundle whose digest is the head's gives the head's revision again and writes nothing.
/// - `save` and `activate` whose expectation does not hold fail with `Conflict` and write nothing.
/// - No namespace sees another's rows.
#[async_trait]
pub trait WorkflowStore: Send + Sync {
    /// Saves a bundle as the next revision of its workflow; gives the revision.
    async fn save(&self, namespace: &Namespace, bundle: Arc<Bundle>, expect: Expect) -> Result<u64, Error>;

    /// Loads a revision. `NotFound` where there is none.
    async fn load(
        &self,
        namespace: &Namespace,
        name: &WorkflowName,
        which: Which,
    ) -> Result<StoredRevision, Error>;

    /// Makes a revision the active one, or none.
    async fn activate(
        &self,
        namespace: &Namespace,
        name: &WorkflowName,
        revision: Option<u64>,
        expect: Expect,
    ) -> Result<(), Error>;

    /// The workflows after a name, by name; at most `limit`, never more than 1,000.
    async fn workflows(
        &self,
        namespace: &Namespace,
        after: Option<&WorkflowName>,
        limit: usize,
    ) -> Result<Vec<WorkflowRow>, Error>;
}

/// Keeps executions, their journals and their inboxes.
///
/// - `create` writes row, key, bundle and first turn in one transaction; a known key gives the execution that has it.
/// - `commit` writes each turn whole or not at all; a turn under an old lease is `Fenced`, one that does not begin
///   where the journal ends is `Conflict`; turns of one batch do not touch each other.
/// - A turn's consumed messages, head, snapshot, posts and release are written with its body.
/// - `post` returns after the message is durable; the same id again is `Duplicate`, also after it was consumed; an
///   ended execution is `Closed`; more than 1,000 unconsumed messages or 1 MiB of them (the machine's buffered ones
///   included) is `Busy`; controls are never `Busy`.
/// - `claim` gives executions that are not ended, not leased (or whose lease lapsed by the store's clock) and that are
///   due, have messages, or lost their owner; oldest due first; each new lease has a higher epoch. `only` asks for one
///   execution whether it is due or not; nothing of the namespaces in `except` is given.
/// - `restore` and `turns` give exactly what was committed, in order.
/// - No namespace sees another's rows: what is another's is `NotFound`.
#[async_trait]
pub trait ExecutionStore: Send + Sync {
    /// Creates an execution.
    async fn create(&self, namespace: &Namespace, new: NewExecution) -> Result<Created, Error>;

    /// Commits turns, each on its own; the answers are in the turns' order.
    async fn commit(&self, turns: Vec<Turn>) -> Vec<Result<(), TurnError>>;

    /// Puts a message into an execution's inbox.
    async fn post(
        &self,
        namespace: &Namespace,
        to: &ExecutionId,
        message: Message,
    ) -> Result<Accepted, Error>;

    /// Takes leases on executions that have something to do.
    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, Error>;

    /// Extends leases; the answers say which still hold.
    async fn renew(
        &self,
        leases: &[(Namespace, ExecutionId, Lease)],
        ttl_millis: u64,
    ) -> Result<Vec<bool>, Error>;

    /// Gives leases back, so that another executor can claim at once. One that no longer holds is passed over.
    async fn release(&self, leases: &[(Namespace, ExecutionId, Lease)]) -> Result<(), Error>;

    /// Unconsumed messages to executions that `owner` has leased, oldest first per execution; at most `limit`.
    async fn arrived(
        &self,
        owner: &str,
        limit: usize,
    ) -> Result<Vec<(Namespace, ExecutionId, Message)>, Error>;

    /// All that is needed to go on with an execution, or to look at it.
    async fn restore(&self, namespace: &Namespace, execution: &ExecutionId) -> Result<Loaded, Error>;

    /// Turns that hold events from `from_seq` on, in order; at most `limit`.
    async fn turns(
        &self,
        namespace: &Namespace,
        execution: &ExecutionId,
        from_seq: u64,
        limit: usize,
    ) -> Result<Vec<TurnBody>, Error>;

    /// Executions by query, newest first.
    async fn executions(&self, namespace: &Namespace, query: &ExecutionQuery)
    -> Result<ExecutionPage, Error>;

    /// The earliest instant at which `claim` may find something new by time alone.
    async fn next_due(&self) -> Result<Option<Timestamp>, Error>;

    /// Returns when messages or executions may have come since the mark `seen`, with a new mark. A hint, never truth:
    /// it may return early, and a caller looks again by itself from time to time.
    async fn changed(&self, seen: u64) -> u64;
}

/// A store of everything.
pub trait Store: WorkflowStore + ExecutionStore {
    /// What it can do.
    fn capabilities(&self) -> &StoreCapabilities;
}
