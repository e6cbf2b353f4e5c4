//! What an execution is bound to for life: the document and the interfaces it was checked against.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::catalog::{ActionDescriptor, ConnectorUse, EffectOf};
use crate::id::Digest;
use crate::workflow::{DurationText, Schema, Workflow};

/// What a workflow relies on of one action, without its words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interface {
    /// The schema of its input.
    pub input: Schema,
    /// The schema of its output.
    pub output: Schema,
    /// The connector it uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connector: Option<ConnectorUse>,
    /// The connection that the action always uses ([`crate::catalog::Via`]): for its effect it counts as named by the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// What it does to the world.
    pub effect: EffectOf,
    /// The failure codes it declares, and whether each is retryable.
    #[serde(default)]
    pub errors: BTreeMap<String, bool>,
    /// Whether it records sub-steps.
    #[serde(default)]
    pub records: bool,
    /// How long one attempt takes at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt_timeout: Option<DurationText>,
    /// [`ActionDescriptor::interface`]: handlers are matched by it at resume.
    pub digest: Digest,
}

impl From<&ActionDescriptor> for Interface {
    fn from(action: &ActionDescriptor) -> Self {
        Interface {
            input: action.input.clone(),
            output: action.output.clone(),
            connector: action.connector.clone(),
            connection: action.via.as_ref().map(|via| via.connection().to_owned()),
            effect: action.effect.clone(),
            errors: action.errors.iter().map(|error| (error.code.clone(), error.retryable)).collect(),
            records: action.records,
            attempt_timeout: action.attempt_timeout.clone(),
            digest: action.interface(),
        }
    }
}

/// A self-contained, content-addressed revision: what workers compile, and never validate again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bundle {
    /// The document.
    pub document: Workflow,
    /// The interface of each action used, by id; `core.*` included.
    pub interfaces: BTreeMap<String, Interface>,
    /// The digests of the workflows it calls, by name.
    #[serde(default)]
    pub callees: BTreeMap<String, Digest>,
    /// The connector of each connection, by id.
    #[serde(default)]
    pub connections: BTreeMap<String, String>,
    /// JSON Pointers of templates whose links could be neither proven nor refuted: `with` of an action is held against
    /// the input schema of its interface, `value` of a rule of `on_error` against the step's output schema and `expect`,
    /// `state` and `next` of a loop against its `schema`. What does not conform fails the step with `contract.link`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub checks: BTreeSet<String>,
    /// [`crate::workflow::RULES`] of the release that made it.
    pub rules: u16,
}

impl Bundle {
    /// The SHA-256 of its canonical text: its address.
    pub fn digest(&self) -> Digest {
        crate::json::digest(&serde_json::to_value(self).unwrap_or_default())
    }
}
