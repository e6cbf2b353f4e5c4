//! What questions have taught about roots and steps: types that are smaller than those that were declared.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::expr::RootName;
use crate::finding::meter;
use crate::types::{Presence, Type};

/// What is known beyond declarations. Values never change, so what was learnt holds for whoever comes behind.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Facts(Arc<BTreeMap<RootName, Fact>>);

/// What was learnt about one name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fact {
    pub(super) ty: Type,
    pub(super) presence: Presence,
    /// It contradicts what was learnt before, and says all of that but what it contradicts: nobody gets there, and what
    /// is said about that place is still to make sense.
    pub(super) anew: bool,
}

impl Facts {
    pub(super) fn get(&self, name: &RootName) -> Option<&Fact> {
        self.0.get(name)
    }

    /// What was learnt about a step or a root of that name.
    pub(super) fn of(&self, name: &str, is_step: bool) -> Option<&Fact> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get(&if is_step { RootName::Step(name.into()) } else { RootName::Root(name.into()) })
    }

    /// These and one more, which says at least as much as what was known.
    pub(super) fn learn(&mut self, name: RootName, fact: Fact) {
        self.own().insert(name, fact);
    }

    /// Both.
    pub(super) fn and(&self, other: &Facts) -> Facts {
        if other.0.is_empty() || Arc::ptr_eq(&self.0, &other.0) {
            return self.clone();
        }
        if self.0.is_empty() {
            return other.clone();
        }
        let mut both = self.clone();
        both.add(other);
        both
    }

    /// Adds the others.
    pub(super) fn add(&mut self, other: &Facts) {
        if other.0.is_empty() {
            return;
        }
        meter::spend_len(other.0.len());
        let own = self.own();
        for (name, fact) in other.0.iter() {
            match own.get_mut(name) {
                Some(known) if known == fact => {}
                Some(known) if fact.anew => *known = fact.clone(),
                Some(known) => {
                    known.ty = known.ty.intersect(&fact.ty);
                    if fact.presence == Presence::Required {
                        known.presence = Presence::Required;
                    }
                }
                None => {
                    own.insert(name.clone(), fact.clone());
                }
            }
        }
    }

    /// Without a root that means something else from here on.
    pub(super) fn without_root(&self, name: &str) -> Facts {
        let key = RootName::Root(name.into());
        if !self.0.contains_key(&key) {
            return self.clone();
        }
        let mut fewer = self.clone();
        fewer.own().remove(&key);
        fewer
    }

    /// Those that may be changed: of its own, which costs a copy where others share them.
    fn own(&mut self) -> &mut BTreeMap<RootName, Fact> {
        if Arc::strong_count(&self.0) > 1 {
            meter::spend_len(self.0.len());
        }
        Arc::make_mut(&mut self.0)
    }
}
