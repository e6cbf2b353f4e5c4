//! Random schemas of the profile, made from small pools so that two of them often speak of the same things.

use serde_json::{Map, Value, json};

use super::random::Random;

/// Names of members; some of them awkward.
pub(super) const NAMES: &[&str] = &["a", "b", "c", "id", "a", "b", "", "a/b~c", "é", "__proto__", "$ref"];

pub(super) const PATTERNS: &[&str] =
    &["^a", "b$", "^[a-z]+$", "^.{2}$", "^$", "a|b", "^(a|b)$", "^[0-9]+$", "^a{2,3}$", "^[^a]*$", "c"];

/// Names under `$defs`.
const DEFS: &[&str] = &["x", "y", "z"];

/// Schemas within schemas.
const DEPTH: usize = 4;

/// A number for a bound or a constant.
pub(super) fn number(random: &mut Random) -> Value {
    let common = ["0", "1", "2", "3", "5", "10", "-1", "0.5", "1.5", "4", "6"];
    let rare = [
        "-0.5",
        "0.1",
        "1e300",
        "-1e300",
        "9007199254740992",
        "9007199254740993",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551615",
        "1e-7",
        "2.0",
        "100",
    ];
    let text = if random.one_in(6) { random.pick(&rare) } else { random.pick(&common) };
    serde_json::from_str(text).unwrap_or(Value::Null)
}

pub(super) fn text(random: &mut Random) -> Value {
    Value::from(*random.pick(&["a", "b", "ab", "abc", "", "aa", "é", "😀", "1", "12", "cab", "A b"]))
}

/// A constant of any kind.
pub(super) fn constant(random: &mut Random, depth: usize) -> Value {
    match random.below(if depth > 1 { 5 } else { 7 }) {
        0 => Value::Null,
        1 => Value::Bool(random.one_in(2)),
        2 | 3 => number(random),
        4 => text(random),
        5 => {
            let count = random.below(3);
            (0..count).map(|_| constant(random, depth + 1)).collect()
        }
        _ => {
            let mut members = Map::new();
            for _ in 0..random.below(3) {
                members.insert((*random.pick(NAMES)).to_owned(), constant(random, depth + 1));
            }
            Value::Object(members)
        }
    }
}

/// A whole schema, its definitions included.
pub(super) fn schema(random: &mut Random) -> Value {
    let mut made = part(random, 0);
    let Value::Object(members) = &mut made else { return made };
    if refers(members) {
        let mut defs = Map::new();
        for name in DEFS {
            // References go through members and items only, so that none comes back to itself in place.
            defs.insert((*name).to_owned(), container(random));
        }
        members.insert("$defs".to_owned(), Value::Object(defs));
    }
    made
}

/// The definitions, in which references stand below members and items.
fn container(random: &mut Random) -> Value {
    let mut members = Map::new();
    if random.one_in(2) {
        members.insert("type".to_owned(), json!(random.pick(&["object", "array"])));
    }
    object(random, 1, &mut members);
    if random.one_in(2) {
        list(random, 1, &mut members);
    }
    Value::Object(members)
}

fn refers(members: &Map<String, Value>) -> bool {
    let mut open: Vec<&Value> = members.values().collect();
    if members.get("$ref").is_some_and(Value::is_string) {
        return true;
    }
    while let Some(value) = open.pop() {
        match value {
            Value::Object(inner) => {
                if inner.get("$ref").is_some_and(Value::is_string) {
                    return true;
                }
                open.extend(inner.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    false
}

/// A schema inside another.
pub(super) fn part(random: &mut Random, depth: usize) -> Value {
    if random.one_in(16) {
        return Value::Bool(!random.one_in(3));
    }
    let mut members = Map::new();
    match random.below(20) {
        0 | 1 if depth > 0 => {
            members.insert("$ref".to_owned(), Value::from(format!("#/$defs/{}", random.pick(DEFS))));
            if random.one_in(4) {
                numeric(random, &mut members);
            }
        }
        0..=3 => {
            members.insert("type".to_owned(), json!(random.pick(&["number", "integer"])));
            numeric(random, &mut members);
        }
        4..=6 => {
            members.insert("type".to_owned(), json!("string"));
            textual(random, &mut members);
        }
        7 | 8 if depth < DEPTH => {
            members.insert("type".to_owned(), json!("array"));
            list(random, depth, &mut members);
        }
        9..=12 if depth < DEPTH => {
            members.insert("type".to_owned(), json!("object"));
            object(random, depth, &mut members);
        }
        13 => {
            members.insert("type".to_owned(), types(random));
            any(random, depth, &mut members);
        }
        14 => {
            if random.one_in(2) {
                members.insert("const".to_owned(), constant(random, 0));
            } else {
                let count = 1 + random.below(4);
                members.insert("enum".to_owned(), (0..count).map(|_| constant(random, 0)).collect());
            }
            if random.one_in(4) {
                any(random, depth, &mut members);
            }
        }
        15 if depth < DEPTH => any(random, depth, &mut members),
        16..=18 if depth < DEPTH => {
            combined(random, depth, &mut members);
            if random.one_in(2) {
                members.insert("type".to_owned(), types(random));
            }
            if random.one_in(3) {
                any(random, depth, &mut members);
            }
        }
        _ => {
            members.insert("type".to_owned(), types(random));
        }
    }
    Value::Object(members)
}

fn types(random: &mut Random) -> Value {
    let all = ["null", "boolean", "number", "integer", "string", "array", "object"];
    if random.one_in(2) {
        return json!(random.pick(&all));
    }
    let mut names: Vec<&str> = Vec::new();
    for _ in 0..2 + random.below(2) {
        let name = *random.pick(&all);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    json!(names)
}

fn any(random: &mut Random, depth: usize, members: &mut Map<String, Value>) {
    match random.below(4) {
        0 => numeric(random, members),
        1 => textual(random, members),
        2 => list(random, depth, members),
        _ => object(random, depth, members),
    }
}

fn numeric(random: &mut Random, members: &mut Map<String, Value>) {
    for name in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"] {
        if random.one_in(4) {
            members.insert(name.to_owned(), number(random));
        }
    }
    if random.one_in(6) {
        members.insert("multipleOf".to_owned(), json!(random.pick(&[1.0, 2.0, 3.0, 4.0, 0.5, 0.1, 6.0])));
    }
}

fn textual(random: &mut Random, members: &mut Map<String, Value>) {
    if random.one_in(3) {
        members.insert("minLength".to_owned(), json!(random.below(4)));
    }
    if random.one_in(3) {
        members.insert("maxLength".to_owned(), json!(random.below(5)));
    }
    if random.one_in(4) {
        members.insert("pattern".to_owned(), json!(random.pick(PATTERNS)));
    }
    if random.one_in(10) {
        members.insert("format".to_owned(), json!("email"));
    }
}

fn list(random: &mut Random, depth: usize, members: &mut Map<String, Value>) {
    if !random.one_in(3) {
        members.insert("items".to_owned(), part(random, depth + 1));
    }
    if random.one_in(4) {
        let count = 1 + random.below(2);
        members.insert("prefixItems".to_owned(), (0..count).map(|_| part(random, depth + 1)).collect());
    }
    if random.one_in(4) {
        members.insert("minItems".to_owned(), json!(random.below(3)));
    }
    if random.one_in(4) {
        members.insert("maxItems".to_owned(), json!(random.below(4)));
    }
    if random.one_in(6) {
        members.insert("uniqueItems".to_owned(), json!(random.one_in(4)));
    }
    if random.one_in(8) {
        members.insert("contains".to_owned(), part(random, depth + 1));
        if random.one_in(2) {
            members.insert("minContains".to_owned(), json!(random.below(3)));
        }
        if random.one_in(2) {
            members.insert("maxContains".to_owned(), json!(random.below(3)));
        }
    }
}

fn object(random: &mut Random, depth: usize, members: &mut Map<String, Value>) {
    let mut named = Map::new();
    for _ in 0..random.below(4) {
        named.insert((*random.pick(NAMES)).to_owned(), part(random, depth + 1));
    }
    if random.one_in(2) {
        let mut names: Vec<String> = named.keys().filter(|_| !random.one_in(3)).cloned().collect();
        if random.one_in(4) {
            names.push((*random.pick(NAMES)).to_owned());
        }
        names.sort();
        names.dedup();
        members.insert("required".to_owned(), json!(names));
    }
    if !named.is_empty() {
        members.insert("properties".to_owned(), Value::Object(named));
    }
    match random.below(5) {
        0 | 1 => {
            members.insert("additionalProperties".to_owned(), Value::Bool(false));
        }
        2 => {
            members.insert("additionalProperties".to_owned(), part(random, depth + 1));
        }
        _ => {}
    }
    if random.one_in(8) {
        let mut patterns = Map::new();
        for _ in 0..1 + random.below(2) {
            patterns.insert((*random.pick(PATTERNS)).to_owned(), part(random, depth + 1));
        }
        members.insert("patternProperties".to_owned(), Value::Object(patterns));
    }
    if random.one_in(10) {
        let mut names = Map::new();
        textual(random, &mut names);
        members.insert("propertyNames".to_owned(), Value::Object(names));
    }
    if random.one_in(8) {
        members.insert("minProperties".to_owned(), json!(random.below(3)));
    }
    if random.one_in(8) {
        members.insert("maxProperties".to_owned(), json!(random.below(4)));
    }
    if random.one_in(10) {
        members
            .insert("dependentRequired".to_owned(), json!({ (*random.pick(NAMES)): [random.pick(NAMES)] }));
    }
    if random.one_in(14) {
        members
            .insert("dependentSchemas".to_owned(), json!({ (*random.pick(NAMES)): part(random, depth + 1) }));
    }
}

fn combined(random: &mut Random, depth: usize, members: &mut Map<String, Value>) {
    match random.below(10) {
        0..=2 => {
            let count = 1 + random.below(3);
            members.insert("anyOf".to_owned(), (0..count).map(|_| part(random, depth + 1)).collect());
        }
        3 | 4 => {
            let count = 1 + random.below(3);
            members.insert("oneOf".to_owned(), (0..count).map(|_| part(random, depth + 1)).collect());
        }
        5 | 6 => {
            let count = 1 + random.below(3);
            members.insert("allOf".to_owned(), (0..count).map(|_| part(random, depth + 1)).collect());
        }
        7 | 8 => {
            members.insert("not".to_owned(), part(random, depth + 1));
        }
        _ => {
            members.insert("if".to_owned(), part(random, depth + 1));
            members.insert("then".to_owned(), part(random, depth + 1));
            if random.one_in(2) {
                members.insert("else".to_owned(), part(random, depth + 1));
            }
        }
    }
}
