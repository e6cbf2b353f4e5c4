//! Templates and conditions, bound to slots.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::Slot;
use super::build::invalid;
use crate::error::Error;
use crate::expr::{self, Env, EvalError, Fuel, Limits, RootName};
use crate::workflow;

/// A JSON template, bound to slots.
#[derive(Debug)]
pub(crate) struct Template(expr::Template);

/// A question, bound to slots.
#[derive(Debug)]
pub(crate) enum Condition {
    /// It was written `true` or `false`.
    Constant(bool),
    /// It is computed.
    Computed(Box<expr::Expr>),
}

/// Where names lead in one place of the document, and what was read there.
pub(super) struct Names<'a> {
    /// Where a name leads; nothing where it leads nowhere.
    pub(super) find: &'a dyn Fn(&RootName) -> Option<Source>,
    /// The steps whose values were read.
    pub(super) reads: &'a mut BTreeSet<u32>,
}

/// Where a name leads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source {
    pub(super) slot: Slot,
    /// The step whose value it is; none for a root.
    pub(super) maker: Option<u32>,
}

impl Names<'_> {
    fn bind(&mut self, name: &RootName, unknown: &mut Option<String>) -> Option<Slot> {
        match (self.find)(name) {
            Some(source) => {
                self.reads.extend(source.maker);
                Some(source.slot)
            }
            None => {
                unknown.get_or_insert_with(|| name.text());
                None
            }
        }
    }

    fn known(unknown: Option<String>) -> Result<(), Error> {
        match unknown {
            None => Ok(()),
            Some(name) => Err(invalid(format!("`{name}` is not known where it is read"))),
        }
    }
}

impl Template {
    pub(super) fn compile(template: &workflow::Template, names: &mut Names<'_>) -> Result<Template, Error> {
        Template::of(&template.0, names)
    }

    pub(super) fn of(template: &Value, names: &mut Names<'_>) -> Result<Template, Error> {
        let mut template = expr::Template::parse(template, &Limits::default())
            .map_err(|errors| invalid(errors.first().map_or(String::new(), ToString::to_string)))?;
        let mut unknown = None;
        template.bind(&mut |name| names.bind(name, &mut unknown));
        Names::known(unknown)?;
        Ok(Template(template))
    }

    /// Has each `${ … }` at a pointer encoded for the place that it stands in.
    pub(super) fn encode(&mut self, pointer: &str, encoding: expr::Encoding) {
        // False where nothing is computed there: then nothing needs to be encoded.
        self.0.encode(pointer, encoding);
    }

    /// Whether one of its expressions reads a slot.
    pub(super) fn reads(&self, slot: Slot) -> bool {
        let reads = |expr: &expr::Expr| expr.references().iter().any(|read| read.slot() == Some(slot));
        self.0.expressions().into_iter().any(reads)
    }

    /// As [`expr::Template::take`].
    pub(super) fn take(&mut self, may: &dyn Fn(Slot) -> bool) -> Box<[expr::Taken]> {
        self.0.take(may)
    }

    /// As [`expr::Template::render_but_taken`].
    pub(crate) fn render_but_taken(&self, env: &dyn Env, fuel: &mut Fuel) -> Result<Value, EvalError> {
        self.0.render_but_taken(env, fuel)
    }

    pub(crate) fn render(&self, env: &dyn Env, fuel: &mut Fuel) -> Result<Arc<Value>, EvalError> {
        self.0.render(env, fuel)
    }
}

impl Condition {
    pub(super) fn compile(
        expression: &workflow::Expression,
        names: &mut Names<'_>,
    ) -> Result<Condition, Error> {
        let source = match &expression.0 {
            Value::Bool(answer) => return Ok(Condition::Constant(*answer)),
            Value::String(source) => source,
            _ => return Err(invalid("a condition is neither true, false nor an expression")),
        };
        let mut compiled = expr::marked(source, &Limits::default())
            .map_err(|errors| invalid(errors.first().map_or(String::new(), ToString::to_string)))?;
        let mut unknown = None;
        compiled.bind(&mut |name| names.bind(name, &mut unknown));
        Names::known(unknown)?;
        Ok(Condition::Computed(Box::new(compiled)))
    }

    pub(crate) fn holds(&self, env: &dyn Env, fuel: &mut Fuel) -> Result<bool, EvalError> {
        match self {
            Condition::Constant(answer) => Ok(*answer),
            Condition::Computed(expression) => expression.eval_bool(env, fuel),
        }
    }
}
