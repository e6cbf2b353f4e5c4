//! The pure interpreter: events in, commands out.
//!
//! No I/O, no clock, no randomness: time comes in, jitter is seeded, and the same inputs give the same turns in every
//! process. An engine only drives it: it feeds what came ([`Incoming`]), commits the turn, then carries out its
//! commands ([`Command`]).

mod apply;
mod blocks;
mod call;
mod cells;
mod child;
mod codec;
mod compute;
mod data;
mod emit;
mod engine;
pub mod event;
mod failure;
mod fork;
mod frozen;
mod kept;
mod line;
mod record;
mod replay;
mod ride;
mod run;
mod settle;
mod signal;
mod snapshot;
mod start;
mod state;
mod taken;
mod timer;
mod token;
mod turn;
mod undo;
mod view;
mod wait;

pub use apply::PAYLOAD_BYTES;
#[cfg(feature = "embedded")]
pub(crate) use child::refused_child;
pub use data::*;
pub use failure::{DETAILS_BYTES, MESSAGE_BYTES};
pub use fork::{ForkPoint, ForkRefusal};
pub use line::{LINE_KEY_BYTES, REPLACED, line_key};
pub use replay::{Outstanding, ReplayError};
pub use run::LIVE_BYTES;
pub use settle::GRACE;
pub use signal::{Refusal, approval};
pub use turn::{Head, Turn, TurnBody};

use std::sync::Arc;

use event::{Ended, Started};
use ride::Open;
use run::{Run, Tape};
use state::State;

use crate::id::Timestamp;
use crate::program::Program;

/// One live execution.
///
/// The engine's loop is: gather what came; [`Machine::handle`]; commit the turn's body, head and consumed messages;
/// carry out its commands; again at once while the turn says `more`, else when something comes or at
/// [`Machine::due`]. A turn that could not be committed makes the machine worthless: restore it from the store.
#[derive(Clone, Debug)]
pub struct Machine {
    program: Arc<Program>,
    state: State,
    /// Came while an earlier turn had no fuel left; taken first by the next.
    held: Vec<Incoming>,
    /// A turn that goes on.
    open: Option<Open>,
    /// Why nothing more is decided in this process.
    blocked: Option<Blocked>,
    /// The head after the last turn.
    told: Head,
}

impl Machine {
    /// Starts an execution at an instant; `started` has an input that conforms to the document's schema. The turn
    /// holds `started` and the first attempts.
    pub fn new(program: Arc<Program>, started: Started, at: Timestamp) -> (Machine, Turn) {
        let mut state = State::new(&program, started);
        let mut run = Run::new(&program, &mut state, at);
        run.record_started();
        run.began();
        run.drain();
        run.fire_due();
        let tape = run.tape;
        let mut machine = Machine::of(program, state);
        let turn = machine.turn(tape, false);
        (machine, turn)
    }

    /// From now on the bodies of its turns are empty: for a store that keeps no journals, where nobody would read them.
    #[must_use]
    pub fn without_text(mut self) -> Machine {
        self.state.unread = true;
        self
    }

    fn of(program: Arc<Program>, state: State) -> Machine {
        let mut machine = Machine {
            program,
            state,
            held: Vec::new(),
            open: None,
            blocked: None,
            told: Head::new(Status::Running, None),
        };
        machine.told = machine.head();
        machine
    }

    /// Takes what came by an instant and decides what follows. The order of `incoming` matters only within a kind
    /// (RULES, turn.order); timers that are due fire last. After the end everything is ignored.
    pub fn handle(&mut self, at: Timestamp, incoming: Vec<Incoming>) -> Turn {
        // What a defect stopped stays stopped in this process; what comes meanwhile is journaled all the same.
        self.go(at, incoming, self.blocked.is_some(), false)
    }

    /// A turn, or more of the one that goes on: `keep` decides nothing, `open` leaves it open where it came to rest.
    fn go(&mut self, at: Timestamp, incoming: Vec<Incoming>, keep: bool, open: bool) -> Turn {
        let mut all = std::mem::take(&mut self.held);
        all.extend(incoming);
        if self.state.ended.is_some() {
            let consumed = all.into_iter().filter_map(Incoming::into_message_id).collect();
            return Turn { consumed, ..Turn::default() };
        }
        let program = Arc::clone(&self.program);
        let before = self.open.take();
        // What goes on has one time.
        let at = if before.is_some() { self.state.now } else { at };
        let mut run = Run::new(&program, &mut self.state, at);
        if let Some(before) = before {
            before.go_on(&mut run.tape);
        }
        run.tape.halted = keep;
        run.tape.stopped = run.tape.halted;
        if !run.tape.stopped && run.has_rest() {
            run.rest();
            run.drain();
        }
        let mut all = run.in_order(all).into_iter();
        while run.takes_more()
            && let Some(incoming) = all.next()
        {
            run.accept(incoming);
            run.drain();
        }
        run.fire_due();
        let tape = run.tape;
        self.held = all.collect();
        self.turn(tape, open)
    }

    /// When the machine next has something to do by itself; nothing when only something from outside can move it.
    pub fn due(&self) -> Option<Timestamp> {
        // Timers wait while the execution is paused (RULES, pause).
        if self.state.paused {
            return None;
        }
        self.state.timers.first_key_value().map(|((due, ..), _)| *due)
    }

    /// What a store is to know of it now.
    pub fn head(&self) -> Head {
        let status = match &self.state.ended {
            Some(ended) => ended.status.into(),
            None if self.blocked.is_some() => Status::Blocked,
            None if self.state.paused => Status::Paused,
            None if self.state.begins_by_itself() => Status::Running,
            None if self.state.busy > 0 || self.state.has_rest() => Status::Running,
            None => Status::Waiting,
        };
        let mut head =
            Head::new(status, self.due()).with_buffered(self.state.buffered_count, self.state.buffered_bytes);
        head.blocked = self.blocked.clone();
        head
    }

    /// How it ended, if it did.
    pub fn ended(&self) -> Option<&Ended> {
        self.state.ended.as_deref()
    }

    /// What an engine commits and does.
    fn turn(&mut self, mut tape: Tape, open: bool) -> Turn {
        let mut turn = Turn {
            more: self.state.ended.is_none() && ((tape.stopped && !tape.halted) || !self.held.is_empty()),
            blocked: tape.blocked.clone(),
            ended: self.state.ended.clone(),
            ..Turn::default()
        };
        let rests = !tape.stopped && self.held.is_empty() && turn.ended.is_none();
        if tape.count > 0 && open && rests {
            self.open = Some(Open::of(&mut tape));
        } else if tape.count > 0 {
            turn.body = Some(self.body(tape.count, tape.take_body(&self.program.nothing)));
        }
        self.blocked = self.blocked.take().or(tape.blocked);
        turn.commands = tape.commands;
        turn.consumed = tape.consumed;
        turn.settled = tape.settled;
        turn.work = tape.fuel.used();
        let head = self.head();
        if changed(&self.told, &head, !self.state.calls.is_empty()) {
            turn.head = Some(head.clone());
        }
        self.told = head;
        turn
    }
}

/// Whether a store must hear of it. While calls are in flight the execution is leased, and their deadlines would change
/// the due instant with each turn: it counts again when none is.
fn changed(told: &Head, head: &Head, in_flight: bool) -> bool {
    let due = |head: &Head| if in_flight { None } else { head.due };
    told.status != head.status
        || due(told) != due(head)
        || (told.buffered, told.buffered_bytes) != (head.buffered, head.buffered_bytes)
        || told.blocked != head.blocked
}
