//! The functions of texts.

use super::call::Args;
use super::walk::{Checker, Seen};
use crate::expr::ast::NodeId;
use crate::expr::functions::Function;
use crate::finding::ResidualKind;
use crate::types::{NumberFacet, Type};

impl Checker<'_> {
    pub(super) fn text_call(&mut self, id: NodeId, function: Function, args: &Args) -> Option<Seen> {
        use Function as F;
        let (seen, arg) = args.get(0)?;
        let subject = self.want_string(seen, arg);
        let bytes = subject.as_ref().map_or(0, Type::text_bytes);
        let steps = bytes / 64;
        match function {
            F::Contains | F::StartsWith | F::EndsWith => {
                let (part, part_id) = args.get(1)?;
                let part = self.want_string(part, part_id);
                let more = part.map_or(0, |part| part.text_bytes() / 64);
                return Some(Seen::of(Type::boolean(), steps.saturating_add(more)));
            }
            F::Matches => {
                let pattern = args.get(1).map(|(_, pattern)| pattern);
                let pattern = self.patterns.iter().find(|(node, _)| Some(*node) == pattern);
                let length = usize::try_from(bytes).unwrap_or(usize::MAX);
                let cost = pattern.map_or(u64::MAX, |(_, pattern)| pattern.cost(length));
                return Some(Seen::of(Type::boolean(), steps.saturating_add(cost)));
            }
            _ => {}
        }
        let subject = subject?;
        let (least, most) = subject.text_length()?;
        let ty = match function {
            F::Lower | F::Upper | F::LowerAscii | F::UpperAscii => {
                let ascii = matches!(function, F::LowerAscii | F::UpperAscii);
                // One code point can become three (Unicode, SpecialCasing), and none becomes nothing.
                let most = if ascii { most } else { most.and_then(|most| most.checked_mul(3)) };
                let text = cased(function, &subject).unwrap_or_else(|| Type::text_of(least, most));
                // Bytes of ASCII stay, so a text that is there already does not grow.
                if !ascii {
                    self.made_text(&text);
                }
                text
            }
            F::Trim => Type::text_of(0, most),
            F::Substring => return self.substring(id, args, (least, most), steps),
            F::CharAt => {
                let at = self.want_whole(args.get(1)?, id)?;
                self.position_in(id, &at, least);
                Type::text_of(0, Some(1))
            }
            F::IndexOf | F::LastIndexOf => {
                let (part, part_id) = args.get(1)?;
                let part = self.want_string(part, part_id);
                if let Some(from) = args.get(2) {
                    let from = self.want_whole(from, id)?;
                    self.position_in(id, &from, least);
                }
                let more = part.map_or(0, |part| part.text_bytes() / 64);
                let most = most.unwrap_or(u64::from(u32::MAX));
                let ty = Type::integer_between(Some(-1), Some(most.into()));
                return Some(Seen::of(ty, steps.saturating_add(more)));
            }
            F::Split => return self.split(id, args, most, steps),
            F::Replace => return self.replace(id, args, &subject, most, steps),
            F::Base64Encode => {
                let most = most.map(|most| most.saturating_mul(4).div_ceil(3).saturating_mul(4));
                let text = Type::text_of(least, most.map(|most| most.saturating_add(4)));
                self.made_text(&text);
                text
            }
            F::StringsQuote => {
                let most = most.and_then(|most| most.checked_mul(2)?.checked_add(2));
                let text = Type::text_of(least.saturating_add(2), most);
                self.made_text(&text);
                text
            }
            F::UrlEncode => {
                let text = Type::text_of(least, most.and_then(|most| most.checked_mul(12)));
                self.made_text(&text);
                text
            }
            _ => {
                // Decoding fails on what is no encoding; the text it gives is no longer.
                self.residual(ResidualKind::Conversion, id);
                Type::text_of(0, most)
            }
        };
        Some(Seen::of(ty, steps.saturating_mul(2)))
    }

    /// A position in a text: up to its length, which is allowed.
    fn position_in(&mut self, id: NodeId, at: &NumberFacet, least: u64) {
        let (low, high) = at.whole_ends();
        let inside = low.is_some_and(|low| low >= 0) && high.is_some_and(|high| high <= i128::from(least));
        if !inside {
            self.residual(ResidualKind::Index, id);
        }
    }

    fn substring(&mut self, id: NodeId, args: &Args, length: (u64, Option<u64>), steps: u64) -> Option<Seen> {
        let (least, most) = length;
        let start = self.want_whole(args.get(1)?, id)?;
        let (from, to) = start.whole_ends();
        let end = match args.get(2) {
            Some(end) => Some(self.want_whole(end, id)?.whole_ends()),
            None => None,
        };
        let fits = |end: Option<i128>| end.is_some_and(|end| end <= i128::from(least));
        let inside = from.is_some_and(|from| from >= 0)
            && fits(to)
            && end.is_none_or(|(low, high)| fits(high) && low.zip(to).is_some_and(|(low, to)| low >= to));
        if !inside {
            self.residual(ResidualKind::Index, id);
        }
        // At most from the first start to the last end, and no more than there is.
        let first = from.unwrap_or(0).max(0);
        let taken = end.and_then(|(_, high)| u64::try_from(high?.checked_sub(first)?.max(0)).ok());
        let rest = most.map(|most| most.saturating_sub(u64::try_from(first).unwrap_or(0)));
        let most = match (taken, rest) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Some(Seen::of(Type::text_of(0, most), steps.saturating_mul(2)))
    }

    fn split(&mut self, id: NodeId, args: &Args, most: Option<u64>, steps: u64) -> Option<Seen> {
        let (separator, separator_id) = args.get(1)?;
        let separator = self.want_string(separator, separator_id)?;
        // Between each two code points, and at both ends.
        let mut parts = most.unwrap_or(1 << 20).saturating_add(1);
        let limit = match args.get(2) {
            Some(limit) => Some(self.want_whole(limit, id)?.whole_ends()),
            None => None,
        };
        let mut least = u64::from(separator.text_length().is_some_and(|(least, _)| least > 0));
        if let Some((low, high)) = limit {
            if low.is_some_and(|low| low >= 0)
                && let Some(high) = high.and_then(|high| u64::try_from(high).ok())
            {
                parts = parts.min(high);
            }
            if low.is_none_or(|low| low <= 0) {
                least = 0;
            }
        }
        let list = Type::list_of(Vec::new(), Type::text_of(0, most), least.min(parts), Some(parts));
        Some(Seen::of(list, steps.saturating_mul(3).saturating_add(parts)))
    }

    fn replace(
        &mut self,
        id: NodeId,
        args: &Args,
        subject: &Type,
        most: Option<u64>,
        steps: u64,
    ) -> Option<Seen> {
        let (old, old_id) = args.get(1)?;
        let old = self.want_string(old, old_id);
        let (new, new_id) = args.get(2)?;
        let new = self.want_string(new, new_id);
        if let Some(limit) = args.get(3) {
            self.want_whole(limit, id)?;
        }
        let (old, new) = (old?, new?);
        let (from, _) = old.text_length()?;
        let (_, to) = new.text_length()?;
        let longest = most.zip(to).and_then(|(most, to)| {
            if from > 0 && to <= from {
                // Nothing grows.
                return Some(most);
            }
            // Each code point, and both ends where the old text is empty.
            let places = most.checked_div(from).or_else(|| most.checked_add(1))?;
            most.checked_add(places.checked_mul(to)?)
        });
        let text = Type::text_of(0, longest);
        self.made_text(&text);
        let places = subject.text_bytes().saturating_add(1) / 4;
        let made = text.text_bytes() / 64;
        Some(Seen::of(text, steps.saturating_add(places).saturating_add(made)))
    }
}

/// The cased forms of constant texts.
fn cased(function: Function, subject: &Type) -> Option<Type> {
    let texts = subject.text_values()?;
    let changed: Vec<String> = texts
        .iter()
        .map(|text| match function {
            Function::Lower => text.to_lowercase(),
            Function::Upper => text.to_uppercase(),
            Function::LowerAscii => text.to_ascii_lowercase(),
            _ => text.to_ascii_uppercase(),
        })
        .collect();
    Some(Type::texts(changed.iter().map(String::as_str)))
}
