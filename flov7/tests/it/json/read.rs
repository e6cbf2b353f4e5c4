//! Reading: which texts are JSON, and what is said about those that are not.

use flov7::json::{self, BigNumbers, ReadLimits};
use serde_json::{Value, json};

fn read(text: &str) -> Result<Value, json::ReadError> {
    json::read(text, &ReadLimits::default())
}

/// In the spirit of JSONTestSuite: texts that every reader takes, with their canonical text.
#[test]
fn takes() {
    let cases = [
        ("null", "null"),
        (" \t\r\n true \n", "true"),
        ("\u{FEFF}[]", "[]"),
        ("[]", "[]"),
        ("[ ]", "[]"),
        ("{}", "{}"),
        ("{ }", "{}"),
        ("[1,2,[3,[4]]]", "[1,2,[3,[4]]]"),
        (r#"{"a":{"b":[]},"A":1}"#, r#"{"A":1,"a":{"b":[]}}"#),
        (r#"{"":0}"#, r#"{"":0}"#),
        (r#""""#, r#""""#),
        (r#""\"\\\/\b\f\n\r\t""#, r#""\"\\/\b\f\n\r\t""#),
        (r#""\u0061\u00e9\u20AC\uD834\uDD1E""#, "\"aé€𝄞\""),
        (r#""\u0000\u001f\u007f""#, "\"\\u0000\\u001f\u{7f}\""),
        ("\"\u{7f}\u{2028}é😀\"", "\"\u{7f}\u{2028}é😀\""),
        ("[[],{}]", "[[],{}]"),
    ];
    for (text, expected) in cases {
        match read(text) {
            Ok(value) => assert_eq!(json::canonical(&value), expected, "{text}"),
            Err(fault) => panic!("{text}: {fault}"),
        }
    }
}

#[test]
fn refuses_with_the_place() {
    // text, line, column, a word of the message
    let cases = [
        ("", 1, 1, "ends"),
        ("  ", 1, 3, "ends"),
        ("nul", 1, 1, "value"),
        ("nullx", 1, 1, "value"),
        ("True", 1, 1, "`true`"),
        ("None", 1, 1, "`null`"),
        ("NaN", 1, 1, "number"),
        ("-Infinity", 1, 2, "digit"),
        ("[1,]", 1, 3, "comma"),
        (r#"{"a":1,}"#, 1, 7, "comma"),
        ("[,1]", 1, 2, "value"),
        ("[1 2]", 1, 4, "comma"),
        ("[1", 1, 3, "ends"),
        ("[", 1, 2, "ends"),
        ("]", 1, 1, "value"),
        ("[1}", 1, 3, "`]`"),
        (r#"{"a" 1}"#, 1, 6, "colon"),
        (r#"{a:1}"#, 1, 2, "double quotes"),
        (r#"{'a':1}"#, 1, 2, "quotes"),
        (r#"{"a":}"#, 1, 6, "value"),
        (r#"{1:1}"#, 1, 2, "double quotes"),
        (r#"{"a":1 "b":2}"#, 1, 8, "comma"),
        ("{\"a\":1,\n  // why\n \"b\":2}", 2, 3, "comments"),
        ("1 2", 1, 3, "behind"),
        ("[]]", 1, 3, "behind"),
        ("{}\0", 1, 3, "behind"),
        ("\0", 1, 1, "value"),
        ("\"abc", 1, 1, "does not end"),
        ("\"a\nb\"", 1, 3, "line"),
        ("\"a\0b\"", 1, 3, "control"),
        ("\"a\tb\"", 1, 3, "control"),
        (r#""\x""#, 1, 2, "escape"),
        (r#""\"#, 1, 1, "does not end"),
        (r#""\u12""#, 1, 2, "hexadecimal"),
        (r#""\u12é4""#, 1, 2, "hexadecimal"),
        (r#""\u+123""#, 1, 2, "hexadecimal"),
        (r#""\uD800""#, 1, 2, "surrogate"),
        (r#""\uDC00""#, 1, 2, "surrogate"),
        (r#""\uD800\u0041""#, 1, 2, "surrogate"),
        (r#""\uD800\uD800""#, 1, 2, "surrogate"),
        (r#""é\uD800""#, 1, 3, "surrogate"),
        ("01", 1, 1, "0"),
        ("-01", 1, 1, "0"),
        ("-", 1, 2, "digit"),
        ("+1", 1, 1, "number starts"),
        (".5", 1, 1, "number starts"),
        ("1.", 1, 3, "digit"),
        ("1.e3", 1, 3, "digit"),
        ("1e", 1, 3, "digit"),
        ("1e+", 1, 4, "digit"),
        ("0x10", 1, 2, "behind"),
        ("[1.5.5]", 1, 5, "comma"),
        ("\u{FEFF}\u{FEFF}1", 1, 2, "byte order"),
        ("[${ input.x }]", 1, 2, "expression"),
        ("\u{A0}1", 1, 1, "value"),
    ];
    for (text, line, column, word) in cases {
        match read(text) {
            Ok(value) => panic!("{text:?} was taken as {value}"),
            Err(fault) => {
                assert_eq!(fault.code, "json-syntax", "{text:?}: {fault}");
                assert_eq!((fault.line, fault.column), (line, column), "{text:?}: {fault}");
                assert!(fault.message.contains(word), "{text:?}: {fault}");
                assert!(fault.span.start <= fault.span.end && fault.span.end <= text.len(), "{text:?}");
                assert!(!fault.message.contains(char::is_control), "{text:?}: {fault:?}");
            }
        }
    }
}

#[test]
fn big_numbers_as_text() {
    let limits = ReadLimits::default().with_big_numbers(BigNumbers::String);
    let value = json::read("[18446744073709551616, 1e400, 7, -1e999]", &limits).unwrap();
    assert_eq!(value, json!(["18446744073709551616", "1e400", 7, "-1e999"]));
}
