//! `format`: where the text is known, its clauses are held against the types of the values.

use super::call::Args;
use super::found::ExprFinding;
use super::walk::{Checker, Seen};
use super::want::text_of;
use crate::expr::ast::{ExprKind, NodeId};
use crate::expr::format::{Clause, Piece, Verb, pieces};
use crate::finding::{Code, ResidualKind, Severity};
use crate::types::{Kind, Kinds, Type};

/// The longest text of a number of a double's range without exponent: sign and 309 digits.
const LONGEST_DOUBLE: u64 = 310;
/// Sign and 64 bits.
const LONGEST_INTEGER: u64 = 65;

impl Checker<'_> {
    pub(super) fn format(&mut self, id: NodeId, args: &Args) -> Option<Seen> {
        let ((format, format_id), (values, values_id)) = (args.get(0)?, args.get(1)?);
        let format = self.want_string(format, format_id);
        let values = self.want_list(values, values_id);
        let (format, values) = (format?, values?);
        if values.holds_optional() {
            let count = values.item_count().and_then(|(_, most)| most).unwrap_or(0);
            let first = (0..count).find(|at| values.item(*at).optional_inner().is_some());
            let at = first.and_then(|at| usize::try_from(at).ok());
            self.still_optional(at.map_or(values_id, |at| self.place(values_id, at)));
            return None;
        }
        let steps = format.text_bytes() / 32;
        let known = format.text_values();
        let Some([text]) = known.as_deref() else {
            self.residual(ResidualKind::Conversion, id);
            let text = Type::text();
            self.made_text(&text);
            return Some(Seen::of(text, u64::MAX));
        };
        let pieces = match pieces(text) {
            Ok(pieces) => pieces,
            Err(message) => {
                self.find(ExprFinding::new(Code::WRONG_ARGUMENTS, self.span(format_id), message));
                return None;
            }
        };
        let count = pieces.iter().filter(|piece| matches!(piece, Piece::Clause(_))).count();
        self.counted(id, count, &values, (format_id, values_id))?;
        let (mut length, mut walked) = (Some(0_u64), steps);
        let (mut next, mut clear) = (0, true);
        for piece in pieces {
            let part = match piece {
                Piece::Text(text) => u64::try_from(text.chars().count()).ok(),
                Piece::Clause(clause) => {
                    let place = self.place(values_id, next);
                    let value = values.item(u64::try_from(next).unwrap_or(u64::MAX));
                    next += 1;
                    walked = walked.saturating_add(value.extent_of_values().steps);
                    match self.clause(clause, &value, place, id) {
                        Some(most) => most,
                        None => {
                            clear = false;
                            None
                        }
                    }
                }
            };
            length = length.zip(part).and_then(|(length, part)| length.checked_add(part));
        }
        if !clear {
            return None;
        }
        let made = Type::text_of(0, length);
        self.made_text(&made);
        let steps = walked.saturating_add(made.text_bytes() / 64);
        Some(Seen::of(made, steps))
    }

    /// Whether there are as many values as clauses.
    fn counted(
        &mut self,
        id: NodeId,
        count: usize,
        values: &Type,
        (format_id, values_id): (NodeId, NodeId),
    ) -> Option<()> {
        let (least, most) = values.item_count()?;
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        if most.is_some_and(|most| most < count) {
            let message =
                format!("the format asks for {count} values, and the list has {} at most", most.unwrap_or(0));
            let finding = ExprFinding::new(Code::WRONG_ARGUMENTS, self.span(format_id), message);
            self.find(finding.help("write a value for each clause, and `%%` for a percent sign"));
            return None;
        }
        if least < count {
            self.residual(ResidualKind::Conversion, id);
        }
        if least > count {
            let message = format!("the format writes {count} of at least {least} values");
            let finding = ExprFinding::new(Code::WRONG_ARGUMENTS, self.span(values_id), message);
            self.find(finding.severity(Severity::Warning).help("write `%s` where the value goes"));
        }
        Some(())
    }

    /// The node of a value: the member of a literal list, else the whole list.
    fn place(&self, values: NodeId, at: usize) -> NodeId {
        match &self.ast.node(values).kind {
            ExprKind::List(elements) => elements.get(at).map_or(values, |element| element.value),
            _ => values,
        }
    }

    /// Holds a value against its clause. The most code points that it writes, where they are bounded.
    fn clause(&mut self, clause: Clause, value: &Type, place: NodeId, id: NodeId) -> Option<Option<u64>> {
        let verb = clause.verb;
        let number = Kinds::only(Kind::Number);
        let kinds = match verb {
            Verb::Any => {
                let plain = text_of(value).text_length().and_then(|(_, most)| most);
                let all = value.extent_of_values().bytes.and_then(|bytes| bytes.checked_mul(2));
                let inside = Kinds::only(Kind::List).and(Kind::Map).and(Kind::Null);
                let nested = value.is_untyped() || !value.kinds().common(inside).is_empty();
                return Some(if nested { all } else { plain });
            }
            Verb::Binary => number.and(Kind::Bool),
            Verb::Hex | Verb::UpperHex => number.and(Kind::Text),
            _ => number,
        };
        let wanted = format!("{} for `%{}`", verb.wanted(), verb.letter());
        let seen = Seen::of(value.clone(), 0);
        let ty = self.want(&seen, place, kinds, &wanted)?;
        let precision = u64::try_from(clause.precision).unwrap_or(u64::MAX);
        if matches!(verb, Verb::Fixed | Verb::Scientific) {
            return Some(LONGEST_DOUBLE.checked_add(precision)?.checked_add(8));
        }
        if let Some(facet) = ty.numbers() {
            let fits = verb == Verb::Decimal || facet.fits_integer();
            if !(facet.integer && fits) {
                self.residual(ResidualKind::Conversion, id);
            }
        }
        let digits = if verb == Verb::Decimal { LONGEST_DOUBLE } else { LONGEST_INTEGER };
        if !ty.kinds().has(Kind::Text) {
            return Some(Some(digits));
        }
        // Two digits for each of up to four bytes.
        let most = ty.text_length().and_then(|(_, most)| most?.checked_mul(8));
        Some(most.map(|most| most.max(digits)))
    }
}
