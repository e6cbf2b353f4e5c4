//! The evaluator: walks the tree over borrowed JSON.
//!
//! Depth is bounded by the parser (64), so plain recursion is safe; chains of operators are loops. Every node
//! costs a step, every copied text a step for each 64 bytes, and whatever walks a list a step for each member: the
//! count of steps bounds time and memory alike, and is the same on every machine.

mod call;
mod call_list;
mod call_number;
mod call_text;
mod comprehend;
mod format;
mod operate;
mod read;
pub(crate) mod budget;
pub(crate) mod compare;
pub(crate) mod leave;
pub(crate) mod text;
pub(crate) mod value;

use std::rc::Rc;

use budget::{Budget, bytes_cost};
use comprehend::Parts;
use value::Val;

use crate::expr::MACRO_DEPTH;
use crate::expr::ast::{Ast, ExprKind, NodeId, UnaryOp, VarId};
use crate::expr::env::Env;
use crate::expr::error::{EvalError, Span};
use crate::expr::number::{Num, NumError};
use crate::expr::parse::Pattern;
use crate::expr::time::Duration;
use crate::planted::{Bug, planted};

/// What a step of the evaluation gives. The error is boxed: it is rare, and the way back is hot.
pub(crate) type Res<T> = Result<T, Box<EvalError>>;

/// One evaluation of one expression.
pub(crate) struct Run<'a, 'b> {
    pub(crate) ast: &'a Ast,
    pub(crate) patterns: &'a [(NodeId, Pattern)],
    pub(crate) env: &'a dyn Env,
    pub(crate) budget: &'b mut Budget,
    /// The variables of the enclosing macros, by depth, two for each.
    locals: [Val<'a>; 2 * MACRO_DEPTH],
}

impl<'a, 'b> Run<'a, 'b> {
    pub(crate) fn new(
        ast: &'a Ast,
        patterns: &'a [(NodeId, Pattern)],
        env: &'a dyn Env,
        budget: &'b mut Budget,
    ) -> Run<'a, 'b> {
        Run { ast, patterns, env, budget, locals: [const { Val::Null }; 2 * MACRO_DEPTH] }
    }

    // ---- failing

    pub(crate) fn span(&self, id: NodeId) -> Span {
        self.ast.span(id)
    }

    #[cold]
    pub(crate) fn fail<T>(&self, code: &'static str, id: NodeId, message: impl Into<String>) -> Res<T> {
        Err(Box::new(EvalError::new(code, self.span(id), message)))
    }

    #[cold]
    pub(crate) fn defect<T>(&self, id: NodeId, message: impl Into<String>) -> Res<T> {
        self.fail(EvalError::DEFECT, id, message)
    }

    /// The text of a node, short enough for a message.
    #[cold]
    pub(crate) fn show(&self, id: NodeId) -> String {
        const MOST: usize = 80;
        let text = crate::expr::display::Show { ast: self.ast, id }.to_string();
        match text.char_indices().nth(MOST) {
            Some((cut, _)) => format!("`{}…`", &text[..cut]),
            None => format!("`{text}`"),
        }
    }

    /// Arithmetic of `id` that has no result.
    #[cold]
    pub(crate) fn number_failure<T>(&self, error: NumError, id: NodeId) -> Res<T> {
        match error {
            NumError::Overflow => {
                self.fail("data.overflow", id, "the result is outside the range of numbers")
            }
            NumError::Division => self.fail("data.division", id, "the divisor is zero"),
        }
    }

    // ---- spending

    #[inline]
    pub(crate) fn charge(&mut self, steps: u64, id: NodeId) -> Res<()> {
        if self.budget.spend(steps) { Ok(()) } else { Err(self.budget.too_long(self.span(id))) }
    }

    /// A computed text, paid for.
    pub(crate) fn text(&mut self, text: String, id: NodeId) -> Res<Val<'a>> {
        self.budget.text(text.len(), self.span(id))?;
        self.charge(bytes_cost(text.len()), id)?;
        Ok(Val::Text(Rc::new(text)))
    }

    // ---- nodes

    /// The value of a node.
    pub(crate) fn eval(&mut self, id: NodeId) -> Res<Val<'a>> {
        self.charge(1, id)?;
        let ast = self.ast;
        match &ast.node(id).kind {
            ExprKind::Null => Ok(Val::Null),
            ExprKind::Bool(b) => Ok(Val::Bool(*b)),
            ExprKind::Number(n) => Ok(Val::Num(*n)),
            ExprKind::Text(text) => Ok(Val::Str(text)),
            ExprKind::Now => Ok(Val::Timestamp(self.env.now())),
            ExprKind::Reference { reference, optional } => {
                let reference = ast.reference(*reference);
                match (self.env.read(reference), optional) {
                    (Some(value), false) => Ok(Val::of(value)),
                    (Some(value), true) => Ok(Val::some(Val::of(value))),
                    (None, true) => Ok(Val::none()),
                    (None, false) => {
                        self.defect(id, format!("`{}` has no value here", reference.name().text()))
                    }
                }
            }
            ExprKind::Variable(variable) => Ok(self.local(*variable).clone()),
            ExprKind::Select { base, member, optional } => {
                if let ExprKind::Variable(variable) = &ast.node(*base).kind {
                    // In place: a member is read far more often than its variable is passed on.
                    self.charge(1, *base)?;
                    let value = &self.locals[slot(ast, *variable)];
                    return self.select(value, member, *optional, id, *base);
                }
                let value = self.eval(*base)?;
                self.select(&value, member, *optional, id, *base)
            }
            ExprKind::Index { base, key, optional } => {
                let value = self.eval(*base)?;
                let key_value = self.eval(*key)?;
                self.index(&value, &key_value, *optional, id, *base)
            }
            ExprKind::Call { function, args, .. } => self.call(*function, args, id),
            ExprKind::List(elements) => self.list(elements),
            ExprKind::Map(entries) => self.map(entries),
            ExprKind::Unary { op, operand } => {
                let value = self.eval(*operand)?;
                match (op, &value) {
                    (UnaryOp::Not, Val::Bool(b)) => Ok(Val::Bool(!b)),
                    (UnaryOp::Negate, Val::Num(n)) => match n.negate() {
                        Ok(n) => Ok(Val::Num(n)),
                        Err(error) => self.number_failure(error, id),
                    },
                    // A duration's range is the same either way.
                    (UnaryOp::Negate, Val::Duration(d)) => {
                        Ok(Val::Duration(Duration::from_millis(-d.millis()).unwrap_or(*d)))
                    }
                    (UnaryOp::Not, _) => self.wrong(*operand, &value, "true or false"),
                    (UnaryOp::Negate, _) => self.wrong(*operand, &value, "a number or a duration"),
                }
            }
            ExprKind::Arithmetic { first, rest } => {
                let mut value = self.eval(*first)?;
                for (op, operand) in rest {
                    let right = self.eval(*operand)?;
                    value = self.arithmetic(*op, value, right, id)?;
                }
                Ok(value)
            }
            ExprKind::Compare { op, left, right } => {
                let a = self.eval(*left)?;
                let b = self.eval(*right)?;
                self.compare(*op, &a, &b, id).map(Val::Bool)
            }
            ExprKind::Logic { op, operands } => self.logic(*op, operands),
            ExprKind::Ternary { condition, then, otherwise } => {
                let answer = self.condition(*condition)? != planted(Bug::OtherSideOfConditional);
                let chosen = if answer { *then } else { *otherwise };
                self.eval(chosen)
            }
            ExprKind::Has(operand) => self.has(*operand).map(Val::Bool),
            ExprKind::Macro { kind, range, variable, second, filter, body } => {
                let parts = Parts { variable: *variable, second: *second, filter: *filter, body: *body };
                self.comprehend(*kind, *range, parts, id)
            }
        }
    }

    fn local(&mut self, variable: VarId) -> &mut Val<'a> {
        &mut self.locals[slot(self.ast, variable)]
    }

    /// A value that must be true or false.
    pub(crate) fn condition(&mut self, id: NodeId) -> Res<bool> {
        match self.eval(id)? {
            Val::Bool(b) => Ok(b),
            other => self.wrong(id, &other, "true or false"),
        }
    }

    /// The value of a node is of the wrong kind.
    #[cold]
    pub(crate) fn wrong<T>(&self, id: NodeId, value: &Val<'a>, wanted: &str) -> Res<T> {
        self.defect(id, format!("{} is {}, wanted is {wanted}", self.show(id), value.kind().phrase()))
    }

    /// A number that a function made, or why there is none.
    pub(crate) fn number(&self, result: Result<Num, NumError>, id: NodeId) -> Res<Val<'a>> {
        match result {
            Ok(n) => Ok(Val::Num(n)),
            Err(error) => self.number_failure(error, id),
        }
    }
}

/// The place of a variable among the locals.
fn slot(ast: &Ast, variable: VarId) -> usize {
    let variable = ast.variable(variable);
    // The parser refuses more than MACRO_DEPTH levels; the remainder only spares a panic.
    2 * (variable.depth() % MACRO_DEPTH) + usize::from(variable.is_second())
}

/// A text of the outside, short enough for a message.
pub(crate) fn cut(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
