//! What a running attempt is told, and what it may ask for.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::{ActionError, Cancellation};
use crate::connect::Connection;
use crate::error::Error;
use crate::id::{Digest, ExecutionId, Namespace, StepPath, Timestamp, idempotency_key};
use crate::machine::Usage;

/// Keeps the results of sub-steps of one attempt's step (RULES, record).
///
/// - `find` gives what `save` kept for the same key, across attempts and processes.
/// - `save` returns after the record is durable.
/// - The same key with another request digest is an error of kind `Conflict` (`diverged`).
#[async_trait]
pub trait Recorder: Send + Sync {
    /// What was recorded under this key for this request.
    async fn find(&self, key: &str, request: &Digest) -> Result<Option<Value>, Error>;

    /// Records a result.
    async fn save(
        &self,
        key: &str,
        request: &Digest,
        value: &Value,
        usage: Option<Usage>,
    ) -> Result<(), Error>;
}

/// What a running attempt is told. Cheap to clone; clones share cancellation, connection and recorder.
#[derive(Clone)]
#[non_exhaustive]
pub struct ActionContext {
    /// The tenant's space.
    pub namespace: Namespace,
    /// The execution.
    pub execution: ExecutionId,
    /// The step (`x/undo` for a compensation).
    pub path: StepPath,
    /// The attempt, from 1.
    pub attempt: u32,
    /// When the attempt is given up.
    pub deadline: Timestamp,
    /// Fires when the result is no longer wanted.
    pub cancellation: Cancellation,
    /// The connection that the step names.
    pub connection: Option<Arc<dyn Connection>>,
    /// Where sub-steps are recorded.
    pub recorder: Option<Arc<dyn Recorder>>,
}

impl ActionContext {
    /// A context with the required parts; no connection and no recorder.
    pub fn new(
        namespace: Namespace,
        execution: ExecutionId,
        path: StepPath,
        attempt: u32,
        deadline: Timestamp,
    ) -> Self {
        ActionContext {
            namespace,
            execution,
            path,
            attempt,
            deadline,
            cancellation: Cancellation::new(),
            connection: None,
            recorder: None,
        }
    }

    /// Gives it a connection.
    #[must_use]
    pub fn with_connection(mut self, connection: Arc<dyn Connection>) -> Self {
        self.connection = Some(connection);
        self
    }

    /// Gives it a recorder.
    #[must_use]
    pub fn with_recorder(mut self, recorder: Arc<dyn Recorder>) -> Self {
        self.recorder = Some(recorder);
        self
    }

    /// Gives it the token that its caller cancels.
    #[must_use]
    pub fn with_cancellation(mut self, cancellation: Cancellation) -> Self {
        self.cancellation = cancellation;
        self
    }

    /// The key under which the other side deduplicates: the same for all attempts, on every engine (RULES, effect.key).
    pub fn idempotency_key(&self) -> String {
        idempotency_key(&self.namespace, &self.execution, &self.path, false)
    }

    /// Does a sub-step at most once: gives what an earlier attempt recorded under `key`, else awaits `work` and
    /// records its value before returning it.
    ///
    /// `work` is handed an idempotency key of its own. Fails as `work` does; with code `record.unsupported` where no
    /// recorder is given (the descriptor must declare `records`); with `record.diverged` where the same key was
    /// recorded for another request; with `record.value` where the value nests too deep or is too large. What is
    /// given has normalised numbers, so that a repeat sees what the first attempt saw.
    pub async fn record<F, W>(&self, key: &str, request: &Value, work: W) -> Result<Value, ActionError>
    where
        W: FnOnce(String) -> F + Send,
        F: Future<Output = Result<(Value, Option<Usage>), ActionError>> + Send,
    {
        let Some(recorder) = &self.recorder else {
            return Err(ActionError::failed(
                "record.unsupported",
                "this action does not declare that it records",
            ));
        };
        let digest = crate::json::digest(request);
        if let Some(value) = recorder.find(key, &digest).await.map_err(record_failed)? {
            return Ok(value);
        }
        let sub_key = sub_key(&self.idempotency_key(), key);
        let (value, usage) = work(sub_key).await?;
        let value = crate::json::enter(value, crate::json::MAX_DEPTH, RECORD_VALUES)
            .map_err(|fault| ActionError::failed("record.value", fault.to_string()))?;
        recorder.save(key, &digest, &value, usage).await.map_err(record_failed)?;
        Ok(value)
    }
}

/// The most parts that a recorded value may have; its bytes are bounded by the journal's payload limit.
const RECORD_VALUES: usize = 1_000_000;

/// A key for one sub-step: 32 hex digits of SHA-256 over the step's key and the record's, the first by its fixed length.
fn sub_key(step: &str, record: &str) -> String {
    let mut text = Digest::of(format!("{step}{record}")).to_string();
    text.truncate(32);
    text
}

fn record_failed(error: Error) -> ActionError {
    match error.kind() {
        crate::error::ErrorKind::Conflict => ActionError::failed("record.diverged", error.to_string()),
        _ => ActionError::unknown("record.failed", error.to_string()),
    }
}

impl fmt::Debug for ActionContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActionContext")
            .field("execution", &self.execution)
            .field("path", &self.path)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}
