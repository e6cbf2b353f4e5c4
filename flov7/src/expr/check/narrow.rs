//! What a test says about the paths that it asks about.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Number, Value};

use super::env::{Key, StepType, TypeEnv};
use super::walk::Path;
use crate::expr::ast::{Ast, CompareOp, ExprKind, LogicOp, NodeId, UnaryOp};
use crate::expr::functions::Function;
use crate::planted::{Bug, planted};
use crate::types::{Kind, Kinds, Limit, Segment, Type};

/// How a condition turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    True,
    /// It was evaluated and does not hold.
    False,
}

impl Truth {
    fn flipped(self) -> Truth {
        match self {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
        }
    }
}

/// The environment once the node has turned out true or false.
pub(super) fn narrow(ast: &Ast, id: NodeId, env: &TypeEnv, truth: Truth) -> TypeEnv {
    narrow_where_reached(ast, id, env, truth).0
}

/// As [`narrow`], and whether the node can turn out so: not where what it asks about has no value left.
pub(super) fn narrow_where_reached(ast: &Ast, id: NodeId, env: &TypeEnv, truth: Truth) -> (TypeEnv, bool) {
    let facts = Facts::of(ast, id, env, &|_| None, truth);
    let reached = !facts.contradicted;
    (facts.over(env), reached)
}

/// As [`narrow`], over what questions before have taught. Where this question contradicts them nobody gets; what is said
/// about that place is still to make sense, so there it counts on top of what is `declared`. With the keys of which
/// something was so taken back.
pub(super) fn narrow_over_declared(
    ast: &Ast,
    env: &TypeEnv,
    declared: &dyn Fn(&Key) -> Option<StepType>,
    truth: Truth,
) -> (TypeEnv, Vec<Key>) {
    let mut facts = Facts::of(ast, ast.root(), env, declared, truth);
    let anew = std::mem::take(&mut facts.anew);
    (facts.over(env), anew)
}

/// What was learnt so far, over an environment.
struct Facts<'a> {
    ast: &'a Ast,
    env: &'a TypeEnv,
    declared: &'a dyn Fn(&Key) -> Option<StepType>,
    changed: BTreeMap<Key, StepType>,
    /// No value is left of something that had some.
    contradicted: bool,
    /// Of these something was taken back.
    anew: Vec<Key>,
}

impl<'a> Facts<'a> {
    fn of(
        ast: &'a Ast,
        id: NodeId,
        env: &'a TypeEnv,
        declared: &'a dyn Fn(&Key) -> Option<StepType>,
        truth: Truth,
    ) -> Facts<'a> {
        let mut facts =
            Facts { ast, env, declared, changed: BTreeMap::new(), contradicted: false, anew: Vec::new() };
        facts.learn(id, truth);
        facts
    }

    fn over(self, env: &TypeEnv) -> TypeEnv {
        self.changed.into_iter().fold(env.clone(), |env, (key, entry)| env.with(key, entry))
    }

    fn learn(&mut self, id: NodeId, truth: Truth) {
        let ast = self.ast;
        match &ast.node(id).kind {
            ExprKind::Unary { op: UnaryOp::Not, operand } if planted(Bug::NarrowIgnoresNot) => {
                self.learn(*operand, truth)
            }
            ExprKind::Unary { op: UnaryOp::Not, operand } => self.learn(*operand, truth.flipped()),
            ExprKind::Logic { op, operands } => {
                // All hold (or all fail), or only some of them do.
                if (*op == LogicOp::And) == (truth == Truth::True) || planted(Bug::NarrowOrLikeAnd) {
                    operands.iter().for_each(|operand| self.learn(*operand, truth));
                } else {
                    let cases = operands.iter().map(|operand| vec![(*operand, truth)]);
                    self.one_of(cases.collect());
                }
            }
            ExprKind::Ternary { condition, then, otherwise } => self.one_of(vec![
                vec![(*condition, Truth::True), (*then, truth)],
                vec![(*condition, Truth::False), (*otherwise, truth)],
            ]),
            ExprKind::Has(operand) => self.has(*operand, truth),
            ExprKind::Compare { op, left, right } => self.compare(*op, *left, *right, truth),
            ExprKind::Reference { .. }
            | ExprKind::Variable(_)
            | ExprKind::Select { .. }
            | ExprKind::Index { .. } => {
                let answer = Value::Bool(truth == Truth::True);
                self.refine(id, &|ty| ty.intersect(&Type::of_value(&answer)));
            }
            _ => {}
        }
    }

    /// One of several cases holds, and it is not known which: what is learnt is what all of them say.
    fn one_of(&mut self, cases: Vec<Vec<(NodeId, Truth)>>) {
        let mut joined: Option<BTreeMap<Key, StepType>> = None;
        for case in cases {
            // That one case cannot be says nothing of the others.
            let mut facts =
                Facts { changed: self.changed.clone(), contradicted: false, anew: Vec::new(), ..*self };
            for (id, truth) in case {
                facts.learn(id, truth);
            }
            joined = Some(match joined {
                None => facts.changed,
                Some(before) => self.joined(before, facts.changed),
            });
        }
        if let Some(joined) = joined {
            self.changed = joined;
        }
    }

    fn joined(&self, a: BTreeMap<Key, StepType>, b: BTreeMap<Key, StepType>) -> BTreeMap<Key, StepType> {
        let mut both = BTreeMap::new();
        for (key, one) in a {
            if let Some(other) = b.get(&key)
                && let Some(entry) = either(&one, other)
            {
                both.insert(key, entry);
            } else if let Some(before) = self.changed.get(&key) {
                both.insert(key, before.clone());
            }
        }
        // Learnt before the cases, and by one of them only: what was known before still holds.
        for (key, before) in &self.changed {
            both.entry(key.clone()).or_insert_with(|| before.clone());
        }
        both
    }

    fn entry(&self, key: &Key) -> Option<StepType> {
        if let Some(entry) = self.changed.get(key) {
            return Some(entry.clone());
        }
        self.env.get(key).cloned()
    }

    /// What a path says once `change` has been made to what stands there. The node is a constant path and was read.
    fn refine(&mut self, id: NodeId, change: &dyn Fn(&Type) -> Type) {
        if let Some(path) = path_of(self.ast, id) {
            self.refine_path(&path, change);
        }
    }

    fn refine_path(&mut self, path: &Path, change: &dyn Fn(&Type) -> Type) {
        self.learn_at(path, change, true);
    }

    /// What a path says once it is known that what stands there has no such member. That is no help to who reads it, so
    /// that nothing is taken back for it.
    fn rule_out(&mut self, path: &Path, member: &str) {
        self.learn_at(path, &|ty| ty.without_member(member), false);
    }

    /// Makes `change` to what stands at a path. Where it contradicts what was learnt, that may be taken back.
    fn learn_at(&mut self, path: &Path, change: &dyn Fn(&Type) -> Type, takes_back: bool) {
        let Some(StepType::Done(ty) | StepType::MaybeAbsent(ty)) = self.entry(&path.root) else { return };
        let refined = ty.refine(&path.segments, change);
        // Of a type without values nothing is said; that it is there can be learnt all the same.
        if !refined.is_never() || ty.is_never() {
            self.changed.insert(path.root.clone(), StepType::Done(refined));
            return;
        }
        // This is never reached, and an empty type would only confuse what is said about it.
        self.contradicted = true;
        if takes_back && let Some(anew) = self.anew(path, &ty, change) {
            self.anew.push(path.root.clone());
            self.changed.insert(path.root.clone(), StepType::Done(anew));
        }
    }

    /// What a path says where `change` contradicts what was learnt of it: that alone is taken back.
    fn anew(&self, path: &Path, ty: &Type, change: &dyn Fn(&Type) -> Type) -> Option<Type> {
        let (StepType::Done(declared) | StepType::MaybeAbsent(declared)) = (self.declared)(&path.root)?
        else {
            return None;
        };
        let there = change(&declared.at(&path.segments)?.0);
        // Not even what is declared allows it: nobody gets there, and nothing is said about it.
        if there.is_never() {
            return Some(there);
        }
        // That nothing is there is no help to who reads it.
        if there.kinds().within(Kinds::only(Kind::Null)) {
            return None;
        }
        let kept = ty.refine(&path.segments, &|_| there.clone());
        let anew = if kept.is_never() { declared.refine(&path.segments, change) } else { kept };
        (!anew.is_never()).then_some(anew)
    }

    fn has(&mut self, operand: NodeId, truth: Truth) {
        match (&self.ast.node(operand).kind, truth) {
            (ExprKind::Reference { .. }, Truth::True) => {
                // Reading it is what `refine` records: the step is there.
                if let Some(path) = path_of_optional(self.ast, operand) {
                    self.refine_path(&path, &Type::clone);
                }
            }
            (ExprKind::Select { base, member, .. }, Truth::True) => {
                if let Some(path) = path_of_optional(self.ast, *base) {
                    self.refine_path(&path.below(Segment::Member(Arc::clone(member))), &Type::clone);
                }
            }
            (ExprKind::Select { base, member, .. }, Truth::False) => {
                // Through an optional the answer may also be no because that is empty.
                if let Some(path) = path_of(self.ast, *base) {
                    self.rule_out(&path, member);
                }
            }
            _ => {}
        }
    }

    fn compare(&mut self, op: CompareOp, left: NodeId, right: NodeId, truth: Truth) {
        let op = if truth == Truth::True || planted(Bug::NarrowIgnoresAnswer) { op } else { opposite(op) };
        match op {
            CompareOp::Equal | CompareOp::NotEqual => {
                self.equal(left, right, op == CompareOp::Equal);
                self.equal(right, left, op == CompareOp::Equal);
            }
            CompareOp::In => self.among(left, right, truth),
            _ => {
                self.limit(op, left, right);
                self.limit(mirrored(op), right, left);
            }
        }
    }

    /// `subject == other`, where the other side is a constant.
    fn equal(&mut self, subject: NodeId, other: NodeId, equal: bool) {
        let Some(constant) = self.constant(other) else { return };
        match &self.ast.node(subject).kind {
            ExprKind::Call { function: Function::Type, args, .. } => {
                let kind = constant.as_str().and_then(Kind::named);
                if let (Some(kind), [of]) = (kind, args.as_ref()) {
                    let kinds = Kinds::only(kind);
                    self.refine(*of, &|ty| {
                        if equal { ty.only_kinds(kinds) } else { ty.without_kinds(kinds) }
                    });
                }
            }
            ExprKind::Call { function: Function::Size, args, .. } => {
                if let (Value::Number(count), [of], true) = (&constant, args.as_ref(), equal) {
                    let count = count.as_u64();
                    self.refine(*of, &|ty| {
                        count.map_or_else(|| ty.clone(), |count| ty.sized(count, Some(count)))
                    });
                } else if let ([of], Some(0)) = (args.as_ref(), constant.as_u64()) {
                    self.refine(*of, &|ty| ty.sized(1, None));
                }
            }
            _ if equal => {
                let constant = Type::of_value(&constant);
                self.refine(subject, &|ty| ty.intersect(&constant));
            }
            _ => self.refine(subject, &|ty| ty.without_value(&constant)),
        }
    }

    /// `subject in [a, b]` of constants.
    fn among(&mut self, subject: NodeId, list: NodeId, truth: Truth) {
        let ExprKind::List(elements) = &self.ast.node(list).kind else { return };
        let constants: Option<Vec<Value>> = elements
            .iter()
            .map(|element| if element.optional { None } else { self.constant(element.value) })
            .collect();
        let Some(constants) = constants else { return };
        if truth == Truth::True {
            let any = constants.iter().fold(Type::never(), |all, value| all.union(&Type::of_value(value)));
            self.refine(subject, &|ty| ty.intersect(&any));
        } else {
            self.refine(subject, &|ty| {
                constants.iter().fold(ty.clone(), |ty, value| ty.without_value(value))
            });
        }
    }

    /// `subject < 5`, where the other side is a number.
    fn limit(&mut self, op: CompareOp, subject: NodeId, other: NodeId) {
        let Some(Value::Number(at)) = self.constant(other) else { return };
        if let ExprKind::Call { function: Function::Size, args, .. } = &self.ast.node(subject).kind {
            if let ([of], Some((least, most))) = (args.as_ref(), counted(op, &at)) {
                self.refine(*of, &|ty| ty.sized(least, most));
            }
            return;
        }
        let limit = match op {
            CompareOp::Less => Limit::Less,
            CompareOp::LessOrEqual => Limit::LessOrEqual,
            CompareOp::Greater => Limit::Greater,
            CompareOp::GreaterOrEqual => Limit::GreaterOrEqual,
            _ => return,
        };
        self.refine(subject, &|ty| if ty.is_untyped() { ty.clone() } else { ty.limited(limit, &at) });
    }

    fn constant(&self, id: NodeId) -> Option<Value> {
        Some(match &self.ast.node(id).kind {
            ExprKind::Null => Value::Null,
            ExprKind::Bool(truth) => Value::Bool(*truth),
            ExprKind::Number(number) => Value::Number(number.to_number()),
            ExprKind::Text(text) => Value::String(text.to_string()),
            _ => return None,
        })
    }
}

/// What holds if one of two does.
fn either(a: &StepType, b: &StepType) -> Option<StepType> {
    use StepType::{Done, MaybeAbsent};
    Some(match (a, b) {
        (Done(a), Done(b)) => Done(a.union(b)),
        (Done(a) | MaybeAbsent(a), Done(b) | MaybeAbsent(b)) => MaybeAbsent(a.union(b)),
        _ => return None,
    })
}

/// What holds where a comparison does not. Only what was compared without a failure gets here.
fn opposite(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Equal => CompareOp::NotEqual,
        CompareOp::NotEqual => CompareOp::Equal,
        CompareOp::Less => CompareOp::GreaterOrEqual,
        CompareOp::LessOrEqual => CompareOp::Greater,
        CompareOp::Greater => CompareOp::LessOrEqual,
        CompareOp::GreaterOrEqual => CompareOp::Less,
        CompareOp::In => CompareOp::In,
    }
}

/// The same comparison with its sides changed over.
fn mirrored(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Less => CompareOp::Greater,
        CompareOp::LessOrEqual => CompareOp::GreaterOrEqual,
        CompareOp::Greater => CompareOp::Less,
        CompareOp::GreaterOrEqual => CompareOp::LessOrEqual,
        other => other,
    }
}

/// The counts that a comparison of `size(x)` leaves.
fn counted(op: CompareOp, at: &Number) -> Option<(u64, Option<u64>)> {
    let at = at.as_u64()?;
    match op {
        CompareOp::Greater => Some((at.checked_add(1)?, None)),
        CompareOp::GreaterOrEqual => Some((at, None)),
        CompareOp::Less => Some((0, Some(at.checked_sub(1)?))),
        CompareOp::LessOrEqual => Some((0, Some(at))),
        _ => None,
    }
}

/// The constant path that a node is.
pub(super) fn path_of(ast: &Ast, id: NodeId) -> Option<Path> {
    match &ast.node(id).kind {
        ExprKind::Reference { reference, optional: false } => {
            let name = ast.reference(*reference).name().clone();
            Some(Path { root: Key::Name(name), segments: Vec::new() })
        }
        ExprKind::Variable(variable) => Some(Path { root: Key::Variable(*variable), segments: Vec::new() }),
        ExprKind::Select { base, member, optional: false } => {
            Some(path_of(ast, *base)?.below(Segment::Member(Arc::clone(member))))
        }
        ExprKind::Index { base, key, optional: false } => {
            Some(path_of(ast, *base)?.below(Segment::Index(position(ast, *key)?)))
        }
        _ => None,
    }
}

/// As [`path_of`], also where it is written with `?`: `has(a.?b.c)` is true only if `a.b.c` is there.
pub(super) fn path_of_optional(ast: &Ast, id: NodeId) -> Option<Path> {
    match &ast.node(id).kind {
        ExprKind::Reference { reference, .. } => {
            let name = ast.reference(*reference).name().clone();
            Some(Path { root: Key::Name(name), segments: Vec::new() })
        }
        ExprKind::Select { base, member, .. } => {
            Some(path_of_optional(ast, *base)?.below(Segment::Member(Arc::clone(member))))
        }
        ExprKind::Index { base, key, .. } => {
            Some(path_of_optional(ast, *base)?.below(Segment::Index(position(ast, *key)?)))
        }
        _ => path_of(ast, id),
    }
}

fn position(ast: &Ast, key: NodeId) -> Option<u64> {
    match &ast.node(key).kind {
        ExprKind::Number(number) => number.to_number().as_u64(),
        _ => None,
    }
}
