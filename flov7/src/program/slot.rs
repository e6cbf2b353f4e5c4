//! Where a value lives: a scope's depth and a place in it, in one number.

/// The depth of the scope in the high eight bits, the place among its slots in the others.
pub(crate) type Slot = u32;

/// The root `error`, which lives only while a failure is handled.
pub(crate) const ERROR: Slot = u32::MAX;

/// The places of the roots of the outermost scope.
pub(crate) const INPUT: usize = 0;
pub(crate) const EXECUTION: usize = 1;
/// How many roots the outermost scope has; the values of its steps follow.
pub(super) const ROOTS: u32 = 2;

/// The place of an item in its scope.
pub(crate) const ITEM: usize = 0;
/// The place of the state in a round's scope.
pub(crate) const STATE: usize = 0;
/// The place of the number of an item or round in its scope, from 0.
pub(crate) const INDEX: usize = 1;

/// A document has at most 10,000 steps; more cannot be told apart here.
const PLACES: u32 = 1 << 24;

/// The slot at a place of a scope; none beyond what a slot can hold.
pub(super) fn make(depth: u32, place: u32) -> Option<Slot> {
    (depth < 255 && place < PLACES).then_some(depth << 24 | place)
}

/// How many scopes enclose the slot's own.
pub(crate) fn depth(slot: Slot) -> u32 {
    slot >> 24
}

/// The place among the scope's slots.
pub(crate) fn place(slot: Slot) -> usize {
    (slot & (PLACES - 1)) as usize
}
