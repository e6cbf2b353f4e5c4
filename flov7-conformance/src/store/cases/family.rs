//! Executions that a turn creates, and events that it emits.

use std::sync::Arc;

use flov7::machine::event::Outcome as End;
use flov7::machine::{Actor, Emission, Status};
use flov7::store::{Accepted, Claim, Head, INBOX_MESSAGES, Message, MessageBody, NewExecution, Turn};
use serde_json::json;

use crate::store::fixture::*;
use crate::store::{Failure, Outcome, Stop};

/// A child by number, under a key.
fn child(n: u64, key: &str) -> Outcome<NewExecution> {
    let bundle = bundle_of("child", 1)?;
    let digest = bundle.digest();
    Ok(NewExecution::new(id(n), bundle, digest, body(0, 1, "born"), running()).with_key(key))
}

fn path(text: &str) -> Outcome<flov7::id::StepPath> {
    flov7::id::StepPath::parse(text).map_err(|error| Stop::Failed(Failure::new(error.to_string())))
}

/// An event of a step.
fn event(step: &str, n: u64) -> Outcome<Emission> {
    let payload = json!({ "n": n, "big": u64::MAX, "half": 0.5, "text": "ä \u{1f600} \" \\ \n" });
    Ok(Emission::new(path(step)?, "order.invoiced", Arc::new(payload), 3))
}

fn end_of(n: u64) -> Outcome<Message> {
    let outcome = End::Output(json!({ "n": n, "big": u64::MAX, "deep": [[[]]] }));
    let body = MessageBody::Child { path: path("each[0]/call")?, execution: id(n), outcome };
    Ok(Message { id: format!("child:{n}"), body, by: Actor::new("child") })
}

pub(in crate::store) async fn commit_creates_children_with_the_turn(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store_with_history()?;
    let lease = start(&store, 1, "me").await?;
    commit(&store, turn(1, &lease).with_body(body(2, 1, "calls")).with_child(child(2, "a")?)).await?;
    let loaded = store.restore(&ns(), &id(2)).await?;
    ensure_eq!(loaded.turns, [body(0, 1, "born")], "the child's journal");
    ensure_eq!(loaded.row.workflow.as_str(), "child", "the child's workflow");
    ensure_eq!(loaded.row.key.as_deref(), Some("a"), "the child's key");
    ensure_eq!(loaded.row.lease, None, "the child's lease");
    let claimed = store.claim(&Claim::new("next", TTL, 10)).await?;
    ensure_eq!(
        claimed.iter().map(|one| one.execution.clone()).collect::<Vec<_>>(),
        [id(2)],
        "who is claimable"
    );
    Ok(())
}

pub(in crate::store) async fn commit_creates_children_before_it_posts(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store_with_history()?;
    let lease = start(&store, 1, "me").await?;
    let told = turn(1, &lease)
        .with_body(body(2, 1, "calls"))
        .with_child(child(2, "a")?)
        .with_post(id(2), signal("first", json!(1)));
    commit(&store, told).await?;
    ensure_eq!(ids(&store.restore(&ns(), &id(2)).await?.inbox), ["first"], "the child's inbox");
    Ok(())
}

pub(in crate::store) async fn commit_passes_over_children_that_are_known(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store_with_history()?;
    let lease = start(&store, 1, "me").await?;
    commit(&store, turn(1, &lease).with_body(body(2, 1, "calls")).with_child(child(2, "a")?)).await?;
    // The same key, then the same id.
    let again =
        turn(1, &lease).with_body(body(3, 1, "again")).with_child(child(3, "a")?).with_child(child(2, "b")?);
    commit(&store, again).await?;
    let all = store.executions(&ns(), &flov7::store::ExecutionQuery::new()).await?.executions;
    let found: Vec<_> = all.iter().map(|row| (row.execution.clone(), row.key.clone())).collect();
    ensure_eq!(found, [(id(2), Some("a".to_owned())), (id(1), None)], "the executions");
    ensure_eq!(row(&store, 1).await?.head.status, Status::Running, "the caller");
    Ok(())
}

pub(in crate::store) async fn commit_emits_events_with_the_turn(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    let emitting = turn(1, &lease).with_body(body(2, 1, "emits")).with_emitted(event("each[0]/tell", 7)?);
    commit(&store, emitting).await?;
    let found = store.emitted(&ns(), 0, 10).await?;
    ensure_eq!(found.len(), 1, "how many events are in the outbox");
    let (wanted, found) = (event("each[0]/tell", 7)?, &found[0]);
    ensure_eq!(found.execution, id(1), "who emitted it");
    ensure_eq!(found.path, wanted.path, "the step");
    ensure_eq!(found.name, wanted.event, "the name");
    ensure_eq!(found.payload, *wanted.payload, "the payload");
    ensure_eq!(found.depth, 3, "the depth");
    ensure_eq!(found.at, fixture.now(), "when");
    ensure_eq!(found.id, flov7::id::idempotency_key(&ns(), &id(1), &wanted.path, false), "its id");
    Ok(())
}

pub(in crate::store) async fn commit_that_fails_creates_and_emits_nothing(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store_with_history()?;
    let lease = start(&store, 1, "me").await?;
    let failing =
        |bad: Turn| -> Outcome<Turn> { Ok(bad.with_child(child(2, "a")?).with_emitted(event("tell", 1)?)) };
    let answer = commit(&store, failing(turn(1, &lease).with_body(body(7, 1, "gap")))?).await;
    ensure!(answer.is_err(), "a gap is refused");
    // A child that would be refused is refused with its turn.
    let mut bad = child(2, "a")?;
    bad.first = body(0, 0, "empty");
    let answer = commit(&store, turn(1, &lease).with_body(body(2, 1, "calls")).with_child(bad)).await;
    ensure!(answer.is_err(), "a child without an event is refused");
    ensure_kind!(store.restore(&ns(), &id(2)).await, NotFound, "the child");
    ensure_eq!(store.emitted(&ns(), 0, 10).await?.len(), 0, "how many events are in the outbox");
    ensure_eq!(store.restore(&ns(), &id(1)).await?.turns, [body(0, 2, "first")], "the caller's journal");
    Ok(())
}

pub(in crate::store) async fn post_of_a_childs_end_keeps_it_whole(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store_with_history()?;
    let lease = start(&store, 1, "me").await?;
    let most = u32::try_from(INBOX_MESSAGES).unwrap_or(u32::MAX);
    commit(&store, turn(1, &lease).with_head(running().with_buffered(most, 0))).await?;
    let accepted = store.post(&ns(), &id(1), end_of(7)?).await?;
    ensure_eq!(accepted, Accepted::New, "an end although signals are busy");
    ensure_eq!(store.post(&ns(), &id(1), end_of(7)?).await?, Accepted::Duplicate, "the same end again");
    ensure_eq!(store.restore(&ns(), &id(1)).await?.inbox, [end_of(7)?], "the inbox");
    let failure = json!({ "code": "crm.conflict", "class": "world", "message": "ä", "step": "a/then/b", "attempt": 2,
        "retryable": false, "details": { "n": u64::MAX } });
    let failure =
        serde_json::from_value(failure).map_err(|error| Stop::Failed(Failure::new(error.to_string())))?;
    let body_ =
        MessageBody::Child { path: path("call")?, execution: id(8), outcome: End::Error(Box::new(failure)) };
    let failed = Message { id: "child:8".to_owned(), body: body_, by: Actor::new("child") };
    commit(&store, turn(1, &lease).with_head(Head::new(Status::Waiting, None))).await?;
    store.post(&ns(), &id(1), failed.clone()).await?;
    ensure_eq!(store.restore(&ns(), &id(1)).await?.inbox, [end_of(7)?, failed], "the inbox with a failure");
    Ok(())
}

pub(in crate::store) async fn emitted_pages_in_order(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let one = start(&store, 1, "me").await?;
    let two = start(&store, 2, "me").await?;
    let emits = |n: u64, lease, seq, numbers: [u64; 2]| -> Outcome<Turn> {
        let [a, b] = numbers;
        Ok(turn(n, lease)
            .with_body(body(seq, 1, "x"))
            .with_emitted(event("a", a)?)
            .with_emitted(event("b", b)?))
    };
    commit(&store, emits(1, &one, 2, [1, 2])?).await?;
    commit(&store, emits(2, &two, 2, [3, 4])?).await?;
    commit(&store, emits(1, &one, 3, [5, 6])?).await?;
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let page = store.emitted(&ns(), after, 4).await?;
        ensure!(page.len() <= 4, "a page keeps its limit");
        let Some(last) = page.last() else { break };
        ensure!(page.iter().all(|event| event.cursor > after), "cursors rise");
        after = last.cursor;
        seen.extend(page.iter().map(|event| event.payload["n"].as_u64()));
    }
    ensure_eq!(seen, [1, 2, 3, 4, 5, 6].map(Some), "the events in order");
    commit(&store, emits(2, &two, 3, [7, 8])?).await?;
    let page = store.emitted(&ns(), after, 10).await?;
    ensure_eq!(page.len(), 2, "how many came after the last cursor");
    Ok(())
}

pub(in crate::store) async fn emitted_is_per_namespace(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    commit(&store, turn(1, &lease).with_body(body(2, 1, "x")).with_emitted(event("a", 1)?)).await?;
    ensure_eq!(store.emitted(&other_ns()?, 0, 10).await?.len(), 0, "what another namespace sees");
    Ok(())
}
