//! Random workflows while everything goes wrong.

use flov7_benches::simulate::{Flaw, simulate};

#[test]
fn nothing_is_lost_and_nothing_repeated_in_any_of_these_seeds() {
    let mut deaths = 0;
    for seed in 0..40 {
        let outcome = simulate(seed, None);
        assert!(outcome.wrong.is_empty(), "seed {seed}: {:#?}", outcome.wrong);
        deaths += outcome.deaths;
        if seed % 8 == 0 {
            assert_eq!(simulate(seed, None).digest, outcome.digest, "seed {seed} is not the same twice");
        }
    }
    assert!(deaths >= 100, "{deaths}");
}

/// Each defect with a seed that shows it; others are caught elsewhere (docs/decisions/faults.md).
const CAUGHT: &[(Flaw, u64)] = &[
    (Flaw::SignalLost, 1),
    (Flaw::KeyPerAttempt, 1),
    (Flaw::SnapshotWithoutTail, 1),
    (Flaw::DuplicateStart, 0),
];

#[test]
fn each_defect_on_purpose_is_caught() {
    assert_eq!(CAUGHT.len(), Flaw::ALL.len());
    for (flaw, seed) in CAUGHT {
        assert!(!simulate(*seed, Some(*flaw)).wrong.is_empty(), "{flaw:?} stays unseen in seed {seed}");
        assert!(simulate(*seed, None).wrong.is_empty(), "seed {seed} is wrong without {flaw:?}");
    }
}
