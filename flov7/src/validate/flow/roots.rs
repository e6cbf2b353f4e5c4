//! What expressions start from, and what it is.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::types::{Additional, Lowered, Presence, Type};

/// What a value can be.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::validate) struct Typed {
    /// Every value that comes is of this type.
    pub(super) ty: Type,
    /// Whether every value of the type may come, because a schema says so; what is computed may be less.
    pub(super) declared: bool,
}

impl Typed {
    pub(in crate::validate) fn declared(ty: Type) -> Typed {
        Typed { ty, declared: true }
    }

    pub(super) fn computed(ty: Type) -> Typed {
        Typed { ty, declared: false }
    }

    /// The one or the other.
    pub(super) fn or(&self, other: &Typed) -> Typed {
        let declared = |typed: &Typed| typed.declared || typed.ty.is_never();
        let exact = self.ty.unites_exactly(&other.ty);
        Typed { ty: self.ty.union(&other.ty), declared: exact && declared(self) && declared(other) }
    }

    /// As the source of a link.
    pub(super) fn lowered(&self) -> Lowered {
        if self.declared { Lowered::declared(self.ty.clone()) } else { Lowered::computed(self.ty.clone()) }
    }
}

/// What a value can be, or nothing where that cannot be known because of something that was found already: what is
/// computed from it is not looked at.
pub(super) type Known = Option<Typed>;

/// The names that an expression may start from, besides `steps` and `now`. Cheap to clone and to add to: what is added
/// hides what had the same name, which stays shared.
#[derive(Clone, Debug, Default)]
pub(super) struct Roots(Option<Arc<Root>>);

#[derive(Debug)]
struct Root {
    name: Box<str>,
    ty: Known,
    rest: Roots,
}

impl Roots {
    pub(super) fn get(&self, name: &str) -> Option<&Known> {
        self.all().find(|root| *root.name == *name).map(|root| &root.ty)
    }

    /// The names, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let names: BTreeSet<&str> = self.all().map(|root| &*root.name).collect();
        names.into_iter()
    }

    fn all(&self) -> impl Iterator<Item = &Root> {
        std::iter::successors(self.0.as_deref(), |root| root.rest.0.as_deref())
    }

    /// These and one more.
    pub(super) fn with(&self, name: &str, ty: Known) -> Roots {
        Roots(Some(Arc::new(Root { name: name.into(), ty, rest: self.clone() })))
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
