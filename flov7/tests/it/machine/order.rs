//! Which step waits for which, and what a settled step means to those who wait for it.

use flov7::machine::{CallErrorKind, Settled};
use serde_json::{Value, json};

use super::support::{Driver, document, step};

fn call(id: &str, after: Option<&[&str]>) -> Value {
    let mut step = step(id, "x.keyed");
    if let Some(after) = after {
        step["after"] = json!(after);
    }
    step
}

#[test]
fn order_barrier_after_names_exactly_whom_it_waits_for() {
    let steps = json!([
        call("a", None),
        call("b", Some(&[])),
        call("c", Some(&["a"])),
        call("d", Some(&["a", "b"])),
        call("e", None)
    ]);
    let mut run = Driver::start(document(steps), json!({}));
    assert_eq!(run.open_calls(), ["a", "b"]);
    run.done("b", json!(1));
    assert_eq!(run.open_calls(), ["a"], "d waits for a too");
    run.done("a", json!(1));
    assert_eq!(run.open_calls(), ["c", "d"]);
    run.done("d", json!(1));
    assert_eq!(run.open_calls(), ["c"], "e waits for all of them");
    run.done("c", json!(1));
    assert_eq!(run.open_calls(), ["e"]);
    run.done("e", json!(1));
    assert_eq!(
        run.trace(),
        [
            "started",
            "call a 1",
            "call b 1",
            "done b 1 ok",
            "done a 1 ok",
            "call c 1",
            "call d 1",
            "done d 1 ok",
            "done c 1 ok",
            "call e 1",
            "done e 1 ok",
            "ended completed"
        ]
    );
}

#[test]
fn order_barrier_holds_for_what_came_before_another_barrier() {
    // `d` names nobody: it waits for `c`, the barrier before it, and for `x`, which does not wait for that barrier.
    let steps = json!([call("a", None), call("c", None), call("x", Some(&["a"])), call("d", None)]);
    let mut run = Driver::start(document(steps), json!({}));
    run.done("a", json!(1));
    assert_eq!(run.open_calls(), ["c", "x"]);
    run.done("c", json!(1));
    assert_eq!(run.open_calls(), ["x"]);
    run.done("x", json!(1));
    assert_eq!(run.open_calls(), ["d"]);
}

#[test]
fn order_settle_a_join_waits_for_settled_whatever_the_kind() {
    let mut skipped = call("s", Some(&[]));
    skipped["when"] = json!("${ input.go }");
    let mut handled = call("f", Some(&[]));
    handled["on_error"] = json!([{ "then": "continue" }]);
    let steps = json!([skipped, handled, call("join", Some(&["s", "f"]))]);
    let mut run = Driver::start(document(steps), json!({ "go": false }));
    assert_eq!(run.open_calls(), ["f"]);
    run.fail("f", "x.no", CallErrorKind::Failed);
    assert_eq!(run.open_calls(), ["join"]);
    run.done("join", json!(1));
    assert_eq!(run.settled(), [("s", Settled::Skipped), ("f", Settled::Failed), ("join", Settled::Done)]);
    run.ended("completed");
}

#[test]
fn order_settle_skipping_never_cascades() {
    let mut first = call("a", None);
    first["when"] = json!(false);
    let mut run = Driver::start(document(json!([first, call("b", Some(&["a"]))])), json!({}));
    assert_eq!(run.open_calls(), ["b"]);
    run.done("b", json!(1));
    run.ended("completed");
}

#[test]
fn order_when_is_asked_once_and_skips() {
    let mut guarded = call("b", None);
    guarded["when"] = json!("${ steps.a > 1 }");
    let steps = json!([call("a", None), guarded]);
    let mut run = Driver::start(document(steps.clone()), json!({}));
    run.done("a", json!(1));
    assert_eq!(run.settled(), [("a", Settled::Done), ("b", Settled::Skipped)]);
    run.ended("completed");

    let mut run = Driver::start(document(steps), json!({}));
    run.done("a", json!(2));
    assert_eq!(run.open_calls(), ["b"]);
}

#[test]
fn order_when_with_is_evaluated_once_for_all_attempts() {
    let mut retried = call("a", None);
    retried["action"]["with"] = json!({ "at": "${ now }" });
    retried["retry"] = json!({ "attempts": 3, "first": "1h" });
    let mut run = Driver::start(document(json!([retried])), json!({}));
    let first = run.calls[0].input.clone();
    for _ in 0..2 {
        run.fail("a", "x.busy", CallErrorKind::Retryable);
        run.pass(3_600_000);
        assert_eq!(run.calls[0].input, first, "hours later it sends the same bytes");
    }
}

#[test]
fn order_settle_values_flow_to_those_who_wait() {
    let mut second = call("b", None);
    second["action"]["with"] = json!({ "text": "order ${ steps.a.id }", "all": "${ steps.a }" });
    let mut document = document(json!([call("a", None), second]));
    document["output"] = json!({ "a": "${ steps.a.id }", "b": "${ steps.b }" });
    let mut run = Driver::start(document, json!({}));
    run.done("a", json!({ "id": 7 }));
    assert_eq!(*run.calls[0].input, json!({ "text": "order 7", "all": { "id": 7 } }));
    run.done("b", json!("ok"));
    assert_eq!(run.output(), json!({ "a": 7, "b": "ok" }));
}

#[test]
fn scope_trigger_now_is_the_turns_recorded_time() {
    let steps = json!([call("a", None), { "id": "t", "data": { "set": "${ now }" } }]);
    let mut document = document(steps);
    document["output"] = json!("${ steps.t }");
    let mut run = Driver::start(document, json!({}));
    run.now += 5_000;
    run.done("a", json!(1));
    assert_eq!(run.output(), json!("1970-01-01T00:16:45Z"));
}

#[test]
fn scope_trigger_execution_has_an_id_and_a_trigger_or_null() {
    let mut document = document(json!([{ "id": "e", "data": { "set": "${ execution }" } }]));
    document["output"] = json!("${ steps.e }");
    let run = Driver::start(document, json!({}));
    assert_eq!(run.output(), json!({ "id": run.machine.view().execution, "trigger": null }));
}
