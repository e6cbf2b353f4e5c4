//! What is read back: rows, pages, and all that is needed to go on.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Head, Lease, Message, TurnBody};
use crate::id::{Digest, ExecutionId, Timestamp, WorkflowName};
use crate::machine::Status;
use crate::validate::Bundle;

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
    /// What it can be found by.
    pub tags: BTreeMap<String, String>,
    /// Who holds it now, as far as this store can tell: an exclusive store that another process owns shows nobody.
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
    /// The unconsumed messages, oldest first; none once it ended.
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
    /// Only those that have all of these tags.
    pub tags: BTreeMap<String, String>,
    /// Only those that were created then or later, by the store's clock.
    pub started_after: Option<Timestamp>,
    /// Only those that were created before that, by the store's clock.
    pub started_before: Option<Timestamp>,
    /// Go on after this one (newest first).
    pub after: Option<ExecutionId>,
    /// At most this many; 100 when 0, never more than [`super::PAGE_ROWS`].
    pub limit: usize,
}

impl ExecutionQuery {
    /// All executions, from the newest.
    pub fn new() -> Self {
        ExecutionQuery::default()
    }

    /// Only those of a workflow.
    #[must_use]
    pub fn with_workflow(mut self, workflow: WorkflowName) -> Self {
        self.workflow = Some(workflow);
        self
    }

    /// Only those with one of these.
    #[must_use]
    pub fn with_statuses(mut self, statuses: impl IntoIterator<Item = Status>) -> Self {
        self.statuses = statuses.into_iter().collect();
        self
    }

    /// Only those that have this tag, and the others that were named.
    #[must_use]
    pub fn with_tag(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(name.into(), value.into());
        self
    }

    /// Only those that were created at an instant or later.
    #[must_use]
    pub fn with_started_after(mut self, from: Timestamp) -> Self {
        self.started_after = Some(from);
        self
    }

    /// Only those that were created before an instant.
    #[must_use]
    pub fn with_started_before(mut self, until: Timestamp) -> Self {
        self.started_before = Some(until);
        self
    }

    /// Whether a row is one of those wanted, wherever the page begins.
    #[must_use]
    pub fn wants(&self, row: &ExecutionRow) -> bool {
        self.workflow.as_ref().is_none_or(|wanted| row.workflow == *wanted)
            && (self.statuses.is_empty() || self.statuses.contains(&row.head.status))
            && self.tags.iter().all(|(name, value)| row.tags.get(name) == Some(value))
            && self.started_after.is_none_or(|from| row.started >= from)
            && self.started_before.is_none_or(|until| row.started < until)
    }

    /// Goes on after an execution: [`ExecutionPage::next`] of the page before.
    #[must_use]
    pub fn after(mut self, execution: ExecutionId) -> Self {
        self.after = Some(execution);
        self
    }

    /// At most this many.
    #[must_use]
    pub fn with_limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }
}

/// A page of executions, newest first.
#[derive(Clone, Debug, Default)]
pub struct ExecutionPage {
    /// The rows.
    pub executions: Vec<ExecutionRow>,
    /// Where the next page goes on, if there is one.
    pub next: Option<ExecutionId>,
}

/// How many rows a page with this `limit` holds at most: 100 when 0, never more than [`super::PAGE_ROWS`].
pub fn page_rows(limit: usize) -> usize {
    if limit == 0 { 100 } else { limit.min(super::PAGE_ROWS) }
}
