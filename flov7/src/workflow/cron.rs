//! Cron expressions: five fields over the wall clock of a zone. croner reads them and searches; jiff knows the zones.

use std::cmp::Ordering;

use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};
use croner::time::{CivilDate, CivilDateTime, CivilTime, CronDateTime, Resolution, Weekday};
use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};

use crate::id::Timestamp;

/// A text that is longer is no five fields.
pub(crate) const LONGEST: usize = 256;

/// Why a text is no cron expression.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CronFault {
    /// It has more than [`LONGEST`] bytes.
    TooLong,
    /// It has another number of fields than five.
    Fields(usize),
    /// What croner says of it.
    Syntax(String),
    /// It matches no instant, in no year.
    Never,
}

/// A cron expression, and the zone whose clock it reads.
#[derive(Clone, Debug)]
pub(crate) struct Cron {
    cron: croner::Cron,
    zone: TimeZone,
}

/// The zone of that name in the table that this build brings along.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    match name {
        "UTC" => Some(TimeZone::UTC),
        name => TimeZoneDatabase::bundled().get(name).ok(),
    }
}

impl Cron {
    /// Reads a cron expression.
    pub(crate) fn parse(text: &str, zone: TimeZone) -> Result<Cron, CronFault> {
        if text.len() > LONGEST {
            return Err(CronFault::TooLong);
        }
        let fields = text.split_whitespace().count();
        if fields != 5 && !text.starts_with('@') {
            return Err(CronFault::Fields(fields));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(text).map_err(|error| CronFault::Syntax(error.to_string()))?;
        let cron = Cron { cron, zone };
        // The 31st of February can be written, and is found out by looking for it. Where the search starts decides
        // nothing: it covers every year that the calendar has, and the calendar repeats.
        let start = Timestamp::from_ms(1_704_067_200_000);
        match cron.next_after(start) {
            Some(_) => Ok(cron),
            None => Err(CronFault::Never),
        }
    }

    /// The first instant after another at which it matches; `None` where there is none that the calendar has.
    pub(crate) fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let after = jiff::Timestamp::from_millisecond(after.ms()).ok()?;
        let at = |instant| Wall { instant, zone: self.zone.clone() };
        let found = match self.cron.find_next_occurrence(&at(after), false) {
            Ok(found) => found,
            Err(CronError::TimeSearchLimitExceeded) => {
                self.cron.find_next_occurrence(&at(self.after_long_gap(after)?), true).ok()?
            }
            Err(_) => return None,
        };
        Some(Timestamp::from_ms(found.instant.as_millisecond()))
    }

    /// An instant as the zone's clock shows it, with its offset: `2027-03-28T03:00:00+02:00`.
    pub(crate) fn local(&self, at: Timestamp) -> Option<String> {
        let instant = jiff::Timestamp::from_millisecond(at.ms()).ok()?;
        let offset = self.zone.to_offset(instant).seconds();
        let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs() / 60);
        Some(format!("{}{sign}{:02}:{:02}", self.zone.to_datetime(instant), minutes / 60, minutes % 60))
    }

    /// The end of the next gap that is too long for croner, which gives up at one of more than two hours: Samoa skipped
    /// the 30th of December 2011 altogether.
    fn after_long_gap(&self, after: jiff::Timestamp) -> Option<jiff::Timestamp> {
        const LONG: i32 = 2 * 60 * 60;
        const MOST: usize = 300;
        let mut offset = self.zone.to_offset(after);
        self.zone.following(after).take(MOST).find_map(|change| {
            let gained =
                change.offset().seconds() - std::mem::replace(&mut offset, change.offset()).seconds();
            (gained > LONG).then(|| change.timestamp())
        })
    }
}

/// An instant as the clock of a zone shows it, for the search: croner's own bridge is to an earlier jiff.
#[derive(Clone)]
struct Wall {
    instant: jiff::Timestamp,
    zone: TimeZone,
}

impl Wall {
    fn shown(&self) -> DateTime {
        self.zone.to_datetime(self.instant)
    }

    fn of(&self, instant: jiff::Timestamp) -> Wall {
        Wall { instant, zone: self.zone.clone() }
    }
}

impl CronDateTime for Wall {
    fn to_civil(&self) -> CivilDateTime {
        // jiff keeps every part in its range, so they are taken as they are.
        let part = |part: i8| u32::from(part.unsigned_abs());
        let at = self.shown();
        CivilDateTime::new(
            CivilDate::from_parts_unchecked(at.year().into(), part(at.month()), part(at.day())),
            CivilTime::from_parts_unchecked(part(at.hour()), part(at.minute()), part(at.second())),
        )
    }

    fn civil_weekday(&self) -> Weekday {
        let days = self.shown().weekday().to_sunday_zero_offset();
        Weekday::from_days_from_sunday(u32::from(days.unsigned_abs()))
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let part = |part: u32| i8::try_from(part).map_err(|_| CronError::InvalidDate);
        let year = i16::try_from(civil.year()).map_err(|_| CronError::InvalidDate)?;
        let shown = DateTime::new(
            year,
            part(civil.month())?,
            part(civil.day())?,
            part(civil.hour())?,
            part(civil.minute())?,
            part(civil.second())?,
            0,
        )
        .map_err(|_| CronError::InvalidDate)?;
        let at = |offset: Offset| {
            offset.to_timestamp(shown).map(|instant| self.of(instant)).map_err(|_| CronError::InvalidDate)
        };
        Ok(match self.zone.to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Unambiguous { offset } => Resolution::Single(at(offset)?),
            AmbiguousOffset::Fold { before, after } => Resolution::Ambiguous(at(before)?, at(after)?),
            AmbiguousOffset::Gap { .. } => Resolution::Gap,
        })
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        self.instant.checked_add(SignedDuration::from_secs(seconds)).ok().map(|instant| self.of(instant))
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.instant.cmp(&other.instant)
    }
}
