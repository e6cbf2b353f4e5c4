//! Each fault finds a place in some document, and is found there.

use flov7_benches::author::typed;
use flov7_benches::dice::Dice;
use flov7_benches::fault::{faults, planted};
use flov7_benches::proof::check_mutated;

#[test]
fn every_fault_is_found_where_it_was_planted() {
    let cases: Vec<_> = (0..1_500).map(typed).collect();
    for fault in faults() {
        let mut mutants = cases.iter().filter_map(|case| {
            let mutant = planted(fault, case, &mut Dice::new(case.seed))?;
            Some((case, mutant))
        });
        let (case, mutant) = mutants.next().unwrap_or_else(|| panic!("no place for {}", fault.name));
        assert_ne!(mutant.document, case.document, "{}", fault.name);
        let wrong = check_mutated(case, &mutant);
        assert!(wrong.is_empty(), "seed {}: {wrong:?}", case.seed);
        // Without the fault nothing is found, so the check can fail.
        let sound = flov7_benches::fault::Mutated { document: case.document.clone(), ..mutant };
        assert_eq!(check_mutated(case, &sound).len(), 1, "{}", fault.name);
    }
}
