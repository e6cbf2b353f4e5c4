//! Power: mutants of the reference workflows, each with one defect, and whether validation says so and where.

mod kinds;
mod site;

use std::collections::BTreeMap;
use std::path::Path;

use flov7::catalog::Catalog;
use flov7::finding::{Finding, Severity};
use flov7::json::{Document, MAX_DEPTH, enter};
use flov7::validate::validate_document;
use serde_json::Value;

use crate::author::http_request;

/// A workflow with one defect.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// What kind of defect it is.
    pub kind: &'static str,
    /// The document.
    pub document: Value,
    /// Where a finding is right: at one of these pointers, or below.
    pub places: Vec<String>,
}

/// What was counted.
#[derive(Debug, Default)]
pub struct Power {
    /// Mutants with a defect.
    pub defects: u64,
    /// Those about which something is said.
    pub reported: u64,
    /// Those about which something is said in the right place.
    pub placed: u64,
    /// Reference workflows in which an error is found.
    pub false_alarms: u64,
    /// Mutants by kind.
    pub kinds: BTreeMap<&'static str, u64>,
    /// Mutants that are no defect: they mean something else, and that is sound.
    pub equivalent: u64,
    /// What was not reported, or not in the right place.
    pub missed: Vec<String>,
}

impl Power {
    /// Whether what the design promises holds: at least 38 kinds, 99 % reported, 95 % in the right place, no false alarm.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        let share = |part: u64| part * 100 / self.defects.max(1);
        self.kinds.len() >= 38
            && share(self.reported) >= 99
            && share(self.placed) >= 95
            && self.false_alarms == 0
    }
}

/// Mutants that are no defect, by workflow, kind and place: whoever writes this means it, as far as a document tells.
pub const EQUIVALENT: &[(&str, &str, &str)] = &[
    // Events that the catalogue does not describe may come from elsewhere.
    ("big_order", "a misspelt event", "/triggers/0/with/name"),
];

/// Mutates every reference workflow of a directory in every way, and counts.
///
/// # Errors
/// What cannot be read.
pub fn measure(directory: &Path) -> Result<Power, String> {
    let workflows = workflows(directory)?;
    let catalog = catalog(directory, &workflows)?;
    let mut power = Power::default();
    for (name, document) in &workflows {
        let before = findings(document, &catalog);
        if before.iter().any(|finding| finding.severity == Severity::Error) {
            power.false_alarms += 1;
            power.missed.push(format!("{name}: {before:?}"));
            continue;
        }
        for mutant in kinds::mutants(document, &catalog) {
            count(&mut power, name, &mutant, &before, &catalog);
        }
    }
    Ok(power)
}

fn count(power: &mut Power, name: &str, mutant: &Mutant, before: &[Finding], catalog: &Catalog) {
    let place = mutant.places.first().map_or("", String::as_str);
    if EQUIVALENT.contains(&(name, mutant.kind, place)) {
        power.equivalent += 1;
        return;
    }
    power.defects += 1;
    *power.kinds.entry(mutant.kind).or_default() += 1;
    let known = |finding: &Finding| {
        before.iter().any(|old| {
            (old.code, &old.pointer, &old.message) == (finding.code, &finding.pointer, &finding.message)
        })
    };
    let found: Vec<Finding> =
        findings(&mutant.document, catalog).into_iter().filter(|finding| !known(finding)).collect();
    if !found.is_empty() {
        power.reported += 1;
    }
    let is_there = |finding: &Finding| mutant.places.iter().any(|place| is_at(&finding.pointer, place));
    if found.iter().any(is_there) {
        power.placed += 1;
        return;
    }
    let said: Vec<String> =
        found.iter().map(|finding| format!("{} at {}", finding.code, finding.pointer)).collect();
    power.missed.push(format!("{name}: {} at {:?}: {said:?}", mutant.kind, mutant.places));
}

/// Whether a pointer leads to a place or below it.
fn is_at(pointer: &str, place: &str) -> bool {
    pointer.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn findings(document: &Value, catalog: &Catalog) -> Vec<Finding> {
    let value = enter(document.clone(), MAX_DEPTH, usize::MAX).unwrap_or(Value::Null);
    let document = Document { value, spans: Default::default() };
    validate_document(&document, catalog).0.findings().to_vec()
}

fn read(path: &Path) -> Result<Value, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    flov7::json::read(&text, &flov7::json::ReadLimits::default())
        .map_err(|fault| format!("{}: {fault}", path.display()))
}

fn workflows(directory: &Path) -> Result<Vec<(String, Value)>, String> {
    let entries =
        std::fs::read_dir(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if name.ends_with(".json") && name != "flov7.catalog.json" {
            found.push((name.trim_end_matches(".json").to_owned(), read(&path)?));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

/// The catalogue of the reference workflows, with the HTTP action, and with the workflows themselves, which call each
/// other.
fn catalog(directory: &Path, workflows: &[(String, Value)]) -> Result<Catalog, String> {
    let read = Catalog::read(&read(&directory.join("flov7.catalog.json"))?);
    let mut catalog = read.map_err(|findings| format!("{findings:?}"))?.with_action(http_request());
    for (_, document) in workflows {
        if let Ok(workflow) = serde_json::from_value(document.clone()) {
            catalog = catalog.with_workflow(workflow);
        }
    }
    Ok(catalog)
}
