//! Commands to go on with, as they can be typed: with the settings that this command was given.

use std::path::{Path, PathBuf};

use crate::args::Common;

/// The settings that another command needs to find the same things.
#[derive(Clone, Debug)]
pub(crate) struct Again<'a> {
    common: &'a Common,
    /// The catalogue that was found beside a workflow: another command would not find it.
    beside: Option<PathBuf>,
}

impl<'a> Again<'a> {
    /// The settings of this command.
    pub(crate) fn new(common: &'a Common) -> Self {
        Again { common, beside: None }
    }

    /// Adds the catalogue that is found beside a workflow in another directory.
    pub(crate) fn beside(common: &'a Common, workflow: &Path) -> Self {
        let beside = crate::files::catalog(common, Some(workflow)).filter(|_| common.catalog.is_none());
        Again { common, beside: beside.filter(|path| path != Path::new(crate::files::CATALOG)) }
    }

    /// A command for those who look at the store, or post to it.
    pub(crate) fn posting(&self, command: &str) -> String {
        let mut out = format!("flov7 {command}");
        self.push(&mut out, "--store", self.common.store.as_deref());
        self.push_namespace(&mut out);
        out
    }

    /// A command that executes.
    pub(crate) fn executing(&self, command: &str) -> String {
        let mut out = self.posting(command);
        self.push(&mut out, "--catalog", self.common.catalog.as_deref().or(self.beside.as_deref()));
        self.push(&mut out, "--bindings", self.common.bindings.as_deref());
        out
    }

    /// A command that reads a catalogue and no store.
    pub(crate) fn drafting(&self, command: &str) -> String {
        let mut out = format!("flov7 {command}");
        self.push(&mut out, "--catalog", self.common.catalog.as_deref());
        out
    }

    fn push(&self, out: &mut String, option: &str, path: Option<&Path>) {
        if let Some(path) = path {
            out.push_str(&format!(" {option} {}", quoted(&path.to_string_lossy())));
        }
    }

    fn push_namespace(&self, out: &mut String) {
        if self.common.namespace != "default" {
            out.push_str(&format!(" --namespace {}", quoted(&self.common.namespace)));
        }
    }
}

/// A word as a POSIX shell takes it.
pub(crate) fn quoted(word: &str) -> String {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | ':' | ',' | '+' | '@');
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_are_quoted_where_a_shell_would_read_more_into_them() {
        for (word, expected) in [
            ("flov7.db", "flov7.db"),
            ("each[0]/x", "'each[0]/x'"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("$HOME", "'$HOME'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }
}
