//! Templates: any JSON whose strings may hold `${ … }`.
//!
//! A string that is exactly one `${ … }` has the value of its expression, whatever its type; in any other string each
//! mark becomes text; `$${` stands for `${`. A member of an object whose expression gives an empty optional is left
//! out.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::budget::{Budget, bytes_cost};
use super::compare::VALUE_DEPTH;
use super::env::{Env, Fuel};
use super::error::{EvalError, ExprError, Span};
use super::eval::Res;
use super::leave::{count, text_of};
use super::text::url_encode;
use super::value::{Val, sorted};
use super::{Expr, Limits, RootName};
use crate::json::escape;

/// How deep a template nests at most: as deep as a document may.
const DEPTH: usize = 256;

/// A compiled template.
#[derive(Debug, Clone)]
pub struct Template {
    root: Part,
    steps: u64,
    bytes: usize,
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
    /// Percent-encoded as one segment of a path: everything but letters, digits and `-._~` (RFC 3986).
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
        let root = compile(value, limits, DEPTH, &mut String::new(), &mut errors);
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

const OPTIONAL: &str = "an empty optional is left out of an object only: give it a default with `orValue`";

// ---- compiling

fn compile(
    value: &Value,
    limits: &Limits,
    depth: usize,
    at: &mut String,
    errors: &mut Vec<TemplateError>,
) -> Part {
    let Some(depth) = depth.checked_sub(1) else {
        let message = format!("a template nests at most {DEPTH} deep");
        errors.push(TemplateError {
            pointer: at.clone(),
            error: ExprError::new("expression-size", Span::default(), message),
        });
        return Part::Constant(Arc::new(Value::Null));
    };
    match value {
        Value::String(text) => match string(text, limits) {
            Ok(Some(part)) => part,
            Ok(None) => Part::Constant(Arc::new(value.clone())),
            Err(faults) => {
                errors.extend(faults.into_iter().map(|error| TemplateError { pointer: at.clone(), error }));
                Part::Constant(Arc::new(Value::Null))
            }
        },
        Value::Array(items) => {
            let mut parts = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                let length = at.len();
                at.push_str(&format!("/{index}"));
                parts.push(compile(item, limits, depth, at, errors));
                at.truncate(length);
            }
            match constants(parts.iter()) {
                Some(values) => Part::Constant(Arc::new(Value::Array(values))),
                None => Part::List(parts.into()),
            }
        }
        Value::Object(members) => {
            let mut parts = Vec::with_capacity(members.len());
            for (name, member) in sorted(members) {
                let length = at.len();
                at.push('/');
                at.push_str(&escape(name));
                parts.push((Box::from(name), compile(member, limits, depth, at, errors)));
                at.truncate(length);
            }
            match constants(parts.iter().map(|(_, part)| part)) {
                Some(values) => {
                    let names = parts.iter().map(|(name, _): &(Box<str>, Part)| name.to_string());
                    Part::Constant(Arc::new(Value::Object(names.zip(values).collect())))
                }
                None => Part::Object(parts.into()),
            }
        }
        _ => Part::Constant(Arc::new(value.clone())),
    }
}

/// The values, if all parts are constant.
fn constants<'p>(parts: impl Iterator<Item = &'p Part>) -> Option<Vec<Value>> {
    parts
        .map(|part| match part {
            Part::Constant(value) => Some((**value).clone()),
            _ => None,
        })
        .collect()
}

/// The part of a string with marks; none where it has no marks and no escapes.
fn string(text: &str, limits: &Limits) -> Result<Option<Part>, Vec<ExprError>> {
    let cuts = cut(text).map_err(|error| vec![*error])?;
    if let [Cut::Mark(start, end)] = cuts.as_slice()
        && *start == 2
        && end + 1 == text.len()
    {
        return Expr::parse_at(&text[*start..*end], *start, limits).map(|expr| Some(Part::Expr(expr)));
    }
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

/// A piece of a string before its expressions are compiled.
enum Cut {
    Text(String),
    /// The bytes between `${` and `}`.
    Mark(usize, usize),
}

fn cut(text: &str) -> Result<Vec<Cut>, Box<ExprError>> {
    let mut cuts = Vec::new();
    let mut literal = String::new();
    let mut at = 0;
    while let Some(found) = text[at..].find('$') {
        literal.push_str(&text[at..at + found]);
        at += found;
        let rest = &text[at..];
        if rest.starts_with("$${") {
            literal.push_str("${");
            at += 3;
        } else if rest.starts_with("${") {
            let start = at + 2;
            let Some(end) = closing(text, start) else {
                let error = ExprError::new(
                    "expression-syntax",
                    Span::new(at, at + 2),
                    format!("the `${{` at {at} is never closed: expected `}}`"),
                );
                return Err(Box::new(error.with_help("write `$${` where the text `${` is meant")));
            };
            if !literal.is_empty() {
                cuts.push(Cut::Text(std::mem::take(&mut literal)));
            }
            cuts.push(Cut::Mark(start, end));
            at = end + 1;
        } else {
            literal.push('$');
            at += 1;
        }
    }
    literal.push_str(&text[at..]);
    if !literal.is_empty() {
        cuts.push(Cut::Text(literal));
    }
    Ok(cuts)
}

/// Where the brace stands that closes a mark: braces of maps, texts and comments are passed over.
fn closing(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut open = 0usize;
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' => open += 1,
            b'}' if open == 0 => return Some(at),
            b'}' => open -= 1,
            b'"' | b'\'' => {
                let word = |i: Option<usize>| {
                    i.and_then(|i| bytes.get(i)).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
                };
                let raw = at > start
                    && matches!(bytes[at - 1], b'r' | b'R')
                    && !(at - 1 > start && word(at.checked_sub(2)));
                at = past_text(text, at, raw)?;
                continue;
            }
            b'`' => at += 1 + text[at + 1..].find('`')?,
            b'/' if bytes.get(at + 1) == Some(&b'/') => at += text[at..].find('\n')?,
            _ => {}
        }
        at += 1;
    }
    None
}

/// The byte after the text that opens at `at`.
fn past_text(text: &str, at: usize, raw: bool) -> Option<usize> {
    let bytes = text.as_bytes();
    let quote = &text[at..=at];
    let triple = quote.repeat(3);
    let (mark, mut at) =
        if text[at..].starts_with(&triple) { (triple.as_str(), at + 3) } else { (quote, at + 1) };
    loop {
        match bytes.get(at)? {
            b'\\' if !raw => at += 2,
            _ if bytes[at..].starts_with(mark.as_bytes()) => return Some(at + mark.len()),
            _ => at += 1,
        }
    }
}

/// Compiles a string that must be exactly one `${ … }`, as conditions are written. Spans count from the start of the
/// string, marks included.
///
/// ```
/// use flov7::expr::{Limits, marked};
///
/// assert_eq!(marked("${ steps.total > 500 }", &Limits::default()).unwrap().to_string(), "steps.total > 500");
/// let bare = marked("steps.total > 500", &Limits::default()).unwrap_err();
/// assert_eq!((bare[0].code, bare[0].fix.as_deref()), ("expression-marks", Some("${ steps.total > 500 }")));
/// ```
///
/// # Errors
/// `expression-marks` for anything else; the faults of the expression otherwise.
pub fn marked(source: &str, limits: &Limits) -> Result<Expr, Vec<ExprError>> {
    let whole = Span::new(0, source.len());
    let cuts = cut(source).map_err(|error| vec![*error])?;
    match cuts.as_slice() {
        [Cut::Mark(start, end)] => Expr::parse_at(&source[*start..*end], *start, limits),
        [] => Err(vec![ExprError::new("expression-syntax", whole, "there is no expression here")]),
        _ if cuts.iter().any(|cut| matches!(cut, Cut::Mark(..))) => {
            let message = "an expression here is exactly one `${ … }`, with nothing around it";
            Err(vec![
                ExprError::new("expression-marks", whole, message)
                    .with_help("join texts with `+` inside the marks"),
            ])
        }
        _ => {
            let fix = format!("${{ {} }}", source.trim());
            let message = "an expression stands in `${ … }`";
            let error =
                ExprError::new("expression-marks", whole, message).with_help(format!("write `{fix}`"));
            // Certain only where what is there is an expression.
            let certain = super::parse(source.trim(), limits).is_ok();
            Err(vec![if certain { error.with_fix(fix) } else { error }])
        }
    }
}

// ---- walking

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
                at.push_str(&format!("/{index}"));
                each(item, Place::Value, at, visit);
                at.truncate(length);
            }
        }
        Part::Object(members) => {
            for (name, member) in members {
                let length = at.len();
                at.push('/');
                at.push_str(&escape(name));
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

// ---- rendering

/// The value of a part, or none for an empty optional.
fn render(part: &Part, env: &dyn Env, budget: &mut Budget) -> Res<Option<Value>> {
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
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => {
                budget.charge(bytes_cost(literal.len()), Span::default())?;
                budget.emit(literal.len(), Span::default())?;
                text.push_str(literal);
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
                    Encoding::PathSegment => url_encode(&own),
                };
                budget.charge(bytes_cost(own.len()), span)?;
                budget.emit(own.len(), span)?;
                text.push_str(&own);
            }
        }
    }
    Ok(text)
}
