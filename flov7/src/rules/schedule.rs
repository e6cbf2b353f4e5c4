//! Schedules and durations in words: "every weekday at 8:30", "wait two hours".

use super::text::{Token, TokenKind};

/// What some words say of a schedule.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spoken {
    /// How often.
    pub(super) rhythm: Rhythm,
    /// The hour and minute that were named.
    pub(super) time: Option<(u32, u32)>,
    /// The zone that was named.
    pub(super) zone: Option<String>,
    /// Words that no rule accounts for.
    pub(super) rest: Vec<Token>,
}

/// How often something starts.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Rhythm {
    /// After each duration; it has no time of day.
    Every(String),
    /// On these days: the last three cron fields.
    Days(String),
    /// Monthly; the day is still open.
    Month,
    /// Weekly; the day is still open.
    Week,
}

/// Reads "every …" or "each …". Nothing when it names no unit of time, and when its parts do not fit together:
/// "every two weeks on Monday" leaves open which Mondays.
pub(super) fn schedule(tokens: &[Token]) -> Option<Spoken> {
    let mut rest = tokens.to_vec();
    let mut take = |test: &dyn Fn(&Token) -> bool| -> Option<Token> {
        let at = rest.iter().position(test)?;
        Some(rest.remove(at))
    };
    take(&|t| matches!(t.text.as_str(), "every" | "each"))?;
    let zone = take(&|t| t.kind == TokenKind::Word && is_zone(&t.text)).map(|t| zone_name(&t.text));
    let day = take(&|t| days(&t.text).is_some()).and_then(|t| days(&t.text));
    let unit = take(&|t| unit_millis(&t.text).is_some() || is_month(&t.text));
    let ordinal = take(&|t| ordinal(&t.text).is_some()).and_then(|t| ordinal(&t.text));
    let half = take(&|t| matches!(t.text.as_str(), "am" | "pm"));
    let clock =
        take(&|t| t.kind == TokenKind::Number && time_of_day(&t.text, None).is_some() && is_clock(tokens, t))
            .map(|t| t.text)
            .or_else(|| take(&|t| matches!(t.text.as_str(), "noon" | "midnight")).map(|t| t.text));
    let before = unit.as_ref().and_then(|unit| before(tokens, unit)).cloned();
    let count = before.filter(|t| t.kind == TokenKind::Number || small_number(&t.text).is_some());
    let count = match count.and_then(|count| take(&|t| *t == count)) {
        Some(token) => Some(small_number(&token.text).or_else(|| token.text.parse().ok())?),
        None => None,
    };
    rest.retain(|t| {
        !matches!(t.text.as_str(), "at" | "on" | "the" | "of" | "o'clock" | "time" | "day" | "in")
    });
    let time = match clock {
        Some(text) => Some(time_of_day(&text, half.as_ref().map(|t| t.text.as_str()))?),
        None => None,
    };
    let unit = unit.map(|t| t.text);
    let rhythm = match (day, unit.as_deref(), ordinal, count) {
        (Some(days), None, None, None) => Rhythm::Days(format!("* * {days}")),
        (None, Some(unit), Some(day), None) if is_month(unit) => Rhythm::Days(format!("{day} * *")),
        (None, Some(unit), None, None | Some(1)) if is_month(unit) => Rhythm::Month,
        (None, Some("week"), None, None | Some(1)) => Rhythm::Week,
        (None, Some("day" | "days"), None, None | Some(1)) => Rhythm::Days("* * *".into()),
        (None, Some(unit), None, count) if time.is_none() && zone.is_none() => {
            Rhythm::Every(every(count.unwrap_or(1), unit)?)
        }
        _ => return None,
    };
    Some(Spoken { rhythm, time, zone, rest })
}

/// The cron fields of one day of the month or of the week, as it is answered: `15`, `15th`, `first`; `monday`.
pub(super) fn day_fields(rhythm: &Rhythm, answer: &str) -> Option<String> {
    let answer = answer.trim().to_lowercase();
    match rhythm {
        Rhythm::Month => {
            let day =
                ordinal(&answer).or_else(|| answer.parse().ok().filter(|day| (1..=28).contains(day)))?;
            Some(format!("{day} * *"))
        }
        Rhythm::Week => days(&answer).map(|days| format!("* * {days}")),
        Rhythm::Every(_) | Rhythm::Days(_) => None,
    }
}

fn is_month(word: &str) -> bool {
    matches!(word, "month" | "months")
}

/// The token before another one.
fn before<'t>(tokens: &'t [Token], token: &Token) -> Option<&'t Token> {
    let at = tokens.iter().position(|t| t.span == token.span)?;
    tokens.get(at.checked_sub(1)?)
}

/// Whether a number stands where a time of day does: behind "at", or with a colon, or with "am" or "pm".
fn is_clock(tokens: &[Token], number: &Token) -> bool {
    let at = tokens.iter().position(|t| t.span == number.span).unwrap_or(0);
    let before = before(tokens, number).map(|t| t.text.as_str());
    let after = tokens.get(at + 1).map(|t| t.text.as_str());
    number.text.contains(':')
        || before == Some("at")
        || matches!(after, Some("am" | "pm" | "o'clock"))
        || number.text.ends_with('m')
}

/// `9`, `9:30`, `9am`, `noon` as hour and minute.
pub(super) fn time_of_day(text: &str, half: Option<&str>) -> Option<(u32, u32)> {
    let text = text.trim().to_lowercase();
    match text.as_str() {
        "noon" => return Some((12, 0)),
        "midnight" => return Some((0, 0)),
        _ => {}
    }
    let (text, half) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(rest), _) => (rest, Some("am")),
        (_, Some(rest)) => (rest, Some("pm")),
        _ => (text.as_str(), half),
    };
    let (hour, minute) = text.trim().split_once(':').unwrap_or((text.trim(), "0"));
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    let hour = match half {
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some("am") => hour % 12,
        Some(_) => hour % 12 + 12,
        None => hour,
    };
    if hour < 24 && minute < 60 { Some((hour, minute)) } else { None }
}

fn days(word: &str) -> Option<&'static str> {
    const DAYS: [(&str, &str); 7] = [
        ("sunday", "0"),
        ("monday", "1"),
        ("tuesday", "2"),
        ("wednesday", "3"),
        ("thursday", "4"),
        ("friday", "5"),
        ("saturday", "6"),
    ];
    match word.strip_suffix('s').unwrap_or(word) {
        "weekday" | "workday" => Some("1-5"),
        "weekend" => Some("0,6"),
        "morning" | "evening" | "night" => None,
        day => DAYS.iter().find(|(name, _)| *name == day).map(|(_, number)| *number),
    }
}

fn ordinal(word: &str) -> Option<u32> {
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|ending| word.strip_suffix(ending));
    let day = match (word, digits) {
        ("first", _) => 1,
        (_, Some(digits)) => digits.parse().ok()?,
        _ => return None,
    };
    if (1..=28).contains(&day) { Some(day) } else { None }
}

pub(super) fn is_zone(word: &str) -> bool {
    matches!(word, "utc" | "gmt") || (word.contains('/') && word.starts_with(|c: char| c.is_alphabetic()))
}

/// A zone as the zone table writes it: `europe/berlin` becomes `Europe/Berlin`.
pub(super) fn zone_name(word: &str) -> String {
    let word = word.trim();
    if matches!(word.to_lowercase().as_str(), "utc" | "gmt") {
        return "UTC".into();
    }
    let capital = |part: &str| {
        let mut chars = part.chars();
        chars.next().map(|c| c.to_uppercase().chain(chars).collect::<String>()).unwrap_or_default()
    };
    let part = |part: &str| part.split('_').map(capital).collect::<Vec<_>>().join("_");
    word.to_lowercase().split('/').map(part).collect::<Vec<_>>().join("/")
}

fn unit_millis(word: &str) -> Option<(&'static str, u64)> {
    Some(match word {
        "second" | "seconds" | "sec" | "secs" => ("s", 1),
        "minute" | "minutes" | "min" | "mins" => ("m", 1),
        "hour" | "hours" => ("h", 1),
        "day" | "days" => ("d", 1),
        "week" | "weeks" => ("d", 7),
        _ => return None,
    })
}

/// A count of units as a document's duration.
pub(super) fn every(count: u64, unit: &str) -> Option<String> {
    let (letter, times) = unit_millis(unit)?;
    if count == 0 || count > 100_000 { None } else { Some(format!("{}{letter}", count * times)) }
}

/// The first duration in some words, with the words that it took; nothing when there is none.
pub(super) fn duration(tokens: &[Token]) -> Option<(String, Vec<Token>)> {
    tokens.windows(2).find_map(|pair| {
        let count = small_number(&pair[0].text).or_else(|| pair[0].text.parse().ok())?;
        Some((every(count, &pair[1].text)?, pair.to_vec()))
    })
}

fn small_number(word: &str) -> Option<u64> {
    const WORDS: [&str; 11] =
        ["a", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    if matches!(word, "an" | "another") {
        return Some(1);
    }
    let at = WORDS.iter().position(|name| *name == word)?;
    Some(u64::try_from(at.max(1)).unwrap_or(1))
}
