//! "Did you mean".

use flov7::finding::nearest;

#[test]
fn nearest_names() {
    let steps = ["total", "check", "approve", "invoice", "tell_ops", "tell_user"];
    let cases: [(&str, &[&str]); 12] = [
        ("totl", &["total"]),
        ("toatl", &["total"]),
        ("Total", &["total"]),
        ("invoce", &["invoice"]),
        ("tell_usr", &["tell_user"]),
        ("tell", &["tell_ops", "tell_user"]),
        ("aprove", &["approve"]),
        ("pprove", &["approve"]),
        ("x", &[]),
        ("", &[]),
        ("customer", &[]),
        ("chekc", &["check"]),
    ];
    for (name, expected) in cases {
        assert_eq!(nearest(name, steps), expected, "{name}");
    }
}

#[test]
fn nearest_is_bounded_and_stable() {
    let many = ["aab", "aac", "aad", "aae", "aaa"];
    assert_eq!(nearest("aaf", many), ["aaa", "aab", "aac"]);
    assert_eq!(nearest("request", ["http.request", "core.wait"]), ["http.request"]);
    assert_eq!(nearest("a", ["b"]), ["b"]);
    let long = "a".repeat(65);
    assert!(nearest(&long, [long.as_str()]).is_empty());
    assert!(nearest("aaa", [long.as_str(), ""]).is_empty());
    assert_eq!(nearest("same", ["same", "same"]), ["same"]);
}
