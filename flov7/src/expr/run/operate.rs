//! The operators.

use std::rc::Rc;

use super::budget::bytes_cost;
use super::value::Val;
use super::{Res, Run};
use crate::expr::ast::{ArithmeticOp, CompareOp, LogicOp, NodeId};
use crate::expr::error::EvalError;
use crate::planted::{Bug, planted};

impl<'a> Run<'a, '_> {
    pub(super) fn arithmetic(
        &mut self,
        op: ArithmeticOp,
        left: Val<'a>,
        right: Val<'a>,
        id: NodeId,
    ) -> Res<Val<'a>> {
        use ArithmeticOp as Op;
        if let (Val::Num(a), Val::Num(b)) = (&left, &right) {
            let (a, b) = (*a, *b);
            let result = match op {
                Op::Add => a.add(b),
                Op::Subtract => a.subtract(b),
                Op::Multiply => a.multiply(b),
                Op::Divide => a.divide(b),
                Op::Remainder => a.remainder(b),
            };
            return match result {
                Ok(n) => Ok(Val::Num(n)),
                Err(error) => self.number_failure(error, id),
            };
        }
        match (op, left, right) {
            (Op::Add, left @ (Val::Str(_) | Val::Text(_)), right @ (Val::Str(_) | Val::Text(_))) => {
                self.concatenate(left, &right, id)
            }
            (Op::Add, left @ (Val::Items(_) | Val::List(_)), right @ (Val::Items(_) | Val::List(_))) => {
                self.append(left, &right, id)
            }
            (Op::Add, Val::Timestamp(t), Val::Duration(d))
            | (Op::Add, Val::Duration(d), Val::Timestamp(t)) => self.time(t.plus(d).map(Val::Timestamp), id),
            (Op::Subtract, Val::Timestamp(t), Val::Duration(d)) => {
                self.time(t.minus(d).map(Val::Timestamp), id)
            }
            (Op::Subtract, Val::Timestamp(a), Val::Timestamp(b)) => Ok(Val::Duration(a.since(b))),
            (Op::Add, Val::Duration(a), Val::Duration(b)) => self.time(a.plus(b).map(Val::Duration), id),
            (Op::Subtract, Val::Duration(a), Val::Duration(b)) => {
                self.time(a.minus(b).map(Val::Duration), id)
            }
            (op, left, right) => self.defect(
                id,
                format!(
                    "`{}` is not defined between {} and {}",
                    op.symbol(),
                    left.kind().phrase(),
                    right.kind().phrase()
                ),
            ),
        }
    }

    pub(super) fn time(&self, value: Option<Val<'a>>, id: NodeId) -> Res<Val<'a>> {
        match value {
            Some(value) => Ok(value),
            None => self.fail("data.overflow", id, "the result is outside the range of times"),
        }
    }

    pub(super) fn concatenate(&mut self, left: Val<'a>, right: &Val<'a>, id: NodeId) -> Res<Val<'a>> {
        let tail = right.as_str().unwrap_or("");
        self.budget.text(left.len() + tail.len(), self.span(id))?;
        // A long chain appends to the one text that it makes.
        if let Val::Text(mut text) = left {
            if let Some(own) = Rc::get_mut(&mut text) {
                self.charge(bytes_cost(tail.len()), id)?;
                own.push_str(tail);
                return Ok(Val::Text(text));
            }
            let joined = [text.as_str(), tail].concat();
            return self.text(joined, id);
        }
        let joined = [left.as_str().unwrap_or(""), tail].concat();
        self.text(joined, id)
    }

    pub(super) fn append(&mut self, left: Val<'a>, right: &Val<'a>, id: NodeId) -> Res<Val<'a>> {
        let Some(tail) = right.list() else { return self.wrong(id, right, "a list") };
        self.charge(tail.len() as u64, id)?;
        if let Val::List(mut list) = left {
            if let Some(own) = Rc::get_mut(&mut list) {
                own.extend(tail.iter());
                return Ok(Val::List(list));
            }
            return self.append_copy(&Val::List(list), right, id);
        }
        self.append_copy(&left, right, id)
    }

    pub(super) fn append_copy(&mut self, left: &Val<'a>, right: &Val<'a>, id: NodeId) -> Res<Val<'a>> {
        self.charge(left.len() as u64, id)?;
        let mut list = left.list().map(|members| members.to_vec()).unwrap_or_default();
        list.extend(right.list().into_iter().flat_map(|members| members.iter()));
        Ok(Val::List(Rc::new(list)))
    }

    pub(super) fn compare(&mut self, op: CompareOp, a: &Val<'a>, b: &Val<'a>, id: NodeId) -> Res<bool> {
        match op {
            CompareOp::Equal => self.equal(a, b, id),
            CompareOp::NotEqual => Ok(!self.equal(a, b, id)?),
            CompareOp::In => self.contained(a, b, id),
            _ => {
                let order = self.order(a, b, op.symbol(), id)?;
                Ok(match op {
                    CompareOp::Less => order.is_lt(),
                    CompareOp::LessOrEqual => order.is_le(),
                    CompareOp::Greater => order.is_gt(),
                    _ => order.is_ge(),
                })
            }
        }
    }

    pub(super) fn contained(&mut self, a: &Val<'a>, b: &Val<'a>, id: NodeId) -> Res<bool> {
        if let Some(members) = b.list() {
            for member in members.iter() {
                if self.equal(a, &member, id)? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        match (b, a.as_str()) {
            (Val::Object(_) | Val::Map(_), Some(key)) => Ok(b.member(key).flatten().is_some()),
            (Val::Object(_) | Val::Map(_), None) => Ok(false),
            _ => self.defect(id, format!("`in` searches a list or a map, this is {}", b.kind().phrase())),
        }
    }

    /// `&&` and `||` decide as soon as one side does, and absorb a failure on the other, whichever comes first.
    /// Only an evaluation that ran out is never absorbed.
    pub(super) fn logic(&mut self, op: LogicOp, operands: &'a [NodeId]) -> Res<Val<'a>> {
        let decisive = op == LogicOp::Or;
        let (mut failure, mut decided) = (None, false);
        for operand in operands {
            match self.condition(*operand) {
                // All operands are asked.
                Ok(value) if value == decisive && planted(Bug::LogicAbsorbsNothing) => decided = true,
                Ok(value) if value == decisive => return Ok(Val::Bool(decisive)),
                Ok(_) => {}
                Err(error) if error.code == EvalError::SIZE || planted(Bug::LogicAbsorbsNothing) => {
                    return Err(error);
                }
                Err(error) => {
                    failure.get_or_insert(error);
                }
            }
        }
        failure.map_or(Ok(Val::Bool(decided == decisive)), Err)
    }
}
