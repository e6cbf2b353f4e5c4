//! From a text to a document.

use super::{Examined, examine};
use crate::finding::{Code, Finding, Report, Span, code};
use crate::json::{self, Document, ReadError};
use crate::workflow::{DocumentLimits, Workflow};

/// How a document is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Syntax {
    /// JSON (RFC 8259).
    #[default]
    Json,
    /// YAML 1.2, of which JSON's values are used. Needs the feature `yaml`.
    Yaml,
}

impl Syntax {
    /// YAML for a file name that ends with `.yaml` or `.yml`, else JSON.
    #[must_use]
    pub fn of_file(name: &str) -> Syntax {
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        match ending.as_deref() {
            Some("yaml" | "yml") => Syntax::Yaml,
            _ => Syntax::Json,
        }
    }
}

/// Reads a document from its text, and says where in the text each finding stands.
///
/// # Errors
/// What is wrong with the text (`json-syntax`, `yaml-syntax`, `duplicate-member`, `number-range`, `document-size`,
/// `document-depth`), and with the shape of what could be read of it ([`super::read`]). YAML without the feature
/// `yaml` is `yaml-syntax`, and says so.
pub fn read_text(text: &str, syntax: Syntax) -> Result<(Workflow, Document), Vec<Finding>> {
    let text = examine_text(text, syntax, &DocumentLimits::default());
    match (text.document, text.examined.workflow) {
        (Some(document), Some(workflow)) if text.examined.findings.is_empty() => Ok((workflow, document)),
        (document, _) => {
            let report = Report::new(text.examined.findings, Vec::new());
            let report = match &document {
                Some(document) => report.locate(document, text.text),
                None => report,
            };
            Err(report.into_parts().0)
        }
    }
}

/// A text as far as it can be read.
pub(crate) struct Text<'t> {
    pub(crate) text: &'t str,
    /// The value with its places; none if the text makes no sense.
    pub(crate) document: Option<Document>,
    /// The document, with the faults of the text before those of its shape.
    pub(crate) examined: Examined,
}

/// Reads a text as far as it can be read.
pub(crate) fn examine_text<'t>(text: &'t str, syntax: Syntax, limits: &DocumentLimits) -> Text<'t> {
    let (document, mut findings) = read_value(text, syntax, limits);
    let mut examined = document.as_ref().map(|document| examine(&document.value, limits)).unwrap_or_default();
    findings.append(&mut examined.findings);
    examined.findings = findings;
    Text { text, document, examined }
}

/// The value of a text as far as it makes sense, and what is wrong with the text.
pub(crate) fn read_value(
    text: &str,
    syntax: Syntax,
    limits: &DocumentLimits,
) -> (Option<Document>, Vec<Finding>) {
    let reading = match syntax {
        Syntax::Json => json::examine(text, &limits.read_limits()),
        #[cfg(feature = "yaml")]
        Syntax::Yaml => json::yaml::examine(text, &limits.read_limits()),
        #[cfg(not(feature = "yaml"))]
        Syntax::Yaml => {
            let message = "this build of flov7 reads no YAML";
            let help = "write the document as JSON, or turn on the feature `yaml`";
            return (None, vec![Finding::new(Code::YAML_SYNTAX, "", message).with_help(help)]);
        }
    };
    (reading.document, reading.faults.iter().map(finding).collect())
}

/// What is wrong with a text, as a finding with its place.
fn finding(fault: &ReadError) -> Finding {
    // Every code of a reader is a finding's; a test reads one of each.
    let mut finding =
        Finding::new(code(fault.code).unwrap_or(Code::JSON_SYNTAX), &fault.pointer, &fault.message);
    finding.span =
        Some(Span { line: fault.line, column: fault.column, start: fault.span.start, end: fault.span.end });
    finding
}
