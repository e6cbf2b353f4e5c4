//! Messages: taking them in, and ticking them off.

use flov7::error::{Error, ErrorKind};
use flov7::id::{ExecutionId, Namespace};
use flov7::store::{Accepted, Head, Message};
use rusqlite::OptionalExtension;

use super::{Tx, no_execution};
use crate::rows::{self, Read, message_columns, number, unsigned};

/// Whom a message goes to.
struct Addressee {
    row: i64,
    head: Head,
    live: bool,
}

impl Tx<'_> {
    pub(crate) fn post(
        &mut self,
        namespace: &Namespace,
        to: &ExecutionId,
        message: &Message,
    ) -> Read<Accepted> {
        let addressee = self.addressee(namespace, to)?.ok_or_else(|| no_execution(namespace, to))?;
        if self.is_known(addressee.row, message)? {
            return Ok(Accepted::Duplicate);
        }
        if addressee.head.status.is_ended() {
            return Err(Error::new(ErrorKind::Closed, format!("execution {to} has ended")).into());
        }
        let (signals, bytes): (i64, i64) = self
            .connection
            .prepare_cached(
                "SELECT count(*), coalesce(sum(bytes), 0) FROM inbox \
                 WHERE execution = ?1 AND pending = 1 AND kind = 'signal'",
            )?
            .query_row([addressee.row], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let size = |number| Ok::<_, Error>(usize::try_from(unsigned(number)?).unwrap_or(usize::MAX));
        message.fits(&addressee.head, size(signals)?, size(bytes)?)?;
        self.deliver(&addressee, message)?;
        Ok(Accepted::New)
    }

    /// Posts a turn's message, unless it is known or nobody is there to read it.
    pub(super) fn pass_on(&mut self, namespace: &Namespace, to: &ExecutionId, message: &Message) -> Read<()> {
        if let Some(addressee) = self.addressee(namespace, to)?
            && !addressee.head.status.is_ended()
            && !self.is_known(addressee.row, message)?
        {
            self.deliver(&addressee, message)?;
        }
        Ok(())
    }

    /// Ticks off a message; one that is not pending is passed over. Its payload is in the journal now; its id stays, for
    /// it deduplicates for life.
    pub(super) fn consume(&self, row: i64, id: &str) -> Read<()> {
        self.connection
            .prepare_cached(
                "UPDATE inbox SET pending = 0, payload = NULL WHERE execution = ?1 AND message = ?2 AND pending = 1",
            )?
            .execute((row, id))?;
        Ok(())
    }

    /// Nobody reads the inbox of an execution that has ended.
    pub(super) fn close_inbox(&self, row: i64) -> Read<()> {
        // Mostly there is nothing, and the change alone would cost a table of rows to be changed.
        let waits = self
            .connection
            .prepare_cached("SELECT 1 FROM inbox WHERE execution = ?1 AND pending = 1")?
            .exists([row])?;
        if waits {
            self.connection
                .prepare_cached("UPDATE inbox SET pending = 0 WHERE execution = ?1 AND pending = 1")?
                .execute([row])?;
        }
        Ok(())
    }

    fn addressee(&self, namespace: &Namespace, to: &ExecutionId) -> Read<Option<Addressee>> {
        self.connection
            .prepare_cached(
                "SELECT id, live, status, due, buffered, buffered_bytes, blocked FROM executions \
                 WHERE namespace = ?1 AND execution = ?2",
            )?
            .query_row((namespace.as_str(), to.as_str()), |row| {
                let (id, live) = (row.get(0)?, row.get(1)?);
                Ok(rows::head(row, 2).map(|head| Addressee { row: id, head, live }))
            })
            .optional()?
            .transpose()
    }

    fn is_known(&self, row: i64, message: &Message) -> Read<bool> {
        let known = self
            .connection
            .prepare_cached("SELECT 1 FROM inbox WHERE execution = ?1 AND message = ?2")?
            .exists((row, &message.id))?;
        Ok(known)
    }

    fn deliver(&mut self, to: &Addressee, message: &Message) -> Read<()> {
        let (kind, target, payload) = message_columns(&message.body)?;
        let bytes = number(u64::try_from(message.bytes()).unwrap_or(u64::MAX));
        self.connection
            .prepare_cached(
                "INSERT INTO inbox (execution, message, kind, target, payload, sender, at, bytes, pending) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1)",
            )?
            .execute((to.row, &message.id, kind, target, payload, &message.by.0, self.now.ms(), bytes))?;
        if !to.live && to.head.blocked.is_none() {
            self.connection
                .prepare_cached("UPDATE executions SET wake = min(coalesce(wake, ?2), ?2) WHERE id = ?1")?
                .execute((to.row, self.now.ms()))?;
            self.news.wakes(self.now);
        }
        self.news.mail = true;
        self.notable = true;
        Ok(())
    }
}
