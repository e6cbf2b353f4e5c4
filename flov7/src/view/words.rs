//! Short, harmless words for people, from what documents hold.

use serde_json::Value;

use crate::finding::is_hidden;

/// The most characters that a label keeps.
const LABEL: usize = 80;

/// The most characters that a sentence keeps.
const SENTENCE: usize = 500;

/// One line without control or direction characters, cut at [`LABEL`] characters.
pub(super) fn line(text: &str) -> String {
    cut(text, LABEL)
}

/// The same for a sentence, cut at [`SENTENCE`] characters.
pub(super) fn sentence(text: &str) -> String {
    cut(text, SENTENCE)
}

fn cut(text: &str, most: usize) -> String {
    let mut out = String::new();
    let mut space = false;
    let mut kept = 0;
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() {
            space = !out.is_empty();
            continue;
        }
        if is_hidden(c) {
            continue;
        }
        if kept >= most {
            out.push('…');
            break;
        }
        if std::mem::take(&mut space) {
            out.push(' ');
        }
        out.push(c);
        kept += 1;
    }
    out
}

/// The source inside `${ … }`, or nothing when the string is not exactly one expression.
pub(super) fn source(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("${")?.strip_suffix('}')?;
    // Two expressions with text between them also begin and end like one.
    if inner.contains("${") { None } else { Some(inner.trim()) }
}

/// A template's text for people: `Order ${ input.order.id }` becomes `Order ‹order id›`.
pub(super) fn template_text(value: &Value) -> String {
    let Value::String(text) = value else {
        return match value {
            Value::Null => "nothing".into(),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            _ => "…".into(),
        };
    };
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(start) = rest.find("${") {
        out.push_str(rest[..start].strip_suffix('$').map_or(&rest[..start], |escaped| escaped));
        if rest[..start].ends_with('$') {
            out.push_str("${");
            rest = &rest[start + 2..];
            continue;
        }
        let Some(end) = rest[start..].find('}') else { break };
        out.push('‹');
        out.push_str(&plain(rest[start + 2..start + end].trim()));
        out.push('›');
        rest = &rest[start + end + 1..];
    }
    out.push_str(rest);
    line(&out)
}

/// A question in words where it is a comparison of a path with something, else its source.
pub(super) fn question(expression: &Value) -> String {
    match expression {
        Value::Bool(true) => "always".into(),
        Value::Bool(false) => "never".into(),
        Value::String(text) => source(text).map_or_else(|| line(text), plain),
        _ => "…".into(),
    }
}

/// An expression in words where its form is simple, else as it stands.
pub(super) fn plain(source: &str) -> String {
    const WORDS: [(&str, &str); 6] = [
        (" >= ", " is at least "),
        (" <= ", " is at most "),
        (" == ", " is "),
        (" != ", " is not "),
        (" > ", " is above "),
        (" < ", " is below "),
    ];
    if let Some(name) = path_words(source) {
        return name;
    }
    if let Some(path) = source.strip_prefix("has(").and_then(|rest| rest.strip_suffix(')'))
        && let Some(name) = path_words(path)
    {
        return if path.starts_with("steps.") {
            format!("{name} is done")
        } else {
            format!("there is {name}")
        };
    }
    for (operator, words) in WORDS {
        if let Some((left, right)) = source.split_once(operator) {
            let right = right.trim();
            let simple = is_literal(right).then(|| right.to_owned()).or_else(|| path_words(right));
            if let (Some(left), Some(right)) = (path_words(left.trim()), simple) {
                return line(&format!("{left}{words}{right}"));
            }
        }
    }
    line(source)
}

/// `input.order.total` as "order total"; nothing for anything but a plain path below a root.
fn path_words(source: &str) -> Option<String> {
    let mut parts = source.split('.');
    let root = parts.next()?;
    let rest: Vec<&str> = parts.collect();
    let plain =
        |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !rest.iter().all(plain) || !plain(&root) || root.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    match (root, rest.as_slice()) {
        ("input" | "steps" | "trigger" | "execution", []) => Some(root.to_owned()),
        ("input" | "steps", rest) => Some(line(&rest.join(" ").replace('_', " "))),
        (_, []) => Some(root.replace('_', " ")),
        (root, rest) => Some(line(&format!("{root} {}", rest.join(" ")).replace('_', " "))),
    }
}

fn is_literal(source: &str) -> bool {
    let number = source.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    let quoted = source.len() >= 2
        && (source.starts_with('"') && source.ends_with('"')
            || source.starts_with('\'') && source.ends_with('\''));
    number || quoted || matches!(source, "true" | "false" | "null")
}

/// A duration in words: `1h30m` as "1 h 30 min".
pub(super) fn duration(text: &str) -> String {
    let Some(millis) = crate::workflow::parse_duration(text) else { return line(text) };
    if millis <= 0 {
        return "no time".into();
    }
    let mut left = millis;
    let mut parts = Vec::new();
    for (unit, size) in [("day", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000), ("ms", 1)] {
        let count = left / size;
        left %= size;
        match (count, unit) {
            (0, _) => {}
            (1, _) | (_, "h" | "min" | "s" | "ms") => parts.push(format!("{count} {unit}")),
            _ => parts.push(format!("{count} {unit}s")),
        }
    }
    parts.join(" ")
}
