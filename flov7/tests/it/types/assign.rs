//! RULES types.assign: yes, no with a witness, undecided.

use flov7::types::{Assign, Lowered, SchemaChecker, Type, assign};

use super::{checker, lowered};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    Yes,
    No,
    Undecided,
}
use Verdict::{No, Undecided, Yes};

fn verdict(found: &Assign) -> Verdict {
    match found {
        Assign::Yes => Yes,
        Assign::No { .. } => No,
        _ => Undecided,
    }
}

const TABLE: &[(&str, &str, Verdict)] = &[
    // kinds
    (r#"{"type":"string"}"#, r#"{"type":"string"}"#, Yes),
    (r#"{"type":"string"}"#, "{}", Yes),
    (r#"{"type":"string"}"#, "true", Yes),
    (r#"{"type":"string"}"#, r#"{"type":["string","null"]}"#, Yes),
    (r#"{"type":["string","null"]}"#, r#"{"type":"string"}"#, No),
    (r#"{"type":"integer"}"#, r#"{"type":"number"}"#, Yes),
    (r#"{"type":"number"}"#, r#"{"type":"integer"}"#, No),
    (r#"{"type":"string"}"#, r#"{"type":"number"}"#, No),
    (r#"{"type":"boolean"}"#, r#"{"const":true}"#, No),
    (r#"{"const":true}"#, r#"{"type":"boolean"}"#, Yes),
    ("false", r#"{"type":"string"}"#, Yes),
    (r#"{"type":"string"}"#, "false", No),
    // silence makes no witness, and no promise
    ("{}", r#"{"type":"string"}"#, Undecided),
    ("{}", "{}", Yes),
    ("{}", r#"{"type":["null","boolean","number","string","array","object"]}"#, Yes),
    // numbers
    (r#"{"type":"integer","minimum":1,"maximum":9}"#, r#"{"type":"integer","minimum":0,"maximum":10}"#, Yes),
    (r#"{"type":"integer","minimum":0}"#, r#"{"type":"integer","minimum":1}"#, No),
    (r#"{"type":"integer","minimum":0}"#, r#"{"type":"integer","exclusiveMinimum":-1}"#, Yes),
    (r#"{"type":"number","minimum":0}"#, r#"{"type":"number","exclusiveMinimum":0}"#, No),
    (r#"{"type":"number","maximum":5}"#, r#"{"type":"number","exclusiveMaximum":5.5}"#, Yes),
    (r#"{"type":"integer"}"#, r#"{"type":"integer","maximum":18446744073709551615}"#, No),
    (r#"{"enum":[1,2,3]}"#, r#"{"type":"integer","minimum":1,"maximum":3}"#, Yes),
    (r#"{"type":"integer","minimum":1,"maximum":3}"#, r#"{"enum":[1,2,3]}"#, Yes),
    (r#"{"type":"integer","minimum":1,"maximum":4}"#, r#"{"enum":[1,2,3]}"#, No),
    (r#"{"enum":[1,5]}"#, r#"{"enum":[1,2,3]}"#, No),
    (r#"{"multipleOf":4,"type":"integer"}"#, r#"{"multipleOf":2}"#, Yes),
    (r#"{"multipleOf":2,"type":"integer"}"#, r#"{"multipleOf":4}"#, No),
    (r#"{"type":"integer"}"#, r#"{"multipleOf":0.5}"#, Yes),
    (r#"{"type":"number","multipleOf":5}"#, r#"{"type":"integer"}"#, Yes),
    (r#"{"type":"number","multipleOf":1}"#, r#"{"type":"integer"}"#, Yes),
    (r#"{"type":"number","multipleOf":0.5}"#, r#"{"type":"integer"}"#, No),
    (r#"{"type":"integer"}"#, r#"{"type":"number","multipleOf":1}"#, Yes),
    (r#"{"const":1}"#, r#"{"const":1.0}"#, Yes),
    // texts
    (r#"{"enum":["a","b"]}"#, r#"{"enum":["a","b","c"]}"#, Yes),
    (r#"{"enum":["a","d"]}"#, r#"{"enum":["a","b","c"]}"#, No),
    (r#"{"type":"string"}"#, r#"{"enum":["a","b","c"]}"#, No),
    (r#"{"type":"string","maxLength":5}"#, r#"{"type":"string","maxLength":10}"#, Yes),
    (r#"{"type":"string","maxLength":10}"#, r#"{"type":"string","maxLength":5}"#, No),
    (r#"{"type":"string"}"#, r#"{"type":"string","minLength":1}"#, No),
    (r#"{"enum":["ab","abc"]}"#, r#"{"minLength":2,"maxLength":3}"#, Yes),
    // inexact facets: the same facet implies, values are tried, else a witness or nothing
    (r#"{"type":"string","pattern":"^a"}"#, r#"{"type":"string","pattern":"^a"}"#, Yes),
    (r#"{"type":"string","pattern":"^a"}"#, r#"{"type":"string"}"#, Yes),
    (r#"{"type":"string"}"#, r#"{"type":"string","pattern":"^a"}"#, No),
    (r#"{"type":"string","pattern":"^ab"}"#, r#"{"type":"string","pattern":"^a"}"#, Undecided),
    (r#"{"type":"string","pattern":"^b"}"#, r#"{"type":"string","pattern":"^a"}"#, No),
    (r#"{"enum":["ab","ac"]}"#, r#"{"pattern":"^a"}"#, Yes),
    (r#"{"enum":["ab","bc"]}"#, r#"{"pattern":"^a"}"#, No),
    (r#"{"type":"string"}"#, r#"{"type":"string","format":"email"}"#, Yes),
    (r#"{"type":"string"}"#, r#"{"type":"string","someFutureKeyword":1}"#, Undecided),
    (r#"{"type":"string","someFutureKeyword":1}"#, r#"{"type":"string","someFutureKeyword":1}"#, Yes),
    (r#"{"type":"array","uniqueItems":true}"#, r#"{"type":"array","uniqueItems":true}"#, Yes),
    (r#"{"type":"array","items":{"type":"integer"}}"#, r#"{"type":"array","uniqueItems":true}"#, No),
    (r#"{"not":{"type":"integer"},"type":"number"}"#, r#"{"type":"number","not":{"type":"integer"}}"#, Yes),
    // lists
    (r#"{"type":"array","items":{"type":"integer"}}"#, r#"{"type":"array","items":{"type":"number"}}"#, Yes),
    (r#"{"type":"array","items":{"type":"number"}}"#, r#"{"type":"array","items":{"type":"integer"}}"#, No),
    (r#"{"type":"array"}"#, r#"{"type":"array","items":{"type":"integer"}}"#, Undecided),
    (r#"{"type":"array","items":{"type":"integer"}}"#, r#"{"type":"array","minItems":1}"#, No),
    (r#"{"type":"array","items":{"type":"integer"},"maxItems":3}"#, r#"{"type":"array","maxItems":3}"#, Yes),
    (r#"{"type":"array","items":{"type":"integer"}}"#, r#"{"type":"array","maxItems":3}"#, No),
    (r#"{"type":"array","maxItems":0}"#, r#"{"type":"array","items":{"type":"string"}}"#, Yes),
    (
        r#"{"prefixItems":[{"type":"integer"},{"type":"string"}],"type":"array","items":false}"#,
        r#"{"type":"array","items":{"type":["integer","string"]}}"#,
        Yes,
    ),
    (
        r#"{"prefixItems":[{"type":"integer"},{"type":"string"}],"type":"array","items":false}"#,
        r#"{"type":"array","items":{"type":"integer"}}"#,
        No,
    ),
    // objects: required, optional, open
    (
        r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}"#,
        r#"{"type":"object","properties":{"a":{"type":"string"}}}"#,
        Yes,
    ),
    (
        r#"{"type":"object","properties":{"a":{"type":"string"}}}"#,
        r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}"#,
        No,
    ),
    (
        r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}"#,
        r#"{"type":"object","properties":{"a":{"type":"number"}}}"#,
        No,
    ),
    (r#"{"type":"object"}"#, r#"{"type":"object","required":["a"]}"#, No),
    (r#"{"type":"object"}"#, r#"{"type":"object","properties":{"a":{"type":"string"}}}"#, Undecided),
    (
        r#"{"type":"object","additionalProperties":false}"#,
        r#"{"type":"object","properties":{"a":{"type":"string"}}}"#,
        Yes,
    ),
    (
        r#"{"type":"object","properties":{"a":{}}}"#,
        r#"{"type":"object","properties":{"a":{}},"additionalProperties":false}"#,
        Undecided,
    ),
    (
        r#"{"type":"object","properties":{"a":{}},"additionalProperties":false}"#,
        r#"{"type":"object","properties":{"a":{}},"additionalProperties":false}"#,
        Yes,
    ),
    (
        r#"{"type":"object","properties":{"a":{},"b":{"type":"null"}},"additionalProperties":false}"#,
        r#"{"type":"object","properties":{"a":{}},"additionalProperties":false}"#,
        No,
    ),
    (
        r#"{"type":"object","additionalProperties":true}"#,
        r#"{"type":"object","additionalProperties":false}"#,
        No,
    ),
    (
        r#"{"type":"object","additionalProperties":{"type":"integer"}}"#,
        r#"{"type":"object","additionalProperties":{"type":"number"}}"#,
        Yes,
    ),
    (
        r#"{"type":"object","additionalProperties":{"type":"number"}}"#,
        r#"{"type":"object","additionalProperties":{"type":"integer"}}"#,
        No,
    ),
    (
        r#"{"type":"object","additionalProperties":{"type":"number"}}"#,
        r#"{"type":"object","properties":{"a":{"type":"string"}}}"#,
        No,
    ),
    (
        r#"{"type":"object","properties":{"a":{}},"required":["a"]}"#,
        r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}"#,
        Undecided,
    ),
    (
        r#"{"type":"object","properties":{"a":{},"b":{"type":"null"}},"required":["a","b"]}"#,
        r#"{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}}}"#,
        No,
    ),
    (r#"{"type":"object","minProperties":1}"#, r#"{"type":"object","minProperties":1}"#, Yes),
    (
        r#"{"type":"object","properties":{"a":{"type":"null"}},"additionalProperties":false}"#,
        r#"{"type":"object","maxProperties":1}"#,
        Yes,
    ),
    (
        r#"{"type":"object","properties":{"a":{"type":"null"}},"additionalProperties":false}"#,
        r#"{"type":"object","minProperties":1}"#,
        No,
    ),
    // alternatives
    (r#"{"anyOf":[{"type":"string"},{"type":"integer"}]}"#, r#"{"type":["integer","string"]}"#, Yes),
    (
        r#"{"oneOf":[{"type":"object","properties":{"k":{"const":"a"},"x":{"type":"integer"}},"required":["k","x"],"additionalProperties":false},{"type":"object","properties":{"k":{"const":"b"}},"required":["k"],"additionalProperties":false}]}"#,
        r#"{"oneOf":[{"type":"object","properties":{"k":{"const":"b"}},"required":["k"],"additionalProperties":false},{"type":"object","properties":{"k":{"const":"a"},"x":{"type":"number"}},"required":["k","x"],"additionalProperties":false}]}"#,
        Yes,
    ),
    (
        r#"{"oneOf":[{"type":"object","properties":{"k":{"const":"a"}},"required":["k"]},{"type":"object","properties":{"k":{"const":"c"}},"required":["k"]}]}"#,
        r#"{"type":"object","properties":{"k":{"enum":["a","b"]}},"required":["k"]}"#,
        No,
    ),
    (
        r#"{"type":"object","if":{"required":["a"]},"then":{"required":["b"]}}"#,
        r#"{"type":"object","if":{"required":["a"]},"then":{"required":["b"]}}"#,
        Yes,
    ),
    // names and recursion
    (r##"{"$ref":"#/types/order"}"##, r##"{"$ref":"#/types/order"}"##, Yes),
    (r##"{"$ref":"#/types/order"}"##, r#"{"type":"object","required":["id"]}"#, Yes),
    (r##"{"$ref":"#/types/order"}"##, r#"{"type":"object","required":["email"]}"#, No),
    (r##"{"$ref":"#/types/line"}"##, r#"{"type":"object","properties":{"quantity":{"type":"number"}}}"#, Yes),
    (
        r##"{"$ref":"#/types/tree"}"##,
        r##"{"$ref":"#/$defs/t","$defs":{"t":{"type":"object","required":["name"],"properties":{"children":{"type":"array","items":{"$ref":"#/$defs/t"}}}}}}"##,
        Yes,
    ),
    (
        r##"{"$ref":"#/types/tree"}"##,
        r##"{"$ref":"#/$defs/t","$defs":{"t":{"type":"object","properties":{"name":{"type":"string"},"children":{"type":"array","maxItems":1,"items":{"$ref":"#/$defs/t"}}}}}}"##,
        No,
    ),
    (
        r##"{"$ref":"#/types/node"}"##,
        r##"{"$ref":"#/$defs/t","$defs":{"t":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"next":{"$ref":"#/$defs/t"}}}}}"##,
        Yes,
    ),
    (
        r##"{"$ref":"#/types/node"}"##,
        r##"{"$ref":"#/$defs/t","$defs":{"t":{"type":"object","properties":{"next":{"$ref":"#/$defs/u"}}},"u":{"type":"object","required":["next"]}}}"##,
        No,
    ),
];

/// Conditions that follow from other keywords, and are decided where people expect it.
const IMPLIED: &[(&str, &str, Verdict)] = &[
    // multiples: of a whole number are whole, and start at the first one inside
    (r#"{"type":"number","multipleOf":5}"#, r#"{"type":"integer"}"#, Yes),
    (r#"{"type":"integer","minimum":1,"multipleOf":5}"#, r#"{"minimum":5}"#, Yes),
    (r#"{"type":"integer","minimum":-9,"maximum":-1,"multipleOf":5}"#, r#"{"const":-5}"#, Yes),
    (r#"{"type":"integer","minimum":1,"multipleOf":5}"#, r#"{"minimum":6}"#, No),
    // patterns: how long a text is, and which texts there are
    (r#"{"type":"string","pattern":"^[A-Z]{3}$"}"#, r#"{"type":"string","minLength":3,"maxLength":3}"#, Yes),
    (r#"{"type":"string","pattern":"[0-9]+"}"#, r#"{"minLength":1}"#, Yes),
    (r#"{"type":"string","pattern":"^a|b$"}"#, r#"{"maxLength":9}"#, No),
    (r#"{"type":"string","pattern":"^(draft|final)$"}"#, r#"{"enum":["draft","final","sent"]}"#, Yes),
    (r#"{"enum":["draft","final"]}"#, r#"{"pattern":"^(draft|final)$"}"#, Yes),
    (r#"{"type":"string","pattern":"^(draft|final)$"}"#, r#"{"const":"draft"}"#, No),
    // lists
    (r#"{"type":"array","items":{"type":"string"},"maxItems":1}"#, r#"{"uniqueItems":true}"#, Yes),
    (
        r#"{"type":"array","prefixItems":[{"type":"string"},{"type":"number"}],"items":false}"#,
        r#"{"uniqueItems":true}"#,
        Yes,
    ),
    (r#"{"type":"array","items":{"type":"integer"},"minItems":1}"#, r#"{"contains":{"type":"number"}}"#, Yes),
    (r#"{"type":"array","items":{"type":"integer"}}"#, r#"{"contains":{"type":"number"}}"#, No),
    (
        r#"{"type":"array","items":{"type":"string"}}"#,
        r#"{"contains":{"type":"number"},"minContains":0,"maxContains":1}"#,
        Yes,
    ),
    (
        r#"{"type":"array","items":{"type":"string"}}"#,
        r#"{"contains":{"type":"number"},"minContains":0}"#,
        Yes,
    ),
    // names of members
    (
        r#"{"type":"object","properties":{"ab":{},"cd":{}},"additionalProperties":false}"#,
        r#"{"propertyNames":{"pattern":"^[a-z]+$"}}"#,
        Yes,
    ),
    (
        r#"{"type":"object","properties":{"ab":{"type":"null"},"X":{"type":"null"}},"additionalProperties":false}"#,
        r#"{"propertyNames":{"pattern":"^[a-z]+$"}}"#,
        No,
    ),
    (
        r#"{"type":"object","propertyNames":{"maxLength":3}}"#,
        r#"{"type":"object","propertyNames":{"maxLength":5}}"#,
        Yes,
    ),
    (
        r#"{"type":"object","properties":{"x-a":{"type":"string"},"n":{"type":"integer"}},"additionalProperties":false}"#,
        r#"{"patternProperties":{"^x-":{"type":"string"}},"additionalProperties":{"type":"number"}}"#,
        Yes,
    ),
    (
        r#"{"type":"object","properties":{"x-a":{"type":"integer"}},"required":["x-a"],"additionalProperties":false}"#,
        r#"{"patternProperties":{"^x-":{"type":"string"}}}"#,
        No,
    ),
    (
        r#"{"type":"object","additionalProperties":{"type":"string","minLength":1}}"#,
        r#"{"patternProperties":{"^x-":{"type":"string"}},"additionalProperties":{"type":"string"}}"#,
        Yes,
    ),
    // members that need each other
    (
        r#"{"type":"object","properties":{"a":{},"b":{}},"required":["b"]}"#,
        r#"{"dependentRequired":{"a":["b"]}}"#,
        Yes,
    ),
    (
        r#"{"type":"object","properties":{"b":{}},"additionalProperties":false}"#,
        r#"{"dependentRequired":{"a":["b"]}}"#,
        Yes,
    ),
    (
        r#"{"type":"object","properties":{"a":{"type":"null"}},"required":["a"],"additionalProperties":false}"#,
        r#"{"dependentRequired":{"a":["b"]}}"#,
        No,
    ),
    (
        r#"{"type":"object","properties":{"a":{},"n":{"type":"integer"}},"required":["a","n"]}"#,
        r#"{"dependentSchemas":{"a":{"properties":{"n":{"type":"number"}}}}}"#,
        Yes,
    ),
    // alternatives: by kind, by range, by tag
    (
        r#"{"type":"integer","minimum":5}"#,
        r#"{"anyOf":[{"type":"number","maximum":1},{"type":"number","minimum":3}]}"#,
        Yes,
    ),
    (
        r#"{"anyOf":[{"type":"number","maximum":0},{"type":"number","minimum":4}]}"#,
        r#"{"anyOf":[{"type":"number","maximum":1},{"type":"number","minimum":3}]}"#,
        Yes,
    ),
    (
        r#"{"anyOf":[{"type":"array","items":{"type":"string"}},{"type":"array","items":{"type":"integer"}}]}"#,
        r#"{"anyOf":[{"type":"array","items":{"type":"number"}},{"type":"array","items":{"type":"string"}}]}"#,
        Yes,
    ),
    (r#"{"type":"integer"}"#, r#"{"oneOf":[{"type":"number"},{"type":"string"}]}"#, Yes),
    (r#"{"type":"integer"}"#, r#"{"oneOf":[{"type":"number"},{"type":"integer"}]}"#, No),
    (
        r#"{"type":"object","properties":{"k":{"enum":["a","b"]},"x":{"type":"integer"}},"required":["k","x"]}"#,
        r#"{"oneOf":[{"type":"object","properties":{"k":{"const":"a"},"x":{"type":"number"}},"required":["k","x"]},{"type":"object","properties":{"k":{"const":"b"}},"required":["k"]}]}"#,
        Yes,
    ),
    (
        r#"{"type":"object","properties":{"k":{"enum":["a","c"]}},"required":["k"]}"#,
        r#"{"oneOf":[{"type":"object","properties":{"k":{"const":"a"}},"required":["k"]},{"type":"object","properties":{"k":{"const":"b"}},"required":["k"]}]}"#,
        No,
    ),
    // negations and conditions
    (r#"{"type":"string","minLength":1}"#, r#"{"type":"string","not":{"const":""}}"#, Yes),
    (r#"{"enum":["a","b"]}"#, r#"{"not":{"enum":["c"]}}"#, Yes),
    (r#"{"type":"integer","minimum":1}"#, r#"{"not":{"const":0}}"#, Yes),
    (r#"{"type":"integer","minimum":0}"#, r#"{"not":{"const":0}}"#, No),
    (
        r#"{"type":"object","properties":{"k":{"const":"b"}},"required":["k"]}"#,
        r#"{"not":{"properties":{"k":{"const":"a"}},"required":["k"]}}"#,
        Yes,
    ),
    (
        r#"{"type":"object","properties":{"k":{"const":1},"a":{}},"required":["k","a"]}"#,
        r#"{"if":{"properties":{"k":{"const":1}}},"then":{"required":["a"]}}"#,
        Yes,
    ),
    (
        r#"{"type":"object","properties":{"k":{"const":2}},"required":["k"],"additionalProperties":false}"#,
        r#"{"if":{"properties":{"k":{"const":1}}},"then":{"required":["a"]}}"#,
        Yes,
    ),
    (
        r#"{"type":"object","properties":{"k":{"const":1}},"required":["k"],"additionalProperties":false}"#,
        r#"{"if":{"properties":{"k":{"const":1}}},"then":{"required":["a"]}}"#,
        No,
    ),
    // what stays undecided, and is checked by the run
    (r#"{"type":"string","pattern":"^a[0-9]+"}"#, r#"{"type":"string","pattern":"^a"}"#, Undecided),
    (r#"{"type":"object","properties":{"a":{}}}"#, r#"{"propertyNames":{"maxLength":1}}"#, Undecided),
];

#[test]
fn types_assign_yes_no_or_undecided() {
    let mut wrong = Vec::new();
    for (from, to, expected) in TABLE.iter().chain(IMPLIED) {
        let found = assign(&lowered(from), &lowered(to));
        if verdict(&found) != *expected {
            wrong.push(format!("{from} → {to}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn types_assign_says_no_only_with_a_witness() {
    for (from, to, _) in TABLE.iter().chain(IMPLIED) {
        if let Assign::No { witness } = assign(&lowered(from), &lowered(to)) {
            let (source, target): (SchemaChecker, SchemaChecker) = (checker(from), checker(to));
            assert!(source.accepts(&witness), "{witness} does not come from {from}");
            assert!(!target.accepts(&witness), "{witness} conforms to {to}");
        }
    }
}

/// Every pair of the table's schemas: a yes must hold for every value that the check table knows.
#[test]
fn types_assign_yes_is_never_contradicted() {
    let values: Vec<serde_json::Value> = [
        "null",
        "true",
        "false",
        "0",
        "1",
        "-1",
        "0.5",
        "5",
        "1e300",
        "\"\"",
        "\"a\"",
        "\"ab\"",
        "\"b\"",
        "[]",
        "[1]",
        "[1,1]",
        "[0.5]",
        "[\"a\"]",
        "{}",
        r#"{"a":"x"}"#,
        r#"{"a":1}"#,
        r#"{"a":null}"#,
        r#"{"k":"a"}"#,
        r#"{"k":"a","x":1}"#,
        r#"{"k":"b"}"#,
        r#"{"k":"c"}"#,
        r#"{"b":null}"#,
        r#"{"a":null,"b":null}"#,
        r#"{"id":"x","lines":[]}"#,
        r#"{"quantity":1,"price":0.5}"#,
        r#"{"name":"x","children":[]}"#,
        r#"{"name":"x"}"#,
        r#"{"name":"x","next":{"name":"y"}}"#,
        r#"{"other":1}"#,
    ]
    .iter()
    .map(|text| super::read(text))
    .collect();
    let schemas: Vec<&str> = TABLE.iter().flat_map(|(from, to, _)| [*from, *to]).collect();
    let lowered: Vec<Lowered> = schemas.iter().map(|schema| lowered(schema)).collect();
    let checkers: Vec<SchemaChecker> = schemas.iter().map(|schema| checker(schema)).collect();
    for (at, from) in lowered.iter().enumerate() {
        for (other, to) in lowered.iter().enumerate() {
            let Some(bad) =
                values.iter().find(|value| checkers[at].accepts(value) && !checkers[other].accepts(value))
            else {
                continue;
            };
            let found = assign(from, to);
            assert!(found != Assign::Yes, "{bad} goes from {} to {}", schemas[at], schemas[other]);
        }
    }
}

#[test]
fn types_assign_runs_out_of_fuel_undecided() {
    // Two recursive types that agree, with so many pairs that the proof is cut short.
    let wide = |prefix: &str| {
        let members: Vec<String> = (0..60)
            .map(|n| {
                format!(
                    r##""m{n}":{{"type":"array","items":{{"$ref":"#/$defs/{prefix}{}"}}}}"##,
                    (n * 7) % 60
                )
            })
            .collect();
        let defs: Vec<String> = (0..60)
            .map(|n| format!(r#""{prefix}{n}":{{"type":"object","properties":{{{}}},"required":["m{n}"],"additionalProperties":false}}"#, members.join(",")))
            .collect();
        format!(r##"{{"$ref":"#/$defs/{prefix}0","$defs":{{{}}}}}"##, defs.join(","))
    };
    let (from, to) = (lowered(&wide("a")), lowered(&wide("b")));
    assert!(matches!(assign(&from, &to), Assign::Undecided | Assign::Yes));
}

#[test]
fn computed_types_are_refused_for_their_shape_and_not_for_limits() {
    let to = |schema: &str| lowered(schema);
    let text = Lowered::computed(Type::text());
    assert_eq!(assign(&text, &to(r#"{"type":"string","maxLength":3}"#)), Assign::Undecided);
    assert_eq!(assign(&text, &to(r#"{"enum":["a"]}"#)), Assign::Undecided);
    assert_eq!(verdict(&assign(&text, &to(r#"{"type":"number"}"#))), No);
    let number = Lowered::computed(Type::number());
    assert_eq!(verdict(&assign(&number, &to(r#"{"type":"integer"}"#))), No);
    assert_eq!(
        assign(&Lowered::computed(Type::integer()), &to(r#"{"type":"integer","minimum":0}"#)),
        Assign::Undecided
    );
    let declared = Lowered::declared(Type::text());
    assert_eq!(verdict(&assign(&declared, &to(r#"{"enum":["a"]}"#))), No);
}
