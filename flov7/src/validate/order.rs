//! What has happened before what: the steps that each step waits for, and whether one place may read a step.

use super::outline::{BlockNo, Outline, StepNo, may_fail_silently};
use crate::finding::{Code, Finding, Misnamed};
use crate::json::PatchOp;
use crate::planted::{Bug, planted};
use crate::workflow::Condition;

/// The steps of its block that one step waits for, itself or through others.
///
/// All before `prefix`, and those in `more`, a set of bits. A step without `after` needs no bits (order.barrier), so
/// the usual document costs nothing here; only blocks in which many steps name others pay for sets.
#[derive(Clone, Debug, Default)]
pub(super) struct Before {
    prefix: usize,
    more: Vec<u64>,
}

impl Before {
    pub(super) fn has(&self, index: usize) -> bool {
        index < self.prefix || self.more.get(index / 64).is_some_and(|word| word & (1 << (index % 64)) != 0)
    }

    fn add(&mut self, index: usize) {
        if index < self.prefix {
            return;
        }
        let word = index / 64;
        if self.more.len() <= word {
            self.more.resize(word + 1, 0);
        }
        self.more[word] |= 1 << (index % 64);
    }

    fn join(&mut self, other: &Before) {
        self.prefix = self.prefix.max(other.prefix);
        if self.more.len() < other.more.len() {
            self.more.resize(other.more.len(), 0);
        }
        for (own, other) in self.more.iter_mut().zip(&other.more) {
            *own |= other;
        }
    }

    /// Moves bits that continue the prefix into it, so that a chain of steps stays free of sets.
    fn settle(&mut self) {
        while self.more.get(self.prefix / 64).is_some_and(|word| word & (1 << (self.prefix % 64)) != 0) {
            self.prefix += 1;
        }
        if self.more.iter().enumerate().all(|(word, bits)| {
            let inside = self.prefix.saturating_sub(word * 64).min(64);
            *bits == 0 || inside == 64 || bits >> inside == 0
        }) {
            self.more = Vec::new();
        }
    }
}

/// Who waits for whom, for every step by number, and which steps of a block can end it for those behind them.
pub(super) struct Order {
    before: Vec<Before>,
    /// Steps and names that were looked at to find that out, and words of sets.
    pub(super) work: u64,
    /// For each block the places of its filters: a step behind a false one is skipped.
    filters: Vec<Vec<usize>>,
}

/// Where an expression stands: what it may read follows from that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    /// In a step, evaluated when that is ready: `when`, `with`, `if`, …
    In(StepNo),
    /// In a step, evaluated after all of it has settled: a rule of `on_error`.
    Failed(StepNo),
    /// In a step, evaluated when that is done: its `undo`.
    Done(StepNo),
    /// Behind the last step of a block: its `output`, a loop's `next`.
    End(BlockNo),
    /// Outside of all steps: a trigger, the concurrency key.
    Outside,
}

/// Whether a step may be read at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// It has been settled; `sure` says that it then is done.
    Settled {
        /// Whether it certainly has a value.
        sure: bool,
    },
    /// It stands behind, or this one stands inside of it.
    NotYet,
    /// The step `reader` does not wait for `read`: naming that in its `after` would mend it.
    NotOrdered {
        /// The step that lacks the `after`.
        reader: StepNo,
        /// The step of the same block to name.
        read: StepNo,
    },
    /// It runs at the same time in another branch, or instead of this one.
    Elsewhere,
    /// It runs inside an iteration that this place is not part of.
    OtherIteration,
}

impl Order {
    /// Also notes every `after` that names no earlier step of its block.
    pub(super) fn new(outline: &Outline<'_>, findings: &mut Vec<Finding>) -> Order {
        let mut before = vec![Before::default(); outline.steps.len()];
        let mut work = 0;
        let mut filters = Vec::with_capacity(outline.blocks.len());
        for block in &outline.blocks {
            for (index, &no) in block.steps.iter().enumerate() {
                let step = outline.step(no);
                before[no.0] = match &step.step.after {
                    // What could not be read may have named anything: no order is held against it.
                    None => Before { prefix: index, more: Vec::new() },
                    Some(_) if step.poisoned || planted(Bug::AfterSeesAll) => {
                        Before { prefix: index, more: Vec::new() }
                    }
                    Some(after) => {
                        let mut own = Before::default();
                        for (position, id) in after.iter().enumerate() {
                            if let Some(named) = named(outline, no, position, id, findings) {
                                work += 1 + before[named.0].more.len() as u64;
                                own.join(&before[named.0]);
                                own.add(outline.step(named).index);
                            }
                        }
                        own.settle();
                        own
                    }
                };
            }
            let is_filter =
                |no: &StepNo| matches!(outline.step(*no).step.condition, Some(Condition::Filter(_)));
            filters.push(
                block.steps.iter().enumerate().filter(|(_, no)| is_filter(no)).map(|(at, _)| at).collect(),
            );
        }
        Order { before, filters, work }
    }

    /// Whether `later` waits for the step at `index` of its block.
    pub(super) fn waits(&self, later: StepNo, index: usize) -> bool {
        self.before[later.0].has(index)
    }

    /// Whether the step `read` may be read at `spot`.
    ///
    /// Both are followed outwards to the block that holds them both; what counts is how they stand to each other
    /// there.
    pub(super) fn sight(&self, outline: &Outline<'_>, spot: Spot, read: StepNo) -> Sight {
        let depth = |block: BlockNo| outline.block_at(block).depth;
        // The reader: a step of the block, none behind its last one.
        let (mut block, mut reader) = match spot {
            Spot::Outside => return Sight::NotYet,
            Spot::End(block) => (block, None),
            Spot::In(no) | Spot::Failed(no) | Spot::Done(no) => (outline.step(no).block, Some(no)),
        };
        let mut reader_inside = false;
        let mut target = read;
        let mut target_inside = false;
        while outline.step(target).block != block {
            let around = outline.step(target).block;
            if depth(around) >= depth(block) {
                let around = outline.block_at(around);
                // The outermost block holds everything, so whatever is left has an owner.
                let Some(owner) = around.owner else { return Sight::Elsewhere };
                if around.role.is_iteration() && !planted(Bug::ItemsAreVisible) {
                    return Sight::OtherIteration;
                }
                target = owner;
                target_inside = true;
            } else {
                let Some(owner) = outline.block_at(block).owner else { return Sight::Elsewhere };
                block = outline.step(owner).block;
                reader = Some(owner);
                reader_inside = true;
            }
        }
        let Some(reader) = reader else {
            return self.settled(outline, read, target_inside, None);
        };
        if reader == target {
            return match (reader_inside, target_inside, spot) {
                (true, true, _) => Sight::Elsewhere,
                (false, true, Spot::Failed(_)) => Sight::Settled { sure: false },
                (false, false, Spot::Done(_)) => Sight::Settled { sure: true },
                _ => Sight::NotYet,
            };
        }
        let index = outline.step(target).index;
        if self.waits(reader, index) {
            return self.settled(outline, read, target_inside, Some(reader));
        }
        if index < outline.step(reader).index {
            Sight::NotOrdered { reader, read: target }
        } else {
            Sight::NotYet
        }
    }

    /// What can be said of a step that has settled: it is done unless it may be skipped, or fail unnoticed, or was
    /// inside of something, or stands behind a filter that `reader` does not wait for.
    fn settled(&self, outline: &Outline<'_>, read: StepNo, inside: bool, reader: Option<StepNo>) -> Sight {
        let at = outline.step(read);
        let filtered = || {
            self.filters[at.block.0].iter().any(|&filter| {
                self.waits(read, filter) && reader.is_some_and(|reader| !self.waits(reader, filter))
            })
        };
        let sure = (!inside || planted(Bug::InsideIsSure))
            && (at.step.when.is_none() || planted(Bug::WhenIsSure))
            && (!may_fail_silently(at.step) || planted(Bug::FailureIsSure))
            && !filtered();
        Sight::Settled { sure }
    }
}

/// The earlier step of the same block that `after` names; notes it if there is none.
fn named(
    outline: &Outline<'_>,
    no: StepNo,
    position: usize,
    id: &str,
    findings: &mut Vec<Finding>,
) -> Option<StepNo> {
    let step = outline.step(no);
    let pointer = || format!("{}/after/{position}", step.pointer);
    let block = outline.block_at(step.block);
    let Some(found) = outline.find(id) else {
        let earlier = block.steps[..step.index].iter().map(|no| outline.step(*no).step.id.as_str());
        let finding = Finding::new(Code::UNKNOWN_STEP, pointer(), format!("no step is called `{id}`"))
            .with_step(&step.step.id)
            .with_found(id);
        let all: Vec<&str> = earlier.clone().filter(|id| !id.is_empty()).take(6).collect();
        let mut finding = finding.with_names(id, earlier, Misnamed::Value);
        if finding.help.is_none() && !all.is_empty() {
            finding.help = Some(format!("earlier steps of this block: `{}`", all.join("`, `")));
        }
        findings.push(finding);
        return None;
    };
    let other = outline.step(found);
    if other.block == step.block && other.index < step.index {
        return Some(found);
    }
    let pointer = pointer();
    let (message, help) = if found == no {
        (format!("`{id}` cannot wait for itself"), None)
    } else if other.block == step.block {
        (
            format!("`{id}` stands behind this step"),
            Some("move this step behind the one that it waits for".to_owned()),
        )
    } else {
        (
            format!("`{id}` stands in another block"),
            around(outline, step.block, found)
                .map(|holder| format!("wait for `{}`, which it stands in", outline.step(holder).step.id)),
        )
    };
    let mut finding =
        Finding::new(Code::BAD_AFTER, pointer.as_str(), message).with_step(&step.step.id).with_found(id);
    finding.help = help;
    let named = step.step.after.as_deref().unwrap_or_default();
    finding.fix = if found == no && named.len() > 1 {
        Some(vec![PatchOp::Remove { path: pointer }])
    } else {
        // Whoever waits for a step inside of a condition waits for the condition.
        around(outline, step.block, found)
            .filter(|holder| outline.step(*holder).index < step.index && other.block != step.block)
            .map(|holder| outline.step(holder).step.id.as_str())
            .filter(|holder| !named.iter().any(|named| named == holder))
            .map(|holder| vec![PatchOp::Replace { path: pointer, value: holder.into() }])
    };
    findings.push(finding);
    None
}

/// Which step of `block` has `inner` inside of it.
fn around(outline: &Outline<'_>, block: BlockNo, inner: StepNo) -> Option<StepNo> {
    let mut at = inner;
    while outline.step(at).block != block {
        at = outline.block_at(outline.step(at).block).owner?;
    }
    Some(at)
}

/// The steps that never run because `ending` ends their block: the first of them.
pub(super) fn first_after(outline: &Outline<'_>, order: &Order, ending: StepNo) -> Option<StepNo> {
    let at = outline.step(ending);
    let block = outline.block_at(at.block);
    block.steps[at.index + 1..].iter().copied().find(|later| order.waits(*later, at.index))
}
