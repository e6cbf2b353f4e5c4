//! Actions from Rust types: serde reads and writes the values, schemars says their schemas.

use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Action, ActionContext, ActionError, ActionOutput};
use crate::catalog::{ActionDescriptor, ConnectorUse, Effect};
use crate::workflow::DurationText;

/// An action from a closure over Rust types; its schemas are made from them.
///
/// `In` must be a struct (an action's input is an object) or a map. Doc comments become descriptions, and what is not
/// declared further is the descriptor's default: effect `once`, no connector, no errors.
///
/// ```
/// use flov7::action::{ActionError, Registry, typed};
/// use flov7::catalog::Effect;
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Order { id: String, amount: f64 }
/// #[derive(serde::Serialize, schemars::JsonSchema)]
/// struct Invoice { number: String }
///
/// let invoice = typed("billing.invoice", "Create an invoice", |cx, order: Order| async move {
///     if order.amount < 0.0 {
///         return Err(ActionError::failed("billing.amount", "the amount is negative"));
///     }
///     let key = cx.idempotency_key(); // the same for all attempts: the other side recognises a repeat by it
///     Ok(Invoice { number: format!("{}-{}", order.id, &key[..4]) })
/// })
/// .with_effect(Effect::Keyed)
/// .with_error("billing.amount", false, "The amount is negative.");
///
/// let registry = Registry::new().with_action(invoice);
/// let descriptor = registry.catalog().action("billing.invoice").unwrap();
/// assert_eq!(descriptor.output.0["properties"]["number"]["type"], "string");
/// assert_eq!(descriptor.input.0["required"], serde_json::json!(["id", "amount"]));
/// ```
pub fn typed<In, Out, F, R>(
    id: impl Into<String>,
    title: impl Into<String>,
    handler: F,
) -> TypedAction<In, Out, F>
where
    In: DeserializeOwned + JsonSchema + Send,
    Out: Serialize + JsonSchema,
    F: Fn(ActionContext, In) -> R + Send + Sync,
    R: Future<Output = Result<Out, ActionError>> + Send,
{
    TypedAction {
        descriptor: ActionDescriptor::new(id, title, schema_of::<In>(true), schema_of::<Out>(false)),
        handler,
        types: PhantomData,
    }
}

/// What [`typed`] makes.
///
/// - An input that the schema allows and the type does not fails with `contract.input`, before the handler.
/// - An output that serde cannot write as JSON fails with `contract.output`.
#[must_use]
pub struct TypedAction<In, Out, F> {
    descriptor: ActionDescriptor,
    handler: F,
    types: PhantomData<fn(In) -> Out>,
}

impl<In, Out, F> TypedAction<In, Out, F> {
    /// Says what it does.
    pub fn with_description(mut self, text: impl Into<String>) -> Self {
        self.descriptor = self.descriptor.with_description(text);
        self
    }

    /// Says what else people call it.
    pub fn with_phrases<T: Into<String>>(mut self, phrases: impl IntoIterator<Item = T>) -> Self {
        self.descriptor = self.descriptor.with_phrases(phrases);
        self
    }

    /// Says what it does to the world.
    pub fn with_effect(mut self, effect: Effect) -> Self {
        self.descriptor = self.descriptor.with_effect(effect);
        self
    }

    /// Says which connector it uses.
    pub fn with_connector(mut self, connector: ConnectorUse) -> Self {
        self.descriptor = self.descriptor.with_connector(connector);
        self
    }

    /// Declares a failure.
    pub fn with_error(mut self, code: &str, retryable: bool, description: &str) -> Self {
        self.descriptor = self.descriptor.with_error(code, retryable, description);
        self
    }

    /// Says how long one attempt takes at most, where a step says nothing (`"30s"`).
    pub fn with_attempt_timeout(mut self, duration: impl Into<String>) -> Self {
        self.descriptor.attempt_timeout = Some(DurationText(duration.into()));
        self
    }

    /// Says that it records sub-steps ([`ActionContext::record`]).
    pub fn with_records(mut self) -> Self {
        self.descriptor.records = true;
        self
    }
}

#[async_trait]
impl<In, Out, F, R> Action for TypedAction<In, Out, F>
where
    In: DeserializeOwned + JsonSchema + Send,
    Out: Serialize + JsonSchema,
    F: Fn(ActionContext, In) -> R + Send + Sync,
    R: Future<Output = Result<Out, ActionError>> + Send,
{
    fn descriptor(&self) -> &ActionDescriptor {
        &self.descriptor
    }

    async fn call(&self, cx: &ActionContext, input: Arc<Value>) -> Result<ActionOutput, ActionError> {
        let called = {
            let input = serde_json::from_value(Arc::unwrap_or_clone(input))
                .map_err(|fault| ActionError::failed("contract.input", fault.to_string()))?;
            (self.handler)(cx.clone(), input)
        };
        let output = called.await?;
        serde_json::to_value(&output)
            .map(ActionOutput::new)
            .map_err(|fault| ActionError::failed("contract.output", fault.to_string()))
    }
}

/// The schema of a type as a descriptor holds it: in one piece where the type allows it, without a name of its own.
fn schema_of<T: JsonSchema>(input: bool) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let settings = if input { settings } else { settings.for_serialize() };
    let mut schema = SchemaGenerator::new(settings).into_root_schema_for::<T>();
    schema.remove("title");
    schema.to_value()
}
