//! From a sentence to a draft: the trait that generators implement, and what they give.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::observe::Sink;
use crate::workflow::Workflow;

/// What is wanted.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GenerateRequest {
    /// The user's words.
    pub text: String,
    /// Answers to earlier questions, by question id.
    pub answers: std::collections::BTreeMap<String, String>,
}

impl GenerateRequest {
    /// A request in the user's words.
    pub fn new(text: impl Into<String>) -> Self {
        GenerateRequest { text: text.into(), answers: Default::default() }
    }

    /// Answers a question of an earlier draft.
    #[must_use]
    pub fn with_answer(mut self, question: impl Into<String>, answer: impl Into<String>) -> Self {
        self.answers.insert(question.into(), answer.into());
        self
    }
}

/// What a generator is doing.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum GenerateProgress {
    /// A stage began, in words.
    Stage(String),
    /// More of a model's text.
    Delta(String),
}

/// Which words caused a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Because {
    /// The step's or trigger's id.
    pub step: String,
    /// The words.
    pub words: String,
    /// Where they stand, as byte offsets into the text.
    pub span: [usize; 2],
}

/// What must be known before a workflow can be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Question {
    /// The id to answer with.
    pub id: String,
    /// The question.
    pub text: String,
    /// Answers that would do.
    pub suggestions: Vec<String>,
}

/// What a generator gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// How it went.
    pub outcome: DraftOutcome,
    /// Which words caused which step.
    pub because: Vec<Because>,
    /// Answers of the request that no question asked for, by id: with a draft that is ready, something was said that
    /// is not in it.
    pub unused: Vec<String>,
    /// Who made it, for example `rules` or a model's name.
    pub origin: String,
}

/// How generating went.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum DraftOutcome {
    /// A document; not validated yet.
    Ready(Box<Workflow>),
    /// Questions first.
    NeedsAnswers(Vec<Question>),
    /// It is outside what this generator does, or against its rules; with the reason in words.
    Refused(Refusal),
}

/// Why nothing was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The reason as a word.
    pub reason: RefusalReason,
    /// The reason in a sentence.
    pub text: String,
}

/// Why nothing was made, as a word (FORMAT, `new`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefusalReason {
    /// The request is outside the generator's scope.
    Outside,
    /// What it made did not validate.
    Invalid,
    /// The model refused or failed.
    Model,
}

/// Makes drafts from sentences.
///
/// - It never invents: what it cannot find in the catalogue is a question or a refusal.
/// - A draft is data until [`crate::validate`] has passed it.
#[async_trait]
pub trait Generator: Send + Sync {
    /// One draft.
    async fn generate(
        &self,
        request: &GenerateRequest,
        progress: &dyn Sink<GenerateProgress>,
    ) -> Result<Draft, Error>;
}
