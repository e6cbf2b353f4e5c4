//! Actions of a catalogue that are one HTTP request.

use std::sync::Arc;

use async_trait::async_trait;
use flov7::action::{Action, ActionContext, ActionError, ActionOutput};
use flov7::catalog::{ActionDescriptor, Effect, EffectBy, EffectOf, ErrorDescriptor, Via, ViaHttp};
use flov7::error::{Error, ErrorKind};
use flov7::expr::{Encoding, EvalError, Fuel, Limits, Named, RootName, Template};
use flov7::json::BigNumbers;
use reqwest::Method;
use serde_json::Value;

use super::call::{Route, Terms};
use super::input::{Ask, Body, method};
use super::request::{ERRORS, connection};

/// The failure of a response that `result` cannot read.
const RESULT: (&str, bool, &str) = (
    "http.result",
    false,
    "The request was answered, and the answer is not what the action's `result` reads.",
);

/// An action of a catalogue, run as one HTTP request through the connection that its `via` names.
///
/// It has `http.request`'s failures, and besides `http.result`: answered, and `result` cannot read the answer. Values in
/// the path are encoded as one segment each. Its effect is the one that the catalogue declares; where that is `once`,
/// which is also what declares nothing, it is the method's, as `http.request` has it. A descriptor that declares
/// `keyed` needs a binding with an idempotency header.
#[derive(Debug)]
pub struct ViaHttpAction {
    descriptor: ActionDescriptor,
    connection: String,
    method: Method,
    path: Template,
    body: Option<Template>,
    result: Option<Template>,
}

impl ViaHttpAction {
    /// The action that a descriptor describes. [`Action::descriptor`] then also says its effect and its failures.
    ///
    /// # Errors
    /// `Invalid` when the descriptor has no `via.http`, or when that is wrong: a method that is none, a template that
    /// does not compile, a template that reads something else than `input` (in `result`: `response`).
    pub fn new(mut descriptor: ActionDescriptor) -> Result<Self, Error> {
        let wrong = |what: String| {
            Error::new(ErrorKind::Invalid, format!("action `{}`: via.http: {what}", descriptor.id))
        };
        let Some(Via::Http(via)) = descriptor.via.clone() else {
            return Err(wrong("is missing".to_owned()));
        };
        let ViaHttp { connection, method: name, path: source, body, result } = via;
        let method = method(&Value::from(name)).map_err(wrong)?;
        let mut path = template("path", &Value::from(source.as_str()), "input").map_err(wrong)?;
        path.encode("", Encoding::PathSegment);
        let body = body.map(|body| template("body", &body.0, "input")).transpose().map_err(wrong)?;
        let result =
            result.map(|result| template("result", &result.0, "response")).transpose().map_err(wrong)?;
        if descriptor.effect == EffectOf::Kind(Effect::Once) {
            descriptor.effect = effect(&method);
        }
        for (code, retryable, description) in ERRORS.iter().chain([&RESULT]) {
            if !descriptor.errors.iter().any(|error| error.code == *code) {
                descriptor.errors.push(ErrorDescriptor {
                    code: (*code).to_owned(),
                    retryable: *retryable,
                    description: (*description).to_owned(),
                });
            }
        }
        Ok(ViaHttpAction { descriptor, connection, method, path, body, result })
    }

    fn ask<'v>(&self, path: &'v str, env: &Named) -> Result<Ask<'v>, String> {
        let body = self.body.as_ref().map(|body| body.render(env, &mut Fuel::new())).transpose();
        Ok(Ask {
            method: self.method.clone(),
            path: Some(path),
            url: None,
            query: None,
            headers: Vec::new(),
            body: body.map_err(|error| format!("body: {}", told(&error)))?.map(|value| Body::of(&value)),
            ok_statuses: Vec::new(),
            big_numbers: BigNumbers::Error,
        })
    }
}

/// The effect of a method, as `http.request` has it. Where that is `once`, a connection with an idempotency header
/// makes it `keyed`: what depends on the input does so, and this depends on a text that no input has.
fn effect(method: &Method) -> EffectOf {
    match *method {
        Method::GET | Method::HEAD => EffectOf::Kind(Effect::None),
        Method::PUT | Method::DELETE => EffectOf::Kind(Effect::Idempotent),
        _ => EffectOf::By(EffectBy {
            by: String::new(),
            kinds: [("*".to_owned(), Effect::Once)].into_iter().collect(),
        }),
    }
}

/// Compiles a template that may read one root.
fn template(member: &str, value: &Value, root: &str) -> Result<Template, String> {
    let template = Template::parse(value, &Limits::default()).map_err(|errors| {
        let faults: Vec<String> = errors.iter().map(ToString::to_string).collect();
        format!("{member}: {}", faults.join("; "))
    })?;
    let mut stranger = None;
    template.visit(&mut |_, expr, _| {
        for reference in expr.references() {
            if *reference.name() != RootName::Root(root.into()) {
                stranger.get_or_insert_with(|| reference.name().text());
            }
        }
    });
    match stranger {
        Some(name) => Err(format!("{member}: reads `{name}`, and there is only `{root}`")),
        None => Ok(template),
    }
}

fn told(error: &EvalError) -> String {
    let place = if error.pointer.is_empty() { String::new() } else { format!(" in `{}`", error.pointer) };
    format!("{error}{place}")
}

#[async_trait]
impl Action for ViaHttpAction {
    fn descriptor(&self) -> &ActionDescriptor {
        &self.descriptor
    }

    fn connection(&self) -> Option<&str> {
        Some(&self.connection)
    }

    async fn call(&self, cx: &ActionContext, input: Arc<Value>) -> Result<ActionOutput, ActionError> {
        let refused =
            |what: String| ActionError::failed("http.blocked", format!("{}: {what}", self.descriptor.id));
        let connection = connection(cx)?
            .ok_or_else(|| refused(format!("connection `{}` has no binding", self.connection)))?;
        let keyed = connection.settings.idempotency_header.is_some();
        let effect = self.descriptor.effect.resolve(&input, &self.descriptor.input.0, keyed);
        if effect == Effect::Keyed && !keyed {
            return Err(refused(format!(
                "its effect is `keyed`, and the binding of `{}` names no idempotency_header",
                self.connection
            )));
        }
        let env = Named::new().with_root("input", input);
        let path = self
            .path
            .render(&env, &mut Fuel::new())
            .map_err(|error| refused(format!("path: {}", told(&error))))?;
        let ask = self.ask(path.as_str().unwrap_or_default(), &env).map_err(refused)?;
        let terms = Terms { effect, key: cx.idempotency_key(), cancellation: &cx.cancellation };
        let answer = Route::Bound(connection).call(&ask, &terms).await?;
        let Some(result) = &self.result else {
            return Ok(ActionOutput::new(answer.body));
        };
        let env = Named::new().with_root("response", answer.into_value());
        let value = result.render(&env, &mut Fuel::new()).map_err(|error| {
            ActionError::failed(RESULT.0, format!("{}: result: {}", self.descriptor.id, told(&error)))
        })?;
        Ok(ActionOutput::new(Arc::unwrap_or_clone(value)))
    }
}
