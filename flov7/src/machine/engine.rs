//! What an engine asks of a machine besides turns: to begin or to go on without deciding anything.

use std::sync::Arc;

use super::event::Started;
use super::run::Run;
use super::state::State;
use super::{Incoming, Machine, Turn};
use crate::id::{ExecutionId, Timestamp};
use crate::program::Program;

impl Machine {
    /// Starts an execution as [`Machine::new`] does, but decides nothing yet: the turn holds `started` alone. For an
    /// engine that cannot run it now; a call that was scheduled and never begun could not be told from a lost one.
    pub fn begun(program: Arc<Program>, started: Started, at: Timestamp) -> (Machine, Turn) {
        let mut state = State::new(&program, started);
        let mut run = Run::new(&program, &mut state, at);
        run.record_started();
        run.began();
        run.tape.stopped = true;
        let tape = run.tape;
        let mut machine = Machine::of(program, state);
        let turn = machine.turn(tape, false);
        (machine, turn)
    }

    /// As [`Machine::handle`], but decides nothing: what came is journaled, and whoever handles the execution next goes
    /// on from there. For an engine that is about to stop.
    pub fn keep(&mut self, at: Timestamp, incoming: Vec<Incoming>) -> Turn {
        self.go(at, incoming, true, false)
    }

    /// How many attempts are in flight.
    pub fn in_flight(&self) -> usize {
        self.state.calls.len()
    }

    /// The executions that it called and has not heard the end of.
    pub fn children(&self) -> impl Iterator<Item = &ExecutionId> {
        self.state.children.keys()
    }

    /// What the execution began with; without its input, which is a value of the execution now.
    pub fn started(&self) -> &Started {
        &self.state.started
    }
}
