//! Who is in memory: one seat per live execution, a desk where others leave things for it, and those who watch.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use crate::id::{ExecutionId, Namespace};
use crate::store::{Lease, Message};

/// An execution by namespace and id.
pub(super) type Key = (Namespace, ExecutionId);

/// Whether new work is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// All work is taken.
    #[default]
    Open,
    /// Nothing new: what is in memory comes to a rest and leaves.
    Draining,
    /// Everything stops where it is.
    Closed,
}

/// All live executions of an executor.
#[derive(Debug)]
pub(super) struct Hub {
    seats: usize,
    share: usize,
    state: Mutex<State>,
    /// Counts readings of arrived messages; raised before each.
    rounds: AtomicU64,
    /// How many watch; without any, a commit need not look.
    watching: AtomicUsize,
    /// Wakes the desk clerk: a seat is free where none was, messages are to be read again, the phase changed.
    pub(super) poke: Notify,
    /// Wakes who waits for all seats to be free.
    emptied: Notify,
    /// Counts the seats that were freed.
    freed: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    live: BTreeMap<Key, Arc<Desk>>,
    by_namespace: BTreeMap<Namespace, usize>,
    watchers: BTreeMap<Key, watch::Sender<Progress>>,
}

/// How far a watched execution is, counted by what its watchers heard of.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    commits: u64,
    /// How often it left memory.
    left: u64,
}

/// Where others leave things for a live execution.
#[derive(Debug, Default)]
pub(super) struct Desk {
    papers: Mutex<Papers>,
    call: Notify,
}

#[derive(Debug, Default)]
struct Papers {
    lease: Option<Lease>,
    mail: Option<Delivery>,
    fenced: bool,
    /// Somebody wants to see the state in the store.
    looked_for: bool,
}

/// The unconsumed messages of an execution, as one reading found them.
#[derive(Debug)]
pub(super) struct Delivery {
    /// The number of the reading.
    pub(super) round: u64,
    pub(super) messages: Vec<Message>,
}

impl Hub {
    pub(super) fn new(seats: usize, share: usize) -> Self {
        Hub {
            seats,
            share,
            state: Mutex::default(),
            rounds: AtomicU64::new(0),
            watching: AtomicUsize::new(0),
            poke: Notify::new(),
            emptied: Notify::new(),
            freed: watch::channel(0).0,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics halfway through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn phase(&self) -> Phase {
        self.state().phase
    }

    /// Goes on to a later phase and wakes everyone.
    pub(super) fn enter(&self, phase: Phase) {
        let desks: Vec<_> = {
            let mut state = self.state();
            state.phase = state.phase.max(phase);
            state.live.values().cloned().collect()
        };
        desks.iter().for_each(|desk| desk.call());
        self.poke.notify_one();
        self.emptied.notify_waiters();
    }

    /// A seat for an execution that starts here; none where memory, or the namespace's share of it, is full.
    pub(super) fn admit_new(self: &Arc<Self>, key: &Key) -> Option<Seat> {
        self.admit(key, |state| self.has_share(state, &key.0))
    }

    /// A seat for an execution that was claimed. Its namespace's share was looked at when it was asked for.
    pub(super) fn admit_claimed(self: &Arc<Self>, key: &Key) -> Option<Seat> {
        self.admit(key, |_| false)
    }

    fn admit(self: &Arc<Self>, key: &Key, full: impl Fn(&State) -> bool) -> Option<Seat> {
        let mut state = self.state();
        let refused = state.phase != Phase::Open
            || state.live.len() >= self.seats
            || state.live.contains_key(key)
            || full(&state);
        if refused {
            return None;
        }
        let desk = Arc::new(Desk::default());
        state.live.insert(key.clone(), desk.clone());
        *state.by_namespace.entry(key.0.clone()).or_default() += 1;
        Some(Seat { hub: self.clone(), key: key.clone(), desk })
    }

    /// Whether a namespace has as many seats as it may.
    fn has_share(&self, state: &State, namespace: &Namespace) -> bool {
        state.by_namespace.get(namespace).is_some_and(|taken| *taken >= self.share)
    }

    /// How many seats are free, and which namespaces have their share.
    pub(super) fn room(&self) -> (usize, Vec<Namespace>) {
        let state = self.state();
        if state.phase != Phase::Open {
            return (0, Vec::new());
        }
        let full = state.by_namespace.iter().filter(|(_, taken)| **taken >= self.share);
        (self.seats.saturating_sub(state.live.len()), full.map(|(namespace, _)| namespace.clone()).collect())
    }

    /// Whether no execution is live.
    pub(super) fn is_empty(&self) -> bool {
        self.state().live.is_empty()
    }

    /// The leases that live executions hold.
    pub(super) fn leases(&self) -> Vec<(Namespace, ExecutionId, Lease)> {
        let state = self.state();
        let held = state.live.iter().filter_map(|(key, desk)| Some((key, desk.papers().lease.clone()?)));
        held.map(|((namespace, execution), lease)| (namespace.clone(), execution.clone(), lease)).collect()
    }

    /// Tells a live execution that this lease of its no longer holds.
    pub(super) fn fence(&self, key: &Key, lease: &Lease) {
        self.fence_if(key, |held| held == Some(lease));
    }

    /// Tells a live execution that its lease no longer holds, for a newer one was given here. Says whether one is live.
    pub(super) fn fence_older(&self, key: &Key, newer: &Lease) -> bool {
        self.fence_if(key, |held| held != Some(newer))
    }

    fn fence_if(&self, key: &Key, lost: impl Fn(Option<&Lease>) -> bool) -> bool {
        let state = self.state();
        let Some(desk) = state.live.get(key) else { return false };
        let mut papers = desk.papers();
        papers.fenced |= lost(papers.lease.as_ref());
        desk.call();
        true
    }

    /// Asks a live execution to show its state in the store, where no journal does. Says whether one is live here.
    pub(super) fn look_for(&self, key: &Key) -> bool {
        let state = self.state();
        let Some(desk) = state.live.get(key) else { return false };
        desk.papers().looked_for = true;
        desk.call();
        true
    }

    /// Begins a reading of arrived messages; gives its number.
    pub(super) fn next_round(&self) -> u64 {
        self.rounds.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// The number of the last reading that began.
    pub(super) fn round(&self) -> u64 {
        self.rounds.load(Ordering::SeqCst)
    }

    /// Puts what a reading found onto the desks; it replaces what an earlier one found.
    pub(super) fn deliver(&self, round: u64, arrived: Vec<(Namespace, ExecutionId, Message)>) {
        let mut by_key: BTreeMap<Key, Vec<Message>> = BTreeMap::new();
        for (namespace, execution, message) in arrived {
            by_key.entry((namespace, execution)).or_default().push(message);
        }
        let state = self.state();
        for (key, messages) in by_key {
            if let Some(desk) = state.live.get(&key) {
                desk.papers().mail = Some(Delivery { round, messages });
                desk.call();
            }
        }
    }

    /// Watches an execution: the mark rises with each of its commits here.
    pub(super) fn watch(self: &Arc<Self>, key: &Key) -> Watch {
        self.watching.fetch_add(1, Ordering::SeqCst);
        let mut state = self.state();
        let sender =
            state.watchers.entry(key.clone()).or_insert_with(|| watch::channel(Progress::default()).0);
        let progress = sender.subscribe();
        let left = progress.borrow().left;
        Watch { hub: self.clone(), key: key.clone(), progress, left }
    }

    /// Watches whether any execution leaves memory.
    pub(super) fn watch_all(&self) -> WatchAll {
        WatchAll(self.freed.subscribe())
    }

    /// An execution's commit was acknowledged.
    pub(super) fn progressed(&self, key: &Key) {
        if self.watching.load(Ordering::SeqCst) > 0 {
            self.state().tell(key, |progress| progress.commits += 1);
        }
    }

    /// Returns once no execution is live.
    pub(super) async fn until_empty(&self) {
        loop {
            // Enlisted before looking: a seat that is freed in between is heard of.
            let emptied = self.emptied.notified();
            if self.is_empty() {
                return;
            }
            emptied.await;
        }
    }
}

impl State {
    /// Tells the watchers of an execution.
    fn tell(&self, key: &Key, what: impl FnOnce(&mut Progress)) {
        if let Some(sender) = self.watchers.get(key) {
            sender.send_modify(what);
        }
    }
}

impl Desk {
    fn papers(&self) -> MutexGuard<'_, Papers> {
        self.papers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls the execution to its desk.
    fn call(&self) {
        self.call.notify_one();
    }

    /// Returns once something was left here.
    pub(super) async fn called(&self) {
        self.call.notified().await;
    }

    /// The messages that were left here.
    pub(super) fn take_mail(&self) -> Option<Delivery> {
        self.papers().mail.take()
    }

    /// Whether messages lie here.
    pub(super) fn has_mail(&self) -> bool {
        self.papers().mail.is_some()
    }

    /// Whether somebody looks for its state; asked once.
    pub(super) fn take_look(&self) -> bool {
        std::mem::take(&mut self.papers().looked_for)
    }

    /// Whether the lease was lost.
    pub(super) fn is_fenced(&self) -> bool {
        self.papers().fenced
    }

    /// Says which lease the execution holds, for whoever renews it.
    pub(super) fn hold(&self, lease: &Lease) {
        self.papers().lease = Some(lease.clone());
    }

    /// Says that the lease was given back with a commit.
    pub(super) fn let_go(&self) {
        self.papers().lease = None;
    }
}

/// A live execution's place in memory; free when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    hub: Arc<Hub>,
    pub(super) key: Key,
    pub(super) desk: Arc<Desk>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let (empty, wanted) = {
            let mut state = self.hub.state();
            // Whoever looked for work meanwhile had to leave some where it was.
            let wanted = state.live.len() >= self.hub.seats || self.hub.has_share(&state, &self.key.0);
            state.live.remove(&self.key);
            state.tell(&self.key, |progress| progress.left += 1);
            if let Some(taken) = state.by_namespace.get_mut(&self.key.0) {
                *taken -= 1;
                if *taken == 0 {
                    state.by_namespace.remove(&self.key.0);
                }
            }
            (state.live.is_empty(), wanted)
        };
        self.hub.freed.send_modify(|freed| *freed = freed.wrapping_add(1));
        if wanted {
            self.hub.poke.notify_one();
        }
        if empty {
            self.hub.emptied.notify_waiters();
        }
    }
}

/// Someone who watches all executions.
#[derive(Debug)]
pub(super) struct WatchAll(watch::Receiver<u64>);

impl WatchAll {
    /// Returns once one left memory since the last call; the first call counts from when the watch began.
    pub(super) async fn left(&mut self) {
        // The sender lives in the hub.
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Someone who watches an execution.
#[derive(Debug)]
pub(super) struct Watch {
    hub: Arc<Hub>,
    key: Key,
    progress: watch::Receiver<Progress>,
    /// What it saw of [`Progress::left`].
    left: u64,
}

impl Watch {
    /// Returns once a commit came, or the execution left memory, since the last call; the first call counts from when
    /// the watch began.
    pub(super) async fn progress(&mut self) {
        // The sender lives in the hub as long as this watch does.
        let _ = self.progress.changed().await;
    }

    /// Returns once the execution left memory since the last call; the first call counts from when the watch began.
    pub(super) async fn left(&mut self) {
        let seen = self.left;
        if let Ok(progress) = self.progress.wait_for(|progress| progress.left != seen).await {
            self.left = progress.left;
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.hub.watching.fetch_sub(1, Ordering::SeqCst);
        let mut state = self.hub.state();
        // The receiver of this watch still counts.
        if state.watchers.get(&self.key).is_some_and(|sender| sender.receiver_count() <= 1) {
            state.watchers.remove(&self.key);
        }
    }
}
