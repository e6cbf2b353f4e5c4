//! Creating executions.

use std::sync::Arc;

use flov7::error::{Error, ErrorKind};
use flov7::id::{ExecutionId, Namespace, WorkflowName};
use flov7::store::{Created, Lease, NewExecution, TurnBody};
use flov7::workflow::ConcurrencyPolicy;
use rusqlite::OptionalExtension;

use super::Tx;
use crate::bundles;
use crate::leases::Held;
use crate::rows::{Failed, Read, blocked_text, execution, number, status_text, tags_text};

impl Tx<'_> {
    pub(crate) fn create(
        &mut self,
        namespace: &Namespace,
        workflow: &WorkflowName,
        new: &NewExecution,
    ) -> Read<Created> {
        if let Some(key) = &new.key
            && let Some(known) = self.with_key(namespace, workflow, key)?
        {
            return Ok(Created::Existing(known));
        }
        let taken = || -> Failed {
            Error::new(ErrorKind::Conflict, format!("there is an execution {} already", new.execution)).into()
        };
        // Where nothing is written before its row, that one tells.
        let row_tells = new.line.is_none() && self.bundles.get(&new.digest).is_some();
        if !row_tells && self.is_there(namespace, &new.execution)? {
            return Err(taken());
        }
        let before = match &new.line {
            Some(place) => self.in_line(namespace, workflow.as_str(), &place.key)?,
            None => Vec::new(),
        };
        if let (Some(place), Some(first)) = (&new.line, before.first())
            && place.policy == ConcurrencyPolicy::Reject
        {
            return Ok(Created::Refused(first.clone()));
        }
        let status = status_text(new.head.status)?;
        let bundle = bundles::put(self.connection, self.bundles, &new.bundle, &new.digest)?;

        let ended = new.head.status.is_ended();
        let live = new.lease.is_some() && !ended;
        let wake = if new.rests { new.head.due } else { Some(self.now) };
        let wake = wake.filter(|_| !live && !ended);
        let written = self
            .connection
            .prepare_cached(
                "INSERT INTO executions (namespace, execution, workflow, bundle, key, status, due, buffered, \
                 buffered_bytes, live, wake, epoch, started, changed, blocked, tags, line) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 1, ?12, ?12, ?13, ?14, ?15) \
                 ON CONFLICT (namespace, execution) DO NOTHING",
            )?
            .execute((
                namespace.as_str(),
                new.execution.as_str(),
                workflow.as_str(),
                bundle,
                &new.key,
                status,
                new.head.due.map(|due| due.ms()),
                new.head.buffered,
                number(new.head.buffered_bytes),
                live,
                wake.map(|wake| wake.ms()),
                self.now.ms(),
                blocked_text(&new.head)?,
                tags_text(&new.tags)?,
                new.line.as_ref().map(|place| place.key.as_str()).filter(|_| !ended),
            ))?;
        if written == 0 {
            return Err(taken());
        }
        let row = self.connection.last_insert_rowid();
        for (name, value) in &new.tags {
            self.connection
                .prepare_cached(
                    "INSERT INTO tags (namespace, name, value, execution, row) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute((namespace.as_str(), name, value, new.execution.as_str(), row))?;
        }
        let mut last = &new.first;
        self.append(row, last)?;
        for turn in &new.more {
            self.append(row, turn)?;
            last = turn;
        }
        if let Some(place) = &new.line {
            self.join_line(namespace, &new.execution, place, &before)?;
        }
        if let Some(wake) = wake {
            self.news.wakes(wake);
        }
        let Some((owner, ttl)) = &new.lease else {
            self.notable = true;
            return Ok(Created::New(None));
        };
        let held = Held {
            row,
            owner: Arc::from(owner.as_str()),
            epoch: 1,
            until: self.after(*ttl),
            next_seq: last.next_seq(),
            next_turn: last.turn.saturating_add(1),
            head: new.head.clone(),
            // One with a place in a line has no owner from the start.
            line: None,
        };
        self.leases.set(namespace, &new.execution, Some(held));
        Ok(Created::New(Some(Lease { owner: owner.clone(), epoch: 1 })))
    }

    fn is_there(&self, namespace: &Namespace, execution: &ExecutionId) -> Read<bool> {
        let there = self
            .connection
            .prepare_cached("SELECT 1 FROM executions WHERE namespace = ?1 AND execution = ?2")?
            .exists((namespace.as_str(), execution.as_str()))?;
        Ok(there)
    }

    fn with_key(
        &self,
        namespace: &Namespace,
        workflow: &WorkflowName,
        key: &str,
    ) -> Read<Option<ExecutionId>> {
        self.connection
            .prepare_cached(
                "SELECT execution FROM executions WHERE namespace = ?1 AND workflow = ?2 AND key = ?3",
            )?
            .query_row((namespace.as_str(), workflow.as_str(), key), |row| Ok(execution(row, 0)))
            .optional()?
            .transpose()
    }

    /// Appends a turn to the journal of an execution.
    pub(super) fn append(&self, row: i64, body: &TurnBody) -> Read<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO turns (execution, seq, count, turn, at, v, decided, body) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute((
                row,
                number(body.first_seq),
                body.count,
                number(body.turn),
                body.at.ms(),
                body.v,
                body.decided.cast_signed(),
                &*body.body,
            ))?;
        Ok(())
    }
}
