//! Codes and their pages.

use std::cmp::Ordering;
use std::fmt;

use super::pages;
use super::report::Severity;

/// The code of a finding, such as `unknown-step`: a name that never changes its meaning, and its page.
///
/// Codes are associated constants ([`Code::UNKNOWN_STEP`] …); [`codes`] lists them, [`code`] finds one by name.
#[derive(Clone, Copy)]
pub struct Code(&'static Page);

/// All codes, in the order of the documentation.
#[must_use]
pub fn codes() -> &'static [Code] {
    pages::ALL
}

/// The code of that kebab-case name.
#[must_use]
pub fn code(name: &str) -> Option<Code> {
    pages::ALL.iter().copied().find(|code| code.name() == name)
}

/// What a code means. Private, so that only the table of codes makes one.
pub(super) struct Page {
    pub(super) name: &'static str,
    pub(super) severity: Severity,
    pub(super) stage: Stage,
    pub(super) title: &'static str,
    pub(super) why: &'static str,
    pub(super) failing: Example,
    pub(super) mended: Example,
}

/// When a code can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// When the text is read.
    Read,
    /// When the document is validated against a catalogue.
    Validate,
    /// When a dry run is asked for, or goes on.
    DryRun,
    /// When a workflow is saved again.
    Save,
    /// When an execution is started.
    Run,
}

/// A document that shows a code, or does not any more, with the files around it that matter. All are JSON texts
/// unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Example {
    /// The text of the document, as its author would write it.
    pub document: &'static str,
    /// Whether the document is YAML and not JSON.
    pub yaml: bool,
    /// A catalogue file; without one the built-in actions alone.
    pub catalog: Option<&'static str>,
    /// A workflow that the document calls, by its name.
    pub workflow: Option<&'static str>,
    /// The input of a run.
    pub input: Option<&'static str>,
    /// A file of mocks, for a dry run.
    pub mocks: Option<&'static str>,
    /// A file of bindings, for a run.
    pub bindings: Option<&'static str>,
    /// Limits set below their defaults, so that the example stays readable: an object of numbers by name
    /// (`document_bytes`, `depth`, `steps`, `path_bytes`).
    pub limits: Option<&'static str>,
}

impl Example {
    /// A JSON document.
    pub(super) const fn json(document: &'static str) -> Example {
        Example {
            document,
            yaml: false,
            catalog: None,
            workflow: None,
            input: None,
            mocks: None,
            bindings: None,
            limits: None,
        }
    }

    /// A YAML document.
    pub(super) const fn yaml(document: &'static str) -> Example {
        Example { yaml: true, ..Example::json(document) }
    }

    pub(super) const fn catalog(self, catalog: &'static str) -> Example {
        Example { catalog: Some(catalog), ..self }
    }

    pub(super) const fn workflow(self, workflow: &'static str) -> Example {
        Example { workflow: Some(workflow), ..self }
    }

    pub(super) const fn input(self, input: &'static str) -> Example {
        Example { input: Some(input), ..self }
    }

    pub(super) const fn mocks(self, mocks: &'static str) -> Example {
        Example { mocks: Some(mocks), ..self }
    }

    pub(super) const fn bindings(self, bindings: &'static str) -> Example {
        Example { bindings: Some(bindings), ..self }
    }

    pub(super) const fn limits(self, limits: &'static str) -> Example {
        Example { limits: Some(limits), ..self }
    }
}

impl Code {
    pub(super) const fn new(page: &'static Page) -> Code {
        Code(page)
    }

    /// The kebab-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// How severe its findings are unless one says otherwise.
    #[must_use]
    pub fn severity(self) -> Severity {
        self.0.severity
    }

    /// When it can be found.
    #[must_use]
    pub fn stage(self) -> Stage {
        self.0.stage
    }

    /// What it says, as half a sentence.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.0.title
    }

    /// Why it is a finding and what to do about it, in a few sentences.
    #[must_use]
    pub fn why(self) -> &'static str {
        self.0.why
    }

    /// A document that has it.
    #[must_use]
    pub fn failing(self) -> &'static Example {
        &self.0.failing
    }

    /// The same document without it.
    #[must_use]
    pub fn mended(self) -> &'static Example {
        &self.0.mended
    }

    /// The page as plain text with line feeds: what `flov7 explain-code` prints.
    #[must_use]
    pub fn page(self) -> String {
        let mut page =
            format!("{} ({})\n{}.\n\n{}\n", self.name(), self.severity(), self.title(), self.why());
        for (heading, example) in [("Found in", self.failing()), ("Mended", self.mended())] {
            page.push_str(&format!("\n{heading}:\n\n"));
            push_indented(&mut page, example.document);
            let around = [
                ("with the catalogue", example.catalog),
                ("with the workflow", example.workflow),
                ("with the input", example.input),
                ("with the mocks", example.mocks),
                ("with the bindings", example.bindings),
                ("with the limits", example.limits),
            ];
            for (what, text) in around {
                if let Some(text) = text {
                    page.push_str(&format!("\n  {what}\n\n"));
                    push_indented(&mut page, text);
                }
            }
        }
        page
    }
}

fn push_indented(page: &mut String, text: &str) {
    for line in text.trim_matches('\n').lines() {
        page.push_str("    ");
        page.push_str(line);
        page.push('\n');
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Code) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Code {}

impl PartialEq<str> for Code {
    fn eq(&self, other: &str) -> bool {
        self.name() == other
    }
}

impl PartialEq<&str> for Code {
    fn eq(&self, other: &&str) -> bool {
        self.name() == *other
    }
}

impl PartialOrd for Code {
    fn partial_cmp(&self, other: &Code) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Code {
    fn cmp(&self, other: &Code) -> Ordering {
        self.name().cmp(other.name())
    }
}

impl std::hash::Hash for Code {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({})", self.name())
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> serde::Deserialize<'de> for Code {
    /// Only codes of this release are known.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Code, D::Error> {
        let name = String::deserialize(deserializer)?;
        code(&name).ok_or_else(|| serde::de::Error::custom(format_args!("`{name}` is no finding code")))
    }
}

impl schemars::JsonSchema for Code {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Code".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        // Not an enumeration: new codes come with minor releases.
        schemars::json_schema!({ "type": "string", "pattern": "^[a-z]+(-[a-z]+)*$" })
    }
}
