//! Executions over their life: begun later, found again, paused, retried, exported, purged.

use serde_json::{Value, json};

use crate::world::{Dir, flov7};

/// Waits for a payment; fails where it is not enough.
const PAYMENT: &str = r#"{ "flov7": 1, "name": "payment", "signals": { "paid": { "type": "integer" } },
    "steps": [ { "id": "tell", "action": { "use": "core.emit", "with": { "event": "asked", "payload": {} } } },
        { "id": "pay", "action": { "use": "core.wait_for", "with": { "signal": "paid" } } },
        { "id": "enough", "condition": { "if": "${ steps.pay < 10 }", "then": [
            { "id": "no", "action": { "use": "core.fail", "with": { "code": "too_little", "message": "not enough" } } } ] } } ],
    "output": "${ steps.pay }" }"#;

fn start(dir: &Dir, more: &[&str]) -> String {
    dir.write("payment.json", PAYMENT);
    let ran = flov7(dir.path(), &[&["run", "payment.json", "--json"], more].concat());
    assert_eq!(ran.code, Some(5), "{ran:#?}");
    ran.json()["execution"].as_str().unwrap().to_owned()
}

fn pay(dir: &Dir, id: &str, amount: &str) -> Value {
    assert_eq!(flov7(dir.path(), &["signal", id, "paid", amount, "--json"]).code, Some(0));
    flov7(dir.path(), &["resume", id, "--json"]).json()["executions"][0].clone()
}

fn listed(dir: &Dir, more: &[&str]) -> Vec<String> {
    let ran = flov7(dir.path(), &[&["executions", "--json"], more].concat());
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    let rows = ran.json()["executions"].as_array().unwrap().clone();
    rows.iter().map(|row| row["execution"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn executions_are_found_by_tag_and_time() {
    let dir = Dir::new();
    let ann = start(&dir, &["--tag", "customer=ann", "--tag", "kind=big"]);
    let bob = start(&dir, &["--tag", "customer=bob", "--tag", "kind=big"]);
    assert_eq!(listed(&dir, &["--tag", "customer=ann"]), [ann.as_str()]);
    assert_eq!(listed(&dir, &["--tag", "kind=big", "--status", "waiting"]), [bob.clone(), ann.clone()]);
    assert_eq!(
        listed(&dir, &["--tag", "kind=big", "--tag", "customer=bob", "--since", "1h"]),
        [bob.as_str()]
    );
    assert!(listed(&dir, &["--until", "1h"]).is_empty(), "none is an hour old");
    assert!(listed(&dir, &["--since", "2999-01-01T00:00:00Z"]).is_empty());
    let row = flov7(dir.path(), &["executions", "--json", "--limit", "1", "--tag", "kind=big"]).json();
    assert_eq!((&row["executions"][0]["tags"]["customer"], &row["next"]), (&json!("bob"), &json!(bob)));
    let text =
        flov7(dir.path(), &["executions", "--limit", "1", "--tag", "kind=big", "--since", "1h"]).stdout;
    assert!(text.contains("customer=bob") && text.contains("--tag 'kind=big' --since 2"), "{text}");
    for bad in [["--tag", "no"], ["--since", "soon"]] {
        assert_eq!(flov7(dir.path(), &[&["executions"], &bad[..]].concat()).code, Some(2));
    }
    let ran = flov7(dir.path(), &["run", "payment.json", "--tag", "a b=c"]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
}

#[test]
fn a_run_that_begins_later_begins_then() {
    let dir = Dir::new();
    dir.write("one.json", r#"{ "flov7": 1, "name": "one", "steps": [ { "id": "a", "data": { "set": 1 } } ], "output": "${ steps.a }" }"#);
    for when in [["--delay", "20ms"], ["--at", "2020-01-01T00:00:00Z"]] {
        let ran = flov7(dir.path(), &[&["run", "one.json", "--json"], &when[..]].concat());
        assert_eq!((ran.code, &ran.json()["output"]), (Some(0), &json!(1)), "{ran:#?}");
        // Who waits for it to begin knows meanwhile what it is called.
        let id = ran.json()["execution"].as_str().unwrap().to_owned();
        assert!(
            ran.stderr.contains(&format!("execution {id} begins later")) == (when[0] == "--delay"),
            "{ran:#?}"
        );
    }
    let both = flov7(dir.path(), &["run", "one.json", "--delay", "1s", "--at", "2020-01-01T00:00:00Z"]);
    assert_eq!(both.code, Some(2));
    assert_eq!(flov7(dir.path(), &["run", "one.json", "--delay", "soon"]).code, Some(2));
}

#[test]
fn a_concurrency_key_that_is_taken_is_refused_or_waits() {
    let dir = Dir::new();
    let keyed = |policy: &str| {
        PAYMENT.replacen(
            "\"signals\"",
            &format!("\"concurrency\": {{ \"key\": \"all\", \"policy\": \"{policy}\" }}, \"signals\""),
            1,
        )
    };
    dir.write("reject.json", &keyed("reject"));
    dir.write("queue.json", &keyed("queue"));
    let first =
        flov7(dir.path(), &["run", "reject.json", "--json"]).json()["execution"].as_str().unwrap().to_owned();
    let refused = flov7(dir.path(), &["run", "reject.json", "--json"]);
    assert_eq!(
        (refused.code, &refused.json()["error"]["kind"]),
        (Some(2), &json!("conflict")),
        "{refused:#?}"
    );
    assert!(refused.json()["error"]["message"].as_str().unwrap().contains(&first), "{refused:#?}");
    let second = flov7(dir.path(), &["run", "queue.json", "--json"]);
    assert_eq!(
        (second.code, &second.json()["begins"]),
        (Some(5), &json!({ "in_line": true })),
        "{second:#?}"
    );
    let id = second.json()["execution"].as_str().unwrap().to_owned();
    let text = flov7(dir.path(), &["show", &id]).stdout;
    assert!(text.contains("others with the same concurrency key come first"), "{text}");
    assert_eq!(pay(&dir, &first, "10")["status"], "completed");
    let next = flov7(dir.path(), &["resume", &id, "--json"]).json()["executions"][0].clone();
    assert_eq!(next["waiting"][0]["path"], "pay", "{next:#}");
}

#[test]
fn pause_holds_an_execution_until_it_is_unpaused() {
    let dir = Dir::new();
    let id = start(&dir, &[]);
    assert_eq!(flov7(dir.path(), &["pause", &id, "--by", "ann", "--json"]).code, Some(0));
    let paused = pay(&dir, &id, "10");
    assert_eq!(paused["status"], "paused", "{paused:#}");
    let text = flov7(dir.path(), &["show", &id]).stdout;
    assert!(text.contains(&format!("flov7 unpause {id}")), "{text}");
    assert_eq!(flov7(dir.path(), &["unpause", &id, "--json"]).code, Some(0));
    let end = flov7(dir.path(), &["resume", &id, "--json"]);
    assert_eq!((end.code, &end.json()["executions"][0]["output"]), (Some(0), &json!(10)), "{end:#?}");
    assert_eq!(flov7(dir.path(), &["pause", &id]).code, Some(1), "it has ended");
}

#[test]
fn fork_retries_from_a_step() {
    let dir = Dir::new();
    let id = start(&dir, &["--tag", "customer=ann"]);
    let live = flov7(dir.path(), &["fork", &id, "--step", "pay", "--json"]);
    assert_eq!((live.code, &live.json()["error"]["kind"]), (Some(1), &json!("conflict")), "{live:#?}");
    let failed = pay(&dir, &id, "1");
    assert_eq!((&failed["status"], &failed["error"]["code"]), (&json!("failed"), &json!("too_little")));
    assert_eq!(flov7(dir.path(), &["fork", &id, "--step", "nobody"]).code, Some(1));
    assert_eq!(flov7(dir.path(), &["fork", &id, "--step", "NO"]).code, Some(2));
    let forked = flov7(dir.path(), &["fork", &id, "--step", "pay", "--json"]);
    assert_eq!((forked.code, &forked.json()["forked"]["from"]), (Some(5), &json!(id)), "{forked:#?}");
    let new = forked.json()["execution"].as_str().unwrap().to_owned();
    let text = flov7(dir.path(), &["show", &new]).stdout;
    assert!(text.contains(&format!("forked from {id}")), "{text}");
    assert_eq!(pay(&dir, &new, "10")["output"], 10);
    assert_eq!(listed(&dir, &["--tag", "customer=ann"]), [new.clone(), id.clone()]);
    let events = flov7(dir.path(), &["events", "--json"]).json();
    assert_eq!(events["events"].as_array().unwrap().len(), 1, "what was before the step is not repeated");
    // A fork is exported and replayed like others.
    assert_eq!(flov7(dir.path(), &["export", &new, "--out", "fork.json"]).code, Some(0));
    assert_eq!(flov7(dir.path(), &["replay", "fork.json", "--json"]).json()["output"], 10);
}

#[test]
fn an_exported_execution_replays_anywhere() {
    let dir = Dir::new();
    let id = start(&dir, &[]);
    let waits = flov7(dir.path(), &["export", &id]);
    assert_eq!(waits.code, Some(0));
    assert_eq!(pay(&dir, &id, "10")["status"], "completed");
    let out = flov7(dir.path(), &["export", &id, "--out", "one.json", "--json"]);
    assert_eq!((out.code, &out.json()["children"]), (Some(0), &json!([])), "{out:#?}");
    assert_eq!(flov7(dir.path(), &["export", &id, "--out", "one.json"]).code, Some(2), "it is there already");
    assert_eq!(flov7(dir.path(), &["export", &id, "--out", "one.json", "--force"]).code, Some(0));

    let elsewhere = Dir::new();
    let file = std::fs::read_to_string(dir.path().join("one.json")).unwrap();
    elsewhere.write("one.json", &file);
    elsewhere.write("waits.json", &waits.stdout);
    let shown = flov7(dir.path(), &["show", &id, "--json"]).json();
    let mut replayed = flov7(elsewhere.path(), &["replay", "one.json", "--json"]);
    assert_eq!(replayed.code, Some(0), "{replayed:#?}");
    let mut view = replayed.json();
    let state = view.as_object_mut().unwrap().remove("state").unwrap();
    assert_eq!(view, shown);
    assert_eq!(file.matches(state.as_str().unwrap()).count(), 1, "the state is the one of the file");
    assert!(!elsewhere.path().join("flov7.db").exists(), "no store is made");
    replayed = flov7(elsewhere.path(), &["replay", "waits.json"]);
    assert!(
        replayed.stdout.contains("waiting for signal paid") && !replayed.stdout.contains("flov7 "),
        "{replayed:#?}"
    );

    // What was changed is told.
    let value: Value = serde_json::from_str(&file).unwrap();
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut other = value.clone();
        change(&mut other);
        elsewhere.write("other.json", &other.to_string());
        let ran = flov7(elsewhere.path(), &["replay", "other.json", "--json"]);
        (ran.code, ran.json()["error"]["kind"].as_str().unwrap_or_default().to_owned())
    };
    let is = |kind: &str| (Some(1), kind.to_owned());
    assert_eq!(changed(&|file| file["state"] = json!("0000000000000000")), is("defect"));
    assert_eq!(changed(&|file| file["workflow"] = json!("other")), is("corrupt"));
    assert_eq!(changed(&|file| file["status"] = json!("failed")), is("corrupt"));
    let parent = json!({ "execution": id, "path": "a", "depth": 1 });
    assert_eq!(changed(&|file| file["parent"] = parent.clone()), is("corrupt"));
    assert_eq!(
        changed(&|file| drop(file.as_object_mut().unwrap().remove("state"))),
        (Some(0), String::new())
    );
    let stateless = flov7(elsewhere.path(), &["replay", "other.json"]).stdout;
    assert!(stateless.contains("the file says of none"), "{stateless}");
    assert_eq!(changed(&|file| file["turns"][1]["decided"] = json!("0000000000000000")), is("defect"));
    assert_eq!(changed(&|file| file["turns"][1]["body"] = json!("!")), is("corrupt"));
    assert_eq!(changed(&|file| file["bundle"]["document"]["name"] = json!("other")), is("corrupt"));
    assert_eq!(changed(&|file| file["execution"] = json!("0".repeat(26))), is("corrupt"));
    let newer = |file: &mut Value| file["flov7_export"] = json!(2);
    elsewhere.write(
        "newer.json",
        &{
            let mut other = value.clone();
            newer(&mut other);
            other
        }
        .to_string(),
    );
    let ran = flov7(elsewhere.path(), &["replay", "newer.json", "--json"]);
    assert_eq!((ran.code, &ran.json()["error"]["kind"]), (Some(2), &json!("newer")), "{ran:#?}");
}

#[test]
fn purge_takes_away_what_ended() {
    let dir = Dir::new();
    assert_eq!(flov7(dir.path(), &["purge", "--older-than", "1d"]).code, Some(2), "there is no store");
    let done = start(&dir, &[]);
    pay(&dir, &done, "10");
    let waits = start(&dir, &[]);
    let old = flov7(dir.path(), &["purge", "--older-than", "30d", "--json"]);
    assert_eq!(old.json(), json!({ "executions": 0, "events": 0, "bundles": 0 }), "{old:#?}");
    let all = flov7(dir.path(), &["purge", "--older-than", "0s", "--json"]);
    assert_eq!(all.json(), json!({ "executions": 1, "events": 2, "bundles": 0 }), "{all:#?}");
    assert_eq!(listed(&dir, &[]), [waits.as_str()]);
    assert_eq!(flov7(dir.path(), &["show", &done]).code, Some(2));
    assert_eq!(pay(&dir, &waits, "10")["output"], 10, "what lives goes on");
}
