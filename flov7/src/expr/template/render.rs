//! From a compiled template to its value.

use serde_json::{Map, Value};

use super::{Encoding, Part, Piece};
use crate::expr::env::Env;
use crate::expr::error::{EvalError, Span};
use crate::expr::run::Res;
use crate::expr::run::budget::{Budget, bytes_cost};
use crate::expr::run::compare::VALUE_DEPTH;
use crate::expr::run::leave::{count, left_out, text_of};
use crate::expr::run::text::url_encode;
use crate::expr::run::value::Val;
use crate::json::escape;
use crate::planted::{Bug, planted};

/// What is said of an empty optional outside an object.
pub(super) const OPTIONAL: &str =
    "an empty optional is left out of an object only: give it a default with `orValue`";

/// The value of a part, or none for an empty optional.
pub(super) fn render(part: &Part, env: &dyn Env, budget: &mut Budget) -> Res<Option<Value>> {
    match part {
        Part::Constant(value) => {
            count(budget, value, VALUE_DEPTH, Span::default())?;
            Ok(Some((**value).clone()))
        }
        Part::Expr(expr) => {
            let span = expr.ast.span(expr.ast.root());
            let mut run = expr.run(env, budget);
            let value = match run.eval(expr.ast.root())? {
                Val::Optional(None) => return Ok(None),
                Val::Optional(Some(inner)) => (*inner).clone(),
                value => value,
            };
            if expr.taken {
                return left_out(budget, &value, span).map(|()| Some(Value::Null));
            }
            run.leave(value, span).map(Some)
        }
        Part::Text { pieces, encoding } => {
            text(pieces, *encoding, env, budget).map(|text| Some(Value::String(text)))
        }
        Part::List(items) => {
            budget.emit(2, Span::default())?;
            let mut list = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                budget.emit(1, Span::default())?;
                match render(item, env, budget) {
                    Ok(Some(value)) => list.push(value),
                    Ok(None) => {
                        let error = Box::new(EvalError::new(EvalError::DEFECT, Span::default(), OPTIONAL));
                        return Err(below(error, &index.to_string()));
                    }
                    Err(error) => return Err(below(error, &index.to_string())),
                }
            }
            Ok(Some(Value::Array(list)))
        }
        Part::Object(members) => {
            budget.emit(2, Span::default())?;
            let mut map = Map::new();
            for (name, member) in members {
                match render(member, env, budget) {
                    Ok(Some(value)) => {
                        budget.emit(name.len() + 4, Span::default())?;
                        map.insert(name.to_string(), value);
                    }
                    Ok(None) if planted(Bug::EmptyOptionalIsNull) => {
                        map.insert(name.to_string(), Value::Null);
                    }
                    Ok(None) => {}
                    Err(error) => return Err(below(error, &escape(name))),
                }
            }
            Ok(Some(Value::Object(map)))
        }
    }
}

/// The failure as seen from the value around it.
#[cold]
fn below(mut error: Box<EvalError>, token: &str) -> Box<EvalError> {
    error.pointer = format!("/{token}{}", error.pointer);
    error
}

fn text(pieces: &[Piece], encoding: Encoding, env: &dyn Env, budget: &mut Budget) -> Res<String> {
    let mut text = String::new();
    let mut segment = Segment::default();
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => {
                budget.charge(bytes_cost(literal.len()), Span::default())?;
                budget.emit(literal.len(), Span::default())?;
                text.push_str(literal);
                if encoding == Encoding::PathSegment {
                    segment.literal(literal)?;
                }
            }
            Piece::Expr(expr) => {
                let root = expr.ast.root();
                let span = expr.ast.span(root);
                let mut run = expr.run(env, budget);
                let value = run.eval(root)?;
                let own = match text_of(&value) {
                    Ok(own) => own,
                    Err(phrase) => {
                        let message = format!("{} is {phrase}: it has no text", run.show(root));
                        return run.fail("data.conversion", root, message);
                    }
                };
                let own = match encoding {
                    Encoding::None => own,
                    Encoding::PathSegment => {
                        segment.value(&own, span);
                        url_encode(&own)
                    }
                };
                budget.charge(bytes_cost(own.len()), span)?;
                budget.emit(own.len(), span)?;
                text.push_str(&own);
            }
        }
    }
    segment.end()?;
    Ok(text)
}

/// The segment of a path that is being written. One that values alone make must not be empty: `/orders/${ id }` would
/// be the whole collection.
#[derive(Default)]
struct Segment {
    /// Whether something is in it.
    filled: bool,
    /// The last value that left it empty.
    empty: Option<Span>,
    /// Whether the path has ended: a query may hold what it likes.
    over: bool,
}

impl Segment {
    fn value(&mut self, text: &str, span: Span) {
        if !self.over {
            self.filled |= !text.is_empty();
            self.empty = Some(span);
        }
    }

    fn literal(&mut self, text: &str) -> Res<()> {
        for c in text.chars() {
            if self.over {
                break;
            }
            if matches!(c, '/' | '?') {
                self.end()?;
                *self = Segment { over: c == '?', ..Segment::default() };
            } else {
                self.filled = true;
            }
        }
        Ok(())
    }

    fn end(&self) -> Res<()> {
        match self.empty {
            Some(span) if !self.filled => {
                let message = "the value is empty, and a segment of a path must not be";
                Err(Box::new(EvalError::new(EvalError::SEGMENT, span, message)))
            }
            _ => Ok(()),
        }
    }
}
