//! Executions that do not begin at once. Each turn is also replayed and restored by the driver.

use flov7::id::Timestamp;
use flov7::machine::event::Line;
use flov7::machine::{Control, Incoming, REPLACED, Status};
use serde_json::json;

use super::support::{Driver, bundle, document, step};

const FAR: i64 = 4_000_000_000_000;

fn held(not_before: Option<i64>, queued: bool) -> Driver {
    let mut document = document(json!([
        { "id": "pay", "action": { "use": "core.wait_for", "with": { "signal": "paid" } } },
        step("a", "x.once")
    ]));
    document["signals"] = json!({ "paid": {} });
    document["timeout"] = json!("1h");
    let line = Line { workflow: "test".into(), key: "\"ann\"".into() };
    let origin = |started: flov7::machine::event::Started| {
        let started = started.with_lines(vec![line], queued);
        match not_before {
            Some(ms) => started.with_not_before(Timestamp::from_ms(ms)),
            None => started,
        }
    };
    Driver::start_as(&bundle(document), origin, json!({}))
}

fn turn(id: &str) -> Incoming {
    Incoming::Turn { id: id.into() }
}

#[test]
fn concurrency_a_turn_begins_what_waited_for_it_once() {
    let mut run = held(None, true);
    assert_eq!((run.machine.head().status, run.machine.due()), (Status::Waiting, None));
    assert!(run.view().begins.is_some_and(|begins| begins.in_line));
    run.handle(vec![Driver::signal("paid", json!(3), "s")]);
    assert_eq!(run.machine.head().buffered, 1, "kept for the wait that is to come");
    run.handle(vec![turn("flov7:turn")]);
    assert_eq!((run.open_calls(), run.view().begins), (vec!["a"], None));
    assert!(run.machine.due().is_some(), "the workflow's timeout counts from here");
    let events = run.trace().len();
    run.handle(vec![turn("flov7:turn")]);
    assert_eq!((run.trace().len(), run.last.consumed.len()), (events, 1), "it comes once");
}

#[test]
fn concurrency_a_turn_does_not_begin_what_is_delayed_or_paused() {
    let mut run = held(Some(FAR), true);
    assert_eq!(run.machine.due(), Some(Timestamp::from_ms(FAR)));
    run.handle(vec![turn("t")]);
    assert_eq!(run.machine.head().status, Status::Running, "only time is in the way");
    run.control(Control::Pause, "p");
    assert_eq!((run.machine.head().status, run.machine.due()), (Status::Paused, None));
    run.control(Control::Unpause, "u");
    assert!(run.view().begins.is_some_and(|begins| begins.at.is_some() && !begins.in_line));
    run.control(Control::Cancel, "c");
    run.ended("cancelled");
    assert!(run.view().steps.is_empty());
}

#[test]
fn concurrency_a_replacement_is_nobodys_first_cancel() {
    let mut run = held(None, true);
    run.handle(vec![turn("t")]);
    run.handle(vec![Driver::signal("paid", json!(3), "s")]);
    assert_eq!(run.open_calls(), ["a"]);
    run.control(Control::Cancel, REPLACED);
    assert!(run.machine.ended().is_none(), "its action has its grace");
    run.control(Control::Cancel, "ann");
    assert!(run.machine.ended().is_none(), "the first cancel of a person is no termination");
    run.control(Control::Cancel, "ann again");
    run.ended("terminated");
}

#[test]
fn concurrency_a_turn_that_comes_with_a_cancel_begins_nothing() {
    let mut run = held(None, true);
    let cancel =
        Incoming::Control { control: Control::Cancel, by: flov7::machine::Actor::new("ann"), id: "c".into() };
    run.handle(vec![turn("t"), cancel]);
    run.ended("cancelled");
    assert!(run.view().steps.is_empty());
}
