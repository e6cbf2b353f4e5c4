//! Concurrency keys, and executions that begin later.

use std::time::Duration;

use flov7::execute::StartOptions;
use flov7::id::ExecutionId;
use flov7::machine::{Control, Status};
use serde_json::{Value, json};

use crate::executor::world::*;
use crate::store::Outcome;

const HOUR: Duration = Duration::from_secs(3_600);

/// One at a time for each `who`, whose work the case ends.
fn keyed(policy: &str) -> Value {
    json!({ "input": { "type": "object", "required": ["who"], "properties": { "who": { "type": "string" } } },
        "concurrency": { "key": "${ input.who }", "policy": policy },
        "steps": [{ "id": "first", "action": { "use": "now.keyed" }, "undo": { "use": "now.idempotent" } },
            { "id": "work", "action": { "use": "gate.once" } }] })
}

async fn add(world: &World, policy: &str, who: &str) -> Outcome<ExecutionId> {
    let workflow = world.valid(keyed(policy))?;
    let options = StartOptions::default();
    Ok(world.executor()?.start(&ns(), &workflow, json!({ "who": who }), options).await?.execution)
}

/// Lets everything that may go on do so: an execution of another workflow runs from its start to its end.
async fn meanwhile(world: &World) -> Outcome {
    let mut other = sequence("now.none", 3);
    other["name"] = json!("meanwhile");
    let id = world.start(other).await?;
    world.ended(&id, Status::Completed).await?;
    Ok(())
}

async fn stands_in_line(world: &World, id: &ExecutionId) -> Outcome {
    let view = world.describe(id).await?;
    ensure_eq!((view.status, view.steps.len()), (Status::Waiting, 0), "one that has others before it");
    ensure!(view.begins.is_some_and(|begins| begins.in_line), "it does not say that it is in line");
    Ok(())
}

pub(in crate::executor) async fn line_runs_one_at_a_time_in_order(world: &mut World) -> Outcome {
    let first = add(world, "queue", "ann").await?;
    let held = world.call_of("work", 1).await?;
    ensure_eq!(held.cx.execution, first, "which one runs");
    let second = add(world, "queue", "ann").await?;
    let third = add(world, "queue", "ann").await?;
    let other = add(world, "queue", "bob").await?;
    let others = world.call_of("work", 1).await?;
    ensure_eq!(others.cx.execution, other, "another key waits for nobody");
    meanwhile(world).await?;
    ensure!(world.call_now().is_none(), "two of one key run at the same time");
    stands_in_line(world, &second).await?;
    stands_in_line(world, &third).await?;
    // A failure is an end like others.
    held.give(Err(flov7::action::ActionError::failed("x.bad", "no")));
    world.ended(&first, Status::Failed).await?;
    let held = world.call_of("work", 1).await?;
    ensure_eq!(held.cx.execution, second, "which one comes next");
    meanwhile(world).await?;
    stands_in_line(world, &third).await?;
    held.done(json!(null));
    let held = world.call_of("work", 1).await?;
    ensure_eq!(held.cx.execution, third, "which one comes last");
    held.done(json!(null));
    others.done(json!(null));
    for id in [&second, &third, &other] {
        world.ended(id, Status::Completed).await?;
    }
    Ok(())
}

pub(in crate::executor) async fn line_rejects_and_says_who_is_in_the_way(world: &mut World) -> Outcome {
    let first = add(world, "reject", "ann").await?;
    let held = world.call_of("work", 1).await?;
    let (workflow, executor) = (world.valid(keyed("reject"))?, world.executor()?);
    let again =
        async || executor.start(&ns(), &workflow, json!({ "who": "ann" }), StartOptions::default()).await;
    let refused = again().await;
    let way = refused.as_ref().err().and_then(|error| error.execution()).cloned();
    ensure_kind!(refused, Conflict, "starting a second one");
    ensure_eq!(way, Some(first.clone()), "who is in the way");
    ensure_eq!(world.all(&ns()).await?.len(), 1, "executions");
    held.done(json!(null));
    world.ended(&first, Status::Completed).await?;
    let second = again().await?;
    ensure_eq!(world.call_of("work", 1).await?.cx.execution, second.execution, "which one runs then");
    Ok(())
}

pub(in crate::executor) async fn line_replaces_and_begins_once_the_others_ended(
    world: &mut World,
) -> Outcome {
    let first = add(world, "replace", "ann").await?;
    let held = world.call_of("work", 1).await?;
    let second = add(world, "replace", "ann").await?;
    let told = &held.cx.cancellation;
    world.sometime("the cancel of the first", async || Ok(told.is_cancelled().then_some(()))).await?;
    meanwhile(world).await?;
    stands_in_line(world, &second).await?;
    held.done(json!(null));
    let view = world.ended(&first, Status::Cancelled).await?;
    ensure_eq!(view.undo.done.len(), 1, "how much of the first was taken back");
    let held = world.call_of("work", 1).await?;
    ensure_eq!(held.cx.execution, second, "which one runs then");
    held.done(json!(null));
    world.ended(&second, Status::Completed).await?;
    let steps: Vec<String> = world.places().into_iter().map(|(path, _)| path).collect();
    let steps: Vec<&str> = steps.iter().map(String::as_str).filter(|path| !path.starts_with('s')).collect();
    ensure_eq!(steps, ["first", "work", "first/undo", "first", "work"], "what was called, in order");
    Ok(())
}

pub(in crate::executor) async fn line_key_that_cannot_be_made_starts_nothing(world: &mut World) -> Outcome {
    let workflow = world.valid(json!({
        "input": { "type": "object", "required": ["n"], "properties": { "n": { "type": "integer" } } },
        "concurrency": { "key": "${ 1 % (input.n - 1) }", "policy": "queue" },
        "steps": [{ "id": "a", "action": { "use": "now.once", "with": { "give": "${ input.n }" } } }] }))?;
    let executor = world.executor()?;
    let refused = executor.start(&ns(), &workflow, json!({ "n": 1 }), StartOptions::default()).await;
    ensure_kind!(refused, Invalid, "starting without a key");
    ensure_eq!(world.all(&ns()).await?.len(), 0, "executions");
    Ok(())
}

/// Starts one that begins in an hour.
async fn delayed(world: &World) -> Outcome<ExecutionId> {
    let workflow = world.valid(sequence("gate.keyed", 1))?;
    let options = StartOptions::default().with_delay(HOUR);
    let id = world.executor()?.start(&ns(), &workflow, json!({}), options).await?.execution;
    let view = world.describe(&id).await?;
    let due = view.begins.and_then(|begins| begins.at);
    ensure_eq!(due, Some(world.now().saturating_add(HOUR)), "when it begins");
    Ok(id)
}

pub(in crate::executor) async fn delayed_start_begins_at_its_instant(world: &mut World) -> Outcome {
    let id = delayed(world).await?;
    world.advance(HOUR - Duration::from_millis(1));
    meanwhile(world).await?;
    ensure!(world.call_now().is_none(), "it began a millisecond early");
    ensure_eq!(world.describe(&id).await?.steps.len(), 0, "steps before it begins");
    world.advance(Duration::from_millis(1));
    world.call_of("s0", 1).await?.done(json!(1));
    let view = world.ended(&id, Status::Completed).await?;
    ensure!(view.begins.is_none(), "it ended, and waits to begin");
    Ok(())
}

pub(in crate::executor) async fn delayed_start_that_is_cancelled_runs_nothing(world: &mut World) -> Outcome {
    let id = delayed(world).await?;
    world.control(&id, Control::Cancel).await?;
    world.ended(&id, Status::Cancelled).await?;
    world.advance(HOUR);
    meanwhile(world).await?;
    ensure!(world.call_now().is_none(), "it ran after its end");
    Ok(())
}

/// Nothing of it is in flight when the executor goes: what is tried is who comes next, and when.
pub(in crate::executor) async fn restart_keeps_lines_and_delays(world: &mut World) -> Outcome {
    let late = delayed(world).await?;
    let mut document = keyed("queue");
    document["signals"] = json!({ "go": true });
    document["steps"] =
        json!([{ "id": "go", "action": { "use": "core.wait_for", "with": { "signal": "go" } } }]);
    let workflow = world.valid(document)?;
    let input = json!({ "who": "ann" });
    let executor = world.executor()?;
    let first = executor.start(&ns(), &workflow, input.clone(), StartOptions::default()).await?.execution;
    world.waits(&first).await?;
    let second = executor.start(&ns(), &workflow, input, StartOptions::default()).await?.execution;
    drop(executor);
    world.restart().await?;
    stands_in_line(world, &second).await?;
    world.signal(&first, to_name("go", None, json!(1))).await?;
    world.ended(&first, Status::Completed).await?;
    world.waits(&second).await?;
    world.signal(&second, to_name("go", None, json!(2))).await?;
    world.ended(&second, Status::Completed).await?;
    world.advance(HOUR);
    world.call_of("s0", 1).await?.done(json!(1));
    world.ended(&late, Status::Completed).await?;
    Ok(())
}
