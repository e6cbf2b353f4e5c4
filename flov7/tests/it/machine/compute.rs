//! Data steps.

use serde_json::{Value, json};

use super::support::{Driver, document};

/// The value of one data step, or the code of its failure.
fn check(data: Value, input: Value, expected: Result<Value, &str>) {
    let mut document = document(json!([{ "id": "d", "data": data }]));
    document["output"] = json!("${ steps.d }");
    let run = Driver::start(document, input);
    let ended = run.machine.ended().unwrap().clone();
    let found = match &ended.error {
        None => Ok(ended.output),
        Some(failure) => Err(failure.code.clone()),
    };
    assert_eq!(found, expected.map_err(str::to_owned), "{data}: {:?}", ended.error);
}

#[test]
fn set_makes_any_json() {
    check(
        json!({ "set": { "a": "${ input.n * 2 }", "b": ["${ input.n }", "n${ input.n }"] } }),
        json!({ "n": 2 }),
        Ok(json!({ "a": 4, "b": [2, "n2"] })),
    );
    check(json!({ "set": "${ input.l.map(x, x + 1).sum() }" }), json!({ "l": [1, 2] }), Ok(json!(5)));
    check(json!({ "set": "${ 1 / input.n }" }), json!({ "n": 0 }), Err("data.division"));
}

#[test]
fn num_entry_parsed_json_is_normalised() {
    let parse = json!({ "parse": { "format": "json", "text": "${ input.t }" } });
    check(parse.clone(), json!({ "t": "{\"a\": 1.0, \"b\": -0.0}" }), Ok(json!({ "a": 1, "b": 0 })));
    check(parse.clone(), json!({ "t": "{" }), Err("data.conversion"));
    check(parse.clone(), json!({ "t": "{\"a\": 1, \"a\": 2}" }), Err("data.conversion"));
    check(parse.clone(), json!({ "t": "100000000000000000000" }), Err("data.conversion"));
    check(parse, json!({ "t": "[".repeat(10_000) }), Err("data.size"));
}

#[test]
fn parse_csv_gives_objects_or_lists() {
    let parse =
        |header: bool| json!({ "parse": { "format": "csv", "text": "${ input.t }", "header": header } });
    check(parse(true), json!({ "t": "a,b\r\n1,\"x, y\"\r\n" }), Ok(json!([{ "a": "1", "b": "x, y" }])));
    check(parse(false), json!({ "t": "a,b\n1,2" }), Ok(json!([["a", "b"], ["1", "2"]])));
    check(parse(true), json!({ "t": "a,b\n1" }), Err("data.conversion"));
    check(parse(true), json!({ "t": "a\n\"open" }), Err("data.conversion"));
    let wide = format!("{}\n{}", "n".repeat(100_000), "1\n".repeat(100));
    check(parse(true), json!({ "t": wide }), Err("data.size"));
}

#[test]
fn parse_with_a_schema_holds_the_value_against_it() {
    let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] });
    let parse = json!({ "parse": { "format": "json", "text": "${ input.t }", "schema": schema } });
    check(parse.clone(), json!({ "t": "{\"n\": 1}" }), Ok(json!({ "n": 1 })));
    check(parse, json!({ "t": "{\"n\": \"1\"}" }), Err("contract.data"));
}

#[test]
fn format_writes_text() {
    let json_of = json!({ "format": { "as": "json", "value": "${ input.v }" } });
    check(json_of, json!({ "v": { "b": 1, "a": [true, null] } }), Ok(json!("{\"a\":[true,null],\"b\":1}")));
    let csv = json!({ "format": { "as": "csv", "value": "${ input.v }" } });
    let rows = json!({ "v": [{ "b": 1, "a": "x" }, { "a": "y\"z", "c": null }] });
    check(csv.clone(), rows.clone(), Ok(json!("a,b,c\r\nx,1,\r\n\"y\"\"z\",,\r\n")));
    let columns = json!({ "format": { "as": "csv", "value": "${ input.v }", "columns": ["b", "zz"] } });
    check(columns, rows, Ok(json!("b,zz\r\n1,\r\n,\r\n")));
    check(csv.clone(), json!({ "v": [{ "a": [1] }] }), Err("data.conversion"));
    check(csv.clone(), json!({ "v": [[1, 2.5], ["x", false]] }), Ok(json!("1,2.5\r\nx,false\r\n")));
    check(csv, json!({ "v": [["a"], {}] }), Err("data.conversion"));
}

#[test]
fn validate_gives_the_value_or_fails() {
    let validate =
        json!({ "validate": { "value": "${ input.v }", "schema": { "type": "integer", "minimum": 3 } } });
    check(validate.clone(), json!({ "v": 3 }), Ok(json!(3)));
    check(validate, json!({ "v": 2 }), Err("contract.data"));
}
