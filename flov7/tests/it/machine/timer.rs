//! Timeouts and their races.

use flov7::machine::{CallErrorKind, FailureClass, Settled, Status};
use serde_json::json;

use super::support::{Driver, document, step};

#[test]
fn time_out_of_an_attempt_is_a_minute_unless_said() {
    for (said, ms) in [(None, 60_000), (Some("5s"), 5_000)] {
        let mut a = step("a", "x.keyed");
        if let Some(said) = said {
            a["attempt_timeout"] = json!(said);
        }
        let mut run = Driver::start(document(json!([a])), json!({}));
        assert_eq!(run.calls[0].deadline.ms() - run.now, ms);
        run.pass(ms - 1);
        assert!(run.machine.ended().is_none());
        run.pass(1);
        assert_eq!(run.error().code, "timeout");
        assert_eq!(run.cancelled, [("a".to_owned(), 1)]);
        assert_eq!(run.view().unknown_effects, [Driver::path("a")]);
    }
}

#[test]
fn time_out_of_a_step_counts_from_ready_to_settled() {
    let mut a = step("a", "x.keyed");
    a["timeout"] = json!("30s");
    a["retry"] = json!({ "attempts": 100, "first": "10s", "factor": 1 });
    let mut run = Driver::start(document(json!([a])), json!({}));
    for _ in 0..3 {
        run.pass(4_000);
        run.fail("a", "x.busy", CallErrorKind::Retryable);
        run.pass(10_000);
        if run.machine.ended().is_some() {
            break;
        }
    }
    assert_eq!(run.error().code, "timeout");
    assert_eq!(run.now - 1_000_000, 42_000);
    assert!(run.trace().contains(&"fired step a".to_owned()));
}

#[test]
fn time_out_of_a_block_stops_what_it_holds_first() {
    let mut i = json!({ "id": "i", "timeout": "1m",
        "condition": { "if": true, "then": [step("a", "x.once"), step("b", "x.once")] } });
    i["on_error"] = json!([{ "codes": ["timeout"], "then": "continue", "value": "too late" }]);
    let mut document = document(json!([i]));
    document["output"] = json!("${ steps.i }");
    let mut run = Driver::start(document, json!({}));
    run.done("i/then/a", json!(1));
    let late = run.result("i/then/b", json!(1));
    run.pass(59_999);
    assert!(run.cancelled.is_empty());
    run.pass(1);
    assert_eq!(run.cancelled, [("i/then/b".to_owned(), 1)]);
    assert!(run.machine.ended().is_none(), "it settles after what it holds has settled");
    run.handle(vec![late]);
    assert_eq!(run.output(), json!("too late"));
    assert_eq!(
        run.settled(),
        [("i/then/a", Settled::Done), ("i/then/b", Settled::Done), ("i", Settled::Failed)]
    );
}

#[test]
fn time_out_of_the_workflow_is_uncatchable() {
    let mut document = document(json!([
        { "id": "i", "condition": { "if": true, "then": [{ "id": "w", "action": { "use": "core.wait", "with": { "for": "10h" } } }] },
          "on_error": [{ "then": "continue" }] }
    ]));
    document["timeout"] = json!("1h");
    let mut run = Driver::start(document, json!({}));
    run.pass(3_600_000);
    let error = run.error();
    assert_eq!((error.code.as_str(), error.class, error.step), ("limit.time", FailureClass::Limit, None));
    assert_eq!(run.settled(), [("i/then/w", Settled::Cancelled), ("i", Settled::Cancelled)]);
    assert_eq!(
        run.trace(),
        ["started", "wait i/then/w 1", "fired execution", "ended failed"].map(|word| word.to_owned())
    );
}

#[test]
fn turn_order_a_result_comes_before_a_timer_of_the_same_turn() {
    let mut a = step("a", "x.once");
    a["timeout"] = json!("30s");
    let mut run = Driver::start(document(json!([a])), json!({}));
    let result = run.result("a", json!(1));
    run.now += 30_000;
    run.handle(vec![result]);
    run.ended("completed");
    assert_eq!(run.trace(), ["started", "call a 1", "done a 1 ok", "ended completed"]);
}

#[test]
fn turn_order_control_signal_result_timer() {
    let mut w = step("w", "x.once");
    w["after"] = json!([]);
    let steps = json!([
        { "id": "s", "action": { "use": "core.wait_for", "with": { "signal": "go" } } },
        { "id": "t", "after": [], "action": { "use": "core.wait", "with": { "for": "1s" } } },
        w
    ]);
    let mut document = document(steps);
    document["signals"] = json!({ "go": true });
    let mut run = Driver::start(document, json!({}));
    let result = run.result("w", json!(1));
    let signal = Driver::signal("go", json!(1), "id-1");
    run.now += 1_000;
    run.handle(vec![result, signal]);
    assert_eq!(
        run.trace()[4..],
        ["signal id-1", "done w 1 ok", "fired wait t", "ended completed"].map(|word| word.to_owned())
    );
}

#[test]
fn turn_order_timers_fire_by_due_then_path() {
    let wait = |id: &str, ms: &str| json!({ "id": id, "after": [], "action": { "use": "core.wait", "with": { "for": ms } } });
    let steps = json!([wait("c", "2s"), wait("b", "1s"), wait("a", "2s")]);
    let mut run = Driver::start(document(steps), json!({}));
    run.now += 5_000;
    run.handle(Vec::new());
    assert_eq!(run.trace()[4..7], ["fired wait b", "fired wait a", "fired wait c"].map(str::to_owned));
}

#[test]
fn turn_order_results_by_the_order_in_which_they_were_scheduled() {
    let both = |first: &str, second: &str| {
        let mut b = step("b", "x.once");
        b["after"] = json!([]);
        let mut run = Driver::start(document(json!([step("a", "x.once"), b])), json!({}));
        let results = vec![run.result(first, json!(1)), run.result(second, json!(1))];
        run.handle(results);
        run.trace()
    };
    assert_eq!(both("a", "b"), both("b", "a"));
    assert_eq!(both("b", "a")[3..5], ["done a 1 ok", "done b 1 ok"].map(str::to_owned));
}

#[test]
fn journal_timers_time_never_runs_backwards() {
    let mut run = Driver::start(document(json!([step("a", "x.once"), step("b", "x.once")])), json!({}));
    run.now -= 500_000;
    run.done("a", json!(1));
    assert!(run.turns[1].at >= run.turns[0].at);
}

#[test]
fn status_is_running_while_a_call_a_backoff_or_a_wait_is_open() {
    let status = |run: &Driver| run.machine.head().status;
    let mut a = step("a", "x.keyed");
    a["retry"] = json!({ "attempts": 2, "first": "1s" });
    let steps = json!([a,
        { "id": "w", "action": { "use": "core.wait", "with": { "for": "1m" } } },
        { "id": "ok", "timeout": "1h", "action": { "use": "core.approve", "with": { "title": "Go?" } } }]);
    let mut run = Driver::start(document(steps), json!({}));
    assert_eq!(status(&run), Status::Running, "a call");
    run.fail("a", "x.busy", CallErrorKind::Retryable);
    assert_eq!(status(&run), Status::Running, "a backoff");
    run.pass(1_000);
    run.done("a", json!(1));
    assert_eq!(status(&run), Status::Running, "a wait");
    run.pass(60_000);
    assert_eq!(status(&run), Status::Waiting, "a person, with a deadline");
    assert_eq!(run.machine.head().due, run.machine.view().waiting[0].due);
    assert_eq!(run.last.head.as_ref().unwrap().status, Status::Waiting);
}
