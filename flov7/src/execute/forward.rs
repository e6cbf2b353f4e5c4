//! `Arc` and `Box` of an executor are executors.
#![deny(clippy::missing_trait_methods)]

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::{
    Cursor, EventPage, Executor, ExecutorCapabilities, ForkAt, SignalRequest, StartOptions, Started,
};
use crate::error::Error;
use crate::id::{ExecutionId, Namespace};
use crate::machine::{Actor, Control, ExecutionView};
use crate::store::{Accepted, ExecutionPage, ExecutionQuery};
use crate::validate::ValidWorkflow;

macro_rules! forward {
    ($pointer:ty) => {
        #[async_trait]
        impl<E: Executor + ?Sized> Executor for $pointer {
            fn capabilities(&self) -> &ExecutorCapabilities {
                (**self).capabilities()
            }

            async fn start(
                &self,
                namespace: &Namespace,
                workflow: &ValidWorkflow,
                input: Value,
                options: StartOptions,
            ) -> Result<Started, Error> {
                (**self).start(namespace, workflow, input, options).await
            }

            async fn describe(
                &self,
                namespace: &Namespace,
                execution: &ExecutionId,
            ) -> Result<ExecutionView, Error> {
                (**self).describe(namespace, execution).await
            }

            async fn signal(
                &self,
                namespace: &Namespace,
                execution: &ExecutionId,
                signal: SignalRequest,
            ) -> Result<Accepted, Error> {
                (**self).signal(namespace, execution, signal).await
            }

            async fn control(
                &self,
                namespace: &Namespace,
                execution: &ExecutionId,
                control: Control,
                by: Actor,
            ) -> Result<Accepted, Error> {
                (**self).control(namespace, execution, control, by).await
            }

            async fn fork(
                &self,
                namespace: &Namespace,
                execution: &ExecutionId,
                at: ForkAt,
                by: Actor,
            ) -> Result<Started, Error> {
                (**self).fork(namespace, execution, at, by).await
            }

            async fn events(
                &self,
                namespace: &Namespace,
                execution: &ExecutionId,
                after: Option<Cursor>,
                wait: bool,
            ) -> Result<EventPage, Error> {
                (**self).events(namespace, execution, after, wait).await
            }

            async fn list(
                &self,
                namespace: &Namespace,
                query: &ExecutionQuery,
            ) -> Result<ExecutionPage, Error> {
                (**self).list(namespace, query).await
            }
        }
    };
}

forward!(Arc<E>);
forward!(Box<E>);
