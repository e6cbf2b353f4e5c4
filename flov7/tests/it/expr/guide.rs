//! The guide's page on expressions: every example runs, every function and macro has a row.

use std::collections::BTreeSet;

use flov7::expr::{Fuel, Function, Limits, MacroKind, Named, Timestamp, TypeEnv, parse};
use flov7::finding::Severity;
use flov7::types::{Kind, Kinds, Type};
use serde_json::Value;

pub(crate) const PAGE: &str = include_str!("../../../../docs/guide/expressions.md");

/// One row of a table.
struct Row {
    write: String,
    gives: String,
    example: String,
    value: String,
}

/// The rows of all tables with the five columns.
fn rows() -> Vec<Row> {
    const HEADER: &str = "| Write | Gives | What | Example | Value |";
    let mut rows = Vec::new();
    let mut inside = false;
    for line in PAGE.lines() {
        if line == HEADER {
            inside = true;
        } else if !line.starts_with('|') {
            inside = false;
        } else if inside && !line.starts_with("|---") {
            let line = line.replace("\\|", "\u{0}");
            let cells: Vec<String> = line.split('|').map(|cell| cell.trim().replace('\u{0}', "|")).collect();
            let [_, write, gives, _, example, value, _] = cells.as_slice() else {
                panic!("five columns: {line}")
            };
            let code = |cell: &str| cell.trim_matches('`').trim().to_owned();
            // In two back-ticks where there is one inside.
            let example = example.strip_prefix("``").and_then(|rest| rest.strip_suffix("``")).map_or_else(
                || example.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')).map(str::to_owned),
                |inside| Some(inside.trim().to_owned()),
            );
            rows.push(Row {
                write: write.clone(),
                gives: gives.clone(),
                example: example.unwrap_or_else(|| panic!("no example: {line}")),
                value: code(value),
            });
        }
    }
    rows
}

/// The `input` that the page shows.
fn input() -> Value {
    let (_, rest) = PAGE.split_once("```json\n").unwrap();
    serde_json::from_str(rest.split_once("```").unwrap().0).unwrap()
}

/// The kinds that the second column names.
fn kinds(gives: &str) -> Option<Kinds> {
    if matches!(gives, "anything" | "optional") {
        return None;
    }
    let rest = gives.replace("true or false", "bool").replace(" or ", ", ");
    Some(rest.split(", ").fold(Kinds::NONE, |kinds, word| {
        kinds.and(match word {
            "number" => Kind::Number,
            // What times and durations leave as.
            "text" | "time" | "duration" => Kind::Text,
            "bool" => Kind::Bool,
            "list" => Kind::List,
            "object" => Kind::Map,
            other => panic!("no kind: {other}"),
        })
    }))
}

#[test]
fn every_example_of_the_guide_has_its_value() {
    let input = input();
    let types = TypeEnv::new().with_root("input", Type::of_value(&input).widen_literals());
    let exact = TypeEnv::new().with_root("input", Type::of_value(&input));
    let env = Named::new().with_root("input", input).at(Timestamp::read("2026-11-22T08:30:00Z").unwrap());
    let rows = rows();
    assert!(rows.len() > 110, "{} rows", rows.len());
    for Row { write, gives, example, value, .. } in &rows {
        let expr =
            parse(example, &Limits::default()).unwrap_or_else(|faults| panic!("{example}: {faults:?}"));
        let found = expr.eval(&env, &mut Fuel::new()).unwrap_or_else(|error| panic!("{example}: {error}"));
        let expected: Value = serde_json::from_str(value)
            .unwrap_or_else(|error| panic!("{example}: {value} is no JSON: {error}"));
        assert!(flov7::json::equal(&found, &expected), "{example} is {found}, the page says {expected}");
        // The constant types know which members are there, the widened ones do not know what is in them.
        let errors = [&exact, &types].map(|types| {
            let findings = expr.check(types).findings;
            findings.into_iter().filter(|finding| finding.severity == Severity::Error).collect::<Vec<_>>()
        });
        assert!(errors.iter().any(Vec::is_empty), "{example}: {errors:?}");
        let declared = expr.check(&types).ty.kinds();
        let Some(allowed) = kinds(gives) else { continue };
        // An example may show several at once, in a list.
        assert!(
            declared.within(allowed)
                || (declared == Kinds::only(Kind::List) && found.is_array())
                || (write.contains("timestamp(") && declared == Kinds::only(Kind::Bool)),
            "{example}: {declared:?}, the page says {gives}"
        );
    }
}

#[test]
fn every_function_macro_and_operator_is_in_the_guide() {
    let rows = rows();
    let written: Vec<&str> = rows.iter().map(|row| row.write.as_str()).collect();
    let names = Function::ALL.iter().map(|f| f.name()).chain(MacroKind::ALL.iter().map(|kind| kind.name()));
    for name in names.chain(["has"]) {
        let found = written.iter().any(|write| {
            write.match_indices(&format!("{name}(")).any(|(at, _)| {
                let before = write[..at].chars().next_back();
                before.is_none_or(|before| before == '`' || before == '.') && {
                    // `t.round(` is not `math.round(`.
                    name.contains('.')
                        || !["math.", "url.", "base64.", "strings.", "optional.", "cel."]
                            .iter()
                            .any(|space| write[..at].ends_with(space))
                }
            })
        });
        assert!(found, "`{name}` has no row");
    }
    for sign in [
        "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", " in ", "&&", "||", "!", " ? ", ".?", "[?",
    ] {
        assert!(written.iter().any(|write| write.contains(sign)), "`{sign}` has no row");
    }
    // Nothing is written twice.
    let mut seen = BTreeSet::new();
    assert!(written.iter().all(|write| seen.insert(*write)));
}
