//! Signals and tokens.

use flov7::execute::SignalRequest;
use flov7::id::ExecutionId;
use flov7::machine::event::{Event, SignalTo};
use flov7::machine::{Actor, Status, approval};
use flov7::store::Accepted;
use serde_json::{Value, json};

use crate::executor::world::*;
use crate::store::Outcome;

/// Waits for `count` payments, one after the other, after a step that waits for the case.
fn payments(count: usize) -> Value {
    let mut steps = vec![json!({ "id": "first", "action": { "use": "gate.once" } })];
    steps.extend((0..count).map(
        |n| json!({ "id": format!("p{n}"), "action": { "use": "core.wait_for", "with": { "signal": "paid" } } }),
    ));
    let sums: Vec<_> = (0..count).map(|n| format!("steps.p{n}.amount")).collect();
    let amount =
        json!({ "type": "object", "properties": { "amount": { "type": "number" } }, "required": ["amount"] });
    json!({ "signals": { "paid": amount }, "steps": steps, "output": format!("${{ [{}] }}", sums.join(", ")) })
}

fn paid(amount: i64) -> SignalRequest {
    to_name("paid", None, json!({ "amount": amount }))
}

/// An execution that waits for a payment.
async fn waiting(world: &mut World) -> Outcome<ExecutionId> {
    let id = world.start(payments(1)).await?;
    world.call().await?.done(json!(null));
    world.waits(&id).await?;
    Ok(id)
}

pub(in crate::executor) async fn signal_wakes_who_waits(world: &mut World) -> Outcome {
    let id = waiting(world).await?;
    ensure_eq!(world.signal(&id, paid(7)).await?, Accepted::New, "what became of the signal");
    let view = world.ended(&id, Status::Completed).await?;
    ensure_eq!(view.output, json!([7]), "what came with it");
    Ok(())
}

pub(in crate::executor) async fn signal_before_its_wait_is_kept(world: &mut World) -> Outcome {
    let id = world.start(payments(1)).await?;
    let held = world.call().await?;
    world.signal(&id, paid(3)).await?;
    world.journaled(&id, "signal", 1).await?;
    held.done(json!(null));
    let view = world.ended(&id, Status::Completed).await?;
    ensure_eq!(view.output, json!([3]), "what came before it was waited for");
    Ok(())
}

pub(in crate::executor) async fn signals_are_taken_in_order_one_by_each_wait(world: &mut World) -> Outcome {
    let id = world.start(payments(3)).await?;
    let held = world.call().await?;
    for amount in 1..=3 {
        world.signal(&id, paid(amount)).await?;
    }
    held.done(json!(null));
    let view = world.ended(&id, Status::Completed).await?;
    ensure_eq!(view.output, json!([1, 2, 3]), "what each wait got");
    Ok(())
}

pub(in crate::executor) async fn signal_goes_to_the_wait_of_its_key(world: &mut World) -> Outcome {
    let wait = |id: &str| json!({ "id": id, "after": [], "action": { "use": "core.wait_for", "with": { "signal": "paid", "key": id } } });
    let document = json!({ "signals": { "paid": { "type": "integer" } }, "steps": [wait("a"), wait("b")],
        "output": "${ [steps.a, steps.b] }" });
    let id = world.start(document).await?;
    world.until(&id, "two waits", |view| view.waiting.len() == 2).await?;
    world.signal(&id, to_name("paid", Some("b"), json!(2))).await?;
    world.signal(&id, to_name("paid", Some("a"), json!(1))).await?;
    let view = world.ended(&id, Status::Completed).await?;
    ensure_eq!(view.output, json!([1, 2]), "what each wait got");
    Ok(())
}

pub(in crate::executor) async fn signal_that_is_wrong_is_refused_at_the_door(world: &mut World) -> Outcome {
    let id = waiting(world).await?;
    let before = kinds(&world.events(&id).await?);
    let undeclared = world.signal(&id, to_name("payed", None, json!({ "amount": 1 }))).await;
    ensure_kind!(undeclared, Invalid, "an undeclared signal");
    let ill_typed = world.signal(&id, to_name("paid", None, json!({ "amount": "1" }))).await;
    ensure_kind!(ill_typed, Invalid, "an ill-typed signal");
    // One that is right has passed since, and nothing else.
    world.signal(&id, paid(1)).await?;
    world.ended(&id, Status::Completed).await?;
    let after = kinds(&world.events(&id).await?);
    ensure_eq!(after.iter().filter(|kind| **kind == "signal").count(), 1, "journaled signals");
    ensure!(!before.contains(&"signal"), "a signal was journaled before any was sent");
    Ok(())
}

pub(in crate::executor) async fn signal_of_one_id_counts_once(world: &mut World) -> Outcome {
    let id = world.start(payments(2)).await?;
    world.call().await?.done(json!(null));
    world.waits(&id).await?;
    ensure_eq!(world.signal(&id, paid(1).with_id("m")).await?, Accepted::New, "the first");
    world.journaled(&id, "signal", 1).await?;
    ensure_eq!(world.signal(&id, paid(1).with_id("m")).await?, Accepted::Duplicate, "the same again");
    world.signal(&id, paid(2).with_id("n")).await?;
    let view = world.ended(&id, Status::Completed).await?;
    ensure_eq!(view.output, json!([1, 2]), "what each wait got");
    Ok(())
}

pub(in crate::executor) async fn signal_to_an_ended_execution_is_closed(world: &mut World) -> Outcome {
    let id = waiting(world).await?;
    world.signal(&id, paid(1)).await?;
    world.ended(&id, Status::Completed).await?;
    ensure_kind!(world.signal(&id, paid(2)).await, Closed, "a signal after the end");
    Ok(())
}

pub(in crate::executor) async fn signal_to_nobody_is_not_found(world: &mut World) -> Outcome {
    let nobody = ExecutionId::new(0, [0; 10]);
    ensure_kind!(world.signal(&nobody, paid(1)).await, NotFound, "a signal to nobody");
    Ok(())
}

pub(in crate::executor) async fn signal_carries_its_actor(world: &mut World) -> Outcome {
    let id = waiting(world).await?;
    let to = SignalTo::Name { name: "paid".to_owned(), key: None };
    world.signal(&id, SignalRequest::new(to, json!({ "amount": 1 }), Actor::new("ann"))).await?;
    world.ended(&id, Status::Completed).await?;
    let actors: Vec<_> = world
        .events(&id)
        .await?
        .into_iter()
        .filter_map(|recorded| match recorded.event {
            Event::Signal(signal) => Some(signal.by),
            _ => None,
        })
        .collect();
    ensure_eq!(actors, [Actor::new("ann")], "who sent it");
    Ok(())
}

/// Two approvals at the same time.
async fn asked(world: &mut World) -> Outcome<(ExecutionId, Vec<String>)> {
    let approve = |id: &str| json!({ "id": id, "after": [], "action": { "use": "core.approve", "with": { "title": id } } });
    let id =
        world.start(json!({ "steps": [approve("a"), approve("b")], "output": "${ steps.b.by }" })).await?;
    let view = world.until(&id, "two waits", |view| view.waiting.len() == 2).await?;
    let mut waits = view.waiting;
    waits.sort_by(|one, other| one.path.as_str().cmp(other.path.as_str()));
    Ok((id, waits.into_iter().filter_map(|wait| wait.token).collect()))
}

fn to_token(token: &str, who: &str) -> SignalRequest {
    SignalRequest::new(SignalTo::Token(token.to_owned()), approval(true, None), Actor::new(who))
}

pub(in crate::executor) async fn token_leads_to_its_wait_alone(world: &mut World) -> Outcome {
    let (id, tokens) = asked(world).await?;
    ensure!(tokens.len() == 2 && tokens[0] != tokens[1], "each wait has a token of its own: {tokens:?}");
    world.signal(&id, to_token(&tokens[1], "bob")).await?;
    let view = world.until(&id, "one wait", |view| view.waiting.len() == 1).await?;
    ensure_eq!(view.waiting[0].path.as_str(), "a", "who still waits");
    world.signal(&id, to_token(&tokens[0], "ann")).await?;
    let view = world.ended(&id, Status::Completed).await?;
    ensure_eq!(view.output, json!("bob"), "who approved the second");
    Ok(())
}

pub(in crate::executor) async fn token_of_nobody_is_not_found(world: &mut World) -> Outcome {
    let (id, tokens) = asked(world).await?;
    ensure_kind!(world.signal(&id, to_token("nobody", "ann")).await, NotFound, "a token that nobody has");
    world.signal(&id, to_token(&tokens[0], "ann")).await?;
    world.until(&id, "one wait", |view| view.waiting.len() == 1).await?;
    let again = world.signal(&id, to_token(&tokens[0], "bob").with_id("another")).await;
    ensure_kind!(again, NotFound, "a token whose wait is over");
    Ok(())
}
