//! Executions: their journals, inboxes and leases.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{
    Accepted, EmittedEvent, ExecutionPage, ExecutionQuery, Head, Loaded, Message, Place, Purge, Purged,
    StoreCapabilities, Turn, TurnBody, TurnError,
};
use crate::error::{Error, ErrorKind};
use crate::id::{Digest, ExecutionId, Namespace, Timestamp, WorkflowName};
use crate::machine::LINE_KEY_BYTES;
use crate::validate::Bundle;

/// Whose work an execution is, and since when: the fence against an owner that was replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The executor's id.
    pub owner: String,
    /// Raised by each new lease.
    pub epoch: u64,
}

/// What `create` writes: the row, the start key, the bundle and the first turns, in one transaction.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewExecution {
    /// The execution's id.
    pub execution: ExecutionId,
    /// The bundle that it runs; kept once per digest.
    pub bundle: Arc<Bundle>,
    /// [`Bundle::digest`].
    pub digest: Digest,
    /// The start key, unique per namespace and workflow; 1 to [`super::START_KEY_BYTES`] bytes.
    pub key: Option<String>,
    /// The first turn; its first event is number 0.
    pub first: TurnBody,
    /// The turns that follow it at once, each beginning where the one before ends: what was computed before anything
    /// had to wait.
    pub more: Vec<TurnBody>,
    /// The head after all of them.
    pub head: Head,
    /// The state after all of them, for a store that keeps no journals; one that does need not keep it.
    pub snapshot: Option<Arc<[u8]>>,
    /// Who owns it from the start, and for how many milliseconds; nothing to leave it to whoever claims it.
    pub lease: Option<(String, u64)>,
    /// Whether it rests from the start, without a lease: it is claimable when it is due or has a message, as one that was
    /// parked.
    pub rests: bool,
    /// Its place among the executions of its workflow with the same concurrency key.
    pub line: Option<Place>,
    /// What it can be found by, beside its workflow; at most [`super::TAGS`].
    pub tags: BTreeMap<String, String>,
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
        NewExecution {
            execution,
            bundle,
            digest,
            key: None,
            first,
            more: Vec::new(),
            head,
            snapshot: None,
            lease: None,
            rests: false,
            line: None,
            tags: BTreeMap::new(),
        }
    }

    /// Lets it rest until it is due or has a message.
    #[must_use]
    pub fn with_rest(mut self) -> Self {
        self.rests = true;
        self
    }

    /// Gives it a place among those with the same concurrency key; it rests until its turn comes.
    #[must_use]
    pub fn with_line(mut self, place: Place) -> Self {
        self.line = Some(place);
        self.rests = true;
        self
    }

    /// Gives it what it can be found by.
    #[must_use]
    pub fn with_tags(mut self, tags: BTreeMap<String, String>) -> Self {
        self.tags = tags;
        self
    }

    /// Adds the turns that follow the first at once.
    #[must_use]
    pub fn with_more(mut self, turns: Vec<TurnBody>) -> Self {
        self.more = turns;
        self
    }

    /// Gives it a start key.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Gives the state after its turns.
    #[must_use]
    pub fn with_snapshot(mut self, snapshot: Option<Arc<[u8]>>) -> Self {
        self.snapshot = snapshot;
        self
    }

    /// Leases it to an executor from the start.
    #[must_use]
    pub fn with_lease(mut self, owner: impl Into<String>, ttl_millis: u64) -> Self {
        self.lease = Some((owner.into(), ttl_millis));
        self
    }

    /// What every store checks of a new execution before it looks whether it is known; gives the workflow's name.
    ///
    /// # Errors
    /// `Invalid` where the document's name, the key or one of the first turns is not as it must be; `Limit` where one
    /// is larger than the store takes.
    pub fn check(&self, capabilities: &StoreCapabilities) -> Result<WorkflowName, Error> {
        self.first.check(capabilities)?;
        if self.first.first_seq != 0 {
            return Err(Error::new(ErrorKind::Invalid, "a journal begins with event 0"));
        }
        let mut next = self.first.next_seq();
        for turn in &self.more {
            turn.check(capabilities)?;
            if turn.first_seq != next {
                return Err(Error::new(ErrorKind::Invalid, "the first turns of a journal have no gaps"));
            }
            next = turn.next_seq();
        }
        if let Some(key) = &self.key
            && (key.is_empty() || key.len() > super::START_KEY_BYTES)
        {
            let (limit, length) = (super::START_KEY_BYTES, key.len());
            let message = format!("a start key has 1 to {limit} bytes, not {length}");
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        if let Some(place) = &self.line
            && (place.key.is_empty() || place.key.len() > LINE_KEY_BYTES)
        {
            let length = place.key.len();
            let message = format!("a concurrency key has 1 to {LINE_KEY_BYTES} bytes, not {length}");
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        if (self.rests || self.line.is_some()) && self.lease.is_some() {
            return Err(Error::new(
                ErrorKind::Invalid,
                "an execution that rests from the start has no owner",
            ));
        }
        super::check_tags(&self.tags)?;
        super::workflow_name(&self.bundle)
    }
}

/// What `create` did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// It was created, with the lease that was asked for.
    New(Option<Lease>),
    /// The key is known: this execution has it. Nothing was written.
    Existing(ExecutionId),
    /// An earlier execution with the same concurrency key has not ended, this one, and the policy refuses others
    /// meanwhile. Nothing was written.
    Refused(ExecutionId),
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
    /// Only this execution, and also when it is parked without being due (to look again at a blocked one, for example).
    pub only: Option<(Namespace, ExecutionId)>,
    /// Nothing of these namespaces: they have their share already.
    pub except: Vec<Namespace>,
    /// Nothing but these, when they have something to do; anything without it.
    pub among: Option<BTreeSet<(Namespace, ExecutionId)>>,
}

impl Claim {
    /// A claim of whatever has something to do.
    pub fn new(owner: impl Into<String>, ttl_millis: u64, limit: usize) -> Self {
        Claim { owner: owner.into(), ttl_millis, limit, only: None, except: Vec::new(), among: None }
    }

    /// Claims one execution, due or not.
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

    /// Claims nothing but these.
    #[must_use]
    pub fn with_among(mut self, executions: BTreeSet<(Namespace, ExecutionId)>) -> Self {
        self.among = Some(executions);
        self
    }

    /// Whether the claim leaves an execution alone, whatever it has to do.
    #[must_use]
    pub fn leaves_out(&self, namespace: &Namespace, execution: &ExecutionId) -> bool {
        self.except.contains(namespace)
            || self
                .among
                .as_ref()
                .is_some_and(|among| !among.contains(&(namespace.clone(), execution.clone())))
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

/// Keeps executions, their journals and their inboxes.
///
/// **Creating**
/// - `create` writes row, key, bundle and the first turns in one transaction: `restore` shows all of them at once.
/// - A key that is known in the namespace for the workflow gives the execution that has it, ended or not, and writes
///   nothing.
/// - An execution id that is taken in the namespace is `Conflict`; a key or a turn that is not as its field says is
///   `Invalid`; a turn above [`super::StoreCapabilities::turn_bytes`] is `Limit`. Nothing is written.
/// - One that rests from the start is claimable when it is due or has a message, and not before.
/// - Tags are given back as they were given.
///
/// **Lines**
/// - An execution with a concurrency key is told that its turn has come ([`super::TURN`]), once, as soon as no earlier one
///   of its namespace and workflow with the same key is left that has not ended: by `create`, or by the commit that ends
///   the last of them, in the same transaction.
/// - Policy `reject`: where an earlier one has not ended, `create` gives that one and writes nothing; of a child the turn is
///   committed without it, and its `refused` is posted to the turn's execution.
/// - Policy `replace`: every earlier one that has not ended is told to cancel ([`crate::machine::REPLACED`]), once, in the
///   same transaction.
/// - A start key that is known is looked at before the line. A key is free again once its execution has ended, however it
///   did.
///
/// **Committing**
/// - Turns are applied in the order of the batch, each whole or not at all; they do not touch each other except that
///   a later turn of an execution sees the earlier ones. The answers are in the turns' order.
/// - A turn under a lease that is not the execution's is `Fenced`, also when the new owner has not written yet; so is a
///   turn of an execution that is not there. Time alone does not fence: a lease holds until another one is given or it
///   is given back.
/// - A turn that does not begin where the journal ends (a gap, a repetition) is `Conflict` with the number where it
///   ends.
/// - Consumed messages, head, snapshot, posts, children, events and release are written with the turn's body, or not at
///   all. Children are created before posts are delivered, so that a turn may post to them.
/// - Consuming a message that is not in the inbox is passed over. A turn's posts are never `Busy`; one that is known
///   already, or whose execution is not there or has ended, is passed over.
/// - A child whose key is known, or whose id is taken, is passed over; else it is there as `create` makes it.
/// - A body without events is refused as `Invalid`, one that is too large as `Limit`; a child that `create` would refuse
///   is refused with its turn.
///
/// **Messages**
/// - `post` returns after the message is durable. The same id to the same execution again is `Duplicate`, also after it
///   was consumed and after the execution ended, whatever the message says.
/// - A new message to an ended execution is `Closed`; to one that is not there `NotFound`; an id that is empty, too
///   long, or one of the store's own (`flov7:…`) is `Invalid`, and so is a signal under one by which callers and called
///   executions tell each other (`caller:…`, `child:EXECUTION`).
/// - A signal that would make more than [`super::INBOX_MESSAGES`] signals or [`super::INBOX_BYTES`] bytes of them wait
///   is `Busy`; what the machine holds counts ([`Head::buffered`]). Controls and ends of called executions are never
///   `Busy` and do not count.
/// - `arrived` gives each unconsumed message of executions that an owner has leased, oldest first, again and again until
///   it is consumed.
///
/// **Leases**
/// - `claim` gives executions that have something to do and no owner (the table in [`crate::store`]): parked ones that
///   are due or have messages, orphaned ones, and those whose lease lapsed by the store's clock. The one that became
///   claimable first comes first: by its due instant, its oldest message's arrival, the lapse, or the handing back.
/// - A claim with `only` gives that execution and no other, also when it is parked and neither due nor called; one that
///   is leased or ended is not given. A claim with `except` gives nothing of those namespaces, however long it waits, and one with `among` nothing but
///   those that it names.
/// - A parked execution whose head is blocked rests until it is due, whatever messages it has: they would find it blocked
///   again.
/// - Each lease of an execution has a higher epoch than all before it. An ended execution is never claimed.
/// - `renew` extends a lease that still holds and says of each whether it does.
/// - `release` hands leases back: their executions are claimable at once. One that no longer holds is passed over.
/// - `next_due` is the earliest instant at which time alone makes, or made, an execution claimable.
/// - In an exclusive store, opening it as its owner voids all leases that were given before.
///
/// **Reading**
/// - `restore` and `turns` give exactly what was committed, byte for byte and in order; `restore` begins at the newest
///   snapshot.
/// - `emitted` gives every event of a committed turn once, in the order in which turns were committed and, within one, of
///   the turn. An event that becomes visible has a cursor above every one that was visible before: who reads on from the
///   last cursor misses none.
/// - `executions` is newest first (by id), filtered by all that the query says, in pages that neither repeat nor skip.
/// - No namespace sees another's rows, in any method: what is another's is `NotFound` (or `Fenced`, or absent).
/// - `changed` returns once something came after the mark that it is given: an execution that was created for whoever
///   claims it, a message, an event, a lease handed back.
///
/// **Purging**
/// - `purge` takes away executions that ended at least so long ago, by the store's clock, oldest end first, at most as many
///   as its limit, with all that belongs to them: journal, inbox, snapshot, tags, start key. What has not ended stays, and
///   what its journal says stays whole.
/// - Bundles go with the last execution and revision that has them.
/// - It takes away events of the outbox that are as old, at most as many as its limit; no cursor is given twice.
#[async_trait]
pub trait ExecutionStore: Send + Sync {
    /// Creates an execution.
    ///
    /// # Errors
    /// `Conflict`, `Invalid`, `Limit` (see above); `Unavailable` where nothing was written; `Unknown` where it may have
    /// been: with a key, creating it again tells.
    async fn create(&self, namespace: &Namespace, new: NewExecution) -> Result<Created, Error>;

    /// Commits turns, each on its own; the answers are in the turns' order.
    async fn commit(&self, turns: Vec<Turn>) -> Vec<Result<(), TurnError>>;

    /// Puts a message into an execution's inbox.
    ///
    /// # Errors
    /// `NotFound`, `Closed`, `Busy`, `Invalid` (see above); `Unavailable` where nothing was written; `Unknown` where it
    /// may have been: posting it again with the same id is safe.
    async fn post(
        &self,
        namespace: &Namespace,
        to: &ExecutionId,
        message: Message,
    ) -> Result<Accepted, Error>;

    /// Takes leases on executions that have something to do, of all namespaces; at most `claim.limit`.
    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, Error>;

    /// Extends leases to `ttl_millis` from now; the answers say which still hold, in the leases' order.
    async fn renew(
        &self,
        leases: &[(Namespace, ExecutionId, Lease)],
        ttl_millis: u64,
    ) -> Result<Vec<bool>, Error>;

    /// Gives leases back, so that another executor can claim at once.
    async fn release(&self, leases: &[(Namespace, ExecutionId, Lease)]) -> Result<(), Error>;

    /// Unconsumed messages to executions that `owner` has leased, oldest first; at most `limit`.
    async fn arrived(
        &self,
        owner: &str,
        limit: usize,
    ) -> Result<Vec<(Namespace, ExecutionId, Message)>, Error>;

    /// All that is needed to go on with an execution, or to look at it.
    ///
    /// # Errors
    /// `NotFound`; `Newer` and `Corrupt` where what is stored cannot be read.
    async fn restore(&self, namespace: &Namespace, execution: &ExecutionId) -> Result<Loaded, Error>;

    /// Turns that hold events from `from_seq` on, in order; at most `limit`. Nothing past the journal's end.
    ///
    /// # Errors
    /// `NotFound` where the execution is not there.
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

    /// Events of a namespace's outbox after a cursor (0: from the beginning), in the order of their cursors; at most `limit`.
    async fn emitted(
        &self,
        namespace: &Namespace,
        after: u64,
        limit: usize,
    ) -> Result<Vec<EmittedEvent>, Error>;

    /// When `claim` may next find something by time alone; in the past when it would now.
    async fn next_due(&self) -> Result<Option<Timestamp>, Error>;

    /// Returns when messages or executions may have come since the mark `seen` (0 at first), with a new mark. A hint,
    /// never truth: it may return early, and a caller looks again by itself from time to time.
    async fn changed(&self, seen: u64) -> u64;

    /// Takes away what ended long ago. `Unsupported` unless the store offers it.
    ///
    /// # Errors
    /// `Unavailable` where nothing was taken away; `Unknown` where it may have been: purging again is safe.
    async fn purge(&self, _purge: &Purge) -> Result<Purged, Error> {
        Err(Error::unsupported("this store cannot purge executions"))
    }
}
