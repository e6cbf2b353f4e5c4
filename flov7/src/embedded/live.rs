//! One live execution: a task that feeds its machine, commits what it decides, and carries that out.
//!
//! The rule of the house: what an effect depends on is durable before the effect begins. So a turn is handled, its
//! calls are held, the turn is committed, and only then they begin; a call of effect `none` alone begins at once. What
//! is ready is taken in before anything is committed, so that a step's result and the next step's schedule are one
//! commit: n strict steps cost n + 1.

mod begin;
mod family;
mod tail;
mod write;

use std::sync::Arc;

use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::calls::{AttemptId, Calls, Finished, Outcome, never_begun};
use super::hub::{Phase, Seat};
use super::mail::{Fresh, Mail};
use super::record::{ASKS, Ask, Reply, diverged};
use super::shared::{Kit, Shared};
use crate::error::{Error, ErrorKind};
use crate::id::{ExecutionId, StepPath, Timestamp};
use crate::machine::{
    Blocked, Call, CallError, CallOutput, Command, Emission, Head, Incoming, Machine, PAYLOAD_BYTES, Settled,
    Turn, TurnBody,
};
use crate::observe::Observation;
use crate::store::{Lease, Message, NewExecution};

use family::Born;
use tail::Tail;

pub(super) use begin::{Birth, claimed, start};

/// Why an execution left memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// It ended.
    Ended,
    /// It waits in the store until it is due or called.
    Parked,
    /// Something is in its way; it is looked at again later.
    Blocked,
    /// Another executor has it, or it is gone.
    Fenced,
    /// This executor stops; its lease was handed back.
    Stopped,
}

struct Live {
    shared: Arc<Shared>,
    seat: Seat,
    /// None until the execution is created.
    lease: Option<Lease>,
    kit: Arc<Kit>,
    machine: Machine,
    /// The head as the store has it.
    stored: Head,
    /// The head as it is to be.
    head: Head,
    mail: Mail,
    calls: Calls,
    finished: UnboundedReceiver<Finished>,
    asks: mpsc::Sender<Ask>,
    asked: mpsc::Receiver<Ask>,
    /// Came, and is not handled yet.
    ready: Vec<Incoming>,
    /// The machine has more to do at once.
    more: bool,
    /// Why the machine decides nothing more.
    blocked: Option<Blocked>,
    unwritten: Unwritten,
    tail: Tail,
    /// Somebody waits to see its state in the store.
    looked_for: bool,
}

/// What was decided since the last commit, and what depends on it.
#[derive(Default)]
struct Unwritten {
    turns: Vec<Made>,
    /// Events of the turns that have their body.
    events: u64,
    /// Events of the last turn, while it goes on.
    open: u64,
    /// To be begun after the commit.
    begin: Vec<Call>,
    /// To be told after the commit.
    cancel: Vec<AttemptId>,
    /// To be told to the observer after the commit.
    settled: Vec<(StepPath, Settled)>,
    /// Records that the turns hold, by step and key, and who waits for them to be durable.
    records: Vec<(StepPath, String, Reply)>,
    ended: bool,
}

/// A turn's part of a commit.
#[derive(Default)]
struct Made {
    body: Option<TurnBody>,
    consumed: Vec<String>,
    /// Written with it, or not at all.
    children: Vec<NewExecution>,
    posts: Vec<(ExecutionId, Message)>,
    emitted: Vec<Emission>,
}

impl Made {
    /// More of the same turn.
    fn add(&mut self, more: Made) {
        self.body = self.body.take().or(more.body);
        self.consumed.extend(more.consumed);
        self.children.extend(more.children);
        self.posts.extend(more.posts);
        self.emitted.extend(more.emitted);
    }

    fn leaves_nothing(&self) -> bool {
        self.children.is_empty() && self.posts.is_empty() && self.emitted.is_empty()
    }
}

impl Unwritten {
    fn is_empty(&self) -> bool {
        self.turns.is_empty() && self.begin.is_empty() && self.cancel.is_empty() && self.records.is_empty()
    }

    /// Whether something waits for the commit, so that nothing more is gathered first.
    fn is_strict(&self, ride: u64) -> bool {
        !self.begin.is_empty()
            || !self.cancel.is_empty()
            || !self.records.is_empty()
            || self.turns.iter().any(|made| !made.leaves_nothing())
            || self.ended
            || self.events + self.open >= ride
    }
}

/// What a live execution is made of besides its defaults.
struct Beginning {
    shared: Arc<Shared>,
    seat: Seat,
    lease: Option<Lease>,
    kit: Arc<Kit>,
    machine: Machine,
    stored: Head,
    mail: Mail,
    ready: Vec<Incoming>,
    tail: Tail,
}

impl Live {
    fn new(beginning: Beginning) -> Live {
        let Beginning { shared, seat, lease, kit, machine, stored, mail, ready, tail } = beginning;
        let (sender, finished) = mpsc::unbounded_channel();
        let (asks, asked) = mpsc::channel(ASKS);
        if let Some(lease) = &lease {
            seat.desk.hold(lease);
        }
        let machine = if shared.store.capabilities().history { machine } else { machine.without_text() };
        let head = machine.head();
        let clock = shared.clock.clone();
        Live {
            shared,
            seat,
            lease,
            kit,
            machine,
            stored,
            head,
            mail,
            calls: Calls::new(clock, sender),
            finished,
            asks,
            asked,
            ready,
            more: true,
            blocked: None,
            unwritten: Unwritten::default(),
            tail,
            looked_for: false,
        }
    }

    /// Works until the execution leaves memory.
    async fn live(mut self) {
        let exit = loop {
            if let Err(exit) = self.step().await {
                break exit;
            }
        };
        tracing::debug!(namespace = %self.seat.key.0, execution = %self.seat.key.1, ?exit, "an execution left memory");
    }

    /// Handles what is ready; else commits what was decided; else waits.
    async fn step(&mut self) -> Result<(), Exit> {
        self.gather()?;
        let now = self.shared.clock.now();
        let phase = self.shared.hub.phase();
        let due = phase == Phase::Open && self.machine.due().is_some_and(|due| due <= now);
        if !self.ready.is_empty() || due || self.more {
            self.turn(now, phase).await;
            if self.unwritten.is_strict(self.shared.options.ride) {
                self.write(now).await?;
            }
            return Ok(());
        }
        if !self.unwritten.is_empty() || self.looked_for || self.leaves(now).is_some() {
            return self.write(now).await;
        }
        self.rest().await;
        Ok(())
    }

    /// One turn of the machine over all that is ready.
    async fn turn(&mut self, now: Timestamp, phase: Phase) {
        let mut incoming = std::mem::take(&mut self.ready);
        for id in self.calls.expired_unbegun(now) {
            incoming.push(self.result(id, Err(never_begun()), now));
        }
        // A turn that goes on is to fit the store however much comes at once.
        let large = self.machine.open_bytes() >= self.shared.store.capabilities().turn_bytes / 4;
        if phase != Phase::Open || now != self.machine.recorded_at() || large {
            self.close();
        }
        let turn = match phase {
            // What is ready at once, at the same time, is one turn.
            Phase::Open => self.machine.ride(now, incoming),
            // What comes in is kept, and nothing new is begun: the next owner goes on from there.
            Phase::Draining | Phase::Closed => self.machine.keep(now, incoming),
        };
        self.take(turn).await;
        if self.more {
            // A long list, or a long ride, is not to keep others from their turn.
            tokio::task::yield_now().await;
        }
    }

    /// Takes over what a turn decided: calls of effect `none` begin, all else waits for the commit.
    async fn take(&mut self, turn: Turn) {
        self.more = turn.more;
        if turn.blocked.is_some() {
            self.blocked = turn.blocked;
        }
        if let Some(head) = turn.head {
            self.head = head;
        }
        self.unwritten.ended |= turn.ended.is_some();
        self.unwritten.settled.extend(turn.settled);
        let mut made = Made { body: turn.body, consumed: turn.consumed, ..Made::default() };
        made.posts.extend(turn.ended.as_deref().and_then(|ended| self.told_parent(ended)));
        for command in turn.commands {
            match command {
                Command::Call(call) if call.effect == crate::catalog::Effect::None => self.begin(call).await,
                Command::Call(call) => self.unwritten.begin.push(call),
                Command::CancelCall { path, attempt } => self.unwritten.cancel.push((path, attempt)),
                Command::Start(child) => match self.newborn(child) {
                    Ok(Born::Child(child)) => made.children.push(*child),
                    Ok(Born::Told(message)) => made.posts.push((self.seat.key.1.clone(), message)),
                    Err(why) => self.blocked = Some(why),
                },
                Command::Steer { execution, control } => made.posts.push(self.steering(execution, control)),
                Command::Emit(event) => made.emitted.push(event),
            }
        }
        let goes_on = self.unwritten.open > 0;
        self.unwritten.open = self.machine.open_events();
        if goes_on && let Some(last) = self.unwritten.turns.last_mut() {
            made.body.iter().for_each(|body| self.tail.grow(body));
            self.unwritten.events += made.body.as_ref().map_or(0, |body| u64::from(body.count));
            last.add(made);
        } else if let (None, 0, Some(last), true) =
            (&made.body, self.unwritten.open, self.unwritten.turns.last_mut(), made.leaves_nothing())
        {
            last.consumed.extend(made.consumed);
        } else if self.unwritten.open > 0
            || made.body.is_some()
            || !made.consumed.is_empty()
            || !made.leaves_nothing()
        {
            made.body.iter().for_each(|body| self.tail.grow(body));
            self.unwritten.events += made.body.as_ref().map_or(0, |body| u64::from(body.count));
            self.unwritten.turns.push(made);
        }
    }

    /// Ends the turn that goes on, if one does.
    fn close(&mut self) {
        let Some(body) = self.machine.close() else { return };
        self.tail.grow(&body);
        self.unwritten.events += u64::from(body.count);
        self.unwritten.open = 0;
        if let Some(last) = self.unwritten.turns.last_mut() {
            last.body = Some(body);
        }
    }

    /// Collects whatever came without waiting.
    fn gather(&mut self) -> Result<(), Exit> {
        if self.seat.desk.is_fenced() {
            return Err(Exit::Fenced);
        }
        self.looked_for |= self.seat.desk.take_look();
        if let Some(delivery) = self.seat.desk.take_mail() {
            match self.mail.fresh(delivery) {
                Fresh::Messages(messages) => self.ready.extend(messages.into_iter().map(Incoming::from)),
                Fresh::Stale => self.shared.hub.poke.notify_one(),
            }
        }
        while let Ok(finished) = self.finished.try_recv() {
            self.finish(finished);
        }
        while let Ok(ask) = self.asked.try_recv() {
            self.answer(ask);
        }
        Ok(())
    }

    /// Waits until something comes, a timer is due, or someone calls.
    async fn rest(&mut self) {
        // Who stops fires no timers; the next owner does.
        let due = self.machine.due().filter(|_| self.shared.hub.phase() == Phase::Open);
        let clock = self.shared.clock.clone();
        tokio::select! {
            // Tried in one order, here and wherever an executor waits: on one thread the same run is made every time.
            biased;
            Some(finished) = self.finished.recv() => self.finish(finished),
            Some(ask) = self.asked.recv() => self.answer(ask),
            () = self.seat.desk.called() => {}
            () = clock.sleep_until(due.unwrap_or(Timestamp::MAX)), if due.is_some() => {}
        }
    }

    fn finish(&mut self, finished: Finished) {
        match finished.outcome {
            Some(outcome) => {
                let now = self.shared.clock.now();
                let incoming = self.result(finished.attempt, outcome, now);
                self.ready.push(incoming);
            }
            // The machine gave it up already, by the same grace.
            None => drop(self.calls.remove(&finished.attempt)),
        }
    }

    /// An attempt's outcome as the machine takes it; it is no longer in flight here.
    fn result(&mut self, id: AttemptId, outcome: Outcome, now: Timestamp) -> Incoming {
        if let Some(left) = self.calls.remove(&id) {
            self.attempt_ended(&id, &left.action, left.since, now, &outcome);
        }
        let (path, attempt) = id;
        let result = outcome.map(CallOutput::from).map_err(CallError::from);
        Incoming::Result { path, attempt, result }
    }

    fn attempt_ended(
        &self,
        id: &AttemptId,
        action: &str,
        since: Timestamp,
        now: Timestamp,
        outcome: &Outcome,
    ) {
        self.shared.observe(&Observation::AttemptEnded {
            execution: &self.seat.key.1,
            path: &id.0,
            action,
            attempt: id.1,
            code: outcome.as_ref().err().map(|error| error.code.as_str()),
            millis: u64::try_from(now.since(since).as_millis()).unwrap_or(u64::MAX),
        });
    }

    /// Answers an attempt that asks for, or brings, a record.
    fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::Find { path, key, request, reply } => {
                let found = match self.machine.recorded(&path, &key) {
                    Some(record) if record.request_digest != request => Err(diverged(&key)),
                    found => Ok(found.map(|record| record.value.clone())),
                };
                // An attempt that was dropped meanwhile needs no answer.
                let _ = reply.send(found);
            }
            Ask::Save { record, reply } => match self.machine.recorded(&record.path, &record.key) {
                Some(known) => {
                    let same = known.request_digest == record.request_digest;
                    let _ = reply.send(if same { Ok(()) } else { Err(diverged(&record.key)) });
                }
                None if crate::json::canonical_size(&record.value) > PAYLOAD_BYTES => {
                    let message = format!("a record has at most {PAYLOAD_BYTES} bytes");
                    let _ = reply.send(Err(Error::new(ErrorKind::Limit, message)));
                }
                None => {
                    self.unwritten.records.push((record.path.clone(), record.key.clone(), reply));
                    self.ready.push(Incoming::Record(record));
                }
            },
        }
    }

    /// Why the execution leaves memory with the next commit, if it does.
    fn leaves(&self, now: Timestamp) -> Option<Exit> {
        if self.unwritten.ended {
            return Some(Exit::Ended);
        }
        let busy = !self.unwritten.begin.is_empty()
            || !self.unwritten.records.is_empty()
            || !self.ready.is_empty()
            || self.machine.in_flight() > 0;
        let phase = self.shared.hub.phase();
        if phase == Phase::Closed || (phase == Phase::Draining && !busy) {
            return Some(Exit::Stopped);
        }
        if busy || self.more || self.seat.desk.has_mail() {
            return None;
        }
        if self.blocked.is_some() {
            return Some(Exit::Blocked);
        }
        let soon = now.saturating_add(self.shared.options.linger);
        match self.machine.due() {
            Some(due) if due <= soon => None,
            _ => Some(Exit::Parked),
        }
    }
}
