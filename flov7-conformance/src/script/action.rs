//! An action that answers as scripted.

use std::sync::Arc;

use async_trait::async_trait;
use flov7::action::{Action, ActionContext, ActionError, ActionOutput};
use flov7::catalog::ActionDescriptor;
use serde_json::Value;

use super::{Answer, Script};

pub(super) struct ScriptedAction {
    pub(super) descriptor: ActionDescriptor,
    pub(super) script: Script,
}

#[async_trait]
impl Action for ScriptedAction {
    fn descriptor(&self) -> &ActionDescriptor {
        &self.descriptor
    }

    async fn call(&self, cx: &ActionContext, input: Arc<Value>) -> Result<ActionOutput, ActionError> {
        let mut answer = self.script.asked(&self.descriptor.id, cx, &input);
        loop {
            match answer {
                Answer::Output(value) => return Ok(ActionOutput::new(value)),
                Answer::Fail(error) => return Err(error),
                Answer::Hang => {
                    cx.cancellation.cancelled().await;
                    return Err(ActionError::unknown(
                        "lost",
                        "it was told to stop and cannot say what became of it",
                    ));
                }
                Answer::After(delay, later) => {
                    let clock = &self.script.0.clock;
                    clock.sleep_until(clock.now().saturating_add(delay)).await;
                    answer = *later;
                }
            }
        }
    }
}
