//! Two executors over one store.

use flov7::execute::StartOptions;
use flov7::machine::Status;
use serde_json::json;

use crate::executor::world::*;
use crate::store::Outcome;

pub(in crate::executor) async fn peers_see_what_the_other_committed(world: &mut World) -> Outcome {
    let peer = world.peer()?;
    let id = world.start(sequence("gate.once", 1)).await?;
    let held = world.call().await?;
    ensure_eq!(peer.describe(&ns(), &id).await?.status, Status::Running, "as the other sees it");
    held.done(json!(1));
    world.ended(&id, Status::Completed).await?;
    ensure_eq!(peer.describe(&ns(), &id).await?.status, Status::Completed, "as the other sees it at the end");
    Ok(())
}

pub(in crate::executor) async fn peers_share_start_keys(world: &mut World) -> Outcome {
    let peer = world.peer()?;
    let workflow = world.valid(sequence("now.once", 1))?;
    let keyed = || StartOptions::default().with_key("k");
    let first = world.executor()?.start(&ns(), &workflow, json!({}), keyed()).await?;
    let second = peer.start(&ns(), &workflow, json!({}), keyed()).await?;
    ensure!(second.existing && second.execution == first.execution, "the key leads to {second:?}");
    Ok(())
}

pub(in crate::executor) async fn peers_signal_and_steer_each_others_executions(world: &mut World) -> Outcome {
    let peer = world.peer()?;
    let document = json!({ "signals": { "paid": { "type": "integer" } }, "steps": [
        { "id": "a", "action": { "use": "gate.once" } },
        { "id": "paid", "action": { "use": "core.wait_for", "with": { "signal": "paid" } } }], "output": "${ steps.paid }" });
    let id = world.start(document).await?;
    let held = world.call().await?;
    peer.signal(&ns(), &id, to_name("paid", None, json!(4))).await?;
    world.journaled(&id, "signal", 1).await?;
    held.done(json!(null));
    let view = world.ended(&id, Status::Completed).await?;
    ensure_eq!(view.output, json!(4), "what the other sent");
    Ok(())
}

pub(in crate::executor) async fn peers_call_each_step_once(world: &mut World) -> Outcome {
    let peer = world.peer()?;
    let workflow = world.valid(sequence("now.once", 3))?;
    let mut started = Vec::new();
    for n in 0..12 {
        let executor = if n % 2 == 0 { world.executor()? } else { peer.clone() };
        started.push(executor.start(&ns(), &workflow, json!({}), StartOptions::default()).await?.execution);
    }
    for id in &started {
        world.ended(id, Status::Completed).await?;
    }
    let mut called: Vec<_> =
        world.called().into_iter().map(|called| (called.execution, called.path)).collect();
    ensure_eq!(called.len(), 36, "calls");
    called.sort();
    called.dedup();
    ensure_eq!(called.len(), 36, "different calls");
    Ok(())
}

pub(in crate::executor) async fn peers_go_on_with_what_the_other_left(world: &mut World) -> Outcome {
    let peer = world.peer()?;
    let id = world.start(sequence("gate.keyed", 2)).await?;
    world.call_of("s0", 1).await?.done(json!(1));
    let _open = world.call_of("s1", 1).await?;
    world.stop();
    world.advance(world.lapse());
    world.call_of("s1", 2).await?.done(json!(2));
    let view = world
        .sometime("the end, by the other", || async {
            let view = peer.describe(&ns(), &id).await?;
            Ok(view.status.is_ended().then_some(view))
        })
        .await?;
    ensure_eq!(view.status, Status::Completed, "how it ended");
    ensure_eq!(world.called().len(), 3, "calls: a recorded result is not asked for again");
    Ok(())
}
