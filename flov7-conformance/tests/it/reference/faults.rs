//! Every operation of the store, in every reference case, goes wrong in every way: the trace stays the same.

use std::sync::Mutex;

use flov7_conformance::disk::Mishap;
use serde_json::json;

use super::drive::{Played, play, settled};
use super::{Reference, references};

fn hold_to(name: &str, view: &Played, expect: &serde_json::Value) {
    assert_eq!(json!(view.view.status), expect["status"], "{name}: {:#?}", view.view);
    assert_eq!(settled(&view.view), expect["settled"], "{name}");
    if let Some(output) = expect.get("output") {
        assert_eq!(&view.view.output, output, "{name}");
    }
}

#[test]
fn reference_cases_end_as_they_say() {
    for reference in references() {
        let played = play(&reference, None);
        hold_to(&reference.name, &played, &reference.case["expect"]);
        assert_eq!(played.complaints(), Vec::<String>::new(), "{}", reference.name);
        assert_eq!(
            played.journals,
            play(&reference, None).journals,
            "{}: not the same twice",
            reference.name
        );
    }
}

/// All mishaps at all operations of one case; gives how many there were, and what they changed.
fn everywhere(reference: &Reference) -> (usize, Vec<String>) {
    let calm = play(reference, None);
    let (mut positions, mut changed) = (0, Vec::new());
    for number in 1..=calm.operations {
        for mishap in Mishap::ALL {
            let played = play(reference, Some((number, *mishap)));
            let mut wrong = played.complaints();
            if !played.happened {
                wrong.push("it was never reached".to_owned());
            }
            let unknown = !played.view.unknown_effects.is_empty();
            let same = match reference.case.get("unknown").filter(|_| unknown) {
                Some(expect) => settled(&played.view) == expect["settled"],
                None => {
                    played.view.unknown_effects == calm.view.unknown_effects && played.trace() == calm.trace()
                }
            };
            if !same {
                wrong.push(format!("{:#?} is not {:#?}", played.trace(), calm.trace()));
            }
            // The bank does not deduplicate.
            if played.calls_of("pay.charge") > 1 {
                wrong.push("charged twice".to_owned());
            }
            let place = format!("{}, {mishap:?} at operation {number}", reference.name);
            changed.extend(wrong.into_iter().map(|what| format!("{place}: {what}")));
            positions += 1;
        }
    }
    (positions, changed)
}

#[test]
#[expect(
    clippy::print_stdout,
    reason = "how many places there were is told to whoever asks with --nocapture"
)]
fn engine_parity_whatever_goes_wrong_in_the_store() {
    let references = Mutex::new(references().into_iter());
    let next = || references.lock().unwrap().next();
    let work = || {
        let (mut positions, mut changed) = (0, Vec::new());
        while let Some(reference) = next() {
            let (more, wrong) = everywhere(&reference);
            positions += more;
            changed.extend(wrong);
        }
        (positions, changed)
    };
    let all: Vec<(usize, Vec<String>)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    let positions: usize = all.iter().map(|(positions, _)| positions).sum();
    let changed: Vec<String> = all.into_iter().flat_map(|(_, changed)| changed).collect();
    println!("{positions} mishaps in the store, {} of which changed something", changed.len());
    assert!(changed.is_empty(), "{}", changed.join("\n"));
    assert!(positions >= 2_000, "{positions}");
}
