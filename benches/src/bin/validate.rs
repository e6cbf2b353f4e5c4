//! What validation costs an editor, against what `serde_json` takes to parse the same text in the same run.
//!
//! `cargo run --release -p flov7-benches --bin validate` prints a table; with `--json` one object a line:
//! `{"measure", "value", "unit", "ratio"?, "of"?}`. Exits with 1 where a ratio is above its limit.

use std::hint::black_box;
use std::process::ExitCode;

use flov7::catalog::Catalog;
use flov7::json::{ReadLimits, read_document};
use flov7::validate::{Session, validate_document};
use flov7_benches::editor;
use flov7_benches::measure::{Row, interleaved, print};
use serde_json::Value;

/// Each candidate is timed so often; the median counts.
const ROUNDS: usize = 400;

fn main() -> ExitCode {
    let json = std::env::args().any(|argument| argument == "--json");
    let rounds = if std::env::args().any(|argument| argument == "--once") { 5 } else { ROUNDS };
    let text = editor::document(100);
    let catalog: Catalog = editor::catalog();
    let document = read_document(&text, &ReadLimits::default()).expect("the document is JSON");
    let (report, valid) = validate_document(&document, &catalog);
    assert!(valid.is_some(), "the document is sound: {:#?}", report.findings());

    // An editor changes one step at a time: here each kind of step of the sixth group in turn, to and fro between two
    // spellings that both fit.
    let mut session = Session::new(document.value.clone(), &catalog);
    assert!(session.report().is_valid(), "the document is sound");
    let edits = editor::edits(5);
    for edit in &edits {
        let work = session.work();
        session.edit(edit).expect("the step is there");
        assert!(session.report().is_valid(), "both fit: {:#?}", session.report().findings());
        assert!(session.work() - work < 100, "one step is looked at, and not all: {edit:?}");
    }
    let mut turn = 0;

    let times = interleaved(
        rounds,
        &mut [
            &mut || {
                black_box(serde_json::from_str::<Value>(black_box(&text)).expect("it is JSON"));
            },
            &mut || {
                black_box(read_document(black_box(&text), &ReadLimits::default()).expect("it is JSON"));
            },
            &mut || {
                black_box(validate_document(black_box(&document), &catalog));
            },
            &mut || {
                turn += 1;
                black_box(session.edit(black_box(&edits[turn % edits.len()])).expect("the step is there"));
            },
        ],
    );
    let rows = [
        Row::new("serde_json parses 100 steps", times[0]),
        Row::new("flov7 reads the text, with places", times[1]).against(times[0], "serde_json"),
        Row::new("flov7 validates the document", times[2]).against(times[0], "serde_json").most(3.0),
        Row::new("flov7 validates again after an edit", times[3]).against(times[0], "serde_json").most(0.3),
    ];
    print(&rows, json)
}
