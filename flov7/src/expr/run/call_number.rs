//! The functions of numbers, times and durations.

use std::cmp::Ordering;

use super::value::{Kind, Val};
use super::{Res, Run};
use crate::expr::ast::NodeId;
use crate::expr::functions::Function;
use crate::expr::number::Num;
use crate::expr::time::{Civil, Duration, read_offset};

impl<'a> Run<'a, '_> {
    pub(super) fn part_of_time(
        &mut self,
        function: Function,
        value: &Val<'a>,
        arg: NodeId,
        offset: Option<NodeId>,
        id: NodeId,
    ) -> Res<Val<'a>> {
        use Function as F;
        let number = match (value, offset) {
            (Val::Timestamp(time), offset) => {
                let offset = match offset {
                    Some(offset) => {
                        let read = self.text_arg(Some(&offset), id, read_offset)?;
                        self.done(read.map_err(|error| ("data.conversion", error.to_string())), offset)?
                    }
                    None => Duration::default(),
                };
                part_of(function, &time.civil(offset))
            }
            (Val::Duration(length), None) => {
                let millis = length.millis();
                match function {
                    F::GetHours => Some(millis / 3_600_000),
                    F::GetMinutes => Some(millis / 60_000),
                    F::GetSeconds => Some(millis / 1_000),
                    F::GetMilliseconds => Some(millis % 1_000),
                    _ => None,
                }
            }
            (Val::Duration(_), Some(_)) => return self.defect(id, "a duration is read without an offset"),
            _ => return self.wrong(arg, value, "a timestamp or a duration"),
        };
        match number {
            Some(n) => Ok(Val::Num(Num::Int(n))),
            None => self.defect(id, format!("`{}` is asked of a timestamp", function.name())),
        }
    }

    pub(super) fn math(
        &mut self,
        function: Function,
        value: &Val<'a>,
        arg: NodeId,
        rest: &'a [NodeId],
        id: NodeId,
    ) -> Res<Val<'a>> {
        use Function as F;
        let Val::Num(n) = value else { return self.wrong(arg, value, "a number") };
        let result = match function {
            F::MathRound => {
                let digits = self.whole_or(rest.first(), 0)?;
                n.round(digits)
            }
            F::MathQuot => {
                let Some(divisor) = rest.first() else { return self.defect(id, "an argument is missing") };
                n.quotient(self.number_arg(*divisor)?)
            }
            F::MathAbs => n.abs(),
            F::MathCeil => Ok(n.map_double(f64::ceil)),
            F::MathFloor => Ok(n.map_double(f64::floor)),
            F::MathTrunc => Ok(n.map_double(f64::trunc)),
            F::MathSqrt => Num::double(n.as_f64().sqrt()),
            F::MathSign => Ok(Num::Int(match n.compare(Num::Int(0)) {
                Ordering::Less => -1,
                Ordering::Equal => 0,
                Ordering::Greater => 1,
            })),
            _ => return self.defect(id, "this function is not one of numbers"),
        };
        self.number(result, id)
    }

    /// The bits of whole numbers of 64 bits, in two's complement.
    pub(super) fn bits(
        &mut self,
        function: Function,
        value: &Val<'a>,
        arg: NodeId,
        rest: &'a [NodeId],
        id: NodeId,
    ) -> Res<Val<'a>> {
        use Function as F;
        let Val::Num(n) = value else { return self.wrong(arg, value, "a number") };
        let a = self.whole(*n, arg)?;
        let b = self.whole_or(rest.first(), 0)?;
        let shifts = matches!(function, F::MathBitShiftLeft | F::MathBitShiftRight);
        if shifts && b < 0 {
            return self.fail("data.index", id, format!("bits are shifted by 0 or more places, not {b}"));
        }
        // Of 64 bits none is left after 64 places.
        let places = u32::try_from(b).unwrap_or(u32::MAX);
        Ok(Val::Num(Num::Int(match function {
            F::MathBitAnd => a & b,
            F::MathBitOr => a | b,
            F::MathBitXor => a ^ b,
            F::MathBitNot => !a,
            F::MathBitShiftLeft => a.checked_shl(places).unwrap_or(0),
            _ => a.cast_unsigned().checked_shr(places).unwrap_or(0).cast_signed(),
        })))
    }

    pub(super) fn extreme_of(&mut self, function: Function, args: &'a [NodeId], id: NodeId) -> Res<Val<'a>> {
        let wanted = if function == Function::MathLeast { Ordering::Less } else { Ordering::Greater };
        let mut best: Option<Num> = None;
        let mut take = |number: Num| {
            if best.is_none_or(|best| number.compare(best) == wanted) {
                best = Some(number);
            }
        };
        for arg in args {
            match self.eval(*arg)? {
                Val::Num(number) => take(number),
                // One list, as CEL has it.
                list if args.len() == 1 && list.kind() == Kind::List => {
                    self.charge(list.len() as u64, id)?;
                    for member in list.list().into_iter().flat_map(|members| members.iter()) {
                        let Val::Num(number) = member else {
                            return self.wrong_member(function, &member, "a number", id);
                        };
                        take(number);
                    }
                }
                other => return self.wrong(*arg, &other, "a number"),
            }
        }
        best.map_or_else(|| self.empty(function, id), |n| Ok(Val::Num(n)))
    }
}

fn part_of(function: Function, civil: &Civil) -> Option<i64> {
    use Function as F;
    Some(match function {
        F::GetFullYear => civil.year,
        F::GetMonth => civil.month - 1,
        F::GetDate => civil.day,
        F::GetDayOfMonth => civil.day - 1,
        F::GetDayOfWeek => civil.day_of_week,
        F::GetDayOfYear => civil.day_of_year,
        F::GetHours => civil.hour,
        F::GetMinutes => civil.minute,
        F::GetSeconds => civil.second,
        F::GetMilliseconds => civil.millisecond,
        _ => return None,
    })
}
