//! Waits, deadlines of steps and of executions: by the clock, once, never early.

use std::time::Duration;

use flov7::machine::event::{Event, Recorded};
use flov7::machine::{Settled, Status};
use serde_json::json;

use crate::executor::world::*;
use crate::store::Outcome;

fn fired(events: &[Recorded], step: &str) -> usize {
    let of = |event: &Event| matches!(event, Event::Fired { path: Some(path), .. } if path.as_str() == step);
    events.iter().filter(|recorded| of(&recorded.event)).count()
}

pub(in crate::executor) async fn timer_fires_at_its_instant_and_once(world: &mut World) -> Outcome {
    let document = json!({ "signals": { "nudge": true }, "steps": [
        { "id": "pause", "action": { "use": "core.wait", "with": { "for": "1h" } } },
        { "id": "then", "action": { "use": "gate.once" } }] });
    let id = world.start(document).await?;
    let view = world.until(&id, "the wait", |view| !view.waiting.is_empty()).await?;
    let due = view.waiting[0].due;
    ensure_eq!(due, Some(world.now().saturating_add(Duration::from_secs(3_600))), "when it is due");
    world.advance(Duration::from_millis(3_599_999));
    world.signal(&id, to_name("nudge", None, json!(1))).await?;
    let events = world.journaled(&id, "signal", 1).await?;
    ensure_eq!(fired(&events, "pause"), 0, "how often it fired a millisecond early");
    world.advance(Duration::from_millis(1));
    let held = world.call_of("then", 1).await?;
    // Much later, and after other work.
    world.advance(Duration::from_secs(1));
    held.done(json!(1));
    world.ended(&id, Status::Completed).await?;
    ensure_eq!(fired(&world.events(&id).await?, "pause"), 1, "how often it fired");
    ensure_eq!(world.called().len(), 1, "calls of what came after");
    Ok(())
}

pub(in crate::executor) async fn timers_fire_in_the_order_of_their_instants(world: &mut World) -> Outcome {
    let wait = |id: &str, length: &str| json!({ "id": id, "after": [], "action": { "use": "core.wait", "with": { "for": length } } });
    let id =
        world.start(json!({ "steps": [wait("late", "3h"), wait("soon", "1h"), wait("then", "2h")] })).await?;
    world.until(&id, "three waits", |view| view.waiting.len() == 3).await?;
    // All are due at once when somebody looks again.
    world.advance(Duration::from_secs(4 * 3_600));
    world.ended(&id, Status::Completed).await?;
    let order: Vec<String> = world
        .events(&id)
        .await?
        .into_iter()
        .filter_map(|recorded| match recorded.event {
            Event::Fired { path: Some(path), .. } => Some(path.to_string()),
            _ => None,
        })
        .collect();
    ensure_eq!(order, ["soon", "then", "late"], "the order of the timers");
    Ok(())
}

pub(in crate::executor) async fn time_out_of_a_step_covers_all_of_it(world: &mut World) -> Outcome {
    let document = json!({ "steps": [
        { "id": "ask", "timeout": "1h", "action": { "use": "core.approve", "with": { "title": "Go on?" } },
          "on_error": [{ "codes": ["timeout"], "then": "continue" }] },
        { "id": "then", "action": { "use": "now.once" } }] });
    let id = world.start(document).await?;
    world.waits(&id).await?;
    world.advance(Duration::from_secs(3_600));
    let view = world.ended(&id, Status::Completed).await?;
    ensure_eq!(settled(&view, "ask"), Some(Settled::Failed), "the step that was not answered");
    ensure_eq!(settled(&view, "then"), Some(Settled::Done), "the step after it");
    Ok(())
}

pub(in crate::executor) async fn time_out_of_an_execution_cannot_be_caught(world: &mut World) -> Outcome {
    let document = json!({ "timeout": "1h", "steps": [
        { "id": "pause", "action": { "use": "core.wait", "with": { "for": "1d" } }, "on_error": [{ "then": "continue" }] },
        { "id": "then", "action": { "use": "now.once" } }] });
    let id = world.start(document).await?;
    world.until(&id, "the wait", |view| !view.waiting.is_empty()).await?;
    world.advance(Duration::from_secs(3_600));
    let view = world.ended(&id, Status::Failed).await?;
    ensure_eq!(code(&view), Some("limit.time"), "why it failed");
    ensure_eq!(world.called().len(), 0, "calls after that");
    Ok(())
}
