//! A generator without a model: rules for a declared scope, and a question or a refusal for everything else.
//!
//! What it does: one trigger (an event of the catalogue, a schedule, or by hand), steps in sequence, at most one
//! decision by a comparison, approvals by people of the catalogue, waits, and actions that are found by their words
//! (BM25). Slots are filled from quoted text, numbers and addresses in the sentence, and from members of the event
//! with the same name. A word that no rule accounts for is asked about: it is never silently dropped. A number that
//! could mean two things (`1.500`, `10%`, `500 euros`) is a question too, and so is an answer that does not answer.
//!
//! ```
//! # use flov7::{catalog::*, generate::*, rules::RuleGenerator};
//! # use serde_json::json;
//! let catalog = Catalog::new().with_action(
//!     ActionDescriptor::new("shop.close", "Close the shop", json!({ "type": "object" }), json!({ "type": "null" })));
//! let draft = RuleGenerator::new(catalog).draft(&GenerateRequest::new("Every day at 18:00 UTC, close the shop"));
//! let DraftOutcome::Ready(workflow) = draft.outcome else { panic!("{:?}", draft.outcome) };
//! assert_eq!(workflow.triggers[0].with.as_ref().unwrap().0["cron"], "0 18 * * *");
//! assert_eq!(workflow.steps[0].action.as_ref().unwrap().uses, "shop.close");
//! ```

mod build;
mod clause;
mod compare;
mod number;
mod plan;
mod rank;
mod schedule;
mod slot;
mod text;
mod trigger;

use async_trait::async_trait;

use crate::catalog::Catalog;
use crate::error::Error;
use crate::generate::{Draft, GenerateProgress, GenerateRequest, Generator};
use crate::observe::Sink;

/// Makes drafts by rules, from the words of a catalogue. Needs no key and no network.
#[derive(Debug)]
pub struct RuleGenerator {
    vocabulary: clause::Vocabulary,
}

impl RuleGenerator {
    /// The longest text that it reads, in bytes; a longer one is refused as outside.
    pub const MAX_BYTES: usize = 4096;

    /// A generator over what an application offers.
    pub fn new(catalog: Catalog) -> Self {
        RuleGenerator { vocabulary: clause::Vocabulary::new(catalog) }
    }

    /// One draft; the same for the same request and catalogue.
    pub fn draft(&self, request: &GenerateRequest) -> Draft {
        build::draft(&self.vocabulary, request)
    }
}

#[async_trait]
impl Generator for RuleGenerator {
    async fn generate(
        &self,
        request: &GenerateRequest,
        progress: &dyn Sink<GenerateProgress>,
    ) -> Result<Draft, Error> {
        progress.send(GenerateProgress::Stage("reading the sentence".into()));
        Ok(self.draft(request))
    }
}
