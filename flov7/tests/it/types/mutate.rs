//! Schemas changed at random, text and tree: a finding or an answer that holds, never a panic.
//!
//! A million of them: `cargo test --release -p flov7 --all-features --locked --test it -- --ignored a_million`.

use flov7::json::{ReadLimits, read};
use serde_json::{Value, json};

use super::hostile::survives;

const SEEDS: &[&str] = &[
    r#"{"type":"object","properties":{"id":{"type":"string","minLength":1},"n":{"type":"integer","minimum":0}},"required":["id"],"additionalProperties":false}"#,
    r#"{"type":"array","items":{"type":["string","null"]},"minItems":1,"maxItems":3,"uniqueItems":true}"#,
    r#"{"oneOf":[{"type":"object","properties":{"k":{"const":"a"}},"required":["k"]},{"type":"object","properties":{"k":{"const":"b"}},"required":["k"]}]}"#,
    r##"{"$ref":"#/$defs/t","$defs":{"t":{"type":"object","properties":{"next":{"$ref":"#/$defs/t"},"all":{"type":"array","items":{"$ref":"#"}}}}}}"##,
    r##"{"allOf":[{"$ref":"#/$defs/a"},{"properties":{"x":{"$ref":"#/$defs/a"}}}],"$defs":{"a":{"properties":{"x":{"$ref":"#/$defs/b"}}},"b":{"patternProperties":{"^x":{"$ref":"#/$defs/a"}}}}}"##,
    r#"{"type":"number","exclusiveMinimum":0,"maximum":1e3,"multipleOf":0.01}"#,
    r#"{"enum":["a",1,null,true,[1],{"a":1}],"not":{"const":1}}"#,
    r#"{"if":{"required":["a"]},"then":{"required":["b"]},"else":{"minProperties":1},"type":"object"}"#,
    r#"{"prefixItems":[{"type":"string"},{"type":"number"}],"items":false,"contains":{"type":"string"},"minContains":1,"maxContains":2}"#,
    r#"{"patternProperties":{"^x-":{"type":"string"}},"propertyNames":{"pattern":"^[a-z-]+$"},"dependentRequired":{"x-a":["x-b"]},"dependentSchemas":{"x-c":{"maxProperties":2}}}"#,
    r#"{"anyOf":[{"type":"string","pattern":"^(a|b)+$","maxLength":5},{"type":"null"},{"type":"boolean"}],"title":"t","x-note":1}"#,
];

const KEYWORDS: &[&str] = &[
    "type",
    "const",
    "enum",
    "items",
    "contains",
    "not",
    "if",
    "then",
    "else",
    "additionalProperties",
    "propertyNames",
    "allOf",
    "anyOf",
    "oneOf",
    "prefixItems",
    "properties",
    "patternProperties",
    "dependentSchemas",
    "$defs",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minContains",
    "maxContains",
    "minProperties",
    "maxProperties",
    "uniqueItems",
    "format",
    "pattern",
    "required",
    "dependentRequired",
    "$ref",
    "$id",
    "$anchor",
    "unevaluatedProperties",
    "nullable",
    "definitions",
    "a",
    "",
];

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

fn anything(random: &mut Random, whole: &Value) -> Value {
    match random.below(12) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(false),
        3 => random
            .pick(&[
                json!(0),
                json!(-1),
                json!(2),
                json!(0.5),
                json!(u64::MAX),
                json!(i64::MIN),
                json!(1e308),
                json!(5e-324),
            ])
            .clone(),
        4 => json!(random.pick(&["string", "integer", "object", "array", "null", "number"])),
        5 => json!(random.pick(&[
            "#",
            "#/$defs/t",
            "#/$defs/a",
            "#/$defs/b",
            "#/oneOf/0",
            "#/types/x",
            "http://x",
            "#/properties/id"
        ])),
        6 => json!(random.pick(&["^a", "(", "(a*)*", "[a-z]{2,5}$", "\\d", "é", "\u{0}", "\u{202e}", "😀"])),
        7 => json!([]),
        8 => json!({}),
        9 => json!(["a", "b", "string"]),
        10 => json!({ "a": { "type": "string" }, "b": false }),
        _ => {
            let mut parts = Vec::new();
            collect(whole, &mut parts);
            (*random.pick(&parts)).clone()
        }
    }
}

fn collect<'a>(value: &'a Value, parts: &mut Vec<&'a Value>) {
    parts.push(value);
    match value {
        Value::Object(members) => members.values().for_each(|inner| collect(inner, parts)),
        Value::Array(items) => items.iter().for_each(|inner| collect(inner, parts)),
        _ => {}
    }
}

fn mutate(random: &mut Random, value: &mut Value, whole: &Value, depth: usize) {
    if depth < 8 && random.below(3) > 0 {
        let inner = match value {
            Value::Object(members) if !members.is_empty() => {
                let at = random.below(members.len());
                members.values_mut().nth(at)
            }
            Value::Array(items) if !items.is_empty() => {
                let at = random.below(items.len());
                items.get_mut(at)
            }
            _ => None,
        };
        if let Some(inner) = inner {
            return mutate(random, inner, whole, depth + 1);
        }
    }
    match value {
        Value::Object(members) => match random.below(4) {
            0 if !members.is_empty() => {
                let name = members.keys().nth(random.below(members.len())).cloned().unwrap_or_default();
                let moved = members.remove(&name);
                if random.below(2) == 0 {
                    members.extend(moved.map(|moved| ((*random.pick(KEYWORDS)).to_owned(), moved)));
                }
            }
            1 => *value = json!({ (*random.pick(KEYWORDS)): [value.clone()] }),
            _ => {
                members.insert((*random.pick(KEYWORDS)).to_owned(), anything(random, whole));
            }
        },
        Value::Array(items) if random.below(2) == 0 => items.push(anything(random, whole)),
        other => *other = anything(random, whole),
    }
}

/// A seed with some changes to its tree, or to its text where that is still JSON.
fn mutant(seed: u64) -> Option<Value> {
    let mut random = Random(seed);
    let text = *random.pick(SEEDS);
    let mut schema = read(text, &ReadLimits::default()).ok()?;
    if random.below(4) == 0 {
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..1 + random.below(3) {
            let at = random.below(bytes.len());
            match random.below(3) {
                0 => bytes[at] = *random.pick(b"0123456789{}[]\",:-.eEatrufnls\\#/$"),
                1 => {
                    bytes.remove(at);
                }
                _ => bytes.insert(at, *random.pick(b"0123456789\"e-.")),
            }
        }
        return read(&String::from_utf8_lossy(&bytes), &ReadLimits::default()).ok();
    }
    for _ in 0..1 + random.below(5) {
        let whole = schema.clone();
        mutate(&mut random, &mut schema, &whole, 0);
    }
    Some(schema)
}

fn run(count: u64) {
    let mut tried = 0_u64;
    for seed in 0..count {
        if let Some(schema) = mutant(seed) {
            tried += 1;
            survives(&schema);
        }
    }
    say(&format!("{{\"mutants\": {count}, \"schemas\": {tried}}}"));
    assert!(tried * 2 > count, "most mutants are JSON: {tried} of {count}");
}

#[test]
fn mutated_schemas_are_refused_or_hold_what_they_promise() {
    run(10_000);
}

#[test]
#[ignore = "a million cases take minutes in a debug build: `.ci/run` runs them in a release build"]
fn a_million_mutated_schemas_are_refused_or_hold_what_they_promise() {
    run(1_000_000);
}

/// What a run counted; shown with `--nocapture`.
fn say(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{line}");
}
