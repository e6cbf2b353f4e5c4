//! What the command line says to do next: runnable as it is printed, and true.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::world::{Dir, Ran, command, flov7, run};

/// Runs a printed command as a shell does, with a payload where the hint leaves a place for one.
fn typed(dir: &Path, hint: &str, payload: &str) -> Ran {
    let line = hint.trim().strip_prefix("flov7 ").unwrap_or_else(|| panic!("no command: {hint:?}"));
    let line = line.replace("'JSON'", &format!("'{payload}'"));
    let mut command = Command::new("sh");
    command.args(["-c", &format!("\"$0\" {line}"), env!("CARGO_BIN_EXE_flov7")]).current_dir(dir);
    command.stdin(Stdio::null()).env_remove("FLOV7_STORE").env_remove("FLOV7_FAULT").env("NO_COLOR", "1");
    run(command)
}

/// The commands that a text prints, in order.
fn hints(text: &str) -> Vec<String> {
    text.lines().filter_map(|line| line.find("flov7 ").map(|at| line[at..].to_owned())).collect()
}

fn write(dir: &Dir, steps: &Value) -> String {
    let signals = json!({ "paid": { "type": "object" } });
    let document = json!({ "flov7": 1, "name": "w", "signals": signals, "steps": steps });
    dir.write("w.json", &document.to_string()).to_str().unwrap().to_owned()
}

fn approval(id: &str) -> Value {
    json!({ "id": id, "action": { "use": "core.approve", "with": { "title": "Ok?" } } })
}

#[test]
fn a_hint_carries_the_settings_on_and_runs_as_printed() {
    let dir = Dir::new();
    let file = write(&dir, &json!([approval("ok")]));
    dir.write("the catalogue.json", r#"{ "flov7_catalog": 1, "actions": [] }"#);
    dir.write("b.json", r#"{ "flov7_bindings": 1, "connections": {} }"#);
    let settings = [
        "--store",
        "a store.db",
        "--namespace",
        "shop",
        "--catalog",
        "the catalogue.json",
        "--bindings",
        "b.json",
    ];
    let ran = flov7(dir.path(), &[&["run", &file], &settings[..]].concat());
    assert_eq!(ran.code, Some(5), "{ran:#?}");
    let next = hints(&ran.stdout);
    assert_eq!(next.len(), 2, "yes and no: {ran:#?}");
    assert!(next[1].contains("--no") && !next[0].contains("--no"), "{next:?}");
    let approved = typed(dir.path(), &next[0], "");
    assert_eq!(approved.code, Some(0), "{approved:#?}");
    assert!(approved.stderr.contains("--store 'a store.db' --namespace shop"), "{approved:#?}");
    // Who resumes needs the catalogue and the bindings too: they are given to approve as to any verb.
    let id = flov7(dir.path(), &[&["executions", "--json"], &settings[..]].concat()).json()["executions"][0]
        ["execution"]
        .as_str()
        .unwrap()
        .to_owned();
    let shown = flov7(dir.path(), &[&["show", &id], &settings[..]].concat());
    assert!(!shown.stdout.contains("flov7 approve"), "it is answered: {shown:#?}");
    let resume = hints(&shown.stdout);
    assert_eq!(resume.len(), 1, "{shown:#?}");
    for part in ["resume", "--catalog 'the catalogue.json'", "--bindings b.json"] {
        assert!(resume[0].contains(part), "{resume:?}");
    }
    let shown = flov7(dir.path(), &[&["show", &id, "--json"], &settings[..]].concat()).json();
    assert_eq!(shown["waiting"][0]["answered"], true, "{shown:#}");
    let ended = typed(dir.path(), &resume[0], "");
    assert_eq!(ended.code, Some(0), "{ended:#?}");
}

#[test]
fn the_hint_of_a_keyed_wait_reaches_the_wait() {
    let dir = Dir::new();
    let wait = json!({ "id": "paid", "action": { "use": "core.wait_for", "with": { "signal": "paid", "key": "it's k-1" } } });
    let file = write(&dir, &json!([wait]));
    let ran = flov7(dir.path(), &["run", &file]);
    assert_eq!(ran.code, Some(5), "{ran:#?}");
    assert!(ran.stdout.contains("signal paid with key it's k-1"), "{ran:#?}");
    let list = flov7(dir.path(), &["executions", "--json"]).json();
    let id = list["executions"][0]["execution"].as_str().unwrap();
    assert_eq!(flov7(dir.path(), &["show", id, "--json"]).json()["waiting"][0]["key"], "it's k-1");
    let sent = typed(dir.path(), &hints(&ran.stdout)[0], r#"{"amount": 5}"#);
    assert_eq!(sent.code, Some(0), "{sent:#?}");
    let resumed = typed(dir.path(), &hints(&sent.stderr)[0], "");
    assert_eq!(resumed.code, Some(0), "the wait got it: {resumed:#?}");
}

#[test]
fn a_signal_without_the_key_does_not_count_as_an_answer() {
    let dir = Dir::new();
    let wait = json!({ "id": "paid", "action": { "use": "core.wait_for", "with": { "signal": "paid", "key": "k" } } });
    let file = write(&dir, &json!([wait]));
    let id = flov7(dir.path(), &["run", &file, "--json"]).json()["execution"].as_str().unwrap().to_owned();
    assert_eq!(flov7(dir.path(), &["signal", &id, "paid", "{}"]).code, Some(0));
    assert_eq!(flov7(dir.path(), &["show", &id, "--json"]).json()["waiting"][0]["answered"], Value::Null);
}

#[test]
fn a_wait_takes_one_answer_whoever_gives_it() {
    let ask = json!({ "id": "who", "action": { "use": "core.ask", "with": { "title": "Who?" }, "expect": { "type": "string" } } });
    let yes = r#"{"approved": true}"#;
    // What is sent first and second; which output counts.
    let cases: &[(&Value, &[&str], &[&str], &str)] = &[
        (&ask, &["signal", "ID", "TOKEN", "\"ann\""], &["signal", "ID", "TOKEN", "\"bob\""], "ann"),
        (&approval("who"), &["approve", "ID", "--no"], &["signal", "ID", "TOKEN", yes], "rejected"),
        (&approval("who"), &["signal", "ID", "TOKEN", yes, "--by", "ann"], &["approve", "ID", "--no"], "ann"),
    ];
    for (step, first, second, counts) in cases {
        let dir = Dir::new();
        let file = write(&dir, &json!([step]));
        let view = flov7(dir.path(), &["run", &file, "--json"]).json();
        let (id, token) =
            (view["execution"].as_str().unwrap(), view["waiting"][0]["token"].as_str().unwrap());
        let send = |args: &[&str]| {
            let filled = args.iter().map(|arg| arg.replace("ID", id).replace("TOKEN", token));
            let filled: Vec<String> = filled.chain(["--json".to_owned()]).collect();
            flov7(dir.path(), &filled.iter().map(String::as_str).collect::<Vec<_>>()).json()
        };
        assert_eq!(send(first), json!({ "accepted": true, "duplicate": false }), "{first:?}");
        assert_eq!(send(second), json!({ "accepted": true, "duplicate": true }), "{second:?}");
        flov7(dir.path(), &["resume", id]);
        let ended = flov7(dir.path(), &["show", id, "--json"]).json();
        assert!(ended["steps"][0].to_string().contains(counts), "{counts}: {ended:#}");
    }
}

#[test]
fn an_id_or_a_key_for_a_token_is_refused() {
    let dir = Dir::new();
    let file = write(&dir, &json!([approval("ok")]));
    let view = flov7(dir.path(), &["run", &file, "--json"]).json();
    let (id, token) = (view["execution"].as_str().unwrap(), view["waiting"][0]["token"].as_str().unwrap());
    for option in ["--id", "--key"] {
        let ran = flov7(dir.path(), &["signal", id, token, r#"{"approved": true}"#, option, "x"]);
        assert_eq!(ran.code, Some(2), "{ran:#?}");
        assert!(ran.stderr.contains(option), "{ran:#?}");
    }
}

#[test]
fn several_approvals_name_the_option_that_chooses() {
    let dir = Dir::new();
    let mut second = approval("two");
    second["after"] = json!([]);
    let file = write(&dir, &json!([approval("one"), second]));
    let id = flov7(dir.path(), &["run", &file, "--json"]).json()["execution"].as_str().unwrap().to_owned();
    let ran = flov7(dir.path(), &["approve", &id]);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    assert!(ran.stderr.contains("several approvals wait: one, two; say which with --step"), "{ran:#?}");
}

#[test]
fn what_blocks_is_said_with_how_to_go_on() {
    let dir = Dir::new();
    std::fs::create_dir(dir.path().join("sub")).unwrap();
    dir.write(
        "sub/flov7.catalog.json",
        r#"{ "flov7_catalog": 1, "actions": [{ "id": "crm.note", "title": "Note it", "input": { "type": "object" }, "output": true }] }"#,
    );
    let document =
        json!({ "flov7": 1, "name": "w", "steps": [{ "id": "a", "action": { "use": "crm.note" } }] });
    dir.write("sub/w.json", &document.to_string());
    let ran = flov7(dir.path(), &["run", "sub/w.json"]);
    assert_eq!(ran.code, Some(7), "{ran:#?}");
    assert!(ran.stdout.contains("blocked: ") && ran.stdout.contains("crm.note"), "{ran:#?}");
    let next = hints(&ran.stdout);
    assert!(next[0].contains("--catalog sub/flov7.catalog.json"), "found beside, not here: {next:?}");
    assert_eq!(typed(dir.path(), &next[0], "").code, Some(7));
}

#[test]
fn what_was_undone_is_told() {
    let dir = Dir::new();
    dir.write(
        "flov7.catalog.json",
        r#"{ "flov7_catalog": 1, "actions": [
            { "id": "crm.book", "title": "Book it", "input": { "type": "object" }, "output": true },
            { "id": "crm.unbook", "title": "Take it back", "input": { "type": "object" }, "output": true }] }"#,
    );
    let undo = json!({ "use": "crm.unbook", "retry": { "attempts": 1 } });
    let file = write(
        &dir,
        &json!([
            { "id": "one", "action": { "use": "crm.book" }, "undo": undo },
            { "id": "two", "action": { "use": "crm.book" }, "undo": undo },
            { "id": "end", "action": { "use": "core.fail", "with": { "code": "enough", "message": "no" } } }
        ]),
    );
    dir.write(
        "mocks.json",
        r#"{ "crm.book": { "output": 1 }, "one/undo": { "output": 1 }, "two/undo": { "error": { "code": "crm.gone" } } }"#,
    );
    let ran = flov7(dir.path(), &["dry-run", &file, "--mocks", "mocks.json"]);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    assert!(ran.stdout.contains("undone: one\n"), "{ran:#?}");
    assert!(ran.stdout.contains("undo failed: two: its effect still stands\n"), "{ran:#?}");
}

#[test]
fn a_dry_run_offers_mocks_and_no_commands() {
    let dir = Dir::new();
    let file = write(&dir, &json!([approval("ok")]));
    let ran = flov7(dir.path(), &["dry-run", &file]);
    assert_eq!(ran.code, Some(5), "{ran:#?}");
    assert_eq!(hints(&ran.stdout), Vec::<String>::new(), "{ran:#?}");
    assert!(ran.stdout.contains(r#"a mock answers it: "ok": {"output""#), "{ran:#?}");
    let call = json!([{ "id": "get", "action": { "use": "http.request", "with": { "url": "https://example.org/" } } }]);
    let ran = flov7(dir.path(), &["dry-run", &write(&dir, &call)]);
    assert!(ran.stdout.contains("mock-missing") && ran.stdout.contains("help: add `\"get\""), "{ran:#?}");
}

#[test]
fn the_answers_that_new_asks_for_make_the_next_command() {
    let dir = Dir::new();
    let catalog = crate::world::catalog();
    let sentence = "Every month, set the stock (it's new)";
    let asked = run(command(dir.path(), &["new", sentence, "--catalog", &catalog, "--out", "made.json"]));
    assert_eq!(asked.code, Some(3), "{asked:#?}");
    let next = hints(&asked.stdout).pop().unwrap();
    assert!(next.contains("--out made.json") && next.contains("--catalog"), "{next}");
    assert!(next.contains("trigger.time=") && next.contains("trigger.zone=UTC"), "all at once: {next}");
    // What has no suggestion is left to the person; everything else is answered by it.
    let again = typed(dir.path(), &next, "");
    assert_eq!(again.code, Some(3), "{again:#?}");
    assert!(again.stdout.contains("stock.count  ") && !again.stdout.contains("trigger.day  "), "{again:#?}");
    let last = hints(&again.stdout).pop().unwrap();
    assert!(
        last.contains("trigger.day=1") && last.contains("trigger.zone=UTC"),
        "earlier answers stay: {last}"
    );
}
