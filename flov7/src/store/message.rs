//! The durable inbox: how anything outside reaches an execution.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Head;
use crate::error::{Error, ErrorKind};
use crate::id::{ExecutionId, StepPath};
use crate::machine::event::{Outcome, Signal, SignalTo};
use crate::machine::{Actor, Control, Incoming};

/// How many signals may wait for an execution: those in its inbox and those that its machine holds
/// ([`super::Head::buffered`]) together (RULES, signal).
pub const INBOX_MESSAGES: usize = 1_000;

/// How many bytes of payload may wait for an execution, counted as [`INBOX_MESSAGES`] counts.
pub const INBOX_BYTES: usize = 1024 * 1024;

/// The longest id of a message, in bytes.
pub const MESSAGE_ID_BYTES: usize = 256;

/// The id of the message by which a store tells an execution that its turn has come.
pub const TURN: &str = "flov7:turn";

/// A message to an execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The sender's id, which deduplicates for the execution's life; 1 to [`MESSAGE_ID_BYTES`] bytes.
    pub id: String,
    /// What it says.
    pub body: MessageBody,
    /// Who sent it.
    pub by: Actor,
}

impl Message {
    /// What it adds to [`INBOX_BYTES`]: the canonical text of a signal's payload, nothing for all else.
    pub fn bytes(&self) -> usize {
        match &self.body {
            MessageBody::Signal { payload, .. } => crate::json::canonical_size(payload),
            MessageBody::Control(_) | MessageBody::Child { .. } | MessageBody::Turn => 0,
        }
    }

    /// What every store checks of a message before anything else.
    ///
    /// # Errors
    /// `Invalid` where the id is empty or longer than [`MESSAGE_ID_BYTES`], or begins with `flov7:`: those are the store's;
    /// of a signal also where it is one under which callers and called executions tell each other.
    pub fn check(&self) -> Result<(), Error> {
        if self.id.is_empty() || self.id.len() > MESSAGE_ID_BYTES {
            let length = self.id.len();
            let message = format!("a message's id has 1 to {MESSAGE_ID_BYTES} bytes, not {length}");
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        if self.id.starts_with("flov7:") {
            return Err(Error::new(
                ErrorKind::Invalid,
                "ids of messages that begin with `flov7:` are the store's own",
            ));
        }
        if matches!(self.body, MessageBody::Signal { .. }) && self.is_of_the_family() {
            return Err(Error::new(
                ErrorKind::Invalid,
                "ids such as `caller:…` and `child:EXECUTION` are those of called executions and their callers",
            ));
        }
        Ok(())
    }

    /// Whether its id is one under which an executor tells of a cancel or of an end: a signal that has taken it would make
    /// that a duplicate, which nobody hears of.
    fn is_of_the_family(&self) -> bool {
        let child = self.id.strip_prefix("child:");
        self.id.starts_with("caller:") || child.is_some_and(|child| ExecutionId::parse(child).is_ok())
    }

    /// Whether it fits into the inbox of an execution with this head, where `signals` signals of `bytes` bytes together
    /// are unconsumed. Whatever is no signal always fits.
    ///
    /// # Errors
    /// `Busy` where it does not fit.
    pub fn fits(&self, head: &Head, signals: usize, bytes: usize) -> Result<(), Error> {
        let MessageBody::Signal { .. } = self.body else { return Ok(()) };
        let held = usize::try_from(head.buffered).unwrap_or(usize::MAX);
        let held_bytes = usize::try_from(head.buffered_bytes).unwrap_or(usize::MAX);
        if signals.saturating_add(held) >= INBOX_MESSAGES {
            let message = format!("{INBOX_MESSAGES} signals wait for the execution already");
            return Err(Error::new(ErrorKind::Busy, message));
        }
        if bytes.saturating_add(held_bytes).saturating_add(self.bytes()) > INBOX_BYTES {
            let message = format!("the signals that wait for the execution would exceed {INBOX_BYTES} bytes");
            return Err(Error::new(ErrorKind::Busy, message));
        }
        Ok(())
    }
}

impl From<Message> for Incoming {
    fn from(message: Message) -> Incoming {
        let Message { id, body, by } = message;
        match body {
            MessageBody::Signal { to, payload } => Incoming::Signal(Signal { id, to, payload, by }),
            MessageBody::Control(control) => Incoming::Control { control, by, id },
            MessageBody::Turn => Incoming::Turn { id },
            MessageBody::Child { path, execution, outcome } => {
                Incoming::Child { path, execution, outcome, id }
            }
        }
    }
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MessageBody {
    /// A signal; its payload was held against its schema before it was posted.
    Signal {
        /// Where it goes.
        to: SignalTo,
        /// The payload.
        payload: Value,
    },
    /// A control.
    Control(Control),
    /// The execution's turn has come: every earlier one with its concurrency key has ended. The store alone says so.
    Turn,
    /// An execution that a step called has ended; posted by the commit of its last turn.
    Child {
        /// The calling step.
        path: StepPath,
        /// The child.
        execution: ExecutionId,
        /// Its output, or its failure.
        outcome: Outcome,
    },
}

/// What `post` did. Either way the message was accepted and is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is in the inbox now.
    New,
    /// A message with this id was accepted before.
    Duplicate,
}
