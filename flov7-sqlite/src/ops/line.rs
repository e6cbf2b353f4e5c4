//! Executions with the same concurrency key: who comes before whom, and whose turn it is.

use flov7::id::{ExecutionId, Namespace};
use flov7::store::Place;

use super::Tx;
use crate::leases::Held;
use crate::rows::{self, Read};

impl Tx<'_> {
    /// Who has not ended of those with a key, in the order of their creation.
    pub(super) fn in_line(&self, namespace: &Namespace, workflow: &str, key: &str) -> Read<Vec<ExecutionId>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT execution FROM executions WHERE namespace = ?1 AND workflow = ?2 AND line = ?3 ORDER BY id",
        )?;
        let mut found = statement.query((namespace.as_str(), workflow, key))?;
        let mut waiting = Vec::new();
        while let Some(row) = found.next()? {
            waiting.push(rows::execution(row, 0)?);
        }
        Ok(waiting)
    }

    /// Tells a new execution that its turn has come, or those before it that they are replaced.
    pub(super) fn join_line(
        &mut self,
        namespace: &Namespace,
        execution: &ExecutionId,
        place: &Place,
        before: &[ExecutionId],
    ) -> Read<()> {
        if before.is_empty() {
            return self.pass_on(namespace, execution, &Place::turn());
        }
        if place.policy == flov7::workflow::ConcurrencyPolicy::Replace {
            for held in before {
                self.pass_on(namespace, held, &place.replaced())?;
            }
        }
        Ok(())
    }

    /// One that ended makes room for the next with its key.
    pub(super) fn leave_line(&mut self, namespace: &Namespace, held: &Held) -> Read<()> {
        let Some(line) = &held.line else { return Ok(()) };
        self.connection
            .prepare_cached("UPDATE executions SET line = NULL WHERE id = ?1")?
            .execute([held.row])?;
        let (workflow, key) = &**line;
        match self.in_line(namespace, workflow, key)?.first() {
            Some(first) => self.pass_on(namespace, first, &Place::turn()),
            None => Ok(()),
        }
    }
}
