//! Why a value is not of a type: the place inside of it, and a sentence.

use serde_json::Value;

use super::facet::length;
use super::lattice::{Additional, ListFacet, MapFacet, NumberFacet, TextFacet, Type, Union};
use super::number::Num;
use super::opaque::Opaques;
use super::profile::child;

/// Levels of a value that are looked into.
const MAX_DEPTH: usize = 64;

/// What is wrong with a value, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// JSON Pointer into the value.
    pub pointer: String,
    /// A sentence about the value there: lower case, no full stop, such as ``must be text, and is a number``.
    pub message: String,
}

impl Refusal {
    /// The place as a person writes it: `lines[0].price`; `None` for the whole value.
    #[must_use]
    pub fn place(&self) -> Option<String> {
        let mut place = String::new();
        for token in self.pointer.split('/').skip(1) {
            let token = crate::json::unescape(token);
            let plain = token.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
            if !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit()) {
                place.push_str(&format!("[{token}]"));
            } else if plain && !token.is_empty() {
                if !place.is_empty() {
                    place.push('.');
                }
                place.push_str(&token);
            } else {
                place.push_str(&format!("[\"{}\"]", token.escape_debug()));
            }
        }
        (!place.is_empty()).then_some(place)
    }
}

impl Type {
    /// Why the value is not of this type; `None` where it is, or where nothing can be said.
    ///
    /// The first thing that is wrong, from the outside in: a missing member before a wrong one.
    #[must_use]
    pub fn refusal(&self, value: &Value) -> Option<Refusal> {
        refusal(self, value, "", 0)
    }
}

fn refusal(ty: &Type, value: &Value, pointer: &str, depth: usize) -> Option<Refusal> {
    let union = ty.open().filter(|_| depth <= MAX_DEPTH)?;
    let inside = match value {
        Value::Null => union.null.then_some(None),
        Value::Bool(truth) => (if *truth { union.yes } else { union.no }).then_some(None),
        Value::Number(number) => union
            .number
            .as_ref()
            .map(|facet| Num::read(number).and_then(|number| of_number(facet, number, value))),
        Value::String(text) => union.text.as_ref().map(|facet| of_text(facet, text, value)),
        Value::Array(items) => {
            return match &union.list {
                Some(facet) => of_list(facet, items, value, pointer, depth)
                    .or_else(|| broken(&union.opaque, value, pointer)),
                None => Some(wrong_kind(ty, union, value, pointer)),
            };
        }
        Value::Object(_) => {
            return match union.maps.as_slice() {
                [] => Some(wrong_kind(ty, union, value, pointer)),
                [only] => {
                    of_map(only, value, pointer, depth).or_else(|| broken(&union.opaque, value, pointer))
                }
                several => of_alternatives(several, value, pointer, depth)
                    .or_else(|| broken(&union.opaque, value, pointer)),
            };
        }
    };
    match inside {
        None => Some(wrong_kind(ty, union, value, pointer)),
        Some(Some(message)) => Some(Refusal { pointer: pointer.to_owned(), message }),
        Some(None) => broken(&union.opaque, value, pointer),
    }
}

fn wrong_kind(ty: &Type, union: &Union, value: &Value, pointer: &str) -> Refusal {
    let said = match value {
        Value::Bool(truth) => truth.to_string(),
        Value::Null => "null".to_owned(),
        Value::Number(_) => "a number".to_owned(),
        Value::String(_) => "text".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    };
    let message = if union.is_empty() {
        "must not be there".to_owned()
    } else {
        format!("must be {ty}, and is {said}")
    };
    Refusal { pointer: pointer.to_owned(), message }
}

/// What the conditions say that the lattice has no words for.
fn broken(conditions: &Opaques, value: &Value, pointer: &str) -> Option<Refusal> {
    let violation = conditions.iter().find_map(|condition| condition.violation(value))?;
    Some(Refusal { pointer: format!("{pointer}{}", violation.pointer), message: violation.message })
}

fn of_number(facet: &NumberFacet, number: Num, value: &Value) -> Option<String> {
    if facet.integer && !number.is_whole() {
        return Some("must be a whole number, and has a fraction".to_owned());
    }
    if let Some(min) = facet.min.filter(|min| !min.below(number)) {
        return Some(format!(
            "must be {} {}",
            if min.exclusive { "greater than" } else { "at least" },
            min.at
        ));
    }
    if let Some(max) = facet.max.filter(|max| !max.above(number)) {
        return Some(format!("must be {} {}", if max.exclusive { "less than" } else { "at most" }, max.at));
    }
    if let Some(step) = facet.multiple_of.iter().find(|step| !number.is_multiple_of(**step)) {
        return Some(format!("must be a multiple of {step}"));
    }
    if !facet.accepts(number) {
        let only = NumberFacet { opaque: Opaques::none(), ..facet.clone() };
        return Some(format!("must be {}", Type::of_number(only)));
    }
    broken(&facet.opaque, value, "").map(|refusal| refusal.message)
}

fn of_text(facet: &TextFacet, text: &str, value: &Value) -> Option<String> {
    if !facet.accepts(text) {
        let has = length(text);
        return Some(match (&facet.values, facet.max) {
            (Some(_), _) => format!("must be {}", Type::of_text(facet.clone())),
            (None, Some(max)) if has > max => format!("must have at most {}, and has {has}", characters(max)),
            (None, _) => format!("must have at least {}, and has {has}", characters(facet.min)),
        });
    }
    broken(&facet.opaque, value, "").map(|refusal| refusal.message)
}

fn characters(count: u64) -> String {
    format!("{count} character{}", if count == 1 { "" } else { "s" })
}

fn of_list(
    facet: &ListFacet,
    items: &[Value],
    whole: &Value,
    pointer: &str,
    depth: usize,
) -> Option<Refusal> {
    let has = u64::try_from(items.len()).unwrap_or(u64::MAX);
    let here = |message: String| Some(Refusal { pointer: pointer.to_owned(), message });
    let count = |count: u64| format!("{count} item{}", if count == 1 { "" } else { "s" });
    if has < facet.min {
        return here(format!("must have at least {}, and has {has}", count(facet.min)));
    }
    if let Some(max) = facet.max.filter(|max| has > *max) {
        return here(format!("must have at most {}, and has {has}", count(max)));
    }
    let mut places = items.iter().enumerate();
    let inside = places.find_map(|(index, item)| {
        let ty = facet.prefix.get(index).unwrap_or(&facet.items);
        refusal(ty, item, &child(pointer, &index.to_string()), depth + 1)
    });
    inside.or_else(|| broken(&facet.opaque, whole, pointer))
}

fn of_map(facet: &MapFacet, whole: &Value, pointer: &str, depth: usize) -> Option<Refusal> {
    let members = whole.as_object()?;
    let has = u64::try_from(members.len()).unwrap_or(u64::MAX);
    let here = |message: String| Some(Refusal { pointer: pointer.to_owned(), message });
    let count = |count: u64| format!("{count} member{}", if count == 1 { "" } else { "s" });
    let missing =
        facet.members.iter().find(|(name, member)| member.required && !members.contains_key(&***name));
    if let Some((name, _)) = missing {
        return here(format!("must have the member `{name}`"));
    }
    for (name, value) in super::profile::sorted(members) {
        let below = child(pointer, name);
        let found = match (facet.members.get(name.as_str()), &facet.additional) {
            (Some(member), _) => refusal(&member.ty, value, &below, depth + 1),
            (None, Additional::Closed) => {
                Some(Refusal { pointer: below, message: "must not be there".to_owned() })
            }
            (None, Additional::Silent) => None,
            (None, Additional::Of(ty)) => refusal(ty, value, &below, depth + 1),
        };
        if found.is_some() {
            return found;
        }
    }
    if has < facet.min {
        return here(format!("must have at least {}, and has {has}", count(facet.min)));
    }
    if let Some(max) = facet.max.filter(|max| has > *max) {
        return here(format!("must have at most {}, and has {has}", count(max)));
    }
    broken(&facet.opaque, whole, pointer)
}

/// Of several alternatives the one is meant whose constants the value has; else none can be told.
fn of_alternatives(several: &[MapFacet], value: &Value, pointer: &str, depth: usize) -> Option<Refusal> {
    let refusals: Vec<Option<Refusal>> =
        several.iter().map(|one| of_map(one, value, pointer, depth)).collect();
    if refusals.iter().any(Option::is_none) {
        return None;
    }
    let tagged = |map: &&MapFacet| {
        let mut tags = map.members.iter().filter_map(|(name, member)| Some((name, member.ty.only_value()?)));
        tags.any(|(name, tag)| value.get(&**name).is_some_and(|value| crate::json::equal(value, &tag)))
    };
    let mut meant = several.iter().filter(tagged);
    if let (Some(one), None) = (meant.next(), meant.next()) {
        return of_map(one, value, pointer, depth);
    }
    let message = format!("must be one of {} kinds of object, and is none of them", several.len());
    Some(Refusal { pointer: pointer.to_owned(), message })
}
