//! The outbox: events that executions emitted, for triggers and for the host.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::{ExecutionId, Namespace, StepPath, Timestamp, idempotency_key};
use crate::machine::Emission;

/// An event of a namespace's outbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EmittedEvent {
    /// Its place in the outbox, above those of all events before it; from 1, perhaps with gaps.
    pub cursor: u64,
    /// When its turn was committed, by the store's clock.
    pub at: Timestamp,
    /// The execution that emitted it.
    pub execution: ExecutionId,
    /// The step (`x/undo` where an undo emitted it).
    pub path: StepPath,
    /// Its id: the idempotency key of that step, under which whoever consumes events tells repeats.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it says.
    pub payload: Value,
    /// How many events stand behind each other, this one counted (RULES, call).
    pub depth: u32,
}

impl EmittedEvent {
    /// An event as a store took it.
    pub fn new(
        namespace: &Namespace,
        execution: &ExecutionId,
        event: Emission,
        cursor: u64,
        at: Timestamp,
    ) -> Self {
        let Emission { path, event: name, payload, depth } = event;
        EmittedEvent {
            cursor,
            at,
            id: idempotency_key(namespace, execution, &path, false),
            execution: execution.clone(),
            path,
            name,
            payload: std::sync::Arc::unwrap_or_clone(payload),
            depth,
        }
    }
}
