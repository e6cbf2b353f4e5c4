//! Schemas that were made to hurt: bounded work, a finding or an honest answer, never a panic.
//!
//! What each costs is counted beside the code (`types/work.rs`); here everything that can be done with a schema is
//! done with each. Without the bounds these tests would overflow the stack or not end.

use flov7::types::{Assign, Defs, Lowered, SchemaChecker, SchemaFaultKind, Type, assign, lower, sample};
use serde_json::{Map, Value, json};

/// Does everything that can be done with a schema; what an answer promises is held against the checker.
pub(super) fn survives(schema: &Value) {
    let lowered = match lower(schema, &Defs::none()) {
        Ok(lowered) => lowered,
        Err(faults) => {
            assert!(!faults.is_empty());
            assert!(faults.iter().all(|fault| !fault.message.is_empty() && fault.message.len() < 4_096));
            assert!(SchemaChecker::compile(schema, &Defs::none()).is_err());
            return;
        }
    };
    let checker = SchemaChecker::compile(schema, &Defs::none()).expect("what is lowered compiles");
    assert!(lowered.upper().to_string().len() < 65_536);
    let _ = lowered.is_exact();
    let mut values =
        vec![json!(null), json!(0), json!("a"), json!([]), json!({}), json!({ "a": { "a": 1 } })];
    if let Ok(value) = sample(schema, &Defs::none()) {
        assert!(checker.accepts(&value), "{value} is no sample");
        values.push(value);
    }
    for value in &values {
        if checker.accepts(value) {
            assert!(lowered.upper().contains(value), "{value} is not in the upper bound");
        }
        assert_eq!(checker.accepts(value), checker.check(value).is_ok());
    }
    for honest in honest() {
        let other = lower(&honest, &Defs::none()).expect("an honest schema");
        let takes = SchemaChecker::compile(&honest, &Defs::none()).expect("an honest schema");
        for (from, accepts, to, wanted) in
            [(&lowered, &checker, &other, &takes), (&other, &takes, &lowered, &checker)]
        {
            match assign(from, to) {
                Assign::Yes => {
                    let bad = values.iter().find(|value| accepts.accepts(value) && !wanted.accepts(value));
                    assert!(bad.is_none(), "yes, and {bad:?} goes wrong ({honest})");
                }
                Assign::No { witness } => {
                    assert!(
                        accepts.accepts(&witness) && !wanted.accepts(&witness),
                        "{witness} proves nothing"
                    );
                }
                _ => {}
            }
        }
        let _ = assign(&Lowered::computed(other.upper().clone()), &lowered);
        let _ = lowered.upper().union(other.upper()).intersect(lowered.upper()).widen_literals();
    }
    assert!(!matches!(assign(&lowered, &lowered), Assign::No { .. }));
}

fn honest() -> Vec<Value> {
    vec![
        json!({}),
        json!({ "type": "string", "minLength": 1 }),
        json!({ "type": "integer", "minimum": 0 }),
        json!({ "type": "array", "items": { "type": "string" } }),
        json!({ "type": "object", "properties": { "a": { "type": "string" }, "b": {} }, "required": ["a"] }),
        json!({ "type": "object", "additionalProperties": false }),
    ]
}

fn defs(count: usize, level: impl Fn(Value) -> Value, last: Value) -> Value {
    let mut defs = Map::new();
    for at in 0..count {
        defs.insert(format!("d{at}"), level(json!({ "$ref": format!("#/$defs/d{}", at + 1) })));
    }
    defs.insert(format!("d{count}"), last);
    json!({ "$ref": "#/$defs/d0", "$defs": defs })
}

#[test]
fn recursion_while_a_schema_is_lowered_ends() {
    let again = json!({ "$ref": "#/$defs/z" });
    for z in [
        // Found by the comparison with a peer: joining what patterns say opened the schema that was being opened.
        json!({ "patternProperties": { "^a": again, "^b": { "type": "integer" } }, "additionalProperties": false }),
        json!({ "patternProperties": { "^a": again }, "additionalProperties": { "type": "integer" } }),
        json!({ "properties": { "a": again }, "const": { "a": { "a": { "a": { "a": 1 } } } } }),
        json!({ "properties": { "a": again }, "enum": [{ "a": { "a": 1 } }, { "a": { "a": { "a": 2 } } }] }),
        json!({ "allOf": [{ "properties": { "a": again } }, { "properties": { "a": { "type": "object" } } }] }),
        json!({ "allOf": [{ "properties": { "a": again, "b": again } }, { "properties": { "a": again, "b": {} } }] }),
        json!({ "oneOf": [{ "properties": { "a": again }, "required": ["a"] }, { "properties": { "a": { "required": ["b"] } } }] }),
        json!({ "if": { "properties": { "a": again } }, "then": { "properties": { "a": { "required": ["a"] } } }, "else": { "items": again } }),
        json!({ "anyOf": [{ "items": again }, { "items": { "type": "array", "items": again } }] }),
        json!({ "items": again, "contains": again, "minContains": 2, "uniqueItems": true }),
        json!({ "type": "object", "required": ["a", "b"], "properties": { "a": again, "b": again } }),
        json!({ "properties": { "a": { "not": again } } }),
    ] {
        survives(&json!({ "$ref": "#/$defs/z", "$defs": { "z": z } }));
        survives(&json!({ "$ref": "#/$defs/z", "minProperties": 1, "$defs": { "z": z } }));
    }
}

#[test]
fn mutual_recursion_ends() {
    let to = |name: &str| json!({ "$ref": format!("#/$defs/{name}") });
    survives(&json!({ "$ref": "#/$defs/p", "$defs": {
        "p": { "allOf": [{ "properties": { "a": to("q") } }, { "properties": { "a": to("r") } }] },
        "q": { "allOf": [{ "properties": { "a": to("r") } }, { "properties": { "a": to("p") } }] },
        "r": { "anyOf": [{ "properties": { "a": to("p") }, "required": ["a"] }, { "properties": { "a": to("q") } }] } } }));
}

#[test]
fn chains_of_references_are_followed_so_far_and_no_further() {
    let chain = |length: usize| defs(length, |next| next, json!({ "type": "string" }));
    survives(&chain(60));
    let integer = lower(&json!({ "type": "integer" }), &Defs::none()).unwrap();
    let text = lower(&chain(60), &Defs::none()).unwrap();
    assert!(matches!(assign(&integer, &text), Assign::No { .. }));
    for length in [70, 20_000] {
        let faults = lower(&chain(length), &Defs::none()).unwrap_err();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(faults[0].kind, SchemaFaultKind::Bad);
        assert!(faults[0].message.contains("more than 64 references"), "{}", faults[0].message);
        survives(&chain(length));
    }
    survives(&defs(20_000, |next| json!({ "allOf": [next], "minLength": 1 }), json!({})));
}

#[test]
fn loops_of_references_are_a_finding() {
    for schema in [
        json!({ "$ref": "#" }),
        json!({ "$ref": "#/$defs/a", "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "$ref": "#/$defs/a" } } }),
        json!({ "not": { "$ref": "#" } }),
        json!({ "if": { "$ref": "#" }, "then": {} }),
        json!({ "dependentSchemas": { "a": { "oneOf": [{ "$ref": "#" }] } } }),
        json!({ "$ref": "#/allOf/0", "allOf": [{ "$ref": "#/anyOf/0" }], "anyOf": [{ "$ref": "#" }] }),
    ] {
        let faults = lower(&schema, &Defs::none()).unwrap_err();
        assert!(faults.iter().any(|fault| fault.message.contains("comes back to itself")), "{faults:?}");
        survives(&schema);
    }
}

#[test]
fn products_of_alternatives_stay_small() {
    let any: Vec<Value> = (0..12)
        .map(|at| {
            let some: Vec<Value> = (0..8)
                .map(|n| json!({ "properties": { (format!("p{at}_{n}")): { "const": n } }, "required": [format!("p{at}_{n}")] }))
                .collect();
            json!({ "anyOf": some })
        })
        .collect();
    survives(&json!({ "type": "object", "allOf": any }));
}

#[test]
fn products_of_alternatives_through_references_stay_small() {
    let each = |next: Value| json!({ "allOf": [{ "anyOf": [next, { "required": ["a"] }] }, { "anyOf": [{ "required": ["b"] }, next] }] });
    survives(&defs(9, each, json!({ "type": "object" })));
}

#[test]
fn negations_and_alternatives_within_each_other_stay_small() {
    let nots = (0..60).fold(json!({ "type": "string" }), |inner, _| json!({ "not": inner }));
    survives(&nots);
    let ones = (0..12).fold(json!({ "type": "string" }), |inner, _| json!({ "oneOf": [inner, inner] }));
    survives(&ones);
}

#[test]
fn types_that_share_what_they_open_to_are_not_spelt_out() {
    // One value, with three to the power of thirty parts.
    let level = |next: Value| {
        json!({ "type": "object", "required": ["a", "b", "c"], "additionalProperties": false,
        "properties": { "a": next, "b": next, "c": next } })
    };
    survives(&defs(30, level, json!({ "const": 1 })));
    // Sixty members, each of which has sixty members.
    let mut all = Map::new();
    for at in 0..60 {
        let members: Map<String, Value> = (0..60)
            .map(|n| (format!("m{n}"), json!({ "$ref": format!("#/$defs/d{}", (at + n) % 60) })))
            .collect();
        all.insert(format!("d{at}"), json!({ "type": "object", "properties": members }));
    }
    survives(&json!({ "$ref": "#/$defs/d0", "$defs": all }));
}

/// Found by the comparison with a peer: a type that is too large to be described was taken for exact.
#[test]
fn a_type_that_is_too_large_to_be_described_proves_nothing() {
    let nested = |schema: Value| {
        json!({ "$ref": "#/$defs/x", "$defs": { "x": { "required": ["id"],
        "additionalProperties": { "$ref": "#/$defs/x", "exclusiveMinimum": schema } } } })
    };
    let (five, six) = (nested(json!(5)), nested(json!(6)));
    let deep = |number: i64| (0..12).fold(json!(number), |inner, _| json!({ "id": inner }));
    survives(&five);
    let (from, to) = (lower(&five, &Defs::none()).unwrap(), lower(&six, &Defs::none()).unwrap());
    assert!(!from.is_exact() && from.upper().contains(&deep(6)));
    for number in [5, 6] {
        let checker = SchemaChecker::compile(&five, &Defs::none()).unwrap();
        assert_eq!(checker.accepts(&deep(number)), number == 6);
    }
    assert_ne!(assign(&from, &to), Assign::Yes);
    assert_ne!(
        assign(&lower(&json!({ "type": "object", "required": ["id"] }), &Defs::none()).unwrap(), &to),
        Assign::Yes
    );
}

#[test]
fn many_alternatives_and_values_are_described_together() {
    let maps: Vec<Value> = (0..800)
        .map(|n| json!({ "type": "object", "properties": { (format!("p{n}")): { "type": "integer" } }, "required": [format!("p{n}")] }))
        .collect();
    survives(&json!({ "oneOf": maps.clone() }));
    survives(&json!({ "anyOf": maps }));
    let objects: Vec<Value> = (0..5_000).map(|n| json!({ "id": n, "name": format!("n{n}") })).collect();
    survives(&json!({ "enum": objects }));
    let lists: Vec<Value> = (0..1_500).map(|n| json!([n, [n]])).collect();
    survives(&json!({ "enum": lists }));
}

#[test]
fn numbers_at_the_ends_are_exact() {
    for schema in [
        json!({ "type": "integer", "minimum": 1e308 }),
        json!({ "type": "integer", "maximum": -1e308 }),
        json!({ "type": "integer", "exclusiveMinimum": u64::MAX }),
        json!({ "type": "integer", "minimum": i64::MIN, "maximum": u64::MAX }),
        json!({ "type": "number", "minimum": -1.797_693_134_862_315_7e308, "maximum": 1.797_693_134_862_315_7e308 }),
        json!({ "type": "number", "multipleOf": 5e-324 }),
        json!({ "type": "number", "multipleOf": 1e308 }),
        json!({ "type": "string", "minLength": 1e300 }),
        json!({ "type": "string", "maxLength": u64::MAX }),
        json!({ "type": "array", "minItems": u64::MAX, "items": { "const": 1 } }),
        json!({ "type": "object", "minProperties": u64::MAX }),
        json!({ "contains": {}, "minContains": u64::MAX, "maxContains": 1e300 }),
        json!({ "enum": [u64::MAX, i64::MIN, 1e308, -1e308, 5e-324, 9_007_199_254_740_993_i64, 9_007_199_254_740_992.0] }),
    ] {
        survives(&schema);
    }
    // Found by the comparison with a peer: whole ends beyond 128 bits were cut down to them.
    let cases = [
        (json!({ "type": "integer", "minimum": 1e300 }), json!(9.999_999_999_999_999e299), false),
        (json!({ "type": "integer", "exclusiveMaximum": 1e300 }), json!(9.999_999_999_999_999e299), true),
        (json!({ "type": "integer", "minimum": -1e300 }), json!(-1e300), true),
        (json!({ "type": "integer", "exclusiveMaximum": -1e300 }), json!(-1e300), false),
    ];
    for (schema, value, inside) in cases {
        let lowered = lower(&schema, &Defs::none()).unwrap();
        assert_eq!(lowered.upper().contains(&value), inside, "{value} in {schema}");
    }
}

#[test]
fn patterns_cost_linear_time() {
    for pattern in
        ["(a*)*b", "(a|a)*b", "(a|aa)+$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(x+x+)+y", "(.*)*(.*)*(.*)*!"]
    {
        survives(&json!({ "type": "string", "pattern": pattern }));
        survives(
            &json!({ "patternProperties": { pattern: { "type": "string" } }, "additionalProperties": false }),
        );
        let checker =
            SchemaChecker::compile(&json!({ "type": "string", "pattern": pattern }), &Defs::none()).unwrap();
        let _ = checker.accepts(&Value::from("a".repeat(20_000)));
    }
    for pattern in ["((a{1000}){1000}){1000}", "(?=a)", "(a)\\1", &"(".repeat(50_000), &"a|".repeat(50_000)] {
        let schema = json!({ "pattern": pattern });
        assert!(lower(&schema, &Defs::none()).is_err(), "{}", pattern.get(..40).unwrap_or(pattern));
        survives(&schema);
    }
}

#[test]
fn names_are_compared_as_they_are_written() {
    let twins = [
        ("é", "e\u{301}"),
        ("a", "а"),
        ("a", "a\u{200b}"),
        ("ﬁ", "fi"),
        ("a\u{202e}b", "ab"),
        ("a\0", "a"),
        ("ß", "SS"),
        ("a/b", "a~1b"),
        ("~", "~0"),
        ("%41", "A"),
        ("$ref", "ref"),
        ("__proto__", "proto"),
        ("", " "),
    ];
    for (one, other) in twins {
        let closed = |name: &str| json!({ "type": "object", "properties": { name: { "type": "integer" } }, "required": [name], "additionalProperties": false });
        survives(&closed(one));
        let (from, to) =
            (lower(&closed(one), &Defs::none()).unwrap(), lower(&closed(other), &Defs::none()).unwrap());
        assert_eq!(assign(&from, &from), Assign::Yes);
        assert_eq!(assign(&from, &to), Assign::No { witness: json!({ one: 0 }) }, "{one:?} is not {other:?}");
        let defined = json!({ "$ref": format!("#/$defs/{}", one.replace('%', "%25").replace('~', "~0").replace('/', "~1")),
            "$defs": { one: { "type": "integer" } } });
        assert!(lower(&defined, &Defs::none()).unwrap().upper().contains(&json!(1)), "{one:?}");
    }
}

#[test]
fn deep_schemas_are_a_finding() {
    for keyword in ["items", "not", "additionalProperties", "if", "contains"] {
        let mut deep = json!({ "type": "string" });
        for _ in 0..3_000 {
            // Moved, never copied: a copy would go as deep as the value.
            deep = Value::Object([(keyword.to_owned(), deep)].into_iter().collect());
        }
        let faults = lower(&deep, &Defs::none()).unwrap_err();
        assert_eq!(faults.len(), 1, "{keyword}: {faults:?}");
        flov7::json::discard(deep);
        let just = (0..60).fold(json!({ "type": "string" }), |inner, _| json!({ keyword: inner }));
        survives(&just);
    }
    let deep = (0..60).fold(Type::text(), |inner, _| Type::list(inner));
    assert!(deep.is_within(&deep.widen_literals()));
}
