//! The functions of lists and maps.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::value::Val;
use super::{Res, Run};
use crate::expr::ast::NodeId;
use crate::expr::functions::Function;
use crate::expr::number::Num;
use crate::planted::{Bug, planted};

impl<'a> Run<'a, '_> {
    pub(super) fn list_function(
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
            F::Sum if count == 0 && planted(Bug::SumOfNothingIsNull) => Ok(Val::Null),
            F::Min | F::Max if count == 0 && planted(Bug::LeastOfNothingIsNull) => Ok(Val::Null),
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
    pub(super) fn wrong_member<T>(
        &self,
        function: Function,
        member: &Val<'a>,
        wanted: &str,
        id: NodeId,
    ) -> Res<T> {
        let (name, found) = (function.name(), member.kind().phrase());
        self.defect(id, format!("`{name}` wants {wanted} in each place, found {found}"))
    }

    #[cold]
    pub(super) fn empty<T>(&self, function: Function, id: NodeId) -> Res<T> {
        self.fail("data.index", id, format!("`{}` of an empty list has no value", function.name()))
    }

    pub(super) fn range(&mut self, value: &Val<'a>, arg: NodeId, id: NodeId) -> Res<Val<'a>> {
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

    pub(super) fn merge(
        &mut self,
        left: &Val<'a>,
        arg: NodeId,
        rest: &'a [NodeId],
        id: NodeId,
    ) -> Res<Val<'a>> {
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
}
