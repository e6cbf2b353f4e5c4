//! Random workflows on virtual time, several executions at once, while everything goes wrong: stores that fail, machines
//! that crash and stall, clocks that jump, people who come late. The same seed is the same run, to the last byte of every
//! journal.

mod flaw;
pub(crate) mod invariants;
pub(crate) mod stage;

pub use flaw::Flaw;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use flov7::validate::ValidWorkflow;
use flov7_conformance::simulation::Simulation;

use crate::author::Case;
use crate::dice::Dice;
use crate::proof::sound;

/// What became of one seed.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What must never be, and was.
    pub wrong: Vec<String>,
    /// A digest of all journals.
    pub digest: String,
    /// How many executions ended.
    pub ended: u64,
    /// How many processes died.
    pub deaths: u64,
    /// How many operations of the store went wrong.
    pub mishaps: u64,
    /// How many calls of actions there were.
    pub calls: u64,
}

/// Runs one seed, with a flaw or without.
#[must_use]
pub fn simulate(seed: u64, flaw: Option<Flaw>) -> Outcome {
    let run = AssertUnwindSafe(|| {
        let Some((case, workflow)) = case_of(seed) else { return Outcome::default() };
        let simulation = Simulation::new().with_horizon(Duration::from_secs(2 * 86_400));
        let stage = stage::Stage::new(&case, &workflow, simulation.clock(), Dice::new(seed ^ 0x51u64), flaw);
        match simulation.run(stage.play()) {
            Ok(outcome) => outcome,
            Err(stuck) => Outcome { wrong: vec![stuck.to_string()], ..Outcome::default() },
        }
    });
    catch_unwind(run).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Outcome { wrong: vec![format!("panicked: {}", text.unwrap_or_default())], ..Outcome::default() }
    })
}

/// The workflow of a seed.
pub(crate) fn case_of(seed: u64) -> Option<(Case, ValidWorkflow)> {
    let (case, _) = sound(seed);
    let (_, workflow) = crate::proof::validated(&case, &case.document);
    Some((case, workflow?))
}
