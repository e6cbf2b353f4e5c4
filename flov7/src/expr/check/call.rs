//! Calls: what each function takes, gives, and can fail with.

use serde_json::Value;

use super::compare::ordered;
use super::env::TypeEnv;
use super::found::{Edit, ExprFinding};
use super::walk::{Checker, Seen};
use super::want::text_of;
use crate::expr::ast::{ExprKind, NodeId, RootName};
use crate::expr::functions::Function;
use crate::expr::time::{Duration, Timestamp};
use crate::finding::{Code, ResidualKind};
use crate::types::{Kind, Kinds, NumberFacet, Type};

/// The arguments of a call: nodes, and what is known of them.
pub(super) struct Args {
    nodes: Vec<NodeId>,
    seen: Vec<Seen>,
}

impl Args {
    pub(super) fn get(&self, at: usize) -> Option<(&Seen, NodeId)> {
        Some((self.seen.get(at)?, *self.nodes.get(at)?))
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }
}

impl Checker<'_> {
    pub(super) fn call(&mut self, env: &TypeEnv, id: NodeId, function: Function, nodes: &[NodeId]) -> Seen {
        let mut seen = Vec::with_capacity(nodes.len());
        for (at, node) in nodes.iter().enumerate() {
            let before = self.found();
            seen.push(self.node(env, *node));
            // What is asked for its value or another is meant to be read as an optional.
            if at == 0
                && matches!(function, Function::OrValue | Function::Or | Function::HasValue)
                && let Some(name) = self.last_name(*node)
            {
                let mended = self.mend_absent(
                    before,
                    *node,
                    Edit::ending(self.span(*node), &name, format!("?{name}")),
                );
                if let (true, Some(seen)) = (mended, seen.last_mut()) {
                    seen.unclear = true;
                }
            }
        }
        let steps = seen.iter().fold(0, |steps: u64, seen| steps.saturating_add(seen.steps));
        let args = Args { nodes: nodes.to_vec(), seen };
        let mut result = self.called(id, function, &args).unwrap_or_else(|| Seen::unclear(0));
        result.steps = result.steps.saturating_add(steps);
        result
    }

    /// The name that a path ends with.
    fn last_name(&self, id: NodeId) -> Option<Box<str>> {
        match &self.ast.node(id).kind {
            ExprKind::Select { member, optional: false, .. } => Some((**member).into()),
            ExprKind::Reference { reference, optional: false } => match self.ast.reference(*reference).name()
            {
                RootName::Step(step) => Some((**step).into()),
                RootName::Root(_) => None,
            },
            _ => None,
        }
    }

    /// The result of a call; nothing where that is unclear.
    fn called(&mut self, id: NodeId, function: Function, args: &Args) -> Option<Seen> {
        use Function as F;
        match function {
            F::OptionalNone => return Some(Seen::of(Type::optional(Type::never()), 0)),
            F::OptionalOf | F::OptionalOfNonZeroValue => return self.optional_of(args),
            F::HasValue | F::Value | F::OrValue | F::Or => return self.optional_call(id, function, args),
            F::MathGreatest | F::MathLeast => return self.extreme_of(id, function, args),
            _ => {}
        }
        match function {
            F::Size => self.size(args),
            F::Type => self.type_name(args),
            F::String | F::Int | F::Double | F::Bool | F::Timestamp | F::Duration => {
                self.convert(id, function, args)
            }
            F::ToJson => self.json_text(args),
            F::Format => self.format(id, args),
            // The value as it is; where it stands it is paid for.
            F::Dyn => args.get(0).map(|(seen, _)| Seen { steps: 0, ..seen.clone() }),
            F::GetFullYear
            | F::GetMonth
            | F::GetDate
            | F::GetDayOfMonth
            | F::GetDayOfWeek
            | F::GetDayOfYear
            | F::GetHours
            | F::GetMinutes
            | F::GetSeconds
            | F::GetMilliseconds => self.part_of_time(id, function, args),
            F::MathRound
            | F::MathQuot
            | F::MathAbs
            | F::MathCeil
            | F::MathFloor
            | F::MathTrunc
            | F::MathSign
            | F::MathSqrt => self.math(id, function, args),
            F::MathBitAnd
            | F::MathBitOr
            | F::MathBitXor
            | F::MathBitNot
            | F::MathBitShiftLeft
            | F::MathBitShiftRight => self.bits(id, function, args),
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
            | F::StringsQuote => self.text_call(id, function, args),
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
            | F::Join
            | F::Range
            | F::Merge => self.list_call(id, function, args),
            F::OptionalNone
            | F::OptionalOf
            | F::OptionalOfNonZeroValue
            | F::HasValue
            | F::Value
            | F::OrValue
            | F::Or
            | F::MathGreatest
            | F::MathLeast => None,
        }
    }

    // ---- arguments

    /// A whole number, as positions and counts are; a fraction is `data.conversion`.
    pub(super) fn want_whole(&mut self, arg: (&Seen, NodeId), call: NodeId) -> Option<NumberFacet> {
        let facet = self.want_number(arg.0, arg.1)?.numbers()?;
        if !facet.is_index() {
            let certain =
                facet.values.as_ref().is_some_and(|values| values.iter().all(|value| !value.is_whole()));
            if certain {
                let message = format!("{} is no whole number", self.show(arg.1));
                let help = format!("use `math.round({0})` or `math.floor({0})`", self.text(arg.1));
                self.find(ExprFinding::new(Code::WRONG_ARGUMENTS, self.span(arg.1), message).help(help));
                return None;
            }
            // The evaluator points at the argument.
            self.residual(ResidualKind::Conversion, arg.1);
            let _ = call;
        }
        Some(facet)
    }

    // ---- optionals

    fn optional_of(&mut self, args: &Args) -> Option<Seen> {
        let (seen, id) = args.get(0)?;
        if seen.unclear {
            return None;
        }
        if seen.ty.optional_inner().is_some() {
            let message = format!("{} is an optional already", self.show(id));
            let help = format!("write `{}` alone", self.text(id));
            self.find(ExprFinding::new(Code::WRONG_TYPE, self.span(id), message).help(help));
            return None;
        }
        Some(Seen::of(Type::optional(seen.ty.clone()), 0))
    }

    /// The type inside of an argument that must be an optional.
    pub(super) fn want_optional(&mut self, arg: (&Seen, NodeId)) -> Option<Type> {
        let (seen, id) = arg;
        if seen.unclear {
            return None;
        }
        match seen.ty.optional_inner() {
            Some(inner) if seen.ty.kinds().is_empty() => Some(inner),
            _ => {
                let message = format!("{} is {}, wanted is an optional", self.show(id), seen.ty);
                let finding = ExprFinding::new(Code::WRONG_TYPE, self.span(id), message);
                self.find(finding.help("an optional is made by reading with `.?` or `[?…]`"));
                None
            }
        }
    }

    fn optional_call(&mut self, id: NodeId, function: Function, args: &Args) -> Option<Seen> {
        let receiver = args.get(0)?;
        let inner = self.want_optional(receiver);
        match function {
            Function::HasValue => Some(Seen::of(Type::boolean(), 0)),
            Function::Value => {
                let inner = inner?;
                self.residual(ResidualKind::Key, id);
                Some(Seen::of(inner, 0))
            }
            Function::OrValue => {
                let (other, other_id) = args.get(1)?;
                let inner = inner?;
                if other.unclear {
                    return None;
                }
                if other.ty.optional_inner().is_some() {
                    let message = format!("{} is an optional itself", self.show(other_id));
                    let finding = ExprFinding::new(Code::WRONG_TYPE, self.span(other_id), message);
                    self.find(finding.help("write `.or(…)` to fall back to another optional"));
                    return None;
                }
                Some(Seen::of(inner.union(&other.ty), 0))
            }
            _ => {
                let other = self.want_optional(args.get(1)?);
                Some(Seen::of(Type::optional(inner?.union(&other?)), 0))
            }
        }
    }

    // ---- anything

    fn size(&mut self, args: &Args) -> Option<Seen> {
        let (seen, id) = args.get(0)?;
        let kinds = Kinds::only(Kind::Text).and(Kind::List).and(Kind::Map);
        let ty = self.want(seen, id, kinds, "text, a list or an object");
        let Some(ty) = ty else {
            return Some(Seen::of(Type::integer_between(Some(0), Some(i128::from(u32::MAX))), 0));
        };
        let ends = [
            ty.kinds().has(Kind::Text).then(|| ty.text_length()).flatten(),
            ty.kinds().has(Kind::List).then(|| ty.item_count()).flatten(),
            ty.kinds().has(Kind::Map).then(|| ty.member_count()).flatten(),
        ];
        let all =
            ends.into_iter().flatten().reduce(|(a, b), (c, d)| (a.min(c), b.zip(d).map(|(b, d)| b.max(d))));
        let (least, most) = all.unwrap_or((0, None));
        // No value of an expression has more parts than fit into 32 bits.
        let most = most.unwrap_or(u64::from(u32::MAX)).min(u64::from(u32::MAX));
        let steps = ty.text_bytes() / 64;
        Some(Seen::of(Type::integer_between(Some(least.min(most).into()), Some(most.into())), steps))
    }

    fn type_name(&mut self, args: &Args) -> Option<Seen> {
        let (seen, id) = args.get(0)?;
        if seen.unclear || seen.ty.is_untyped() {
            return Some(Seen::of(Type::texts(Kinds::JSON.iter().map(Kind::name)), 0));
        }
        if seen.ty.optional_inner().is_some() {
            self.want(seen, id, Kinds::NONE, "a value")?;
        }
        Some(Seen::of(Type::texts(seen.ty.kinds().iter().map(Kind::name)), 0))
    }

    fn json_text(&mut self, args: &Args) -> Option<Seen> {
        let (seen, id) = args.get(0)?;
        if seen.unclear {
            return None;
        }
        if seen.ty.optional_inner().is_some() || seen.ty.holds_optional() {
            let message = format!("{} holds an optional, which is no JSON", self.show(id));
            let help = format!("say what to use instead: `{}.orValue(…)`", self.text(id));
            self.find(ExprFinding::new(Code::WRONG_TYPE, self.span(id), message).help(help));
            return None;
        }
        let extent = seen.ty.leaving().extent_of_values();
        let text = Type::text_of(1, extent.bytes);
        self.made_text(&text);
        let steps = extent.steps.saturating_add(extent.bytes.unwrap_or(0) / 64);
        Some(Seen::of(text, steps))
    }

    // ---- conversions

    fn convert(&mut self, id: NodeId, function: Function, args: &Args) -> Option<Seen> {
        use Function as F;
        let (seen, arg) = args.get(0)?;
        let (kinds, wanted) = match function {
            F::String => {
                let all = Kinds::only(Kind::Text).and(Kind::Number).and(Kind::Bool);
                (
                    all.and(Kind::Timestamp).and(Kind::Duration),
                    "text, a number, true or false, a time or a duration",
                )
            }
            F::Int => {
                (Kinds::only(Kind::Number).and(Kind::Text).and(Kind::Timestamp), "a number, text or a time")
            }
            F::Double => (Kinds::only(Kind::Number).and(Kind::Text), "a number or text"),
            F::Bool => (Kinds::only(Kind::Bool).and(Kind::Text), "true or false, or text"),
            F::Timestamp => (
                Kinds::only(Kind::Timestamp).and(Kind::Text).and(Kind::Number),
                "text, or seconds since 1970",
            ),
            _ => (Kinds::only(Kind::Duration).and(Kind::Text), "text such as \"1h30m\""),
        };
        let ty = self.want(seen, arg, kinds, wanted)?;
        let steps = ty.text_bytes() / 64;
        if function == F::String {
            return Some(Seen::of(text_of(&ty), steps));
        }
        let mut result = Type::never();
        let own = ty.kinds();
        if own.has(Kind::Text) {
            result = result.union(&self.read_text(id, arg, function, &ty)?);
        }
        if own.has(Kind::Number) {
            let numbers = ty.numbers()?;
            result = result.union(&match function {
                F::Int => {
                    if !numbers.to_whole().fits_integer() {
                        self.residual(ResidualKind::Overflow, id);
                    }
                    Type::of_numbers(numbers.to_whole())
                }
                F::Double => Type::of_numbers(numbers.widened()),
                _ => {
                    let (low, high) = numbers.whole_ends();
                    let (first, last) = (Timestamp::MIN.millis() / 1_000, Timestamp::MAX.millis() / 1_000);
                    let inside = numbers.integer
                        && low.is_some_and(|low| low >= first.into())
                        && high.is_some_and(|high| high <= last.into());
                    if !inside {
                        self.residual(ResidualKind::Conversion, id);
                    }
                    Type::timestamp()
                }
            });
        }
        if own.has(Kind::Timestamp) {
            result = result.union(&match function {
                F::Int => {
                    let (first, last) = (Timestamp::MIN.millis() / 1_000, Timestamp::MAX.millis() / 1_000);
                    Type::integer_between(Some(i128::from(first) - 1), Some(last.into()))
                }
                _ => Type::timestamp(),
            });
        }
        if own.has(Kind::Duration) {
            result = result.union(&Type::duration());
        }
        if own.has(Kind::Bool) {
            result = result.union(&ty.only_kinds(Kinds::only(Kind::Bool)));
        }
        Some(Seen::of(result, steps))
    }

    /// What the texts of a type read as. Constant texts are read here: all wrong is a finding, some a residual.
    fn read_text(&mut self, id: NodeId, arg: NodeId, function: Function, ty: &Type) -> Option<Type> {
        let result = match function {
            Function::Int => Type::integer(),
            Function::Double => Type::number(),
            Function::Bool => Type::boolean(),
            Function::Timestamp => Type::timestamp(),
            _ => Type::duration(),
        };
        let texts = ty.only_kinds(Kinds::only(Kind::Text)).text_values();
        let Some(texts) = texts else {
            self.residual(ResidualKind::Conversion, id);
            // A text of digits is an integer in range, and no double.
            return Some(match function {
                Function::Int => Type::integer_between(Some(i64::MIN.into()), Some(u64::MAX.into())),
                _ => result,
            });
        };
        let mut failed: Option<(String, String)> = None;
        let mut read = 0;
        for text in &texts {
            match readable(function, text) {
                Ok(()) => read += 1,
                Err(why) => failed = Some((text.to_string(), why)),
            }
        }
        if let Some((text, why)) = failed {
            if read == 0 {
                let message = format!("`{text}` cannot be read: {why}");
                let example = match function {
                    Function::Int => "42",
                    Function::Double => "1.5",
                    Function::Bool => "true",
                    Function::Timestamp => "2026-11-22T08:30:00Z",
                    _ => "1h30m",
                };
                let finding = ExprFinding::new(Code::WRONG_ARGUMENTS, self.span(arg), message);
                self.find(finding.help(format!("`{}` reads texts such as \"{example}\"", function.name())));
                return None;
            }
            self.residual(ResidualKind::Conversion, id);
        }
        Some(result)
    }

    // ---- lists

    /// The items of a list, which must all be of some kinds.
    pub(super) fn want_element(
        &mut self,
        list: &Type,
        seen: &Seen,
        id: NodeId,
        kinds: Kinds,
        wanted: &str,
    ) -> Option<Type> {
        let element = list.element()?;
        if element.is_never() {
            return Some(element);
        }
        if element.is_untyped() {
            let message =
                format!("nothing says what is in {}, and wanted is {wanted} in each place", self.show(id));
            let finding = ExprFinding::new(Code::UNTYPED_READ, self.span(id), message);
            let path = vec![crate::types::Segment::Index(0)];
            let wanted = kinds.common(Kinds::JSON);
            self.untyped_read(seen, id, finding, crate::types::Usage { path, wanted, guarded: false });
            return None;
        }
        let bad = element.kinds().without(kinds);
        if bad.is_empty() && element.optional_inner().is_none() {
            return Some(element);
        }
        let code = if bad == Kinds::only(Kind::Null) { Code::MAYBE_NULL } else { Code::WRONG_TYPE };
        let held = if bad.is_empty() { element.clone() } else { element.only_kinds(bad) };
        let message = format!("{} holds {held}, wanted is {wanted} in each place", self.show(id));
        let mut finding = ExprFinding::new(code, self.span(id), message);
        let shown = self.text(id);
        if bad == Kinds::only(Kind::Null) {
            finding = finding.help(format!("leave them out first: `{shown}.filter(x, x != null)`"));
        } else if bad == Kinds::only(Kind::Text) && kinds == Kinds::only(Kind::Number) {
            finding = finding.help(format!("read them first: `{shown}.map(x, double(x))`"));
        } else if kinds == Kinds::only(Kind::Text) && !bad.has(Kind::List) && !bad.has(Kind::Map) {
            finding = finding.help(format!("write them first: `{shown}.map(x, string(x))`"));
        } else {
            // A member that would do, if there is one.
            let member = element.members().into_iter().find(|(_, ty, _)| ty.kinds().within(kinds));
            let name = member.map_or("…".to_owned(), |(name, ..)| format!("x.{name}"));
            finding = finding.help(format!("say what is meant of each: `{shown}.map(x, {name})`"));
        }
        self.find(finding);
        None
    }

    /// The items of a list, all of one kind that can be put in order.
    pub(super) fn want_ordered(&mut self, list: &Type, seen: &Seen, id: NodeId) -> Option<Type> {
        let wanted = "a number, text, true or false, a time or a duration";
        let element = self.want_element(list, seen, id, ordered(), wanted)?;
        if element.kinds().iter().count() > 1 {
            let message = format!("{} holds {element}: values of several kinds have no order", self.show(id));
            let help = format!("make them of one kind first: `{}.map(x, string(x))`", self.text(id));
            self.find(ExprFinding::new(Code::WRONG_TYPE, self.span(id), message).help(help));
            return None;
        }
        Some(element)
    }
}

/// Whether a constant text can be read, or why not.
fn readable(function: Function, text: &str) -> Result<(), String> {
    let ok = |fine: bool, why: &str| if fine { Ok(()) } else { Err(why.to_owned()) };
    match function {
        Function::Int => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            let value = text.parse::<i128>().ok().filter(|_| whole);
            let fits =
                value.is_some_and(|value| (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&value));
            ok(fits, "it is no whole number in range")
        }
        Function::Double => {
            let plain = text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
            ok(plain && text.parse::<f64>().is_ok_and(f64::is_finite), "it is no number")
        }
        Function::Bool => {
            let known = ["true", "True", "TRUE", "t", "T", "1", "false", "False", "FALSE", "f", "F", "0"];
            ok(known.contains(&text), "it is neither true nor false")
        }
        Function::Timestamp => Timestamp::read(text).map(drop).map_err(|why| why.to_string()),
        _ => Duration::read(text).map(drop).map_err(|why| why.to_string()),
    }
}

/// A JSON number of a type with one value.
pub(super) fn only_number(ty: &Type) -> Option<u64> {
    match ty.only_value()? {
        Value::Number(number) => number.as_u64(),
        _ => None,
    }
}
