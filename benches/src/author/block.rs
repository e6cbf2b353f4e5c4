//! Blocks: steps, who waits for whom, and what may be read behind them.

use serde_json::{Value, json};

use super::Author;
use super::scope::{Fact, Scope};
use crate::ty::Ty;

/// Where a block stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Top,
    Each,
    Other,
}

/// A block that was written.
pub(super) struct Block {
    pub(super) steps: Vec<Value>,
    pub(super) output: Option<Value>,
    /// What it gives.
    pub(super) ty: Ty,
    pub(super) computed: bool,
    /// What can be read of its steps behind the step that holds it: each may not be there.
    pub(super) inside: Scope,
    /// What can be read at its end.
    pub(super) end: Scope,
    /// The ids of its own steps.
    pub(super) ids: Vec<String>,
}

/// A step that was written, for those behind it.
pub(super) struct Entry {
    pub(super) id: String,
    /// What whoever waits for it can read.
    pub(super) reads: Scope,
    /// What whoever waits for it may rely on.
    pub(super) facts: Vec<Fact>,
    /// Its places in the block that it waits for, itself included.
    waits: Vec<usize>,
}

impl Entry {
    pub(super) fn new(id: String, reads: Scope, facts: Vec<Fact>) -> Entry {
        Entry { id, reads, facts, waits: Vec::new() }
    }
}

impl Author {
    /// A block of about so many steps, which gives `want`, or null.
    pub(super) fn block(
        &mut self,
        s: &Scope,
        role: Role,
        depth: u32,
        count: u64,
        want: Option<&Ty>,
    ) -> Block {
        let mut entries: Vec<Entry> = Vec::new();
        let mut steps = Vec::new();
        for place in 0..count {
            if self.left <= 0 && place > 0 {
                break;
            }
            let mut waits: Vec<usize> = (0..entries.len()).collect();
            let mut after = None;
            if !entries.is_empty() && self.dice.chance(1, 4) {
                self.count("after");
                let named: Vec<usize> = (0..entries.len()).filter(|_| self.dice.chance(1, 2)).collect();
                waits = named.iter().flat_map(|at| entries[*at].waits.iter().copied()).collect();
                waits.sort_unstable();
                waits.dedup();
                after = Some(named.iter().map(|at| entries[*at].id.clone()).collect::<Vec<_>>());
            }
            let here = seen(s, &entries, &waits);
            let (mut step, mut entry) = self.step(&here, role, depth);
            if let Some(after) = after {
                step["after"] = json!(after);
            }
            waits.push(entries.len());
            entry.waits = waits;
            entries.push(entry);
            steps.push(step);
        }
        let all: Vec<usize> = (0..entries.len()).collect();
        let end = seen(s, &entries, &all);
        let output = want.map(|want| self.template(&end, want, 2));
        // A step inside of a condition may not have run, and then nothing of it is there.
        let mut inside = Scope::default();
        for entry in &entries {
            inside.extend(&entry.reads.behind(&format!("has(steps.{})", entry.id)));
        }
        let ids = entries.into_iter().map(|entry| entry.id).collect();
        let (ty, computed) =
            output.as_ref().map_or((Ty::Null, false), |output| (output.ty.clone(), output.computed));
        Block { steps, output: output.map(|output| output.template), ty, computed, inside, end, ids }
    }

    /// A block as an `if` or a `default` holds it.
    pub(super) fn held(&mut self, block: &Block) -> Value {
        match &block.output {
            None if self.dice.chance(1, 2) => Value::Array(block.steps.clone()),
            None => json!({ "steps": block.steps }),
            Some(output) => json!({ "steps": block.steps, "output": output }),
        }
    }

    /// Adds the steps and the output of a block to an object.
    pub(super) fn merge_block(&mut self, mut into: Value, block: &Block) -> Value {
        into["steps"] = Value::Array(block.steps.clone());
        if let Some(output) = &block.output {
            into["output"] = output.clone();
        }
        into
    }
}

/// What can be read by who waits for these.
fn seen(s: &Scope, entries: &[Entry], waits: &[usize]) -> Scope {
    let mut scope = s.clone();
    let mut facts = Vec::new();
    for at in waits {
        scope.extend(&entries[*at].reads);
        facts.extend(entries[*at].facts.iter().cloned());
    }
    scope.with(&facts)
}
