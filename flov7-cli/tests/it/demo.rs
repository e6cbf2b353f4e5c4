//! The demo: to the end with yes, refused with no, gone on with after an interruption.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::world::{Dir, command, flov7};

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

#[test]
fn an_approval_from_another_terminal_ends_the_question() {
    let dir = Dir::new();
    // Standard input stays open and silent: the question stands at a prompt that nobody answers.
    let mut asking = command(dir.path(), &["demo", "--dir", "d", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let keyboard = asking.stdin.take().unwrap();
    let mut told = BufReader::new(asking.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("From another terminal: ") {
        line.clear();
        assert!(told.read_line(&mut line).unwrap() > 0, "it ended without asking");
    }
    // The hint is run as it is printed.
    let words: Vec<&str> = line.trim().split(' ').skip_while(|word| *word != "approve").collect();
    let second = flov7(dir.path(), &["demo", "--dir", "d", "--yes", "--json"]);
    let approved = flov7(dir.path(), &words);
    assert_eq!(approved.code, Some(0), "{words:?}: {approved:#?}");
    let out = asking.wait_with_output().unwrap();
    drop(keyboard);
    let view: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((out.status.code(), &view["status"]), (Some(0), &json!("completed")), "{view:#}");

    // A second demo was refused meanwhile, and left the first one's files alone.
    assert_eq!(second.code, Some(2), "{second:#?}");
    assert_eq!(second.json()["error"]["kind"], "locked", "{second:#?}");
    let ledger = std::fs::read_to_string(dir.path().join("d/service.jsonl")).unwrap();
    assert_eq!(ledger.lines().count(), 2, "{ledger}");
}

#[test]
fn a_refused_demo_leaves_the_bindings_alone() {
    let dir = Dir::new();
    std::fs::create_dir(dir.path().join("d")).unwrap();
    dir.write("d/flov7.bindings.json", "mine");
    let _held =
        flov7_sqlite::SqliteStore::open(dir.path().join("d/flov7.db"), flov7_sqlite::Options::new()).unwrap();
    let ran = flov7(dir.path(), &["demo", "--dir", "d", "--yes"]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(ran.stderr.contains(&std::process::id().to_string()), "{ran:#?}");
    assert_eq!(std::fs::read_to_string(dir.path().join("d/flov7.bindings.json")).unwrap(), "mine");
}
