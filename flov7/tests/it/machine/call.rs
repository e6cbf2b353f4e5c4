//! `core.call`: executions that a step calls (RULES, call).

use flov7::catalog::Catalog;
use flov7::id::StepPath;
use flov7::machine::event::{Outcome, Parent};
use flov7::machine::{CALL_DEPTH, CallErrorKind, Control, Failure, FailureClass, Settled, Status};
use flov7::validate::{Bundle, validate};
use flov7::workflow::Workflow;
use serde_json::{Value, json};

use super::support::{Driver, actions};

/// The bundle of the first of some documents, which may call the others.
fn bundle(documents: &[Value]) -> Bundle {
    let read = |document: &Value| -> Workflow { serde_json::from_value(document.clone()).unwrap() };
    let mut catalog = Catalog::new();
    for action in actions() {
        catalog = catalog.with_action(action);
    }
    for document in documents {
        catalog = catalog.with_workflow(read(document));
    }
    let valid =
        validate(&read(&documents[0]), &catalog).unwrap_or_else(|report| panic!("{}", report.to_json()));
    valid.bundle().as_ref().clone()
}

fn callee() -> Value {
    json!({ "flov7": 1, "name": "callee",
        "input": { "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] },
        "steps": [{ "id": "work", "action": { "use": "x.once" } }], "output": { "twice": "${ input.n * 2 }" } })
}

/// A caller of `callee` with more members on the step.
fn caller(more: Value) -> Value {
    let mut step = json!({ "id": "call",
        "action": { "use": "core.call", "with": { "workflow": "callee", "input": { "n": 4 } } } });
    step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "flov7": 1, "name": "caller", "steps": [step, { "id": "after", "data": { "set": "next" } }] })
}

fn started(more: Value) -> Driver {
    Driver::start_bundle(&bundle(&[caller(more), callee()]), json!({}), Vec::new())
}

fn failure(code: &str, class: FailureClass) -> Outcome {
    let failure: Failure = serde_json::from_value(json!({ "code": code, "class": class, "message": "no",
        "step": "work", "attempt": 3, "retryable": true, "details": { "why": 1 } }))
    .unwrap();
    Outcome::Error(Box::new(failure))
}

#[test]
fn call_starts_the_callee_and_gives_its_output() {
    let mut document = caller(json!({}));
    document["output"] = json!("${ steps.call.twice }");
    let mut run = Driver::start_bundle(&bundle(&[document, callee()]), json!({}), Vec::new());
    let [child] = run.children.as_slice() else { panic!("{:?}", run.children) };
    assert_eq!((child.workflow.as_str(), &child.input), ("callee", &json!({ "n": 4 })));
    assert_eq!((child.parent.path.as_str(), child.parent.depth, child.cause), ("call", 1, 0));
    let view = run.machine.view();
    assert_eq!((view.status, view.waiting.len()), (Status::Waiting, 1));
    assert_eq!(view.waiting[0].execution.as_ref(), Some(&child.execution));
    assert_eq!(serde_json::to_value(view.waiting[0].kind).unwrap(), "child");
    run.child_ends("call", Outcome::Output(json!({ "twice": 8 })));
    assert_eq!(run.output(), 8);
    assert_eq!(run.trace(), ["started", "child call 1", "child call ok", "ended completed"]);
}

#[test]
fn call_ids_of_children_follow_from_the_caller() {
    let (one, two) = (started(json!({})), started(json!({})));
    assert_eq!(one.children, two.children, "the same turn again creates the same child");
    assert_ne!(&one.children[0].execution, &one.children[0].parent.execution);
}

#[test]
fn call_passes_a_childs_failure_on() {
    for (class, code) in [
        (FailureClass::World, "crm.conflict"),
        (FailureClass::Contract, "contract.output"),
        (FailureClass::Data, "data.division"),
        (FailureClass::Limit, "limit.time"),
    ] {
        let mut run = started(json!({}));
        let child = run.children[0].execution.clone();
        run.child_ends("call", failure(code, class));
        let error = run.error();
        assert_eq!((error.code.as_str(), error.class, error.step.as_deref()), (code, class, Some("call")));
        assert!(!error.retryable, "nothing is called again");
        assert_eq!(error.details, json!({ "execution": child, "step": "work", "details": { "why": 1 } }));
    }
}

#[test]
fn call_failures_can_be_caught() {
    let mut run = started(
        json!({ "on_error": [{ "codes": ["limit.time"], "then": "continue", "value": { "twice": 0 } }] }),
    );
    run.child_ends("call", failure("limit.time", FailureClass::Limit));
    run.ended("completed");
    assert_eq!(run.settled(), [("call", Settled::Failed), ("after", Settled::Done)]);
}

#[test]
fn call_holds_the_output_against_expect() {
    let expect = json!({ "action": { "use": "core.call", "with": { "workflow": "callee", "input": { "n": 4 } },
        "expect": { "properties": { "twice": { "maximum": 7 } } } } });
    let mut run = started(expect.clone());
    run.child_ends("call", Outcome::Output(json!({ "twice": 8 })));
    assert_eq!((run.error().code.as_str(), run.error().class), ("contract.output", FailureClass::Contract));
    let mut run = started(expect);
    run.child_ends("call", Outcome::Output(json!({ "twice": 6 })));
    run.ended("completed");
}

#[test]
fn call_cancel_stops_the_child_and_waits_for_its_end() {
    let mut run = started(json!({}));
    let child = run.children[0].execution.clone();
    run.control(Control::Cancel, "c");
    assert_eq!(run.steered, [(child.clone(), Control::Cancel)]);
    assert!(run.machine.ended().is_none(), "its effects are being taken back");
    run.child_ends("call", failure("child_cancelled", FailureClass::World));
    run.ended("cancelled");
    assert_eq!(run.settled(), [("call", Settled::Cancelled)]);
}

#[test]
fn call_a_child_that_completed_meanwhile_counts() {
    let mut run =
        started(json!({ "undo": { "use": "x.idempotent", "with": { "n": "${ steps.call.twice }" } } }));
    run.control(Control::Cancel, "c");
    run.child_ends("call", Outcome::Output(json!({ "twice": 8 })));
    assert_eq!(run.open_calls(), ["call/undo"], "what it did is taken back like that of an action");
    run.done("call/undo", json!(null));
    run.ended("cancelled");
    assert_eq!(run.settled(), [("call", Settled::Done)]);
    assert_eq!(run.machine.view().undo.done, [Driver::path("call")]);
}

#[test]
fn call_terminate_terminates_children() {
    let mut run = started(json!({}));
    let child = run.children[0].execution.clone();
    run.control(Control::Cancel, "c");
    run.control(Control::Cancel, "again");
    run.ended("terminated");
    assert_eq!(run.steered, [(child.clone(), Control::Cancel), (child, Control::Terminate)]);
}

#[test]
fn call_timeout_cancels_the_child_and_fails_once_it_ended() {
    let mut run = started(json!({ "timeout": "5s" }));
    let child = run.children[0].clone();
    assert_eq!(run.machine.head().due.map(|due| due.ms()), Some(run.now + 5_000));
    run.pass(5_000);
    assert_eq!(run.steered, [(child.execution.clone(), Control::Cancel)]);
    assert!(run.machine.ended().is_none());
    run.child_ends("call", failure("child_cancelled", FailureClass::World));
    assert_eq!((run.error().code.as_str(), run.machine.view().unknown_effects.len()), ("timeout", 0));
    // One that was done all the same: someone must know.
    let mut run = started(json!({ "timeout": "5s" }));
    run.pass(5_000);
    run.child_ends("call", Outcome::Output(json!({ "twice": 8 })));
    assert_eq!(run.error().code, "timeout");
    assert_eq!(run.machine.view().unknown_effects, [Driver::path("call")]);
}

#[test]
fn call_of_a_losing_branch_is_cancelled_before_the_step_settles() {
    let call = json!({ "id": "call", "action": { "use": "core.call", "with": { "workflow": "callee", "input": { "n": 1 } } } });
    let document = json!({ "flov7": 1, "name": "caller", "steps": [{ "id": "race", "condition": { "parallel": { "wait": "any",
        "branches": [{ "id": "a", "steps": [call] }, { "id": "b", "steps": [{ "id": "fast", "action": { "use": "x.none" } }] }] } } }] });
    let mut run = Driver::start_bundle(&bundle(&[document, callee()]), json!({}), Vec::new());
    run.done("race/b/fast", json!(1));
    assert_eq!(run.steered.len(), 1);
    assert!(run.machine.ended().is_none());
    run.child_ends("race/a/call", failure("child_cancelled", FailureClass::World));
    run.ended("completed");
}

#[test]
fn call_in_a_for_each_calls_for_each_item() {
    let call = json!({ "id": "call", "action": { "use": "core.call",
        "with": { "workflow": "callee", "input": { "n": "${ item }" } } } });
    let document = json!({ "flov7": 1, "name": "caller", "steps": [{ "id": "each", "condition": { "for_each": {
        "items": [1, 2, 3], "concurrency": 2, "steps": [call], "output": "${ steps.call.twice }" } } }],
        "output": "${ steps.each }" });
    let mut run = Driver::start_bundle(&bundle(&[document, callee()]), json!({}), Vec::new());
    let places =
        |run: &Driver| run.children.iter().map(|child| child.parent.path.to_string()).collect::<Vec<_>>();
    assert_eq!(places(&run), ["each[0]/call", "each[1]/call"]);
    run.child_ends("each[1]/call", Outcome::Output(json!({ "twice": 4 })));
    assert_eq!(places(&run), ["each[0]/call", "each[2]/call"]);
    run.child_ends("each[0]/call", Outcome::Output(json!({ "twice": 2 })));
    run.child_ends("each[2]/call", Outcome::Output(json!({ "twice": 6 })));
    assert_eq!(run.output(), json!([2, 4, 6]));
}

#[test]
fn call_depth_is_limited_to_sixteen() {
    let bundle = bundle(&[caller(json!({})), callee()]);
    for (depth, calls) in [(CALL_DEPTH - 1, true), (CALL_DEPTH, false)] {
        let execution = flov7::id::ExecutionId::new(1, [1; 10]);
        let parent = Parent { execution, path: StepPath::parse("up").unwrap(), depth };
        let run = Driver::start_as(&bundle, |started| started.with_parent(parent), json!({}));
        if calls {
            assert_eq!(run.children[0].parent.depth, CALL_DEPTH);
        } else {
            assert_eq!((run.error().code.as_str(), run.error().class), ("limit.depth", FailureClass::Limit));
        }
    }
    assert_eq!(CALL_DEPTH, 16);
}

#[test]
fn call_ends_of_others_and_repeats_change_nothing() {
    let mut document = caller(json!({}));
    document["steps"][1] = json!({ "id": "after", "action": { "use": "x.none" } });
    let mut run = Driver::start_bundle(&bundle(&[document, callee()]), json!({}), Vec::new());
    let child = run.children[0].clone();
    let mut other = child.clone();
    other.execution = flov7::id::ExecutionId::new(9, [9; 10]);
    run.handle(vec![Driver::child_end(&other, Outcome::Output(json!(1)))]);
    assert_eq!(run.machine.view().waiting.len(), 1, "it is not the child that it waits for");
    let end = || Driver::child_end(&child, Outcome::Output(json!({ "twice": 8 })));
    run.handle(vec![end(), end()]);
    assert_eq!(run.open_calls(), ["after"]);
    assert_eq!(run.last.consumed.len(), 2, "both are done with");
    assert_eq!(run.trace().iter().filter(|word| word.starts_with("child call ok")).count(), 2);
}

#[test]
fn call_a_child_is_paused_with_its_caller() {
    let mut run = started(json!({}));
    run.control(Control::Pause, "p");
    let child = run.children[0].execution.clone();
    assert_eq!(run.steered, [(child.clone(), Control::Pause)]);
    run.control(Control::Unpause, "u0");
    run.control(Control::Pause, "p1");
    let told: Vec<_> = run.steered.iter().map(|(_, control)| *control).collect();
    assert_eq!(told, [Control::Pause, Control::Unpause, Control::Pause]);
    run.child_ends("call", Outcome::Output(json!({ "twice": 8 })));
    assert!(run.machine.ended().is_none());
    run.control(Control::Unpause, "u");
    run.ended("completed");
}

#[test]
fn call_undo_runs_after_a_later_failure() {
    let mut document =
        caller(json!({ "undo": { "use": "x.keyed", "with": { "n": "${ steps.call.twice }" } } }));
    document["steps"][1] = json!({ "id": "after", "action": { "use": "x.none" } });
    let mut run = Driver::start_bundle(&bundle(&[document, callee()]), json!({}), Vec::new());
    run.child_ends("call", Outcome::Output(json!({ "twice": 8 })));
    run.fail("after", "x.bad", CallErrorKind::Failed);
    assert_eq!(*run.calls[0].input, json!({ "n": 8 }));
    run.done("call/undo", json!(null));
    assert_eq!(run.error().code, "x.bad");
}

#[test]
fn bundle_of_a_callee_is_that_of_the_workflow_alone() {
    let deep = json!({ "flov7": 1, "name": "deep", "steps": [{ "id": "x", "action": { "use": "x.none" } }] });
    let middle = json!({ "flov7": 1, "name": "middle", "steps": [
        { "id": "down", "action": { "use": "core.call", "with": { "workflow": "deep" } } }] });
    let top = json!({ "flov7": 1, "name": "top", "steps": [
        { "id": "a", "action": { "use": "core.call", "with": { "workflow": "middle" } } },
        { "id": "b", "action": { "use": "core.call", "with": { "workflow": "deep" } } }] });
    let whole = bundle(&[top.clone(), middle.clone(), deep.clone()]);
    assert_eq!(whole.callees.keys().collect::<Vec<_>>(), ["deep", "middle"]);
    assert_eq!(whole.callee("middle").unwrap(), bundle(&[middle.clone(), deep.clone()]));
    assert_eq!(whole.callee("deep").unwrap(), bundle(&[deep]));
    assert_eq!(whole.callee("other"), None);
}

#[test]
fn bundle_holds_workflows_that_call_each_other() {
    let call = |name: &str, other: &str| {
        json!({ "flov7": 1, "name": name, "steps": [{ "id": "down", "when": "${ execution.id == \"\" }",
            "action": { "use": "core.call", "with": { "workflow": other } } }] })
    };
    let (ping, pong) = (call("ping", "pong"), call("pong", "ping"));
    let one = bundle(&[ping.clone(), pong.clone()]);
    let two = one.callee("pong").unwrap();
    assert_eq!(two, bundle(&[pong, ping.clone()]));
    assert_eq!(two.callee("ping").unwrap(), one, "the same bundle on the way back");
    assert_ne!(one.digest(), two.digest());
    let own = call("own", "own");
    let own = bundle(&[own]);
    assert_eq!(own.callee("own").unwrap(), own);
}
