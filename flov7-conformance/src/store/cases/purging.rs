//! Tags and times to find executions by, and taking away what ended long ago.

use std::collections::BTreeMap;
use std::sync::Arc;

use flov7::machine::Emission;
use flov7::store::{Created, ExecutionQuery, Expect, Purge, Purged, Store, TAGS, Which};
use serde_json::json;

use crate::store::fixture::*;
use crate::store::{Failure, Outcome, Stop};

fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

async fn listed(store: &Arc<dyn Store>, query: &ExecutionQuery) -> Outcome<Vec<String>> {
    let page = store.executions(&ns(), query).await?;
    Ok(page.executions.iter().map(|row| row.execution.to_string()).collect())
}

fn names(numbers: &[u64]) -> Vec<String> {
    numbers.iter().map(|n| id(*n).to_string()).collect()
}

/// A store that purges; ends the case where it does not say so.
fn purging(fixture: &Fixture) -> Outcome<Arc<dyn Store>> {
    let store = fixture.store_with_history()?;
    if store.capabilities().purge { Ok(store) } else { Err(Stop::NotDeclared("purge")) }
}

pub(in crate::store) async fn create_keeps_tags(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store_with_history()?;
    let given = tags(&[("customer", "ä \u{1f600} \""), ("Order-Id.2", "")]);
    store.create(&ns(), new(1)?.with_tags(given.clone())).await?;
    ensure_eq!(row(&store, 1).await?.tags, given, "the tags, as listed");
    ensure_eq!(store.restore(&ns(), &id(1)).await?.row.tags, given, "the tags, as restored");
    let many = (0..=TAGS).map(|n| (format!("t{n}"), String::new())).collect();
    let bad = [many, tags(&[("2", "x")]), tags(&[("a b", "x")]), tags(&[("", "x")]), tags(&[("a", "\n")])];
    for tags in bad.into_iter().chain([tags(&[("a", "x".repeat(257).as_str())])]) {
        let what = format!("{tags:?}");
        ensure_kind!(store.create(&ns(), new(2)?.with_tags(tags)).await, Invalid, "the tags {what}");
    }
    ensure_kind!(store.restore(&ns(), &id(2)).await, NotFound, "what was refused");
    Ok(())
}

pub(in crate::store) async fn executions_filter_by_tags(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let by = |who: &str, kind: &str| tags(&[("customer", who), ("kind", kind)]);
    for (n, tags) in
        [by("ann", "big"), by("bob", "big"), by("ann", "small"), by("ann", "big")].into_iter().enumerate()
    {
        store.create(&ns(), new(n as u64)?.with_tags(tags)).await?;
    }
    store.create(&ns(), new(9)?).await?;
    store.create(&other_ns()?, new(3)?.with_tags(by("ann", "big"))).await?;
    let ann = ExecutionQuery::new().with_tag("customer", "ann");
    ensure_eq!(listed(&store, &ann).await?, names(&[3, 2, 0]), "one tag");
    let both = ann.clone().with_tag("kind", "big");
    ensure_eq!(listed(&store, &both).await?, names(&[3, 0]), "two tags");
    ensure_eq!(listed(&store, &both.clone().after(id(3))).await?, names(&[0]), "two tags, the next page");
    let first = store.executions(&ns(), &ann.with_limit(2)).await?;
    ensure_eq!(first.next, Some(id(2)), "where the next page goes on");
    let none = ExecutionQuery::new().with_tag("customer", "an");
    ensure!(listed(&store, &none).await?.is_empty(), "a part of a value was found");
    let status = both.with_statuses([flov7::machine::Status::Completed]);
    ensure!(listed(&store, &status).await?.is_empty(), "a status that none has was found");
    Ok(())
}

pub(in crate::store) async fn executions_filter_by_start(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let begin = fixture.now();
    for n in 0..4 {
        store.create(&ns(), new(n)?).await?;
        fixture.advance(10);
    }
    let (from, until) = (begin.saturating_add_ms(10), begin.saturating_add_ms(30));
    let query = ExecutionQuery::new().with_started_after(from).with_started_before(until);
    ensure_eq!(listed(&store, &query).await?, names(&[2, 1]), "those that began between two instants");
    ensure_eq!(listed(&store, &query.clone().after(id(2))).await?, names(&[1]), "the next page of them");
    Ok(())
}

pub(in crate::store) async fn purge_takes_what_ended_long_ago(fixture: &mut Fixture) -> Outcome {
    let store = purging(fixture)?;
    for n in 1..=3 {
        let key = format!("key {n}");
        store.create(&ns(), new_of("orders", n)?.with_key(key).with_tags(tags(&[("t", "v")]))).await?;
        store.post(&ns(), &id(n), signal("s", json!(1))).await?;
    }
    let claimed = store.claim(&flov7::store::Claim::new("me", TTL, 10)).await?;
    ensure_eq!(claimed.len(), 3, "how many were claimed");
    end(&store, 1, &claimed[0].lease).await?;
    fixture.advance(1_000);
    end(&store, 2, &claimed[1].lease).await?;
    let nothing = store.purge(&Purge::new(1_001)).await?;
    ensure_eq!(nothing, Purged::new(0, 0, 0, Purge::LIMIT), "before the first one is old enough");
    let one = store.purge(&Purge::new(1_000)).await?;
    ensure_eq!(one, Purged::new(1, 0, 0, Purge::LIMIT), "once the first one is old enough");
    ensure_kind!(store.restore(&ns(), &id(1)).await, NotFound, "what was purged");
    let late = commit(&store, turn(1, &claimed[0].lease).with_body(body(2, 1, "late"))).await;
    ensure_matches!(late, Err(flov7::store::TurnError::Fenced), "a turn of what was purged");
    ensure_kind!(store.turns(&ns(), &id(1), 0, 10).await, NotFound, "the journal of what was purged");
    ensure_kind!(
        store.post(&ns(), &id(1), signal("t", json!(1))).await,
        NotFound,
        "posting to what was purged"
    );
    let tagged = ExecutionQuery::new().with_tag("t", "v");
    ensure_eq!(listed(&store, &tagged).await?, names(&[3, 2]), "what is left");
    ensure_eq!(
        store.restore(&ns(), &id(2)).await?.turns,
        [body(0, 2, "first")],
        "the journal of what is left"
    );
    fixture.advance(1_000);
    let two = store.purge(&Purge::new(1_000)).await?;
    ensure_eq!(two.executions, 1, "how many ended since");
    commit(&store, turn(3, &claimed[2].lease).with_body(body(2, 1, "goes on"))).await?;
    Ok(())
}

pub(in crate::store) async fn purge_keeps_its_limit_and_namespace(fixture: &mut Fixture) -> Outcome {
    let store = purging(fixture)?;
    for n in [2, 1, 3] {
        let lease = start(&store, n, "me").await?;
        end(&store, n, &lease).await?;
        fixture.advance(1);
    }
    let lease = start_in(&store, &other_ns()?, 9, "me").await?;
    let ends = flov7::store::Turn::new(other_ns()?, id(9), lease)
        .with_head(flov7::store::Head::new(flov7::machine::Status::Failed, None))
        .with_release();
    commit(&store, ends).await?;
    let purge = Purge::new(0).with_limit(2).with_namespace(ns());
    ensure_eq!(store.purge(&purge).await?, Purged::new(2, 0, 0, 2), "the first two");
    ensure_eq!(listed(&store, &ExecutionQuery::new()).await?, names(&[3]), "what ended last");
    let last = store.purge(&purge).await?;
    ensure_eq!((last.executions, last.more), (1, false), "the last one");
    store.restore(&other_ns()?, &id(9)).await?;
    ensure_eq!(store.purge(&Purge::new(0)).await?.executions, 1, "the one in another namespace");
    Ok(())
}

pub(in crate::store) async fn purge_frees_start_keys(fixture: &mut Fixture) -> Outcome {
    let store = purging(fixture)?;
    let keyed = |n: u64| -> Outcome<_> { Ok(new(n)?.with_key("k").with_lease("me", TTL)) };
    let Created::New(Some(lease)) = store.create(&ns(), keyed(1)?).await? else {
        return Err(Stop::Failed(Failure::new("creating gave no lease")));
    };
    end(&store, 1, &lease).await?;
    ensure_eq!(store.create(&ns(), keyed(2)?).await?, Created::Existing(id(1)), "before it is purged");
    store.purge(&Purge::new(0)).await?;
    ensure_matches!(store.create(&ns(), keyed(2)?).await?, Created::New(_), "after it was purged");
    Ok(())
}

pub(in crate::store) async fn purge_takes_bundles_that_nothing_has(fixture: &mut Fixture) -> Outcome {
    let store = purging(fixture)?;
    // One that a revision has, one that nothing has, and one that a live execution has.
    let revision = store.save(&ns(), bundle(1)?, Expect::Any).await?;
    for (n, of) in [(1, 1), (2, 2), (3, 3), (4, 3)] {
        let (bundle, digest) = (bundle(of)?, bundle(of)?.digest());
        let new = flov7::store::NewExecution::new(id(n), bundle, digest, body(0, 1, "x"), running());
        let Created::New(Some(lease)) = store.create(&ns(), new.with_lease("me", TTL)).await? else {
            return Err(Stop::Failed(Failure::new("creating gave no lease")));
        };
        if n < 4 {
            end(&store, n, &lease).await?;
        }
    }
    let purged = store.purge(&Purge::new(0)).await?;
    ensure_eq!((purged.executions, purged.bundles), (3, 1), "executions and bundles");
    let name = flov7::store::workflow_name(&*bundle(1)?)?;
    let loaded = store.load(&ns(), &name, Which::Revision(revision)).await?;
    ensure_eq!(loaded.digest, bundle(1)?.digest(), "the bundle of the revision");
    ensure_eq!(store.restore(&ns(), &id(4)).await?.bundle, bundle(3)?, "the bundle of the live one");
    Ok(())
}

pub(in crate::store) async fn purge_takes_old_events(fixture: &mut Fixture) -> Outcome {
    let store = purging(fixture)?;
    let lease = start(&store, 1, "me").await?;
    let path = flov7::id::StepPath::parse("tell");
    let path = path.map_err(|error| Stop::Failed(Failure::new(error.to_string())))?;
    let event = |n: u64| Emission::new(path.clone(), "told", Arc::new(json!(n)), 1);
    let emits = |seq: u64| turn(1, &lease).with_body(body(seq, 1, "x")).with_emitted(event(seq));
    commit(&store, emits(2)).await?;
    commit(&store, emits(3)).await?;
    fixture.advance(10);
    commit(&store, emits(4)).await?;
    let all: Vec<u64> = store.emitted(&ns(), 0, 10).await?.iter().map(|event| event.cursor).collect();
    ensure_eq!(
        store.purge(&Purge::new(10).with_limit(1)).await?,
        Purged::new(0, 1, 0, 1),
        "the oldest event"
    );
    ensure_eq!(store.purge(&Purge::new(10)).await?.events, 1, "the other old event");
    let left: Vec<u64> = store.emitted(&ns(), 0, 10).await?.iter().map(|event| event.cursor).collect();
    ensure_eq!(left, [all[2]], "the event that is left");
    ensure_eq!(store.purge(&Purge::new(0)).await?.events, 1, "the last event");
    commit(&store, emits(5)).await?;
    let next = store.emitted(&ns(), all[2], 10).await?;
    ensure_eq!(next.len(), 1, "how many events come after the last cursor");
    Ok(())
}
