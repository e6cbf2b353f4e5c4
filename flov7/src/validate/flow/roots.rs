//! What expressions start from, and what it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::types::{Additional, Presence, Type};

/// A type, or nothing where it cannot be known because of something that was found already: what is computed from it
/// is not looked at.
pub(super) type Known = Option<Type>;

/// The names that an expression may start from, besides `steps` and `now`. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Roots(Arc<BTreeMap<String, Known>>);

impl Roots {
    pub(super) fn get(&self, name: &str) -> Option<&Known> {
        self.0.get(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// These and one more.
    pub(super) fn with(&self, name: &str, ty: Known) -> Roots {
        let mut more = BTreeMap::clone(&self.0);
        more.insert(name.to_owned(), ty);
        Roots(Arc::new(more))
    }
}

fn closed<const N: usize>(members: [(&'static str, Type); N]) -> Type {
    Type::map(members.map(|(name, ty)| (name, ty, Presence::Required)), Additional::Closed)
}

/// `trigger` of a schedule.
pub(super) fn schedule() -> Type {
    closed([("at", Type::text()), ("scheduled_at", Type::text())])
}

/// `trigger` of a webhook. Nobody said what its body is.
pub(super) fn webhook() -> Type {
    let texts = || Type::map::<&str>([], Additional::Of(Type::text()));
    closed([("body", Type::untyped()), ("headers", texts()), ("query", texts()), ("id", Type::text())])
}

/// `trigger` of an event with that payload.
pub(super) fn event(payload: Type) -> Type {
    closed([("name", Type::text()), ("payload", payload), ("id", Type::text())])
}

/// `trigger` of a manual start with that input.
pub(super) fn manual(input: Type) -> Type {
    closed([("input", input)])
}
