//! Executions with the same concurrency key, and executions that rest from the start.

use std::sync::Arc;

use flov7::machine::event::Outcome as End;
use flov7::machine::{Actor, Control, REPLACED, Status};
use flov7::store::{Claim, Created, Head, Lease, Message, MessageBody, NewExecution, Place, Store, TURN};
use flov7::workflow::ConcurrencyPolicy;
use serde_json::json;

use crate::store::fixture::*;
use crate::store::{Failure, Outcome, Stop};

/// The `n`th execution, in the line of a key.
fn in_line(n: u64, key: &str, policy: ConcurrencyPolicy) -> Outcome<NewExecution> {
    Ok(new(n)?.with_line(Place::new(key, policy, Actor::new("ann"))))
}

async fn queue(store: &Arc<dyn Store>, n: u64) -> Outcome {
    let created = store.create(&ns(), in_line(n, "k", ConcurrencyPolicy::Queue)?).await?;
    ensure_eq!(created, Created::New(None), "creating execution {n}");
    Ok(())
}

/// What waits in the inbox of the `n`th execution.
async fn inbox(store: &Arc<dyn Store>, n: u64) -> Outcome<Vec<Message>> {
    Ok(store.restore(&ns(), &id(n)).await?.inbox)
}

/// Claims the `n`th execution, whatever it waits for.
async fn take(store: &Arc<dyn Store>, n: u64) -> Outcome<Lease> {
    let claimed = store.claim(&Claim::new("me", TTL, 1).with_only(ns(), id(n))).await?;
    match claimed.into_iter().next() {
        Some(claimed) => Ok(claimed.lease),
        None => Err(Stop::Failed(Failure::new(format!("execution {n} was not given")))),
    }
}

pub(in crate::store) async fn lines_tell_the_first_at_once(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store_with_history()?;
    queue(&store, 1).await?;
    let told = inbox(&store, 1).await?;
    ensure_eq!(told, [Place::turn()], "what the first one is told");
    ensure_eq!(told[0].body, MessageBody::Turn, "what that says");
    let claimed = store.claim(&Claim::new("me", TTL, 10)).await?;
    ensure_eq!(claimed.len(), 1, "how many are claimable");
    Ok(())
}

pub(in crate::store) async fn lines_go_on_in_the_order_of_creation(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store_with_history()?;
    // A later one has the smaller id.
    for n in [5, 3, 4] {
        queue(&store, n).await?;
    }
    ensure!(inbox(&store, 3).await?.is_empty(), "the second one was told already");
    let claimed = store.claim(&Claim::new("me", TTL, 10)).await?;
    let found: Vec<_> = claimed.iter().map(|one| one.execution.clone()).collect();
    ensure_eq!(found, [id(5)], "who is claimable");
    // Parking is no end.
    commit(&store, turn(5, &claimed[0].lease).with_consumed([TURN.to_owned()])).await?;
    park(&store, 5, &claimed[0].lease, None).await?;
    ensure!(inbox(&store, 3).await?.is_empty(), "the second one was told before the first one ended");
    let lease = take(&store, 5).await?;
    end(&store, 5, &lease).await?;
    ensure_eq!(inbox(&store, 3).await?, [Place::turn()], "what the second one is told");
    ensure!(inbox(&store, 4).await?.is_empty(), "the third one was told before the second one ended");
    // One that ends without its turn makes room, too; the one before it is told only once.
    let lease = take(&store, 4).await?;
    let cancelled = Head::new(Status::Cancelled, None);
    commit(&store, turn(4, &lease).with_head(cancelled).with_release()).await?;
    queue(&store, 6).await?;
    ensure_eq!(inbox(&store, 3).await?.len(), 1, "how often the second one is told");
    let lease = take(&store, 3).await?;
    end(&store, 3, &lease).await?;
    ensure_eq!(inbox(&store, 6).await?, [Place::turn()], "what the last one is told");
    Ok(())
}

pub(in crate::store) async fn lines_reject_while_an_earlier_one_lives(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store_with_history()?;
    queue(&store, 1).await?;
    let second = in_line(2, "k", ConcurrencyPolicy::Reject)?.with_key("start");
    ensure_eq!(
        store.create(&ns(), second.clone()).await?,
        Created::Refused(id(1)),
        "while the first one lives"
    );
    ensure_kind!(store.restore(&ns(), &id(2)).await, NotFound, "the one that was refused");
    let lease = take(&store, 1).await?;
    end(&store, 1, &lease).await?;
    ensure_eq!(store.create(&ns(), second).await?, Created::New(None), "after the first one ended");
    ensure_eq!(inbox(&store, 2).await?, [Place::turn()], "what it is told");
    Ok(())
}

pub(in crate::store) async fn lines_replace_cancels_those_before(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store_with_history()?;
    queue(&store, 1).await?;
    queue(&store, 2).await?;
    for n in [3, 4] {
        let created = store.create(&ns(), in_line(n, "k", ConcurrencyPolicy::Replace)?).await?;
        ensure_eq!(created, Created::New(None), "creating execution {n}");
    }
    let first = inbox(&store, 1).await?;
    ensure_eq!(ids(&first), [TURN, REPLACED], "what the first one is told");
    ensure_eq!(first[1].body, MessageBody::Control(Control::Cancel), "what replacing means");
    ensure_eq!(first[1].by, Actor::new("ann"), "who replaces it");
    ensure_eq!(ids(&inbox(&store, 2).await?), [REPLACED], "what the second one is told");
    ensure_eq!(ids(&inbox(&store, 3).await?), [REPLACED], "what the third one is told");
    ensure!(inbox(&store, 4).await?.is_empty(), "the last one was told before those before it ended");
    for n in 1..=3 {
        let lease = take(&store, n).await?;
        end(&store, n, &lease).await?;
    }
    ensure_eq!(inbox(&store, 4).await?, [Place::turn()], "what the last one is told");
    Ok(())
}

pub(in crate::store) async fn lines_are_per_key_and_workflow(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store_with_history()?;
    let place = || Place::new("k", ConcurrencyPolicy::Queue, Actor::new("ann"));
    store.create(&ns(), new_of("orders", 1)?.with_line(place())).await?;
    store.create(&ns(), new_of("invoices", 2)?.with_line(place())).await?;
    let other = Place::new("l", ConcurrencyPolicy::Queue, Actor::new("ann"));
    store.create(&ns(), new_of("orders", 3)?.with_line(other)).await?;
    for n in 1..=3 {
        ensure_eq!(inbox(&store, n).await?, [Place::turn()], "what execution {n} is told");
    }
    Ok(())
}

pub(in crate::store) async fn lines_are_per_namespace(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store_with_history()?;
    queue(&store, 1).await?;
    store.create(&other_ns()?, in_line(2, "k", ConcurrencyPolicy::Queue)?).await?;
    let told = store.restore(&other_ns()?, &id(2)).await?.inbox;
    ensure_eq!(told, [Place::turn()], "what the one in another namespace is told");
    Ok(())
}

pub(in crate::store) async fn lines_come_after_start_keys(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store_with_history()?;
    let first = in_line(1, "k", ConcurrencyPolicy::Reject)?.with_key("start");
    ensure_eq!(store.create(&ns(), first).await?, Created::New(None), "creating");
    for policy in [ConcurrencyPolicy::Reject, ConcurrencyPolicy::Replace] {
        let again = in_line(2, "k", policy)?.with_key("start");
        ensure_eq!(
            store.create(&ns(), again).await?,
            Created::Existing(id(1)),
            "creating with its start key"
        );
    }
    ensure_eq!(ids(&inbox(&store, 1).await?), [TURN], "what it was told");
    Ok(())
}

pub(in crate::store) async fn lines_refuse_children_and_tell_the_caller(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store_with_history()?;
    let lease = start(&store, 1, "me").await?;
    let told = |n: u64| -> Outcome<Message> {
        let path = flov7::id::StepPath::parse("call");
        let path = path.map_err(|error| Stop::Failed(Failure::new(error.to_string())))?;
        let body = MessageBody::Child { path, execution: id(n), outcome: End::Output(json!(n)) };
        Ok(Message { id: format!("child:{n}"), body, by: Actor::new("child") })
    };
    let child = |n: u64| -> Outcome<NewExecution> {
        let place = Place::new("k", ConcurrencyPolicy::Reject, Actor::new("me")).with_refused(told(n)?);
        Ok(new_of("child", n)?.with_key(format!("child:{n}")).with_line(place))
    };
    let calls = turn(1, &lease).with_body(body(2, 1, "calls")).with_child(child(2)?).with_child(child(3)?);
    commit(&store, calls).await?;
    ensure_eq!(inbox(&store, 2).await?, [Place::turn()], "what the first child is told");
    ensure_kind!(store.restore(&ns(), &id(3)).await, NotFound, "the child that was refused");
    ensure_eq!(inbox(&store, 1).await?, [told(3)?], "what the caller is told");
    Ok(())
}

pub(in crate::store) async fn lines_refuse_bad_keys(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store_with_history()?;
    for key in [String::new(), "k".repeat(257)] {
        let bytes = key.len();
        let bad = in_line(1, &key, ConcurrencyPolicy::Queue)?;
        ensure_kind!(store.create(&ns(), bad).await, Invalid, "a concurrency key of {bytes} bytes");
    }
    let owned = in_line(1, "k", ConcurrencyPolicy::Queue)?.with_lease("me", TTL);
    ensure_kind!(store.create(&ns(), owned).await, Invalid, "one that waits and has an owner");
    ensure_kind!(store.restore(&ns(), &id(1)).await, NotFound, "what was refused");
    Ok(())
}

pub(in crate::store) async fn create_of_one_that_rests_waits_until_it_is_due(
    fixture: &mut Fixture,
) -> Outcome {
    let store = fixture.store()?;
    let due = fixture.now().saturating_add_ms(5_000);
    let mut resting = new(1)?.with_rest();
    resting.head = waiting(Some(due));
    store.create(&ns(), resting).await?;
    store.create(&ns(), new(2)?.with_rest()).await?;
    ensure_eq!(store.claim(&Claim::new("me", TTL, 10)).await?, [], "who is claimable at once");
    ensure_eq!(store.next_due().await?, Some(due), "when the first is due");
    store.post(&ns(), &id(2), signal("s", json!(1))).await?;
    let called = store.claim(&Claim::new("me", TTL, 10)).await?;
    ensure_eq!(
        called.iter().map(|one| one.execution.clone()).collect::<Vec<_>>(),
        [id(2)],
        "who has a message"
    );
    fixture.advance(5_000);
    let came = store.claim(&Claim::new("me", TTL, 10)).await?;
    ensure_eq!(came.iter().map(|one| one.execution.clone()).collect::<Vec<_>>(), [id(1)], "who is due");
    Ok(())
}

pub(in crate::store) async fn reopening_keeps_lines(fixture: &mut Fixture) -> Outcome {
    let mut store = fixture.store()?;
    if !store.capabilities().durable {
        return Err(Stop::NotDeclared("durable"));
    }
    queue(&store, 1).await?;
    queue(&store, 2).await?;
    drop(store);
    store = fixture.reopened().await?;
    ensure_eq!(inbox(&store, 1).await?, [Place::turn()], "what the first one is told");
    ensure!(inbox(&store, 2).await?.is_empty(), "the second one was told before the first one ended");
    let lease = take(&store, 1).await?;
    end(&store, 1, &lease).await?;
    ensure_eq!(inbox(&store, 2).await?, [Place::turn()], "what the second one is told");
    Ok(())
}
