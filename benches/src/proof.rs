//! The proof: typed documents are accepted and keep the promise, mutated ones are refused.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use flov7::finding::Severity;
use flov7::json::{ReadLimits, read_document};
use flov7::validate::validate_document;
use serde_json::Value;

use crate::author::{Case, typed};
use crate::dice::Dice;
use crate::play::play;
use crate::verdict::judge;

/// How often each accepted document is played.
const PLAYS: u64 = 2;

/// What one case came to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What is wrong; nothing where all is well.
    pub wrong: Vec<String>,
    /// How executions ended.
    pub ended: BTreeMap<String, u64>,
    /// Kinds of residuals that were listed.
    pub residuals: BTreeMap<&'static str, u64>,
}

/// Accepts and plays a typed document.
#[must_use]
pub fn check_typed(case: &Case) -> Outcome {
    guarded(|| check(case))
}

/// A panic is wrong as well.
fn guarded(check: impl FnOnce() -> Outcome) -> Outcome {
    catch_unwind(AssertUnwindSafe(check)).unwrap_or_else(|panic| {
        let message = panic.downcast_ref::<String>().cloned();
        let message = message.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Outcome { wrong: vec![format!("panicked: {}", message.unwrap_or_default())], ..Outcome::default() }
    })
}

fn check(case: &Case) -> Outcome {
    let mut outcome = Outcome::default();
    let text = case.document.to_string();
    let document = match read_document(&text, &ReadLimits::default()) {
        Ok(document) => document,
        Err(fault) => {
            outcome.wrong.push(format!("the document cannot be read: {fault:?}"));
            return outcome;
        }
    };
    let (report, valid) = validate_document(&document, &case.catalog);
    let Some(valid) = valid else {
        let errors = report.findings().iter().filter(|finding| finding.severity == Severity::Error);
        let said = errors.map(|finding| {
            let written = document.value.pointer(&finding.pointer).map(Value::to_string).unwrap_or_default();
            format!(
                "refused: {} at {}: {} <- {written} ({:?})",
                finding.code, finding.pointer, finding.message, finding.found
            )
        });
        outcome.wrong.extend(said);
        return outcome;
    };
    for residual in valid.residuals() {
        *outcome.residuals.entry(residual.kind.as_str()).or_default() += 1;
    }
    for round in 0..PLAYS {
        let mut dice = Dice::new(case.seed.wrapping_mul(31).wrapping_add(round));
        let played = play(&valid, &case.world, &mut dice);
        let status = played.status.map_or("none".to_owned(), |status| format!("{status:?}").to_lowercase());
        *outcome.ended.entry(status).or_default() += 1;
        outcome.wrong.extend(judge(&played, valid.residuals(), &case.world));
    }
    outcome
}

/// The typed case of a seed, checked.
#[must_use]
pub fn typed_case(seed: u64) -> (Option<Case>, Outcome) {
    let made = catch_unwind(|| typed(seed));
    match made {
        Ok(case) => {
            let outcome = check_typed(&case);
            (Some(case), outcome)
        }
        Err(_) => (None, Outcome { wrong: vec!["the generator panicked".to_owned()], ..Outcome::default() }),
    }
}
