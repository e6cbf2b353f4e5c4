//! Scripted actions: what an application's actions answer in a test, by step, without being called.
//!
//! ```
//! # use std::sync::Arc;
//! use flov7::catalog::{ActionDescriptor, Catalog};
//! use flov7_conformance::script::Script;
//! use serde_json::json;
//!
//! let anything = || json!({ "type": "object" });
//! let catalog = Catalog::new().with_action(ActionDescriptor::new("shop.bill", "Bill", anything(), json!(true)));
//! let script = Script::read(&json!({
//!     "shop.bill": [{ "error": { "code": "shop.busy", "retryable": true } }, { "output": { "id": "i-1" } }],
//!     "each[1]/charge": { "hang": true },
//!     "charge/undo": { "lost": true },
//!     "slow": { "output": 1, "after": "2s" },
//! })).unwrap();
//! let registry = script.registry(&catalog);
//! assert!(registry.catalog().action("shop.bill").is_some());
//! assert!(script.calls().is_empty());
//! ```

mod action;
mod answer;
mod connector;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flov7::action::{ActionContext, Registry};
use flov7::catalog::{CORE_PREFIX, Catalog};
use flov7::clock::Clock;
use flov7::connect::{Binding, Bindings};
use flov7::error::Error;
use flov7::id::{ExecutionId, Namespace, StepPath, Timestamp};
use flov7::json;
use flov7::testing::ManualClock;
use flov7::validate::Bundle;
use serde_json::Value;

pub use answer::Answer;

use action::ScriptedAction;
use connector::ScriptedConnector;

/// Makes an answer of a call, where no list has one.
type Otherwise = Arc<dyn Fn(&Called) -> Answer + Send + Sync>;

/// What actions answer, and what they were asked. Clones share both.
///
/// An answer stands under a step's path (`each[1]/charge`, `charge/undo`), under the path without indices, or under the id
/// of an action; the first that is there counts. Of a list, each call takes the next answer, and the last one repeats. A
/// step that was answered with an output, or with a failure for good, is answered the same when it is asked again under the
/// same idempotency key: the other side deduplicates, as a real one should.
#[derive(Clone)]
pub struct Script(Arc<Shared>);

struct Shared {
    answers: BTreeMap<String, Vec<Answer>>,
    otherwise: Option<Otherwise>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    calls: Vec<Called>,
    /// How many answers of each list were taken: of a step's by its key, of an action's by its id.
    taken: BTreeMap<String, usize>,
    /// What was answered for good, by idempotency key.
    settled: BTreeMap<String, Answer>,
}

/// One call of a scripted action.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Called {
    /// The tenant's space.
    pub namespace: Namespace,
    /// The execution.
    pub execution: ExecutionId,
    /// The step (`x/undo` for an undo).
    pub path: StepPath,
    /// The attempt, from 1.
    pub attempt: u32,
    /// The action's id.
    pub action: String,
    /// The idempotency key.
    pub key: String,
    /// What it was given.
    pub input: Value,
    /// When it began.
    pub at: Timestamp,
}

impl Script {
    /// No answers, on a clock that stands still: what is asked fails with the code `unscripted`.
    #[must_use]
    pub fn new() -> Self {
        Script::of(BTreeMap::new())
    }

    fn of(answers: BTreeMap<String, Vec<Answer>>) -> Self {
        let clock = Arc::new(ManualClock::default());
        Script(Arc::new(Shared { answers, otherwise: None, clock, state: Mutex::default() }))
    }

    /// Reads `{KEY: ANSWER | [ANSWERS]}`, in the form of the mocks of a dry run: `{"output": …}`, `{"error": {"code", …}}`,
    /// `{"hang": true}`, `{"lost": true}`; here also with `"after"`, a duration on the clock. Keys that name no step or
    /// action are no faults: a script may be for several workflows.
    ///
    /// # Errors
    /// `Invalid`, naming the key, where an answer is none of these.
    pub fn read(value: &Value) -> Result<Script, Error> {
        Ok(Script::of(answer::read(value)?))
    }

    /// Adds an answer: the next one of its key.
    #[must_use]
    pub fn with_answer(self, key: impl Into<String>, answer: Answer) -> Self {
        self.changed(|shared| shared.answers.entry(key.into()).or_default().push(answer))
    }

    /// Says what is answered where nothing stands for a call.
    #[must_use]
    pub fn with_otherwise(self, otherwise: impl Fn(&Called) -> Answer + Send + Sync + 'static) -> Self {
        self.changed(|shared| shared.otherwise = Some(Arc::new(otherwise)))
    }

    /// Sets the clock by which answers are late.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        self.changed(|shared| shared.clock = clock)
    }

    /// A script of its own, with nothing asked yet.
    fn changed(self, change: impl FnOnce(&mut Shared)) -> Self {
        let mut shared = Shared {
            answers: self.0.answers.clone(),
            otherwise: self.0.otherwise.clone(),
            clock: Arc::clone(&self.0.clock),
            state: Mutex::default(),
        };
        change(&mut shared);
        Script(Arc::new(shared))
    }

    /// A registry of all actions of a catalogue but the built-in ones, and of its connectors, that answer as scripted. The
    /// rest of the catalogue (events, workflows, people) is in it.
    #[must_use]
    pub fn registry(&self, catalog: &Catalog) -> Registry {
        let mut registry = Registry::new().with_catalog(catalog.clone());
        for connector in catalog.connectors() {
            registry = registry.with_connector(ScriptedConnector(connector.clone()));
        }
        for descriptor in catalog.actions().filter(|action| !action.id.starts_with(CORE_PREFIX)) {
            registry
                .insert(Arc::new(ScriptedAction { descriptor: descriptor.clone(), script: self.clone() }));
        }
        registry
    }

    /// Bindings for every connection that a workflow declares, to the connectors of [`Script::registry`].
    #[must_use]
    pub fn bindings(bundle: &Bundle) -> Bindings {
        let of = |(id, connector): (&String, &String)| {
            (id.clone(), Binding { connector: connector.clone(), settings: serde_json::Map::new() })
        };
        Bindings(bundle.connections.iter().map(of).collect())
    }

    /// What was asked so far, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<Called> {
        self.state().calls.clone()
    }

    /// The steps that were asked so far with their attempts, in order.
    #[must_use]
    pub fn places(&self) -> Vec<(String, u32)> {
        self.state().calls.iter().map(|called| (called.path.to_string(), called.attempt)).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a call, and finds its answer.
    fn asked(&self, action: &str, cx: &ActionContext, input: &Value) -> Answer {
        let key = cx.idempotency_key();
        let called = Called {
            namespace: cx.namespace.clone(),
            execution: cx.execution.clone(),
            path: cx.path.clone(),
            attempt: cx.attempt,
            action: action.to_owned(),
            key: key.clone(),
            input: input.clone(),
            at: self.0.clock.now(),
        };
        let answers = &self.0.answers;
        let by_path = answers.get(cx.path.as_str()).or_else(|| answers.get(&*cx.path.without_indices()));
        let mut state = self.state();
        state.calls.push(called.clone());
        if let Some(settled) = state.settled.get(&key) {
            return settled.clone();
        }
        let list = by_path.map(|list| (list, key.clone()));
        let list = list.or_else(|| answers.get(action).map(|list| (list, action.to_owned())));
        let answer = match (list, &self.0.otherwise) {
            (Some((list, counter)), _) => {
                let taken = state.taken.entry(counter).or_default();
                let answer = list.get(*taken).or(list.last()).cloned().unwrap_or_else(Answer::unscripted);
                *taken += 1;
                answer
            }
            (None, Some(otherwise)) => otherwise(&called),
            (None, None) => Answer::unscripted(),
        };
        if answer.settles() {
            state.settled.insert(key, answer.clone());
        }
        answer
    }
}

impl Default for Script {
    fn default() -> Self {
        Script::new()
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("answers", &self.0.answers).finish_non_exhaustive()
    }
}

/// A value as an action would give it, with its numbers normalised.
fn entered(value: Value) -> Result<Value, String> {
    json::enter(value, json::MAX_DEPTH, usize::MAX).map_err(|fault| fault.to_string())
}
