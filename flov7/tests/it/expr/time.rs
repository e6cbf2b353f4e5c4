//! Times and durations (RULES, time), the calendar held against another implementation.

use flov7::expr::{Duration, Timestamp};
use serde_json::json;

use super::{check, check_failures, check_refused};

#[test]
fn time_arithmetic() {
    check(&[
        ("now", json!("2026-11-22T08:30:00Z")),
        ("timestamp(input.at)", json!("2026-11-22T08:30:15.250Z")),
        ("timestamp(\"2026-11-22T08:30:15.2509Z\")", json!("2026-11-22T08:30:15.250Z")),
        ("timestamp(\"2026-11-22t08:30:15z\")", json!("2026-11-22T08:30:15Z")),
        ("timestamp(0)", json!("1970-01-01T00:00:00Z")),
        ("timestamp(-1)", json!("1969-12-31T23:59:59Z")),
        ("timestamp(now) == now", json!(true)),
        ("timestamp(input.at) - now", json!("PT15.25S")),
        ("now - timestamp(input.at)", json!("-PT15.25S")),
        ("now + duration(\"1d\")", json!("2026-11-23T08:30:00Z")),
        ("duration(\"1d\") + now", json!("2026-11-23T08:30:00Z")),
        ("now - duration(\"31m\")", json!("2026-11-22T07:59:00Z")),
        ("duration(\"1h\") + duration(\"30m\")", json!("PT1H30M")),
        ("duration(\"1h\") - duration(\"90m\")", json!("-PT30M")),
        ("-duration(\"1h\")", json!("-PT1H")),
        ("timestamp(\"2026-01-01T02:00:00+02:00\") == timestamp(\"2026-01-01T00:00:00Z\")", json!(true)),
        ("{\"at\": now}", json!({"at": "2026-11-22T08:30:00Z"})),
        ("[now].map(t, t + duration(\"1s\"))", json!(["2026-11-22T08:30:01Z"])),
        ("duration(duration(\"1s\"))", json!("PT1S")),
    ]);
    check_failures(&[
        ("timestamp(\"9999-12-31T23:59:59Z\") + duration(\"1s\")", "data.overflow"),
        ("timestamp(\"0001-01-01T00:00:00Z\") - duration(\"1s\")", "data.overflow"),
        ("duration(\"3652500d\") + duration(\"1ms\")", "data.overflow"),
        ("now + 1", "defect.expression"),
        ("now + now", "defect.expression"),
        ("duration(\"1s\") - now", "defect.expression"),
        ("now < \"2026\"", "defect.expression"),
        ("timestamp(\"2026-02-29T00:00:00Z\")", "data.conversion"),
        ("timestamp(\"2026-11-22\")", "data.conversion"),
        ("timestamp(\"2026-11-22T08:30:00\")", "data.conversion"),
        ("timestamp(\"2026-11-22 08:30:00Z\")", "data.conversion"),
        ("timestamp(\"2026-11-22T24:00:00Z\")", "data.conversion"),
        ("timestamp(\"2026-11-22T08:30:60Z\")", "data.conversion"),
        ("timestamp(\"2026-13-01T00:00:00Z\")", "data.conversion"),
        ("timestamp(\"0000-01-01T00:00:00Z\")", "data.conversion"),
        ("timestamp(\"0001-01-01T00:00:00+01:00\")", "data.conversion"),
        ("timestamp(\"2026-11-22T08:30:00.Z\")", "data.conversion"),
        ("timestamp(\"2026-11-22T08:30:00+2:00\")", "data.conversion"),
        ("timestamp(\"2026-11-22T08:30:00Zx\")", "data.conversion"),
        ("timestamp(\"ä026-11-22T08:30:00Z\")", "data.conversion"),
        ("timestamp(1e18)", "data.conversion"),
        ("timestamp(0.5)", "data.conversion"),
        ("timestamp(null)", "defect.expression"),
        ("duration(1)", "defect.expression"),
    ]);
}

#[test]
fn time_durations_read_and_leave() {
    for (text, expected) in [
        ("1d", "PT24H"),
        ("1h30m", "PT1H30M"),
        ("500ms", "PT0.5S"),
        ("1s5ms", "PT1.005S"),
        ("0s", "PT0S"),
        ("-5m", "-PT5M"),
        ("90s", "PT1M30S"),
        ("P1D", "PT24H"),
        ("PT1H30M", "PT1H30M"),
        ("P1DT2H3M4S", "PT26H3M4S"),
        ("PT0.25S", "PT0.25S"),
        ("PT1.0009S", "PT1S"),
        ("-PT15.25S", "-PT15.25S"),
        ("PT0S", "PT0S"),
        ("3652500d", "PT87660000H"),
    ] {
        assert_eq!(Duration::read(text).unwrap().to_string(), expected, "{text}");
        assert_eq!(Duration::read(expected).unwrap().to_string(), expected);
    }
    for text in [
        "",
        "1",
        "d",
        "1x",
        "1m1h",
        "1h1h",
        "1.5h",
        "1h ",
        " 1h",
        "+1h",
        "--1h",
        "P",
        "PT",
        "P1DT",
        "P1Y",
        "P1M",
        "P1W",
        "PT1M1H",
        "PT1.5H",
        "PT.5S",
        "PT1S1",
        "1D",
        "pt1h",
        "P1H",
        "PT1D",
        "3652501d",
        "99999999999999999999d",
        "PT9223372036854775807H",
        "ä",
        "PTä",
    ] {
        assert!(Duration::read(text).is_err(), "{text} is read");
    }
}

#[test]
fn time_accessors_take_a_fixed_offset() {
    check(&[
        ("timestamp(\"2026-02-28T23:45:10.125Z\").getFullYear()", json!(2026)),
        ("timestamp(\"2026-02-28T23:45:10.125Z\").getMonth()", json!(1)),
        ("timestamp(\"2026-02-28T23:45:10.125Z\").getDate()", json!(28)),
        ("timestamp(\"2026-02-28T23:45:10.125Z\").getDayOfMonth()", json!(27)),
        ("timestamp(\"2026-02-28T23:45:10.125Z\").getDayOfWeek()", json!(6)),
        ("timestamp(\"2026-02-28T23:45:10.125Z\").getDayOfYear()", json!(58)),
        ("timestamp(\"2026-02-28T23:45:10.125Z\").getHours()", json!(23)),
        ("timestamp(\"2026-02-28T23:45:10.125Z\").getMinutes()", json!(45)),
        ("timestamp(\"2026-02-28T23:45:10.125Z\").getSeconds()", json!(10)),
        ("timestamp(\"2026-02-28T23:45:10.125Z\").getMilliseconds()", json!(125)),
        ("timestamp(\"2026-02-28T23:45:10Z\").getDate(\"+02:00\")", json!(1)),
        ("timestamp(\"2026-02-28T23:45:10Z\").getMonth(\"02:00\")", json!(2)),
        ("timestamp(\"2026-02-28T23:45:10Z\").getHours(\"-05:30\")", json!(18)),
        ("timestamp(\"2026-02-28T23:45:10Z\").getHours(\"UTC\")", json!(23)),
        ("timestamp(\"2026-02-28T23:45:10Z\").getHours(\"+0\" + \"1:00\")", json!(0)),
        ("duration(\"90m\").getHours()", json!(1)),
        ("duration(\"90m\").getMinutes()", json!(90)),
        ("duration(\"1m5s\").getSeconds()", json!(65)),
        ("duration(\"1s5ms\").getMilliseconds()", json!(5)),
    ]);
    check_failures(&[
        ("now.getHours(\"Europe\" + \"/Berlin\")", "data.conversion"),
        ("duration(\"1h\").getFullYear()", "defect.expression"),
        ("duration(\"1h\").getHours(\"+01:00\")", "defect.expression"),
        ("input.at.getHours()", "defect.expression"),
    ]);
    check_refused(&[("now.getHours(\"Europe/Berlin\")", "zone-name"), ("now.getHours(\"+1\")", "zone-name")]);
}

#[test]
fn the_calendar_agrees_with_jiff() {
    // Each day of a leap cycle around 2000, and each first of March and last of February of all years.
    let days = (-146_097..146_097).step_by(13).map(|day| day * 86_400_000 + 45_296_789);
    let edges = (1..=9999).flat_map(|year| {
        let march = jiff::civil::date(year, 3, 1).to_datetime(jiff::civil::Time::midnight());
        let march = jiff::tz::TimeZone::UTC.to_timestamp(march).unwrap().as_millisecond();
        [march, march - 1]
    });
    for millis in days.chain(edges) {
        let ours = Timestamp::from_millis(millis).unwrap();
        let theirs = jiff::Timestamp::from_millisecond(millis).unwrap();
        let read: jiff::Timestamp = ours.to_string().parse().unwrap();
        assert_eq!(read, theirs);
        assert_eq!(Timestamp::read(&ours.to_string()).unwrap(), ours);
        let (civil, zoned) =
            (ours.civil(Duration::default()), theirs.to_zoned_datetime(jiff::tz::TimeZone::UTC));
        assert_eq!(civil.day_of_week, i64::from(zoned.weekday().to_sunday_zero_offset()), "{ours}");
        assert_eq!(civil.day_of_year, i64::from(zoned.day_of_year()) - 1, "{ours}");
    }
}
