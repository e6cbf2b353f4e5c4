//! Taking away what ended.

use super::State;
use crate::id::{ExecutionId, Namespace, Timestamp};
use crate::store::{Purge, Purged};

impl State {
    /// Takes away what ended long ago.
    pub(in crate::memory) fn purge(&mut self, purge: &Purge, now: Timestamp) -> Purged {
        let age = i64::try_from(purge.age_millis).unwrap_or(i64::MAX);
        let until = now.saturating_add_ms(age.saturating_neg());
        let wanted = |namespace: &Namespace| purge.namespace.as_ref().is_none_or(|only| only == namespace);
        let mut events = 0;
        for (_, space) in self.spaces.iter_mut().filter(|(namespace, _)| wanted(namespace)) {
            events += space.forget_events(until, purge.limit - events);
        }
        let old = self.ended.until(until).filter(|(_, namespace, _)| wanted(namespace)).take(purge.limit);
        let old: Vec<_> = old.cloned().collect();
        let bundles =
            old.iter().filter(|(_, namespace, execution)| self.remove(namespace, execution)).count();
        Purged::new(old.len(), events, bundles, purge.limit)
    }

    /// Takes away an execution; says whether the last one of its bundle went with it.
    pub(super) fn remove(&mut self, namespace: &Namespace, execution: &ExecutionId) -> bool {
        let space = self.space_mut(namespace);
        let Some(row) = space.executions.remove(execution) else { return false };
        if let (Some(key), Some(keys)) = (row.key, space.keys.get_mut(&row.workflow)) {
            keys.remove(&key);
        }
        if let Some(at) = row.ended {
            self.ended.remove(&(at, namespace.clone(), execution.clone()));
        }
        let Some((_, rows)) = self.bundles.get_mut(&row.digest) else { return false };
        *rows -= 1;
        let last = *rows == 0
            && !self.spaces.values().any(|space| space.digests().any(|digest| *digest == row.digest));
        last && self.bundles.remove(&row.digest).is_some()
    }
}
