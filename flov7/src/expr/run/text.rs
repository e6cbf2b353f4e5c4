//! Functions of texts, free of the evaluator. Positions are code points outside and bytes inside.

/// Where the code point at `index` starts; the end of the text for its length.
fn byte_of(text: &str, index: i64) -> Option<usize> {
    let index = usize::try_from(index).ok()?;
    if text.is_ascii() {
        return (index <= text.len()).then_some(index);
    }
    match text.char_indices().nth(index) {
        Some((at, _)) => Some(at),
        None => (text.chars().count() == index).then_some(text.len()),
    }
}

/// How many code points stand before a byte.
fn index_of_byte(text: &str, byte: usize) -> i64 {
    let count = text.get(..byte).map_or(0, |before| before.chars().count());
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The bytes of the code points from `start` up to `end`.
pub(crate) fn substring(text: &str, start: i64, end: Option<i64>) -> Result<(usize, usize), String> {
    let from = byte_of(text, start);
    let to = end.map_or(Some(text.len()), |end| byte_of(text, end));
    match (from, to) {
        (Some(from), Some(to)) if from <= to => Ok((from, to)),
        _ => {
            let end = end.map_or("the end".to_owned(), |end| end.to_string());
            Err(format!("there is no part from {start} to {end} of a text of {}", text.chars().count()))
        }
    }
}

/// The bytes of one code point; nothing at the end.
pub(crate) fn char_at(text: &str, at: i64) -> Result<(usize, usize), String> {
    match byte_of(text, at) {
        Some(start) => Ok((start, start + text[start..].chars().next().map_or(0, char::len_utf8))),
        None => Err(format!("there is no position {at} in a text of {}", text.chars().count())),
    }
}

fn position(text: &str, at: i64) -> Result<usize, String> {
    byte_of(text, at)
        .ok_or_else(|| format!("there is no position {at} in a text of {}", text.chars().count()))
}

/// The first place of `part` at or after `from`, or -1.
pub(crate) fn index_of(text: &str, part: &str, from: Option<i64>) -> Result<i64, String> {
    let from = position(text, from.unwrap_or(0))?;
    Ok(text[from..].find(part).map_or(-1, |at| index_of_byte(text, from + at)))
}

/// The last place of `part` that starts at or before `from`, or -1.
pub(crate) fn last_index_of(text: &str, part: &str, from: Option<i64>) -> Result<i64, String> {
    let found = match from {
        None => text.rfind(part),
        Some(from) => {
            let from = position(text, from)?;
            // It may start at `from` and reach beyond; the cut falls on a border of code points, for a match does.
            let mut end = (from + part.len()).min(text.len());
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text[..end].rfind(part)
        }
    };
    Ok(found.map_or(-1, |at| index_of_byte(text, at)))
}

/// How many parts [`split`] makes.
pub(crate) fn parts(text: &str, by: &str, limit: i64) -> usize {
    let all = if by.is_empty() { text.chars().count() } else { text.matches(by).count() + 1 };
    usize::try_from(limit).map_or(all, |limit| all.min(limit))
}

/// The parts between separators, by bytes: at most `limit`, all if it is negative.
pub(crate) fn split(text: &str, by: &str, limit: i64) -> Vec<(usize, usize)> {
    let limit = match limit {
        0 => return Vec::new(),
        n => usize::try_from(n).unwrap_or(usize::MAX),
    };
    let mut parts = Vec::new();
    if by.is_empty() {
        for (start, c) in text.char_indices() {
            if parts.len() + 1 == limit {
                parts.push((start, text.len()));
                return parts;
            }
            parts.push((start, start + c.len_utf8()));
        }
        return parts;
    }
    let mut start = 0;
    for (at, found) in text.match_indices(by) {
        if parts.len() + 1 == limit {
            break;
        }
        parts.push((start, at));
        start = at + found.len();
    }
    parts.push((start, text.len()));
    parts
}

/// The text as a literal: in double quotes, with CEL's escapes.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            '"' | '\\' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 (RFC 4648, section 4), padded.
pub(crate) fn base64_encode(bytes: impl AsRef<[u8]>) -> String {
    let bytes = bytes.as_ref();
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let letter = BASE64[(bits >> (18 - 6 * i) & 63) as usize];
            out.push(if i <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

/// The text that a base64 text, padded or not, holds.
pub(crate) fn base64_decode(text: &str) -> Result<String, &'static str> {
    String::from_utf8(base64_bytes(text)?).map_err(|_| "the decoded bytes are no UTF-8 text")
}

/// The bytes that a base64 text, padded or not, holds.
pub(crate) fn base64_bytes(text: &str) -> Result<Vec<u8>, &'static str> {
    const FAULT: &str = "this is no base64";
    let bare = text.trim_end_matches('=');
    let padding = text.len() - bare.len();
    if bare.len() % 4 == 1 || padding > 2 || (padding > 0 && !text.len().is_multiple_of(4)) {
        return Err(FAULT);
    }
    let mut bytes = Vec::with_capacity(bare.len() / 4 * 3 + 2);
    for chunk in bare.as_bytes().chunks(4) {
        let mut bits = 0u32;
        for i in 0..4 {
            let value = match chunk.get(i) {
                Some(letter) => BASE64.iter().position(|b| b == letter).ok_or(FAULT)?,
                None => 0,
            };
            bits = bits << 6 | u32::try_from(value).map_err(|_| FAULT)?;
        }
        bytes.extend(&bits.to_be_bytes()[1..chunk.len()]);
    }
    Ok(bytes)
}

/// Percent-encodes everything but the unreserved characters of RFC 3986, section 2.3: one segment of a path, or one
/// name or value of a query.
pub(crate) fn url_encode(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    out
}

/// Reads `%XX`; anything else stays, a plus sign too.
pub(crate) fn url_decode(text: &str) -> Result<String, &'static str> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first != b'%' {
            bytes.push(*first);
            rest = after;
            continue;
        }
        let hex = |b: &u8| char::from(*b).to_digit(16).and_then(|d| u8::try_from(d).ok());
        let [high, low, ..] = after else { return Err("two digits are missing after `%`") };
        let (Some(high), Some(low)) = (hex(high), hex(low)) else {
            return Err("two hexadecimal digits follow `%`");
        };
        bytes.push(high << 4 | low);
        rest = &after[2..];
    }
    String::from_utf8(bytes).map_err(|_| "the decoded bytes are no UTF-8 text")
}
