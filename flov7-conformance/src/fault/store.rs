//! A store that fails where a plan says so.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use flov7::error::Error;
use flov7::id::{ExecutionId, Namespace};
use flov7::store::{Accepted, Created, Message, NewExecution, Store, Turn, TurnError};

use super::{Operation, Plan, When};
use crate::layer::{Layer, Over};

/// A store whose turns and posts are counted, and fail where its plan says so: unless the process aborts, with an
/// `Unknown` outcome. Everything else passes through.
pub type FaultStore = Over<Faults>;

/// What a [`FaultStore`] does to the store below.
pub struct Faults {
    inner: Arc<dyn Store>,
    plan: Plan,
}

impl FaultStore {
    /// Wraps a store.
    #[must_use]
    pub fn new(inner: Arc<dyn Store>, plan: Plan) -> Self {
        Over(Faults { inner, plan })
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").field("plan", &self.plan).finish_non_exhaustive()
    }
}

#[async_trait]
impl Layer for Faults {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    async fn create(&self, namespace: &Namespace, new: NewExecution) -> Result<Created, Error> {
        let number = self.plan.count(Operation::Commit, 1);
        self.plan.reach(Operation::Commit, number, When::Before)?;
        let answer = self.inner.create(namespace, new).await;
        self.plan.reach(Operation::Commit, number, When::After)?;
        answer
    }

    async fn commit(&self, turns: Vec<Turn>) -> Vec<Result<(), TurnError>> {
        let first = self.plan.count(Operation::Commit, turns.len());
        let mut answers = Vec::with_capacity(turns.len());
        // Turns up to a point are committed together, so that what came before it is written and what follows is not.
        let mut batch = Vec::new();
        for (number, turn) in (first..).zip(turns) {
            if self.plan.has(Operation::Commit, number, When::Before) {
                answers.extend(self.inner.commit(std::mem::take(&mut batch)).await);
                if let Err(error) = self.plan.reach(Operation::Commit, number, When::Before) {
                    answers.push(Err(TurnError::Unknown(error)));
                    continue;
                }
            }
            batch.push(turn);
            if self.plan.has(Operation::Commit, number, When::After) {
                answers.extend(self.inner.commit(std::mem::take(&mut batch)).await);
                if let Err(error) = self.plan.reach(Operation::Commit, number, When::After) {
                    answers.pop();
                    answers.push(Err(TurnError::Unknown(error)));
                }
            }
        }
        if !batch.is_empty() {
            answers.extend(self.inner.commit(batch).await);
        }
        answers
    }

    async fn post(
        &self,
        namespace: &Namespace,
        to: &ExecutionId,
        message: Message,
    ) -> Result<Accepted, Error> {
        let number = self.plan.count(Operation::Post, 1);
        self.plan.reach(Operation::Post, number, When::Before)?;
        let answer = self.inner.post(namespace, to, message).await;
        self.plan.reach(Operation::Post, number, When::After)?;
        answer
    }
}
