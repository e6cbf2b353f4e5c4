//! The document as a numbered tree: every step and block with its place, looked up in constant time.

use std::collections::BTreeSet;
use std::ops::Deref;

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
    place: &'w StepPlace,
}

impl<'w> StepAt<'w> {
    /// Where it stands.
    pub(super) fn place(&self) -> &'w StepPlace {
        self.place
    }
}

impl Deref for StepAt<'_> {
    type Target = StepPlace;

    fn deref(&self) -> &StepPlace {
        self.place
    }
}

/// Where a step stands.
#[derive(Debug, PartialEq)]
pub(super) struct StepPlace {
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
    place: &'w BlockPlace,
    /// The template of its value.
    output: Option<&'w Template>,
}

impl<'w> BlockAt<'w> {
    /// The template of its value, with its pointer.
    pub(super) fn output(&self) -> Option<(&'w Template, &'w str)> {
        Some((self.output?, self.place.output.as_deref()?))
    }
}

impl Deref for BlockAt<'_> {
    type Target = BlockPlace;

    fn deref(&self) -> &BlockPlace {
        self.place
    }
}

/// Where a block stands.
#[derive(Debug, PartialEq)]
pub(super) struct BlockPlace {
    /// The step that holds it; none for the document's.
    pub(super) owner: Option<StepNo>,
    pub(super) role: Role,
    /// Its steps.
    pub(super) steps: Vec<StepNo>,
    /// The pointer of the template of its value.
    output: Option<String>,
    /// How many blocks are around it.
    pub(super) depth: usize,
}

/// The whole document.
pub(super) struct Outline<'w> {
    pub(super) steps: Vec<StepAt<'w>>,
    pub(super) blocks: Vec<BlockAt<'w>>,
    /// Steps with an id, in the order of their ids, each with how its id begins; the first, where an id is there twice.
    by_id: &'w [(u64, StepNo)],
    /// Whether no id is there twice.
    unique: bool,
}

/// What an outline says of places alone: it fits every document of the same steps in the same places.
#[derive(Debug)]
pub(super) struct Places {
    steps: Vec<StepPlace>,
    blocks: Vec<BlockPlace>,
    by_id: Vec<(u64, StepNo)>,
    unique: bool,
}

/// What stands in the places of an outline.
pub(super) struct Inhabitants<'w> {
    steps: Vec<&'w Step>,
    outputs: Vec<Option<&'w Template>>,
}

/// How an id begins, as a number: ids are in the order of these, as far as they differ.
fn beginning(id: &str) -> u64 {
    let mut first = [0; 8];
    for (place, byte) in first.iter_mut().zip(id.bytes()) {
        *place = byte;
    }
    u64::from_be_bytes(first)
}

/// An outline that is being made.
struct Building<'w> {
    places: Places,
    inside: Inhabitants<'w>,
}

impl Places {
    /// The places of a document, and what stands in them.
    pub(super) fn of<'w>(workflow: &'w Workflow, poisoned: &BTreeSet<String>) -> (Places, Inhabitants<'w>) {
        let room = workflow.steps.len() + workflow.steps.len() / 2 + 4;
        let mut building = Building {
            places: Places {
                steps: Vec::with_capacity(room),
                blocks: Vec::with_capacity(room / 2),
                by_id: Vec::new(),
                unique: true,
            },
            inside: Inhabitants { steps: Vec::with_capacity(room), outputs: Vec::with_capacity(room / 2) },
        };
        let mut pointer = Pointer::root();
        pointer.push("steps");
        let output = workflow.output.as_ref().map(|output| (output, "/output".to_owned()));
        building.block(poisoned, &mut pointer, None, Role::Top, &workflow.steps, output, 0);
        let Building { mut places, inside } = building;
        let id = |no: &StepNo| inside.steps[no.0].id.as_str();
        let named = (0..inside.steps.len()).map(StepNo).filter(|no| !id(no).is_empty());
        let mut by_id: Vec<(u64, StepNo)> = Vec::with_capacity(inside.steps.len());
        by_id.extend(named.map(|no| (beginning(id(&no)), no)));
        by_id.sort_by(|(a, own), (b, other)| a.cmp(b).then_with(|| id(own).cmp(id(other))));
        let all = by_id.len();
        by_id.dedup_by(|(a, later), (b, first)| a == b && id(later) == id(first));
        places.unique = by_id.len() == all;
        places.by_id = by_id;
        (places, inside)
    }
}

impl<'w> Inhabitants<'w> {
    /// What stands in the places of a document.
    fn of(workflow: &'w Workflow, places: &Places) -> Inhabitants<'w> {
        let (mut steps, mut outputs) =
            (Vec::with_capacity(places.steps.len()), Vec::with_capacity(places.blocks.len()));
        outputs.push(workflow.output.as_ref());
        gather(&workflow.steps, &mut steps, &mut outputs);
        Inhabitants { steps, outputs }
    }
}

impl<'w> Outline<'w> {
    /// The outline of what stands in these places.
    pub(super) fn new(places: &'w Places, inside: Inhabitants<'w>) -> Outline<'w> {
        let steps = inside.steps.into_iter().zip(&places.steps);
        let blocks = inside.outputs.into_iter().zip(&places.blocks);
        Outline {
            steps: steps.map(|(step, place)| StepAt { step, place }).collect(),
            blocks: blocks.map(|(output, place)| BlockAt { place, output }).collect(),
            by_id: &places.by_id,
            unique: places.unique,
        }
    }

    /// The outline of a document whose steps stand in these places; nothing where they do not.
    pub(super) fn of(places: &'w Places, workflow: &'w Workflow) -> Option<Outline<'w>> {
        let inside = Inhabitants::of(workflow, places);
        let fits = inside.steps.len() == places.steps.len() && inside.outputs.len() == places.blocks.len();
        fits.then(|| Outline::new(places, inside))
    }

    /// The step of that id; the first, where the id is there twice.
    pub(super) fn find(&self, id: &str) -> Option<StepNo> {
        let wanted = beginning(id);
        let found = self.by_id.binary_search_by(|(own, no)| {
            own.cmp(&wanted).then_with(|| self.step(*no).step.id.as_str().cmp(id))
        });
        self.by_id.get(found.ok()?).map(|(_, no)| *no)
    }

    /// Whether no id is there twice.
    pub(super) fn has_unique_ids(&self) -> bool {
        self.unique
    }

    /// All ids, sorted.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.by_id.iter().map(|(_, no)| self.step(*no).step.id.as_str())
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
}

impl<'w> Building<'w> {
    /// Adds a block. Recursion is bounded: documents with more than 32 blocks nested below their own steps are not built.
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
        let Places { steps: all, blocks, .. } = &mut self.places;
        let depth = owner.map_or(0, |owner| blocks[all[owner.0].block.0].depth + 1);
        let no = BlockNo(blocks.len());
        let (output, at) = output.unzip();
        let place = BlockPlace { owner, role, steps: Vec::with_capacity(steps.len()), output: at, depth };
        blocks.push(place);
        self.inside.outputs.push(output);
        for (index, step) in steps.iter().enumerate() {
            let length = pointer.len();
            pointer.push_index(index);
            let own = StepNo(self.places.steps.len());
            self.places.blocks[no.0].steps.push(own);
            let path_bytes = path_bytes + step.id.len();
            let place = StepPlace {
                pointer: pointer.as_str().to_owned(),
                block: no,
                index,
                end: 0,
                blocks: Vec::new(),
                path_bytes,
                poisoned: poisoned.contains(pointer.as_str()),
            };
            self.places.steps.push(place);
            self.inside.steps.push(step);
            if let Some(condition) = &step.condition {
                pointer.push("condition");
                self.inside(poisoned, pointer, own, condition, path_bytes);
            }
            pointer.truncate(length);
            let end = self.places.steps.len();
            self.places.steps[own.0].end = end;
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
                self.places.steps[own.0].blocks.push(no);
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
        self.places.steps[own.0].blocks.push(no);
    }
}

/// The steps and the outputs of blocks below a block, in the order in which an outline numbers them. Recursion is bounded:
/// blocks nest at most 32 deep.
fn gather<'w>(steps: &'w [Step], all: &mut Vec<&'w Step>, outputs: &mut Vec<Option<&'w Template>>) {
    for step in steps {
        all.push(step);
        for (steps, output) in step.condition.iter().flat_map(blocks) {
            outputs.push(output);
            gather(steps, all, outputs);
        }
    }
}

/// The blocks of a condition, in the order of the document.
pub(super) fn blocks(condition: &Condition) -> Vec<(&[Step], Option<&Template>)> {
    match condition {
        Condition::If(condition) => {
            std::iter::once(&condition.then).chain(&condition.else_).map(parts_of).collect()
        }
        Condition::Switch(condition) => {
            let cases =
                condition.switch.cases.iter().map(|case| (case.steps.as_slice(), case.output.as_ref()));
            cases.chain(condition.switch.default.as_ref().map(parts_of)).collect()
        }
        Condition::Parallel(condition) => {
            let branches = condition.parallel.branches.iter();
            branches.map(|branch| (branch.steps.as_slice(), branch.output.as_ref())).collect()
        }
        Condition::ForEach(condition) => {
            vec![(condition.for_each.steps.as_slice(), condition.for_each.output.as_ref())]
        }
        Condition::Loop(condition) => vec![(condition.loop_.steps.as_slice(), None)],
        Condition::Filter(_) => Vec::new(),
    }
}

fn parts_of(block: &Block) -> (&[Step], Option<&Template>) {
    match block {
        Block::Steps(steps) => (steps, None),
        Block::Full(full) => (&full.steps, full.output.as_ref()),
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
