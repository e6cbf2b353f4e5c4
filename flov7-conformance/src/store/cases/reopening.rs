//! What survives, and what a store without history says.

use std::sync::Arc;

use flov7::machine::Status;
use flov7::store::{Accepted, Claim, Created, Expect, Head, TurnError, Which};
use serde_json::json;

use crate::store::fixture::*;
use crate::store::{Outcome, Stop};

pub(in crate::store) async fn without_history_says_so(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    if store.capabilities().history {
        return Ok(());
    }
    let lease = start(&store, 1, "me").await?;
    commit(&store, turn(1, &lease).with_body(body(2, 1, "x"))).await?;
    ensure_kind!(store.turns(&ns(), &id(1), 0, 10).await, Unsupported, "turns without history");
    ensure_kind!(store.restore(&ns(), &id(1)).await, Unsupported, "restoring without history or snapshot");
    let snapshot: Arc<[u8]> = b"state".as_slice().into();
    commit(&store, turn(1, &lease).with_body(body(3, 1, "x")).with_snapshot(Arc::clone(&snapshot))).await?;
    let loaded = store.restore(&ns(), &id(1)).await?;
    ensure_eq!(loaded.snapshot, Some((4, snapshot)), "the snapshot of the newest state");
    ensure_eq!(loaded.turns, [], "the turns after it");
    commit(&store, turn(1, &lease).with_body(body(4, 1, "x"))).await?;
    ensure_kind!(store.restore(&ns(), &id(1)).await, Unsupported, "restoring from an older snapshot");
    Ok(())
}

pub(in crate::store) async fn reopening_keeps_what_was_acknowledged(fixture: &mut Fixture) -> Outcome {
    let mut store = fixture.store()?;
    if !store.capabilities().durable {
        return Err(Stop::NotDeclared("durable"));
    }
    let created = store.create(&ns(), new(1)?.with_key("k").with_lease("me", TTL)).await?;
    let Created::New(Some(lease)) = created else { return Ok(()) };
    store.post(&ns(), &id(1), signal("eaten", json!(1))).await?;
    store.post(&ns(), &id(1), signal("left", json!({ "half": 0.5 }))).await?;
    let state: Arc<[u8]> = b"state".as_slice().into();
    commit(
        &store,
        turn(1, &lease)
            .with_body(body(2, 3, "second"))
            .with_consumed(["eaten".to_owned()])
            .with_snapshot(Arc::clone(&state)),
    )
    .await?;
    let head = Head::new(Status::Waiting, Some(fixture.now().saturating_add_ms(99))).with_buffered(2, 20);
    commit(&store, turn(1, &lease).with_body(body(5, 1, "third")).with_head(head.clone())).await?;
    store.save(&ns(), bundle(1)?, Expect::Any).await?;
    store.save(&ns(), bundle(2)?, Expect::Any).await?;
    let orders = row(&store, 1).await?.workflow;
    store.activate(&ns(), &orders, Some(1), Expect::Any).await?;
    drop(store);

    for _ in 0..2 {
        store = fixture.reopened().await?;
        let loaded = store.restore(&ns(), &id(1)).await?;
        ensure_eq!(loaded.row.head, head, "the head");
        ensure_eq!(loaded.row.key.as_deref(), Some("k"), "the key");
        ensure_eq!(*loaded.bundle, *bundle(0)?, "the bundle");
        ensure_eq!(loaded.snapshot, Some((3, Arc::clone(&state))), "the snapshot");
        ensure_eq!(loaded.turns, [body(5, 1, "third")], "the turns after the snapshot");
        ensure_eq!(loaded.inbox, [signal("left", json!({ "half": 0.5 }))], "the inbox");
        let journal = store.turns(&ns(), &id(1), 0, 10).await?;
        ensure_eq!(journal, [body(0, 2, "first"), body(2, 3, "second"), body(5, 1, "third")], "the journal");
        let again = store.post(&ns(), &id(1), signal("eaten", json!(1))).await?;
        ensure_eq!(again, Accepted::Duplicate, "posting what was consumed");
        let again = store.create(&ns(), new(2)?.with_key("k")).await?;
        ensure_eq!(again, Created::Existing(id(1)), "the key");
        ensure_eq!(store.load(&ns(), &orders, Which::Active).await?.revision, 1, "the active revision");
        ensure_eq!(store.load(&ns(), &orders, Which::Head).await?.revision, 2, "the head revision");
        drop(store);
    }
    Ok(())
}

pub(in crate::store) async fn reopening_voids_leases(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    if !store.capabilities().durable || !store.capabilities().exclusive {
        return Err(Stop::NotDeclared("durable and exclusive"));
    }
    let old = start(&store, 1, "me").await?;
    let parked = start(&store, 2, "me").await?;
    park(&store, 2, &parked, None).await?;
    let ended = start(&store, 3, "me").await?;
    end(&store, 3, &ended).await?;
    let due = start(&store, 4, "me").await?;
    park(&store, 4, &due, Some(fixture.now())).await?;
    // Claimed and not written to since: it must not be taken for parked.
    let claimed = store.claim(&Claim::new("me", TTL, 10)).await?;
    ensure_eq!(claimed.len(), 1, "how many were claimed");
    drop(store);

    let store = fixture.reopened().await?;
    for (n, lease) in [(1, &old), (4, &claimed[0].lease)] {
        let answer = commit(&store, turn(n, lease).with_body(body(2, 1, "zombie"))).await;
        ensure_matches!(answer, Err(TurnError::Fenced), "a turn under a lease from before");
    }
    let again = store.claim(&Claim::new("me", TTL, 10)).await?;
    let mut executions: Vec<_> = again.iter().map(|claimed| claimed.execution.clone()).collect();
    executions.sort();
    ensure_eq!(executions, [id(1), id(4)], "what is claimable after reopening");
    for claimed in &again {
        let before = if claimed.execution == id(1) { old.epoch } else { due.epoch + 1 };
        ensure!(claimed.lease.epoch > before, "epoch {} follows {before}", claimed.lease.epoch);
        let turn = flov7::store::Turn::new(ns(), claimed.execution.clone(), claimed.lease.clone());
        commit(&store, turn.with_body(body(2, 1, "new owner"))).await?;
    }
    Ok(())
}
