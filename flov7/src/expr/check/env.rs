//! What an expression can read in its place, with types.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::expr::ast::{RootName, VarId};
use crate::types::Type;

/// What `steps.x` is in a place.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum StepType {
    /// The step is done whenever this is read.
    Done(Type),
    /// The step may have been skipped, or have failed and been caught: guard the read.
    MaybeAbsent(Type),
    /// The step is no predecessor: `not-ordered`.
    NotOrdered,
    /// The step never has a value (a filter, `core.fail`): `no-value`.
    NoValue,
}

/// The roots and steps that can be read in a place. Cheap to clone and to change: what is added or narrowed lies over
/// what was there, which stays shared.
///
/// ```
/// use flov7::expr::{Limits, StepType, TypeEnv, parse};
/// use flov7::types::Type;
///
/// let env = TypeEnv::new().with_step("total", StepType::Done(Type::integer()));
/// let checked = parse("steps.total > 500", &Limits::default()).unwrap().check(&env);
/// assert_eq!(checked.ty.to_string(), "true or false");
/// assert!(checked.findings.is_empty() && checked.residuals.is_empty());
/// ```
#[derive(Debug, Clone, Default)]
pub struct TypeEnv {
    base: Option<Arc<BTreeMap<Key, StepType>>>,
    /// What came later, the latest first; folded into the base before it grows long.
    late: Option<Arc<Late>>,
    /// Every step of the document: one that is not in reach is `not-ordered`, any other name `unknown-step`.
    known: Option<Arc<BTreeSet<Box<str>>>>,
}

/// A root, a step, or the variable of a macro.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Name(RootName),
    Variable(VarId),
}

#[derive(Debug)]
struct Late {
    key: Key,
    entry: StepType,
    rest: Option<Arc<Late>>,
    count: usize,
}

/// So many changes lie over the base at most: a lookup stays short, and adding n entries costs n²/64 at most.
const MOST_LATE: usize = 64;

impl TypeEnv {
    /// Nothing to read but `now`.
    #[must_use]
    pub fn new() -> TypeEnv {
        TypeEnv::default()
    }

    /// With a root (`input`, `item`, a name given with `as`), or a root of another type.
    #[must_use]
    pub fn with_root(self, name: &str, ty: Type) -> TypeEnv {
        self.with(Key::Name(RootName::Root(name.into())), StepType::Done(ty))
    }

    /// With a step, or a step in another state.
    #[must_use]
    pub fn with_step(self, id: &str, step: StepType) -> TypeEnv {
        self.with(Key::Name(RootName::Step(id.into())), step)
    }

    /// With all steps of the document. One that [`with_step`](TypeEnv::with_step) did not add is `not-ordered`.
    #[must_use]
    pub fn with_known_steps(mut self, ids: Arc<BTreeSet<Box<str>>>) -> TypeEnv {
        self.known = Some(ids);
        self
    }

    /// With a name, whatever it is now.
    pub(crate) fn with_name(self, name: &RootName, entry: StepType) -> TypeEnv {
        self.with(Key::Name(name.clone()), entry)
    }

    /// What a name is here, as far as it was said.
    pub(crate) fn name(&self, name: &RootName) -> Option<&StepType> {
        let late = self.latest(|own| matches!(own, Key::Name(own) if own == name));
        // There is no base but where very much was said.
        late.or_else(|| self.base.as_ref()?.get(&Key::Name(name.clone())))
    }

    /// The latest of what lies over the base under such a key.
    fn latest(&self, wanted: impl Fn(&Key) -> bool) -> Option<&StepType> {
        let mut late = self.late.as_deref();
        while let Some(link) = late {
            if wanted(&link.key) {
                return Some(&link.entry);
            }
            late = link.rest.as_deref();
        }
        None
    }

    /// Whether the document has such a step.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.known.as_ref().is_some_and(|known| known.contains(id))
    }

    /// The type of a root.
    #[must_use]
    pub fn root(&self, name: &str) -> Option<&Type> {
        match self.get(&Key::Name(RootName::Root(name.into())))? {
            StepType::Done(ty) | StepType::MaybeAbsent(ty) => Some(ty),
            StepType::NotOrdered | StepType::NoValue => None,
        }
    }

    /// What `steps.<id>` is here; `None` if the document has no such step.
    #[must_use]
    pub fn step(&self, id: &str) -> Option<StepType> {
        match self.get(&Key::Name(RootName::Step(id.into()))) {
            Some(step) => Some(step.clone()),
            None if self.knows(id) => Some(StepType::NotOrdered),
            None => None,
        }
    }

    pub(super) fn get(&self, key: &Key) -> Option<&StepType> {
        self.latest(|own| own == key).or_else(|| self.base.as_ref()?.get(key))
    }

    pub(super) fn with(mut self, key: Key, entry: StepType) -> TypeEnv {
        let count = self.late.as_ref().map_or(0, |late| late.count);
        if count < MOST_LATE {
            self.late = Some(Arc::new(Late { key, entry, rest: self.late.take(), count: count + 1 }));
            return self;
        }
        let mut changes = Vec::new();
        let mut late = self.late.as_deref();
        while let Some(link) = late {
            changes.push((link.key.clone(), link.entry.clone()));
            late = link.rest.as_deref();
        }
        let base = Arc::make_mut(self.base.get_or_insert_default());
        // The oldest first, so that the latest wins.
        base.extend(changes.into_iter().rev());
        base.insert(key, entry);
        self.late = None;
        self
    }

    /// The names of the roots that can be read, sorted.
    pub(super) fn roots(&self) -> BTreeSet<String> {
        self.names(|name| match name {
            RootName::Root(name) => Some(name.to_string()),
            RootName::Step(_) => None,
        })
    }

    /// The ids of all steps of the document, sorted.
    pub(super) fn steps(&self) -> BTreeSet<String> {
        let mut ids = self.names(|name| match name {
            RootName::Step(id) => Some(id.to_string()),
            RootName::Root(_) => None,
        });
        ids.extend(self.known.iter().flat_map(|known| known.iter()).map(ToString::to_string));
        ids
    }

    fn names(&self, pick: impl Fn(&RootName) -> Option<String>) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut add = |key: &Key| {
            if let Key::Name(name) = key {
                found.extend(pick(name));
            }
        };
        self.base.iter().flat_map(|base| base.keys()).for_each(&mut add);
        let mut late = self.late.as_deref();
        while let Some(link) = late {
            add(&link.key);
            late = link.rest.as_deref();
        }
        found
    }
}
