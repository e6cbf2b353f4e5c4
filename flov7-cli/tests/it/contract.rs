//! What scripts rely on: exit codes, one JSON document on standard output, and nothing that a document could steer.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::world::{Dir, Ran, command, examples, flov7};

fn example(name: &str) -> String {
    examples().join(format!("{name}.json")).to_str().unwrap().to_owned()
}

#[test]
fn usage_errors_are_exit_2() {
    let dir = Dir::new();
    for args in [
        &["no-such-verb"][..],
        &["validate"],
        &["run"],
        &["demo", "--yes", "--no"],
        &["new", "x", "--answer", "y"],
    ] {
        let ran = flov7(dir.path(), args);
        assert_eq!(ran.code, Some(2), "{args:?}: {ran:#?}");
        assert!(ran.stdout.is_empty(), "{args:?}: {ran:#?}");
    }
}

#[test]
fn validate_says_valid_not_valid_and_unreadable() {
    let dir = Dir::new();
    let good = flov7(dir.path(), &["validate", &example("sequence"), "--json"]);
    assert_eq!(good.code, Some(0), "{good:#?}");
    assert_eq!(good.json()["findings"], json!([]));

    let broken = dir.write(
        "broken.json",
        r#"{ "flov7": 1, "name": "x", "steps": [{ "id": "a", "dota": { "set": 1 } }] }"#,
    );
    let bad = flov7(dir.path(), &["validate", broken.to_str().unwrap(), "--json"]);
    assert_eq!(bad.code, Some(1), "{bad:#?}");
    let answer = bad.json();
    assert_eq!(answer["valid"], false);
    let codes: Vec<&str> =
        answer["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"unknown-member"), "{answer:#}");
    let first = &answer["findings"][0];
    for member in ["code", "severity", "pointer", "message"] {
        assert!(first[member].is_string(), "{member}: {first:#}");
    }
    assert_eq!(first["span"]["line"], 1, "{first:#}");

    for (name, bytes) in [("missing.json", None), ("latin.json", Some(&b"{\"a\": \"\xe9\"}"[..]))] {
        if let Some(bytes) = bytes {
            std::fs::write(dir.path().join(name), bytes).unwrap();
        }
        let ran = flov7(dir.path(), &["validate", name, "--json"]);
        assert_eq!(ran.code, Some(2), "{ran:#?}");
        assert!(ran.json()["error"]["message"].as_str().unwrap().contains(name), "{ran:#?}");
    }
}

#[test]
fn validate_reads_yaml_by_extension_and_standard_input() {
    let dir = Dir::new();
    dir.write("one.yaml", "flov7: 1\nname: one\nsteps:\n  - id: a\n    data: { set: 1 }\n");
    assert_eq!(flov7(dir.path(), &["validate", "one.yaml"]).code, Some(0));
    let mut child = command(dir.path(), &["validate", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = r#"{ "flov7": 1, "name": "x", "steps": [{ "id": "a", "data": { "set": 1 } }] }"#;
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(0));
    assert_eq!(serde_json::from_slice::<Value>(&out.stdout).unwrap()["valid"], true);
}

#[test]
fn a_document_of_100_megabytes_is_a_finding() {
    let dir = Dir::new();
    let path = dir.path().join("big.json");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    file.write_all(b"[").unwrap();
    for _ in 0..100 {
        file.write_all(&vec![b' '; 1024 * 1024]).unwrap();
    }
    file.write_all(b"]").unwrap();
    file.flush().unwrap();
    let ran = flov7(dir.path(), &["validate", "big.json", "--json"]);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    assert_eq!(ran.json()["findings"][0]["code"], "document-size", "{ran:#?}");
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let dir = Dir::new();
    let mut child =
        command(dir.path(), &["schema"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let out = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&out.stderr), "");
    assert_eq!(out.status.code(), Some(0));
}

#[test]
fn schema_is_the_published_one() {
    let dir = Dir::new();
    let published = examples().join("../../docs/schema/workflow-1.json");
    let published: Value = serde_json::from_str(&std::fs::read_to_string(published).unwrap()).unwrap();
    assert_eq!(flov7(dir.path(), &["schema"]).json(), published);
}

#[test]
fn explain_code_prints_a_page_and_names_the_nearest() {
    let dir = Dir::new();
    let page = flov7(dir.path(), &["explain-code", "maybe-absent"]);
    assert_eq!(page.code, Some(0), "{page:#?}");
    assert!(page.stdout.contains("maybe-absent"), "{page:#?}");
    let near = flov7(dir.path(), &["explain-code", "maybe-absend"]);
    assert_eq!(near.code, Some(2), "{near:#?}");
    assert!(near.stderr.contains("maybe-absent"), "{near:#?}");
}

#[test]
fn actions_lists_what_the_catalogue_offers() {
    let dir = Dir::new();
    let catalog = examples().join("flov7.catalog.json");
    let ran = flov7(dir.path(), &["actions", "invoice", "--json", "--catalog", catalog.to_str().unwrap()]);
    let answer = ran.json();
    let ids: Vec<&str> =
        answer["actions"].as_array().unwrap().iter().map(|a| a["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["shop.invoice"]);
    let all = flov7(dir.path(), &["actions", "--json"]).json();
    let ids: Vec<&str> =
        all["actions"].as_array().unwrap().iter().map(|a| a["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"core.approve") && ids.contains(&"http.request"), "{ids:?}");
}

#[test]
fn new_is_ready_needs_or_refused() {
    let dir = Dir::new();
    let catalog = examples().join("flov7.catalog.json");
    let new = |args: &[&str]| {
        let all = [&["new"], args, &["--json", "--catalog", catalog.to_str().unwrap()]].concat();
        flov7(dir.path(), &all)
    };
    let needs = new(&["Every day, set the stock"]);
    assert_eq!(needs.code, Some(3), "{needs:#?}");
    assert_eq!(needs.json()["outcome"], "needs");
    assert!(!needs.json()["questions"].as_array().unwrap().is_empty());

    let refused = new(&["What is the weather in Paris"]);
    assert_eq!(refused.code, Some(4), "{refused:#?}");
    assert_eq!(refused.json()["reason"], "outside");

    let answers = ["--answer", "stock.item=lamp", "--answer", "stock.count=3", "--out", "made.json"];
    let ready = new(&[&["Set the stock"][..], &answers].concat());
    assert_eq!(ready.code, Some(0), "{ready:#?}");
    let answer = ready.json();
    assert_eq!(answer["because"][0], json!({ "step": "stock", "words": "Set the stock", "span": [0, 13] }));
    let made = dir.path().join("made.json");
    let made: Value = serde_json::from_str(&std::fs::read_to_string(made).unwrap()).unwrap();
    assert_eq!(made, answer["document"]);
    assert_eq!(
        flov7(dir.path(), &["validate", "made.json", "--catalog", catalog.to_str().unwrap()]).code,
        Some(0)
    );
}

#[test]
fn dry_run_without_a_mock_says_which() {
    let dir = Dir::new();
    let input = r#"{"order": {"id": "o-1", "total": 5, "email": "a@example.org"}}"#;
    let ran = flov7(dir.path(), &["dry-run", &example("sequence"), "--input", input, "--json"]);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    assert!(ran.stdout.contains("mock-missing"), "{ran:#?}");
    let sampled =
        flov7(dir.path(), &["dry-run", &example("sequence"), "--input", input, "--json", "--sample"]);
    assert_eq!(sampled.code, Some(0), "{sampled:#?}");
    assert_eq!(sampled.json()["status"], "completed");
}

#[test]
fn run_refuses_at_the_door_what_does_not_fit() {
    let dir = Dir::new();
    let wrong_input = flov7(dir.path(), &["run", &example("reminder"), "--input", r#"{"x": 1}"#, "--json"]);
    assert_eq!(wrong_input.code, Some(2), "{wrong_input:#?}");
    let unbound = flov7(dir.path(), &["run", &example("stocktaking"), "--json"]);
    assert_eq!(unbound.code, Some(2), "{unbound:#?}");
    let text = unbound.json().to_string();
    assert!(text.contains("connection-unbound") && text.contains("shop"), "{text}");
    let unread = flov7(dir.path(), &["run", &example("reminder"), "--input", "{", "--json"]);
    assert_eq!(unread.code, Some(2), "{unread:#?}");
    let list = flov7(dir.path(), &["executions", "--json"]);
    assert_eq!(list.json()["executions"], json!([]), "nothing was started");
}

#[test]
fn waiting_answering_and_cancelling() {
    let dir = Dir::new();
    let file = dir.write(
        "wait.json",
        r#"{ "flov7": 1, "name": "wait",
            "signals": { "go": { "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] } },
            "steps": [
              { "id": "one", "action": { "use": "core.approve", "with": { "title": "One?" } }, "after": [] },
              { "id": "two", "action": { "use": "core.approve", "with": { "title": "Two?" } }, "after": [] },
              { "id": "sig", "action": { "use": "core.wait_for", "with": { "signal": "go" } } }
            ], "output": "${ steps.sig.n }" }"#,
    );
    let ran = flov7(dir.path(), &["run", file.to_str().unwrap(), "--json", "--key", "k"]);
    assert_eq!(ran.code, Some(5), "{ran:#?}");
    let view = ran.json();
    assert_eq!(view["status"], "waiting");
    assert_eq!(view["waiting"].as_array().unwrap().len(), 2, "{view:#}");
    let id = view["execution"].as_str().unwrap();

    // The same key is the same execution.
    let again = flov7(dir.path(), &["run", file.to_str().unwrap(), "--json", "--key", "k"]);
    assert_eq!(again.json()["execution"], view["execution"]);

    // Several wait: which one must be said.
    let unsaid = flov7(dir.path(), &["approve", id, "--json"]);
    assert_eq!(unsaid.code, Some(1), "{unsaid:#?}");
    let first =
        flov7(dir.path(), &["approve", id, "--json", "--step", "one", "--by", "ann", "--note", "fine"]);
    assert_eq!((first.code, first.json()), (Some(0), json!({ "accepted": true, "duplicate": false })));
    assert!(first.stderr.contains("resume"), "nobody runs it: {first:#?}");
    let only = flov7(dir.path(), &["resume", "--json"]);
    assert_eq!(only.code, Some(5), "{only:#?}");
    let second = flov7(dir.path(), &["approve", id, "--json", "--by", "bob"]);
    assert_eq!(second.code, Some(0), "{second:#?}");

    // Undeclared and ill-typed signals are refused at the door.
    for (name, payload) in [("stop", "{}"), ("go", r#"{"n": "x"}"#), ("go", "{}")] {
        let refused = flov7(dir.path(), &["signal", id, name, payload, "--json"]);
        assert_eq!(refused.code, Some(1), "{name} {payload}: {refused:#?}");
    }
    // Sent before its wait began, and twice with one id.
    let sent = flov7(dir.path(), &["signal", id, "go", r#"{"n": 7}"#, "--id", "m1", "--json"]);
    assert_eq!(sent.json(), json!({ "accepted": true, "duplicate": false }));
    let twice = flov7(dir.path(), &["signal", id, "go", r#"{"n": 7}"#, "--id", "m1", "--json"]);
    assert_eq!(twice.json(), json!({ "accepted": true, "duplicate": true }));

    let end = flov7(dir.path(), &["resume", id, "--json"]);
    assert_eq!(end.code, Some(0), "{end:#?}");
    assert_eq!(end.json()["executions"][0]["output"], 7, "{end:#?}");
    let shown = flov7(dir.path(), &["show", id, "--json"]).json();
    let one = shown["steps"].as_array().unwrap().iter().find(|s| s["path"] == "one").unwrap();
    assert_eq!((&one["output"]["by"], &one["output"]["note"]), (&json!("ann"), &json!("fine")));

    // Nothing more can be said to it.
    let late = flov7(dir.path(), &["signal", id, "go", r#"{"n": 8}"#, "--json"]);
    assert_eq!(late.code, Some(1), "{late:#?}");

    let other = flov7(dir.path(), &["run", file.to_str().unwrap(), "--json"]).json();
    let other = other["execution"].as_str().unwrap();
    assert_eq!(flov7(dir.path(), &["cancel", other, "--json", "--by", "ann"]).code, Some(0));
    let cancelled = flov7(dir.path(), &["resume", other, "--json"]);
    assert_eq!(cancelled.code, Some(6), "{cancelled:#?}");
    assert_eq!(cancelled.json()["executions"][0]["status"], "cancelled");
    assert_eq!(cancelled.json()["executions"][0]["error"], Value::Null);

    let list = flov7(dir.path(), &["executions", "--json"]).json();
    let found: Vec<(&str, &str)> = list["executions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["workflow"].as_str().unwrap(), row["status"].as_str().unwrap()))
        .collect();
    assert_eq!(found, [("wait", "cancelled"), ("wait", "completed")], "newest first");
    let elsewhere = flov7(dir.path(), &["show", id, "--json", "--namespace", "other"]);
    assert_eq!(elsewhere.code, Some(2), "another namespace sees nothing: {elsewhere:#?}");
}

#[test]
fn an_action_without_a_handler_blocks_and_is_named() {
    let dir = Dir::new();
    dir.write(
        "flov7.catalog.json",
        r#"{ "flov7_catalog": 1, "actions": [{ "id": "crm.note", "title": "Note it", "input": { "type": "object" }, "output": true }] }"#,
    );
    dir.write(
        "w.json",
        r#"{ "flov7": 1, "name": "w", "steps": [{ "id": "a", "action": { "use": "crm.note" } }] }"#,
    );
    let ran = flov7(dir.path(), &["run", "w.json", "--json"]);
    assert_eq!(ran.code, Some(7), "{ran:#?}");
    assert_eq!(ran.json()["status"], "blocked");
    assert!(ran.stdout.contains("crm.note"), "{ran:#?}");
}

#[test]
fn control_characters_of_a_document_do_not_reach_the_terminal() {
    let dir = Dir::new();
    let file = dir.write(
        "evil.json",
        "{ \"flov7\": 1, \"name\": \"x\", \"description\": \"\\u001b[2J\", \"steps\": [{ \"id\": \"a\", \
         \"action\": { \"use\": \"core.approve\", \"with\": { \"title\": \"\\u001b]0;x\\u0007 \\u202ex\\nall of it\\u200b one line\" } } }] }",
    );
    let harmless = |ran: &Ran| {
        for text in [&ran.stdout, &ran.stderr] {
            assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}', '\u{200b}']), "{ran:#?}");
        }
    };
    for verb in ["explain", "graph", "validate", "dry-run", "run"] {
        harmless(&flov7(dir.path(), &[verb, file.to_str().unwrap()]));
    }
    let list = flov7(dir.path(), &["executions", "--json"]).json();
    let shown = flov7(dir.path(), &["show", list["executions"][0]["execution"].as_str().unwrap()]);
    harmless(&shown);
    assert!(shown.stdout.contains("approval: ]0;x x all of it one line at a"), "{shown:#?}");
    // JSON keeps what it stands for, as escapes.
    let json = flov7(dir.path(), &["run", file.to_str().unwrap(), "--json"]);
    harmless(&json);
    assert_eq!(json.json()["waiting"][0]["title"], "\u{1b}]0;x\u{7} \u{202e}x\nall of it\u{200b} one line");
    // Words of the command line are no better.
    harmless(&flov7(dir.path(), &["validate", "\u{202e}\u{1b}[2J.json"]));
    harmless(&flov7(dir.path(), &["new", "Do \u{202e}\u{1b}[2J this"]));
}

#[test]
fn a_second_answer_to_an_approval_is_told_that_the_first_counts() {
    let dir = Dir::new();
    dir.write(
        "ask.json",
        r#"{ "flov7": 1, "name": "ask", "output": "${ steps.ok.by }", "steps": [
            { "id": "ok", "action": { "use": "core.approve", "with": { "title": "Ok?" } } }] }"#,
    );
    let waiting = flov7(dir.path(), &["run", "ask.json", "--json"]).json();
    let id = waiting["execution"].as_str().unwrap();
    let first = flov7(dir.path(), &["approve", id, "--json", "--by", "ann"]);
    assert_eq!(first.json(), json!({ "accepted": true, "duplicate": false }));
    // Nobody runs it, so the wait is still there: a "no" now must not look as if it counted.
    let late = flov7(dir.path(), &["approve", id, "--json", "--no", "--by", "bob"]);
    assert_eq!(late.json(), json!({ "accepted": true, "duplicate": true }), "{late:#?}");
    let ended = flov7(dir.path(), &["resume", id, "--json"]);
    assert_eq!(ended.json()["executions"][0]["output"], "ann", "{ended:#?}");
}

#[test]
fn firings_say_when_schedules_fire_next() {
    let dir = Dir::new();
    dir.write(
        "report.json",
        r#"{ "flov7": 1, "name": "report", "triggers": [
            { "id": "daily", "use": "schedule", "with": { "cron": "30 2 * * *", "zone": "Europe/Berlin" } },
            { "id": "hand", "use": "manual" },
            { "id": "once", "use": "schedule", "with": { "at": "2027-01-01T00:00:00Z" } } ],
            "steps": [ { "id": "a", "data": { "set": 1 } } ] }"#,
    );
    let args = ["firings", "report.json", "--after", "2027-03-27T12:00:00Z", "--count", "2"];
    let json = flov7(dir.path(), &[&args[..], &["--json"]].concat());
    assert_eq!(json.code, Some(0), "{json:#?}");
    // Clocks go forward on the 28th: half past two is skipped, and three o'clock there is one o'clock UTC.
    assert_eq!(
        json.json(),
        json!({ "schedules": [
            { "trigger": "daily", "zone": "Europe/Berlin", "firings": [
                { "at": "2027-03-28T01:00:00.000Z", "local": "2027-03-28T03:00:00+02:00" },
                { "at": "2027-03-29T00:30:00.000Z", "local": "2027-03-29T02:30:00+02:00" } ] },
            { "trigger": "once", "zone": "UTC", "firings": [] } ] })
    );
    let text = flov7(dir.path(), &args).stdout;
    let first =
        "daily fires next at (Europe/Berlin)\n  2027-03-28T03:00:00+02:00  2027-03-28T01:00:00.000Z\n";
    assert!(text.contains(first), "{text}");
    assert!(text.contains("once never fires again"), "{text}");
    assert_eq!(flov7(dir.path(), &["firings", "report.json", "--count", "0"]).code, Some(2));
}
