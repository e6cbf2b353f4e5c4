//! The embedded executor passes the executors' suite over a file.

use std::sync::Arc;

use flov7::embedded::EmbeddedExecutor;
use flov7::error::Error;
use flov7::execute::Executor;
use flov7_conformance::executor::{Fixture, Setting};
use flov7_sqlite::{Options, SqliteStore};

use crate::Directory;

fn open(setting: &Setting, store: &Arc<SqliteStore>) -> Result<Arc<dyn Executor>, Error> {
    let executor = EmbeddedExecutor::builder(store.clone(), setting.registry.clone())
        .with_clock(Arc::new(setting.clock.clone()))
        .open()?;
    Ok(Arc::new(executor))
}

/// The file stays open over a restart of the executor; that it is opened again is `store_suite!`'s, and kills are
/// `flov7-benches`'s.
async fn fixture(setting: Setting) -> Fixture {
    let directory = Directory::new();
    let options = Options::new().with_clock(Arc::new(setting.clock.clone()));
    let store = Arc::new(SqliteStore::open(directory.store(), options).unwrap());
    let fixture = Fixture::new(open(&setting, &store).unwrap()).with_store(store.clone());
    fixture.with_guard(directory).with_restart(move || {
        let executor = open(&setting, &store);
        async move { executor }
    })
}

flov7_conformance::executor_suite!(fixture);
