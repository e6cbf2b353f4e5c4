//! Saving and activating revisions.

use flov7::error::{Error, ErrorKind};
use flov7::id::{Digest, Namespace, WorkflowName};
use flov7::store::Expect;
use flov7::validate::Bundle;
use rusqlite::OptionalExtension;

use super::Tx;
use crate::bundles;
use crate::rows::{Read, number, unsigned};

/// A workflow's row.
struct Known {
    row: i64,
    head: u64,
    active: Option<u64>,
}

impl Tx<'_> {
    pub(crate) fn save(
        &mut self,
        namespace: &Namespace,
        name: &WorkflowName,
        bundle: &Bundle,
        digest: &Digest,
        expect: Expect,
    ) -> Read<u64> {
        let known = self.workflow(namespace, name)?;
        if let Some(known) = &known
            && self.digest_of(known.row, known.head)? == Some(*digest)
        {
            return Ok(known.head);
        }
        expect.check(known.as_ref().map(|known| known.head))?;
        let bundle = bundles::put(self.connection, self.bundles, bundle, digest)?;
        let (row, revision) = match known {
            Some(known) => {
                let revision = known.head.saturating_add(1);
                self.connection
                    .prepare_cached("UPDATE workflows SET head = ?2 WHERE id = ?1")?
                    .execute((known.row, number(revision)))?;
                (known.row, revision)
            }
            None => {
                self.connection
                    .prepare_cached("INSERT INTO workflows (namespace, name, head) VALUES (?1, ?2, 1)")?
                    .execute((namespace.as_str(), name.as_str()))?;
                (self.connection.last_insert_rowid(), 1)
            }
        };
        self.connection
            .prepare_cached(
                "INSERT INTO revisions (workflow, revision, bundle, saved) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute((row, number(revision), bundle, self.now.ms()))?;
        Ok(revision)
    }

    pub(crate) fn activate(
        &mut self,
        namespace: &Namespace,
        name: &WorkflowName,
        revision: Option<u64>,
        expect: Expect,
    ) -> Read<()> {
        let known = self.workflow(namespace, name)?.ok_or_else(|| no_workflow(name))?;
        if let Some(revision) = revision
            && !(1..=known.head).contains(&revision)
        {
            return Err(no_revision(name, revision).into());
        }
        expect.check(known.active)?;
        self.connection
            .prepare_cached("UPDATE workflows SET active = ?2 WHERE id = ?1")?
            .execute((known.row, revision.map(number)))?;
        Ok(())
    }

    fn workflow(&self, namespace: &Namespace, name: &WorkflowName) -> Read<Option<Known>> {
        let found: Option<(i64, i64, Option<i64>)> = self
            .connection
            .prepare_cached("SELECT id, head, active FROM workflows WHERE namespace = ?1 AND name = ?2")?
            .query_row((namespace.as_str(), name.as_str()), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((row, head, active)) = found else { return Ok(None) };
        Ok(Some(Known { row, head: unsigned(head)?, active: active.map(unsigned).transpose()? }))
    }

    fn digest_of(&self, workflow: i64, revision: u64) -> Read<Option<Digest>> {
        let digest = self
            .connection
            .prepare_cached(
                "SELECT b.digest FROM revisions r JOIN bundles b ON b.id = r.bundle \
                 WHERE r.workflow = ?1 AND r.revision = ?2",
            )?
            .query_row((workflow, number(revision)), |row| row.get::<_, [u8; 32]>(0))
            .optional()?;
        Ok(digest.map(Digest::from_bytes))
    }
}

pub(crate) fn no_workflow(name: &WorkflowName) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no workflow `{name}`"))
}

pub(crate) fn no_revision(name: &WorkflowName, revision: u64) -> Error {
    Error::new(ErrorKind::NotFound, format!("`{name}` has no revision {revision}"))
}
