//! How an execution comes into memory: it starts here, or it is claimed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::tail::Tail;
use super::write::park_blocked;
use super::{Beginning, Exit, Live};
use crate::embedded::hub::{Key, Phase, Seat};
use crate::embedded::mail::Mail;
use crate::embedded::shared::{Kit, Shared};
use crate::error::{Error, ErrorKind};
use crate::execute::{Started, all_turns, unreplayable};
use crate::finding::{Code, Finding, Report};
use crate::id::{ExecutionId, Namespace, Timestamp};
use crate::machine::event;
use crate::machine::{
    Blocked, BlockedReason, Failure, ForkPoint, Head, Incoming, Machine, Outstanding, Status, line_key,
};
use crate::observe::Observation;
use crate::program::Program;
use crate::store::{Claimed, Created, Lease, Loaded, NewExecution, Place};
use crate::validate::Bundle;

/// An execution about to be created.
pub(in crate::embedded) struct Birth {
    pub(in crate::embedded) bundle: Arc<Bundle>,
    pub(in crate::embedded) started: event::Started,
    pub(in crate::embedded) key: Option<String>,
    pub(in crate::embedded) tags: BTreeMap<String, String>,
    /// What it begins with, where it is a fork.
    pub(in crate::embedded) past: Option<ForkPoint>,
}

/// Creates an execution and lets it live here, if there is room and all that it needs.
///
/// Without, it is created with nothing begun: a call that was scheduled and surely never began could not be told from
/// one that was lost.
pub(in crate::embedded) async fn start(shared: Arc<Shared>, birth: Birth) -> Result<Started, Error> {
    let mut birth = birth;
    let at = (birth.started.namespace.clone(), birth.started.execution.clone());
    let digest = birth.started.bundle;
    let kit = shared.kit(&at.0, &digest, &birth.bundle).await;
    let program = match &kit {
        Ok(kit) => kit.program.clone(),
        Err(_) => Program::compile(&birth.bundle)?,
    };
    let place = place(&program, &mut birth.started, shared.clock.now()).map_err(|failure| {
        Error::invalid(Report::new(vec![Finding::new(Code::INPUT_INVALID, "", failure.message)], Vec::new()))
    })?;
    // What does not begin at once needs no room.
    let rests = place.is_some() || birth.started.not_before.is_some();
    let seat = if rests || birth.past.is_some() { None } else { shared.hub.admit_new(&at) };
    let (kit, seat) = match (kit, seat) {
        (Ok(kit), Some(seat)) => (kit, seat),
        (kit, _) => return wait_for_room(&shared, program, birth, place, kit.err()).await,
    };
    let Birth { bundle, started, key, tags, past: _ } = birth;
    let now = shared.clock.now();
    // Executions and events are created by commits, which this is none of: with them it only begins here.
    let posts = kit.program.posts;
    let begin = if posts { Machine::begun } else { Machine::new };
    let (machine, first) = begin(kit.program.clone(), started, now);
    let stored = Head::new(Status::Running, None);
    let mail = Mail::new(0);
    let mut live = Live::new(Beginning {
        shared: shared.clone(),
        seat,
        lease: None,
        kit,
        machine,
        stored,
        mail,
        ready: Vec::new(),
        tail: Tail::default(),
    });
    live.take(first).await;
    // What needs no commit before it rides along in the first.
    while !posts
        && !live.unwritten.is_strict(shared.options.ride)
        && live.gather().is_ok()
        && (live.more || !live.ready.is_empty())
    {
        live.turn(shared.clock.now(), Phase::Open).await;
    }
    live.close();
    let ended = live.unwritten.ended;
    let mut bodies = live.unwritten.turns.iter().filter_map(|made| made.body.clone());
    let Some(first) = bodies.next() else { return Err(Error::defect("the first turn has no body")) };
    let mut new = NewExecution::new(at.1.clone(), bundle, digest, first, live.head.clone())
        .with_more(bodies.collect())
        .with_snapshot(live.shared.state_of(&live.machine).filter(|_| ended));
    (new.key, new.tags) = (key, tags);
    if !ended {
        new = new.with_lease(&shared.owner, shared.options.lease_millis());
    }
    match create(&shared, &at.0, new).await? {
        Created::Existing(execution) => return Ok(Started { execution, existing: true }),
        Created::Refused(execution) => return Err(in_the_way(execution)),
        Created::New(lease) => {
            shared.observe(&Observation::Started { namespace: &at.0, execution: &at.1 });
            let unwritten = std::mem::take(&mut live.unwritten);
            let leaves = ended.then_some(Exit::Ended);
            if let Some(lease) = &lease {
                live.seat.desk.hold(lease);
            }
            live.lease = lease;
            tokio::spawn(async move {
                if live.written(unwritten, leaves).await.is_ok() {
                    live.live().await;
                }
            });
        }
    }
    Ok(Started { execution: at.1, existing: false })
}

/// Gives an execution its place among those with the same concurrency key, where its workflow declares one. One that is
/// called, however far down, by an execution with the same key runs in that one's place: it would wait for itself.
pub(super) fn place(
    program: &Program,
    started: &mut event::Started,
    at: Timestamp,
) -> Result<Option<Place>, Box<Failure>> {
    let trigger = started.trigger.as_deref();
    let Some((key, policy)) = line_key(program, &started.input, &started.execution, trigger, at)? else {
        return Ok(None);
    };
    let line = event::Line { workflow: program.name.to_string(), key };
    if started.lines.contains(&line) {
        return Ok(None);
    }
    let place = Place::new(line.key.clone(), policy, started.by.clone());
    started.lines.push(line);
    started.queued = true;
    Ok(Some(place))
}

fn in_the_way(execution: ExecutionId) -> Error {
    Error::conflict(execution, "an execution with the same concurrency key has not ended")
}

/// Creates an execution that has only begun, for whoever has room and what it needs; or one that does not begin yet.
async fn wait_for_room(
    shared: &Shared,
    program: Arc<Program>,
    birth: Birth,
    place: Option<Place>,
    blocked: Option<Blocked>,
) -> Result<Started, Error> {
    let Birth { bundle, started, key, tags, past } = birth;
    let rests = started.not_before.is_some();
    let (namespace, execution, digest) =
        (started.namespace.clone(), started.execution.clone(), started.bundle);
    let now = shared.clock.now();
    let (machine, turn) = match &past {
        Some(point) => Machine::forked(program, started, point, now)?,
        None => Machine::begun(program, started, now),
    };
    let Some(first) = turn.body else { return Err(Error::defect("the first turn has no body")) };
    let mut head = machine.head();
    if let Some(why) = blocked {
        head = head.with_blocked(why, now.saturating_add(shared.options.recheck));
    }
    let mut new = NewExecution::new(execution.clone(), bundle, digest, first, head)
        .with_snapshot(shared.state_of(&machine));
    (new.key, new.tags) = (key, tags);
    new = match place {
        Some(place) => new.with_line(place),
        None if rests => new.with_rest(),
        None => new,
    };
    match create(shared, &namespace, new).await? {
        Created::Existing(execution) => Ok(Started { execution, existing: true }),
        Created::Refused(execution) => Err(in_the_way(execution)),
        Created::New(_) => {
            shared.observe(&Observation::Started { namespace: &namespace, execution: &execution });
            Ok(Started { execution, existing: false })
        }
    }
}

/// Creates, and finds out what became of it where the store does not say.
async fn create(shared: &Shared, namespace: &Namespace, new: NewExecution) -> Result<Created, Error> {
    let execution = new.execution.clone();
    match shared.store.create(namespace, new).await {
        Err(error) if error.kind() == ErrorKind::Unknown => {
            match shared.store.restore(namespace, &execution).await {
                Ok(loaded) => Ok(Created::New(loaded.row.lease.filter(|lease| lease.owner == shared.owner))),
                Err(found) if found.kind() == ErrorKind::NotFound => {
                    Err(Error::new(ErrorKind::Unavailable, "the execution was not started").caused_by(error))
                }
                Err(_) => Err(error),
            }
        }
        outcome => outcome,
    }
}

/// Takes a claimed execution into memory.
pub(in crate::embedded) fn claimed(shared: Arc<Shared>, claimed: Claimed) {
    let Claimed { namespace, execution, lease } = claimed;
    let key = (namespace, execution);
    match shared.hub.admit_claimed(&key) {
        Some(seat) => {
            seat.desk.hold(&lease);
            tokio::spawn(resume(shared, seat, lease));
        }
        None => {
            tokio::spawn(take_over(shared, key, lease));
        }
    }
}

/// Takes over from this process's own past: its lease lapsed while the execution was still in memory. Where memory is
/// full meanwhile, or everything stops, the lease is handed back.
async fn take_over(shared: Arc<Shared>, key: Key, lease: Lease) {
    let mut watch = shared.hub.watch(&key);
    while shared.hub.fence_older(&key, &lease) {
        watch.left().await;
    }
    match shared.hub.admit_claimed(&key) {
        Some(seat) => {
            seat.desk.hold(&lease);
            resume(shared, seat, lease).await;
        }
        None => {
            let (namespace, execution) = key;
            // Where this fails the lease lapses.
            let _ = shared.store.release(&[(namespace, execution, lease)]).await;
        }
    }
}

/// Makes a claimed execution's machine again and goes on with it.
async fn resume(shared: Arc<Shared>, seat: Seat, lease: Lease) {
    let loaded = match load(&shared, &seat).await {
        Ok(Some(loaded)) => loaded,
        Ok(None) => return,
        Err(why) => {
            park_blocked(&shared, &seat, lease, Head::new(Status::Running, None), why).await;
            return;
        }
    };
    // Readings that began before this one may show what was consumed before the restore.
    let mut mail = Mail::new(shared.hub.round());
    let (kit, machine, mut ready) = match prepare(&shared, &seat, &loaded).await {
        Ok(prepared) => prepared,
        Err(why) => {
            park_blocked(&shared, &seat, lease, loaded.row.head, why).await;
            return;
        }
    };
    ready.extend(mail.restored(loaded.inbox).into_iter().map(Incoming::from));
    let stored = loaded.row.head;
    let tail = Tail::loaded(loaded.snapshot.as_ref().map(|(_, bytes)| &**bytes), &loaded.turns);
    let live =
        Live::new(Beginning { shared, seat, lease: Some(lease), kit, machine, stored, mail, ready, tail });
    live.live().await;
}

/// Restores an execution; gives up when it is no longer ours, or when what is stored cannot be read.
async fn load(shared: &Shared, seat: &Seat) -> Result<Option<Loaded>, Blocked> {
    let mut pause = Duration::from_millis(10);
    loop {
        match shared.store.restore(&seat.key.0, &seat.key.1).await {
            Ok(loaded) => return Ok(Some(loaded)),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            // Without a journal, what was live when its executor went is lost with it.
            Err(error)
                if matches!(error.kind(), ErrorKind::Newer | ErrorKind::Corrupt | ErrorKind::Unsupported) =>
            {
                return Err(unreadable(&error));
            }
            Err(error) => {
                tracing::warn!(execution = %seat.key.1, kind = %error.kind(), "an execution could not be restored");
            }
        }
        if seat.desk.is_fenced() || shared.hub.phase() == Phase::Closed {
            return Ok(None);
        }
        shared.clock.sleep_until(shared.clock.now().saturating_add(pause)).await;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}

/// What is needed to go on: the kit, the machine, and what it is told first.
async fn prepare(
    shared: &Shared,
    seat: &Seat,
    loaded: &Loaded,
) -> Result<(Arc<Kit>, Machine, Vec<Incoming>), Blocked> {
    let kit = shared.kit(&seat.key.0, &loaded.row.bundle, &loaded.bundle).await?;
    let (machine, outstanding) = revive(shared, seat, &kit.program, loaded).await?;
    machine.children().for_each(|child| shared.name(&(seat.key.0.clone(), child.clone())));
    kit.equipment.keeps(&machine.started().keyed)?;
    // Nothing of it runs: the process that called is gone.
    Ok((kit, machine, outstanding.into_lost()))
}

/// Makes the machine again: from the newest snapshot and the turns after it; where that one is of no use, for it was
/// written by another release or is damaged, from the whole journal.
async fn revive(
    shared: &Shared,
    seat: &Seat,
    program: &Arc<Program>,
    loaded: &Loaded,
) -> Result<(Machine, Outstanding), Blocked> {
    let Some((_, snapshot)) = &loaded.snapshot else {
        return Machine::replay(program.clone(), &loaded.turns).map_err(|error| unreplayable(&error));
    };
    match Machine::restore(program.clone(), snapshot, &loaded.turns) {
        Ok(revived) => return Ok(revived),
        Err(error) => {
            tracing::warn!(execution = %seat.key.1, %error, "a snapshot is of no use: the journal is replayed");
        }
    }
    let turns =
        all_turns(&*shared.store, &seat.key.0, &seat.key.1).await.map_err(|error| unreadable(&error))?;
    Machine::replay(program.clone(), &turns).map_err(|error| unreplayable(&error))
}

/// Why what is stored is not gone on with.
fn unreadable(error: &Error) -> Blocked {
    let reason = if error.kind() == ErrorKind::Newer { BlockedReason::Rules } else { BlockedReason::Defect };
    Blocked::new(reason, format!("what is stored cannot be read: {error}"))
}
