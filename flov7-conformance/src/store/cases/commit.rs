//! Committing turns.

use std::sync::Arc;

use flov7::error::ErrorKind;
use flov7::machine::{Blocked, BlockedReason, Control, Status};
use flov7::store::{Accepted, Claim, Head, INBOX_MESSAGES, Lease, TurnError};
use serde_json::json;

use crate::store::Outcome;
use crate::store::fixture::*;

pub(in crate::store) async fn commit_appends_in_order(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store_with_history()?;
    let lease = start(&store, 1, "me").await?;
    let mut expected = vec![body(0, 2, "first")];
    for (seq, count) in [(2, 1), (3, 5), (8, 2), (10, 1)] {
        let body = body(seq, count, &format!("turn at {seq}"));
        commit(&store, turn(1, &lease).with_body(body.clone())).await?;
        expected.push(body);
        ensure_eq!(store.restore(&ns(), &id(1)).await?.turns, expected, "the turns after event {seq}");
    }
    ensure_eq!(store.turns(&ns(), &id(1), 0, 100).await?, expected, "the journal");
    Ok(())
}

pub(in crate::store) async fn commit_of_a_gap_is_conflict(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    let answer = commit(&store, turn(1, &lease).with_body(body(3, 1, "gap"))).await;
    ensure_matches!(answer, Err(TurnError::Conflict(2)), "a turn at 3 where the journal ends at 2");
    commit(&store, turn(1, &lease).with_body(body(2, 1, "right"))).await?;
    Ok(())
}

pub(in crate::store) async fn commit_of_a_repetition_is_conflict(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    commit(&store, turn(1, &lease).with_body(body(2, 3, "once"))).await?;
    for seq in [0, 2, 4] {
        let answer = commit(&store, turn(1, &lease).with_body(body(seq, 1, "again"))).await;
        ensure_matches!(answer, Err(TurnError::Conflict(5)), "a turn at {seq} where the journal ends at 5");
    }
    commit(&store, turn(1, &lease).with_body(body(5, 1, "right"))).await?;
    Ok(())
}

pub(in crate::store) async fn commit_under_an_old_lease_is_fenced(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let old = start(&store, 1, "me").await?;
    fixture.advance(TTL);
    let claimed = store.claim(&Claim::new("me", TTL, 1)).await?;
    ensure_eq!(claimed.len(), 1, "how many were claimed");
    // The new owner has the same name and has not written yet: only the epoch tells them apart.
    let answer = commit(&store, turn(1, &old).with_body(body(2, 1, "zombie"))).await;
    ensure_matches!(answer, Err(TurnError::Fenced), "a turn under the old lease");
    let answer = commit(&store, turn(1, &old).with_head(Head::new(Status::Failed, None))).await;
    ensure_matches!(answer, Err(TurnError::Fenced), "a head under the old lease");
    commit(&store, turn(1, &claimed[0].lease).with_body(body(2, 1, "new owner"))).await?;
    ensure_eq!(row(&store, 1).await?.head, running(), "the head");
    Ok(())
}

pub(in crate::store) async fn commit_under_a_foreign_lease_is_fenced(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    let forged = Lease { owner: "other".to_owned(), epoch: lease.epoch };
    let answer = commit(&store, turn(1, &forged).with_body(body(2, 1, "x"))).await;
    ensure_matches!(answer, Err(TurnError::Fenced), "another owner's name");
    let forged = Lease { owner: "me".to_owned(), epoch: lease.epoch + 1 };
    let answer = commit(&store, turn(1, &forged).with_body(body(2, 1, "x"))).await;
    ensure_matches!(answer, Err(TurnError::Fenced), "an epoch that was never given");
    let answer = commit(&store, turn(2, &lease).with_body(body(2, 1, "x"))).await;
    ensure_matches!(answer, Err(TurnError::Fenced), "an execution that is not there");
    Ok(())
}

pub(in crate::store) async fn commit_after_release_is_fenced(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let parked = start(&store, 1, "me").await?;
    park(&store, 1, &parked, None).await?;
    let handed_back = start(&store, 2, "me").await?;
    store.release(&[(ns(), id(2), handed_back.clone())]).await?;
    let ended = start(&store, 3, "me").await?;
    end(&store, 3, &ended).await?;
    for (n, lease) in [(1, &parked), (2, &handed_back), (3, &ended)] {
        let answer = commit(&store, turn(n, lease).with_body(body(2, 1, "x"))).await;
        ensure_matches!(answer, Err(TurnError::Fenced), "a turn of execution {n} after its release");
    }
    Ok(())
}

pub(in crate::store) async fn commit_holds_past_the_lapse_until_claimed(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    fixture.advance(TTL * 10);
    commit(&store, turn(1, &lease).with_body(body(2, 1, "late but alone"))).await?;
    Ok(())
}

pub(in crate::store) async fn commit_turns_of_a_batch_do_not_touch_each_other(
    fixture: &mut Fixture,
) -> Outcome {
    let store = fixture.store_with_history()?;
    let mut leases = Vec::new();
    for n in 0..5 {
        leases.push(start(&store, n, "me").await?);
    }
    let forged = Lease { owner: "other".to_owned(), epoch: leases[3].epoch };
    let answers = store
        .commit(vec![
            turn(0, &leases[0]).with_body(body(2, 1, "good")),
            turn(1, &leases[1]).with_body(body(9, 1, "gap")),
            turn(2, &leases[2]).with_body(body(2, 0, "empty")),
            turn(3, &forged).with_body(body(2, 1, "fenced")),
            turn(4, &leases[4]).with_body(body(2, 1, "good")),
        ])
        .await;
    ensure_eq!(answers.len(), 5, "how many answers five turns get");
    ensure_matches!(&answers[0], Ok(()), "the first turn");
    ensure_matches!(&answers[1], Err(TurnError::Conflict(2)), "the turn with a gap");
    ensure_matches!(&answers[2], Err(TurnError::Refused(_)), "the turn without events");
    ensure_matches!(&answers[3], Err(TurnError::Fenced), "the turn under a forged lease");
    ensure_matches!(&answers[4], Ok(()), "the last turn");
    for (n, turns) in [(0, 2), (1, 1), (2, 1), (3, 1), (4, 2)] {
        let journal = store.turns(&ns(), &id(n), 0, 10).await?;
        ensure_eq!(journal.len(), turns, "how many turns execution {n} has");
    }
    Ok(())
}

pub(in crate::store) async fn commit_applies_a_batch_in_order(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store_with_history()?;
    let lease = start(&store, 1, "me").await?;
    let answers = store
        .commit(vec![
            turn(1, &lease).with_body(body(2, 1, "a")),
            turn(1, &lease).with_body(body(3, 1, "b")),
            turn(1, &lease).with_body(body(3, 1, "again")),
            turn(1, &lease).with_body(body(4, 1, "c")).with_head(waiting(None)).with_release(),
            turn(1, &lease).with_body(body(5, 1, "after the release")),
        ])
        .await;
    ensure_eq!(answers.len(), 5, "how many answers five turns get");
    ensure_matches!(&answers[2], Err(TurnError::Conflict(4)), "the repetition within the batch");
    ensure_matches!(&answers[4], Err(TurnError::Fenced), "the turn after the release");
    ensure!([0, 1, 3].iter().all(|n| answers[*n].is_ok()), "the others were taken: {answers:?}");
    let loaded = store.restore(&ns(), &id(1)).await?;
    let texts: Vec<_> = loaded.turns.iter().map(|turn| turn.body.to_vec()).collect();
    ensure_eq!(texts, [&b"first"[..], b"a", b"b", b"c"], "the journal");
    Ok(())
}

pub(in crate::store) async fn commit_writes_all_parts_of_a_turn(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store_with_history()?;
    let lease = start(&store, 1, "me").await?;
    start(&store, 2, "me").await?;
    store.post(&ns(), &id(1), signal("eaten", json!(1))).await?;
    store.post(&ns(), &id(1), signal("left", json!(2))).await?;
    fixture.advance(5);
    let head = Head::new(Status::Waiting, Some(fixture.now())).with_buffered(1, 1);
    let written = turn(1, &lease)
        .with_body(body(2, 2, "all"))
        .with_consumed(["eaten".to_owned()])
        .with_head(head.clone())
        .with_snapshot(b"state".as_slice().into())
        .with_post(id(2), signal("child", json!({ "done": true })))
        .with_release();
    commit(&store, written).await?;

    let loaded = store.restore(&ns(), &id(1)).await?;
    ensure_eq!(loaded.row.head, head, "the head");
    ensure_eq!(loaded.row.changed, fixture.now(), "when the head changed");
    ensure_eq!(loaded.row.lease, None, "the lease");
    ensure_eq!(loaded.snapshot, Some((3, b"state".as_slice().into())), "the snapshot");
    ensure!(loaded.turns.is_empty(), "no turn follows the snapshot");
    ensure_eq!(ids(&loaded.inbox), ["left"], "the inbox");
    ensure_eq!(store.turns(&ns(), &id(1), 2, 10).await?, [body(2, 2, "all")], "the journal");
    let posted = store.restore(&ns(), &id(2)).await?.inbox;
    ensure_eq!(posted, [signal("child", json!({ "done": true }))], "the inbox of the other execution");
    let claimed = store.claim(&Claim::new("next", TTL, 10)).await?;
    ensure_eq!(claimed.len(), 1, "how many are claimable after the release");
    Ok(())
}

pub(in crate::store) async fn commit_that_fails_writes_no_part_of_the_turn(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store_with_history()?;
    let lease = start(&store, 1, "me").await?;
    start(&store, 2, "me").await?;
    store.post(&ns(), &id(1), signal("uneaten", json!(1))).await?;
    let forged = Lease { owner: "me".to_owned(), epoch: lease.epoch + 1 };
    let oversized = vec![0; store.capabilities().turn_bytes + 1];
    for (lease, bad) in [
        (&lease, body(7, 1, "gap")),
        (&lease, body(0, 2, "repetition")),
        (&forged, body(2, 1, "fenced")),
        (&lease, flov7::store::TurnBody { body: oversized.into(), ..body(2, 1, "") }),
    ] {
        let failing = turn(1, lease)
            .with_body(bad)
            .with_consumed(["uneaten".to_owned()])
            .with_head(Head::new(Status::Completed, None))
            .with_snapshot(b"state".as_slice().into())
            .with_post(id(2), signal("child", json!(1)))
            .with_release();
        let answer = commit(&store, failing).await;
        ensure!(answer.is_err(), "the turn is refused");
        let loaded = store.restore(&ns(), &id(1)).await?;
        ensure_eq!(loaded.row.head, running(), "the head after {answer:?}");
        ensure!(loaded.row.lease.is_some(), "the lease after {answer:?}");
        ensure_eq!(loaded.snapshot, None, "the snapshot after {answer:?}");
        ensure_eq!(loaded.turns, [body(0, 2, "first")], "the turns after {answer:?}");
        ensure_eq!(ids(&loaded.inbox), ["uneaten"], "the inbox after {answer:?}");
        let other = store.restore(&ns(), &id(2)).await?.inbox;
        ensure_eq!(other, [], "the other inbox after {answer:?}");
    }
    Ok(())
}

pub(in crate::store) async fn commit_without_a_body_changes_the_head_alone(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    let why = Blocked::new(BlockedReason::Missing, "nobody can").with_missing(vec!["crm.note".to_owned()]);
    let head = Head::new(Status::Blocked, None).with_buffered(3, 70).with_blocked(why, fixture.now());
    commit(&store, turn(1, &lease).with_head(head.clone())).await?;
    ensure_eq!(row(&store, 1).await?.head, head, "the head");
    commit(&store, turn(1, &lease).with_body(body(2, 1, "next"))).await?;
    ensure_eq!(row(&store, 1).await?.head, head, "the head after a turn that did not change it");
    Ok(())
}

pub(in crate::store) async fn commit_passes_over_what_nobody_takes(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    let ended = start(&store, 2, "me").await?;
    end(&store, 2, &ended).await?;
    let generous = turn(1, &lease)
        .with_body(body(2, 1, "next"))
        .with_consumed(["never came".to_owned()])
        .with_post(id(2), signal("a", json!(1)))
        .with_post(id(9), signal("b", json!(1)));
    commit(&store, generous).await?;
    ensure_kind!(store.post(&ns(), &id(2), signal("a", json!(1))).await, Closed, "what was passed over");
    Ok(())
}

pub(in crate::store) async fn commit_posts_are_deduplicated(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    start(&store, 2, "other").await?;
    let posting = |seq| turn(1, &lease).with_body(body(seq, 1, "x")).with_post(id(2), signal("a", json!(1)));
    commit(&store, posting(2)).await?;
    commit(&store, posting(3)).await?;
    let again = store.post(&ns(), &id(2), signal("a", json!(1))).await?;
    ensure_eq!(again, Accepted::Duplicate, "posting what a turn posted");
    ensure_eq!(store.arrived("other", 10).await?.len(), 1, "how many messages are in the inbox");
    Ok(())
}

pub(in crate::store) async fn commit_posts_are_never_busy(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    let full = start(&store, 2, "other").await?;
    let count = u32::try_from(INBOX_MESSAGES).unwrap_or(u32::MAX);
    commit(&store, turn(2, &full).with_head(running().with_buffered(count, 0))).await?;
    ensure_kind!(store.post(&ns(), &id(2), signal("a", json!(1))).await, Busy, "a message from outside");
    commit(&store, turn(1, &lease).with_body(body(2, 1, "x")).with_post(id(2), signal("b", json!(1))))
        .await?;
    ensure_eq!(store.arrived("other", 10).await?.len(), 1, "how many messages are in the inbox");
    Ok(())
}

pub(in crate::store) async fn commit_refuses_empty_and_oversized_bodies(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    match commit(&store, turn(1, &lease).with_body(body(2, 0, "empty"))).await {
        Err(TurnError::Refused(error)) => {
            ensure_eq!(error.kind(), ErrorKind::Invalid, "a body without events")
        }
        other => ensure!(false, "a body without events: {other:?}"),
    }
    let limit = store.capabilities().turn_bytes;
    let sized = |bytes: usize| {
        turn(1, &lease).with_body(flov7::store::TurnBody { body: vec![7; bytes].into(), ..body(2, 1, "") })
    };
    match commit(&store, sized(limit + 1)).await {
        Err(TurnError::Refused(error)) => {
            ensure_eq!(error.kind(), ErrorKind::Limit, "a body that is too large")
        }
        other => ensure!(false, "a body that is too large: {other:?}"),
    }
    commit(&store, sized(limit)).await?;
    Ok(())
}

pub(in crate::store) async fn commit_at_once_keeps_every_journal_whole(fixture: &mut Fixture) -> Outcome {
    const EXECUTIONS: u64 = 24;
    const TURNS: u64 = 12;
    let store = fixture.store_with_history()?;
    let mut leases = Vec::new();
    for n in 0..EXECUTIONS {
        leases.push(start(&store, n, "me").await?);
    }
    let mut tasks = Vec::new();
    for (n, lease) in (0..).zip(leases) {
        let store = Arc::clone(&store);
        tasks.push(tokio::spawn(async move {
            for step in 0..TURNS {
                let sender = id((n + 1) % EXECUTIONS);
                let next = turn(n, &lease)
                    .with_body(body(2 + step, 1, &format!("{n}/{step}")))
                    .with_post(sender, control(&format!("{n}/{step}"), Control::Pause));
                commit(&store, next).await?;
            }
            Outcome::Ok(())
        }));
    }
    for task in tasks {
        ensure_matches!(task.await, Ok(Ok(())), "a task that commits");
    }
    for n in 0..EXECUTIONS {
        let loaded = store.restore(&ns(), &id(n)).await?;
        let mut expected = vec![body(0, 2, "first")];
        expected.extend((0..TURNS).map(|step| body(2 + step, 1, &format!("{n}/{step}"))));
        ensure_eq!(loaded.turns, expected, "the journal of execution {n}");
        let before = (n + EXECUTIONS - 1) % EXECUTIONS;
        let posted: Vec<_> = (0..TURNS).map(|step| format!("{before}/{step}")).collect();
        ensure_eq!(ids(&loaded.inbox), posted, "the inbox of execution {n}");
    }
    Ok(())
}
