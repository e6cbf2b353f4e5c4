//! Workflows that call each other, events, and keyed signals, as scripts see them.

use serde_json::{Value, json};

use crate::world::{Dir, examples, flov7};

/// A caller in its own directory, and what it calls beside it.
fn family(dir: &Dir) -> String {
    std::fs::create_dir_all(dir.path().join("flows")).unwrap();
    let caller = r#"{ "flov7": 1, "name": "caller", "steps": [
        { "id": "down", "action": { "use": "core.call", "with": { "workflow": "callee", "input": { "who": "ann" } } } } ],
        "output": "${ steps.down }" }"#;
    let callee = "flov7: 1\nname: callee\ninput: { type: object, properties: { who: { type: string } }, required: [who] }\n\
        steps:\n- { id: ask, action: { use: core.approve, with: { title: Well? } } }\n\
        - { id: tell, action: { use: core.emit, with: { event: asked, payload: { who: \"${ input.who }\" } } } }\n\
        output: ${ steps.ask.by }\n";
    dir.write("flows/callee.yaml", callee);
    dir.write("flows/caller.json", caller).to_str().unwrap().to_owned()
}

#[test]
fn a_caller_waits_with_its_child_and_both_are_shown() {
    let dir = Dir::new();
    let file = family(&dir);
    let ran = flov7(dir.path(), &["run", &file, "--json"]);
    assert_eq!(ran.code, Some(5), "{ran:#?}");
    let view = ran.json();
    let (id, waiting) = (view["execution"].as_str().unwrap(), &view["waiting"][0]);
    assert_eq!((&waiting["kind"], &waiting["path"]), (&json!("child"), &json!("down")), "{view:#}");
    let child = waiting["execution"].as_str().unwrap();
    let below = flov7(dir.path(), &["show", child, "--json"]).json();
    assert_eq!(below["parent"], json!({ "execution": id, "path": "down", "depth": 1 }), "{below:#}");
    let text = flov7(dir.path(), &["show", id]);
    assert!(text.stdout.contains(&format!("flov7 show {child}")), "{text:#?}");
    let text = flov7(dir.path(), &["show", child]);
    assert!(text.stdout.contains(&format!("called by {id} at down")), "{text:#?}");

    assert_eq!(flov7(dir.path(), &["approve", child, "--by", "ann", "--json"]).code, Some(0));
    let end = flov7(dir.path(), &["resume", id, "--json"]);
    assert_eq!((end.code, &end.json()["executions"][0]["output"]), (Some(0), &json!("ann")), "{end:#?}");
    let list = flov7(dir.path(), &["executions", "--json"]).json();
    let names: Vec<&str> =
        list["executions"].as_array().unwrap().iter().map(|row| row["workflow"].as_str().unwrap()).collect();
    assert!(names.contains(&"caller") && names.contains(&"callee"), "{list:#}");

    let events = flov7(dir.path(), &["events", "--json"]).json();
    let event = &events["events"][0];
    assert_eq!(
        (&event["name"], &event["payload"], &event["depth"]),
        (&json!("asked"), &json!({ "who": "ann" }), &json!(1))
    );
    assert_eq!((&event["execution"], &event["path"]), (&json!(child), &json!("tell")), "{event:#}");
    let next = events["next"].as_u64().unwrap().to_string();
    let after = flov7(dir.path(), &["events", "--after", &next, "--json"]).json();
    assert_eq!(after, json!({ "events": [], "next": events["next"] }));
}

#[test]
fn cancelling_a_caller_cancels_what_it_called() {
    let dir = Dir::new();
    let file = family(&dir);
    let view = flov7(dir.path(), &["run", &file, "--json"]).json();
    let (id, child) =
        (view["execution"].as_str().unwrap(), view["waiting"][0]["execution"].as_str().unwrap());
    assert_eq!(flov7(dir.path(), &["cancel", id, "--json"]).code, Some(0));
    let end = flov7(dir.path(), &["resume", id, "--json"]);
    assert_eq!(end.code, Some(6), "{end:#?}");
    assert_eq!(flov7(dir.path(), &["show", child, "--json"]).json()["status"], "cancelled");
}

#[test]
fn callees_are_looked_for_beside_the_caller_or_where_it_is_said() {
    let dir = Dir::new();
    let file = family(&dir);
    let codes = |ran: Value| -> Vec<String> {
        let found = ran["findings"].as_array().unwrap().clone();
        found.iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
    };
    let moved =
        dir.write("caller.json", &std::fs::read_to_string(&file).unwrap()).to_str().unwrap().to_owned();
    let missing = flov7(dir.path(), &["validate", &moved, "--json"]);
    assert_eq!((missing.code, codes(missing.json())), (Some(1), vec!["unknown-workflow".to_owned()]));
    let named = flov7(dir.path(), &["validate", &moved, "--workflows", "flows", "--json"]);
    assert_eq!((named.code, codes(named.json())), (Some(0), vec![]), "{named:#?}");
    // A file of that name that holds another workflow, or none, is said to be the reason.
    for (text, word) in [
        (r#"{ "flov7": 1, "name": "other", "steps": [{ "id": "a", "data": { "set": 1 } }] }"#, "`other`"),
        ("{", "callee.json"),
    ] {
        dir.write("callee.json", text);
        let wrong = flov7(dir.path(), &["validate", &moved, "--json"]);
        assert_eq!(wrong.code, Some(2), "{wrong:#?}");
        assert!(wrong.json()["error"]["message"].as_str().unwrap().contains(word), "{wrong:#?}");
    }
    // One with an error of its own cannot be called.
    dir.write(
        "callee.json",
        r#"{ "flov7": 1, "name": "callee", "input": { "type": "object" },
        "steps": [{ "id": "a", "data": { "set": "${ steps.b }" } }] }"#,
    );
    let unsound = flov7(dir.path(), &["validate", &moved, "--json"]);
    assert_eq!((unsound.code, codes(unsound.json())), (Some(1), vec!["unsound-workflow".to_owned()]));
}

#[test]
fn a_called_workflows_bindings_are_asked_for_before_it_runs() {
    let dir = Dir::new();
    let file = examples().join("every_merge.json");
    let ran = flov7(
        dir.path(),
        &["run", file.to_str().unwrap(), "--input", "{\"email\": \"a@b.example\"}", "--json"],
    );
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert_eq!(ran.json()["findings"][0]["code"], "connection-unbound");
}

#[test]
fn keyed_signals_reach_the_waiter_with_that_key() {
    let dir = Dir::new();
    let wait = |id: &str, key: &str| json!({ "id": id, "after": [], "action": { "use": "core.wait_for", "with": { "signal": "go", "key": key } } });
    let document = json!({ "flov7": 1, "name": "keys", "signals": { "go": { "type": "integer" } },
        "steps": [wait("one", "a"), wait("two", "b")], "output": "${ steps.one * 10 + steps.two }" });
    let file = dir.write("keys.json", &document.to_string());
    let view = flov7(dir.path(), &["run", file.to_str().unwrap(), "--json"]).json();
    let id = view["execution"].as_str().unwrap();
    assert_eq!((&view["waiting"][0]["key"], &view["waiting"][1]["key"]), (&json!("a"), &json!("b")));
    let text = flov7(dir.path(), &["show", id]).stdout;
    assert!(text.contains("--key a") && text.contains("with key b"), "{text}");
    for (key, payload) in [("b", "2"), ("a", "1")] {
        let sent = flov7(dir.path(), &["signal", id, "go", payload, "--key", key, "--json"]);
        assert_eq!(sent.code, Some(0), "{sent:#?}");
    }
    // Without a key it is for another waiter.
    flov7(dir.path(), &["signal", id, "go", "9", "--json"]);
    let end = flov7(dir.path(), &["resume", id, "--json"]).json();
    assert_eq!(end["executions"][0]["output"], 12, "{end:#}");
    // After the end nothing more is taken; what was taken once stays a duplicate.
    let late = flov7(dir.path(), &["signal", id, "go", "3", "--key", "a", "--json"]);
    assert_eq!((late.code, &late.json()["error"]["kind"]), (Some(1), &json!("closed")), "{late:#?}");
}

#[test]
fn a_thousand_kept_signals_are_enough() {
    let dir = Dir::new();
    let document = json!({ "flov7": 1, "name": "full", "signals": { "go": { "type": "string" }, "other": true },
        "steps": [{ "id": "one", "action": { "use": "core.wait_for", "with": { "signal": "other" } } },
                  { "id": "two", "action": { "use": "core.wait_for", "with": { "signal": "go" } } }] });
    let file = dir.write("full.json", &document.to_string());
    let view = flov7(dir.path(), &["run", file.to_str().unwrap(), "--json"]).json();
    let id = view["execution"].as_str().unwrap();
    // Two halves of a mebibyte, quotes counted, and not a byte more.
    let half = dir.write("half.json", &json!("x".repeat(512 * 1024 - 2)).to_string());
    let half = format!("@{}", half.to_str().unwrap());
    for _ in 0..2 {
        assert_eq!(flov7(dir.path(), &["signal", id, "go", &half, "--json"]).code, Some(0));
    }
    let busy = flov7(dir.path(), &["signal", id, "go", "\"\"", "--json"]);
    assert_eq!((busy.code, &busy.json()["error"]["kind"]), (Some(1), &json!("busy")), "{busy:#?}");
    // It stays so when the machine holds them.
    flov7(dir.path(), &["resume", id, "--json"]);
    let busy = flov7(dir.path(), &["signal", id, "go", "\"\"", "--json"]);
    assert_eq!((busy.code, &busy.json()["error"]["kind"]), (Some(1), &json!("busy")), "{busy:#?}");
}
