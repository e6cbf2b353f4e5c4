//! When schedules fire, against a second implementation.

use std::collections::BTreeMap;

use flov7::id::Timestamp;
use flov7::trigger::Schedule;
use serde::Deserialize;
use serde_json::{Value, json};

/// What croniter says; `make.py` beside it makes it.
const TABLE: &str = include_str!("../fixtures/schedules/schedules.json");
/// Where it is wrong, or of another mind.
const JUDGED: &str = include_str!("../fixtures/schedules/judged.json");

#[derive(Deserialize)]
struct Row {
    cron: String,
    zone: String,
    after: String,
    next: Vec<String>,
}

#[derive(Deserialize)]
struct Judged {
    cron: String,
    zone: String,
    after: String,
    right: Vec<String>,
    because: String,
}

fn instant(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn next(settings: &Value, after: &str, count: usize) -> Vec<String> {
    let firings = Schedule::read(settings).unwrap();
    firings.firings(instant(after)).take(count).map(|at| at.to_string().replace(".000Z", "Z")).collect()
}

#[test]
fn cron_fires_when_a_second_implementation_says() {
    let rows: Vec<Row> = serde_json::from_str(TABLE).unwrap();
    assert!(rows.len() >= 300, "{} rows", rows.len());
    let judged: Vec<Judged> = serde_json::from_str(JUDGED).unwrap();
    let mut judged: BTreeMap<(String, String, String), Judged> = judged
        .into_iter()
        .map(|row| ((row.cron.clone(), row.zone.clone(), row.after.clone()), row))
        .collect();
    let mut wrong = Vec::new();
    for row in rows {
        let found = next(&json!({ "cron": row.cron, "zone": row.zone }), &row.after, row.next.len());
        match judged.remove(&(row.cron.clone(), row.zone.clone(), row.after.clone())) {
            Some(judged) => {
                assert!(!judged.because.is_empty());
                assert_ne!(judged.right, row.next, "{} {}: they agree", row.cron, row.zone);
                if found != judged.right {
                    wrong.push(json!({ "cron": row.cron, "zone": row.zone, "after": row.after, "found": found, "judged": judged.right }));
                }
            }
            None if found == row.next => {}
            None => wrong.push(json!({ "cron": row.cron, "zone": row.zone, "after": row.after, "found": found, "other": row.next })),
        }
    }
    assert!(judged.is_empty(), "judged, and not in the table: {:?}", judged.keys());
    let lines: Vec<String> = wrong.iter().map(Value::to_string).collect();
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), lines.join("\n"));
}

#[test]
fn every_counts_from_1970_and_at_is_what_it_says() {
    let every = |every: &str, after: &str| next(&json!({ "every": every }), after, 2);
    assert_eq!(every("15m", "2027-01-01T00:00:00Z"), ["2027-01-01T00:15:00Z", "2027-01-01T00:30:00Z"]);
    assert_eq!(every("15m", "2027-01-01T00:14:59.999Z"), ["2027-01-01T00:15:00Z", "2027-01-01T00:30:00Z"]);
    assert_eq!(every("1d", "2027-03-28T00:00:00+01:00"), ["2027-03-28T00:00:00Z", "2027-03-29T00:00:00Z"]);
    assert_eq!(every("7m", "1970-01-01T00:00:00Z"), ["1970-01-01T00:07:00Z", "1970-01-01T00:14:00Z"]);
    assert_eq!(every("1h", "1969-12-31T23:30:00Z"), ["1970-01-01T00:00:00Z", "1970-01-01T01:00:00Z"]);
    // The last instant there is has none after it.
    assert_eq!(every("1h", &Timestamp::MAX.to_string()), Vec::<String>::new());

    let at = json!({ "at": ["2027-05-01T09:00:00+02:00", "2027-01-01T00:00:00Z", "2027-05-01T07:00:00Z"] });
    assert_eq!(next(&at, "2026-01-01T00:00:00Z", 9), ["2027-01-01T00:00:00Z", "2027-05-01T07:00:00Z"]);
    assert_eq!(next(&at, "2027-01-01T00:00:00Z", 9), ["2027-05-01T07:00:00Z"]);
    assert_eq!(
        next(&json!({ "at": "2027-01-01T00:00:00Z" }), "2027-01-01T00:00:00Z", 9),
        Vec::<String>::new()
    );
}

#[test]
fn an_instant_is_never_its_own_next_one() {
    for cron in ["* * * * *", "0 9 * * *", "30 2 * * *", "*/30 * * * *", "0 0 29 2 *"] {
        for zone in ["UTC", "Europe/Berlin", "Australia/Lord_Howe"] {
            let schedule = Schedule::read(&json!({ "cron": cron, "zone": zone })).unwrap();
            for start in ["2027-03-28T00:00:00Z", "2027-10-31T00:00:00Z", "2027-04-03T14:00:00Z"] {
                let mut before = instant(start);
                for at in schedule.firings(before).take(200) {
                    assert!(at > before, "{cron} in {zone}: {at} after {before}");
                    // Whoever asks a millisecond before is told of it, whoever asks at it of a later one.
                    let just_before = Timestamp::from_ms(at.ms() - 1);
                    assert_eq!(schedule.next_after(just_before), Some(at), "{cron} in {zone}");
                    before = at;
                }
            }
        }
    }
}

#[test]
fn what_is_no_schedule_is_refused() {
    for settings in [
        json!(null),
        json!({}),
        json!({ "cron": "0 9 * *" }),
        json!({ "cron": "0 0 31 2 *" }),
        json!({ "cron": "0 9 * * *", "zone": "Mars/Olympus" }),
        json!({ "cron": "0 9 * * *", "every": "1h" }),
        json!({ "every": "0s" }),
        json!({ "at": [] }),
        json!({ "at": "tomorrow" }),
    ] {
        let error = Schedule::read(&settings).unwrap_err();
        assert_eq!(error.kind(), flov7::error::ErrorKind::Invalid, "{settings}");
    }
}
