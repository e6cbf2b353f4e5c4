//! Values against schemas, keyword by keyword.

use flov7::types::{Defs, MAX_VIOLATIONS, SchemaChecker};
use serde_json::{Value, json};

use super::{checker, defs, read};

/// Schema, values that conform, values that do not.
const TABLE: &[(&str, &[&str], &[&str])] = &[
    ("true", &["null", "1", "{}"], &[]),
    ("{}", &["null", "1", "{}"], &[]),
    ("false", &[], &["null", "1", "{}"]),
    // type
    (r#"{"type":"null"}"#, &["null"], &["0", "\"\"", "false", "[]", "{}"]),
    (r#"{"type":"boolean"}"#, &["true", "false"], &["0", "null", "\"true\""]),
    (
        r#"{"type":"integer"}"#,
        &["1", "1.0", "-3", "1e3", "1e300", "18446744073709551615"],
        &["1.1", "\"1\"", "null"],
    ),
    (r#"{"type":"number"}"#, &["1", "1.1", "-1e-7"], &["\"1\"", "true", "[1]"]),
    (r#"{"type":"string"}"#, &["\"\"", "\"1\""], &["1", "null", "{}"]),
    (r#"{"type":"array"}"#, &["[]", "[1]"], &["{}", "null"]),
    (r#"{"type":"object"}"#, &["{}", "{\"a\":1}"], &["[]", "\"{}\""]),
    (r#"{"type":["integer","string"]}"#, &["1", "\"a\""], &["1.5", "null", "[]"]),
    (r#"{"type":["integer","number"]}"#, &["1", "1.5"], &["null"]),
    // const and enum: exact equality
    (r#"{"const":1}"#, &["1", "1.0"], &["2", "true", "\"1\""]),
    (r#"{"const":0}"#, &["0", "0.0", "-0.0"], &["false", "null", "[]"]),
    (r#"{"const":false}"#, &["false"], &["0", "null"]),
    (r#"{"const":{"a":1,"b":[2]}}"#, &[r#"{"b":[2.0],"a":1}"#], &[r#"{"a":1}"#, r#"{"a":1,"b":[2],"c":3}"#]),
    (r#"{"const":9007199254740993}"#, &["9007199254740993"], &["9007199254740992", "9007199254740994"]),
    (r#"{"enum":[1,"a",null,[false]]}"#, &["1", "\"a\"", "null", "[false]"], &["2", "\"b\"", "[0]", "false"]),
    // numbers
    (r#"{"minimum":1.1}"#, &["1.1", "2", "\"x\""], &["1", "1.09"]),
    (r#"{"maximum":3}"#, &["3", "-1", "null"], &["3.0000001", "4"]),
    (r#"{"exclusiveMinimum":1}"#, &["1.0001", "2"], &["1", "1.0", "0"]),
    (r#"{"exclusiveMaximum":3}"#, &["2.9999"], &["3", "4"]),
    (r#"{"minimum":9007199254740993}"#, &["9007199254740993"], &["9007199254740992"]),
    (r#"{"maximum":18446744073709551615}"#, &["18446744073709551615"], &["2e19"]),
    (r#"{"multipleOf":2}"#, &["4", "0", "-6", "\"x\""], &["3", "1.5"]),
    (r#"{"multipleOf":0.01}"#, &["19.99", "1.1", "0.29", "4.35"], &["0.001"]),
    (r#"{"multipleOf":1e-8}"#, &["12391239123"], &["1e-9"]),
    // texts: code points
    (r#"{"minLength":2}"#, &["\"ab\"", "1"], &["\"a\"", "\"😀\""]),
    (r#"{"maxLength":2}"#, &["\"ab\"", "\"😀😀\"", "100"], &["\"abc\""]),
    (r#"{"minLength":2.0}"#, &["\"ab\""], &["\"a\""]),
    (r#"{"pattern":"^a*$"}"#, &["\"aaa\"", "\"\"", "1", "{}"], &["\"abc\""]),
    (r#"{"pattern":"a+"}"#, &["\"xxaayy\""], &["\"b\""]),
    (r#"{"format":"email"}"#, &["\"no address\"", "1"], &[]),
    (r#"{"format":"date-time"}"#, &["\"tomorrow\""], &[]),
    // lists
    (r#"{"items":{"type":"integer"}}"#, &["[1,2]", "[]", "{\"0\":\"x\"}"], &["[1,\"x\"]"]),
    (r#"{"items":false}"#, &["[]"], &["[1]"]),
    (
        r#"{"prefixItems":[{"type":"integer"},{"type":"string"}]}"#,
        &["[1,\"a\"]", "[1]", "[]", "[1,\"a\",null]"],
        &["[\"a\"]", "[1,1]"],
    ),
    (r#"{"prefixItems":[true],"items":false}"#, &["[]", "[1]"], &["[1,2]"]),
    (r#"{"prefixItems":[{}],"items":{"type":"integer"}}"#, &["[\"x\",1,2]"], &["[\"x\",\"y\"]"]),
    (r#"{"minItems":1}"#, &["[1]", "\"\""], &["[]"]),
    (r#"{"maxItems":1}"#, &["[]", "[1]"], &["[1,2]"]),
    (
        r#"{"uniqueItems":true}"#,
        &["[1,2]", "[1,true]", "[{\"a\":1},{\"a\":2}]", "[[1],[true]]", "[0,false]"],
        &["[1,1]", "[1,1.0]", "[{\"a\":1,\"b\":2},{\"b\":2,\"a\":1}]", "[\"a\",\"b\",\"a\"]"],
    ),
    (r#"{"uniqueItems":false}"#, &["[1,1]"], &[]),
    (r#"{"contains":{"minimum":5}}"#, &["[3,5]", "[5,6]", "{}"], &["[]", "[1,2]"]),
    (r#"{"contains":{"const":1},"minContains":2}"#, &["[1,1]", "[1,2,1]"], &["[1]", "[]"]),
    (r#"{"contains":{"const":1},"maxContains":1}"#, &["[1]", "[1,2]"], &["[1,1]", "[]", "[2]"]),
    (r#"{"contains":{"const":1},"minContains":0}"#, &["[]", "[2]"], &[]),
    (r#"{"minContains":2}"#, &["[]"], &[]),
    // objects
    (
        r#"{"properties":{"a":{"type":"integer"}}}"#,
        &["{}", "{\"a\":1}", "{\"b\":\"x\"}", "[]", "12"],
        &["{\"a\":\"x\"}"],
    ),
    (r#"{"properties":{"a":false}}"#, &["{}"], &["{\"a\":1}"]),
    (r#"{"required":["a"]}"#, &["{\"a\":null}", "[]", "\"\""], &["{}", "{\"b\":1}"]),
    (r#"{"required":[]}"#, &["{}"], &[]),
    (r#"{"properties":{"a":{}},"additionalProperties":false}"#, &["{}", "{\"a\":1}", "1"], &["{\"b\":1}"]),
    (r#"{"additionalProperties":{"type":"boolean"}}"#, &["{\"x\":true}"], &["{\"x\":1}"]),
    (
        r#"{"properties":{"a":{}},"patternProperties":{"^v":{}},"additionalProperties":false}"#,
        &["{\"a\":1,\"vw\":2}"],
        &["{\"b\":1}"],
    ),
    (
        r#"{"patternProperties":{"f.*o":{"type":"integer"}}}"#,
        &["{\"foo\":1}", "{\"x\":\"y\"}"],
        &["{\"foo\":\"x\",\"fooooo\":2}"],
    ),
    (
        r#"{"properties":{"foo":{"maxLength":3}},"patternProperties":{"f":{"minLength":2}}}"#,
        &["{\"foo\":\"ab\"}"],
        &["{\"foo\":\"a\"}", "{\"foo\":\"abcd\"}"],
    ),
    (r#"{"propertyNames":{"maxLength":3}}"#, &["{\"abc\":1}", "{}"], &["{\"abcd\":1}"]),
    (r#"{"propertyNames":false}"#, &["{}"], &["{\"a\":1}"]),
    (r#"{"minProperties":1}"#, &["{\"a\":1}", "[]"], &["{}"]),
    (r#"{"maxProperties":1}"#, &["{}", "{\"a\":1}"], &["{\"a\":1,\"b\":2}"]),
    (r#"{"dependentRequired":{"a":["b"]}}"#, &["{}", "{\"b\":1}", "{\"a\":1,\"b\":2}"], &["{\"a\":1}"]),
    (r#"{"dependentSchemas":{"a":{"required":["b"]}}}"#, &["{}", "{\"a\":1,\"b\":2}"], &["{\"a\":1}"]),
    // combinations
    (r#"{"allOf":[{"minimum":2},{"maximum":4}]}"#, &["3", "\"x\""], &["1", "5"]),
    (r#"{"anyOf":[{"type":"integer"},{"minimum":2}]}"#, &["1", "2.5", "\"x\""], &["1.5"]),
    (r#"{"oneOf":[{"type":"integer"},{"minimum":2}]}"#, &["1", "2.5"], &["3", "1.5"]),
    (r#"{"oneOf":[true,true]}"#, &[], &["1"]),
    (r#"{"not":{"type":"integer"}}"#, &["\"x\"", "1.5"], &["1"]),
    (r#"{"not":{"not":{"type":"integer"}}}"#, &["1"], &["\"x\""]),
    (r#"{"not":{}}"#, &[], &["1", "null"]),
    (r#"{"if":{"minimum":10},"then":{"multipleOf":5},"else":{"multipleOf":3}}"#, &["15", "9"], &["11", "5"]),
    (r#"{"if":{"const":0},"then":false}"#, &["1"], &["0"]),
    (r#"{"then":false}"#, &["1"], &[]),
    (r#"{"minimum":1,"anyOf":[{"maximum":3},{"const":9}]}"#, &["2", "9"], &["0", "4"]),
    // references
    (
        r##"{"$ref":"#/types/line"}"##,
        &[r#"{"quantity":1,"price":2.5}"#],
        &[r#"{"quantity":1.5,"price":2}"#, "{}"],
    ),
    (
        r##"{"$ref":"#/$defs/a","minimum":3,"$defs":{"a":{"type":"number","maximum":5}}}"##,
        &["4"],
        &["2", "6", "\"x\""],
    ),
    (
        r##"{"properties":{"child":{"$ref":"#"}},"additionalProperties":false}"##,
        &[r#"{"child":{"child":{}}}"#],
        &[r#"{"child":{"x":1}}"#],
    ),
    (r##"{"$ref":"#/$defs/a~1b%25","$defs":{"a/b%":{"type":"null"}}}"##, &["null"], &["1"]),
    (
        r##"{"properties":{"a":{"type":"integer"},"b":{"$ref":"#/properties/a"}}}"##,
        &["{\"b\":1}"],
        &["{\"b\":\"x\"}"],
    ),
    (
        r##"{"$ref":"#/types/tree"}"##,
        &[r#"{"name":"a","children":[{"name":"b","children":[]}]}"#],
        &[r#"{"name":"a","children":[{"name":1,"children":[]}]}"#],
    ),
    // annotations and unknown keywords constrain nothing
    (
        r#"{"title":"t","description":"d","default":1,"examples":[1],"$comment":"c","deprecated":true,"readOnly":true,"x-flov7-sensitive":true,"contentEncoding":"base64","whatever":{"type":"null"}}"#,
        &["1", "\"x\""],
        &[],
    ),
];

#[test]
fn values_conform_as_json_schema_says() {
    for (schema, good, bad) in TABLE {
        let checker = checker(schema);
        for value in *good {
            assert_eq!(checker.check(&read(value)), Ok(()), "{value} against {schema}");
            assert!(checker.accepts(&read(value)), "{value} against {schema}");
        }
        for value in *bad {
            assert!(checker.check(&read(value)).is_err(), "{value} conforms to {schema}");
            assert!(!checker.accepts(&read(value)), "{value} conforms to {schema}");
        }
    }
}

#[test]
fn types_contain_what_conforms() {
    for (schema, good, bad) in TABLE {
        let lowered = super::lowered(schema);
        for value in *good {
            assert!(lowered.upper().contains(&read(value)), "{value} is not in {schema}");
        }
        for value in *bad {
            // The bound may be loose, but opaque facets decide single values exactly.
            assert!(!lowered.upper().contains(&read(value)), "{value} is in {schema}");
        }
    }
}

#[test]
fn violations_say_where_and_what() {
    let schema = json!({ "type": "object", "required": ["id", "lines"], "additionalProperties": false, "properties": {
        "id": { "type": "string", "minLength": 1 }, "lines": { "type": "array", "items": { "$ref": "#/types/line" } },
        "state": { "enum": ["open", "done"] }, "total": { "type": ["number", "null"], "minimum": 0 },
        "a/b": { "anyOf": [{ "type": "string" }, { "type": "object", "required": ["x"] }] } } });
    let checker = SchemaChecker::compile(&schema, &defs()).unwrap();
    let value = json!({ "id": "", "lines": [{ "quantity": 1.5, "price": true, "note": 1 }], "state": "late",
        "total": -1, "a/b": {}, "more": 1 });
    let said: Vec<(String, String, String)> = checker
        .check(&value)
        .unwrap_err()
        .into_iter()
        .map(|violation| (violation.pointer, violation.schema_pointer, violation.message))
        .collect();
    let expected = [
        ("/a~1b", "/properties/a~1b/anyOf/1/required", "must have the member `x`"),
        ("/id", "/properties/id/minLength", "must have at least 1 character, and has 0"),
        ("/lines/0", "/types/line/additionalProperties", "has the member `note`, which is not allowed"),
        ("/lines/0/price", "/types/line/properties/price/type", "must be a number, and is true or false"),
        ("/lines/0/quantity", "/types/line/properties/quantity/type", "must be a whole number, and is not"),
        ("", "/additionalProperties", "has the member `more`, which is not allowed"),
        ("/state", "/properties/state/enum", "must be one of \"open\", \"done\""),
        ("/total", "/properties/total/minimum", "must be at least 0"),
    ];
    let expected: Vec<(String, String, String)> =
        expected.iter().map(|(a, b, c)| (a.to_string(), b.to_string(), c.to_string())).collect();
    assert_eq!(said.len(), expected.len(), "{said:#?}");
    for one in &expected {
        assert!(said.contains(one), "missing {one:?} in {said:#?}");
    }
}

#[test]
fn violations_are_capped() {
    let checker = checker(r#"{"items":{"type":"string"}}"#);
    let value = Value::Array(vec![json!(1); 1_000]);
    assert_eq!(checker.check(&value).unwrap_err().len(), MAX_VIOLATIONS);
}

fn nested(levels: usize, inner: Value) -> Value {
    let mut value = inner;
    for _ in 0..levels {
        // Not json!(), which copies what it is given.
        let members = [("name".to_owned(), json!("x")), ("next".to_owned(), value)];
        value = Value::Object(members.into_iter().collect());
    }
    value
}

#[test]
fn deep_values_cost_no_thread_stack() {
    let checker = checker(r##"{"$ref":"#/types/node"}"##);
    let deep = nested(100_000, json!({ "name": "end" }));
    assert_eq!(checker.check(&deep), Ok(()));
    flov7::json::discard(deep);
    let deep = nested(100_000, json!({ "name": 1 }));
    let violations = checker.check(&deep).unwrap_err();
    assert_eq!(violations[0].pointer.len(), "/next".len() * 100_000 + "/name".len());
    flov7::json::discard(deep);
}

#[test]
fn deep_alternatives_are_checked_up_to_a_bound() {
    let schema = r##"{"anyOf":[{"type":"null"},{"type":"object","properties":{"next":{"$ref":"#"}}}]}"##;
    let checker = checker(schema);
    assert_eq!(checker.check(&nested(120, Value::Null)), Ok(()));
    assert!(!checker.accepts(&nested(120, json!(1))));
    let deep = nested(100_000, Value::Null);
    let violations = checker.check(&deep).unwrap_err();
    assert!(violations.iter().any(|violation| violation.message.contains("too deeply")), "{violations:?}");
    flov7::json::discard(deep);
}

#[test]
fn giving_up_is_never_a_yes() {
    // With `not` at every level, a "cannot tell" below must not turn into a yes above.
    let checker = checker(r##"{"not":{"type":"object","properties":{"next":{"$ref":"#"}}}}"##);
    for levels in [128, 129, 130, 131, 5_000, 5_001] {
        let deep = nested(levels, json!({}));
        assert!(!checker.accepts(&deep), "{levels}");
        flov7::json::discard(deep);
    }
}

#[test]
fn multiplying_alternatives_end() {
    // Each level is held twice against the same value: 2^30 rules without a bound.
    let mut defs = serde_json::Map::new();
    for level in 0..30 {
        let next = format!("#/$defs/d{}", level + 1);
        defs.insert(format!("d{level}"), json!({ "allOf": [{ "$ref": next }, { "$ref": next }] }));
    }
    defs.insert("d30".to_owned(), json!({ "type": "string" }));
    let schema = json!({ "$ref": "#/$defs/d0", "$defs": defs });
    let checker = SchemaChecker::compile(&schema, &Defs::none()).unwrap();
    let violations = checker.check(&json!("x")).unwrap_err();
    assert!(violations.iter().any(|violation| violation.message.contains("too much work")), "{violations:?}");
}
