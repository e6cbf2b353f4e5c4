//! A command works on what it was asked for, and stops in order when it is asked to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::world::{Dir, flov7};

fn id(ran: &crate::world::Ran) -> String {
    ran.json()["execution"].as_str().unwrap().to_owned()
}

/// A workflow that waits for `go`, and one that waits for nothing.
fn files(dir: &Dir) {
    dir.write(
        "patient.json",
        &json!({ "flov7": 1, "name": "patient", "signals": { "go": { "type": "object" } }, "steps": [
            { "id": "wait", "action": { "use": "core.wait_for", "with": { "signal": "go" } } },
            { "id": "after", "data": { "set": "${ steps.wait }" } } ], "output": "${ steps.after }" })
        .to_string(),
    );
    dir.write(
        "quick.json",
        &json!({ "flov7": 1, "name": "quick", "steps": [{ "id": "a", "data": { "set": 1 } }] }).to_string(),
    );
}

#[test]
fn run_leaves_what_others_started_as_it_is() {
    let dir = Dir::new();
    files(&dir);
    for namespace in ["default", "other"] {
        let started = flov7(
            dir.path(),
            &["run", "patient.json", "--store", "s.db", "--namespace", namespace, "--json"],
        );
        assert_eq!(started.code, Some(5), "{started:#?}");
        let patient = id(&started);
        let at = ["--store", "s.db", "--namespace", namespace, "--json"];
        let with = |args: &[&str]| flov7(dir.path(), &[args, &at].concat());
        assert_eq!(with(&["signal", &patient, "go", "{}"]).code, Some(0));
        for other in ["default", "other"] {
            let quick =
                flov7(dir.path(), &["run", "quick.json", "--store", "s.db", "--namespace", other, "--json"]);
            assert_eq!(quick.code, Some(0), "{quick:#?}");
        }
        let shown = with(&["show", &patient]).json();
        assert_eq!(shown["status"], "waiting", "{shown:#}");
        assert_eq!(with(&["resume", &patient]).code, Some(0));
        assert_eq!(with(&["show", &patient]).json()["status"], "completed");
    }
}

#[test]
fn resume_of_one_namespace_leaves_another_alone() {
    let dir = Dir::new();
    files(&dir);
    let started =
        flov7(dir.path(), &["run", "patient.json", "--store", "s.db", "--namespace", "a", "--json"]);
    let patient = id(&started);
    flov7(dir.path(), &["signal", &patient, "go", "{}", "--store", "s.db", "--namespace", "a"]);
    let resumed = flov7(dir.path(), &["resume", "--store", "s.db", "--namespace", "b", "--json"]);
    assert_eq!((resumed.code, resumed.json()), (Some(0), json!({ "executions": [] })));
    let shown =
        flov7(dir.path(), &["show", &patient, "--store", "s.db", "--namespace", "a", "--json"]).json();
    assert_eq!(shown["status"], "waiting", "{shown:#}");
}

#[test]
fn resume_of_a_blocked_execution_with_an_answer_returns() {
    let dir = Dir::new();
    dir.write(
        "c.json",
        &json!({ "flov7_catalog": 1, "actions": [{ "id": "crm.note", "title": "Note it",
            "input": { "type": "object" }, "output": true, "effect": "none" }] })
        .to_string(),
    );
    dir.write(
        "ask.json",
        &json!({ "flov7": 1, "name": "ask", "steps": [
            { "id": "ok", "action": { "use": "core.approve", "with": { "title": "Go on?" } } },
            { "id": "note", "action": { "use": "crm.note" } } ] })
        .to_string(),
    );
    let started = flov7(dir.path(), &["run", "ask.json", "--store", "s.db", "--catalog", "c.json", "--json"]);
    let execution = id(&started);
    // Nobody has a handler for it: it is blocked from the start.
    assert_eq!(started.code, Some(7), "{started:#?}");
    assert_eq!(started.json()["status"], "blocked");
    let cancelled = flov7(dir.path(), &["cancel", &execution, "--store", "s.db", "--json"]);
    assert_eq!(cancelled.code, Some(0), "{cancelled:#?}");
    let resumed = flov7(dir.path(), &["resume", &execution, "--store", "s.db", "--json"]);
    assert_eq!(resumed.code, Some(7), "{resumed:#?}");
}

#[test]
fn a_call_in_flight_ends_before_a_process_that_is_asked_to_stop() {
    let dir = Dir::new();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    dir.write(
        "b.json",
        &json!({ "flov7_bindings": 1, "connections": { "shop": { "connector": "http",
            "base_url": format!("http://{address}"), "allow_internal": [address.to_string()] } } })
        .to_string(),
    );
    // A `once` call that is cut off would end as `outcome_unknown`.
    dir.write(
        "charge.json",
        &json!({ "flov7": 1, "name": "charge", "connections": [{ "id": "shop", "connector": "http" }], "steps": [
            { "id": "charge", "action": { "use": "http.request", "connection": "shop",
                "with": { "method": "POST", "path": "/charges", "body": {} } } },
            { "id": "wait", "action": { "use": "core.approve", "with": { "title": "Enough?" } } } ],
            "output": "${ steps.charge.status }" })
        .to_string(),
    );
    let mut child = Command::new(env!("CARGO_BIN_EXE_flov7"))
        .args(["run", "charge.json", "--store", "s.db", "--bindings", "b.json", "--json"])
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut call, _) = server.accept().unwrap();
    let mut request = [0; 4096];
    assert!(call.read(&mut request).unwrap() > 0);
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    // It says that it was told, and only then the answer comes.
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("stopping") {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended without a word");
    }
    call.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
    drop(call);
    let out = child.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(143));
    let answer: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(answer["error"]["kind"], "stopped", "{answer:#}");
    let resumed = flov7(dir.path(), &["resume", "--store", "s.db", "--bindings", "b.json", "--json"]);
    let view = &resumed.json()["executions"][0];
    assert_eq!(view["status"], "waiting", "{view:#}");
    assert_eq!(
        (&view["steps"][0]["settled"], &view["steps"][0]["output"]["status"]),
        (&json!("done"), &json!(201))
    );
}
