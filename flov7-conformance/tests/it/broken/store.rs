//! The store in memory behind a wrapper that breaks one promise.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use flov7::clock::Clock;
use flov7::error::{Error, ErrorKind};
use flov7::id::{ExecutionId, Namespace, Timestamp, WorkflowName};
use flov7::memory::InMemoryStore;
use flov7::store::{
    Accepted, Claim, Claimed, Created, EmittedEvent, ExecutionPage, ExecutionQuery, ExecutionStore, Expect,
    Lease, Loaded, Message, MessageBody, NewExecution, Purge, Purged, Store, StoreCapabilities,
    StoredRevision, Turn, TurnBody, TurnError, Which, WorkflowRow, WorkflowStore,
};
use flov7::testing::ManualClock;
use flov7::validate::Bundle;
use flov7::workflow::ConcurrencyPolicy;

macro_rules! defects {
    ($($name:ident)*) => {
        /// What is wrong with a store.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Defect { $($name),* }

        impl Defect {
            pub(crate) const ALL: &[Defect] = &[$(Defect::$name),*];
        }
    };
}

defects! {
    AcknowledgesWithoutWriting WritesNothingAtAll IgnoresKey SharesKeysBetweenWorkflows TakesAnything
    LooksBeforeItCreates IgnoresConflict NoFence KeepsLeaseOnParking FencesByTime StopsBatchAtFirstFailure
    ReversesBatch DropsPosts WritesPartsOfFailedTurns LosesHead PostsOfTurnsMayBeBusy AcceptsDuplicates
    ForgetsConsumedIds PostsToEnded NeverBusy BusyForControls ArrivesForAnyone ArrivesOnce ClockRunsAhead ClaimsEnded
    ClaimsBackwards SameEpoch RenewsAll IgnoresRelease ReleasesAnyLease CutsBodies ReversesTurns OldestFirst
    EndsPagesEarly NeverWaits LeaksNamespaces TouchesNamespaces MergesNamespaces SavesAgain IgnoresExpectations
    LoadsTheHead ForgetsOnReopening KeepsLeasesOnReopening LeavesCreatedUnowned SharesIdsBetweenExecutions
    DropsChildren ChildrenOfConflict DropsEvents EmitsBackwards EmitsFromTheBeginning
    ForgetsLines NeverRefuses RefusesQuietly ReplacesNobody WakesWhatRests LosesTags IgnoresQueries
    PurgesNothing PurgesTooMuch
    NobodyHasNoTurns HistoryWithoutSaying LosesTurnsThatFollow IgnoresWhomToClaim
}

/// A store that breaks one promise; none without a defect.
pub(crate) struct BrokenStore {
    inner: Arc<InMemoryStore>,
    capabilities: StoreCapabilities,
    defect: Option<Defect>,
    clock: ManualClock,
    /// Makes ids and answers differ.
    count: AtomicU64,
    seen: Mutex<BTreeSet<String>>,
}

/// The true time, or one that runs ahead.
struct Ahead(ManualClock, i64);

#[async_trait]
impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        self.0.now().saturating_add_ms(self.1)
    }

    async fn sleep_until(&self, at: Timestamp) {
        self.0.sleep_until(at.saturating_add_ms(-self.1)).await;
    }
}

fn never_refuses(new: &mut NewExecution) {
    if let Some(place) = &mut new.line
        && place.policy == ConcurrencyPolicy::Reject
    {
        place.policy = ConcurrencyPolicy::Queue;
    }
}

impl BrokenStore {
    pub(crate) fn new(defect: Option<Defect>, clock: ManualClock) -> Self {
        let ahead = if defect == Some(Defect::ClockRunsAhead) { 1 } else { 0 };
        let inner = Arc::new(InMemoryStore::with_clock(Arc::new(Ahead(clock.clone(), ahead))));
        BrokenStore::around(defect, clock, inner)
    }

    fn around(defect: Option<Defect>, clock: ManualClock, inner: Arc<InMemoryStore>) -> Self {
        let reopens = matches!(defect, Some(Defect::ForgetsOnReopening | Defect::KeepsLeasesOnReopening));
        let mut capabilities = StoreCapabilities::new(reopens, reopens).with_purge();
        if defect == Some(Defect::HistoryWithoutSaying) {
            capabilities = capabilities.without_history();
        }
        BrokenStore { inner, capabilities, defect, clock, count: AtomicU64::new(0), seen: Mutex::default() }
    }

    /// What opening the closed store gives: the same one, or an empty one.
    pub(crate) fn reopened(&self) -> Self {
        if self.is(Defect::KeepsLeasesOnReopening) {
            BrokenStore::around(self.defect, self.clock.clone(), Arc::clone(&self.inner))
        } else {
            BrokenStore::new(self.defect, self.clock.clone())
        }
    }

    fn is(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    fn next(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed)
    }

    fn namespace(&self, namespace: &Namespace) -> Namespace {
        if self.is(Defect::MergesNamespaces) { Namespace::default() } else { namespace.clone() }
    }

    fn expect(&self, expect: Expect) -> Expect {
        if self.is(Defect::IgnoresExpectations) { Expect::Any } else { expect }
    }

    /// A message whose id is fresh.
    fn renamed(&self, mut message: Message) -> Message {
        let id = message.id.chars().take(100).collect::<String>();
        message.id = format!("{id}#{}", self.next());
        message
    }

    async fn row(&self, namespace: &Namespace, execution: &ExecutionId) -> Option<Loaded> {
        self.inner.restore(namespace, execution).await.ok()
    }

    /// A turn, mended so that what is wrong with it no longer shows, or spoilt.
    async fn bent(&self, mut turn: Turn) -> Result<Turn, TurnError> {
        turn.namespace = self.namespace(&turn.namespace);
        let Some(defect) = self.defect else { return Ok(turn) };
        let mut loaded = self.row(&turn.namespace, &turn.execution).await;
        if defect == Defect::TouchesNamespaces && loaded.is_none() {
            turn.namespace = Namespace::default();
            loaded = self.row(&turn.namespace, &turn.execution).await;
        }
        match defect {
            Defect::NoFence => {
                if let Some(lease) = loaded.and_then(|loaded| loaded.row.lease) {
                    turn.lease = lease;
                }
            }
            Defect::IgnoresConflict => {
                let end = loaded.and_then(|loaded| loaded.turns.last().map(TurnBody::next_seq));
                if let (Some(body), Some(end)) = (&mut turn.body, end) {
                    body.first_seq = end;
                }
            }
            Defect::TakesAnything => {
                if let Some(body) = &mut turn.body {
                    body.count = body.count.max(1);
                    body.body = body.body.iter().copied().take(1_000).collect();
                }
            }
            Defect::KeepsLeaseOnParking => turn.release = false,
            Defect::FencesByTime => {
                let started = loaded.map(|loaded| loaded.row.started);
                if started.is_some_and(|started| self.clock.now().since(started).as_secs() >= 10) {
                    return Err(TurnError::Fenced);
                }
            }
            Defect::DropsPosts => turn.posts.clear(),
            Defect::DropsChildren => turn.children.clear(),
            Defect::DropsEvents => turn.emitted.clear(),
            Defect::ChildrenOfConflict => {
                // Made afresh, whatever is there already.
                for child in &mut turn.children {
                    child.key = None;
                    child.execution = ExecutionId::new(self.next(), [9; 10]);
                }
            }
            Defect::RefusesQuietly => {
                turn.children
                    .iter_mut()
                    .filter_map(|child| child.line.as_mut())
                    .for_each(|line| line.refused = None);
            }
            Defect::LosesHead => turn.head = None,
            Defect::CutsBodies => {
                if let Some(body) = &mut turn.body {
                    let text = String::from_utf8_lossy(&body.body).trim_end_matches('\0').to_owned();
                    body.body = text.into_bytes().into();
                }
            }
            Defect::PostsOfTurnsMayBeBusy => {
                let posts = std::mem::take(&mut turn.posts);
                for (to, message) in posts {
                    let _ = self.inner.post(&turn.namespace, &to, message).await;
                }
            }
            Defect::ForgetsConsumedIds => self.seen.lock().unwrap().extend(turn.consumed.iter().cloned()),
            _ => {}
        }
        Ok(turn)
    }

    async fn commit_one(&self, turn: Turn) -> Result<(), TurnError> {
        let turn = self.bent(turn).await?;
        let answer = self.inner.commit(vec![turn.clone()]).await.pop().unwrap();
        if self.is(Defect::WritesPartsOfFailedTurns) && answer.is_err() {
            let mut rest = turn;
            rest.body = None;
            let _ = self.inner.commit(vec![rest]).await;
        }
        answer
    }
}

impl Store for BrokenStore {
    fn capabilities(&self) -> &StoreCapabilities {
        &self.capabilities
    }
}

#[async_trait]
impl WorkflowStore for BrokenStore {
    async fn save(&self, namespace: &Namespace, bundle: Arc<Bundle>, expect: Expect) -> Result<u64, Error> {
        if self.is(Defect::WritesNothingAtAll) {
            return Ok(7);
        }
        let mut bundle = bundle;
        if self.is(Defect::SavesAgain) {
            let mut fresh = (*bundle).clone();
            fresh.document.note = Some(self.next().to_string());
            bundle = Arc::new(fresh);
        }
        self.inner.save(&self.namespace(namespace), bundle, self.expect(expect)).await
    }

    async fn load(
        &self,
        namespace: &Namespace,
        name: &WorkflowName,
        which: Which,
    ) -> Result<StoredRevision, Error> {
        let which = if self.is(Defect::LoadsTheHead) { Which::Head } else { which };
        self.inner.load(&self.namespace(namespace), name, which).await
    }

    async fn activate(
        &self,
        namespace: &Namespace,
        name: &WorkflowName,
        revision: Option<u64>,
        expect: Expect,
    ) -> Result<(), Error> {
        self.inner.activate(&self.namespace(namespace), name, revision, self.expect(expect)).await
    }

    async fn workflows(
        &self,
        namespace: &Namespace,
        after: Option<&WorkflowName>,
        limit: usize,
    ) -> Result<Vec<WorkflowRow>, Error> {
        self.inner.workflows(&self.namespace(namespace), after, limit).await
    }
}

#[async_trait]
impl ExecutionStore for BrokenStore {
    async fn create(&self, namespace: &Namespace, mut new: NewExecution) -> Result<Created, Error> {
        match self.defect {
            Some(Defect::WritesNothingAtAll) => {
                let lease = new.lease.map(|(owner, _)| Lease { owner, epoch: 1 });
                return Ok(Created::New(lease));
            }
            Some(Defect::LeavesCreatedUnowned) => {
                let lease = new.lease.take().map(|(owner, _)| Lease { owner, epoch: 1 });
                return self.inner.create(namespace, new).await.map(|_| Created::New(lease));
            }
            Some(Defect::LosesTurnsThatFollow) => new.more.clear(),
            Some(Defect::ForgetsLines) => new.line = None,
            Some(Defect::NeverRefuses) => never_refuses(&mut new),
            Some(Defect::ReplacesNobody) => {
                if let Some(place) = &mut new.line {
                    place.policy = ConcurrencyPolicy::Queue;
                }
            }
            Some(Defect::WakesWhatRests) if new.line.is_none() => new.rests = false,
            Some(Defect::LosesTags) => new.tags.clear(),
            Some(Defect::IgnoresKey) => new.key = None,
            Some(Defect::SharesKeysBetweenWorkflows) => {
                let mut bundle = (*new.bundle).clone();
                bundle.document.name = "all".to_owned();
                new.bundle = Arc::new(bundle);
            }
            Some(Defect::TakesAnything) => {
                new.first.first_seq = 0;
                new.first.count = new.first.count.max(1);
                new.first.body = new.first.body.iter().copied().take(1_000).collect();
                new.tags.clear();
                new.line = None;
                new.rests &= new.lease.is_none();
                new.key = new.key.map(|key| format!("_{}", key.chars().take(100).collect::<String>()));
            }
            Some(Defect::LooksBeforeItCreates) => {
                let known = self.inner.executions(namespace, &ExecutionQuery::new()).await?.executions;
                let known = known.into_iter().find(|row| row.key == new.key && new.key.is_some());
                if let Some(known) = known {
                    return Ok(Created::Existing(known.execution));
                }
                new.key = None;
                // Where another one comes in between.
                tokio::task::yield_now().await;
            }
            _ => {}
        }
        self.inner.create(&self.namespace(namespace), new).await
    }

    async fn commit(&self, mut turns: Vec<Turn>) -> Vec<Result<(), TurnError>> {
        if matches!(self.defect, Some(Defect::AcknowledgesWithoutWriting | Defect::WritesNothingAtAll)) {
            return turns.iter().map(|_| Ok(())).collect();
        }
        if self.is(Defect::ReversesBatch) {
            turns.reverse();
        }
        let mut answers: Vec<Result<(), TurnError>> = Vec::new();
        for turn in turns {
            let stopped = self.is(Defect::StopsBatchAtFirstFailure) && answers.iter().any(Result::is_err);
            answers.push(if stopped { Err(TurnError::Fenced) } else { self.commit_one(turn).await });
        }
        if self.is(Defect::ReversesBatch) {
            answers.reverse();
        }
        answers
    }

    async fn post(
        &self,
        namespace: &Namespace,
        to: &ExecutionId,
        mut message: Message,
    ) -> Result<Accepted, Error> {
        let namespace = match self.defect {
            Some(Defect::TouchesNamespaces) => Namespace::default(),
            _ => self.namespace(namespace),
        };
        match self.defect {
            Some(Defect::WritesNothingAtAll) => return Ok(Accepted::New),
            Some(Defect::SharesIdsBetweenExecutions)
                if !self.seen.lock().unwrap().insert(message.id.clone()) =>
            {
                return Ok(Accepted::Duplicate);
            }
            Some(Defect::AcceptsDuplicates) => message = self.renamed(message),
            Some(Defect::ForgetsConsumedIds) if self.seen.lock().unwrap().contains(&message.id) => {
                message = self.renamed(message);
            }
            Some(Defect::TakesAnything) => message = self.renamed(message),
            Some(Defect::BusyForControls) if matches!(message.body, MessageBody::Control(_)) => {
                let loaded = self.row(&namespace, to).await;
                if loaded.is_some_and(|loaded| loaded.row.head.buffered + 2 > 1_000) {
                    return Err(Error::new(ErrorKind::Busy, "too many"));
                }
            }
            _ => {}
        }
        match self.inner.post(&namespace, to, message).await {
            Err(error) if self.is(Defect::NeverBusy) && error.kind() == ErrorKind::Busy => Ok(Accepted::New),
            Err(error) if self.is(Defect::PostsToEnded) && error.kind() == ErrorKind::Closed => {
                Ok(Accepted::New)
            }
            Ok(Accepted::Duplicate) if self.is(Defect::PostsToEnded) => {
                let ended =
                    self.row(&namespace, to).await.is_some_and(|loaded| loaded.row.head.status.is_ended());
                Ok(if ended { Accepted::New } else { Accepted::Duplicate })
            }
            answer => answer,
        }
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, Error> {
        let mut claimed = match self.defect {
            Some(Defect::IgnoresWhomToClaim) => {
                self.inner.claim(&Claim::new(claim.owner.clone(), claim.ttl_millis, claim.limit)).await?
            }
            _ => self.inner.claim(claim).await?,
        };
        match self.defect {
            Some(Defect::WritesNothingAtAll) => claimed.clear(),
            Some(Defect::ClaimsBackwards) => claimed.reverse(),
            Some(Defect::SameEpoch) => claimed.iter_mut().for_each(|claimed| claimed.lease.epoch = 2),
            Some(Defect::ClaimsEnded) => {
                let all =
                    self.inner.executions(&Namespace::default(), &ExecutionQuery::new()).await?.executions;
                claimed.extend(all.into_iter().filter(|row| row.lease.is_none()).map(|row| Claimed {
                    namespace: Namespace::default(),
                    execution: row.execution,
                    lease: Lease { owner: claim.owner.clone(), epoch: 9 },
                }));
            }
            _ => {}
        }
        Ok(claimed)
    }

    async fn renew(
        &self,
        leases: &[(Namespace, ExecutionId, Lease)],
        ttl_millis: u64,
    ) -> Result<Vec<bool>, Error> {
        match self.defect {
            Some(Defect::RenewsAll) => Ok(vec![true; leases.len()]),
            _ => self.inner.renew(leases, ttl_millis).await,
        }
    }

    async fn release(&self, leases: &[(Namespace, ExecutionId, Lease)]) -> Result<(), Error> {
        let mut leases = leases.to_vec();
        match self.defect {
            Some(Defect::IgnoresRelease) => leases.clear(),
            Some(Defect::ReleasesAnyLease) => {
                for (namespace, execution, lease) in &mut leases {
                    if let Some(current) =
                        self.row(namespace, execution).await.and_then(|loaded| loaded.row.lease)
                    {
                        *lease = current;
                    }
                }
            }
            _ => {}
        }
        self.inner.release(&leases).await
    }

    async fn arrived(
        &self,
        owner: &str,
        limit: usize,
    ) -> Result<Vec<(Namespace, ExecutionId, Message)>, Error> {
        match self.defect {
            Some(Defect::ArrivesForAnyone) => {
                let mut all = Vec::new();
                for row in
                    self.inner.executions(&Namespace::default(), &ExecutionQuery::new()).await?.executions
                {
                    let inbox = self.inner.restore(&Namespace::default(), &row.execution).await?.inbox;
                    all.extend(inbox.into_iter().map(|m| (Namespace::default(), row.execution.clone(), m)));
                }
                Ok(all)
            }
            Some(Defect::ArrivesOnce) => {
                let mut arrived = self.inner.arrived(owner, limit).await?;
                let mut seen = self.seen.lock().unwrap();
                arrived.retain(|(_, _, message)| seen.insert(message.id.clone()));
                Ok(arrived)
            }
            _ => self.inner.arrived(owner, limit).await,
        }
    }

    async fn restore(&self, namespace: &Namespace, execution: &ExecutionId) -> Result<Loaded, Error> {
        let mut loaded = self.inner.restore(&self.namespace(namespace), execution).await;
        if self.is(Defect::LeaksNamespaces) && loaded.is_err() {
            loaded = self.inner.restore(&Namespace::default(), execution).await;
        }
        loaded
    }

    async fn turns(
        &self,
        namespace: &Namespace,
        execution: &ExecutionId,
        from_seq: u64,
        limit: usize,
    ) -> Result<Vec<TurnBody>, Error> {
        let mut turns = match self.inner.turns(&self.namespace(namespace), execution, from_seq, limit).await {
            Err(error) if self.is(Defect::NobodyHasNoTurns) && error.kind() == ErrorKind::NotFound => {
                Vec::new()
            }
            turns => turns?,
        };
        if self.is(Defect::ReversesTurns) {
            turns.reverse();
        }
        Ok(turns)
    }

    async fn executions(
        &self,
        namespace: &Namespace,
        query: &ExecutionQuery,
    ) -> Result<ExecutionPage, Error> {
        let mut query = query.clone();
        if self.is(Defect::IgnoresQueries) {
            query.tags.clear();
            (query.started_after, query.started_before) = (None, None);
        }
        let mut page = self.inner.executions(&self.namespace(namespace), &query).await?;
        match self.defect {
            Some(Defect::OldestFirst) => page.executions.reverse(),
            Some(Defect::EndsPagesEarly) => page.next = None,
            _ => {}
        }
        Ok(page)
    }

    async fn emitted(
        &self,
        namespace: &Namespace,
        after: u64,
        limit: usize,
    ) -> Result<Vec<EmittedEvent>, Error> {
        let after = if self.is(Defect::EmitsFromTheBeginning) { 0 } else { after };
        let mut events = self.inner.emitted(&self.namespace(namespace), after, limit).await?;
        if self.is(Defect::EmitsBackwards) {
            events.reverse();
        }
        Ok(events)
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, Error> {
        self.inner.next_due().await
    }

    async fn purge(&self, purge: &Purge) -> Result<Purged, Error> {
        let mut purge = purge.clone();
        match self.defect {
            Some(Defect::PurgesNothing) => return Ok(Purged::default()),
            Some(Defect::PurgesTooMuch) => purge = Purge::new(0),
            _ => {}
        }
        self.inner.purge(&purge).await
    }

    async fn changed(&self, seen: u64) -> u64 {
        match self.defect {
            Some(Defect::NeverWaits) => self.next() + 1,
            // Cases about other things must not wait for what never comes.
            Some(Defect::WritesNothingAtAll) => seen + 1,
            _ => self.inner.changed(seen).await,
        }
    }
}
