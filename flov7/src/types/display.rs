//! A type in the words that authors know: `text`, `a list of numbers`, `{ id: text, email?: text, … }`.

use std::fmt;

use super::lattice::{Additional, ListFacet, MapFacet, NumberFacet, Repr, TextFacet, Type, Union};

/// Members of an object that are written out.
const MEMBERS: usize = 4;
/// Values of an enum that are written out.
const VALUES: usize = 4;
/// Levels that are written out.
const LEVELS: usize = 2;
/// Letters of one constant text.
const LETTERS: usize = 24;

impl fmt::Display for Type {
    /// One short line for a sentence such as "`total` is … here". Not a schema: details are left out with `…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&describe(self, LEVELS))
    }
}

fn describe(ty: &Type, levels: usize) -> String {
    let union = match &ty.0 {
        Repr::Untyped => return "untyped".to_owned(),
        Repr::Named(named) => return named.label(),
        Repr::Union(union) => union,
    };
    let mut words = kinds(union, levels);
    if union.null {
        words.push("null".to_owned());
    }
    if let Some(inner) = &union.optional {
        words.push(format!("an optional of {}", describe(inner, levels)));
    }
    if words.is_empty() { "nothing".to_owned() } else { words.join(" or ") }
}

fn kinds(union: &Union, levels: usize) -> Vec<String> {
    if is_any(union) {
        return vec!["any value".to_owned()];
    }
    let mut words = Vec::new();
    if let Some(text) = &union.text {
        words.push(text_words(text));
    }
    if let Some(number) = &union.number {
        words.push(number_words(number));
    }
    match (union.no, union.yes) {
        (true, true) => words.push("true or false".to_owned()),
        (true, false) => words.push("false".to_owned()),
        (false, true) => words.push("true".to_owned()),
        (false, false) => {}
    }
    if let Some(list) = &union.list {
        words.push(list_words(list, levels));
    }
    let mut maps: Vec<String> = union.maps.iter().map(|map| map_words(map, levels)).collect();
    maps.dedup();
    words.extend(maps);
    if union.timestamp {
        words.push("a time".to_owned());
    }
    if union.duration {
        words.push("a duration".to_owned());
    }
    words
}

/// Every kind but perhaps null.
fn is_any(union: &Union) -> bool {
    let plain = |list: &ListFacet| list.items.is_untyped() && list.prefix.is_empty();
    union.no
        && union.yes
        && union.number.is_some()
        && union.text.is_some()
        && union.list.as_ref().is_some_and(plain)
        && union.maps.iter().any(|map| map.members.is_empty())
}

fn number_words(number: &NumberFacet) -> String {
    match &number.values {
        Some(values) => listed(values.iter().map(ToString::to_string), values.len()),
        None if number.integer => "a whole number".to_owned(),
        None => "a number".to_owned(),
    }
}

fn text_words(text: &TextFacet) -> String {
    match &text.values {
        Some(values) => listed(values.iter().map(|value| quoted(value)), values.len()),
        None => "text".to_owned(),
    }
}

fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(LETTERS).flat_map(char::escape_debug).collect();
    if text.chars().count() > LETTERS {
        shown.push('…');
    }
    format!("\"{shown}\"")
}

fn listed(values: impl Iterator<Item = String>, count: usize) -> String {
    let mut shown: Vec<String> = values.take(VALUES).collect();
    if count > VALUES {
        shown.push("…".to_owned());
    }
    shown.join(" or ")
}

fn list_words(list: &ListFacet, levels: usize) -> String {
    if list.max == Some(0) {
        return "an empty list".to_owned();
    }
    let element = list.element();
    if element.is_untyped() || levels == 0 {
        return "a list".to_owned();
    }
    format!("a list of {}", describe(&element, levels - 1))
}

fn map_words(map: &MapFacet, levels: usize) -> String {
    if let (Additional::Of(ty), true) = (&map.additional, map.members.is_empty()) {
        return match levels {
            0 => "an object".to_owned(),
            _ if ty.is_untyped() => "an object".to_owned(),
            _ => format!("an object of {}", describe(ty, levels - 1)),
        };
    }
    if map.members.is_empty() {
        return if map.additional == Additional::Closed { "{}".to_owned() } else { "an object".to_owned() };
    }
    if levels == 0 {
        return "{ … }".to_owned();
    }
    let mut shown: Vec<String> = map
        .members
        .iter()
        .take(MEMBERS)
        .map(|(name, member)| {
            let mark = if member.required { "" } else { "?" };
            format!("{name}{mark}: {}", describe(&member.ty, levels - 1))
        })
        .collect();
    if map.members.len() > MEMBERS {
        shown.push("…".to_owned());
    }
    format!("{{ {} }}", shown.join(", "))
}
