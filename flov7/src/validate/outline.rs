//! The document as a numbered tree: every step and block with its place, looked up in constant time.

use std::collections::{BTreeMap, BTreeSet};

use crate::json::Pointer;
use crate::workflow::{Block, Condition, OnError, Step, Template, Then, Workflow};

/// A step, by its number in document order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StepNo(pub(super) usize);

/// A block, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct BlockNo(pub(super) usize);

/// One step and where it stands.
pub(super) struct StepAt<'w> {
    pub(super) step: &'w Step,
    /// JSON Pointer of the step.
    pub(super) pointer: String,
    /// The block it stands in, and at which place.
    pub(super) block: BlockNo,
    pub(super) index: usize,
    /// The number after that of the last step inside.
    pub(super) end: usize,
    /// The blocks inside, in document order.
    pub(super) blocks: Vec<BlockNo>,
    /// Bytes of the longest path that it can have.
    pub(super) path_bytes: usize,
    /// Whether its own parts could not all be read: nobody looks at them again.
    pub(super) poisoned: bool,
}

/// What a block is to the step that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The document's.
    Top,
    /// Runs if the condition is true.
    Then,
    /// Runs if it is false.
    Else,
    /// A case of a switch.
    Case(usize),
    /// What runs when no case matches.
    Default,
    /// A branch.
    Branch(usize),
    /// Runs for each item.
    Each,
    /// Runs in each round.
    Round,
}

impl Role {
    /// Whether what runs inside can be seen within one iteration only.
    pub(super) fn is_iteration(self) -> bool {
        matches!(self, Role::Each | Role::Round)
    }
}

/// One block and where it stands.
pub(super) struct BlockAt<'w> {
    /// The step that holds it; none for the document's.
    pub(super) owner: Option<StepNo>,
    pub(super) role: Role,
    /// Its steps.
    pub(super) steps: Vec<StepNo>,
    /// The template of its value, with its pointer.
    pub(super) output: Option<(&'w Template, String)>,
    /// How many blocks are around it.
    pub(super) depth: usize,
}

/// The whole document.
pub(super) struct Outline<'w> {
    pub(super) steps: Vec<StepAt<'w>>,
    pub(super) blocks: Vec<BlockAt<'w>>,
    by_id: BTreeMap<&'w str, StepNo>,
}

impl<'w> Outline<'w> {
    pub(super) fn new(workflow: &'w Workflow, poisoned: &BTreeSet<String>) -> Outline<'w> {
        let mut outline = Outline { steps: Vec::new(), blocks: Vec::new(), by_id: BTreeMap::new() };
        let mut pointer = Pointer::root();
        pointer.push("steps");
        let output = workflow.output.as_ref().map(|output| (output, "/output".to_owned()));
        outline.block(poisoned, &mut pointer, None, Role::Top, &workflow.steps, output, 0);
        outline
    }

    /// The step of that id; the first, where the id is there twice.
    pub(super) fn find(&self, id: &str) -> Option<StepNo> {
        self.by_id.get(id).copied()
    }

    /// All ids, sorted.
    pub(super) fn ids(&self) -> impl Iterator<Item = &'w str> {
        self.by_id.keys().copied()
    }

    pub(super) fn step(&self, no: StepNo) -> &StepAt<'w> {
        &self.steps[no.0]
    }

    pub(super) fn block_at(&self, no: BlockNo) -> &BlockAt<'w> {
        &self.blocks[no.0]
    }

    /// Whether `inner` stands somewhere inside of `outer`.
    pub(super) fn is_inside(&self, inner: StepNo, outer: StepNo) -> bool {
        outer.0 < inner.0 && inner.0 < self.step(outer).end
    }

    /// Adds a block. Recursion is bounded: documents with more than 32 blocks inside of each other are not built.
    #[allow(clippy::too_many_arguments)]
    fn block(
        &mut self,
        poisoned: &BTreeSet<String>,
        pointer: &mut Pointer,
        owner: Option<StepNo>,
        role: Role,
        steps: &'w [Step],
        output: Option<(&'w Template, String)>,
        path_bytes: usize,
    ) -> BlockNo {
        let depth = owner.map_or(0, |owner| self.block_at(self.step(owner).block).depth + 1);
        let no = BlockNo(self.blocks.len());
        self.blocks.push(BlockAt { owner, role, steps: Vec::with_capacity(steps.len()), output, depth });
        for (index, step) in steps.iter().enumerate() {
            let length = pointer.len();
            pointer.push_index(index);
            let own = StepNo(self.steps.len());
            self.blocks[no.0].steps.push(own);
            let path_bytes = path_bytes + step.id.len();
            self.steps.push(StepAt {
                step,
                pointer: pointer.as_str().to_owned(),
                block: no,
                index,
                end: 0,
                blocks: Vec::new(),
                path_bytes,
                poisoned: poisoned.contains(pointer.as_str()),
            });
            if !step.id.is_empty() {
                self.by_id.entry(&step.id).or_insert(own);
            }
            if let Some(condition) = &step.condition {
                pointer.push("condition");
                self.inside(poisoned, pointer, own, condition, path_bytes);
            }
            pointer.truncate(length);
            let end = self.steps.len();
            self.steps[own.0].end = end;
        }
        no
    }

    fn inside(
        &mut self,
        poisoned: &BTreeSet<String>,
        pointer: &mut Pointer,
        own: StepNo,
        condition: &'w Condition,
        path_bytes: usize,
    ) {
        let start = pointer.len();
        match condition {
            Condition::If(condition) => {
                pointer.push("then");
                self.whole(poisoned, pointer, own, Role::Then, &condition.then, path_bytes + "/then/".len());
                pointer.truncate(start);
                if let Some(block) = &condition.else_ {
                    pointer.push("else");
                    self.whole(poisoned, pointer, own, Role::Else, block, path_bytes + "/else/".len());
                }
            }
            Condition::Switch(condition) => {
                pointer.push("switch");
                let switch = pointer.len();
                pointer.push("cases");
                for (index, case) in condition.switch.cases.iter().enumerate() {
                    let length = pointer.len();
                    pointer.push_index(index);
                    let bytes = path_bytes + case.id.len() + 2;
                    self.parts(
                        poisoned,
                        pointer,
                        own,
                        Role::Case(index),
                        &case.steps,
                        case.output.as_ref(),
                        bytes,
                    );
                    pointer.truncate(length);
                }
                pointer.truncate(switch);
                if let Some(block) = &condition.switch.default {
                    pointer.push("default");
                    self.whole(poisoned, pointer, own, Role::Default, block, path_bytes + "/default/".len());
                }
            }
            Condition::Parallel(condition) => {
                pointer.push("parallel");
                pointer.push("branches");
                for (index, branch) in condition.parallel.branches.iter().enumerate() {
                    let length = pointer.len();
                    pointer.push_index(index);
                    let bytes = path_bytes + branch.id.len() + 2;
                    let output = branch.output.as_ref();
                    self.parts(poisoned, pointer, own, Role::Branch(index), &branch.steps, output, bytes);
                    pointer.truncate(length);
                }
            }
            Condition::ForEach(condition) => {
                pointer.push("for_each");
                let each = &condition.for_each;
                // Indices count as five digits (FORMAT 1, Size).
                let bytes = path_bytes + "[00000]/".len();
                self.parts(poisoned, pointer, own, Role::Each, &each.steps, each.output.as_ref(), bytes);
            }
            Condition::Loop(condition) => {
                pointer.push("loop");
                let bytes = path_bytes + "[00000]/".len();
                self.parts(poisoned, pointer, own, Role::Round, &condition.loop_.steps, None, bytes);
            }
            Condition::Filter(_) => {}
        }
        pointer.truncate(start);
    }

    /// A block that is a list, or an object with `steps` and `output`.
    fn whole(
        &mut self,
        poisoned: &BTreeSet<String>,
        pointer: &mut Pointer,
        own: StepNo,
        role: Role,
        block: &'w Block,
        path_bytes: usize,
    ) {
        match block {
            Block::Steps(steps) => {
                let no = self.block(poisoned, pointer, Some(own), role, steps, None, path_bytes);
                self.steps[own.0].blocks.push(no);
            }
            Block::Full(full) => {
                self.parts(poisoned, pointer, own, role, &full.steps, full.output.as_ref(), path_bytes);
            }
        }
    }

    /// A block whose steps and output are members of the object here.
    #[allow(clippy::too_many_arguments)]
    fn parts(
        &mut self,
        poisoned: &BTreeSet<String>,
        pointer: &mut Pointer,
        own: StepNo,
        role: Role,
        steps: &'w [Step],
        output: Option<&'w Template>,
        path_bytes: usize,
    ) {
        let output = output.map(|output| (output, pointer.join("output").into()));
        let length = pointer.len();
        pointer.push("steps");
        let no = self.block(poisoned, pointer, Some(own), role, steps, output, path_bytes);
        pointer.truncate(length);
        self.steps[own.0].blocks.push(no);
    }
}

/// Whether a rule lets the block go on.
pub(super) fn continues(rule: &OnError) -> bool {
    rule.then == Then::Continue
}

/// Whether a failure of the step may leave it without a value while the block goes on.
pub(super) fn may_fail_silently(step: &Step) -> bool {
    step.on_error.iter().flatten().any(|rule| continues(rule) && rule.value.is_none())
}
