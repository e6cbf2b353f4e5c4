//! Schemas as types, and what is wrong with schemas.

use flov7::types::{Defs, SchemaFaultKind, lower};
use serde_json::{Value, json};

use super::{defs, lowered, read};

#[test]
fn schemas_read_as_types_in_plain_words() {
    let table: &[(&str, &str, bool)] = &[
        ("{}", "untyped", true),
        ("true", "untyped", true),
        ("false", "nothing", true),
        (r#"{"type":"string"}"#, "text", true),
        (r#"{"type":"integer"}"#, "a whole number", true),
        (r#"{"type":"number"}"#, "a number", true),
        (r#"{"type":"boolean"}"#, "true or false", true),
        (r#"{"type":"null"}"#, "null", true),
        (r#"{"type":["string","null"]}"#, "text or null", true),
        (r#"{"type":"array"}"#, "a list", true),
        (r#"{"type":"array","items":{"type":"string"}}"#, "a list of text", true),
        (r#"{"type":"array","maxItems":0}"#, "an empty list", true),
        (r#"{"type":"object"}"#, "an object", true),
        (r#"{"type":"object","additionalProperties":{"type":"number"}}"#, "an object of a number", true),
        (r##"{"$ref":"#/types/order"}"##, "order", true),
        (r##"{"$ref":"#/types/order","description":"what was ordered"}"##, "order", true),
        (r##"{"type":"array","items":{"$ref":"#/types/tree"}}"##, "a list of tree", true),
        (
            r#"{"type":"object","properties":{"id":{"type":"string"},"n":{"type":"integer"}},"required":["id"]}"#,
            "{ id: text, n?: a whole number }",
            true,
        ),
        (r#"{"enum":["a","b"]}"#, "\"a\" or \"b\"", true),
        (r#"{"enum":["a","b",null,3]}"#, "\"a\" or \"b\" or 3 or null", true),
        (r#"{"const":true}"#, "true", true),
        (r#"{"type":"integer","minimum":2,"maximum":2}"#, "2", true),
        (r#"{"type":"integer","minimum":1.5,"exclusiveMaximum":3}"#, "2", true),
        (r#"{"type":"string","enum":["a",1]}"#, "\"a\"", true),
        (r#"{"type":"string","minLength":3,"maxLength":2}"#, "nothing", true),
        (r#"{"type":"integer","minimum":3,"maximum":2}"#, "nothing", true),
        (r#"{"type":"string","pattern":"^a"}"#, "text", false),
        (r#"{"type":"string","format":"email"}"#, "text", true),
        (r#"{"type":"array","uniqueItems":true}"#, "a list", false),
        (r#"{"type":"string","nullable":true}"#, "text", false),
        (r#"{"type":"string","x-mine":true}"#, "text", true),
        (r#"{"not":{"type":"null"},"type":["string","null"]}"#, "text", true),
        (r#"{"not":{"const":null},"type":["string","null"]}"#, "text", true),
        (r#"{"type":"string","not":{"const":"a"}}"#, "text", false),
        (r#"{"anyOf":[{"type":"string"},{"type":"null"}]}"#, "text or null", true),
        (r#"{"anyOf":[{"type":"number","maximum":1},{"type":"number","minimum":3}]}"#, "a number", false),
        (r#"{"oneOf":[{"type":"string"},{"type":"integer"}]}"#, "text or a whole number", true),
        (r#"{"oneOf":[{"type":"number"},{"type":"integer"}]}"#, "a number", false),
        (r#"{"allOf":[{"type":"integer"},{"minimum":3}]}"#, "a whole number", true),
        (r#"{"allOf":[{"type":"string"},{"type":"null"}]}"#, "nothing", true),
        (
            r##"{"allOf":[{"$ref":"#/types/line"},{"properties":{"price":{"type":"integer"}}}]}"##,
            "{ price: a whole number, quantity: a whole number }",
            true,
        ),
        (
            r#"{"oneOf":[{"type":"object","properties":{"k":{"const":"a"}},"required":["k"]},{"type":"object","properties":{"k":{"const":"b"}},"required":["k"]}]}"#,
            "{ k: \"a\" } or { k: \"b\" }",
            true,
        ),
        (
            r#"{"type":"object","if":{"properties":{"k":{"const":1}}},"then":{"required":["a"]}}"#,
            "{ a: untyped, k?: 1 } or an object",
            false,
        ),
        (
            r#"{"type":"object","patternProperties":{"^x":{"type":"string"}},"additionalProperties":false}"#,
            "an object of text",
            false,
        ),
    ];
    for (schema, expected, exact) in table {
        let lowered = lowered(schema);
        assert_eq!(lowered.upper().to_string(), *expected, "{schema}");
        assert_eq!(lowered.is_exact(), *exact, "{schema} exact");
    }
}

#[test]
fn an_inexact_type_in_reach_makes_a_schema_inexact() {
    let defs = Defs::new([
        ("a", json!({ "type": "object", "properties": { "b": { "$ref": "#/types/b" } } })),
        (
            "b",
            json!({ "type": "object", "properties": { "a": { "$ref": "#/types/a" }, "c": { "pattern": "x" } } }),
        ),
    ]);
    assert!(!lower(&json!({ "$ref": "#/types/a" }), &defs).unwrap().is_exact());
}

#[test]
fn faults_are_all_found_with_their_places() {
    use SchemaFaultKind::{Bad, Remote, UnknownType};
    let table: &[(&str, &[(SchemaFaultKind, &str)])] = &[
        ("1", &[(Bad, "")]),
        ("null", &[(Bad, "")]),
        (r#"{"type":"text"}"#, &[(Bad, "/type")]),
        (r#"{"type":["string","text"]}"#, &[(Bad, "/type/1")]),
        (r#"{"type":[]}"#, &[(Bad, "/type")]),
        (r#"{"type":3}"#, &[(Bad, "/type")]),
        (r#"{"properties":[]}"#, &[(Bad, "/properties")]),
        (
            r#"{"properties":{"a":3,"b":{"type":"x"}}}"#,
            &[(Bad, "/properties/a"), (Bad, "/properties/b/type")],
        ),
        (r#"{"required":"a"}"#, &[(Bad, "/required")]),
        (r#"{"required":[1]}"#, &[(Bad, "/required")]),
        (r#"{"items":[{}]}"#, &[(Bad, "/items")]),
        (r#"{"allOf":[]}"#, &[(Bad, "/allOf")]),
        (r#"{"enum":[]}"#, &[(Bad, "/enum")]),
        (r#"{"minimum":"1"}"#, &[(Bad, "/minimum")]),
        (r#"{"exclusiveMinimum":true}"#, &[(Bad, "/exclusiveMinimum")]),
        (r#"{"multipleOf":0}"#, &[(Bad, "/multipleOf")]),
        (r#"{"minLength":-1}"#, &[(Bad, "/minLength")]),
        (r#"{"minLength":1.5}"#, &[(Bad, "/minLength")]),
        (r#"{"uniqueItems":"yes"}"#, &[(Bad, "/uniqueItems")]),
        (r#"{"pattern":"("}"#, &[(Bad, "/pattern")]),
        (r#"{"pattern":"(?=a)"}"#, &[(Bad, "/pattern")]),
        (r#"{"patternProperties":{"[":{}}}"#, &[(Bad, "/patternProperties/[")]),
        (r#"{"dependentRequired":{"a":"b"}}"#, &[(Bad, "/dependentRequired/a")]),
        (r#"{"unevaluatedProperties":false}"#, &[(Bad, "/unevaluatedProperties")]),
        (r##"{"$dynamicRef":"#a"}"##, &[(Bad, "/$dynamicRef")]),
        (r#"{"$id":"https://example.com/x"}"#, &[]),
        (r#"{"properties":{"a":{"$id":"x"}}}"#, &[(Bad, "/properties/a/$id")]),
        (r#"{"$ref":"https://example.com/x"}"#, &[(Remote, "/$ref")]),
        (r##"{"$ref":"other.json#/a"}"##, &[(Remote, "/$ref")]),
        (r##"{"$ref":"#/types/nothing"}"##, &[(UnknownType, "/$ref")]),
        (r##"{"$ref":"#/$defs/nothing"}"##, &[(Bad, "/$ref")]),
        (r##"{"$ref":"#anchor"}"##, &[(Bad, "/$ref")]),
        (r##"{"$ref":1}"##, &[(Bad, "/$ref")]),
        (r##"{"$ref":"#"}"##, &[(Bad, "/$ref")]),
        (r##"{"anyOf":[{"$ref":"#"},{"type":"null"}]}"##, &[(Bad, "/anyOf/0/$ref")]),
        (
            r##"{"$ref":"#/$defs/a","$defs":{"a":{"allOf":[{"$ref":"#/$defs/b"}]},"b":{"not":{"$ref":"#/$defs/a"}}}}"##,
            &[(Bad, "/$ref")],
        ),
        (r##"{"$defs":{"a":{"type":"nonsense"}}}"##, &[(Bad, "/$defs/a/type")]),
        (r#"{"title":1,"x-any":{"type":"text"},"whatever":[]}"#, &[]),
        // Found by mutation: a reference may lead to where no keyword says that a schema stands.
        (
            r##"{"$ref":"#/$des/t","$des":{"t":{"items":{"$ref":"#/$defs/t"}}}}"##,
            &[(Bad, "/$des/t/items/$ref")],
        ),
        (r##"{"$ref":"#/x-a","x-a":{"type":"text"}}"##, &[(Bad, "/x-a/type")]),
        (r##"{"items":{"$ref":"#/const"},"const":3}"##, &[(Bad, "/const")]),
        (r##"{"$ref":"#/x-a/0","x-a":[{"$ref":"#/x-a/1"},{"pattern":"("}]}"##, &[(Bad, "/x-a/1/pattern")]),
    ];
    for (schema, expected) in table {
        let faults = lower(&read(schema), &defs()).err().unwrap_or_default();
        let found: Vec<(SchemaFaultKind, &str)> =
            faults.iter().map(|fault| (fault.kind, fault.pointer.as_str())).collect();
        assert_eq!(found, *expected, "{schema}");
        assert!(faults.iter().all(|fault| !fault.message.is_empty() && !fault.message.ends_with('.')));
    }
}

#[test]
fn circles_through_named_types_are_found() {
    let defs = Defs::new([
        ("a", json!({ "$ref": "#/types/b" })),
        ("b", json!({ "anyOf": [{ "$ref": "#/types/a" }] })),
    ]);
    let faults = lower(&json!({ "type": "array", "items": { "$ref": "#/types/a" } }), &defs).unwrap_err();
    assert_eq!((faults.len(), faults[0].pointer.as_str()), (1, "/items/$ref"), "{faults:?}");
    // A circle that passes into a member is how trees are written.
    assert!(lower(&json!({ "$ref": "#/types/tree" }), &super::defs()).is_ok());
}

#[test]
fn hostile_schemas_cost_bounded_work() {
    // Deep nesting.
    let mut deep = json!({ "type": "string" });
    for _ in 0..5_000 {
        deep = Value::Object([("items".to_owned(), deep)].into_iter().collect());
    }
    let faults = lower(&deep, &Defs::none()).unwrap_err();
    assert_eq!(faults.len(), 1, "{faults:?}");
    flov7::json::discard(deep);

    // Doubling through references, in place.
    let mut doubling = serde_json::Map::new();
    for level in 0..50 {
        let next = format!("#/$defs/d{}", level + 1);
        doubling.insert(
            format!("d{level}"),
            json!({ "allOf": [{ "$ref": next }, { "$ref": next, "minLength": 1 }] }),
        );
    }
    doubling.insert("d50".to_owned(), json!({ "type": "string" }));
    let schema = json!({ "$ref": "#/$defs/d0", "$defs": doubling, "title": "doubling" });
    let lowered = lower(&schema, &Defs::none()).unwrap();
    assert!(lowered.upper().contains(&json!("x")) || !lowered.is_exact());

    // Many alternatives, each different.
    let parts: Vec<Value> = (0..2_000)
        .map(|n| json!({ "type": "object", "properties": { (format!("p{n}")): { "type": "string" } }, "required": [format!("p{n}")] }))
        .collect();
    let lowered = lower(&json!({ "oneOf": parts }), &Defs::none()).unwrap();
    assert!(!lowered.is_exact());

    // A large enum.
    let values: Vec<Value> = (0..50_000).map(|n| json!(format!("v{n}"))).collect();
    let lowered = lower(&json!({ "enum": values }), &Defs::none()).unwrap();
    assert!(!lowered.is_exact());
    assert!(lowered.upper().contains(&json!("v49999")) && !lowered.upper().contains(&json!("v50000")));
}
