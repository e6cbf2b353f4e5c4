//! The reference workflows through the command line: checked, dry, and for real.

use std::fs;

use crate::world::{Dir, Shop, assert_view, cases, examples, exit_of, finish, flov7, real_cases, run, start};

#[test]
fn there_are_enough_of_them_and_each_has_cases() {
    let names: std::collections::BTreeSet<String> =
        cases().iter().map(|case| case.file.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert!(names.len() >= 26, "{names:?}");
    let files = fs::read_dir(examples()).unwrap().filter(|entry| {
        let path = entry.as_ref().unwrap().path();
        path.extension().is_some_and(|e| e == "json") && !path.ends_with("flov7.catalog.json")
    });
    assert_eq!(files.count(), names.len(), "each workflow has its cases");
}

#[test]
fn each_validates_explains_and_draws() {
    let dir = Dir::new();
    for case in cases() {
        let file = case.file.to_str().unwrap();
        let ran = flov7(dir.path(), &["validate", file, "--json"]);
        assert_eq!(ran.code, Some(0), "{}: {ran:#?}", case.name);
        assert_eq!(ran.json()["valid"], true, "{}", case.name);
        let text =
            flov7(dir.path(), &["explain", file, "--json"]).json()["text"].as_str().unwrap().to_owned();
        assert!(text.contains("Steps:"), "{}: {text}", case.name);
        let mermaid =
            flov7(dir.path(), &["graph", file, "--json"]).json()["mermaid"].as_str().unwrap().to_owned();
        assert!(mermaid.starts_with("flowchart TD"), "{}: {mermaid}", case.name);
    }
}

#[test]
fn each_runs_dry_as_expected() {
    for case in cases().into_iter().filter(|case| case.case["no_dry"] != true) {
        let dir = Dir::new();
        let mocks = dir.write("mocks.json", &case.case["mocks"].to_string());
        let input = case.case["input"].to_string();
        let file = case.file.to_str().unwrap();
        let args = ["dry-run", file, "--input", &input, "--mocks", mocks.to_str().unwrap(), "--json"];
        let ran = flov7(dir.path(), &args);
        let mut expect = case.case["expect"].clone();
        if let Some(output) = case.case.get("dry_output") {
            expect["output"] = output.clone();
        }
        assert_view(&case.name, &ran.json(), &expect);
        assert_eq!(ran.code, Some(exit_of(&expect["status"])), "{}: {ran:#?}", case.name);
        assert!(!dir.path().join("flov7.db").exists(), "{}: a dry run leaves nothing", case.name);
    }
}

#[test]
fn each_runs_for_real_as_expected() {
    for case in real_cases() {
        let dir = Dir::new();
        let shop = Shop::start(dir.path());
        let bindings = shop.bindings(&dir);
        let ran = run(start(&dir, &bindings, &case));
        let view = ran.json();
        assert_eq!(ran.code, Some(exit_of(&view["status"])), "{}: {ran:#?}", case.name);
        let view = finish(&dir, &bindings, &case, view);
        assert_view(&case.name, &view, &case.case["expect"]);
        for (path, attempts) in case.case["attempts"].as_object().into_iter().flatten() {
            let step = view["steps"].as_array().unwrap().iter().find(|step| step["path"] == **path).unwrap();
            assert_eq!(&step["attempts"], attempts, "{}: {path}", case.name);
        }
        // What ended stays as it is.
        let again = flov7(dir.path(), &["show", view["execution"].as_str().unwrap(), "--json"]);
        assert_eq!(again.json(), view, "{}", case.name);
        assert_eq!(again.code, Some(exit_of(&view["status"])), "{}", case.name);
    }
}
