//! What ended long ago is taken away in the background, where that is wanted.

use std::sync::Arc;
use std::time::Duration;

use flov7::embedded::EmbeddedExecutor;
use flov7::error::ErrorKind;
use flov7::store::{ExecutionQuery, ExecutionStore, Store};
use serde_json::json;

use super::support::{World, quiet, rested, run, sequence, space, start};

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
