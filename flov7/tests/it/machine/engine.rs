//! What engines ask besides turns: beginning and going on without deciding, and sub-steps of a running attempt.

use std::sync::Arc;

use flov7::id::{Digest, ExecutionId, Namespace, StepPath, Timestamp};
use flov7::machine::event::{Event, RecordedStep, Started, decode_turn};
use flov7::machine::{Actor, CallErrorKind, CallOutput, Command, Incoming, Machine, Turn, TurnBody};
use flov7::program::Program;
use serde_json::{Value, json};

use super::support::{Driver, bundle, document};

fn two_steps() -> Value {
    document(
        json!([{ "id": "a", "action": { "use": "x.once" } }, { "id": "b", "action": { "use": "x.once" } }]),
    )
}

fn kinds(turns: &[TurnBody]) -> Vec<String> {
    let events = turns.iter().flat_map(|turn| decode_turn(turn).unwrap());
    events
        .map(|recorded| serde_json::to_value(&recorded.event).unwrap()["kind"].as_str().unwrap().to_owned())
        .collect()
}

fn calls(turn: &Turn) -> Vec<String> {
    let calls = turn.commands.iter().filter_map(|command| match command {
        Command::Call(call) => Some(call.path.to_string()),
        _ => None,
    });
    calls.collect()
}

fn output(path: &str) -> Incoming {
    let result = Ok(CallOutput { value: Arc::new(json!(1)), usage: None });
    Incoming::Result { path: StepPath::parse(path).unwrap(), attempt: 1, result }
}

#[test]
fn a_machine_that_has_only_begun_has_scheduled_nothing() {
    let program = Program::compile(&bundle(two_steps())).unwrap();
    let started = Started::new(
        Namespace::parse("default").unwrap(),
        ExecutionId::new(1_700_000_000_000, [7; 10]),
        Digest::of("bundle"),
        json!({}),
        7,
        Actor::new("test"),
    );
    let (machine, first) = Machine::begun(Arc::clone(&program), started, Timestamp::from_ms(1_000));
    assert!(first.more && first.commands.is_empty());
    assert_eq!(machine.in_flight(), 0);
    let mut turns = vec![first.body.unwrap()];
    assert_eq!(kinds(&turns), ["started"]);
    let (mut again, outstanding) = Machine::replay(Arc::clone(&program), &turns).unwrap();
    assert!(outstanding.calls.is_empty());
    let turn = again.handle(Timestamp::from_ms(2_000), Vec::new());
    assert_eq!(calls(&turn), ["a"]);
    turns.push(turn.body.unwrap());
    let (again, outstanding) = Machine::replay(program, &turns).unwrap();
    assert_eq!((outstanding.calls.len(), again.in_flight()), (1, 1));
    assert_eq!(again.started().by, Actor::new("test"));
}

#[test]
fn what_is_kept_is_journaled_and_decided_by_the_next_owner() {
    let mut run = Driver::start(two_steps(), json!({}));
    let turn = run.machine.keep(Timestamp::from_ms(run.now), vec![output("a")]);
    assert!(turn.commands.is_empty() && !turn.more);
    run.turns.push(turn.body.unwrap());
    assert_eq!(kinds(&run.turns), ["started", "scheduled", "done"]);
    let (mut again, outstanding) = Machine::replay(Arc::clone(&run.program), &run.turns).unwrap();
    assert!(outstanding.calls.is_empty(), "the result is there: nothing is lost");
    let turn = again.handle(Timestamp::from_ms(run.now), Vec::new());
    assert_eq!(calls(&turn), ["b"]);
    run.turns.push(turn.body.unwrap());
    Machine::replay(Arc::clone(&run.program), &run.turns).unwrap();
}

#[test]
fn keeping_may_go_on_over_several_turns() {
    let mut run = Driver::start(
        document(json!([
            { "id": "a", "action": { "use": "x.once" } },
            { "id": "b", "action": { "use": "x.once" }, "after": [] },
            { "id": "c", "action": { "use": "x.once" } }
        ])),
        json!({}),
    );
    for path in ["a", "b"] {
        let turn = run.machine.keep(Timestamp::from_ms(run.now), vec![output(path)]);
        run.turns.push(turn.body.unwrap());
    }
    let (mut again, _) = Machine::replay(Arc::clone(&run.program), &run.turns).unwrap();
    let turn = again.handle(Timestamp::from_ms(run.now), Vec::new());
    assert_eq!(calls(&turn), ["c"]);
}

fn record(path: &str, key: &str, value: Value) -> RecordedStep {
    RecordedStep {
        path: StepPath::parse(path).unwrap(),
        key: key.to_owned(),
        request_digest: Digest::of("request"),
        value,
        usage: None,
    }
}

#[test]
fn record_is_journaled_once_and_found_by_the_next_attempt() {
    let steps =
        json!([{ "id": "a", "action": { "use": "x.keyed" }, "retry": { "attempts": 2, "first": "1s" } }]);
    let mut run = Driver::start(document(steps), json!({}));
    run.handle(vec![Incoming::Record(record("a", "k", json!(1)))]);
    run.handle(vec![Incoming::Record(record("a", "k", json!(2)))]);
    let a = StepPath::parse("a").unwrap();
    assert_eq!(run.machine.recorded(&a, "k").unwrap().value, json!(1));
    run.fail("a", "x.busy", CallErrorKind::Retryable);
    run.pass(5_000);
    assert_eq!(run.machine.recorded(&a, "k").unwrap().value, json!(1), "the second attempt finds it");
    let (again, _) = Machine::replay(Arc::clone(&run.program), &run.turns).unwrap();
    assert_eq!(again.recorded(&a, "k").unwrap().value, json!(1), "and so does another process");
    run.done("a", json!(null));
    assert!(run.machine.recorded(&a, "k").is_none(), "with the step it is over");
    let recorded = run.turns.iter().flat_map(|turn| decode_turn(turn).unwrap());
    assert_eq!(recorded.filter(|one| matches!(one.event, Event::Recorded(_))).count(), 1);
}

#[test]
fn record_for_a_step_that_is_over_changes_nothing() {
    let mut run = Driver::start(two_steps(), json!({}));
    run.done("a", json!(1));
    let before = run.turns.len();
    run.handle(vec![Incoming::Record(record("a", "k", json!(1)))]);
    assert_eq!(run.turns.len(), before);
}
