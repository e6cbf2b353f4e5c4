//! Canonical text and digests: pinned, because bundles are named by them.

use flov7::json;
use serde_json::Value;

use super::value;

#[test]
fn maps_are_written_by_code_point() {
    // U+FF61 sorts before U+1F600 by code point, and after it by UTF-16 unit.
    let cases = [
        (
            "{\"\u{1F600}\":1,\"\u{FF61}\":2,\"b\":3,\"a\":4,\"B\":5,\"\":6,\"aa\":7}",
            "{\"\":6,\"B\":5,\"a\":4,\"aa\":7,\"b\":3,\"\u{FF61}\":2,\"\u{1F600}\":1}",
        ),
        (r#"{"z":{"y":1,"x":[{"b":1,"a":2}]}}"#, r#"{"z":{"x":[{"a":2,"b":1}],"y":1}}"#),
        (r#"[ ]"#, "[]"),
        (r#"[[],[[]],{},{"a":{}}]"#, r#"[[],[[]],{},{"a":{}}]"#),
        (
            r#""\u0008\u000c\u000a\u000d\u0009\u0001\u001F\u0022\u005c\u002f\u007f""#,
            "\"\\b\\f\\n\\r\\t\\u0001\\u001f\\\"\\\\/\u{7f}\"",
        ),
        (r#"{"\u0001":null,"\"":true}"#, r#"{"\u0001":null,"\"":true}"#),
    ];
    for (text, expected) in cases {
        let value = value(text);
        assert_eq!(json::canonical(&value), expected);
        assert_eq!(json::canonical_size(&value), expected.len(), "{text}");
        // Whatever order the members are in.
        assert_eq!(json::canonical(&super::value(&json::canonical(&value))), expected);
    }
}

/// Computed with Python: `hashlib.sha256(canonical text)`.
#[test]
fn digest_golden() {
    let cases = [
        ("null", "74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b"),
        ("{}", "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"),
        (
            r#"{"b":[1.0,1e17,0.1],"a":"é"}"#,
            "a39ec8dc0893221373347670e93b9328bd4705f28a6d650cf7091301e66a8f5b",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(json::digest(&value(text)).to_string(), expected, "{text}");
    }
}

/// Every value of a document reads back as itself from its canonical text.
#[test]
fn canonical_text_reads_back() {
    let mut seed = 7u64;
    let mut next = move |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    for _ in 0..500 {
        let made = arbitrary(&mut next, 4);
        let text = json::canonical(&made);
        let read = value(&text);
        assert!(json::equal(&made, &read), "{text}");
        assert_eq!(json::canonical(&read), text);
        assert_eq!(json::canonical_size(&made), text.len());
        assert_eq!(json::hash64(&made), json::hash64(&read), "{text}");
    }
}

fn arbitrary(next: &mut impl FnMut(u64) -> u64, depth: u64) -> Value {
    match next(if depth == 0 { 6 } else { 9 }) {
        0 => Value::Null,
        1 => Value::Bool(next(2) == 0),
        2 => i64::from_ne_bytes(next(u64::MAX).to_ne_bytes()).into(),
        3 => next(u64::MAX).into(),
        4 => serde_json::Number::from_f64(f64::from_bits(next(u64::MAX))).map_or(Value::Null, Value::Number),
        5 => {
            let alphabet = ['a', '"', '\\', '\n', '\u{0}', 'é', '\u{2028}', '😀', '/', '~'];
            let length = next(6);
            (0..length).map(|_| alphabet[usize::try_from(next(10)).unwrap()]).collect::<String>().into()
        }
        6 | 7 => {
            let length = next(4);
            (0..length).map(|_| arbitrary(next, depth - 1)).collect::<Vec<_>>().into()
        }
        _ => {
            let length = next(4);
            Value::Object(
                (0..length).map(|_| (format!("k{}", next(9)), arbitrary(next, depth - 1))).collect(),
            )
        }
    }
}
