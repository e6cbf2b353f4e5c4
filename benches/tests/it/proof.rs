//! Typed documents are accepted and keep the promise; mutated ones are refused.

use flov7::finding::ResidualKind;
use flov7_benches::author::typed;
use flov7_benches::proof::{Plan, prove};

/// What every run of some size writes.
const CONSTRUCTS: &[&str] = &[
    "action",
    "undo",
    "retry",
    "attempt_timeout",
    "timeout",
    "expect",
    "connection",
    "effect by input",
    "after",
    "when",
    "on_error value",
    "on_error continue",
    "on_error fail",
    "on_error undo",
    "on_error steps",
    "on_error codes",
    "data set",
    "data parse json",
    "data parse csv",
    "data format json",
    "data format csv",
    "data validate",
    "if",
    "else",
    "switch first",
    "switch all",
    "default",
    "parallel all",
    "parallel any",
    "parallel n",
    "for_each",
    "collect",
    "concurrency",
    "as",
    "loop",
    "loop schema",
    "at_max",
    "filter",
    "guard clause",
    "core.wait for",
    "core.wait until",
    "core.wait_for",
    "core.wait_for key",
    "core.approve",
    "core.ask",
    "core.call",
    "core.emit",
    "core.fail",
    "http.request",
    "types",
    "trigger",
    "limits",
    "workflow timeout",
    "output",
    "interpolation",
    "narrowing",
    "guarded read",
];

#[test]
fn typed_documents_keep_the_promise_and_mutated_ones_are_refused() {
    let totals = prove(&Plan::new(0, 200), &|_| {});
    assert!(totals.wrong.is_empty(), "{:#?}", totals.wrong);
    assert_eq!((totals.typed, totals.mutated), (200, 200));
    assert!(totals.median_steps() >= 12, "half have at least {} steps", totals.median_steps());
    let unseen: Vec<_> = CONSTRUCTS.iter().filter(|what| !totals.constructs.contains_key(*what)).collect();
    assert!(unseen.is_empty(), "never written: {unseen:?}");
    let unseen: Vec<_> =
        ResidualKind::ALL.iter().filter(|kind| !totals.residuals.contains_key(kind.as_str())).collect();
    assert!(unseen.is_empty(), "never listed: {unseen:?}");
    for how in ["completed", "failed", "cancelled"] {
        assert!(totals.ended.contains_key(how), "{:?}", totals.ended);
    }
}

#[test]
fn a_seed_gives_the_same_case_every_time() {
    for seed in [0, 7, 4_711] {
        let (one, other) = (typed(seed), typed(seed));
        assert_eq!(one.document, other.document);
        assert_eq!(one.catalog, other.catalog);
        assert_ne!(one.document, typed(seed + 1).document);
    }
}
