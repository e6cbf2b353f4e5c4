//! What authors do at a shell before anything runs for real: begin, test.

use serde_json::json;

use crate::world::{Dir, flov7};

fn begun() -> Dir {
    let dir = Dir::new();
    let ran = flov7(dir.path(), &["init", "--json"]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    assert_eq!(ran.json()["files"].as_array().unwrap().len(), 5);
    dir
}

#[test]
fn what_init_writes_is_valid_and_its_tests_pass() {
    let dir = begun();
    let valid = flov7(dir.path(), &["validate", "order.json", "--json"]).json();
    assert_eq!((&valid["valid"], &valid["findings"]), (&json!(true), &json!([])));
    let tested = flov7(dir.path(), &["test", "order.tests.json", "--json"]);
    assert_eq!(tested.code, Some(0), "{tested:#?}");
    assert_eq!((&tested.json()["passed"], &tested.json()["failed"]), (&json!(4), &json!(0)));
    let input = r#"{"id":"o-1","email":"ada@example.org","total":900}"#;
    let dry = flov7(
        dir.path(),
        &["dry-run", "order.json", "--mocks", "order.mocks.json", "--input", input, "--json"],
    );
    assert_eq!((dry.code, &dry.json()["output"]), (Some(0), &json!("inv-1")));
}

#[test]
fn init_replaces_nothing() {
    let dir = Dir::new();
    std::fs::create_dir(dir.path().join("sub")).unwrap();
    dir.write("sub/order.json", "mine");
    let ran = flov7(dir.path(), &["init", "sub"]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(ran.stderr.contains("order.json already; nothing was written"), "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(dir.path().join("sub/order.json")).unwrap(), "mine");
    assert_eq!(std::fs::read_dir(dir.path().join("sub")).unwrap().count(), 1);
}

#[test]
fn a_test_that_fails_says_where_and_why() {
    let dir = begun();
    let input = json!({ "id": "o-1", "email": "ada@example.org", "total": 1 });
    let mocks = json!({ "shop.invoice": { "output": { "id": "inv-1" } }, "customer.tell": { "output": { "id": "m" } } });
    let broken = json!({ "shop.invoice": { "error": { "code": "http.400" } } });
    let cases = json!({ "flov7_tests": 1, "workflow": "order.json", "cases": [
        { "input": input, "mocks": mocks, "expected": { "output": "inv-2", "steps": { "tell": "skipped", "none": "done", "nowhere": null } } },
        { "name": "broken", "input": input, "mocks": broken },
        { "name": "wanted", "input": input, "mocks": broken, "expected": { "error": { "code": "http.400", "step": "invoice" } } },
        { "name": "no mock", "input": input, "expected": { "status": "failed" } },
        { "name": "only what differs", "input": input, "mocks": broken, "expected": { "error": { "code": "http.400" }, "output": "x\u{202e}" } },
        { "name": "bad input", "input": [] },
        { "name": "bad mock", "input": input, "mocks": { "no.such": { "output": 1 } } } ] });
    dir.write("cases.json", &cases.to_string());
    let ran = flov7(dir.path(), &["test", "cases.json", "--json"]);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    let told = ran.json();
    assert_eq!((&told["passed"], &told["failed"]), (&json!(1), &json!(6)));
    assert_eq!(
        told["cases"][0],
        json!({ "name": "case 1", "passed": false, "differences": [
            { "at": "/output", "expected": "inv-2", "found": "inv-1" },
            { "at": "none", "expected": "done", "found": null },
            { "at": "tell", "expected": "skipped", "found": "done" } ] })
    );
    let broken = &told["cases"][1]["differences"];
    assert_eq!(broken[0], json!({ "at": "/status", "expected": "completed", "found": "failed" }));
    assert_eq!((&broken[1]["at"], &broken[1]["found"]["code"]), (&json!("/error"), &json!("http.400")));
    assert_eq!(told["cases"][2]["passed"], json!(true));
    let no_mock = told["cases"][3]["differences"].as_array().unwrap();
    assert_eq!((no_mock.len(), &no_mock[0]["expected"]), (1, &json!("a mock, or `sample: true`")));
    let only = told["cases"][4]["differences"].as_array().unwrap();
    assert_eq!((only.len(), &only[0]["at"]), (1, &json!("/output")));
    for bad in [5, 6] {
        assert_eq!(
            told["cases"][bad]["differences"][0]["expected"],
            json!("a case that can be run"),
            "{told:#}"
        );
    }
    let text = flov7(dir.path(), &["test", "cases.json"]).stdout;
    assert!(text.contains("FAILED case 1\n  /output: expected \"inv-2\", found \"inv-1\"\n"), "{text}");
    assert!(text.contains("ok     wanted\n") && text.ends_with("1 passed, 6 failed\n"), "{text}");
    assert!(text.contains(r#"expected "x\u202e", found null"#), "{text}");
}

#[test]
fn tests_that_cannot_be_read_are_refused() {
    let dir = begun();
    for (tests, why) in [
        (
            json!({ "flov7_tests": 2, "workflow": "order.json", "cases": [{}] }),
            "is 1 in this version, found 2",
        ),
        (json!({ "flov7_tests": 1, "workflow": "order.json", "cases": [] }), "found 0"),
        (
            json!({ "flov7_tests": 1, "workflow": "order.json", "cases": [{ "mock": {} }] }),
            "case 1: unknown field `mock`",
        ),
        (json!({ "flov7_tests": 1, "workflow": "order.json" }), "missing field `cases`"),
        (
            json!({ "flov7_tests": 1, "workflow": "order.json", "cases": [{}, 7] }),
            "case 2: a case is an object",
        ),
        (
            json!({ "flov7_tests": 1, "workflow": "order.json", "cases": [{ "expected": { "error": { "cod": 1 } } }] }),
            "case 1: an error has no member `cod`; it has code, ",
        ),
        (
            json!({ "flov7_tests": 1, "workflow": "order.json", "cases": [{ "expected": { "status": "done" } }] }),
            "unknown variant `done`, expected one of",
        ),
        (json!({ "flov7": 1, "name": "x", "steps": [] }), "this is a workflow"),
        (json!([]), "tests are an object"),
        (json!({ "flov7_tests": 1, "workflow": "none.json", "cases": [{}] }), "none.json"),
    ] {
        dir.write("bad.json", &tests.to_string());
        let ran = flov7(dir.path(), &["test", "bad.json"]);
        assert_eq!(ran.code, Some(2), "{ran:#?}");
        assert!(ran.stderr.contains(why), "{why}: {}", ran.stderr);
    }
}
