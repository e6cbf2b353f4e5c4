//! What an evaluation is given: roots, the time, and a count of its work.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::ast::{Reference, RootName};
use super::time::Timestamp;

/// Where an expression reads its roots and steps.
///
/// The machine answers from its slots, by [`Reference::slot`], which an expression got when it was bound; a test
/// answers by [`Reference::name`].
pub trait Env {
    /// The value of a root or step, or none where it has no value (a step that was skipped).
    fn read(&self, reference: &Reference) -> Option<&Value>;

    /// The same value shared, where it is kept so. An expression or template that is nothing but `${ steps.x }`
    /// is then that value without a copy.
    fn share(&self, reference: &Reference) -> Option<Arc<Value>> {
        let _ = reference;
        None
    }

    /// The recorded time of the turn.
    fn now(&self) -> Timestamp;
}

/// Roots and steps by name: for tests, for triggers, and wherever there are no slots.
///
/// ```
/// use flov7::expr::{Fuel, Limits, Named, parse};
/// use serde_json::json;
///
/// let env = Named::new().with_root("input", json!({"n": 2})).with_step("total", json!(40));
/// let sum = parse("steps.total + input.n", &Limits::default()).unwrap();
/// assert_eq!(sum.eval(&env, &mut Fuel::new()).unwrap(), json!(42));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Named {
    values: BTreeMap<RootName, Arc<Value>>,
    now: Timestamp,
}

impl Named {
    /// No roots; the time is 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn new() -> Named {
        Named::default()
    }

    /// Adds a root.
    #[must_use]
    pub fn with_root(mut self, name: &str, value: impl Into<Arc<Value>>) -> Named {
        self.values.insert(RootName::Root(name.into()), value.into());
        self
    }

    /// Adds the value of a step.
    #[must_use]
    pub fn with_step(mut self, id: &str, value: impl Into<Arc<Value>>) -> Named {
        self.values.insert(RootName::Step(id.into()), value.into());
        self
    }

    /// Sets the time.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Named {
        self.now = now;
        self
    }
}

impl Env for Named {
    fn read(&self, reference: &Reference) -> Option<&Value> {
        self.values.get(reference.name()).map(|value| &**value)
    }

    fn share(&self, reference: &Reference) -> Option<Arc<Value>> {
        self.values.get(reference.name()).cloned()
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}

/// Counts the steps of evaluations, over as many of them as its owner likes: a turn's fuel, say. It stops
/// nothing by itself; one evaluation is stopped by its own limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fuel {
    used: u64,
}

impl Fuel {
    /// A full count: nothing used.
    #[must_use]
    pub fn new() -> Fuel {
        Fuel::default()
    }

    /// The steps used so far.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.used
    }

    /// Counts work that is none of an expression's.
    pub fn spend(&mut self, steps: u64) {
        self.used = self.used.saturating_add(steps);
    }
}
