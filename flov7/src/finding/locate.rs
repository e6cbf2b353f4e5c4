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
                range = range.start + start..range.start + end.max(start);
            }
        }
        let (line, column) = lines.line_column(range.start);
        finding.span = Some(Span { line, column, start: range.start, end: range.end });
    }
}

/// The byte of `raw`, a string as it stands in the text, that becomes byte `offset` of `decoded`; none where
/// the way is not plain (a folded YAML scalar).
fn source_offset(raw: &str, decoded: &str, offset: usize) -> Option<usize> {
    if raw == decoded {
        return (offset <= raw.len()).then_some(offset);
    }
    let quote = raw.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let mut at = 1;
    let mut characters = decoded.char_indices();
    loop {
        let next = characters.next();
        // The end of the string is a place too.
        if next.map_or(decoded.len(), |(start, _)| start) >= offset {
            return Some(at);
        }
        let (_, character) = next?;
        let rest = raw.get(at..)?;
        at += if quote == '\'' {
            if character == '\'' { 2 } else { rest.starts_with(character).then(|| character.len_utf8())? }
        } else if let Some(escape) = rest.strip_prefix('\\') {
            match escape.as_bytes().first()? {
                b'u' if character > '\u{FFFF}' => 12,
                b'u' => 6,
                b'x' => 4,
                b'U' => 10,
                b'\n' | b'\r' => return None,
                _ => 2,
            }
        } else {
            rest.starts_with(character).then(|| character.len_utf8())?
        };
    }
}
