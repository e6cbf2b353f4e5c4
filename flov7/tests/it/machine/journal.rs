//! The journal: how it is written, what a reader refuses, what a replay notices.

use std::sync::Arc;

use flov7::catalog::Effect;
use flov7::error::ErrorKind;
use flov7::id::{Digest, ExecutionId, Namespace, Timestamp};
use flov7::machine::event::{
    Done, Ended, Event, Forked, Line, Outcome, RecordedStep, Scheduled, ScheduledKind, Signal, SignalTo,
    Started, Timer, decode_turn, encode_turn,
};
use flov7::machine::{
    Actor, BlockedReason, CallErrorKind, Control, EndStatus, Failure, FailureClass, Incoming, Machine,
    ReplayError, Status, TurnBody, Usage,
};
use flov7::program::Program;
use serde_json::{Value, json};

use super::support::{Driver, bundle, document, step};

/// Values of every kind and size class.
fn values() -> Value {
    let many: Vec<u32> = (0..20).collect();
    json!([null, true, false, 0, 14, 15, -1, i64::MIN, i64::MAX, u64::MAX, 0.5, -1e300, "", "é".repeat(7), "x".repeat(300),
        [], many, {}, { "b": 1, "a": { "": [] } }])
}

fn all_events() -> Vec<Event> {
    let path = Driver::path("check/then/a");
    let failure = Failure {
        code: "http.500".into(),
        class: FailureClass::World,
        message: "it broke".into(),
        step: Some(path.clone()),
        attempt: 3,
        retryable: true,
        details: values(),
        also: Vec::new(),
    };
    let mut both = failure.clone();
    both.also = vec![Failure { class: FailureClass::Limit, step: None, ..failure.clone() }];
    let usage = Usage { tokens: Some(7), micros: Some(1_000_000), currency: Some("EUR".into()) };
    let id = ExecutionId::new(1_700_000_000_000, [7; 10]);
    let started = Started::new(
        Namespace::parse("default").unwrap(),
        id.clone(),
        Digest::of("bundle"),
        values(),
        u128::MAX,
        Actor::new("ann"),
    )
    .with_trigger("received")
    .with_keyed(vec!["crm".into()]);
    let done = |outcome, unknown| Done {
        path: path.clone(),
        attempt: 2,
        outcome,
        unknown,
        usage: Some(usage.clone()),
    };
    let signal = |to| Signal { id: "m1".into(), to, payload: values(), by: Actor::new("bob") };
    let mut events = vec![
        Event::Started(Box::new(started.clone())),
        Event::Recorded(RecordedStep {
            path: path.clone(),
            key: "k".into(),
            request_digest: Digest::of("request"),
            value: values(),
            usage: None,
        }),
        Event::Done(done(Outcome::Output(values()), false)),
        Event::Done(done(Outcome::Error(Box::new(failure.clone())), true)),
        Event::Late(done(Outcome::Error(Box::new(failure.clone())), false)),
        Event::Lost { path: path.clone(), attempt: 300 },
        Event::Signal(signal(SignalTo::Name { name: "paid".into(), key: Some("k".into()) })),
        Event::Signal(signal(SignalTo::Name { name: "paid".into(), key: None })),
        Event::Signal(signal(SignalTo::Token("t".into()))),
        Event::Child { path: path.clone(), execution: id.clone(), outcome: Outcome::Output(json!(1)) },
        Event::Child {
            path: path.clone(),
            execution: id.clone(),
            outcome: Outcome::Error(Box::new(failure)),
        },
        Event::Forked { from: id, seq: 9, snapshot: values(), started: Box::new(started) },
    ];
    for kind in [
        ScheduledKind::Call,
        ScheduledKind::Undo,
        ScheduledKind::Wait,
        ScheduledKind::WaitFor,
        ScheduledKind::Approve,
        ScheduledKind::Ask,
        ScheduledKind::Child,
        ScheduledKind::Backoff,
    ] {
        for (due, effect) in [(None, None), (Some(Timestamp::from_ms(-5)), Some(Effect::Keyed))] {
            let input_digest = 0x0123_4567_89ab_cdef;
            events.push(Event::Scheduled(Scheduled {
                path: path.clone(),
                attempt: 1,
                kind,
                input_digest,
                due,
                effect,
            }));
        }
    }
    for timer in [
        Timer::Wait,
        Timer::Backoff,
        Timer::Attempt,
        Timer::Step,
        Timer::Execution,
        Timer::Grace,
        Timer::Rest,
    ] {
        events.push(Event::Fired { path: Some(path.clone()), timer });
        events.push(Event::Fired { path: None, timer });
    }
    for control in [Control::Cancel, Control::Terminate, Control::Pause, Control::Unpause] {
        events.push(Event::Control { control, by: Actor::new("ann"), id: "c1".into() });
    }
    for status in [EndStatus::Completed, EndStatus::Failed, EndStatus::Cancelled, EndStatus::Terminated] {
        events.push(Event::Ended(Ended { status, output: values(), error: Some(Box::new(both.clone())) }));
    }
    events
}

fn turn(events: &[Event]) -> TurnBody {
    encode_turn(40, 3, Timestamp::from_ms(1_700_000_000_000), 99, events)
}

#[test]
fn journal_kinds_are_read_as_they_were_written() {
    let events = all_events();
    let read = decode_turn(&turn(&events)).unwrap();
    let last = read.len() as u64 + 39;
    for ((seq, event), read) in (40u64..).zip(&events).zip(&read) {
        assert_eq!(&read.event, event);
        assert_eq!((read.seq, read.turn, read.v), (seq, 3, 1));
        assert_eq!(read.decided, (seq == last).then_some(99), "the last one carries what was decided");
    }
}

#[test]
fn journal_kinds_are_pinned() {
    let body = turn(&all_events()).body;
    assert_eq!(
        (body.len(), Digest::of(&body).to_string().as_str()),
        (11171, "cd6abe0cb0586b35f3ee2156129479d445f435c659ad519148c56c5adcfe5350"),
        "journals of format 1 must be read for ever: a change needs a new version"
    );
    // The smallest turn, by hand: `lost a 1`, and that the machine came to rest.
    let small = turn(&[Event::Lost { path: Driver::path("a"), attempt: 1 }]);
    assert_eq!(*small.body, [5, 1, b'a', 1, 0]);
}

/// What came to format 1 later: starts that wait, forks with all members, and their timers.
fn later_events() -> Vec<Event> {
    let id = ExecutionId::new(1, [1; 10]);
    let digest = Digest::of("bundle");
    let line = Line { workflow: "orders".into(), key: "\"ann\"".into() };
    let started = Started::new(Namespace::default(), id.clone(), digest, values(), 7, Actor::new("ann"))
        .with_not_before(Timestamp::from_ms(1_800_000_000_000))
        .with_lines(vec![line], true)
        .with_cause(2);
    let mut forked = started.clone();
    forked.forked = Some(Forked { from: id.clone(), seq: 9 });
    let to = SignalTo::Wait { token: "7".repeat(26), name: "paid".into(), key: Some("k".into()) };
    vec![
        Event::Started(Box::new(started)),
        Event::Forked { from: id, seq: 9, snapshot: Value::from("AAAA"), started: Box::new(forked) },
        Event::Fired { path: None, timer: Timer::Begin },
        Event::Fired { path: None, timer: Timer::Turn },
        Event::Signal(Signal { id: "s".into(), to, payload: values(), by: Actor::new("ann") }),
    ]
}

#[test]
fn journal_kinds_that_came_later_are_read_and_pinned() {
    let events = later_events();
    let body = turn(&events);
    let read: Vec<Event> = decode_turn(&body).unwrap().into_iter().map(|recorded| recorded.event).collect();
    assert_eq!(read, events);
    let pin = (body.body.len(), Digest::of(&body.body).to_string());
    let kept = (1634, "1c9b0ba705c16b8717f05c11e1b4496c326e2c6abf69d8bcdc6e13fd39ec3127");
    assert_eq!((pin.0, pin.1.as_str()), kept, "journals of format 1 must be read for ever");
}

#[test]
fn journal_kinds_print_readably() {
    let read = decode_turn(&turn(&all_events()[5..6])).unwrap();
    assert_eq!(
        serde_json::to_value(&read[0]).unwrap(),
        json!({ "seq": 40, "turn": 3, "at": "2023-11-14T22:13:20.000Z", "v": 1, "kind": "lost", "path": "check/then/a",
            "attempt": 300, "decided": 99 })
    );
}

#[test]
fn corrupt_bytes_are_an_error_and_never_a_panic() {
    for event in all_events() {
        let whole = turn(std::slice::from_ref(&event));
        for cut in 0..whole.body.len() {
            let cut = TurnBody { body: whole.body[..cut].into(), ..whole.clone() };
            let error = decode_turn(&cut).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Newer), "{error}");
        }
        for at in 0..whole.body.len().min(400) {
            for flip in [0x01, 0x80, 0xff] {
                let mut bytes = whole.body.to_vec();
                bytes[at] ^= flip;
                // Anything but a panic or a huge allocation.
                let _ = decode_turn(&TurnBody { body: bytes.into(), ..whole.clone() });
            }
        }
    }
}

#[test]
fn journal_kinds_of_a_newer_release_are_refused_and_never_skipped() {
    let body = turn(&[Event::Lost { path: Driver::path("a"), attempt: 1 }]);
    let newer = TurnBody { v: 2, ..body.clone() };
    assert_eq!(decode_turn(&newer).unwrap_err().kind(), ErrorKind::Newer);
    let mut bytes = body.body.to_vec();
    bytes[0] = 99;
    let unknown = TurnBody { body: bytes.into(), ..body };
    let error = decode_turn(&unknown).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Newer);
    assert!(error.to_string().contains("written by a newer flov7"), "{error}");
}

fn two() -> Value {
    document(json!([step("a", "x.keyed"), step("b", "x.keyed")]))
}

#[test]
fn journal_decided_a_replay_that_decides_otherwise_diverges() {
    let mut run = Driver::start(two(), json!({ "n": 1 }));
    run.done("a", json!(1));
    let replay = |document: Value| {
        let program = Program::compile(&bundle(document)).unwrap();
        Machine::replay(program, &run.turns).map(|_| ()).unwrap_err()
    };
    // Another input of the same step, another step, another order, a skip.
    let mut input = two();
    input["steps"][1]["action"]["with"] = json!({ "n": 2 });
    assert_eq!(replay(input), ReplayError::Diverged { seq: 3 });
    assert_eq!(replay(document(json!([step("a", "x.keyed")]))), ReplayError::Diverged { seq: 3 });
    let mut effect = two();
    effect["steps"][0]["action"]["use"] = json!("x.once");
    assert_eq!(replay(effect), ReplayError::Diverged { seq: 1 });
    let mut skipped = two();
    skipped["steps"][1]["when"] = json!(false);
    assert_eq!(replay(skipped), ReplayError::Diverged { seq: 3 });
    let mut silent = two();
    silent["steps"].as_array_mut().unwrap().insert(0, json!({ "id": "d", "data": { "set": 1 } }));
    assert!(
        matches!(replay(silent), ReplayError::Diverged { seq: 1 }),
        "what leaves no event is in the hash"
    );
}

#[test]
fn journal_decided_a_changed_journal_is_noticed() {
    let mut run = Driver::start(two(), json!({}));
    run.done("a", json!(1));
    let replay =
        |turns: &[TurnBody]| Machine::replay(Arc::clone(&run.program), turns).map(|_| ()).unwrap_err();
    let mut other = run.turns.clone();
    other[1].decided ^= 1;
    assert_eq!(replay(&other), ReplayError::Diverged { seq: 3 });
    assert!(matches!(replay(&run.turns[1..]), ReplayError::Corrupt { .. }));
    assert!(matches!(replay(&[]), ReplayError::Corrupt { .. }));
    let twice = [run.turns[0].clone(), run.turns[1].clone(), run.turns[1].clone()];
    assert!(matches!(replay(&twice), ReplayError::Corrupt { .. }));
    let mut newer = run.turns.clone();
    newer[1].v = 2;
    assert!(matches!(replay(&newer), ReplayError::Newer { .. }));
}

#[test]
fn journal_rules_of_another_release_are_refused() {
    let run = Driver::start(two(), json!({}));
    let mut events: Vec<Event> =
        decode_turn(&run.turns[0]).unwrap().into_iter().map(|recorded| recorded.event).collect();
    let Event::Started(started) = &mut events[0] else { panic!() };
    started.rules = 2;
    let turn = encode_turn(0, 0, run.turns[0].at, run.turns[0].decided, &events);
    let error = Machine::replay(Arc::clone(&run.program), &[turn]).map(|_| ()).unwrap_err();
    assert_eq!(error, ReplayError::Rules { rules: 2 });
}

#[test]
fn journal_timers_journaled_instants_count() {
    // The backoff's instant is the journal's, whatever a later release would compute.
    let mut a = step("a", "x.keyed");
    a["retry"] = json!({ "attempts": 2, "first": "1m" });
    let mut run = Driver::start(document(json!([a])), json!({}));
    run.fail("a", "x.busy", CallErrorKind::Retryable);
    let recorded = decode_turn(&run.turns[1]).unwrap();
    let mut events: Vec<Event> = recorded.into_iter().map(|recorded| recorded.event).collect();
    let Event::Scheduled(backoff) = &mut events[1] else { panic!() };
    backoff.due = Some(Timestamp::from_ms(9_999_999));
    let turn = encode_turn(2, 1, run.turns[1].at, run.turns[1].decided, &events);
    let (machine, _) = Machine::replay(Arc::clone(&run.program), &[run.turns[0].clone(), turn]).unwrap();
    assert_eq!(machine.due(), Some(Timestamp::from_ms(9_999_999)));
}

#[test]
fn turn_fuel_is_spent_and_the_rest_follows() {
    // Each data step takes some 60,000 steps of an expression: a turn takes about seventeen of them.
    let mut steps: Vec<Value> = (0..90)
        .map(|n| json!({ "id": format!("d{n}"), "data": { "set": "${ input.l.map(x, x + 1).sum() }" } }))
        .collect();
    steps.push(step("last", "x.keyed"));
    let list: Vec<u32> = (0..12_000).collect();
    let mut run = Driver::start(document(json!(steps)), json!({ "l": list }));
    assert!(run.last.more, "the first turn ran out");
    assert!(run.last.work >= 1_000_000 && run.last.work < 1_200_000, "{}", run.last.work);
    // What comes meanwhile waits for the rest.
    run.handle(vec![Incoming::Control { control: Control::Pause, by: Actor::new("x"), id: "p".into() }]);
    assert!(!run.last.more);
    assert_eq!(run.open_calls(), ["last"]);
    let trace = run.trace();
    assert!(trace.iter().filter(|word| *word == "fired rest").count() >= 2, "{trace:?}");
    assert_eq!(trace.last().unwrap(), "pause");
}

#[test]
fn fail_class_a_defect_blocks_and_goes_on_after_an_upgrade() {
    let broken = |value: &str| {
        let mut b = step("b", "x.keyed");
        b["action"]["with"] = json!({ "n": value });
        let mut side = step("side", "x.keyed");
        side["after"] = json!([]);
        document(json!([step("a", "x.keyed"), side, b]))
    };
    // Validation would have refused it: nobody knows `missing`.
    let mut run = Driver::start(broken("${ input.missing }"), json!({}));
    run.done("a", json!(1));
    run.done("side", json!(1));
    let blocked = run.last.blocked.clone().unwrap();
    assert_eq!(blocked.reason, BlockedReason::Defect);
    assert!(blocked.message.contains("at `b`"), "{}", blocked.message);
    assert_eq!(run.last.head.as_ref().unwrap().status, Status::Blocked);
    assert!(run.machine.snapshot().is_none());
    assert!(run.calls.is_empty());
    // Another look changes nothing, and journals nothing.
    let turns = run.turns.len();
    run.handle(Vec::new());
    assert_eq!(run.turns.len(), turns);
    // The next release can: the same journal, and on it goes.
    run.program = Program::compile(&bundle(broken("${ 7 }"))).unwrap();
    run.restart();
    run.handle(Vec::new());
    assert_eq!(*run.calls[0].input, json!({ "n": 7 }));
    run.done("b", json!(1));
    run.ended("completed");
}

#[test]
fn deep_values_survive_the_journal() {
    let nested = (0..250).fold(json!(1), |inner, _| json!([inner]));
    let mut document = document(json!([step("a", "x.keyed")]));
    document["output"] = (0..100).fold(json!("${ steps.a }"), |inner, _| json!({ "v": inner }));
    let mut run = Driver::start(document, json!({}));
    run.done("a", nested.clone());
    run.ended("completed");
    let mut run = Driver::start(self::two(), json!({}));
    run.done("a", (0..7).fold(nested, |inner, _| json!([inner])));
    run.ended("failed");
    assert_eq!(run.error().code, "contract.output", "what enters nests at most 256 deep");
}

#[test]
fn work_per_event_does_not_grow_with_the_workflow() {
    let worst = |count: usize| {
        let steps: Vec<Value> = (0..count)
            .map(|n| {
                let mut one = step(&format!("s{n}"), "x.none");
                if n > 0 {
                    one["action"]["with"] = json!({ "n": format!("${{ steps.s{} + 1 }}", n - 1) });
                }
                one
            })
            .collect();
        let program = Program::compile(&bundle(document(json!(steps)))).unwrap();
        let started = Started::new(
            Namespace::parse("default").unwrap(),
            ExecutionId::new(1_700_000_000_000, [7; 10]),
            Digest::of("bundle"),
            json!({}),
            1,
            Actor::new("test"),
        );
        let now = Timestamp::from_ms(0);
        let (mut machine, mut turn) = Machine::new(program, started, now);
        let (mut work, mut bytes) = (Vec::new(), Vec::new());
        for n in 0..count {
            let flov7::machine::Command::Call(call) = turn.commands.remove(0) else { panic!() };
            if n > 0 {
                assert_eq!(*call.input, json!({ "n": n }));
            }
            let value = Arc::new(json!(n));
            let result = Ok(flov7::machine::CallOutput { value, usage: None });
            turn = machine.handle(now, vec![Incoming::Result { path: call.path, attempt: 1, result }]);
            work.push(turn.work);
            bytes.push(turn.body.as_ref().unwrap().body.len());
        }
        assert!(machine.ended().is_some());
        (*work.iter().max().unwrap(), *bytes.iter().max().unwrap())
    };
    let (small, large) = (worst(100), worst(10_000));
    assert_eq!(small.0, large.0, "the most that one turn touches");
    assert!(large.1 < small.1 + 16, "only the numbers in it have more digits: {small:?} {large:?}");
}

#[test]
fn a_turn_takes_no_more_than_a_store_does() {
    let wide: Vec<Value> = (0..8)
        .map(|n| {
            let mut one = step(&format!("s{n}"), "x.keyed");
            one["after"] = json!([]);
            one
        })
        .collect();
    let mut run = Driver::start(document(json!(wide)), json!({}));
    let large = json!("x".repeat(1_000_000));
    let results: Vec<Incoming> = (0..8).map(|n| run.result(&format!("s{n}"), large.clone())).collect();
    run.handle(results);
    run.ended("completed");
    assert_eq!(run.turns.len(), 3, "the eight results come in two turns");
    assert!(run.turns.iter().all(|turn| turn.body.len() < 6 << 20));
}
