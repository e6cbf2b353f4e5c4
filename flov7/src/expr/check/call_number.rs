//! The functions of numbers, and the parts of times.

use super::call::Args;
use super::found::ExprFinding;
use super::walk::{Checker, Seen};
use crate::expr::ast::NodeId;
use crate::expr::functions::Function;
use crate::expr::time::Duration;
use crate::finding::{Code, ResidualKind};
use crate::types::{Arith, Bound, Kind, Kinds, Num, NumberFacet, Type};

impl Checker<'_> {
    pub(super) fn part_of_time(&mut self, id: NodeId, function: Function, args: &Args) -> Option<Seen> {
        use Function as F;
        let (seen, arg) = args.get(0)?;
        let of_duration =
            matches!(function, F::GetHours | F::GetMinutes | F::GetSeconds | F::GetMilliseconds);
        let time = Kinds::only(Kind::Timestamp);
        let kinds = if of_duration && args.len() == 1 { time.and(Kind::Duration) } else { time };
        let wanted = if of_duration && args.len() == 1 { "a time or a duration" } else { "a time" };
        let ty = self.want(seen, arg, kinds, wanted);
        if let Some((offset, offset_id)) = args.get(1) {
            let texts = self.want_string(offset, offset_id)?;
            // Constant offsets were held against the rule when the expression was read, a single one at least.
            let good = texts
                .text_values()
                .is_some_and(|texts| texts.iter().all(|text| crate::expr::time::read_offset(text).is_ok()));
            if !good {
                self.residual(ResidualKind::Conversion, offset_id);
            }
        }
        let (low, high) = match function {
            // An offset reaches over the ends of the calendar.
            F::GetFullYear => (0, 10_000),
            F::GetMonth => (0, 11),
            F::GetDate => (1, 31),
            F::GetDayOfMonth => (0, 30),
            F::GetDayOfWeek => (0, 6),
            F::GetDayOfYear => (0, 365),
            F::GetHours => (0, 23),
            F::GetMinutes | F::GetSeconds => (0, 59),
            _ => (0, 999),
        };
        let may_be_duration =
            ty.as_ref().is_none_or(|ty| ty.kinds().has(Kind::Duration)) && kinds.has(Kind::Duration);
        if may_be_duration {
            let most = i128::from(Duration::MAX.millis());
            return Some(Seen::of(Type::integer_between(Some(-most), Some(most)), 0));
        }
        let _ = id;
        Some(Seen::of(Type::integer_between(Some(low), Some(high)), 0))
    }

    pub(super) fn math(&mut self, id: NodeId, function: Function, args: &Args) -> Option<Seen> {
        use Function as F;
        let (seen, arg) = args.get(0)?;
        let numbers = self.want_number(seen, arg)?.numbers()?;
        let facet = match function {
            F::MathQuot => {
                let (divisor, divisor_id) = args.get(1)?;
                let divisor = self.want_number(divisor, divisor_id)?.numbers()?;
                let outcome = numbers.combine(Arith::Quotient, &divisor);
                if outcome.always_by_zero {
                    let message = format!("{} is zero: nothing is divided by zero", self.show(divisor_id));
                    let finding = ExprFinding::new(Code::WRONG_ARGUMENTS, self.span(divisor_id), message);
                    self.find(finding.help("divide by something else, or leave the division out"));
                    return None;
                }
                return Some(Seen::of(self.outcome(outcome, id), 0));
            }
            F::MathRound => match args.get(1) {
                None => numbers.to_whole(),
                Some(digits) => {
                    let digits = self.want_whole(digits, id)?;
                    let (low, high) = digits.whole_ends();
                    if low.is_some_and(|low| low >= 0) {
                        if high == Some(0) { numbers.to_whole() } else { numbers.near() }
                    } else {
                        // Rounding up before the point may leave the range of integers.
                        self.residual(ResidualKind::Overflow, id);
                        NumberFacet { integer: high.is_some_and(|high| high <= 0), ..NumberFacet::default() }
                    }
                }
            },
            F::MathAbs => numbers.magnitude(),
            F::MathSqrt => {
                let zero = Bound::inclusive(Num::int(0));
                if numbers.lower_end().is_none_or(|end| end.at < zero.at) {
                    self.residual(ResidualKind::Overflow, id);
                }
                NumberFacet { min: Some(zero), ..NumberFacet::default() }
            }
            F::MathSign => return Some(Seen::of(Type::integer_between(Some(-1), Some(1)), 0)),
            _ => numbers.to_whole(),
        };
        Some(Seen::of(Type::of_numbers(facet), 0))
    }

    /// Whole numbers of 64 bits, and places to shift them by.
    pub(super) fn bits(&mut self, id: NodeId, function: Function, args: &Args) -> Option<Seen> {
        self.want_whole(args.get(0)?, id)?;
        if let Some(second) = args.get(1) {
            let (low, _) = self.want_whole(second, id)?.whole_ends();
            let shifts = matches!(function, Function::MathBitShiftLeft | Function::MathBitShiftRight);
            if shifts && low.is_none_or(|low| low < 0) {
                self.residual(ResidualKind::Index, id);
            }
        }
        Some(Seen::of(Type::integer_between(Some(i64::MIN.into()), Some(i64::MAX.into())), 0))
    }

    pub(super) fn extreme_of(&mut self, id: NodeId, function: Function, args: &Args) -> Option<Seen> {
        let greatest = function == Function::MathGreatest;
        if let (1, Some((seen, arg))) = (args.len(), args.get(0)) {
            let kinds = Kinds::only(Kind::Number).and(Kind::List);
            let ty = self.want(seen, arg, kinds, "numbers, or a list of them")?;
            let mut steps = 0;
            let mut all = ty.only_kinds(Kinds::only(Kind::Number));
            if ty.kinds().has(Kind::List) {
                let element = self.want_element(&ty, seen, arg, Kinds::only(Kind::Number), "a number")?;
                let (least, most) = ty.item_count().unwrap_or((0, None));
                if least == 0 {
                    self.residual(ResidualKind::Index, id);
                }
                steps = most.unwrap_or(u64::MAX);
                all = all.union(&element);
            }
            return Some(Seen::of(all, steps));
        }
        let mut best: Option<NumberFacet> = None;
        let mut clear = true;
        for at in 0..args.len() {
            let Some((seen, arg)) = args.get(at) else { break };
            match self.want_number(seen, arg).and_then(|ty| ty.numbers()) {
                Some(facet) => best = Some(best.map_or(facet.clone(), |best| best.extreme(&facet, greatest))),
                None => clear = false,
            }
        }
        let best = best.filter(|_| clear)?;
        Some(Seen::of(Type::of_numbers(best), 0))
    }
}
