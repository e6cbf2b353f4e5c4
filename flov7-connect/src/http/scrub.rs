//! Takes secret values out of whatever a call gives back.

use std::fmt;

use flov7::action::ActionError;
use flov7::json::number_text;
use serde_json::Value;

use super::target::push_encoded;

/// What stands where a secret stood.
const MARK: &str = "[secret]";

/// How often one encoding over another is seen through, and how long a byte then is: `%252541`.
const LAYERS: usize = 3;
const LONGEST_UNIT: usize = 1 + 2 * LAYERS;

/// The fewest characters of base64 that are looked for inside a longer one: 36 bits, which no chance repeats.
const LEAST_INSIDE: usize = 6;

/// The texts that must not leave: the secret values that a call used, and the forms in which another side echoes them.
#[derive(Clone, Default)]
pub(crate) struct Scrub {
    /// Longest first, so that a secret inside another form goes with it.
    needles: Vec<Needle>,
    /// Which bytes a needle begins with.
    begins: Option<Box<[bool; 256]>>,
}

/// One text that must not leave.
#[derive(Clone, PartialEq, Eq)]
struct Needle {
    text: String,
    /// Whether a character of base64 before it and one after it hold bits of the secret too.
    shared: (bool, bool),
}

impl fmt::Debug for Scrub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrub(…)")
    }
}

impl Scrub {
    /// Scrubs these values, and each also as base64, alone and inside a longer one, and as the inside of a JSON string
    /// and of one inside that. Each of these is also found where any of its characters are percent-encoded, and where
    /// `/` is quoted as `\/`.
    pub(crate) fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut needles = Vec::new();
        for value in values.into_iter().filter(|value| !value.is_empty()) {
            let quoted = quote(value);
            let whole = base64(value.as_bytes());
            for text in [quote(&quoted), quoted, url_safe(&whole), whole, value.to_owned()] {
                needles.push(Needle { text, shared: (false, false) });
            }
            if value.contains('%') {
                // Whether what follows an encoded `%` belongs to it cannot be seen.
                let mut text = String::new();
                push_encoded(&mut text, value);
                needles.push(Needle { text, shared: (false, false) });
            }
            needles.extend((0..3).flat_map(|before| inside(value.as_bytes(), before)));
        }
        needles.sort_unstable_by(|a, b| (b.text.len(), &a.text).cmp(&(a.text.len(), &b.text)));
        needles.dedup();
        let mut begins = [false; 256];
        for needle in &needles {
            // None is empty.
            begins[usize::from(needle.text.as_bytes()[0])] = true;
        }
        Scrub { begins: (!needles.is_empty()).then(|| Box::new(begins)), needles }
    }

    /// The bytes of the longest text that must not leave.
    pub(crate) fn longest(&self) -> usize {
        self.needles.first().map_or(0, |needle| needle.text.len() * LONGEST_UNIT)
    }

    /// The text without secrets.
    pub(crate) fn text(&self, text: &mut String) {
        let found = self.found(text);
        if found.is_empty() {
            return;
        }
        let mut clean = String::with_capacity(text.len());
        let mut kept = 0;
        for (start, end) in found {
            clean.push_str(&text[kept..start]);
            clean.push_str(MARK);
            kept = end;
        }
        clean.push_str(&text[kept..]);
        *text = clean;
    }

    /// Where secrets stand in a text: apart from each other, in order, each between two characters.
    fn found(&self, text: &str) -> Vec<(usize, usize)> {
        let Some(begins) = &self.begins else { return Vec::new() };
        let bytes = text.as_bytes();
        let mut found: Vec<(usize, usize)> = Vec::new();
        for at in 0..bytes.len() {
            if !matches!(bytes[at], b'%' | b'\\') && !begins[usize::from(bytes[at])] {
                continue;
            }
            for needle in &self.needles {
                let Some(mut end) = spelled(bytes, at, needle.text.as_bytes()) else { continue };
                let mut start = at;
                if needle.shared.0 && at > 0 && is_base64(bytes[at - 1]) {
                    start -= 1;
                }
                if needle.shared.1 && bytes.get(end).is_some_and(|byte| is_base64(*byte)) {
                    end += 1;
                }
                if !text.is_char_boundary(start) || !text.is_char_boundary(end) {
                    continue;
                }
                match found.last_mut() {
                    // Two that overlap go as one.
                    Some(last) if start < last.1 => *last = (last.0.min(start), last.1.max(end)),
                    _ => found.push((start, end)),
                }
            }
        }
        found
    }

    /// The value without secrets: in texts, in names of members, and as a number's digits.
    pub(crate) fn value(&self, value: &mut Value) {
        if self.needles.is_empty() {
            return;
        }
        // An explicit stack: the depth of a value costs heap, not stack.
        let mut stack = vec![value];
        while let Some(value) = stack.pop() {
            match value {
                Value::String(text) => self.text(text),
                Value::Number(number) => {
                    let text = number_text(number);
                    if self.needles.iter().any(|needle| needle.text == text) {
                        *value = Value::from(MARK);
                    }
                }
                Value::Array(items) => stack.extend(items),
                Value::Object(members) => {
                    if members.keys().any(|name| !self.found(name).is_empty()) {
                        let old = std::mem::take(members);
                        *members = old.into_iter().map(|(name, value)| (self.name(name), value)).collect();
                    }
                    stack.extend(members.values_mut());
                }
                Value::Null | Value::Bool(_) => {}
            }
        }
    }

    /// The error without secrets.
    pub(crate) fn error(&self, mut error: ActionError) -> ActionError {
        self.text(&mut error.message);
        self.value(&mut error.details);
        error
    }

    fn name(&self, mut name: String) -> String {
        self.text(&mut name);
        name
    }
}

/// Where a needle ends that begins at `at`, in whichever spelling.
fn spelled(bytes: &[u8], mut at: usize, needle: &[u8]) -> Option<usize> {
    // A `%` may stand for itself or begin an encoded one. Where the first reading fails, the others are tried; each
    // fails within a few bytes or is right, and the count bounds it whatever the secret is made of.
    let mut others: Vec<(usize, usize)> = Vec::new();
    let mut next = 0;
    for _ in 0..=needle.len() * 8 {
        let Some(&wanted) = needle.get(next) else { return Some(at) };
        let length = match (wanted, bytes.get(at)) {
            (b'%', Some(b'%')) => {
                others.extend(percent(&bytes[at..], wanted).map(|length| (next + 1, at + length)));
                Some(1)
            }
            (_, Some(byte)) if *byte == wanted => Some(1),
            (_, Some(b'%')) => percent(&bytes[at..], wanted),
            // As forms are encoded.
            (b' ', Some(b'+')) => Some(1),
            (b'/', Some(b'\\')) if bytes.get(at + 1) == Some(&b'/') => Some(2),
            _ => None,
        };
        (next, at) = match length {
            Some(length) => (next + 1, at + length),
            None => others.pop()?,
        };
    }
    None
}

/// How many bytes make up the byte `wanted`, percent-encoded once or over and over.
fn percent(bytes: &[u8], wanted: u8) -> Option<usize> {
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    for layer in 0..LAYERS {
        let at = 1 + 2 * layer;
        // Two hexadecimal digits make a byte.
        let byte = u8::try_from(digit(at)? << 4 | digit(at + 1)?).ok()?;
        if byte == wanted {
            return Some(at + 2);
        }
        if byte != b'%' {
            return None;
        }
    }
    None
}

/// What base64 of a longer text holds of this one, if `before` bytes (of three) precede it: the characters that are
/// made of its bits alone, in both alphabets.
fn inside(value: &[u8], before: usize) -> Vec<Needle> {
    let mut bytes = vec![0; before];
    bytes.extend_from_slice(value);
    let whole = base64(&bytes);
    let (start, end) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
    let Some(text) = whole.get(start..end).filter(|text| text.len() >= LEAST_INSIDE) else {
        return Vec::new();
    };
    let shared = (before > 0, !bytes.len().is_multiple_of(3));
    [text.to_owned(), url_safe(text)].map(|text| Needle { text, shared }).into()
}

/// The same in the alphabet for URLs (RFC 4648 §5).
fn url_safe(base64: &str) -> String {
    base64.replace('+', "-").replace('/', "_")
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte)
}

/// The inside of a JSON string.
fn quote(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// Base64 with padding (RFC 4648 §4).
pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            if at > chunk.len() {
                text.push('=');
            } else {
                // Six bits index 64 digits.
                text.push(char::from(DIGITS[(bits >> (18 - 6 * at) & 63) as usize]));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Scrub, base64};

    /// What is left of a text, with these secrets.
    fn left(secrets: &[&str], text: &str) -> String {
        let mut text = text.to_owned();
        Scrub::new(secrets.iter().copied()).text(&mut text);
        text
    }

    #[test]
    fn every_spelling_of_a_secret_is_found() {
        let secret = "S3/cr+3t =%é";
        for text in [
            "S3/cr+3t =%é",
            "S3/cr%2B3t%20=%25é",
            "S3%2Fcr%2B3t%20%3D%25%C3%A9",
            "S3%2fcr%2b3t+%3d%25%c3%a9",
            "%53%33%2F%63%72%2B%33%74%20%3D%25%C3%A9",
            "S3%252Fcr%252B3t%2520%253D%2525%25C3%25A9",
            "S3%25252Fcr+3t =%é",
            "S3\\/cr+3t =%é",
            "UzMvY3IrM3QgPSXDqQ==",
            "UzMvY3IrM3QgPSXDqQ",
        ] {
            assert_eq!(left(&[secret], &format!("<{text}>")), "<[secret]>", "{text}");
            assert_eq!(left(&[secret], &format!("{text} {text}")), "[secret] [secret]", "{text}");
        }
        for text in ["S3/cr", "S3/cr+3t =%", "S3%2Gcr+3t =%é", "%", "%5", "\\", "S3\\"] {
            assert_eq!(left(&[secret], text), text);
        }
    }

    #[test]
    fn a_secret_inside_longer_base64_leaves_none_of_its_bits() {
        let secret = "S3/cr+3t~~~?>";
        for (before, after) in (0..7).flat_map(|before| (0..4).map(move |after| (before, after))) {
            let whole = base64(format!("{}{secret}{}", "u".repeat(before), "v".repeat(after)).as_bytes());
            for text in [whole.replace('+', "-").replace('/', "_"), whole.replace('/', "%2F"), whole] {
                let left = left(&[secret], &text);
                assert!(left.contains("[secret]"), "{before} {after}: {left}");
                // Whole bytes of what stood around it may go with it, but nothing of it stays.
                let (start, end) = left.split_once("[secret]").unwrap_or((&left, ""));
                assert!(start.len() * 6 <= before * 8, "{before} {after}: {left}");
                let rest = end.trim_end_matches('=').len() * 6;
                assert!(rest <= after * 8 + 5, "{before} {after}: {left}");
                assert!(rest == 0 || rest + 5 - after * 8 < 6 + 5, "{before} {after}: {left}");
            }
        }
    }

    #[test]
    fn overlapping_secrets_go_as_one_and_short_ones_spoil_nothing() {
        assert_eq!(left(&["abcd", "cdef"], "-abcdef-"), "-[secret]-");
        assert_eq!(left(&["abc", "abcdef"], "abcdefg"), "[secret]g");
        assert_eq!(left(&["pw"], "cHdw sHcA pw"), "cHdw sHcA [secret]");
        assert_eq!(left(&[], "pw"), "pw");
        assert_eq!(left(&[""], "pw"), "pw");
    }

    #[test]
    fn base64_of_the_rfc() {
        let cases = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
            ("Aladdin:open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ];
        for (plain, encoded) in cases {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }
}
