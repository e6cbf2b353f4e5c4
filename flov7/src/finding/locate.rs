//! From a pointer to a place in the text.

use serde_json::Value;

use super::report::{Finding, Span};
use crate::json::{self, Document, Lines};

/// Gives every finding that has no place yet its place in the text.
pub(super) fn locate(findings: &mut [Finding], document: &Document, text: &str) {
    let lines = Lines::new(text);
    for finding in findings.iter_mut().filter(|finding| finding.span.is_none()) {
        let named = finding.names_member.then(|| document.spans.key_of(&finding.pointer)).flatten();
        let Some(span) = named.or_else(|| document.spans.nearest(&finding.pointer)) else { continue };
        let mut range = span.range();
        if let (None, Some(part), Some(Value::String(decoded))) =
            (named, finding.expr_span, json::get(&document.value, &finding.pointer))
        {
            let raw = text.get(range.clone()).unwrap_or_default();
            if let (Some(start), Some(end)) =
                (source_offset(raw, decoded, part[0]), source_offset(raw, decoded, part[1]))
            {
                // Whole characters, whatever the offsets were counted in.
                let start = text.floor_char_boundary(range.start + start);
                range = start..text.ceil_char_boundary(range.start + end).max(start);
            }
        }
        let (line, column) = lines.line_column(range.start);
        finding.span = Some(Span { line, column, start: range.start, end: range.end });
    }
}

/// The byte of `raw`, a string as it stands in the text, that becomes byte `offset` of `decoded`; none where
/// the way is not plain.
fn source_offset(raw: &str, decoded: &str, offset: usize) -> Option<usize> {
    if offset > decoded.len() {
        return None;
    }
    match raw.chars().next() {
        _ if raw == decoded => Some(offset),
        Some(quote @ ('"' | '\'')) => quoted_offset(raw, decoded, offset, quote),
        _ => folded_offset(raw, decoded, offset),
    }
}

/// In a string in quotes: escapes are longer than what they stand for.
fn quoted_offset(raw: &str, decoded: &str, offset: usize, quote: char) -> Option<usize> {
    let mut at = 1;
    for (start, character) in decoded.char_indices() {
        if start >= offset {
            return Some(at);
        }
        let rest = raw.get(at..)?;
        at += if quote == '\'' && character == '\'' {
            2
        } else if quote == '"'
            && let Some(escape) = rest.strip_prefix('\\')
        {
            match escape.as_bytes().first()? {
                b'u' if character > '\u{FFFF}' => 12,
                b'u' => 6,
                // YAML has these two, and folds a line that ends in a backslash.
                b'x' => 4,
                b'U' => 10,
                b'\n' | b'\r' => return None,
                _ => 2,
            }
        } else {
            rest.starts_with(character).then(|| character.len_utf8())?
        };
    }
    Some(at)
}

/// In a YAML scalar over several lines: runs of white space have become others (line breaks, indentation).
fn folded_offset(raw: &str, decoded: &str, offset: usize) -> Option<usize> {
    let (mut left, mut right) = (raw, decoded);
    loop {
        (left, right) = (left.trim_start(), right.trim_start());
        if decoded.len() - right.len() >= offset {
            return Some(raw.len() - left.len());
        }
        let word = right.find(char::is_whitespace).unwrap_or(right.len());
        let wanted = offset - (decoded.len() - right.len());
        left = left.strip_prefix(&right[..word])?;
        if wanted <= word {
            let behind = raw.len() - left.len();
            return Some(behind - (word - wanted));
        }
        right = &right[word..];
    }
}
