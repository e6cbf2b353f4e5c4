//! Values that moved into the input of a call, and how they are seen where they were.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::cells::{OpenWork, Phase, Scope};
use super::run::{Run, Trouble};
use super::state::{At, State};
use crate::expr::Taken;
use crate::program::{Program, Template, Work, slot};

impl Run<'_> {
    /// The input of a call: what nobody reads again is moved into it.
    pub(super) fn render_taking(
        &mut self,
        at: At,
        template: &Template,
        taken: &[Taken],
    ) -> Result<Arc<Value>, Trouble> {
        if taken.is_empty() {
            return self.render(at, template);
        }
        // All of it has its value before anything moves: a failure leaves all as it was.
        let mut input = self.render_but_taken(at, template)?;
        for taken in taken {
            if let Some(place) = taken.place(&mut input) {
                *place = self.state.take(at.scope, taken);
            }
        }
        Ok(Arc::new(input))
    }
}

impl State {
    /// Takes a member out of a slot; copies it where the value is kept for readers or shared. What the slot weighs stays
    /// as it is until its last reader has settled.
    fn take(&mut self, scope: u32, taken: &Taken) -> Value {
        let keep = self.keep;
        let Some(value) = &mut self.scope_mut(scope).slots[slot::place(taken.slot())] else {
            return Value::Null;
        };
        if !keep && let Some(value) = Arc::get_mut(value) {
            return taken.source(value).map(Value::take).unwrap_or_default();
        }
        taken.seen(value).cloned().unwrap_or_default()
    }
}

impl Scope {
    /// The slots that open calls took something out of, as they were before.
    pub(super) fn whole(&self, program: &Program) -> BTreeMap<usize, Value> {
        let mut whole = BTreeMap::new();
        for (place, cell) in self.cells.iter().enumerate() {
            let Phase::Open(open) = &cell.phase else { continue };
            let OpenWork::Call(call) = &open.work else { continue };
            let step = program.scopes[self.scope as usize].steps[place];
            let Work::Call(plan) = &program.steps[step as usize].work else { continue };
            if !call.moved {
                continue;
            }
            let Some(mut input) = call.input.as_ref().and_then(super::kept::Kept::value) else { continue };
            for taken in &plan.taken {
                let slot = slot::place(taken.slot());
                let value: &mut Value = whole
                    .entry(slot)
                    .or_insert_with(|| self.slots[slot].as_deref().cloned().unwrap_or_default());
                if let (Some(to), Some(from)) = (taken.source(value), taken.place(&mut input)) {
                    *to = from.take();
                }
            }
        }
        whole
    }
}
