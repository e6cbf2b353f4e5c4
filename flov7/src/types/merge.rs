//! Joining and meeting types: `union` for branches that come together, `intersect` for `expect` and narrowing.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::lattice::{
    Additional, Kind, Kinds, ListFacet, MAX_ALTERNATIVES, MAX_PREFIX, MapFacet, MemberType, NumberFacet,
    Repr, TextFacet, Type, Union,
};
use super::lower::{MAX_DEPTH, open_within};
use super::opaque::Opaques;
use super::work::Work;
use crate::finding::meter;
use crate::planted::{Bug, planted};

/// Members that merged alternatives may have together.
const MAX_JOINED: usize = 1_000;

/// One merge: remembers whether the answer contains more than it should, and stops work on hostile types.
pub(crate) struct Merge {
    /// The answer is a true upper bound, not the exact union or intersection.
    pub(crate) lossy: bool,
    work: Work,
    /// Inside of a lowering, how many names are open around it.
    level: Option<usize>,
}

impl Type {
    /// A type that contains the values of both.
    #[must_use]
    pub fn union(&self, other: &Type) -> Type {
        Merge::new().join(self, other, 0)
    }

    /// A type that contains the values that both contain. Beyond a depth of 64 it is `self`, still an upper bound.
    #[must_use]
    pub fn intersect(&self, other: &Type) -> Type {
        Merge::new().meet(self, other, 0)
    }

    /// Without null. Untyped stays untyped.
    #[must_use]
    pub fn without_null(&self) -> Type {
        self.without_kinds(Kinds::only(Kind::Null))
    }

    /// Without the values of these kinds. Untyped stays untyped.
    #[must_use]
    pub fn without_kinds(&self, kinds: Kinds) -> Type {
        match self.open() {
            Some(union) if union.kinds().common(kinds).is_empty() => self.clone(),
            Some(union) => Type::of_union(union.only(Kinds::ALL.without(kinds))),
            None => Type::untyped(),
        }
    }

    /// Only the values of these kinds. Of untyped: everything of these kinds.
    #[must_use]
    pub fn only_kinds(&self, kinds: Kinds) -> Type {
        match self.open() {
            Some(union) if union.kinds().within(kinds) && union.optional.is_none() => self.clone(),
            Some(union) => Type::of_union(Union { optional: None, ..union.only(kinds) }),
            None => Type::of_kinds(kinds),
        }
    }

    /// The type of a loop's state, made from its first value: constants become their kinds, lists may grow.
    /// Whole numbers stay whole; see [`widen_numbers`](Type::widen_numbers). An empty list or null says nothing
    /// about what comes later: such a state needs a schema (RULES loop).
    #[must_use]
    pub fn widen_literals(&self) -> Type {
        widen(self, 0, Numbers::Keep)
    }

    /// As [`widen_literals`](Type::widen_literals), and whole numbers become numbers: the second try when what
    /// follows the first value has a fraction.
    #[must_use]
    pub fn widen_numbers(&self) -> Type {
        widen(self, 0, Numbers::Any)
    }
}

impl Union {
    /// The same with only these kinds; optionals stay.
    pub(crate) fn only(&self, kinds: Kinds) -> Union {
        Union {
            null: self.null && kinds.has(Kind::Null),
            no: self.no && kinds.has(Kind::Bool),
            yes: self.yes && kinds.has(Kind::Bool),
            number: self.number.clone().filter(|_| kinds.has(Kind::Number)),
            text: self.text.clone().filter(|_| kinds.has(Kind::Text)),
            list: self.list.clone().filter(|_| kinds.has(Kind::List)),
            maps: if kinds.has(Kind::Map) { self.maps.clone() } else { Vec::new() },
            timestamp: self.timestamp && kinds.has(Kind::Timestamp),
            duration: self.duration && kinds.has(Kind::Duration),
            optional: self.optional.clone(),
            opaque: self.opaque.clone(),
            coarse: self.coarse,
            ..Union::default()
        }
    }
}

impl Merge {
    pub(crate) fn new() -> Merge {
        Merge { lossy: false, work: Work::full(), level: None }
    }

    /// A merge while a schema is lowered. Names are then opened out of the fuel of that lowering.
    pub(super) fn within(work: Work, level: usize) -> Merge {
        Merge { lossy: false, work, level: Some(level) }
    }

    /// The fuel that is left.
    pub(super) fn left(&self) -> Work {
        self.work
    }

    /// The union behind the type; `None` where it is untyped or cannot be told, which is then noted.
    fn look(&mut self, ty: &Type, depth: usize) -> Option<Arc<Union>> {
        let Repr::Named(named) = &ty.0 else { return ty.open().cloned() };
        let Some(level) = self.level else {
            self.work.merges = self.work.merges.saturating_sub(named.cost());
            return ty.open().cloned();
        };
        let opened = open_within(named.target(), &mut self.work, level, depth);
        self.lossy |= opened.is_none();
        match opened?.0 {
            Repr::Union(union) => Some(union),
            Repr::Untyped | Repr::Named(_) => None,
        }
    }

    fn spent(&mut self, a: &Type, b: &Type, depth: usize) -> bool {
        // Opening a name lowers its schema.
        let named = [a, b].into_iter().any(|ty| matches!(ty.0, Repr::Named(_)));
        self.work.merges = self.work.merges.saturating_sub(if named { 10 } else { 1 });
        meter::spend(1);
        let spent = self.work.merges == 0 || depth > MAX_DEPTH;
        self.lossy |= spent;
        spent
    }

    pub(crate) fn join(&mut self, a: &Type, b: &Type, depth: usize) -> Type {
        if a == b || b.is_never() {
            return a.clone();
        }
        if a.is_never() {
            return b.clone();
        }
        if self.spent(a, b, depth) {
            return Type::untyped();
        }
        let (left, right) = (self.look(a, depth), self.look(b, depth));
        let (Some(left), Some(right)) = (left, right) else { return Type::untyped() };
        let (left, right) = self.sunk_apart(left, right);
        let number = both(&left.number, &right.number, |a, b| self.noted(a.join(b)));
        let text = both(&left.text, &right.text, |a, b| self.noted(a.join(b)));
        let list = both(&left.list, &right.list, |a, b| self.join_lists(a, b, depth + 1));
        let optional = both(&left.optional, &right.optional, |a, b| self.join(a, b, depth + 1));
        let mut maps = left.maps.clone();
        for map in &right.maps {
            self.add_alternative(&mut maps, map, depth + 1);
        }
        Type::of_union(Union {
            null: left.null || right.null && !planted(Bug::UnionForgetsNull),
            no: left.no || right.no,
            yes: left.yes || right.yes,
            number,
            text,
            list,
            maps,
            timestamp: left.timestamp || right.timestamp,
            duration: left.duration || right.duration,
            optional,
            opaque: left.opaque.common(&right.opaque),
            coarse: left.coarse || right.coarse,
            ..Union::default()
        })
    }

    /// Both with the conditions that only one of them has put to the kinds of values that it has: so they are not lost
    /// where the other has values of another kind.
    fn sunk_apart(&mut self, left: Arc<Union>, right: Arc<Union>) -> (Arc<Union>, Arc<Union>) {
        if left.opaque == right.opaque {
            return (left, right);
        }
        (
            self.sunk(&left, &left.opaque.beyond(&right.opaque)),
            self.sunk(&right, &right.opaque.beyond(&left.opaque)),
        )
    }

    fn sunk(&mut self, union: &Union, conditions: &Opaques) -> Arc<Union> {
        let mut sunk = union.clone();
        if !conditions.is_empty() {
            // Whether these single values meet a condition is not asked, as that compiles it.
            self.lossy |= union.null
                || union.no
                || union.yes
                || union.timestamp
                || union.duration
                || union.optional.is_some();
            let deeper = |own: &mut Opaques| *own = own.and(conditions);
            sunk.number.iter_mut().for_each(|number| deeper(&mut number.opaque));
            sunk.text.iter_mut().for_each(|text| deeper(&mut text.opaque));
            sunk.list.iter_mut().for_each(|list| deeper(&mut list.opaque));
            sunk.maps.iter_mut().for_each(|map| deeper(&mut map.opaque));
        }
        Arc::new(sunk)
    }

    fn noted<F>(&mut self, (facet, lossy): (F, bool)) -> F {
        self.lossy |= lossy;
        facet
    }

    fn join_lists(&mut self, a: &ListFacet, b: &ListFacet, depth: usize) -> ListFacet {
        if a == b {
            return a.clone();
        }
        if a.max == Some(0) && b.min == 0 && b.opaque.is_empty() {
            return b.clone();
        }
        if b.max == Some(0) && a.min == 0 && a.opaque.is_empty() {
            return a.clone();
        }
        self.lossy = true;
        let positions = a.prefix.len().max(b.prefix.len());
        let kept = positions.min(MAX_PREFIX);
        let mut described: Vec<Type> = Vec::with_capacity(kept);
        for index in 0..u64::try_from(positions).unwrap_or(0) {
            described.push(self.join(&a.at(index), &b.at(index), depth));
        }
        let rest = u64::try_from(positions).unwrap_or(u64::MAX);
        let mut items = self.join(&a.at(rest), &b.at(rest), depth);
        for ty in described.split_off(kept) {
            items = self.join(&items, &ty, depth);
        }
        ListFacet {
            prefix: described,
            items,
            min: a.min.min(b.min),
            max: a.max.zip(b.max).map(|(a, b)| a.max(b)),
            opaque: a.opaque.common(&b.opaque),
        }
    }

    fn add_alternative(&mut self, maps: &mut Vec<MapFacet>, map: &MapFacet, depth: usize) {
        if maps.contains(map) {
            return;
        }
        if maps.len() < MAX_ALTERNATIVES {
            maps.push(map.clone());
            return;
        }
        self.lossy = true;
        if let Some(last) = maps.pop() {
            // Very many different alternatives: their members together would say nothing that anyone reads.
            let members = last.members.len() + map.members.len();
            let many = members > MAX_JOINED;
            maps.push(if many {
                MapFacet::open(Additional::Silent)
            } else {
                self.join_maps(&last, map, depth)
            });
        }
    }

    /// One description of objects of either kind.
    fn join_maps(&mut self, a: &MapFacet, b: &MapFacet, depth: usize) -> MapFacet {
        let mut members: BTreeMap<Arc<str>, MemberType> = BTreeMap::new();
        for (name, left) in &a.members {
            let (ty, required) = match b.members.get(name) {
                Some(right) => (self.join(&left.ty, &right.ty, depth), left.required && right.required),
                None => (self.join_absent(&left.ty, b, depth), false),
            };
            members.insert(name.clone(), MemberType { ty, required });
        }
        for (name, right) in &b.members {
            if !a.members.contains_key(name) {
                let ty = self.join_absent(&right.ty, a, depth);
                members.insert(name.clone(), MemberType { ty, required: false });
            }
        }
        let additional = match (&a.additional, &b.additional) {
            (Additional::Silent, _) | (_, Additional::Silent) => Additional::Silent,
            (Additional::Closed, other) | (other, Additional::Closed) => other.clone(),
            (Additional::Of(a), Additional::Of(b)) => Additional::Of(self.join(a, b, depth)),
        };
        MapFacet {
            members: members.into(),
            additional,
            min: a.min.min(b.min),
            max: a.max.zip(b.max).map(|(a, b)| a.max(b)),
            opaque: a.opaque.common(&b.opaque),
        }
    }

    fn join_absent(&mut self, ty: &Type, other: &MapFacet, depth: usize) -> Type {
        match other.undeclared() {
            Some(undeclared) => self.join(ty, &undeclared, depth),
            None => ty.clone(),
        }
    }

    pub(crate) fn meet(&mut self, a: &Type, b: &Type, depth: usize) -> Type {
        if a == b {
            return a.clone();
        }
        match (&a.0, &b.0) {
            (Repr::Untyped, _) => return b.clone(),
            (_, Repr::Untyped) => return a.clone(),
            _ => {}
        }
        if self.spent(a, b, depth) {
            return a.clone();
        }
        let Some(left) = self.look(a, depth) else { return b.clone() };
        let Some(right) = self.look(b, depth) else { return a.clone() };
        let mut maps = Vec::new();
        for one in &left.maps {
            for other in &right.maps {
                if let Some(met) = self.meet_maps(one, other, depth + 1) {
                    self.add_alternative(&mut maps, &met, depth + 1);
                }
            }
        }
        Type::of_union(Union {
            null: left.null && right.null,
            no: left.no && right.no,
            yes: left.yes && right.yes,
            number: left.number.as_ref().zip(right.number.as_ref()).and_then(|(a, b)| a.meet(b)),
            text: left.text.as_ref().zip(right.text.as_ref()).and_then(|(a, b)| a.meet(b)),
            list: match (&left.list, &right.list) {
                (Some(a), Some(b)) => self.meet_lists(a, b, depth + 1),
                _ => None,
            },
            maps,
            timestamp: left.timestamp && right.timestamp,
            duration: left.duration && right.duration,
            optional: match (&left.optional, &right.optional) {
                (Some(a), Some(b)) => Some(self.meet(a, b, depth + 1)),
                _ => None,
            },
            opaque: left.opaque.and(&right.opaque),
            coarse: left.coarse || right.coarse,
            ..Union::default()
        })
    }

    fn meet_lists(&mut self, a: &ListFacet, b: &ListFacet, depth: usize) -> Option<ListFacet> {
        let positions = a.prefix.len().max(b.prefix.len());
        let mut prefix = Vec::with_capacity(positions);
        for index in 0..u64::try_from(positions).unwrap_or(0) {
            prefix.push(self.meet(&a.at(index), &b.at(index), depth));
        }
        let facet = ListFacet {
            prefix,
            items: self.meet(&a.items, &b.items, depth),
            min: a.min.max(b.min),
            max: least(a.max, b.max),
            opaque: a.opaque.and(&b.opaque),
        };
        facet.unless_empty()
    }

    fn meet_maps(&mut self, a: &MapFacet, b: &MapFacet, depth: usize) -> Option<MapFacet> {
        let mut members: BTreeMap<Arc<str>, MemberType> = BTreeMap::new();
        for (name, left) in &a.members {
            let member = match b.members.get(name) {
                Some(right) => MemberType {
                    ty: self.meet(&left.ty, &right.ty, depth),
                    required: left.required || right.required,
                },
                None => self.meet_undeclared(left, b, depth),
            };
            members.insert(name.clone(), member);
        }
        for (name, right) in &b.members {
            if !a.members.contains_key(name) {
                let member = self.meet_undeclared(right, a, depth);
                members.insert(name.clone(), member);
            }
        }
        let additional = match (&a.additional, &b.additional) {
            (Additional::Closed, _) | (_, Additional::Closed) => Additional::Closed,
            (Additional::Silent, other) | (other, Additional::Silent) => other.clone(),
            (Additional::Of(a), Additional::Of(b)) => Additional::Of(self.meet(a, b, depth)),
        };
        let facet = MapFacet {
            members: members.into(),
            additional,
            min: a.min.max(b.min),
            max: least(a.max, b.max),
            opaque: a.opaque.and(&b.opaque),
        };
        facet.unless_empty()
    }

    fn meet_undeclared(&mut self, member: &MemberType, other: &MapFacet, depth: usize) -> MemberType {
        let ty = match other.undeclared() {
            Some(undeclared) => self.meet(&member.ty, &undeclared, depth),
            None => Type::never(),
        };
        MemberType { ty, required: member.required }
    }
}

impl ListFacet {
    /// Shortened to the positions that can hold a value; `None` where no list is long enough.
    pub(crate) fn unless_empty(mut self) -> Option<ListFacet> {
        let barred = self.prefix.iter().position(Type::is_never).or_else(|| {
            let all = self.prefix.len();
            self.items.is_never().then_some(all)
        });
        if let Some(barred) = barred {
            self.max = least(self.max, u64::try_from(barred).ok());
            self.prefix.truncate(barred);
        }
        if self.max.is_some_and(|max| max < self.min) { None } else { Some(self) }
    }
}

impl MapFacet {
    /// Without members that can hold no value; `None` where such a member is required or the counts exclude each
    /// other.
    pub(crate) fn unless_empty(mut self) -> Option<MapFacet> {
        if self.members.values().any(|member| member.required && member.ty.is_never()) {
            return None;
        }
        if matches!(&self.additional, Additional::Of(ty) if ty.is_never()) {
            self.additional = Additional::Closed;
        }
        if self.additional == Additional::Closed {
            // Where nothing undeclared may stand, a member that cannot be there need not be named.
            self.members.retain(|member| !member.ty.is_never());
        }
        let required = self.members.values().filter(|member| member.required).count();
        let required = u64::try_from(required).unwrap_or(u64::MAX);
        let most = if self.additional == Additional::Closed {
            least(self.max, u64::try_from(self.members.len()).ok())
        } else {
            self.max
        };
        if most.is_some_and(|most| most < required.max(self.min)) { None } else { Some(self) }
    }
}

/// One of two facets, or both of them combined.
fn both<F: Clone>(a: &Option<F>, b: &Option<F>, combine: impl FnOnce(&F, &F) -> F) -> Option<F> {
    match (a, b) {
        (Some(a), Some(b)) => Some(combine(a, b)),
        (a, b) => a.clone().or_else(|| b.clone()),
    }
}

fn least(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[derive(Clone, Copy)]
enum Numbers {
    Keep,
    Any,
}

fn widen(ty: &Type, depth: usize, numbers: Numbers) -> Type {
    let Repr::Union(union) = &ty.0 else { return ty.clone() };
    if depth > MAX_DEPTH {
        return ty.clone();
    }
    let mut wide = Union::clone(union);
    let truth = wide.no || wide.yes;
    (wide.no, wide.yes) = (truth, truth);
    wide.number = wide.number.map(|number| NumberFacet {
        integer: number.integer && matches!(numbers, Numbers::Keep),
        ..NumberFacet::default()
    });
    wide.text = wide.text.map(|_| TextFacet::default());
    wide.list = wide.list.map(|list| {
        let element = list.element();
        ListFacet::of(widen(&element, depth + 1, numbers))
    });
    wide.opaque = Opaques::none();
    for map in &mut wide.maps {
        map.opaque = Opaques::none();
        for member in map.members.values_mut() {
            member.ty = widen(&member.ty, depth + 1, numbers);
        }
    }
    Type::of_union(wide)
}
