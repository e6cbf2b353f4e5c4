//! What the input of a call takes out of the values of steps before it, instead of copying it.
//!
//! A value moves where the call is the only one that still reads it, and nothing of the call itself reads it later: no
//! rule of `on_error`, no undo. What an attempt after the first gets, and what a snapshot shows of the value, is made again
//! from the input that was kept.

use std::collections::BTreeSet;

use super::{Slot, Step, Template, Work};

/// What the call of a step may take; `lone` are the slots whose values the step's end alone frees.
pub(super) fn of_step(step: &mut Step, lone: &BTreeSet<Slot>) {
    if lone.is_empty() {
        return;
    }
    let later: Vec<&Template> = step
        .handlers
        .iter()
        .filter_map(|handler| handler.value.as_ref())
        .chain(step.undo.iter().filter_map(|undo| undo.with.as_ref()))
        .collect();
    let free: BTreeSet<Slot> =
        lone.iter().copied().filter(|slot| later.iter().all(|template| !template.reads(*slot))).collect();
    // Where the input may yet be refused, what it was made of must still be whole.
    if let Work::Call(call) = &mut step.work
        && call.input.is_empty()
        && let Some(with) = &mut call.with
    {
        call.taken = with.take(&|slot| free.contains(&slot));
    }
}
