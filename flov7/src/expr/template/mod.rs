//! Templates: any JSON whose strings may hold `${ … }`.
//!
//! A string that is exactly one `${ … }` has the value of its expression, whatever its type; in any other string each
//! mark becomes text; `$${` stands for `${`. A member of an object whose expression gives an empty optional is left
//! out.

mod marks;
mod render;
mod taken;

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use marks::{Cut, cut};
use render::{OPTIONAL, render};

pub use marks::marked;
pub(crate) use marks::{has_mark, pieces};
pub(crate) use taken::Taken;

use crate::expr::env::{Env, Fuel};
use crate::expr::error::{EvalError, ExprError, Span};
use crate::expr::run::budget::Budget;
use crate::expr::run::value::sorted;
use crate::expr::{Expr, Limits, RootName};
use crate::json::{Trail, push_index, push_member};

/// How deep a template nests at most: as deep as a document may.
const DEPTH: usize = 256;

/// A compiled template.
#[derive(Debug, Clone)]
pub struct Template {
    root: Part,
    pub(crate) steps: u64,
    pub(crate) bytes: usize,
}

/// One part of a template.
#[derive(Debug, Clone)]
pub enum Part {
    /// JSON without expressions; never rebuilt where it is the whole template.
    Constant(Arc<Value>),
    /// A string that was exactly one `${ … }`.
    Expr(Expr),
    /// A string with text around its expressions, or one that is encoded.
    Text {
        /// Text and expressions, in order.
        pieces: Box<[Piece]>,
        /// How each expression's text is encoded.
        encoding: Encoding,
    },
    /// A list with expressions somewhere inside.
    List(Box<[Part]>),
    /// An object with expressions somewhere inside, sorted by name.
    Object(Box<[(Box<str>, Part)]>),
}

/// One piece of a string.
#[derive(Debug, Clone)]
pub enum Piece {
    /// Text, `$${` resolved.
    Literal(Box<str>),
    /// A mark.
    Expr(Expr),
}

/// How the text of each `${ … }` in a string is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Encoding {
    /// As it is.
    #[default]
    None,
    /// Percent-encoded as one segment of a path: everything but letters, digits and `-._~` (RFC 3986). A segment that
    /// is made of values alone must not be empty: `contract.input`.
    PathSegment,
}

/// Where an expression stands in a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// The whole template, or the item of a list: it must have a value.
    Value,
    /// A member of an object: an empty optional leaves it out.
    Member,
    /// Inside a string: its value must have a text.
    Text,
}

/// A fault in one string of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TemplateError {
    /// JSON Pointer of the string, from the template's root.
    pub pointer: String,
    /// What is wrong with it; spans count from the start of that string.
    pub error: ExprError,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in `{}`", self.error, self.pointer)
    }
}

impl std::error::Error for TemplateError {}

impl Template {
    /// Compiles a template.
    ///
    /// # Errors
    /// All faults of all strings, each with its pointer, in the order of the sorted members. Nesting beyond 256 is
    /// `expression-size`.
    pub fn parse(value: &Value, limits: &Limits) -> Result<Template, Vec<TemplateError>> {
        let mut errors = Vec::new();
        let root = compile(value, limits, DEPTH, &Trail::Root, &mut errors);
        if errors.is_empty() {
            Ok(Template { root, steps: limits.steps, bytes: limits.result_bytes })
        } else {
            Err(errors)
        }
    }

    /// Its outermost part, for walking.
    #[must_use]
    pub fn root(&self) -> &Part {
        &self.root
    }

    /// The value, if it has no expression at all.
    #[must_use]
    pub fn constant(&self) -> Option<&Arc<Value>> {
        match &self.root {
            Part::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// Visits each expression with the pointer of its string and the place where it stands, in the order in which
    /// they are evaluated.
    pub fn visit<'t>(&'t self, visit: &mut dyn FnMut(&str, &'t Expr, Place)) {
        each(&self.root, Place::Value, &mut String::new(), visit);
    }

    /// Every expression, in the order of [`Template::visit`].
    pub(crate) fn expressions(&self) -> Vec<&Expr> {
        let mut all = Vec::new();
        gather(&self.root, &mut all);
        all
    }

    /// Binds every reference of every expression, as [`Expr::bind`].
    pub fn bind(&mut self, slot: &mut dyn FnMut(&RootName) -> Option<u32>) {
        each_mut(&mut self.root, &mut |expr| expr.bind(slot));
    }

    /// Has each `${ … }` of the string at `pointer` encoded; the text around it stays as it is. False where there is
    /// no string with an expression, and so nothing to encode.
    pub fn encode(&mut self, pointer: &str, encoding: Encoding) -> bool {
        let mut part = &mut self.root;
        for token in crate::json::tokens(pointer) {
            let next = match part {
                Part::Object(members) => {
                    members.iter_mut().find(|(name, _)| **name == *token).map(|(_, member)| member)
                }
                Part::List(items) => token.parse::<usize>().ok().and_then(|index| items.get_mut(index)),
                _ => None,
            };
            match next {
                Some(next) => part = next,
                None => return false,
            }
        }
        match part {
            Part::Text { encoding: own, .. } => *own = encoding,
            Part::Expr(expr) => {
                *part = Part::Text { pieces: Box::new([Piece::Expr(expr.clone())]), encoding };
            }
            _ => return false,
        }
        true
    }

    /// The value of the template. Shared with the template where it is constant, and with `env` where it is nothing
    /// but a reference.
    ///
    /// Steps and bytes are limited for the template as a whole.
    ///
    /// # Errors
    /// A `data.*` failure or a defect, with the pointer of the string that holds the expression.
    pub fn render(&self, env: &dyn Env, fuel: &mut Fuel) -> Result<Arc<Value>, EvalError> {
        match &self.root {
            Part::Constant(value) => return Ok(Arc::clone(value)),
            Part::Expr(expr) => {
                if let Some(shared) = expr.share(env) {
                    fuel.spend(1);
                    return Ok(shared);
                }
            }
            _ => {}
        }
        let mut budget = Budget::new(self.steps, self.bytes);
        let result = render(&self.root, env, &mut budget);
        fuel.spend(budget.spent());
        match result {
            Ok(Some(value)) => Ok(Arc::new(value)),
            Ok(None) => Err(EvalError::new(EvalError::DEFECT, Span::default(), OPTIONAL)),
            Err(error) => Err(*error),
        }
    }
}

// ---- compiling

fn compile(
    value: &Value,
    limits: &Limits,
    depth: usize,
    at: &Trail<'_>,
    errors: &mut Vec<TemplateError>,
) -> Part {
    let Some(depth) = depth.checked_sub(1) else {
        let message = format!("a template nests at most {DEPTH} deep");
        errors.push(TemplateError {
            pointer: at.pointer(),
            error: ExprError::new("expression-size", Span::default(), message),
        });
        return Part::Constant(Arc::new(Value::Null));
    };
    match value {
        Value::String(text) => match string(text, limits) {
            Ok(Some(part)) => part,
            Ok(None) => Part::Constant(Arc::new(value.clone())),
            Err(faults) => {
                errors.extend(faults.into_iter().map(|error| TemplateError { pointer: at.pointer(), error }));
                Part::Constant(Arc::new(Value::Null))
            }
        },
        Value::Array(items) => {
            let mut parts = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                parts.push(compile(item, limits, depth, &Trail::Item(at, index), errors));
            }
            if parts.iter().all(is_constant) {
                return Part::Constant(Arc::new(Value::Array(parts.into_iter().map(constant).collect())));
            }
            Part::List(parts.into())
        }
        Value::Object(members) => {
            let mut parts: Vec<(Box<str>, Part)> = Vec::with_capacity(members.len());
            for (name, member) in sorted(members) {
                parts.push((name.into(), compile(member, limits, depth, &Trail::Member(at, name), errors)));
            }
            if parts.iter().all(|(_, part)| is_constant(part)) {
                let members = parts.into_iter().map(|(name, part)| (name.into(), constant(part)));
                return Part::Constant(Arc::new(Value::Object(members.collect())));
            }
            Part::Object(parts.into())
        }
        _ => Part::Constant(Arc::new(value.clone())),
    }
}

fn is_constant(part: &Part) -> bool {
    matches!(part, Part::Constant(_))
}

/// The value of a constant part, taken out of it: nothing else shares it yet.
fn constant(part: Part) -> Value {
    match part {
        Part::Constant(value) => Arc::unwrap_or_clone(value),
        _ => Value::Null,
    }
}

/// The part of a string with marks; none where it has no marks and no escapes.
fn string(text: &str, limits: &Limits) -> Result<Option<Part>, Vec<ExprError>> {
    if let Some((start, end)) = marks::whole(text) {
        return Expr::parse_at(&text[start..end], start, limits).map(|expr| Some(Part::Expr(expr)));
    }
    if !text.contains('$') {
        return Ok(None);
    }
    let cuts = cut(text).map_err(|error| vec![*error])?;
    if let [] | [Cut::Text(_)] = cuts.as_slice() {
        let literal = match cuts.into_iter().next() {
            Some(Cut::Text(literal)) if literal != text => literal,
            _ => return Ok(None),
        };
        return Ok(Some(Part::Constant(Arc::new(Value::String(literal)))));
    }
    let mut pieces = Vec::with_capacity(cuts.len());
    let mut errors = Vec::new();
    for piece in cuts {
        match piece {
            Cut::Text(literal) => pieces.push(Piece::Literal(literal.into())),
            Cut::Mark(start, end) => match Expr::parse_at(&text[start..end], start, limits) {
                Ok(expr) => pieces.push(Piece::Expr(expr)),
                Err(faults) => errors.extend(faults),
            },
        }
    }
    if errors.is_empty() {
        Ok(Some(Part::Text { pieces: pieces.into(), encoding: Encoding::None }))
    } else {
        Err(errors)
    }
}

// ---- walking

fn gather<'p>(part: &'p Part, all: &mut Vec<&'p Expr>) {
    match part {
        Part::Constant(_) => {}
        Part::Expr(expr) => all.push(expr),
        Part::Text { pieces, .. } => all.extend(pieces.iter().filter_map(|piece| match piece {
            Piece::Expr(expr) => Some(expr),
            Piece::Literal(_) => None,
        })),
        Part::List(items) => items.iter().for_each(|item| gather(item, all)),
        Part::Object(members) => members.iter().for_each(|(_, member)| gather(member, all)),
    }
}

fn each<'p>(part: &'p Part, place: Place, at: &mut String, visit: &mut dyn FnMut(&str, &'p Expr, Place)) {
    match part {
        Part::Constant(_) => {}
        Part::Expr(expr) => visit(at, expr, place),
        Part::Text { pieces, .. } => {
            for piece in pieces {
                if let Piece::Expr(expr) = piece {
                    visit(at, expr, Place::Text);
                }
            }
        }
        Part::List(items) => {
            for (index, item) in items.iter().enumerate() {
                let length = at.len();
                push_index(at, index);
                each(item, Place::Value, at, visit);
                at.truncate(length);
            }
        }
        Part::Object(members) => {
            for (name, member) in members {
                let length = at.len();
                push_member(at, name);
                each(member, Place::Member, at, visit);
                at.truncate(length);
            }
        }
    }
}

fn each_mut(part: &mut Part, change: &mut dyn FnMut(&mut Expr)) {
    match part {
        Part::Constant(_) => {}
        Part::Expr(expr) => change(expr),
        Part::Text { pieces, .. } => {
            for piece in pieces {
                if let Piece::Expr(expr) = piece {
                    change(expr);
                }
            }
        }
        Part::List(items) => items.iter_mut().for_each(|item| each_mut(item, change)),
        Part::Object(members) => members.iter_mut().for_each(|(_, member)| each_mut(member, change)),
    }
}
