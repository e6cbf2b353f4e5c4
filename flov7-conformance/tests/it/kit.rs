//! The kit itself: virtual time, disks that crash and lie, scripts.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use flov7::clock::Clock;
use flov7::error::ErrorKind;
use flov7::id::{ExecutionId, Namespace, Timestamp};
use flov7::machine::event::{Event, Started, encode_turn};
use flov7::machine::{Actor, Head, Status};
use flov7::store::{Created, ExecutionQuery, ExecutionStore, NewExecution, Purge, Store};
use flov7::testing::ManualClock;
use flov7_conformance::disk::{Disk, Mishap, Process};
use flov7_conformance::script::{Answer, Script};
use flov7_conformance::simulation::Simulation;
use serde_json::json;

fn here() -> Namespace {
    Namespace::default()
}

fn new(n: u64) -> NewExecution {
    let document = json!({ "document": { "flov7": 1, "name": "orders", "steps": [{ "id": "a", "data": { "set": 1 } }] }, "interfaces": {}, "rules": 1 });
    let bundle: Arc<flov7::validate::Bundle> = Arc::new(serde_json::from_value(document).unwrap());
    let (id, digest) = (ExecutionId::new(n, [0; 10]), bundle.digest());
    let started = Started::new(here(), id.clone(), digest, json!({}), 0, Actor::new("test"));
    let first = encode_turn(0, 0, Timestamp::EPOCH, 0, &[Event::Started(Box::new(started))]);
    NewExecution::new(id, bundle, digest, first, Head::new(Status::Waiting, None))
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

async fn count(process: &Process) -> usize {
    process.executions(&here(), &ExecutionQuery::new()).await.unwrap().executions.len()
}

#[test]
fn time_passes_only_when_nothing_else_can_happen() {
    let simulation = Simulation::new();
    let clock = simulation.clock();
    let log = Arc::new(Mutex::new(Vec::new()));
    let began = clock.now();
    simulation
        .run(async {
            let tasks: Vec<_> = [30, 10, 20]
                .into_iter()
                .map(|seconds| {
                    let (clock, log) = (clock.clone(), log.clone());
                    tokio::spawn(async move {
                        for _ in 0..100 {
                            tokio::task::yield_now().await;
                        }
                        assert_eq!(clock.now(), began, "it moved although somebody was busy");
                        clock.sleep_until(began.saturating_add(Duration::from_secs(seconds))).await;
                        log.lock().unwrap().push((seconds, clock.now().since(began).as_secs()));
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        })
        .unwrap();
    assert_eq!(*log.lock().unwrap(), [(10, 10), (20, 20), (30, 30)]);
}

#[test]
fn what_never_happens_is_found_out() {
    let simulation = Simulation::new().with_horizon(Duration::from_secs(3_600));
    assert!(simulation.run(std::future::pending::<()>()).is_err());
    let clock = simulation.clock();
    let began = clock.now();
    let far =
        simulation.run(async { clock.sleep_until(began.saturating_add(Duration::from_secs(3_601))).await });
    assert_eq!(far.map_err(|stuck| stuck.at), Err(began), "past the horizon");
    assert_eq!(simulation.run(async { 7 }), Ok(7), "and it can be used again");
}

#[test]
fn a_disk_does_what_each_mishap_says() {
    for (mishap, kind, kept, crashed) in [
        (Mishap::Before, ErrorKind::Unknown, 0, false),
        (Mishap::After, ErrorKind::Unknown, 1, false),
        (Mishap::Crash, ErrorKind::Unavailable, 0, true),
        (Mishap::CrashAfter, ErrorKind::Unavailable, 1, true),
    ] {
        block_on(async {
            let disk = Disk::new(ManualClock::default());
            let process = disk.process();
            disk.fail(1, mishap);
            assert_eq!(disk.pending(), 1);
            let refused = process.create(&here(), new(1)).await.unwrap_err();
            assert_eq!((refused.kind(), disk.pending()), (kind, 0), "{mishap:?}");
            assert_eq!(process.is_alive(), !crashed, "{mishap:?}");
            assert_eq!(process.next_due().await.is_err(), crashed, "{mishap:?}");
            assert_eq!(count(&disk.process()).await, kept, "{mishap:?}");
        });
    }
}

#[test]
fn a_disk_that_lies_loses_what_it_did_not_sync() {
    block_on(async {
        let disk = Disk::new(ManualClock::default()).with_lazy_sync(3);
        let process = disk.process();
        for n in 1..=5 {
            assert!(matches!(process.create(&here(), new(n)).await, Ok(Created::New(_))));
        }
        assert_eq!(count(&process).await, 5, "acknowledged, and seen");
        disk.crash();
        assert_eq!(count(&disk.process()).await, 3, "durable");
    });
}

#[test]
fn a_disk_purges_as_it_says_and_keeps_that_too() {
    block_on(async {
        let disk = Disk::new(ManualClock::default()).with_lazy_sync(3);
        let process = disk.process();
        assert!(process.capabilities().purge);
        let mut ended = new(1);
        ended.head = Head::new(Status::Completed, None);
        process.create(&here(), ended).await.unwrap();
        process.create(&here(), new(2)).await.unwrap();
        assert_eq!(process.purge(&Purge::new(0)).await.unwrap().executions, 1);
        disk.crash();
        assert_eq!(count(&disk.process()).await, 1, "the third write: all are durable");
    });
}

#[test]
fn a_killed_process_is_alone_in_being_dead() {
    block_on(async {
        let disk = Disk::new(ManualClock::default());
        let (one, other) = (disk.process(), disk.process());
        one.create(&here(), new(1)).await.unwrap();
        one.kill();
        assert_eq!(one.create(&here(), new(2)).await.unwrap_err().kind(), ErrorKind::Unavailable);
        assert_eq!(count(&other).await, 1);
    });
}

#[test]
fn a_stalled_process_goes_on_where_it_was() {
    let simulation = Simulation::new();
    let clock = simulation.clock();
    let began = clock.now();
    let disk = Disk::new(clock.clone());
    simulation
        .run(async {
            let process = disk.process();
            process.stall_until(began.saturating_add(Duration::from_secs(60)));
            process.create(&here(), new(1)).await.unwrap();
            assert_eq!(clock.now().since(began).as_secs(), 60);
        })
        .unwrap();
}

#[test]
fn scripts_say_what_is_wrong_with_them() {
    let refused = |value| Script::read(&value).unwrap_err().to_string();
    assert!(refused(json!([])).contains("an object of answers"));
    for wrong in [
        json!({}),
        json!(1),
        json!({ "output": 1, "hang": true }),
        json!({ "hang": false }),
        json!({ "after": "1s" }),
    ] {
        assert!(refused(json!({ "a": wrong })).contains("one of output"), "{wrong}");
    }
    assert!(refused(json!({ "a": [] })).contains("at least one"));
    assert!(refused(json!({ "a": { "error": {} } })).contains("a code"));
    assert!(refused(json!({ "a": { "output": 1, "after": "soon" } })).contains("duration"));
}

#[test]
fn answers_are_found_by_step_then_by_action_and_repeat_what_is_settled() {
    use flov7::action::ActionContext;
    use flov7::catalog::{ActionDescriptor, Catalog};
    use flov7::id::StepPath;
    let catalog = Catalog::new().with_action(ActionDescriptor::new(
        "x.do",
        "Do",
        json!({ "type": "object" }),
        json!(true),
    ));
    let script =
        Script::read(&json!({ "each[1]/a": { "output": "by index" }, "each/a": { "output": "by step" },
        "x.do": [{ "output": 1 }, { "output": 2 }] }))
        .unwrap()
        .with_otherwise(|_| Answer::Output(json!("otherwise")));
    let registry = script.registry(&catalog);
    let action = registry.handler("x.do", &catalog.action("x.do").unwrap().interface()).unwrap().clone();
    let ask = |path: &str, attempt| {
        let path = StepPath::parse(path).unwrap();
        let cx = ActionContext::new(here(), ExecutionId::new(0, [0; 10]), path, attempt, Timestamp::MAX);
        let action = action.clone();
        block_on(async move { action.call(&cx, Arc::new(json!({}))).await.unwrap().value })
    };
    assert_eq!((ask("each[1]/a", 1), ask("each[0]/a", 1)), (json!("by index"), json!("by step")));
    assert_eq!((ask("b", 1), ask("c", 1), ask("d", 1)), (json!(1), json!(2), json!(2)));
    assert_eq!(ask("b", 2), json!(1), "the other side deduplicates");
    assert_eq!(script.places().len(), 6);
}
