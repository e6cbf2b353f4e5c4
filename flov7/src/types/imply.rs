//! Conditions that the lattice has no words for, proven from what it knows: a tagged union by its tag, `contains` by the
//! items, `patternProperties` by the names, `not` by what cannot be both.
//!
//! Everything here may say "cannot tell" (false); a "yes" is a proof.

use serde_json::Value;

use super::assign::Proof;
use super::lattice::{Additional, ListFacet, MapFacet, Type, Union};
use super::merge::Merge;
use super::opaque::{Opaque, Opaques};
use super::pattern::Pattern;
use super::witness::few_values;
use crate::planted::{Bug, planted};

/// A source with at most so many values is decided by trying them.
const MAX_TRIED: usize = 64;
/// Positions of a list that are looked at one by one.
const MAX_POSITIONS: u64 = 64;
/// Parts of a type that are looked at to find all of its values.
const MAX_SEARCH: u32 = 500;
/// Values of a member by which an object is split into cases.
const MAX_CASES: usize = 8;

impl Proof {
    /// Whether every value of the union meets all of the conditions.
    pub(super) fn conditions(&mut self, source: &Union, conditions: &Opaques, depth: usize) -> bool {
        let lacking = source.opaque.lacking(conditions);
        if lacking.is_empty() {
            return true;
        }
        let ty = Type::of_union(source.clone());
        if self.tried(&ty, conditions) {
            return true;
        }
        lacking
            .into_iter()
            .all(|condition| in_facets(source, condition) || self.condition(source, &ty, condition, depth))
    }

    /// As [`conditions`](Proof::conditions), for the numbers or texts of a source: `only` makes the union of them
    /// alone, `own` is known of them, `above` of every value of the source.
    pub(super) fn facet_conditions(
        &mut self,
        above: &Opaques,
        own: &Opaques,
        only: impl FnOnce() -> Union,
        conditions: &Opaques,
        depth: usize,
    ) -> bool {
        if conditions.is_empty() || planted(Bug::LinkIgnoresConditions) {
            return true;
        }
        let lacking = lacking(own, above, conditions);
        if lacking.is_empty() {
            return true;
        }
        let source = only();
        let ty = Type::of_union(source.clone());
        self.tried(&ty, conditions)
            || lacking.into_iter().all(|condition| self.condition(&source, &ty, condition, depth))
    }

    /// As [`conditions`](Proof::conditions), for lists.
    pub(super) fn list_conditions(
        &mut self,
        own: &ListFacet,
        above: &Opaques,
        conditions: &Opaques,
        depth: usize,
    ) -> bool {
        let lacking = lacking(&own.opaque, above, conditions);
        let proven = lacking.iter().all(|condition| match condition.keywords().as_slice() {
            ["uniqueItems"] => self.differ(own),
            ["contains", ..] => self.contained(own, condition, depth),
            _ => {
                let ty = Type::of_list(own.clone());
                ty.open().is_some_and(|source| self.condition(source, &ty, condition, depth))
            }
        });
        proven || self.tried(&Type::of_list(own.clone()), conditions)
    }

    /// As [`conditions`](Proof::conditions), for objects.
    pub(super) fn map_conditions(
        &mut self,
        own: &MapFacet,
        above: &Opaques,
        conditions: &Opaques,
        depth: usize,
    ) -> bool {
        let lacking = lacking(&own.opaque, above, conditions);
        let proven = lacking.iter().all(|condition| match condition.keywords().as_slice() {
            ["propertyNames"] => self.names(own, condition, depth),
            ["dependentRequired"] => dependent_names(own, condition),
            ["dependentSchemas"] => condition.named("dependentSchemas").iter().all(|(name, asked)| {
                !may_have(own, name) || self.within(&Type::of_map(own.clone()), asked, depth)
            }),
            ["additionalProperties", "patternProperties", "properties"] => {
                self.patterns(own, condition, depth)
            }
            _ => {
                let ty = Type::of_map(own.clone());
                ty.open().is_some_and(|source| self.condition(source, &ty, condition, depth))
            }
        });
        proven || self.tried(&Type::of_map(own.clone()), conditions)
    }

    /// Whether there are few enough values to try each, and all meet the conditions.
    fn tried(&mut self, ty: &Type, conditions: &Opaques) -> bool {
        let Some(values) = self.values(ty, MAX_TRIED) else { return false };
        values.iter().all(|value| {
            // A condition of a value costs as much as some comparisons of types.
            self.spend(10);
            !self.is_spent() && conditions.hold(value)
        })
    }

    fn values(&mut self, ty: &Type, limit: usize) -> Option<Vec<Value>> {
        let mut fuel = self.left().min(MAX_SEARCH);
        let before = fuel;
        let values = few_values(ty, limit, &mut fuel);
        self.spend(before - fuel);
        values
    }

    fn condition(&mut self, source: &Union, ty: &Type, condition: &Opaque, depth: usize) -> bool {
        match condition.keywords().as_slice() {
            ["not"] => condition.schema("not").is_some_and(|excluded| self.apart(ty, &excluded)),
            ["allOf"] => condition.schemas("allOf").iter().all(|part| self.within(ty, part, depth)),
            ["$ref"] => condition.referred().is_some_and(|part| self.within(ty, &part, depth)),
            ["anyOf"] => {
                let alternatives = condition.schemas("anyOf");
                pieces(source)
                    .iter()
                    .all(|piece| alternatives.iter().any(|one| self.within(piece, one, depth)))
            }
            ["oneOf"] => {
                let alternatives = condition.schemas("oneOf");
                pieces(source).iter().all(|piece| self.exactly_one(piece, &alternatives, depth))
            }
            ["if", "then", "else"] => {
                let Some(asked) = condition.schema("if") else { return false };
                let then = condition.schema("then").unwrap_or_else(Type::untyped);
                let otherwise = condition.schema("else").unwrap_or_else(Type::untyped);
                let held = self.both(ty, &asked);
                self.within(&held, &then, depth)
                    && (self.within(ty, &otherwise, depth) || self.within(ty, &asked, depth))
            }
            _ => false,
        }
    }

    fn exactly_one(&mut self, piece: &Type, alternatives: &[Type], depth: usize) -> bool {
        // Which alternatives cannot hold is cheaper to tell than which one does.
        let near: Vec<&Type> = alternatives.iter().filter(|one| !self.apart(piece, one)).collect();
        matches!(near.as_slice(), [only] if self.within(piece, only, depth))
    }

    /// Whether `source` is within `target` because each of the cases that a condition of the source leaves is.
    pub(super) fn by_cases(&mut self, source: &Union, target: &Type, depth: usize) -> bool {
        source.opaque.iter().any(|condition| {
            let cases = match condition.keywords().as_slice() {
                ["anyOf"] => condition.schemas("anyOf"),
                ["oneOf"] => condition.schemas("oneOf"),
                _ => return false,
            };
            let rest = Union { opaque: source.opaque.without(condition), ..source.clone() };
            let rest = Type::of_union(rest);
            cases.iter().all(|case| {
                let left = self.both(&rest, case);
                self.within(&left, target, depth)
            })
        })
    }

    /// Whether an object is one of the alternatives whatever a member with few values is: a tag, a flag.
    pub(super) fn by_tag(
        &mut self,
        own: &MapFacet,
        above: &Opaques,
        alternatives: &[MapFacet],
        depth: usize,
    ) -> bool {
        if alternatives.len() < 2 {
            return false;
        }
        own.members.iter().filter(|(_, member)| member.required).any(|(name, member)| {
            let Some(values) = self.values(&member.ty, MAX_CASES) else { return false };
            // A tag is one that the alternatives speak of.
            let tag = alternatives.iter().any(|other| other.members.contains_key(name));
            tag && values.len() > 1
                && values.iter().all(|value| {
                    let mut one = own.clone();
                    if let Some(member) = one.members.get_mut(name) {
                        member.ty = Type::of_value(value);
                    }
                    alternatives.iter().any(|other| self.maps(&one, above, other, depth))
                })
        })
    }

    /// Whether no value can be in both.
    fn apart(&mut self, a: &Type, b: &Type) -> bool {
        self.both(a, b).is_never()
    }

    fn both(&mut self, a: &Type, b: &Type) -> Type {
        if self.is_spent() {
            return a.clone();
        }
        let mut merge = Merge::new();
        let both = merge.meet(a, b, 0);
        self.spend(1 + merge.left().spent() / 20);
        both
    }

    /// Whether no list has two equal items: by its length, or because its positions have nothing in common.
    fn differ(&mut self, own: &ListFacet) -> bool {
        match own.max {
            Some(0 | 1) => true,
            Some(max) if max <= 8 => {
                (0..max).all(|at| (at + 1..max).all(|other| self.apart(&own.at(at), &own.at(other))))
            }
            _ => false,
        }
    }

    fn contained(&mut self, own: &ListFacet, condition: &Opaque, depth: usize) -> bool {
        let Some(asked) = condition.schema("contains") else { return false };
        let count = |name: &str| condition.member(name).and_then(Value::as_u64);
        let least = if condition.member("minContains").is_none() { Some(1) } else { count("minContains") };
        let Some(least) = least else { return false };
        let enough = least == 0 || {
            let sure = (0..own.min.min(MAX_POSITIONS)).filter(|at| self.within(&own.at(*at), &asked, depth));
            u64::try_from(sure.count()).is_ok_and(|sure| sure >= least)
        };
        if !enough || condition.member("maxContains").is_none() {
            return enough;
        }
        let Some(most) = count("maxContains") else { return false };
        if own.max.is_some_and(|max| max <= most) {
            return true;
        }
        let described = u64::try_from(own.prefix.len()).unwrap_or(u64::MAX);
        let possible = (0..described).filter(|at| !self.apart(&own.at(*at), &asked)).count();
        self.apart(&own.at(described), &asked) && u64::try_from(possible).is_ok_and(|count| count <= most)
    }

    fn names(&mut self, own: &MapFacet, condition: &Opaque, depth: usize) -> bool {
        let Some(asked) = condition.schema("propertyNames") else { return false };
        let declared = Type::texts(own.members.keys().map(AsRef::as_ref));
        if !self.within(&declared, &asked, depth) {
            return false;
        }
        if own.additional == Additional::Closed {
            return true;
        }
        let known = own.opaque.iter().filter(|own| own.keywords() == ["propertyNames"]);
        let known: Vec<Type> = known.filter_map(|own| own.schema("propertyNames")).collect();
        let all = known.iter().fold(Type::text(), |all, names| self.both(&all, names));
        self.within(&all, &asked, depth)
    }

    fn patterns(&mut self, own: &MapFacet, condition: &Opaque, depth: usize) -> bool {
        let mut patterns = Vec::new();
        for (source, asked) in condition.named("patternProperties") {
            let Ok(pattern) = Pattern::compile(source) else { return false };
            patterns.push((pattern, asked));
        }
        let others = condition.schema("additionalProperties");
        let declared = condition.named("properties");
        for (name, member) in &own.members {
            let mut chosen = false;
            for (_, asked) in declared.iter().filter(|(declared, _)| **declared == **name) {
                chosen = true;
                if !self.within(&member.ty, asked, depth) {
                    return false;
                }
            }
            for (pattern, asked) in &patterns {
                if pattern.matches(name) {
                    chosen = true;
                    if !self.within(&member.ty, asked, depth) {
                        return false;
                    }
                }
            }
            if !chosen && others.as_ref().is_some_and(|others| !self.within(&member.ty, others, depth)) {
                return false;
            }
        }
        match own.undeclared() {
            None => true,
            // Its name may be any.
            Some(ty) => patterns
                .iter()
                .map(|(_, asked)| asked)
                .chain(declared.iter().map(|(_, asked)| asked))
                .chain(&others)
                .all(|asked| self.within(&ty, asked, depth)),
        }
    }
}

/// The conditions that are neither among those of a kind nor among those of every value.
fn lacking<'a>(own: &Opaques, above: &Opaques, conditions: &'a Opaques) -> Vec<&'a Opaque> {
    let mut lacking = own.lacking(conditions);
    lacking.retain(|condition| !above.has(condition));
    lacking
}

/// Whether each kind of values that the union has states the condition by itself.
fn in_facets(source: &Union, condition: &Opaque) -> bool {
    let beyond = source.timestamp || source.duration || source.optional.is_some();
    let singles = [(source.null, Value::Null), (source.no, false.into()), (source.yes, true.into())];
    !beyond
        && source.number.as_ref().is_none_or(|number| number.opaque.has(condition))
        && source.text.as_ref().is_none_or(|text| text.opaque.has(condition))
        && source.list.as_ref().is_none_or(|list| list.opaque.has(condition))
        && source.maps.iter().all(|map| map.opaque.has(condition))
        && singles.iter().all(|(there, value)| !there || condition.holds(value))
}

/// Whether some object has the member.
fn may_have(own: &MapFacet, name: &str) -> bool {
    match own.members.get(name) {
        Some(member) => !member.ty.is_never(),
        None => own.additional != Additional::Closed,
    }
}

fn dependent_names(own: &MapFacet, condition: &Opaque) -> bool {
    let Some(Value::Object(members)) = condition.member("dependentRequired") else {
        return false;
    };
    let required = |name: &Value| {
        name.as_str().and_then(|name| own.members.get(name)).is_some_and(|member| member.required)
    };
    members.iter().all(|(name, names)| {
        !may_have(own, name) || names.as_array().is_some_and(|names| names.iter().all(required))
    })
}

/// The type taken apart: each kind, and each alternative of objects, by itself.
fn pieces(source: &Union) -> Vec<Type> {
    let empty = || Union { opaque: source.opaque.clone(), ..Union::default() };
    let mut pieces = Vec::new();
    let singles = [
        Union { null: source.null, ..empty() },
        Union { no: source.no, ..empty() },
        Union { yes: source.yes, ..empty() },
        Union { number: source.number.clone(), ..empty() },
        Union { text: source.text.clone(), ..empty() },
        Union { list: source.list.clone(), ..empty() },
        Union { timestamp: source.timestamp, ..empty() },
        Union { duration: source.duration, ..empty() },
        Union { optional: source.optional.clone(), ..empty() },
    ];
    pieces.extend(singles.into_iter().filter(|piece| !piece.is_empty()).map(Type::of_union));
    pieces.extend(source.maps.iter().map(|map| Type::of_union(Union { maps: vec![map.clone()], ..empty() })));
    pieces
}
