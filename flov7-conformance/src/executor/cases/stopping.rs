//! Cancel, terminate, pause.

use std::time::Duration;

use flov7::id::ExecutionId;
use flov7::machine::{Control, Settled, Status};
use serde_json::{Value, json};

use crate::executor::world::*;
use crate::store::{Outcome, Stop};

/// Reserves, which can be taken back, then works.
fn reserved(work: &str) -> Value {
    json!({ "steps": [
        { "id": "reserve", "action": { "use": "now.keyed" }, "undo": { "use": "now.idempotent", "with": { "of": "reserve" } } },
        { "id": "work", "action": { "use": work } },
        { "id": "after", "action": { "use": "now.once" } }] })
}

pub(in crate::executor) async fn cancel_stops_in_order_and_undoes(world: &mut World) -> Outcome {
    let id = world.start(reserved("gate.once")).await?;
    let held = world.call_of("work", 1).await?;
    world.control(&id, Control::Cancel).await?;
    held.cx.cancellation.cancelled().await;
    held.done(json!("in time"));
    let view = world.ended(&id, Status::Cancelled).await?;
    ensure_eq!(settled(&view, "work"), Some(Settled::Done), "what ended within its grace");
    ensure_eq!(settled(&view, "after"), None, "what had not begun");
    let undone: Vec<_> = view.undo.done.iter().map(|path| path.as_str()).collect();
    ensure_eq!(undone, ["reserve"], "what was taken back");
    Ok(())
}

pub(in crate::executor) async fn cancel_abandons_what_does_not_stop_within_its_grace(
    world: &mut World,
) -> Outcome {
    let id = world.start(reserved("gate.once")).await?;
    let held = world.call_of("work", 1).await?;
    world.control(&id, Control::Cancel).await?;
    held.cx.cancellation.cancelled().await;
    world.journaled(&id, "control", 1).await?;
    world.advance(Duration::from_secs(10));
    let view = world.ended(&id, Status::Cancelled).await?;
    ensure_eq!(settled(&view, "work"), Some(Settled::Abandoned), "what did not stop");
    let unknown: Vec<_> = view.unknown_effects.iter().map(|path| path.as_str()).collect();
    ensure_eq!(unknown, ["work"], "what may or may not have happened");
    Ok(())
}

pub(in crate::executor) async fn cancel_ends_a_wait_at_once(world: &mut World) -> Outcome {
    let document = json!({ "steps": [{ "id": "ask", "action": { "use": "core.approve", "with": { "title": "Go on?" } } }] });
    let id = world.start(document).await?;
    world.waits(&id).await?;
    world.control(&id, Control::Cancel).await?;
    let view = world.ended(&id, Status::Cancelled).await?;
    ensure_eq!(settled(&view, "ask"), Some(Settled::Cancelled), "the wait");
    Ok(())
}

pub(in crate::executor) async fn cancel_again_is_terminate(world: &mut World) -> Outcome {
    let id = world.start(reserved("gate.once")).await?;
    let held = world.call_of("work", 1).await?;
    world.control(&id, Control::Cancel).await?;
    held.cx.cancellation.cancelled().await;
    world.control(&id, Control::Cancel).await?;
    let view = world.ended(&id, Status::Terminated).await?;
    ensure!(view.undo.done.is_empty(), "something was taken back: {:?}", view.undo);
    Ok(())
}

pub(in crate::executor) async fn terminate_stops_at_once_and_undoes_nothing(world: &mut World) -> Outcome {
    let id = world.start(reserved("gate.once")).await?;
    let _held = world.call_of("work", 1).await?;
    world.control(&id, Control::Terminate).await?;
    let view = world.ended(&id, Status::Terminated).await?;
    ensure!(view.undo.done.is_empty(), "something was taken back: {:?}", view.undo);
    ensure_eq!(world.places(), [("reserve".to_owned(), 1), ("work".to_owned(), 1)], "what was called");
    Ok(())
}

pub(in crate::executor) async fn control_of_an_ended_execution_is_closed(world: &mut World) -> Outcome {
    let id = world.start(sequence("now.once", 1)).await?;
    world.ended(&id, Status::Completed).await?;
    let executor = world.executor()?;
    ensure_kind!(
        executor.control(&ns(), &id, Control::Cancel, by()).await,
        Closed,
        "cancelling after the end"
    );
    let nobody = ExecutionId::new(0, [0; 10]);
    ensure_kind!(
        executor.control(&ns(), &nobody, Control::Cancel, by()).await,
        NotFound,
        "cancelling nobody"
    );
    Ok(())
}

pub(in crate::executor) async fn pause_undeclared_is_unsupported(world: &mut World) -> Outcome {
    let executor = world.executor()?;
    if executor.capabilities().pause {
        return Err(Stop::NotDeclared("that it cannot pause"));
    }
    let id = world.start(sequence("gate.once", 1)).await?;
    let held = world.call().await?;
    ensure_kind!(executor.control(&ns(), &id, Control::Pause, by()).await, Unsupported, "pausing");
    held.done(json!(1));
    world.ended(&id, Status::Completed).await?;
    Ok(())
}

/// Ends the case where executions cannot be paused.
pub(super) fn can_pause(world: &World) -> Outcome {
    if world.executor()?.capabilities().pause { Ok(()) } else { Err(Stop::NotDeclared("pause")) }
}

pub(in crate::executor) async fn pause_starts_nothing_and_keeps_what_ends(world: &mut World) -> Outcome {
    can_pause(world)?;
    let id = world.start(sequence("gate.once", 2)).await?;
    let held = world.call_of("s0", 1).await?;
    world.control(&id, Control::Pause).await?;
    world.until(&id, "the pause", |view| view.status == Status::Paused).await?;
    held.done(json!(1));
    // Once its result is journaled, whatever it leads to would have been scheduled with it.
    let events = world.journaled(&id, "done", 1).await?;
    let view = world.describe(&id).await?;
    ensure_eq!(view.status, Status::Paused, "what it is doing");
    ensure_eq!(kinds(&events).iter().filter(|kind| **kind == "scheduled").count(), 1, "what was scheduled");
    world.control(&id, Control::Unpause).await?;
    world.call_of("s1", 1).await?.done(json!(2));
    world.ended(&id, Status::Completed).await?;
    Ok(())
}

pub(in crate::executor) async fn pause_keeps_signals_and_timers_until_it_is_over(
    world: &mut World,
) -> Outcome {
    can_pause(world)?;
    let document = json!({ "signals": { "paid": { "type": "integer" } }, "steps": [
        { "id": "paid", "after": [], "action": { "use": "core.wait_for", "with": { "signal": "paid" } } },
        { "id": "pause", "after": [], "action": { "use": "core.wait", "with": { "for": "1h" } } },
        { "id": "then", "action": { "use": "now.once" } }], "output": "${ steps.paid }" });
    let id = world.start(document).await?;
    world.until(&id, "two waits", |view| view.waiting.len() == 2).await?;
    world.control(&id, Control::Pause).await?;
    world.until(&id, "the pause", |view| view.status == Status::Paused).await?;
    world.advance(Duration::from_secs(7_200));
    world.signal(&id, to_name("paid", None, json!(5))).await?;
    let view = world.describe(&id).await?;
    ensure_eq!(view.status, Status::Paused, "what it is doing");
    ensure_eq!((settled(&view, "pause"), world.called().len()), (None, 0), "what went on");
    world.control(&id, Control::Unpause).await?;
    let view = world.ended(&id, Status::Completed).await?;
    ensure_eq!((view.output, world.called().len()), (json!(5), 1), "output and calls");
    Ok(())
}
