//! How many crates a build takes, and under which licences.

use std::collections::BTreeSet;

use serde_json::Value;

use super::cargo;

/// Promise 5 of the design: crates of a default build, our own not counted.
const CORE: usize = 32;
/// The same with the embedded store.
const WITH_SQLITE: usize = 48;

#[test]
fn the_core_stays_small() {
    let crates = tree("flov7");
    assert!(crates.len() <= CORE, "{} crates, {CORE} allowed: {crates:#?}", crates.len());
}

#[test]
fn the_core_with_its_store_stays_small() {
    let crates = tree("flov7-sqlite");
    assert!(crates.len() <= WITH_SQLITE, "{} crates, {WITH_SQLITE} allowed: {crates:#?}", crates.len());
}

#[test]
fn every_dependency_has_a_licence_that_we_allow() {
    const ALLOWED: &[&str] = &[
        "MIT",
        "Apache-2.0",
        "Apache-2.0 WITH LLVM-exception",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "Zlib",
        "0BSD",
        "Unlicense",
        "CC0-1.0",
        "Unicode-3.0",
        "CDLA-Permissive-2.0",
        "BSL-1.0",
        "MIT-0",
        "OpenSSL",
    ];
    let metadata =
        cargo(&["metadata", "--format-version", "1", "--filter-platform", "x86_64-unknown-linux-gnu"]);
    let metadata: Value = serde_json::from_str(&metadata).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array().expect("packages is a list");
    assert!(packages.len() > 30);
    for package in packages {
        let licence = package["license"].as_str().unwrap_or("none stated");
        assert!(allowed(licence, ALLOWED), "{} {}: {licence}", package["name"], package["version"]);
    }
    assert!(!allowed("AGPL-3.0", ALLOWED), "the test can fail");
    assert!(!allowed("MIT AND GPL-3.0-only", ALLOWED), "every side of AND counts");
    assert!(allowed("GPL-3.0-only OR (MIT AND ISC)", ALLOWED), "one side of OR is enough");
}

/// Whether an SPDX expression can be satisfied with allowed licences: OR needs one side, AND needs all.
fn allowed(expression: &str, list: &[&str]) -> bool {
    let text = expression.replace('/', " OR ");
    let text = text.trim();
    if let Some(sides) = split(text, " OR ") {
        return sides.iter().any(|side| allowed(side, list));
    }
    if let Some(sides) = split(text, " AND ") {
        return sides.iter().all(|side| allowed(side, list));
    }
    match text.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => allowed(inner, list),
        None => list.contains(&text),
    }
}

/// Splits at an operator outside parentheses; nothing when it does not occur there.
fn split<'a>(text: &'a str, operator: &str) -> Option<Vec<&'a str>> {
    let mut sides = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if depth == 0 && text[at..].starts_with(operator) => {
                sides.push(&text[start..at]);
                start = at + operator.len();
            }
            _ => {}
        }
    }
    if sides.is_empty() {
        return None;
    }
    sides.push(&text[start..]);
    Some(sides)
}

/// The crates of a build on Linux, build scripts and derive macros included, our own left out.
fn tree(package: &str) -> BTreeSet<String> {
    let args = [
        "tree",
        "-p",
        package,
        "-e",
        "normal,build",
        "--target",
        "x86_64-unknown-linux-gnu",
        "--prefix",
        "none",
    ];
    cargo(&args)
        .lines()
        .map(|line| line.trim_end_matches(" (*)").to_owned())
        .filter(|line| !line.is_empty() && !line.starts_with("flov7"))
        .collect()
}
