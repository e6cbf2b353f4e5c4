//! Random workflows under random circumstances: whatever comes, each turn replays to the same state, from the beginning
//! and from snapshots, in a machine that was just restarted too, and every execution ends.

use flov7::machine::{CallErrorKind, Control, EndStatus, Incoming, approval};
use serde_json::{Value, json};

use super::support::{Driver, document};

/// A seeded generator (SplitMix64, <https://prng.di.unimi.it/splitmix64.c>).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn one<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len() as u64) as usize]
    }
}

/// Makes documents of all constructs.
struct Author {
    dice: Dice,
    steps: u32,
}

impl Author {
    fn block(&mut self, depth: u32) -> Value {
        let count = 1 + self.dice.roll(3);
        let mut ids: Vec<String> = Vec::new();
        let mut steps = Vec::new();
        for _ in 0..count {
            let (id, mut step) = self.step(depth);
            if self.dice.roll(3) == 0 {
                let after: Vec<&String> = ids.iter().filter(|_| self.dice.roll(2) == 0).collect();
                step["after"] = json!(after);
            }
            ids.push(id);
            steps.push(step);
        }
        json!(steps)
    }

    fn step(&mut self, depth: u32) -> (String, Value) {
        self.steps += 1;
        let id = format!("s{}", self.steps);
        let mut step = json!({ "id": id });
        let kind = if depth == 0 { self.dice.roll(8) } else { self.dice.roll(16) };
        match kind {
            0..=3 => {
                step["action"] =
                    json!({ "use": self.dice.one(&["x.none", "x.idempotent", "x.keyed", "x.once"]) });
                if self.dice.roll(2) == 0 {
                    step["retry"] = json!({ "attempts": 1 + self.dice.roll(3), "first": "1s" });
                }
                if self.dice.roll(3) == 0 {
                    let uses = self.dice.one(&["x.keyed", "x.once"]);
                    step["undo"] = json!({ "use": uses, "with": { "of": format!("${{ steps.{id} }}") } });
                }
            }
            4 => {
                step["data"] =
                    json!({ "set": self.dice.one(&["${ 1 + 1 }", "${ 1 / input.zero }", "plain"]) })
            }
            5 => {
                step["action"] =
                    json!({ "use": "core.wait", "with": { "for": self.dice.one(&["0s", "5s", "1h"]) } })
            }
            6 => {
                let with = json!({ "signal": self.dice.one(&["go", "stop"]) });
                step["action"] = json!({ "use": "core.wait_for", "with": with });
            }
            7 => step["action"] = json!({ "use": "core.approve", "with": { "title": "?" } }),
            8 | 9 => {
                step["condition"] = json!({ "if": self.dice.roll(3) > 0, "then": self.block(depth - 1) });
                if self.dice.roll(2) == 0 {
                    step["condition"]["else"] = self.block(depth - 1);
                }
            }
            10 => {
                let cases: Vec<Value> = (0..2)
                    .map(|n| json!({ "id": format!("c{n}"), "when": self.dice.roll(2) == 0, "steps": self.block(depth - 1) }))
                    .collect();
                let matching = self.dice.one(&["first", "all"]);
                step["condition"] = json!({ "switch": { "match": matching, "cases": cases, "default": self.block(depth - 1) } });
            }
            11 | 12 => {
                let branches: Vec<Value> = (0..3)
                    .map(|n| json!({ "id": format!("b{n}"), "steps": self.block(depth - 1) }))
                    .collect();
                let wait = [json!("all"), json!("any"), json!(2)][self.dice.roll(3) as usize].clone();
                step["condition"] = json!({ "parallel": { "wait": wait, "branches": branches } });
            }
            13 | 14 => {
                let mut steps = self.block(depth - 1);
                if self.dice.roll(3) == 0 {
                    self.steps += 1;
                    let filter = json!({ "id": format!("s{}", self.steps), "condition": { "filter": "${ item > 1 }" } });
                    steps.as_array_mut().unwrap().insert(0, filter);
                }
                let errors = self.dice.one(&["fail", "collect"]);
                let concurrency = 1 + self.dice.roll(3);
                step["condition"] = json!({ "for_each":
                    { "items": [1, 2, 3], "concurrency": concurrency, "errors": errors, "steps": steps } });
            }
            _ => {
                let max = 1 + self.dice.roll(3);
                let stop = self.dice.one(&["fail", "stop"]);
                step["condition"] = json!({ "loop": { "state": 0, "while": "${ state < 2 }", "max": max, "at_max": stop,
                    "steps": self.block(depth - 1), "next": "${ state + 1 }" } });
            }
        }
        if self.dice.roll(4) == 0 {
            step["timeout"] = json!(self.dice.one(&["2s", "30s", "2h"]));
        }
        if self.dice.roll(3) == 0 {
            let mut rule = json!({ "then": self.dice.one(&["continue", "continue", "fail"]), "undo": self.dice.roll(2) == 0 });
            if rule["then"] == "continue" && self.dice.roll(2) == 0 {
                rule["value"] = json!(self.dice.one(&["fine", "${ 1 / input.zero }"]));
            }
            step["on_error"] = json!([rule]);
        }
        if self.dice.roll(6) == 0 {
            step["when"] = json!(self.dice.roll(3) > 0);
        }
        (id, step)
    }
}

/// Something that may happen to an execution.
fn happen(run: &mut Driver, dice: &mut Dice, number: u64) {
    let mut incoming = Vec::new();
    for _ in 0..=dice.roll(2) {
        if !run.calls.is_empty() && dice.roll(5) > 0 {
            let path = dice.one(&run.open_calls()).to_owned();
            incoming.push(match dice.roll(9) {
                0..=4 => run.result(&path, json!({ "n": number })),
                5 => run.error_of(&path, "x.no", CallErrorKind::Failed),
                6 => run.error_of(&path, "x.busy", CallErrorKind::Retryable),
                7 => run.error_of(&path, "x.broken", CallErrorKind::Unknown),
                _ => run.lost(&path),
            });
        }
    }
    match dice.roll(30) {
        0..=4 => {
            incoming.push(Driver::signal(dice.one(&["go", "stop"]), json!(number), &format!("m{number}")))
        }
        5..=8 => {
            let waits = run.machine.view().waiting;
            if let Some(token) = waits.iter().find_map(|wait| wait.token.clone()) {
                let payload = approval(dice.roll(3) > 0, None);
                incoming.push(Driver::token(&token, payload, &format!("t{number}")));
            }
        }
        9 => {
            let control = dice.one(&[
                Control::Pause,
                Control::Unpause,
                Control::Unpause,
                Control::Cancel,
                Control::Terminate,
            ]);
            incoming.push(Incoming::Control {
                control,
                by: flov7::machine::Actor::new("x"),
                id: format!("c{number}"),
            });
        }
        10..=12 => {
            let outstanding = run.restart();
            run.calls.clear();
            incoming = outstanding.into_lost();
        }
        13..=20 => run.now += dice.one(&[100, 3_000, 40_000]),
        _ => {}
    }
    // An engine that is about to stop only keeps what came; the next owner goes on.
    if dice.roll(12) == 0 {
        run.keep(incoming);
        if dice.roll(2) == 0 {
            incoming = run.restart().into_lost();
            run.calls.clear();
        } else {
            incoming = Vec::new();
        }
    }
    run.handle(incoming);
}

#[test]
fn any_workflow_replays_whatever_happens_to_it() {
    let mut ended = [0u32; 4];
    for seed in 0..500 {
        let mut author = Author { dice: Dice(seed), steps: 0 };
        let mut document = document(author.block(3));
        document["signals"] = json!({ "go": true, "stop": true });
        document["timeout"] = json!("1d");
        let mut dice = author.dice;
        let mut run = Driver::start(document, json!({ "zero": 0 }));
        for number in 0..60 {
            if run.machine.ended().is_some() {
                break;
            }
            happen(&mut run, &mut dice, number);
        }
        // Whatever is still open ends: time passes, and nobody answers any more.
        run.control(Control::Unpause, "unpause");
        for _ in 0..2_000 {
            if run.machine.ended().is_some() {
                break;
            }
            let due =
                run.machine.due().unwrap_or_else(|| panic!("seed {seed} hangs: {:#?}", run.machine.view()));
            run.calls.clear();
            run.now = run.now.max(due.ms());
            run.handle(Vec::new());
        }
        let how = run.machine.ended().unwrap_or_else(|| panic!("seed {seed} never ends")).status;
        ended[how as usize] += 1;
        let view = run.view();
        let open = view.steps.iter().filter(|step| step.settled.is_none()).count();
        assert!(open == 0 || how == EndStatus::Terminated, "seed {seed}: {view:#?}");
        assert!(run.machine.outstanding().calls.is_empty(), "seed {seed}");
    }
    assert!(ended.iter().all(|count| *count > 3), "every way to end was seen: {ended:?}");
}
