//! The functions: which one, on what, and what each of them costs.

use std::rc::Rc;

use super::budget::{Budget, bytes_cost};
use super::compare::VALUE_DEPTH;
use super::leave::text_of;
use super::value::{Kind, Val};
use super::{Res, Run, cut};
use crate::expr::ast::NodeId;
use crate::expr::functions::Function;
use crate::expr::number::Num;
use crate::expr::time::{Duration, Timestamp};
use crate::json::canonical;
use crate::planted::{Bug, planted};

/// A failure of `code`, in words.
type Fault = (&'static str, String);

impl<'a> Run<'a, '_> {
    /// The value of a call.
    pub(crate) fn call(&mut self, function: Function, args: &'a [NodeId], id: NodeId) -> Res<Val<'a>> {
        use Function as F;
        // These decide by themselves whether the second argument is looked at.
        match (function, args) {
            (F::OrValue | F::Or, [receiver, other]) => return self.or(function, *receiver, *other),
            (F::OptionalNone, _) => return Ok(Val::none()),
            (F::MathGreatest | F::MathLeast, _) => return self.extreme_of(function, args, id),
            _ => {}
        }
        let Some((first, rest)) = args.split_first() else {
            return self.defect(id, "an argument is missing");
        };
        let value = self.eval(*first)?;
        match function {
            F::Size => self.size(&value, *first, id),
            F::Type => match value.kind() {
                Kind::Optional => self.wrong(*first, &value, "a value"),
                kind => Ok(Val::Str(kind.name())),
            },
            F::Contains
            | F::StartsWith
            | F::EndsWith
            | F::Matches
            | F::Lower
            | F::Upper
            | F::LowerAscii
            | F::UpperAscii
            | F::Trim
            | F::Split
            | F::Replace
            | F::Substring
            | F::IndexOf
            | F::LastIndexOf
            | F::CharAt
            | F::Base64Encode
            | F::Base64Decode
            | F::UrlEncode
            | F::UrlDecode
            | F::StringsQuote => self.text_function(function, value, *first, rest, id),
            F::String | F::Int | F::Double | F::Bool | F::Timestamp | F::Duration => {
                self.convert(function, value, *first, id)
            }
            F::ToJson => self.json_text(value, id),
            F::Format => self.format(&value, *first, rest, id),
            F::Dyn => Ok(value),
            F::GetFullYear
            | F::GetMonth
            | F::GetDate
            | F::GetDayOfMonth
            | F::GetDayOfWeek
            | F::GetDayOfYear
            | F::GetHours
            | F::GetMinutes
            | F::GetSeconds
            | F::GetMilliseconds => self.part_of_time(function, &value, *first, rest.first().copied(), id),
            F::Reverse if value.as_str().is_some() => {
                let backwards = value.as_str().unwrap_or("").chars().rev().collect();
                self.text(backwards, id)
            }
            F::Sum
            | F::Min
            | F::Max
            | F::Sort
            | F::Reverse
            | F::Distinct
            | F::Flatten
            | F::Slice
            | F::First
            | F::Last
            | F::Chunk
            | F::Join => self.list_function(function, value, *first, rest, id),
            F::Range => self.range(&value, *first, id),
            F::Merge => self.merge(&value, *first, rest, id),
            F::MathRound
            | F::MathQuot
            | F::MathAbs
            | F::MathCeil
            | F::MathFloor
            | F::MathTrunc
            | F::MathSign
            | F::MathSqrt => self.math(function, &value, *first, rest, id),
            F::MathBitAnd
            | F::MathBitOr
            | F::MathBitXor
            | F::MathBitNot
            | F::MathBitShiftLeft
            | F::MathBitShiftRight => self.bits(function, &value, *first, rest, id),
            F::OptionalOf => Ok(Val::some(value)),
            F::OptionalOfNonZeroValue => Ok(if is_zero(&value) { Val::none() } else { Val::some(value) }),
            F::HasValue => self.optional(value, *first).map(|inner| Val::Bool(inner.is_some())),
            F::Value => match self.optional(value, *first)? {
                Some(inner) => Ok(inner),
                None => self.fail("data.key", id, format!("{} is empty", self.show(*first))),
            },
            F::OrValue | F::Or | F::OptionalNone | F::MathGreatest | F::MathLeast => {
                self.defect(id, "an argument is missing")
            }
        }
    }

    // ---- arguments

    pub(super) fn number_arg(&mut self, id: NodeId) -> Res<Num> {
        match self.eval(id)? {
            Val::Num(n) => Ok(n),
            other => self.wrong(id, &other, "a number"),
        }
    }

    /// A whole number; `data.conversion` for one with a fraction.
    pub(super) fn whole_arg(&mut self, id: NodeId) -> Res<i64> {
        let number = self.number_arg(id)?;
        self.whole(number, id)
    }

    pub(super) fn whole(&self, number: Num, id: NodeId) -> Res<i64> {
        match number.as_whole() {
            Some(n) => Ok(n),
            None => {
                self.fail("data.conversion", id, format!("wanted is a whole number, found {}", number.text()))
            }
        }
    }

    pub(super) fn whole_or(&mut self, id: Option<&NodeId>, default: i64) -> Res<i64> {
        id.map_or(Ok(default), |id| self.whole_arg(*id))
    }

    /// Calls `use_text` with a text argument, charged for reading it.
    pub(super) fn text_arg<T>(
        &mut self,
        id: Option<&NodeId>,
        call: NodeId,
        use_text: impl FnOnce(&str) -> T,
    ) -> Res<T> {
        let Some(id) = id else { return self.defect(call, "an argument is missing") };
        let value = self.eval(*id)?;
        match value.as_str() {
            Some(text) => {
                self.charge(bytes_cost(text.len()), *id)?;
                Ok(use_text(text))
            }
            None => self.wrong(*id, &value, "a text"),
        }
    }

    pub(super) fn done<T>(&self, result: Result<T, Fault>, id: NodeId) -> Res<T> {
        result.or_else(|(code, message)| self.fail(code, id, message))
    }

    // ---- optionals

    pub(super) fn optional(&self, value: Val<'a>, id: NodeId) -> Res<Option<Val<'a>>> {
        match value {
            Val::Optional(inner) => Ok(inner.map(Rc::unwrap_or_clone)),
            other => self.wrong(id, &other, "an optional, made by `.?`"),
        }
    }

    pub(super) fn or(&mut self, function: Function, receiver: NodeId, other: NodeId) -> Res<Val<'a>> {
        let value = self.eval(receiver)?;
        match (self.optional(value, receiver)?, function) {
            (Some(inner), Function::Or) => Ok(Val::some(inner)),
            (Some(inner), _) => Ok(inner),
            (None, Function::Or) => {
                let value = self.eval(other)?;
                self.optional(value, other).map(|inner| inner.map_or(Val::none(), Val::some))
            }
            (None, _) => self.eval(other),
        }
    }

    // ---- anything

    pub(super) fn size(&mut self, value: &Val<'a>, arg: NodeId, id: NodeId) -> Res<Val<'a>> {
        if let Some(text) = value.as_str() {
            self.charge(bytes_cost(text.len()), id)?;
            return Ok(Val::int(text.chars().count()));
        }
        match value.kind() {
            Kind::List | Kind::Map => Ok(Val::int(value.len())),
            _ => self.wrong(arg, value, "a text, a list or a map"),
        }
    }

    pub(super) fn json_text(&mut self, value: Val<'a>, id: NodeId) -> Res<Val<'a>> {
        self.weigh(&value, VALUE_DEPTH, id)?;
        // Weighed, so its steps are paid; its bytes are those of the text below and not of the result.
        let span = self.span(id);
        let mut side = Budget::new(u64::MAX, self.budget.bytes_limit());
        let json = Run::new(self.ast, self.patterns, self.env, &mut side).leave(value, span)?;
        self.text(canonical(&json), id)
    }

    pub(super) fn convert(
        &mut self,
        function: Function,
        value: Val<'a>,
        arg: NodeId,
        id: NodeId,
    ) -> Res<Val<'a>> {
        use Function as F;
        if let Some(text) = value.as_str() {
            self.charge(bytes_cost(text.len()), id)?;
        }
        match (function, &value) {
            (F::String, Val::Str(_) | Val::Text(_))
            | (F::Bool, Val::Bool(_))
            | (F::Timestamp, Val::Timestamp(_))
            | (F::Duration, Val::Duration(_)) => Ok(value),
            (F::String, _) => match text_of(&value) {
                Ok(text) => self.text(text, id),
                Err(_) => self.wrong(arg, &value, "a number, a bool, a text, a timestamp or a duration"),
            },
            (F::Int, Val::Num(n)) if planted(Bug::IntKeepsFraction) => Ok(Val::Num(*n)),
            (F::Int, Val::Num(n)) => {
                let cut = n.map_double(f64::trunc).normalized();
                match cut {
                    // A whole double beyond 2^53: exact, if it is in range.
                    Num::Double(d) if d.abs() < 2f64.powi(65) => self.number(Num::integer(d as i128), id),
                    Num::Double(_) => self.number(Err(crate::expr::number::NumError::Overflow), id),
                    whole => Ok(Val::Num(whole)),
                }
            }
            (F::Int, Val::Timestamp(t)) => Ok(Val::Num(Num::Int(t.millis().div_euclid(1_000)))),
            (F::Double, Val::Num(n)) => Ok(Val::Num(Num::Double(n.as_f64()))),
            (F::Timestamp, Val::Num(n)) => {
                let millis = n.as_whole().and_then(|seconds| seconds.checked_mul(1_000));
                match millis.and_then(Timestamp::from_millis) {
                    Some(t) => Ok(Val::Timestamp(t)),
                    None => {
                        let message = format!("{} is no time in whole seconds since 1970", n.text());
                        self.fail("data.conversion", id, message)
                    }
                }
            }
            (_, Val::Str(_) | Val::Text(_)) => {
                let result = read(function, value.as_str().unwrap_or(""));
                self.done(result.map_err(|message| ("data.conversion", message)), id)
            }
            (F::Int, _) => self.wrong(arg, &value, "a number, a text or a timestamp"),
            (F::Double, _) => self.wrong(arg, &value, "a number or a text"),
            (F::Bool, _) => self.wrong(arg, &value, "a bool or a text"),
            (F::Timestamp, _) => self.wrong(arg, &value, "a text or seconds since 1970"),
            _ => self.wrong(arg, &value, "a text"),
        }
    }
}

fn is_zero(value: &Val<'_>) -> bool {
    match value {
        Val::Null => true,
        Val::Bool(b) => !b,
        Val::Num(n) => n.compare(Num::Int(0)).is_eq(),
        Val::Duration(d) => d.millis() == 0,
        Val::Timestamp(_) => false,
        Val::Optional(inner) => inner.is_none(),
        other => other.len() == 0,
    }
}

/// What a text says, read as the function's kind.
fn read(function: Function, text: &str) -> Result<Val<'static>, String> {
    let shown = || cut(text);
    match function {
        Function::Int => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let whole = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            let number = text.parse::<i128>().ok().filter(|_| whole).and_then(|n| Num::integer(n).ok());
            number.map(Val::Num).ok_or_else(|| format!("`{}` is no whole number in range", shown()))
        }
        Function::Double => {
            // What Rust reads beyond JSON, such as `inf` and `nan`, has letters.
            let plain =
                text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
            let number = text.parse::<f64>().ok().filter(|_| plain).and_then(|d| Num::double(d).ok());
            number.map(Val::Num).ok_or_else(|| format!("`{}` is no number", shown()))
        }
        Function::Bool => match text {
            "true" | "True" | "TRUE" | "t" | "T" | "1" => Ok(Val::Bool(true)),
            "false" | "False" | "FALSE" | "f" | "F" | "0" => Ok(Val::Bool(false)),
            _ => Err(format!("`{}` is neither true nor false", shown())),
        },
        Function::Timestamp => Timestamp::read(text)
            .map(Val::Timestamp)
            .map_err(|why| format!("`{}` is no time: {why}", shown())),
        Function::Duration => Duration::read(text)
            .map(Val::Duration)
            .map_err(|why| format!("`{}` is no duration: {why}", shown())),
        _ => Err(format!("`{}` cannot be converted", shown())),
    }
}
