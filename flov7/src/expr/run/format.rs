//! `format`: values written into a text. Whatever does not fit its clause is `data.conversion`, for the text may be
//! computed.

use super::budget::bytes_cost;
use super::compare::VALUE_DEPTH;
use super::leave::text_of;
use super::value::{Kind, Val};
use super::{Res, Run};
use crate::expr::ast::NodeId;
use crate::expr::format::{Clause, Piece, Verb, pieces};
use crate::expr::number::Num;

impl<'a> Run<'a, '_> {
    pub(super) fn format(
        &mut self,
        value: &Val<'a>,
        arg: NodeId,
        rest: &'a [NodeId],
        id: NodeId,
    ) -> Res<Val<'a>> {
        let Some(format) = value.as_str() else { return self.wrong(arg, value, "a text") };
        let Some(values_id) = rest.first() else { return self.defect(id, "an argument is missing") };
        let values = self.eval(*values_id)?;
        let Some(values) = values.list() else { return self.wrong(*values_id, &values, "a list") };
        self.charge(bytes_cost(format.len()), id)?;
        let pieces = self.done(pieces(format).map_err(|message| ("data.conversion", message)), id)?;
        self.charge(pieces.len() as u64, id)?;
        let mut out = String::new();
        let mut next = 0;
        for piece in pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Clause(clause) => {
                    let Some(value) = values.get(next) else {
                        let message = format!(
                            "the format has more clauses than values: `%{}` is number {}, the list has {}",
                            clause.verb.letter(),
                            next + 1,
                            values.len()
                        );
                        return self.fail("data.conversion", id, message);
                    };
                    next += 1;
                    self.weigh(&value, VALUE_DEPTH, id)?;
                    if write(clause, &value, &mut out).is_none() {
                        let message = format!(
                            "`%{}` writes {}, and value {next} is {}",
                            clause.verb.letter(),
                            clause.verb.wanted(),
                            value.kind().phrase()
                        );
                        return self.fail("data.conversion", id, message);
                    }
                }
            }
            // Held at each piece, so that no more than one of them is made in vain.
            self.budget.text(out.len(), self.span(id))?;
        }
        self.text(out, id)
    }
}

/// Writes a value as its clause says; nothing where it does not fit.
fn write(clause: Clause, value: &Val<'_>, out: &mut String) -> Option<()> {
    let text = match (clause.verb, value) {
        (Verb::Any, value) => return plain(value, out),
        (Verb::Decimal, Val::Num(n)) => match n.normalized() {
            Num::Double(d) if d.fract() != 0.0 => return None,
            Num::Double(d) => format!("{d:.0}"),
            whole => whole.text(),
        },
        (Verb::Fixed, Val::Num(n)) => match n.normalized() {
            Num::Double(d) => format!("{d:.*}", clause.precision),
            whole if clause.precision == 0 => whole.text(),
            whole => format!("{}.{}", whole.text(), "0".repeat(clause.precision)),
        },
        (Verb::Scientific, Val::Num(n)) => {
            let text = format!("{:.*e}", clause.precision, n.normalized().as_f64());
            let (figures, exponent) = text.split_once('e')?;
            let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
            format!("{figures}e{sign}{digits:0>2}")
        }
        (Verb::Binary, Val::Bool(b)) => u8::from(*b).to_string(),
        (Verb::Binary, Val::Num(n)) => based(*n, |n| format!("{n:b}"))?,
        (Verb::Octal, Val::Num(n)) => based(*n, |n| format!("{n:o}"))?,
        (Verb::Hex, Val::Num(n)) => based(*n, |n| format!("{n:x}"))?,
        (Verb::UpperHex, Val::Num(n)) => based(*n, |n| format!("{n:X}"))?,
        (Verb::Hex | Verb::UpperHex, value) => {
            let upper = clause.verb == Verb::UpperHex;
            let digits: &[u8; 16] = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
            let digit = |four: u8| char::from(digits[usize::from(four & 15)]);
            value.as_str()?.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte)]).collect()
        }
        _ => return None,
    };
    out.push_str(&text);
    Some(())
}

/// A whole number in another base, its sign before it.
fn based(number: Num, digits: impl Fn(u64) -> String) -> Option<String> {
    Some(match number.normalized() {
        Num::Int(n) if n < 0 => format!("-{}", digits(n.unsigned_abs())),
        Num::Int(n) => digits(n.unsigned_abs()),
        Num::Big(n) => digits(n),
        Num::Double(_) => return None,
    })
}

/// `%s`: texts as they are, lists and maps in brackets. The value was weighed, which bounds its depth.
fn plain(value: &Val<'_>, out: &mut String) -> Option<()> {
    if let Some(list) = value.list() {
        out.push('[');
        for (at, member) in list.iter().enumerate() {
            out.push_str(if at > 0 { ", " } else { "" });
            plain(&member, out)?;
        }
        out.push(']');
    } else if let Some(keys) = value.keys() {
        out.push('{');
        for (at, key) in keys.iter().enumerate() {
            out.push_str(if at > 0 { ", " } else { "" });
            out.push_str(key.as_str());
            out.push_str(": ");
            plain(&value.member(key.as_str()).flatten()?, out)?;
        }
        out.push('}');
    } else if value.kind() == Kind::Null {
        out.push_str("null");
    } else {
        out.push_str(&text_of(value).ok()?);
    }
    Some(())
}
