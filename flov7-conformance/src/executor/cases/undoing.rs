//! Taking back what was done (RULES, undo).

use flov7::action::ActionError;
use flov7::id::{StepPath, idempotency_key};
use flov7::machine::{ExecutionView, Status};
use serde_json::{Value, json};

use crate::executor::world::*;
use crate::store::Outcome;

fn undoable(id: &str, undo: &str) -> Value {
    json!({ "id": id, "action": { "use": "now.keyed", "with": { "give": id } },
        "undo": { "use": undo, "with": { "of": format!("${{ steps.{id} }}") } } })
}

fn fails() -> Value {
    json!({ "id": "z", "action": { "use": "now.once", "with": { "fail": "x.bad" } } })
}

fn done(view: &ExecutionView) -> Vec<&str> {
    view.undo.done.iter().map(|path| path.as_str()).collect()
}

pub(in crate::executor) async fn undo_runs_in_reverse_order_after_a_failure(world: &mut World) -> Outcome {
    let document =
        json!({ "steps": [undoable("a", "now.idempotent"), undoable("b", "now.idempotent"), fails()] });
    let id = world.start(document).await?;
    let view = world.ended(&id, Status::Failed).await?;
    ensure_eq!(code(&view), Some("x.bad"), "why it failed");
    ensure_eq!(done(&view), ["b", "a"], "what was taken back");
    let called = world.called();
    let undone: Vec<_> = called.iter().filter(|called| called.path.ends_with("/undo")).collect();
    let with: Vec<_> = undone.iter().map(|called| called.input["of"].clone()).collect();
    ensure_eq!(with, [json!("b"), json!("a")], "what the undos were given");
    for called in undone {
        let key = StepPath::parse(&called.path).map(|path| idempotency_key(&ns(), &id, &path, false));
        ensure_eq!(key.as_ref().ok(), Some(&called.key), "the key of `{}`", called.path);
    }
    Ok(())
}

pub(in crate::executor) async fn undo_that_fails_lets_the_next_run(world: &mut World) -> Outcome {
    let document =
        json!({ "steps": [undoable("a", "now.idempotent"), undoable("b", "gate.idempotent"), fails()] });
    let id = world.start(document).await?;
    world.call_of("b/undo", 1).await?.give(Err(ActionError::failed("x.bad", "it cannot be taken back")));
    let view = world.ended(&id, Status::Failed).await?;
    let failed: Vec<_> = view.undo.failed.iter().map(|path| path.as_str()).collect();
    ensure_eq!((done(&view), failed), (vec!["a"], vec!["b"]), "what was taken back, and what was not");
    Ok(())
}

pub(in crate::executor) async fn undo_does_not_run_of_what_completed(world: &mut World) -> Outcome {
    let id = world.start(json!({ "steps": [undoable("a", "now.idempotent")] })).await?;
    let view = world.ended(&id, Status::Completed).await?;
    ensure_eq!((done(&view).len(), world.called().len()), (0, 1), "what was taken back, and calls");
    Ok(())
}
