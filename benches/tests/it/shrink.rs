//! What is wrong is made smaller, as long as it is wrong in the same way.

use flov7_benches::shrink::shrink;
use serde_json::{Value, json};

#[test]
fn what_does_not_matter_is_left_out() {
    let document =
        json!({ "steps": [{ "id": "a" }, { "id": "b", "bad": "${ input.x }" }, { "id": "c" }], "output": 1 });
    // Wrong is whatever has a `bad`.
    let check = |document: &Value| match document.to_string().contains("\"bad\"") {
        true => vec!["bad: it is".to_owned()],
        false => Vec::new(),
    };
    let smaller = shrink(&document, &["bad: it was".to_owned()], &check);
    assert_eq!(smaller, json!({ "steps": [{ "bad": 0 }] }));
    // A document that is not wrong stays as it is.
    let fine = json!({ "steps": [] });
    assert_eq!(shrink(&fine, &["bad: it was".to_owned()], &check), fine);
}
