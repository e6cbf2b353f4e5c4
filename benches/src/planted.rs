//! The proof can fail: bugs on purpose, each of which it must catch.

pub use flov7::planted::Bug;
use flov7::planted::plant;

use crate::proof::{Plan, prove};

/// A bug that was caught.
#[derive(Debug)]
pub struct Caught {
    /// How many typed documents were looked at until then.
    pub cases: u64,
    /// What gave it away.
    pub complaint: String,
}

/// Plants a bug and looks for it in at most so many cases from a seed on. Nothing where it stays unseen.
#[must_use]
pub fn hunt(bug: Bug, seed: u64, cases: u64) -> Option<Caught> {
    let plan = Plan { enough: 1, shrinks: false, prepare: &|| plant(Some(bug)), ..Plan::new(seed, cases) };
    let totals = prove(&plan, &|_| {});
    let complaint = totals.wrong.into_iter().next()?.complaints.into_iter().next()?;
    Some(Caught { cases: totals.typed, complaint })
}
