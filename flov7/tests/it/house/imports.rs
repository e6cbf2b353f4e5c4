//! A module imports only from those before it in `lib.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules that neither await nor touch the outside.
const LAST_PURE: &str = "view";

#[test]
fn modules_import_only_from_those_before_them() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let order = order(&fs::read_to_string(src.join("lib.rs")).expect("lib.rs is there"));
    assert!(order.len() > 20, "lib.rs declares its modules: {order:?}");
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in files(&src) {
        let Some(module) = module(&src, &file) else { continue };
        let Some(&at) = order.get(&module) else { panic!("{} belongs to no module", file.display()) };
        let text = fs::read_to_string(&file).expect("source is UTF-8");
        for (number, line) in
            text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
        {
            for imported in imports(line) {
                seen += 1;
                match order.get(imported) {
                    Some(&from) if from > at => {
                        wrong.push(format!("{}:{}: {module} imports {imported}", file.display(), number + 1))
                    }
                    _ => {}
                }
            }
        }
    }
    assert!(seen > 50, "the test sees the imports: {seen}");
    assert!(wrong.is_empty(), "imports point inward:\n{}", wrong.join("\n"));
}

#[test]
fn the_pure_part_never_awaits() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let order = order(&fs::read_to_string(src.join("lib.rs")).expect("lib.rs is there"));
    let last = order[LAST_PURE];
    for file in files(&src) {
        let Some(module) = module(&src, &file) else { continue };
        if order[&module] > last {
            continue;
        }
        let text = fs::read_to_string(&file).expect("source is UTF-8");
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for (number, line) in code.enumerate() {
            assert!(
                !line.contains(".await") && !line.contains("async fn") && !line.contains("tokio::"),
                "{}:{} awaits, and {module} is pure",
                file.display(),
                number + 1
            );
        }
    }
}

#[test]
fn an_import_outward_would_be_seen() {
    let order = order("pub mod id;\npub mod json;\npub mod machine;\n");
    assert!(order["id"] < order["json"] && order["json"] < order["machine"]);
    assert_eq!(imports("use crate::machine::event::Event;").collect::<Vec<_>>(), ["machine"]);
    assert_eq!(
        imports("    let x = crate::json::digest(&crate::id::Name);").collect::<Vec<_>>(),
        ["json", "id"]
    );
    assert_eq!(imports("use crate::{id::Name, json};").collect::<Vec<_>>(), ["id", "json"]);
}

/// The modules of `lib.rs` with their places.
fn order(lib: &str) -> BTreeMap<String, usize> {
    lib.lines()
        .filter_map(|line| line.trim().strip_prefix("pub mod ")?.strip_suffix(';'))
        .enumerate()
        .map(|(at, name)| (name.to_owned(), at))
        .collect()
}

/// The top-level modules that a line names, in `crate::x` and in `crate::{x, y}`.
fn imports(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).flat_map(|rest| {
        let names: Vec<&str> = match rest.strip_prefix('{') {
            // Nested braces are rustfmt's second line at the latest; the first names stand here.
            Some(list) => list.split(',').map(|item| item.trim().split("::").next().unwrap_or("")).collect(),
            None => vec![rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("")],
        };
        names.into_iter().map(|name| name.trim_end_matches(['}', ';'])).filter(|name| !name.is_empty())
    })
}

fn module(src: &Path, file: &Path) -> Option<String> {
    let first = file.strip_prefix(src).ok()?.components().next()?.as_os_str().to_str()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    if name == "lib" { None } else { Some(name.to_owned()) }
}

pub(super) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).expect("the sources are there") {
            let path = entry.expect("the entry is readable").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found
}
