//! The suite that every store passes.

use std::sync::Arc;

use flov7::store::Store;
use flov7::testing::ManualClock;
use flov7_conformance::store::{Fixture, Verdict, cases, run};
use flov7_sqlite::{Options, SqliteStore};

use crate::Directory;

async fn fixture(clock: ManualClock) -> Fixture {
    let directory = Directory::new();
    let path = directory.store();
    let options = Options::new().with_clock(Arc::new(clock.clone()));
    let store = SqliteStore::open(&path, options.clone()).unwrap();
    Fixture::new(Arc::new(store), clock).with_guard(directory).with_reopen(move || {
        let store = SqliteStore::open(&path, options.clone());
        async move { store.map(|store| Arc::new(store) as Arc<dyn Store>) }
    })
}

mod on_several_threads {
    flov7_conformance::store_suite!(super::fixture);
}

/// Where no thread can be spared, everything goes through the writer thread.
#[test]
fn the_suite_passes_on_one_thread() {
    for case in cases() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let verdict = runtime.block_on(async { run(case, fixture(ManualClock::default()).await).await });
        assert_eq!(verdict, Ok(Verdict::Held), "{}", case.name);
    }
}
