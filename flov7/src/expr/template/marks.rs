//! Where the marks of a string stand.

use crate::expr::error::{ExprError, Span};
use crate::expr::{Expr, Limits, parse};

/// Compiles a string that must be exactly one `${ … }`, as conditions are written. Spans count from the start of the
/// string, marks included.
///
/// ```
/// use flov7::expr::{Limits, marked};
///
/// assert_eq!(marked("${ steps.total > 500 }", &Limits::default()).unwrap().to_string(), "steps.total > 500");
/// let bare = marked("steps.total > 500", &Limits::default()).unwrap_err();
/// assert_eq!((bare[0].code, bare[0].fix.as_deref()), ("expression-marks", Some("${ steps.total > 500 }")));
/// ```
///
/// # Errors
/// `expression-marks` for anything else; the faults of the expression otherwise.
pub fn marked(source: &str, limits: &Limits) -> Result<Expr, Vec<ExprError>> {
    let whole = Span::new(0, source.len());
    if let Some((start, end)) = self::whole(source) {
        return Expr::parse_at(&source[start..end], start, limits);
    }
    let cuts = cut(source).map_err(|error| vec![*error])?;
    match cuts.as_slice() {
        [Cut::Mark(start, end)] => Expr::parse_at(&source[*start..*end], *start, limits),
        [] => Err(vec![ExprError::new("expression-syntax", whole, "there is no expression here")]),
        _ if cuts.iter().any(|cut| matches!(cut, Cut::Mark(..))) => {
            let message = "an expression here is exactly one `${ … }`, with nothing around it";
            Err(vec![
                ExprError::new("expression-marks", whole, message)
                    .with_help("join texts with `+` inside the marks"),
            ])
        }
        _ => {
            let fix = format!("${{ {} }}", source.trim());
            let message = "an expression stands in `${ … }`";
            let error =
                ExprError::new("expression-marks", whole, message).with_help(format!("write `{fix}`"));
            // Certain only where what is there is an expression.
            let certain = parse(source.trim(), limits).is_ok();
            Err(vec![if certain { error.with_fix(fix) } else { error }])
        }
    }
}

/// The pieces of a string in their order, none for an expression; nothing where a mark is never closed.
pub(crate) fn pieces(text: &str, piece: &mut dyn FnMut(Option<&str>)) -> Option<()> {
    for cut in cut(text).ok()? {
        match cut {
            Cut::Text(literal) => piece(Some(&literal)),
            Cut::Mark(..) => piece(None),
        }
    }
    Some(())
}

/// Whether `${` stands anywhere in a text.
pub(crate) fn has_mark(text: &str) -> bool {
    // Where there is one, the text mostly begins with it.
    text.starts_with("${") || text.contains("${")
}

/// A piece of a string before its expressions are compiled.
pub(super) enum Cut {
    Text(String),
    /// The bytes between `${` and `}`.
    Mark(usize, usize),
}

pub(super) fn cut(text: &str) -> Result<Vec<Cut>, Box<ExprError>> {
    let mut cuts = Vec::new();
    let mut literal = String::new();
    let mut at = 0;
    while let Some(found) = text[at..].find('$') {
        literal.push_str(&text[at..at + found]);
        at += found;
        let rest = &text[at..];
        if rest.starts_with("$${") {
            literal.push_str("${");
            at += 3;
        } else if rest.starts_with("${") {
            let start = at + 2;
            let Some(end) = closing(text, start) else {
                let error = ExprError::new(
                    "expression-syntax",
                    Span::new(at, at + 2),
                    format!("the `${{` at {at} is never closed: expected `}}`"),
                );
                return Err(Box::new(error.with_help("write `$${` where the text `${` is meant")));
            };
            if !literal.is_empty() {
                cuts.push(Cut::Text(std::mem::take(&mut literal)));
            }
            cuts.push(Cut::Mark(start, end));
            at = end + 1;
        } else {
            literal.push('$');
            at += 1;
        }
    }
    literal.push_str(&text[at..]);
    if !literal.is_empty() {
        cuts.push(Cut::Text(literal));
    }
    Ok(cuts)
}

/// The bytes of the expression, where the text is exactly one `${ … }`.
pub(super) fn whole(text: &str) -> Option<(usize, usize)> {
    let end = text.len().checked_sub(1).filter(|_| text.starts_with("${") && text.ends_with('}'))?;
    (closing(text, 2) == Some(end)).then_some((2, end))
}

/// The bytes that decide where a mark ends.
const MEANT: [bool; 256] = {
    let mut meant = [false; 256];
    let mut at = 0;
    while at < 7 {
        meant[b"{}\"'`/\\"[at] as usize] = true;
        at += 1;
    }
    meant
};

/// Where the brace stands that closes a mark: braces of maps, texts and comments are passed over.
fn closing(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut open = 0usize;
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        // Most bytes mean nothing here.
        if !MEANT[usize::from(*byte)] {
            at += 1;
            continue;
        }
        match byte {
            b'{' => open += 1,
            b'}' if open == 0 => return Some(at),
            b'}' => open -= 1,
            b'"' | b'\'' => {
                let word = |i: Option<usize>| {
                    i.and_then(|i| bytes.get(i)).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
                };
                let raw = at > start
                    && matches!(bytes[at - 1], b'r' | b'R')
                    && !(at - 1 > start && word(at.checked_sub(2)));
                at = past_text(text, at, raw)?;
                continue;
            }
            b'`' => at += 1 + text[at + 1..].find('`')?,
            b'/' if bytes.get(at + 1) == Some(&b'/') => at += text[at..].find('\n')?,
            _ => {}
        }
        at += 1;
    }
    None
}

/// The byte after the text that opens at `at`.
fn past_text(text: &str, at: usize, raw: bool) -> Option<usize> {
    let bytes = text.as_bytes();
    let triple = [bytes[at]; 3];
    let long = bytes[at..].starts_with(&triple);
    let (mark, mut at) = if long { (&triple[..], at + 3) } else { (&triple[..1], at + 1) };
    loop {
        match bytes.get(at)? {
            b'\\' if !raw => at += 2,
            _ if bytes[at..].starts_with(mark) => return Some(at + mark.len()),
            _ => at += 1,
        }
    }
}
