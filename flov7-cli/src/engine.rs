//! The engine behind the verbs: a store on a file, and the embedded executor over it.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use flov7::action::Registry;
use flov7::catalog::Via;
use flov7::connect::Bindings;
use flov7::embedded::EmbeddedExecutor;
use flov7::finding::{Code, Finding};
use flov7::id::{ExecutionId, Namespace};
use flov7::machine::ExecutionView;
use flov7::observe::Observer;
use flov7::store::Store;
use flov7::validate::Bundle;
use flov7_connect::EnvSecrets;
use flov7_sqlite::{Options, Owner, SqliteStore};

use crate::args::Common;
use crate::failure::Failure;
use crate::output::Output;
use crate::stop::Stops;

/// How long attempts in flight may go on when the command line ends before they do.
const GRACE: Duration = Duration::from_secs(5);

/// A store and its executor.
pub(crate) struct Engine {
    pub(crate) executor: EmbeddedExecutor,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) namespace: Namespace,
    output: Output,
    stops: tokio::sync::Mutex<Stops>,
}

/// The store's file: the one that was named, else `$FLOV7_STORE`, else `flov7.db` here, which is said.
pub(crate) fn store_path(output: Output, common: &Common) -> PathBuf {
    if let Some(path) = &common.store {
        return path.clone();
    }
    match std::env::var_os("FLOV7_STORE").filter(|path| !path.is_empty()) {
        Some(path) => PathBuf::from(path),
        None => {
            output.note("store: flov7.db");
            PathBuf::from("flov7.db")
        }
    }
}

/// The namespace that was named.
pub(crate) fn namespace(common: &Common) -> Result<Namespace, Failure> {
    Namespace::parse(&common.namespace)
        .map_err(|error| Failure::unreadable(format!("--namespace {:?}: {error}", common.namespace)))
}

/// The store for looking and posting, beside whoever executes.
pub(crate) fn attach(output: Output, common: &Common) -> Result<SqliteStore, Failure> {
    Ok(SqliteStore::attach(store_path(output, common), Options::new())?)
}

/// Whether some process executes on the store.
pub(crate) fn is_owned(common: &Common) -> bool {
    // Said once already, where the default is used.
    let path = store_path(Output { json: true, colour: false, quiet: true }, common);
    !matches!(SqliteStore::owner(&path), Ok(Owner::Nobody))
}

impl Engine {
    /// Opens the store as its owner and starts executing.
    pub(crate) fn open(
        output: Output,
        common: &Common,
        registry: Registry,
        bindings: Bindings,
        observer: Option<Arc<dyn Observer>>,
    ) -> Result<Engine, Failure> {
        let namespace = namespace(common)?;
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(store_path(output, common), Options::new())?);
        #[cfg(feature = "fault")]
        let (store, registry) = faulty(store, registry)?;
        let mut builder = EmbeddedExecutor::builder(store.clone(), Arc::new(registry))
            .with_bindings(namespace.clone(), bindings)
            .with_secrets(Arc::new(EnvSecrets::new()))
            // What else is in the file may need other handlers and bindings, and is another command's to go on with.
            .only_named();
        if let Some(observer) = observer {
            builder = builder.with_observer(observer);
        }
        // Before anything is begun: from here on it is ended in order.
        let stops = Stops::new()
            .map_err(|error| Failure::unreadable(format!("requests to stop cannot be heard: {error}")))?;
        let stops = tokio::sync::Mutex::new(stops);
        Ok(Engine { executor: builder.open()?, store, namespace, output, stops })
    }

    /// Waits until an execution ends or only waits for someone outside, then stops in order.
    pub(crate) async fn finish(self, execution: &ExecutionId) -> Result<ExecutionView, Failure> {
        let view = self.unless_stopped(self.wait(execution)).await;
        self.close().await;
        view
    }

    /// Waits until an execution ends or only waits for someone outside.
    pub(crate) async fn wait(&self, execution: &ExecutionId) -> Result<ExecutionView, Failure> {
        Ok(self.executor.wait(&self.namespace, execution).await?)
    }

    async fn asked_to_stop(&self) -> crate::stop::Stop {
        self.stops.lock().await.asked().await
    }

    /// What `work` gives, unless this process is asked to stop before.
    pub(crate) async fn unless_stopped<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        tokio::select! {
            given = work => given,
            stop = self.asked_to_stop() => {
                let seconds = GRACE.as_secs();
                self.output.note(&format!("stopping: calls in flight have {seconds} s to end"));
                Err(stop.into())
            }
        }
    }

    /// Stops in order; at once where this process is asked to stop again.
    pub(crate) async fn close(self) {
        tokio::select! {
            () = self.executor.shutdown(GRACE) => {}
            stop = self.asked_to_stop() => std::process::exit(stop.exit().into()),
        }
    }
}

/// The store and the handlers with the fault points of `FLOV7_FAULT`.
#[cfg(feature = "fault")]
fn faulty(store: Arc<dyn Store>, registry: Registry) -> Result<(Arc<dyn Store>, Registry), Failure> {
    match flov7_conformance::fault::Plan::from_env("FLOV7_FAULT")? {
        None => Ok((store, registry)),
        Some(plan) => Ok((Arc::new(plan.store(store)), plan.registry(registry))),
    }
}

/// A finding for each connection that a bundle uses and nobody bound.
pub(crate) fn unbound(bundle: &Bundle, registry: &Registry, bindings: &Bindings) -> Vec<Finding> {
    let declared = bundle
        .parts()
        .flat_map(|(_, connections)| connections.keys())
        .map(|id| (id.clone(), format!("/connections ({id})")));
    let via = bundle.parts().flat_map(|(interfaces, _)| interfaces.keys()).filter_map(|action| {
        let Some(Via::Http(via)) = &registry.catalog().action(action)?.via else { return None };
        Some((via.connection.clone(), format!("action {action}")))
    });
    let used: std::collections::BTreeMap<String, String> = declared.chain(via).collect();
    used.into_iter()
        .filter(|(id, _)| !bindings.0.contains_key(id))
        .map(|(id, place)| {
            Finding::new(
                Code::CONNECTION_UNBOUND,
                "",
                format!("nobody bound the connection `{id}` ({place})"),
            )
            .with_help(format!("add `{id}` to the file that --bindings names"))
        })
        .collect()
}
