//! Effects, keys, retries, lost attempts and their time.

use std::collections::BTreeSet;
use std::time::Duration;

use flov7::action::ActionError;
use flov7::machine::Status;
use serde_json::{Value, json};

use crate::executor::world::*;
use crate::store::Outcome;

fn busy() -> Result<Value, ActionError> {
    Err(ActionError::retryable("x.busy", "later"))
}

fn lost() -> Result<Value, ActionError> {
    Err(ActionError::unknown("x.bad", "nobody knows"))
}

/// Moves the clock to where the execution goes on by itself.
async fn backed_off(world: &World, id: &flov7::id::ExecutionId) -> Outcome<flov7::id::Timestamp> {
    let due = |view: &flov7::machine::ExecutionView| view.waiting.iter().find_map(|wait| wait.due);
    let backs_off = |view: &flov7::machine::ExecutionView| {
        view.waiting.iter().any(|wait| wait.kind == flov7::machine::event::ScheduledKind::Backoff)
    };
    let view = world.until(id, "the pause before another attempt", backs_off).await?;
    due(&view).ok_or_else(|| crate::store::Failure::new("the pause has no end").into())
}

pub(in crate::executor) async fn effect_key_is_the_same_for_all_attempts(world: &mut World) -> Outcome {
    let retry = json!({ "attempts": 3, "first": "1s" });
    let id = world.start(json!({ "steps": [{ "id": "a", "action": { "use": "gate.keyed", "with": { "n": 1 } }, "retry": retry }] })).await?;
    for attempt in 1..=3 {
        let held = world.call_of("a", attempt).await?;
        if attempt == 3 {
            held.done(json!(1));
        } else {
            held.give(busy());
            let due = backed_off(world, &id).await?;
            world.reach(due);
        }
    }
    world.ended(&id, Status::Completed).await?;
    let called = world.called();
    let keys: BTreeSet<_> = called.iter().map(|called| &called.key).collect();
    ensure_eq!(keys.len(), 1, "keys of three attempts");
    ensure!(called.iter().all(|one| one.input == called[0].input), "attempts were given different inputs");
    let expected =
        flov7::id::StepPath::parse("a").map(|path| flov7::id::idempotency_key(&ns(), &id, &path, false));
    ensure_eq!(expected.ok().as_ref(), keys.into_iter().next(), "the key that RULES give it");
    Ok(())
}

pub(in crate::executor) async fn effect_key_is_each_steps_own(world: &mut World) -> Outcome {
    let document = json!({ "steps": [{ "id": "each", "condition": { "for_each": { "items": [1, 2],
        "steps": [{ "id": "a", "action": { "use": "now.keyed" } }] } } },
        { "id": "b", "action": { "use": "now.keyed" } }] });
    for _ in 0..2 {
        let id = world.start(document.clone()).await?;
        world.ended(&id, Status::Completed).await?;
    }
    let called = world.called();
    let keys: BTreeSet<_> = called.iter().map(|called| &called.key).collect();
    ensure_eq!((called.len(), keys.len()), (6, 6), "calls and keys");
    ensure!(keys.iter().all(|key| key.len() == 26), "a key has 26 characters");
    Ok(())
}

pub(in crate::executor) async fn effect_once_of_unknown_outcome_is_never_repeated(
    world: &mut World,
) -> Outcome {
    let step =
        json!({ "id": "a", "action": { "use": "gate.once" }, "retry": { "attempts": 5, "first": "1s" } });
    let id = world.start(json!({ "steps": [step] })).await?;
    world.call_of("a", 1).await?.give(lost());
    let view = world.ended(&id, Status::Failed).await?;
    ensure_eq!(code(&view), Some("outcome_unknown"), "why it failed");
    ensure_eq!(world.called().len(), 1, "calls");
    ensure_eq!(view.unknown_effects.len(), 1, "what may or may not have happened");
    Ok(())
}

pub(in crate::executor) async fn effect_that_may_be_repeated_is_when_its_outcome_is_unknown(
    world: &mut World,
) -> Outcome {
    for action in ["gate.none", "gate.idempotent", "gate.keyed"] {
        let id = world.start(json!({ "steps": [{ "id": "a", "action": { "use": action } }] })).await?;
        world.call_of("a", 1).await?.give(lost());
        let held = next_attempt(world, &id).await?;
        ensure_eq!(held.place(), ("a", 2), "what is repeated");
        held.done(json!(1));
        world.ended(&id, Status::Completed).await?;
    }
    Ok(())
}

pub(in crate::executor) async fn journal_lost_attempts_are_no_retries(world: &mut World) -> Outcome {
    // One retry is allowed; two losses come before the failure that uses it up.
    let step =
        json!({ "id": "a", "action": { "use": "gate.keyed" }, "retry": { "attempts": 2, "first": "1s" } });
    let id = world.start(json!({ "steps": [step] })).await?;
    let answers: [Result<Value, ActionError>; 4] = [lost(), lost(), busy(), Ok(json!("in the end"))];
    for (attempt, answer) in (1..).zip(answers) {
        let held = next_attempt(world, &id).await?;
        ensure_eq!(held.place(), ("a", attempt), "which attempt");
        held.give(answer);
    }
    let view = world.ended(&id, Status::Completed).await?;
    ensure_eq!(world.called().len(), 4, "calls ({:?})", view.error);
    Ok(())
}

/// The next call of an execution, moving the clock to where it backs off to.
async fn next_attempt(
    world: &mut World,
    id: &flov7::id::ExecutionId,
) -> Outcome<crate::executor::fixture::Held> {
    let mut rounds = 0;
    loop {
        if let Some(held) = world.call_now() {
            return Ok(held);
        }
        let view = world.describe(id).await?;
        ensure!(!view.status.is_ended(), "it ended instead of being tried again: {:?}", view.error);
        let backs_off =
            view.waiting.iter().all(|wait| wait.kind == flov7::machine::event::ScheduledKind::Backoff);
        if let (true, Some(due)) = (backs_off, view.waiting.iter().find_map(|wait| wait.due))
            && due > world.now()
        {
            world.reach(due);
        }
        rounds += 1;
        ensure!(world.goes_on(rounds), "it is not tried again");
        tokio::task::yield_now().await;
    }
}

pub(in crate::executor) async fn retry_comes_after_its_delay_and_not_before(world: &mut World) -> Outcome {
    let document = json!({ "signals": { "nudge": true }, "steps": [{ "id": "a", "action": { "use": "gate.keyed" },
        "retry": { "attempts": 2, "first": "10s" } }] });
    let id = world.start(document).await?;
    let failed_at = world.now();
    world.call_of("a", 1).await?.give(busy());
    let due = backed_off(world, &id).await?;
    ensure!(due > failed_at, "the pause has no length");
    world.reach(due.saturating_add_ms(-1));
    // It lives, and takes what comes; but the pause is not over.
    world.signal(&id, to_name("nudge", None, json!(1))).await?;
    world.journaled(&id, "signal", 1).await?;
    ensure!(world.call_now().is_none(), "it was tried again a millisecond early");
    world.reach(due);
    world.call_of("a", 2).await?.done(json!(1));
    world.ended(&id, Status::Completed).await?;
    Ok(())
}

pub(in crate::executor) async fn retry_respects_what_the_other_side_asks_for(world: &mut World) -> Outcome {
    let step =
        json!({ "id": "a", "action": { "use": "gate.keyed" }, "retry": { "attempts": 2, "first": "1s" } });
    let id = world.start(json!({ "steps": [step] })).await?;
    let failed_at = world.now();
    let later = ActionError::retryable("x.busy", "in a minute").with_retry_after(60_000);
    world.call_of("a", 1).await?.give(Err(later));
    let due = backed_off(world, &id).await?;
    ensure!(
        due.since(failed_at) >= Duration::from_secs(60),
        "it is tried again after {:?}",
        due.since(failed_at)
    );
    world.reach(due);
    world.call_of("a", 2).await?.done(json!(1));
    world.ended(&id, Status::Completed).await?;
    Ok(())
}

pub(in crate::executor) async fn retry_what_failed_for_good_is_not_tried_again(world: &mut World) -> Outcome {
    let step =
        json!({ "id": "a", "action": { "use": "gate.keyed" }, "retry": { "attempts": 5, "first": "1s" } });
    let id = world.start(json!({ "steps": [step] })).await?;
    world.call_of("a", 1).await?.give(Err(ActionError::failed("x.bad", "no")));
    let view = world.ended(&id, Status::Failed).await?;
    ensure_eq!(code(&view), Some("x.bad"), "why it failed");
    ensure_eq!(world.called().len(), 1, "calls");
    Ok(())
}

pub(in crate::executor) async fn retry_ends_with_its_attempts(world: &mut World) -> Outcome {
    let step =
        json!({ "id": "a", "action": { "use": "gate.keyed" }, "retry": { "attempts": 2, "first": "1s" } });
    let id = world.start(json!({ "steps": [step] })).await?;
    for attempt in 1..=2 {
        let held = next_attempt(world, &id).await?;
        ensure_eq!(held.place(), ("a", attempt), "which attempt");
        held.give(busy());
    }
    let view = world.ended(&id, Status::Failed).await?;
    ensure_eq!(
        (code(&view), world.called().len()),
        (Some("x.busy"), 2),
        "why it failed, after how many calls"
    );
    Ok(())
}

pub(in crate::executor) async fn time_out_ends_an_attempt_at_its_deadline(world: &mut World) -> Outcome {
    let step = json!({ "id": "a", "action": { "use": "gate.once" }, "attempt_timeout": "5s" });
    let id = world.start(json!({ "signals": { "nudge": true }, "steps": [step] })).await?;
    let held = world.call_of("a", 1).await?;
    let deadline = held.cx.deadline;
    ensure_eq!(deadline.since(world.now()), Duration::from_secs(5), "how long the attempt may take");
    world.reach(deadline.saturating_add_ms(-1));
    world.signal(&id, to_name("nudge", None, json!(1))).await?;
    world.journaled(&id, "signal", 1).await?;
    ensure!(!held.cx.cancellation.is_cancelled(), "it was told to stop a millisecond early");
    world.reach(deadline);
    let view = world.ended(&id, Status::Failed).await?;
    ensure_eq!(code(&view), Some("outcome_unknown"), "why it failed");
    ensure!(held.cx.cancellation.is_cancelled(), "the attempt was not told to stop");
    Ok(())
}
