//! Forks: a new execution with the past of one that has ended (RULES, fork).

use flov7::error::Error;
use flov7::execute::{ForkAt, StartOptions, Started};
use flov7::id::{ExecutionId, StepPath};
use flov7::machine::Status;
use serde_json::json;

use crate::executor::world::*;
use crate::store::{Failure, Outcome, Stop};

/// Ends the case where executions cannot be forked.
fn can_fork(world: &World) -> Outcome {
    if world.executor()?.capabilities().fork { Ok(()) } else { Err(Stop::NotDeclared("fork")) }
}

async fn fork(world: &World, id: &ExecutionId, step: &str) -> Outcome<Result<Started, Error>> {
    let path = StepPath::parse(step).map_err(|error| Failure::new(error.to_string()))?;
    Ok(world.executor()?.fork(&ns(), id, ForkAt::Step(path), by()).await)
}

pub(in crate::executor) async fn fork_keeps_what_was_before_the_step(world: &mut World) -> Outcome {
    can_fork(world)?;
    let workflow = world.valid(json!({ "steps": [
        { "id": "kept", "action": { "use": "now.once", "with": { "give": 20 }, "expect": { "type": "integer" } } },
        { "id": "again", "action": { "use": "gate.keyed", "with": { "n": "${ steps.kept }" } } }],
        "output": "${ steps.kept + 1 }" }))?;
    let options = StartOptions::default().with_key("k").with_tag("customer", "ann");
    let id = world.executor()?.start(&ns(), &workflow, json!({}), options).await?.execution;
    world.call_of("again", 1).await?.give(Err(flov7::action::ActionError::failed("x.bad", "no")));
    world.ended(&id, Status::Failed).await?;
    let before = world.events(&id).await?;

    let forked = fork(world, &id, "again").await??;
    ensure!(!forked.existing && forked.execution != id, "it is no new execution: {forked:?}");
    world.call_of("again", 1).await?.done(json!(null));
    let view = world.ended(&forked.execution, Status::Completed).await?;
    ensure_eq!(view.output, json!(21), "what it makes of what was kept");
    ensure_eq!(view.forked.map(|past| past.from), Some(id.clone()), "where it comes from");
    let called = world.called();
    ensure_eq!(called.len(), 3, "calls: what is kept is not asked for again");
    ensure_eq!(called[2].input, called[1].input, "the input of what runs again");
    ensure!(called[2].key != called[1].key, "what runs again runs under the key of before");
    ensure_eq!(world.events(&id).await?, before, "the journal of the other one");
    let rows = world.all(&ns()).await?;
    let row = rows.iter().find(|row| row.execution == forked.execution);
    let row = row.ok_or_else(|| Failure::new("the fork is not listed"))?;
    ensure_eq!(row.key, None, "the start key of the fork");
    ensure_eq!(row.tags.get("customer").map(String::as_str), Some("ann"), "the tag of the fork");
    Ok(())
}

pub(in crate::executor) async fn fork_is_refused_where_a_kept_step_was_undone(world: &mut World) -> Outcome {
    can_fork(world)?;
    let undo = json!({ "use": "now.idempotent" });
    let id = world
        .start(json!({ "steps": [
            { "id": "before", "action": { "use": "now.once" } },
            { "id": "reserve", "action": { "use": "now.keyed" }, "undo": undo },
            { "id": "work", "action": { "use": "gate.once" } }] }))
        .await?;
    world.call_of("work", 1).await?.give(Err(flov7::action::ActionError::failed("x.bad", "no")));
    let view = world.ended(&id, Status::Failed).await?;
    ensure_eq!(view.undo.done.len(), 1, "what was taken back");
    let refused = fork(world, &id, "work").await?;
    let message = refused.as_ref().err().map(ToString::to_string).unwrap_or_default();
    ensure_kind!(refused, Conflict, "keeping what was taken back");
    ensure!(message.contains("reserve"), "it does not name the earliest step that will do: {message}");
    ensure_eq!(world.all(&ns()).await?.len(), 1, "executions");
    let forked = fork(world, &id, "reserve").await??;
    world.call_of("work", 1).await?.done(json!(null));
    world.ended(&forked.execution, Status::Completed).await?;
    let steps: Vec<String> = world.places().into_iter().map(|(path, _)| path).collect();
    ensure_eq!(steps, ["before", "reserve", "work", "reserve/undo", "reserve", "work"], "what was called");
    Ok(())
}

pub(in crate::executor) async fn fork_is_of_what_ended_at_a_step_that_began(world: &mut World) -> Outcome {
    can_fork(world)?;
    let id = world.start(sequence("gate.once", 2)).await?;
    let held = world.call_of("s0", 1).await?;
    ensure_kind!(fork(world, &id, "s0").await?, Conflict, "forking one that runs");
    held.give(Err(flov7::action::ActionError::failed("x.bad", "no")));
    world.ended(&id, Status::Failed).await?;
    ensure_kind!(fork(world, &id, "s1").await?, NotFound, "forking at a step that never began");
    ensure_kind!(fork(world, &id, "other").await?, NotFound, "forking at a step that is not there");
    ensure_kind!(fork(world, &ExecutionId::new(0, [0; 10]), "s0").await?, NotFound, "forking nobody");
    ensure_eq!(world.all(&ns()).await?.len(), 1, "executions");
    Ok(())
}
