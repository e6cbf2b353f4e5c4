//! Places in the line of a concurrency key.

use super::{Message, MessageBody, TURN};
use crate::machine::{Actor, Control, REPLACED};
use crate::workflow::ConcurrencyPolicy;

/// The place of a new execution among those of its namespace and workflow that have the same concurrency key.
///
/// The first of them in the order of creation that has not ended has its turn, and is told so by a message
/// ([`MessageBody::Turn`]).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Place {
    /// The concurrency key; 1 to [`crate::machine::LINE_KEY_BYTES`] bytes.
    pub key: String,
    /// What happens where an earlier one has not ended.
    pub policy: ConcurrencyPolicy,
    /// Who creates the execution: in whose name the others are cancelled where it replaces them.
    pub by: Actor,
    /// Of a child: what its caller is told where the policy refuses it.
    pub refused: Option<Message>,
}

impl Place {
    /// A place.
    pub fn new(key: impl Into<String>, policy: ConcurrencyPolicy, by: Actor) -> Self {
        Place { key: key.into(), policy, by, refused: None }
    }

    /// Says what the caller is told where the policy refuses the child.
    #[must_use]
    pub fn with_refused(mut self, message: Message) -> Self {
        self.refused = Some(message);
        self
    }

    /// The message that tells an execution that its turn has come.
    #[must_use]
    pub fn turn() -> Message {
        Message { id: TURN.to_owned(), body: MessageBody::Turn, by: Actor::new("flov7") }
    }

    /// The message that cancels those before it, where it replaces them.
    #[must_use]
    pub fn replaced(&self) -> Message {
        let body = MessageBody::Control(Control::Cancel);
        Message { id: REPLACED.to_owned(), body, by: self.by.clone() }
    }
}
