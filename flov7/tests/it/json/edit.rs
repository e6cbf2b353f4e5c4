//! Patches of texts: the value changes as it should, and no other byte does.

use flov7::json::{self, PatchOp, ReadLimits, apply, edit};
use serde_json::json;

#[track_caller]
fn check(text: &str, patch: serde_json::Value, expected: &str) {
    let patch: Vec<PatchOp> = serde_json::from_value(patch).unwrap();
    let edited = edit(text, &patch).unwrap();
    assert_eq!(edited, expected);
    let mut value = json::read(text, &ReadLimits::default()).unwrap();
    apply(&mut value, &patch).unwrap();
    assert_eq!(json::read(&edited, &ReadLimits::default()).unwrap(), value);
}

#[test]
fn what_is_not_touched_stays_as_it_is() {
    let replace = json!([{ "op": "replace", "path": "/b", "value": { "y": [1, "z"], "x": 1e300 } }]);
    check(
        "{ \"a\" :1.50,\n\t\"b\":  2  }",
        replace,
        "{ \"a\" :1.50,\n\t\"b\":  { \"x\": 1e300, \"y\": [1, \"z\"] }  }",
    );
    check("[1,  2]", json!([{ "op": "replace", "path": "/1", "value": "ü\n" }]), "[1,  \"ü\\n\"]");
    check(" 7 ", json!([{ "op": "replace", "path": "", "value": null }]), " null ");
}

#[test]
fn what_is_added_looks_like_its_neighbours() {
    let add = |path: &str| json!([{ "op": "add", "path": path, "value": 9 }]);
    check("{}", add("/a"), "{ \"a\": 9 }");
    check("[ ]", add("/-"), "[9]");
    check("{ \"a\": 1 }", add("/b"), "{ \"a\": 1, \"b\": 9 }");
    check("{\n  \"a\": 1,\n  \"b\": {}\n}", add("/c"), "{\n  \"a\": 1,\n  \"b\": {},\n  \"c\": 9\n}");
    check("{ \"a\": 1 }", add("/a"), "{ \"a\": 9 }");
    check("[1, 2]", add("/-"), "[1, 2, 9]");
    check("[1, 2]", add("/1"), "[1, 9, 2]");
    check("[\n  1\n]", add("/0"), "[\n  9,\n  1\n]");
    check("{ \"a\": { } }", add("/a/x~1y"), "{ \"a\": { \"x/y\": 9 } }");
}

#[test]
fn what_is_removed_takes_its_comma_along() {
    let remove = |path: &str| json!([{ "op": "remove", "path": path }]);
    check("{ \"a\": 1, \"b\": 2, \"c\": 3 }", remove("/b"), "{ \"a\": 1, \"c\": 3 }");
    check("{ \"a\": 1, \"b\": 2 }", remove("/b"), "{ \"a\": 1 }");
    check("{ \"a\": 1 }", remove("/a"), "{}");
    check("[ 1 ,\n 2 ]", remove("/0"), "[ 2 ]");
    check("[1]", remove("/0"), "[]");
}

#[test]
fn what_moves_within_an_object_is_renamed_in_its_place() {
    let rename = json!([{ "op": "move", "from": "/a/timeuot", "path": "/a/timeout" }]);
    check(
        "{ \"a\": { \"timeuot\" : \"1h\", \"b\": 2 } }",
        rename,
        "{ \"a\": { \"timeout\" : \"1h\", \"b\": 2 } }",
    );
    let away = json!([{ "op": "move", "from": "/a/x", "path": "/x" }]);
    check("{ \"a\": { \"x\": [1] } }", away, "{ \"a\": {}, \"x\": [1] }");
    let over = json!([{ "op": "move", "from": "/a", "path": "/b" }]);
    check("{ \"a\": 1, \"b\": 2 }", over, "{ \"b\": 1 }");
}

#[test]
fn several_operations_are_all_or_none() {
    let patch = json!([{ "op": "test", "path": "/a", "value": 1 }, { "op": "remove", "path": "/a" }]);
    check("{ \"a\": 1, \"b\": 2 }", patch, "{ \"b\": 2 }");
    for patch in [
        json!([{ "op": "remove", "path": "/a" }, { "op": "remove", "path": "/a" }]),
        json!([{ "op": "test", "path": "/a", "value": 2 }]),
        json!([{ "op": "add", "path": "/a/b", "value": 2 }]),
        json!([{ "op": "replace", "path": "/c", "value": 2 }]),
    ] {
        let patch: Vec<PatchOp> = serde_json::from_value(patch).unwrap();
        assert!(edit("{ \"a\": 1 }", &patch).is_err(), "{patch:?}");
    }
    assert!(edit("{ \"a\": ", &[PatchOp::Remove { path: "/a".into() }]).is_err());
}
