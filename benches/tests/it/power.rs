//! Defects in the reference workflows are reported, and where they are.

use std::path::Path;

use flov7_benches::power::measure;

#[test]
fn defects_are_reported_in_the_right_place() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/workflows");
    let power = measure(&examples).unwrap();
    let said = format!(
        "{} of {} reported, {} placed: {:#?}",
        power.reported, power.defects, power.placed, power.missed
    );
    assert!(power.is_enough(), "{said}");
    assert!(power.defects > 1_000, "{said}");
}
