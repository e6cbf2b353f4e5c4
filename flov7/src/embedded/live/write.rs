//! The commit, and what it releases.

use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Duration;

use super::{Exit, Live, Unwritten};
use crate::action::{ActionContext, Attempt};
use crate::embedded::calls::Launch;
use crate::embedded::hub::{Phase, Seat};
use crate::embedded::record::{Asking, gone};
use crate::embedded::shared::Shared;
use crate::error::{Error, ErrorKind};
use crate::id::Timestamp;
use crate::machine::{Blocked, BlockedReason, Call, Emission, Head, Status, TurnBody};
use crate::observe::Observation;
use crate::store::{Lease, Turn, TurnError};

/// The pause before a commit in doubt is looked at again; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What became of a commit whose outcome was unknown.
enum Doubt {
    /// All of it is there.
    Written,
    /// It is there up to this event.
    From(u64),
    /// The execution is no longer ours.
    Elsewhere,
}

/// What a commit says of the execution as a whole.
struct Last {
    head: Option<Head>,
    release: bool,
    snapshot: Option<Arc<[u8]>>,
}

impl Live {
    /// Commits what was decided, as one commit, and begins what depends on it.
    pub(super) async fn write(&mut self, now: Timestamp) -> Result<(), Exit> {
        self.close();
        let leaves = self.leaves(now);
        if leaves.is_some() {
            self.head = self.machine.head();
        }
        if let (Some(Exit::Blocked), Some(why)) = (leaves, &self.blocked) {
            self.head =
                self.head.clone().with_blocked(why.clone(), now.saturating_add(self.shared.options.recheck));
        }
        if self.lease.is_none() {
            return Err(Exit::Fenced);
        }
        let unwritten = std::mem::take(&mut self.unwritten);
        let last = self.last(&unwritten, leaves);
        let mut turns = self.turns(&unwritten, &last);
        let bodies = || turns.iter().filter_map(|turn| turn.body.as_ref());
        let begin = bodies().next().map(|body| body.first_seq);
        let events = begin.zip(bodies().next_back().map(TurnBody::next_seq));
        let count = turns.len();
        let (mut pause, mut from) = (FIRST_PAUSE, None);
        while !turns.is_empty() {
            let outcomes = self.shared.store.commit(turns).await;
            let none_written = outcomes.iter().all(|outcome| matches!(outcome, Err(TurnError::Refused(_))));
            let error = match outcomes.into_iter().find_map(Result::err) {
                None => break,
                Some(TurnError::Fenced) => return Err(Exit::Fenced),
                // No space, or another process writes: it may be taken later, and until then nothing is lost.
                Some(TurnError::Refused(error)) if error.kind() == ErrorKind::Unavailable => error,
                Some(TurnError::Refused(error)) => return Err(self.refused(&error).await),
                Some(TurnError::Unknown(error)) => error,
                Some(error @ TurnError::Conflict(_)) => Error::new(ErrorKind::Unknown, error.to_string()),
            };
            tracing::warn!(execution = %self.seat.key.1, %error, "a commit failed, and is tried again");
            let (namespace, execution) = &self.seat.key;
            self.shared.observe(&Observation::CommitFailed { namespace, execution, error: &error });
            // Of several turns some may be there, and after some errors nobody knows: the store is asked, until it
            // answers.
            let doubt = match none_written {
                true => None,
                false => self.doubt(events, count, leaves).await,
            };
            match doubt {
                Some(Doubt::Written) => break,
                Some(Doubt::From(seq)) => from = Some(seq),
                Some(Doubt::Elsewhere) => return Err(Exit::Fenced),
                None => {}
            }
            if !self.pause(pause).await {
                // Nothing begins here any more. Whoever has the lease next goes on, and a late commit finds it gone.
                self.hand_back().await;
                return Err(Exit::Fenced);
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
            // Only this owner writes, and what it writes is the same as before.
            turns = self.turns(&unwritten, &last);
            turns.retain(|turn| {
                turn.body.as_ref().is_none_or(|body| from.is_none_or(|seq| body.first_seq >= seq))
            });
        }
        self.written(unwritten, leaves).await
    }

    /// Waits before a commit is tried again. Whether it still may be: not where the lease was lost, or the executor is
    /// closed.
    async fn pause(&self, pause: Duration) -> bool {
        let until = self.shared.clock.now().saturating_add(pause);
        loop {
            if self.seat.desk.is_fenced() || self.shared.hub.phase() == Phase::Closed {
                return false;
            }
            if self.shared.clock.now() >= until {
                return true;
            }
            // What is left at the desk meanwhile is gathered afterwards.
            tokio::select! {
                () = self.shared.clock.sleep_until(until) => {}
                () = self.seat.desk.called() => {}
            }
        }
    }

    /// What was decided, as the store takes it: the head and the release go with the last turn.
    fn turns(&self, unwritten: &Unwritten, last: &Last) -> Vec<Turn> {
        let Some(lease) = &self.lease else { return Vec::new() };
        let (namespace, execution) = &self.seat.key;
        let empty = || Turn::new(namespace.clone(), execution.clone(), lease.clone());
        let mut turns: Vec<Turn> = Vec::with_capacity(unwritten.turns.len().max(1));
        for made in &unwritten.turns {
            let mut turn = empty();
            turn.body.clone_from(&made.body);
            turn.consumed.clone_from(&made.consumed);
            turn.children.clone_from(&made.children);
            turn.posts.clone_from(&made.posts);
            turn.emitted.clone_from(&made.emitted);
            turns.push(turn);
        }
        let Last { head, release, snapshot } = last;
        if head.is_some() || *release || snapshot.is_some() {
            if turns.is_empty() {
                turns.push(empty());
            }
            if let Some(last) = turns.last_mut() {
                last.head.clone_from(head);
                last.release = *release;
                last.snapshot.clone_from(snapshot);
            }
        }
        turns
    }

    /// What goes with the last turn: the machine is where that one left it.
    fn last(&mut self, unwritten: &Unwritten, leaves: Option<Exit>) -> Last {
        let mut snapshot = None;
        if !self.shared.store.capabilities().history {
            // No journal says it again: it is shown when it leaves memory, and when somebody looks.
            if std::mem::take(&mut self.looked_for) || leaves.is_some() {
                snapshot = self.shared.state_of(&self.machine);
            }
        } else if !unwritten.ended && unwritten.turns.last().is_some_and(|made| made.body.is_some()) {
            // An execution that ended is never gone on with.
            snapshot = self.tail.snapshot(|| self.machine.snapshot());
        }
        // Handing back makes an execution claimable at once; parking only when it is due or called.
        let release = matches!(leaves, Some(Exit::Ended | Exit::Parked | Exit::Blocked));
        let head = (self.head != self.stored).then(|| self.head.clone());
        Last { head, release, snapshot }
    }

    /// What became of a commit of the journal's events `begin` to `end`; nothing where the store does not answer.
    async fn doubt(&self, events: Option<(u64, u64)>, turns: usize, leaves: Option<Exit>) -> Option<Doubt> {
        let (namespace, execution) = &self.seat.key;
        let row = match self.shared.store.restore(namespace, execution).await {
            Ok(loaded) => loaded.row,
            // Without a journal nobody can tell, and nothing is gone on with.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Unsupported) => {
                return Some(Doubt::Elsewhere);
            }
            Err(_) => return None,
        };
        let held = row.lease == self.lease;
        let Some((begin, end)) = events else {
            // Without a body only the release can tell.
            let released = leaves.is_some() && row.lease.is_none();
            return Some(if held {
                Doubt::From(0)
            } else if released {
                Doubt::Written
            } else {
                Doubt::Elsewhere
            });
        };
        // One more than were committed: a later owner's turns would follow.
        let there =
            self.shared.store.turns(namespace, execution, begin, turns.saturating_add(1)).await.ok()?;
        let stands = there.last().map_or(begin, TurnBody::next_seq);
        Some(match stands.cmp(&end) {
            Ordering::Equal if held || leaves.is_some() => Doubt::Written,
            Ordering::Less if held => Doubt::From(stands),
            _ => Doubt::Elsewhere,
        })
    }

    /// What was decided is durable: it is told, and what depends on it begins.
    pub(super) async fn written(&mut self, unwritten: Unwritten, leaves: Option<Exit>) -> Result<(), Exit> {
        let (namespace, execution) = &self.seat.key;
        let mut family = false;
        for made in &unwritten.turns {
            for child in &made.children {
                self.shared.observe(&Observation::Started { namespace, execution: &child.execution });
            }
            for Emission { path, event, .. } in &made.emitted {
                self.shared.observe(&Observation::Emitted { namespace, execution, path, event });
            }
            family |= !made.children.is_empty() || !made.posts.is_empty();
        }
        if family {
            // Those who were made or told are for whoever looks first.
            self.shared.hub.poke.notify_one();
        }
        let consumed: Vec<String> = unwritten.turns.into_iter().flat_map(|made| made.consumed).collect();
        if !consumed.is_empty() {
            self.mail.committed(&consumed, self.shared.hub.round());
        }
        for (path, key, reply) in unwritten.records {
            let kept = self.machine.recorded(&path, &key).is_some();
            // An attempt that was dropped meanwhile needs no acknowledgement.
            let _ = reply.send(if kept { Ok(()) } else { Err(gone()) });
        }
        let execution = self.seat.key.1.clone();
        for (path, settled) in &unwritten.settled {
            self.shared.observe(&Observation::Settled { execution: &execution, path, settled: *settled });
        }
        if self.head.status != self.stored.status {
            let (namespace, status) = (&self.seat.key.0, self.head.status);
            self.shared.observe(&Observation::StatusChanged { namespace, execution: &execution, status });
        }
        self.stored = self.head.clone();
        self.shared.hub.progressed(&self.seat.key);
        for id in &unwritten.cancel {
            self.calls.cancel(id);
        }
        match leaves {
            Some(Exit::Stopped) => {
                self.hand_back().await;
                return Err(Exit::Stopped);
            }
            Some(exit) => {
                self.seat.desk.let_go();
                if exit == Exit::Ended {
                    self.shared.forget(&self.seat.key);
                }
                return Err(exit);
            }
            None => {}
        }
        for call in unwritten.begin {
            self.begin(call).await;
        }
        Ok(())
    }

    /// Gives the lease back, so that another executor can go on at once.
    pub(super) async fn hand_back(&mut self) {
        if let Some(lease) = self.lease.take() {
            let (namespace, execution) = self.seat.key.clone();
            self.seat.desk.let_go();
            if let Err(error) = self.shared.store.release(&[(namespace, execution, lease)]).await {
                // It lapses by itself.
                tracing::debug!(kind = %error.kind(), "a lease could not be handed back");
            }
        }
    }

    /// Begins an attempt; one that is ready at once comes in with the next turn.
    pub(super) async fn begin(&mut self, call: Call) {
        let now = self.shared.clock.now();
        let id = (call.path.clone(), call.attempt);
        let equipment = &self.kit.equipment;
        let Some(handler) = equipment.handler(&call.action) else {
            // Handlers were found for every action of the document before it was run.
            let message = format!("no handler for `{}` at `{}`", call.action, call.path);
            self.blocked = Some(Blocked::new(BlockedReason::Missing, message));
            return;
        };
        let open = equipment.connection(&**handler, call.connection.as_deref());
        let (namespace, execution) = self.seat.key.clone();
        let mut cx = ActionContext::new(namespace, execution, call.path.clone(), call.attempt, call.deadline);
        let cancellation = cx.cancellation.clone();
        if let Some(open) = open {
            cx = cx.with_connection(open.connection.clone());
        }
        if handler.descriptor().records {
            let asking = Asking { path: call.path.clone(), owner: self.asks.clone() };
            cx = cx.with_recorder(Arc::new(asking));
        }
        self.shared.observe(&Observation::AttemptStarted {
            execution: &self.seat.key.1,
            path: &id.0,
            action: &call.action,
            attempt: id.1,
        });
        let launch = Launch {
            id: id.clone(),
            action: call.action.clone(),
            attempt: Attempt::new(handler.clone(), cx, call.input),
            cancellation,
            deadline: call.deadline,
            now,
            bound: open.and_then(|open| open.calls.clone()),
        };
        if let Some(outcome) = self.calls.begin(launch).await {
            let after = self.shared.clock.now();
            self.attempt_ended(&id, &call.action, now, after, &outcome);
            let incoming = self.result(id, outcome, after);
            self.ready.push(incoming);
        }
    }

    /// A turn that the store will never take: too large for it. A defect of ours or of its bounds; the execution stays
    /// where it is, and says so.
    async fn refused(&mut self, error: &Error) -> Exit {
        let why = Blocked::new(BlockedReason::Defect, format!("the store refuses the next turn: {error}"));
        match self.lease.take() {
            Some(lease) => park_blocked(&self.shared, &self.seat, lease, self.stored.clone(), why).await,
            None => Exit::Fenced,
        }
    }
}

/// Parks an execution where its journal stands, with what is in its way.
pub(super) async fn park_blocked(
    shared: &Shared,
    seat: &Seat,
    lease: Lease,
    head: Head,
    why: Blocked,
) -> Exit {
    let (namespace, execution) = seat.key.clone();
    tracing::warn!(%namespace, %execution, reason = ?why.reason, "an execution is blocked");
    let again = shared.clock.now().saturating_add(shared.options.recheck);
    let was = head.status;
    let mut turn = Turn::new(namespace, execution, lease);
    turn.head = Some(head.with_blocked(why, again));
    turn.release = true;
    seat.desk.let_go();
    // Where this fails the lease lapses, and the next owner finds the same.
    if let Some(Ok(())) = shared.store.commit(vec![turn]).await.first()
        && was != Status::Blocked
    {
        let (namespace, execution) = (&seat.key.0, &seat.key.1);
        shared.observe(&Observation::StatusChanged { namespace, execution, status: Status::Blocked });
    }
    Exit::Blocked
}
