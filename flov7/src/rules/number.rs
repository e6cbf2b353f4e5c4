//! Numbers as people write them, and which of them could mean more than one thing.
//!
//! A draft never holds a number that nobody wrote: where separators, a unit or the size leave open which one is meant,
//! there is a doubt, and a doubt is a question.

use serde_json::Number;

use super::text::{Token, TokenKind};

/// Why a number cannot be taken as it stands.
#[derive(Debug, PartialEq)]
pub(super) struct Doubt {
    /// The question's id: `number.` and the number in plain characters.
    pub(super) id: String,
    /// What is unclear, as the end of a sentence about the words.
    pub(super) why: &'static str,
    /// Numbers that may be meant, likeliest first.
    pub(super) suggestions: Vec<String>,
    /// How many tokens it spans: the number, and its unit.
    pub(super) length: usize,
}

/// A number that means one thing: `500`, `-5`, `1,000`, `49.90`, `10k`. Nothing for anything else, and for what JSON
/// numbers cannot hold exactly (RULES, num.entry).
pub(super) fn number(text: &str) -> Option<Number> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, thousands) = match text.strip_suffix('k') {
        Some(digits) => (digits, 1000),
        None => (text, 1),
    };
    if is_dotted(digits) || (digits.contains(',') && !is_grouped(digits)) {
        return None;
    }
    let digits = digits.replace(',', "");
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || digits.ends_with('.') || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        let size = whole.parse::<i128>().ok()?.checked_mul(thousands)?;
        let value = if negative { -size } else { size };
        return i64::try_from(value)
            .map(Number::from)
            .or_else(|_| u64::try_from(value).map(Number::from))
            .ok();
    }
    let value: f64 = format!("{whole}.{fraction}").parse().ok()?;
    // The shortest text of the nearest double: another one means that digits would be lost.
    let whole = whole.trim_start_matches('0');
    let exact = value.to_string() == format!("{}.{fraction}", if whole.is_empty() { "0" } else { whole });
    if thousands > 1 || !exact {
        return None;
    }
    Number::from_f64(if negative { -value } else { value })
}

/// What is unclear about the number that some tokens begin with; nothing where it is clear, or no plain number at all
/// (a time of day, an ordinal).
pub(super) fn doubt(tokens: &[Token]) -> Option<Doubt> {
    let token = tokens.first().filter(|token| token.kind == TokenKind::Number)?;
    let sign = if token.text.starts_with('-') { "-" } else { "" };
    let text = token.text.trim_start_matches(['-', '+']);
    let body = text.trim_matches(['$', '€', '£', '%']);
    let digits = body.strip_suffix('k').unwrap_or(body);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',')) {
        return None;
    }
    let sign_of = |mark: char| text.contains(mark);
    let next = tokens.get(1).and_then(unit_word);
    let unit = match () {
        () if sign_of('%') => Some("percent"),
        () if sign_of('€') => Some("euros"),
        () if sign_of('$') => Some("dollars"),
        () if sign_of('£') => Some("pounds"),
        () => next,
    };
    let plain = format!("{sign}{body}");
    let why = match (unit, number(&plain)) {
        (Some("percent"), _) => "could be a share or a plain number",
        (Some(_), _) => "has a unit, and the catalogue does not say what counts in it",
        (None, Some(_)) => return None,
        (None, None) if is_dotted(digits) || digits.contains(',') => {
            "could be read in more than one way, by its separators"
        }
        (None, None) => "cannot be held exactly",
    };
    let mut suggestions: Vec<String> =
        readings(body).into_iter().map(|text| format!("{sign}{text}")).collect();
    if unit == Some("percent") {
        let share = body.parse::<f64>().ok().map(|value| format!("{sign}{}", value / 100.0));
        suggestions.extend(share.filter(|share| number(share).is_some()));
    }
    let id = match unit {
        Some(unit) => format!("number.{plain}_{unit}"),
        None => format!("number.{plain}"),
    };
    // The word of a unit behind a sign says it again.
    let length = if next.is_some() { 2 } else { 1 };
    Some(Doubt { id, why, suggestions, length })
}

fn unit_word(token: &Token) -> Option<&'static str> {
    Some(match token.text.as_str() {
        "%" | "percent" => "percent",
        "euro" | "euros" | "eur" => "euros",
        "dollar" | "dollars" | "usd" => "dollars",
        "pound" | "pounds" | "gbp" => "pounds",
        "franc" | "francs" | "chf" => "francs",
        _ => return None,
    })
}

/// `1.500`, `1.500.000`: points where thousands are separated in much of the world.
fn is_dotted(digits: &str) -> bool {
    let mut groups = digits.split('.');
    let first = groups.next().unwrap_or("");
    (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && digits.contains('.')
        && groups.all(is_thousands)
}

/// `1,500`, `1,500,000.25`: commas as English has them.
fn is_grouped(digits: &str) -> bool {
    let whole = digits.split('.').next().unwrap_or("");
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or("");
    (1..=3).contains(&first.len()) && !first.starts_with('0') && groups.all(is_thousands)
}

fn is_thousands(group: &str) -> bool {
    group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit())
}

/// The numbers that some digits with separators may mean, written so that none is a doubt again: `1.500` as `1.5`.
fn readings(digits: &str) -> Vec<String> {
    if let Some(sure) = number(digits) {
        return vec![sure.to_string()];
    }
    let is_padded = |text: &String| text.starts_with('0') && !text.starts_with("0.");
    let whole = digits.replace([',', '.'], "");
    let fraction = digits.replace(',', ".");
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.').to_owned();
    let found = [whole, fraction].into_iter().filter(|text| number(text).is_some() && !is_padded(text));
    found.collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::text::tokens;
    use super::*;

    #[test]
    fn num_entry_a_number_is_taken_whole_or_not_at_all() {
        for (text, value) in [
            ("500", "500"),
            ("-5", "-5"),
            ("+5", "5"),
            ("1,000", "1000"),
            ("1,000,000.5", "1000000.5"),
            ("49.90", "49.9"),
            ("500.00", "500"),
            ("0.500", "0.5"),
            ("10k", "10000"),
            ("18446744073709551615", "18446744073709551615"),
        ] {
            assert_eq!(number(text).map(|n| n.to_string()).as_deref(), Some(value), "{text}");
        }
        for text in [
            "1.500",
            "1.500.000",
            "0,500",
            "1234,567",
            "18446744073709551616",
            "0.12345678901234567890",
            "1.5k",
            "5e3",
            "5.",
            ".5",
            "",
            "-",
            "€5",
            "5%",
            "9:30",
        ] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn what_could_mean_two_things_is_a_doubt_with_what_it_may_mean() {
        for (text, id, suggestions) in [
            ("1.500", "number.1.500", &["1500", "1.5"][..]),
            ("1.500.000", "number.1.500.000", &["1500000"]),
            ("0,500", "number.0,500", &["0.5"]),
            ("10%", "number.10_percent", &["10", "0.1"]),
            ("10 percent", "number.10_percent", &["10", "0.1"]),
            ("€1,000", "number.1,000_euros", &["1000"]),
            ("500 euros", "number.500_euros", &["500"]),
            ("-5$", "number.-5_dollars", &["-5"]),
            ("99999999999999999999", "number.99999999999999999999", &[]),
        ] {
            let doubt = doubt(&tokens(text)).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(
                (doubt.id.as_str(), doubt.suggestions),
                (id, suggestions.iter().map(|s| s.to_string()).collect()),
                "{text}"
            );
        }
        for text in ["500", "9:30", "1st", "9am", "500kg", "1,000"] {
            assert_eq!(doubt(&tokens(text)), None, "{text}");
        }
    }
}
