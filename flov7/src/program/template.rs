//! Templates and conditions, bound to slots.

use std::sync::Arc;

use serde_json::Value;

use crate::error::Error;
use crate::workflow;

/// Where an expression reads: slots of the running scopes, and the time of the turn.
pub(crate) trait Env {
    /// The value in a slot, if it has one.
    fn slot(&self, slot: u32) -> Option<&Arc<Value>>;
}

/// A JSON template.
#[derive(Debug)]
pub(crate) enum Template {
    /// It holds no expression.
    Literal(Arc<Value>),
}

/// A question.
#[derive(Debug)]
pub(crate) enum Condition {
    /// It is no expression.
    Literal(bool),
}

impl Template {
    pub(super) fn compile(template: &workflow::Template) -> Result<Template, Error> {
        let mut stack = vec![&template.0];
        while let Some(value) = stack.pop() {
            match value {
                Value::String(text) if text.contains("${") => {
                    return Err(Error::unsupported("expressions are not built yet"));
                }
                Value::Array(items) => stack.extend(items),
                Value::Object(members) => stack.extend(members.values()),
                _ => {}
            }
        }
        Ok(Template::Literal(Arc::new(template.0.clone())))
    }

    pub(crate) fn render(&self, _env: &dyn Env) -> Arc<Value> {
        match self {
            Template::Literal(value) => Arc::clone(value),
        }
    }
}

impl Condition {
    pub(super) fn compile(expression: &workflow::Expression) -> Result<Condition, Error> {
        match &expression.0 {
            Value::Bool(answer) => Ok(Condition::Literal(*answer)),
            _ => Err(Error::unsupported("expressions are not built yet")),
        }
    }

    pub(crate) fn ask(&self, _env: &dyn Env) -> bool {
        match self {
            Condition::Literal(answer) => *answer,
        }
    }
}
