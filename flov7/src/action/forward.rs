//! `Arc` and `Box` of an action are actions.
#![deny(clippy::missing_trait_methods)]

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::{Action, ActionContext, ActionError, ActionOutput};
use crate::catalog::ActionDescriptor;

macro_rules! forward {
    ($pointer:ty) => {
        #[async_trait]
        impl<A: Action + ?Sized> Action for $pointer {
            fn descriptor(&self) -> &ActionDescriptor {
                (**self).descriptor()
            }

            fn connection(&self) -> Option<&str> {
                (**self).connection()
            }

            async fn call(&self, cx: &ActionContext, input: Arc<Value>) -> Result<ActionOutput, ActionError> {
                (**self).call(cx, input).await
            }
        }
    };
}

forward!(Arc<A>);
forward!(Box<A>);
