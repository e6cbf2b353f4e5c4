//! The clerk: one task per executor that claims work, reads arrived messages and renews leases.

use std::sync::Arc;
use std::time::Duration;

use super::hub::Phase;
use super::live;
use super::shared::Shared;
use crate::error::Error;
use crate::id::Timestamp;
use crate::store::{Claim, Purge};

/// How many executions one claim takes at most.
const CLAIM: usize = 64;

/// How many arrived messages one reading takes at most: as many as one execution may have waiting.
const READ: usize = crate::store::INBOX_MESSAGES;

/// How often, at most, what ended long ago is looked for.
const OFTEN: Duration = Duration::from_secs(3600);

/// Works until the executor is closed.
pub(super) async fn work(shared: Arc<Shared>) {
    let third = shared.options.lease / 3;
    let mut renew_at = shared.clock.now().saturating_add(third);
    let mut purge_at = shared.retention().map(|_| renew_at.min(shared.clock.now()));
    let mut seen = 0;
    let mut claim_at = shared.clock.now();
    while shared.hub.phase() != Phase::Closed {
        let now = shared.clock.now();
        if now >= renew_at {
            match renew(&shared).await {
                Ok(()) => renew_at = now.saturating_add(third),
                // Tried again soon, for two thirds of the lease are left; but not at once, for as long as the store is away.
                Err(error) => {
                    tracing::warn!(kind = %error.kind(), "leases could not be renewed");
                    renew_at = now.saturating_add(shared.options.look.min(third));
                }
            }
        }
        if let (Some(age), Some(at)) = (shared.retention(), purge_at)
            && now >= at
        {
            purge_at = purge(&shared, age).await;
        }
        // Now and then without anything due: a store's clock may be ahead of ours.
        let anyway = now >= claim_at;
        let next = match look(&shared, anyway).await {
            Ok(Next::Again) => continue,
            Ok(Next::At(next)) => {
                if anyway {
                    claim_at = now.saturating_add(shared.options.look);
                }
                next
            }
            Err(error) => {
                tracing::warn!(kind = %error.kind(), "the store could not be looked into");
                None
            }
        };
        let soonest = now.saturating_add(shared.options.look).min(renew_at);
        let soonest = purge_at.map_or(soonest, |at| at.min(soonest));
        // The store's own notice would come at once again where looking failed or brought nothing that fits.
        let wake = next.map_or(soonest, |next| next.min(soonest));
        tokio::select! {
            biased;
            () = shared.clock.sleep_until(wake) => {}
            mark = shared.store.changed(seen) => seen = mark,
            () = shared.hub.poke.notified() => {}
        }
    }
}

/// When to look again.
enum Next {
    /// At once: there was more than one look could take.
    Again,
    /// At this instant, or when something happens.
    At(Option<Timestamp>),
}

/// Claims what there is room for, and delivers what arrived. A claim is a transaction: one is made when something is due,
/// or where `anyway` says so.
async fn look(shared: &Arc<Shared>, anyway: bool) -> Result<Next, Error> {
    let next = claim(shared, anyway).await?;
    if !shared.hub.is_empty() {
        let round = shared.hub.next_round();
        let arrived = shared.store.arrived(&shared.owner, READ).await?;
        shared.hub.deliver(round, arrived);
    }
    Ok(next)
}

async fn claim(shared: &Arc<Shared>, anyway: bool) -> Result<Next, Error> {
    let (room, except) = shared.hub.room();
    if room == 0 {
        return Ok(Next::At(None));
    }
    if !anyway {
        let due = shared.store.next_due().await?;
        if due.is_none_or(|due| due > shared.clock.now()) {
            return Ok(Next::At(due));
        }
    }
    let limit = room.min(CLAIM);
    let named = shared.named();
    let leaves_out = !except.is_empty() || named.is_some();
    let mut claim = Claim::new(&shared.owner, shared.options.lease_millis(), limit).with_except(except);
    claim.among = named;
    let claimed = shared.store.claim(&claim).await?;
    let more = claimed.len() == limit;
    claimed.into_iter().for_each(|claimed| live::claimed(shared.clone(), claimed));
    if more {
        return Ok(Next::Again);
    }
    let now = shared.clock.now();
    // What is due and was not given belongs to a namespace that has its share, where a seat that becomes free
    // says when to look again; or it is nothing that this executor works on.
    Ok(Next::At(shared.store.next_due().await?.filter(|due| *due > now || !leaves_out)))
}

/// Takes away what ended long ago; says when to do so again.
async fn purge(shared: &Shared, age: Duration) -> Option<Timestamp> {
    let pause = (age / 24).clamp(shared.options.look, OFTEN.max(shared.options.look));
    let millis = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
    let now = shared.clock.now();
    match shared.store.purge(&Purge::new(millis)).await {
        // What is left is next, once the others had their look.
        Ok(purged) if purged.more => Some(now),
        Ok(_) => Some(now.saturating_add(pause)),
        Err(error) => {
            tracing::warn!(kind = %error.kind(), "what ended long ago could not be taken away");
            Some(now.saturating_add(pause))
        }
    }
}

async fn renew(shared: &Arc<Shared>) -> Result<(), Error> {
    let leases = shared.hub.leases();
    if leases.is_empty() {
        return Ok(());
    }
    let held = shared.store.renew(&leases, shared.options.lease_millis()).await?;
    for ((namespace, execution, lease), held) in leases.into_iter().zip(held) {
        if !held {
            shared.hub.fence(&(namespace, execution), &lease);
        }
    }
    Ok(())
}
