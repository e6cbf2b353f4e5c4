//! What leaves on standard output and standard error.

use std::io::{ErrorKind, IsTerminal, Write};

use serde_json::Value;

/// Where output goes, and in which form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// One JSON document on standard output instead of prose.
    pub(crate) json: bool,
    /// Whether standard output is a terminal that wants colour.
    pub(crate) colour: bool,
    /// Nothing on standard error.
    pub(crate) quiet: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Output { json, colour: !json && wanted && std::io::stdout().is_terminal(), quiet: false }
    }

    /// Text on standard output; only where no JSON is wanted.
    pub(crate) fn say(&self, text: &str) {
        if !self.json {
            write_out(text);
        }
    }

    /// The one JSON document on standard output.
    pub(crate) fn answer(&self, value: &Value) {
        let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
        text.push('\n');
        write_out(&text);
    }

    /// JSON or prose, as wanted.
    pub(crate) fn either(&self, value: impl FnOnce() -> Value, text: impl FnOnce() -> String) {
        if self.json { self.answer(&value()) } else { write_out(&text()) }
    }

    /// A line on standard error.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr().lock(), "{text}");
        }
    }

    /// Text in a colour, where colour is wanted.
    pub(crate) fn paint(&self, colour: Colour, text: &str) -> String {
        if self.colour { format!("\u{1b}[{}m{text}\u{1b}[0m", colour as u8) } else { text.to_owned() }
    }
}

/// Colours by their ANSI number.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Colour {
    Red = 31,
    Green = 32,
    Yellow = 33,
    Grey = 90,
    Bold = 1,
}

fn write_out(text: &str) {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => {}
        // The reader has what it wanted: not an error.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: standard output: {error}");
            std::process::exit(2);
        }
    }
}

/// Text from data with control characters removed, so that a terminal obeys only us.
pub(crate) fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}
