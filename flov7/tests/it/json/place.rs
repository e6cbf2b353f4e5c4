//! Where things stand: spans, lines, and both places of a repeated member.

use flov7::json::{self, Lines, ReadLimits};

const TEXT: &str = "{ \"a\" : [ 10, {\"é\": \"x\\ny\"} ],\n  \"b~/\" : { } , \"c\": -1.50e1 }\n";

#[test]
fn every_value_and_name_has_a_place() {
    let document = json::read_document(TEXT, &ReadLimits::default()).unwrap();
    let of = |pointer: &str| document.spans.of(pointer).map(|span| &TEXT[span.range()]);
    let key_of = |pointer: &str| document.spans.key_of(pointer).map(|span| &TEXT[span.range()]);
    assert_eq!(of(""), Some(TEXT.trim()));
    assert_eq!(of("/a"), Some("[ 10, {\"é\": \"x\\ny\"} ]"));
    assert_eq!(of("/a/0"), Some("10"));
    assert_eq!(of("/a/1"), Some("{\"é\": \"x\\ny\"}"));
    assert_eq!(of("/a/1/é"), Some("\"x\\ny\""));
    assert_eq!(of("/b~0~1"), Some("{ }"));
    assert_eq!(of("/c"), Some("-1.50e1"));
    for missing in ["/", "/d", "/a/2", "/a/00", "/a/-", "/a/0/x", "a", "/c/0"] {
        assert_eq!(of(missing), None, "{missing}");
        assert_eq!(key_of(missing), None, "{missing}");
    }
    assert_eq!(key_of("/b~0~1"), Some("\"b~/\""));
    assert_eq!(key_of("/a/1/é"), Some("\"é\""));
    assert_eq!(key_of("/a/0"), None);
    assert_eq!(key_of(""), None);
    let nearest = |pointer: &str| document.spans.nearest(pointer).map(|span| &TEXT[span.range()]);
    assert_eq!(nearest("/b~0~1/x/y"), Some("{ }"));
    assert_eq!(nearest("/zzz"), Some(TEXT.trim()));
}

#[test]
fn places_agree_with_values() {
    let text = r#"[{"z":[[],{}],"a":{"k":[1,2,{"q":null}]}},[[[3]]],"t"]"#;
    let document = json::read_document(text, &ReadLimits::default()).unwrap();
    let mut stack = vec![(json::Pointer::root(), &document.value)];
    let mut seen = 0;
    while let Some((pointer, value)) = stack.pop() {
        seen += 1;
        let span = document.spans.of(pointer.as_str()).unwrap();
        assert_eq!(&super::value(&text[span.range()]), value, "{pointer}");
        match value {
            serde_json::Value::Array(items) => {
                stack.extend(items.iter().enumerate().map(|(i, item)| (pointer.join_index(i), item)));
            }
            serde_json::Value::Object(members) => {
                stack.extend(members.iter().map(|(name, member)| (pointer.join(name), member)));
            }
            _ => {}
        }
    }
    assert_eq!(seen, 16);
}

#[test]
fn repeated_members_are_told_with_both_places() {
    let text =
        "{ \"a\": 1,\n  \"b\": { \"x\": 1, \"x\": { \"y\": 1, \"y\": 2 } },\n  \"\\u0061\": 2, \"a\": 3 }";
    let reading = json::examine(text, &ReadLimits::default());
    let told: Vec<_> = reading
        .faults
        .iter()
        .map(|fault| (fault.code, fault.pointer.as_str(), fault.line, fault.column, fault.first.clone()))
        .collect();
    let at = |needle: &str, nth: usize| {
        let start = text.match_indices(needle).nth(nth).unwrap().0;
        Some(start..start + needle.len())
    };
    assert_eq!(
        told,
        [
            ("duplicate-member", "/b/x", 2, 18, at("\"x\"", 0)),
            ("duplicate-member", "/b/x/y", 2, 33, at("\"y\"", 0)),
            ("duplicate-member", "/a", 3, 3, at("\"a\"", 0)),
            ("duplicate-member", "/a", 3, 16, at("\"a\"", 0)),
        ]
    );
    assert!(reading.faults[0].message.contains("line 2, column 10"), "{}", reading.faults[0]);
    // The first of each stays, so that the rest of the document can be looked at.
    let document = reading.document.unwrap();
    assert_eq!(document.value, super::value(r#"{"a":1,"b":{"x":1}}"#));
    assert_eq!(&text[document.spans.of("/b/x").unwrap().range()], "1");
    // A payload is refused for the first of them, with its place too.
    let fault = json::read(text, &ReadLimits::default()).unwrap_err();
    assert_eq!((fault.code, fault.line, fault.first), ("duplicate-member", 2, at("\"x\"", 0)));
}

#[test]
fn numbers_out_of_range_are_all_told() {
    let reading = json::examine("[1e400, 2, 18446744073709551616]", &ReadLimits::default());
    let told: Vec<_> = reading.faults.iter().map(|fault| (fault.code, fault.pointer.as_str())).collect();
    assert_eq!(told, [("number-range", "/0"), ("number-range", "/2")]);
    assert_eq!(reading.document.unwrap().value, super::value("[null, 2, null]"));
}

#[test]
fn lines_and_columns() {
    let text = "aé😀b\r\n\nlast";
    let cases = [
        (0, 1, 1),
        (1, 1, 2),
        (2, 1, 2),
        (3, 1, 3),
        (7, 1, 4),
        (10, 2, 1),
        (11, 3, 1),
        (14, 3, 4),
        (99, 3, 5),
    ];
    let lines = Lines::new(text);
    for (offset, line, column) in cases {
        assert_eq!(json::line_column(text, offset), (line, column), "{offset}");
        assert_eq!(lines.line_column(offset), (line, column), "{offset}");
    }
    assert_eq!(lines.line(1), Some("aé😀b"));
    assert_eq!(lines.line(2), Some(""));
    assert_eq!(lines.line(3), Some("last"));
    assert_eq!(lines.line(4), None);
    assert_eq!(lines.line(0), None);
    assert_eq!(Lines::new("").line_column(0), (1, 1));
    // Both ways of counting agree, also over a long line.
    let long = "é1\n".repeat(700) + &"ü2".repeat(2000);
    let lines = Lines::new(&long);
    for offset in (0..=long.len()).step_by(37) {
        assert_eq!(lines.line_column(offset), json::line_column(&long, offset), "{offset}");
    }
}
