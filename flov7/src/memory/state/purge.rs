//! Taking away what ended long ago.

use std::collections::BTreeSet;

use super::State;
use crate::id::{Digest, ExecutionId, Namespace, Timestamp};
use crate::store::{Purge, Purged};

impl State {
    /// Takes away what ended long ago.
    pub(in crate::memory) fn purge(&mut self, purge: &Purge, now: Timestamp) -> Purged {
        let age = i64::try_from(purge.age_millis).unwrap_or(i64::MAX);
        let until = now.saturating_add_ms(age.saturating_neg());
        let wanted = |namespace: &Namespace| purge.namespace.as_ref().is_none_or(|only| only == namespace);
        let mut old: Vec<(Timestamp, Namespace, ExecutionId)> = Vec::new();
        let mut events = 0;
        for (namespace, space) in self.spaces.iter_mut().filter(|(namespace, _)| wanted(namespace)) {
            let ended =
                space.executions.iter().filter(|(_, row)| row.head.status.is_ended() && row.changed <= until);
            old.extend(ended.map(|(execution, row)| (row.changed, namespace.clone(), execution.clone())));
            events += space.forget_events(until, purge.limit - events);
        }
        old.sort();
        old.truncate(purge.limit);
        for (_, namespace, execution) in &old {
            let space = self.space_mut(namespace);
            let Some(row) = space.executions.remove(execution) else { continue };
            if let (Some(key), Some(keys)) = (row.key, space.keys.get_mut(&row.workflow)) {
                keys.remove(&key);
            }
        }
        let used: BTreeSet<Digest> = self
            .spaces
            .values()
            .flat_map(|space| space.executions.values().map(|row| row.digest).chain(space.digests().copied()))
            .collect();
        let before = self.bundles.len();
        if !old.is_empty() {
            self.bundles.retain(|digest, _| used.contains(digest));
        }
        Purged::new(old.len(), events, before - self.bundles.len(), purge.limit)
    }
}
