//! What an engine tells about its work, for counts and durations.

use crate::error::Error;
use crate::id::{ExecutionId, Namespace, StepPath};
use crate::machine::{Settled, Status};

/// Something that happened in an engine. Carries no values: nothing secret can leave through it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Observation<'a> {
    /// An execution was created.
    Started {
        /// The namespace.
        namespace: &'a Namespace,
        /// The execution.
        execution: &'a ExecutionId,
    },
    /// An attempt began.
    AttemptStarted {
        /// The execution.
        execution: &'a ExecutionId,
        /// The step.
        path: &'a StepPath,
        /// The action.
        action: &'a str,
        /// The attempt, from 1.
        attempt: u32,
    },
    /// An attempt ended.
    AttemptEnded {
        /// The execution.
        execution: &'a ExecutionId,
        /// The step.
        path: &'a StepPath,
        /// The action.
        action: &'a str,
        /// The attempt, from 1.
        attempt: u32,
        /// The failure's code, or nothing when it worked.
        code: Option<&'a str>,
        /// How long it took, in milliseconds of the engine's clock.
        millis: u64,
    },
    /// A step settled.
    Settled {
        /// The execution.
        execution: &'a ExecutionId,
        /// The step.
        path: &'a StepPath,
        /// How.
        settled: Settled,
    },
    /// An event was emitted: it is in the store's outbox.
    Emitted {
        /// The namespace.
        namespace: &'a Namespace,
        /// The execution.
        execution: &'a ExecutionId,
        /// The step.
        path: &'a StepPath,
        /// The event's name.
        event: &'a str,
    },
    /// An execution's status changed.
    StatusChanged {
        /// The namespace.
        namespace: &'a Namespace,
        /// The execution.
        execution: &'a ExecutionId,
        /// The new status.
        status: Status,
    },
    /// A commit failed, and is tried again after a pause of at most 5 s: the store has no space, is written to by
    /// another process, or cannot be reached. Nothing is lost; the execution stands still until then.
    CommitFailed {
        /// The namespace.
        namespace: &'a Namespace,
        /// The execution.
        execution: &'a ExecutionId,
        /// Why.
        error: &'a Error,
    },
}

/// Receives what an engine tells. Called on the engine's path: it must not block.
pub trait Observer: Send + Sync {
    /// One observation.
    fn observe(&self, observation: &Observation<'_>);
}

/// Receives messages of one type, for example progress or partial answers.
pub trait Sink<T>: Send + Sync {
    /// One message; must not block.
    fn send(&self, message: T);
}

impl<T, F: Fn(T) + Send + Sync> Sink<T> for F {
    fn send(&self, message: T) {
        self(message);
    }
}
