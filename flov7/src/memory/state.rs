//! Executions in memory, and the order in which they become claimable.

mod ended;
mod purge;
mod row;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use ended::Ended;
pub(super) use row::Row;
use row::{Hold, Mail, Snapshot};

use super::space::Space;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::id::{Digest, ExecutionId, Namespace, Timestamp, WorkflowName};
use crate::store::{
    Accepted, Claim, Claimed, Created, Lease, Loaded, Message, NewExecution, Place, StoreCapabilities, Turn,
    TurnBody, TurnError,
};
use crate::validate::Bundle;
use crate::workflow::ConcurrencyPolicy;

/// Everything that the store holds. All methods are one step: they change all or nothing.
pub(super) struct State {
    history: bool,
    spaces: BTreeMap<Namespace, Space>,
    /// Each bundle once, with how many rows share it.
    bundles: BTreeMap<Digest, (Arc<Bundle>, usize)>,
    /// When each execution becomes claimable by itself: [`Row::wake`] of all rows that have one.
    wakes: BTreeSet<(Timestamp, Namespace, ExecutionId)>,
    ended: Ended,
    /// The unconsumed messages of all executions, by arrival.
    pending: BTreeMap<u64, (Namespace, ExecutionId)>,
    arrivals: u64,
    births: u64,
}

impl State {
    /// An empty one, with or without journals; of executions that ended it keeps so many bytes, or all without it.
    pub(super) fn new(history: bool, ended_bytes: Option<usize>) -> Self {
        State {
            history,
            spaces: BTreeMap::new(),
            bundles: BTreeMap::new(),
            wakes: BTreeSet::new(),
            ended: Ended::new(ended_bytes),
            pending: BTreeMap::new(),
            arrivals: 0,
            births: 0,
        }
    }

    /// A namespace's space, for reading: one that nobody wrote to is not there.
    pub(super) fn space(&self, namespace: &Namespace) -> Option<&Space> {
        self.spaces.get(namespace)
    }

    /// A namespace's space, made when it is first written to.
    pub(super) fn space_mut(&mut self, namespace: &Namespace) -> &mut Space {
        self.spaces.entry(namespace.clone()).or_default()
    }

    /// A namespace's space, if someone wrote to it.
    pub(super) fn existing_mut(&mut self, namespace: &Namespace) -> Option<&mut Space> {
        self.spaces.get_mut(namespace)
    }

    fn row(&self, namespace: &Namespace, execution: &ExecutionId) -> Result<&Row, Error> {
        let row = self.spaces.get(namespace).and_then(|space| space.executions.get(execution));
        row.map(|row| &**row).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("there is no execution {execution} in `{namespace}`"))
        })
    }

    fn row_mut(&mut self, namespace: &Namespace, execution: &ExecutionId) -> Option<&mut Row> {
        self.spaces.get_mut(namespace)?.executions.get_mut(execution).map(|row| &mut **row)
    }

    pub(super) fn create(
        &mut self,
        namespace: &Namespace,
        workflow: WorkflowName,
        new: NewExecution,
        now: Timestamp,
    ) -> Result<Created, Error> {
        let space = self.space_mut(namespace);
        if let Some(key) = &new.key
            && let Some(known) = space.keys.get(&workflow).and_then(|keys| keys.get(key))
        {
            return Ok(Created::Existing(known.clone()));
        }
        if space.executions.contains_key(&new.execution) {
            let message = format!("there is an execution {} already", new.execution);
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        let line = new.line.as_ref().map(|place| (workflow.clone(), place.key.clone()));
        let before: Vec<ExecutionId> = line
            .as_ref()
            .and_then(|line| space.lines.get(line))
            .into_iter()
            .flat_map(BTreeMap::values)
            .cloned()
            .collect();
        if let (Some(place), Some(first)) = (&new.line, before.first())
            && place.policy == ConcurrencyPolicy::Reject
        {
            return Ok(Created::Refused(first.clone()));
        }
        if let Some(key) = &new.key {
            space.keys.entry(workflow.clone()).or_default().insert(key.clone(), new.execution.clone());
        }
        let hold = match new.lease {
            Some((owner, ttl)) => Hold::Leased { owner, until: after(now, ttl) },
            None if new.rests => Hold::Parked,
            None => Hold::Orphaned { since: now },
        };
        let last = new.more.last().unwrap_or(&new.first);
        let (bundle, rows) = self.bundles.entry(new.digest).or_insert((new.bundle, 0));
        *rows += 1;
        let mut row = Row {
            workflow,
            head: new.head,
            bundle: Arc::clone(bundle),
            digest: new.digest,
            key: new.key,
            line: None,
            tags: new.tags,
            started: now,
            changed: now,
            hold,
            epoch: 1,
            wake: None,
            ended: None,
            next_seq: last.next_seq(),
            next_turn: last.turn.saturating_add(1),
            turns: Vec::new(),
            // Who keeps the journal needs no state at its beginning.
            snapshot: new.snapshot.filter(|_| !self.history).map(|body| Snapshot {
                next_turn: last.turn.saturating_add(1),
                next_seq: last.next_seq(),
                body,
            }),
            inbox: BTreeMap::new(),
            known: BTreeSet::new(),
        };
        let lease = row.lease();
        if self.history {
            row.turns.push(new.first);
            row.turns.extend(new.more);
        }
        self.births += 1;
        let birth = self.births;
        let ended = row.head.status.is_ended();
        let space = self.space_mut(namespace);
        if let Some(line) = line.filter(|_| !ended) {
            row.line = Some((birth, line.1.clone()));
            space.lines.entry(line).or_default().insert(birth, new.execution.clone());
        }
        space.executions.insert(new.execution.clone(), Box::new(row));
        self.rewake(namespace, &new.execution);
        if let Some(place) = new.line {
            if before.is_empty() {
                self.deliver(namespace, &new.execution, Place::turn(), now);
            } else if place.policy == ConcurrencyPolicy::Replace {
                before.iter().for_each(|held| self.deliver(namespace, held, place.replaced(), now));
            }
        }
        if ended {
            self.file(namespace, &new.execution);
        }
        Ok(Created::New(lease))
    }

    pub(super) fn commit(
        &mut self,
        turn: Turn,
        capabilities: &StoreCapabilities,
        clock: &dyn Clock,
    ) -> Result<(), TurnError> {
        let history = self.history;
        let workflows = turn.check_children(capabilities);
        let Some(row) = self.row_mut(&turn.namespace, &turn.execution).filter(|row| row.holds(&turn.lease))
        else {
            return Err(TurnError::Fenced);
        };
        if let Some(body) = &turn.body {
            body.check(capabilities).map_err(TurnError::Refused)?;
            if body.first_seq != row.next_seq {
                return Err(TurnError::Conflict(row.next_seq));
            }
        }
        let workflows = workflows.map_err(TurnError::Refused)?;
        // Everything is checked: from here on nothing fails.
        if let Some(body) = turn.body {
            row.next_seq = body.next_seq();
            row.next_turn = body.turn.saturating_add(1);
            if history {
                row.turns.push(body);
            }
        }
        if let Some(body) = turn.snapshot {
            row.snapshot = Some(Snapshot { next_turn: row.next_turn, next_seq: row.next_seq, body });
        }
        let rewake = turn.release || turn.head.as_ref().is_some_and(|head| head.status.is_ended());
        if let Some(head) = turn.head.filter(|head| *head != row.head) {
            row.head = head;
            row.changed = clock.now();
        }
        if turn.release {
            row.hold = Hold::Parked;
        }
        // The inbox's closing at the end is a kind of consumption.
        let ended = row.head.status.is_ended();
        let gone: Vec<u64> = row
            .inbox
            .iter()
            .filter(|(_, mail)| ended || turn.consumed.contains(&mail.message.id))
            .map(|(arrival, _)| *arrival)
            .collect();
        row.inbox.retain(|arrival, _| !gone.contains(arrival));
        for arrival in &gone {
            self.pending.remove(arrival);
        }
        if rewake {
            self.rewake(&turn.namespace, &turn.execution);
        }
        for (workflow, child) in workflows.into_iter().zip(turn.children) {
            // One that is known is passed over.
            let refused = child.line.as_ref().and_then(|place| place.refused.clone());
            let created = self.create(&turn.namespace, workflow, child, clock.now());
            if let (Ok(Created::Refused(_)), Some(message)) = (created, refused) {
                self.deliver(&turn.namespace, &turn.execution, message, clock.now());
            }
        }
        for event in turn.emitted {
            self.space_mut(&turn.namespace).emit(&turn.namespace, &turn.execution, event, clock.now());
        }
        for (to, message) in turn.posts {
            self.deliver(&turn.namespace, &to, message, clock.now());
        }
        if ended {
            self.leave_line(&turn.namespace, &turn.execution, clock.now());
            self.file(&turn.namespace, &turn.execution);
        }
        Ok(())
    }

    /// One that ended makes room for the next with its concurrency key.
    fn leave_line(&mut self, namespace: &Namespace, execution: &ExecutionId, now: Timestamp) {
        let Some(row) = self.row_mut(namespace, execution) else { return };
        let Some((birth, key)) = row.line.take() else { return };
        let line = (row.workflow.clone(), key);
        let space = self.space_mut(namespace);
        let Some(waiting) = space.lines.get_mut(&line) else { return };
        waiting.remove(&birth);
        match waiting.values().next().cloned() {
            Some(first) => self.deliver(namespace, &first, Place::turn(), now),
            None => drop(space.lines.remove(&line)),
        }
    }

    pub(super) fn post(
        &mut self,
        namespace: &Namespace,
        to: &ExecutionId,
        message: Message,
        now: Timestamp,
    ) -> Result<Accepted, Error> {
        let row = self.row(namespace, to)?;
        if row.known.contains(&message.id) {
            return Ok(Accepted::Duplicate);
        }
        if row.head.status.is_ended() {
            return Err(Error::new(ErrorKind::Closed, format!("execution {to} has ended")));
        }
        let (signals, bytes) = row.signals();
        message.fits(&row.head, signals, bytes)?;
        self.deliver(namespace, to, message, now);
        Ok(Accepted::New)
    }

    /// Puts a message into an inbox unless it is known or nobody is there to read it.
    fn deliver(&mut self, namespace: &Namespace, to: &ExecutionId, message: Message, now: Timestamp) {
        let arrival = self.arrivals;
        let Some(row) = self.row_mut(namespace, to) else { return };
        if row.head.status.is_ended() || !row.known.insert(message.id.clone()) {
            return;
        }
        row.inbox.insert(arrival, Mail { at: now, bytes: message.bytes(), message });
        self.arrivals += 1;
        self.pending.insert(arrival, (namespace.clone(), to.clone()));
        self.rewake(namespace, to);
    }

    pub(super) fn claim(&mut self, claim: &Claim, now: Timestamp) -> Vec<Claimed> {
        let ready: Vec<_> = match &claim.only {
            Some((namespace, execution)) => self
                .row(namespace, execution)
                .ok()
                .filter(|row| row.is_free(now) && !claim.leaves_out(namespace, execution))
                .map(|_| (namespace.clone(), execution.clone()))
                .into_iter()
                .take(claim.limit)
                .collect(),
            None => self
                .wakes
                .iter()
                .take_while(|(at, ..)| *at <= now)
                .filter(|(_, namespace, execution)| !claim.leaves_out(namespace, execution))
                .take(claim.limit)
                .map(|(_, namespace, execution)| (namespace.clone(), execution.clone()))
                .collect(),
        };
        let mut claimed = Vec::with_capacity(ready.len());
        for (namespace, execution) in ready {
            let Some(row) = self.row_mut(&namespace, &execution) else { continue };
            row.epoch += 1;
            row.hold = Hold::Leased { owner: claim.owner.clone(), until: after(now, claim.ttl_millis) };
            let lease = Lease { owner: claim.owner.clone(), epoch: row.epoch };
            self.rewake(&namespace, &execution);
            claimed.push(Claimed { namespace, execution, lease });
        }
        claimed
    }

    pub(super) fn renew(
        &mut self,
        leases: &[(Namespace, ExecutionId, Lease)],
        ttl_millis: u64,
        now: Timestamp,
    ) -> Vec<bool> {
        let mut extend = |(namespace, execution, lease): &(Namespace, ExecutionId, Lease)| {
            let Some(row) = self.row_mut(namespace, execution).filter(|row| row.holds(lease)) else {
                return false;
            };
            row.hold = Hold::Leased { owner: lease.owner.clone(), until: after(now, ttl_millis) };
            self.rewake(namespace, execution);
            true
        };
        leases.iter().map(&mut extend).collect()
    }

    pub(super) fn release(&mut self, leases: &[(Namespace, ExecutionId, Lease)], now: Timestamp) {
        for (namespace, execution, lease) in leases {
            if let Some(row) = self.row_mut(namespace, execution).filter(|row| row.holds(lease)) {
                row.hold = Hold::Orphaned { since: now };
                self.rewake(namespace, execution);
            }
        }
    }

    pub(super) fn arrived(&self, owner: &str, limit: usize) -> Vec<(Namespace, ExecutionId, Message)> {
        self.pending
            .iter()
            .filter_map(|(arrival, (namespace, execution))| {
                let row = self.row(namespace, execution).ok()?;
                let owned = matches!(&row.hold, Hold::Leased { owner: holder, .. } if holder == owner);
                let mail = row.inbox.get(arrival).filter(|_| owned)?;
                Some((namespace.clone(), execution.clone(), mail.message.clone()))
            })
            .take(limit)
            .collect()
    }

    pub(super) fn restore(&self, namespace: &Namespace, execution: &ExecutionId) -> Result<Loaded, Error> {
        let row = self.row(namespace, execution)?;
        let from = row.snapshot.as_ref().map_or(0, |snapshot| snapshot.next_seq);
        if !self.history && from != row.next_seq {
            return Err(Error::unsupported(
                "this store keeps no journals, and no snapshot holds the newest state",
            ));
        }
        Ok(Loaded {
            row: row.shown(execution),
            bundle: Arc::clone(&row.bundle),
            snapshot: row.snapshot.as_ref().map(|snapshot| (snapshot.next_turn, Arc::clone(&snapshot.body))),
            turns: row.turns[position(&row.turns, from)..].to_vec(),
            inbox: row.inbox.values().map(|mail| mail.message.clone()).collect(),
        })
    }

    pub(super) fn turns(
        &self,
        namespace: &Namespace,
        execution: &ExecutionId,
        from_seq: u64,
        limit: usize,
    ) -> Result<Vec<TurnBody>, Error> {
        let turns = &self.row(namespace, execution)?.turns;
        Ok(turns[position(turns, from_seq)..].iter().take(limit).cloned().collect())
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.wakes.first().map(|(at, ..)| *at)
    }

    /// Puts a row where it belongs in [`State::wakes`] after something of it changed.
    fn rewake(&mut self, namespace: &Namespace, execution: &ExecutionId) {
        let Some(row) = self.row_mut(namespace, execution) else { return };
        let wake = row.claimable_at();
        let before = std::mem::replace(&mut row.wake, wake);
        if before == wake {
            return;
        }
        let place = |at| (at, namespace.clone(), execution.clone());
        if let Some(before) = before {
            self.wakes.remove(&place(before));
        }
        if let Some(wake) = wake {
            self.wakes.insert(place(wake));
        }
    }
}

/// Where the turn that holds event `seq` stands, or the first one after it.
fn position(turns: &[TurnBody], seq: u64) -> usize {
    turns.partition_point(|turn| turn.next_seq() <= seq)
}

fn after(now: Timestamp, millis: u64) -> Timestamp {
    now.saturating_add(Duration::from_millis(millis))
}
