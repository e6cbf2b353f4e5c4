//! How a value leaves an expression: as JSON, normalised and counted while it is built; or as text.

use serde_json::{Map, Value};

use super::budget::Budget;
use super::budget::bytes_cost;
use super::compare::VALUE_DEPTH;
use super::value::Val;
use super::{Res, Run};
use crate::expr::error::{EvalError, Span};
use crate::planted::{Bug, planted};

impl<'a> Run<'a, '_> {
    /// The value as JSON: times as RFC 3339, durations as ISO 8601, whole doubles as integers.
    ///
    /// An optional is refused: only a member of a template object may be one.
    pub(crate) fn leave(&mut self, value: Val<'a>, span: Span) -> Res<Value> {
        leave(self.budget, value, VALUE_DEPTH, span)
    }
}

/// A failure at `span`.
fn fail<T>(code: &'static str, span: Span, message: impl Into<String>) -> Res<T> {
    Err(Box::new(EvalError::new(code, span, message)))
}

fn deeper(depth: usize, span: Span) -> Res<usize> {
    match depth.checked_sub(1) {
        Some(depth) => Ok(depth),
        None => fail(EvalError::SIZE, span, format!("a value nests more than {VALUE_DEPTH} deep")),
    }
}

fn leave(budget: &mut Budget, value: Val<'_>, depth: usize, span: Span) -> Res<Value> {
    match value {
        Val::Null => emit(budget, 4, span).map(|()| Value::Null),
        Val::Bool(b) => emit(budget, 4, span).map(|()| Value::Bool(b)),
        Val::Num(n) if planted(Bug::WholeNumberAsDouble) => {
            emit(budget, NUMBER, span).map(|()| Value::from(n.as_f64()))
        }
        Val::Num(n) => emit(budget, NUMBER, span).map(|()| Value::Number(n.to_number())),
        Val::Str(text) => {
            emit(budget, text.len() + 2, span)?;
            Ok(Value::String(text.to_owned()))
        }
        Val::Text(text) => {
            emit(budget, text.len() + 2, span)?;
            Ok(Value::String(std::rc::Rc::unwrap_or_clone(text)))
        }
        Val::Timestamp(t) => emit(budget, 26, span).map(|()| Value::String(t.to_string())),
        Val::Duration(d) => emit(budget, 26, span).map(|()| Value::String(d.to_string())),
        Val::Items(items) => {
            emit(budget, 2, span)?;
            items.iter().try_for_each(|item| count(budget, item, deeper(depth, span)?, span))?;
            Ok(Value::Array(items.to_vec()))
        }
        Val::Object(members) => {
            emit(budget, 2, span)?;
            for (key, member) in members {
                emit(budget, key.len() + 4, span)?;
                count(budget, member, deeper(depth, span)?, span)?;
            }
            Ok(Value::Object(members.clone()))
        }
        Val::List(list) => {
            emit(budget, 2, span)?;
            let depth = deeper(depth, span)?;
            let list = std::rc::Rc::unwrap_or_clone(list);
            let mut items = Vec::with_capacity(list.len());
            for member in list {
                emit(budget, 1, span)?;
                items.push(leave(budget, member, depth, span)?);
            }
            Ok(Value::Array(items))
        }
        Val::Map(map) => {
            emit(budget, 2, span)?;
            let depth = deeper(depth, span)?;
            let mut members = Map::new();
            for (key, member) in std::rc::Rc::unwrap_or_clone(map) {
                emit(budget, key.as_str().len() + 4, span)?;
                members.insert(key.as_str().to_owned(), leave(budget, member, depth, span)?);
            }
            Ok(Value::Object(members))
        }
        Val::Optional(_) => fail(
            EvalError::DEFECT,
            span,
            "an optional leaves an expression only as a member of a template's object: give it a default with `orValue`",
        ),
    }
}

/// Counts a value of the outside that is not copied, as [`leave`] counts one that is.
pub(crate) fn left_out(budget: &mut Budget, value: &Val<'_>, span: Span) -> Res<()> {
    match value {
        Val::Items(items) => {
            emit(budget, 2, span)?;
            items.iter().try_for_each(|item| count(budget, item, deeper(VALUE_DEPTH, span)?, span))
        }
        Val::Object(members) => {
            emit(budget, 2, span)?;
            members.iter().try_for_each(|(key, member)| {
                emit(budget, key.len() + 4, span)?;
                count(budget, member, deeper(VALUE_DEPTH, span)?, span)
            })
        }
        other => leave(budget, other.clone(), VALUE_DEPTH, span).map(drop),
    }
}

/// What a number counts for, whatever its digits.
const NUMBER: usize = 8;

fn emit(budget: &mut Budget, bytes: usize, span: Span) -> Res<()> {
    budget.charge(bytes_cost(bytes), span)?;
    budget.emit(bytes, span)
}

/// Counts a value of the outside before it is copied.
pub(crate) fn count(budget: &mut Budget, value: &Value, depth: usize, span: Span) -> Res<()> {
    let own = match value {
        Value::Null | Value::Bool(_) => 4,
        Value::Number(_) => NUMBER,
        Value::String(text) => text.len() + 2,
        Value::Array(_) | Value::Object(_) => 2,
    };
    emit(budget, own + 1, span)?;
    match value {
        Value::Array(items) => {
            let depth = deeper(depth, span)?;
            items.iter().try_for_each(|item| count(budget, item, depth, span))
        }
        Value::Object(members) => {
            let depth = deeper(depth, span)?;
            members.iter().try_for_each(|(key, member)| {
                emit(budget, key.len() + 3, span)?;
                count(budget, member, depth, span)
            })
        }
        _ => Ok(()),
    }
}

/// The text of a value inside other text; the kind's phrase where it has none.
pub(crate) fn text_of(value: &Val<'_>) -> Result<String, &'static str> {
    Ok(match value {
        Val::Bool(b) => b.to_string(),
        Val::Num(n) => n.text(),
        Val::Str(text) => (*text).to_owned(),
        Val::Text(text) => text.to_string(),
        Val::Timestamp(t) => t.to_string(),
        Val::Duration(d) => d.to_string(),
        other => return Err(other.kind().phrase()),
    })
}
