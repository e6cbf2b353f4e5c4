//! Starting, and start keys.

use flov7::execute::StartOptions;
use flov7::machine::Status;
use serde_json::{Value, json};

use crate::executor::world::*;
use crate::store::Outcome;

fn wants_number(action: &str) -> Value {
    json!({ "input": { "type": "object", "required": ["n"], "properties": { "n": { "type": "integer" } } },
        "steps": [{ "id": "a", "action": { "use": action, "with": { "give": "${ input.n }" } } }],
        "output": "${ input.n + 1 }" })
}

pub(in crate::executor) async fn start_gives_what_describe_shows(world: &mut World) -> Outcome {
    let workflow = world.valid(wants_number("now.once"))?;
    let started =
        world.executor()?.start(&ns(), &workflow, json!({ "n": 7.0 }), StartOptions::default()).await?;
    let view = world.ended(&started.execution, Status::Completed).await?;
    ensure_eq!(view.execution, started.execution, "which execution is described");
    ensure_eq!(view.output, json!(8), "its output");
    Ok(())
}

pub(in crate::executor) async fn start_that_returned_is_there(world: &mut World) -> Outcome {
    let id = world.start(sequence("gate.once", 1)).await?;
    // Nothing is waited for: it is durable, or it was not acknowledged.
    let view = world.executor()?.describe(&ns(), &id).await?;
    ensure_eq!(view.execution, id, "which execution is described");
    ensure!(
        !world.executor()?.events(&ns(), &id, None, false).await?.events.is_empty(),
        "its journal is empty"
    );
    Ok(())
}

pub(in crate::executor) async fn start_of_bad_input_starts_nothing(world: &mut World) -> Outcome {
    let workflow = world.valid(wants_number("now.once"))?;
    for input in [json!({}), json!({ "n": "1" }), json!({ "n": 0.5 }), json!(null)] {
        let refused = world.executor()?.start(&ns(), &workflow, input.clone(), StartOptions::default()).await;
        if let Err(error) = &refused {
            ensure!(error.report().is_some(), "no report says what is wrong with {input}");
        }
        ensure_kind!(refused, Invalid, "starting with {input}");
    }
    ensure_eq!(world.all(&ns()).await?.len(), 0, "executions that were started");
    ensure_eq!(world.called().len(), 0, "actions that were called");
    Ok(())
}

pub(in crate::executor) async fn start_by_an_undeclared_trigger_starts_nothing(world: &mut World) -> Outcome {
    let workflow = world.valid(sequence("now.once", 1))?;
    let options = StartOptions::default().with_trigger("hourly");
    ensure_kind!(
        world.executor()?.start(&ns(), &workflow, json!({}), options).await,
        NotFound,
        "its trigger"
    );
    ensure_eq!(world.all(&ns()).await?.len(), 0, "executions that were started");
    Ok(())
}

pub(in crate::executor) async fn start_key_gives_the_same_execution(world: &mut World) -> Outcome {
    let workflow = world.valid(sequence("gate.once", 1))?;
    let keyed = || StartOptions::default().with_key("k");
    let executor = world.executor()?;
    let first = executor.start(&ns(), &workflow, json!({}), keyed()).await?;
    let second = executor.start(&ns(), &workflow, json!({}), keyed()).await?;
    ensure!(!first.existing, "the first was there already");
    ensure!(second.existing, "the second was not there already");
    ensure_eq!(second.execution, first.execution, "the execution of the key");
    world.call().await?.done(json!(1));
    world.ended(&first.execution, Status::Completed).await?;
    let third = executor.start(&ns(), &workflow, json!({}), keyed()).await?;
    ensure!(third.existing && third.execution == first.execution, "an ended execution keeps its key");
    ensure_eq!(world.all(&ns()).await?.len(), 1, "executions");
    ensure_eq!(world.called().len(), 1, "calls");
    Ok(())
}

pub(in crate::executor) async fn start_keys_are_per_workflow(world: &mut World) -> Outcome {
    let (one, mut other) = (world.valid(sequence("now.once", 1))?, sequence("now.once", 1));
    other["name"] = json!("another");
    let other = world.valid(other)?;
    let executor = world.executor()?;
    let keyed = || StartOptions::default().with_key("k");
    let first = executor.start(&ns(), &one, json!({}), keyed()).await?;
    let second = executor.start(&ns(), &other, json!({}), keyed()).await?;
    ensure!(!second.existing && first.execution != second.execution, "one key of two workflows is shared");
    Ok(())
}

pub(in crate::executor) async fn start_at_once_with_one_key_makes_one(world: &mut World) -> Outcome {
    let workflow = world.valid(sequence("now.once", 1))?;
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (executor, workflow) = (world.executor(), workflow.clone());
            tokio::spawn(async move {
                Outcome::Ok(
                    executor?
                        .start(&ns(), &workflow, json!({}), StartOptions::default().with_key("k"))
                        .await?,
                )
            })
        })
        .collect();
    let mut started = Vec::new();
    for task in tasks {
        let outcome = task.await.map_err(|panic| crate::store::Failure::new(panic.to_string()))?;
        started.push(outcome?);
    }
    ensure_eq!(started.iter().filter(|one| !one.existing).count(), 1, "how many were new");
    ensure!(
        started.windows(2).all(|pair| pair[0].execution == pair[1].execution),
        "they differ: {started:?}"
    );
    ensure_eq!(world.all(&ns()).await?.len(), 1, "executions");
    Ok(())
}

pub(in crate::executor) async fn fork_undeclared_is_unsupported(world: &mut World) -> Outcome {
    let executor = world.executor()?;
    if executor.capabilities().fork {
        return Err(crate::store::Stop::NotDeclared("that it cannot fork"));
    }
    let id = world.start(sequence("gate.once", 2)).await?;
    let held = world.call_of("s0", 1).await?;
    let before = kinds(&world.events(&id).await?);
    let path = held.cx.path.clone();
    let refused = executor.fork(&ns(), &id, flov7::execute::ForkAt::Step(path), by()).await;
    ensure_kind!(refused, Unsupported, "forking");
    ensure_eq!(world.all(&ns()).await?.len(), 1, "executions");
    ensure_eq!(kinds(&world.events(&id).await?), before, "the journal");
    Ok(())
}
