//! Creating executions.

use std::collections::BTreeSet;
use std::sync::Arc;

use flov7::store::{Claim, Created, TurnError};

use crate::store::fixture::*;
use crate::store::{Failure, Outcome, Stop};

pub(in crate::store) async fn create_shows_row_bundle_and_first_turn_at_once(
    fixture: &mut Fixture,
) -> Outcome {
    let store = fixture.store_with_history()?;
    let new = new(1)?.with_key("k1").with_lease("me", TTL);
    let (first, head, bundle, digest) =
        (new.first.clone(), new.head.clone(), Arc::clone(&new.bundle), new.digest);
    let created = store.create(&ns(), new).await?;
    let loaded = store.restore(&ns(), &id(1)).await?;
    ensure_eq!(loaded.row.execution, id(1), "the row's id");
    ensure_eq!(loaded.row.workflow.as_str(), "orders", "the row's workflow");
    ensure_eq!(loaded.row.bundle, digest, "the row's bundle");
    ensure_eq!(loaded.row.head, head, "the row's head");
    ensure_eq!(loaded.row.key.as_deref(), Some("k1"), "the row's key");
    ensure_eq!(Created::New(loaded.row.lease), created, "the row's lease");
    ensure_eq!(loaded.row.started, fixture.now(), "the row's start");
    ensure_eq!(*loaded.bundle, *bundle, "the bundle");
    ensure_eq!(loaded.turns, vec![first.clone()], "the turns");
    ensure!(loaded.snapshot.is_none() && loaded.inbox.is_empty(), "there is no snapshot and no message yet");
    ensure_eq!(store.turns(&ns(), &id(1), 0, 10).await?, vec![first], "the journal");
    Ok(())
}

pub(in crate::store) async fn create_with_a_known_key_gives_existing(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    store.create(&ns(), new(1)?.with_key("k")).await?;
    let again = store.create(&ns(), new(2)?.with_key("k").with_lease("me", TTL)).await?;
    ensure_eq!(again, Created::Existing(id(1)), "creating with the same key");
    ensure_kind!(store.restore(&ns(), &id(2)).await, NotFound, "the second execution");
    ensure_matches!(store.create(&ns(), new(3)?.with_key("k2")).await?, Created::New(_), "another key");
    Ok(())
}

pub(in crate::store) async fn create_with_the_key_of_an_ended_execution_gives_existing(
    fixture: &mut Fixture,
) -> Outcome {
    let store = fixture.store()?;
    let created = store.create(&ns(), new(1)?.with_key("k").with_lease("me", TTL)).await?;
    let Created::New(Some(lease)) = created else { return Ok(()) };
    end(&store, 1, &lease).await?;
    let again = store.create(&ns(), new(2)?.with_key("k")).await?;
    ensure_eq!(again, Created::Existing(id(1)), "creating with the key of an ended execution");
    Ok(())
}

pub(in crate::store) async fn create_keys_are_per_workflow(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    store.create(&ns(), new_of("orders", 1)?.with_key("k")).await?;
    let other = store.create(&ns(), new_of("invoices", 2)?.with_key("k")).await?;
    ensure_eq!(other, Created::New(None), "the same key for another workflow");
    Ok(())
}

pub(in crate::store) async fn create_with_a_taken_id_is_conflict(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    store.create(&ns(), new(1)?).await?;
    let again = new_of("invoices", 1)?.with_key("k");
    ensure_kind!(store.create(&ns(), again).await, Conflict, "creating with a taken id");
    ensure_eq!(row(&store, 1).await?.workflow.as_str(), "orders", "the workflow of the one that was first");
    let after = store.create(&ns(), new_of("invoices", 2)?.with_key("k")).await?;
    ensure_eq!(after, Created::New(None), "the key of the one that was refused");
    Ok(())
}

pub(in crate::store) async fn create_refuses_bad_keys_and_first_turns(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    for key in [String::new(), "k".repeat(257)] {
        let bytes = key.len();
        ensure_kind!(store.create(&ns(), new(1)?.with_key(key)).await, Invalid, "a key of {bytes} bytes");
    }
    let mut late = new(1)?;
    late.first.first_seq = 1;
    ensure_kind!(store.create(&ns(), late).await, Invalid, "a journal that begins at event 1");
    let mut empty = new(1)?;
    empty.first.count = 0;
    ensure_kind!(store.create(&ns(), empty).await, Invalid, "a first turn without events");
    let mut large = new(1)?;
    large.first.body = vec![0; store.capabilities().turn_bytes + 1].into();
    ensure_kind!(store.create(&ns(), large).await, Limit, "a first turn that is too large");
    ensure_kind!(store.restore(&ns(), &id(1)).await, NotFound, "what was refused");
    let long = store.create(&ns(), new(1)?.with_key("k".repeat(256))).await?;
    ensure_eq!(long, Created::New(None), "a key of 256 bytes");
    Ok(())
}

pub(in crate::store) async fn create_with_a_lease_is_owned_from_the_start(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    ensure_eq!(lease.owner, "me", "the lease's owner");
    ensure!(store.claim(&Claim::new("other", TTL, 10)).await?.is_empty(), "someone else claimed it");
    commit(&store, turn(1, &lease).with_body(body(2, 1, "next"))).await?;
    Ok(())
}

pub(in crate::store) async fn create_without_a_lease_is_claimable_at_once(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    ensure_eq!(store.create(&ns(), new(1)?).await?, Created::New(None), "creating without a lease");
    let claimed = store.claim(&Claim::new("me", TTL, 10)).await?;
    ensure_eq!(claimed.len(), 1, "how many were claimed");
    ensure_eq!((&claimed[0].namespace, &claimed[0].execution), (&ns(), &id(1)), "what was claimed");
    commit(&store, turn(1, &claimed[0].lease).with_body(body(2, 1, "next"))).await?;
    Ok(())
}

pub(in crate::store) async fn create_at_once_with_one_key_makes_one(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let mut tasks = Vec::new();
    for n in 0..16 {
        let (store, new) = (Arc::clone(&store), new(n)?.with_key("k"));
        tasks.push(tokio::spawn(async move { store.create(&ns(), new).await.map(|created| (n, created)) }));
    }
    let (mut made, mut pointed) = (Vec::new(), BTreeSet::new());
    for task in tasks {
        let Ok(answer) = task.await else { continue };
        match answer? {
            (n, Created::New(_)) => made.push(id(n)),
            (_, Created::Existing(known)) => {
                pointed.insert(known);
            }
            (n, Created::Refused(_)) => ensure!(false, "execution {n} was refused without a concurrency key"),
        }
    }
    ensure_eq!(made.len(), 1, "how many were created");
    ensure_eq!(pointed.into_iter().collect::<Vec<_>>(), made, "where the others were pointed");
    Ok(())
}

pub(in crate::store) async fn create_writes_the_turns_that_follow_at_once(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store_with_history()?;
    let first = [body(0, 2, "first"), body(2, 3, "second"), body(5, 1, "third")];
    let gap = new(1)?.with_more(vec![body(2, 3, "second"), body(6, 1, "third")]);
    ensure_kind!(store.create(&ns(), gap).await, Invalid, "first turns with a gap");
    let whole = new(1)?.with_more(first[1..].to_vec()).with_lease("me", TTL);
    let Created::New(Some(lease)) = store.create(&ns(), whole).await? else {
        return Err(Stop::Failed(Failure::new("creating gave no lease")));
    };
    ensure_eq!(store.restore(&ns(), &id(1)).await?.turns, first, "the first turns");
    let early = commit(&store, turn(1, &lease).with_body(body(2, 1, "again"))).await;
    ensure_matches!(early, Err(TurnError::Conflict(6)), "a turn where the journal no longer ends");
    commit(&store, turn(1, &lease).with_body(body(6, 1, "fourth"))).await?;
    Ok(())
}
