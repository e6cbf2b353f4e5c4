//! What questions have taught about roots and steps: types that are smaller than those that were declared.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::expressions::Answer;
use crate::expr::RootName;
use crate::finding::meter;
use crate::types::{Presence, Type};

/// What is known beyond declarations. Values never change, so what was learnt holds for whoever comes behind.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    known: Arc<BTreeMap<RootName, Fact>>,
    /// A question that holds too, and was not asked yet what it teaches.
    later: Option<Arc<Later>>,
}

/// A question that holds, and what is known with it once somebody reads a name that it asks about.
#[derive(Debug)]
struct Later {
    answer: Answer,
    whole: OnceLock<Facts>,
}

impl PartialEq for Facts {
    fn eq(&self, other: &Facts) -> bool {
        self.whole().known == other.whole().known
    }
}

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
    /// These, and what a question teaches that holds: worked out when somebody reads a name that it asks about, which
    /// mostly nobody does.
    pub(super) fn and_later(self, answer: Answer) -> Facts {
        /// Each read goes through so many names.
        const FEW: usize = 8;
        match answer.names() {
            0 => return self,
            1..=FEW => {}
            _ => return self.and(&answer.yes()),
        }
        // One of them waits at a time.
        let known = Arc::clone(&self.whole().known);
        Facts { known, later: Some(Arc::new(Later { answer, whole: OnceLock::new() })) }
    }

    /// All of them, nothing left for later.
    fn whole(&self) -> &Facts {
        let Some(later) = &self.later else { return self };
        later.whole.get_or_init(|| {
            let known = Facts { known: Arc::clone(&self.known), later: None };
            known.and(&later.answer.yes())
        })
    }

    pub(super) fn get(&self, name: &RootName) -> Option<&Fact> {
        match &self.later {
            Some(later) if later.answer.asks_about(name) => self.whole().known.get(name),
            _ => self.known.get(name),
        }
    }

    /// What was learnt about a step or a root of that name.
    pub(super) fn of(&self, name: &str, is_step: bool) -> Option<&Fact> {
        if self.known.is_empty() && self.later.is_none() {
            return None;
        }
        self.get(&if is_step { RootName::Step(name.into()) } else { RootName::Root(name.into()) })
    }

    /// These and one more, which says at least as much as what was known.
    pub(super) fn learn(&mut self, name: RootName, fact: Fact) {
        self.own().insert(name, fact);
    }

    /// Both.
    pub(super) fn and(&self, other: &Facts) -> Facts {
        let nothing = |facts: &Facts| facts.known.is_empty() && facts.later.is_none();
        if nothing(other) {
            return self.clone();
        }
        if nothing(self) {
            return other.clone();
        }
        if Arc::ptr_eq(&self.whole().known, &other.whole().known) {
            return self.clone();
        }
        let mut both = self.clone();
        both.add(other);
        both
    }

    /// Adds the others.
    pub(super) fn add(&mut self, other: &Facts) {
        let other = other.whole();
        if other.known.is_empty() {
            return;
        }
        meter::spend_len(other.known.len());
        let own = self.own();
        for (name, fact) in other.known.iter() {
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
        if self.get(&key).is_none() {
            return self.clone();
        }
        let mut fewer = self.clone();
        fewer.own().remove(&key);
        fewer
    }

    /// Those that may be changed: of its own, which costs a copy where others share them.
    fn own(&mut self) -> &mut BTreeMap<RootName, Fact> {
        if self.later.is_some() {
            *self = self.whole().clone();
        }
        if Arc::strong_count(&self.known) > 1 {
            meter::spend_len(self.known.len());
        }
        Arc::make_mut(&mut self.known)
    }
}
