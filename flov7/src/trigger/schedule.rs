//! When a schedule fires.

use std::iter;

use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind};
use crate::id::Timestamp;
use crate::validate::schedules::{self, Fault};
#[cfg(feature = "schedule")]
use crate::workflow::cron::{self, Cron};
use crate::workflow::parse_duration;

/// The instants at which a trigger of kind `schedule` fires, as its settings (`with`) say.
///
/// - `cron`: five fields over the wall clock of `zone` (UTC without one): minute, hour, day of the month, month, day of
///   the week, with names, lists, ranges and steps, `L`, `W` and `#`, and `@daily` and the like. Where both days are
///   restricted either is enough, as in Vixie cron (crontab(5)).
/// - `every`: the multiples of a duration since 1970-01-01T00:00:00Z, so that several hosts, and the same one after a
///   restart, mean the same instants. A day is 24 hours.
/// - `at`: an instant, or a list of them.
///
/// When clocks change: an expression with one minute and one hour names a time of day. It fires once a day: at the first
/// instant after the gap where that time is skipped, the first time where it comes twice. Every other expression
/// (lists, ranges, `*`, steps) is a rhythm by the clock: what is skipped does not fire, what comes twice fires twice. A day
/// that is skipped as a whole fires nothing.
///
/// ```
/// # #[cfg(feature = "schedule")] {
/// use flov7::id::Timestamp;
/// use flov7::trigger::Schedule;
/// use serde_json::json;
///
/// let daily = Schedule::read(&json!({ "cron": "30 2 * * *", "zone": "Europe/Berlin" })).unwrap();
/// let after = Timestamp::parse("2027-03-27T12:00:00Z").unwrap();
/// let next: Vec<String> = daily.firings(after).take(2).map(|at| at.to_string()).collect();
/// // On the 28th clocks go from 2:00 to 3:00; it is 3:00 there at 1:00 UTC.
/// assert_eq!(next, ["2027-03-28T01:00:00.000Z", "2027-03-29T00:30:00.000Z"]);
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Schedule(Rhythm);

#[derive(Clone, Debug)]
enum Rhythm {
    #[cfg(feature = "schedule")]
    Cron(Box<Cron>),
    /// Milliseconds, above zero.
    Every(i64),
    /// In order, each once.
    At(Vec<Timestamp>),
}

impl Schedule {
    /// Reads the settings of a schedule.
    ///
    /// # Errors
    /// `Invalid` with what validation says of them first; also for `cron` where this build has no feature `schedule`.
    pub fn read(settings: &Value) -> Result<Schedule, Error> {
        let invalid = |message: &str| Error::new(ErrorKind::Invalid, message.to_owned());
        let settings =
            settings.as_object().ok_or_else(|| invalid("the settings of a schedule are an object"))?;
        if let Some(Fault { message, .. }) = schedules::check(settings).into_iter().next() {
            return Err(invalid(&message));
        }
        Rhythm::of(settings)
            .map(Schedule)
            .ok_or_else(|| invalid("a schedule needs one of `cron`, `every` and `at`"))
    }

    /// The first instant after another at which it fires; `None` after the last one.
    #[must_use]
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        match &self.0 {
            #[cfg(feature = "schedule")]
            Rhythm::Cron(cron) => cron.next_after(after),
            Rhythm::Every(millis) => {
                let next = after.ms().div_euclid(*millis).checked_add(1)?.checked_mul(*millis)?;
                Some(Timestamp::from_ms(next)).filter(|next| next.ms() > after.ms())
            }
            Rhythm::At(instants) => instants.iter().copied().find(|at| *at > after),
        }
    }

    /// An instant as the clock of the schedule's zone shows it, with its offset; in UTC where it has none.
    ///
    /// ```
    /// # #[cfg(feature = "schedule")] {
    /// use flov7::id::Timestamp;
    /// use flov7::trigger::Schedule;
    /// use serde_json::json;
    ///
    /// let daily = Schedule::read(&json!({ "cron": "0 9 * * *", "zone": "Asia/Tokyo" })).unwrap();
    /// let at = Timestamp::parse("2027-01-02T00:00:00Z").unwrap();
    /// assert_eq!(daily.local(at), "2027-01-02T09:00:00+09:00");
    /// # }
    /// ```
    #[must_use]
    pub fn local(&self, at: Timestamp) -> String {
        match &self.0 {
            #[cfg(feature = "schedule")]
            Rhythm::Cron(cron) => cron.local(at).unwrap_or_else(|| at.to_string()),
            Rhythm::Every(_) | Rhythm::At(_) => at.to_string(),
        }
    }

    /// All instants after another at which it fires, in order.
    pub fn firings(&self, after: Timestamp) -> impl Iterator<Item = Timestamp> + '_ {
        iter::successors(self.next_after(after), |at| self.next_after(*at))
    }
}

impl Rhythm {
    fn of(settings: &Map<String, Value>) -> Option<Rhythm> {
        #[cfg(feature = "schedule")]
        if let Some(text) = settings.get("cron") {
            let zone = settings.get("zone").map_or(Some("UTC"), Value::as_str)?;
            return Some(Rhythm::Cron(Box::new(Cron::parse(text.as_str()?, cron::zone(zone)?).ok()?)));
        }
        if let Some(every) = settings.get("every") {
            return parse_duration(every.as_str()?).filter(|millis| *millis > 0).map(Rhythm::Every);
        }
        let at = settings.get("at")?;
        let listed = at.as_array().map_or(std::slice::from_ref(at), Vec::as_slice);
        let mut instants: Vec<Timestamp> =
            listed.iter().map(|at| Timestamp::parse(at.as_str()?).ok()).collect::<Option<_>>()?;
        instants.sort_unstable();
        instants.dedup();
        Some(Rhythm::At(instants))
    }
}
