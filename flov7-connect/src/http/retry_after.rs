//! When the other side asks to be called again.

use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// The longest wait that a server can ask for: it must not park an execution for years.
const MAX_MS: u64 = 24 * 3600 * 1000;

/// The wait that `retry-after` asks for (RFC 9110 §10.2.3), in milliseconds from now, at most a day; nothing where it
/// is absent or unreadable.
///
/// A date is compared with the response's own `date`, so that neither clock need be right; without one with `now_ms`,
/// milliseconds since 1970 UTC.
pub(crate) fn retry_after(headers: &HeaderMap, now_ms: impl FnOnce() -> i64) -> Option<u64> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // Too many digits for a number are more than a day.
        let seconds: u64 = text.parse().unwrap_or(u64::MAX);
        return Some(seconds.saturating_mul(1000).min(MAX_MS));
    }
    let at = http_date(text)?;
    let now =
        headers.get(DATE).and_then(|date| date.to_str().ok()).and_then(http_date).unwrap_or_else(now_ms);
    let wait = at.saturating_sub(now).max(0);
    u64::try_from(wait).ok().map(|wait| wait.min(MAX_MS))
}

/// The instant of an IMF-fixdate (`Sun, 06 Nov 1994 08:49:37 GMT`), in milliseconds since 1970 UTC. The two forms of
/// date that RFC 9110 calls obsolete are not read.
fn http_date(text: &str) -> Option<i64> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    PARSER.parse_timestamp(text).ok().map(|at| at.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    #[test]
    fn waits_are_seconds_or_dates() {
        const DATE_NOW: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
        let cases = [
            ("0", None, Some(0)),
            ("7", None, Some(7_000)),
            (" 120 ", None, Some(120_000)),
            ("86401", None, Some(MAX_MS)),
            ("99999999999999999999999999", None, Some(MAX_MS)),
            ("-1", None, None),
            ("1.5", None, None),
            ("soon", None, None),
            ("", None, None),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(DATE_NOW), Some(10_000)),
            ("Sun, 06 Nov 1994 08:49:27 GMT", Some(DATE_NOW), Some(0)),
            ("Sun, 06 Nov 2094 08:49:47 GMT", Some(DATE_NOW), None),
            ("Sat, 06 Nov 2094 08:49:47 GMT", Some(DATE_NOW), Some(MAX_MS)),
            // Without a date of the response: by our clock, which the test sets to 784111777 s.
            ("Sun, 06 Nov 1994 08:49:40 GMT", None, Some(3_000)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(DATE_NOW), None),
        ];
        for (value, date, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(value));
            if let Some(date) = date {
                headers.insert(DATE, HeaderValue::from_static(date));
            }
            assert_eq!(retry_after(&headers, || 784_111_777_000), expected, "{value:?} {date:?}");
        }
    }
}
