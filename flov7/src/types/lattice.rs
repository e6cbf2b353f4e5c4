//! The type lattice: what a value at some place can be, as a union with one description per kind.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use super::few::Few;
use super::members::Members;
use super::number::{Bound, Num};
use super::opaque::Opaques;
use super::scope::Named;
use crate::finding::meter;

/// What a value can be. Cheap to clone: everything below the first level is shared.
///
/// A type is either *untyped* (no schema said anything about the value), the name of a schema that is opened when it
/// is looked into (so recursion needs no cycle), or a union that describes each kind of value at most once, except
/// objects: up to eight alternatives are kept apart, so that a tagged union stays one.
///
/// Every type is an upper bound: it contains at least the values that can occur. What the lattice has no words for
/// (`pattern`, `not`, …) is carried as an opaque facet that still decides single values.
#[derive(Clone, Debug, PartialEq)]
pub struct Type(pub(crate) Repr);

#[derive(Clone, Debug)]
pub(crate) enum Repr {
    Untyped,
    Named(Named),
    Union(Arc<Union>),
}

impl PartialEq for Repr {
    fn eq(&self, other: &Repr) -> bool {
        match (self, other) {
            (Repr::Untyped, Repr::Untyped) => true,
            (Repr::Named(a), Repr::Named(b)) => a == b,
            // Shared parts are the common case, and looking into them twice would cost the square.
            // Two coarse descriptions may be of different things.
            (Repr::Union(a), Repr::Union(b)) => {
                meter::spend(1);
                Arc::ptr_eq(a, b) || (!a.coarse && !b.coarse && a == b)
            }
            _ => false,
        }
    }
}

/// One description per kind; absent kinds cannot occur. All absent is the type without a value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Union {
    pub(crate) null: bool,
    pub(crate) no: bool,
    pub(crate) yes: bool,
    pub(crate) number: Option<NumberFacet>,
    pub(crate) text: Option<TextFacet>,
    pub(crate) list: Option<ListFacet>,
    /// Alternatives, at most [`MAX_ALTERNATIVES`]; order is that of the schema.
    pub(crate) maps: Vec<MapFacet>,
    pub(crate) timestamp: bool,
    pub(crate) duration: bool,
    /// The member type of an optional; exists inside expressions only.
    pub(crate) optional: Option<Type>,
    /// Conditions on the value as a whole.
    pub(crate) opaque: Opaques,
    /// It contains more than was asked for, because it was too large to be described: no proof may rest on it.
    pub(crate) coarse: bool,
    /// Levels and parts below, names unopened; kept within [`MAX_TYPE_DEPTH`] and [`MAX_TYPE_WEIGHT`], so that every
    /// walk over a type is bounded.
    pub(crate) depth: usize,
    pub(crate) weight: usize,
}

/// A type that would be deeper forgets what its values look like inside.
pub(crate) const MAX_TYPE_DEPTH: usize = 128;
/// A type that would have more parts forgets what its values look like inside.
pub(crate) const MAX_TYPE_WEIGHT: usize = 100_000;
/// More alternatives of objects than this are merged into one.
pub(crate) const MAX_ALTERNATIVES: usize = 8;
/// Enums with more values than this are described by their bounds instead.
pub(crate) const MAX_VALUES: usize = 1_000;
/// Positions of a list that are described one by one; later ones share a type.
pub(crate) const MAX_PREFIX: usize = 64;

/// Which numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct NumberFacet {
    pub(crate) integer: bool,
    pub(crate) min: Option<Bound>,
    pub(crate) max: Option<Bound>,
    /// Every value is a multiple of each of these.
    pub(crate) multiple_of: BTreeSet<Num>,
    /// The only values; never empty.
    pub(crate) values: Option<Few<Num>>,
    pub(crate) opaque: Opaques,
}

/// Which texts. Lengths count code points.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TextFacet {
    pub(crate) min: u64,
    pub(crate) max: Option<u64>,
    /// The only values; never empty.
    pub(crate) values: Option<Few<Arc<str>>>,
    /// An annotation (JSON Schema 2020-12 §7.2.1): it helps to invent a sample and constrains nothing.
    pub(crate) format: Option<Arc<str>>,
    pub(crate) opaque: Opaques,
}

/// Which lists.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ListFacet {
    /// The first positions, one by one; a list may be shorter.
    pub(crate) prefix: Vec<Type>,
    /// Every position after the prefix.
    pub(crate) items: Type,
    pub(crate) min: u64,
    pub(crate) max: Option<u64>,
    pub(crate) opaque: Opaques,
}

/// Which objects.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MapFacet {
    pub(crate) members: Members,
    pub(crate) additional: Additional,
    pub(crate) min: u64,
    pub(crate) max: Option<u64>,
    pub(crate) opaque: Opaques,
}

/// A declared member.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MemberType {
    pub(crate) ty: Type,
    pub(crate) required: bool,
}

/// The members that an object type does not declare by name.
#[derive(Clone, Debug, PartialEq)]
pub enum Additional {
    /// There are none.
    Closed,
    /// The schema is silent: there may be any, and nobody promised one.
    Silent,
    /// There may be any number, each of this type (a dictionary).
    Of(Type),
}

/// Whether a declared member is always there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// In every value.
    Required,
    /// In some values.
    Optional,
}

/// A kind of value; `type(x)` answers its [`name`](Kind::name).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The JSON null.
    Null,
    /// `true` and `false`.
    Bool,
    /// Integers and doubles: one kind (RULES 2).
    Number,
    /// Text.
    Text,
    /// A JSON array.
    List,
    /// A JSON object.
    Map,
    /// An instant; exists inside expressions only.
    Timestamp,
    /// A span of time; exists inside expressions only.
    Duration,
}

impl Kind {
    /// All kinds, in a fixed order.
    pub const ALL: [Kind; 8] = [
        Kind::Null,
        Kind::Bool,
        Kind::Number,
        Kind::Text,
        Kind::List,
        Kind::Map,
        Kind::Timestamp,
        Kind::Duration,
    ];

    /// The text that `type(x)` gives (FORMAT 2).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Bool => "bool",
            Kind::Number => "number",
            Kind::Text => "string",
            Kind::List => "list",
            Kind::Map => "map",
            Kind::Timestamp => "timestamp",
            Kind::Duration => "duration",
        }
    }

    /// The kind with that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    const fn bit(self) -> u8 {
        match self {
            Kind::Null => 1,
            Kind::Bool => 2,
            Kind::Number => 4,
            Kind::Text => 8,
            Kind::List => 16,
            Kind::Map => 32,
            Kind::Timestamp => 64,
            Kind::Duration => 128,
        }
    }
}

/// A set of kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    /// No kind.
    pub const NONE: Kinds = Kinds(0);
    /// The six kinds of JSON.
    pub const JSON: Kinds = Kinds(1 + 2 + 4 + 8 + 16 + 32);

    /// Every kind.
    pub(crate) const ALL: Kinds = Kinds(255);

    /// Just that kind.
    #[must_use]
    pub fn only(kind: Kind) -> Kinds {
        Kinds(kind.bit())
    }

    /// These kinds and that one.
    #[must_use]
    pub fn and(self, kind: Kind) -> Kinds {
        Kinds(self.0 | kind.bit())
    }

    /// All kinds of both sets.
    #[must_use]
    pub fn union(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    /// The kinds in both sets.
    #[must_use]
    pub fn common(self, other: Kinds) -> Kinds {
        Kinds(self.0 & other.0)
    }

    /// The kinds that are not in `other`.
    #[must_use]
    pub fn without(self, other: Kinds) -> Kinds {
        Kinds(self.0 & !other.0)
    }

    /// Whether the kind is in the set.
    #[must_use]
    pub fn has(self, kind: Kind) -> bool {
        self.0 & kind.bit() != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether every kind of the set is in `other`.
    #[must_use]
    pub fn within(self, other: Kinds) -> bool {
        self.0 & !other.0 == 0
    }

    /// The kinds, in the order of [`Kind::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(move |kind| self.has(*kind))
    }
}

/// What selecting a member by a constant name finds.
#[derive(Clone, Debug, PartialEq)]
pub enum MemberLookup {
    /// Every object of the type has it.
    Required(Type),
    /// Some objects of the type have it: guard the read.
    Optional(Type),
    /// The schema declares members but not this one, and does not forbid it.
    Undeclared,
    /// The schema declares no member at all: its shape is unknown.
    Shapeless,
    /// No object of the type has it.
    Missing,
}

/// A type that never differs, made once.
macro_rules! constant {
    ($make:expr) => {{
        static MADE: std::sync::OnceLock<$crate::types::Type> = std::sync::OnceLock::new();
        MADE.get_or_init(|| $crate::finding::meter::apart(|| $make)).clone()
    }};
}
pub(crate) use constant;

impl Type {
    /// No schema said anything about the value.
    #[must_use]
    pub fn untyped() -> Type {
        Type(Repr::Untyped)
    }

    /// Any JSON value, said aloud (all six kinds); unlike [`untyped`](Type::untyped) it may be looked at by kind.
    #[must_use]
    pub fn any() -> Type {
        Type::of_kinds(Kinds::JSON)
    }

    /// The type without a value: what a branch that never runs gives.
    #[must_use]
    pub fn never() -> Type {
        Type::of_kinds(Kinds::NONE)
    }

    /// Null alone.
    #[must_use]
    pub fn null() -> Type {
        Type::of_kinds(Kinds::only(Kind::Null))
    }

    /// True or false.
    #[must_use]
    pub fn boolean() -> Type {
        Type::of_kinds(Kinds::only(Kind::Bool))
    }

    /// Any number.
    #[must_use]
    pub fn number() -> Type {
        Type::of_kinds(Kinds::only(Kind::Number))
    }

    /// Any whole number.
    #[must_use]
    pub fn integer() -> Type {
        constant!(Type::of_number(NumberFacet { integer: true, ..NumberFacet::default() }))
    }

    /// Any text.
    #[must_use]
    pub fn text() -> Type {
        Type::of_kinds(Kinds::only(Kind::Text))
    }

    /// The given texts alone; none gives [`never`](Type::never).
    #[must_use]
    pub fn texts<'a>(values: impl IntoIterator<Item = &'a str>) -> Type {
        let values: Few<Arc<str>> = values.into_iter().map(Arc::from).collect();
        if values.is_empty() {
            return Type::never();
        }
        Type::of_text(TextFacet { values: Some(values), ..TextFacet::default() })
    }

    /// A list whose items all have the given type.
    #[must_use]
    pub fn list(items: Type) -> Type {
        Type::of_list(ListFacet::of(items))
    }

    /// An object with the given members; `additional` says what else it may hold.
    #[must_use]
    pub fn map<N: Into<Arc<str>>>(
        members: impl IntoIterator<Item = (N, Type, Presence)>,
        additional: Additional,
    ) -> Type {
        let members = members.into_iter().map(|(name, ty, presence)| {
            (name.into(), MemberType { ty, required: presence == Presence::Required })
        });
        Type::of_map(MapFacet { members: members.collect(), ..MapFacet::open(additional) })
    }

    /// An instant.
    #[must_use]
    pub fn timestamp() -> Type {
        Type::of_kinds(Kinds::only(Kind::Timestamp))
    }

    /// A span of time.
    #[must_use]
    pub fn duration() -> Type {
        Type::of_kinds(Kinds::only(Kind::Duration))
    }

    /// An optional of the given type (`a.?b`).
    #[must_use]
    pub fn optional(inner: Type) -> Type {
        Type::of_union(Union { optional: Some(inner), ..Union::default() })
    }

    /// Everything of the given kinds. Lists hold untyped items, objects are open and silent.
    #[must_use]
    pub fn of_kinds(kinds: Kinds) -> Type {
        // Every type of whole kinds is the same everywhere: each is made once.
        static MADE: [OnceLock<Type>; 256] = [const { OnceLock::new() }; 256];
        let made = MADE.get(usize::from(kinds.0));
        made.map_or_else(
            || Type::make_kinds(kinds),
            |made| made.get_or_init(|| meter::apart(|| Type::make_kinds(kinds))).clone(),
        )
    }

    fn make_kinds(kinds: Kinds) -> Type {
        Type::of_union(Union {
            null: kinds.has(Kind::Null),
            no: kinds.has(Kind::Bool),
            yes: kinds.has(Kind::Bool),
            number: kinds.has(Kind::Number).then(NumberFacet::default),
            text: kinds.has(Kind::Text).then(TextFacet::default),
            list: kinds.has(Kind::List).then(|| ListFacet::of(Type::untyped())),
            maps: if kinds.has(Kind::Map) { vec![MapFacet::open(Additional::Silent)] } else { Vec::new() },
            timestamp: kinds.has(Kind::Timestamp),
            duration: kinds.has(Kind::Duration),
            ..Union::default()
        })
    }

    /// An integer between two ends, both inside.
    #[must_use]
    pub fn integer_between(min: Option<i128>, max: Option<i128>) -> Type {
        Type::of_number(NumberFacet {
            integer: true,
            min: min.map(|at| Bound::inclusive(Num::int(at))),
            max: max.map(|at| Bound::inclusive(Num::int(at))),
            ..NumberFacet::default()
        })
    }

    /// Inlined where unions are made, so that they need not be moved.
    #[inline(always)]
    pub(crate) fn of_union(union: Union) -> Type {
        let mut union = Arc::new(union);
        // Nobody shares it yet.
        if let Some(own) = Arc::get_mut(&mut union) {
            own.measure();
        }
        if union.depth > MAX_TYPE_DEPTH || union.weight > MAX_TYPE_WEIGHT {
            return Type::coarse(&union);
        }
        Type(Repr::Union(union))
    }

    /// What is said instead of a type that is too large.
    #[cold]
    fn coarse(union: &Union) -> Type {
        if union.optional.is_some() {
            return Type::untyped();
        }
        let mut coarse =
            Type::of_kinds(union.kinds()).open().map(|all| Union::clone(all)).unwrap_or_default();
        coarse.coarse = true;
        Type(Repr::Union(Arc::new(coarse)))
    }

    fn extent(&self) -> (usize, usize) {
        match &self.0 {
            Repr::Untyped | Repr::Named(_) => (1, 1),
            Repr::Union(union) => (union.depth, union.weight),
        }
    }

    pub(crate) fn of_number(facet: NumberFacet) -> Type {
        Type::of_union(Union { number: Some(facet), ..Union::default() })
    }

    pub(crate) fn of_text(facet: TextFacet) -> Type {
        Type::of_union(Union { text: Some(facet), ..Union::default() })
    }

    pub(crate) fn of_list(facet: ListFacet) -> Type {
        Type::of_union(Union { list: Some(facet), ..Union::default() })
    }

    pub(crate) fn of_map(facet: MapFacet) -> Type {
        Type::of_union(Union { maps: vec![facet], ..Union::default() })
    }

    /// The union behind the type, opening a name; `None` is untyped.
    #[inline]
    pub(crate) fn open(&self) -> Option<&Arc<Union>> {
        match &self.0 {
            Repr::Untyped => None,
            Repr::Union(union) => Some(union),
            Repr::Named(named) => opened(named),
        }
    }

    /// Whether no schema said anything about the value.
    #[inline]
    #[must_use]
    pub fn is_untyped(&self) -> bool {
        self.open().is_none()
    }

    /// Whether no value has the type. A named schema counts as having values until it is opened.
    #[inline]
    #[must_use]
    pub fn is_never(&self) -> bool {
        matches!(&self.0, Repr::Union(union) if union.is_empty())
    }

    /// The kinds of values it contains. Untyped contains the six of JSON; an optional is no kind.
    #[inline]
    #[must_use]
    pub fn kinds(&self) -> Kinds {
        self.open().map_or(Kinds::JSON, |union| union.kinds())
    }

    /// Whether null is among the values. True for untyped.
    #[must_use]
    pub fn may_be_null(&self) -> bool {
        self.open().is_none_or(|union| union.null)
    }

    /// The type inside an optional.
    #[inline]
    #[must_use]
    pub fn optional_inner(&self) -> Option<Type> {
        self.open()?.optional.clone()
    }

    /// The type of every item of the lists it contains; `None` if it contains no list. Untyped gives untyped.
    #[must_use]
    pub fn element(&self) -> Option<Type> {
        let Some(union) = self.open() else { return Some(Type::untyped()) };
        union.list.as_ref().map(ListFacet::element)
    }

    /// The least and greatest number of items of the lists it contains; `None` if it contains no list.
    #[must_use]
    pub fn item_count(&self) -> Option<(u64, Option<u64>)> {
        let Some(union) = self.open() else { return Some((0, None)) };
        union.list.as_ref().map(|list| (list.min, list.max))
    }

    /// The texts it is limited to; `None` where it contains any other value or unlimited text.
    #[must_use]
    pub fn text_values(&self) -> Option<Vec<Arc<str>>> {
        let union = self.open()?;
        if union.kinds() != Kinds::only(Kind::Text) {
            return None;
        }
        let values = union.text.as_ref()?.values.as_ref()?;
        Some(values.iter().cloned().collect())
    }

    /// The names that its objects declare, sorted; what a message offers as "nearest".
    #[must_use]
    pub fn member_names(&self) -> Vec<Arc<str>> {
        let Some(union) = self.open() else { return Vec::new() };
        let names: BTreeSet<&Arc<str>> = union.maps.iter().flat_map(|map| map.members.keys()).collect();
        meter::spend_len(1 + names.len());
        names.into_iter().cloned().collect()
    }

    /// The declared members with their types and presence, over all alternatives; what a template walks.
    #[must_use]
    pub fn members(&self) -> Vec<(Arc<str>, Type, Presence)> {
        let names = self.member_names();
        meter::spend_len(4 * names.len());
        let found = names.into_iter().filter_map(|name| match self.member(&name) {
            MemberLookup::Required(ty) => Some((name, ty, Presence::Required)),
            MemberLookup::Optional(ty) => Some((name, ty, Presence::Optional)),
            _ => None,
        });
        found.collect()
    }

    /// What selecting `name` finds in the objects it contains; other kinds are the caller's business. Untyped, and a
    /// type without objects, is [`MemberLookup::Shapeless`].
    #[must_use]
    pub fn member(&self, name: &str) -> MemberLookup {
        let Some(union) = self.open() else { return MemberLookup::Shapeless };
        let mut lookups = union.maps.iter().map(|map| map.lookup(name));
        let Some(first) = lookups.next() else { return MemberLookup::Shapeless };
        lookups.fold(first, MemberLookup::or)
    }
}

/// What is behind a name. It opens to a name only through `$ref` chains, which lowering refuses when they do not end.
fn opened(named: &Named) -> Option<&Arc<Union>> {
    let mut current = named.open();
    for _ in 1..super::lower::MAX_DEPTH {
        match &current.0 {
            Repr::Untyped => return None,
            Repr::Union(union) => return Some(union),
            Repr::Named(named) => current = named.open(),
        }
    }
    None
}

impl MemberLookup {
    /// What is found when the object is one of two alternatives.
    fn or(self, other: MemberLookup) -> MemberLookup {
        use MemberLookup::{Missing, Optional, Required, Shapeless, Undeclared};
        match (self, other) {
            (Required(a), Required(b)) => Required(a.union(&b)),
            (Required(a) | Optional(a), Required(b) | Optional(b)) => Optional(a.union(&b)),
            (Required(a) | Optional(a), Missing) | (Missing, Required(a) | Optional(a)) => Optional(a),
            // The silent alternative may hold anything under that name.
            (Required(_) | Optional(_), Undeclared | Shapeless)
            | (Undeclared | Shapeless, Required(_) | Optional(_)) => Optional(Type::untyped()),
            (Missing, Missing) => Missing,
            (Shapeless, Shapeless) => Shapeless,
            (Undeclared | Shapeless | Missing, Undeclared | Shapeless | Missing) => Undeclared,
        }
    }
}

impl Union {
    #[inline]
    pub(crate) fn kinds(&self) -> Kinds {
        let bit = |there: bool, kind: Kind| if there { kind.bit() } else { 0 };
        Kinds(
            bit(self.null, Kind::Null)
                | bit(self.no || self.yes, Kind::Bool)
                | bit(self.number.is_some(), Kind::Number)
                | bit(self.text.is_some(), Kind::Text)
                | bit(self.list.is_some(), Kind::List)
                | bit(!self.maps.is_empty(), Kind::Map)
                | bit(self.timestamp, Kind::Timestamp)
                | bit(self.duration, Kind::Duration),
        )
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.kinds().is_empty() && self.optional.is_none()
    }

    fn measure(&mut self) {
        let mut depth = 0;
        let mut weight: usize = 1;
        let mut looked = 1_usize;
        let mut part = |ty: &Type| {
            looked += 1;
            let (levels, parts) = ty.extent();
            depth = depth.max(levels);
            weight = weight.saturating_add(parts);
        };
        if let Some(list) = &self.list {
            list.prefix.iter().for_each(&mut part);
            part(&list.items);
        }
        for map in &self.maps {
            map.members.values().for_each(|member| part(&member.ty));
            if let Additional::Of(ty) = &map.additional {
                part(ty);
            }
        }
        if let Some(inner) = &self.optional {
            part(inner);
        }
        let values =
            self.number.as_ref().and_then(|number| number.values.as_ref()).map_or(0, |values| values.len())
                + self.text.as_ref().and_then(|text| text.values.as_ref()).map_or(0, |values| values.len());
        meter::spend_len(looked + values / 4);
        self.depth = depth + 1;
        self.weight = weight.saturating_add(values);
    }
}

impl ListFacet {
    pub(crate) fn of(items: Type) -> ListFacet {
        ListFacet { prefix: Vec::new(), items, min: 0, max: None, opaque: Opaques::none() }
    }

    /// The type of the item at `index`; past the greatest length there is none, which is the type without a value.
    pub(crate) fn at(&self, index: u64) -> Type {
        if self.max.is_some_and(|max| index >= max) {
            return Type::never();
        }
        let described = usize::try_from(index).ok().and_then(|index| self.prefix.get(index));
        described.unwrap_or(&self.items).clone()
    }

    /// The type of any item.
    pub(crate) fn element(&self) -> Type {
        let described = u64::try_from(self.prefix.len()).unwrap_or(u64::MAX);
        let reach = self.max.unwrap_or(u64::MAX);
        let rest = if reach > described { self.items.clone() } else { Type::never() };
        let within = usize::try_from(reach).unwrap_or(usize::MAX);
        self.prefix.iter().take(within).fold(rest, |all, ty| all.union(ty))
    }
}

impl MapFacet {
    pub(crate) fn open(additional: Additional) -> MapFacet {
        MapFacet { members: Members::new(), additional, min: 0, max: None, opaque: Opaques::none() }
    }

    pub(crate) fn lookup(&self, name: &str) -> MemberLookup {
        if let Some(member) = self.members.get(name) {
            return match (member.required, member.ty.is_never()) {
                (true, _) => MemberLookup::Required(member.ty.clone()),
                (false, true) => MemberLookup::Missing,
                (false, false) => MemberLookup::Optional(member.ty.clone()),
            };
        }
        match &self.additional {
            Additional::Closed => MemberLookup::Missing,
            Additional::Silent if self.members.is_empty() => MemberLookup::Shapeless,
            Additional::Silent => MemberLookup::Undeclared,
            Additional::Of(ty) => MemberLookup::Optional(ty.clone()),
        }
    }

    /// The type that a member which is not declared has, if there is one: silence is untyped.
    pub(crate) fn undeclared(&self) -> Option<Type> {
        match &self.additional {
            Additional::Closed => None,
            Additional::Silent => Some(Type::untyped()),
            Additional::Of(ty) => Some(ty.clone()),
        }
    }
}
