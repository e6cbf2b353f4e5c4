//! Turns that go on: what comes at once, while nothing needs a commit, is one turn and not many.

use std::sync::Arc;

use super::codec::Out;
use super::event::JOURNAL_VERSION;
use super::run::Tape;
use super::{Incoming, Machine, Turn, TurnBody};
use crate::expr::Fuel;
use crate::id::Timestamp;

/// A turn that came to rest and is not closed.
#[derive(Clone, Debug)]
pub(super) struct Open {
    out: Out,
    count: u32,
    units: u64,
    fuel: Fuel,
}

impl Open {
    /// What a tape has given so far, which goes on with it.
    pub(super) fn of(tape: &mut Tape) -> Open {
        Open { out: std::mem::take(&mut tape.out), count: tape.count, units: tape.units, fuel: tape.fuel }
    }

    pub(super) fn go_on(self, tape: &mut Tape) {
        (tape.out, tape.count, tape.units, tape.fuel) = (self.out, self.count, self.units, self.fuel);
    }
}

impl Machine {
    /// As [`Machine::handle`], but where the machine comes to rest the turn goes on: it has no body yet, and the next
    /// `ride`, `handle` or `keep` adds to it, at its time. [`Machine::close`] ends it, before it is committed.
    ///
    /// A replay makes the same decisions: it takes the events of a turn one after the other, as they came.
    pub fn ride(&mut self, at: Timestamp, incoming: Vec<Incoming>) -> Turn {
        self.go(at, incoming, self.blocked.is_some(), true)
    }

    /// Ends the turn that goes on, if one does: its body.
    pub fn close(&mut self) -> Option<TurnBody> {
        let open = self.open.take()?;
        let mut tape = Tape { unread: self.state.unread, ..Tape::default() };
        let count = open.count;
        open.go_on(&mut tape);
        let body = tape.take_body(&self.program.nothing);
        Some(self.body(count, body))
    }

    /// Whether a turn goes on.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// How many events the turn holds that goes on; 0 where none does.
    pub fn open_events(&self) -> u64 {
        self.open.as_ref().map_or(0, |open| open.count.into())
    }

    /// How many bytes the turn holds that goes on; 0 where none does.
    pub fn open_bytes(&self) -> usize {
        self.open.as_ref().map_or(0, |open| open.out.0.len())
    }

    /// The recorded time of the last turn.
    pub fn recorded_at(&self) -> Timestamp {
        self.state.now
    }

    /// A turn as a store keeps it.
    pub(super) fn body(&mut self, count: u32, body: Arc<[u8]>) -> TurnBody {
        let turn = self.state.turn;
        self.state.turn += 1;
        TurnBody {
            first_seq: self.state.seq - u64::from(count),
            count,
            turn,
            at: self.state.now,
            v: JOURNAL_VERSION,
            decided: self.state.decided.finish(),
            body,
        }
    }
}
