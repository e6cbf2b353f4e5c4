//! Dry runs: the real machine, answers instead of calls, time that jumps.

use flov7::error::ErrorKind;
use flov7::execute::{DryRun, DryRunOutcome, Mocks};
use flov7::machine::{Settled, Status};
use serde_json::{Value, json};

use super::{codes, valid};

fn dry(document: Value, mocks: Value) -> DryRunOutcome {
    DryRun::new(&valid(document), json!({})).with_mocks(Mocks::read(&mocks).unwrap()).run().unwrap()
}

fn settled(outcome: &DryRunOutcome) -> Vec<(&str, Option<Settled>, u32)> {
    outcome.view.steps.iter().map(|step| (step.path.as_str(), step.settled, step.attempts)).collect()
}

const DONE: Option<Settled> = Some(Settled::Done);
const FAILED: Option<Settled> = Some(Settled::Failed);

fn one(step: Value) -> Value {
    json!({ "steps": [step] })
}

#[test]
fn the_more_exact_key_answers_first() {
    let make = |n: u32| json!({ "id": format!("s{n}"), "action": { "use": "shop.make" } });
    let outcome = dry(
        json!({ "steps": [make(0), make(1), make(2)], "output": "${ steps.s0.id + steps.s1.id + steps.s2.id }" }),
        json!({
            "s1": { "output": { "id": "by-path" } },
            "shop.make": [{ "output": { "id": "first." } }, { "output": { "id": ".second" } }]
        }),
    );
    assert_eq!(
        outcome.view.output,
        json!("first.by-path.second"),
        "calls under the id count only what it answers"
    );
}

#[test]
fn a_list_under_a_path_is_one_answer_per_attempt() {
    let step = json!({ "id": "a", "action": { "use": "shop.make" }, "retry": { "attempts": 5, "first": "1h", "max": "3h" } });
    let busy = json!({ "error": { "code": "shop.busy", "retryable": true } });
    let outcome = dry(one(step.clone()), json!({ "a": [busy, busy, { "output": { "id": "ok" } }] }));
    assert_eq!((outcome.view.status, settled(&outcome)), (Status::Completed, vec![("a", DONE, 3)]));
    assert!(
        outcome.now.since(flov7::id::Timestamp::from_ms(1_767_225_600_000)).as_secs() >= 3_600,
        "time jumped"
    );
    let outcome = dry(one(step), json!({ "a": [busy] }));
    assert_eq!(settled(&outcome), [("a", FAILED, 5)], "the last one repeats");
}

#[test]
fn what_hangs_times_out_and_what_is_lost_is_decided_by_its_effect() {
    let keyed = json!({ "id": "a", "action": { "use": "shop.make" }, "attempt_timeout": "1m" });
    let once = json!({ "id": "a", "action": { "use": "shop.pay" } });
    let code = |document: &Value, mock: Value| {
        let outcome = dry(one(document.clone()), json!({ "a": mock }));
        (outcome.view.error.map(|error| error.code), outcome.view.steps[0].attempts)
    };
    assert_eq!(code(&keyed, json!({ "lost": true })), (Some("worker_lost".into()), 3));
    assert_eq!(code(&keyed, json!([{ "lost": true }, { "output": { "id": "ok" } }])), (None, 2));
    assert_eq!(code(&once, json!({ "lost": true })), (Some("outcome_unknown".into()), 1));
    assert_eq!(code(&once, json!({ "hang": true })), (Some("outcome_unknown".into()), 1));
}

#[test]
fn outputs_are_held_against_the_schema() {
    let step = json!({ "id": "a", "action": { "use": "shop.make" } });
    let outcome = dry(one(step), json!({ "a": { "output": { "id": 7 } } }));
    assert_eq!(outcome.view.error.unwrap().code, "contract.output");
}

#[test]
fn an_action_without_an_answer_ends_it() {
    let document = json!({ "steps": [
        { "id": "a", "action": { "use": "shop.make" } },
        { "id": "check", "condition": { "if": "${ steps.a.id == 'xx' }", "then": { "steps": [
            { "id": "pay", "action": { "use": "shop.pay" } }
        ] } } }
    ] });
    let outcome = dry(document.clone(), json!({ "a": { "output": { "id": "xx" } } }));
    assert_eq!(codes(&outcome.findings), [("mock-missing", "/steps/1/condition/then/steps/0/action")]);
    assert_eq!(outcome.findings[0].step.as_deref(), Some("pay"));
    assert_eq!(outcome.view.status, Status::Running);
    let outcome = dry(document, json!({}));
    assert_eq!(codes(&outcome.findings), [("mock-missing", "/steps/0/action")]);
}

#[test]
fn a_sample_is_the_smallest_value_and_says_so() {
    let document = json!({
        "steps": [
            { "id": "a", "action": { "use": "shop.make" } },
            { "id": "b", "action": { "use": "shop.read",
                "expect": { "type": "object", "properties": { "n": { "type": "integer", "minimum": 3 } }, "required": ["n"] } } },
            { "id": "c", "action": { "use": "shop.make",
                "expect": { "properties": { "note": { "type": "string", "minLength": 1 } }, "required": ["note"] } } },
            { "id": "d", "action": { "use": "shop.pay" } }
        ],
        "output": ["${ steps.b }", "${ steps.d }"]
    });
    let mocks = Mocks::read(&json!({ "d": { "output": "mocked" } })).unwrap();
    let outcome = DryRun::new(&valid(document), json!({})).with_mocks(mocks).with_sample(true).run().unwrap();
    assert_eq!(outcome.view.status, Status::Completed, "{:?}", outcome.findings);
    assert_eq!(outcome.view.output, json!([{ "n": 3 }, "mocked"]));
    assert_eq!(outcome.sampled.iter().map(|path| path.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    let c = outcome.view.steps.iter().find(|step| step.path == "c").unwrap().output.clone().unwrap();
    assert!(c["note"].is_string() && c["id"].is_string(), "{c}");
}

#[test]
fn people_and_signals_wait_unless_they_are_mocked() {
    let document = json!({
        "signals": { "paid": { "type": "object", "properties": { "amount": { "type": "number" } }, "required": ["amount"] } },
        "steps": [
            { "id": "ok", "action": { "use": "core.approve", "with": { "title": "Fine?" } } },
            { "id": "day", "action": { "use": "core.ask", "with": { "title": "When?" }, "expect": { "type": "string" } } },
            { "id": "paid", "action": { "use": "core.wait_for", "with": { "signal": "paid" } } }
        ],
        "output": ["${ steps.ok.by }", "${ steps.day }", "${ steps.paid.amount }"]
    });
    let mut mocks = json!({});
    for (key, answer) in [
        ("ok", json!({ "output": { "by": "ann", "at": "2026-01-01T00:00:00.000Z" } })),
        ("core.ask", json!({ "output": "friday" })),
        ("paid", json!({ "output": { "amount": 7 } })),
    ] {
        for sample in [false, true] {
            let mocks = Mocks::read(&mocks).unwrap();
            let run = DryRun::new(&valid(document.clone()), json!({})).with_mocks(mocks).with_sample(sample);
            let outcome = run.run().unwrap();
            assert_eq!(
                (outcome.view.status, outcome.view.waiting.len()),
                (Status::Waiting, 1),
                "before {key}"
            );
        }
        mocks[key] = answer;
    }
    let outcome = dry(document.clone(), mocks.clone());
    assert_eq!((outcome.view.status, outcome.view.output), (Status::Completed, json!(["ann", "friday", 7])));

    mocks["ok"] = json!({ "error": { "code": "rejected" } });
    let outcome = dry(document.clone(), mocks.clone());
    assert_eq!(outcome.view.error.unwrap().code, "rejected");

    let at = "2026-01-01T00:00:00Z";
    for output in [
        json!({}),
        json!({ "by": "ann" }),
        json!({ "at": at }),
        json!({ "by": "ann", "at": "today" }),
        json!({ "by": "ann", "at": "2025-12-31T23:59:59Z" }),
        json!({ "by": "ann", "at": at, "note": 7 }),
        json!({ "by": "ann", "at": at, "why": "so" }),
    ] {
        mocks["ok"] = json!({ "output": output });
        assert_eq!(codes(&dry(document.clone(), mocks.clone()).findings), [("input-invalid", "")], "{mocks}");
    }
    mocks["ok"] = json!({ "output": { "by": "ann", "at": at } });
    mocks["paid"] = json!({ "output": { "amount": "7" } });
    assert_eq!(codes(&dry(document, mocks).findings), [("input-invalid", "")]);
}

#[test]
fn time_jumps_over_waits_and_never_over_people() {
    let wait =
        json!({ "id": "pause", "after": [], "action": { "use": "core.wait", "with": { "for": "30d" } } });
    let ask = json!({ "id": "ok", "after": [], "action": { "use": "core.approve", "with": { "title": "t" } },
        "timeout": "1h", "on_error": [{ "codes": ["timeout"], "then": "continue" }] });
    let start = flov7::id::Timestamp::from_ms(1_767_225_600_000);
    let days = |outcome: &DryRunOutcome| outcome.now.since(start).as_secs() / 86_400;

    let outcome = dry(one(wait.clone()), json!({}));
    assert_eq!((outcome.view.status, days(&outcome)), (Status::Completed, 30));

    let outcome = dry(one(ask.clone()), json!({}));
    assert_eq!((outcome.view.status, outcome.now), (Status::Waiting, start), "its deadline does not come");

    let outcome = dry(one(ask.clone()), json!({ "ok": { "hang": true } }));
    assert_eq!((outcome.view.status, settled(&outcome)), (Status::Completed, vec![("ok", FAILED, 0)]));

    let both = json!({ "steps": [wait, ask] });
    let outcome = dry(both.clone(), json!({}));
    assert_eq!(
        (outcome.view.status, outcome.now),
        (Status::Running, start),
        "the deadline stands in the way"
    );
    let outcome = dry(both, json!({ "ok": { "hang": true } }));
    assert_eq!((outcome.view.status, days(&outcome)), (Status::Completed, 30));
}

#[test]
fn an_approval_comes_when_its_mock_says() {
    let document = || {
        json!({ "steps": [
            { "id": "ok", "after": [], "action": { "use": "core.approve", "with": { "title": "t" } },
              "timeout": "12h", "on_error": [{ "codes": ["timeout"], "then": "continue" }] },
            { "id": "pause", "after": [], "action": { "use": "core.wait", "with": { "for": "1h" } } }
        ] })
    };
    let approved =
        |at: &str| dry(document(), json!({ "ok": { "output": { "by": "ann", "at": at, "note": "n" } } }));
    let outcome = approved("2026-01-01T09:30:00.000Z");
    assert_eq!(outcome.view.status, Status::Completed, "{outcome:#?}");
    let ok = outcome.view.steps.iter().find(|step| step.path == "ok").unwrap();
    assert_eq!(ok.output, Some(json!({ "by": "ann", "at": "2026-01-01T09:30:00Z", "note": "n" })));
    assert_eq!(outcome.now.to_string(), "2026-01-01T09:30:00.000Z");
    // Too late: the deadline comes first.
    let outcome = approved("2026-01-01T13:00:00Z");
    let ok = outcome.view.steps.iter().find(|step| step.path == "ok").unwrap();
    assert_eq!(ok.error.as_ref().unwrap().code, "timeout", "{outcome:#?}");
}

#[test]
fn the_same_dry_run_is_the_same() {
    let document = || {
        json!({ "steps": [
            { "id": "a", "action": { "use": "shop.make" }, "retry": { "attempts": 4 } },
            { "id": "b", "data": { "set": "${ execution.id + string(now) }" } }
        ], "output": "${ steps.b }" })
    };
    let mocks = || json!({ "a": [{ "error": { "code": "shop.busy", "retryable": true } }, { "output": { "id": "ok" } }] });
    assert_eq!(dry(document(), mocks()), dry(document(), mocks()));
}

#[test]
fn what_cannot_run_is_refused_before() {
    let workflow = valid(one(json!({ "id": "a", "action": { "use": "shop.make" } })));
    let input = DryRun::new(&workflow, json!({ "x": 1 })).run().unwrap_err();
    assert_eq!(codes(input.report().unwrap().findings()), [("input-invalid", "")]);
    let mocks = Mocks::read(&json!({ "b": { "output": 1 } })).unwrap();
    let error = DryRun::new(&workflow, json!({})).with_mocks(mocks).run().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(codes(error.report().unwrap().findings()), [("unknown-step", "/b")]);
}

/// Runs a document dry that may call others.
fn dry_with(document: Value, callees: &[Value], mocks: Value) -> DryRunOutcome {
    let workflow = super::valid_with(document, callees);
    DryRun::new(&workflow, json!({})).with_mocks(Mocks::read(&mocks).unwrap()).run().unwrap()
}

fn callee() -> Value {
    json!({ "name": "callee", "steps": [
        { "id": "made", "action": { "use": "shop.make" } },
        { "id": "ok", "action": { "use": "core.approve", "with": { "title": "Well?" } } },
        { "id": "pause", "action": { "use": "core.wait", "with": { "for": "1h" } } } ],
        "output": "${ steps.made.id + steps.ok.by }" })
}

fn caller() -> Value {
    json!({ "steps": [{ "id": "down", "action": { "use": "core.call", "with": { "workflow": "callee" } } }], "output": "${ steps.down }" })
}

#[test]
fn called_workflows_run_with_it_and_mocks_name_their_steps_behind_the_call() {
    let mocks = json!({ "down/made": { "output": { "id": "mm" } }, "down/ok": { "output": { "by": "ann", "at": "2026-01-01T00:00:00Z" } } });
    let outcome = dry_with(caller(), &[callee()], mocks);
    assert_eq!((outcome.view.status, outcome.view.output), (Status::Completed, json!("mmann")));
    assert!(outcome.now.since(flov7::id::Timestamp::from_ms(1_767_225_600_000)).as_secs() == 3_600);
    let outcome = dry_with(caller(), &[callee()], json!({ "shop.make": { "output": { "id": "mm" } } }));
    assert_eq!(outcome.view.status, Status::Waiting, "nobody answers for the person inside");
    let outcome = dry_with(
        caller(),
        &[callee()],
        json!({ "down/ok": { "output": { "by": "ann", "at": "2026-01-01T00:00:00Z" } } }),
    );
    let finding = &outcome.findings[0];
    assert_eq!((finding.code.name(), finding.pointer.as_str()), ("mock-missing", "/steps/0/action"));
    assert!(finding.message.contains("`down/made`"), "{}", finding.message);
}

#[test]
fn calls_can_be_mocked_themselves() {
    let outcome = dry_with(caller(), &[callee()], json!({ "down": { "output": "mocked" } }));
    assert_eq!(outcome.view.output, json!("mocked"));
    let outcome =
        dry_with(caller(), &[callee()], json!({ "core.call": { "error": { "code": "shop.busy" } } }));
    assert_eq!(outcome.view.error.unwrap().code, "shop.busy");
    let mut timed = caller();
    timed["steps"][0]["timeout"] = json!("1d");
    let outcome = dry_with(timed, &[callee()], json!({ "down": { "hang": true } }));
    assert_eq!(
        outcome.view.error.unwrap().code,
        "timeout",
        "its deadline comes, and it stops when it is told to"
    );
    let bad = DryRun::new(&super::valid_with(caller(), &[callee()]), json!({}))
        .with_mocks(
            Mocks::read(&json!({ "down": { "lost": true }, "down/nothing": { "hang": true } })).unwrap(),
        )
        .run()
        .unwrap_err();
    let found = codes(bad.report().unwrap().findings());
    assert_eq!(found, [("wrong-kind", "/down"), ("unknown-step", "/down~1nothing")]);
}

#[test]
fn a_workflow_that_calls_itself_runs_dry() {
    let own = json!({ "name": "test", "input": { "type": "object", "properties": { "n": { "type": "integer" } } },
        "steps": [{ "id": "made", "action": { "use": "shop.make" } },
            { "id": "more", "condition": { "if": "${ input.?n.orValue(0) < 3 }", "then": { "steps": [
                { "id": "down", "action": { "use": "core.call", "with": { "workflow": "test", "input": { "n": "${ input.?n.orValue(0) + 1 }" } },
                    "expect": { "type": "integer" } } }], "output": "${ steps.down }" } } }],
        "output": "${ steps.more == null ? 1 : steps.more + 1 }" });
    let mocks = json!({ "shop.make": { "output": { "id": "mm" } }, "more/then/down/more/then/down/made": { "output": { "id": "xx" } } });
    let outcome = dry_with(own, &[], mocks);
    assert_eq!((outcome.view.status, outcome.view.output), (Status::Completed, json!(4)));
}
