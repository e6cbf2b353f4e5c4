//! Hashes that stand in journals: pinned.

use flov7::json::{self, Fnv64};
use serde_json::{Map, Value, json};

use super::value;

/// Computed by an independent implementation (Python) of the rule that `hash64` documents.
#[test]
fn hash64_golden() {
    let cases = [
        ("null", 0xb46c_0835_548f_daec),
        ("false", 0xcc69_1199_0af5_1ec9),
        ("true", 0xb877_9b03_f6df_1248),
        ("0", 0xfc05_9759_6646_4b77),
        ("1", 0x2048_7aeb_0cea_3ed9),
        ("-1", 0x59a2_90bf_2ff9_54b0),
        ("9223372036854775807", 0x9794_8a57_8c91_89ae),
        ("9223372036854775808", 0x0847_2ebe_c138_9c87),
        ("0.5", 0x3b39_255e_dc26_288a),
        ("1e17", 0x9a4e_b899_9d19_dae1),
        (r#""""#, 0x7628_9a23_b46f_cdaf),
        (r#""abcdefgh""#, 0xac49_4e80_6bf3_240e),
        (r#""abcdefghi""#, 0x5b0b_9fe0_5112_06be),
        ("[]", 0x0801_9f79_f984_543e),
        ("{}", 0xb609_c72d_8030_98d7),
        ("[[]]", 0x5a89_8826_9a65_f03e),
        (r#"{"b":[1,2.5,"x"],"a":{"c":null}}"#, 0xe76e_cf66_f10a_c6d4),
    ];
    let found: Vec<(&str, u64)> = cases.iter().map(|(text, _)| (*text, json::hash64(&value(text)))).collect();
    assert_eq!(found, cases);
}

#[test]
fn hash64_tells_apart() {
    let texts = [
        "null",
        "false",
        "true",
        "0",
        "1",
        "-1",
        "0.5",
        "\"\"",
        "\"0\"",
        "\"\\u0000\"",
        "[]",
        "{}",
        "[[]]",
        "[{}]",
        "[[],[]]",
        "[[[]]]",
        "[null]",
        "[0]",
        "[1]",
        "[1,1]",
        "[[1],1]",
        "[1,[1]]",
        "{\"a\":1}",
        "{\"a\":\"1\"}",
        "{\"1\":\"a\"}",
        "[\"a\",1]",
        "{\"a\":{\"b\":1}}",
        "{\"a\":1,\"b\":1}",
        "[\"ab\",\"c\"]",
        "[\"a\",\"bc\"]",
        "\"abcdefgh\"",
        "\"abcdefg\"",
        "\"abcdefg\\u0000\"",
        "18446744073709551615",
        "1.8446744073709551615e19",
    ];
    let mut hashes: Vec<u64> = texts.iter().map(|text| json::hash64(&value(text))).collect();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), texts.len());
    // One bit of a number changes about half of the bits of the hash.
    let mut changed = 0;
    for bit in 0..63 {
        changed +=
            (json::hash64(&json!([0, 1])) ^ json::hash64(&json!([0, 1i64 ^ (1i64 << bit)]))).count_ones();
    }
    assert!((25 * 63..39 * 63).contains(&changed), "{changed}");
}

#[test]
fn hash64_does_not_see_the_order_of_members() {
    let mut members: Vec<(String, Value)> =
        (0..50).map(|i| (format!("k{i}"), json!({ "v": i, "a": [i] }))).collect();
    let forwards: Map<String, Value> = members.clone().into_iter().collect();
    members.reverse();
    let backwards: Map<String, Value> = members.into_iter().collect();
    assert_eq!(
        json::hash64(&Value::Object(forwards.clone())),
        json::hash64(&Value::Object(backwards.clone()))
    );
    assert_eq!(json::canonical(&Value::Object(forwards)), json::canonical(&Value::Object(backwards)));
}

#[test]
fn num_entry_hash64_of_values_that_were_not_normalised() {
    assert_eq!(json::hash64(&json!([1.0, -0.0])), json::hash64(&json!([1, 0])));
}

/// The vectors of the authors (<http://www.isthe.com/chongo/src/fnv/test_fnv.c>).
#[test]
fn fnv1a64_golden() {
    let cases =
        [("", 0xcbf2_9ce4_8422_2325u64), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8)];
    for (text, expected) in cases {
        assert_eq!(json::fnv1a64(text.as_bytes()), expected, "{text}");
    }
    let mut hash = Fnv64::new();
    hash.bytes(b"foo");
    let mut hash = Fnv64::resume(hash.finish());
    hash.bytes(b"bar");
    assert_eq!(hash.finish(), 0x8594_4171_f739_67e8);
    let (mut a, mut b) = (Fnv64::new(), Fnv64::new());
    a.text("ab");
    a.text("c");
    b.text("a");
    b.text("bc");
    assert_ne!(a.finish(), b.finish());
    let mut number = Fnv64::new();
    number.number(1);
    assert_eq!(number.finish(), json::fnv1a64(&[0, 0, 0, 0, 0, 0, 0, 1]));
}
