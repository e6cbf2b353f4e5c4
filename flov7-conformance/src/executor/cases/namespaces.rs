//! Namespaces are apart.

use flov7::execute::StartOptions;
use flov7::machine::{Control, Status};
use serde_json::json;

use crate::executor::world::*;
use crate::store::Outcome;

pub(in crate::executor) async fn namespaces_see_nothing_of_each_other(world: &mut World) -> Outcome {
    let id = world.start(sequence("gate.once", 1)).await?;
    let held = world.call().await?;
    let (executor, other) = (world.executor()?, other_ns()?);
    ensure_kind!(executor.describe(&other, &id).await, NotFound, "describing it from elsewhere");
    ensure_kind!(executor.events(&other, &id, None, false).await, NotFound, "following it from elsewhere");
    ensure_kind!(
        executor.control(&other, &id, Control::Terminate, by()).await,
        NotFound,
        "ending it from elsewhere"
    );
    ensure_kind!(
        executor.signal(&other, &id, to_name("x", None, json!(1))).await,
        NotFound,
        "signalling it from elsewhere"
    );
    ensure_eq!(world.all(&other).await?.len(), 0, "what is listed elsewhere");
    held.done(json!(1));
    world.ended(&id, Status::Completed).await?;
    Ok(())
}

pub(in crate::executor) async fn namespaces_keep_start_keys_apart(world: &mut World) -> Outcome {
    let workflow = world.valid(sequence("now.once", 1))?;
    let keyed = || StartOptions::default().with_key("k");
    let (executor, other) = (world.executor()?, other_ns()?);
    let here = executor.start(&ns(), &workflow, json!({}), keyed()).await?;
    let there = executor.start(&other, &workflow, json!({}), keyed()).await?;
    ensure!(!there.existing && here.execution != there.execution, "one key of two namespaces is shared");
    ensure_eq!(world.all(&ns()).await?.len(), 1, "executions here");
    ensure_eq!(world.all(&other).await?.len(), 1, "executions there");
    Ok(())
}
