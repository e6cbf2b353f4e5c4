//! Reading back: journals, snapshots, listings, hints.

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use flov7::id::{Timestamp, WorkflowName};
use flov7::machine::{Emission, Status};
use flov7::store::{ExecutionQuery, Head, TurnBody};
use serde_json::json;

use crate::store::fixture::*;
use crate::store::{Failure, Outcome, Stop};

pub(in crate::store) async fn restore_gives_exact_bytes(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store_with_history()?;
    let lease = start(&store, 1, "me").await?;
    let all_bytes: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
    let bodies = [
        TurnBody { decided: u64::MAX, v: u16::MAX, ..body(2, 1, "") },
        TurnBody { body: all_bytes.into(), decided: 0, ..body(3, 70_000, "") },
        TurnBody { body: vec![0; 100_000].into(), at: Timestamp::MIN, ..body(70_003, 1, "") },
        TurnBody {
            at: Timestamp::MAX,
            turn: 1 << 40,
            decided: 1 << 63,
            ..body(70_004, u32::MAX, "nul\0text")
        },
    ];
    for body in &bodies {
        commit(&store, turn(1, &lease).with_body(body.clone())).await?;
    }
    ensure_eq!(store.restore(&ns(), &id(1)).await?.turns[1..], bodies[..], "what restore gives");
    ensure_eq!(store.turns(&ns(), &id(1), 2, 100).await?, bodies, "what turns gives");
    Ok(())
}

pub(in crate::store) async fn restore_begins_at_the_newest_snapshot(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store_with_history()?;
    let lease = start(&store, 1, "me").await?;
    let snapshot = |text: &str| Arc::<[u8]>::from(text.as_bytes());
    commit(&store, turn(1, &lease).with_body(body(2, 1, "a")).with_snapshot(snapshot("old"))).await?;
    commit(&store, turn(1, &lease).with_body(body(3, 1, "b"))).await?;
    commit(&store, turn(1, &lease).with_body(body(4, 2, "c")).with_snapshot(snapshot("new"))).await?;
    commit(&store, turn(1, &lease).with_body(body(6, 1, "d"))).await?;
    commit(&store, turn(1, &lease).with_body(body(7, 1, "e"))).await?;
    let loaded = store.restore(&ns(), &id(1)).await?;
    // The turn that took it had number 4.
    ensure_eq!(loaded.snapshot, Some((5, snapshot("new"))), "the snapshot");
    ensure_eq!(loaded.turns, [body(6, 1, "d"), body(7, 1, "e")], "the turns after the snapshot");
    ensure_eq!(store.turns(&ns(), &id(1), 0, 100).await?.len(), 6, "how many turns the journal keeps");
    commit(&store, turn(1, &lease).with_snapshot(snapshot("newest"))).await?;
    let loaded = store.restore(&ns(), &id(1)).await?;
    ensure_eq!(loaded.snapshot, Some((8, snapshot("newest"))), "a snapshot without a body");
    ensure_eq!(loaded.turns, [], "the turns after it");
    Ok(())
}

pub(in crate::store) async fn restore_of_nobody_is_not_found(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    ensure_kind!(store.restore(&ns(), &id(1)).await, NotFound, "restoring nobody");
    if store.capabilities().history {
        ensure_kind!(store.turns(&ns(), &id(1), 0, 10).await, NotFound, "the turns of nobody");
    }
    Ok(())
}

pub(in crate::store) async fn turns_begin_with_the_one_that_holds_the_event(
    fixture: &mut Fixture,
) -> Outcome {
    let store = fixture.store_with_history()?;
    let lease = start(&store, 1, "me").await?;
    for (seq, count) in [(2, 3), (5, 1), (6, 4)] {
        commit(&store, turn(1, &lease).with_body(body(seq, count, "x"))).await?;
    }
    for (from, first) in [(0, 0), (1, 0), (2, 2), (4, 2), (5, 5), (6, 6), (9, 6)] {
        let turns = store.turns(&ns(), &id(1), from, 1).await?;
        let firsts: Vec<_> = turns.iter().map(|turn| turn.first_seq).collect();
        ensure_eq!(firsts, [first], "the turn that holds event {from}");
    }
    ensure_eq!(store.turns(&ns(), &id(1), 10, 10).await?, [], "what is past the end");
    ensure_eq!(store.turns(&ns(), &id(1), u64::MAX, 10).await?, [], "what is far past the end");
    Ok(())
}

pub(in crate::store) async fn turns_page_without_gaps(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store_with_history()?;
    let lease = start(&store, 1, "me").await?;
    let mut expected = vec![body(0, 2, "first")];
    for n in 0..10 {
        let body = body(2 + n * 2, 2, &n.to_string());
        commit(&store, turn(1, &lease).with_body(body.clone())).await?;
        expected.push(body);
    }
    for limit in [1, 3, 11, 100] {
        let (mut all, mut from) = (Vec::new(), 0);
        loop {
            let page = store.turns(&ns(), &id(1), from, limit).await?;
            ensure!(page.len() <= limit, "a page of {} where {limit} were asked for", page.len());
            let Some(last) = page.last() else { break };
            from = last.next_seq();
            all.extend(page);
        }
        ensure_eq!(all, expected, "all pages of {limit}");
    }
    Ok(())
}

pub(in crate::store) async fn executions_are_newest_first(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    for n in [3, 1, 5, 2, 4] {
        store.create(&ns(), new(n)?).await?;
    }
    let page = store.executions(&ns(), &ExecutionQuery::new()).await?;
    let listed: Vec<_> = page.executions.iter().map(|row| row.execution.clone()).collect();
    ensure_eq!(listed, [5, 4, 3, 2, 1].map(id), "the order");
    ensure_eq!(page.next, None, "where it goes on");
    Ok(())
}

pub(in crate::store) async fn executions_filter_by_workflow_and_status(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let states = [
        Status::Running,
        Status::Waiting,
        Status::Paused,
        Status::Blocked,
        Status::Completed,
        Status::Failed,
        Status::Cancelled,
        Status::Terminated,
    ];
    for (n, status) in (0..).zip(states) {
        let mut new = new_of(if n % 2 == 0 { "even" } else { "odd" }, n)?;
        new.head = Head::new(status, None);
        store.create(&ns(), new).await?;
    }
    let list = async |query: ExecutionQuery| -> Outcome<Vec<u64>> {
        let page = store.executions(&ns(), &query).await?;
        let numbered =
            page.executions.iter().map(|row| (0..8).find(|n| id(*n) == row.execution).unwrap_or(99));
        Ok(numbered.collect())
    };
    let name =
        |name| WorkflowName::parse(name).map_err(|error| Stop::Failed(Failure::new(error.to_string())));
    for (n, status) in (0..).zip(states) {
        ensure_eq!(
            list(ExecutionQuery::new().with_statuses([status])).await?,
            [n],
            "those that are {status:?}"
        );
    }
    let some = ExecutionQuery::new().with_statuses([Status::Failed, Status::Running, Status::Waiting]);
    ensure_eq!(list(some.clone()).await?, [5, 1, 0], "those with one of three statuses");
    ensure_eq!(list(some.with_workflow(name("odd")?)).await?, [5, 1], "those that are odd too");
    let even = ExecutionQuery::new().with_workflow(name("even")?);
    ensure_eq!(list(even).await?, [6, 4, 2, 0], "those that are even");
    let nobody = ExecutionQuery::new().with_workflow(name("nobody")?);
    ensure!(list(nobody).await?.is_empty(), "there are some of a workflow that is not there");
    Ok(())
}

pub(in crate::store) async fn executions_page_without_gaps(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    for n in 0..105 {
        let mut new = new(n)?;
        new.head = Head::new(if n % 5 == 0 { Status::Waiting } else { Status::Failed }, None);
        store.create(&ns(), new).await?;
    }
    let all: Vec<u64> = (0..105).rev().collect();
    let waiting: Vec<u64> = all.iter().copied().filter(|n| n % 5 == 0).collect();
    let by_status = ExecutionQuery::new().with_statuses([Status::Waiting, Status::Running]);
    for (query, expected, limit) in [
        (ExecutionQuery::new(), &all, 1),
        (ExecutionQuery::new(), &all, 35),
        (ExecutionQuery::new(), &all, 105),
        (ExecutionQuery::new(), &all, usize::MAX),
        (by_status.clone(), &waiting, 2),
        (by_status, &waiting, 21),
    ] {
        let (mut listed, mut query) = (Vec::new(), query.with_limit(limit));
        loop {
            let page = store.executions(&ns(), &query).await?;
            ensure!(page.executions.len() <= limit, "a page of {} where {limit} fit", page.executions.len());
            listed.extend(page.executions.iter().map(|row| row.execution.clone()));
            let Some(next) = page.next else { break };
            ensure!(!page.executions.is_empty(), "a page that goes on holds something");
            query = query.after(next);
        }
        ensure_eq!(listed, expected.iter().copied().map(id).collect::<Vec<_>>(), "all pages of {limit}");
    }
    let page = store.executions(&ns(), &ExecutionQuery::new()).await?;
    ensure_eq!(page.executions.len(), 100, "how many rows a page holds by default");
    Ok(())
}

pub(in crate::store) async fn executions_tell_when_they_changed(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let started = fixture.now();
    let lease = start(&store, 1, "me").await?;
    fixture.advance(10);
    commit(&store, turn(1, &lease).with_body(body(2, 1, "x")).with_head(running())).await?;
    let same = row(&store, 1).await?;
    ensure_eq!((same.started, same.changed), (started, started), "after a turn with the same head");
    fixture.advance(10);
    commit(&store, turn(1, &lease).with_body(body(3, 1, "x")).with_head(waiting(None))).await?;
    let changed = row(&store, 1).await?;
    ensure_eq!(
        (changed.started, changed.changed),
        (started, fixture.now()),
        "after a turn with another head"
    );
    Ok(())
}

/// Polls a future once.
fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

pub(in crate::store) async fn changed_returns_after_a_message(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    park(&store, 1, &lease, None).await?;
    let mark = store.changed(0).await;
    let waiter = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.changed(mark).await }
    });
    store.post(&ns(), &id(1), signal("a", json!(1))).await?;
    // A hint that never comes is ended by the runner's limit.
    ensure_matches!(waiter.await, Ok(after) if after != mark, "the mark after a message");
    ensure!(store.changed(mark).await != mark, "the old mark returns at once");
    Ok(())
}

pub(in crate::store) async fn changed_returns_after_a_start_and_a_release(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    store.create(&ns(), new(4)?).await?;
    let mark = store.changed(0).await;
    store.create(&ns(), new(2)?).await?;
    let mark = store.changed(mark).await;
    let mark = {
        let child = new(3)?;
        commit(&store, turn(1, &lease).with_body(body(2, 1, "calls")).with_child(child)).await?;
        store.changed(mark).await
    };
    let path =
        flov7::id::StepPath::parse("tell").map_err(|error| Stop::Failed(Failure::new(error.to_string())))?;
    let event = Emission::new(path, "order.invoiced", Arc::new(json!(1)), 1);
    commit(&store, turn(1, &lease).with_body(body(3, 1, "emits")).with_emitted(event)).await?;
    let mark = store.changed(mark).await;
    store.release(&[(ns(), id(1), lease)]).await?;
    store.changed(mark).await;
    Ok(())
}

pub(in crate::store) async fn changed_waits_while_nothing_comes(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    start(&store, 1, "me").await?;
    store.create(&ns(), new(2)?).await?;
    let mut mark = store.changed(0).await;
    // It may return early, but a caller that looks again each time must not spin for ever.
    for _ in 0..100 {
        let mut future = std::pin::pin!(store.changed(mark));
        match poll_once(future.as_mut()) {
            Poll::Pending => return Ok(()),
            Poll::Ready(next) => mark = next,
        }
    }
    ensure!(false, "it never waits");
    Ok(())
}
