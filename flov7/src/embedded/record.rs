//! Durable sub-steps: an attempt asks, the owner of its execution answers (RULES, record).

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use crate::action::Recorder;
use crate::error::{Error, ErrorKind};
use crate::id::{Digest, StepPath};
use crate::machine::Usage;
use crate::machine::event::RecordedStep;

/// How many asks of one execution's attempts may wait; further ones wait to be asked.
pub(super) const ASKS: usize = 64;

/// What an attempt asks of the owner of its execution.
#[derive(Debug)]
pub(super) enum Ask {
    /// What was recorded under this key for this request?
    Find {
        path: StepPath,
        key: String,
        request: Digest,
        reply: oneshot::Sender<Result<Option<Value>, Error>>,
    },
    /// Record this, and answer once it is durable.
    Save { record: RecordedStep, reply: Reply },
}

/// Where the acknowledgement of a record goes.
pub(super) type Reply = oneshot::Sender<Result<(), Error>>;

/// The recorder of one attempt.
#[derive(Debug)]
pub(super) struct Asking {
    pub(super) path: StepPath,
    pub(super) owner: mpsc::Sender<Ask>,
}

#[async_trait]
impl Recorder for Asking {
    async fn find(&self, key: &str, request: &Digest) -> Result<Option<Value>, Error> {
        let (reply, answer) = oneshot::channel();
        let ask = Ask::Find { path: self.path.clone(), key: key.to_owned(), request: *request, reply };
        self.owner.send(ask).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    async fn save(
        &self,
        key: &str,
        request: &Digest,
        value: &Value,
        usage: Option<Usage>,
    ) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        let record = RecordedStep {
            path: self.path.clone(),
            key: key.to_owned(),
            request_digest: *request,
            value: value.clone(),
            usage,
        };
        self.owner.send(Ask::Save { record, reply }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

/// The execution left this process, or the step is over: nobody can record for it here.
pub(super) fn gone() -> Error {
    Error::new(ErrorKind::Fenced, "the step is no longer run here")
}

/// The error of a key that was recorded for another request.
pub(super) fn diverged(key: &str) -> Error {
    Error::new(ErrorKind::Conflict, format!("`{key}` was recorded for another request"))
}
