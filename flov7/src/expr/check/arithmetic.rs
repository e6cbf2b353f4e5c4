//! `+ - * / %` and the unary operators.

use super::convert;
use super::env::TypeEnv;
use super::found::{Edit, ExprFinding};
use super::walk::{Checker, Seen};
use crate::expr::ast::{ArithmeticOp, NodeId, UnaryOp};
use crate::expr::number::{Num, NumError};
use crate::finding::{Code, ResidualKind};
use crate::planted::{Bug, planted};
use crate::types::{Arith, Kind, Kinds, Outcome, Type};

impl Checker<'_> {
    pub(super) fn unary(&mut self, env: &TypeEnv, id: NodeId, op: UnaryOp, operand: NodeId) -> Seen {
        let seen = self.node(env, operand);
        let steps = seen.steps;
        match op {
            UnaryOp::Not => {
                let Some(ty) = self.want_bool(&seen, operand) else {
                    return Seen::of(Type::boolean(), steps);
                };
                let flipped = match ty.only_value() {
                    Some(value) => Type::of_value(&(!value.as_bool().unwrap_or(false)).into()),
                    None => Type::boolean(),
                };
                Seen::of(flipped, steps)
            }
            UnaryOp::Negate => {
                let kinds = Kinds::only(Kind::Number).and(Kind::Duration);
                let Some(ty) = self.want(&seen, operand, kinds, "a number or a duration") else {
                    return Seen::unclear(steps);
                };
                let mut all = ty.only_kinds(Kinds::only(Kind::Duration));
                if ty.kinds().has(Kind::Number)
                    && let Some(numbers) = ty.numbers()
                {
                    all = all.union(&self.outcome(numbers.negated(), id));
                }
                Seen::of(all, steps)
            }
        }
    }

    /// A chain of operators of one level, from the left.
    pub(super) fn arithmetic(
        &mut self,
        env: &TypeEnv,
        id: NodeId,
        first: NodeId,
        rest: &[(ArithmeticOp, NodeId)],
    ) -> Seen {
        let mut left = self.node(env, first);
        let mut left_id = first;
        for (op, operand) in rest {
            let right = self.node(env, *operand);
            let mut seen = self.operate(id, *op, (&left, left_id), (&right, *operand));
            seen.steps = seen.steps.saturating_add(left.steps).saturating_add(right.steps);
            (left, left_id) = (seen, id);
        }
        left
    }

    fn operate(
        &mut self,
        id: NodeId,
        op: ArithmeticOp,
        left: (&Seen, NodeId),
        right: (&Seen, NodeId),
    ) -> Seen {
        if op == ArithmeticOp::Add
            && [left, right].iter().all(|side| !side.0.unclear && !side.0.ty.is_untyped())
        {
            // True and false go into a text like numbers do, once they are written out.
            let (l, r) = (&left.0.ty, &right.0.ty);
            if l.is_only(Kind::Text) && r.is_only(Kind::Bool)
                || l.is_only(Kind::Bool) && r.is_only(Kind::Text)
            {
                self.find(self.mismatch(op, (l, left.1), (r, right.1)));
                return Seen::unclear(0);
            }
        }
        let (kinds, wanted) = operands(op);
        // Where one side is untyped, the other says what is wanted of it.
        let (own, other) = (guess(left.0, right.0, kinds), guess(right.0, left.0, kinds));
        let a = self.want(left.0, left.1, own, wanted);
        let b = self.want(right.0, right.1, other, wanted);
        let (Some(a), Some(b)) = (a, b) else { return Seen::unclear(0) };
        let mut all = Type::never();
        let mut steps: u64 = 0;
        for one in a.kinds().iter() {
            for another in b.kinds().iter() {
                let (part, part_of) = (a.only_kinds(Kinds::only(one)), b.only_kinds(Kinds::only(another)));
                let Some(result) = result(op, one, another) else {
                    self.find(self.mismatch(op, (&part, left.1), (&part_of, right.1)));
                    return Seen::unclear(steps);
                };
                match result {
                    Kind::Number => {
                        let (Some(x), Some(y)) = (part.numbers(), part_of.numbers()) else { continue };
                        let outcome = x.combine(arith(op), &y);
                        if outcome.overflow && never_fits(op, &part, &part_of) {
                            let span = self.span(left.1).to(self.span(right.1));
                            let message = "the result is certainly beyond the range of numbers";
                            let finding = ExprFinding::new(Code::WRONG_ARGUMENTS, span, message);
                            self.find(
                                finding.help("whole numbers end at 2^64-1, all others at about 1.8e308"),
                            );
                            return Seen::unclear(steps);
                        }
                        if outcome.always_by_zero {
                            let message =
                                format!("{} is zero: nothing is divided by zero", self.show(right.1));
                            let finding =
                                ExprFinding::new(Code::WRONG_ARGUMENTS, self.span(right.1), message);
                            self.find(finding.help("divide by something else, or leave the division out"));
                            return Seen::unclear(steps);
                        }
                        all = all.union(&self.outcome(outcome, id));
                    }
                    Kind::Text => {
                        let text = part.concatenated(&part_of);
                        self.made_text(&text);
                        steps = steps.saturating_add((part.text_bytes() + part_of.text_bytes()) / 64);
                        all = all.union(&text);
                    }
                    Kind::List => {
                        let walked =
                            |ty: &Type| ty.item_count().and_then(|(_, most)| most).unwrap_or(u64::MAX);
                        steps = steps.saturating_add(walked(&part)).saturating_add(walked(&part_of));
                        all = all.union(&part.appended(&part_of));
                    }
                    time => {
                        if !(one == Kind::Timestamp && another == Kind::Timestamp) {
                            self.residual(ResidualKind::Overflow, id);
                        }
                        all = all.union(&Type::of_kinds(Kinds::only(time)));
                    }
                }
            }
        }
        Seen::of(all, steps)
    }

    /// The type of a numeric result; lists what can go wrong.
    pub(super) fn outcome(&mut self, outcome: Outcome, id: NodeId) -> Type {
        if outcome.overflow && !planted(Bug::OverflowNotListed) {
            self.residual(ResidualKind::Overflow, id);
        }
        if outcome.by_zero && !planted(Bug::DivisionNotListed) {
            self.residual(ResidualKind::Division, id);
        }
        Type::of_numbers(outcome.facet)
    }

    fn mismatch(&self, op: ArithmeticOp, left: (&Type, NodeId), right: (&Type, NodeId)) -> ExprFinding {
        let (a, b) = (self.show(left.1), self.show(right.1));
        let message = format!(
            "{a} is {} and {b} is {}: `{}` does not go between them",
            self.kind_of(left.0, left.1),
            self.kind_of(right.0, right.1),
            op.symbol()
        );
        let finding = ExprFinding::new(Code::WRONG_TYPE, self.span(left.1).to(self.span(right.1)), message);
        let string =
            |id: NodeId| Edit::Around { span: self.span(id), before: "string(".to_owned(), after: ")" };
        let edit = match (left.0, right.0) {
            (l, r) if l.is_only(Kind::Text) && r.kinds().within(texted()) => Some(string(right.1)),
            (l, r) if r.is_only(Kind::Text) && l.kinds().within(texted()) => Some(string(left.1)),
            _ => None,
        };
        let finding = ExprFinding { edit, ..finding };
        let help = convert::arithmetic(
            op,
            (left.0.kinds(), &self.text(left.1)),
            (right.0.kinds(), &self.text(right.1)),
        );
        finding.help(help)
    }
}

/// What has a text of its own that `string` gives.
fn texted() -> Kinds {
    Kinds::only(Kind::Number).and(Kind::Bool).and(Kind::Timestamp).and(Kind::Duration)
}

fn operands(op: ArithmeticOp) -> (Kinds, &'static str) {
    let number = Kinds::only(Kind::Number);
    let times = number.and(Kind::Timestamp).and(Kind::Duration);
    match op {
        ArithmeticOp::Add => {
            (times.and(Kind::Text).and(Kind::List), "a number, text, a list, a time or a duration")
        }
        ArithmeticOp::Subtract => (times, "a number, a time or a duration"),
        ArithmeticOp::Multiply | ArithmeticOp::Divide | ArithmeticOp::Remainder => (number, "a number"),
    }
}

/// The kinds that one side must have, seeing the other: that of the other where only one is untyped.
fn guess(own: &Seen, other: &Seen, kinds: Kinds) -> Kinds {
    let silent = own.unclear || own.ty.is_untyped();
    let kind = other.ty.kinds().common(kinds);
    if !silent || other.unclear || other.ty.is_untyped() || kind.is_empty() {
        return if silent && kinds.has(Kind::Number) && !kinds.has(Kind::Text) {
            Kinds::only(Kind::Number)
        } else {
            kinds
        };
    }
    kind
}

/// Whether an operation on two values that are known overflows.
fn never_fits(op: ArithmeticOp, left: &Type, right: &Type) -> bool {
    let number = |ty: &Type| ty.only_value().as_ref().and_then(|value| value.as_number()).map(Num::from);
    let (Some(a), Some(b)) = (number(left), number(right)) else { return false };
    let result = match op {
        ArithmeticOp::Add => a.add(b),
        ArithmeticOp::Subtract => a.subtract(b),
        ArithmeticOp::Multiply => a.multiply(b),
        ArithmeticOp::Divide => a.divide(b),
        ArithmeticOp::Remainder => a.remainder(b),
    };
    result == Err(NumError::Overflow)
}

fn arith(op: ArithmeticOp) -> Arith {
    match op {
        ArithmeticOp::Add => Arith::Add,
        ArithmeticOp::Subtract => Arith::Subtract,
        ArithmeticOp::Multiply => Arith::Multiply,
        ArithmeticOp::Divide => Arith::Divide,
        ArithmeticOp::Remainder => Arith::Remainder,
    }
}

/// The kind of the result between two kinds, if the operator is defined there.
fn result(op: ArithmeticOp, left: Kind, right: Kind) -> Option<Kind> {
    use ArithmeticOp::{Add, Subtract};
    use Kind::{Duration, List, Number, Text, Timestamp};
    Some(match (op, left, right) {
        (_, Number, Number) => Number,
        (Add, Text, Text) => Text,
        (Add, List, List) => List,
        (Add, Timestamp, Duration) | (Add, Duration, Timestamp) | (Subtract, Timestamp, Duration) => {
            Timestamp
        }
        (Subtract, Timestamp, Timestamp) => Duration,
        (Add | Subtract, Duration, Duration) => Duration,
        _ => return None,
    })
}
