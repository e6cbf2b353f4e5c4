//! Taking away what ended long ago.

use flov7::id::{ExecutionId, Namespace};
use flov7::store::{Purge, Purged};
use rusqlite::params;

use super::Tx;
use crate::rows::{self, Read, number};
use crate::schema::HAS_ENDED;

/// One that is taken away.
struct Old {
    row: i64,
    bundle: i64,
    namespace: Namespace,
    execution: ExecutionId,
}

impl Tx<'_> {
    pub(crate) fn purge(&mut self, purge: &Purge) -> Read<Purged> {
        let age = i64::try_from(purge.age_millis).unwrap_or(i64::MAX);
        let until = self.now.saturating_add_ms(age.saturating_neg()).ms();
        let limit = number(u64::try_from(purge.limit).unwrap_or(u64::MAX));
        let only = purge.namespace.as_ref().map(|namespace| namespace.as_str());
        let gone = self.old(until, only, limit)?;
        let mut bundles: Vec<i64> = gone.iter().map(|old| old.bundle).collect();
        bundles.sort_unstable();
        bundles.dedup();
        for Old { row, namespace, execution, .. } in &gone {
            // Whoever still holds one that ended is fenced from now on.
            self.leases.set(namespace, execution, None);
            for statement in [
                "DELETE FROM inbox WHERE execution = ?1",
                "DELETE FROM turns WHERE execution = ?1",
                "DELETE FROM snapshots WHERE execution = ?1",
                "DELETE FROM tags WHERE row = ?1",
                "DELETE FROM executions WHERE id = ?1",
            ] {
                self.connection.prepare_cached(statement)?.execute([row])?;
            }
        }
        self.bundles.forget();
        let mut dead = 0;
        for bundle in bundles {
            dead += self
                .connection
                .prepare_cached(
                    "DELETE FROM bundles WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM executions WHERE bundle = ?1) \
                     AND NOT EXISTS (SELECT 1 FROM revisions WHERE bundle = ?1)",
                )?
                .execute([bundle])?;
        }
        let events = self.old_events(until, only, limit)?;
        Ok(Purged::new(gone.len(), events, dead, purge.limit))
    }

    /// Takes away events that are from before; they lie in the order of their commits, so that the oldest are the first.
    fn old_events(&self, until: i64, only: Option<&str>, limit: i64) -> Read<usize> {
        let delete = |oldest: &str| {
            format!(
                "DELETE FROM events WHERE id IN (SELECT id FROM (SELECT id, at FROM events {oldest}) WHERE at <= ?1)"
            )
        };
        let gone = match only {
            None => self
                .connection
                .prepare_cached(&delete("ORDER BY id LIMIT ?2"))?
                .execute(params![until, limit])?,
            Some(namespace) => self
                .connection
                .prepare_cached(&delete("WHERE namespace = ?3 ORDER BY id LIMIT ?2"))?
                .execute(params![until, limit, namespace])?,
        };
        Ok(gone)
    }

    /// Those that ended by then, the oldest end first.
    fn old(&self, until: i64, only: Option<&str>, limit: i64) -> Read<Vec<Old>> {
        let sql = format!(
            "SELECT id, bundle, namespace, execution FROM executions WHERE {HAS_ENDED} AND changed <= ?1 \
             AND (?2 IS NULL OR namespace = ?2) ORDER BY changed, id LIMIT ?3"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut found = statement.query(params![until, only, limit])?;
        let mut old = Vec::new();
        while let Some(row) = found.next()? {
            let (namespace, execution) = (rows::namespace(row, 2)?, rows::execution(row, 3)?);
            old.push(Old { row: row.get(0)?, bundle: row.get(1)?, namespace, execution });
        }
        Ok(old)
    }
}
