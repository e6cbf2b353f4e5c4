//! `Arc` and `Box` of an action are actions.
#![deny(clippy::missing_trait_methods)]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;

use super::{Action, ActionContext, ActionError, ActionOutput};
use crate::catalog::ActionDescriptor;

type CallFuture<'f> = Pin<Box<dyn Future<Output = Result<ActionOutput, ActionError>> + Send + 'f>>;

macro_rules! forward {
    ($pointer:ty) => {
        impl<A: Action + ?Sized> Action for $pointer {
            fn descriptor(&self) -> &ActionDescriptor {
                (**self).descriptor()
            }

            fn connection(&self) -> Option<&str> {
                (**self).connection()
            }

            // Written out as the macro would, but for a future of its own around the action's.
            fn call<'s, 'c, 'f>(&'s self, cx: &'c ActionContext, input: Arc<Value>) -> CallFuture<'f>
            where
                's: 'f,
                'c: 'f,
                Self: 'f,
            {
                (**self).call(cx, input)
            }
        }
    };
}

forward!(Arc<A>);
forward!(Box<A>);
