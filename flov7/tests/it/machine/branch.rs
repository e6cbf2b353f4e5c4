//! Branches at the same time: `parallel`, and `switch` of all cases.

use flov7::machine::{CallErrorKind, Control, Settled};
use serde_json::{Value, json};

use super::support::{Driver, document, step};

fn race(wait: Value, branches: &[&str]) -> Value {
    let branches: Vec<Value> = branches
        .iter()
        .map(|id| {
            let inner = format!("s_{id}");
            json!({ "id": id, "steps": [step(&inner, "x.keyed")], "output": format!("${{ steps.{inner} }}") })
        })
        .collect();
    let mut parallel = json!({ "branches": branches });
    if !wait.is_null() {
        parallel["wait"] = wait;
    }
    let mut document = document(json!([{ "id": "race", "condition": { "parallel": parallel } }]));
    document["output"] = json!("${ steps.race }");
    document
}

#[test]
fn value_parallel_all_is_an_object_by_branch() {
    let mut run = Driver::start(race(json!(null), &["a", "b"]), json!({}));
    assert_eq!(run.open_calls(), ["race/a/s_a", "race/b/s_b"]);
    run.done("race/b/s_b", json!(2));
    run.done("race/a/s_a", json!(1));
    assert_eq!(run.output(), json!({ "a": 1, "b": 2 }));
    assert_eq!(run.settled()[2], ("race", Settled::Done));
}

#[test]
fn value_parallel_any_is_the_first_and_losers_are_cancelled() {
    let mut run = Driver::start(race(json!("any"), &["a", "b", "c"]), json!({}));
    run.done("race/b/s_b", json!(2));
    assert_eq!(run.cancelled, [("race/a/s_a".to_owned(), 1), ("race/c/s_c".to_owned(), 1)]);
    assert!(run.machine.ended().is_none(), "losers settle first");
    run.done("race/a/s_a", json!(1));
    run.pass(10_000);
    assert_eq!(run.output(), json!({ "winners": ["b"], "outputs": { "b": 2 } }));
    assert_eq!(
        run.settled(),
        [
            ("race/b/s_b", Settled::Done),
            ("race/a/s_a", Settled::Done),
            ("race/c/s_c", Settled::Abandoned),
            ("race", Settled::Done)
        ]
    );
}

#[test]
fn value_parallel_n_waits_for_so_many() {
    let mut run = Driver::start(race(json!(2), &["a", "b", "c"]), json!({}));
    run.done("race/c/s_c", json!(3));
    assert!(run.cancelled.is_empty());
    let both = vec![run.result("race/b/s_b", json!(2)), run.result("race/a/s_a", json!(1))];
    run.handle(both);
    assert_eq!(run.output(), json!({ "winners": ["c", "a"], "outputs": { "a": 1, "c": 3 } }));
}

#[test]
fn fail_block_a_failed_branch_of_any_is_a_loser() {
    let mut run = Driver::start(race(json!("any"), &["a", "b"]), json!({}));
    run.fail("race/a/s_a", "x.no", CallErrorKind::Failed);
    assert!(run.cancelled.is_empty(), "the other can still win");
    run.done("race/b/s_b", json!(2));
    assert_eq!(run.output(), json!({ "winners": ["b"], "outputs": { "b": 2 } }));
}

#[test]
fn fail_block_parallel_fails_when_too_few_can_win_with_the_first_failure() {
    let mut run = Driver::start(race(json!(2), &["a", "b", "c"]), json!({}));
    run.fail("race/c/s_c", "x.c", CallErrorKind::Failed);
    assert!(run.cancelled.is_empty());
    run.fail("race/a/s_a", "x.a", CallErrorKind::Failed);
    assert_eq!(run.cancelled, [("race/b/s_b".to_owned(), 1)]);
    run.done("race/b/s_b", json!(1));
    let error = run.error();
    assert_eq!((error.code.as_str(), error.also[0].code.as_str()), ("x.c", "x.a"));
}

#[test]
fn fail_block_parallel_all_fails_with_its_first_branch() {
    let mut run = Driver::start(race(json!("all"), &["a", "b"]), json!({}));
    run.fail("race/b/s_b", "x.no", CallErrorKind::Failed);
    assert_eq!(run.cancelled, [("race/a/s_a".to_owned(), 1)]);
    run.done("race/a/s_a", json!(1));
    assert_eq!(run.error().code, "x.no");
}

#[test]
fn fail_block_the_first_failure_counts_although_its_branch_ends_last() {
    let mut slow = step("s_slow", "x.keyed");
    slow["after"] = json!([]);
    let branches = json!([
        { "id": "a", "steps": [step("s_a", "x.keyed"), slow] },
        { "id": "b", "steps": [step("s_b", "x.keyed")] }
    ]);
    let steps = json!([{ "id": "race", "condition": { "parallel": { "branches": branches } } }]);
    let mut run = Driver::start(document(steps), json!({}));
    run.fail("race/a/s_a", "x.first", CallErrorKind::Failed);
    run.fail("race/b/s_b", "x.second", CallErrorKind::Failed);
    run.pass(10_000);
    let error = run.error();
    assert_eq!((error.code.as_str(), error.also[0].code.as_str()), ("x.first", "x.second"));
}

#[test]
fn cancel_reaches_all_branches() {
    let mut run = Driver::start(race(json!("any"), &["a", "b"]), json!({}));
    run.control(Control::Cancel, "c");
    run.pass(10_000);
    run.ended("cancelled");
    assert_eq!(run.settled()[2], ("race", Settled::Cancelled));
}

#[test]
fn time_out_of_branches_fails_the_step() {
    let mut document = race(json!("all"), &["a", "b"]);
    document["steps"][0]["timeout"] = json!("5s");
    let mut run = Driver::start(document, json!({}));
    run.done("race/a/s_a", json!(1));
    run.pass(15_000);
    assert_eq!(run.error().code, "timeout");
}

#[test]
fn value_switch_all_is_an_object_by_case() {
    let case = |id: &str, when: &str| {
        json!({ "id": id, "when": when, "steps": [{ "id": format!("s_{id}"), "data": { "set": id } }],
            "output": format!("${{ steps.s_{id} }}") })
    };
    let switch = json!({ "match": "all", "cases": [case("even", "${ input.n % 2 == 0 }"), case("big", "${ input.n > 10 }")],
        "default": { "steps": [], "output": "none" } });
    let mut document = document(json!([{ "id": "s", "condition": { "switch": switch } }]));
    document["output"] = json!("${ steps.s }");
    for (n, expected) in [
        (12, json!({ "even": "even", "big": "big" })),
        (2, json!({ "even": "even" })),
        (1, json!({ "default": "none" })),
    ] {
        assert_eq!(Driver::start(document.clone(), json!({ "n": n })).output(), expected, "{n}");
    }
    document["steps"][0]["condition"]["switch"].as_object_mut().unwrap().remove("default");
    assert_eq!(Driver::start(document, json!({ "n": 1 })).output(), json!({}));
}
