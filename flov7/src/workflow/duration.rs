//! Durations as documents write them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A duration as text: `1d`, `1h30m`, `500ms`, or ISO 8601 `PnDTnHnMnS`. A day is 24 h.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DurationText(pub String);

impl JsonSchema for DurationText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        // The second pattern asks for at least one unit, which the first cannot say.
        schemars::json_schema!({
            "description": "A duration: `1d`, `1h30m`, `500ms`, or ISO 8601 `PnDTnHnMnS`. A day is 24 h.",
            "type": "string",
            "pattern": "^(([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?|P([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9]+(\\.[0-9]{1,3})?S)?)?)$",
            "allOf": [{ "pattern": "[0-9](ms|[dhmsDHMS])$" }]
        })
    }
}

impl DurationText {
    /// Its length in milliseconds, or nothing when the text is no duration.
    pub fn millis(&self) -> Option<i64> {
        parse_duration(&self.0)
    }
}

/// Reads `1d2h3m4s5ms` (units falling, each at most once) or ISO 8601 `PnDTnHnMnS`, with an optional leading `-`.
///
/// Gives milliseconds; nothing when the text is no duration or does not fit into 64 bits.
///
/// ```
/// # use flov7::workflow::parse_duration;
/// assert_eq!(parse_duration("1h30m"), Some(5_400_000));
/// assert_eq!(parse_duration("PT1.5S"), Some(1_500));
/// assert_eq!(parse_duration("5m1h"), None); // units must fall
/// ```
pub fn parse_duration(text: &str) -> Option<i64> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let millis =
        if let Some(iso) = rest.strip_prefix('P') { iso_duration(iso)? } else { short_duration(rest)? };
    Some(if negative { -millis } else { millis })
}

fn short_duration(text: &str) -> Option<i64> {
    const UNITS: [(&str, i64); 5] =
        [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
    let mut rest = text;
    let mut total = 0i64;
    let mut next_unit = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = rest[..digits].parse().ok()?;
        let unit_text = &rest[digits..];
        let letters = unit_text.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(unit_text.len());
        let unit = UNITS.iter().position(|(name, _)| *name == &unit_text[..letters])?;
        if unit < next_unit {
            return None;
        }
        next_unit = unit + 1;
        total = total.checked_add(number.checked_mul(UNITS[unit].1)?)?;
        rest = &unit_text[letters..];
    }
    if text.is_empty() { None } else { Some(total) }
}

fn iso_duration(text: &str) -> Option<i64> {
    let (date, time) = match text.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (text, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let days = if date.is_empty() { 0 } else { digits(date.strip_suffix('D')?)? };
    let mut total = i64::checked_mul(days, 86_400_000)?;
    let mut rest = time;
    for (letter, millis) in [('H', 3_600_000i64), ('M', 60_000), ('S', 1_000)] {
        let Some((number, after)) = rest.split_once(letter) else { continue };
        let amount = match number.split_once('.') {
            Some((whole, fraction)) if letter == 'S' && (1..=3).contains(&fraction.len()) => {
                let padded = format!("{fraction:0<3}");
                digits(whole)?.checked_mul(1_000)?.checked_add(digits(&padded)?)?
            }
            Some(_) => return None,
            None => digits(number)?.checked_mul(millis)?,
        };
        total = total.checked_add(amount)?;
        rest = after;
    }
    if rest.is_empty() { Some(total) } else { None }
}

/// Digits only: `parse` alone would take a sign.
fn digits(text: &str) -> Option<i64> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}
