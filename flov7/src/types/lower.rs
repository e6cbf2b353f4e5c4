//! From a JSON Schema to its type.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::few::Few;
use super::lattice::{
    Additional, Kind, Kinds, ListFacet, MAX_PREFIX, MapFacet, MemberType, NumberFacet, TextFacet, Type, Union,
};
use super::literal::of_values;
use super::merge::Merge;
use super::narrow::least_of;
use super::number::{Bound, Num};
use super::opaque::Opaques;
use super::pattern::extent;
use super::profile::{
    Keyword, SchemaFault, child, faults, keyword, kind_of_type, scope, scope_shared, sorted,
};
use super::scope::{Defs, Named, Scope, Target};
use super::work::{MAX_LEVELS, Work};

/// Schemas within schemas, and references that apply in place.
pub(crate) const MAX_DEPTH: usize = 64;
/// Alternatives of a `oneOf` that are held against each other.
const MAX_PAIRED: usize = 32;

/// A schema as a type: an upper bound, and whether it says all that the schema says.
#[derive(Clone, Debug)]
pub struct Lowered {
    pub(crate) upper: Type,
    pub(crate) source: Source,
}

/// Where a lowered type comes from; it decides what counts as a witness (see [`assign`](super::assign)).
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// A schema.
    Schema(Scope),
    /// A part of a schema, as an expression reads it: every value of the type may come.
    Declared,
    /// An expression's result: the type may contain values that never come.
    Computed,
}

/// Lowers a schema of the profile (module [`types`](super)).
///
/// `#/types/NAME` leads into `defs`, every other local reference starts at `schema`. The work is bounded whatever the
/// schema looks like; where the bound is reached the type says less and the rest becomes a condition, so the upper
/// bound always holds.
///
/// # Errors
/// All faults of the schema: `bad-schema`, `remote-schema`, `unknown-type`, each with its place.
pub fn lower(schema: &Value, defs: &Defs) -> Result<Lowered, Vec<SchemaFault>> {
    in_scope(scope(schema, defs)?)
}

/// As [`lower`], without a copy of the schema.
pub(crate) fn lower_shared(schema: &Arc<Value>, defs: &Defs) -> Result<Lowered, Vec<SchemaFault>> {
    in_scope(scope_shared(schema, defs)?)
}

fn in_scope(scope: Scope) -> Result<Lowered, Vec<SchemaFault>> {
    let faults = faults(&scope);
    if !faults.is_empty() {
        return Err(faults);
    }
    let target = Target { scope: scope.clone(), pointer: Arc::from("") };
    Ok(Lowered { upper: open(&target), source: Source::Schema(scope) })
}

impl Lowered {
    /// A type that a schema declares, read through an expression such as `input.order`.
    #[must_use]
    pub fn declared(upper: Type) -> Lowered {
        Lowered { upper, source: Source::Declared }
    }

    /// A type that was computed, such as that of `a + b`: an upper bound of what may come.
    #[must_use]
    pub fn computed(upper: Type) -> Lowered {
        Lowered { upper, source: Source::Computed }
    }

    /// The type; it contains every value that the schema allows.
    #[must_use]
    pub fn upper(&self) -> &Type {
        &self.upper
    }

    /// Whether the type contains nothing else: no `pattern`, `not`, unknown keyword or the like anywhere in reach.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        !matches!(self.source, Source::Computed) && super::assign::is_exact(&self.upper)
    }
}

/// The type of the schema at `target`; references inside stay names.
pub(crate) fn open(target: &Target) -> Type {
    open_at_cost(target).0
}

/// As [`open`], with what it cost: schemas looked at and types merged.
pub(crate) fn open_at_cost(target: &Target) -> (Type, u32) {
    let Some(schema) = target.schema() else { return (Type::untyped(), 1) };
    let mut lowering = Lowering { work: Work::full(), level: 0 };
    let ty = lowering.schema(&At::start(target, schema), 0);
    (ty, lowering.work.spent())
}

/// The type behind a name that is met while another schema is lowered: taken apart at once, out of the same fuel.
/// `None` where names were opened too deeply within each other.
pub(super) fn open_within(target: &Target, work: &mut Work, level: usize, depth: usize) -> Option<Type> {
    if level >= MAX_LEVELS || depth > MAX_DEPTH {
        return None;
    }
    let schema = target.schema()?;
    let mut lowering = Lowering { work: *work, level: level + 1 };
    let ty = lowering.opened(&At::start(target, schema), depth);
    *work = lowering.work;
    Some(ty)
}

/// A schema and its place. Hardly anybody asks for the pointer, so that it is kept as the way to it.
struct At<'a> {
    scope: &'a Scope,
    way: Way<'a>,
    schema: &'a Value,
}

/// How a schema was come to.
enum Way<'a> {
    /// It is where lowering began.
    Start(&'a str),
    /// It stands under a keyword of another one.
    Below(&'a At<'a>, &'a str),
    /// It stands under a name or a position under a keyword.
    BelowTwo(&'a At<'a>, &'a str, &'a str),
}

impl<'a> At<'a> {
    fn start(target: &'a Target, schema: &'a Value) -> At<'a> {
        At { scope: &target.scope, way: Way::Start(&target.pointer), schema }
    }

    fn below<'b>(&'b self, keyword: &'b str, schema: &'b Value) -> At<'b> {
        At { scope: self.scope, way: Way::Below(self, keyword), schema }
    }

    fn below_two<'b>(&'b self, keyword: &'b str, token: &'b str, schema: &'b Value) -> At<'b> {
        At { scope: self.scope, way: Way::BelowTwo(self, keyword, token), schema }
    }

    fn target(&self) -> Target {
        Target { scope: self.scope.clone(), pointer: Arc::from(self.pointer()) }
    }

    fn pointer(&self) -> String {
        match &self.way {
            Way::Start(pointer) => (*pointer).to_owned(),
            Way::Below(at, keyword) => child(&at.pointer(), keyword),
            Way::BelowTwo(at, keyword, token) => child(&child(&at.pointer(), keyword), token),
        }
    }

    /// All that the schema says, as one condition: for where merging lost a part of it.
    fn whole(&self) -> Opaques {
        let members = self.schema.as_object().map(sorted).unwrap_or_default();
        let all: Vec<&str> = members.into_iter().map(|(name, _)| name.as_str()).collect();
        self.opaque(&all)
    }

    fn opaque(&self, keywords: &[&str]) -> Opaques {
        Opaques::of(&self.target(), keywords)
    }
}

struct Lowering {
    work: Work,
    /// Names that are open around this one.
    level: usize,
}

impl Lowering {
    /// Joins or meets types out of the fuel of this lowering; the flag says whether the answer is larger than it
    /// should be.
    fn merge<T>(&mut self, run: impl FnOnce(&mut Merge) -> T) -> (T, bool) {
        let mut merge = Merge::within(self.work, self.level);
        let merged = run(&mut merge);
        self.work = merge.left();
        (merged, merge.lossy)
    }

    fn schema(&mut self, at: &At<'_>, depth: usize) -> Type {
        let members = match at.schema {
            Value::Bool(false) => return Type::never(),
            Value::Object(members) => members,
            _ => return Type::untyped(),
        };
        self.work.schemas = self.work.schemas.saturating_sub(1);
        if self.work.schemas == 0 || depth > MAX_DEPTH {
            return constrained(Type::untyped(), at.whole());
        }
        let says =
            |name: &str| !matches!(keyword(name), Keyword::Note) && name != "$defs" && name != "definitions";
        let mut ty = Type::untyped();
        if let Some(target) = reference(at, members) {
            if members.keys().all(|name| name == "$ref" || !says(name)) {
                return Type(super::lattice::Repr::Named(Named::new(target)));
            }
            ty = match target.schema() {
                Some(schema) => self.opened(&At::start(&target, schema), depth + 1),
                None => Type::untyped(),
            };
        }
        let own = self.own(at, members, depth);
        let (met, lossy) = self.merge(|merge| merge.meet(&ty, &own, depth));
        ty = if lossy { constrained(met, at.whole()) } else { met };
        ty = self.combined(at, members, ty, depth);
        if members.keys().any(|name| keyword(name) == Keyword::Unknown) {
            for (name, _) in sorted(members) {
                if keyword(name) == Keyword::Unknown {
                    ty = constrained(ty, at.opaque(&[name]));
                }
            }
        }
        ty
    }

    /// The schema, taken apart where it stands: what is merged with something else must not stay a name, or opening
    /// it would cost fuel of its own.
    fn opened(&mut self, at: &At<'_>, depth: usize) -> Type {
        let mut ty = self.schema(at, depth);
        for deeper in depth..MAX_DEPTH {
            let super::lattice::Repr::Named(named) = &ty.0 else { return ty };
            let target = named.target().clone();
            ty = self.in_place(&target, deeper);
        }
        match &ty.0 {
            super::lattice::Repr::Named(named) => {
                constrained(Type::untyped(), Opaques::of(named.target(), &["$ref"]))
            }
            _ => ty,
        }
    }

    /// The schema at `target`, taken apart where it stands.
    fn in_place(&mut self, target: &Target, depth: usize) -> Type {
        match target.schema() {
            Some(schema) => self.schema(&At::start(target, schema), depth + 1),
            None => Type::untyped(),
        }
    }

    /// `allOf`, `anyOf`, `oneOf`, `not`, `if`: what other schemas say about the same value.
    fn combined(&mut self, at: &At<'_>, members: &Map<String, Value>, own: Type, depth: usize) -> Type {
        let mut ty = own;
        for (index, schema) in list(members, "allOf").iter().enumerate() {
            let index = index.to_string();
            let here = at.below_two("allOf", &index, schema);
            if members.len() == 1 && list(members, "allOf").len() == 1 {
                // A wrapper, as generators of schemas like to write.
                return self.schema(&here, depth + 1);
            }
            let part = self.opened(&here, depth + 1);
            let (met, lossy) = self.merge(|merge| merge.meet(&ty, &part, depth));
            ty = if lossy { constrained(met, at.whole()) } else { met };
        }
        for name in ["anyOf", "oneOf"] {
            let schemas = list(members, name);
            if schemas.is_empty() {
                continue;
            }
            let parts: Vec<Type> = schemas
                .iter()
                .enumerate()
                .map(|(index, schema)| {
                    self.opened(&at.below_two(name, &index.to_string(), schema), depth + 1)
                })
                .collect();
            let (any, lossy) = self
                .merge(|merge| parts.iter().fold(Type::never(), |all, part| merge.join(&all, part, depth)));
            let exact = !lossy && (name == "anyOf" || self.disjoint(&parts, depth));
            let (met, lossy) = self.merge(|merge| merge.meet(&ty, &any, depth));
            ty = match (exact, lossy) {
                (_, true) => constrained(met, at.whole()),
                (false, false) => constrained(met, at.opaque(&[name])),
                (true, false) => met,
            };
        }
        if let Some(not) = members.get("not") {
            ty = match excluded_kinds(not) {
                Some(kinds) if !ty.is_untyped() => ty.without_kinds(kinds),
                Some(kinds) => Type::any().without_kinds(kinds),
                None => constrained(ty, at.opaque(&["not"])),
            };
        }
        if let Some(condition) = members.get("if")
            && (members.contains_key("then") || members.contains_key("else"))
        {
            ty = self.conditional(at, members, condition, &ty, depth);
        }
        ty
    }

    fn conditional(
        &mut self,
        at: &At<'_>,
        members: &Map<String, Value>,
        condition: &Value,
        ty: &Type,
        depth: usize,
    ) -> Type {
        let mut branch = |name: &str| match members.get(name) {
            Some(schema) => self.opened(&at.below(name, schema), depth + 1),
            None => Type::untyped(),
        };
        let (then, otherwise) = (branch("then"), branch("else"));
        let held = self.opened(&at.below("if", condition), depth + 1);
        let (either, lossy) = self.merge(|merge| {
            let yes = merge.meet(ty, &held, depth);
            let yes = merge.meet(&yes, &then, depth);
            let no = merge.meet(ty, &otherwise, depth);
            merge.join(&yes, &no, depth)
        });
        // Untyped on either side says nothing: keep what was known.
        let kept = if lossy || either.is_untyped() { ty.clone() } else { either };
        constrained(kept, at.opaque(&["if", "then", "else"]))
    }

    /// What the schema says by itself about each kind.
    fn own(&mut self, at: &At<'_>, members: &Map<String, Value>, depth: usize) -> Type {
        if let Some(plain) = plain(members) {
            return plain;
        }
        let (kinds, integer) = kinds_of(members);
        let (mut number, mut text, mut list, mut map) = (false, false, false, false);
        for name in members.keys() {
            match name.as_str() {
                "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
                    number = true
                }
                "minLength" | "maxLength" | "pattern" | "format" => text = true,
                "items" | "prefixItems" | "minItems" | "maxItems" | "uniqueItems" | "contains"
                | "minContains" | "maxContains" => list = true,
                "properties"
                | "required"
                | "additionalProperties"
                | "patternProperties"
                | "propertyNames"
                | "minProperties"
                | "maxProperties"
                | "dependentRequired"
                | "dependentSchemas" => map = true,
                _ => {}
            }
        }
        let mut ty = match kinds {
            None if !(number || text || list || map) => Type::untyped(),
            kinds => {
                let kinds = kinds.unwrap_or(Kinds::JSON);
                let plain = Type::of_kinds(kinds);
                let mut union = plain.open().map(|union| Union::clone(union)).unwrap_or_default();
                if kinds.has(Kind::Number) {
                    union.number = number_facet(members, integer).unless_empty();
                }
                if kinds.has(Kind::Text) {
                    union.text = text_facet(at, members);
                }
                if kinds.has(Kind::List) {
                    union.list = self.list_facet(at, members, depth).unless_empty();
                }
                if kinds.has(Kind::Map) {
                    union.maps = self.map_facet(at, members, depth).unless_empty().into_iter().collect();
                }
                Type::of_union(union)
            }
        };
        if let Some(only) = members.get("const") {
            ty = self.listed(at, "const", std::slice::from_ref(only), &ty, depth);
        }
        if let Some(Value::Array(values)) = members.get("enum") {
            ty = self.listed(at, "enum", values, &ty, depth);
        }
        ty
    }

    /// `enum` or `const`: the listed values that the type contains.
    fn listed(&mut self, at: &At<'_>, name: &str, values: &[Value], ty: &Type, depth: usize) -> Type {
        let (all, exact) = of_values(values, &mut self.work.schemas);
        let (met, lossy) = self.merge(|merge| merge.meet(ty, &all, depth));
        match (exact, lossy) {
            (_, true) => constrained(met, at.whole()),
            (false, false) => constrained(met, at.opaque(&[name])),
            (true, false) => met,
        }
    }

    fn list_facet(&mut self, at: &At<'_>, members: &Map<String, Value>, depth: usize) -> ListFacet {
        let described = list(members, "prefixItems");
        let prefix = described.iter().take(MAX_PREFIX).enumerate();
        let prefix: Vec<Type> = prefix
            .map(|(index, schema)| {
                self.schema(&at.below_two("prefixItems", &index.to_string(), schema), depth + 1)
            })
            .collect();
        let mut facet = ListFacet {
            prefix,
            items: match members.get("items") {
                Some(schema) => self.schema(&at.below("items", schema), depth + 1),
                None => Type::untyped(),
            },
            min: count(members, "minItems").unwrap_or(0),
            max: count(members, "maxItems"),
            opaque: Opaques::none(),
        };
        if described.len() > MAX_PREFIX {
            // Positions beyond the described ones: anything, and the rest is a condition.
            facet.items = Type::untyped();
            facet.opaque = at.opaque(&["items", "prefixItems"]);
        }
        if members.get("uniqueItems") == Some(&Value::Bool(true)) {
            facet.opaque = facet.opaque.and(&at.opaque(&["uniqueItems"]));
        }
        let idle = count(members, "minContains") == Some(0) && !members.contains_key("maxContains");
        if members.contains_key("contains") && !idle {
            let least = count(members, "minContains").unwrap_or(1);
            facet.min = facet.min.max(least);
            facet.opaque = facet.opaque.and(&at.opaque(&["contains", "maxContains", "minContains"]));
        }
        facet
    }

    fn map_facet(&mut self, at: &At<'_>, members: &Map<String, Value>, depth: usize) -> MapFacet {
        let mut facet = MapFacet::open(match members.get("additionalProperties") {
            None => Additional::Silent,
            Some(Value::Bool(false)) => Additional::Closed,
            Some(schema) => Additional::Of(self.schema(&at.below("additionalProperties", schema), depth + 1)),
        });
        if let Some(Value::Object(patterns)) = members.get("patternProperties")
            && !patterns.is_empty()
        {
            facet.additional = self.beside_patterns(at, patterns, facet.additional, depth);
            let keywords = ["additionalProperties", "patternProperties", "properties"];
            facet.opaque = facet.opaque.and(&at.opaque(&keywords));
        }
        let mut declared: BTreeMap<Arc<str>, MemberType> = BTreeMap::new();
        if let Some(Value::Object(properties)) = members.get("properties") {
            for (name, schema) in properties {
                let ty = self.schema(&at.below_two("properties", name, schema), depth + 1);
                declared.insert(Arc::from(name.as_str()), MemberType { ty, required: false });
            }
        }
        let undeclared = facet.undeclared().unwrap_or_else(Type::never);
        for name in list(members, "required").iter().filter_map(Value::as_str) {
            match declared.get_mut(name) {
                Some(member) => member.required = true,
                None => {
                    let member = MemberType { ty: undeclared.clone(), required: true };
                    declared.insert(Arc::from(name), member);
                }
            }
        }
        facet.members = declared.into();
        facet.min = count(members, "minProperties").unwrap_or(0);
        facet.max = count(members, "maxProperties");
        for name in ["propertyNames", "dependentRequired", "dependentSchemas"] {
            if members.contains_key(name) {
                facet.opaque = facet.opaque.and(&at.opaque(&[name]));
            }
        }
        facet
    }

    /// What an undeclared member can be where names are also chosen by patterns.
    fn beside_patterns(
        &mut self,
        at: &At<'_>,
        patterns: &Map<String, Value>,
        additional: Additional,
        depth: usize,
    ) -> Additional {
        let mut all = match additional {
            Additional::Silent => return Additional::Silent,
            Additional::Closed => Type::never(),
            Additional::Of(ty) => ty,
        };
        for (pattern, schema) in sorted(patterns) {
            let ty = self.schema(&at.below_two("patternProperties", pattern, schema), depth + 1);
            all = self.merge(|merge| merge.join(&all, &ty, depth)).0;
        }
        Additional::Of(all)
    }

    /// Whether no value can be in two of the types.
    fn disjoint(&mut self, parts: &[Type], depth: usize) -> bool {
        // Pairs grow as the square; a longer list is left undecided.
        parts.len() <= MAX_PAIRED
            && parts.iter().enumerate().all(|(index, one)| {
                parts.iter().skip(index + 1).all(|other| {
                    let (met, _) = self.merge(|merge| merge.meet(one, other, depth));
                    met.is_never()
                })
            })
    }
}

/// The type with one more condition on every value.
fn constrained(ty: Type, opaque: Opaques) -> Type {
    let ty = if ty.is_untyped() { Type::any() } else { ty };
    let Some(union) = ty.open() else { return ty };
    let opaque = union.opaque.and(&opaque);
    Type::of_union(Union { opaque, ..Union::clone(union) })
}

fn reference(at: &At<'_>, members: &Map<String, Value>) -> Option<Target> {
    at.scope.resolve(members.get("$ref")?.as_str()?).ok()
}

/// The type of a schema that says nothing but one kind, as most do.
fn plain(members: &Map<String, Value>) -> Option<Type> {
    if members.len() != 1 {
        return None;
    }
    match members.get("type")?.as_str()? {
        "integer" => Some(Type::integer()),
        name => kind_of_type(name).map(|kind| Type::of_kinds(Kinds::only(kind))),
    }
}

/// The kinds that `type` admits, and whether numbers must be whole.
fn kinds_of(members: &Map<String, Value>) -> (Option<Kinds>, bool) {
    let names: Vec<&str> = match members.get("type") {
        Some(Value::String(name)) => {
            return (Some(kind_of_type(name).map_or(Kinds::NONE, Kinds::only)), name == "integer");
        }
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => return (None, false),
    };
    let kinds = names.iter().filter_map(|name| kind_of_type(name)).fold(Kinds::NONE, Kinds::and);
    (Some(kinds), names.contains(&"integer") && !names.contains(&"number"))
}

fn number_facet(members: &Map<String, Value>, integer: bool) -> NumberFacet {
    let end = |name: &str| members.get(name).and_then(Value::as_number).and_then(Num::read);
    let tighter = |a: Option<Bound>, b: Option<Bound>, pick: fn(Bound, Bound) -> Bound| match (a, b) {
        (Some(a), Some(b)) => Some(pick(a, b)),
        (a, b) => a.or(b),
    };
    let min = tighter(
        end("minimum").map(Bound::inclusive),
        end("exclusiveMinimum").map(Bound::exclusive),
        |own, other| if other.at >= own.at { other } else { own },
    );
    let max = tighter(
        end("maximum").map(Bound::inclusive),
        end("exclusiveMaximum").map(Bound::exclusive),
        |own, other| if other.at <= own.at { other } else { own },
    );
    let mut multiple_of = end("multipleOf").into_iter().collect::<BTreeSet<Num>>();
    // The multiples of a whole number are whole; those of 1 are no more than that.
    let integer = integer || multiple_of.iter().any(|step| step.is_whole());
    multiple_of.remove(&Num::int(1));
    NumberFacet { integer, min, max, multiple_of, ..NumberFacet::default() }
}

fn text_facet(at: &At<'_>, members: &Map<String, Value>) -> Option<TextFacet> {
    let mut facet = TextFacet {
        min: count(members, "minLength").unwrap_or(0),
        max: count(members, "maxLength"),
        format: members.get("format").and_then(Value::as_str).map(Arc::from),
        ..TextFacet::default()
    };
    if let Some(pattern) = members.get("pattern").and_then(Value::as_str) {
        let said = extent(pattern);
        if let Some(texts) = said.texts {
            let values = texts.iter().map(|text| Arc::from(text.as_str())).collect::<Few<Arc<str>>>();
            let listed = TextFacet { values: Some(values), ..TextFacet::default() };
            return listed.meet(&facet);
        }
        facet.min = facet.min.max(said.min);
        facet.max = least_of(facet.max, said.max);
        facet.opaque = at.opaque(&["pattern"]);
    }
    facet.max.is_none_or(|max| facet.min <= max).then_some(facet)
}

/// The kinds that a `not` takes away, where it says nothing else.
fn excluded_kinds(not: &Value) -> Option<Kinds> {
    let members = not.as_object()?;
    if members.len() != 1 {
        return None;
    }
    if members.get("const") == Some(&Value::Null) {
        return Some(Kinds::only(Kind::Null));
    }
    match kinds_of(members) {
        (Some(kinds), false) => Some(kinds),
        _ => None,
    }
}

fn list<'a>(members: &'a Map<String, Value>, name: &str) -> &'a [Value] {
    members.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A count; beyond 64 bits it is as good as the greatest.
fn count(members: &Map<String, Value>, name: &str) -> Option<u64> {
    let number = members.get(name)?.as_number().and_then(Num::read)?;
    Some(u64::try_from(number.floor()).unwrap_or(u64::MAX))
}
