//! Made-up values.

use flov7::types::{NoSample, sample};

use super::{checker, defs, read};

#[test]
fn samples_are_the_smallest_that_conform() {
    let table: &[(&str, &str)] = &[
        ("{}", "null"),
        (r#"{"type":"string"}"#, "\"\""),
        (r#"{"type":"integer"}"#, "0"),
        (r#"{"type":"number","minimum":5}"#, "5"),
        (r#"{"type":"number","exclusiveMinimum":0}"#, "1"),
        (r#"{"type":"number","exclusiveMinimum":0,"maximum":0.5}"#, "0.5"),
        (r#"{"type":"integer","minimum":10,"multipleOf":7}"#, "14"),
        (r#"{"type":"boolean"}"#, "false"),
        (r#"{"type":"array","items":{"type":"string"}}"#, "[]"),
        (r#"{"type":"array","items":{"type":"string"},"minItems":2}"#, "[\"\",\"\"]"),
        (r#"{"type":"array","items":{"type":"integer"},"minItems":2,"uniqueItems":true}"#, "[0,1]"),
        (
            r#"{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"}},"required":["b"]}"#,
            r#"{"b":0}"#,
        ),
        (
            r#"{"type":"object","minProperties":1,"additionalProperties":{"type":"integer"}}"#,
            r#"{"member_1":0}"#,
        ),
        (r#"{"type":"object","properties":{"a":{"type":"null"}},"minProperties":1}"#, r#"{"a":null}"#),
        (r#"{"enum":["long","b"]}"#, "\"b\""),
        (r#"{"const":{"a":[1]}}"#, r#"{"a":[1]}"#),
        (r#"{"type":"string","format":"date-time"}"#, "\"1970-01-01T00:00:00Z\""),
        (r#"{"type":"string","format":"email"}"#, "\"a@example.com\""),
        (r#"{"type":"string","pattern":"^[A-Z]{3}-\\d+$"}"#, "\"AAA-0\""),
        (r#"{"type":"string","minLength":3}"#, "\"aaa\""),
        (r#"{"type":"string","not":{"const":""}}"#, "\"a\""),
        (r#"{"type":["string","null"]}"#, "null"),
        (r#"{"anyOf":[{"type":"object","required":["x"]},{"type":"array","minItems":1}]}"#, "[null]"),
        (r##"{"$ref":"#/types/order"}"##, r#"{"id":"","lines":[]}"#),
        (r##"{"$ref":"#/types/tree"}"##, r#"{"name":"","children":[]}"#),
        (
            r#"{"type":"object","dependentRequired":{"a":["b"]},"properties":{"a":{"type":"null"},"b":{"type":"null"}},"required":["a"]}"#,
            r#"{"a":null,"b":null}"#,
        ),
        (r#"{"type":"string","allOf":[{"pattern":"^x-"},{"pattern":"7$"}],"examples":["x-7"]}"#, "\"x-7\""),
    ];
    for (schema, expected) in table {
        let found = sample(&read(schema), &defs()).unwrap_or_else(|why| panic!("{schema}: {why:?}"));
        assert_eq!(found, read(expected), "{schema}");
        assert!(checker(schema).accepts(&found), "{schema}");
    }
}

#[test]
fn where_nothing_conforms_there_is_no_sample() {
    let endless = r##"{"$ref":"#/$defs/a","$defs":{"a":{"type":"object","properties":{"a":{"$ref":"#/$defs/a"}},"required":["a"]}}}"##;
    for schema in ["false", r#"{"not":{}}"#, r#"{"type":"string","minLength":2,"maxLength":1}"#, endless] {
        assert_eq!(sample(&read(schema), &defs()), Err(NoSample::NotFound), "{schema}");
    }
    assert!(matches!(sample(&read(r#"{"type":"x"}"#), &defs()), Err(NoSample::Schema(_))));
}
