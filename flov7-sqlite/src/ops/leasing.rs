//! Claiming and handing back.

use std::sync::Arc;
use std::time::Duration;

use flov7::id::{ExecutionId, Namespace, Timestamp};
use flov7::store::{Claim, Claimed, Head, Lease};
use rusqlite::{OptionalExtension, Row};

use super::Tx;
use crate::leases::Held;
use crate::rows::{self, Read, number, unsigned};

/// An execution that may be claimed.
struct Candidate {
    /// Since when.
    since: i64,
    row: i64,
    namespace: Namespace,
    execution: ExecutionId,
    epoch: u64,
    head: Head,
    line: Option<Arc<(String, String)>>,
}

const COLUMNS: &str = "id, namespace, execution, epoch, wake, status, due, buffered, buffered_bytes, \
    blocked, workflow, line";

impl Candidate {
    fn read(row: &Row<'_>) -> Read<Candidate> {
        Ok(Candidate {
            row: row.get(0)?,
            namespace: rows::namespace(row, 1)?,
            execution: rows::execution(row, 2)?,
            epoch: unsigned(row.get(3)?)?,
            since: row.get::<_, Option<i64>>(4)?.unwrap_or(i64::MAX),
            head: rows::head(row, 5)?,
            line: match row.get::<_, Option<String>>(11)? {
                Some(key) => Some(Arc::new((row.get(10)?, key))),
                None => None,
            },
        })
    }
}

impl Tx<'_> {
    pub(crate) fn claim(&mut self, claim: &Claim) -> Read<Vec<Claimed>> {
        let mut candidates = match &claim.only {
            Some((namespace, execution)) => self.only(namespace, execution)?.into_iter().collect(),
            None => self.ready(claim)?,
        };
        candidates.retain(|candidate| !claim.leaves_out(&candidate.namespace, &candidate.execution));
        candidates.sort_by_key(|candidate| (candidate.since, candidate.row));
        candidates.truncate(claim.limit);
        candidates.into_iter().map(|candidate| self.take(claim, candidate)).collect()
    }

    /// Those that became claimable first, of the file and of the leases that lapsed; at least as many as are wanted if
    /// there are as many.
    fn ready(&self, claim: &Claim) -> Read<Vec<Candidate>> {
        let mut found = Vec::new();
        let sql = format!("SELECT {COLUMNS} FROM executions WHERE wake <= ?1 ORDER BY wake, id");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut ready = statement.query([self.now.ms()])?;
        while found.len() < claim.limit
            && let Some(row) = ready.next()?
        {
            let candidate = Candidate::read(row)?;
            if !claim.leaves_out(&candidate.namespace, &candidate.execution) {
                found.push(candidate);
            }
        }
        let lapsed = self
            .leases
            .lapsed(self.now)
            .filter(|(_, namespace, execution, _)| !claim.leaves_out(namespace, execution));
        found.extend(lapsed.take(claim.limit).map(|(at, namespace, execution, held)| Candidate {
            since: at.ms(),
            row: held.row,
            namespace: namespace.clone(),
            execution: execution.clone(),
            epoch: held.epoch,
            head: held.head.clone(),
            line: held.line.clone(),
        }));
        Ok(found)
    }

    /// One execution, due or not, unless it is leased or has ended.
    fn only(&self, namespace: &Namespace, execution: &ExecutionId) -> Read<Option<Candidate>> {
        let held = self.leases.get(namespace, execution);
        if held.is_some_and(|held| held.until > self.now) {
            return Ok(None);
        }
        let sql = format!("SELECT {COLUMNS} FROM executions WHERE namespace = ?1 AND execution = ?2");
        let found = self
            .connection
            .prepare_cached(&sql)?
            .query_row((namespace.as_str(), execution.as_str()), |row| Ok(Candidate::read(row)))
            .optional()?
            .transpose()?;
        Ok(found.filter(|candidate| !candidate.head.status.is_ended()))
    }

    fn take(&mut self, claim: &Claim, candidate: Candidate) -> Read<Claimed> {
        let epoch = candidate.epoch.saturating_add(1);
        self.connection
            .prepare_cached("UPDATE executions SET live = 1, wake = NULL, epoch = ?2 WHERE id = ?1")?
            .execute((candidate.row, number(epoch)))?;
        self.news.claimed = true;
        let (next_seq, next_turn) = self.end_of_journal(candidate.row)?;
        let held = Held {
            row: candidate.row,
            owner: Arc::from(claim.owner.as_str()),
            epoch,
            until: self.after(claim.ttl_millis),
            next_seq,
            next_turn,
            head: candidate.head,
            line: candidate.line,
        };
        self.leases.set(&candidate.namespace, &candidate.execution, Some(held));
        let lease = Lease { owner: claim.owner.clone(), epoch };
        Ok(Claimed { namespace: candidate.namespace, execution: candidate.execution, lease })
    }

    pub(crate) fn release(&mut self, leases: &[(Namespace, ExecutionId, Lease)]) -> Read<()> {
        for (namespace, execution, lease) in leases {
            let held = self.leases.get(namespace, execution).filter(|held| held.is_under(lease));
            let Some(held) = held else { continue };
            let (row, ended) = (held.row, held.head.status.is_ended());
            if !ended {
                self.connection
                    .prepare_cached("UPDATE executions SET live = 0, wake = ?2 WHERE id = ?1")?
                    .execute((row, self.now.ms()))?;
                self.notable = true;
                self.news.wakes(self.now);
            }
            self.leases.set(namespace, execution, None);
        }
        Ok(())
    }

    /// The numbers of the next event and the next turn.
    fn end_of_journal(&self, row: i64) -> Read<(u64, u64)> {
        let (next_seq, next_turn): (i64, i64) = self
            .connection
            .prepare_cached(
                "SELECT seq + count, turn + 1 FROM turns WHERE execution = ?1 ORDER BY seq DESC LIMIT 1",
            )?
            .query_row([row], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok((unsigned(next_seq)?, unsigned(next_turn)?))
    }

    /// The instant that lies `millis` from now.
    pub(super) fn after(&self, millis: u64) -> Timestamp {
        self.now.saturating_add(Duration::from_millis(millis))
    }
}
