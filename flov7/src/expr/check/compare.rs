//! `==`, `<` and their kin, and `in`.

use super::convert;
use super::env::TypeEnv;
use super::found::ExprFinding;
use super::walk::{Checker, Seen};
use crate::expr::ast::{CompareOp, ExprKind, NodeId};
use crate::expr::functions::Function;
use crate::finding::{Code, Severity};
use crate::types::{Kind, Kinds, Type};

/// What `<` puts in order.
pub(super) fn ordered() -> Kinds {
    Kinds::only(Kind::Number).and(Kind::Text).and(Kind::Bool).and(Kind::Timestamp).and(Kind::Duration)
}

impl Checker<'_> {
    pub(super) fn compare(
        &mut self,
        env: &TypeEnv,
        id: NodeId,
        op: CompareOp,
        left: NodeId,
        right: NodeId,
    ) -> Seen {
        let a = self.node(env, left);
        let b = self.node(env, right);
        let mut seen = match op {
            CompareOp::Equal | CompareOp::NotEqual => self.equality(id, op, (&a, left), (&b, right)),
            CompareOp::In => self.contained(id, (&a, left), (&b, right)),
            _ => self.order(id, op, (&a, left), (&b, right)),
        };
        seen.steps = seen.steps.saturating_add(a.steps).saturating_add(b.steps);
        seen
    }

    fn equality(&mut self, id: NodeId, op: CompareOp, left: (&Seen, NodeId), right: (&Seen, NodeId)) -> Seen {
        let (a, b) = (left.0, right.0);
        if a.unclear || b.unclear || a.ty.is_untyped() || b.ty.is_untyped() {
            // Anything may be compared; the other side says what is expected.
            self.hint(a, &b.ty);
            self.hint(b, &a.ty);
            let steps = a.ty.extent_of_values().steps.min(b.ty.extent_of_values().steps);
            return Seen::of(Type::boolean(), steps);
        }
        let steps = a.ty.extent_of_values().steps.min(b.ty.extent_of_values().steps);
        let negated = op == CompareOp::NotEqual;
        if a.ty.is_never() || b.ty.is_never() {
            return Seen::of(Type::boolean(), steps);
        }
        if !a.ty.meets(&b.ty) {
            let message = format!(
                "{} is {} and {} is {}: they are never equal",
                self.show(left.1),
                a.ty,
                self.show(right.1),
                b.ty
            );
            self.find(
                ExprFinding::new(Code::CONSTANT_CONDITION, self.span(id), message)
                    .severity(Severity::Warning),
            );
            return Seen::of(Type::of_value(&negated.into()), steps);
        }
        if let (Some(x), Some(y)) = (a.ty.only_value(), b.ty.only_value())
            && crate::json::equal(&x, &y)
        {
            let seen = self.always(id, !negated, Severity::Warning);
            return Seen { steps, ..seen };
        }
        let fraction = |seen: &Seen| {
            seen.ty.is_only(Kind::Number) && seen.ty.numbers().is_some_and(|facet| !facet.integer)
        };
        // Two numbers that were rounded to digits are the same double where their digits are.
        let rounded = |id: NodeId| {
            matches!(&self.ast.node(id).kind, ExprKind::Call { function: Function::MathRound, .. })
        };
        let exact = (a.declared || rounded(left.1)) && (b.declared || rounded(right.1));
        if fraction(a) && fraction(b) && !exact {
            let message = format!("{} compares computed fractions for equality", self.show(id));
            let help =
                "doubles are rounded: compare `math.round(…, 2)` of both, or keep amounts in whole cents";
            self.find(ExprFinding::new(Code::INEXACT_EQUALITY, self.span(id), message).help(help));
        }
        Seen::of(Type::boolean(), steps)
    }

    /// Learns from what it is compared with what an untyped read may be.
    fn hint(&mut self, seen: &Seen, other: &Type) {
        let kinds = other.kinds();
        if let Some(read) = seen.origin.and_then(|origin| self.untyped.get_mut(origin))
            && !other.is_untyped()
            && kinds.within(Kinds::JSON)
            && kinds != Kinds::only(Kind::Null)
            && read.usage.wanted.is_empty()
        {
            read.usage.wanted = kinds;
        }
    }

    fn order(&mut self, id: NodeId, op: CompareOp, left: (&Seen, NodeId), right: (&Seen, NodeId)) -> Seen {
        const WANTED: &str = "a number, text, true or false, a time or a duration";
        // Where one side is untyped, the other says what is wanted of it.
        let guess = |own: &Seen, other: &Seen| {
            let silent = own.unclear || own.ty.is_untyped();
            let kinds = other.ty.kinds().common(ordered());
            if silent && !other.unclear && !other.ty.is_untyped() && !kinds.is_empty() {
                kinds
            } else {
                ordered()
            }
        };
        let a = self.want(left.0, left.1, guess(left.0, right.0), WANTED);
        let b = self.want(right.0, right.1, guess(right.0, left.0), WANTED);
        let (Some(a), Some(b)) = (a, b) else { return Seen::of(Type::boolean(), 0) };
        let (one, other) = (a.kinds(), b.kinds());
        let single = one.iter().count() == 1;
        if one != other || !single {
            let message = format!(
                "{} is {a} and {} is {b}: `{}` cannot compare them",
                self.show(left.1),
                self.show(right.1),
                op.symbol()
            );
            let help = convert::comparison(op, (one, &self.text(left.1)), (other, &self.text(right.1)));
            let finding = ExprFinding::new(Code::WRONG_TYPE, self.span(id), message).help(help);
            self.find(finding);
            return Seen::of(Type::boolean(), 0);
        }
        let steps = a.text_bytes().min(b.text_bytes()) / 64;
        match decided(op, &a, &b) {
            Some(answer) => Seen { steps, ..self.always(id, answer, Severity::Warning) },
            None => Seen::of(Type::boolean(), steps),
        }
    }

    fn contained(&mut self, id: NodeId, left: (&Seen, NodeId), right: (&Seen, NodeId)) -> Seen {
        let both = Kinds::only(Kind::List).and(Kind::Map);
        if !right.0.unclear && right.0.ty.is_only(Kind::Text) {
            let message = format!("{} is text: `in` searches a list or an object", self.show(right.1));
            let help = format!("write `{}.contains({})`", self.text(right.1), self.text(left.1));
            self.find(ExprFinding::new(Code::WRONG_TYPE, self.span(id), message).help(help));
            return Seen::of(Type::boolean(), 0);
        }
        let Some(within) = self.want(right.0, right.1, both, "a list or an object") else {
            return Seen::of(Type::boolean(), 0);
        };
        let sought = left.0;
        let each = sought.ty.extent_of_values().steps;
        let mut steps: u64 = 1;
        let mut possible = sought.unclear || sought.ty.is_untyped() || sought.ty.is_never();
        if let Some(element) = within.element()
            && within.kinds().has(Kind::List)
        {
            let count = within.item_count().and_then(|(_, most)| most).unwrap_or(u64::MAX);
            let one = each.min(element.extent_of_values().steps);
            steps = steps.saturating_add(count.saturating_mul(one));
            possible |= element.is_untyped() || sought.ty.meets(&element);
            // An empty list literal is no slip of types.
            possible |= count == 0;
            if sought.unclear || sought.ty.is_untyped() {
                self.hint(sought, &element);
            }
        }
        if within.kinds().has(Kind::Map) {
            possible |= sought.ty.kinds().has(Kind::Text);
            self.hint(sought, &Type::text());
        }
        if !possible {
            let message =
                format!("{} is {} and never in {}", self.show(left.1), sought.ty, self.show(right.1));
            self.find(ExprFinding::new(Code::CONSTANT_CONDITION, self.span(id), message));
            return Seen::of(Type::of_value(&false.into()), steps);
        }
        Seen::of(Type::boolean(), steps)
    }
}

/// The answer, where the ranges of two numbers decide it.
fn decided(op: CompareOp, a: &Type, b: &Type) -> Option<bool> {
    if !a.is_only(Kind::Number) {
        return None;
    }
    let (a, b) = (a.numbers()?, b.numbers()?);
    let less = || {
        let (end, start) = (a.upper_end()?, b.lower_end()?);
        Some(end.at < start.at || (end.at == start.at && (end.exclusive || start.exclusive)))
    };
    let at_most = || Some(a.upper_end()?.at <= b.lower_end()?.at);
    let more = || {
        let (start, end) = (a.lower_end()?, b.upper_end()?);
        Some(start.at > end.at || (start.at == end.at && (end.exclusive || start.exclusive)))
    };
    let at_least = || Some(a.lower_end()?.at >= b.upper_end()?.at);
    let (yes, no): (Option<bool>, Option<bool>) = match op {
        CompareOp::Less => (less(), at_least()),
        CompareOp::LessOrEqual => (at_most(), more()),
        CompareOp::Greater => (more(), at_most()),
        CompareOp::GreaterOrEqual => (at_least(), less()),
        _ => return None,
    };
    match (yes, no) {
        (Some(true), _) => Some(true),
        (_, Some(true)) => Some(false),
        _ => None,
    }
}
