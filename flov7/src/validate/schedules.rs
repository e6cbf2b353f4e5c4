//! Schedules: whether a cron expression, a zone and instants can be kept.

use serde_json::Value;

use crate::id::Timestamp;
use crate::workflow::parse_duration;
use crate::workflow::read::{describe, shorten};

/// What is wrong with a schedule: below which member, and why.
pub(crate) struct Fault {
    pub(crate) below: &'static str,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
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
pub(crate) fn check(with: &serde_json::Map<String, Value>) -> Vec<Fault> {
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
    Some(crate::workflow::cron::zone(name).is_some())
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
    use crate::workflow::cron::{Cron, CronFault, LONGEST};

    let example = "minute, hour, day of the month, month, day of the week: `0 9 * * MON-FRI`";
    // Whether it ever matches does not depend on the zone.
    let (message, help) = match Cron::parse(text, jiff::tz::TimeZone::UTC).err()? {
        CronFault::TooLong => (format!("a cron expression has at most {LONGEST} bytes"), None),
        CronFault::Fields(fields) => {
            let message = format!("a cron expression has five fields, and `{}` has {fields}", shorten(text));
            (message, Some(example))
        }
        CronFault::Syntax(why) => {
            (format!("`{}` is no cron expression: {}", shorten(text), lower_first(&why)), Some(example))
        }
        CronFault::Never => (
            format!("`{}` matches no instant, in no year", shorten(text)),
            Some("no such month has such a day"),
        ),
    };
    let fault = Fault::new("/cron", message);
    Some(match help {
        Some(help) => fault.help(help),
        None => fault,
    })
}

/// Without its capital and its full stop: it stands inside of a sentence.
#[cfg(feature = "schedule")]
fn lower_first(text: &str) -> String {
    let text = text.trim_end_matches('.');
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}
