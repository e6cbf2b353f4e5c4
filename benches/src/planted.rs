//! The proof can fail: bugs on purpose, each of which it must catch.

pub use flov7::planted::Bug;
use flov7::planted::plant;

use crate::proof::{Plan, prove};

/// A bug that was caught.
#[derive(Debug)]
pub struct Caught {
    /// How many cases there were until then.
    pub cases: u64,
    /// What gave it away.
    pub complaint: String,
}

/// Plants a bug and looks for it in at most so many cases from a seed on. Nothing where it stays unseen.
///
/// A case that is wrong without the bug as well says nothing about it.
#[must_use]
pub fn hunt(bug: Bug, seed: u64, cases: u64) -> Option<Caught> {
    let (mut at, end) = (seed, seed.saturating_add(cases));
    while at < end {
        let plan =
            Plan { enough: 1, shrinks: false, prepare: &|| plant(Some(bug)), ..Plan::new(at, end - at) };
        let wrong = prove(&plan, &|_| {}).wrong.into_iter().next()?;
        let sound = Plan { shrinks: false, threads: 1, ..Plan::new(wrong.seed, 1) };
        if prove(&sound, &|_| {}).wrong.is_empty() {
            let complaint = wrong.complaints.into_iter().next()?;
            return Some(Caught { cases: wrong.seed - seed + 1, complaint });
        }
        at = wrong.seed + 1;
    }
    None
}
