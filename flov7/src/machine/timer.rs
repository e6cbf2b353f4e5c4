//! Timers: what is due, and what that means.

use super::cells::{BlockEnding, OpenWork};
use super::codec::EventRef;
use super::event::Timer;
use super::run::{Run, Tag};
use super::state::{At, Ending, Unit};
use super::{Failure, FailureClass};
use crate::id::{StepPath, Timestamp};

/// What a step's own `timeout` says.
pub(super) const TIMED_OUT: &str = "it took longer than its timeout";

/// A turn of so many bytes takes nothing more, and says `more`: a store takes a few times as much at once.
const TURN_BYTES: usize = 4 * 1024 * 1024;

impl Run<'_> {
    /// Whether the turn takes another incoming: not once its fuel is spent or its body is large. A turn that a defect stopped does, and
    /// decides nothing of it.
    pub(super) fn takes_more(&self) -> bool {
        self.state.ended.is_none()
            && (!self.tape.stopped || self.tape.halted)
            && self.tape.out.0.len() < TURN_BYTES
    }

    /// Fires what is due, by due instant and path, and does what each makes ready before the next fires.
    pub(super) fn fire_due(&mut self) {
        while self.takes_more()
            && !self.state.paused
            && let Some(((due, path, timer), at)) = self.state.timers.first_key_value()
            && *due <= self.state.now
        {
            let (path, timer, at) = (path.clone(), *timer, *at);
            self.record(&EventRef::Fired(path.as_ref(), timer));
            self.fire(path.as_ref(), timer, at);
            self.drain();
        }
    }

    /// A timer of a replay: false where the machine has no such timer.
    pub(super) fn refire(&mut self, path: Option<&StepPath>, timer: Timer) -> bool {
        let Some((at, _)) = self.armed(path, timer) else { return false };
        self.count();
        self.fire(path, timer, at);
        true
    }

    /// Whose timer it is, and when it is due.
    fn armed(&self, path: Option<&StepPath>, timer: Timer) -> Option<(At, Timestamp)> {
        let Some(path) = path else {
            let none = At { step: 0, scope: 0 };
            let due = match timer {
                Timer::Execution => self.state.due,
                Timer::Begin => self.state.held_back.as_ref().and_then(|begins| begins.at),
                _ => None,
            };
            return due.map(|due| (none, due));
        };
        if self.state.undo.path() == Some(path) {
            let due = self.state.undo.call()?.phase.due(timer)?;
            return Some((At::UNDO, due));
        }
        let at = self.step_at(path)?;
        let open = self.state.open(self.program, at)?;
        let due = match (timer, &open.work) {
            (Timer::Step, _) => open.due?,
            (Timer::Wait, OpenWork::Wait { due }) => *due,
            (_, OpenWork::Call(call)) => call.phase.due(timer)?,
            _ => return None,
        };
        Some((at, due))
    }

    fn fire(&mut self, path: Option<&StepPath>, timer: Timer, at: At) {
        if let Some((_, due)) = self.armed(path, timer) {
            self.state.timers.remove(&(due, path.cloned(), timer));
        }
        self.decide(Tag::Fired, path.map_or("", StepPath::as_str), &[timer as u64]);
        match timer {
            Timer::Execution => self.out_of_time(),
            Timer::Step => self.timed_out(at),
            Timer::Attempt => self.attempt_timed_out(at),
            Timer::Grace => self.abandon(at),
            Timer::Backoff => self.backed_off(at),
            Timer::Wait => self.waited(at),
            Timer::Begin => self.time_came(),
            // Not armed: the machine fires them itself.
            Timer::Rest | Timer::Turn => {}
        }
    }

    /// A step's `timeout` is over: it settles now, or once its block has stopped (RULES, time.out).
    fn timed_out(&mut self, at: At) {
        let Some(open) = self.state.open_mut(self.program, at) else { return };
        open.due = None;
        let closed = open.closed;
        match &mut open.work {
            OpenWork::Call(_) => self.call_timed_out(at),
            _ if closed => {}
            OpenWork::Wait { .. } | OpenWork::WaitFor { .. } | OpenWork::Person(_) => {
                if let OpenWork::Wait { due } = &open.work {
                    let timer = (*due, Some(open.path.clone()), Timer::Wait);
                    self.state.timers.remove(&timer);
                }
                self.state.unregister(self.program, at);
                let failure = self.failure(at, FailureClass::World, "timeout", TIMED_OUT);
                self.close(at);
                self.state.urgent.push_back(Unit::Fail(at, failure));
            }
            OpenWork::Block { block, .. } => {
                let block = *block;
                // A block that is stopping already ends for its first reason.
                if self.state.block(self.program, at.scope, block).stop.is_none() {
                    if let Some(open) = self.state.open_mut(self.program, at)
                        && let OpenWork::Block { ending, .. } = &mut open.work
                    {
                        *ending = Some(BlockEnding::TimedOut);
                    }
                    self.cancel_block(at.scope, block);
                }
            }
            OpenWork::Branches(_) => self.end_branches(at, BlockEnding::TimedOut),
            OpenWork::Each(_) => self.end_items(at, BlockEnding::TimedOut),
            OpenWork::Loop(_) => self.end_round(at, BlockEnding::TimedOut),
            OpenWork::Child(_) => self.end_child(at, BlockEnding::TimedOut),
        }
    }

    /// The workflow's `timeout` is over: uncatchable.
    fn out_of_time(&mut self) {
        self.state.due = None;
        let failure =
            Failure::new(FailureClass::Limit, "limit.time", "the execution took longer than its timeout");
        self.stop(Ending::Limit(Box::new(failure)));
    }
}
