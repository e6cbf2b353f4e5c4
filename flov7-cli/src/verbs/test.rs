//! `test`: dry runs of a workflow against what its author expects of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use flov7::error::Error;
use flov7::execute::{DryRun, Mocks};
use flov7::finding::Finding;
use flov7::json::{equal, escape};
use flov7::machine::{Settled, Status};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::execution::word;
use super::validate::{Checked, checked};
use super::{Answer, DONE, FAILED};
use crate::args::{self, Common};
use crate::failure::Failure;
use crate::files;
use crate::output::{Colour, Output, clean, escaped};

/// More cases than this are another file's.
const MOST_CASES: usize = 10_000;

/// A file of cases.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tests {
    flov7_tests: u64,
    /// The workflow, from the directory of this file.
    workflow: PathBuf,
    cases: Vec<Value>,
}

/// One case: an input, what actions give, and what shall come of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: Option<String>,
    #[serde(default = "empty")]
    input: Value,
    mocks: Option<Value>,
    #[serde(default)]
    sample: bool,
    #[serde(default)]
    expected: Expected,
}

/// What shall come of it. What is not named is not looked at.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// The status; `completed` where neither it nor an error is named.
    status: Option<Status>,
    /// The output, exactly.
    output: Option<Value>,
    /// Members of the error.
    error: Option<Map<String, Value>>,
    /// Steps by path: how they settled; null for one that never did.
    #[serde(default)]
    steps: BTreeMap<String, Option<Settled>>,
}

fn empty() -> Value {
    json!({})
}

/// Something that is not as it was expected.
struct Difference {
    /// Where in the answer of `dry-run`, as a JSON Pointer; of a step its path.
    at: String,
    expected: Value,
    found: Value,
}

struct Told {
    name: String,
    differences: Vec<Difference>,
}

pub(crate) fn run(output: Output, common: &Common, args: &args::Test) -> Answer {
    let tests = read(&args.file)?;
    let beside = args.file.parent().unwrap_or(Path::new(""));
    let checked = checked(output, common, &beside.join(&tests.workflow))?;
    // All are read before the first runs: a slip in the last one is no reason to run the others twice.
    let cases = tests.cases.into_iter().enumerate().map(|(at, case)| read_case(&args.file, at + 1, case));
    let cases: Vec<Case> = cases.collect::<Result<_, _>>()?;
    let mut told = Vec::with_capacity(cases.len());
    for (at, case) in cases.into_iter().enumerate() {
        let name = case.name.clone().filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| format!("case {}", at + 1));
        let case = Told { name, differences: differences(&checked, case) };
        if !output.json {
            output.say(&text(output, &case));
        }
        told.push(case);
    }
    let failed = told.iter().filter(|case| !case.differences.is_empty()).count();
    let passed = told.len() - failed;
    output.either(
        || {
            let cases: Vec<Value> = told.iter().map(as_json).collect();
            json!({ "passed": passed, "failed": failed, "cases": cases })
        },
        || format!("{passed} passed, {failed} failed\n"),
    );
    Ok(if failed == 0 { DONE } else { FAILED })
}

fn read(file: &Path) -> Result<Tests, Failure> {
    let wrong = |why: String| Failure::unreadable(format!("{}: {why}", file.display()));
    let value = files::value(file)?;
    if !value.is_object() {
        return Err(wrong("tests are an object with `flov7_tests`, `workflow` and `cases`".to_owned()));
    }
    if value.get("steps").is_some() {
        return Err(wrong(
            "this is a workflow; tests are a file of their own, which names it by `workflow`".to_owned(),
        ));
    }
    let tests: Tests = serde_json::from_value(value).map_err(|error| wrong(error.to_string()))?;
    if tests.flov7_tests != 1 {
        return Err(wrong(format!("`flov7_tests` is 1 in this version, found {}", tests.flov7_tests)));
    }
    if tests.cases.is_empty() || tests.cases.len() > MOST_CASES {
        return Err(wrong(format!("`cases` holds 1 to {MOST_CASES} cases, found {}", tests.cases.len())));
    }
    Ok(tests)
}

/// A case by its number, from 1.
fn read_case(file: &Path, number: usize, case: Value) -> Result<Case, Failure> {
    let wrong = |why: &str| Failure::unreadable(format!("{}, case {number}: {why}", file.display()));
    if !case.is_object() {
        return Err(wrong("a case is an object with `input`, `mocks` and `expected`"));
    }
    let case: Case = serde_json::from_value(case).map_err(|error| wrong(&error.to_string()))?;
    let unknown = |name: &&String| !ERROR.contains(&name.as_str());
    if let Some(name) = case.expected.error.iter().flat_map(Map::keys).find(unknown) {
        return Err(wrong(&format!("an error has no member `{name}`; it has {}", ERROR.join(", "))));
    }
    Ok(case)
}

/// The members of an execution's error (FORMAT, encodings).
const ERROR: [&str; 8] = ["code", "message", "class", "step", "attempt", "retryable", "details", "also"];

fn differences(checked: &Checked, case: Case) -> Vec<Difference> {
    let mocks = match case.mocks.as_ref().map_or_else(|| Ok(Mocks::none()), Mocks::read) {
        Ok(mocks) => mocks,
        Err(report) => return report.findings().iter().map(|finding| cannot("/mocks", finding)).collect(),
    };
    let run = DryRun::new(&checked.valid, case.input).with_mocks(mocks).with_sample(case.sample).run();
    let outcome = match run {
        Ok(outcome) => outcome,
        Err(error) => return refused(&error),
    };
    let view = &outcome.view;
    // What a dry run cannot go on without is all that is said: the rest follows from it.
    let missing = outcome.findings.iter().filter(|finding| finding.code == "mock-missing");
    let missing: Vec<Difference> = missing
        .map(|finding| Difference {
            at: finding.pointer.clone(),
            expected: "a mock, or `sample: true`".into(),
            found: finding.message.clone().into(),
        })
        .collect();
    if !missing.is_empty() {
        return missing;
    }
    let mut found = Vec::new();
    let mut differ = |at: &str, expected: Value, there: Value| {
        let differs = !equal(&expected, &there);
        if differs {
            found.push(Difference { at: at.to_owned(), expected, found: there });
        }
        differs
    };
    let expected = case.expected;
    let error =
        view.error.as_ref().map_or(Value::Null, |error| serde_json::to_value(error).unwrap_or_default());
    let status = match (expected.status, &expected.error) {
        (Some(status), _) => status,
        (None, Some(_)) => Status::Failed,
        (None, None) => Status::Completed,
    };
    // An unexpected failure is told with its reason.
    if differ("/status", word(status).into(), word(view.status).into()) && expected.error.is_none() {
        differ("/error", Value::Null, error.clone());
    }
    if let Some(output) = expected.output {
        differ("/output", output, view.output.clone());
    }
    for (name, value) in expected.error.unwrap_or_default() {
        differ(&format!("/error/{}", escape(&name)), value, error.get(&name).cloned().unwrap_or_default());
    }
    for (path, settled) in expected.steps {
        let step = view.steps.iter().find(|step| step.path.as_str() == path);
        let settled_as = |settled: Option<Settled>| serde_json::to_value(settled).unwrap_or_default();
        differ(&path, settled_as(settled), settled_as(step.and_then(|step| step.settled)));
    }
    found
}

/// A case that cannot be run: of what its author wrote, and why not.
fn cannot(within: &str, finding: &Finding) -> Difference {
    let at = format!("{within}{}", finding.pointer);
    Difference { at, expected: "a case that can be run".into(), found: finding.message.clone().into() }
}

fn refused(error: &Error) -> Vec<Difference> {
    match error.report() {
        Some(report) if !report.findings().is_empty() => {
            report.findings().iter().map(|finding| cannot("", finding)).collect()
        }
        _ => vec![Difference {
            at: "/".to_owned(),
            expected: "a case that can be run".into(),
            found: error.to_string().into(),
        }],
    }
}

fn as_json(case: &Told) -> Value {
    let differences = case
        .differences
        .iter()
        .map(|differ| json!({ "at": differ.at, "expected": differ.expected, "found": differ.found }));
    json!({ "name": case.name, "passed": case.differences.is_empty(), "differences": differences.collect::<Vec<_>>() })
}

fn text(output: Output, case: &Told) -> String {
    if case.differences.is_empty() {
        return format!("{} {}\n", output.paint(Colour::Green, "ok    "), clean(&case.name));
    }
    let mut text = format!("{} {}\n", output.paint(Colour::Red, "FAILED"), clean(&case.name));
    for differ in &case.differences {
        let (expected, found) = (shown(&differ.expected), shown(&differ.found));
        text.push_str(&format!("  {}: expected {expected}, found {found}\n", clean(&differ.at)));
    }
    text
}

/// A value on one line, cut; hidden characters are written out, for they may be all that differs.
fn shown(value: &Value) -> String {
    const MOST: usize = 400;
    let text = escaped(&value.to_string());
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
