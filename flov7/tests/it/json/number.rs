//! Numbers: how they enter, compare and print.

use std::cmp::Ordering;

use flov7::json::{self, Numeric, ReadLimits};
use serde_json::{Number, Value};

use super::value;

/// Literal, canonical text, text for people.
#[test]
fn num_entry_canonical_and_text() {
    let cases = [
        ("0", "0", "0"),
        ("-0", "0", "0"),
        ("-0.0", "0", "0"),
        ("0e0", "0", "0"),
        ("-0e99", "0", "0"),
        ("1.0", "1", "1"),
        ("1e2", "100", "100"),
        ("1E+2", "100", "100"),
        ("100e-2", "1", "1"),
        ("-12.50e1", "-125", "-125"),
        ("9007199254740991.0", "9007199254740991", "9007199254740991"),
        ("9007199254740992.0", "9007199254740992", "9007199254740992"),
        ("-9007199254740992.0", "-9007199254740992", "-9007199254740992"),
        ("9007199254740993", "9007199254740993", "9007199254740993"),
        ("9007199254740994.0", "9.007199254740994e15", "9007199254740994"),
        ("9223372036854775807", "9223372036854775807", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808", "-9223372036854775808"),
        ("9223372036854775808", "9223372036854775808", "9223372036854775808"),
        ("18446744073709551615", "18446744073709551615", "18446744073709551615"),
        ("18446744073709551615.0", "1.8446744073709552e19", "18446744073709552000"),
        ("1e17", "1e17", "100000000000000000"),
        ("100000000000000000000.0", "1e20", "100000000000000000000"),
        ("1e21", "1e21", "1e+21"),
        ("1.5e300", "1.5e300", "1.5e+300"),
        ("-1.5e300", "-1.5e300", "-1.5e+300"),
        ("1.7976931348623157e308", "1.7976931348623157e308", "1.7976931348623157e+308"),
        ("0.1", "0.1", "0.1"),
        ("-0.1", "-0.1", "-0.1"),
        ("0.30000000000000004", "0.30000000000000004", "0.30000000000000004"),
        ("0.1000000000000000055511151231257827", "0.1", "0.1"),
        ("123456.789", "123456.789", "123456.789"),
        ("0.000001", "0.000001", "0.000001"),
        ("0.0000012", "0.0000012", "0.0000012"),
        ("1e-7", "1e-7", "1e-7"),
        ("1.25e-7", "1.25e-7", "1.25e-7"),
        ("5e-324", "5e-324", "5e-324"),
        ("2.2250738585072014e-308", "2.2250738585072014e-308", "2.2250738585072014e-308"),
        ("1e-400", "0", "0"),
        ("2251799813685248.5", "2251799813685248.5", "2251799813685248.5"),
    ];
    for (literal, canonical, text) in cases {
        let read = value(literal);
        assert_eq!(json::canonical(&read), canonical, "{literal}");
        let Value::Number(number) = &read else { panic!("{literal} is a number") };
        assert_eq!(json::number_text(number), text, "{literal}");
        // What was written reads back as the same value.
        assert_eq!(json::canonical(&value(canonical)), canonical, "{literal}");
    }
}

#[test]
fn num_entry_refuses_what_it_would_have_to_round() {
    let beyond_digits = "9".repeat(4000);
    let cases = [
        "18446744073709551616",
        "-9223372036854775809",
        "100000000000000000000",
        "99999999999999999999999999999999999999999999",
        "1e309",
        "-1e309",
        "1e400",
        "1.8e308",
        beyond_digits.as_str(),
    ];
    for literal in cases {
        let text = format!("[1, {literal}]");
        let fault = json::read(&text, &ReadLimits::default()).unwrap_err();
        assert_eq!((fault.code, fault.pointer.as_str()), ("number-range", "/1"), "{literal}");
        assert_eq!(&text[fault.span.clone()], literal);
        assert!(fault.message.len() < 300, "{}", fault.message);
    }
}

#[test]
fn num_entry_normalises_values_of_hosts() {
    let mut host = serde_json::json!({ "a": [1.0, -0.0, 0.5, 9007199254740992.0, 1e17], "b": { "c": 2.0 } });
    json::normalize(&mut host).unwrap();
    assert_eq!(json::canonical(&host), r#"{"a":[1,0,0.5,9007199254740992,1e17],"b":{"c":2}}"#);
    let Some(Value::Number(one)) = json::get(&host, "/a/0") else { panic!() };
    assert!(one.is_i64());
}

#[test]
fn num_eq_never_rounds() {
    let order = [
        "-1e300",
        "-9223372036854775809.0", // the double -2^63
        "-9223372036854775807",
        "-9007199254740993",
        "-9007199254740992.0",
        "-1.5",
        "-1",
        "0",
        "5e-324",
        "0.5",
        "1",
        "1.5",
        "9007199254740992",
        "9007199254740993",
        "9007199254740994.0",
        "9007199254740995",
        "9223372036854775807",
        "9223372036854775808.0",
        "9223372036854775809",
        "18446744073709551615",
        "18446744073709551616.0",
        "1e300",
    ];
    let numbers: Vec<Number> = order
        .iter()
        .map(|literal| match value(literal) {
            Value::Number(number) => number,
            other => panic!("{other}"),
        })
        .collect();
    for (i, a) in numbers.iter().enumerate() {
        for (j, b) in numbers.iter().enumerate() {
            assert_eq!(json::compare_numbers(a, b), i.cmp(&j), "{} and {}", order[i], order[j]);
        }
    }
    // The double -2^63 and the integer are the same number, in different kinds.
    let (double, integer) = (Number::from_f64(-9_223_372_036_854_775_808.0).unwrap(), Number::from(i64::MIN));
    assert_eq!(json::compare_numbers(&double, &integer), Ordering::Equal);
}

#[test]
fn num_eq_beyond_128_bits() {
    let cases = [
        (i128::MAX, f64::MAX, Ordering::Less),
        (i128::MIN, -f64::MAX, Ordering::Greater),
        (i128::MAX, 2f64.powi(127), Ordering::Less),
        (i128::MIN, -(2f64.powi(127)), Ordering::Equal),
        (0, f64::INFINITY, Ordering::Less),
        (0, f64::NEG_INFINITY, Ordering::Greater),
        (0, f64::NAN, Ordering::Less),
        (-1, -0.5, Ordering::Less),
        (0, -0.5, Ordering::Greater),
        (0, 0.5, Ordering::Less),
    ];
    for (integer, double, expected) in cases {
        let (integer, double) = (Numeric::Integer(integer), Numeric::Double(double));
        assert_eq!(integer.compare(double), expected, "{integer:?} {double:?}");
        assert_eq!(double.compare(integer), expected.reverse(), "{double:?} {integer:?}");
    }
}

#[test]
fn numerics_become_numbers_in_range_only() {
    let text = |numeric: Numeric| numeric.number().map(|number| json::number_text(&number));
    assert_eq!(text(Numeric::Integer(u64::MAX.into())).as_deref(), Some("18446744073709551615"));
    assert_eq!(text(Numeric::Integer(i128::from(u64::MAX) + 1)), None);
    assert_eq!(text(Numeric::Integer(i64::MIN.into())).as_deref(), Some("-9223372036854775808"));
    assert_eq!(text(Numeric::Integer(i128::from(i64::MIN) - 1)), None);
    assert_eq!(text(Numeric::Double(0.5 + 0.5)).as_deref(), Some("1"));
    assert_eq!(text(Numeric::Double(f64::NAN)), None);
    assert_eq!(text(Numeric::Double(f64::INFINITY)), None);
}

/// Against ECMAScript's own algorithm, by way of its defining property: the digits read back, and no shorter
/// ones do.
#[test]
fn text_of_doubles_reads_back() {
    let mut seed = 0x9E37_79B9_7F4A_7C15u64;
    for _ in 0..20_000 {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let double = f64::from_bits(seed);
        let Some(number) = Number::from_f64(double) else { continue };
        for text in [json::number_text(&number), json::canonical(&Value::Number(number.clone()))] {
            assert_eq!(text.parse::<f64>().unwrap().to_bits(), double.to_bits(), "{text}");
        }
    }
}
