//! What another executor finds after one is gone.

use std::time::Duration;

use flov7::execute::StartOptions;
use flov7::machine::{Settled, Status};
use serde_json::json;

use crate::executor::world::*;
use crate::store::Outcome;

pub(in crate::executor) async fn restart_goes_on_where_the_journal_stands(world: &mut World) -> Outcome {
    let id = world.start(sequence("gate.keyed", 3)).await?;
    world.call_of("s0", 1).await?.done(json!("zero"));
    world.call_of("s1", 1).await?.done(json!("one"));
    let _open = world.call_of("s2", 1).await?;
    let before = world.events(&id).await?;
    world.restart().await?;
    let held = world.call_of("s2", 2).await?;
    held.done(json!("two"));
    let view = world.ended(&id, Status::Completed).await?;
    ensure!(view.steps.iter().all(|step| step.settled == Some(Settled::Done)), "{:?}", view.steps);
    let called = world.places();
    let wanted =
        [("s0", 1), ("s1", 1), ("s2", 1), ("s2", 2)].map(|(path, attempt)| (path.to_owned(), attempt));
    ensure_eq!(called, wanted, "calls: a recorded result is not asked for again");
    let after = world.events(&id).await?;
    ensure_eq!(after[..before.len()], before[..], "the journal's past");
    ensure!(after.iter().enumerate().all(|(at, event)| event.seq == at as u64), "the journal has a gap");
    Ok(())
}

pub(in crate::executor) async fn restart_repeats_with_the_same_key_and_input(world: &mut World) -> Outcome {
    let id = world.start(sequence("gate.keyed", 1)).await?;
    let _open = world.call_of("s0", 1).await?;
    world.restart().await?;
    world.call_of("s0", 2).await?.done(json!(1));
    world.ended(&id, Status::Completed).await?;
    let called = world.called();
    ensure_eq!(called.len(), 2, "calls");
    ensure_eq!(called[0].key, called[1].key, "the key of the second attempt");
    ensure_eq!(called[0].input, called[1].input, "the input of the second attempt");
    Ok(())
}

pub(in crate::executor) async fn restart_never_repeats_a_once_effect_in_flight(world: &mut World) -> Outcome {
    let id = world.start(sequence("gate.once", 1)).await?;
    let _open = world.call_of("s0", 1).await?;
    world.restart().await?;
    let view = world.ended(&id, Status::Failed).await?;
    ensure_eq!(code(&view), Some("outcome_unknown"), "why it failed");
    ensure_eq!(world.called().len(), 1, "calls");
    Ok(())
}

pub(in crate::executor) async fn restart_keeps_waits_and_what_came_for_them(world: &mut World) -> Outcome {
    let document = json!({ "signals": { "paid": { "type": "integer" } }, "steps": [
        { "id": "first", "action": { "use": "gate.keyed" } },
        { "id": "a", "action": { "use": "core.wait_for", "with": { "signal": "paid" } } },
        { "id": "b", "action": { "use": "core.wait_for", "with": { "signal": "paid" } } }],
        "output": "${ [steps.a, steps.b] }" });
    let id = world.start(document).await?;
    let _open = world.call_of("first", 1).await?;
    // Acknowledged, and perhaps not taken yet when the executor is gone.
    world.signal(&id, to_name("paid", None, json!(1))).await?;
    world.restart().await?;
    world.call_of("first", 2).await?.done(json!(null));
    world
        .until(&id, "the second wait", |view| view.waiting.iter().any(|wait| wait.path.as_str() == "b"))
        .await?;
    world.restart().await?;
    world.signal(&id, to_name("paid", None, json!(2))).await?;
    let view = world.ended(&id, Status::Completed).await?;
    ensure_eq!(view.output, json!([1, 2]), "what each wait got");
    Ok(())
}

pub(in crate::executor) async fn restart_fires_what_came_due_meanwhile_once(world: &mut World) -> Outcome {
    let document = json!({ "steps": [
        { "id": "pause", "action": { "use": "core.wait", "with": { "for": "1h" } } },
        { "id": "then", "action": { "use": "gate.keyed" } }] });
    let id = world.start(document).await?;
    world.until(&id, "the wait", |view| !view.waiting.is_empty()).await?;
    world.advance(Duration::from_secs(3_000));
    world.restart().await?;
    world.advance(Duration::from_secs(600));
    let _open = world.call_of("then", 1).await?;
    world.restart().await?;
    world.call_of("then", 2).await?.done(json!(1));
    world.ended(&id, Status::Completed).await?;
    let fired = kinds(&world.events(&id).await?).iter().filter(|kind| **kind == "fired").count();
    ensure_eq!(fired, 1, "how often the timer fired");
    Ok(())
}

pub(in crate::executor) async fn restart_keeps_start_keys_and_ids(world: &mut World) -> Outcome {
    let workflow = world.valid(sequence("now.once", 1))?;
    let keyed = || StartOptions::default().with_key("k");
    let first = world.executor()?.start(&ns(), &workflow, json!({}), keyed()).await?;
    world.ended(&first.execution, Status::Completed).await?;
    let executor = world.restart().await?;
    let again = executor.start(&ns(), &workflow, json!({}), keyed()).await?;
    ensure!(again.existing && again.execution == first.execution, "the key leads to {again:?}");
    ensure_eq!(world.called().len(), 1, "calls");
    Ok(())
}

pub(in crate::executor) async fn restart_keeps_cursors(world: &mut World) -> Outcome {
    let id = world.start(sequence("gate.keyed", 2)).await?;
    world.call_of("s0", 1).await?.done(json!(1));
    let _open = world.call_of("s1", 1).await?;
    let page = world.executor()?.events(&ns(), &id, None, false).await?;
    let mut seqs: Vec<u64> = page.events.iter().map(|event| event.seq).collect();
    let executor = world.restart().await?;
    world.call_of("s1", 2).await?.done(json!(2));
    world.ended(&id, Status::Completed).await?;
    let rest = executor.events(&ns(), &id, Some(page.next), false).await?;
    seqs.extend(rest.events.iter().map(|event| event.seq));
    ensure!(rest.ended, "the rest does not end");
    ensure_eq!(seqs, (0..seqs.len() as u64).collect::<Vec<_>>(), "the numbers of all events read");
    Ok(())
}
