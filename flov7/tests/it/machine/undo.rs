//! Taking effects back.

use flov7::machine::event::ScheduledKind;
use flov7::machine::{CallErrorKind, Control, Settled};
use serde_json::{Value, json};

use super::support::{Driver, document, step};

/// A step whose effect is taken back by `x.idempotent` with its output.
fn undoable(id: &str) -> Value {
    let mut step = step(id, "x.keyed");
    step["undo"] = json!({ "use": "x.idempotent", "with": { "of": format!("${{ steps.{id} }}") } });
    step
}

#[test]
fn undo_runs_in_reverse_journal_order_one_at_a_time() {
    let mut b = undoable("b");
    b["after"] = json!([]);
    let mut run = Driver::start(document(json!([undoable("a"), b, step("c", "x.once")])), json!({}));
    run.done("b", json!(2));
    run.done("a", json!(1));
    run.fail("c", "x.no", CallErrorKind::Failed);
    assert_eq!(run.open_calls(), ["a/undo"], "a was done last");
    let call = &run.calls[0];
    assert_eq!((&*call.input, call.undo, &*call.action), (&json!({ "of": 1 }), true, "x.idempotent"));
    assert!(run.machine.ended().is_none());
    run.done("a/undo", json!(null));
    assert_eq!(*run.calls[0].input, json!({ "of": 2 }));
    run.done("b/undo", json!(null));
    assert_eq!(run.error().code, "x.no");
    let undo = run.view().undo;
    assert_eq!(
        (undo.done.as_slice(), undo.failed.len()),
        ([Driver::path("a"), Driver::path("b")].as_slice(), 0)
    );
    assert_eq!(
        run.trace()[6..],
        [
            "done c 1 x.no",
            "undo a/undo 1",
            "done a/undo 1 ok",
            "undo b/undo 1",
            "done b/undo 1 ok",
            "ended failed"
        ]
        .map(str::to_owned)
    );
}

#[test]
fn undo_is_retried_and_a_failed_one_is_listed_and_the_next_runs() {
    let mut run =
        Driver::start(document(json!([undoable("a"), undoable("b"), step("c", "x.once")])), json!({}));
    run.done("a", json!(1));
    run.done("b", json!(2));
    run.fail("c", "x.no", CallErrorKind::Failed);
    for attempt in 1..=5 {
        assert_eq!((run.open_calls(), run.calls[0].attempt), (vec!["b/undo"], attempt));
        run.fail("b/undo", "x.busy", CallErrorKind::Retryable);
        if attempt < 5 {
            run.pass(60_000);
        }
    }
    run.done("a/undo", json!(null));
    run.ended("failed");
    let undo = run.view().undo;
    assert_eq!((undo.done, undo.failed), (vec![Driver::path("a")], vec![Driver::path("b")]));
}

#[test]
fn undo_whose_input_fails_is_a_failed_undo() {
    let mut a = undoable("a");
    a["undo"]["with"] = json!({ "n": "${ 1 / steps.a }" });
    let mut run = Driver::start(document(json!([a, step("c", "x.once")])), json!({}));
    run.done("a", json!(0));
    assert_eq!(run.settled(), [("a", Settled::Done)], "the step is done all the same");
    run.fail("c", "x.no", CallErrorKind::Failed);
    run.ended("failed");
    assert_eq!(run.view().undo.failed, [Driver::path("a")]);
}

#[test]
fn undo_runs_on_cancel_and_time_but_not_on_terminate() {
    for how in ["cancel", "time", "terminate"] {
        let mut document = document(json!([undoable("a"), step("c", "x.none")]));
        document["timeout"] = json!("1h");
        let mut run = Driver::start(document, json!({}));
        run.done("a", json!(1));
        match how {
            "cancel" => run.control(Control::Cancel, "c"),
            "terminate" => run.control(Control::Terminate, "t"),
            _ => {
                run.now += 3_600_000;
                run.handle(Vec::new());
            }
        }
        if how == "terminate" {
            assert_eq!(run.open_calls(), ["c"]);
            run.ended("terminated");
            continue;
        }
        if how == "cancel" {
            run.done("c", json!(1));
        }
        run.pass(10_000);
        run.done("a/undo", json!(null));
        run.ended(if how == "cancel" { "cancelled" } else { "failed" });
        assert_eq!(run.view().undo.done, [Driver::path("a")], "{how}");
    }
}

#[test]
fn undo_is_exempt_from_cancel() {
    let mut run = Driver::start(document(json!([undoable("a"), step("c", "x.none")])), json!({}));
    run.done("a", json!(1));
    run.fail("c", "x.no", CallErrorKind::Failed);
    run.control(Control::Cancel, "c1");
    assert_eq!(run.open_calls(), ["a/undo"]);
    assert!(run.cancelled.is_empty());
    run.control(Control::Cancel, "c2");
    run.ended("terminated");
    assert_eq!(run.cancelled, [("a/undo".to_owned(), 1)]);
}

#[test]
fn cancel_a_result_within_the_grace_registers_its_undo() {
    let mut run = Driver::start(document(json!([undoable("a")])), json!({}));
    run.control(Control::Cancel, "c");
    run.done("a", json!(1));
    assert_eq!(run.open_calls(), ["a/undo"]);
    run.done("a/undo", json!(null));
    run.ended("cancelled");
}

#[test]
fn undo_unknown_outcomes_have_no_entry() {
    let mut once = undoable("a");
    once["action"]["use"] = json!("x.once");
    let mut run = Driver::start(document(json!([once])), json!({}));
    let lost = run.lost("a");
    run.handle(vec![lost]);
    run.ended("failed");
    let view = run.view();
    assert_eq!((view.undo.done.len(), view.unknown_effects), (0, vec![Driver::path("a")]));
}

#[test]
fn undo_losers_take_back_what_they_did_before_the_step_settles() {
    let branch = |id: &str| json!({ "id": id, "steps": [undoable(&format!("u_{id}")), step(&format!("s_{id}"), "x.none")] });
    let steps = json!([{ "id": "race", "condition": { "parallel": { "wait": "any", "branches": [branch("a"), branch("b")] } } },
        step("z", "x.once")]);
    let mut run = Driver::start(document(steps), json!({}));
    run.done("race/a/u_a", json!(1));
    run.done("race/b/u_b", json!(2));
    run.done("race/b/s_b", json!(3));
    run.done("race/a/s_a", json!(4));
    assert_eq!(run.open_calls(), ["race/a/u_a/undo"]);
    assert!(!run.settled().contains(&("race", Settled::Done)));
    run.done("race/a/u_a/undo", json!(null));
    assert_eq!(run.open_calls(), ["z"]);
    // The winner's entry is kept.
    run.fail("z", "x.no", CallErrorKind::Failed);
    assert_eq!(run.open_calls(), ["race/b/u_b/undo"]);
}

#[test]
fn undo_of_a_timed_out_block_runs_before_its_failure_is_handled() {
    let mut i = json!({ "id": "i", "timeout": "30s", "condition": { "if": true, "then": [undoable("a"), step("b", "x.none")] } });
    i["on_error"] = json!([{ "codes": ["timeout"], "then": "continue" }]);
    let mut run = Driver::start(document(json!([undoable("before"), i, step("z", "x.none")])), json!({}));
    run.done("before", json!(0));
    run.done("i/then/a", json!(1));
    run.now += 30_000;
    run.handle(Vec::new());
    run.done("i/then/b", json!(2));
    assert_eq!(run.open_calls(), ["i/then/a/undo"], "its own alone");
    run.done("i/then/a/undo", json!(null));
    assert_eq!(run.open_calls(), ["z"]);
    run.done("z", json!(1));
    run.ended("completed");
}

#[test]
fn undo_a_caught_error_keeps_entries_unless_said() {
    for said in [false, true] {
        let mut i =
            json!({ "id": "i", "condition": { "if": true, "then": [undoable("a"), step("b", "x.none")] } });
        i["on_error"] = json!([{ "then": "continue", "undo": said, "value": 7 }]);
        let mut document = document(json!([i]));
        document["output"] = json!("${ steps.i }");
        let mut run = Driver::start(document, json!({}));
        run.done("i/then/a", json!(1));
        run.fail("i/then/b", "x.no", CallErrorKind::Failed);
        if said {
            run.done("i/then/a/undo", json!(null));
        }
        assert_eq!(run.output(), json!(7));
    }
}

#[test]
fn undo_of_items_names_them_by_path() {
    let each = json!({ "items": "${ input.l }", "steps": [undoable("pay")] });
    let steps = json!([{ "id": "each", "condition": { "for_each": each } }, step("z", "x.once")]);
    let mut run = Driver::start(document(steps), json!({ "l": [1, 2] }));
    run.done("each[0]/pay", json!("p0"));
    run.done("each[1]/pay", json!("p1"));
    run.fail("z", "x.no", CallErrorKind::Failed);
    assert_eq!(*run.calls[0].input, json!({ "of": "p1" }));
    run.done("each[1]/pay/undo", json!(null));
    run.done("each[0]/pay/undo", json!(null));
    assert_eq!(run.view().undo.done, [Driver::path("each[1]/pay"), Driver::path("each[0]/pay")]);
}

#[test]
fn undo_survives_a_restart() {
    let mut run = Driver::start(document(json!([undoable("a"), step("c", "x.none")])), json!({}));
    run.done("a", json!(1));
    run.fail("c", "x.no", CallErrorKind::Failed);
    let outstanding = run.restart();
    assert_eq!(outstanding.calls, [(Driver::path("a/undo"), 1)]);
    assert_eq!(run.machine.view().waiting[0].kind, ScheduledKind::Undo);
    run.calls.clear();
    run.handle(outstanding.into_lost());
    assert_eq!(run.calls[0].attempt, 2, "idempotent: it is repeated");
    run.done("a/undo", json!(null));
    run.ended("failed");
}

#[test]
fn undo_of_a_caught_item_takes_back_those_before_it() {
    let each = json!({ "items": "${ input.l }", "steps": [undoable("pay"), step("check", "x.none")] });
    let mut outer = json!({ "id": "each", "condition": { "for_each": each } });
    outer["on_error"] = json!([{ "then": "fail", "undo": true }]);
    let mut run = Driver::start(document(json!([undoable("each_not"), outer])), json!({ "l": [1, 2] }));
    run.done("each_not", json!("stays until the end"));
    run.done("each[0]/pay", json!("p0"));
    run.done("each[0]/check", json!(1));
    run.done("each[1]/pay", json!("p1"));
    run.fail("each[1]/check", "x.no", CallErrorKind::Failed);
    run.done("each[1]/pay/undo", json!(null));
    assert_eq!(
        run.settled().last().unwrap().0,
        "each[1]/check",
        "its effects are taken back before it settles"
    );
    run.done("each[0]/pay/undo", json!(null));
    assert_eq!(run.settled().last().unwrap().0, "each");
    run.done("each_not/undo", json!(null));
    assert_eq!(run.error().code, "x.no");
}
