//! The expression language: CEL with one JSON number type, evaluated straight on borrowed JSON.
//!
//! ```
//! use flov7::expr::{Fuel, Limits, Named, Template, parse};
//! use serde_json::json;
//!
//! let env = Named::new().with_root("input", json!({"lines": [{"n": 2, "price": 9.5}, {"n": 1, "price": 1}]}));
//! let mut fuel = Fuel::new();
//!
//! let total = parse("input.lines.map(l, l.n * l.price).sum()", &Limits::default()).unwrap();
//! assert_eq!(total.eval(&env, &mut fuel).unwrap(), json!(20));
//!
//! let template = json!({"total": "${ input.lines[0].price }", "text": "for ${ size(input.lines) } lines"});
//! let template = Template::parse(&template, &Limits::default()).unwrap();
//! assert_eq!(*template.render(&env, &mut fuel).unwrap(), json!({"total": 9.5, "text": "for 2 lines"}));
//! ```
//!
//! **Compiling.** [`parse`] reads one expression, [`marked`] one that stands in `${ … }`, [`Template::parse`] any JSON
//! whose strings may hold them. What an expression reads is listed by [`Expr::references`]; [`Expr::bind`] gives each
//! reference a slot, after which an [`Env`] answers by index:
//!
//! ```
//! use flov7::expr::{Env, Fuel, Limits, Reference, RootName, Timestamp, parse};
//! use serde_json::{Value, json};
//!
//! struct Slots(Vec<Option<Value>>);
//! impl Env for Slots {
//!     fn read(&self, reference: &Reference) -> Option<&Value> {
//!         self.0.get(reference.slot()? as usize)?.as_ref()
//!     }
//!     fn now(&self) -> Timestamp {
//!         Timestamp::read("2026-11-22T08:30:00Z").unwrap()
//!     }
//! }
//!
//! let mut late = parse("has(steps.paid) ? false : now > timestamp(input.due)", &Limits::default()).unwrap();
//! late.bind(&mut |name| match name {
//!     RootName::Root(root) if &**root == "input" => Some(0),
//!     RootName::Step(id) if &**id == "paid" => Some(1),
//!     _ => None,
//! });
//! let env = Slots(vec![Some(json!({"due": "2026-11-21T00:00:00Z"})), None]);
//! assert!(late.eval_bool(&env, &mut Fuel::new()).unwrap());
//! ```
//!
//! **Departures from CEL** (RULES 2): one number type; `/` is true division; texts, lists and maps with text keys only,
//! no bytes; maps are walked in sorted order; `type(x)` is a text; times in whole milliseconds, without zones;
//! `a["b"]` is `a.b`, so that `has(a["b-c"])` works. `docs/guide/expressions.md` lists every function with an example,
//! and counts the cases of the CEL specification that pass and that depart.
//!
//! **Limits.** Source 8 KiB, 1,000 nodes, depth 64, macros 4 deep; an evaluation takes at most 100,000 steps and makes
//! at most 1 MiB, else `data.size`. All are settable downwards by [`Limits`].

mod ast;
mod check;
mod display;
mod env;
mod error;
mod format;
mod functions;
mod macros;
mod names;
mod number;
mod parse;
mod run;
mod template;
mod time;
mod walk;

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use parse::Pattern;
use run::budget::Budget;
use run::{Res, Run};

pub use ast::{
    ArithmeticOp, Ast, CompareOp, Element, Entry, ExprKind, Form, LogicOp, Node, NodeId, RefId, Reference,
    RootName, UnaryOp, Use, UseKind, VarId, Variable,
};
pub use check::{
    Checked, Edit, ExprFinding, PlacedFinding, StepType, TemplateChecked, Truth, TypeEnv, UntypedRead,
};
pub(crate) use check::{Given, check_plain, is_plain_mark};
pub use env::{Env, Fuel, Named};
pub use error::{EvalError, ExprError, Span};
pub use functions::{Forms, Function, NAMESPACES, Signature};
pub use macros::MacroKind;
pub use names::{ROOTS, is_reserved};
pub use number::Num;
pub(crate) use run::text::{base64_bytes, base64_encode};
pub(crate) use template::Taken;
pub use template::{Encoding, Part, Piece, Place, Template, TemplateError, marked};
pub(crate) use template::{has_mark, pieces};
pub use time::{Civil, Duration, TimeError, Timestamp, read_offset};

/// How deep macros may nest at most, whatever the limits say.
const MACRO_DEPTH: usize = 4;

/// The limits of format 1, for compiling and for evaluating. A host may set them downwards: `with_*` takes the smaller
/// of what is there and what is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The bytes of one expression: 8 KiB.
    pub(crate) source_bytes: usize,
    /// The nodes of one expression: 1,000.
    pub(crate) nodes: usize,
    /// How deep an expression nests: 64.
    pub(crate) depth: usize,
    /// How deep macros nest: 4.
    pub(crate) macros: usize,
    /// The steps of one evaluation: 100,000.
    pub(crate) steps: u64,
    /// The bytes that one evaluation makes: 1 MiB.
    pub(crate) result_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            source_bytes: 8 << 10,
            nodes: 1_000,
            depth: 64,
            macros: MACRO_DEPTH,
            steps: 100_000,
            result_bytes: 1 << 20,
        }
    }
}

impl Limits {
    /// At most that many bytes of source.
    #[must_use]
    pub fn with_source_bytes(mut self, bytes: usize) -> Limits {
        self.source_bytes = self.source_bytes.min(bytes);
        self
    }

    /// At most that many nodes.
    #[must_use]
    pub fn with_nodes(mut self, nodes: usize) -> Limits {
        self.nodes = self.nodes.min(nodes);
        self
    }

    /// At most that deep.
    #[must_use]
    pub fn with_depth(mut self, depth: usize) -> Limits {
        self.depth = self.depth.min(depth);
        self
    }

    /// Macros at most that deep.
    #[must_use]
    pub fn with_macros(mut self, macros: usize) -> Limits {
        self.macros = self.macros.min(macros);
        self
    }

    /// At most that many steps of one evaluation.
    #[must_use]
    pub fn with_steps(mut self, steps: u64) -> Limits {
        self.steps = self.steps.min(steps);
        self
    }

    /// At most that many bytes made by one evaluation.
    #[must_use]
    pub fn with_result_bytes(mut self, bytes: usize) -> Limits {
        self.result_bytes = self.result_bytes.min(bytes);
        self
    }
}

/// One compiled expression.
///
/// Its [`Display`](fmt::Display) is the expression in one canonical spelling, without marks: `steps.total > 500`.
#[derive(Debug, Clone)]
pub struct Expr {
    ast: Ast,
    patterns: Vec<(NodeId, Pattern)>,
    steps: u64,
    bytes: usize,
    /// Whether its value is moved to where its template has it, and not copied.
    taken: bool,
}

/// Compiles one expression, without marks around it.
///
/// # Errors
/// All faults found; a fault of the grammar ends the search. Codes: see [`ExprError::code`].
pub fn parse(source: &str, limits: &Limits) -> Result<Expr, Vec<ExprError>> {
    Expr::parse_at(source, 0, limits)
}

impl Expr {
    /// Compiles an expression whose first byte stands at `offset` of the text that spans refer to.
    pub(crate) fn parse_at(source: &str, offset: usize, limits: &Limits) -> Result<Expr, Vec<ExprError>> {
        let limits = Limits { macros: limits.macros.min(MACRO_DEPTH), ..*limits };
        let parsed = parse::parse(source, offset, &limits)?;
        Ok(Expr {
            ast: parsed.ast,
            patterns: parsed.patterns,
            steps: limits.steps,
            bytes: limits.result_bytes,
            taken: false,
        })
    }

    /// Its tree.
    #[must_use]
    pub fn ast(&self) -> &Ast {
        &self.ast
    }

    /// The distinct roots and steps that it reads, with every place, in order of first use.
    #[must_use]
    pub fn references(&self) -> &[Reference] {
        &self.ast.references
    }

    /// Gives each reference the slot that `slot` answers; `None` leaves it unbound, and an [`Env`] that answers by
    /// slot then has no value for it.
    pub fn bind(&mut self, slot: &mut dyn FnMut(&RootName) -> Option<u32>) {
        for reference in &mut self.ast.references {
            reference.slot = slot(&reference.name);
        }
    }

    /// Its value as JSON.
    ///
    /// # Errors
    /// A `data.*` failure, or a defect that checking rules out. An optional as the whole value is a defect.
    pub fn eval(&self, env: &dyn Env, fuel: &mut Fuel) -> Result<Value, EvalError> {
        let mut budget = self.budget();
        let result = self.eval_in(env, &mut budget);
        fuel.spend(budget.spent());
        result.map_err(|error| *error)
    }

    /// Its value, shared with `env` where it is nothing but a reference.
    ///
    /// # Errors
    /// As [`Expr::eval`].
    pub fn eval_shared(&self, env: &dyn Env, fuel: &mut Fuel) -> Result<Arc<Value>, EvalError> {
        if let Some(shared) = self.share(env) {
            fuel.spend(1);
            return Ok(shared);
        }
        self.eval(env, fuel).map(Arc::new)
    }

    /// Whether it holds. Allocates nothing where it only reads and compares.
    ///
    /// # Errors
    /// As [`Expr::eval`]; a value that is not true or false is a defect.
    pub fn eval_bool(&self, env: &dyn Env, fuel: &mut Fuel) -> Result<bool, EvalError> {
        let mut budget = self.budget();
        let result = self.run(env, &mut budget).condition(self.ast.root);
        fuel.spend(budget.spent());
        result.map_err(|error| *error)
    }

    fn budget(&self) -> Budget {
        Budget::new(self.steps, self.bytes)
    }

    fn run<'a, 'b>(&'a self, env: &'a dyn Env, budget: &'b mut Budget) -> Run<'a, 'b> {
        Run::new(&self.ast, &self.patterns, env, budget)
    }

    fn eval_in(&self, env: &dyn Env, budget: &mut Budget) -> Res<Value> {
        let mut run = self.run(env, budget);
        let value = run.eval(self.ast.root)?;
        run.leave(value, self.ast.span(self.ast.root))
    }

    /// The value that it is without a copy, if it is only a reference.
    fn share(&self, env: &dyn Env) -> Option<Arc<Value>> {
        match &self.ast.node(self.ast.root).kind {
            ExprKind::Reference { reference, optional: false } => env.share(self.ast.reference(*reference)),
            _ => None,
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        display::Show { ast: &self.ast, id: self.ast.root }.fmt(f)
    }
}
