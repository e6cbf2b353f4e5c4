//! Describing, following and listing.

use flov7::execute::{Cursor, Export, StartOptions};
use flov7::id::ExecutionId;
use flov7::machine::{Settled, Status};
use flov7::store::ExecutionQuery;
use serde_json::json;

use crate::executor::world::*;
use crate::store::{Failure, Outcome};

pub(in crate::executor) async fn describe_shows_what_is_committed(world: &mut World) -> Outcome {
    let id = world.start(sequence("gate.once", 2)).await?;
    let first = world.call_of("s0", 1).await?;
    // It was called, so it is scheduled; nothing of it is known.
    let view = world.describe(&id).await?;
    ensure_eq!((view.status, settled(&view, "s0")), (Status::Running, None), "while it runs");
    first.done(json!("one"));
    let second = world.call_of("s1", 1).await?;
    let view = world.describe(&id).await?;
    ensure_eq!(settled(&view, "s0"), Some(Settled::Done), "what the second step came after");
    let output =
        view.steps.iter().find(|step| step.path.as_str() == "s0").and_then(|step| step.output.clone());
    ensure_eq!(output, Some(json!("one")), "the first step's value");
    ensure_eq!(settled(&view, "s1"), None, "the second step");
    second.done(json!("two"));
    let view = world.ended(&id, Status::Completed).await?;
    ensure_eq!(settled(&view, "s1"), Some(Settled::Done), "the second step at the end");
    Ok(())
}

pub(in crate::executor) async fn describe_names_what_is_waited_for(world: &mut World) -> Outcome {
    let step = json!({ "id": "yes", "action": { "use": "core.approve", "with": { "title": "Go on?", "to": "ann" } } });
    let id = world.start(json!({ "steps": [step] })).await?;
    let view = world.waits(&id).await?;
    let wait = &view.waiting[0];
    ensure_eq!(wait.path.as_str(), "yes", "which step waits");
    ensure_eq!((wait.title.as_deref(), wait.to.as_deref()), (Some("Go on?"), Some("ann")), "what is asked");
    ensure!(wait.token.is_some(), "no token says where the answer goes");
    Ok(())
}

pub(in crate::executor) async fn describe_of_nobody_is_not_found(world: &mut World) -> Outcome {
    let nobody = ExecutionId::new(0, [0; 10]);
    let executor = world.executor()?;
    ensure_kind!(executor.describe(&ns(), &nobody).await, NotFound, "describing nobody");
    ensure_kind!(executor.events(&ns(), &nobody, None, false).await, NotFound, "following nobody");
    Ok(())
}

pub(in crate::executor) async fn events_miss_nothing_and_repeat_nothing(world: &mut World) -> Outcome {
    let id = world.start(sequence("gate.once", 4)).await?;
    let executor = world.executor()?;
    let (mut seqs, mut after) = (Vec::new(), None);
    for step in 0..4 {
        let held = world.call_of(&format!("s{step}"), 1).await?;
        // Read by a cursor that went on a little each time, as a client does that comes and goes.
        let page = executor.events(&ns(), &id, after, false).await?;
        seqs.extend(page.events.iter().map(|event| event.seq));
        after = Some(page.next);
        held.done(json!(step));
    }
    world.ended(&id, Status::Completed).await?;
    loop {
        let page = executor.events(&ns(), &id, after, false).await?;
        seqs.extend(page.events.iter().map(|event| event.seq));
        after = Some(page.next);
        if page.ended || page.events.is_empty() {
            ensure!(page.ended, "the last page does not say that it is the last");
            break;
        }
    }
    ensure_eq!(seqs, (0..seqs.len() as u64).collect::<Vec<_>>(), "the numbers of all events read");
    ensure_eq!(seqs.len(), world.events(&id).await?.len(), "how many events there are");
    let past = executor.events(&ns(), &id, after, true).await?;
    ensure!(past.events.is_empty() && past.ended, "something follows the end: {past:?}");
    Ok(())
}

pub(in crate::executor) async fn events_after_a_cursor_begin_behind_it(world: &mut World) -> Outcome {
    let id = world.start(sequence("now.once", 3)).await?;
    world.ended(&id, Status::Completed).await?;
    let all = world.events(&id).await?;
    for event in &all {
        let page = world.executor()?.events(&ns(), &id, Some(Cursor(event.seq)), false).await?;
        let first = page.events.first().map(|event| event.seq);
        let behind = Some(event.seq + 1).filter(|seq| *seq < all.len() as u64);
        ensure_eq!(first, behind, "what comes after {}", event.seq);
    }
    Ok(())
}

pub(in crate::executor) async fn events_wait_until_something_happens(world: &mut World) -> Outcome {
    let id = world.start(sequence("gate.once", 1)).await?;
    let held = world.call_of("s0", 1).await?;
    let executor = world.executor()?;
    let mut next = executor.events(&ns(), &id, None, true).await?.next;
    while let Some(last) = executor.events(&ns(), &id, Some(next), false).await?.events.last() {
        next = Cursor(last.seq);
    }
    let waiting = {
        let (executor, id) = (executor.clone(), id.clone());
        tokio::spawn(async move { executor.events(&ns(), &id, Some(next), true).await })
    };
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    ensure!(!waiting.is_finished(), "it did not wait although nothing happened");
    held.done(json!(1));
    let page = waiting.await.map_err(|panic| Failure::new(panic.to_string()))??;
    ensure_eq!(page.events.first().map(|event| event.seq), Some(next.0 + 1), "what it waited for");
    Ok(())
}

pub(in crate::executor) async fn list_is_newest_first_and_pages(world: &mut World) -> Outcome {
    let workflow = world.valid(sequence("now.once", 1))?;
    let mut made = Vec::new();
    for _ in 0..5 {
        world.advance(std::time::Duration::from_millis(10));
        made.push(world.begin(&workflow).await?);
    }
    made.reverse();
    let (executor, mut found) = (world.executor()?, Vec::new());
    let mut query = ExecutionQuery::new().with_limit(2);
    loop {
        let page = executor.list(&ns(), &query).await?;
        ensure!(page.executions.len() <= 2, "a page has {} rows", page.executions.len());
        found.extend(page.executions.into_iter().map(|row| row.execution));
        match page.next {
            Some(next) => query = query.after(next),
            None => break,
        }
        ensure!(found.len() <= 5, "the pages do not end: {found:?}");
    }
    ensure_eq!(found, made, "all executions, page by page");
    Ok(())
}

pub(in crate::executor) async fn list_filters_by_status(world: &mut World) -> Outcome {
    let done = world.start(sequence("now.once", 1)).await?;
    world.ended(&done, Status::Completed).await?;
    let open = world.start(sequence("gate.once", 1)).await?;
    let _held = world.call().await?;
    for (status, wanted) in [(Status::Completed, &done), (Status::Running, &open)] {
        let query = ExecutionQuery::new().with_statuses([status]);
        let page = world.executor()?.list(&ns(), &query).await?;
        let ids: Vec<_> = page.executions.into_iter().map(|row| row.execution).collect();
        ensure_eq!(ids, *std::slice::from_ref(wanted), "those that are {status:?}");
    }
    Ok(())
}

pub(in crate::executor) async fn list_filters_by_tags(world: &mut World) -> Outcome {
    let (workflow, executor) = (world.valid(sequence("now.once", 1))?, world.executor()?);
    let mut made = Vec::new();
    for (customer, kind) in [("ann", "big"), ("bob", "big"), ("ann", "small")] {
        let options = StartOptions::default().with_tag("customer", customer).with_tag("kind", kind);
        made.push(executor.start(&ns(), &workflow, json!({}), options).await?.execution);
    }
    let none = ExecutionQuery::new().with_tag("customer", "ann").with_tag("kind", "none");
    ensure_eq!(executor.list(&ns(), &none).await?.executions.len(), 0, "those with a tag that none has");
    let both = ExecutionQuery::new().with_tag("customer", "ann").with_tag("kind", "big");
    let rows = executor.list(&ns(), &both).await?.executions;
    let ids: Vec<_> = rows.iter().map(|row| &row.execution).collect();
    ensure_eq!(ids, [&made[0]], "those that have both tags");
    ensure_eq!(rows[0].tags.len(), 2, "how many tags are shown");
    Ok(())
}

pub(in crate::executor) async fn export_replays_to_what_is_shown(world: &mut World) -> Outcome {
    let store = world.store()?;
    let id = world
        .start(json!({ "signals": { "go": true }, "steps": [
            { "id": "go", "action": { "use": "core.wait_for", "with": { "signal": "go" } } },
            { "id": "work", "action": { "use": "gate.keyed" } }], "output": "${ steps.work }" }))
        .await?;
    world.waits(&id).await?;
    let under_way = Export::of(&*store, &ns(), &id).await?;
    ensure_eq!(under_way.replay()?.view.status, Status::Waiting, "what it was doing under way");
    world.signal(&id, to_name("go", None, json!(1))).await?;
    world.call_of("work", 1).await?.done(json!({ "text": "ü", "n": 7.5 }));
    let view = world.ended(&id, Status::Completed).await?;
    let file = serde_json::to_value(Export::of(&*store, &ns(), &id).await?);
    let file = file.map_err(|error| Failure::new(error.to_string()))?;
    let read = Export::read(file)?;
    ensure!(read.state.is_some(), "its journal does not replay");
    let replayed = read.replay()?;
    ensure_eq!(replayed.view.output, view.output, "the output of the replay");
    ensure_eq!(replayed.view.steps, view.steps, "the steps of the replay");
    let mut cut = read;
    cut.turns.pop();
    ensure!(cut.replay().is_err(), "a journal without its end is not seen");
    Ok(())
}
