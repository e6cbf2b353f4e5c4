//! How the command line takes what is odd: nothing is lost, overwritten or passed over in silence.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::world::{Dir, catalog, command, examples, flov7};

#[test]
fn several_files_keep_their_reports_beside_one_that_cannot_be_read() {
    let dir = Dir::new();
    let good = examples().join("sequence.json").to_str().unwrap().to_owned();
    let ran = flov7(dir.path(), &["validate", "--json", &good, "missing.json", &good]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    let answer = ran.json();
    assert_eq!((&answer[0]["valid"], &answer[2]["valid"]), (&json!(true), &json!(true)), "{answer:#}");
    assert_eq!(answer[1]["file"], "missing.json");
    assert!(answer[1]["error"]["message"].as_str().unwrap().contains("missing.json"), "{answer:#}");
    let ran = flov7(dir.path(), &["validate", "missing.json", &good]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(ran.stdout.contains("sequence.json: valid"), "{ran:#?}");
}

#[test]
fn a_wrong_use_is_json_where_json_is_wanted() {
    let dir = Dir::new();
    for args in
        [&["no-such-verb", "--json"][..], &["validate", "--json"], &["--json", "executions", "--limit", "0"]]
    {
        let ran = flov7(dir.path(), args);
        assert_eq!(ran.code, Some(2), "{ran:#?}");
        let answer = ran.json();
        assert_eq!(answer["error"]["kind"], "usage", "{answer:#}");
        assert!(!answer["error"]["message"].as_str().unwrap().is_empty(), "{answer:#}");
    }
    // A text that says so is no wish for it.
    let ran = flov7(dir.path(), &["validate", "--nonsense", "--", "--json"]);
    assert!(ran.stdout.is_empty() && ran.code == Some(2), "{ran:#?}");
    assert_eq!(flov7(dir.path(), &["--help", "--json"]).code, Some(0));
}

#[test]
fn validate_says_once_what_only_the_run_can_tell() {
    let dir = Dir::new();
    let text = r#"{ "flov7": 1, "name": "x", "input": { "type": "object", "properties": { "n": { "type": "number" } },
        "required": ["n"] }, "steps": [{ "id": "a", "data": { "set": "${ 1 / input.n }" } }] }"#;
    dir.write("a.json", text);
    let ran = flov7(dir.path(), &["validate", "a.json"]);
    assert_eq!(ran.stdout.matches("only the run").count(), 1, "{ran:#?}");
    assert_eq!(ran.stdout.matches("data.division").count(), 1, "{ran:#?}");
}

#[test]
fn new_reads_standard_input() {
    let dir = Dir::new();
    let catalog = catalog();
    let mut child = command(dir.path(), &["new", "-", "--json", "--catalog", &catalog])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"Every day, set the stock\n").unwrap();
    let out = child.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(3));
    let answer: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(answer["outcome"], "needs");
}

#[test]
fn out_leaves_a_file_that_is_there() {
    let dir = Dir::new();
    let catalog = catalog();
    let file = dir.write("made.json", "mine");
    let args = [
        "new",
        "Set the stock",
        "--answer",
        "stock.item=lamp",
        "--answer",
        "stock.count=3",
        "--catalog",
        &catalog,
    ];
    let out = [&args[..], &["--out", "made.json"]].concat();
    let ran = flov7(dir.path(), &out);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(ran.stderr.contains("--force"), "{ran:#?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    assert_eq!(flov7(dir.path(), &[&out[..], &["--force"]].concat()).code, Some(0));
    assert!(fs::read_to_string(&file).unwrap().contains("lamp"));
}

#[test]
fn answers_are_never_passed_over() {
    let dir = Dir::new();
    let catalog = catalog();
    let new = |answers: &[&str]| {
        let answers = answers.iter().flat_map(|answer| ["--answer", *answer]);
        let args: Vec<&str> =
            ["new", "Set the stock", "--catalog", &catalog].into_iter().chain(answers).collect();
        flov7(dir.path(), &args)
    };
    let bogus = new(&["stock.item=lamp", "stock.count=3", "bogus=1"]);
    assert_eq!((bogus.code, bogus.stdout.as_str()), (Some(2), ""), "{bogus:#?}");
    assert!(bogus.stderr.contains("`bogus`"), "{bogus:#?}");
    let early = new(&["stock.item=lamp", "bogus=1"]);
    assert_eq!(early.code, Some(3), "{early:#?}");
    assert!(early.stderr.contains("`bogus`"), "{early:#?}");
    let wrong = new(&["stock.item=lamp", "stock.count=many"]);
    assert_eq!(wrong.code, Some(3), "{wrong:#?}");
    assert!(wrong.stdout.contains("“many” does not answer this"), "{wrong:#?}");
    let twice = new(&["stock.item=lamp", "stock.item=chair"]);
    assert_eq!(twice.code, Some(2), "{twice:#?}");
}

#[test]
fn an_execution_is_resumed_once() {
    let dir = Dir::new();
    let document = json!({ "flov7": 1, "name": "w", "steps":
        [{ "id": "ok", "action": { "use": "core.approve", "with": { "title": "Ok?" } } }] });
    dir.write("w.json", &document.to_string());
    let id = flov7(dir.path(), &["run", "w.json", "--json"]).json()["execution"].as_str().unwrap().to_owned();
    let resumed = flov7(dir.path(), &["resume", &id, &id, "--json"]).json();
    assert_eq!(resumed["executions"].as_array().unwrap().len(), 1, "{resumed:#}");
}

#[test]
fn an_unknown_status_is_told_which_there_are() {
    let dir = Dir::new();
    let ran = flov7(dir.path(), &["executions", "--status", "nope"]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    for status in
        ["running", "waiting", "paused", "blocked", "completed", "failed", "cancelled", "terminated"]
    {
        assert!(ran.stderr.contains(status), "{status}: {ran:#?}");
    }
}

#[test]
fn reference_workflows_carry_no_warning() {
    let dir = Dir::new();
    for entry in fs::read_dir(examples()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "json") || path.ends_with("flov7.catalog.json") {
            continue;
        }
        let answer = flov7(dir.path(), &["validate", "--json", path.to_str().unwrap()]).json();
        let found = answer["findings"].as_array().unwrap().iter();
        let constant: Vec<&Value> = found.filter(|finding| finding["code"] == "constant-condition").collect();
        assert!(constant.is_empty(), "{}: {constant:?}", path.display());
    }
}
