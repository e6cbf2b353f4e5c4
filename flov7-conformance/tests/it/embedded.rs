//! The embedded executor passes over the store in memory: alone, and with another one beside it.

use std::sync::Arc;

use async_trait::async_trait;
use flov7::embedded::EmbeddedExecutor;
use flov7::error::Error;
use flov7::execute::{
    Cursor, EventPage, Executor, ExecutorCapabilities, SignalRequest, StartOptions, Started,
};
use flov7::id::{ExecutionId, Namespace};
use flov7::machine::{Actor, Control, ExecutionView};
use flov7::memory::InMemoryStore;
use flov7::store::{Accepted, ExecutionPage, ExecutionQuery};
use flov7::validate::ValidWorkflow;
use flov7_conformance::executor::{Fixture, Setting, cases, check_alone};
use flov7_conformance::store::Verdict;
use serde_json::Value;

fn open(setting: &Setting, store: &Arc<InMemoryStore>) -> Result<Arc<dyn Executor>, Error> {
    let executor = EmbeddedExecutor::builder(store.clone(), setting.registry.clone())
        .with_clock(Arc::new(setting.clock.clone()))
        .open()?;
    Ok(Arc::new(executor))
}

async fn alone(setting: Setting) -> Fixture {
    let store = Arc::new(InMemoryStore::with_clock(Arc::new(setting.clock.clone())));
    alone_over(setting, store)
}

/// Each takes what the other leaves; either may run any execution.
async fn in_pairs(setting: Setting) -> Fixture {
    let store = Arc::new(InMemoryStore::with_clock(Arc::new(setting.clock.clone())));
    let peer = open(&setting, &store).unwrap();
    alone_over(setting, store).with_peer(peer)
}

fn alone_over(setting: Setting, store: Arc<InMemoryStore>) -> Fixture {
    let fixture = Fixture::new(open(&setting, &store).unwrap()).with_store(store.clone());
    fixture.with_restart(move || {
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

/// One that can neither pause nor fork, and says so.
struct Modest(Arc<dyn Executor>, ExecutorCapabilities);

#[async_trait]
impl Executor for Modest {
    fn capabilities(&self) -> &ExecutorCapabilities {
        &self.1
    }

    async fn start(
        &self,
        namespace: &Namespace,
        workflow: &ValidWorkflow,
        input: Value,
        options: StartOptions,
    ) -> Result<Started, Error> {
        self.0.start(namespace, workflow, input, options).await
    }

    async fn describe(&self, namespace: &Namespace, execution: &ExecutionId) -> Result<ExecutionView, Error> {
        self.0.describe(namespace, execution).await
    }

    async fn signal(
        &self,
        namespace: &Namespace,
        execution: &ExecutionId,
        signal: SignalRequest,
    ) -> Result<Accepted, Error> {
        self.0.signal(namespace, execution, signal).await
    }

    async fn control(
        &self,
        namespace: &Namespace,
        execution: &ExecutionId,
        control: Control,
        by: Actor,
    ) -> Result<Accepted, Error> {
        if matches!(control, Control::Pause | Control::Unpause) {
            return Err(Error::unsupported("this executor cannot pause executions"));
        }
        self.0.control(namespace, execution, control, by).await
    }

    async fn events(
        &self,
        namespace: &Namespace,
        execution: &ExecutionId,
        after: Option<Cursor>,
        wait: bool,
    ) -> Result<EventPage, Error> {
        self.0.events(namespace, execution, after, wait).await
    }

    async fn list(&self, namespace: &Namespace, query: &ExecutionQuery) -> Result<ExecutionPage, Error> {
        self.0.list(namespace, query).await
    }
}

async fn modest(setting: Setting) -> Fixture {
    let store = Arc::new(InMemoryStore::with_clock(Arc::new(setting.clock.clone())));
    Fixture::new(Arc::new(Modest(open(&setting, &store).unwrap(), ExecutorCapabilities::default())))
}

/// The same every time, and nothing is left to luck between threads. What the executor does not leave undeclared is tried
/// with one that does.
#[test]
fn the_suite_passes_on_one_thread() {
    let mut undeclared = Vec::new();
    for case in cases() {
        match check_alone(case.name, in_pairs) {
            Ok(Verdict::Held) => {}
            Ok(Verdict::NotDeclared(_)) => {
                undeclared.push(case.name);
                assert_eq!(check_alone(case.name, modest), Ok(Verdict::Held), "{}", case.name);
            }
            Err(failure) => panic!("{}: {failure}", case.name),
        }
    }
    assert_eq!(undeclared, ["fork_undeclared_is_unsupported", "pause_undeclared_is_unsupported"]);
}
