//! One walk over the tree: every node gets a type, in the environment that holds where it is evaluated.
//!
//! Depth is bounded by the parser (64), so plain recursion is safe.

use std::collections::BTreeMap;

use serde_json::Value;

use super::comprehend::Parts;
use super::env::{Key, TypeEnv};
use super::found::{Checked, Edit, ExprFinding, UntypedRead};
use crate::expr::ast::{Ast, ExprKind, NodeId, VarId};
use crate::expr::display::Show;
use crate::expr::error::Span;
use crate::expr::parse::Pattern;
use crate::expr::{Expr, Fuel, Named, RootName};
use crate::finding::{Code, ResidualKind, Severity};
use crate::types::{Kinds, MAX_TEXT, Segment, Type};

/// A constant path: a root, step or variable, and what is read from it.
#[derive(Debug, Clone)]
pub(super) struct Path {
    pub(super) root: Key,
    pub(super) segments: Vec<Segment>,
}

impl Path {
    pub(super) fn below(mut self, segment: Segment) -> Path {
        self.segments.push(segment);
        self
    }
}

/// What is known about a node.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) ty: Type,
    /// A finding was made about it: nothing that follows from it is said.
    pub(super) unclear: bool,
    /// The untyped read that it is the result of, so that its use can be learnt.
    pub(super) origin: Option<usize>,
    /// The node whose [constant path](super::narrow::path_of) leads to it.
    pub(super) path: Option<NodeId>,
    /// Every value of the type may come.
    pub(super) declared: bool,
    /// The most steps that evaluating it takes.
    pub(super) steps: u64,
}

impl Seen {
    /// Of a type that was computed.
    pub(super) fn of(ty: Type, steps: u64) -> Seen {
        Seen { ty, unclear: false, origin: None, path: None, declared: false, steps }
    }

    pub(super) fn unclear(steps: u64) -> Seen {
        Seen { unclear: true, ..Seen::of(Type::untyped(), steps) }
    }

    /// Whether it is of these kinds and nothing else, as far as is known.
    pub(super) fn is_surely(&self, kinds: Kinds) -> bool {
        let own = self.ty.kinds();
        !self.unclear
            && !own.is_empty()
            && own.within(kinds)
            && !self.ty.is_untyped()
            && self.ty.optional_inner().is_none()
    }

    pub(super) fn declared(self, declared: bool) -> Seen {
        Seen { declared, ..self }
    }
}

/// Where the value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It is the whole of a template or expression: it leaves as JSON, and must be a value.
    Value,
    /// It leaves as the item of a list, and must be a value.
    Item,
    /// It leaves as JSON, and an empty optional is left out.
    Member,
    /// It must be true or false, and goes nowhere.
    Condition,
    /// It becomes part of a text.
    Text,
}

/// Where a variable's values come from.
#[derive(Debug, Clone, Default)]
pub(super) struct Source {
    /// The node whose [constant path](super::narrow::path_of) leads to what is walked.
    pub(super) path: Option<NodeId>,
    pub(super) origin: Option<usize>,
    pub(super) declared: bool,
    /// It stands for the value itself and not for what is in it.
    pub(super) whole: bool,
}

/// The checker of one expression.
pub(super) struct Checker<'a> {
    expr: &'a Expr,
    pub(super) ast: &'a Ast,
    pub(super) patterns: &'a [(NodeId, Pattern)],
    findings: Vec<ExprFinding>,
    /// In the order of their spans, each once.
    residuals: Vec<(ResidualKind, Span)>,
    pub(super) untyped: Vec<UntypedRead>,
    pub(super) sources: BTreeMap<VarId, Source>,
    steps_limit: u64,
    bytes_limit: u64,
    /// What was known before the expression.
    declared: Option<TypeEnv>,
    /// A text or the result may become larger than one evaluation allows.
    too_large: bool,
    /// An operand of the node in hand has no value: it is never reached.
    pub(super) met_nothing: bool,
}

/// What the value of an expression costs when it has been computed.
pub(super) struct Weight {
    pub(super) steps: u64,
    /// `None` where there is no limit.
    pub(super) bytes: Option<u64>,
}

impl Weight {
    /// With that much more.
    pub(super) fn add(&mut self, steps: u64, bytes: Option<u64>) {
        self.steps = self.steps.saturating_add(steps);
        self.bytes = self.bytes.zip(bytes).and_then(|(total, bytes)| total.checked_add(bytes));
    }
}

impl<'a> Checker<'a> {
    pub(super) fn new(expr: &'a Expr) -> Checker<'a> {
        Checker {
            expr,
            ast: &expr.ast,
            patterns: &expr.patterns,
            findings: Vec::new(),
            residuals: Vec::new(),
            untyped: Vec::new(),
            sources: BTreeMap::new(),
            steps_limit: expr.steps,
            bytes_limit: u64::try_from(expr.bytes).unwrap_or(u64::MAX),
            declared: None,
            too_large: false,
            met_nothing: false,
        }
    }

    pub(super) fn check(self, env: &TypeEnv, place: Place) -> Checked {
        self.check_weighed(env, place).0
    }

    /// Also says what the evaluation weighs, so that a template can add it up.
    pub(super) fn check_weighed(mut self, env: &TypeEnv, place: Place) -> (Checked, Weight) {
        let root = self.ast.root();
        self.declared = Some(env.clone());
        let mut seen = self.node(env, root);
        let mut weight = Weight { steps: seen.steps, bytes: Some(0) };
        match place {
            Place::Condition => {
                self.want_bool(&seen, root);
            }
            Place::Text => {
                if let Some(ty) = self.want_text(&seen, root) {
                    weight.bytes = Some(ty.text_bytes()).filter(|bytes| *bytes < MAX_TEXT);
                    seen.ty = ty;
                    seen.declared = false;
                } else {
                    seen = Seen::unclear(seen.steps);
                    weight.bytes = None;
                }
            }
            Place::Value | Place::Item | Place::Member => {
                self.leave(&mut seen, root, place);
                if self.is_shared(place) {
                    // The value itself, without a copy.
                } else {
                    weight.bytes = seen.ty.extent_of_values().bytes;
                }
            }
        }
        let bytes = weight.bytes.unwrap_or(u64::MAX);
        // Each byte of the result is paid for while it is built.
        weight.steps = weight.steps.saturating_add(bytes / 64);
        if self.too_large || weight.steps > self.steps_limit || bytes > self.bytes_limit {
            self.residual(ResidualKind::Size, root);
        }
        self.certain_failure();
        (self.finish(seen), weight)
    }

    /// What reads nothing fails each time or never.
    fn certain_failure(&mut self) {
        let varies = self.ast.nodes().iter().any(|node| node.kind == ExprKind::Now);
        let wrong = self.findings.iter().any(|finding| finding.severity == Severity::Error);
        if self.residuals.is_empty() || wrong || varies || !self.expr.references().is_empty() {
            return;
        }
        if let Err(error) = self.expr.eval(&Named::new(), &mut Fuel::new())
            && !error.is_defect()
        {
            let message = format!("it certainly fails with `{}`: {}", error.code, error.message);
            let finding = ExprFinding::new(Code::WRONG_ARGUMENTS, error.span, message);
            self.find(finding.help("it reads nothing that changes: write what it is meant to give"));
            self.residuals.clear();
        }
    }

    /// Whether the result is what stands in a slot, shared with it.
    fn is_shared(&self, place: Place) -> bool {
        let plain =
            matches!(self.ast.node(self.ast.root()).kind, ExprKind::Reference { optional: false, .. });
        place == Place::Value && plain
    }

    fn finish(mut self, seen: Seen) -> Checked {
        self.findings.sort_by_key(|finding| (finding.span.start, finding.span.end));
        Checked {
            ty: seen.ty,
            declared: seen.declared && !seen.unclear,
            findings: self.findings,
            residuals: self.residuals,
            untyped: self.untyped,
        }
    }

    // ---- saying

    pub(super) fn find(&mut self, finding: ExprFinding) {
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// The environment before any question of this expression taught anything; none while that is being looked at.
    pub(super) fn declared_env(&self) -> Option<&TypeEnv> {
        self.declared.as_ref()
    }

    /// Looks at something without saying anything about it.
    pub(super) fn aside<T>(&mut self, look: impl FnOnce(&mut Self) -> T) -> T {
        let (found, untyped) = (self.findings.len(), self.untyped.len());
        let residuals = self.residuals.clone();
        let declared = self.declared.take();
        let result = look(self);
        self.declared = declared;
        self.findings.truncate(found);
        self.untyped.truncate(untyped);
        self.residuals = residuals;
        result
    }

    pub(super) fn last_found(&mut self) -> Option<&mut ExprFinding> {
        self.findings.last_mut()
    }

    /// How much was found so far.
    pub(super) fn found(&self) -> usize {
        self.findings.len()
    }

    /// Says how to mend that `id` may be absent, if that was all that was found since `before`. Whether it was.
    pub(super) fn mend_absent(&mut self, before: usize, id: NodeId, edit: Edit) -> bool {
        let span = self.span(id);
        if let Some([only]) = self.findings.get_mut(before..)
            && only.code == Code::MAYBE_ABSENT
            && only.span == span
        {
            only.edit = Some(edit);
            return true;
        }
        false
    }

    pub(super) fn residual(&mut self, kind: ResidualKind, id: NodeId) {
        let span = self.ast.span(id);
        if let Err(at) = self.residuals.binary_search_by_key(&(span, kind), |(kind, span)| (*span, *kind)) {
            self.residuals.insert(at, (kind, span));
        }
    }

    pub(super) fn span(&self, id: NodeId) -> Span {
        self.ast.span(id)
    }

    /// The text of a node, short enough for a sentence, in marks.
    pub(super) fn show(&self, id: NodeId) -> String {
        const MOST: usize = 60;
        let text = Show { ast: self.ast, id }.to_string();
        match text.char_indices().nth(MOST) {
            Some((cut, _)) => format!("`{}…`", text.get(..cut).unwrap_or("")),
            None => format!("`{text}`"),
        }
    }

    /// The whole text of a node.
    pub(super) fn text(&self, id: NodeId) -> String {
        Show { ast: self.ast, id }.to_string()
    }

    /// A computed text of the type: may it be larger than a text may be?
    pub(super) fn made_text(&mut self, ty: &Type) {
        let bytes = ty.text_length().and_then(|(_, most)| most).map(|most| most.saturating_mul(4));
        self.too_large |= bytes.is_none_or(|bytes| bytes > self.bytes_limit);
    }

    // ---- nodes

    /// The literal of a node, if it is one.
    pub(super) fn literal(&self, id: NodeId) -> Option<Value> {
        Some(match &self.ast.node(id).kind {
            ExprKind::Null => Value::Null,
            ExprKind::Bool(truth) => Value::Bool(*truth),
            ExprKind::Number(number) => Value::Number(number.to_number()),
            ExprKind::Text(text) => Value::String(text.to_string()),
            _ => return None,
        })
    }

    pub(super) fn node(&mut self, env: &TypeEnv, id: NodeId) -> Seen {
        let around = std::mem::replace(&mut self.met_nothing, false);
        let mut seen = self.alone(env, id);
        // What needs all of its operands is reached no more than they are. A macro over nothing has a result.
        let strict = matches!(
            self.ast.node(id).kind,
            ExprKind::Call { .. }
                | ExprKind::Index { .. }
                | ExprKind::Select { .. }
                | ExprKind::Unary { .. }
                | ExprKind::Arithmetic { .. }
                | ExprKind::Compare { .. }
        );
        if self.met_nothing && strict && seen.unclear && seen.origin.is_none() {
            seen = Seen::of(Type::never(), seen.steps);
        }
        self.met_nothing = around;
        seen
    }

    fn alone(&mut self, env: &TypeEnv, id: NodeId) -> Seen {
        let ast = self.ast;
        let mut seen = match &ast.node(id).kind {
            ExprKind::Text(text) => Seen::of(Type::texts([&**text]), 0).declared(true),
            ExprKind::Null => Seen::of(Type::null(), 0).declared(true),
            ExprKind::Bool(truth) => Seen::of(Type::of_value(&Value::Bool(*truth)), 0).declared(true),
            ExprKind::Number(number) => {
                Seen::of(Type::of_value(&Value::Number(number.to_number())), 0).declared(true)
            }
            // As a text it is one of few.
            ExprKind::Now => Seen::of(Type::timestamp(), 0),
            ExprKind::Reference { reference, optional } => {
                let name: &RootName = ast.reference(*reference).name();
                self.reference(env, id, name, *optional)
            }
            ExprKind::Variable(variable) => self.variable(env, *variable, id),
            ExprKind::Select { base, member, optional } => self.select(env, id, *base, member, *optional),
            ExprKind::Index { base, key, optional } => self.index(env, id, *base, *key, *optional),
            ExprKind::Call { function, args, .. } => self.call(env, id, *function, args),
            ExprKind::List(elements) => self.list(env, elements),
            ExprKind::Map(entries) => self.map(env, entries),
            ExprKind::Unary { op, operand } => self.unary(env, id, *op, *operand),
            ExprKind::Arithmetic { first, rest } => self.arithmetic(env, id, *first, rest),
            ExprKind::Compare { op, left, right } => self.compare(env, id, *op, *left, *right),
            ExprKind::Logic { op, operands } => self.logic(env, *op, operands),
            ExprKind::Ternary { condition, then, otherwise } => {
                self.ternary(env, *condition, *then, *otherwise)
            }
            ExprKind::Has(operand) => self.has(env, id, *operand),
            ExprKind::Macro { kind, range, variable, second, filter, body } => {
                let parts = Parts { variable: *variable, second: *second, filter: *filter, body: *body };
                self.comprehend(env, *kind, *range, parts)
            }
        };
        seen.steps = seen.steps.saturating_add(1);
        seen
    }
}
