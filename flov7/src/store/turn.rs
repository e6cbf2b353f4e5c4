//! One machine turn as it is committed.

use std::sync::Arc;

use super::{Lease, Message, NewExecution, StoreCapabilities};
use crate::error::{Error, ErrorKind};
use crate::id::{ExecutionId, Namespace, WorkflowName};
use crate::machine::Emission;

pub use crate::machine::{Head, TurnBody};

impl TurnBody {
    /// What every store checks of a body before it looks where the journal ends.
    ///
    /// # Errors
    /// `Invalid` where it holds no event or numbers past 2^63; `Limit` where it is larger than the store takes.
    pub fn check(&self, capabilities: &StoreCapabilities) -> Result<(), Error> {
        if self.count == 0 {
            return Err(Error::new(ErrorKind::Invalid, "a turn's body holds at least one event"));
        }
        if i64::try_from(self.next_seq()).is_err() || i64::try_from(self.turn).is_err() {
            return Err(Error::new(ErrorKind::Invalid, "events and turns are numbered below 2^63"));
        }
        if self.body.len() > capabilities.turn_bytes {
            let (has, takes) = (self.body.len(), capabilities.turn_bytes);
            let message = format!("a turn of {has} bytes is larger than the {takes} that this store takes");
            return Err(Error::new(ErrorKind::Limit, message));
        }
        Ok(())
    }
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
    /// Messages to other executions of the namespace, posted in the same transaction.
    pub posts: Vec<(ExecutionId, Message)>,
    /// Executions that it creates in the same transaction, as [`super::ExecutionStore::create`] does; one whose key or id
    /// is taken is passed over.
    pub children: Vec<NewExecution>,
    /// Events that go into the namespace's outbox in the same transaction, in order.
    pub emitted: Vec<Emission>,
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
            children: Vec::new(),
            emitted: Vec::new(),
            release: false,
        }
    }

    /// Appends a body.
    #[must_use]
    pub fn with_body(mut self, body: TurnBody) -> Self {
        self.body = Some(body);
        self
    }

    /// Consumes inbox messages.
    #[must_use]
    pub fn with_consumed(mut self, ids: impl IntoIterator<Item = String>) -> Self {
        self.consumed.extend(ids);
        self
    }

    /// Changes the head.
    #[must_use]
    pub fn with_head(mut self, head: Head) -> Self {
        self.head = Some(head);
        self
    }

    /// Takes a snapshot.
    #[must_use]
    pub fn with_snapshot(mut self, snapshot: Arc<[u8]>) -> Self {
        self.snapshot = Some(snapshot);
        self
    }

    /// Posts a message to another execution of the namespace.
    #[must_use]
    pub fn with_post(mut self, to: ExecutionId, message: Message) -> Self {
        self.posts.push((to, message));
        self
    }

    /// Creates an execution.
    #[must_use]
    pub fn with_child(mut self, child: NewExecution) -> Self {
        self.children.push(child);
        self
    }

    /// Puts an event into the outbox.
    #[must_use]
    pub fn with_emitted(mut self, event: Emission) -> Self {
        self.emitted.push(event);
        self
    }

    /// What every store checks of a turn before it looks at the lease; gives the workflow of each child.
    ///
    /// # Errors
    /// As [`NewExecution::check`], for a child.
    pub fn check_children(&self, capabilities: &StoreCapabilities) -> Result<Vec<WorkflowName>, Error> {
        self.children.iter().map(|child| child.check(capabilities)).collect()
    }

    /// Ends the lease.
    #[must_use]
    pub fn with_release(mut self) -> Self {
        self.release = true;
        self
    }
}

/// Why one turn of a batch was not committed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TurnError {
    /// Another owner has the execution, or it is gone. Nothing was written.
    #[error("the lease was lost")]
    Fenced,
    /// The journal goes on elsewhere than at `first_seq`: at this number. Nothing was written.
    #[error("the journal ends at {0}, not where the turn begins")]
    Conflict(u64),
    /// The store does not take it (too large, no space left on the device, not the owner). Nothing was written, and
    /// the same turn may be committed again once the reason is mended.
    #[error("the turn was refused")]
    Refused(#[source] Error),
    /// It may or may not have been written: reload before going on.
    #[error("it is unknown whether the turn was written")]
    Unknown(#[source] Error),
}
