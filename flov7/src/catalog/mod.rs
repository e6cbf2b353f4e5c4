//! What exists, as data: the actions, connectors and events that an application offers.
//!
//! A catalogue is all that validation and generation see of an application; the handlers behind it are the
//! registry's ([`crate::action::Registry`]).

mod core;
mod prepared;
mod read;
mod request;
mod via;

pub use self::core::{CORE_PREFIX, core_actions};
pub use self::read::CATALOG_FORMAT;
pub(crate) use self::request::{Filled, character_fault, filled, path_arguments};
pub use self::request::{header_fault, is_credential_header, path_fault, reserved_header, url_path_fault};

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) use self::prepared::Entry;
use crate::id::Digest;
use crate::types::Lowered;
use crate::workflow::{DurationText, Schema, Template, Workflow};

/// What an attempt of an action does to the world, and so what may be done when its outcome is unknown (RULES, effect).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// A read: may start before what it depends on is durable, and may be repeated.
    None,
    /// Repeating it changes nothing more.
    Idempotent,
    /// The other side deduplicates by the idempotency key.
    Keyed,
    /// Must not be repeated when its outcome is unknown. The default of what declares nothing.
    #[default]
    Once,
}

/// An action's effect: one kind, or a kind that depends on a member of the input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum EffectOf {
    /// Always this kind.
    Kind(Effect),
    /// By the text at a JSON Pointer into the input.
    By(EffectBy),
}

/// `{"by": "/method", "GET": "none", …, "*": "once"}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EffectBy {
    /// JSON Pointer into the input; a missing member counts as its schema's default.
    pub by: String,
    /// Kinds by text; `*` is for every other, and what neither names is `once`.
    #[serde(flatten)]
    pub kinds: BTreeMap<String, Effect>,
}

impl Default for EffectOf {
    fn default() -> Self {
        EffectOf::Kind(Effect::Once)
    }
}

impl EffectOf {
    /// The kind for one input. `keyed` says that the connection's binding names an idempotency header, which turns
    /// the kind behind `*` into [`Effect::Keyed`] (RULES, effect).
    pub fn resolve(&self, input: &Value, input_schema: &Value, keyed: bool) -> Effect {
        match self {
            EffectOf::Kind(kind) => *kind,
            EffectOf::By(by) => {
                let found = input
                    .pointer(&by.by)
                    .or_else(|| default_at(input_schema, &by.by))
                    .and_then(Value::as_str);
                match found.and_then(|text| by.kinds.get(text)) {
                    Some(kind) => *kind,
                    None if keyed => Effect::Keyed,
                    None => by.kinds.get("*").copied().unwrap_or_default(),
                }
            }
        }
    }
}

/// The `default` of the schema of a top-level member: all that effects by data need.
fn default_at<'a>(schema: &'a Value, pointer: &str) -> Option<&'a Value> {
    schema.get("properties")?.get(pointer.strip_prefix('/')?)?.get("default")
}

/// Whether an action uses a connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ConnectorUse {
    /// A connection of this connector may be named.
    Optional(String),
    /// A connection of this connector must be named.
    Required(String),
}

impl ConnectorUse {
    /// The connector's id.
    pub fn connector(&self) -> &str {
        match self {
            ConnectorUse::Optional(id) | ConnectorUse::Required(id) => id,
        }
    }
}

/// A failure that an action declares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorDescriptor {
    /// The code; a host's has a dot. A trailing `*` declares a family (`http.*`).
    pub code: String,
    /// Whether another attempt may succeed.
    #[serde(default)]
    pub retryable: bool,
    /// When it happens.
    #[serde(default)]
    pub description: String,
}

/// An action as data: what it is called, takes, gives, does and how it fails.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionDescriptor {
    /// `[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+`; `core.` is ours.
    pub id: String,
    /// What it does, as an order: "Create an invoice".
    pub title: String,
    /// More about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Other words that people use for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phrases: Vec<String>,
    /// The schema of its input, an object.
    pub input: Schema,
    /// The schema of its output.
    #[serde(default = "anything")]
    pub output: Schema,
    /// The connector that it uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connector: Option<ConnectorUse>,
    /// What it does to the world; `once` without it.
    #[serde(default)]
    pub effect: EffectOf,
    /// How it fails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorDescriptor>,
    /// The longest time that one attempt takes, where a step says nothing; 60 s without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt_timeout: Option<DurationText>,
    /// Whether it records sub-steps ([`crate::action::ActionContext::record`]).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub records: bool,
    /// Interface digests of earlier versions that this one can stand in for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compatible: Vec<Digest>,
    /// How flov7-connect runs it without a handler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
}

fn anything() -> Schema {
    Schema::from(Value::Bool(true))
}

/// How an action without a handler is run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Via {
    /// By one HTTP request.
    Http(ViaHttp),
}

impl Via {
    /// The connection that the action always uses.
    pub fn connection(&self) -> &str {
        match self {
            Via::Http(via) => &via.connection,
        }
    }
}

/// An action as one HTTP request, with the effects of `http.request`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ViaHttp {
    /// The connection whose binding says where.
    pub connection: String,
    /// The method.
    pub method: String,
    /// The path below the binding's base URL; a template over `input`.
    pub path: String,
    /// The body; a template over `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Template>,
    /// The output; a template over `response` (`{status, headers, body}`); the response's body without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Template>,
}

impl ActionDescriptor {
    /// A descriptor with the required parts; everything else has its default.
    pub fn new(id: impl Into<String>, title: impl Into<String>, input: Value, output: Value) -> Self {
        ActionDescriptor {
            id: id.into(),
            title: title.into(),
            description: String::new(),
            phrases: Vec::new(),
            input: Schema::from(input),
            output: Schema::from(output),
            connector: None,
            effect: EffectOf::default(),
            errors: Vec::new(),
            attempt_timeout: None,
            records: false,
            compatible: Vec::new(),
            via: None,
        }
    }

    /// Says what it does.
    #[must_use]
    pub fn with_description(mut self, text: impl Into<String>) -> Self {
        self.description = text.into();
        self
    }

    /// Says what else people call it.
    #[must_use]
    pub fn with_phrases<T: Into<String>>(mut self, phrases: impl IntoIterator<Item = T>) -> Self {
        self.phrases = phrases.into_iter().map(Into::into).collect();
        self
    }

    /// Says what it does to the world.
    #[must_use]
    pub fn with_effect(mut self, effect: Effect) -> Self {
        self.effect = EffectOf::Kind(effect);
        self
    }

    /// Says what it does to the world, by a member of its input.
    #[must_use]
    pub fn with_effect_by(mut self, pointer: &str, kinds: &[(&str, Effect)]) -> Self {
        let kinds = kinds.iter().map(|(text, kind)| ((*text).to_owned(), *kind)).collect();
        self.effect = EffectOf::By(EffectBy { by: pointer.to_owned(), kinds });
        self
    }

    /// Says which connector it uses.
    #[must_use]
    pub fn with_connector(mut self, connector: ConnectorUse) -> Self {
        self.connector = Some(connector);
        self
    }

    /// Declares a failure.
    #[must_use]
    pub fn with_error(mut self, code: &str, retryable: bool, description: &str) -> Self {
        self.errors.push(ErrorDescriptor { code: code.into(), retryable, description: description.into() });
        self
    }

    /// The digest of what a workflow can rely on: id, input, output, connector, effect, error codes, records; never words.
    pub fn interface(&self) -> Digest {
        let mut codes: Vec<&str> = self.errors.iter().map(|error| error.code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        crate::json::digest(&json!({
            "id": self.id, "input": self.input, "output": self.output, "connector": self.connector,
            "effect": self.effect, "errors": codes, "records": self.records
        }))
    }
}

/// An event that the application emits, by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventDescriptor {
    /// For example `order.received`.
    pub name: String,
    /// What happened, as a sentence: "An order arrives".
    pub title: String,
    /// Other words for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phrases: Vec<String>,
    /// The schema of its payload.
    pub payload: Schema,
    /// JSON Pointer to the number that "above 500" means for such a thing; a question without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<String>,
}

/// A connector as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ConnectorDescriptor {
    /// The id that connections name, for example `http`.
    pub id: String,
    /// What it connects to.
    pub title: String,
    /// The schema of a binding's settings.
    pub settings: Schema,
}

impl ConnectorDescriptor {
    /// A descriptor.
    pub fn new(id: impl Into<String>, title: impl Into<String>, settings: Value) -> Self {
        ConnectorDescriptor { id: id.into(), title: title.into(), settings: Schema::from(settings) }
    }
}

/// What an application offers. Ordered by id, so that everything made from it is the same in every process.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalog {
    actions: BTreeMap<String, Entry>,
    connectors: BTreeMap<String, ConnectorDescriptor>,
    events: BTreeMap<String, EventDescriptor>,
    people: Vec<String>,
    workflows: BTreeMap<String, Arc<Workflow>>,
}

impl Default for Catalog {
    fn default() -> Self {
        Catalog::new()
    }
}

impl Catalog {
    /// A catalogue of the built-in actions alone.
    pub fn new() -> Self {
        Catalog {
            actions: core_actions().into_iter().map(|action| (action.id.clone(), action.into())).collect(),
            connectors: BTreeMap::new(),
            events: BTreeMap::new(),
            people: Vec::new(),
            workflows: BTreeMap::new(),
        }
    }

    /// Adds an action; one with the same id is replaced.
    #[must_use]
    pub fn with_action(mut self, action: ActionDescriptor) -> Self {
        self.actions.insert(action.id.clone(), action.into());
        self
    }

    /// Adds a connector; one with the same id is replaced.
    #[must_use]
    pub fn with_connector(mut self, connector: ConnectorDescriptor) -> Self {
        self.connectors.insert(connector.id.clone(), connector);
        self
    }

    /// Adds an event; one with the same name is replaced.
    #[must_use]
    pub fn with_event(mut self, event: EventDescriptor) -> Self {
        self.events.insert(event.name.clone(), event);
        self
    }

    /// Adds someone who can be asked.
    #[must_use]
    pub fn with_person(mut self, person: impl Into<String>) -> Self {
        self.people.push(person.into());
        self
    }

    /// Adds a workflow that others may call by its name (`core.call`); one with the same name is replaced. What it is
    /// worth is found out when a workflow that calls it is validated. Workflows are no part of catalogue files: a host
    /// adds those of its store ([`crate::store::with_callees`]), the command line those of files.
    #[must_use]
    pub fn with_workflow(mut self, workflow: Workflow) -> Self {
        self.workflows.insert(workflow.name.clone(), Arc::new(workflow));
        self
    }

    /// Adds everything of another catalogue; what has the same id is replaced.
    #[must_use]
    pub fn merged(mut self, other: Catalog) -> Self {
        self.actions.extend(other.actions);
        self.connectors.extend(other.connectors);
        self.events.extend(other.events);
        self.workflows.extend(other.workflows);
        self.people.extend(
            other.people.into_iter().filter(|person| !self.people.contains(person)).collect::<Vec<_>>(),
        );
        self
    }

    /// An action by id.
    pub fn action(&self, id: &str) -> Option<&ActionDescriptor> {
        self.actions.get(id).map(|entry| &entry.action)
    }

    /// An action with what has been computed from it so far.
    pub(crate) fn entry(&self, id: &str) -> Option<&Entry> {
        self.actions.get(id)
    }

    /// The schema of an action's output as a type, computed once; none without such an action or schema.
    pub(crate) fn output_of(&self, id: &str) -> Option<&Lowered> {
        self.actions.get(id)?.output()
    }

    /// The digest of an action's interface, computed once.
    pub(crate) fn interface_of(&self, id: &str) -> Option<Digest> {
        self.actions.get(id).map(Entry::interface)
    }

    /// All actions, by id.
    pub fn actions(&self) -> impl Iterator<Item = &ActionDescriptor> {
        self.actions.values().map(|entry| &entry.action)
    }

    /// A connector by id.
    pub fn connector(&self, id: &str) -> Option<&ConnectorDescriptor> {
        self.connectors.get(id)
    }

    /// All connectors, by id.
    pub fn connectors(&self) -> impl Iterator<Item = &ConnectorDescriptor> {
        self.connectors.values()
    }

    /// An event by name.
    pub fn event(&self, name: &str) -> Option<&EventDescriptor> {
        self.events.get(name)
    }

    /// All events, by name.
    pub fn events(&self) -> impl Iterator<Item = &EventDescriptor> {
        self.events.values()
    }

    /// A workflow that can be called, by name.
    pub fn workflow(&self, name: &str) -> Option<&Arc<Workflow>> {
        self.workflows.get(name)
    }

    /// All workflows that can be called, by name.
    pub fn workflows(&self) -> impl Iterator<Item = &Arc<Workflow>> {
        self.workflows.values()
    }

    /// Who can be asked.
    pub fn people(&self) -> &[String] {
        &self.people
    }
}
