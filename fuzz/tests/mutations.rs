//! A small part of what the bin `mutate` runs, and that it is a mutator at all.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

use std::collections::BTreeSet;

use flov7_fuzz::{TARGETS, mutate};

#[test]
fn every_target_survives_changed_seeds() {
    for target in TARGETS {
        let seeds = target.seeds().unwrap();
        assert!(seeds.len() >= 5, "{}", target.name);
        for seed in &seeds {
            (target.run)(seed);
        }
        for number in 0..2_000 {
            (target.run)(&mutate::case(target, &seeds, number));
        }
    }
}

#[test]
fn cases_differ_and_repeat() {
    for target in TARGETS {
        let seeds = target.seeds().unwrap();
        let all: BTreeSet<Vec<u8>> = (0..1_000).map(|number| mutate::case(target, &seeds, number)).collect();
        assert!(all.len() > 900, "{}: {} of 1,000 differ", target.name, all.len());
        assert_eq!(mutate::case(target, &seeds, 7), mutate::case(target, &seeds, 7));
    }
}
