//! What one look at a document costs, in visits, and where it ends.
//!
//! Every part has bounds of its own: types have a greatest weight, proofs have fuel, expressions a greatest length. A
//! document that is made for it multiplies them. So all visits of one validation are counted together, whatever the
//! machine: one visit is one part of a type, of an expression or of what is known that is looked at, or some letters of
//! names that are compared. The count belongs to the thread and not to an argument, because the lattice is asked from
//! everywhere; it is there only while [`metered`] runs, begins with nothing each time, and so gives the same answer for
//! the same document.

use std::cell::Cell;

thread_local! {
    /// How many visits are left; none while nothing is counted.
    static LEFT: Cell<Option<u64>> = const { Cell::new(None) };
}

/// What was there before is there again, also after a panic.
struct Restored(Option<u64>);

impl Drop for Restored {
    fn drop(&mut self) {
        LEFT.set(self.0);
    }
}

/// Does some work that may cost so many visits, and gives how many it took.
pub(crate) fn metered<T>(most: u64, work: impl FnOnce() -> T) -> (T, u64) {
    let _restored = Restored(LEFT.replace(Some(most)));
    let done = work();
    (done, most - LEFT.get().unwrap_or(0))
}

/// Does some work whose answer is kept for the next time: it is not counted, for the next time it costs nothing, and the
/// same document has to cost the same then. Whoever asks for the answer counts what it is worth.
pub(crate) fn apart<T>(work: impl FnOnce() -> T) -> T {
    let _restored = Restored(LEFT.replace(None));
    work()
}

/// Counts visits.
pub(crate) fn spend(visits: u64) {
    if let Some(left) = LEFT.get() {
        LEFT.set(Some(left.saturating_sub(visits)));
    }
}

/// Counts visits of as many things as there are.
pub(crate) fn spend_len(things: usize) {
    spend(u64::try_from(things).unwrap_or(u64::MAX));
}

/// Whether all visits are spent.
pub(crate) fn is_spent() -> bool {
    LEFT.get() == Some(0)
}
