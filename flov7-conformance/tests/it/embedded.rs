//! The embedded executor passes over the store in memory: alone, and with another one beside it.

use std::sync::Arc;

use flov7::embedded::EmbeddedExecutor;
use flov7::error::Error;
use flov7::execute::Executor;
use flov7::memory::InMemoryStore;
use flov7_conformance::executor::{Fixture, Setting, cases, check_alone};
use flov7_conformance::store::Verdict;

fn open(setting: &Setting, store: &Arc<InMemoryStore>) -> Result<Arc<dyn Executor>, Error> {
    let executor = EmbeddedExecutor::builder(store.clone(), setting.registry.clone())
        .with_clock(Arc::new(setting.clock.clone()))
        .open()?;
    Ok(Arc::new(executor))
}

async fn alone(setting: Setting) -> Fixture {
    let store = Arc::new(InMemoryStore::with_clock(Arc::new(setting.clock.clone())));
    Fixture::new(open(&setting, &store).unwrap()).with_restart(move || {
        let executor = open(&setting, &store);
        async move { executor }
    })
}

/// Each takes what the other leaves; either may run any execution.
async fn in_pairs(setting: Setting) -> Fixture {
    let store = Arc::new(InMemoryStore::with_clock(Arc::new(setting.clock.clone())));
    let peer = open(&setting, &store).unwrap();
    alone_over(setting, store).with_peer(peer)
}

fn alone_over(setting: Setting, store: Arc<InMemoryStore>) -> Fixture {
    Fixture::new(open(&setting, &store).unwrap()).with_restart(move || {
        let executor = open(&setting, &store);
        async move { executor }
    })
}

mod over_memory {
    flov7_conformance::executor_suite!(super::alone);
}

mod two_over_memory {
    flov7_conformance::executor_suite!(super::in_pairs);
}

/// The same every time, and nothing is left to luck between threads.
#[test]
fn the_suite_passes_on_one_thread() {
    for case in cases() {
        let verdict = check_alone(case.name, in_pairs);
        match verdict {
            Ok(Verdict::Held) => {}
            Ok(Verdict::NotDeclared(_)) => {
                assert!(case.name.contains("undeclared"), "{}: {verdict:?}", case.name)
            }
            Err(failure) => panic!("{}: {failure}", case.name),
        }
    }
}
