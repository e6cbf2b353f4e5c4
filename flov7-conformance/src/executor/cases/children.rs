//! Executions that others call (RULES, call).

use flov7::id::ExecutionId;
use flov7::machine::{Control, Status};
use serde_json::{Value, json};

use super::stopping::can_pause;
use crate::executor::world::*;
use crate::store::{Failure, Outcome};

fn callee(action: &str) -> Value {
    json!({ "name": "callee", "input": { "type": "object", "required": ["n"], "properties": { "n": { "type": "integer" } } },
        "steps": [{ "id": "work", "action": { "use": action } }], "output": "${ input.n * 2 }" })
}

fn caller() -> Value {
    let with = json!({ "workflow": "callee", "input": { "n": 4 } });
    json!({ "steps": [{ "id": "down", "action": { "use": "core.call", "with": with } }], "output": "${ steps.down + 1 }" })
}

/// An execution that called another one, and that one.
async fn called(world: &mut World, action: &str) -> Outcome<(ExecutionId, ExecutionId)> {
    let workflow = world.valid_with(caller(), &[callee(action)])?;
    let id = world.begin(&workflow).await?;
    let view = world
        .until(&id, "the called execution", |view| view.waiting.iter().any(|wait| wait.execution.is_some()))
        .await?;
    let child = view.waiting.into_iter().find_map(|wait| wait.execution);
    Ok((id, child.ok_or_else(|| Failure::new("no execution was called"))?))
}

pub(in crate::executor) async fn call_runs_an_execution_of_its_own(world: &mut World) -> Outcome {
    let (id, child) = called(world, "gate.once").await?;
    ensure!(id != child, "it called itself");
    let held = world.call_of("work", 1).await?;
    ensure_eq!(held.cx.execution, child, "whose step is called");
    let parent = world.describe(&child).await?.parent;
    ensure_eq!(parent.map(|parent| parent.execution), Some(id.clone()), "who called it");
    held.done(json!(1));
    let view = world.ended(&id, Status::Completed).await?;
    ensure_eq!(view.output, json!(9), "what it made of the called one's output");
    world.ended(&child, Status::Completed).await?;
    ensure_eq!(world.all(&ns()).await?.len(), 2, "executions");
    Ok(())
}

pub(in crate::executor) async fn call_that_fails_fails_its_step(world: &mut World) -> Outcome {
    let (id, child) = called(world, "gate.once").await?;
    world.call().await?.give(Err(flov7::action::ActionError::failed("x.bad", "no")));
    let view = world.ended(&id, Status::Failed).await?;
    ensure_eq!(code(&view), Some("x.bad"), "why it failed");
    let step = view.error.and_then(|error| error.step).map(|path| path.to_string());
    ensure_eq!(step.as_deref(), Some("down"), "which step failed");
    world.ended(&child, Status::Failed).await?;
    Ok(())
}

pub(in crate::executor) async fn call_is_cancelled_with_its_caller(world: &mut World) -> Outcome {
    let (id, child) = called(world, "gate.once").await?;
    let held = world.call().await?;
    world.control(&id, Control::Cancel).await?;
    held.cx.cancellation.cancelled().await;
    held.done(json!(1));
    world.ended(&child, Status::Cancelled).await?;
    world.ended(&id, Status::Cancelled).await?;
    Ok(())
}

pub(in crate::executor) async fn pause_reaches_what_was_called(world: &mut World) -> Outcome {
    can_pause(world)?;
    let mut below = callee("gate.once");
    below["steps"] = json!([{ "id": "work", "action": { "use": "gate.once" } }, { "id": "then", "action": { "use": "gate.once" } }]);
    let workflow = world.valid_with(caller(), &[below])?;
    let id = world.begin(&workflow).await?;
    let held = world.call_of("work", 1).await?;
    let child = held.cx.execution.clone();
    ensure!(child != id, "it called itself");
    world.control(&id, Control::Pause).await?;
    world.until(&child, "the pause of the called one", |view| view.status == Status::Paused).await?;
    held.done(json!(1));
    // Once its result is journaled, whatever it leads to would have been scheduled with it.
    let events = world.journaled(&child, "done", 1).await?;
    ensure_eq!(kinds(&events).iter().filter(|kind| **kind == "scheduled").count(), 1, "what was scheduled");
    world.control(&id, Control::Unpause).await?;
    world.call_of("then", 1).await?.done(json!(2));
    ensure_eq!(world.ended(&id, Status::Completed).await?.output, json!(9), "its output");
    Ok(())
}
