//! A report for a language model: short, the same for the same findings, and of bounded length.

use std::fmt::Write;

use super::render::visible;
use super::report::{Finding, Report, Severity};

/// The most characters of [`render_for_model`], the last line included.
pub const MODEL_CHARACTERS: usize = 4_000;

/// How long one text of a finding becomes.
const TEXT: usize = 240;

/// Says what is found in as few words as a model needs to mend it: one line for each finding, errors first, each with its
/// code, its JSON Pointer, the message, and what would do. No line numbers and no source: a model has the document, and
/// counts badly. At most [`MODEL_CHARACTERS`] characters; what is left out is counted in the last line.
///
/// Control and formatting characters are replaced and long texts cut, so that a document cannot speak in the place of the
/// report. Empty for nothing to say.
///
/// ```
/// use flov7::finding::{Code, Finding, Report, render_for_model};
///
/// let finding = Finding::new(Code::UNKNOWN_STEP, "/steps/1/data/set", "no step is called `totl`")
///     .with_help("did you mean `total`?");
/// let text = render_for_model(&Report::new(vec![finding], Vec::new()));
/// assert_eq!(text, "error unknown-step /steps/1/data/set: no step is called `totl`; did you mean `total`?\n");
/// ```
#[must_use]
pub fn render_for_model(report: &Report) -> String {
    /// Room for the line that counts what is left out.
    const LAST: usize = 64;
    let mut out = String::new();
    let mut length = 0;
    let mut shown = 0;
    let all = report.findings();
    let ordered = [Severity::Error, Severity::Warning, Severity::Hint]
        .into_iter()
        .flat_map(|severity| all.iter().filter(move |finding| finding.severity == severity));
    for finding in ordered {
        let line = line(report, finding);
        let more = line.chars().count();
        if length + more > MODEL_CHARACTERS - LAST {
            break;
        }
        out.push_str(&line);
        length += more;
        shown += 1;
    }
    if shown < all.len() {
        // Writing into a String cannot fail.
        let _ = writeln!(out, "and {} more findings", all.len() - shown);
    }
    out
}

fn line(report: &Report, finding: &Finding) -> String {
    let pointer = if finding.pointer.is_empty() { "/".to_owned() } else { short(&finding.pointer) };
    let mut line = format!("{} {} {pointer}: {}", finding.severity, finding.code, short(&finding.message));
    if let Some(help) = &finding.help {
        let _ = write!(line, "; {}", short(help));
    }
    if let Some(cause) = finding.cause.and_then(|cause| report.findings().get(cause)) {
        let _ = write!(line, "; follows from {} {}", cause.code, short(&cause.pointer));
    }
    line.push('\n');
    line
}

fn short(text: &str) -> String {
    let mut shown: String = text.chars().take(TEXT).map(visible).collect();
    if text.chars().nth(TEXT).is_some() {
        shown.push('…');
    }
    shown
}
