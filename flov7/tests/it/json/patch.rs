//! Patches, after the cases of RFC 6902, appendix A.

use flov7::json::{self, PatchOp};
use serde_json::{Value, json};

fn check(document: Value, patch: Value, expected: Result<Value, &str>) {
    let operations: Vec<PatchOp> = serde_json::from_value(patch.clone()).unwrap();
    assert_eq!(serde_json::to_value(&operations).unwrap(), patch, "a patch is written as it was read");
    let mut changed = document.clone();
    match (json::apply(&mut changed, &operations), expected) {
        (Ok(()), Ok(expected)) => assert_eq!(changed, expected, "{patch}"),
        (Err(error), Err(word)) => {
            assert!(error.to_string().contains(word), "{patch}: {error}");
            assert_eq!(changed, document, "{patch} left something behind");
        }
        (outcome, expected) => panic!("{patch}: {outcome:?}, expected {expected:?}"),
    }
}

#[test]
fn applies() {
    let cases = [
        (
            json!({ "foo": 1 }),
            json!([{ "op": "add", "path": "/baz", "value": 2 }]),
            json!({ "foo": 1, "baz": 2 }),
        ),
        (
            json!({ "foo": [1, 3] }),
            json!([{ "op": "add", "path": "/foo/1", "value": 2 }]),
            json!({ "foo": [1, 2, 3] }),
        ),
        (
            json!({ "foo": [1] }),
            json!([{ "op": "add", "path": "/foo/-", "value": [2] }]),
            json!({ "foo": [1, [2]] }),
        ),
        (
            json!({ "foo": [1] }),
            json!([{ "op": "add", "path": "/foo/1", "value": 2 }]),
            json!({ "foo": [1, 2] }),
        ),
        (json!({ "foo": null }), json!([{ "op": "add", "path": "/foo", "value": 1 }]), json!({ "foo": 1 })),
        (json!({ "a": 1, "b": 2 }), json!([{ "op": "remove", "path": "/a" }]), json!({ "b": 2 })),
        (json!([1, 2, 3]), json!([{ "op": "remove", "path": "/1" }]), json!([1, 3])),
        (json!({ "a": 1 }), json!([{ "op": "replace", "path": "/a", "value": null }]), json!({ "a": null })),
        (json!({ "a": 1 }), json!([{ "op": "replace", "path": "", "value": 7 }]), json!(7)),
        (
            json!({ "a": { "b": 1 }, "c": {} }),
            json!([{ "op": "move", "from": "/a/b", "path": "/c/d" }]),
            json!({ "a": {}, "c": { "d": 1 } }),
        ),
        (
            json!({ "a": [1, 2, 3] }),
            json!([{ "op": "move", "from": "/a/0", "path": "/a/2" }]),
            json!({ "a": [2, 3, 1] }),
        ),
        (json!({ "a": 1 }), json!([{ "op": "move", "from": "/a", "path": "/a" }]), json!({ "a": 1 })),
        (json!({ "a": 1.0 }), json!([{ "op": "test", "path": "/a", "value": 1 }]), json!({ "a": 1.0 })),
        (
            json!({ "a/b": { "m~n": 1 } }),
            json!([{ "op": "replace", "path": "/a~1b/m~0n", "value": 2 }]),
            json!({ "a/b": { "m~n": 2 } }),
        ),
        (
            json!({}),
            json!([{ "op": "add", "path": "/a", "value": {} }, { "op": "add", "path": "/a/b", "value": 1 }]),
            json!({ "a": { "b": 1 } }),
        ),
    ];
    for (document, patch, expected) in cases {
        check(document, patch, Ok(expected));
    }
}

#[test]
fn refuses_and_changes_nothing() {
    let cases = [
        (json!({}), json!([{ "op": "remove", "path": "/a" }]), "nothing at"),
        (json!({}), json!([{ "op": "replace", "path": "/a", "value": 1 }]), "nothing at"),
        (json!({}), json!([{ "op": "add", "path": "/a/b", "value": 1 }]), "nothing at"),
        (json!({ "a": 1 }), json!([{ "op": "add", "path": "/a/b", "value": 1 }]), "neither"),
        (json!({ "a": [] }), json!([{ "op": "add", "path": "/a/1", "value": 1 }]), "no place"),
        (json!({ "a": [] }), json!([{ "op": "add", "path": "/a/00", "value": 1 }]), "no place"),
        (json!({ "a": [1] }), json!([{ "op": "remove", "path": "/a/-" }]), "nothing at"),
        (json!({ "a": 1 }), json!([{ "op": "test", "path": "/a", "value": 2 }]), "another"),
        (json!({ "a": {} }), json!([{ "op": "move", "from": "/a", "path": "/a/b" }]), "into itself"),
        (json!({ "a": 1 }), json!([{ "op": "replace", "path": "a", "value": 2 }]), "no JSON Pointer"),
        (
            json!({ "a": 1 }),
            json!([{ "op": "remove", "path": "/a" }, { "op": "test", "path": "/a", "value": 1 }]),
            "operation 1",
        ),
    ];
    for (document, patch, word) in cases {
        check(document, patch, Err(word));
    }
}
