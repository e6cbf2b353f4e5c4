//! Instants.

use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{IdError, deserialize_text};

/// An instant with millisecond precision, from the year 1 to the end of the year 9999 in UTC: the range of CEL's
/// `timestamp`, less the last 26 hours, which jiff keeps free so that every offset can be written. Its text is
/// RFC 3339 in UTC with exactly three decimals: `2026-11-24T03:10:00.000Z`.
///
/// Arithmetic saturates at both ends: a deadline too far to write is the last instant there is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 0001-01-01T00:00:00.000Z.
    pub const MIN: Timestamp = Timestamp(-62_135_596_800_000);
    /// 9999-12-30T22:00:00.000Z.
    pub const MAX: Timestamp = Timestamp(253_402_207_200_000);
    /// 1970-01-01T00:00:00.000Z.
    pub const EPOCH: Timestamp = Timestamp(0);

    /// The instant `ms` milliseconds after 1970, or the nearest end of the range.
    #[must_use]
    pub const fn from_ms(ms: i64) -> Timestamp {
        if ms < Self::MIN.0 {
            Self::MIN
        } else if ms > Self::MAX.0 {
            Self::MAX
        } else {
            Timestamp(ms)
        }
    }

    /// Milliseconds after 1970; negative before.
    #[must_use]
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// Reads an RFC 3339 text with any offset; digits after the milliseconds are cut off (towards the past).
    ///
    /// # Errors
    /// When the text is not RFC 3339, has no offset, or names an instant outside the range.
    pub fn parse(text: &str) -> Result<Timestamp, IdError> {
        let wrong = || IdError::of(text, "is not a timestamp such as `2026-11-24T03:10:00.000Z`");
        // jiff reads more than RFC 3339 (a zone in brackets, expanded years, other separators): only its form
        // passes, so that what we accept does not move with that crate.
        if text.len() > 64 || !looks_like_rfc_3339(text.as_bytes()) {
            return Err(wrong());
        }
        let instant: jiff::Timestamp = text.parse().map_err(|_| wrong())?;
        // Rounded down, not towards zero: 1969-12-31T23:59:59.9999Z lies before 1970.
        let ms = instant.as_nanosecond().div_euclid(1_000_000);
        let ms = i64::try_from(ms).map_err(|_| wrong())?;
        if (Self::MIN.0..=Self::MAX.0).contains(&ms) { Ok(Timestamp(ms)) } else { Err(wrong()) }
    }

    /// This instant, `duration` later; the last instant if there is none.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Timestamp {
        let ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_ms(self.0.saturating_add(ms))
    }

    /// This instant, `duration` earlier; the first instant if there is none.
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Timestamp {
        let ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_ms(self.0.saturating_sub(ms))
    }

    /// This instant moved by `ms` milliseconds, which may be negative; an end of the range if it lies beyond.
    #[must_use]
    pub const fn saturating_add_ms(self, ms: i64) -> Timestamp {
        Timestamp::from_ms(self.0.saturating_add(ms))
    }

    /// The time from `earlier` to this instant; zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Timestamp) -> Duration {
        // Both lie in a range of 10^15: the difference cannot overflow.
        Duration::from_millis(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }
}

/// `YYYY-MM-DDThh:mm:ss[.digits](Z|±hh:mm)`, letters in either case, as RFC 3339 §5.6 has it.
fn looks_like_rfc_3339(text: &[u8]) -> bool {
    let matches = |text: &[u8], form: &[u8]| {
        text.len() == form.len()
            && text.iter().zip(form).all(|(byte, form)| match form {
                b'0' => byte.is_ascii_digit(),
                letter => byte.eq_ignore_ascii_case(letter),
            })
    };
    let Some((seconds, mut rest)) = text.split_at_checked(19) else { return false };
    if !matches(seconds, b"0000-00-00T00:00:00") {
        return false;
    }
    if let Some(decimals) = rest.strip_prefix(b".") {
        let digits = decimals.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return false;
        }
        rest = &decimals[digits..];
    }
    match rest {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', offset @ ..] => matches(offset, b"00:00"),
        _ => false,
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(instant) => write!(f, "{instant:.3}"),
            // Unreachable: our range lies inside jiff's.
            Err(_) => write!(f, "{}ms", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

impl std::str::FromStr for Timestamp {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Timestamp, IdError> {
        Timestamp::parse(text)
    }
}

impl TryFrom<String> for Timestamp {
    type Error = IdError;
    fn try_from(text: String) -> Result<Timestamp, IdError> {
        Timestamp::parse(&text)
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        deserialize_text(deserializer, "Timestamp", Timestamp::parse)
    }
}

impl JsonSchema for Timestamp {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}
