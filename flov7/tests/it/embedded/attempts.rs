//! What handlers may do: panic, hang, record, be watched.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flov7::action::{ActionError, from_fn, typed};
use flov7::catalog::Effect;
use flov7::machine::event::{Event, decode_turn};
use flov7::machine::{Settled, Status};
use flov7::observe::{Observation, Observer};
use flov7::store::ExecutionStore;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::support::{World, descriptor, quiet, rested, run, sequence, space, start, trace};

#[test]
fn a_panic_is_an_unknown_outcome_and_the_executor_lives() {
    for (effect, code, attempts) in [(Effect::Once, "outcome_unknown", 1), (Effect::Keyed, "panicked", 3)] {
        run(async {
            let mut world = World::new();
            let calls = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&calls);
            let bomb = from_fn(descriptor("test.bomb").with_effect(effect), move |_, _| {
                counted.fetch_add(1, Ordering::SeqCst);
                async { panic!("boom") }
            });
            world.registry = world.registry.with_action(bomb);
            let executor = world.executor();
            let id = start(&executor, &world.valid(sequence("test.bomb", 1))).await;
            for _ in 0..attempts {
                quiet().await;
                world.clock.advance(Duration::from_secs(120));
            }
            let view = rested(&executor, &id).await;
            assert_eq!((view.status, view.error.unwrap().code.as_str()), (Status::Failed, code));
            assert_eq!(calls.load(Ordering::SeqCst), attempts);
            let fine = start(&executor, &world.valid(sequence("now.once", 1))).await;
            assert_eq!(rested(&executor, &fine).await.status, Status::Completed);
        });
    }
}

#[test]
fn time_out_an_attempt_that_hangs_is_given_up_at_its_deadline() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let step = json!({ "id": "a", "action": { "use": "gate.idempotent" }, "attempt_timeout": "5s", "retry": { "attempts": 2, "first": "1s" } });
        let id = start(&executor, &world.valid(json!({ "steps": [step] }))).await;
        let first = world.held().await;
        world.clock.advance(Duration::from_millis(4_999));
        quiet().await;
        assert!(!first.cx.cancellation.is_cancelled());
        world.clock.advance(Duration::from_millis(1));
        first.cx.cancellation.cancelled().await;
        quiet().await;
        world.clock.advance(Duration::from_secs(2));
        let second = world.held().await;
        assert_eq!(second.place(), ("a".into(), 2));
        first.give(Ok(json!("late")));
        quiet().await;
        second.give(Ok(json!("in time")));
        let view = rested(&executor, &id).await;
        assert_eq!(view.steps[0].output, Some(json!("in time")));
        assert!(world.events(&id).await.contains(&"late".to_owned()), "a late result is kept for readers");
    });
}

/// An action with three recorded sub-steps; its first attempt fails after so many of them.
fn recording(world: &mut World, worked: &Arc<Mutex<Vec<String>>>, fails_after: usize) {
    let worked = Arc::clone(worked);
    let mut descriptor = descriptor("agent.run").with_effect(Effect::Idempotent);
    descriptor.records = true;
    let action = from_fn(descriptor, move |cx, _| {
        let worked = Arc::clone(&worked);
        async move {
            let mut sum = 0;
            for n in 0..3 {
                if cx.attempt == 1 && n == fails_after {
                    return Err(ActionError::retryable("agent.tired", "again"));
                }
                let log = Arc::clone(&worked);
                let value = cx
                    .record(&format!("part{n}"), &json!({ "n": n }), |key| async move {
                        log.lock().unwrap().push(key);
                        Ok((json!(n * 10), None))
                    })
                    .await?;
                sum += value.as_i64().unwrap();
            }
            Ok(json!(sum))
        }
    });
    world.registry = world.registry.clone().with_action(action);
}

#[test]
fn record_a_repeated_attempt_finds_what_was_recorded() {
    for fails_after in 0..3 {
        run(async {
            let mut world = World::new();
            let worked: Arc<Mutex<Vec<String>>> = Arc::default();
            recording(&mut world, &worked, fails_after);
            let executor = world.executor();
            let step = json!({ "id": "a", "action": { "use": "agent.run" }, "retry": { "attempts": 2, "first": "1s" } });
            let id = start(&executor, &world.valid(json!({ "steps": [step] }))).await;
            quiet().await;
            world.clock.advance(Duration::from_secs(5));
            let view = rested(&executor, &id).await;
            assert_eq!(view.steps[0].output, Some(json!(30)));
            let parts = worked.lock().unwrap().len();
            assert_eq!(parts, 3, "no part was worked twice");
            let turns = world.store.turns(&space("default"), &id, 0, 100).await.unwrap();
            let events = turns.iter().flat_map(|turn| decode_turn(turn).unwrap());
            let keys: Vec<_> = events
                .filter_map(|one| match one.event {
                    Event::Recorded(record) => Some(record.key),
                    _ => None,
                })
                .collect();
            assert_eq!(keys, ["part0", "part1", "part2"]);
        });
    }
}

#[test]
fn record_is_durable_before_the_attempt_goes_on() {
    run(async {
        let mut world = World::new();
        let (store, seen) = (world.store.clone(), Arc::new(Mutex::new(Vec::new())));
        let log = Arc::clone(&seen);
        let mut descriptor = descriptor("agent.run").with_effect(Effect::Once);
        descriptor.records = true;
        let action = from_fn(descriptor, move |cx, _| {
            let (store, log) = (store.clone(), Arc::clone(&log));
            async move {
                cx.record("k", &json!(1), |_| async { Ok((json!("paid"), None)) }).await?;
                let turns = store.turns(&cx.namespace, &cx.execution, 0, 100).await.unwrap();
                let events = turns.iter().flat_map(|turn| decode_turn(turn).unwrap());
                log.lock().unwrap().extend(events.map(|one| matches!(one.event, Event::Recorded(_))));
                Ok(Value::Null)
            }
        });
        world.registry = world.registry.with_action(action);
        let executor = world.executor();
        let id = start(&executor, &world.valid(sequence("agent.run", 1))).await;
        rested(&executor, &id).await;
        assert_eq!(*seen.lock().unwrap(), [false, false, true], "started, scheduled, recorded");
    });
}

#[test]
fn record_for_another_request_is_diverged() {
    run(async {
        let mut world = World::new();
        let mut descriptor = descriptor("agent.run").with_effect(Effect::Once);
        descriptor.records = true;
        let action = from_fn(descriptor, |cx, _| async move {
            cx.record("k", &json!(1), |_| async { Ok((json!(1), None)) }).await?;
            cx.record("k", &json!(2), |_| async { Ok((json!(2), None)) }).await
        });
        world.registry = world.registry.with_action(action);
        let executor = world.executor();
        let id = start(&executor, &world.valid(sequence("agent.run", 1))).await;
        assert_eq!(rested(&executor, &id).await.error.unwrap().code, "record.diverged");
    });
}

#[test]
fn record_needs_to_be_declared() {
    run(async {
        let mut world = World::new();
        let action = from_fn(descriptor("agent.run"), |cx, _| async move {
            cx.record("k", &json!(1), |_| async { Ok((json!(1), None)) }).await
        });
        world.registry = world.registry.with_action(action);
        let executor = world.executor();
        let id = start(&executor, &world.valid(sequence("agent.run", 1))).await;
        assert_eq!(rested(&executor, &id).await.error.unwrap().code, "record.unsupported");
    });
}

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Observer for Log {
    fn observe(&self, observation: &Observation<'_>) {
        let line = match observation {
            Observation::Started { .. } => "started".to_owned(),
            Observation::AttemptStarted { path, attempt, .. } => format!("{path} {attempt} begins"),
            Observation::AttemptEnded { path, attempt, code, millis, .. } => {
                format!("{path} {attempt} {} after {millis}", code.unwrap_or("ok"))
            }
            Observation::Settled { path, settled, .. } => format!("{path} {settled:?}"),
            Observation::StatusChanged { status, .. } => format!("{status:?}"),
            other => format!("{other:?}"),
        };
        self.0.lock().unwrap().push(line);
    }
}

#[test]
fn an_observer_hears_what_happens_once() {
    run(async {
        let world = World::new();
        let log = Arc::new(Log::default());
        let executor = world.builder("one", 1).with_observer(log.clone()).open().unwrap();
        let document = json!({ "steps": [
            { "id": "a", "action": { "use": "now.once" } },
            { "id": "b", "action": { "use": "gate.once" } },
            { "id": "c", "action": { "use": "now.none", "with": { "fail": "x.y" } } }
        ] });
        let id = start(&executor, &world.valid(document)).await;
        let held = world.held().await;
        world.clock.advance(Duration::from_millis(40));
        held.give(Ok(json!(1)));
        let view = rested(&executor, &id).await;
        assert_eq!(view.status, Status::Failed);
        assert_eq!(
            *log.0.lock().unwrap(),
            [
                "started",
                "a 1 begins",
                "a 1 ok after 0",
                "a Done",
                "b 1 begins",
                "b 1 ok after 40",
                "c 1 begins",
                "c 1 x.y after 0",
                "b Done",
                "c Failed",
                "Failed"
            ]
        );
    });
}

#[derive(Deserialize, JsonSchema)]
struct Order {
    amount: f64,
}

#[derive(Serialize, JsonSchema)]
struct Invoice {
    number: String,
    total: f64,
}

#[test]
fn typed_actions_run() {
    run(async {
        let mut world = World::new();
        let invoice = typed("billing.invoice", "Create an invoice", |cx, order: Order| async move {
            Ok(Invoice { number: cx.idempotency_key(), total: order.amount * 1.2 })
        })
        .with_effect(Effect::Keyed);
        world.registry = world.registry.with_action(invoice);
        let executor = world.executor();
        let step = json!({ "id": "bill", "action": { "use": "billing.invoice", "with": { "amount": 10 } } });
        let document = json!({ "steps": [step], "output": "${ steps.bill.total }" });
        let id = start(&executor, &world.valid(document)).await;
        let view = rested(&executor, &id).await;
        assert_eq!(
            (trace(&view), view.output.clone()),
            ((Status::Completed, vec![("bill", Some(Settled::Done))]), json!(12))
        );
    });
}
