//! Who reads a value last.
//!
//! A value is freed when the steps that read it have settled. Readers inside other blocks count as the step that holds
//! those blocks, in the innermost block that holds the value's maker and all its readers: such steps settle whether
//! their inner readers ran or not. What that block's own output reads lives until the block has ended.

use std::collections::{BTreeMap, BTreeSet};

use super::{Block, Step};

/// A slot that no step's end frees.
pub(crate) const BY_BLOCK: u32 = u32::MAX;

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reader {
    /// A step, anywhere in what it says.
    Step(u32),
    /// The output of a block.
    Output(u32),
}

/// Who reads the value of each step.
#[derive(Debug, Default)]
pub(super) struct Reads(BTreeMap<u32, BTreeSet<Reader>>);

/// When the values of steps are freed.
#[derive(Debug, Default)]
pub(super) struct Lives {
    /// By step: the steps whose values its end may free.
    pub(super) releases: BTreeMap<u32, Vec<u32>>,
    /// By step whose value is read: how many steps' ends free it, or [`BY_BLOCK`].
    pub(super) readers: BTreeMap<u32, u32>,
    /// By block: the steps whose values nothing reads after its end.
    pub(super) ends: BTreeMap<u32, Vec<u32>>,
}

impl Reads {
    pub(super) fn add(&mut self, reader: Reader, makers: BTreeSet<u32>) {
        for maker in makers {
            self.0.entry(maker).or_default().insert(reader);
        }
    }

    /// When each step's value is freed.
    pub(super) fn lives(&self, steps: &[Step], blocks: &[Block]) -> Lives {
        let mut lives = Lives::default();
        for (maker, readers) in &self.0 {
            // What a step says of itself (its undo) is read before its end counts.
            let others = readers.iter().filter(|reader| **reader != Reader::Step(*maker));
            let home = others.clone().fold(steps[*maker as usize].block, |home, reader| {
                common(steps, blocks, home, block_of(steps, *reader))
            });
            let mut ends = false;
            let mut lifted = BTreeSet::new();
            for reader in others {
                match lift(steps, blocks, home, *reader) {
                    Some(step) => drop(lifted.insert(step)),
                    None => ends = true,
                }
            }
            // Inside the step that holds the maker, readers settle before it does: its end counts where nobody behind it
            // reads, for its rules may read as well.
            if let Some(own) = lift(steps, blocks, home, Reader::Step(*maker))
                && lifted.remove(&own)
                && lifted.is_empty()
            {
                lifted.insert(own);
            }
            lives.ends.entry(home).or_default().push(*maker);
            if ends {
                lives.readers.insert(*maker, BY_BLOCK);
                continue;
            }
            // A document has far fewer steps.
            lives.readers.insert(*maker, u32::try_from(lifted.len()).unwrap_or(BY_BLOCK));
            for step in lifted {
                lives.releases.entry(step).or_default().push(*maker);
            }
        }
        lives
    }
}

fn block_of(steps: &[Step], reader: Reader) -> u32 {
    match reader {
        Reader::Step(step) => steps[step as usize].block,
        Reader::Output(block) => block,
    }
}

/// The block around a block.
fn around(steps: &[Step], blocks: &[Block], block: u32) -> Option<u32> {
    blocks[block as usize].holder.map(|holder| steps[holder as usize].block)
}

/// The innermost block that holds both. Blocks are numbered from the outside in, so the greater number goes outwards.
fn common(steps: &[Step], blocks: &[Block], mut a: u32, mut b: u32) -> u32 {
    while a != b {
        let outwards = a.max(b);
        let Some(outer) = around(steps, blocks, outwards) else { return 0 };
        if a > b { a = outer } else { b = outer }
    }
    a
}

/// The step of `home` that a reader stands in; none for `home`'s own output.
fn lift(steps: &[Step], blocks: &[Block], home: u32, reader: Reader) -> Option<u32> {
    let (mut block, mut step) = match reader {
        Reader::Step(step) => (steps[step as usize].block, Some(step)),
        Reader::Output(block) => (block, None),
    };
    while block != home {
        step = blocks[block as usize].holder;
        block = around(steps, blocks, block)?;
    }
    step
}
