//! Turns that go on: one turn of many results, which a replay makes again.

use std::sync::Arc;

use flov7::id::{StepPath, Timestamp};
use flov7::machine::{CallOutput, Command, Incoming, Machine, Status, Turn, TurnBody};
use serde_json::{Value, json};

use super::support::{Driver, document, step};

fn steps(n: usize) -> Value {
    let steps: Vec<Value> = (0..n)
        .map(|i| {
            let mut step = step(&format!("s{i}"), "x.none");
            if i > 0 {
                step["action"]["with"] = json!({ "n": format!("${{ steps.s{} }}", i - 1) });
            }
            step
        })
        .collect();
    document(steps.into())
}

fn output(step: &str, value: Value) -> Incoming {
    let result = Ok(CallOutput { value: Arc::new(value), usage: None });
    Incoming::Result { path: StepPath::parse(step).unwrap(), attempt: 1, result }
}

fn called(turn: &Turn) -> Vec<&str> {
    let calls = turn.commands.iter().filter_map(|command| match command {
        Command::Call(call) => Some(call.path.as_str()),
        _ => None,
    });
    calls.collect()
}

fn same(run: &Driver, machine: &Machine, turns: &[TurnBody]) {
    let (again, outstanding) = Machine::replay(Arc::clone(&run.program), turns).unwrap();
    assert_eq!(outstanding, machine.outstanding());
    assert_eq!(again.state_digest(), machine.state_digest());
    assert_eq!(again.view(), machine.view());
}

#[test]
fn turn_order_what_comes_while_a_turn_goes_on_is_one_turn_that_replays() {
    let run = Driver::start(steps(5), json!({}));
    let (mut machine, mut turns) = (run.machine.clone(), run.turns.clone());
    let at = Timestamp::from_ms(run.now + 5);
    for i in 0..3 {
        // What goes on has one time, whatever the clock says.
        let at = at.saturating_add_ms(i);
        let turn = machine.ride(at, vec![output(&format!("s{i}"), json!(i))]);
        assert_eq!(called(&turn), [format!("s{}", i + 1)]);
        assert!(turn.body.is_none() && machine.is_open());
        assert_eq!(machine.open_events(), 2 * (i.unsigned_abs() + 1));
        assert!(machine.snapshot().is_none(), "an open turn stands in no journal");
    }
    let body = machine.close().unwrap();
    assert_eq!((body.turn, body.count, body.at, body.first_seq), (1, 6, at, turns[0].next_seq()));
    assert!(machine.close().is_none() && !machine.is_open());
    turns.push(body);
    same(&run, &machine, &turns);
    // The next one begins where it ended, and the last turn closes itself.
    let turn = machine.ride(at, vec![output("s3", json!(3))]);
    assert!(turn.body.is_none());
    let turn = machine.ride(at, vec![output("s4", json!(4))]);
    let body = turn.body.unwrap();
    assert_eq!((body.turn, body.count), (2, 4), "two results, a call, and the end");
    assert!(turn.ended.is_some() && !machine.is_open());
    turns.push(body);
    same(&run, &machine, &turns);
    assert_eq!(machine.view().status, Status::Completed);
}

#[test]
fn turn_order_what_is_handled_or_kept_ends_the_turn_that_goes_on() {
    for keep in [false, true] {
        let run = Driver::start(steps(4), json!({}));
        let (mut machine, mut turns) = (run.machine.clone(), run.turns.clone());
        let at = Timestamp::from_ms(run.now);
        machine.ride(at, vec![output("s0", json!(0))]);
        let incoming = vec![output("s1", json!(1))];
        let turn = if keep { machine.keep(at, incoming) } else { machine.handle(at, incoming) };
        let body = turn.body.unwrap();
        assert_eq!((body.turn, body.count), (1, if keep { 3 } else { 4 }), "keep decides nothing: {keep}");
        turns.push(body);
        same(&run, &machine, &turns);
        // Whoever goes on begins with what was kept.
        let turn = machine.handle(at, Vec::new());
        assert_eq!(called(&turn), if keep { vec!["s2"] } else { vec![] });
        turns.extend(turn.body);
        same(&run, &machine, &turns);
    }
}

#[test]
fn turn_fuel_is_that_of_the_whole_turn_that_goes_on() {
    let mut document = steps(2);
    let many = json!({ "n": "${ [1,2,3,4,5,6,7,8,9,10].map(a, [1,2,3,4,5,6,7,8,9,10].map(b, \
        [1,2,3,4,5,6,7,8,9,10].map(c, [1,2,3,4,5,6,7,8,9,10].map(d, a + b + c + d)))).size() }" });
    let burning: Vec<Value> =
        (0..20).map(|i| json!({ "id": format!("b{i}"), "after": ["s0"], "data": { "set": many } })).collect();
    document["steps"].as_array_mut().unwrap().extend(burning);
    let run = Driver::start(document, json!({}));
    let (mut machine, mut turns) = (run.machine.clone(), run.turns.clone());
    let at = Timestamp::from_ms(run.now);
    let mut turn = machine.ride(at, vec![output("s0", json!(0))]);
    let mut stops = 0;
    while turn.more {
        stops += 1;
        turns.extend(turn.body.take());
        assert!(!machine.is_open(), "a turn whose fuel is spent is over");
        same(&run, &machine, &turns);
        turn = machine.ride(at, Vec::new());
    }
    assert!(stops > 0);
    turns.extend(machine.close());
    same(&run, &machine, &turns);
}
