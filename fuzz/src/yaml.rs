//! Documents in YAML: a value that is read is one that JSON can hold, and then all that holds of documents.

use flov7::json::{self, ReadLimits};
use flov7::validate::validate_text;
use flov7::workflow::{DocumentLimits, Syntax};

use crate::{Target, document};

pub(crate) const TARGET: Target = Target { name: "yaml", run, words: WORDS };

const WORDS: &[&str] = &[
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "!!binary ",
    "|\n  ",
    ">-\n  ",
    "? ",
    ": ",
    "- ",
    "\n",
    "\n  ",
    "\n    ",
    "#",
    "'",
    "\"",
    "{",
    "}",
    "[",
    "]",
    ", ",
    "~",
    "null",
    "yes",
    "no",
    "0x1F",
    "0o17",
    ".inf",
    ".nan",
    "1_000",
    "12:30:45",
    "2027-01-01",
    "\t",
    "@",
    "`",
    "flov7: 1",
    "steps:",
    "id: a",
    "set: ${ 1 }",
    "\u{feff}",
];

fn run(bytes: &[u8]) {
    let text = crate::text(bytes);
    if let Ok(document) = json::yaml::read_document(&text, &ReadLimits::default()) {
        let written = json::canonical(&document.value);
        match json::read(&written, &ReadLimits::default().with_bytes(usize::MAX)) {
            Ok(again) => assert!(json::equal(&again, &document.value), "JSON says the same: {written}"),
            Err(fault) => panic!("JSON can hold it: {fault}"),
        }
    }
    let checked = validate_text(&text, Syntax::Yaml, document::catalog(), &DocumentLimits::default());
    document::hold(&text, &checked);
}
