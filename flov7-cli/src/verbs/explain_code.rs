//! `explain-code`: the page of a finding code, or the list of all.

use flov7::finding::{Code, Example, Stage, code, codes, nearest};
use serde_json::{Map, Value, json};

use super::{Answer, DONE};
use crate::failure::Failure;
use crate::output::Output;

pub(crate) fn run(output: Output, name: Option<&str>) -> Answer {
    let Some(name) = name else {
        output.either(|| Value::Array(codes().iter().map(|code| head(*code)).collect()), list);
        return Ok(DONE);
    };
    let Some(found) = code(name) else {
        let near = nearest(name, codes().iter().map(|code| code.name()));
        let hint = if near.is_empty() { String::new() } else { format!("; nearest: {}", near.join(", ")) };
        return Err(Failure::unreadable(format!("there is no finding code {name:?}{hint}")));
    };
    output.either(|| page(found), || found.page());
    Ok(DONE)
}

/// One line for each code, in the order of the documentation.
fn list() -> String {
    let width = codes().iter().map(|code| code.name().len()).max().unwrap_or_default();
    let lines = codes()
        .iter()
        .map(|code| format!("{:width$}  {:7}  {}\n", code.name(), code.severity().as_str(), code.title()));
    lines.collect()
}

fn head(code: Code) -> Value {
    let stage = match code.stage() {
        Stage::Read => "read",
        Stage::DryRun => "dry-run",
        Stage::Save => "save",
        Stage::Run => "run",
        _ => "validate",
    };
    json!({ "code": code.name(), "severity": code.severity().as_str(), "stage": stage, "title": code.title() })
}

fn page(code: Code) -> Value {
    let mut page = head(code);
    page["why"] = code.why().into();
    page["failing"] = code.failing().document.into();
    page["mended"] = code.mended().document.into();
    page["around"] = json!({ "failing": around(code.failing()), "mended": around(code.mended()) });
    page
}

/// The files around an example, by what they are.
fn around(example: &Example) -> Value {
    let files = [
        ("catalog", example.catalog),
        ("input", example.input),
        ("mocks", example.mocks),
        ("bindings", example.bindings),
        ("limits", example.limits),
    ];
    let there = files.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into())));
    Value::Object(there.collect::<Map<String, Value>>())
}
