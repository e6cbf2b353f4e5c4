//! A report for people: each finding with the line it is about.

use std::fmt::Write;

use super::report::{Finding, Report, Severity};
use crate::json::Lines;

/// The text that a report is about, and what to call it.
#[derive(Debug, Clone, Copy)]
pub struct Source<'t> {
    /// The name of the file, as the user wrote it.
    pub name: &'t str,
    /// Its text: the one that the report was located in.
    pub text: &'t str,
}

/// How a report is drawn. Whether a terminal is there, and wants colour, is for the caller to know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Style {
    /// Text alone.
    #[default]
    Plain,
    /// With ANSI colours.
    Ansi,
}

impl Style {
    fn paint(self, colour: &str, text: &str) -> String {
        match self {
            Style::Plain => text.to_owned(),
            Style::Ansi => format!("\u{1b}[{colour}m{text}\u{1b}[0m"),
        }
    }
}

/// Draws a report: every finding with its place, the line and a mark under the part that is meant (where the
/// source is given and the finding has a place in it), help, and what it follows from; then a line of counts.
///
/// Whatever came from the document is stripped of control and formatting characters, and long lines are cut
/// around the mark, so that a document cannot steer a terminal. Ends with a line feed; empty for nothing to say.
#[must_use]
pub fn render(report: &Report, source: Option<Source<'_>>, style: Style) -> String {
    let lines = source.map(|source| (source.name, Lines::new(source.text)));
    let mut out = String::new();
    for (index, finding) in report.findings().iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        // Writing into a String cannot fail.
        let _ = push_finding(&mut out, report, finding, lines.as_ref(), style);
    }
    push_counts(&mut out, report);
    out
}

fn push_finding(
    out: &mut String,
    report: &Report,
    finding: &Finding,
    source: Option<&(&str, Lines<'_>)>,
    style: Style,
) -> std::fmt::Result {
    let colour = match finding.severity {
        Severity::Error => "1;31",
        Severity::Warning => "1;33",
        Severity::Hint => "1;36",
    };
    let head = style.paint(colour, &format!("{}[{}]", finding.severity, finding.code));
    writeln!(out, "{head}: {}", clean(&finding.message))?;
    let step = finding.step.as_ref().map(|step| format!(" (step {})", clean(step))).unwrap_or_default();
    let pointer = if finding.pointer.is_empty() { "/".to_owned() } else { clean(&finding.pointer) };
    match (source, finding.span) {
        (Some((name, lines)), Some(span)) => {
            let number = span.line.to_string();
            let gutter = " ".repeat(number.len());
            let arrow = style.paint("34", "-->");
            writeln!(out, "{gutter}{arrow} {}:{}:{}{step}", clean(name), span.line, span.column)?;
            if let (Some(line), Some(start)) = (lines.line(span.line), lines.start(span.line)) {
                let bar = style.paint("34", "|");
                let (shown, before, marked) =
                    excerpt(line, span.start.saturating_sub(start), span.end.saturating_sub(start));
                writeln!(out, "{gutter} {bar}")?;
                writeln!(out, "{} {bar} {shown}", style.paint("34", &number))?;
                let mark = style.paint(colour, &"^".repeat(marked));
                writeln!(out, "{gutter} {bar} {}{mark}", " ".repeat(before))?;
            }
        }
        _ => writeln!(out, "  at {pointer}{step}")?,
    }
    if let Some(help) = &finding.help {
        writeln!(out, "  help: {}", clean(help))?;
    }
    if let Some(cause) = finding.cause.and_then(|cause| report.findings().get(cause)) {
        writeln!(out, "  follows from: {}: {}", cause.code, clean(&cause.message))?;
    }
    if finding.fix.is_some() {
        writeln!(out, "  this can be mended automatically")?;
    }
    Ok(())
}

/// The part of a line to show (cleaned, at most 100 characters), how many columns stand before the mark, and how
/// many the mark is wide. `start` and `end` are bytes of the line.
fn excerpt(line: &str, start: usize, end: usize) -> (String, usize, usize) {
    const WIDTH: usize = 100;
    const BEFORE: usize = 40;
    let start = line.floor_char_boundary(start);
    let end = line.ceil_char_boundary(end.clamp(start, line.len()));
    let ahead = line[..start].chars().count();
    let skipped = if ahead <= WIDTH - BEFORE { 0 } else { ahead - BEFORE };
    let width = line[start..end].chars().count();
    let mut shown = String::new();
    let mut before = ahead - skipped;
    if skipped > 0 {
        shown.push('…');
        before += 1;
    }
    shown.extend(line.chars().skip(skipped).take(WIDTH).map(visible));
    let left = line.chars().skip(skipped).take(WIDTH).count();
    if line.chars().nth(skipped + WIDTH).is_some() {
        shown.push('…');
    }
    (shown, before, width.min(left - (ahead - skipped).min(left)).max(1))
}

fn push_counts(out: &mut String, report: &Report) {
    let mut parts = Vec::new();
    for (severity, one, many) in [
        (Severity::Error, "error", "errors"),
        (Severity::Warning, "warning", "warnings"),
        (Severity::Hint, "hint", "hints"),
    ] {
        match report.count(severity) {
            0 => {}
            1 => parts.push(format!("1 {one}")),
            count => parts.push(format!("{count} {many}")),
        }
    }
    if !parts.is_empty() {
        let _ = write!(out, "\n{}\n", parts.join(", "));
    }
    if !report.residuals().is_empty() {
        let mut kinds: Vec<String> = Vec::new();
        for kind in super::ResidualKind::ALL {
            let count = report.residuals().iter().filter(|residual| residual.kind == *kind).count();
            if count > 0 {
                kinds.push(format!("{kind} {count}"));
            }
        }
        let _ = writeln!(out, "only the run can tell: {}", kinds.join(", "));
    }
}

/// Text from a document, on one line: control characters and those that reorder or hide text are replaced.
fn clean(text: &str) -> String {
    text.chars().map(visible).collect()
}

pub(super) fn visible(character: char) -> char {
    match character {
        '\t' | '\n' | '\r' => ' ',
        hidden if is_hidden(hidden) => '\u{FFFD}',
        other => other,
    }
}

/// Whether a character steers a terminal or makes text look like other text: control characters, and those that
/// reorder text, join it invisibly, or take no room (bidirectional controls, zero-width characters, tags).
#[must_use]
pub fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\u{AD}'
            | '\u{61C}'
            | '\u{180E}'
            | '\u{200B}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}'
    ) || character.is_control()
}
