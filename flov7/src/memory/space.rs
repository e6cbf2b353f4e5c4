//! What one namespace holds: its workflows, and its executions by id and by key.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use super::state::Row;
use crate::error::{Error, ErrorKind};
use crate::id::{Digest, ExecutionId, Namespace, Timestamp, WorkflowName};
use crate::machine::Emission;
use crate::store::{
    EmittedEvent, ExecutionPage, ExecutionQuery, Expect, StoredRevision, Which, WorkflowRow, page_rows,
};
use crate::validate::Bundle;

#[derive(Default)]
pub(super) struct Space {
    /// In boxes: nodes of the map are half empty, and a row is large.
    pub(super) executions: BTreeMap<ExecutionId, Box<Row>>,
    pub(super) keys: BTreeMap<WorkflowName, BTreeMap<String, ExecutionId>>,
    /// Who has not ended of each concurrency key, by the number of their creation.
    pub(super) lines: BTreeMap<(WorkflowName, String), BTreeMap<u64, ExecutionId>>,
    workflows: BTreeMap<WorkflowName, Revisions>,
    /// By cursor.
    events: BTreeMap<u64, EmittedEvent>,
    /// The cursor of the newest event there ever was.
    emitted: u64,
}

/// The revisions of one workflow; revision n stands at n - 1.
#[derive(Default)]
struct Revisions {
    all: Vec<(Arc<Bundle>, Digest)>,
    active: Option<u64>,
}

impl Revisions {
    /// The newest revision; none before the first.
    fn head(&self) -> Option<u64> {
        u64::try_from(self.all.len()).ok().filter(|head| *head > 0)
    }

    fn at(&self, revision: u64) -> Option<&(Arc<Bundle>, Digest)> {
        self.all.get(usize::try_from(revision.checked_sub(1)?).ok()?)
    }
}

impl Space {
    pub(super) fn emit(
        &mut self,
        namespace: &Namespace,
        execution: &ExecutionId,
        event: Emission,
        now: Timestamp,
    ) {
        self.emitted += 1;
        let event = EmittedEvent::new(namespace, execution, event, self.emitted, now);
        self.events.insert(self.emitted, event);
    }

    pub(super) fn emitted(&self, after: u64, limit: usize) -> Vec<EmittedEvent> {
        let after = (Bound::Excluded(after), Bound::Unbounded);
        self.events.range(after).take(limit).map(|(_, event)| event.clone()).collect()
    }

    /// Takes away events that are from before, oldest first; says how many.
    pub(super) fn forget_events(&mut self, until: Timestamp, limit: usize) -> usize {
        let mut gone = 0;
        while gone < limit
            && let Some(oldest) = self.events.first_entry()
            && oldest.get().at <= until
        {
            oldest.remove();
            gone += 1;
        }
        gone
    }

    /// The bundles of its revisions.
    pub(super) fn digests(&self) -> impl Iterator<Item = &Digest> {
        self.workflows.values().flat_map(|revisions| revisions.all.iter().map(|(_, digest)| digest))
    }

    pub(super) fn save(
        &mut self,
        name: WorkflowName,
        bundle: Arc<Bundle>,
        digest: Digest,
        expect: Expect,
    ) -> Result<u64, Error> {
        let known = self.workflows.get(&name);
        let head = known.and_then(Revisions::head);
        let newest = head.and_then(|head| known?.at(head));
        if let Some(head) = head
            && newest.is_some_and(|(_, newest)| *newest == digest)
        {
            return Ok(head);
        }
        expect.check(head)?;
        let revisions = self.workflows.entry(name).or_default();
        revisions.all.push((bundle, digest));
        // Just pushed: there is a head.
        Ok(revisions.head().unwrap_or(1))
    }

    pub(super) fn load(&self, name: &WorkflowName, which: Which) -> Result<StoredRevision, Error> {
        let revisions = self.workflows.get(name).ok_or_else(|| no_workflow(name))?;
        let revision = match which {
            Which::Head => revisions.head(),
            Which::Active => revisions.active,
            Which::Revision(revision) => Some(revision),
        };
        let Some(revision) = revision else {
            return Err(Error::new(ErrorKind::NotFound, format!("no revision of `{name}` is active")));
        };
        let (bundle, digest) = revisions.at(revision).ok_or_else(|| no_revision(name, revision))?;
        let active = revisions.active == Some(revision);
        Ok(StoredRevision { revision, bundle: Arc::clone(bundle), digest: *digest, active })
    }

    pub(super) fn activate(
        &mut self,
        name: &WorkflowName,
        revision: Option<u64>,
        expect: Expect,
    ) -> Result<(), Error> {
        let revisions = self.workflows.get_mut(name).ok_or_else(|| no_workflow(name))?;
        if let Some(revision) = revision
            && revisions.at(revision).is_none()
        {
            return Err(no_revision(name, revision));
        }
        expect.check(revisions.active)?;
        revisions.active = revision;
        Ok(())
    }

    pub(super) fn workflows(&self, after: Option<&WorkflowName>, limit: usize) -> Vec<WorkflowRow> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.workflows
            .range::<WorkflowName, _>((from, Bound::Unbounded))
            .filter_map(|(name, revisions)| {
                Some(WorkflowRow { name: name.clone(), head: revisions.head()?, active: revisions.active })
            })
            .take(page_rows(limit))
            .collect()
    }

    pub(super) fn executions(&self, query: &ExecutionQuery) -> ExecutionPage {
        let limit = page_rows(query.limit);
        let until = query.after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        // One more than the page holds tells whether another page follows.
        let mut executions: Vec<_> = self
            .executions
            .range::<ExecutionId, _>((Bound::Unbounded, until))
            .rev()
            .map(|(execution, row)| row.shown(execution))
            .filter(|row| query.wants(row))
            .take(limit + 1)
            .collect();
        let more = executions.len() > limit;
        executions.truncate(limit);
        let next = executions.last().filter(|_| more).map(|row| row.execution.clone());
        ExecutionPage { executions, next }
    }
}

pub(super) fn no_workflow(name: &WorkflowName) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no workflow `{name}`"))
}

fn no_revision(name: &WorkflowName, revision: u64) -> Error {
    Error::new(ErrorKind::NotFound, format!("`{name}` has no revision {revision}"))
}
