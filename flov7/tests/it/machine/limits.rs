//! Limits of an execution: uncatchable, and undo runs on them (RULES, limit).

use flov7::machine::{CallErrorKind, FailureClass, LIVE_BYTES, PAYLOAD_BYTES};
use serde_json::{Value, json};

use super::support::{Driver, document, step};

/// A step with an undo, then others; a rule that would catch everything stands around them.
fn guarded(steps: Value) -> Value {
    let mut first = step("first", "x.once");
    first["undo"] = json!({ "use": "x.idempotent" });
    document(json!([first, { "id": "all", "on_error": [{ "then": "continue" }],
        "condition": { "if": true, "then": steps } }]))
}

/// What it fails with, after the first step was taken back.
#[track_caller]
fn failed(run: &mut Driver) -> (String, FailureClass) {
    assert!(run.machine.ended().is_none(), "first its effects are taken back");
    run.done("first/undo", json!(null));
    assert_eq!(run.machine.view().undo.done, [Driver::path("first")]);
    let error = run.error();
    (error.code, error.class)
}

#[test]
fn limit_steps_stops_before_one_too_many() {
    let data = |id: &str| json!({ "id": id, "data": { "set": 1 } });
    for (limit, completes) in [(5, true), (4, false)] {
        let mut document = guarded(json!([data("a"), data("b"), data("c")]));
        document["limits"] = json!({ "steps": limit });
        let mut run = Driver::start(document, json!({}));
        run.done("first", json!(1));
        if completes {
            run.ended("completed");
        } else {
            assert_eq!(failed(&mut run), ("limit.steps".to_owned(), FailureClass::Limit));
        }
    }
}

#[test]
fn limit_time_ends_it_to_the_millisecond() {
    let mut document =
        guarded(json!([{ "id": "w", "action": { "use": "core.wait", "with": { "for": "1s" } } }]));
    for (timeout, completes) in [("1001ms", true), ("999ms", false)] {
        document["timeout"] = json!(timeout);
        let mut run = Driver::start(document.clone(), json!({}));
        run.done("first", json!(1));
        run.pass(1_000);
        if completes {
            run.ended("completed");
        } else {
            assert_eq!(failed(&mut run), ("limit.time".to_owned(), FailureClass::Limit));
        }
    }
}

/// Gathers so many texts of a million bytes.
fn gathers(count: usize) -> Driver {
    let item = json!({ "id": "text", "action": { "use": "x.none" } });
    let each = json!({ "id": "each", "condition": { "for_each": {
        "items": "${ input.items }", "steps": [item], "output": "${ steps.text }" } } });
    let size = json!({ "id": "size", "data": { "set": "${ size(steps.each) }" } });
    let input = json!({ "items": vec![0; count] });
    let mut run = Driver::start_quietly(guarded(json!([each, size])), input);
    run.done("first", json!(1));
    for n in 0..count {
        if run.machine.ended().is_some() || run.calls.iter().any(|call| call.path == "first/undo") {
            break;
        }
        run.done(&format!("all/then/each[{n}]/text"), json!("x".repeat(1_000_000)));
    }
    run
}

#[test]
fn limit_memory_counts_what_is_still_needed() {
    assert_eq!(LIVE_BYTES, 64 * 1024 * 1024);
    let fits = usize::try_from(LIVE_BYTES / 1_000_100).unwrap();
    let run = gathers(fits);
    run.ended("completed");
    let mut run = gathers(fits + 1);
    assert_eq!(failed(&mut run), ("limit.memory".to_owned(), FailureClass::Limit));
    run.check();
}

#[test]
fn limit_memory_forgets_what_nothing_reads_any_more() {
    // Each text is dropped after its last use.
    let text = json!({ "id": "text", "action": { "use": "x.none" } });
    let size = json!({ "id": "size", "data": { "set": "${ size(steps.text) }" } });
    let each = json!({ "id": "each", "condition": { "for_each": {
        "items": "${ input.items }", "steps": [text, size], "output": "${ steps.size }" } } });
    let mut run = Driver::start_quietly(document(json!([each])), json!({ "items": vec![0; 80] }));
    for n in 0..80 {
        run.done(&format!("each[{n}]/text"), json!("x".repeat(1_000_000)));
    }
    run.ended("completed");
}

#[test]
fn limit_payload_is_a_failure_of_the_step() {
    let text = |bytes: usize| json!("x".repeat(bytes - 2));
    for (bytes, completes) in [(PAYLOAD_BYTES, true), (PAYLOAD_BYTES + 1, false)] {
        let mut big = step("big", "x.none");
        big["on_error"] = json!([{ "codes": ["limit.payload"], "then": "continue", "value": "caught" }]);
        let mut document =
            document(json!([big, { "id": "size", "data": { "set": "${ size(steps.big) }" } }]));
        document["output"] = json!("${ steps.size }");
        let mut run = Driver::start(document, json!({}));
        run.done("big", text(bytes));
        assert_eq!(run.output(), if completes { json!(bytes - 2) } else { json!(6) });
    }
}

#[test]
fn limit_width_is_a_failure_of_the_step() {
    for (items, completes) in [(100_000usize, true), (100_001, false)] {
        let each = json!({ "id": "each", "on_error": [{ "codes": ["limit.width"], "then": "continue", "value": [] }],
            "condition": { "for_each": { "items": "${ input.items }", "steps": [] } } });
        let mut document = document(json!([each]));
        document["output"] = json!("${ size(steps.each) }");
        let mut run = Driver::start_quietly(document, json!({ "items": vec![0; items] }));
        run.handle(Vec::new());
        assert_eq!(run.output(), if completes { json!(items) } else { json!(0) });
    }
}

#[test]
fn limit_of_concurrency_is_kept() {
    let mut document = document(json!([{ "id": "each", "condition": { "for_each": {
        "items": "${ input.items }", "concurrency": 1_000, "steps": [step("x", "x.none")] } } }]));
    document["output"] = json!("${ size(steps.each) }");
    let mut run = Driver::start_quietly(document, json!({ "items": vec![0; 1_200] }));
    run.handle(Vec::new());
    assert_eq!(run.calls.len(), 1_000);
    run.done("each[7]/x", json!(1));
    assert_eq!(run.calls.len(), 1_000, "another takes its place");
}

#[test]
fn limit_exempts_undo() {
    // Two steps may start; what is taken back starts no step.
    let mut second = step("second", "x.once");
    second["undo"] = json!({ "use": "x.idempotent", "retry": { "attempts": 2 } });
    let mut first = second.clone();
    first["id"] = json!("first");
    let mut document = document(json!([first, second, step("third", "x.once")]));
    document["limits"] = json!({ "steps": 2 });
    document["timeout"] = json!("1s");
    let mut run = Driver::start(document, json!({}));
    run.done("first", json!(1));
    run.done("second", json!(1));
    run.fail("second/undo", "x.busy", CallErrorKind::Retryable);
    // Long after the execution's own time.
    run.pass(30_000);
    run.done("second/undo", json!(null));
    run.done("first/undo", json!(null));
    assert_eq!(run.error().code, "limit.steps");
    assert_eq!(run.machine.view().undo.done.len(), 2);
}
