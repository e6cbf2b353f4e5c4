//! Messages: posting them, finding them, and how many may wait.

use flov7::machine::event::SignalTo;
use flov7::machine::{Actor, Control};
use flov7::store::{Accepted, Claim, INBOX_BYTES, INBOX_MESSAGES, Message, MessageBody};
use serde_json::json;

use crate::store::Outcome;
use crate::store::fixture::*;

pub(in crate::store) async fn post_is_in_the_inbox_at_once(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store_with_history()?;
    start(&store, 1, "me").await?;
    let accepted = store.post(&ns(), &id(1), signal("a", json!({ "amount": 5 }))).await?;
    ensure_eq!(accepted, Accepted::New, "posting");
    let inbox = store.restore(&ns(), &id(1)).await?.inbox;
    ensure_eq!(inbox, [signal("a", json!({ "amount": 5 }))], "the inbox");
    Ok(())
}

pub(in crate::store) async fn post_keeps_order_and_content(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store_with_history()?;
    start(&store, 1, "me").await?;
    let to = SignalTo::Name { name: "paid".to_owned(), key: Some("k \" \\ \u{0} ü".to_owned()) };
    let payload = json!({ "b": [1, 0.5, -1, u64::MAX, i64::MIN, 1e300, null, true],
                          "a": "\u{1f600}\u{0}\"", "": { "deep": [[[[]]]] } });
    let messages = [
        Message { id: "z\n".to_owned(), body: MessageBody::Signal { to, payload }, by: Actor::new("ä") },
        Message {
            id: "token".to_owned(),
            body: MessageBody::Signal { to: SignalTo::Token("7".repeat(26)), payload: json!(null) },
            by: Actor::new(""),
        },
        control("c1", Control::Cancel),
        control("c2", Control::Terminate),
        control("c3", Control::Pause),
        control("c4", Control::Unpause),
        signal("a", json!("last")),
    ];
    for message in &messages {
        store.post(&ns(), &id(1), message.clone()).await?;
    }
    ensure_eq!(store.restore(&ns(), &id(1)).await?.inbox, messages, "the inbox");
    let arrived: Vec<_> =
        store.arrived("me", 100).await?.into_iter().map(|(_, _, message)| message).collect();
    ensure_eq!(arrived, messages, "what arrived");
    Ok(())
}

pub(in crate::store) async fn post_same_id_is_duplicate(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    start(&store, 1, "me").await?;
    store.post(&ns(), &id(1), signal("a", json!(1))).await?;
    for again in [signal("a", json!(1)), signal("a", json!(2)), control("a", Control::Cancel)] {
        let accepted = store.post(&ns(), &id(1), again).await?;
        ensure_eq!(accepted, Accepted::Duplicate, "posting the id again");
    }
    let arrived = store.arrived("me", 10).await?;
    ensure_eq!(arrived, [(ns(), id(1), signal("a", json!(1)))], "the inbox");
    Ok(())
}

pub(in crate::store) async fn post_same_id_is_duplicate_after_consumption(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    store.post(&ns(), &id(1), signal("a", json!(1))).await?;
    commit(&store, turn(1, &lease).with_body(body(2, 1, "x")).with_consumed(["a".to_owned()])).await?;
    let again = store.post(&ns(), &id(1), signal("a", json!(1))).await?;
    ensure_eq!(again, Accepted::Duplicate, "posting what was consumed");
    ensure_eq!(store.arrived("me", 10).await?, [], "the inbox");
    Ok(())
}

pub(in crate::store) async fn post_same_id_is_duplicate_after_the_end(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    store.post(&ns(), &id(1), signal("eaten", json!(1))).await?;
    commit(&store, turn(1, &lease).with_body(body(2, 1, "x")).with_consumed(["eaten".to_owned()])).await?;
    store.post(&ns(), &id(1), signal("left", json!(1))).await?;
    end(&store, 1, &lease).await?;
    for id_ in ["eaten", "left"] {
        let again = store.post(&ns(), &id(1), signal(id_, json!(1))).await?;
        ensure_eq!(again, Accepted::Duplicate, "posting `{id_}` after the end");
    }
    Ok(())
}

pub(in crate::store) async fn post_ids_are_per_execution(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    start(&store, 1, "me").await?;
    start(&store, 2, "me").await?;
    store.post(&ns(), &id(1), signal("a", json!(1))).await?;
    let other = store.post(&ns(), &id(2), signal("a", json!(2))).await?;
    ensure_eq!(other, Accepted::New, "the same id to another execution");
    Ok(())
}

pub(in crate::store) async fn post_to_an_ended_execution_is_closed(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    end(&store, 1, &lease).await?;
    for message in [signal("a", json!(1)), control("c", Control::Cancel)] {
        ensure_kind!(store.post(&ns(), &id(1), message.clone()).await, Closed, "posting {message:?}");
    }
    Ok(())
}

pub(in crate::store) async fn post_to_nobody_is_not_found(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    ensure_kind!(store.post(&ns(), &id(1), signal("a", json!(1))).await, NotFound, "posting to nobody");
    Ok(())
}

pub(in crate::store) async fn post_refuses_bad_ids(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    start(&store, 1, "me").await?;
    for bad in [String::new(), "i".repeat(257)] {
        let bytes = bad.len();
        ensure_kind!(
            store.post(&ns(), &id(1), signal(&bad, json!(1))).await,
            Invalid,
            "an id of {bytes} bytes"
        );
    }
    let reserved = control(flov7::machine::REPLACED, Control::Cancel);
    ensure_kind!(store.post(&ns(), &id(1), reserved).await, Invalid, "an id of the store's own");
    ensure_eq!(store.arrived("me", 10).await?, [], "the inbox");
    store.post(&ns(), &id(1), signal(&"i".repeat(256), json!(1))).await?;
    Ok(())
}

pub(in crate::store) async fn post_past_a_thousand_signals_is_busy(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    for n in 0..INBOX_MESSAGES {
        store.post(&ns(), &id(1), signal(&n.to_string(), json!(n))).await?;
    }
    ensure_kind!(store.post(&ns(), &id(1), signal("more", json!(1))).await, Busy, "one more than fits");
    let known = store.post(&ns(), &id(1), signal("7", json!(1))).await?;
    ensure_eq!(known, Accepted::Duplicate, "a known one although the inbox is full");
    commit(&store, turn(1, &lease).with_body(body(2, 1, "x")).with_consumed(["7".to_owned()])).await?;
    let after = store.post(&ns(), &id(1), signal("more", json!(1))).await?;
    ensure_eq!(after, Accepted::New, "one that was busy, after another was consumed");
    Ok(())
}

pub(in crate::store) async fn post_past_a_mebibyte_is_busy(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    start(&store, 1, "me").await?;
    // Half of it each, counted as canonical text: two quotes around the characters.
    let half = "x".repeat(INBOX_BYTES / 2 - 2);
    store.post(&ns(), &id(1), signal("a", json!(half))).await?;
    ensure_kind!(
        store.post(&ns(), &id(1), signal("b", json!(format!("{half}x")))).await,
        Busy,
        "a byte too many"
    );
    store.post(&ns(), &id(1), signal("c", json!(half))).await?;
    ensure_kind!(store.post(&ns(), &id(1), signal("d", json!(1))).await, Busy, "one more byte");
    Ok(())
}

pub(in crate::store) async fn post_counts_what_the_machine_holds(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    let most = u32::try_from(INBOX_MESSAGES - 1).unwrap_or(u32::MAX);
    commit(&store, turn(1, &lease).with_head(running().with_buffered(most, 10))).await?;
    store.post(&ns(), &id(1), signal("a", json!(1))).await?;
    ensure_kind!(store.post(&ns(), &id(1), signal("b", json!(1))).await, Busy, "past a thousand together");
    let bytes = u64::try_from(INBOX_BYTES - 1).unwrap_or(u64::MAX);
    commit(&store, turn(1, &lease).with_head(running().with_buffered(1, bytes))).await?;
    ensure_kind!(store.post(&ns(), &id(1), signal("b", json!(1))).await, Busy, "past a mebibyte together");
    commit(&store, turn(1, &lease).with_head(running())).await?;
    store.post(&ns(), &id(1), signal("b", json!(1))).await?;
    Ok(())
}

pub(in crate::store) async fn post_of_a_control_is_never_busy(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    let most = u32::try_from(INBOX_MESSAGES - 1).unwrap_or(u32::MAX);
    commit(&store, turn(1, &lease).with_head(running().with_buffered(most, 0))).await?;
    store.post(&ns(), &id(1), control("c1", Control::Pause)).await?;
    store.post(&ns(), &id(1), signal("a", json!(1))).await?;
    ensure_kind!(store.post(&ns(), &id(1), signal("b", json!(1))).await, Busy, "a signal too many");
    let accepted = store.post(&ns(), &id(1), control("c2", Control::Cancel)).await?;
    ensure_eq!(accepted, Accepted::New, "a control although signals are busy");
    Ok(())
}

pub(in crate::store) async fn arrived_gives_messages_of_owned_executions(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    start(&store, 1, "me").await?;
    start(&store, 2, "other").await?;
    let parked = start(&store, 3, "me").await?;
    park(&store, 3, &parked, None).await?;
    for n in 1..=3 {
        store.post(&ns(), &id(n), signal(&format!("to {n}"), json!(n))).await?;
    }
    let arrived = store.arrived("me", 10).await?;
    ensure_eq!(arrived, [(ns(), id(1), signal("to 1", json!(1)))], "what arrived for me");
    ensure_eq!(store.arrived("nobody", 10).await?, [], "what arrived for nobody");
    store.claim(&Claim::new("me", TTL, 10)).await?;
    ensure_eq!(store.arrived("me", 10).await?.len(), 2, "what arrived after claiming the third");
    Ok(())
}

pub(in crate::store) async fn arrived_repeats_until_consumed(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    let lease = start(&store, 1, "me").await?;
    store.post(&ns(), &id(1), signal("a", json!(1))).await?;
    store.post(&ns(), &id(1), signal("b", json!(1))).await?;
    ensure_eq!(store.arrived("me", 10).await?.len(), 2, "what arrived");
    ensure_eq!(store.arrived("me", 10).await?.len(), 2, "what arrived, asked again");
    commit(&store, turn(1, &lease).with_body(body(2, 1, "x")).with_consumed(["a".to_owned()])).await?;
    let left = store.arrived("me", 10).await?;
    ensure_eq!(left, [(ns(), id(1), signal("b", json!(1)))], "what is left");
    end(&store, 1, &lease).await?;
    ensure_eq!(store.arrived("me", 10).await?, [], "what is left after the end");
    Ok(())
}

pub(in crate::store) async fn arrived_keeps_its_limit(fixture: &mut Fixture) -> Outcome {
    let store = fixture.store()?;
    start(&store, 1, "me").await?;
    for n in 0..5 {
        store.post(&ns(), &id(1), signal(&n.to_string(), json!(n))).await?;
    }
    let arrived = store.arrived("me", 3).await?;
    let numbers: Vec<_> = arrived.iter().map(|(_, _, message)| message.id.as_str()).collect();
    ensure_eq!(numbers, ["0", "1", "2"], "the oldest three");
    Ok(())
}
