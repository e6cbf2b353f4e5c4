//! Claiming, renewing and handing back.

use std::sync::Arc;

use flov7::id::ExecutionId;
use flov7::machine::{Blocked, BlockedReason, Status};
use flov7::store::{Claim, Claimed, Created, Head, Store};
use serde_json::json;

use crate::store::Outcome;
use crate::store::fixture::*;

const NOTHING: [ExecutionId; 0] = [];

/// Claims up to ten as `me`; gives the executions.
async fn claim(store: &Arc<dyn Store>) -> Outcome<Vec<ExecutionId>> {
    let claimed = store.claim(&Claim::new("me", TTL, 10)).await?;
    Ok(claimed.into_iter().map(|claimed| claimed.execution).collect())
}

pub(in crate::store) async fn claim_gives_due_executions_by_the_stores_clock(
    fixture: &mut Fixture,
) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    let due = fixture.now().saturating_add_ms(1_000);
    park(&store, 1, &lease, Some(due)).await?;
    fixture.advance(999);
    ensure_eq!(claim(&store).await?, NOTHING, "what is claimable a millisecond early");
    fixture.advance(1);
    ensure_eq!(claim(&store).await?, [id(1)], "what is claimable when it is due");
    Ok(())
}

pub(in crate::store) async fn claim_gives_executions_with_messages(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    park(&store, 1, &lease, Some(fixture.now().saturating_add_ms(99_000))).await?;
    ensure_eq!(claim(&store).await?, NOTHING, "what is claimable before the message");
    store.post(&ns(), &id(1), signal("a", json!(1))).await?;
    ensure_eq!(claim(&store).await?, [id(1)], "what is claimable after the message");
    Ok(())
}

pub(in crate::store) async fn claim_gives_parked_executions_whose_message_was_left(
    fixture: &mut Fixture,
) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    store.post(&ns(), &id(1), signal("a", json!(1))).await?;
    store.post(&ns(), &id(1), signal("b", json!(1))).await?;
    // It came while the owner made up its mind to park.
    let parking = turn(1, &lease).with_head(waiting(None)).with_consumed(["a".to_owned()]).with_release();
    commit(&store, parking).await?;
    ensure_eq!(claim(&store).await?, [id(1)], "what is claimable");
    Ok(())
}

pub(in crate::store) async fn claim_gives_lapsed_leases(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "gone").await?;
    commit(&store, turn(1, &lease).with_body(body(2, 1, "x"))).await?;
    fixture.advance(TTL - 1);
    ensure_eq!(claim(&store).await?, NOTHING, "what is claimable a millisecond before the lapse");
    fixture.advance(1);
    ensure_eq!(claim(&store).await?, [id(1)], "what is claimable at the lapse");
    fixture.advance(TTL);
    ensure_eq!(claim(&store).await?, [id(1)], "what is claimable when the claimed lease lapsed");
    Ok(())
}

pub(in crate::store) async fn claim_leaves_resting_executions_alone(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    store.post(&ns(), &id(1), signal("a", json!(1))).await?;
    let parking = turn(1, &lease).with_head(waiting(None)).with_consumed(["a".to_owned()]).with_release();
    commit(&store, parking).await?;
    fixture.advance(TTL * 1_000);
    ensure_eq!(claim(&store).await?, NOTHING, "what is claimable when nothing is to be done");
    ensure_eq!(store.next_due().await?, None, "when something is to be done");
    Ok(())
}

pub(in crate::store) async fn claim_never_gives_ended_executions(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let ended = [Status::Completed, Status::Failed, Status::Cancelled, Status::Terminated];
    for (n, status) in (0..).zip(ended) {
        let lease = start(&store, n, "me").await?;
        store.post(&ns(), &id(n), signal("left", json!(1))).await?;
        let last = turn(n, &lease).with_head(Head::new(status, Some(fixture.now())));
        // Every other one keeps its lease, which lapses.
        commit(&store, if n % 2 == 0 { last.with_release() } else { last }).await?;
    }
    let mut at_once = new(9)?;
    at_once.head = Head::new(Status::Completed, None);
    ensure_eq!(store.create(&ns(), at_once).await?, Created::New(None), "creating what has ended");
    fixture.advance(TTL * 2);
    ensure_eq!(claim(&store).await?, NOTHING, "what is claimable");
    ensure_eq!(store.next_due().await?, None, "when something is to be done");
    Ok(())
}

pub(in crate::store) async fn claim_gives_the_first_claimable_first(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let at = |ms| Some(fixture.now().saturating_add_ms(ms));
    for (n, due) in [(1, at(300)), (2, at(100)), (3, at(200)), (4, None), (5, at(50_000))] {
        let lease = start(&store, n, "me").await?;
        park(&store, n, &lease, due).await?;
    }
    fixture.advance(150);
    store.post(&ns(), &id(4), signal("a", json!(1))).await?;
    fixture.advance(1_000);
    store.post(&ns(), &id(5), signal("a", json!(1))).await?;
    // Due at 100, its message at 150, due at 200, due at 300, its message at 1,150.
    ensure_eq!(claim(&store).await?, [id(2), id(4), id(3), id(1), id(5)], "the order");
    Ok(())
}

pub(in crate::store) async fn claim_keeps_its_limit(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    for n in 0..7 {
        store.create(&ns(), new(n)?).await?;
        fixture.advance(1);
    }
    let mut all = Vec::new();
    for expected in [3, 3, 1, 0] {
        let claimed = store.claim(&Claim::new("me", TTL, 3)).await?;
        ensure_eq!(claimed.len(), expected, "how many of at most three were claimed");
        all.extend(claimed.into_iter().map(|claimed| claimed.execution));
    }
    ensure_eq!(all, (0..7).map(id).collect::<Vec<_>>(), "all that were claimed");
    Ok(())
}

pub(in crate::store) async fn claim_of_one_gives_it_although_it_rests(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let resting = start(&store, 1, "me").await?;
    park(&store, 1, &resting, None).await?;
    let ended = start(&store, 2, "me").await?;
    end(&store, 2, &ended).await?;
    start(&store, 3, "other").await?;
    store.create(&ns(), new(4)?).await?;
    let only = |n| Claim::new("me", TTL, 10).with_only(ns(), id(n));
    for n in [2, 3, 9] {
        ensure!(store.claim(&only(n)).await?.is_empty(), "execution {n}, which nobody may have, was claimed");
    }
    let claimed = store.claim(&only(1)).await?;
    ensure_eq!(claimed.len(), 1, "how many were claimed");
    ensure_eq!(claimed[0].execution, id(1), "the one that was wanted");
    ensure!(claimed[0].lease.epoch > resting.epoch, "its epoch rose");
    commit(&store, turn(1, &claimed[0].lease).with_body(body(2, 1, "x"))).await?;
    ensure!(store.claim(&only(1)).await?.is_empty(), "it was claimed twice");
    fixture.advance(TTL);
    ensure_eq!(store.claim(&only(3)).await?.len(), 1, "the one whose lease lapsed");
    let other = Claim::new("me", TTL, 10).with_only(other_ns()?, id(4));
    ensure!(store.claim(&other).await?.is_empty(), "another namespace's execution was claimed");
    Ok(())
}

pub(in crate::store) async fn claim_leaves_out_namespaces(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let other = other_ns()?;
    let lapsing = start(&store, 1, "gone").await?;
    commit(&store, turn(1, &lapsing).with_body(body(2, 1, "x"))).await?;
    for n in 2..5 {
        store.create(&ns(), new(n)?).await?;
    }
    fixture.advance(TTL);
    store.create(&other, new(9)?).await?;
    let except = |namespace| Claim::new("me", TTL, 2).with_except(vec![namespace]);
    let claimed = store.claim(&except(ns())).await?;
    ensure_eq!(claimed.len(), 1, "how many were claimed, however many of the other wait longer");
    ensure_eq!((&claimed[0].namespace, &claimed[0].execution), (&other, &id(9)), "what was claimed");
    ensure_eq!(store.claim(&except(other)).await?.len(), 2, "how many of the namespace that is not left out");
    Ok(())
}

pub(in crate::store) async fn claim_keeps_to_those_it_names(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lapsing = start(&store, 1, "gone").await?;
    commit(&store, turn(1, &lapsing).with_body(body(2, 1, "x"))).await?;
    for n in 2..6 {
        store.create(&ns(), new(n)?).await?;
    }
    fixture.advance(TTL);
    let among =
        |ids: &[u64]| Claim::new("me", TTL, 2).with_among(ids.iter().map(|n| (ns(), id(*n))).collect());
    ensure!(store.claim(&among(&[])).await?.is_empty(), "something was claimed although nothing is named");
    let other = Claim::new("me", TTL, 2).with_among([(other_ns()?, id(4))].into());
    ensure!(store.claim(&other).await?.is_empty(), "another namespace's execution was claimed");
    let of = |claimed: Vec<Claimed>| claimed.into_iter().map(|claimed| claimed.execution).collect::<Vec<_>>();
    ensure_eq!(
        of(store.claim(&among(&[5])).await?),
        [id(5)],
        "the one that is named, although others wait longer"
    );
    ensure_eq!(of(store.claim(&among(&[1, 5, 9])).await?), [id(1)], "the named one whose lease lapsed");
    Ok(())
}

pub(in crate::store) async fn claim_leaves_blocked_executions_until_they_are_due(
    fixture: &mut Fixture,
) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    store.post(&ns(), &id(1), signal("a", json!(1))).await?;
    let why = Blocked::new(BlockedReason::Missing, "no handler");
    let head = waiting(None).with_blocked(why, fixture.now().saturating_add_ms(1_000));
    commit(&store, turn(1, &lease).with_head(head).with_release()).await?;
    ensure_eq!(claim(&store).await?, NOTHING, "what is claimable while it is blocked with a message");
    store.post(&ns(), &id(1), signal("b", json!(1))).await?;
    fixture.advance(999);
    ensure_eq!(claim(&store).await?, NOTHING, "what is claimable after another message");
    fixture.advance(1);
    ensure_eq!(claim(&store).await?, [id(1)], "what is claimable when it is to be looked at again");
    Ok(())
}

pub(in crate::store) async fn claim_raises_epochs(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let mut last = start(&store, 1, "me").await?;
    for round in 0..4 {
        match round {
            0 => park(&store, 1, &last, Some(fixture.now())).await?,
            1 => store.release(&[(ns(), id(1), last.clone())]).await?,
            _ => fixture.advance(TTL),
        }
        let claimed = store.claim(&Claim::new("me", TTL, 1)).await?;
        ensure_eq!(claimed.len(), 1, "how many were claimed in round {round}");
        let lease = claimed[0].lease.clone();
        ensure!(lease.epoch > last.epoch, "epoch {} follows epoch {}", lease.epoch, last.epoch);
        ensure_eq!(lease.owner, "me", "the owner");
        last = lease;
    }
    Ok(())
}

pub(in crate::store) async fn claim_at_once_gives_each_execution_once(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    for n in 0..20 {
        store.create(&ns(), new(n)?).await?;
    }
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.claim(&Claim::new(format!("owner {n}"), TTL, 5)).await })
        })
        .collect();
    let mut all: Vec<Claimed> = Vec::new();
    for task in tasks {
        let Ok(claimed) = task.await else { continue };
        all.extend(claimed?);
    }
    let mut executions: Vec<_> = all.iter().map(|claimed| claimed.execution.clone()).collect();
    executions.sort();
    ensure_eq!(executions, (0..20).map(id).collect::<Vec<_>>(), "all that were claimed");
    for claimed in all {
        let turn = flov7::store::Turn::new(ns(), claimed.execution, claimed.lease);
        commit(&store, turn.with_body(body(2, 1, "x"))).await?;
    }
    Ok(())
}

pub(in crate::store) async fn renew_extends_leases_that_hold(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    for _ in 0..3 {
        fixture.advance(TTL - 1);
        ensure_eq!(store.renew(&[(ns(), id(1), lease.clone())], TTL).await?, [true], "renewing");
    }
    ensure_eq!(claim(&store).await?, NOTHING, "what is claimable while it is renewed");
    fixture.advance(TTL);
    // Lapsed, but nobody took it: it still holds, and time starts anew.
    ensure_eq!(store.renew(&[(ns(), id(1), lease.clone())], TTL).await?, [true], "renewing after the lapse");
    ensure_eq!(claim(&store).await?, NOTHING, "what is claimable after it was renewed late");
    Ok(())
}

pub(in crate::store) async fn renew_says_which_leases_hold(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lost = start(&store, 1, "me").await?;
    fixture.advance(TTL);
    ensure_eq!(claim(&store).await?, [id(1)], "the lapsed one is claimed");
    let held = start(&store, 2, "me").await?;
    let parked = start(&store, 3, "me").await?;
    park(&store, 3, &parked, None).await?;
    let leases = [(1, &lost), (2, &held), (3, &parked), (9, &held)];
    let leases: Vec<_> = leases.into_iter().map(|(n, lease)| (ns(), id(n), lease.clone())).collect();
    ensure_eq!(store.renew(&leases, TTL).await?, [false, true, false, false], "which leases hold");
    Ok(())
}

pub(in crate::store) async fn release_makes_claimable_at_once(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    store.release(&[(ns(), id(1), lease)]).await?;
    ensure_eq!(row(&store, 1).await?.lease, None, "the lease");
    ensure_eq!(claim(&store).await?, [id(1)], "what is claimable");
    Ok(())
}

pub(in crate::store) async fn release_passes_over_lost_leases(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lost = start(&store, 1, "other").await?;
    fixture.advance(TTL);
    let claimed = store.claim(&Claim::new("me", TTL, 1)).await?;
    ensure_eq!(claimed.len(), 1, "how many were claimed");
    let ended = start(&store, 2, "me").await?;
    end(&store, 2, &ended).await?;
    store.release(&[(ns(), id(1), lost.clone()), (ns(), id(2), ended), (ns(), id(9), lost)]).await?;
    ensure_eq!(claim(&store).await?, NOTHING, "what is claimable");
    commit(&store, turn(1, &claimed[0].lease).with_body(body(2, 1, "x"))).await?;
    Ok(())
}

pub(in crate::store) async fn next_due_is_the_earliest(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    ensure_eq!(store.next_due().await?, None, "when something is to be done in an empty store");
    let start_of_case = fixture.now();
    let at = |ms| Some(start_of_case.saturating_add_ms(ms));
    for (n, due) in [(1, at(3_000)), (2, at(1_000)), (3, None), (4, at(2_000))] {
        let lease = start(&store, n, "me").await?;
        park(&store, n, &lease, due).await?;
    }
    ensure_eq!(store.next_due().await?, at(1_000), "when something is to be done");
    fixture.advance(1_500);
    let next = store.next_due().await?;
    ensure!(next.is_some_and(|next| next <= fixture.now()), "something is to be done now, not at {next:?}");
    ensure_eq!(claim(&store).await?, [id(2)], "what was due");
    ensure_eq!(store.next_due().await?, at(2_000), "when something is to be done after that");
    store.post(&ns(), &id(3), signal("a", json!(1))).await?;
    let next = store.next_due().await?;
    ensure!(next.is_some_and(|next| next <= fixture.now()), "a message is to be read now, not at {next:?}");
    Ok(())
}
