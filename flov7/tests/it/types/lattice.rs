//! Unions, intersections, constants and members of types.

use flov7::types::{Additional, MemberLookup, Presence, Type};
use serde_json::json;

use super::lowered;

fn ty(schema: &str) -> Type {
    lowered(schema).upper().clone()
}

#[test]
fn unions_and_intersections_read_well() {
    let table: &[(&str, &str, &str, &str)] = &[
        (r#"{"type":"string"}"#, r#"{"type":"null"}"#, "text or null", "nothing"),
        (r#"{"type":"string"}"#, "{}", "untyped", "text"),
        (r#"{"const":1}"#, r#"{"const":2}"#, "1 or 2", "nothing"),
        (r#"{"const":1}"#, r#"{"type":"number"}"#, "a number", "1"),
        (r#"{"enum":["a","b"]}"#, r#"{"enum":["b","c"]}"#, "\"a\" or \"b\" or \"c\"", "\"b\""),
        (
            r#"{"type":"array","items":{"const":1}}"#,
            r#"{"type":"array","items":{"const":2}}"#,
            "a list of 1 or 2",
            "an empty list",
        ),
        (
            r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}"#,
            r#"{"type":"object","properties":{"b":{"type":"string"}},"required":["b"]}"#,
            "{ a: text } or { b: text }",
            "{ a: text, b: text }",
        ),
        (
            r#"{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}"#,
            r#"{"type":"object","required":["b"]}"#,
            "{ a?: text } or { b: untyped }",
            "nothing",
        ),
        (r##"{"$ref":"#/types/line"}"##, r##"{"$ref":"#/types/line"}"##, "line", "line"),
        (r##"{"$ref":"#/types/line"}"##, "false", "line", "nothing"),
    ];
    for (a, b, union, both) in table {
        let (a, b) = (ty(a), ty(b));
        assert_eq!(a.union(&b).to_string(), *union, "{a} ∪ {b}");
        let met = a.intersect(&b);
        assert_eq!(met.to_string(), *both, "{a} ∩ {b}");
        assert!(met.is_within(&a) && met.is_within(&b), "{a} ∩ {b}");
        assert!(a.is_within(&a.union(&b)) && b.is_within(&a.union(&b)), "{a} ∪ {b}");
    }
}

/// A condition on one kind of values is not lost where values of another kind come beside them.
#[test]
fn a_union_keeps_the_conditions_of_each_side() {
    let table: &[(&str, &str, &str)] = &[
        (r#"{"type":"integer","not":{"const":0}}"#, r#"{"type":"null"}"#, r#"[0]"#),
        (
            r#"{"type":"string","pattern":"^a+$","not":{"const":"a"}}"#,
            r#"{"type":"integer"}"#,
            r#"["a","b"]"#,
        ),
        (
            r#"{"type":"object","if":{"required":["a"]},"then":{"required":["b"]}}"#,
            r#"{"type":"string"}"#,
            r#"[{"a":1}]"#,
        ),
        (r#"{"type":"array","anyOf":[{"minItems":2},{"maxItems":0}]}"#, r#"{"type":"boolean"}"#, "[[1]]"),
    ];
    for (one, other, outside) in table {
        let union = ty(one).union(&ty(other));
        let written = ty(&format!(r#"{{"oneOf":[{one},{other}]}}"#));
        assert!(union.is_within(&written) && written.is_within(&union), "{union} and {written}");
        assert!(ty(one).is_within(&union) && ty(other).is_within(&union), "{union}");
        let outside: Vec<serde_json::Value> = serde_json::from_str(outside).unwrap();
        for value in &outside {
            assert!(!union.contains(value), "{union} and {value}");
        }
    }
    // What is known of the whole is known of each kind of it, and the other way round.
    let both = ty(r#"{"type":["integer","string"],"not":{"const":0}}"#);
    let apart = ty(r#"{"anyOf":[{"type":"integer","not":{"const":0}},{"type":"string","not":{"const":0}}]}"#);
    assert!(both.is_within(&apart) && apart.is_within(&both));
}

#[test]
fn expect_narrows_an_output() {
    let output = ty(
        r#"{"type":"object","properties":{"status":{"type":"integer"},"body":{}},"required":["status","body"]}"#,
    );
    let expect = ty(
        r#"{"properties":{"body":{"type":"object","properties":{"id":{"type":"string"}},"required":["id"]}}}"#,
    );
    let narrowed = output.intersect(&expect);
    assert_eq!(narrowed.to_string(), "{ body: { id: text }, status: a whole number }");
    let MemberLookup::Required(body) = narrowed.member("body") else { panic!("{narrowed}") };
    assert_eq!(body.member("id"), MemberLookup::Required(Type::text()));
}

#[test]
fn members_are_looked_up_over_all_alternatives() {
    let table: &[(&str, &str, &str)] = &[
        (r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}"#, "a", "required text"),
        (r#"{"type":"object","properties":{"a":{"type":"string"}}}"#, "a", "optional text"),
        (r#"{"type":"object","properties":{"a":{"type":"string"}}}"#, "b", "undeclared"),
        (r#"{"type":"object"}"#, "b", "shapeless"),
        ("{}", "b", "shapeless"),
        (r#"{"type":"object","properties":{"a":{}},"additionalProperties":false}"#, "b", "missing"),
        (r#"{"type":"object","properties":{"a":false}}"#, "a", "missing"),
        (r#"{"type":"object","additionalProperties":{"type":"number"}}"#, "b", "optional a number"),
        (
            r#"{"anyOf":[{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]},{"type":"object","properties":{"a":{"type":"null"}},"required":["a"]}]}"#,
            "a",
            "required text or null",
        ),
        (
            r#"{"anyOf":[{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]},{"type":"object","additionalProperties":false}]}"#,
            "a",
            "optional text",
        ),
        // The second may hold anything under that name.
        (
            r#"{"anyOf":[{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]},{"type":"object","properties":{"b":{}}}]}"#,
            "a",
            "optional untyped",
        ),
    ];
    for (schema, name, expected) in table {
        let found = match ty(schema).member(name) {
            MemberLookup::Required(ty) => format!("required {ty}"),
            MemberLookup::Optional(ty) => format!("optional {ty}"),
            MemberLookup::Undeclared => "undeclared".to_owned(),
            MemberLookup::Shapeless => "shapeless".to_owned(),
            MemberLookup::Missing => "missing".to_owned(),
        };
        assert_eq!(found, *expected, "{schema} . {name}");
    }
}

#[test]
fn constants_have_their_own_type_and_widen_to_their_kind() {
    let value = json!({ "count": 0, "name": "x", "done": false, "seen": [1, "a"], "none": null });
    let literal = Type::of_value(&value);
    assert!(literal.contains(&value));
    assert!(
        !literal.contains(&json!({ "count": 1, "name": "x", "done": false, "seen": [1, "a"], "none": null }))
    );
    assert_eq!(
        literal.widen_literals().to_string(),
        "{ count: a whole number, done: true or false, name: text, none: null, … }"
    );
    let wide = literal.widen_numbers();
    assert!(wide.contains(&json!({ "count": 0.5, "name": "y", "done": true, "seen": [], "none": null })));
    assert!(
        !wide.contains(&json!({ "count": 0.5, "name": "y", "done": true, "seen": [null], "none": null }))
    );
    assert!(!wide.contains(&json!({ "count": "x", "name": "y", "done": true, "seen": [], "none": null })));
}

#[test]
fn null_can_be_taken_away() {
    assert_eq!(ty(r#"{"type":["string","null"]}"#).without_null(), Type::text());
    assert!(Type::null().without_null().is_never());
    assert!(Type::untyped().without_null().is_untyped());
    assert_eq!(Type::untyped().to_string(), "untyped");
    assert_eq!(Type::any().to_string(), "any value or null");
}

#[test]
fn types_that_grow_without_end_stay_small() {
    // Each level holds the one before twice: 2^200 parts, were they written out.
    let mut grown = Type::text();
    for _ in 0..200 {
        grown = Type::map(
            [("a", grown.clone(), Presence::Required), ("b", grown, Presence::Required)],
            Additional::Closed,
        );
    }
    assert_eq!(grown, grown.clone().union(&grown));
    assert!(grown.to_string().len() < 200);
    assert!(grown.is_within(&Type::any()));
    let mut nested = Type::text();
    for _ in 0..10_000 {
        nested = Type::list(nested);
    }
    assert!(nested.is_within(&Type::any()));
}
