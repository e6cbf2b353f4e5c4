//! Templates: the type of what they give, with everything found in their expressions.

use super::TypeEnv;
use super::found::{ExprFinding, UntypedRead};
use super::plain::{self, Joined};
use super::walk::{Checker, Place, Weight};
use crate::expr::Expr;
use crate::expr::error::Span;
use crate::expr::template::{Encoding, Part, Piece, Template};
use crate::finding::ResidualKind;
use crate::json::Trail;
use crate::types::{Additional, Presence, Type};

/// A finding in one string of a template.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedFinding {
    /// JSON Pointer of the string, from the template's root.
    pub pointer: String,
    /// The finding; spans count from the start of the string.
    pub finding: ExprFinding,
}

/// The type of a template in its place, and everything to be said about it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TemplateChecked {
    /// What it gives, as JSON. Members whose expression may give an empty optional are optional.
    pub ty: Type,
    /// Whether every value of the type may come; see [`Checked::declared`](super::Checked::declared).
    pub declared: bool,
    /// What is wrong or odd, string by string.
    pub findings: Vec<PlacedFinding>,
    /// What only the run can tell, with the pointer of the string. What the template as a whole may exceed stands at
    /// its root.
    pub residuals: Vec<(String, ResidualKind, Span)>,
    /// Reads from values that nobody described.
    pub untyped: Vec<(String, UntypedRead)>,
}

impl Template {
    /// Types the template in its place.
    #[must_use]
    pub fn check(&self, env: &TypeEnv) -> TemplateChecked {
        let found = TemplateChecked {
            ty: Type::untyped(),
            declared: true,
            findings: Vec::new(),
            residuals: Vec::new(),
            untyped: Vec::new(),
        };
        let total = Weight { steps: 0, bytes: Some(0) };
        let mut walk = Walk { env, found, total, listed: false, whole: true };
        let ty = walk.part(self.root(), Place::Value, &Trail::Root);
        let mut found = walk.found;
        let bytes = u64::try_from(self.bytes).unwrap_or(u64::MAX);
        let over = walk.total.steps > self.steps || walk.total.bytes.is_none_or(|total| total > bytes);
        if over && !walk.listed {
            found.residuals.push((String::new(), ResidualKind::Size, Span::default()));
        }
        found.ty = ty;
        found
    }
}

struct Walk<'e> {
    env: &'e TypeEnv,
    found: TemplateChecked,
    /// What all parts weigh together.
    total: Weight,
    /// Whether some string already lists `data.size`.
    listed: bool,
    /// Whether the part is the whole template.
    whole: bool,
}

impl Walk<'_> {
    fn part(&mut self, part: &Part, place: Place, at: &Trail<'_>) -> Type {
        let whole = std::mem::replace(&mut self.whole, false);
        match part {
            Part::Constant(value) => {
                let ty = Type::of_value(value);
                if !whole {
                    self.weigh(
                        0,
                        u64::try_from(crate::json::canonical_size(value))
                            .ok()
                            .map(|size| size.saturating_mul(5)),
                    );
                }
                ty
            }
            Part::Expr(expr) => {
                // Only the whole template shares what it refers to.
                let place = if !whole && place == Place::Value { Place::Item } else { place };
                let (ty, declared) = self.expression(expr, place, at);
                self.found.declared &= declared;
                ty
            }
            Part::Text { pieces, encoding } => self.text(pieces, *encoding, at),
            Part::List(items) => {
                self.weigh(0, Some(2));
                let mut types = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    self.weigh(0, Some(1));
                    types.push(self.part(item, Place::Value, &Trail::Item(at, index)));
                }
                let count = u64::try_from(types.len()).unwrap_or(u64::MAX);
                Type::list_of(types, Type::never(), count, Some(count))
            }
            Part::Object(parts) => {
                self.weigh(0, Some(2));
                let mut members = Vec::with_capacity(parts.len());
                for (name, part) in parts {
                    self.weigh(0, u64::try_from(name.len() + 4).ok());
                    let ty = self.part(part, Place::Member, &Trail::Member(at, name));
                    let (ty, presence) = match ty.optional_inner() {
                        Some(inner) => (inner.union(&ty.only_kinds(ty.kinds())), Presence::Optional),
                        None => (ty, Presence::Required),
                    };
                    members.push((&**name, ty, presence));
                }
                Type::map(members, Additional::Closed)
            }
        }
    }

    fn weigh(&mut self, steps: u64, bytes: Option<u64>) {
        self.total.add(steps, bytes);
    }

    fn expression(&mut self, expr: &Expr, place: Place, at: &Trail<'_>) -> (Type, bool) {
        if let Some(left) = plain::compiled(expr, self.env, place) {
            self.weigh(left.weight.steps, left.weight.bytes);
            if left.too_large {
                self.listed = true;
                let residual = (at.pointer(), ResidualKind::Size, expr.ast().span(expr.ast().root()));
                self.found.residuals.push(residual);
            }
            return (left.ty, place != Place::Text);
        }
        let (checked, weight) = Checker::new(expr).check_weighed(self.env, place);
        self.weigh(weight.steps, weight.bytes);
        if checked.findings.is_empty() && checked.residuals.is_empty() && checked.untyped.is_empty() {
            return (checked.ty, checked.declared);
        }
        let findings = checked.findings.into_iter();
        self.found.findings.extend(findings.map(|finding| PlacedFinding { pointer: at.pointer(), finding }));
        self.listed |= checked.residuals.iter().any(|(kind, _)| *kind == ResidualKind::Size);
        let residuals = checked.residuals.into_iter().map(|(kind, span)| (at.pointer(), kind, span));
        self.found.residuals.extend(residuals);
        self.found.untyped.extend(checked.untyped.into_iter().map(|read| (at.pointer(), read)));
        (checked.ty, checked.declared)
    }

    fn text(&mut self, pieces: &[Piece], encoding: Encoding, at: &Trail<'_>) -> Type {
        self.found.declared = false;
        let mut all = Joined::Nothing;
        let mut clear = true;
        for piece in pieces {
            match piece {
                Piece::Literal(literal) => {
                    self.weigh(1, u64::try_from(literal.len()).ok());
                    all = all.and_literal(literal);
                }
                Piece::Expr(expr) => {
                    let (ty, _) = self.expression(expr, Place::Text, at);
                    clear &= !ty.is_untyped();
                    all = match encoding {
                        _ if !clear => Joined::Nothing,
                        Encoding::None => all.and(&ty),
                        Encoding::PathSegment => all.and(&encoded(&ty)),
                    };
                }
            }
        }
        if clear { all.into_type() } else { Type::text() }
    }
}

/// Percent-encoded text: each code point becomes at most four bytes of three letters.
fn encoded(ty: &Type) -> Type {
    let Some((least, most)) = ty.text_length() else { return Type::text() };
    Type::text_of(least, most.and_then(|most| most.checked_mul(12)))
}
