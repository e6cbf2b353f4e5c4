//! Random workflows while everything goes wrong.

use flov7_benches::simulate::simulate;

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
