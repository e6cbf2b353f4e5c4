//! A second schema near the first: often wider, sometimes narrower, sometimes only alike.

use serde_json::{Map, Value, json};

use super::make;
use super::random::Random;

/// A schema to go to.
pub(super) fn target(random: &mut Random, source: &Value) -> Value {
    match random.below(10) {
        0 => make::schema(random),
        1 => source.clone(),
        2 => changed(random, source, Way::Narrower),
        3 => changed(random, source, Way::Any),
        4 => {
            let once = changed(random, source, Way::Wider);
            changed(random, &once, Way::Any)
        }
        _ => {
            let mut wider = source.clone();
            for _ in 0..1 + random.below(3) {
                wider = changed(random, &wider, Way::Wider);
            }
            wider
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Wider,
    Narrower,
    Any,
}

impl Way {
    fn turned(self) -> Way {
        match self {
            Way::Wider => Way::Narrower,
            Way::Narrower => Way::Wider,
            Way::Any => Way::Any,
        }
    }
}

/// The schema with one change at a random place.
fn changed(random: &mut Random, schema: &Value, way: Way) -> Value {
    let mut changed = schema.clone();
    change(random, &mut changed, way, 0);
    changed
}

fn change(random: &mut Random, schema: &mut Value, way: Way, depth: usize) {
    let Value::Object(members) = schema else {
        *schema = match way {
            Way::Wider => Value::Bool(true),
            Way::Narrower => Value::Bool(false),
            Way::Any => make::part(random, 3),
        };
        return;
    };
    // Go on into a part, or change here.
    let mut below: Vec<(String, Option<String>, Way)> = Vec::new();
    for (name, value) in members.iter() {
        match (name.as_str(), value) {
            ("items" | "additionalProperties" | "contains" | "then" | "else" | "propertyNames", _) => {
                below.push((name.clone(), None, way));
            }
            ("not" | "if", _) => below.push((name.clone(), None, way.turned())),
            ("properties" | "patternProperties" | "$defs" | "dependentSchemas", Value::Object(inner)) => {
                below.extend(inner.keys().map(|key| (name.clone(), Some(key.clone()), way)));
            }
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(items)) => {
                below.extend((0..items.len()).map(|at| (name.clone(), Some(at.to_string()), way)));
            }
            _ => {}
        }
    }
    if depth < 5 && !below.is_empty() && !random.one_in(3) {
        let (name, key, way) = random.pick(&below).clone();
        let Some(inner) = members.get_mut(&name) else { return };
        let inner = match (inner, key) {
            (Value::Object(inner), Some(key)) => inner.get_mut(&key),
            (Value::Array(inner), Some(key)) => key.parse::<usize>().ok().and_then(|at| inner.get_mut(at)),
            (inner, _) => Some(inner),
        };
        if let Some(inner) = inner {
            change(random, inner, way, depth + 1);
        }
        return;
    }
    match way {
        Way::Wider => wider(random, members),
        Way::Narrower => narrower(random, members),
        Way::Any => {
            if random.one_in(2) {
                wider(random, members);
            } else {
                narrower(random, members);
            }
        }
    }
}

fn wider(random: &mut Random, members: &mut Map<String, Value>) {
    let names: Vec<String> =
        members.keys().filter(|name| !matches!(name.as_str(), "$defs" | "properties")).cloned().collect();
    if names.is_empty() || random.one_in(8) {
        let mut inner = std::mem::take(members);
        let defs = inner.remove("$defs");
        let other = make::part(random, 3);
        members.insert("anyOf".to_owned(), json!([inner, other]));
        members.extend(defs.map(|defs| ("$defs".to_owned(), defs)));
        return;
    }
    let name = random.pick(&names).clone();
    let Some(value) = members.get(&name).cloned() else { return };
    let put = match (name.as_str(), &value) {
        ("minimum" | "exclusiveMinimum", Value::Number(_)) if random.one_in(2) => moved(&value, -1.0),
        ("maximum" | "exclusiveMaximum", Value::Number(_)) if random.one_in(2) => moved(&value, 1.0),
        ("exclusiveMinimum", bound) => {
            let bound = bound.clone();
            members.remove(&name);
            members.insert("minimum".to_owned(), bound);
            return;
        }
        ("minLength" | "minItems" | "minProperties" | "minContains", Value::Number(count)) => {
            Some(json!(count.as_u64().unwrap_or(0).saturating_sub(1)))
        }
        ("maxLength" | "maxItems" | "maxProperties" | "maxContains", Value::Number(count)) => {
            Some(json!(count.as_u64().unwrap_or(0) + 1))
        }
        ("type", Value::String(one)) if one == "integer" => Some(json!("number")),
        ("type", Value::String(one)) => Some(json!([one, random.pick(&["null", "boolean", "string"])]))
            .filter(|names| names[0] != names[1]),
        ("enum", Value::Array(values)) => {
            let mut values = values.clone();
            values.push(make::constant(random, 1));
            Some(Value::Array(values))
        }
        ("const", value) => {
            let value = value.clone();
            members.remove(&name);
            members.insert("enum".to_owned(), json!([value, make::constant(random, 1)]));
            return;
        }
        ("anyOf", Value::Array(parts)) => {
            let mut parts = parts.clone();
            parts.push(make::part(random, 3));
            Some(Value::Array(parts))
        }
        ("required", Value::Array(names)) if names.len() > 1 => {
            let mut names = names.clone();
            names.remove(random.below(names.len()));
            Some(Value::Array(names))
        }
        ("multipleOf", _) => Some(json!(1)),
        ("$ref", _) => return,
        _ => None,
    };
    match put {
        Some(put) => members.insert(name, put),
        None => members.remove(&name),
    };
}

fn narrower(random: &mut Random, members: &mut Map<String, Value>) {
    let more = match make::part(random, 3) {
        Value::Object(more) => more,
        other => {
            members.insert("not".to_owned(), other);
            return;
        }
    };
    for (name, value) in more {
        if !matches!(name.as_str(), "$ref" | "$defs") {
            members.entry(name).or_insert(value);
        }
    }
    if random.one_in(3) {
        let name = *random.pick(make::NAMES);
        members.insert("required".to_owned(), json!([name]));
    }
}

fn moved(number: &Value, by: f64) -> Option<Value> {
    if let Some(whole) = number.as_i64() {
        return whole.checked_add(if by > 0.0 { 1 } else { -1 }).map(Value::from);
    }
    serde_json::Number::from_f64(number.as_f64()? + by).map(Value::Number)
}
