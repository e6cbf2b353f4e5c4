//! Times and durations, in whole milliseconds.
//!
//! One millisecond is the resolution throughout: a finer digit is cut off when a text is read, so that what is
//! compared is what leaves. A time is UTC; a day has 24 hours. Nothing here knows a zone's name.

use std::fmt;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// An instant: milliseconds since 1970-01-01T00:00:00Z, in the years 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// A length of time in milliseconds, negative too; at most 10,000 years of 365.25 days either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Duration(i64);

/// Why a text is no time or duration, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeError(pub(crate) &'static str);

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for TimeError {}

impl Timestamp {
    /// 0001-01-01T00:00:00Z.
    pub const MIN: Timestamp = Timestamp(-62_135_596_800_000);
    /// 9999-12-31T23:59:59.999Z.
    pub const MAX: Timestamp = Timestamp(253_402_300_799_999);

    /// The instant that many milliseconds after 1970-01-01T00:00:00Z; none outside the years 1 to 9999.
    #[must_use]
    pub fn from_millis(millis: i64) -> Option<Timestamp> {
        (Timestamp::MIN.0..=Timestamp::MAX.0).contains(&millis).then_some(Timestamp(millis))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn millis(self) -> i64 {
        self.0
    }

    /// Reads an RFC 3339 text: `2026-11-22T08:30:00Z`, with a fraction or an offset too.
    ///
    /// # Errors
    /// In words what is missing or out of range.
    pub fn read(text: &str) -> Result<Timestamp, TimeError> {
        read_timestamp(text)
    }

    /// The instant that much later, if it is in range.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Option<Timestamp> {
        self.0.checked_add(duration.0).and_then(Timestamp::from_millis)
    }

    /// The instant that much earlier, if it is in range.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Option<Timestamp> {
        self.0.checked_sub(duration.0).and_then(Timestamp::from_millis)
    }

    /// How long after `earlier` this is; negative when it is before.
    #[must_use]
    pub fn since(self, earlier: Timestamp) -> Duration {
        // Both are within 10,000 years of 1970, so the difference is in a duration's range.
        Duration(self.0 - earlier.0)
    }

    /// The calendar at a fixed offset from UTC.
    #[must_use]
    pub fn civil(self, offset: Duration) -> Civil {
        let local = self.0 + offset.0;
        let (days, millis) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        let (year, month, day) = date_of(days);
        Civil {
            year,
            month,
            day,
            day_of_year: days - days_of(year, 1, 1),
            // 1970-01-01 was a Thursday.
            day_of_week: (days + 4).rem_euclid(7),
            hour: millis / HOUR,
            minute: millis % HOUR / MINUTE,
            second: millis % MINUTE / SECOND,
            millisecond: millis % SECOND,
        }
    }
}

/// RFC 3339, UTC, milliseconds only where they are not zero: `2026-11-22T08:30:00Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = self.civil(Duration(0));
        write!(f, "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", c.year, c.month, c.day, c.hour, c.minute, c.second)?;
        if c.millisecond != 0 {
            write!(f, ".{:03}", c.millisecond)?;
        }
        f.write_str("Z")
    }
}

/// A time taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Civil {
    /// The year, 1 to 9999; an offset may lead one year outside.
    pub year: i64,
    /// The month, 1 to 12.
    pub month: i64,
    /// The day of the month, 1 to 31.
    pub day: i64,
    /// The day of the year, 0 to 365.
    pub day_of_year: i64,
    /// The day of the week, 0 for Sunday to 6.
    pub day_of_week: i64,
    /// 0 to 23.
    pub hour: i64,
    /// 0 to 59.
    pub minute: i64,
    /// 0 to 59.
    pub second: i64,
    /// 0 to 999.
    pub millisecond: i64,
}

impl Duration {
    /// The longest: 10,000 years of 365.25 days.
    pub const MAX: Duration = Duration(315_576_000_000 * SECOND);

    /// That many milliseconds; none beyond 10,000 years either way.
    #[must_use]
    pub fn from_millis(millis: i64) -> Option<Duration> {
        (-Duration::MAX.0..=Duration::MAX.0).contains(&millis).then_some(Duration(millis))
    }

    /// Its length in milliseconds.
    #[must_use]
    pub fn millis(self) -> i64 {
        self.0
    }

    /// Reads `1d`, `1h30m`, `500ms` (units d, h, m, s, ms, falling) or ISO 8601 `PnDTnHnMnS`; a minus sign may
    /// stand before either, and ISO seconds may have a fraction.
    ///
    /// # Errors
    /// In words what is wrong.
    pub fn read(text: &str) -> Result<Duration, TimeError> {
        let (sign, rest) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let millis = match rest.strip_prefix('P') {
            Some(iso) => read_iso(iso)?,
            None => read_units(rest)?,
        };
        Duration::from_millis(sign * millis).ok_or(TOO_LONG)
    }

    /// The sum, if it is in range.
    #[must_use]
    pub fn plus(self, other: Duration) -> Option<Duration> {
        self.0.checked_add(other.0).and_then(Duration::from_millis)
    }

    /// The difference, if it is in range.
    #[must_use]
    pub fn minus(self, other: Duration) -> Option<Duration> {
        self.0.checked_sub(other.0).and_then(Duration::from_millis)
    }
}

/// ISO 8601 without days: `PT1H30M`, `-PT0.5S`, `PT0S`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.abs();
        f.write_str(if self.0 < 0 { "-PT" } else { "PT" })?;
        let (hours, minutes, seconds, rest) =
            (millis / HOUR, millis % HOUR / MINUTE, millis % MINUTE / SECOND, millis % SECOND);
        if hours != 0 {
            write!(f, "{hours}H")?;
        }
        if minutes != 0 {
            write!(f, "{minutes}M")?;
        }
        if rest != 0 {
            let digits = format!("{rest:03}");
            write!(f, "{seconds}.{}S", digits.trim_end_matches('0'))
        } else if seconds != 0 || millis == 0 {
            write!(f, "{seconds}S")
        } else {
            Ok(())
        }
    }
}

/// A fixed offset from UTC: `Z`, `UTC`, `+02:00`, `-08:00`, `02:00`.
///
/// # Errors
/// For anything else, a zone's name among it.
pub fn read_offset(text: &str) -> Result<Duration, TimeError> {
    const FAULT: TimeError =
        TimeError("an offset is written like `+02:00`; names of zones are not part of this release");
    if matches!(text, "Z" | "UTC") {
        return Ok(Duration(0));
    }
    let (sign, rest) = match text.as_bytes() {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        rest => (1, rest),
    };
    let [h1, h2, b':', m1, m2] = rest else { return Err(FAULT) };
    let (hours, minutes) = (two(*h1, *h2).ok_or(FAULT)?, two(*m1, *m2).ok_or(FAULT)?);
    if hours > 23 || minutes > 59 {
        return Err(FAULT);
    }
    Ok(Duration(sign * (hours * HOUR + minutes * MINUTE)))
}

const TOO_LONG: TimeError = TimeError("a duration is at most 10,000 years");
const SHAPE: TimeError = TimeError("a time is written like `2026-11-22T08:30:00Z`: date, time and zone");

fn two(a: u8, b: u8) -> Option<i64> {
    (a.is_ascii_digit() && b.is_ascii_digit()).then(|| i64::from(a - b'0') * 10 + i64::from(b - b'0'))
}

fn read_timestamp(text: &str) -> Result<Timestamp, TimeError> {
    let [y1, y2, y3, y4, b'-', o1, o2, b'-', d1, d2, t, h1, h2, b':', i1, i2, b':', s1, s2, rest @ ..] =
        text.as_bytes()
    else {
        return Err(SHAPE);
    };
    let field = |a: &u8, b: &u8| two(*a, *b).ok_or(SHAPE);
    let (year, month, day) = (field(y1, y2)? * 100 + field(y3, y4)?, field(o1, o2)?, field(d1, d2)?);
    let (hour, minute, second) = (field(h1, h2)?, field(i1, i2)?, field(s1, s2)?);
    if !matches!(t, b'T' | b't') {
        return Err(SHAPE);
    }
    if year == 0 || !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
        return Err(TimeError("there is no such day"));
    }
    if hour > 23 || minute > 59 || second > 59 {
        return Err(TimeError("there is no such time of day"));
    }
    let (fraction, zone) = read_fraction(rest)?;
    let offset = match zone {
        [b'Z' | b'z'] => 0,
        [b'+' | b'-', _, _, b':', _, _] => {
            // Bytes of a valid text, cut at ASCII characters.
            std::str::from_utf8(zone).ok().and_then(|z| read_offset(z).ok()).ok_or(SHAPE)?.0
        }
        [] => return Err(TimeError("a time needs its zone: `Z` or an offset such as `+02:00`")),
        _ => return Err(SHAPE),
    };
    let local = days_of(year, month, day) * DAY + hour * HOUR + minute * MINUTE + second * SECOND + fraction;
    Timestamp::from_millis(local - offset).ok_or(TimeError("a time is in the years 1 to 9999"))
}

/// `.123456` as 123 milliseconds, and what follows.
fn read_fraction(bytes: &[u8]) -> Result<(i64, &[u8]), TimeError> {
    let Some((b'.', rest)) = bytes.split_first() else { return Ok((0, bytes)) };
    let count = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if count == 0 {
        return Err(TimeError("digits are missing after the point"));
    }
    let digit = |i: usize| rest.get(i).filter(|_| i < count).map_or(0, |b| i64::from(b - b'0'));
    Ok((digit(0) * 100 + digit(1) * 10 + digit(2), &rest[count..]))
}

fn read_units(text: &str) -> Result<i64, TimeError> {
    const FAULT: TimeError =
        TimeError("a duration is written like `1h30m`, `2d` or `500ms`, largest unit first");
    let mut rest = text;
    let mut total = 0i64;
    let mut last = i64::MAX;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at(letters);
        let unit = match unit {
            "d" => DAY,
            "h" => HOUR,
            "m" => MINUTE,
            "s" => SECOND,
            "ms" => 1,
            _ => return Err(FAULT),
        };
        if number.is_empty() || unit >= last {
            return Err(FAULT);
        }
        last = unit;
        total = add(total, number, unit)?;
        rest = after;
    }
    if last == i64::MAX { Err(FAULT) } else { Ok(total) }
}

fn read_iso(text: &str) -> Result<i64, TimeError> {
    const FAULT: TimeError = TimeError("an ISO 8601 duration is written like `P1DT2H30M`");
    let mut rest = text;
    let mut total = 0i64;
    let mut last = i64::MAX;
    let mut time = false;
    while !rest.is_empty() {
        if !time && let Some(after) = rest.strip_prefix('T') {
            time = true;
            rest = after;
            if rest.is_empty() {
                return Err(FAULT);
            }
            continue;
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let (fraction, after) = read_fraction(after.as_bytes())?;
        // What follows a fraction starts after ASCII, so it is a valid text again.
        let after = std::str::from_utf8(after).map_err(|_| FAULT)?;
        let fractional = rest.len() - digits != after.len();
        let unit = match (time, after.bytes().next()) {
            (false, Some(b'D')) => DAY,
            (true, Some(b'H')) => HOUR,
            (true, Some(b'M')) => MINUTE,
            (true, Some(b'S')) => SECOND,
            (false, Some(b'Y' | b'M')) => {
                return Err(TimeError("years and months have no fixed length: use days"));
            }
            _ => return Err(FAULT),
        };
        if number.is_empty() || unit >= last || (fractional && unit != SECOND) {
            return Err(FAULT);
        }
        last = unit;
        total = add(total, number, unit)? + fraction;
        rest = &after[1..];
    }
    if last == i64::MAX { Err(FAULT) } else { Ok(total) }
}

fn add(total: i64, number: &str, unit: i64) -> Result<i64, TimeError> {
    let n: i64 = number.parse().map_err(|_| TOO_LONG)?;
    let sum = n.checked_mul(unit).and_then(|n| n.checked_add(total)).ok_or(TOO_LONG)?;
    if sum > Duration::MAX.0 { Err(TOO_LONG) } else { Ok(sum) }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date, counted in years that begin in March, so that a leap day comes last.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date that many days after 1970-01-01.
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}
