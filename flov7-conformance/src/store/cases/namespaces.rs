//! No namespace sees another's rows, in any method.

use flov7::id::WorkflowName;
use flov7::machine::Control;
use flov7::machine::Status;
use flov7::store::{Claim, Created, ExecutionQuery, Expect, Head, Turn, TurnError, Which, WorkflowRow};
use serde_json::json;

use crate::store::fixture::*;
use crate::store::{Failure, Outcome, Stop};

pub(in crate::store) async fn namespaces_see_no_execution_of_each_other(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    store.post(&ns(), &id(1), signal("a", json!(1))).await?;
    let other = other_ns()?;
    for known in [false, true] {
        if known {
            // Now the other namespace exists, with an execution of its own.
            start_in(&store, &other, 2, "me").await?;
        }
        ensure_kind!(store.restore(&other, &id(1)).await, NotFound, "restoring another's execution");
        if store.capabilities().history {
            ensure_kind!(store.turns(&other, &id(1), 0, 10).await, NotFound, "another's turns");
        }
        let listed = store.executions(&other, &ExecutionQuery::new()).await?.executions;
        ensure!(listed.iter().all(|row| row.execution != id(1)), "another's execution is listed");
        let mine = store.executions(&ns(), &ExecutionQuery::new()).await?.executions;
        ensure!(mine.iter().all(|row| row.execution != id(2)), "the other's execution is listed here");
    }
    // Messages come with the namespace that they belong to.
    store.post(&other, &id(2), signal("b", json!(2))).await?;
    let arrived = store.arrived("me", 10).await?;
    let expected = [(ns(), id(1), signal("a", json!(1))), (other.clone(), id(2), signal("b", json!(2)))];
    ensure_eq!(arrived, expected, "what arrived, with its namespace");
    store.release(&[(ns(), id(1), lease)]).await?;
    let claimed = store.claim(&Claim::new("x", TTL, 10)).await?;
    ensure_eq!(claimed.len(), 1, "how many were claimed");
    ensure_eq!(claimed[0].namespace, ns(), "the namespace of what was claimed");
    Ok(())
}

pub(in crate::store) async fn namespaces_cannot_touch_each_others_executions(
    fixture: &mut Fixture,
) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    let other = other_ns()?;
    let foreign = start_in(&store, &other, 2, "me").await?;

    for message in [signal("a", json!(1)), control("c", Control::Cancel)] {
        ensure_kind!(store.post(&other, &id(1), message).await, NotFound, "posting to another's execution");
    }
    let stray = Turn::new(other.clone(), id(1), lease.clone());
    let answer = commit(&store, stray.with_head(Head::new(Status::Failed, None))).await;
    ensure_matches!(answer, Err(TurnError::Fenced), "a turn of another's execution");
    let strays = [(other.clone(), id(1), lease.clone())];
    ensure_eq!(store.renew(&strays, TTL * 100).await?, [false], "renewing another's lease");
    store.release(&strays).await?;
    ensure!(store.claim(&Claim::new("x", TTL, 10)).await?.is_empty(), "another's lease was given up");
    let posting = Turn::new(other.clone(), id(2), foreign);
    commit(&store, posting.with_body(body(2, 1, "x")).with_post(id(1), signal("sneaky", json!(1)))).await?;
    ensure_eq!(store.arrived("me", 10).await?, [], "what arrived from the other namespace");

    ensure_eq!(row(&store, 1).await?.head, running(), "the head");
    commit(&store, turn(1, &lease).with_body(body(2, 1, "mine"))).await?;
    Ok(())
}

pub(in crate::store) async fn namespaces_keep_equal_ids_and_keys_apart(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let other = other_ns()?;
    for namespace in [&ns(), &other] {
        let created = store.create(namespace, new(1)?.with_key("k")).await?;
        ensure_eq!(created, Created::New(None), "the same id and key in `{namespace}`");
        store.post(namespace, &id(1), signal("a", json!(namespace.as_str()))).await?;
    }
    let claimed = store.claim(&Claim::new("me", TTL, 10)).await?;
    ensure_eq!(claimed.len(), 2, "how many were claimed");
    for claimed in claimed {
        let text = claimed.namespace.to_string();
        let last = Turn::new(claimed.namespace, claimed.execution, claimed.lease);
        let mut answers =
            store.commit(vec![last.with_body(body(2, 1, &text)).with_consumed(["a".to_owned()])]).await;
        ensure_matches!(answers.pop(), Some(Ok(())), "a turn in `{text}`");
        if text == "other" {
            continue;
        }
        let left = store.arrived("me", 10).await?;
        ensure!(left.iter().all(|(namespace, ..)| *namespace == other), "consuming touches one namespace");
    }
    for namespace in [&ns(), &other] {
        if store.capabilities().history {
            let turns = store.turns(namespace, &id(1), 2, 10).await?;
            ensure_eq!(turns, [body(2, 1, namespace.as_str())], "the journal in `{namespace}`");
        }
        let known = store.create(namespace, new(5)?.with_key("k")).await?;
        ensure_eq!(known, Created::Existing(id(1)), "the key in `{namespace}`");
    }
    Ok(())
}

pub(in crate::store) async fn namespaces_keep_workflows_apart(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let other = other_ns()?;
    let name =
        WorkflowName::parse("orders").map_err(|error| Stop::Failed(Failure::new(error.to_string())))?;
    store.save(&ns(), bundle(1)?, Expect::Any).await?;
    store.save(&ns(), bundle(2)?, Expect::Any).await?;
    store.activate(&ns(), &name, Some(2), Expect::Any).await?;

    ensure_eq!(store.workflows(&other, None, 10).await?, [], "the other namespace's workflows");
    ensure_kind!(store.load(&other, &name, Which::Head).await, NotFound, "another's workflow");
    ensure_kind!(store.activate(&other, &name, Some(1), Expect::Any).await, NotFound, "activating another's");
    ensure_eq!(store.save(&other, bundle(2)?, Expect::Absent).await?, 1, "the first revision of the other");
    store.activate(&other, &name, Some(1), Expect::Absent).await?;
    store.activate(&other, &name, None, Expect::Revision(1)).await?;

    let mine = WorkflowRow { name: name.clone(), head: 2, active: Some(2) };
    ensure_eq!(store.workflows(&ns(), None, 10).await?, [mine], "the workflows here");
    ensure_eq!(store.load(&ns(), &name, Which::Active).await?.revision, 2, "the active revision here");
    Ok(())
}
