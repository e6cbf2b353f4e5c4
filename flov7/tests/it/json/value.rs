//! Values of hosts: what may enter, and when two are the same.

use flov7::json::{self, EnterFault};
use serde_json::{Value, json};

use super::value;

#[test]
fn num_eq_of_values() {
    let same = [
        ("1", "1.0"),
        ("[1, {\"a\": 2}]", "[1.0, {\"a\": 2e0}]"),
        (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#),
        ("9223372036854775808", "9223372036854775808.0"),
        ("null", "null"),
        (r#""é""#, r#""\u00e9""#),
    ];
    let different = [
        ("1", "true"),
        ("0", "false"),
        ("0", "null"),
        ("1", "\"1\""),
        ("9007199254740993", "9007199254740992.0"),
        ("[1,2]", "[2,1]"),
        ("[1]", "[1,1]"),
        ("{}", "[]"),
        (r#"{"a":1}"#, r#"{"b":1}"#),
        (r#"{"a":1}"#, r#"{"a":1,"b":1}"#),
        (r#"{"a":null}"#, "{}"),
        ("\"é\"", "\"e\u{301}\""),
    ];
    for (a, b) in same {
        assert!(json::equal(&value(a), &value(b)), "{a} and {b}");
        assert!(json::equal(&value(b), &value(a)), "{b} and {a}");
    }
    for (a, b) in different {
        assert!(!json::equal(&value(a), &value(b)), "{a} and {b}");
        assert!(!json::equal(&value(b), &value(a)), "{b} and {a}");
    }
}

#[test]
fn entering_bounds_depth_and_count() {
    let enter = |value, depth, count| json::enter(value, depth, count);
    assert!(enter(json!([[1]]), 2, 3).is_ok());
    assert_eq!(enter(json!([[1]]), 1, 3), Err(EnterFault::Depth { limit: 1 }));
    assert_eq!(enter(json!([[1]]), 2, 2), Err(EnterFault::Count { limit: 2 }));
    assert!(enter(json!(7), 0, 1).is_ok());
    assert_eq!(enter(json!([]), 0, 1), Err(EnterFault::Depth { limit: 0 }));
    assert_eq!(enter(json!({ "a": 1.0 }), 9, 9).unwrap().to_string(), r#"{"a":1}"#);
}

#[test]
fn a_refused_value_is_dropped_without_recursion() {
    let mut deep = Value::Null;
    for _ in 0..200_000 {
        deep = Value::Array(vec![deep]);
    }
    // Everything that looks at values copes with any depth; a host's value has not been bounded yet.
    assert!(json::equal(&deep, &deep));
    assert_eq!(json::canonical_size(&deep), 400_004);
    assert_eq!(json::canonical(&deep).len(), 400_004);
    assert_eq!(json::hash64(&deep), json::hash64(&deep));
    json::normalize(&mut deep).unwrap();
    assert_eq!(json::enter(deep, usize::MAX, usize::MAX), Err(EnterFault::Depth { limit: 256 }));
}

/// Only with `arbitrary_precision` can such a number exist; without it `serde_json` has rounded already.
#[test]
#[allow(clippy::disallowed_methods)] // what a careless host does
fn numbers_beyond_the_range_do_not_enter() {
    for text in ["[{\"a/b\": 100000000000000000000}]", "[{\"a/b\": -9223372036854775809}]"] {
        let host: Value = serde_json::from_str(text).unwrap();
        let keeps_digits =
            host.to_string().contains("00000000000000000000") || host.to_string().contains("775809");
        match json::enter(host, 9, 9) {
            Ok(_) => assert!(!keeps_digits, "{text}"),
            Err(EnterFault::NumberRange(range)) => {
                assert!(keeps_digits, "{text}");
                assert_eq!(range.pointer, "/0/a~1b");
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn pointers() {
    let document = json!({ "a": { "b/c": [10, { "m~n": true, "": 7 }] }, "": 1, "0": 2 });
    let cases = [
        ("", Some(document.clone())),
        ("/a/b~1c/0", Some(json!(10))),
        ("/a/b~1c/1/m~0n", Some(json!(true))),
        ("/a/b~1c/1/", Some(json!(7))),
        ("/", Some(json!(1))),
        ("/0", Some(json!(2))),
        ("/a/b~1c/2", None),
        ("/a/b~1c/00", None),
        ("/a/b~1c/+0", None),
        ("/a/b~1c/-", None),
        ("/a/b~1c/18446744073709551616", None),
        ("a", None),
        ("/a/b~1c/0/x", None),
    ];
    for (pointer, expected) in cases {
        assert_eq!(json::get(&document, pointer), expected.as_ref(), "{pointer}");
    }
    assert_eq!(json::unescape("~01"), "~1");
    assert_eq!(json::escape("~1/"), "~01~1");
    let mut pointer = json::Pointer::root();
    pointer.push("a/b");
    let mark = pointer.len();
    pointer.push_index(7);
    assert_eq!(pointer.as_str(), "/a~1b/7");
    pointer.truncate(mark);
    assert_eq!(pointer.as_str(), "/a~1b");
    pointer.pop();
    pointer.pop();
    assert!(pointer.is_empty());
}
