//! Triggers: what starts executions. Kinds are data in the document; a host fires them (later: `TriggerHost`).

mod schedule;

pub use schedule::Schedule;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What arrived for a declared trigger, before it is mapped to an input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Firing {
    /// The trigger's id in the document.
    pub trigger: String,
    /// What `trigger` is inside it.
    pub value: Value,
    /// The message's id or the scheduled instant: with the trigger's id it is the start key.
    pub id: String,
}
