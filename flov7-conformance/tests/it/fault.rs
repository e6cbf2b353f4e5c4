//! Fault points happen where the plan says, and only there.

use std::process::{Command, Stdio};
use std::sync::Arc;

use flov7::action::{Action, ActionContext, ActionError, Registry, from_fn};
use flov7::catalog::{ActionDescriptor, Effect};
use flov7::error::ErrorKind;
use flov7::id::{Digest, ExecutionId, Namespace, StepPath, Timestamp};
use flov7::machine::event::SignalTo;
use flov7::machine::{Actor, CallErrorKind, Status};
use flov7::memory::InMemoryStore;
use flov7::store::{
    Created, ExecutionStore, Head, Lease, Message, MessageBody, NewExecution, Turn, TurnBody, TurnError,
};
use flov7::validate::Bundle;
use flov7_conformance::fault::{FaultStore, Plan};
use serde_json::json;

#[test]
fn plans_are_read_and_written() {
    for good in [
        "commit:1:before",
        "commit:17:after=error",
        "post:2:before",
        "call:3:after",
        "commit:1:before,commit:1:after=error,call:18446744073709551615:before",
    ] {
        assert_eq!(good.parse::<Plan>().unwrap().to_string(), good);
    }
    assert_eq!(
        " commit:1:after=abort , call:2:before".parse::<Plan>().unwrap().to_string(),
        "commit:1:after,call:2:before"
    );
    for bad in [
        "",
        ",",
        "commit",
        "commit:1",
        "commit:0:before",
        "commit:-1:before",
        "commit:x:before",
        "commit:1:during",
        "claim:1:before",
        "commit:1:before:after",
        "commit:1:before=explode",
        "commit:1:before,",
    ] {
        assert_eq!(bad.parse::<Plan>().unwrap_err().kind(), ErrorKind::Invalid, "{bad:?}");
    }
}

fn body(seq: u64) -> TurnBody {
    TurnBody { first_seq: seq, count: 1, turn: seq, at: Timestamp::EPOCH, v: 1, decided: 0, body: [7].into() }
}

fn execution() -> ExecutionId {
    ExecutionId::new(1, [1; 10])
}

fn new() -> NewExecution {
    let bundle = json!({ "document": { "flov7": 1, "name": "a", "steps": [{ "id": "a", "data": { "set": 1 } }] }, "interfaces": {}, "rules": 1 });
    let bundle: Bundle = serde_json::from_value(bundle).unwrap();
    let head = Head::new(Status::Running, None);
    NewExecution::new(execution(), Arc::new(bundle), Digest::of("x"), body(0), head).with_lease("me", 1_000)
}

fn turn(seq: u64) -> Turn {
    let lease = Lease { owner: "me".to_owned(), epoch: 1 };
    Turn::new(Namespace::default(), execution(), lease).with_body(body(seq))
}

/// A store under a plan, and the store behind it.
fn store(plan: &Plan) -> (FaultStore, Arc<InMemoryStore>) {
    let inner = Arc::new(InMemoryStore::new());
    (plan.store(Arc::clone(&inner) as Arc<dyn flov7::store::Store>), inner)
}

async fn journal(store: &InMemoryStore) -> usize {
    store.turns(&Namespace::default(), &execution(), 0, 100).await.map_or(0, |turns| turns.len())
}

#[tokio::test]
async fn a_commit_fails_before_or_after_it_was_written() {
    // The plan, which of three turns in one batch are unknown, and how many turns the journal then has.
    for (plan, unknown, written) in [
        ("commit:9:before=error", [false; 3], 4),
        ("commit:2:after=error", [true, false, false], 4),
        ("commit:3:after=error", [false, true, false], 4),
        ("commit:4:after=error", [false, false, true], 4),
        ("commit:4:before=error", [false, false, true], 3),
        ("commit:2:after=error,commit:4:before=error", [true, false, true], 3),
    ] {
        let plan: Plan = plan.parse().unwrap();
        let (store, inner) = store(&plan);
        store.create(&Namespace::default(), new()).await.unwrap();
        let answers = store.commit(vec![turn(1), turn(2), turn(3)]).await;
        let got: Vec<bool> =
            answers.iter().map(|answer| matches!(answer, Err(TurnError::Unknown(_)))).collect();
        assert_eq!(got, unknown, "{plan}: {answers:?}");
        assert_eq!(
            answers.iter().filter(|answer| answer.is_ok()).count(),
            unknown.iter().filter(|u| !**u).count()
        );
        assert_eq!(journal(&inner).await, written, "{plan}");
        assert_eq!(plan.counts().commits, 4, "{plan}");
    }
    // What follows a turn that was not written finds the gap.
    let (store, inner) = store(&"commit:2:before=error".parse().unwrap());
    store.create(&Namespace::default(), new()).await.unwrap();
    let answers = store.commit(vec![turn(1), turn(2)]).await;
    assert!(matches!(answers[..], [Err(TurnError::Unknown(_)), Err(TurnError::Conflict(1))]), "{answers:?}");
    assert_eq!(journal(&inner).await, 1);
}

#[tokio::test]
async fn creating_and_posting_fail_before_or_after_they_were_written() {
    for (plan, created) in [("commit:1:before=error", 0), ("commit:1:after=error", 1)] {
        let (store, inner) = store(&plan.parse().unwrap());
        let error = store.create(&Namespace::default(), new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unknown);
        assert_eq!(journal(&inner).await, created, "{plan}");
    }
    for (plan, posted) in [("post:1:before=error", 0), ("post:1:after=error", 1)] {
        let (store, inner) = store(&plan.parse().unwrap());
        assert!(matches!(store.create(&Namespace::default(), new()).await, Ok(Created::New(Some(_)))));
        let to = SignalTo::Token("t".to_owned());
        let body = MessageBody::Signal { to, payload: json!(1) };
        let message = Message { id: "a".to_owned(), body, by: Actor::new("me") };
        let error = store.post(&Namespace::default(), &execution(), message).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unknown);
        assert_eq!(inner.arrived("me", 10).await.unwrap().len(), posted, "{plan}");
    }
}

#[tokio::test]
async fn a_call_fails_before_or_after_it_ran() {
    let calls = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let ran = Arc::clone(&calls);
    let descriptor = ActionDescriptor::new("demo.count", "Count", json!({ "type": "object" }), json!({}))
        .with_effect(Effect::None);
    let interface = descriptor.interface();
    let action = from_fn(descriptor, move |_, _| {
        let ran = Arc::clone(&ran);
        async move { Ok::<_, ActionError>(json!(ran.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1)) }
    });
    let plan: Plan = "call:2:before=error,call:3:after=error".parse().unwrap();
    let registry = plan.registry(Registry::new().with_action(action));
    let action: Arc<dyn Action> = Arc::clone(registry.handler("demo.count", &interface).unwrap());
    let cx = ActionContext::new(
        Namespace::default(),
        execution(),
        StepPath::parse("a").unwrap(),
        1,
        Timestamp::from_ms(1_000),
    );
    let mut seen = Vec::new();
    for _ in 0..4 {
        let answer = action.call(&cx, Arc::new(json!({}))).await;
        seen.push(answer.map(|output| output.value).map_err(|error| (error.code, error.kind)));
    }
    let unknown = || Err(("fault".to_owned(), CallErrorKind::Unknown));
    assert_eq!(seen, [Ok(json!(1)), unknown(), unknown(), Ok(json!(3))]);
    assert_eq!(plan.counts().calls, 4);
}

#[test]
fn an_abort_ends_the_process_at_its_point() {
    for (plan, said) in [
        ("", "created committed committed done"),
        ("commit:1:before", ""),
        ("commit:2:before", "created"),
        ("commit:2:after", "created"),
        ("commit:3:before", "created committed"),
        ("commit:4:before", "created committed committed done"),
    ] {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "fault::child_of_the_abort_test", "--nocapture"])
            .env("FLOV7_FAULT", plan)
            .env("FLOV7_FAULT_CHILD", "1")
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let out = String::from_utf8(child.stdout).unwrap();
        let words: Vec<_> = out.lines().filter_map(|line| line.strip_prefix("child: ")).collect();
        assert_eq!(words.join(" "), said, "{plan}");
        assert_eq!(child.status.success(), said.ends_with("done"), "{plan}: {}", child.status);
        let stderr = String::from_utf8(child.stderr).unwrap();
        assert_eq!(stderr.contains(&format!("planned fault: aborting at {plan}")), !said.ends_with("done"));
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "fault::child_of_the_abort_test"])
        .env("FLOV7_FAULT", "commit:next:before")
        .env("FLOV7_FAULT_CHILD", "1")
        .output()
        .unwrap();
    assert!(!child.status.success(), "a plan that cannot be read is not ignored");
}

/// Does nothing unless [`an_abort_ends_the_process_at_its_point`] started it.
#[test]
#[allow(clippy::print_stdout)]
fn child_of_the_abort_test() {
    if std::env::var_os("FLOV7_FAULT_CHILD").is_none() {
        return;
    }
    let plan = Plan::from_env("FLOV7_FAULT").unwrap().unwrap_or_default();
    let (store, _) = store(&plan);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    // A line of its own: the test harness writes before the first one without ending its line.
    println!();
    runtime.block_on(async {
        store.create(&Namespace::default(), new()).await.unwrap();
        println!("child: created");
        for seq in 1..3 {
            assert!(store.commit(vec![turn(seq)]).await[0].is_ok());
            println!("child: committed");
        }
        println!("child: done");
    });
}
