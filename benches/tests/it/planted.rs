//! The proof can fail: bugs that are easy to see are seen at once. All of them are hunted in `.ci/run`.

use flov7_benches::planted::{Bug, hunt};

#[test]
fn planted_bugs_are_caught() {
    let easy = [
        Bug::HasSaysYes,
        Bug::LinkIgnoresMaximum,
        Bug::LinkNotListed,
        Bug::OverflowNotListed,
        Bug::ExpectIgnored,
        Bug::FilterSkipsNothing,
        Bug::JoinWaitsForFirst,
        Bug::SkippedHoldsUp,
        Bug::UndoForgetsItems,
        Bug::CollectForgetsError,
    ];
    // A bug that is seen ends its hunt, so that a wide bound costs nothing; a narrow one fails with the first change of
    // the generator that moves what its seeds give.
    for bug in easy {
        assert!(hunt(bug, 0, 3000).is_some(), "{bug:?} stays unseen");
    }
}

#[test]
fn each_bug_is_listed_once() {
    let names: std::collections::BTreeSet<String> = Bug::ALL.iter().map(|bug| format!("{bug:?}")).collect();
    assert_eq!(names.len(), Bug::ALL.len());
    assert!(names.len() >= 20);
}
