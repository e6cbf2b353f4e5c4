//! Cancel, terminate, pause.

use flov7::machine::{CallErrorKind, Control, Settled, Status};
use serde_json::json;

use super::support::{Driver, document, step};

fn busy() -> Driver {
    let mut b = step("b", "x.once");
    b["after"] = json!([]);
    let steps = json!([step("a", "x.keyed"), b,
        { "id": "w", "after": [], "action": { "use": "core.wait", "with": { "for": "1h" } } },
        { "id": "c", "after": ["a"], "action": { "use": "x.keyed" } }]);
    Driver::start(document(steps), json!({}))
}

#[test]
fn cancel_gives_grace_then_abandons() {
    let mut run = busy();
    run.control(Control::Cancel, "c1");
    assert_eq!(run.cancelled, [("a".to_owned(), 1), ("b".to_owned(), 1)]);
    assert_eq!(run.settled(), [("w", Settled::Cancelled)]);
    assert_eq!(run.machine.head().status, Status::Running);
    run.done("a", json!(1));
    run.pass(9_999);
    assert!(run.machine.ended().is_none());
    run.pass(1);
    run.ended("cancelled");
    assert_eq!(
        run.settled(),
        [("w", Settled::Cancelled), ("a", Settled::Done), ("b", Settled::Abandoned)],
        "a result within the grace settles it done; what waited for it never began"
    );
    assert_eq!(run.view().unknown_effects, [Driver::path("b")]);
    assert_eq!(run.view().error, None);
    assert_eq!(
        run.trace(),
        [
            "started",
            "call a 1",
            "call b 1",
            "wait w 1",
            "cancel",
            "done a 1 ok",
            "fired grace b",
            "ended cancelled"
        ]
    );
}

#[test]
fn cancel_a_failure_within_the_grace_settles_it_cancelled() {
    let mut run = busy();
    run.control(Control::Cancel, "c1");
    run.fail("a", "x.stopped", CallErrorKind::Failed);
    run.fail("b", "x.stopped", CallErrorKind::Unknown);
    assert_eq!(run.settled()[1..], [("a", Settled::Cancelled), ("b", Settled::Abandoned)]);
    run.ended("cancelled");
    assert_eq!(run.view().unknown_effects, [Driver::path("b")]);
}

#[test]
fn cancel_twice_is_terminate() {
    let mut run = busy();
    run.control(Control::Cancel, "c1");
    run.control(Control::Cancel, "c1");
    assert!(run.machine.ended().is_none(), "the same message twice is one cancel");
    run.control(Control::Cancel, "c2");
    run.ended("terminated");
    assert_eq!(run.view().unknown_effects, [Driver::path("a"), Driver::path("b")]);
}

#[test]
fn cancel_cannot_be_caught() {
    let steps = json!([{ "id": "i", "on_error": [{ "then": "continue" }],
        "condition": { "if": true, "then": [{ "id": "q", "action": { "use": "core.approve", "with": { "title": "?" } },
            "on_error": [{ "then": "continue" }] }] } }]);
    let mut run = Driver::start(document(steps), json!({}));
    run.control(Control::Cancel, "c1");
    run.ended("cancelled");
    assert_eq!(run.settled(), [("i/then/q", Settled::Cancelled), ("i", Settled::Cancelled)]);
}

#[test]
fn cancel_lost_within_the_grace_is_abandoned() {
    let mut run = busy();
    run.control(Control::Cancel, "c1");
    let outstanding = run.restart();
    run.handle(outstanding.into_lost());
    run.ended("cancelled");
    assert_eq!(run.settled()[1..], [("a", Settled::Abandoned), ("b", Settled::Abandoned)]);
}

#[test]
fn cancel_terminate_ends_at_once() {
    let mut run = busy();
    run.control(Control::Terminate, "t1");
    run.ended("terminated");
    assert_eq!(run.cancelled.len(), 2, "what runs is told");
    assert!(run.settled().is_empty());
    assert_eq!(run.machine.due(), None);
    // Whoever looks sees nothing in flight: what ran may have had its effect.
    let view = run.view();
    let of = |id: &str| view.steps.iter().find(|step| step.path == id).unwrap().settled;
    assert_eq!((of("a"), of("b")), (Some(Settled::Abandoned), Some(Settled::Abandoned)), "{view:#?}");
    assert!(view.steps.iter().all(|step| step.settled.is_some()), "{view:#?}");
}

#[test]
fn pause_starts_nothing_and_lets_what_runs_finish() {
    let long = |id: &str, after: &[&str]| {
        let mut step = step(id, "x.keyed");
        step["after"] = json!(after);
        step["attempt_timeout"] = json!("1d");
        step
    };
    let wait = json!({ "id": "w", "after": [], "action": { "use": "core.wait", "with": { "for": "1h" } } });
    let steps = json!([long("a", &[]), long("b", &[]), wait, long("c", &["a"])]);
    let mut run = Driver::start(document(steps), json!({}));
    run.control(Control::Pause, "p1");
    assert_eq!((run.machine.head().status, run.machine.due()), (Status::Paused, None));
    run.done("a", json!(1));
    assert_eq!(run.settled(), [("a", Settled::Done)], "running ones finish and are journaled");
    assert_eq!(run.open_calls(), ["b"], "and nothing new starts");
    run.now += 2 * 3_600_000;
    run.handle(Vec::new());
    assert_eq!(run.settled().len(), 1, "timers wait");
    run.restart();
    run.control(Control::Unpause, "p2");
    assert_eq!(run.open_calls(), ["b", "c"]);
    assert!(run.trace().contains(&"fired wait w".to_owned()), "timers apply when it is unpaused");
}

#[test]
fn pause_signals_buffer() {
    let mut document =
        document(json!([{ "id": "p", "action": { "use": "core.wait_for", "with": { "signal": "go" } } }]));
    document["signals"] = json!({ "go": true });
    let mut run = Driver::start(document, json!({}));
    run.control(Control::Pause, "p1");
    run.handle(vec![Driver::signal("go", json!(1), "m1")]);
    assert!(run.machine.ended().is_none());
    run.control(Control::Unpause, "p2");
    run.ended("completed");
}

#[test]
fn pause_is_no_obstacle_to_cancel() {
    let mut run = busy();
    run.control(Control::Pause, "p1");
    run.control(Control::Cancel, "c1");
    run.pass(10_000);
    run.ended("cancelled");
}
