//! The functions of texts.

use std::rc::Rc;

use super::budget::bytes_cost;
use super::value::Val;
use super::{Res, Run, text};
use crate::expr::ast::NodeId;
use crate::expr::functions::Function;
use crate::expr::number::Num;

impl<'a> Run<'a, '_> {
    pub(super) fn text_function(
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
            F::StringsQuote => self.text(text::quote(subject), id),
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
    pub(super) fn part(&mut self, value: &Val<'a>, start: usize, end: usize, id: NodeId) -> Res<Val<'a>> {
        match value {
            Val::Str(text) => Ok(Val::Str(text.get(start..end).unwrap_or(""))),
            other => {
                let part = other.as_str().and_then(|text| text.get(start..end)).unwrap_or("");
                self.text(part.to_owned(), id)
            }
        }
    }

    pub(super) fn replace(&mut self, subject: &str, rest: &'a [NodeId], id: NodeId) -> Res<Val<'a>> {
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
}
