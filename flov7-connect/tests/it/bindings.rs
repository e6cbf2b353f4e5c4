//! The file of bindings.

use flov7_connect::bindings::read;
use serde_json::{Value, json};

#[test]
fn a_file_gives_its_bindings() {
    let bindings = read(&json!({
        "flov7_bindings": 1,
        "connections": {
            "crm": { "connector": "http", "base_url": "https://crm.example" },
            "shop": { "connector": "webhook", "secrets": ["SHOP"] }
        }
    }))
    .unwrap();
    assert_eq!(bindings.0.keys().collect::<Vec<_>>(), ["crm", "shop"]);
    assert_eq!(bindings.0["crm"].settings.get("base_url"), Some(&json!("https://crm.example")));
    assert!(!bindings.0["crm"].settings.contains_key("connector"));
    // Settings of a connector that is not ours are its own to check.
    assert_eq!(bindings.0["shop"].settings.get("secrets"), Some(&json!(["SHOP"])));
    assert!(read(&json!({ "flov7_bindings": 1, "connections": {} })).unwrap().0.is_empty());
}

#[test]
fn every_fault_is_told_with_its_place() {
    let cases: Vec<(Value, Vec<&str>)> = vec![
        (json!(null), vec![""]),
        (json!([]), vec![""]),
        (json!({}), vec!["", ""]),
        (json!({ "flov7_bindings": 2, "connections": {} }), vec!["/flov7_bindings"]),
        (json!({ "flov7_bindings": "1", "connections": [] }), vec!["/flov7_bindings", "/connections"]),
        (json!({ "flov7_bindings": 1, "connections": {}, "bindings": {} }), vec!["/bindings"]),
        (
            json!({ "flov7_bindings": 1, "connections": {
                "a": 7,
                "b": { "base_url": "https://b.example" },
                "c": { "connector": "http" },
                "d": { "connector": "http", "base_url": "https://d.example", "limits": { "timeout": "x" }, "a/b": 1 },
                "e": { "connector": 7 },
                "Not-A-Name": { "connector": "http", "base_url": "https://f.example" }
            } }),
            vec![
                "/connections/Not-A-Name",
                "/connections/a",
                "/connections/b",
                "/connections/c/base_url",
                "/connections/d/a~1b",
                "/connections/d/limits/timeout",
                "/connections/e/connector",
            ],
        ),
    ];
    for (file, expected) in cases {
        let faults = read(&file).expect_err(&file.to_string());
        let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, expected, "{file}: {faults:?}");
    }
}
