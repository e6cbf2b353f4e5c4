//! Typed documents are accepted and keep the promise; mutated ones are refused.

use std::collections::BTreeSet;

use flov7::expr::{ExprKind, Function, Limits, MacroKind, Template};
use flov7::finding::ResidualKind;
use flov7_benches::author::typed;
use flov7_benches::proof::{Plan, prove};
use serde_json::Value;

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

/// What is never written is never proven: every function and macro of the language is called somewhere.
#[test]
fn every_function_and_every_macro_is_written() {
    let (mut calls, mut macros) = (BTreeSet::new(), BTreeSet::new());
    for seed in 0..400 {
        let mut stack = vec![typed(seed).document];
        while let Some(value) = stack.pop() {
            match &value {
                Value::Array(items) => stack.extend(items.iter().cloned()),
                Value::Object(members) => stack.extend(members.values().cloned()),
                _ => {}
            }
            // Whatever is no template is none of ours.
            let Some(Ok(template)) = value.is_string().then(|| Template::parse(&value, &Limits::default()))
            else {
                continue;
            };
            template.visit(&mut |_, expr, _| {
                for node in expr.ast().nodes() {
                    match &node.kind {
                        ExprKind::Call { function, .. } => {
                            calls.insert(function.name());
                        }
                        ExprKind::Macro { kind, second, .. } => {
                            macros.insert((kind.name(), second.is_some()));
                        }
                        _ => {}
                    }
                }
            });
        }
    }
    let unseen: Vec<_> =
        Function::ALL.iter().map(|function| function.name()).filter(|name| !calls.contains(name)).collect();
    assert!(unseen.is_empty(), "never called: {unseen:?}");
    let all = MacroKind::ALL.iter().flat_map(|kind| {
        let (least, most) = kind.variables();
        (least..=most).map(|variables| (kind.name(), variables == 2))
    });
    let unseen: Vec<_> = all.filter(|kind| !macros.contains(kind)).collect();
    assert!(unseen.is_empty(), "never written: {unseen:?}");
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
