//! Which messages the machine has been handed already.
//!
//! The store gives an unconsumed message again and again. A reading that began before a commit may still show what
//! that commit consumed; so each reading has a number, and what was consumed is remembered until one that began later.

use std::collections::{BTreeMap, BTreeSet};

use super::hub::Delivery;
use crate::store::Message;

/// What one live execution knows of its messages.
#[derive(Debug)]
pub(super) struct Mail {
    /// Readings up to this one may show what an earlier owner of the execution consumed.
    born: u64,
    /// Handed to the machine, not committed yet.
    handed: BTreeSet<String>,
    /// Consumed by a commit; with the last reading that may still show it.
    consumed: BTreeMap<String, u64>,
}

/// What a delivery brings.
#[derive(Debug, PartialEq)]
pub(super) enum Fresh {
    /// These are new.
    Messages(Vec<Message>),
    /// It is too old to tell; the messages are to be read again.
    Stale,
}

impl Mail {
    /// Nothing was handed over; `round` is the last reading that had begun when the inbox was last read otherwise.
    pub(super) fn new(round: u64) -> Self {
        Mail { born: round, handed: BTreeSet::new(), consumed: BTreeMap::new() }
    }

    /// The messages of the execution's own inbox, read when it was restored.
    pub(super) fn restored(&mut self, messages: Vec<Message>) -> Vec<Message> {
        messages.into_iter().filter(|message| self.handed.insert(message.id.clone())).collect()
    }

    /// The messages of a delivery that the machine has not been handed.
    pub(super) fn fresh(&mut self, delivery: Delivery) -> Fresh {
        if delivery.round <= self.born {
            return Fresh::Stale;
        }
        self.consumed.retain(|_, last| *last >= delivery.round);
        let fresh = |message: &Message| {
            !self.consumed.contains_key(&message.id) && self.handed.insert(message.id.clone())
        };
        Fresh::Messages(delivery.messages.into_iter().filter(fresh).collect())
    }

    /// A commit consumed these; `round` is the last reading that has begun.
    pub(super) fn committed(&mut self, ids: &[String], round: u64) {
        for id in ids {
            self.handed.remove(id);
            self.consumed.insert(id.clone(), round);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{Actor, Control};
    use crate::store::MessageBody;

    fn message(id: &str) -> Message {
        Message { id: id.into(), body: MessageBody::Control(Control::Cancel), by: Actor::new("test") }
    }

    fn fresh(mail: &mut Mail, round: u64, ids: &[&str]) -> Option<Vec<String>> {
        let messages = ids.iter().map(|id| message(id)).collect();
        match mail.fresh(Delivery { round, messages }) {
            Fresh::Messages(messages) => Some(messages.into_iter().map(|message| message.id).collect()),
            Fresh::Stale => None,
        }
    }

    #[test]
    fn a_message_is_handed_over_once() {
        let mut mail = Mail::new(3);
        assert_eq!(mail.restored(vec![message("a")]).len(), 1);
        assert_eq!(fresh(&mut mail, 3, &["a", "b"]), None);
        assert_eq!(fresh(&mut mail, 4, &["a", "b"]), Some(vec!["b".into()]));
        assert_eq!(fresh(&mut mail, 5, &["a", "b"]), Some(vec![]));
    }

    #[test]
    fn a_reading_from_before_the_commit_brings_nothing_back() {
        let mut mail = Mail::new(0);
        assert_eq!(fresh(&mut mail, 1, &["a"]), Some(vec!["a".into()]));
        // Reading 2 had begun, and saw `a`, when the commit that consumes it was acknowledged.
        mail.committed(&["a".into()], 2);
        assert_eq!(fresh(&mut mail, 2, &["a", "b"]), Some(vec!["b".into()]));
        // Reading 3 began later: it cannot show `a`, and nothing is remembered of it.
        assert_eq!(fresh(&mut mail, 3, &["b"]), Some(vec![]));
        assert!(mail.consumed.is_empty());
    }
}
