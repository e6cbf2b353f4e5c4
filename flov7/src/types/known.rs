//! The types that the language itself gives: of `error`, of `execution`, and of what leaves an expression.

use std::sync::Arc;

use super::lattice::{
    Additional, Kind, Kinds, MAX_TYPE_DEPTH, Presence, Repr, TextFacet, Type, Union, constant,
};

impl Type {
    /// The root `error` inside `on_error`, and the member `error` of a collected item (RULES fail.error).
    ///
    /// `codes` narrows the code where a handler says which ones it takes; without any it is some text. `step` is
    /// null for a failure outside of any step; `details` is whatever the action said.
    #[must_use]
    pub fn error(codes: &[&str]) -> Type {
        let code = if codes.is_empty() { Type::text() } else { Type::texts(codes.iter().copied()) };
        let class = Type::texts(["world", "contract", "data", "limit"]);
        let members = [
            ("code", code, Presence::Required),
            ("class", class, Presence::Required),
            ("message", Type::text_of(0, Some(MESSAGE)), Presence::Required),
            ("step", Type::text_of(1, Some(PATH)).union(&Type::null()), Presence::Required),
            ("attempt", Type::integer_between(Some(0), Some(i128::from(u32::MAX))), Presence::Required),
            ("retryable", Type::boolean(), Presence::Required),
            ("details", Type::untyped(), Presence::Required),
        ];
        Type::map(members, Additional::Closed)
    }

    /// The root `execution`: `{id, trigger}`, where `trigger` is null unless a declared trigger fired.
    #[must_use]
    pub fn execution() -> Type {
        constant!({
            let members = [
                ("id", Type::text_of(26, Some(26)), Presence::Required),
                ("trigger", Type::text_of(1, Some(48)).union(&Type::null()), Presence::Required),
            ];
            Type::map(members, Additional::Closed)
        })
    }

    /// The root `index`: from 0 up to the greatest number of items.
    #[must_use]
    pub fn index() -> Type {
        constant!(Type::integer_between(Some(0), Some(ITEMS - 1)))
    }

    /// Text with a number of code points between two ends.
    #[must_use]
    pub fn text_of(least: u64, most: Option<u64>) -> Type {
        Type::of_text(TextFacet { min: least, max: most, ..TextFacet::default() })
    }

    /// The type of the value once it has left an expression: times and durations have become text.
    ///
    /// An optional inside is not looked at: it does not leave, except as the member of a template's object.
    #[must_use]
    pub fn leaving(&self) -> Type {
        leaving(self, 0)
    }
}

/// The most bytes, and so the most code points, of an error's message (RULES fail.error).
const MESSAGE: u64 = 2_048;
/// The most bytes of a step's path (FORMAT 1).
const PATH: u64 = 512;
/// The most items of a list that steps run over (FORMAT 1).
const ITEMS: i128 = 100_000;

fn leaving(ty: &Type, depth: usize) -> Type {
    // Nothing that came from a schema holds a time, and names are schemas.
    let Repr::Union(union) = &ty.0 else { return ty.clone() };
    if depth > MAX_TYPE_DEPTH || !holds_time(union, depth) {
        return ty.clone();
    }
    let mut left: Union = Union::clone(union);
    let timed = |format: &str| TextFacet {
        min: 1,
        max: Some(40),
        format: Some(Arc::from(format)),
        ..TextFacet::default()
    };
    for (there, format) in [(union.timestamp, "date-time"), (union.duration, "duration")] {
        if there {
            let text = timed(format);
            left.text = Some(left.text.map_or(text.clone(), |own| own.join(&text).0));
        }
    }
    (left.timestamp, left.duration) = (false, false);
    if let Some(list) = &mut left.list {
        list.prefix.iter_mut().for_each(|ty| *ty = leaving(ty, depth + 1));
        list.items = leaving(&list.items, depth + 1);
    }
    for map in &mut left.maps {
        map.members.values_mut().for_each(|member| member.ty = leaving(&member.ty, depth + 1));
        if let Additional::Of(ty) = &map.additional {
            map.additional = Additional::Of(leaving(ty, depth + 1));
        }
    }
    Type::of_union(left)
}

/// Whether a time or duration is anywhere inside. Types are trees of bounded weight, so the walk is bounded.
fn holds_time(union: &Union, depth: usize) -> bool {
    let inside = |ty: &Type| match &ty.0 {
        Repr::Union(union) => depth <= MAX_TYPE_DEPTH && holds_time(union, depth + 1),
        Repr::Untyped | Repr::Named(_) => false,
    };
    !union.kinds().within(Kinds::JSON)
        || union.list.as_ref().is_some_and(|list| inside(&list.items) || list.prefix.iter().any(inside))
        || union.maps.iter().any(|map| {
            map.members.values().any(|member| inside(&member.ty))
                || matches!(&map.additional, Additional::Of(ty) if inside(ty))
        })
}

impl Type {
    /// Whether an optional is anywhere inside a list or object, where it cannot leave an expression.
    pub(crate) fn holds_optional(&self) -> bool {
        fn within(ty: &Type, depth: usize) -> bool {
            let Repr::Union(union) = &ty.0 else { return false };
            let inside = |ty: &Type| depth <= MAX_TYPE_DEPTH && within(ty, depth + 1);
            (depth > 0 && union.optional.is_some())
                || union
                    .list
                    .as_ref()
                    .is_some_and(|list| inside(&list.items) || list.prefix.iter().any(inside))
                || union.maps.iter().any(|map| {
                    map.members.values().any(|member| inside(&member.ty))
                        || matches!(&map.additional, Additional::Of(ty) if inside(ty))
                })
        }
        within(self, 0)
    }

    /// Whether the type contains values of that kind alone.
    #[must_use]
    pub fn is_only(&self, kind: Kind) -> bool {
        self.open().is_some_and(|union| union.kinds() == Kinds::only(kind) && union.optional.is_none())
    }
}
