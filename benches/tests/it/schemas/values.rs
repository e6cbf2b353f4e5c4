//! Values that a schema may accept, with the extremes that its keywords and those of another schema speak of. Written
//! from the schemas alone, so that nothing of what is tested decides what it is tested with.

use std::collections::BTreeSet;

use serde_json::{Map, Number, Value, json};

use super::make;
use super::random::Random;

/// Everything that two schemas speak of.
pub(super) struct Pool {
    numbers: Vec<Value>,
    lengths: Vec<usize>,
    texts: Vec<String>,
    names: Vec<String>,
    constants: Vec<Value>,
}

impl Pool {
    pub(super) fn of(schemas: &[&Value]) -> Pool {
        let mut numbers: Vec<Value> = vec![json!(0), json!(1), json!(-1), json!(0.5), json!(1.5)];
        let mut lengths: BTreeSet<usize> = BTreeSet::from([0, 1, 2]);
        let mut texts: Vec<String> =
            ["", "a", "b", "ab", "aab", "é", "😀", "1", "A b", "c"].iter().map(ToString::to_string).collect();
        let mut names: BTreeSet<String> = ["other", "b", "ab"].iter().map(ToString::to_string).collect();
        let mut constants = vec![Value::Null, json!(true), json!(false), json!([]), json!({})];
        let mut open: Vec<&Value> = schemas.to_vec();
        while let Some(schema) = open.pop() {
            let Value::Object(members) = schema else {
                if let Value::Array(items) = schema {
                    open.extend(items);
                }
                continue;
            };
            for (name, value) in members {
                match (name.as_str(), value) {
                    ("const", value) => constants.push(value.clone()),
                    ("enum", Value::Array(values)) => constants.extend(values.iter().cloned()),
                    (
                        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf",
                        Value::Number(number),
                    ) => around(number, &mut numbers),
                    (_, Value::Number(count)) => {
                        if let Some(count) = count.as_u64().and_then(|count| usize::try_from(count).ok()) {
                            let count = count.min(8);
                            lengths.extend([count.saturating_sub(1), count, count + 1]);
                        }
                    }
                    ("required", Value::Array(required)) => {
                        names.extend(required.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    ("properties" | "dependentSchemas" | "dependentRequired", Value::Object(inner)) => {
                        names.extend(inner.keys().cloned());
                        open.extend(inner.values());
                    }
                    (_, value) => open.push(value),
                }
            }
        }
        for constant in &constants {
            match constant {
                Value::Number(number) => around(number, &mut numbers),
                Value::String(text) => texts.push(text.clone()),
                _ => {}
            }
        }
        for length in &lengths {
            texts.push("a".repeat(*length));
            texts.push("😀".repeat(*length));
        }
        // Whether 1e300 is a multiple of 3 is decided on the decimal that was written here, and on the double there
        // (docs/decisions/types.md).
        if speaks_of_multiples(schemas) {
            numbers.retain(|number| {
                number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|n| n.abs() < 1e6)
            });
        }
        Pool {
            numbers,
            lengths: lengths.into_iter().collect(),
            texts,
            names: names.into_iter().collect(),
            constants,
        }
    }
}

fn speaks_of_multiples(schemas: &[&Value]) -> bool {
    schemas.iter().any(|schema| schema.to_string().contains("multipleOf"))
}

fn around(number: &Number, numbers: &mut Vec<Value>) {
    numbers.push(Value::Number(number.clone()));
    if let Some(whole) = number.as_i64() {
        numbers.extend(
            [whole.saturating_sub(1), whole.saturating_add(1), whole.wrapping_neg()].map(Value::from),
        );
    } else if let Some(whole) = number.as_u64() {
        numbers.push(json!(whole - 1));
    }
    if let Some(real) = number.as_f64() {
        for real in [real + 0.5, real - 0.5, real.next_up(), real.next_down(), real * 2.0] {
            // Whole numbers are integers once they have been read.
            if real.is_finite() && !(real.fract() == 0.0 && real.abs() <= 9_007_199_254_740_992.0) {
                numbers.extend(Number::from_f64(real).map(Value::Number));
            } else if real.is_finite() {
                numbers.push(json!(real as i64));
            }
        }
    }
}

/// A value that tries to conform to `schema`, at the extremes of the pool; whether it does is for others to say.
pub(super) fn value(random: &mut Random, root: &Value, schema: &Value, pool: &Pool, depth: usize) -> Value {
    if depth > 6 {
        return Value::Null;
    }
    let Value::Object(members) = schema else { return anything(random, pool, depth) };
    if random.one_in(24) {
        return anything(random, pool, depth);
    }
    if let Some(only) = members.get("const") {
        return only.clone();
    }
    if let Some(Value::Array(values)) = members.get("enum") {
        return random.pick(values).clone();
    }
    if let Some(target) = members.get("$ref").and_then(Value::as_str)
        && let Some(target) = root.pointer(target.trim_start_matches('#'))
    {
        return value(random, root, target, pool, depth);
    }
    let alternatives: Vec<&Value> = ["anyOf", "oneOf", "allOf"]
        .iter()
        .filter_map(|name| members.get(*name)?.as_array())
        .flatten()
        .chain(["then", "else"].iter().filter_map(|name| members.get(*name)))
        .collect();
    if !alternatives.is_empty() && !random.one_in(3) {
        let asked = *random.pick(&alternatives);
        let made = value(random, root, asked, pool, depth + 1);
        // What the schema itself says about objects is added.
        return match made {
            Value::Object(made) => object(random, root, members, pool, depth, made),
            made => made,
        };
    }
    let kind = match members.get("type") {
        Some(Value::String(one)) => one.clone(),
        Some(Value::Array(names)) => random.pick(names).as_str().unwrap_or("null").to_owned(),
        _ => guessed(random, members),
    };
    match kind.as_str() {
        "null" => Value::Null,
        "boolean" => Value::Bool(random.one_in(2)),
        "number" | "integer" => random.pick(&pool.numbers).clone(),
        "string" => Value::from(random.pick(&pool.texts).as_str()),
        "array" => list(random, root, members, pool, depth),
        _ => object(random, root, members, pool, depth, Map::new()),
    }
}

fn guessed(random: &mut Random, members: &Map<String, Value>) -> String {
    let has = |names: &[&str]| names.iter().any(|name| members.contains_key(*name));
    let mut kinds = Vec::new();
    if has(&["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]) {
        kinds.push("number");
    }
    if has(&["minLength", "maxLength", "pattern"]) {
        kinds.push("string");
    }
    if has(&["items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"]) {
        kinds.push("array");
    }
    if has(&["properties", "required", "additionalProperties", "patternProperties", "minProperties"]) {
        kinds.extend(["object", "object"]);
    }
    if kinds.is_empty() || random.one_in(4) {
        kinds = vec!["null", "boolean", "number", "string", "array", "object"];
    }
    (*random.pick(&kinds)).to_owned()
}

fn list(random: &mut Random, root: &Value, members: &Map<String, Value>, pool: &Pool, depth: usize) -> Value {
    let length = *random.pick(&pool.lengths);
    let prefix = members.get("prefixItems").and_then(Value::as_array);
    let anything = Value::Bool(true);
    let mut items: Vec<Value> = Vec::new();
    for index in 0..length.min(6) {
        let asked = prefix
            .and_then(|prefix| prefix.get(index))
            .or_else(|| members.get("contains").filter(|_| random.one_in(3)))
            .or_else(|| members.get("items"))
            .unwrap_or(&anything);
        items.push(if !items.is_empty() && random.one_in(4) {
            random.pick(&items).clone()
        } else {
            value(random, root, asked, pool, depth + 1)
        });
    }
    Value::Array(items)
}

fn object(
    random: &mut Random,
    root: &Value,
    members: &Map<String, Value>,
    pool: &Pool,
    depth: usize,
    mut made: Map<String, Value>,
) -> Value {
    let extreme = random.below(4);
    let required: Vec<&str> = members
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let properties = members.get("properties").and_then(Value::as_object);
    let mut put = |random: &mut Random, name: &str, asked: &Value| {
        let inner = value(random, root, asked, pool, depth + 1);
        made.insert(name.to_owned(), inner);
    };
    let open = members.get("additionalProperties").cloned().unwrap_or(Value::Bool(true));
    for name in &required {
        let asked = properties.and_then(|properties| properties.get(*name)).unwrap_or(&open);
        if !random.one_in(20) {
            put(random, name, asked);
        }
    }
    for (name, asked) in properties.into_iter().flatten() {
        let wanted = match extreme {
            0 => false,
            1 => true,
            _ => random.one_in(2),
        };
        if wanted && !required.contains(&name.as_str()) {
            put(random, name, asked);
        }
    }
    if open != Value::Bool(false) || members.contains_key("patternProperties") {
        for _ in 0..random.below(3) {
            let name = random.pick(&pool.names).clone();
            if properties.is_none_or(|properties| !properties.contains_key(&name)) {
                let patterns = members.get("patternProperties").and_then(Value::as_object);
                let asked = patterns
                    .filter(|_| random.one_in(2))
                    .and_then(|patterns| patterns.values().next())
                    .unwrap_or(&open);
                put(random, &name, asked);
            }
        }
    }
    Value::Object(made)
}

fn anything(random: &mut Random, pool: &Pool, depth: usize) -> Value {
    match random.below(8) {
        0 | 1 => random.pick(&pool.constants).clone(),
        2 | 3 => random.pick(&pool.numbers).clone(),
        4 | 5 => Value::from(random.pick(&pool.texts).as_str()),
        6 if depth < 3 => {
            let length = random.below(3);
            (0..length).map(|_| anything(random, pool, depth + 1)).collect()
        }
        7 if depth < 3 => {
            let mut members = Map::new();
            for _ in 0..random.below(3) {
                members.insert(random.pick(&pool.names).clone(), anything(random, pool, depth + 1));
            }
            Value::Object(members)
        }
        _ => make::constant(random, 1),
    }
}
