//! The demo: to the end with yes, refused with no, gone on with after an interruption.

use crate::world::{Dir, flov7};

#[test]
fn yes_completes_and_a_finished_directory_says_so() {
    let dir = Dir::new();
    let ran = flov7(dir.path(), &["demo", "--dir", "d", "--yes", "--json"]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    let view = ran.json();
    assert_eq!(view["status"], "completed", "{view:#}");
    let ledger = std::fs::read_to_string(dir.path().join("d/service.jsonl")).unwrap();
    assert_eq!(ledger.lines().count(), 2, "an invoice and a message: {ledger}");
    let again = flov7(dir.path(), &["demo", "--dir", "d", "--yes"]);
    assert_eq!(again.code, Some(0), "{again:#?}");
    assert!(again.stdout.contains("completed") && again.stdout.contains("start anew"), "{again:#?}");
    let ledger = std::fs::read_to_string(dir.path().join("d/service.jsonl")).unwrap();
    assert_eq!(ledger.lines().count(), 2, "nothing is done again: {ledger}");
}

#[test]
fn the_whole_way_is_told() {
    let dir = Dir::new();
    let ran = flov7(dir.path(), &["demo", "--dir", "d", "--yes"]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    for told in [
        "When an order above 500 arrives",
        "because of",
        "valid",
        "Ask manager to approve",
        "flowchart TD",
        "dry run",
        "flov7.db",
        "completed",
    ] {
        assert!(ran.stdout.contains(told), "{told:?} is missing: {}", ran.stdout);
    }
}

#[test]
fn no_fails_as_rejected() {
    let dir = Dir::new();
    let ran = flov7(dir.path(), &["demo", "--dir", "d", "--no", "--json"]);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    assert_eq!(ran.json()["error"]["code"], "rejected");
    assert!(
        !dir.path().join("d/service.jsonl").exists() || {
            std::fs::read_to_string(dir.path().join("d/service.jsonl")).unwrap().is_empty()
        }
    );
}

#[test]
fn without_an_answer_it_waits_and_goes_on_later() {
    let dir = Dir::new();
    // Standard input is closed: nobody answers.
    let ran = flov7(dir.path(), &["demo", "--dir", "d", "--json"]);
    assert_eq!(ran.code, Some(5), "{ran:#?}");
    assert_eq!(ran.json()["status"], "waiting");
    let on = flov7(dir.path(), &["demo", "--dir", "d", "--yes", "--json"]);
    assert_eq!(on.code, Some(0), "{on:#?}");
    assert_eq!(on.json()["execution"], ran.json()["execution"]);
}
