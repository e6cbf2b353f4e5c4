//! Made-up values.

use flov7::types::{NoSample, sample, samples};

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

#[test]
fn samples_reach_the_edges_of_a_schema() {
    let table: &[(&str, &[&str])] = &[
        (
            r#"{"type":"integer"}"#,
            &["0", "18446744073709551615", "-9223372036854775808", "1e300", "9007199254740993"],
        ),
        (r#"{"type":"number","minimum":0.5,"maximum":2}"#, &["0.5", "2", "1"]),
        (r#"{"type":"string","maxLength":3}"#, &["\"\"", "\"zzz\"", "\"\u{10ffff}\u{10ffff}\u{10ffff}\""]),
        (r#"{"type":"array","items":{"type":"null"},"maxItems":3}"#, &["[]", "[null]", "[null,null,null]"]),
        (
            r#"{"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"}},"required":["a"]}"#,
            &[r#"{"a":null}"#, r#"{"a":null,"b":null}"#, r#"{"a":null,"b":null,"other":null}"#],
        ),
        (r#"{"type":"object","properties":{"a":{}},"additionalProperties":false}"#, &["{}", r#"{"a":[]}"#]),
        (r#"{"enum":["a",1,null]}"#, &["\"a\"", "1", "null"]),
        (r##"{"$ref":"#/types/tree"}"##, &[r#"{"name":"","children":[{"name":"","children":[]}]}"#]),
    ];
    for (schema, expected) in table {
        let found = samples(&read(schema), &defs(), 1_000).unwrap();
        for value in *expected {
            assert!(found.contains(&read(value)), "{value} is not among the samples of {schema}: {found:?}");
        }
        assert!(found.iter().all(|value| checker(schema).accepts(value)));
        assert_eq!(found[0], sample(&read(schema), &defs()).unwrap());
        assert_eq!(samples(&read(schema), &defs(), 2).unwrap().len(), 2);
    }
    assert_eq!(samples(&read("false"), &defs(), 9), Err(NoSample::NotFound));
}
