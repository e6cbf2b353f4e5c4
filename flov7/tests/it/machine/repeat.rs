//! Blocks that run more than once: `for_each`, `loop`, and the `filter` inside.

use flov7::machine::{CallErrorKind, Control, FailureClass, Settled};
use serde_json::{Value, json};

use super::support::{Driver, document, step};

fn each(mut each: Value) -> Value {
    if each["steps"].is_null() {
        let mut charge = step("charge", "x.keyed");
        charge["action"]["with"] = json!({ "item": "${ item }", "index": "${ index }" });
        each["steps"] = json!([charge]);
        each["output"] = json!("${ steps.charge }");
    }
    if each["items"].is_null() {
        each["items"] = json!("${ input.l }");
    }
    let mut document = document(json!([{ "id": "each", "condition": { "for_each": each } }]));
    document["output"] = json!("${ steps.each }");
    document
}

#[test]
fn value_for_each_is_a_list_in_item_order() {
    let mut run = Driver::start(each(json!({ "concurrency": 2 })), json!({ "l": ["a", "b", "c"] }));
    assert_eq!(run.open_calls(), ["each[0]/charge", "each[1]/charge"]);
    assert_eq!(*run.calls[1].input, json!({ "item": "b", "index": 1 }));
    run.done("each[1]/charge", json!(2));
    assert_eq!(run.open_calls(), ["each[0]/charge", "each[2]/charge"]);
    run.done("each[2]/charge", json!(3));
    run.done("each[0]/charge", json!(1));
    assert_eq!(run.output(), json!([1, 2, 3]));
    assert_eq!(
        run.settled(),
        [
            ("each[1]/charge", Settled::Done),
            ("each[2]/charge", Settled::Done),
            ("each[0]/charge", Settled::Done),
            ("each", Settled::Done)
        ]
    );
    let paths: Vec<String> = run.view().steps.iter().map(|step| step.path.to_string()).collect();
    assert_eq!(paths, ["each", "each[0]/charge", "each[1]/charge", "each[2]/charge"]);
}

#[test]
fn value_for_each_one_at_a_time_unless_said() {
    let mut run = Driver::start(each(json!({})), json!({ "l": [1, 2] }));
    assert_eq!(run.open_calls(), ["each[0]/charge"]);
    run.done("each[0]/charge", json!(1));
    assert_eq!(run.open_calls(), ["each[1]/charge"]);
}

#[test]
fn value_for_each_without_output_gives_nulls_and_no_items_give_none() {
    let set = json!([{ "id": "x", "data": { "set": "${ item }" } }]);
    let run = Driver::start(each(json!({ "steps": set })), json!({ "l": [1, 2] }));
    assert_eq!(run.output(), json!([null, null]));
    assert_eq!(Driver::start(each(json!({})), json!({ "l": [] })).output(), json!([]));
    let literal = json!({ "items": [1, "${ input.n }"], "steps": set, "output": "${ steps.x }" });
    assert_eq!(Driver::start(each(literal), json!({ "n": 2 })).output(), json!([1, 2]));
}

#[test]
fn scope_block_item_and_index_are_the_innermost_and_as_names_the_outer() {
    let inner = json!({ "items": "${ item.l }", "steps": [{ "id": "x", "data": { "set": "${ row.name + string(item) + string(index) }" } }],
        "output": "${ steps.x }" });
    let outer = json!({ "as": "row", "steps": [{ "id": "deep", "condition": { "for_each": inner } }], "output": "${ steps.deep }" });
    let run =
        Driver::start(each(outer), json!({ "l": [{ "name": "a", "l": [7, 8] }, { "name": "b", "l": [9] }] }));
    assert_eq!(run.output(), json!([["a70", "a81"], ["b90"]]));
    let paths: Vec<String> = run.view().steps.iter().map(|step| step.path.to_string()).collect();
    assert_eq!(
        paths,
        [
            "each",
            "each[0]/deep",
            "each[0]/deep[0]/x",
            "each[0]/deep[1]/x",
            "each[1]/deep",
            "each[1]/deep[0]/x"
        ]
    );
}

#[test]
fn fail_block_an_item_that_fails_stops_the_others() {
    let mut run = Driver::start(each(json!({ "concurrency": 2 })), json!({ "l": [1, 2, 3] }));
    run.fail("each[1]/charge", "x.no", CallErrorKind::Failed);
    assert_eq!(run.cancelled, [("each[0]/charge".to_owned(), 1)]);
    run.done("each[0]/charge", json!(1));
    let error = run.error();
    assert_eq!((error.code.as_str(), error.step.as_deref()), ("x.no", Some("each[1]/charge")));
    assert!(run.open_calls().is_empty(), "the third never began");
}

#[test]
fn value_for_each_collects_errors_as_results() {
    let collect = json!({ "concurrency": 3, "errors": "collect" });
    let mut run = Driver::start(each(collect), json!({ "l": [1, 2] }));
    run.fail("each[0]/charge", "x.no", CallErrorKind::Failed);
    assert!(run.cancelled.is_empty());
    run.done("each[1]/charge", json!("ok"));
    assert_eq!(
        run.output(),
        json!([
            { "error": { "code": "x.no", "class": "world", "message": "x.no happened", "step": "each[0]/charge",
                "attempt": 1, "retryable": false, "details": null } },
            { "ok": "ok" }
        ])
    );
}

#[test]
fn limit_width_is_the_steps_own() {
    let wide: Vec<u8> = vec![0; 100_001];
    let run = Driver::start(each(json!({})), json!({ "l": wide }));
    let error = run.error();
    assert_eq!(
        (error.code.as_str(), error.class, error.step.as_deref()),
        ("limit.width", FailureClass::Limit, Some("each"))
    );
}

#[test]
fn cancel_and_time_out_stop_the_items_that_run() {
    let mut document = each(json!({ "concurrency": 2 }));
    document["steps"][0]["timeout"] = json!("5s");
    for cancel in [true, false] {
        let mut run = Driver::start(document.clone(), json!({ "l": [1, 2, 3] }));
        if cancel {
            run.control(Control::Cancel, "c");
        }
        run.pass(15_000);
        assert_eq!(run.cancelled.len(), 2);
        run.ended(if cancel { "cancelled" } else { "failed" });
        assert_eq!(run.view().unknown_effects.len(), 2);
    }
}

#[test]
fn filter_in_an_item_gives_no_result() {
    let steps = json!([
        { "id": "only", "condition": { "filter": "${ item > 1 }" } },
        { "id": "x", "data": { "set": "${ item * 10 }" } }
    ]);
    let run =
        Driver::start(each(json!({ "steps": steps, "output": "${ steps.x }" })), json!({ "l": [1, 2, 3] }));
    assert_eq!(run.output(), json!([20, 30]));
    assert_eq!(run.settled()[..2], [("each[0]/only", Settled::Done), ("each[0]/x", Settled::Skipped)]);
}

#[test]
fn filter_at_top_level_completes_with_null() {
    let mut side = step("side", "x.keyed");
    side["after"] = json!([]);
    let mut late = step("late", "x.keyed");
    late["after"] = json!(["side"]);
    let mut document = document(json!([
        { "id": "only", "condition": { "filter": "${ input.go }" } }, side, step("b", "x.keyed"), late
    ]));
    document["output"] = json!("${ steps.b }");
    let mut run = Driver::start(document.clone(), json!({ "go": false }));
    assert_eq!(run.open_calls(), ["side"], "concurrent siblings go on");
    run.done("side", json!(1));
    assert_eq!(run.open_calls(), ["late"], "which do not follow the filter by path");
    run.done("late", json!(1));
    assert_eq!(run.output(), json!(null));
    assert_eq!(
        run.settled(),
        [("only", Settled::Done), ("side", Settled::Done), ("b", Settled::Skipped), ("late", Settled::Done)]
    );
    let mut run = Driver::start(document, json!({ "go": true }));
    run.done("side", json!(1));
    run.done("b", json!(2));
    run.done("late", json!(1));
    assert_eq!(run.output(), json!(2));
}

fn count(extra: Value) -> Value {
    let mut repeat = json!({ "state": { "n": 0 }, "while": "${ state.n < input.to }", "max": 5,
        "steps": [{ "id": "x", "data": { "set": "${ state.n + 1 }" } }], "next": { "n": "${ steps.x }" } });
    repeat.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let mut document = document(json!([{ "id": "poll", "condition": { "loop": repeat } }]));
    document["output"] = json!("${ steps.poll.n }");
    document
}

#[test]
fn loop_runs_while_body_next() {
    let run = Driver::start(count(json!({})), json!({ "to": 3 }));
    assert_eq!(run.output(), json!(3));
    let settled = run.settled();
    assert_eq!((settled[0].0, settled.len()), ("poll[0]/x", 4));
    assert_eq!(Driver::start(count(json!({})), json!({ "to": 0 })).output(), json!(0));
}

#[test]
fn loop_while_is_asked_before_max() {
    assert_eq!(Driver::start(count(json!({})), json!({ "to": 5 })).output(), json!(5));
    let error = Driver::start(count(json!({})), json!({ "to": 6 })).error();
    assert_eq!((error.code.as_str(), error.class), ("limit.iterations", FailureClass::Limit));
    assert_eq!(Driver::start(count(json!({ "at_max": "stop" })), json!({ "to": 6 })).output(), json!(5));
    let mut caught = count(json!({}));
    caught["steps"][0]["on_error"] =
        json!([{ "codes": ["limit.iterations"], "then": "continue", "value": { "n": -1 } }]);
    assert_eq!(Driver::start(caught, json!({ "to": 6 })).output(), json!(-1));
}

#[test]
fn loop_waits_between_rounds_and_can_be_stopped() {
    let body = json!({ "steps": [step("x", "x.keyed")] });
    let mut run = Driver::start(count(body.clone()), json!({ "to": 2 }));
    assert_eq!(run.open_calls(), ["poll[0]/x"]);
    run.done("poll[0]/x", json!(1));
    assert_eq!(run.open_calls(), ["poll[1]/x"]);
    run.done("poll[1]/x", json!(2));
    assert_eq!(run.output(), json!(2));
    let mut run = Driver::start(count(body), json!({ "to": 2 }));
    run.done("poll[0]/x", json!(1));
    run.control(Control::Cancel, "c");
    run.pass(10_000);
    run.ended("cancelled");
    assert_eq!(run.settled()[1..], [("poll[1]/x", Settled::Abandoned), ("poll", Settled::Cancelled)]);
}

#[test]
fn fail_class_contract_link_holds_states() {
    let schema = json!({ "type": "object", "properties": { "n": { "type": "integer", "maximum": 1 } } });
    let document = count(json!({ "schema": schema }));
    let run = Driver::start_checked(document.clone(), json!({ "to": 3 }), &["/steps/0/condition/loop/next"]);
    assert_eq!(run.error().code, "contract.link");
    let mut bad = document;
    bad["steps"][0]["condition"]["loop"]["state"] = json!({ "n": 7 });
    let run = Driver::start_checked(bad, json!({ "to": 3 }), &["/steps/0/condition/loop/state"]);
    assert_eq!(run.error().code, "contract.link");
}

#[test]
fn turn_fuel_no_long_list_stalls_others() {
    let many: Vec<u32> = (0..20_000).collect();
    let set = json!([{ "id": "x", "data": { "set": "${ range(50).map(i, i * item).sum() }" } }]);
    let mut run =
        Driver::start_quietly(each(json!({ "steps": set, "output": "${ steps.x }" })), json!({ "l": many }));
    let mut turns = 1;
    while run.last.more {
        run.handle_once(Vec::new());
        turns += 1;
    }
    run.ended("completed");
    assert!(turns > 3, "{turns}");
    run.check();
}

#[test]
fn scopes_are_freed_with_their_items() {
    let mut run = Driver::start_quietly(each(json!({})), json!({ "l": (0..200).collect::<Vec<u32>>() }));
    let mut sizes = Vec::new();
    for index in 0..200 {
        sizes.push(run.machine.snapshot().unwrap().len());
        run.done(&format!("each[{index}]/charge"), json!(0));
    }
    assert!(
        sizes[199] < sizes[0] + 500,
        "a result takes a few bytes, an item is gone: {} {}",
        sizes[0],
        sizes[199]
    );
    run.check();
}

#[test]
fn fail_block_steps_that_were_ready_in_an_ended_scope_never_start() {
    let steps = json!([
        { "id": "first", "data": { "set": "${ 1 / item }" } },
        { "id": "second", "after": [], "data": { "set": "${ item }" } }
    ]);
    let collect = json!({ "errors": "collect", "steps": steps, "output": "${ steps.second }" });
    let run = Driver::start(each(collect), json!({ "l": [0, 1, 0] }));
    let output = run.output();
    assert_eq!(output[0]["error"]["code"], "data.division");
    assert_eq!((&output[1], &output[2]["error"]["step"]), (&json!({ "ok": 1 }), &json!("each[2]/first")));
    assert_eq!(run.settled().iter().filter(|(path, _)| path.ends_with("second")).count(), 1);
}

#[test]
fn late_results_of_a_loop_that_is_over_are_journaled() {
    let mut x = step("x", "x.keyed");
    x["undo"] = json!({ "use": "x.keyed" });
    let mut y = step("y", "x.keyed");
    y["attempt_timeout"] = json!("1s");
    let mut document = count(json!({ "steps": [x, y], "next": "${ state }" }));
    document["steps"][0]["on_error"] = json!([{ "then": "continue", "undo": true, "value": { "n": 0 } }]);
    let mut run = Driver::start(document, json!({ "to": 2 }));
    run.done("poll[0]/x", json!(1));
    let late = run.result("poll[0]/y", json!(2));
    run.pass(1_000);
    assert_eq!(run.open_calls(), ["poll[0]/x/undo"], "the loop has failed, and takes back what it did");
    run.handle(vec![late]);
    assert_eq!(run.trace().last().unwrap(), "late poll[0]/y 1 ok");
    run.done("poll[0]/x/undo", json!(null));
    assert_eq!(run.output(), json!(0));
}
