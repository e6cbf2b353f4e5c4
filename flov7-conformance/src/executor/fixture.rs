//! A fresh executor for one case, and what it is made of.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use flov7::action::{ActionContext, ActionError, Registry, from_fn};
use flov7::catalog::{ActionDescriptor, Effect};
use flov7::error::Error;
use flov7::execute::Executor;
use flov7::store::ExecutionStore;
use flov7::testing::ManualClock;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

/// Opens an executor over what the last one left.
pub type Restart =
    Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Arc<dyn Executor>, Error>> + Send>> + Send + Sync>;

/// What an executor under test is made of.
///
/// The actions are, for each effect, `now.none`, `now.idempotent`, `now.keyed` and `now.once`, which give the member
/// `give` of their input at once or fail with the code in its member `fail`; and `gate.none` … `gate.once`, which
/// answer when the case lets them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Setting {
    /// The time; the executor and its store keep to it and to no other.
    pub clock: ManualClock,
    /// The actions.
    pub registry: Arc<Registry>,
    pub(super) log: Arc<Mutex<Vec<Called>>>,
}

/// A call of an action, as it began.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Called {
    pub(super) execution: String,
    pub(super) path: String,
    pub(super) attempt: u32,
    pub(super) key: String,
    pub(super) input: Value,
}

/// A call that waits for the case.
pub(super) struct Held {
    pub(super) cx: ActionContext,
    reply: oneshot::Sender<Result<Value, ActionError>>,
}

impl Held {
    /// Answers it. Whoever asked may be gone.
    pub(super) fn give(self, outcome: Result<Value, ActionError>) {
        let _ = self.reply.send(outcome);
    }

    pub(super) fn done(self, value: Value) {
        self.give(Ok(value));
    }

    pub(super) fn place(&self) -> (&str, u32) {
        (self.cx.path.as_str(), self.cx.attempt)
    }
}

const EFFECTS: [(&str, Effect); 4] = [
    ("none", Effect::None),
    ("idempotent", Effect::Idempotent),
    ("keyed", Effect::Keyed),
    ("once", Effect::Once),
];

impl Setting {
    /// A clock that stands, actions, and where their calls come out.
    pub(super) fn new() -> (Setting, mpsc::UnboundedReceiver<Held>) {
        let (gate, calls) = mpsc::unbounded_channel();
        let log: Arc<Mutex<Vec<Called>>> = Arc::default();
        let mut registry = Registry::new();
        for (name, effect) in EFFECTS {
            let descriptor = |kind: &str| {
                let input = json!({ "type": "object" });
                ActionDescriptor::new(format!("{kind}.{name}"), "Do it", input, json!(true))
                    .with_effect(effect)
                    .with_error("x.bad", false, "as told")
                    .with_error("x.busy", true, "as told")
            };
            let (own, gate) = (Arc::clone(&log), gate.clone());
            registry = registry.with_action(from_fn(descriptor("now"), move |cx, input| {
                note(&own, &cx, &input);
                async move {
                    match input.get("fail").and_then(Value::as_str) {
                        Some(code) => Err(ActionError::failed(code, "as told")),
                        None => Ok(input.get("give").cloned().unwrap_or_default()),
                    }
                }
            }));
            let own = Arc::clone(&log);
            registry = registry.with_action(from_fn(descriptor("gate"), move |cx, input| {
                note(&own, &cx, &input);
                let (reply, answer) = oneshot::channel();
                // The case may be over.
                let _ = gate.send(Held { cx, reply });
                async move {
                    answer.await.unwrap_or_else(|_| Err(ActionError::failed("x.bad", "the case is over")))
                }
            }));
        }
        (Setting { clock: ManualClock::default(), registry: Arc::new(registry), log }, calls)
    }

    /// The same with other actions: what a test of the suite itself bends.
    #[must_use]
    pub fn with_registry(mut self, registry: Registry) -> Self {
        self.registry = Arc::new(registry);
        self
    }

    pub(super) fn called(&self) -> Vec<Called> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn note(log: &Mutex<Vec<Called>>, cx: &ActionContext, input: &Value) {
    log.lock().unwrap_or_else(PoisonError::into_inner).push(Called {
        execution: cx.execution.to_string(),
        path: cx.path.to_string(),
        attempt: cx.attempt,
        key: cx.idempotency_key(),
        input: input.clone(),
    });
}

/// A fresh executor over an empty store, for one case.
pub struct Fixture {
    pub(super) executor: Option<Arc<dyn Executor>>,
    pub(super) restart: Option<Restart>,
    pub(super) peer: Option<Arc<dyn Executor>>,
    pub(super) store: Option<Arc<dyn ExecutionStore>>,
    pub(super) lapse: Duration,
    /// Dropped last: the directory that the store lives in.
    pub(super) guard: Option<Box<dyn Any + Send + Sync>>,
}

impl Fixture {
    /// An executor that was made of a [`Setting`].
    #[must_use]
    pub fn new(executor: Arc<dyn Executor>) -> Self {
        Fixture {
            executor: Some(executor),
            restart: None,
            peer: None,
            store: None,
            lapse: Duration::from_secs(31),
            guard: None,
        }
    }

    /// Says how to open another executor over the same store after this one is gone. Without it, what a restart must
    /// keep is not tried.
    #[must_use]
    pub fn with_restart<F, R>(mut self, restart: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<Arc<dyn Executor>, Error>> + Send + 'static,
    {
        self.restart = Some(Box::new(move || Box::pin(restart())));
        self
    }

    /// Gives a second executor over the same store, that works at the same time. Without it, what several must keep is
    /// not tried.
    #[must_use]
    pub fn with_peer(mut self, peer: Arc<dyn Executor>) -> Self {
        self.peer = Some(peer);
        self
    }

    /// Gives the store that the executor works on, which keeps journals. Without it, exports are not tried.
    #[must_use]
    pub fn with_store(mut self, store: Arc<dyn ExecutionStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// Says after how long another executor goes on with what one that is gone has left; 31 s without it.
    #[must_use]
    pub fn with_lapse(mut self, lapse: Duration) -> Self {
        self.lapse = lapse;
        self
    }

    /// Keeps something until the executor is gone: the directory that its store lives in.
    #[must_use]
    pub fn with_guard(mut self, guard: impl Any + Send + Sync) -> Self {
        self.guard = Some(Box::new(guard));
        self
    }
}

impl fmt::Debug for Fixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixture").field("lapse", &self.lapse).finish_non_exhaustive()
    }
}
