//! The functions: which one, on what, and what each of them costs.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::ast::NodeId;
use super::budget::{Budget, bytes_cost};
use super::compare::VALUE_DEPTH;
use super::eval::{Res, Run, cut};
use super::functions::Function;
use super::leave::text_of;
use super::number::Num;
use super::text;
use super::time::{Civil, Duration, Timestamp, read_offset};
use super::value::{Kind, Val};
use crate::json::canonical;

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
            | F::UrlDecode => self.text_function(function, value, *first, rest, id),
            F::String | F::Int | F::Double | F::Bool | F::Timestamp | F::Duration => {
                self.convert(function, value, *first, id)
            }
            F::ToJson => self.json_text(value, id),
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
            | F::MathSign => self.math(function, &value, *first, rest, id),
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

    fn number_arg(&mut self, id: NodeId) -> Res<Num> {
        match self.eval(id)? {
            Val::Num(n) => Ok(n),
            other => self.wrong(id, &other, "a number"),
        }
    }

    /// A whole number; `data.conversion` for one with a fraction.
    fn whole_arg(&mut self, id: NodeId) -> Res<i64> {
        let number = self.number_arg(id)?;
        match number.as_whole() {
            Some(n) => Ok(n),
            None => {
                self.fail("data.conversion", id, format!("wanted is a whole number, found {}", number.text()))
            }
        }
    }

    fn whole_or(&mut self, id: Option<&NodeId>, default: i64) -> Res<i64> {
        id.map_or(Ok(default), |id| self.whole_arg(*id))
    }

    /// Calls `use_text` with a text argument, charged for reading it.
    fn text_arg<T>(&mut self, id: Option<&NodeId>, call: NodeId, use_text: impl FnOnce(&str) -> T) -> Res<T> {
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

    fn done<T>(&self, result: Result<T, Fault>, id: NodeId) -> Res<T> {
        result.or_else(|(code, message)| self.fail(code, id, message))
    }

    // ---- optionals

    fn optional(&self, value: Val<'a>, id: NodeId) -> Res<Option<Val<'a>>> {
        match value {
            Val::Optional(inner) => Ok(inner.map(Rc::unwrap_or_clone)),
            other => self.wrong(id, &other, "an optional, made by `.?`"),
        }
    }

    fn or(&mut self, function: Function, receiver: NodeId, other: NodeId) -> Res<Val<'a>> {
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

    fn size(&mut self, value: &Val<'a>, arg: NodeId, id: NodeId) -> Res<Val<'a>> {
        if let Some(text) = value.as_str() {
            self.charge(bytes_cost(text.len()), id)?;
            return Ok(Val::int(text.chars().count()));
        }
        match value.kind() {
            Kind::List | Kind::Map => Ok(Val::int(value.len())),
            _ => self.wrong(arg, value, "a text, a list or a map"),
        }
    }

    fn json_text(&mut self, value: Val<'a>, id: NodeId) -> Res<Val<'a>> {
        self.weigh(&value, VALUE_DEPTH, id)?;
        // Weighed, so its steps are paid; its bytes are those of the text below and not of the result.
        let span = self.span(id);
        let mut side = Budget::new(u64::MAX, self.budget.bytes_limit());
        let json = Run::new(self.ast, self.patterns, self.env, &mut side).leave(value, span)?;
        self.text(canonical(&json), id)
    }

    fn convert(&mut self, function: Function, value: Val<'a>, arg: NodeId, id: NodeId) -> Res<Val<'a>> {
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
            (F::Int, Val::Num(n)) => {
                let cut = n.map_double(f64::trunc).normalized();
                match cut {
                    // A whole double beyond 2^53: exact, if it is in range.
                    Num::Double(d) if d.abs() < 2f64.powi(65) => self.number(Num::integer(d as i128), id),
                    Num::Double(_) => self.number(Err(super::number::NumError::Overflow), id),
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

    // ---- texts

    fn text_function(
        &mut self,
        function: Function,
        value: Val<'a>,
        arg: NodeId,
        rest: &'a [NodeId],
        id: NodeId,
    ) -> Res<Val<'a>> {
        use Function as F;
        let Some(subject) = value.as_str() else { return self.wrong(arg, &value, "a text") };
        self.charge(bytes_cost(subject.len()), id)?;
        match function {
            F::Contains => self.text_arg(rest.first(), id, |part| subject.contains(part)).map(Val::Bool),
            F::StartsWith => self.text_arg(rest.first(), id, |part| subject.starts_with(part)).map(Val::Bool),
            F::EndsWith => self.text_arg(rest.first(), id, |part| subject.ends_with(part)).map(Val::Bool),
            F::Matches => {
                let patterns = self.patterns;
                let pattern = patterns.iter().find(|(node, _)| Some(node) == rest.first());
                let Some((_, pattern)) = pattern else { return self.defect(id, "the pattern is no literal") };
                self.charge(pattern.cost(subject.len()), id)?;
                Ok(Val::Bool(pattern.is_match(subject)))
            }
            F::Lower => self.text(subject.to_lowercase(), id),
            F::Upper => self.text(subject.to_uppercase(), id),
            F::LowerAscii => self.text(subject.to_ascii_lowercase(), id),
            F::UpperAscii => self.text(subject.to_ascii_uppercase(), id),
            F::Trim => {
                let start = subject.len() - subject.trim_start().len();
                let end = start + subject.trim().len();
                self.part(&value, start, end, id)
            }
            F::Substring => {
                let start = self.whole_or(rest.first(), 0)?;
                let end = match rest.get(1) {
                    Some(end) => Some(self.whole_arg(*end)?),
                    None => None,
                };
                let found = text::substring(subject, start, end);
                let (start, end) = self.done(found.map_err(|message| ("data.index", message)), id)?;
                self.part(&value, start, end, id)
            }
            F::CharAt => {
                let at = self.whole_or(rest.first(), 0)?;
                let found = text::char_at(subject, at);
                let (start, end) = self.done(found.map_err(|message| ("data.index", message)), id)?;
                self.part(&value, start, end, id)
            }
            F::IndexOf | F::LastIndexOf => {
                let from = match rest.get(1) {
                    Some(from) => Some(self.whole_arg(*from)?),
                    None => None,
                };
                let find = if function == F::IndexOf { text::index_of } else { text::last_index_of };
                let found = self.text_arg(rest.first(), id, |part| find(subject, part, from))?;
                let at = self.done(found.map_err(|message| ("data.index", message)), id)?;
                Ok(Val::Num(Num::Int(at)))
            }
            F::Split => {
                let limit = self.whole_or(rest.get(1), -1)?;
                let by = self.text_arg(rest.first(), id, str::to_owned)?;
                // Paid before they are made: there may be a million of them.
                self.charge(text::parts(subject, &by, limit) as u64, id)?;
                let ends = text::split(subject, &by, limit);
                let mut parts = Vec::with_capacity(ends.len());
                for (start, end) in ends {
                    parts.push(self.part(&value, start, end, id)?);
                }
                Ok(Val::List(Rc::new(parts)))
            }
            F::Replace => self.replace(subject, rest, id),
            F::Base64Encode => self.text(text::base64_encode(subject), id),
            F::UrlEncode => self.text(text::url_encode(subject), id),
            F::Base64Decode | F::UrlDecode => {
                let decoded = if function == F::UrlDecode {
                    text::url_decode(subject)
                } else {
                    text::base64_decode(subject)
                };
                let decoded = self.done(decoded.map_err(|m| ("data.conversion", m.to_owned())), id)?;
                self.text(decoded, id)
            }
            _ => self.defect(id, "this function is not one of texts"),
        }
    }

    /// A part of a text, by bytes; borrowed where the text is.
    fn part(&mut self, value: &Val<'a>, start: usize, end: usize, id: NodeId) -> Res<Val<'a>> {
        match value {
            Val::Str(text) => Ok(Val::Str(text.get(start..end).unwrap_or(""))),
            other => {
                let part = other.as_str().and_then(|text| text.get(start..end)).unwrap_or("");
                self.text(part.to_owned(), id)
            }
        }
    }

    fn replace(&mut self, subject: &str, rest: &'a [NodeId], id: NodeId) -> Res<Val<'a>> {
        let limit = self.whole_or(rest.get(2), -1)?;
        // As many as are there, unless limited.
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let [old, new, ..] = rest else { return self.defect(id, "an argument is missing") };
        let (old_value, new_value) = (self.eval(*old)?, self.eval(*new)?);
        let Some(from) = old_value.as_str() else { return self.wrong(*old, &old_value, "a text") };
        let Some(to) = new_value.as_str() else { return self.wrong(*new, &new_value, "a text") };
        // The length first: each place may grow by a megabyte.
        let places = subject.matches(from).take(limit).count();
        let length = (subject.len() - places * from.len()).saturating_add(places.saturating_mul(to.len()));
        self.budget.text(length, self.span(id))?;
        self.charge(places as u64 / 4, id)?;
        self.text(subject.replacen(from, to, limit), id)
    }

    // ---- times

    fn part_of_time(
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

    // ---- lists and maps

    fn list_function(
        &mut self,
        function: Function,
        value: Val<'a>,
        arg: NodeId,
        rest: &'a [NodeId],
        id: NodeId,
    ) -> Res<Val<'a>> {
        use Function as F;
        let Some(members) = value.list() else {
            let wanted = if function == F::Reverse { "a list or a text" } else { "a list" };
            return self.wrong(arg, &value, wanted);
        };
        let count = members.len();
        if !matches!(function, F::First | F::Last) {
            self.charge(count as u64, id)?;
        }
        match function {
            F::Sum => {
                let mut sum = Num::Int(0);
                for member in members.iter() {
                    let Val::Num(n) = member else {
                        return self.wrong_member(function, &member, "a number", id);
                    };
                    sum = match sum.add(n) {
                        Ok(sum) => sum,
                        Err(error) => return self.number_failure(error, id),
                    };
                }
                Ok(Val::Num(sum))
            }
            F::Min | F::Max => {
                let wanted = if function == F::Min { Ordering::Less } else { Ordering::Greater };
                let Some(mut best) = members.get(0) else { return self.empty(function, id) };
                // The first is compared with itself, so that a list of one is held to the rule as well.
                for member in members.iter() {
                    if self.order(&member, &best, function.name(), id)? == wanted {
                        best = member;
                    }
                }
                Ok(best)
            }
            F::Sort => {
                let keyed = members.iter().map(|member| (member.clone(), member)).collect();
                self.sort_by(keyed, id, id)
            }
            F::Reverse => {
                let mut list = members.to_vec();
                list.reverse();
                Ok(Val::List(Rc::new(list)))
            }
            F::Distinct => self.distinct(&value, id),
            F::Flatten => {
                let mut flat = Vec::new();
                for member in members.iter() {
                    match member.list() {
                        Some(inner) => {
                            self.charge(inner.len() as u64, id)?;
                            flat.extend(inner.iter());
                        }
                        None => flat.push(member),
                    }
                }
                Ok(Val::List(Rc::new(flat)))
            }
            F::First | F::Last => {
                let found =
                    if function == F::First { members.get(0) } else { members.get(count.wrapping_sub(1)) };
                found.map_or_else(|| self.empty(function, id), Ok)
            }
            F::Slice => {
                let (start, end) = (self.whole_or(rest.first(), 0)?, self.whole_or(rest.get(1), 0)?);
                match (usize::try_from(start), usize::try_from(end)) {
                    (Ok(from), Ok(to)) if from <= to && to <= count => {
                        Ok(Val::List(Rc::new((from..to).filter_map(|i| members.get(i)).collect())))
                    }
                    _ => {
                        let message = format!("there is no part from {start} to {end} of a list of {count}");
                        self.fail("data.index", id, message)
                    }
                }
            }
            F::Chunk => {
                let size = self.whole_or(rest.first(), 0)?;
                let Some(size) = usize::try_from(size).ok().filter(|size| *size > 0) else {
                    return self.fail(
                        "data.index",
                        id,
                        format!("a part has at least one member, not {size}"),
                    );
                };
                let list = members.to_vec();
                let parts = list.chunks(size).map(|part| Val::List(Rc::new(part.to_vec())));
                Ok(Val::List(Rc::new(parts.collect())))
            }
            F::Join => {
                let mut length = 0usize;
                let by_length = match rest.first() {
                    Some(by) => self.text_arg(Some(by), id, str::to_owned)?,
                    None => String::new(),
                };
                for member in members.iter() {
                    let Some(text) = member.as_str() else {
                        return self.wrong_member(function, &member, "a text", id);
                    };
                    length = length.saturating_add(text.len()).saturating_add(by_length.len());
                }
                self.budget.text(length.saturating_sub(by_length.len()), self.span(id))?;
                let mut joined = String::with_capacity(length);
                for (i, member) in members.iter().enumerate() {
                    if i > 0 {
                        joined.push_str(&by_length);
                    }
                    joined.push_str(member.as_str().unwrap_or(""));
                }
                self.text(joined, id)
            }
            _ => self.defect(id, "this function is not one of lists"),
        }
    }

    #[cold]
    fn wrong_member<T>(&self, function: Function, member: &Val<'a>, wanted: &str, id: NodeId) -> Res<T> {
        let (name, found) = (function.name(), member.kind().phrase());
        self.defect(id, format!("`{name}` wants {wanted} in each place, found {found}"))
    }

    #[cold]
    fn empty<T>(&self, function: Function, id: NodeId) -> Res<T> {
        self.fail("data.index", id, format!("`{}` of an empty list has no value", function.name()))
    }

    fn range(&mut self, value: &Val<'a>, arg: NodeId, id: NodeId) -> Res<Val<'a>> {
        let Val::Num(n) = value else { return self.wrong(arg, value, "a number") };
        let Some(count) = n.as_whole().and_then(|n| u64::try_from(n).ok()) else {
            return self.fail(
                "data.index",
                id,
                format!("a range counts to a whole number, not {}", n.text()),
            );
        };
        self.charge(count, id)?;
        // Paid for, so it is small.
        let count = i64::try_from(count).unwrap_or(0);
        Ok(Val::List(Rc::new((0..count).map(|i| Val::Num(Num::Int(i))).collect())))
    }

    fn merge(&mut self, left: &Val<'a>, arg: NodeId, rest: &'a [NodeId], id: NodeId) -> Res<Val<'a>> {
        let Some(other) = rest.first() else { return self.defect(id, "an argument is missing") };
        let right = self.eval(*other)?;
        let mut map = BTreeMap::new();
        for (value, node) in [(left, arg), (&right, *other)] {
            let Some(keys) = value.keys() else { return self.wrong(node, value, "a map") };
            self.charge(keys.len() as u64, id)?;
            for key in keys {
                if let Some(member) = value.member(key.as_str()).flatten() {
                    map.insert(key, member);
                }
            }
        }
        Ok(Val::Map(Rc::new(map)))
    }

    // ---- numbers

    fn math(
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
            F::MathSign => Ok(Num::Int(match n.compare(Num::Int(0)) {
                Ordering::Less => -1,
                Ordering::Equal => 0,
                Ordering::Greater => 1,
            })),
            _ => return self.defect(id, "this function is not one of numbers"),
        };
        self.number(result, id)
    }

    fn extreme_of(&mut self, function: Function, args: &'a [NodeId], id: NodeId) -> Res<Val<'a>> {
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
