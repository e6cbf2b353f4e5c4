//! Durations as documents write them.

use flov7::workflow::parse_duration;

#[test]
fn both_spellings_are_read() {
    for (text, millis) in [
        ("1d", 86_400_000),
        ("1h30m", 5_400_000),
        ("1d2h3m4s5ms", 93_784_005),
        ("500ms", 500),
        ("0s", 0),
        ("90m", 5_400_000),
        ("-5m", -300_000),
        ("P1D", 86_400_000),
        ("PT1H30M", 5_400_000),
        ("P1DT1S", 86_401_000),
        ("PT0.25S", 250),
    ] {
        assert_eq!(parse_duration(text), Some(millis), "{text}");
    }
}

#[test]
fn everything_else_is_not_a_duration() {
    for text in [
        "",
        "-",
        "5",
        "m",
        "1.5h",
        "1h 30m",
        "30m1h",
        "1h1h",
        "1H",
        "P",
        "PT",
        "P1DT",
        "P1M",
        "P1Y",
        "1w",
        "+1s",
        "PT1H30",
        "PT1M1H",
        "PT.5S",
        "PT1.2345S",
        "99999999999999999999d",
        "9223372036854775807d",
        "١s",
    ] {
        assert_eq!(parse_duration(text), None, "{text}");
    }
}
