//! `test`: dry runs of a workflow against what its author expects of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use flov7::execute::{DryRun, Mocks};
use flov7::json::{equal, escape};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::execution::{short, word};
use super::validate::{Checked, checked};
use super::{Answer, DONE, FAILED};
use crate::args::{self, Common};
use crate::failure::Failure;
use crate::files;
use crate::output::{Colour, Output, clean};

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
    status: Option<String>,
    /// The output, exactly.
    output: Option<Value>,
    /// Members of the error.
    error: Option<Map<String, Value>>,
    /// Steps by path: how they settled.
    #[serde(default)]
    steps: BTreeMap<String, String>,
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
    let mut told = Vec::with_capacity(tests.cases.len());
    for (at, case) in tests.cases.into_iter().enumerate() {
        let case: Case = serde_json::from_value(case).map_err(|error| {
            Failure::unreadable(format!("{}, case {}: {error}", args.file.display(), at + 1))
        })?;
        let name = case.name.clone().unwrap_or_else(|| format!("case {}", at + 1));
        let differences = differences(&checked, case, &name)?;
        let case = Told { name, differences };
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
    let tests: Tests =
        serde_json::from_value(files::value(file)?).map_err(|error| wrong(error.to_string()))?;
    if tests.flov7_tests != 1 {
        return Err(wrong(format!("`flov7_tests` is 1 in this version, found {}", tests.flov7_tests)));
    }
    if tests.cases.is_empty() || tests.cases.len() > MOST_CASES {
        return Err(wrong(format!("`cases` holds 1 to {MOST_CASES} cases, found {}", tests.cases.len())));
    }
    Ok(tests)
}

fn differences(checked: &Checked, case: Case, name: &str) -> Result<Vec<Difference>, Failure> {
    let mocks = match &case.mocks {
        None => Mocks::none(),
        Some(mocks) => Mocks::read(mocks).map_err(|report| {
            Failure::refused(format!("the mocks of {name} are not sound"), report.into_parts().0)
        })?,
    };
    let outcome = DryRun::new(&checked.valid, case.input).with_mocks(mocks).with_sample(case.sample).run()?;
    let view = &outcome.view;
    let mut found = Vec::new();
    let mut differ = |at: &str, expected: Value, there: Value| {
        if !equal(&expected, &there) {
            found.push(Difference { at: at.to_owned(), expected, found: there });
        }
    };
    // What a dry run cannot go on without is said before what follows from it.
    for missing in outcome.findings.iter().filter(|finding| finding.code == "mock-missing") {
        differ(&missing.pointer, "a mock".into(), missing.message.clone().into());
    }
    let expected = case.expected;
    let error =
        view.error.as_ref().map_or(Value::Null, |error| serde_json::to_value(error).unwrap_or_default());
    match (expected.status, &expected.error) {
        (Some(status), _) => differ("/status", status.into(), word(view.status).into()),
        (None, Some(_)) => differ("/status", "failed".into(), word(view.status).into()),
        (None, None) => differ("/status", "completed".into(), word(view.status).into()),
    }
    if let Some(output) = expected.output {
        differ("/output", output, view.output.clone());
    }
    for (name, value) in expected.error.unwrap_or_default() {
        differ(&format!("/error/{}", escape(&name)), value, error.get(&name).cloned().unwrap_or_default());
    }
    for (path, settled) in expected.steps {
        let step = view.steps.iter().find(|step| step.path.as_str() == path);
        let there = step.map_or(Value::Null, |step| serde_json::to_value(step.settled).unwrap_or_default());
        differ(&path, settled.into(), there);
    }
    // An unexpected failure is told with its reason.
    if !found.is_empty() && !error.is_null() && !found.iter().any(|differ| differ.at.starts_with("/error")) {
        found.push(Difference { at: "/error".into(), expected: Value::Null, found: error });
    }
    Ok(found)
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
        let (expected, found) = (short(&differ.expected, 400), short(&differ.found, 400));
        text.push_str(&format!("  {}: expected {expected}, found {found}\n", clean(&differ.at)));
    }
    text
}
