//! Values of a type: all of them where they are few, small ones to show, and ones that another type refuses.

use serde_json::{Map, Value, json};

use super::assign::opening;
use super::lattice::{Additional, ListFacet, MapFacet, NumberFacet, TextFacet, Type, Union};
use super::number::{INT_MAX, INT_MIN, Num};
use super::pattern::Pattern;
use crate::finding::meter;

/// Levels of a made-up value.
const MAX_DEPTH: usize = 24;
/// Values made up in one search.
const FUEL: u32 = 4_000;
/// The longest text or list that is made up.
const MAX_LENGTH: u64 = 10_000;

/// Every value of the type, if there are at most `limit`.
pub(crate) fn all_values(ty: &Type, limit: usize) -> Option<Vec<Value>> {
    few_values(ty, limit, &mut FUEL.clone())
}

/// As [`all_values`], out of fuel that is spent.
pub(super) fn few_values(ty: &Type, limit: usize, fuel: &mut u32) -> Option<Vec<Value>> {
    let mut all = All { limit, fuel: *fuel };
    let values = all.values(ty, 0);
    *fuel = all.fuel;
    values
}

/// The search for all values of a type. A type with few values can still be large: names share what they open to.
struct All {
    limit: usize,
    fuel: u32,
}

impl All {
    fn values(&mut self, ty: &Type, depth: usize) -> Option<Vec<Value>> {
        let limit = self.limit;
        self.fuel = self.fuel.saturating_sub(1 + opening(ty));
        if self.fuel == 0 {
            return None;
        }
        let union = ty.open()?;
        if depth > MAX_DEPTH || union.timestamp || union.duration || union.optional.is_some() {
            return None;
        }
        let mut values = Vec::new();
        values.extend(union.null.then_some(Value::Null));
        values.extend(union.no.then_some(Value::Bool(false)));
        values.extend(union.yes.then_some(Value::Bool(true)));
        if let Some(number) = &union.number {
            let listed: Vec<Num> = match (&number.values, number.integer, number.min, number.max) {
                (Some(listed), ..) => listed.iter().copied().collect(),
                (None, true, Some(min), Some(max)) => {
                    let (low, high) = (min.at.as_int()?, max.at.as_int()?);
                    if high.checked_sub(low)? >= i128::try_from(limit).ok()? {
                        return None;
                    }
                    (low..=high).map(Num::int).collect()
                }
                _ => return None,
            };
            let inside = listed.into_iter().filter(|value| number.accepts(*value)).map(Num::to_value);
            values.extend(number.opaque.all_of(inside.collect::<Option<_>>()?)?);
        }
        if let Some(text) = &union.text {
            let listed = text.values.as_ref()?.iter().map(|value| Value::from(value.as_ref()));
            values.extend(text.opaque.all_of(listed.collect())?);
        }
        if let Some(list) = &union.list {
            self.lists(list, depth, &mut values)?;
        }
        for map in &union.maps {
            self.maps(map, depth, &mut values)?;
        }
        let values = union.opaque.all_of(values)?;
        (values.len() <= limit).then_some(values)
    }

    fn lists(&mut self, list: &ListFacet, depth: usize, values: &mut Vec<Value>) -> Option<()> {
        let longest = list.max?;
        if longest > 64 {
            return None;
        }
        // Lists of each length, grown item by item.
        let mut grown: Vec<Vec<Value>> = vec![Vec::new()];
        for index in 0..=longest {
            if index >= list.min {
                values.extend(list.opaque.all_of(grown.iter().cloned().map(Value::Array).collect())?);
            }
            if index == longest {
                break;
            }
            grown = product(&grown, &self.values(&list.at(index), depth + 1)?, self.limit, |list, item| {
                list.push(item.clone());
            })?;
        }
        Some(())
    }

    fn maps(&mut self, map: &MapFacet, depth: usize, values: &mut Vec<Value>) -> Option<()> {
        if map.additional != Additional::Closed {
            return None;
        }
        let mut grown: Vec<Map<String, Value>> = vec![Map::new()];
        for (name, member) in &map.members {
            let choices = self.values(&member.ty, depth + 1)?;
            let with = product(&grown, &choices, self.limit, |map, value| {
                map.insert(name.to_string(), value.clone());
            })?;
            grown = if member.required { with } else { grown.into_iter().chain(with).collect() };
            if grown.len() > self.limit {
                return None;
            }
        }
        let length = |map: &Map<String, Value>| u64::try_from(map.len()).unwrap_or(u64::MAX);
        grown.retain(|grown| map.min <= length(grown) && map.max.is_none_or(|max| length(grown) <= max));
        values.extend(map.opaque.all_of(grown.into_iter().map(Value::Object).collect())?);
        Some(())
    }
}

/// Each of the first with each of the second; `None` where that is more than `limit`.
fn product<T: Clone>(
    first: &[T],
    second: &[Value],
    limit: usize,
    mut add: impl FnMut(&mut T, &Value),
) -> Option<Vec<T>> {
    if first.len().checked_mul(second.len())? > limit {
        return None;
    }
    let mut products = Vec::with_capacity(first.len() * second.len());
    for one in first {
        for other in second {
            let mut both = one.clone();
            add(&mut both, other);
            products.push(both);
        }
    }
    Some(products)
}

/// A value of `source` for which `proves` says yes, looked for where `target` is narrower. Nothing that `source` is
/// silent about is made up, except to please `target`.
pub(crate) fn witness(source: &Type, target: &Type, proves: &dyn Fn(&Value) -> bool) -> Option<Value> {
    let mut search = Search { fuel: FUEL, extremes: false };
    let found = search.refused(source, target, 0);
    meter::spend(u64::from(FUEL - search.fuel));
    found.into_iter().find(|value| proves(value))
}

/// Small values of the type, the smallest first; for a sample to be picked from.
pub(crate) fn small_values(ty: &Type) -> Vec<Value> {
    let mut search = Search { fuel: FUEL, extremes: false };
    let smallest = search.smallest(ty, None, 0);
    smallest.into_iter().chain(search.various(ty, 0)).collect()
}

/// As [`small_values`], and those at the edges: the ends of ranges and of numbers themselves, the longest text and
/// list, members that nobody declared.
pub(crate) fn edge_values(ty: &Type) -> Vec<Value> {
    let mut search = Search { fuel: 4 * FUEL, extremes: true };
    let smallest = search.smallest(ty, None, 0);
    smallest.into_iter().chain(search.various(ty, 0)).collect()
}

struct Search {
    fuel: u32,
    /// Whether values at the edges are wanted, too.
    extremes: bool,
}

/// The longest list that is made up to show the greatest length.
const MAX_ITEMS: u64 = 64;

impl Search {
    fn spent(&mut self, ty: &Type, depth: usize) -> bool {
        self.fuel = self.fuel.saturating_sub(1 + opening(ty));
        self.fuel == 0 || depth > MAX_DEPTH
    }

    /// The smallest value of the type. Where it is untyped, one of `wish`, else null.
    fn smallest(&mut self, ty: &Type, wish: Option<&Type>, depth: usize) -> Option<Value> {
        if self.spent(ty, depth) {
            return None;
        }
        let Some(union) = ty.open() else {
            return match wish {
                Some(wish) if !wish.is_untyped() => self.smallest(wish, None, depth + 1),
                _ => Some(Value::Null),
            };
        };
        self.each_kind(union, wish, depth).into_iter().next()
    }

    /// The smallest value of each kind, in the order null, false, number, text, list, object.
    fn each_kind(&mut self, union: &Union, wish: Option<&Type>, depth: usize) -> Vec<Value> {
        let mut values = Vec::new();
        values.extend(union.null.then_some(Value::Null));
        values.extend(union.no.then_some(Value::Bool(false)));
        values.extend(union.yes.then_some(Value::Bool(true)));
        if let Some(number) = &union.number {
            values.extend(numbers(number, None).into_iter().next());
        }
        if let Some(text) = &union.text {
            values.extend(texts(text, None).into_iter().next());
        }
        if let Some(list) = &union.list {
            let wished = wish.and_then(|wish| wish.open()).and_then(|wish| wish.list.clone());
            values.extend(self.list(list, wished.as_ref(), list.min, depth));
        }
        for map in &union.maps {
            values.extend(self.map(map, wish, depth));
        }
        values.retain(|value| union.opaque.hold(value));
        values
    }

    /// A list of the given length.
    fn list(
        &mut self,
        list: &ListFacet,
        wish: Option<&ListFacet>,
        length: u64,
        depth: usize,
    ) -> Option<Value> {
        if length > MAX_LENGTH {
            return None;
        }
        let mut items = Vec::new();
        for index in 0..length {
            let wished = wish.map(|wish| wish.at(index));
            items.push(self.smallest(&list.at(index), wished.as_ref(), depth + 1)?);
        }
        let value = Value::Array(items);
        if list.opaque.hold(&value) {
            return Some(value);
        }
        // Items that must differ, or one that must be contained: try a choice of items.
        let choices = self.various(&list.element(), depth + 1);
        let count = usize::try_from(length.max(1)).unwrap_or(1);
        let rest = || choices.iter().cloned();
        let tries = (0..choices.len()).map(|from| rest().skip(from).take(count).collect::<Vec<Value>>());
        tries.map(Value::Array).find(|value| list.opaque.hold(value))
    }

    /// An object with its required members, and as many more as it needs.
    fn map(&mut self, map: &MapFacet, wish: Option<&Type>, depth: usize) -> Option<Value> {
        let mut members = Map::new();
        let wished = |name: &str| wish.and_then(|wish| member_type(wish, name));
        for (name, member) in &map.members {
            if member.required {
                let value = self.smallest(&member.ty, wished(name).as_ref(), depth + 1)?;
                members.insert(name.to_string(), value);
            }
        }
        for (name, member) in &map.members {
            if !enough(&members, map.min) && !member.required {
                let value = self.smallest(&member.ty, wished(name).as_ref(), depth + 1)?;
                members.insert(name.to_string(), value);
            }
        }
        let undeclared = map.undeclared();
        let mut fresh = 0_u32;
        while !enough(&members, map.min) {
            let value = self.smallest(undeclared.as_ref()?, None, depth + 1)?;
            fresh += 1;
            members.entry(format!("member_{fresh}")).or_insert(value);
        }
        let value = Value::Object(members);
        map.opaque.hold(&value).then_some(value).or_else(|| self.maps(map, wish, depth).into_iter().next())
    }

    /// Objects that differ from the smallest in one member, and the one with all members.
    fn maps(&mut self, map: &MapFacet, wish: Option<&Type>, depth: usize) -> Vec<Value> {
        let mut base = Map::new();
        let wished = |name: &str| wish.and_then(|wish| member_type(wish, name));
        for (name, member) in &map.members {
            if member.required {
                let Some(value) = self.smallest(&member.ty, wished(name).as_ref(), depth + 1) else {
                    return Vec::new();
                };
                base.insert(name.to_string(), value);
            }
        }
        let mut all = base.clone();
        let mut found = Vec::new();
        for (name, member) in &map.members {
            for value in self.various(&member.ty, depth + 1) {
                let mut other = base.clone();
                other.insert(name.to_string(), value.clone());
                all.entry(name.to_string()).or_insert(value);
                found.push(Value::Object(other));
            }
        }
        if let Additional::Of(ty) = &map.additional {
            for value in self.various(ty, depth + 1) {
                let mut other = base.clone();
                other.insert(fresh_name(map), value);
                found.push(Value::Object(other));
            }
        }
        if self.extremes && map.additional == Additional::Silent {
            for value in [Value::Null, json!({ "": [[]] }), json!("\u{0}")] {
                let mut other = all.clone();
                other.insert(fresh_name(map), value);
                found.push(Value::Object(other));
            }
        }
        found.push(Value::Object(all));
        found.retain(|value| map.opaque.hold(value));
        found
    }

    /// A few values of the type that differ from each other; none of an untyped one.
    fn various(&mut self, ty: &Type, depth: usize) -> Vec<Value> {
        if self.spent(ty, depth) {
            return Vec::new();
        }
        let Some(union) = ty.open() else {
            let any = [Value::Null, json!(false), json!(0), json!(""), json!([]), json!({})];
            return if self.extremes { any.into() } else { Vec::new() };
        };
        let mut values = self.each_kind(union, None, depth);
        if let Some(number) = &union.number {
            values.extend(numbers(number, None));
        }
        if let Some(text) = &union.text {
            values.extend(texts(text, None));
        }
        if self.extremes {
            values.extend(edges(union));
            let longest = union.list.as_ref().and_then(|list| Some((list, list.max?)));
            if let Some((list, max)) = longest.filter(|(_, max)| *max <= MAX_ITEMS) {
                values.extend(self.list(list, None, max, depth));
            }
        }
        if let Some(list) = &union.list {
            for more in 1..=2 {
                let length = list.min.saturating_add(more);
                if list.max.is_none_or(|max| length <= max) {
                    values.extend(self.list(list, None, length, depth));
                }
            }
        }
        if depth < 4 {
            for map in &union.maps {
                values.extend(self.maps(map, None, depth));
            }
        }
        values.retain(|value| union.opaque.hold(value));
        values
    }

    /// Values of `source` that `target` may refuse.
    fn refused(&mut self, source: &Type, target: &Type, depth: usize) -> Vec<Value> {
        if self.spent(source, depth) || self.spent(target, depth) || source == target {
            return Vec::new();
        }
        let (Some(own), Some(other)) = (source.open(), target.open()) else { return Vec::new() };
        let mut found = Vec::new();
        // Whole kinds that the target lacks, and singles.
        let lacking = own.kinds().without(other.kinds());
        let lacking = Type::of_union(own.only(lacking));
        let lacking = lacking.open();
        if let Some(lacking) = lacking {
            found.extend(self.each_kind(lacking, None, depth));
        }
        found.extend((own.no && !other.no).then_some(Value::Bool(false)));
        found.extend((own.yes && !other.yes).then_some(Value::Bool(true)));
        if let (Some(own), Some(other)) = (&own.number, &other.number) {
            found.extend(numbers(own, Some(other)));
        }
        if let (Some(own), Some(other)) = (&own.text, &other.text) {
            found.extend(texts(own, Some(other)));
        }
        if let (Some(own), Some(other)) = (&own.list, &other.list) {
            self.refused_lists(own, other, depth, &mut found);
        }
        if !other.maps.is_empty() {
            for map in &own.maps {
                self.refused_maps(map, &other.maps, target, depth, &mut found);
            }
        }
        if !other.opaque.is_empty() {
            found.extend(self.various(source, depth));
        }
        found.retain(|value| own.opaque.hold(value));
        found
    }

    fn refused_lists(&mut self, own: &ListFacet, other: &ListFacet, depth: usize, found: &mut Vec<Value>) {
        let longer = other.max.map(|max| max.saturating_add(1));
        let shorter = Some(own.min);
        for length in [shorter, longer].into_iter().flatten() {
            if length >= own.min && own.max.is_none_or(|max| length <= max) {
                found.extend(self.list(own, Some(other), length, depth));
            }
        }
        let positions = own.prefix.len().max(other.prefix.len());
        for index in 0..=u64::try_from(positions).unwrap_or(0) {
            for item in self.refused(&own.at(index), &other.at(index), depth + 1) {
                let length = own.min.max(index.saturating_add(1));
                let whole = self.list(own, Some(other), length, depth);
                let (Some(Value::Array(mut items)), Ok(index)) = (whole, usize::try_from(index)) else {
                    continue;
                };
                if let Some(place) = items.get_mut(index) {
                    *place = item;
                }
                found.push(Value::Array(items));
            }
        }
        if !other.opaque.is_empty() {
            found.extend(self.various(&Type::of_list(own.clone()), depth));
            // The same item twice, for lists that must not repeat.
            if let Some(item) = self.smallest(&own.element(), None, depth + 1) {
                found.push(Value::Array(vec![item.clone(), item]));
            }
        }
        found.retain(|value| !value.is_array() || own.opaque.hold(value));
    }

    fn refused_maps(
        &mut self,
        own: &MapFacet,
        others: &[MapFacet],
        wish: &Type,
        depth: usize,
        found: &mut Vec<Value>,
    ) {
        let Some(Value::Object(base)) = self.map(own, Some(wish), depth) else { return };
        let mut tried = vec![base.clone()];
        let mut put = |name: &str, value: Value| {
            let mut changed = base.clone();
            changed.insert(name.to_owned(), value);
            tried.push(changed);
        };
        for other in others {
            for (name, member) in &own.members {
                let wanted = match other.members.get(name) {
                    Some(wanted) => Some(wanted.ty.clone()),
                    None => other.undeclared(),
                };
                match wanted {
                    Some(wanted) => {
                        self.refused(&member.ty, &wanted, depth + 1)
                            .into_iter()
                            .for_each(|value| put(name, value));
                    }
                    None => self
                        .smallest(&member.ty, None, depth + 1)
                        .into_iter()
                        .for_each(|value| put(name, value)),
                }
            }
            if let Additional::Of(ty) = &own.additional {
                for (name, member) in other.members.iter().filter(|(name, _)| !own.members.contains_key(name))
                {
                    self.refused(ty, &member.ty, depth + 1).into_iter().for_each(|value| put(name, value));
                }
                let name = fresh_name(own);
                match other.undeclared() {
                    Some(wanted) => {
                        self.refused(ty, &wanted, depth + 1).into_iter().for_each(|value| put(&name, value));
                    }
                    None => {
                        self.smallest(ty, None, depth + 1).into_iter().for_each(|value| put(&name, value))
                    }
                }
            }
            if !other.opaque.is_empty() {
                for value in self.maps(own, Some(wish), depth) {
                    if let Value::Object(members) = value {
                        members.into_iter().for_each(|(name, value)| put(&name, value));
                    }
                }
            }
        }
        let fits = |value: &Value| own.opaque.hold(value);
        found.extend(tried.into_iter().map(Value::Object).filter(fits));
    }
}

/// Numbers and texts as far out as they go.
fn edges(union: &Union) -> Vec<Value> {
    let mut found = Vec::new();
    if let Some(number) = &union.number {
        let whole = [INT_MIN, INT_MAX, 1 << 53, (1 << 53) + 1, -(1 << 53) - 1].map(Num::int);
        let real = [1e300, -1e300, 5e-324, 0.1].into_iter().filter_map(Num::real);
        let ends = [number.lower_end(), number.upper_end()].into_iter().flatten().map(|end| end.at);
        let inside = whole.into_iter().chain(real).chain(ends).filter(|at| number.accepts(*at));
        found.extend(inside.filter_map(Num::to_value).filter(|value| number.opaque.hold(value)));
    }
    if let Some(text) = &union.text {
        let longest = text.greatest().filter(|length| *length <= MAX_LENGTH);
        let lengths = [Some(text.least()), longest].into_iter().flatten();
        let repeated = lengths.filter_map(|length| usize::try_from(length).ok());
        let texts = repeated.flat_map(|length| ["z".repeat(length), "\u{10ffff}".repeat(length)]);
        let inside = texts.filter(|made| text.accepts(made)).map(Value::from);
        found.extend(inside.filter(|value| text.opaque.hold(value)));
    }
    found
}

fn enough(members: &Map<String, Value>, min: u64) -> bool {
    u64::try_from(members.len()).unwrap_or(u64::MAX) >= min
}

/// The type that some object of `ty` gives the member; a hint, no promise.
fn member_type(ty: &Type, name: &str) -> Option<Type> {
    ty.open()?.maps.iter().find_map(|map| map.members.get(name).map(|member| member.ty.clone()))
}

fn fresh_name(map: &MapFacet) -> String {
    let mut name = "other".to_owned();
    while map.members.contains_key(name.as_str()) {
        name.push('_');
    }
    name
}

/// Numbers of `own`, small ones first; with `other`, those around its limits.
fn numbers(own: &NumberFacet, other: Option<&NumberFacet>) -> Vec<Value> {
    let mut tried: Vec<Num> = [0, 1, -1].into_iter().map(Num::int).collect();
    if let Some(values) = &own.values {
        tried.extend(values.iter().copied().take(64));
    }
    for facet in other.into_iter().chain([own]) {
        tried.extend(facet.values.iter().flat_map(|values| values.iter().copied().take(8)));
        let ends = [facet.min, facet.max];
        tried.extend(facet.multiple_of.iter().copied());
        for end in ends.into_iter().flatten() {
            let (low, high) = (end.at.floor(), end.at.ceil());
            tried.push(end.at);
            tried.extend([low.saturating_sub(1), low, high, high.saturating_add(1)].map(Num::int));
            tried.extend(Num::real(end.at.to_real() + 0.5));
            tried.extend(Num::real(end.at.to_real() - 0.5));
            // A multiple next to the end.
            for step in own.multiple_of.iter().filter_map(|step| step.as_int()).filter(|step| *step > 0) {
                tried.push(Num::int(low.div_euclid(step).saturating_mul(step)));
                tried.push(Num::int(low.div_euclid(step).saturating_add(1).saturating_mul(step)));
            }
        }
    }
    tried.extend([0.5, 1.5, -0.5, 0.1].into_iter().filter_map(Num::real));
    tried.retain(|number| own.accepts(*number));
    let values = tried.into_iter().filter_map(|number| Some((number, number.to_value()?)));
    let refused = |number: Num, value: &Value| {
        other.is_none_or(|other| !other.accepts(number) || !other.opaque.hold(value))
    };
    let inside = values.filter(|(_, value)| own.opaque.hold(value));
    inside.filter(|(number, value)| refused(*number, value)).map(|(_, value)| value).collect()
}

/// Texts of `own`, short ones first; with `other`, those around its limits.
fn texts(own: &TextFacet, other: Option<&TextFacet>) -> Vec<Value> {
    let mut tried: Vec<String> = Vec::new();
    if let Some(values) = &own.values {
        tried.extend(values.iter().take(64).map(ToString::to_string));
        tried.sort_by_key(|text| text.chars().count());
    }
    tried.extend(own.format.as_deref().and_then(of_format).map(str::to_owned));
    let patterns = own.opaque.iter().filter_map(|opaque| opaque.pattern());
    for pattern in patterns.filter_map(|pattern| Pattern::compile(pattern).ok()) {
        tried.push(pattern.sample());
    }
    let fill = |length: u64| "a".repeat(usize::try_from(length.min(MAX_LENGTH)).unwrap_or(0));
    tried.push(fill(own.min));
    if let Some(other) = other {
        tried.extend(other.max.filter(|max| *max < MAX_LENGTH).map(|max| fill(max + 1)));
        tried.push(fill(other.min.saturating_sub(1)));
    }
    tried.extend(["", "a", "0", "A", "?", "\u{1f600}", "a b"].map(str::to_owned));
    tried.retain(|text| own.accepts(text));
    let refused = |text: &str, value: &Value| {
        other.is_none_or(|other| !other.accepts(text) || !other.opaque.hold(value))
    };
    let values = tried.into_iter().map(|text| (Value::from(text.as_str()), text));
    let inside = values.filter(|(value, _)| own.opaque.hold(value));
    inside.filter(|(value, text)| refused(text, value)).map(|(value, _)| value).collect()
}

/// A plausible text for the formats that people use; a format is an annotation, and conversions look at it.
fn of_format(format: &str) -> Option<&'static str> {
    Some(match format {
        "date-time" => "1970-01-01T00:00:00Z",
        "date" => "1970-01-01",
        "time" => "00:00:00Z",
        "duration" => "PT0S",
        "email" => "a@example.com",
        "uri" | "iri" | "uri-reference" => "https://example.com/",
        "hostname" => "example.com",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "uuid" => "00000000-0000-0000-0000-000000000000",
        _ => return None,
    })
}
