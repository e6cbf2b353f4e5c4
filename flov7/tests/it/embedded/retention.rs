//! What ended long ago is taken away in the background, where that is wanted.

use std::sync::Arc;
use std::time::Duration;

use flov7::embedded::EmbeddedExecutor;
use flov7::error::ErrorKind;
use flov7::execute::{Executor, StartOptions};
use flov7::id::ExecutionId;
use flov7::machine::Status;
use flov7::memory::InMemoryStore;
use flov7::store::{ExecutionQuery, ExecutionStore, Store};
use serde_json::json;

use super::support::{Counting, World, quiet, rested, run, sequence, space, start};

#[test]
fn retention_takes_away_what_ended_long_ago() {
    run(async {
        let mut world = World::new();
        world.options = world.options.clone().with_retention(Duration::from_secs(86_400));
        let executor = world.executor();
        let valid = world.valid(sequence("now.once", 1));
        // More than one call takes away.
        for _ in 0..600 {
            let id = start(&executor, &valid).await;
            rested(&executor, &id).await;
        }
        let live = start(&executor, &world.valid(sequence("gate.once", 1))).await;
        let held = world.held().await;
        let count = async || {
            let query = ExecutionQuery::new().with_limit(1_000);
            world.store.executions(&space("default"), &query).await.unwrap().executions.len()
        };
        world.clock.advance(Duration::from_secs(86_000));
        quiet().await;
        assert_eq!(count().await, 601, "none is old enough");
        world.clock.advance(Duration::from_secs(4_000));
        quiet().await;
        assert_eq!(count().await, 1);
        held.give(Ok(json!(null)));
        rested(&executor, &live).await;
    });
}

#[test]
fn retention_is_off_without_being_asked_for() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let id = start(&executor, &world.valid(sequence("now.once", 1))).await;
        rested(&executor, &id).await;
        world.clock.advance(Duration::from_secs(86_400 * 400));
        quiet().await;
        assert!(world.store.restore(&space("default"), &id).await.is_ok());
    });
}

#[test]
fn retention_needs_a_store_that_purges() {
    run(async {
        let world = World::new();
        let options = world.options.clone().with_retention(Duration::from_secs(1));
        let store: Arc<dyn Store> =
            Arc::new(super::support::Counting::over_without_purge(world.store.clone()));
        let opened =
            EmbeddedExecutor::builder(store, Arc::new(world.registry.clone())).with_options(options).open();
        assert_eq!(opened.unwrap_err().kind(), ErrorKind::Unsupported);
    });
}

/// A world whose store keeps so many bytes of what ended.
fn keeping(bytes: usize, history: bool) -> World {
    let mut world = World::new();
    let store = InMemoryStore::with_clock(Arc::new(world.clock.clone())).with_ended_bytes(bytes);
    let store = if history { store } else { store.without_history() };
    assert_eq!(store.capabilities().ended_bytes, Some(bytes));
    assert_eq!(store.capabilities().history, history);
    world.store = Arc::new(Counting::over(Arc::new(store)));
    world
}

async fn kept(world: &World) -> Vec<ExecutionId> {
    let query = ExecutionQuery::new().with_limit(1_000);
    let page = world.store.executions(&space("default"), &query).await.unwrap();
    page.executions.into_iter().map(|row| row.execution).collect()
}

#[test]
fn of_what_ended_only_so_many_bytes_stay_and_what_lives_stays() {
    for history in [true, false] {
        run(async {
            let world = keeping(40_000, history);
            let executor = world.executor();
            let live = start(&executor, &world.valid(sequence("gate.once", 1))).await;
            let held = world.held().await;
            let valid = world.valid(sequence("now.once", 3));
            let mut all = Vec::new();
            for n in 0..100 {
                world.clock.advance(Duration::from_millis(5));
                let options = StartOptions::default().with_key(format!("key {n}"));
                let started = executor.start(&space("default"), &valid, json!({}), options).await.unwrap();
                rested(&executor, &started.execution).await;
                all.push(started.execution);
            }
            let kept = kept(&world).await;
            assert_eq!(kept.last(), Some(&live), "what lives is older than all that is kept, and stays");
            let newest: Vec<_> = all.iter().rev().take(kept.len() - 1).cloned().collect();
            assert_eq!(kept[..kept.len() - 1], newest, "those that ended last stay");
            // Each takes between 1 and 4 kB.
            assert!((11..41).contains(&kept.len()), "{} of 101 stay", kept.len());
            for execution in &newest {
                let view = executor.describe(&space("default"), execution).await.unwrap();
                assert_eq!(view.status, Status::Completed);
                if history {
                    let turns = world.store.turns(&space("default"), execution, 0, 100).await.unwrap();
                    assert_eq!(turns.len(), 4, "a journal is kept whole or not at all");
                }
            }
            let gone = executor.describe(&space("default"), &all[0]).await.unwrap_err();
            assert_eq!(gone.kind(), ErrorKind::NotFound);
            // A start key goes with its execution.
            for (n, known) in [(99, true), (0, false)] {
                let options = StartOptions::default().with_key(format!("key {n}"));
                let started = executor.start(&space("default"), &valid, json!({}), options).await.unwrap();
                assert_eq!(started.existing, known, "key {n}");
            }
            held.give(Ok(json!(null)));
            assert_eq!(rested(&executor, &live).await.status, Status::Completed);
        });
    }
}

#[test]
fn what_ended_last_stays_however_large() {
    run(async {
        let world = keeping(1, true);
        let executor = world.executor();
        let valid = world.valid(sequence("now.once", 2));
        for _ in 0..3 {
            let execution = start(&executor, &valid).await;
            assert_eq!(rested(&executor, &execution).await.status, Status::Completed);
            assert_eq!(kept(&world).await, [execution]);
        }
    });
}
