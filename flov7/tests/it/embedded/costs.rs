//! The guide's table of what a step costs, counted (`docs/guide/durability.md`).

use std::time::Duration;

use flov7::execute::{Executor, SignalRequest};
use flov7::machine::event::SignalTo;
use flov7::machine::{Actor, Status};
use serde_json::{Value, json};

use super::support::{World, quiet, rested, run, sequence, space, start};

/// What each row of the table speaks of, and a step of that kind.
fn rows() -> Vec<(&'static str, Value)> {
    let action = |id: &str, with: Value| json!({ "action": { "use": id, "with": with } });
    vec![
        ("computes", json!({ "data": { "set": 1 } })),
        ("effect `none`", action("now.none", json!({}))),
        ("effect `idempotent`", action("now.idempotent", json!({}))),
        ("effect `keyed`", action("now.keyed", json!({}))),
        ("effect `once`", action("now.once", json!({}))),
        ("`core.wait`", action("core.wait", json!({ "for": "1h" }))),
        ("`core.wait_for`", action("core.wait_for", json!({ "signal": "go" }))),
        ("`core.call`", action("core.call", json!({ "workflow": "child", "input": {} }))),
        ("`core.emit`", action("core.emit", json!({ "event": "done", "payload": {} }))),
    ]
}

/// The last column of the guide's row that speaks of `what`.
fn promised(what: &str) -> usize {
    let guide = include_str!("../../../../docs/guide/durability.md");
    let row = guide.lines().find(|line| line.starts_with('|') && line.contains(what)).unwrap_or_else(|| {
        panic!("the guide has no row for {what}");
    });
    row.trim_end_matches('|').rsplit('|').next().unwrap().trim().parse().unwrap()
}

/// The commits of an execution of `count` such steps, its children's and the messages to it left out.
async fn commits(step: &Value, count: usize) -> usize {
    let world = World::new();
    let executor = world.executor();
    let steps: Vec<Value> = (0..count)
        .map(|n| {
            let mut step = step.clone();
            step["id"] = json!(format!("s{n}"));
            step
        })
        .collect();
    let child = json!({ "name": "child", "steps": [{ "id": "nothing", "data": { "set": null } }] });
    let uses = |id: &str| step.to_string().contains(id);
    let mut document = json!({ "steps": steps });
    if uses("wait_for") {
        document["signals"] = json!({ "go": {} });
    }
    let id = start(&executor, &world.valid_with(document, &[child])).await;
    quiet().await;
    for _ in 0..count {
        if uses("\"core.wait\"") {
            world.clock.advance(Duration::from_secs(3_600));
        }
        if uses("wait_for") {
            let to = SignalTo::Name { name: "go".into(), key: None };
            let signal = SignalRequest::new(to, json!(null), Actor::new("test"));
            executor.signal(&space("default"), &id, signal).await.unwrap();
        }
        quiet().await;
    }
    assert_eq!(rested(&executor, &id).await.status, Status::Completed);
    // A child that only computes is created by its caller's commit and ends in one of its own.
    let own = if uses("core.call") { count } else { 0 };
    world.store.commits() - own
}

#[test]
fn the_guide_says_what_each_step_costs() {
    run(async {
        let mut costs = Vec::new();
        for (what, step) in rows() {
            // What each further step adds, whatever beginning and ending cost.
            let (few, many) = (commits(&step, 2).await, commits(&step, 5).await);
            assert_eq!((many - few) % 3, 0, "{what}: {few} for two, {many} for five");
            costs.push((what, (many - few) / 3, promised(what)));
        }
        let wrong: Vec<_> = costs.iter().filter(|(_, counted, promised)| counted != promised).collect();
        assert!(wrong.is_empty(), "counted and promised differ: {wrong:?}");
    });
}

#[test]
fn nothing_is_claimed_while_nothing_is_due() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        quiet().await;
        assert_eq!(world.store.asked(), 1, "once at the beginning: an earlier process may have left some");
        let valid = world.valid(sequence("now.once", 3));
        for _ in 0..20 {
            let id = start(&executor, &valid).await;
            assert_eq!(rested(&executor, &id).await.status, Status::Completed);
        }
        quiet().await;
        assert_eq!(world.store.asked(), 1, "what is started here is nobody else's");
        world.clock.advance(world.options.look);
        quiet().await;
        assert_eq!(world.store.asked(), 2, "now and then all the same: the store's clock may be ahead");
        let wait =
            json!({ "steps": [{ "id": "w", "action": { "use": "core.wait", "with": { "for": "1h" } } }] });
        let id = start(&executor, &world.valid(wait)).await;
        quiet().await;
        let before = world.store.asked();
        world.clock.advance(Duration::from_secs(3_600));
        assert_eq!(rested(&executor, &id).await.status, Status::Completed);
        assert!(world.store.asked() > before, "and when something is due");
    });
}
