//! What an execution is bound to for life: the document and the interfaces it was checked against.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::catalog::{ActionDescriptor, ConnectorUse, EffectOf};
use crate::id::Digest;
use crate::workflow::{DurationText, Schema, Workflow};

use super::callees::called;

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
        Interface::new(action, action.interface())
    }
}

impl Interface {
    /// Of an action whose digest is known.
    pub(super) fn new(action: &ActionDescriptor, digest: Digest) -> Self {
        Interface {
            input: action.input.clone(),
            output: action.output.clone(),
            connector: action.connector.clone(),
            connection: action.via.as_ref().map(|via| via.connection().to_owned()),
            effect: action.effect.clone(),
            errors: action.errors.iter().map(|error| (error.code.clone(), error.retryable)).collect(),
            records: action.records,
            attempt_timeout: action.attempt_timeout.clone(),
            digest,
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
    /// Every workflow that it calls, or that one of those calls, by name; without itself, which may be called too. A
    /// name means the same everywhere in a bundle.
    #[serde(default)]
    pub callees: BTreeMap<String, Callee>,
    /// The connector of each connection, by id.
    #[serde(default)]
    pub connections: BTreeMap<String, String>,
    /// JSON Pointers of templates whose links could be neither proven nor refuted: `with` of an action is held against
    /// the input schema of its interface, `value` of a rule of `on_error` against the step's output schema and `expect`,
    /// `state` and `next` of a loop against its `schema`, `with/input` of a call against the input schema of the
    /// callee, `with/payload` of an emitted event against the event's schema. What does not conform fails the step with
    /// `contract.link`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub checks: BTreeSet<String>,
    /// The payload schemas of the events that it emits, of those that the catalogue declares.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub events: BTreeMap<String, Schema>,
    /// [`crate::workflow::RULES`] of the release that made it.
    pub rules: u16,
}

/// A called workflow, as a [`Bundle`] holds it: its members are the bundle's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Callee {
    /// The document.
    pub document: Workflow,
    /// The interface of each action used.
    pub interfaces: BTreeMap<String, Interface>,
    /// The connector of each connection.
    #[serde(default)]
    pub connections: BTreeMap<String, String>,
    /// Where links are checked at run time.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub checks: BTreeSet<String>,
    /// The payload schemas of declared events that it emits.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub events: BTreeMap<String, Schema>,
}

impl Bundle {
    /// The document of a workflow that the bundle holds: its own, or a callee's.
    #[must_use]
    pub fn document_of(&self, name: &str) -> Option<&Workflow> {
        if self.document.name == name {
            return Some(&self.document);
        }
        Some(&self.callees.get(name)?.document)
    }

    /// The bundle of a workflow that this one holds: what an execution that a step calls runs. It is the one that
    /// validation gives for that workflow alone.
    #[must_use]
    pub fn callee(&self, name: &str) -> Option<Bundle> {
        if self.document.name == name {
            return Some(self.clone());
        }
        let found = self.callees.get(name)?.clone();
        let mut wanted: Vec<&str> = called(&found.document).into_iter().collect();
        let mut callees = BTreeMap::new();
        let mut seen = BTreeSet::from([name]);
        while let Some(next) = wanted.pop() {
            if !seen.insert(next) {
                continue;
            }
            let document = self.document_of(next)?;
            wanted.extend(called(document));
            let callee = match self.callees.get(next) {
                Some(callee) => callee.clone(),
                None => self.own(),
            };
            callees.insert(next.to_owned(), callee);
        }
        let Callee { document, interfaces, connections, checks, events } = found;
        Some(Bundle { document, interfaces, callees, connections, checks, events, rules: self.rules })
    }

    /// What it holds of its own workflow.
    fn own(&self) -> Callee {
        Callee {
            document: self.document.clone(),
            interfaces: self.interfaces.clone(),
            connections: self.connections.clone(),
            checks: self.checks.clone(),
            events: self.events.clone(),
        }
    }

    /// The interfaces and connections of its own workflow and of all callees.
    pub fn parts(&self) -> impl Iterator<Item = (&BTreeMap<String, Interface>, &BTreeMap<String, String>)> {
        let callees = self.callees.values().map(|callee| (&callee.interfaces, &callee.connections));
        [(&self.interfaces, &self.connections)].into_iter().chain(callees)
    }

    /// The SHA-256 of its canonical text: its address.
    pub fn digest(&self) -> Digest {
        crate::json::digest(&serde_json::to_value(self).unwrap_or_default())
    }
}
