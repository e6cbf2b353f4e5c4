//! What leaves on standard output and standard error.

use std::io::{ErrorKind, IsTerminal, Write};

use flov7::finding::is_hidden;
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
            write_out(&harmless(text, self.colour));
        }
    }

    /// A document on standard output, to the byte: it may go into a file. A terminal gets it without what could steer
    /// it.
    pub(crate) fn document(&self, text: &str) {
        if std::io::stdout().is_terminal() {
            write_out(&harmless(text, false));
        } else {
            write_out(text);
        }
    }

    /// The one JSON document on standard output.
    pub(crate) fn answer(&self, value: &Value) {
        let mut text = escaped(&serde_json::to_string_pretty(value).unwrap_or_default());
        text.push('\n');
        write_out(&text);
    }

    /// JSON or prose, as wanted.
    pub(crate) fn either(&self, value: impl FnOnce() -> Value, text: impl FnOnce() -> String) {
        if self.json { self.answer(&value()) } else { self.say(&text()) }
    }

    /// A line on standard error.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr().lock(), "{}", harmless(text, self.colour));
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

/// Text from data on one line, without what steers a terminal or makes it read as something else.
pub(crate) fn clean(text: &str) -> String {
    let visible = |c: char| match c {
        '\n' | '\r' | '\t' => Some(' '),
        c => (!is_hidden(c)).then_some(c),
    };
    text.chars().filter_map(visible).collect()
}

/// Our own text on its way out: lines stay, and colours where they are ours. All that is printed passes here, so that
/// nothing that was not cleaned where it came from steers a terminal.
fn harmless(text: &str, colour: bool) -> String {
    let keeps = |c: char| matches!(c, '\n' | '\t') || (colour && c == '\u{1b}') || !is_hidden(c);
    text.chars().filter(|c| keeps(*c)).collect()
}

/// JSON text with hidden characters as escapes: the same values, and harmless on a terminal.
pub(crate) fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || !is_hidden(c) {
            out.push(c);
        } else {
            let mut units = [0; 2];
            out.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    out
}
