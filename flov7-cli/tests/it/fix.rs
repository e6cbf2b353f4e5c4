//! `validate --fix`, `explain-code`, and the codes that only a run shows.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use flov7::finding::{Code, Example, Stage, codes};
use serde_json::{Value, json};

use crate::world::{Dir, command, flov7};

const BROKEN: &str = r#"{ "flov7": 1,   "name": "x",
  "steps": [
    { "id": "total", "data": { "set": 1.50 } },
    { "id": "show", "timeuot": "1h", "data": { "set": "${ steps.totla }" } } ] }
"#;
const MENDED: &str = r#"{ "flov7": 1,   "name": "x",
  "steps": [
    { "id": "total", "data": { "set": 1.50 } },
    { "id": "show", "timeout": "1h", "data": { "set": "${ steps.total }" } } ] }
"#;

#[test]
fn fix_mends_the_file_and_touches_nothing_else() {
    let dir = Dir::new();
    let file = dir.write("a.json", BROKEN);
    let ran = flov7(dir.path(), &["validate", "--fix", "a.json"]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), MENDED);
    assert!(
        ran.stdout.contains("mended a.json:4:21: unknown-member: a step has no member `timeuot`"),
        "{ran:#?}"
    );
    assert!(ran.stdout.ends_with("a.json: valid\n"), "{ran:#?}");
    // Nothing is left beside it, and nothing is left to do.
    let names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["a.json"]);
    let again = flov7(dir.path(), &["validate", "--fix", "a.json", "--json"]).json();
    assert_eq!((&again["valid"], &again["fixed"]), (&json!(true), &json!([])));
}

#[test]
fn fix_lists_what_was_fixed_and_what_is_left() {
    let dir = Dir::new();
    let text = BROKEN.replace("1.50", "\"${ nobody }\"");
    dir.write("a.json", &text);
    let ran = flov7(dir.path(), &["validate", "a.json", "--fix", "--json"]);
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    let answer = ran.json();
    let codes = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(codes(&answer["fixed"]), ["unknown-member", "unknown-step"]);
    assert_eq!(codes(&answer["findings"]), ["unknown-root"]);
    assert!(answer.get("text").is_none());
}

#[test]
fn fix_of_standard_input_prints_the_document() {
    let dir = Dir::new();
    let feed = |args: &[&str]| {
        let mut child = command(dir.path(), args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(BROKEN.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let out = feed(&["validate", "--fix", "-"]);
    assert_eq!(out.status.code(), Some(0));
    assert_eq!(String::from_utf8(out.stdout).unwrap(), MENDED);
    assert!(String::from_utf8(out.stderr).unwrap().contains("standard input: valid"));
    let out = feed(&["validate", "--fix", "-", "--json"]);
    let answer: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(answer["text"], MENDED);
}

#[test]
fn fix_edits_json_alone() {
    let dir = Dir::new();
    let file = dir.write("a.yaml", "flov7: 1\nnmae: x\nsteps: [ { id: a, data: { sett: 1 } } ]\n");
    let ran = flov7(dir.path(), &["validate", "--fix", "a.yaml"]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(ran.stderr.contains("--fix edits JSON alone"), "{ran:#?}");
    assert!(fs::read_to_string(&file).unwrap().contains("sett"));
}

#[cfg(unix)]
#[test]
fn fix_replaces_what_a_link_leads_to_and_keeps_permissions() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let dir = Dir::new();
    let file = dir.write("real.json", BROKEN);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.json", dir.path().join("link.json")).unwrap();
    assert_eq!(flov7(dir.path(), &["validate", "--fix", "link.json"]).code, Some(0));
    assert!(dir.path().join("link.json").symlink_metadata().unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&file).unwrap(), MENDED);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn explain_code_prints_one_page_or_lists_all() {
    let dir = Dir::new();
    let page = flov7(dir.path(), &["explain-code", "maybe-absent"]);
    assert_eq!((page.code, page.stdout.as_str()), (Some(0), Code::MAYBE_ABSENT.page().as_str()));
    let list = flov7(dir.path(), &["explain-code"]);
    assert_eq!((list.code, list.stdout.lines().count()), (Some(0), codes().len()));
    let list = flov7(dir.path(), &["explain-code", "--json"]).json();
    assert_eq!(list.as_array().unwrap().len(), codes().len());
    let page = flov7(dir.path(), &["explain-code", "mock-missing", "--json"]).json();
    assert_eq!((&page["stage"], &page["severity"]), (&json!("dry-run"), &json!("error")));
    let none = flov7(dir.path(), &["explain-code", "maybe-absend"]);
    assert_eq!(none.code, Some(2));
    assert!(none.stderr.contains("nearest: maybe-absent"), "{none:#?}");
}

/// What validation cannot find is found by running the pages' examples.
#[test]
fn codes_of_runs_are_shown_by_running_their_examples() {
    let later: Vec<Code> =
        codes().iter().copied().filter(|code| matches!(code.stage(), Stage::DryRun | Stage::Run)).collect();
    assert!(later.len() >= 3, "{later:?}");
    for code in later {
        let failing = ran(code, code.failing());
        assert!(failing.0.contains(&code.name().to_owned()), "{code}: {failing:?}");
        assert_ne!(failing.1, Some(0), "{code}");
        let mended = ran(code, code.mended());
        assert!(!mended.0.contains(&code.name().to_owned()), "{code}: {mended:?}");
    }
}

/// The codes that running an example finds, and how it ends.
fn ran(code: Code, example: &Example) -> (Vec<String>, Option<i32>) {
    let dir = Dir::new();
    dir.write("flov7.json", example.document);
    let mut args = vec![if code.stage() == Stage::Run { "run" } else { "dry-run" }, "flov7.json", "--json"];
    let input = example.input.unwrap_or("{}");
    args.extend(["--input", input]);
    for (option, name, text) in [
        ("--catalog", "catalog.json", example.catalog),
        ("--mocks", "mocks.json", example.mocks),
        ("--bindings", "bindings.json", example.bindings),
    ] {
        if let Some(text) = text {
            dir.write(name, text);
            args.extend([option, name]);
        }
    }
    let ran = flov7(dir.path(), &args);
    let answer = ran.json();
    let found = answer["findings"].as_array().into_iter().flatten();
    (found.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect(), ran.code)
}
