//! An action that fails where a plan says so.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use flov7::action::{Action, ActionContext, ActionError, ActionOutput};
use flov7::catalog::ActionDescriptor;
use flov7::error::Error;
use serde_json::Value;

use super::{Operation, Plan, When};

/// An action whose calls are counted, and fail where its plan says so: unless the process aborts, with an unknown
/// outcome and the code `fault`.
pub struct FaultAction {
    inner: Arc<dyn Action>,
    plan: Plan,
}

impl FaultAction {
    /// Wraps an action.
    #[must_use]
    pub fn new(inner: Arc<dyn Action>, plan: Plan) -> Self {
        FaultAction { inner, plan }
    }
}

#[async_trait]
impl Action for FaultAction {
    fn descriptor(&self) -> &ActionDescriptor {
        self.inner.descriptor()
    }

    fn connection(&self) -> Option<&str> {
        self.inner.connection()
    }

    async fn call(&self, cx: &ActionContext, input: Arc<Value>) -> Result<ActionOutput, ActionError> {
        let number = self.plan.count(Operation::Call, 1);
        self.plan.reach(Operation::Call, number, When::Before).map_err(unknown)?;
        let answer = self.inner.call(cx, input).await;
        self.plan.reach(Operation::Call, number, When::After).map_err(unknown)?;
        answer
    }
}

impl fmt::Debug for FaultAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultAction")
            .field("action", &self.inner.descriptor().id)
            .field("plan", &self.plan)
            .finish()
    }
}

fn unknown(error: Error) -> ActionError {
    ActionError::unknown("fault", error.to_string())
}
