//! Real or absent: nothing stands in for what is not built, examples in docs included.

use std::fs;
use std::path::Path;

use super::imports::files;

#[test]
fn nothing_is_left_to_be_done() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace");
    // Spelled apart, so that this file is no find of its own.
    let stubs = [concat!("unimplemented", "!"), concat!("todo", "!"), concat!("```", "ignore")];
    let (mut seen, mut found) = (0, Vec::new());
    for folder in
        ["flov7", "flov7-cli", "flov7-conformance", "flov7-connect", "flov7-sqlite", "benches", "fuzz/src"]
    {
        for file in files(&root.join(folder)) {
            let text = fs::read_to_string(&file).expect("source is UTF-8");
            seen += 1;
            let lines = text.lines().enumerate();
            let stubs = lines.filter(|(_, line)| stubs.iter().any(|stub| line.contains(stub)));
            found.extend(stubs.map(|(at, line)| format!("{}:{}: {line}", file.display(), at + 1)));
        }
    }
    assert!(seen > 300, "the test sees the sources: {seen}");
    assert!(found.is_empty(), "{}", found.join("\n"));
}
