//! The compiled program: a bundle as the machine runs it.
//!
//! Steps, blocks and scopes have dense numbers in the order of the document; joins are counters and lists of
//! followers; templates and expressions are compiled and bound to slots; each slot knows the last steps that read it;
//! durations are milliseconds. Compiling is total over bundles that validation made, and validates nothing again: what
//! it cannot use is an error of kind `Invalid` ("was never validated") or `Unsupported` (not built yet).

mod action;
mod build;
mod checker;
pub(crate) mod csv;
mod order;
mod reads;
pub(crate) mod slot;
mod taken;
mod template;
mod work;

pub(crate) use action::{Call, Core, CoreKind, Retry};
pub(crate) use checker::Checker;
pub(crate) use reads::BY_BLOCK;
pub(crate) use slot::Slot;
pub(crate) use template::{Condition, Template};

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::Error;
use crate::id::StepPath;
use crate::validate::Bundle;
use crate::workflow::{ConcurrencyPolicy, TextFormat};

/// The greatest number of step activations of an execution that says nothing else (RULES, fail.class).
pub const DEFAULT_STEPS: u64 = 1_000_000;

/// A bundle, compiled: shared by all executions of it in a process.
///
/// ```
/// use flov7::catalog::Catalog;
/// use flov7::id::{ExecutionId, Namespace, Timestamp};
/// use flov7::machine::event::Started;
/// use flov7::machine::{Actor, Machine, Status};
/// use flov7::program::Program;
/// use flov7::validate::validate;
/// use flov7::workflow::{Step, Workflow};
/// use serde_json::json;
///
/// let document = Workflow::builder("sum").step(Step::set("total", json!("${ [19, 23].sum() }"))).build();
/// let valid = validate(&document, &Catalog::new()).map_err(|report| report.to_json().to_string())?;
/// let program = Program::compile(valid.bundle())?;
///
/// let execution = ExecutionId::new(1_767_225_600_000, [7; 10]);
/// let digest = valid.bundle().digest();
/// let started = Started::new(Namespace::default(), execution, digest, json!({}), 7, Actor::new("clerk"));
/// let (machine, _turn) = Machine::new(program, started, Timestamp::from_ms(1_767_225_600_000));
/// assert_eq!(machine.view().status, Status::Completed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Program {
    pub(crate) steps: Box<[Step]>,
    pub(crate) blocks: Box<[Block]>,
    pub(crate) scopes: Box<[Scope]>,
    pub(crate) by_id: BTreeMap<Box<str>, u32>,
    /// What declared signals carry.
    pub(crate) signals: BTreeMap<Box<str>, Checker>,
    /// The execution's time, in milliseconds.
    pub(crate) timeout: Option<i64>,
    pub(crate) max_steps: u64,
    /// What tells apart executions that may run at the same time, and what happens to one whose key is taken.
    pub(crate) concurrency: Option<(Template, ConcurrencyPolicy)>,
    /// The workflow's name.
    pub(crate) name: Box<str>,
    /// Whether a turn of it may create executions, steer them, or emit events.
    #[cfg_attr(not(feature = "embedded"), expect(dead_code, reason = "engines ask"))]
    pub(crate) posts: bool,
    /// The body of a turn that nobody reads: of none is made another.
    pub(crate) nothing: Arc<[u8]>,
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

    /// Whether `inner` is the step `outer` or stands inside it.
    pub(crate) fn is_within(&self, mut inner: u32, outer: u32) -> bool {
        // Each round goes one block outwards, and blocks nest at most 32 deep.
        loop {
            if inner == outer {
                return true;
            }
            match self.blocks[self.steps[inner as usize].block as usize].holder {
                Some(holder) => inner = holder,
                None => return false,
            }
        }
    }
}

/// One step.
#[derive(Debug)]
pub(crate) struct Step {
    /// Its path inside its scope: all of it outside `for_each` and `loop`.
    pub(crate) suffix: Box<str>,
    /// Its path, where no index is in it.
    pub(crate) path: Option<StepPath>,
    pub(crate) scope: u32,
    pub(crate) block: u32,
    /// Its place among the cells of its scope.
    pub(crate) local: u32,
    /// The place of its value among the slots of its scope, and the slot itself.
    pub(crate) slot: u32,
    pub(crate) own: Slot,
    /// The steps that wait for it.
    pub(crate) followers: Box<[u32]>,
    /// Places among the slots of its scope that it, or what it holds, reads, and whose last readers are counted.
    pub(crate) releases: Box<[usize]>,
    pub(crate) when: Option<Condition>,
    /// From ready to settled, in milliseconds.
    pub(crate) timeout: Option<i64>,
    pub(crate) handlers: Box<[Handler]>,
    /// What takes its effect back.
    pub(crate) undo: Option<Box<Call>>,
    pub(crate) work: Work,
}

/// What a step does.
#[derive(Debug)]
pub(crate) enum Work {
    /// Calls a handler.
    Call(Box<Call>),
    /// Waits, asks or fails: what the machine does itself.
    Core(Box<Core>),
    /// Makes a value.
    Set(Template),
    /// Reads text.
    Parse { format: TextFormat, text: Template, header: bool, checker: Option<Checker> },
    /// Writes text.
    Format { format: TextFormat, value: Template, columns: Option<Box<[String]>> },
    /// Holds a value against a schema.
    Validate { value: Template, checker: Checker },
    /// Runs one of two blocks.
    If { condition: Condition, then: u32, otherwise: Option<u32> },
    /// Runs the first case whose condition holds, else the default.
    First { cases: Box<[(Condition, u32)]>, otherwise: Option<u32> },
    /// Runs every case whose condition holds, at the same time; the default if none does.
    Every { cases: Box<[Case]>, otherwise: Option<u32> },
    /// Runs branches at the same time.
    Parallel(Box<Parallel>),
    /// Runs a block for each item of a list.
    ForEach(Box<ForEach>),
    /// Runs a block again and again.
    Loop(Box<Loop>),
    /// Goes on only if it holds.
    Filter(Condition),
}

/// A case of a `switch` of all cases.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) id: Box<str>,
    pub(crate) when: Condition,
    pub(crate) block: u32,
}

/// Branches.
#[derive(Debug)]
pub(crate) struct Parallel {
    /// Ids and blocks, in the order of the document.
    pub(crate) branches: Box<[(Box<str>, u32)]>,
    /// How many must win; all of them without it.
    pub(crate) need: Option<u32>,
}

/// A block for each item.
#[derive(Debug)]
pub(crate) struct ForEach {
    pub(crate) items: Template,
    pub(crate) scope: u32,
    pub(crate) block: u32,
    pub(crate) concurrency: usize,
    /// Whether a failed item is a result.
    pub(crate) collect: bool,
}

/// A block again and again. Its block's output is the next state.
#[derive(Debug)]
pub(crate) struct Loop {
    pub(crate) state: Template,
    /// What the first state must conform to, and each next one, where that was not proven.
    pub(crate) first: Box<[Checker]>,
    pub(crate) next: Box<[Checker]>,
    pub(crate) goes_on: Condition,
    pub(crate) max: u32,
    /// Whether reaching `max` ends it with the state it has.
    pub(crate) stops: bool,
    pub(crate) scope: u32,
    pub(crate) block: u32,
}

/// One rule of `on_error`.
#[derive(Debug)]
pub(crate) struct Handler {
    /// Codes; one that ends with `*` is for all that begin so.
    pub(crate) codes: Option<Box<[Box<str>]>>,
    /// Steps inside.
    pub(crate) steps: Option<Box<[u32]>>,
    pub(crate) value: Option<Template>,
    /// Whether the effects inside are taken back although the failure is handled.
    pub(crate) undo: bool,
    /// What the value must conform to, where that was not proven.
    pub(crate) checkers: Box<[Checker]>,
    /// Whether the block goes on.
    pub(crate) goes_on: bool,
}

/// Steps that run in order, and the value that they give.
#[derive(Debug)]
pub(crate) struct Block {
    /// The step that holds it; none for the outermost.
    pub(crate) holder: Option<u32>,
    /// Its place among the blocks of its scope.
    pub(crate) local: u32,
    pub(crate) steps: u32,
    /// The steps that wait for none.
    pub(crate) first: Box<[u32]>,
    pub(crate) output: Option<Template>,
    /// Places among the slots of its scope that nothing reads once it has ended.
    pub(crate) releases: Box<[usize]>,
}

/// What has values of its own: the execution, each item of a `for_each`, each round of a `loop`.
#[derive(Debug)]
pub(crate) struct Scope {
    /// The step that holds it; none for the execution's own.
    pub(crate) holder: Option<u32>,
    /// How many scopes enclose it.
    pub(crate) depth: u32,
    /// Its steps by their place.
    pub(crate) steps: Box<[u32]>,
    /// For each of its steps, how many steps it waits for.
    pub(crate) waits: Box<[u32]>,
    /// The block of each of its local block numbers.
    pub(crate) blocks: Box<[u32]>,
    /// For each of its slots, how many steps' ends free it; 0 where nothing reads it, [`BY_BLOCK`] where no step does.
    pub(crate) readers: Box<[u32]>,
}
