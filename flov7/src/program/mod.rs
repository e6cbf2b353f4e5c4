//! The compiled program: a bundle as the machine runs it.
//!
//! Steps, blocks and scopes have dense numbers in the order of the document; joins are counters and lists of
//! followers; templates and expressions are compiled and bound to slots; durations are milliseconds. Compiling is
//! total over bundles that validation made, and validates nothing again: what it cannot use is an error of kind
//! `Invalid` ("was never validated") or `Unsupported` (not built yet).

mod action;
mod build;
mod order;
pub(crate) mod slot;
mod template;

pub(crate) use action::{Call, Retry};
pub(crate) use slot::Slot;
pub(crate) use template::{Condition, Env, Template};

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::Error;
use crate::id::StepPath;
use crate::validate::Bundle;

/// The greatest number of step activations of an execution that says nothing else (RULES, fail.class).
pub const DEFAULT_STEPS: u64 = 1_000_000;

/// A bundle, compiled: shared by all executions of it in a process.
///
/// ```no_run
/// # fn bundle() -> flov7::validate::Bundle { unimplemented!() }
/// let program = flov7::program::Program::compile(&bundle()).expect("validation made it");
/// ```
#[derive(Debug)]
pub struct Program {
    pub(crate) steps: Box<[Step]>,
    pub(crate) blocks: Box<[Block]>,
    pub(crate) scopes: Box<[Scope]>,
    pub(crate) by_id: BTreeMap<Box<str>, u32>,
    /// The places of `input` and `execution` among the slots of the outermost scope.
    pub(crate) input: usize,
    pub(crate) execution: usize,
    /// The execution's time, in milliseconds.
    pub(crate) timeout: Option<i64>,
    pub(crate) max_steps: u64,
}

impl Program {
    /// Compiles a bundle that validation made.
    ///
    /// # Errors
    /// `Invalid` for a bundle that validation never saw; `Newer` for rules that this release does not know;
    /// `Unsupported` for what is not built yet.
    pub fn compile(bundle: &Bundle) -> Result<Arc<Program>, Error> {
        build::compile(bundle).map(Arc::new)
    }

    /// The number of the step that a path leads to, whatever its indices. An undo's path leads to the step it undoes.
    pub(crate) fn step_at(&self, path: &StepPath) -> Option<u32> {
        let last = path.rsplit('/').next()?;
        let id = if last == "undo" { path.rsplit('/').nth(1)? } else { last };
        let id = id.split('[').next()?;
        self.by_id.get(id).copied()
    }
}

/// One step.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) id: Box<str>,
    /// Its path inside its scope: all of it outside `for_each` and `loop`.
    pub(crate) suffix: Box<str>,
    /// Its path, where no index is in it.
    pub(crate) path: Option<StepPath>,
    pub(crate) scope: u32,
    pub(crate) block: u32,
    /// Its place among the cells and slots of its scope.
    pub(crate) local: u32,
    /// The steps that wait for it.
    pub(crate) followers: Box<[u32]>,
    pub(crate) when: Option<Condition>,
    /// From ready to settled, in milliseconds.
    pub(crate) timeout: Option<i64>,
    pub(crate) work: Work,
}

/// What a step does.
#[derive(Debug)]
pub(crate) enum Work {
    /// Calls a handler.
    Call(Box<Call>),
    /// Makes a value.
    Set(Template),
    /// Runs one of two blocks.
    If { condition: Condition, then: u32, otherwise: Option<u32> },
}

/// Steps that run in order, and the value that they give.
#[derive(Debug)]
pub(crate) struct Block {
    /// The step that holds it; none for the outermost.
    pub(crate) holder: Option<u32>,
    pub(crate) scope: u32,
    /// Its place among the blocks of its scope.
    pub(crate) local: u32,
    pub(crate) steps: u32,
    /// The steps that wait for none.
    pub(crate) first: Box<[u32]>,
    pub(crate) output: Option<Template>,
}

/// What has values of its own: the execution, each item of a `for_each`, each round of a `loop`.
#[derive(Debug)]
pub(crate) struct Scope {
    /// How many scopes enclose it.
    pub(crate) depth: u32,
    /// For each of its steps, how many steps it waits for.
    pub(crate) waits: Box<[u32]>,
    /// Its steps by their place.
    pub(crate) steps: Box<[u32]>,
    /// The block of each of its local block numbers.
    pub(crate) blocks: Box<[u32]>,
    /// How many slots it has: one for each step, then its roots.
    pub(crate) slots: u32,
}
