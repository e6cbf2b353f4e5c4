//! The document: what a workflow is, as plain data.
//!
//! These types hold one document of format 1. They say nothing about whether it is sound: [`crate::validate`] does.
//! The published JSON Schema (`flov7 schema`) is made from them.

mod build;
#[cfg(feature = "schedule")]
pub(crate) mod cron;
mod duration;
mod limits;
pub(crate) mod read;
mod schema;
mod step;

pub use build::WorkflowBuilder;
pub use duration::{DurationText, parse_duration};
pub use limits::DocumentLimits;
pub use read::{Syntax, read, read_text, read_with};
pub use schema::{document_schema, document_schema_text};
pub use step::*;

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The format version that this release reads and writes: the value of the member `flov7`.
pub const FORMAT: u32 = 1;

/// The version of what documents mean, in each bundle and in each journal's first event (RULES, journal.rules). Every
/// semantic change of expressions or of the machine raises it.
pub const RULES: u16 = 1;

/// One workflow: what starts it, what it needs, what it does, and what it gives back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Workflow {
    /// The format version, always 1.
    #[schemars(extend("const" = 1))]
    pub flov7: u32,
    /// Where an editor finds the schema; ignored.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The workflow's name: a name that may also hold `-` and `.`.
    #[schemars(with = "crate::id::WorkflowName")]
    pub name: String,
    /// What it is for, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The schema of the input; without it the input is exactly `{}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Schema>,
    /// Schemas by name, for `"$ref": "#/types/NAME"`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = schema::name_schema()))]
    pub types: BTreeMap<String, Schema>,
    /// The services that the workflow needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connections: Vec<Connection>,
    /// The signals that a live execution accepts: payload schemas by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = schema::name_schema()))]
    pub signals: BTreeMap<String, Schema>,
    /// What starts an execution besides a manual start, which is always possible.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<Trigger>,
    /// What it does, in order.
    #[schemars(length(min = 1))]
    pub steps: Vec<Step>,
    /// What it gives back; null without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Template>,
    /// How long an execution may take in all; ends it with `limit.time`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<DurationText>,
    /// Limits of one execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// Which executions may not run at the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<Concurrency>,
    /// A remark for readers; never evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A service that the workflow needs, by id and connector; the operator's binding says the rest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Connection {
    /// The id that actions and triggers name.
    #[schemars(with = "crate::id::Name")]
    pub id: String,
    /// The kind of service, for example `http`.
    pub connector: String,
    /// A remark for readers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What starts an execution, and how what arrived becomes its input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// The trigger's id; `execution.trigger` holds it.
    #[schemars(with = "crate::id::Name")]
    pub id: String,
    /// The kind: `manual`, `schedule`, `webhook`, `event`, or what a connector offers.
    #[serde(rename = "use")]
    pub uses: String,
    /// The kind's settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<Template>,
    /// The connection that the kind needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// Narrows what `trigger` is; what does not conform starts nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Schema>,
    /// The execution's input, from `trigger`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Template>,
    /// A remark for readers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Limits of one execution.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The greatest number of step activations; 1,000,000 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub steps: Option<u64>,
    /// The greatest number of tokens that models may use (`not-built-yet`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// The greatest sum of money that it may spend (`not-built-yet`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub money: Option<Money>,
}

/// A sum of money as a decimal text, for it is never a binary fraction.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// A decimal number as text, for example `"5.00"`.
    #[schemars(regex(pattern = "^[0-9]{1,12}(\\.[0-9]{1,6})?$"))]
    pub amount: String,
    /// An ISO 4217 code, for example `"EUR"`.
    #[schemars(regex(pattern = "^[A-Z]{3}$"))]
    pub currency: String,
}

/// Which executions may not run at the same time, and what happens to one that would.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Concurrency {
    /// Executions with the same key exclude each other.
    pub key: Template,
    /// What happens to the later one.
    pub policy: ConcurrencyPolicy,
}

/// What happens to an execution whose concurrency key is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConcurrencyPolicy {
    /// It waits for its turn.
    Queue,
    /// It is refused.
    Reject,
    /// The earlier one is cancelled.
    Replace,
}

/// Any JSON in which strings may hold `${ … }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Template(pub Value);

/// A JSON Schema (2020-12, nothing remote). Cheap to clone: what it says is shared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Schema(pub Arc<Value>);

impl From<Value> for Schema {
    fn from(schema: Value) -> Schema {
        Schema(Arc::new(schema))
    }
}

impl JsonSchema for Schema {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Schema".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": ["object", "boolean"], "description": "A JSON Schema (2020-12, nothing remote)." })
    }
}

/// A string that is exactly one `${ … }`. A question may be true or false instead, `items` a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Expression(pub Value);

impl JsonSchema for Expression {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Question".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "True, false, or a string that is exactly one `${ … }`.",
            "anyOf": [{ "type": "string", "pattern": schema::MARKED }, { "type": "boolean" }]
        })
    }
}
