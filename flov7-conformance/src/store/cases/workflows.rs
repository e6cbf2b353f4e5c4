//! Revisions.

use flov7::id::WorkflowName;
use flov7::store::{Expect, Which, WorkflowRow};

use crate::store::fixture::*;
use crate::store::{Failure, Outcome, Stop};

fn name(name: &str) -> Outcome<WorkflowName> {
    WorkflowName::parse(name).map_err(|error| Stop::Failed(Failure::new(error.to_string())))
}

pub(in crate::store) async fn save_numbers_revisions_from_one(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    for n in 1..=3 {
        ensure_eq!(store.save(&ns(), bundle(n)?, Expect::Any).await?, n, "the number of revision {n}");
    }
    // Back to what the first one held: another revision, for the head differs.
    ensure_eq!(store.save(&ns(), bundle(1)?, Expect::Any).await?, 4, "the number of an old content");
    ensure_eq!(
        store.save(&ns(), bundle_of("invoices", 1)?, Expect::Any).await?,
        1,
        "another workflow's number"
    );
    Ok(())
}

pub(in crate::store) async fn save_of_the_heads_bundle_writes_nothing(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    store.save(&ns(), bundle(1)?, Expect::Absent).await?;
    store.save(&ns(), bundle(2)?, Expect::Revision(1)).await?;
    for expect in [Expect::Any, Expect::Revision(2), Expect::Revision(1), Expect::Absent] {
        let again = store.save(&ns(), bundle(2)?, expect).await?;
        ensure_eq!(again, 2, "the revision of what is the head already, expecting {expect:?}");
    }
    let rows = store.workflows(&ns(), None, 10).await?;
    ensure_eq!(rows, [WorkflowRow { name: name("orders")?, head: 2, active: None }], "the workflows");
    Ok(())
}

pub(in crate::store) async fn save_holds_expectations(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    ensure_kind!(store.save(&ns(), bundle(1)?, Expect::Revision(1)).await, Conflict, "revision 1 of nothing");
    ensure_eq!(store.workflows(&ns(), None, 10).await?, [], "what a refused save left");
    store.save(&ns(), bundle(1)?, Expect::Absent).await?;
    ensure_kind!(store.save(&ns(), bundle(2)?, Expect::Absent).await, Conflict, "absent what is there");
    ensure_kind!(store.save(&ns(), bundle(2)?, Expect::Revision(2)).await, Conflict, "a revision to come");
    ensure_eq!(store.save(&ns(), bundle(2)?, Expect::Revision(1)).await?, 2, "the right expectation");
    ensure_kind!(
        store.save(&ns(), bundle(3)?, Expect::Revision(1)).await,
        Conflict,
        "a revision that passed"
    );
    ensure_eq!(store.load(&ns(), &name("orders")?, Which::Head).await?.revision, 2, "the head");
    Ok(())
}

pub(in crate::store) async fn load_gives_what_was_saved(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    for n in 1..=3 {
        store.save(&ns(), bundle(n)?, Expect::Any).await?;
    }
    store.activate(&ns(), &name("orders")?, Some(2), Expect::Any).await?;
    for (which, n) in [
        (Which::Head, 3),
        (Which::Active, 2),
        (Which::Revision(1), 1),
        (Which::Revision(2), 2),
        (Which::Revision(3), 3),
    ] {
        let stored = store.load(&ns(), &name("orders")?, which).await?;
        ensure_eq!(stored.revision, n, "the number of {which:?}");
        ensure_eq!(*stored.bundle, *bundle(n)?, "the bundle of {which:?}");
        ensure_eq!(stored.digest, bundle(n)?.digest(), "the digest of {which:?}");
        ensure_eq!(stored.active, n == 2, "whether {which:?} is active");
    }
    Ok(())
}

pub(in crate::store) async fn load_of_nothing_is_not_found(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let every =
        [Which::Head, Which::Active, Which::Revision(0), Which::Revision(1), Which::Revision(u64::MAX)];
    for which in every {
        let loaded = store.load(&ns(), &name("orders")?, which).await;
        ensure_kind!(loaded, NotFound, "{which:?} of a workflow that is not there");
    }
    store.save(&ns(), bundle(1)?, Expect::Any).await?;
    for which in [Which::Active, Which::Revision(0), Which::Revision(2), Which::Revision(u64::MAX)] {
        ensure_kind!(store.load(&ns(), &name("orders")?, which).await, NotFound, "{which:?}");
    }
    Ok(())
}

pub(in crate::store) async fn activate_chooses_one_revision(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let orders = name("orders")?;
    store.save(&ns(), bundle(1)?, Expect::Any).await?;
    store.save(&ns(), bundle(2)?, Expect::Any).await?;
    for revision in [Some(1), Some(2), Some(1), None] {
        store.activate(&ns(), &orders, revision, Expect::Any).await?;
        let rows = store.workflows(&ns(), None, 10).await?;
        ensure_eq!(rows, [WorkflowRow { name: orders.clone(), head: 2, active: revision }], "the workflows");
        for n in [1, 2] {
            let stored = store.load(&ns(), &orders, Which::Revision(n)).await?;
            ensure_eq!(stored.active, revision == Some(n), "whether revision {n} is active");
        }
    }
    Ok(())
}

pub(in crate::store) async fn activate_holds_expectations(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let orders = name("orders")?;
    let activate = async |revision, expect| store.activate(&ns(), &orders, revision, expect).await;
    ensure_kind!(activate(None, Expect::Any).await, NotFound, "a workflow that is not there");
    store.save(&ns(), bundle(1)?, Expect::Any).await?;
    store.save(&ns(), bundle(2)?, Expect::Any).await?;
    ensure_kind!(activate(Some(3), Expect::Any).await, NotFound, "a revision that is not there");
    ensure_kind!(activate(Some(0), Expect::Any).await, NotFound, "revision 0");
    ensure_kind!(activate(Some(1), Expect::Revision(1)).await, Conflict, "active what is not");
    activate(Some(1), Expect::Absent).await?;
    ensure_kind!(activate(Some(2), Expect::Absent).await, Conflict, "none active where one is");
    ensure_kind!(activate(Some(2), Expect::Revision(2)).await, Conflict, "another one active");
    ensure_eq!(store.load(&ns(), &orders, Which::Active).await?.revision, 1, "the active revision");
    activate(Some(2), Expect::Revision(1)).await?;
    Ok(())
}

pub(in crate::store) async fn workflows_page_by_name(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let names = ["b", "a.c", "a", "a-b", "ab", "a_b"];
    for (n, name) in (1..).zip(names) {
        store.save(&ns(), bundle_of(name, n)?, Expect::Any).await?;
    }
    let mut sorted = names;
    sorted.sort_unstable();
    for limit in [1, 4, 6, 0, usize::MAX] {
        let (mut listed, mut after): (Vec<WorkflowName>, Option<WorkflowName>) = (Vec::new(), None);
        loop {
            let page = store.workflows(&ns(), after.as_ref(), limit).await?;
            ensure!(limit == 0 || page.len() <= limit, "a page of {} where {limit} fit", page.len());
            let Some(last) = page.last() else { break };
            after = Some(last.name.clone());
            listed.extend(page.into_iter().map(|row| row.name));
        }
        ensure_eq!(listed, sorted, "all pages of {limit}");
    }
    Ok(())
}
