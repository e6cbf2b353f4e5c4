//! The guide's page of patterns and the reference workflows agree.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::world::{cases, examples};

/// What each pattern cannot do without, somewhere in the document.
const NEEDS: &[(&str, &[&str])] = &[
    ("Sequence", &["\"steps\""]),
    ("Parallel split", &["\"after\""]),
    ("Synchronisation", &["\"after\""]),
    ("Exclusive choice", &["\"switch\""]),
    ("Simple merge", &["\"if\""]),
    ("Multi-choice", &["\"match\":\"all\""]),
    ("Structured synchronising merge", &["\"match\":\"all\"", "steps.tell"]),
    ("Multi-merge", &["\"parallel\"", "\"core.call\""]),
    ("Structured discriminator (first of N)", &["\"wait\":\"any\""]),
    ("Structured partial join (k of N)", &["\"wait\":2"]),
    ("Deferred choice", &["\"wait\":\"any\"", "\"core.wait_for\""]),
    ("Interleaved routing", &["\"for_each\"", "\"concurrency\":1"]),
    ("Milestone", &["\"timeout\"", "\"core.wait_for\""]),
    ("Cancel activity", &["\"timeout\"", "\"on_error\""]),
    ("Cancel region", &["\"wait\":\"any\""]),
    ("Cancel case", &["\"undo\""]),
    ("Structured loop", &["\"loop\""]),
    ("Recursion", &["\"core.call\"", "\"workflow\":\"countdown\""]),
    ("Transient trigger", &["\"core.ask\""]),
    ("Persistent trigger", &["\"core.wait_for\""]),
    ("Multiple instances without synchronisation", &["\"for_each\"", "\"core.emit\""]),
    ("Multiple instances, number known at design time", &["\"after\":[]"]),
    ("Multiple instances, number known at run time", &["\"for_each\"", "${ input."]),
    ("Multiple instances, number not known before", &["\"loop\"", "\"core.wait_for\""]),
    ("Implicit termination", &["\"when\""]),
    ("Compensation", &["\"undo\""]),
    ("Call of another process", &["\"core.call\""]),
];

fn page() -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/patterns.md");
    let text = fs::read_to_string(path).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| pattern"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        (cells[0].to_owned(), cells[2].trim_matches(['`', ' ', '|']).to_owned())
    })
    .collect()
}

#[test]
fn every_pattern_of_the_guide_is_written_by_its_workflow_and_has_cases() {
    let tested: BTreeSet<String> =
        cases().iter().map(|case| case.file.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    let page = page();
    assert!(page.len() >= 20, "{page:?}");
    let named: Vec<&str> = page.iter().map(|(pattern, _)| pattern.as_str()).collect();
    assert_eq!(named, NEEDS.iter().map(|(pattern, _)| *pattern).collect::<Vec<_>>());
    for ((pattern, workflow), (_, needs)) in page.iter().zip(NEEDS) {
        assert!(tested.contains(workflow), "{pattern}: `{workflow}` has no cases");
        let text = fs::read_to_string(examples().join(format!("{workflow}.json"))).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        let written = document.to_string();
        for need in *needs {
            assert!(written.contains(need), "{pattern}: `{workflow}` has no {need}");
        }
    }
}
