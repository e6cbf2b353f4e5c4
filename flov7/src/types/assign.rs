//! Whether every value of one schema may go where another schema is asked for (RULES types.assign).
//!
//! The proof walks both types side by side. Where it fails, a value is looked for that the source allows and the
//! target refuses; only such a witness makes a "no". What is neither proven nor refuted stays undecided, and the run
//! checks it.
//!
//! Silence is no promise, so it makes no witness: an object schema that says nothing about further members, and an
//! untyped value, may hold anything, but a link is not refused because of what nobody said. Such links are undecided.

use std::cell::Cell;

use serde_json::Value;

use super::check::SchemaChecker;
use super::lattice::{Additional, ListFacet, MapFacet, NumberFacet, Presence, Repr, TextFacet, Type, Union};
use super::literal::MAX_PARTS;
use super::lower::{Lowered, MAX_DEPTH, Source};
use super::opaque::Opaques;
use super::scope::Named;
use super::witness::{all_values, witness};
use crate::finding::meter;
use crate::planted::{Bug, planted};

/// Comparisons before a link stays undecided.
const FUEL: u32 = 10_000;
/// A source with at most so many values is decided by trying them.
const MAX_TRIED: usize = 64;
/// Rules applied to try values of the source, all together.
const TRIALS: u64 = 1_000_000;
/// Named schemas looked into by [`Lowered::is_exact`].
const MAX_NAMES: usize = 1_000;

/// Whether a link holds.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Assign {
    /// Every value that the source allows conforms to the target.
    Yes,
    /// The source allows the witness, and the target refuses it.
    No {
        /// A value of the source that violates the target.
        witness: Value,
    },
    /// Neither is known: the run checks each value.
    Undecided,
}

/// Decides `from → to`.
///
/// The witness of a "no" was verified: against both schemas by [`SchemaChecker`], or against the type where the
/// source is [declared](Lowered::declared). A [computed](Lowered::computed) type may contain values that never come;
/// there a witness counts only where the shape is wrong (kind, fraction, member, list for text), not where a value
/// merely might be too long, too great or outside an enum.
#[must_use]
pub fn assign(from: &Lowered, to: &Lowered) -> Assign {
    if is_within(&from.upper, &to.upper) {
        return Assign::Yes;
    }
    let target = SchemaChecker::of(to);
    let fuel = Cell::new(TRIALS);
    let conforms = |checker: &SchemaChecker, value: &Value| {
        let mut left = fuel.get();
        let verdict = checker.verdict(value, &mut left);
        meter::spend(fuel.get().saturating_sub(left));
        fuel.set(left);
        verdict
    };
    let refused = |value: &Value| match &target {
        Some(checker) => conforms(checker, value) == Some(false),
        None => !to.upper.contains(value),
    };
    let taken = |value: &Value| match &target {
        Some(checker) => conforms(checker, value) == Some(true),
        None => to.upper.contains(value),
    };
    if all_values(&from.upper, MAX_TRIED).is_some_and(|values| values.iter().all(taken)) {
        return Assign::Yes;
    }
    let found = match &from.source {
        Source::Schema(_) => {
            let source = SchemaChecker::of(from);
            let allowed =
                |value: &Value| source.as_ref().is_some_and(|checker| conforms(checker, value) == Some(true));
            witness(&from.upper, &to.upper, &|value| allowed(value) && refused(value))
        }
        Source::Declared => {
            witness(&from.upper, &to.upper, &|value| from.upper.contains(value) && refused(value))
        }
        Source::Computed => {
            let shape = to.upper.shape();
            let wrong =
                |value: &Value| from.upper.contains(value) && !shape.contains(value) && refused(value);
            witness(&from.upper, &shape, &wrong)
        }
    };
    match found {
        Some(witness) => Assign::No { witness },
        None => Assign::Undecided,
    }
}

/// Whether objects of just these members surely conform to `target`, each member held against what is declared of it: what
/// [`assign`] says of them, without a type of them all. False where that does not do, which says nothing.
pub(crate) fn takes_members(target: &Type, given: &[(&str, Type, Presence)]) -> bool {
    let Some(union) = target.open() else { return false };
    let [map] = union.maps.as_slice() else { return false };
    if union.coarse || !union.opaque.is_empty() || !map.opaque.is_empty() {
        return false;
    }
    let count = u64::try_from(given.len()).unwrap_or(u64::MAX);
    if count < map.min || map.max.is_some_and(|most| count > most) {
        return false;
    }
    let mut proof = Proof { fuel: FUEL.saturating_sub(1 + opening(target)), assumed: Vec::new() };
    let mut needed = map.members.values().filter(|member| member.required).count();
    let holds = given.iter().all(|(name, ty, presence)| {
        let Some(wanted) = map.members.get(name).filter(|_| *presence == Presence::Required) else {
            return false;
        };
        needed -= usize::from(wanted.required);
        proof.within(ty, &wanted.ty, 1)
    });
    meter::spend(u64::from(FUEL - proof.fuel));
    holds && needed == 0
}

impl Type {
    /// Whether every value of this type is known to be of `other`; false where that cannot be told.
    #[must_use]
    pub fn is_within(&self, other: &Type) -> bool {
        is_within(self, other)
    }

    /// The same kinds and members without what is only a limit: lengths, ranges, enums, patterns.
    fn shape(&self) -> Type {
        shape(self, 0, &mut SHAPE.clone())
    }
}

/// Parts that are looked at for a shape; of what lies beyond anything is taken.
const SHAPE: u32 = 2_000;

fn shape(ty: &Type, depth: usize, fuel: &mut u32) -> Type {
    *fuel = fuel.saturating_sub(1 + opening(ty));
    if depth > 8 || *fuel == 0 {
        return Type::untyped();
    }
    let Some(union) = ty.open() else { return Type::untyped() };
    let mut wide = Union::clone(union);
    wide.opaque = Opaques::none();
    (wide.no, wide.yes) = (union.no || union.yes, union.no || union.yes);
    // A few numbers that are all whole may be all that is allowed, and that is a limit.
    let whole = |number: &NumberFacet| number.integer && number.values.is_none();
    wide.number =
        union.number.as_ref().map(|number| NumberFacet { integer: whole(number), ..Default::default() });
    wide.text = union.text.as_ref().map(|_| TextFacet::default());
    wide.list = union.list.as_ref().map(|list| {
        let prefix: Vec<Type> = list.prefix.iter().map(|ty| shape(ty, depth + 1, fuel)).collect();
        // That nothing comes behind the places that are described is a limit of length as well.
        let items = match list.items.is_never() {
            true => prefix.iter().fold(Type::never(), |all, ty| all.union(ty)),
            false => shape(&list.items, depth + 1, fuel),
        };
        ListFacet { prefix, ..ListFacet::of(items) }
    });
    for map in &mut wide.maps {
        (map.min, map.max, map.opaque) = (0, None, Opaques::none());
        for member in map.members.values_mut() {
            member.ty = shape(&member.ty, depth + 1, fuel);
        }
        if let Additional::Of(ty) = &map.additional {
            map.additional = Additional::Of(shape(ty, depth + 1, fuel));
        }
    }
    Type::of_union(wide)
}

fn is_within(source: &Type, target: &Type) -> bool {
    let mut proof = Proof { fuel: FUEL, assumed: Vec::new() };
    let within = proof.within(source, target, 0);
    meter::spend(u64::from(FUEL - proof.fuel));
    within
}

/// One proof. Names that are being compared are assumed to hold: a recursive type is within another if nothing that
/// can be reached speaks against it.
pub(super) struct Proof {
    fuel: u32,
    assumed: Vec<(Named, Type)>,
}

impl Proof {
    pub(super) fn spend(&mut self, fuel: u32) {
        self.fuel = self.fuel.saturating_sub(fuel);
    }

    pub(super) fn left(&self) -> u32 {
        self.fuel
    }

    pub(super) fn is_spent(&self) -> bool {
        self.fuel == 0
    }

    pub(super) fn within(&mut self, source: &Type, target: &Type, depth: usize) -> bool {
        self.fuel = self.fuel.saturating_sub(1);
        if self.fuel == 0 || depth > 4 * MAX_DEPTH {
            return false;
        }
        if matches!(target.0, Repr::Untyped) || source.is_never() || source == target {
            return true;
        }
        self.spend(opening(source) + opening(target));
        let before = self.assumed.len();
        let named = match &source.0 {
            Repr::Named(named) => Some(named.clone()),
            _ => None,
        };
        if let Some(named) = named {
            if self.assumed.iter().any(|(a, b)| *a == named && b == target) {
                return true;
            }
            self.assumed.push((named, target.clone()));
        }
        let holds = self.opened(source, target, depth)
            || source.open().is_some_and(|source| self.by_cases(source, target, depth + 1));
        if !holds {
            // Neither a disproven assumption nor what was proven under it may help elsewhere.
            self.assumed.truncate(before);
        }
        holds
    }

    fn opened(&mut self, source: &Type, target: &Type, depth: usize) -> bool {
        let Some(target) = target.open() else { return true };
        if target.coarse {
            return false;
        }
        // Untyped is anything at all.
        let source = source.open().cloned().unwrap_or_else(|| std::sync::Arc::new(any()));
        if source.is_empty() {
            return true;
        }
        if !self.conditions(&source, &target.opaque, depth + 1) {
            return false;
        }
        let known = (!source.null || target.null)
            && (!source.no || target.no)
            && (!source.yes || target.yes)
            && (!source.timestamp || target.timestamp)
            && (!source.duration || target.duration);
        if !known {
            return false;
        }
        let numbers = match (&source.number, &target.number) {
            (None, _) => true,
            (Some(own), Some(other)) => {
                let only = || Union { number: Some(own.clone()), ..Union::default() };
                own.fits(other)
                    && self.facet_conditions(&source.opaque, &own.opaque, only, &other.opaque, depth + 1)
            }
            (Some(_), None) => false,
        };
        let texts = match (&source.text, &target.text) {
            (None, _) => true,
            (Some(own), Some(other)) => {
                let only = || Union { text: Some(own.clone()), ..Union::default() };
                own.fits(other)
                    && self.facet_conditions(&source.opaque, &own.opaque, only, &other.opaque, depth + 1)
            }
            (Some(_), None) => false,
        };
        let optionals = match (&source.optional, &target.optional) {
            (None, _) => true,
            (Some(own), Some(other)) => self.within(own, other, depth + 1),
            (Some(_), None) => false,
        };
        let lists = match (&source.list, &target.list) {
            (None, _) => true,
            (Some(own), Some(other)) => numbers && texts && self.lists(own, &source.opaque, other, depth + 1),
            (Some(_), None) => false,
        };
        numbers
            && texts
            && optionals
            && lists
            && source.maps.iter().all(|own| {
                target.maps.iter().any(|other| self.maps(own, &source.opaque, other, depth + 1))
                    || self.by_tag(own, &source.opaque, &target.maps, depth + 1)
            })
    }

    /// `above` holds of every value of the source, whatever its kind.
    fn lists(&mut self, own: &ListFacet, above: &Opaques, other: &ListFacet, depth: usize) -> bool {
        if planted(Bug::LinkIgnoresLength) {
            return self.within(&own.element(), &other.element(), depth);
        }
        if own.min < other.min || other.max.is_some_and(|limit| own.max.is_none_or(|max| max > limit)) {
            return false;
        }
        if !self.list_conditions(own, above, &other.opaque, depth) {
            return false;
        }
        let positions = u64::try_from(own.prefix.len().max(other.prefix.len())).unwrap_or(u64::MAX);
        let reach = own.max.unwrap_or(u64::MAX);
        (0..positions.min(reach)).all(|index| self.within(&own.at(index), &other.at(index), depth))
            && (reach <= positions || self.within(&own.items, &other.items, depth))
    }

    pub(super) fn maps(&mut self, own: &MapFacet, above: &Opaques, other: &MapFacet, depth: usize) -> bool {
        if !self.map_conditions(own, above, &other.opaque, depth) {
            return false;
        }
        let required = own.members.values().filter(|member| member.required).count();
        let least = own.min.max(u64::try_from(required).unwrap_or(u64::MAX));
        let declared = u64::try_from(own.members.len()).unwrap_or(u64::MAX);
        let most = match &own.additional {
            Additional::Closed => Some(own.max.map_or(declared, |max| max.min(declared))),
            _ => own.max,
        };
        if least < other.min || other.max.is_some_and(|limit| most.is_none_or(|most| most > limit)) {
            return false;
        }
        for (name, wanted) in &other.members {
            let held = match own.members.get(name) {
                Some(member) => {
                    (member.required || !wanted.required || planted(Bug::LinkIgnoresRequired))
                        && self.within(&member.ty, &wanted.ty, depth)
                }
                None => {
                    !wanted.required
                        && own
                            .undeclared()
                            .is_none_or(|undeclared| self.within(&undeclared, &wanted.ty, depth))
                }
            };
            if !held {
                return false;
            }
        }
        for (name, member) in &own.members {
            if !other.members.contains_key(name) {
                let held = match other.undeclared() {
                    Some(undeclared) => self.within(&member.ty, &undeclared, depth),
                    None => member.ty.is_never() || planted(Bug::LinkIgnoresClosed),
                };
                if !held {
                    return false;
                }
            }
        }
        match (own.undeclared(), other.undeclared()) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(undeclared), Some(wanted)) => self.within(&undeclared, &wanted, depth),
        }
    }
}

/// What looking into a type costs: opening a name lowers its schema.
pub(crate) fn opening(ty: &Type) -> u32 {
    match &ty.0 {
        Repr::Named(named) => 4 + named.cost() / 20,
        _ => 0,
    }
}

fn any() -> Union {
    Type::any().open().map(|union| Union::clone(union)).unwrap_or_default()
}

/// Whether no opaque condition is in reach.
pub(crate) fn is_exact(ty: &Type) -> bool {
    let mut names: Vec<Named> = Vec::new();
    let mut open = vec![ty.clone()];
    let mut fuel = MAX_PARTS;
    while let Some(ty) = open.pop() {
        if let Repr::Named(named) = &ty.0 {
            if names.contains(named) {
                continue;
            }
            names.push(named.clone());
        }
        fuel = fuel.saturating_sub(1 + opening(&ty));
        if fuel == 0 || names.len() > MAX_NAMES {
            return false;
        }
        let Some(union) = ty.open() else { continue };
        let facets = union.number.as_ref().is_none_or(|number| number.opaque.is_empty())
            && union.text.as_ref().is_none_or(|text| text.opaque.is_empty())
            && union.list.as_ref().is_none_or(|list| list.opaque.is_empty())
            && union.maps.iter().all(|map| map.opaque.is_empty());
        if !facets || union.coarse || !union.opaque.is_empty() {
            return false;
        }
        if let Some(list) = &union.list {
            open.extend(list.prefix.iter().cloned());
            open.push(list.items.clone());
        }
        for map in &union.maps {
            open.extend(map.members.values().map(|member| member.ty.clone()));
            if let Additional::Of(ty) = &map.additional {
                open.push(ty.clone());
            }
        }
        open.extend(union.optional.clone());
    }
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Defs, lower};
    use super::*;

    #[test]
    fn types_assign_members_one_by_one_are_taken_only_where_the_whole_object_is() {
        let lowered = |schema: Value| lower(&schema, &Defs::none()).unwrap();
        let (text, whole) = (json!({ "type": "string" }), json!({ "type": "integer", "minimum": 0 }));
        let object = |more: Value| {
            let mut schema =
                json!({ "type": "object", "properties": { "a": text, "b": whole }, "required": ["a"] });
            schema.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            schema
        };
        let targets = [
            object(json!({})),
            object(json!({ "additionalProperties": false })),
            object(json!({ "additionalProperties": text })),
            object(json!({ "required": ["a", "b"] })),
            object(json!({ "minProperties": 2 })),
            object(json!({ "maxProperties": 1 })),
            object(json!({ "propertyNames": { "maxLength": 1 } })),
            object(json!({ "dependentRequired": { "a": ["b"] } })),
            object(json!({ "not": { "required": ["b"] } })),
            json!({ "anyOf": [object(json!({})), { "type": "string" }] }),
            json!({ "anyOf": [object(json!({ "required": ["a", "b"] })), object(json!({ "required": ["b"] }))] }),
            json!(true),
            json!(false),
            text.clone(),
        ];
        let types = [("text", lowered(text.clone())), ("whole", lowered(whole.clone()))];
        let (mut held, mut taken) = (0, 0);
        for target in &targets {
            let wanted = lowered(target.clone());
            for names in [vec!["a"], vec!["b"], vec!["a", "b"], vec!["a", "c"], vec![]] {
                for first in &types {
                    let other = types.iter().find(|ty| ty.0 != first.0).unwrap();
                    let of = |at: usize| if at == 0 { &first.1 } else { &other.1 }.upper().clone();
                    let given: Vec<(&str, Type, Presence)> = names
                        .iter()
                        .enumerate()
                        .map(|(at, name)| (*name, of(at), Presence::Required))
                        .collect();
                    let object = Lowered::declared(Type::map(given.clone(), Additional::Closed));
                    let whole = assign(&object, &wanted) == Assign::Yes;
                    let members = takes_members(wanted.upper(), &given);
                    assert!(whole || !members, "{target} takes {names:?}, the first of {}", first.0);
                    held += usize::from(whole);
                    taken += usize::from(members);
                }
            }
        }
        assert!(taken >= 8 && held > taken, "{taken} of {held} one by one");
    }
}
