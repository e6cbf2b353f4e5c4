//! Schedules: whether a cron expression, a zone and instants can be kept.

use serde_json::Value;

use crate::id::Timestamp;
use crate::workflow::parse_duration;
use crate::workflow::read::{describe, shorten};

/// What is wrong with a schedule: below which member, and why.
pub(super) struct Fault {
    pub(super) below: &'static str,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Fault {
    fn new(below: &'static str, message: impl Into<String>) -> Fault {
        Fault { below, message: message.into(), help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Fault {
        self.help = Some(help.into());
        self
    }
}

/// Everything that is wrong with the settings of a schedule. Exactly one of `cron`, `every` and `at`; `zone` goes
/// with `cron`.
pub(super) fn check(with: &serde_json::Map<String, Value>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let kinds: Vec<&str> =
        ["cron", "every", "at"].into_iter().filter(|kind| with.contains_key(*kind)).collect();
    match kinds.as_slice() {
        [] => faults.push(Fault::new("", "a schedule needs one of `cron`, `every` and `at`")),
        [_] => {}
        [first, second, ..] => {
            faults.push(Fault::new("", format!("a schedule has `{first}` or `{second}`, not both")));
        }
    }
    let zone = with.get("zone").map(|zone| zone_fault(zone, with.contains_key("cron")));
    faults.extend(zone.flatten());
    if let Some(every) = with.get("every") {
        let millis = every.as_str().and_then(parse_duration);
        if millis.is_none_or(|millis| millis <= 0) {
            let message = format!("`every` is a duration above zero, found {}", describe(every));
            faults.push(Fault::new("/every", message).help("such as \"15m\" or \"1d\""));
        }
    }
    if let Some(at) = with.get("at") {
        let (instants, several) = match at {
            Value::Array(instants) if !instants.is_empty() => (instants.as_slice(), true),
            other => (std::slice::from_ref(other), false),
        };
        for instant in instants {
            if instant.as_str().is_none_or(|text| Timestamp::parse(text).is_err()) {
                let one = if several { "one of `at`" } else { "`at`" };
                let message = format!("{one} is no instant: found {}", describe(instant));
                faults.push(Fault::new("/at", message).help("such as \"2027-02-28T09:00:00+01:00\""));
            }
        }
    }
    if let Some(cron) = with.get("cron") {
        match cron.as_str() {
            Some(text) => faults.extend(cron_fault(text)),
            None => {
                let message = format!("`cron` is a text of five fields, found {}", describe(cron));
                faults.push(Fault::new("/cron", message));
            }
        }
    }
    faults
}

fn zone_fault(zone: &Value, with_cron: bool) -> Option<Fault> {
    let Some(name) = zone.as_str() else {
        return Some(Fault::new("/zone", format!("`zone` is the name of a zone, found {}", describe(zone))));
    };
    if !with_cron {
        let message = "`zone` goes with `cron` alone: `every` needs none, and `at` has its own offset";
        return Some(Fault::new("/zone", message));
    }
    if name == "UTC" || known_zone(name)? {
        return None;
    }
    let message = format!("no zone is called `{}`", shorten(name));
    Some(Fault::new("/zone", message).help("zones have names such as `Europe/Berlin`"))
}

/// Whether there is such a zone; nothing where this build has no table of zones, which `cron` says already.
#[cfg(feature = "schedule")]
fn known_zone(name: &str) -> Option<bool> {
    Some(jiff::tz::TimeZoneDatabase::bundled().get(name).is_ok())
}

#[cfg(not(feature = "schedule"))]
fn known_zone(_: &str) -> Option<bool> {
    None
}

#[cfg(not(feature = "schedule"))]
fn cron_fault(_: &str) -> Option<Fault> {
    let message = "this build of flov7 reads no cron expressions";
    Some(Fault::new("/cron", message).help("turn on the feature `schedule`, or write `every` or `at`"))
}

#[cfg(feature = "schedule")]
fn cron_fault(text: &str) -> Option<Fault> {
    cron::fault(text)
}

#[cfg(feature = "schedule")]
mod cron {
    use std::cmp::Ordering;

    use croner::errors::CronError;
    use croner::parser::{CronParser, Seconds, Year};
    use croner::time::{CivilDate, CivilDateTime, CivilTime, CronDateTime, Resolution, Weekday};
    use jiff::SignedDuration;
    use jiff::civil::{DateTime, datetime};

    use super::{Fault, shorten};

    /// A text that is this long is no five fields.
    const LONGEST: usize = 256;

    pub(super) fn fault(text: &str) -> Option<Fault> {
        let example = "minute, hour, day of the month, month, day of the week: `0 9 * * MON-FRI`";
        if text.len() > LONGEST {
            return Some(Fault::new("/cron", format!("a cron expression has at most {LONGEST} bytes")));
        }
        let fields = text.split_whitespace().count();
        if fields != 5 && !text.starts_with('@') {
            let message = format!("a cron expression has five fields, and `{}` has {fields}", shorten(text));
            return Some(Fault::new("/cron", message).help(example));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = match parser.parse(text) {
            Ok(cron) => cron,
            Err(error) => {
                let message =
                    format!("`{}` is no cron expression: {}", shorten(text), lower_first(&error.to_string()));
                return Some(Fault::new("/cron", message).help(example));
            }
        };
        // The 31st of February can be written, and is found out by looking for it. Where the search starts decides
        // nothing: it covers every year that the calendar has, and the calendar repeats.
        let start = Civil(datetime(2024, 1, 1, 0, 0, 0, 0));
        match cron.find_next_occurrence(&start, true) {
            Ok(_) => None,
            Err(_) => {
                let message = format!("`{}` matches no instant, in no year", shorten(text));
                Some(Fault::new("/cron", message).help("no such month has such a day"))
            }
        }
    }

    /// Without its capital and its full stop: it stands inside of a sentence.
    fn lower_first(text: &str) -> String {
        let text = text.trim_end_matches('.');
        let mut letters = text.chars();
        match letters.next() {
            Some(first) => first.to_lowercase().chain(letters).collect(),
            None => String::new(),
        }
    }

    /// A date and a time of day, for the search: croner's own bridge is to an earlier jiff.
    #[derive(Clone)]
    struct Civil(DateTime);

    impl CronDateTime for Civil {
        fn to_civil(&self) -> CivilDateTime {
            // jiff keeps every part in its range, so they are taken as they are.
            let part = |part: i8| u32::from(part.unsigned_abs());
            let at = self.0;
            CivilDateTime::new(
                CivilDate::from_parts_unchecked(at.year().into(), part(at.month()), part(at.day())),
                CivilTime::from_parts_unchecked(part(at.hour()), part(at.minute()), part(at.second())),
            )
        }

        fn civil_weekday(&self) -> Weekday {
            let days = self.0.weekday().to_sunday_zero_offset();
            Weekday::from_days_from_sunday(u32::from(days.unsigned_abs()))
        }

        fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
            let part = |part: u32| i8::try_from(part).map_err(|_| CronError::InvalidDate);
            let year = i16::try_from(civil.year()).map_err(|_| CronError::InvalidDate)?;
            DateTime::new(
                year,
                part(civil.month())?,
                part(civil.day())?,
                part(civil.hour())?,
                part(civil.minute())?,
                part(civil.second())?,
                0,
            )
            .map(|datetime| Resolution::Single(Civil(datetime)))
            .map_err(|_| CronError::InvalidDate)
        }

        fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
            self.0.checked_add(SignedDuration::from_secs(seconds)).ok().map(Civil)
        }

        fn cmp_instant(&self, other: &Self) -> Ordering {
            self.0.cmp(&other.0)
        }
    }
}
