//! Attempts: what is repeated, when, and what is never repeated.

use flov7::machine::{CallErrorKind, Incoming};
use serde_json::{Value, json};

use super::support::{Driver, document, step};

fn retried(action: &str, attempts: u32) -> Value {
    let mut step = step("a", action);
    step["retry"] = json!({ "attempts": attempts, "first": "10s", "factor": 3, "max": "1m" });
    document(json!([step]))
}

#[test]
fn retry_what_a_retryable_error_is_retried_for_every_effect() {
    for action in ["x.none", "x.idempotent", "x.keyed", "x.once"] {
        let mut run = Driver::start(retried(action, 3), json!({}));
        for attempt in 1..3 {
            run.fail("a", "x.busy", CallErrorKind::Retryable);
            assert!(run.calls.is_empty(), "{action}: attempt {attempt} is followed by a pause");
            run.pass(60_000);
            assert_eq!(run.calls[0].attempt, attempt + 1, "{action}");
        }
        run.fail("a", "x.busy", CallErrorKind::Retryable);
        assert_eq!(run.error().code, "x.busy", "{action}");
        assert_eq!(run.error().attempt, 3);
    }
}

#[test]
fn retry_what_a_final_error_is_never_retried() {
    let mut run = Driver::start(retried("x.none", 3), json!({}));
    run.fail("a", "x.no", CallErrorKind::Failed);
    run.ended("failed");
}

#[test]
fn retry_what_delays_grow_up_to_max_with_jitter_below() {
    let mut run = Driver::start(retried("x.keyed", 6), json!({}));
    let mut delays = Vec::new();
    for _ in 0..5 {
        run.fail("a", "x.busy", CallErrorKind::Retryable);
        delays.push(run.machine.due().unwrap().ms() - run.now);
        run.pass(60_000);
    }
    for (delay, full) in delays.iter().zip([10_000, 30_000, 60_000, 60_000, 60_000]) {
        assert!((full / 2..=full).contains(delay), "{delay} for {full}");
    }
    assert!(delays[2] != delays[3] && delays[3] != delays[4], "each pause has its own chance: {delays:?}");
}

#[test]
fn retry_what_waits_at_least_as_long_as_the_action_asks() {
    let mut run = Driver::start(retried("x.keyed", 2), json!({}));
    let mut error = run.call_error("x.busy", CallErrorKind::Retryable);
    error.retry_after = Some(90_000);
    let incoming = run.fails_with("a", error);
    run.handle(vec![incoming]);
    assert_eq!(run.machine.due().unwrap().ms() - run.now, 90_000);
}

#[test]
fn effect_key_is_the_same_for_all_attempts() {
    use flov7::id::{ExecutionId, Namespace, idempotency_key};
    let key = |path| {
        idempotency_key(
            &Namespace::parse("default").unwrap(),
            &ExecutionId::new(1_700_000_000_000, [7; 10]),
            path,
            false,
        )
    };
    let mut run = Driver::start(retried("x.keyed", 3), json!({}));
    let first = run.calls[0].clone();
    run.fail("a", "x.busy", CallErrorKind::Retryable);
    run.pass(60_000);
    let second = run.calls[0].clone();
    assert_eq!(key(&first.path), key(&second.path));
    assert_eq!(first.input, second.input);
    assert_ne!(first.attempt, second.attempt);
}

#[test]
fn effect_unknown_outcomes_are_repeated_unless_once() {
    for (action, repeats) in [("x.none", true), ("x.idempotent", true), ("x.keyed", true), ("x.once", false)]
    {
        for how in ["lost", "unknown", "timeout"] {
            // Losses need no retry policy; a timed out attempt counts against it.
            let document =
                if how == "timeout" { retried(action, 2) } else { document(json!([step("a", action)])) };
            let mut run = Driver::start(document, json!({}));
            match how {
                "lost" => {
                    let lost = run.lost("a");
                    run.handle(vec![lost]);
                }
                "unknown" => run.fail("a", "x.broken", CallErrorKind::Unknown),
                _ => {
                    run.calls.clear();
                    run.pass(60_000);
                }
            }
            if repeats {
                run.pass(10_000);
                assert_eq!(run.calls[0].attempt, 2, "{action} {how}");
                run.done("a", json!(1));
                run.ended("completed");
                assert!(run.view().unknown_effects.is_empty(), "{action} {how}: a later attempt told");
            } else {
                let error = run.error();
                assert_eq!(error.code, "outcome_unknown", "{action} {how}");
                assert_eq!(run.view().unknown_effects, [Driver::path("a")]);
            }
        }
    }
}

#[test]
fn effect_once_outcome_unknown_can_be_caught() {
    let mut a = step("a", "x.once");
    a["on_error"] = json!([{ "codes": ["outcome_unknown"], "then": "continue" }]);
    let mut run = Driver::start(document(json!([a])), json!({}));
    let lost = run.lost("a");
    run.handle(vec![lost]);
    run.ended("completed");
    assert_eq!(run.trace(), ["started", "call a 1", "lost a 1", "ended completed"]);
}

#[test]
fn effect_of_an_input_decides_by_data() {
    for (method, known) in [("GET", true), ("DELETE", true), ("POST", false)] {
        let mut a = step("a", "x.by");
        a["action"]["with"] = json!({ "method": "${ input.method }" });
        let mut run = Driver::start(document(json!([a])), json!({ "method": method }));
        let lost = run.lost("a");
        run.handle(vec![lost]);
        assert_eq!(run.machine.ended().is_none(), known, "{method}");
    }
}

#[test]
fn effect_a_keyed_connection_turns_the_rest_into_keyed() {
    let mut a = step("a", "x.by");
    a["action"]["with"] = json!({ "method": "POST" });
    a["action"]["connection"] = json!("crm");
    for (keyed, repeats) in [(vec!["crm".to_owned()], true), (vec!["other".to_owned()], false)] {
        let mut run = Driver::start_keyed(document(json!([a.clone()])), json!({}), keyed);
        let lost = run.lost("a");
        run.handle(vec![lost]);
        assert_eq!(run.machine.ended().is_none(), repeats);
    }
}

#[test]
fn journal_lost_three_losses_on_one_step_fail_it() {
    let mut run = Driver::start(retried("x.keyed", 1), json!({}));
    for attempt in 1..=3 {
        assert_eq!(run.calls[0].attempt, attempt);
        let lost = run.lost("a");
        run.handle(vec![lost]);
    }
    assert_eq!(run.error().code, "worker_lost");
    assert_eq!(run.view().unknown_effects, [Driver::path("a")]);
}

#[test]
fn journal_lost_losses_are_not_counted_against_the_attempts() {
    let mut run = Driver::start(retried("x.keyed", 2), json!({}));
    let lost = run.lost("a");
    run.handle(vec![lost]);
    run.fail("a", "x.busy", CallErrorKind::Retryable);
    run.pass(60_000);
    assert_eq!(run.calls[0].attempt, 3, "two attempts that count, and one that was lost");
    run.fail("a", "x.busy", CallErrorKind::Retryable);
    run.ended("failed");
}

#[test]
fn journal_lost_what_the_handler_calls_unknown_ends_with_its_code() {
    let mut run = Driver::start(document(json!([step("a", "x.keyed")])), json!({}));
    for _ in 0..3 {
        run.fail("a", "http.broken", CallErrorKind::Unknown);
        run.pass(60_000);
    }
    let error = run.error();
    assert_eq!((error.code.as_str(), error.retryable), ("http.broken", false));
}

#[test]
fn journal_lost_recovery_takes_what_is_outstanding() {
    let mut b = step("b", "x.once");
    b["after"] = json!([]);
    let mut run = Driver::start(document(json!([step("a", "x.keyed"), b])), json!({}));
    let outstanding = run.restart();
    run.calls.clear();
    assert_eq!(outstanding.calls, [(Driver::path("a"), 1), (Driver::path("b"), 1)]);
    run.handle(outstanding.into_lost());
    assert_eq!(run.open_calls(), ["a"], "keyed is repeated, once is not, and its failure stops the block");
    assert_eq!(run.cancelled, [("a".to_owned(), 2)]);
    run.done("a", json!(1));
    assert_eq!(run.error().code, "outcome_unknown");
}

#[test]
fn late_results_are_journaled_and_change_nothing() {
    let mut a = step("a", "x.keyed");
    a["on_error"] = json!([{ "then": "continue", "value": "gave up" }]);
    let mut document = document(json!([a, step("b", "x.keyed")]));
    document["output"] = json!("${ steps.a }");
    let mut run = Driver::start(document, json!({}));
    let late = run.result("a", json!("late"));
    run.pass(60_000);
    assert_eq!(run.cancelled, [("a".to_owned(), 1)]);
    run.handle(vec![late.clone()]);
    assert_eq!(run.open_calls(), ["b"]);
    run.done("b", json!(1));
    assert_eq!(run.output(), json!("gave up"));
    assert_eq!(
        run.trace(),
        [
            "started",
            "call a 1",
            "fired attempt a",
            "call b 1",
            "late a 1 ok",
            "done b 1 ok",
            "ended completed"
        ]
    );
    let turns = run.turns.len();
    run.handle(vec![late]);
    assert_eq!(run.turns.len(), turns, "after the end nothing is journaled");
}

#[test]
fn results_of_nothing_change_nothing() {
    let mut run = Driver::start(document(json!([step("a", "x.keyed")])), json!({}));
    let turns = run.turns.len();
    run.handle(vec![Incoming::Lost { path: Driver::path("nobody"), attempt: 1 }]);
    run.handle(vec![Incoming::Lost { path: Driver::path("a"), attempt: 7 }]);
    run.handle(vec![Incoming::Lost { path: Driver::path("a[3]"), attempt: 1 }]);
    run.handle(vec![Incoming::Tick]);
    assert_eq!(run.turns.len(), turns);
}
