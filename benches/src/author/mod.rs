//! Writes documents that are sound by construction, over every construct of format 1.
//!
//! Each expression is made for the type that its place wants, from what can be read where it stands, with the
//! questions asked that must be asked first. What can still go wrong is what only a run can tell.

mod action;
mod block;
mod condition;
mod constant;
mod data;
mod document;
mod fill;
mod list;
mod literal;
mod number;
mod others;
mod pairs;
mod rules;
mod scope;
mod step;
mod text;
mod truth;

pub use action::http_request;

use std::collections::BTreeMap;

use flov7::catalog::Catalog;
use serde_json::Value;

use crate::dice::Dice;
use crate::ty::Ty;

/// A document, what it runs in, and what its world answers.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it was made from.
    pub seed: u64,
    /// The document.
    pub document: Value,
    /// The actions and events that it uses.
    pub catalog: Catalog,
    /// What the world may answer.
    pub world: World,
    /// How often each construct was written.
    pub counts: BTreeMap<&'static str, u64>,
}

/// What may come from outside.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// The input.
    pub input: Option<Ty>,
    /// What the action of each step gives, by the step's id; that of its undo by `id/undo`. For `core.ask` the answer.
    pub outputs: BTreeMap<String, Ty>,
    /// The payload of each event that the catalogue describes.
    pub events: BTreeMap<String, Ty>,
    /// The payload of each signal.
    pub signals: BTreeMap<String, Ty>,
    /// What each step's value is believed to be, by its id.
    pub values: BTreeMap<String, Ty>,
    /// Keys under which signals are waited for.
    pub keys: Vec<String>,
}

/// An expression, and what it is believed to give.
#[derive(Clone, Debug)]
struct E {
    text: String,
    ty: Ty,
    /// Whether it is computed: flov7 then knows no more than an upper bound, and what limits are broken is for the
    /// run to tell.
    computed: bool,
}

impl E {
    fn known(text: impl Into<String>, ty: Ty) -> E {
        E { text: text.into(), ty, computed: false }
    }

    fn computed(text: impl Into<String>, ty: Ty) -> E {
        E { text: text.into(), ty, computed: true }
    }
}

/// What an author remembers of a document while it is written.
struct Author {
    dice: Dice,
    /// The named types of the document.
    names: Vec<(String, Ty)>,
    catalog: Catalog,
    world: World,
    counts: BTreeMap<&'static str, u64>,
    /// How many more steps there should be.
    left: i64,
    steps: u32,
    variables: u32,
    actions: u32,
    connections: Vec<(String, String)>,
}

/// The typed document of a seed.
#[must_use]
pub fn typed(seed: u64) -> Case {
    Author::new(seed).document(seed)
}

impl Author {
    fn new(seed: u64) -> Author {
        Author {
            dice: Dice::new(seed),
            names: Vec::new(),
            catalog: Catalog::new(),
            world: World::default(),
            counts: BTreeMap::new(),
            left: 0,
            steps: 0,
            variables: 0,
            actions: 0,
            connections: Vec::new(),
        }
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// A fresh name for a macro's variable.
    fn variable(&mut self) -> String {
        self.variables += 1;
        format!("v{}", self.variables)
    }

    /// The schema of a type in the document.
    fn schema(&mut self, ty: &Ty) -> Value {
        ty.schema(&mut self.dice, &self.names)
    }

    /// `text` marked as an expression.
    fn marked(&self, text: &str) -> Value {
        Value::String(format!("${{ {} }}", constant::varying(text)))
    }
}
