//! `graph`, `show --format` and `diff`: pictures and differences through the command line.

use std::fs;

use serde_json::json;

use crate::world::{Dir, examples, flov7};

#[test]
fn graph_draws_svg_and_mermaid_and_writes_files() {
    let dir = Dir::new();
    let file = examples().join("big_order.json").to_str().unwrap().to_owned();
    let both = flov7(dir.path(), &["graph", &file, "--json"]).json();
    assert_eq!(both.as_object().unwrap().len(), 2, "{both:#}");
    let (svg, mermaid) = (both["svg"].as_str().unwrap(), both["mermaid"].as_str().unwrap());
    assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n"), "{svg}");
    assert!(svg.contains("<title id=\"t") && svg.contains(">big_order</title>"), "{svg}");
    assert_eq!(flov7(dir.path(), &["graph", &file]).stdout, mermaid, "Mermaid without being asked");
    assert_eq!(flov7(dir.path(), &["graph", &file, "--format", "mermaid"]).stdout, mermaid);
    let ran = flov7(dir.path(), &["graph", &file, "--format", "svg"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), svg), "{ran:#?}");
    let ran = flov7(dir.path(), &["graph", &file, "--format", "svg", "--out", "picture.svg"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{ran:#?}");
    assert!(ran.stderr.contains("picture.svg"), "{ran:#?}");
    let path = dir.path().join("picture.svg");
    assert_eq!(fs::read_to_string(&path).unwrap(), svg);
    // A file that is there stays, unless it may go.
    fs::write(&path, "mine").unwrap();
    let ran = flov7(dir.path(), &["graph", &file, "--out", "picture.svg"]);
    assert_eq!((ran.code, fs::read_to_string(&path).unwrap().as_str()), (Some(2), "mine"), "{ran:#?}");
    assert!(ran.stderr.contains("--force"), "{ran:#?}");
    let ran = flov7(dir.path(), &["graph", &file, "--out", "picture.svg", "--force", "--json"]);
    assert_eq!((ran.code, ran.json()["file"].as_str()), (Some(0), Some("picture.svg")), "{ran:#?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), mermaid);
    assert_eq!(flov7(dir.path(), &["graph", &file, "--format", "png"]).code, Some(2));
}

#[test]
fn show_draws_what_became_of_each_step() {
    let dir = Dir::new();
    dir.write(
        "ask.json",
        r#"{ "flov7": 1, "name": "ask", "steps": [ { "id": "made", "data": { "set": 1 } },
            { "id": "ok", "action": { "use": "core.approve", "with": { "title": "Go on?" } } },
            { "id": "last", "data": { "set": 2 } } ] }"#,
    );
    let ran = flov7(dir.path(), &["run", "ask.json", "--json"]);
    assert_eq!(ran.code, Some(5), "{ran:#?}");
    let id = ran.json()["execution"].as_str().unwrap().to_owned();
    // Its document is in the store: no file is read.
    fs::remove_file(dir.path().join("ask.json")).unwrap();
    let ran = flov7(dir.path(), &["show", &id, "--format", "svg"]);
    assert_eq!(ran.code, Some(5), "the exit code is that of its status: {ran:#?}");
    for said in ["box data done", "✓ done", "box person waiting", "◷ waiting for approval"] {
        assert!(ran.stdout.contains(said), "{said}: {ran:#?}");
    }
    let ran = flov7(dir.path(), &["show", &id, "--format", "mermaid", "--out", "now.mmd"]);
    assert_eq!(ran.code, Some(5), "{ran:#?}");
    let text = fs::read_to_string(dir.path().join("now.mmd")).unwrap();
    assert!(
        text.starts_with("flowchart TD\n") && text.contains("waiting for approval\"/]:::waiting\n"),
        "{text}"
    );
    let mut said = flov7(dir.path(), &["show", &id, "--format", "svg", "--json"]).json();
    assert!(said["svg"].as_str().unwrap().contains("box person waiting"), "{said:#}");
    let members = said.as_object_mut().unwrap();
    assert!(members.remove("svg").is_some() && members.remove("mermaid").is_some());
    assert_eq!(said, flov7(dir.path(), &["show", &id, "--json"]).json(), "the view is beside the picture");
    assert_eq!(flov7(dir.path(), &["show", &id, "--format", "svg", "--watch"]).code, Some(2));
    assert_eq!(flov7(dir.path(), &["show", &id, "--out", "x.svg"]).code, Some(2));
    flov7(dir.path(), &["approve", &id, "--no"]);
    flov7(dir.path(), &["resume", &id]);
    let ran = flov7(dir.path(), &["show", &id, "--format", "svg"]);
    assert!(!ran.stdout.contains("box person waiting") && ran.stdout.contains("box end "), "{ran:#?}");
}

#[test]
fn diff_says_and_draws_what_two_revisions_differ_in() {
    let dir = Dir::new();
    let text = |value: u32, more: &str| {
        format!(
            r#"{{ "flov7": 1, "name": "w", "steps": [ {{ "id": "a", "data": {{ "set": {value} }} }}{more} ] }}"#
        )
    };
    dir.write("old.json", &text(1, ""));
    // It need not be sound: `b` reads what there is not.
    dir.write("new.json", &text(2, r#", { "id": "b", "data": { "set": "${ input.none }" } }"#));
    let ran = flov7(dir.path(), &["diff", "old.json", "new.json"]);
    let words =
        "1 step added, 1 step changed\n≠ a: changed\n    data.set: 1 → 2\n+ b: added, in the workflow\n";
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), words), "{ran:#?}");
    let said = flov7(dir.path(), &["diff", "old.json", "new.json", "--json"]).json();
    let steps = json!([
        { "id": "a", "change": "changed", "details": [{ "member": "data.set", "old": "1", "new": "2" }] },
        { "id": "b", "change": "added", "to": "the workflow" }
    ]);
    assert_eq!(said, json!({ "same": false, "document": [], "steps": steps, "text": words }));
    let ran = flov7(dir.path(), &["diff", "old.json", "new.json", "--format", "svg"]);
    assert!(ran.stdout.contains("box data changed") && ran.stdout.contains("box data added"), "{ran:#?}");
    let ran = flov7(dir.path(), &["diff", "new.json", "old.json", "--format", "mermaid"]);
    assert!(ran.stdout.contains(":::removed\n"), "{ran:#?}");
    let said = flov7(dir.path(), &["diff", "old.json", "old.json", "--json"]).json();
    assert_eq!((&said["same"], &said["text"]), (&json!(true), &json!("no difference\n")));
    dir.write("bad.json", r#"{ "flov7": 1 }"#);
    let ran = flov7(dir.path(), &["diff", "old.json", "bad.json", "--json"]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(ran.stdout.contains("bad.json"), "{ran:#?}");
}
