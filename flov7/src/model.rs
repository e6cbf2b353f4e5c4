//! Language models, as a trait that adapters implement. The core ships none.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::observe::Sink;

/// A model as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ModelDescriptor {
    /// The model's name at its server.
    pub name: String,
    /// Whether it can be held to a JSON Schema while it answers.
    pub strict_schema: bool,
}

impl ModelDescriptor {
    /// A descriptor.
    pub fn new(name: impl Into<String>, strict_schema: bool) -> Self {
        ModelDescriptor { name: name.into(), strict_schema }
    }
}

/// Who said a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The application.
    System,
    /// The user.
    User,
    /// The model.
    Assistant,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who said it.
    pub role: Role,
    /// What was said.
    pub text: String,
}

/// What a model is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ModelRequest {
    /// The conversation so far.
    pub messages: Vec<Message>,
    /// The schema that the answer must conform to.
    pub schema: Option<Value>,
    /// The most tokens that the answer may have.
    pub max_tokens: Option<u32>,
}

impl ModelRequest {
    /// A request of these messages.
    pub fn new(messages: Vec<Message>) -> Self {
        ModelRequest { messages, schema: None, max_tokens: None }
    }

    /// Holds the answer to a schema.
    #[must_use]
    pub fn with_schema(mut self, schema: Value) -> Self {
        self.schema = Some(schema);
        self
    }
}

/// A part of an answer, while it arrives.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelDelta {
    /// More text.
    pub text: String,
}

/// How an answer ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ModelOutcome {
    /// A whole answer.
    Text(String),
    /// The model refused, with its words.
    Refused(String),
    /// The server's filter stopped it.
    Filtered,
    /// It was cut at the token limit; what there is.
    Cut(String),
    /// Nothing came.
    Empty,
}

/// What a model answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelReply {
    /// How it ended.
    pub outcome: ModelOutcome,
    /// What it used.
    pub usage: crate::machine::Usage,
}

/// A call that gave no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ModelError {
    /// What happened, without any secret.
    pub message: String,
    /// Whether the same call may succeed later.
    pub retryable: bool,
    /// The earliest that it makes sense, in milliseconds from now.
    pub retry_after: Option<u64>,
}

/// A language model.
///
/// - Refusal, filter, cut and empty answers are outcomes, not errors.
/// - After a delta was sent the call is not repeated by the implementation.
#[async_trait]
pub trait Model: Send + Sync {
    /// The model as data.
    fn descriptor(&self) -> &ModelDescriptor;

    /// One answer.
    async fn complete(
        &self,
        request: &ModelRequest,
        deltas: Option<&dyn Sink<ModelDelta>>,
    ) -> Result<ModelReply, ModelError>;
}
