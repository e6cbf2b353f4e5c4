//! The functions of lists and maps.

use super::call::{Args, only_number};
use super::comprehend::sorting_steps;
use super::found::ExprFinding;
use super::walk::{Checker, Seen};
use crate::expr::ast::NodeId;
use crate::expr::functions::Function;
use crate::finding::{Code, ResidualKind};
use crate::types::{Kind, Kinds, Type};

impl Checker<'_> {
    pub(super) fn list_call(&mut self, id: NodeId, function: Function, args: &Args) -> Option<Seen> {
        use Function as F;
        let (seen, arg) = args.get(0)?;
        match function {
            F::Range => return self.range(id, args),
            F::Merge => return self.merge(args),
            F::Reverse => {
                let kinds = Kinds::only(Kind::List).and(Kind::Text);
                let ty = self.want(seen, arg, kinds, "a list or text")?;
                return Some(self.reverse(&ty));
            }
            _ => {}
        }
        let list = self.want_list(seen, arg)?;
        let (least, most) = list.item_count()?;
        let count = most.unwrap_or(u64::MAX);
        let (ty, steps) = match function {
            F::Sum => {
                let element = self.want_element(&list, seen, arg, Kinds::only(Kind::Number), "a number")?;
                if element.is_never() {
                    (Type::of_value(&0.into()), 0)
                } else {
                    let outcome = element.numbers()?.total(least, most);
                    (self.outcome(outcome, id), count)
                }
            }
            F::Min | F::Max => {
                let element = self.want_ordered(&list, seen, arg)?;
                self.may_be_empty(id, arg, function, least, most)?;
                let each = 1 + element.text_bytes() / 64;
                (element, count.saturating_mul(each))
            }
            F::Sort => {
                let element = self.want_ordered(&list, seen, arg)?;
                let each = 1 + element.text_bytes() / 64;
                (list.shuffled(least, most), count.saturating_add(sorting_steps(each, count)))
            }
            F::Distinct => {
                let each = list.element()?.extent_of_values().steps;
                let walked = count.saturating_mul(each);
                (list.shuffled(least.min(1), most), walked.saturating_add(sorting_steps(each, count)))
            }
            F::Flatten => self.flatten(&list, least, most)?,
            F::First | F::Last => {
                self.may_be_empty(id, arg, function, least, most)?;
                let found = match (function, most) {
                    (F::First, _) => list.item(0),
                    (_, Some(most)) if most == least => list.item(most.saturating_sub(1)),
                    _ => list.element()?,
                };
                (found, 0)
            }
            F::Slice => self.slice(id, args, &list, least, most)?,
            F::Chunk => self.chunk(id, args, &list, least, most)?,
            _ => self.join(args, &list, seen, arg, least, most)?,
        };
        Some(Seen::of(ty, steps))
    }

    /// `data.index` where the list may be empty; a finding where it always is.
    fn may_be_empty(
        &mut self,
        id: NodeId,
        arg: NodeId,
        function: Function,
        least: u64,
        most: Option<u64>,
    ) -> Option<()> {
        if most == Some(0) {
            let message =
                format!("{} is an empty list: `{}` of it has no value", self.show(arg), function.name());
            let help = format!("say what to use instead: `size({0}) > 0 ? … : …`", self.text(arg));
            self.find(ExprFinding::new(Code::WRONG_ARGUMENTS, self.span(arg), message).help(help));
            return None;
        }
        if least == 0 {
            self.residual(ResidualKind::Index, id);
        }
        Some(())
    }

    fn reverse(&mut self, ty: &Type) -> Seen {
        let mut all = Type::never();
        let mut steps: u64 = 0;
        if ty.kinds().has(Kind::Text) {
            let (least, most) = ty.text_length().unwrap_or((0, None));
            all = all.union(&Type::text_of(least, most));
            steps = steps.saturating_add(ty.text_bytes() / 32);
        }
        if ty.kinds().has(Kind::List) {
            let (least, most) = ty.item_count().unwrap_or((0, None));
            all = all.union(&ty.shuffled(least, most));
            steps = steps.saturating_add(most.unwrap_or(u64::MAX));
        }
        Seen::of(all, steps)
    }

    /// Members that are lists are replaced by theirs.
    fn flatten(&mut self, list: &Type, least: u64, most: Option<u64>) -> Option<(Type, u64)> {
        let element = list.element()?;
        if element.is_untyped() {
            return Some((Type::list(Type::untyped()), u64::MAX));
        }
        let inner = Kinds::only(Kind::List);
        let plain = element.without_kinds(inner);
        let lists = element.only_kinds(inner);
        if lists.is_never() {
            return Some((list.shuffled(least, most), most.unwrap_or(u64::MAX)));
        }
        let (low, high) = lists.item_count()?;
        let (one, many) =
            if plain.is_never() { (low, high) } else { (low.min(1), high.map(|high| high.max(1))) };
        let items = lists.element()?.union(&plain);
        let total = most.zip(many).and_then(|(most, many)| most.checked_mul(many));
        let steps = total.unwrap_or(u64::MAX).saturating_add(most.unwrap_or(u64::MAX));
        Some((Type::list_of(Vec::new(), items, least.saturating_mul(one), total), steps))
    }

    fn slice(
        &mut self,
        id: NodeId,
        args: &Args,
        list: &Type,
        least: u64,
        most: Option<u64>,
    ) -> Option<(Type, u64)> {
        let start = self.want_whole(args.get(1)?, id)?.whole_ends();
        let end = self.want_whole(args.get(2)?, id)?.whole_ends();
        let inside = start.0.is_some_and(|low| low >= 0)
            && end.1.is_some_and(|high| high <= i128::from(least))
            && start.1.zip(end.0).is_some_and(|(start, end)| start <= end);
        if !inside {
            self.residual(ResidualKind::Index, id);
        }
        let count = |from: Option<i128>, to: Option<i128>| u64::try_from(to?.checked_sub(from?)?).ok();
        let fewest = count(start.1, end.0).unwrap_or(0);
        let longest = match (count(start.0, end.1), most) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let fewest = longest.map_or(fewest, |longest| fewest.min(longest));
        Some((list.shuffled(fewest, longest), most.unwrap_or(u64::MAX)))
    }

    fn chunk(
        &mut self,
        id: NodeId,
        args: &Args,
        list: &Type,
        least: u64,
        most: Option<u64>,
    ) -> Option<(Type, u64)> {
        let size = self.want_whole(args.get(1)?, id)?;
        let (low, high) = size.whole_ends();
        if low.is_none_or(|low| low <= 0) {
            self.residual(ResidualKind::Index, id);
        }
        let longest = high.and_then(|high| u64::try_from(high).ok());
        let part = match (longest, most) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let part = list.shuffled(u64::from(part != Some(0)), part);
        let parts = Type::list_of(Vec::new(), part, u64::from(least > 0), most);
        Some((parts, most.unwrap_or(u64::MAX)))
    }

    fn join(
        &mut self,
        args: &Args,
        list: &Type,
        seen: &Seen,
        arg: NodeId,
        least: u64,
        most: Option<u64>,
    ) -> Option<(Type, u64)> {
        let between = match args.get(1) {
            Some((separator, separator_id)) => self.want_string(separator, separator_id)?,
            None => Type::texts([""]),
        };
        let element = self.want_element(list, seen, arg, Kinds::only(Kind::Text), "text")?;
        let count = most.unwrap_or(u64::MAX);
        if element.is_never() {
            return Some((Type::texts([""]), 0));
        }
        let (shortest, longest) = element.text_length()?;
        let (_, gap) = between.text_length()?;
        let all = most.zip(longest).zip(gap).and_then(|((most, longest), gap)| {
            most.checked_mul(longest)?.checked_add(most.saturating_sub(1).checked_mul(gap)?)
        });
        let text = Type::text_of(shortest.saturating_mul(least), all);
        self.made_text(&text);
        let steps = count.saturating_add(text.text_bytes() / 64).saturating_add(between.text_bytes() / 64);
        Some((text, steps))
    }

    fn range(&mut self, id: NodeId, args: &Args) -> Option<Seen> {
        let (seen, arg) = args.get(0)?;
        let count = self.want_number(seen, arg)?;
        let facet = count.numbers()?;
        let (low, high) = facet.whole_ends();
        if !(facet.is_index() && low.is_some_and(|low| low >= 0)) {
            self.residual(ResidualKind::Index, id);
        }
        let most = high.and_then(|high| u64::try_from(high).ok());
        if let Some(exact) = only_number(&count) {
            let items = Type::integer_between(Some(0), Some(i128::from(exact) - 1));
            return Some(Seen::of(Type::list_of(Vec::new(), items, exact, Some(exact)), exact));
        }
        let items = Type::integer_between(Some(0), high.map(|high| (high - 1).max(0)));
        let least = low.and_then(|low| u64::try_from(low).ok()).unwrap_or(0);
        Some(Seen::of(Type::list_of(Vec::new(), items, least, most), most.unwrap_or(u64::MAX)))
    }

    fn merge(&mut self, args: &Args) -> Option<Seen> {
        let map = Kinds::only(Kind::Map);
        let (left, left_id) = args.get(0)?;
        let (right, right_id) = args.get(1)?;
        let a = self.want(left, left_id, map, "an object");
        let b = self.want(right, right_id, map, "an object");
        let (a, b) = (a?, b?);
        let walked = |ty: &Type| ty.member_count().and_then(|(_, most)| most).unwrap_or(u64::MAX);
        let steps = walked(&a).saturating_add(walked(&b));
        Some(Seen::of(a.overlaid(&b), steps))
    }
}
