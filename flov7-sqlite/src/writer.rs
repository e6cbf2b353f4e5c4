//! Writing: many jobs share one commit.
//!
//! A job that comes alone is written by the thread that brings it, for a writer thread costs two wake-ups; as soon as
//! several come at once they queue, and the writer thread takes all that wait into one transaction. Nobody lingers for
//! company: while one commit waits for the disk, the next batch gathers by itself.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use flov7::error::{Error, ErrorKind};
use rusqlite::ErrorCode;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::oneshot;

use crate::connect::{self, LOOK_EVERY, data_version};
use crate::ops::Tx;
use crate::options::Durability;
use crate::outlook::News;
use crate::queue::Next;
use crate::rows::{Failed, Read};
use crate::shared::{Core, Shared};

/// Why a job was not written, or may not have been.
#[derive(Clone, Debug)]
pub(crate) struct Unwritten {
    /// Whether it may have been written all the same.
    pub(crate) maybe: bool,
    pub(crate) error: Error,
}

impl From<Unwritten> for Error {
    fn from(unwritten: Unwritten) -> Error {
        if !unwritten.maybe {
            return unwritten.error;
        }
        Error::new(ErrorKind::Unknown, "it is unknown whether it was written").caused_by(unwritten.error)
    }
}

/// Something to write.
pub(crate) trait Job: Send {
    /// How many turns it counts for.
    fn weight(&self) -> usize;
    /// Whether it must be on the disk before it is answered.
    fn durable(&self) -> bool;
    /// Does it, within a batch. An error voids the whole batch.
    fn run(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<()>;
    /// Tells whoever waits.
    fn answer(self: Box<Self>, verdict: Result<(), Unwritten>);
}

/// What must be on the disk before it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// It was acknowledged to someone.
    Durable,
    /// Losing it loses nothing: a lease that was given or handed back. Opening the file gives it back anyway.
    Soft,
}

struct Task<W, T> {
    weight: usize,
    need: Need,
    work: Option<W>,
    answer: Option<Result<T, Error>>,
    reply: oneshot::Sender<Result<Result<T, Error>, Unwritten>>,
}

impl<W, T> Job for Task<W, T>
where
    W: FnOnce(&mut Tx<'_>) -> Read<T> + Send,
    T: Send,
{
    fn weight(&self) -> usize {
        self.weight
    }

    fn durable(&self) -> bool {
        self.need == Need::Durable
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<()> {
        let Some(work) = self.work.take() else { return Ok(()) };
        self.answer = Some(match work(tx) {
            Ok(value) => Ok(value),
            Err(Failed::Row(error)) => Err(error),
            Err(Failed::Sqlite(error)) => return Err(error),
        });
        Ok(())
    }

    fn answer(self: Box<Self>, verdict: Result<(), Unwritten>) {
        let answer = match (verdict, self.answer) {
            (Ok(()), Some(answer)) => Ok(answer),
            (Ok(()), None) => Err(unwritten(Error::defect("a job was not run"))),
            (Err(unwritten), _) => Err(unwritten),
        };
        // Whoever asked may have gone away.
        let _ = self.reply.send(answer);
    }
}

/// Writes, and waits until it is written. The outer error says that the file failed, the inner one that the work was
/// refused; a refused job wrote nothing.
pub(crate) async fn write<T: Send + 'static>(
    shared: &Arc<Shared>,
    weight: usize,
    need: Need,
    work: impl FnOnce(&mut Tx<'_>) -> Read<T> + Send + 'static,
) -> Result<Result<T, Error>, Unwritten> {
    let closed = || unwritten(Error::new(ErrorKind::Unavailable, "the store is closed"));
    let _place = shared.queue.place(weight).await.ok_or_else(closed)?;
    let (reply, answer) = oneshot::channel();
    let task = Task { weight, need, work: Some(work), answer: None, reply };
    if let Err(task) = write_here(shared, Box::new(task))
        && let Err(job) = shared.queue.push(task)
    {
        job.answer(Err(closed()));
    }
    // Gone without an answer: the writer died with it.
    answer.await.unwrap_or_else(|_| {
        Err(Unwritten { maybe: true, error: Error::defect("the store's writer has gone") })
    })
}

/// Writes a job that comes alone on the thread that brings it; gives it back where that must not be.
fn write_here(shared: &Arc<Shared>, job: Box<dyn Job>) -> Result<(), Box<dyn Job>> {
    // Only a runtime of several threads can spare one that waits for the disk.
    let spare =
        Handle::try_current().is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
    if !spare || !shared.queue.is_calm() {
        return Err(job);
    }
    let Some(mut core) = shared.idle_core() else { return Err(job) };
    tokio::task::block_in_place(|| {
        shared.queue.took(1);
        batch(shared, &mut core, vec![job]);
    });
    Ok(())
}

/// The writer thread: writes what is queued, and looks now and then whether another process wrote.
pub(crate) fn run(shared: &Arc<Shared>) {
    let mut looked = Instant::now();
    loop {
        let next = shared.queue.wait(LOOK_EVERY.saturating_sub(looked.elapsed()));
        match next {
            Next::Closed => return,
            Next::Work => {
                // While another thread commits, more may gather.
                let mut core = shared.core();
                let jobs = shared.queue.drain();
                shared.queue.took(jobs.len());
                batch(shared, &mut core, jobs);
            }
            Next::Nothing => {}
        }
        if looked.elapsed() >= LOOK_EVERY {
            look(shared, &mut shared.core());
            looked = Instant::now();
        }
    }
}

/// Whether another process wrote since the last look.
fn look(shared: &Shared, core: &mut Core) {
    // A file that cannot be asked says so when it is next written to.
    if let Ok(version) = data_version(&core.connection)
        && version != core.seen
    {
        core.seen = version;
        shared.outlook.forget();
        shared.advance();
    }
}

/// Writes jobs in one transaction and answers them.
fn batch(shared: &Shared, core: &mut Core, mut jobs: Vec<Box<dyn Job>>) {
    let written = catch_unwind(AssertUnwindSafe(|| transaction(shared, core, &mut jobs)));
    let verdict = written.unwrap_or_else(|_| {
        let error = Error::defect("writing to the store panicked");
        shared.break_down(error.clone());
        Err(Unwritten { maybe: true, error })
    });
    for job in jobs {
        job.answer(verdict.clone());
    }
}

/// One transaction for all jobs: all of it is written or nothing.
fn transaction(shared: &Shared, core: &mut Core, jobs: &mut [Box<dyn Job>]) -> Result<(), Unwritten> {
    shared.usable().map_err(unwritten)?;
    let durable = shared.options.durability == Durability::Full && jobs.iter().any(|job| job.durable());
    if core.synced != durable {
        let level = if durable { Durability::Full } else { Durability::Process };
        connect::synchronous(&core.connection, level).map_err(|error| gave_up(shared, error))?;
        core.synced = durable;
    }
    // Immediate: another process that is writing is waited for here, where nothing is lost by giving up.
    execute(core, "BEGIN IMMEDIATE").map_err(|error| gave_up(shared, error))?;
    let (ran, notable, news) = {
        let mut leases = shared.leases();
        let mut tx = Tx {
            connection: &core.connection,
            leases: &mut leases,
            bundles: &mut core.bundles,
            capabilities: &shared.capabilities,
            now: shared.options.clock.now(),
            notable: false,
            news: News::default(),
        };
        let ran = jobs.iter_mut().try_for_each(|job| job.run(&mut tx));
        (ran, tx.notable, tx.news)
    };
    if let Err(error) = ran {
        shared.leases().roll_back();
        roll_back(core);
        return Err(gave_up(shared, error));
    }
    match commit(core) {
        Ok(()) => {
            shared.leases().keep();
            shared.outlook.learn(news);
            if notable {
                shared.advance();
            }
            Ok(())
        }
        Err(error) => {
            shared.leases().roll_back();
            roll_back(core);
            Err(failed_to_commit(shared, error))
        }
    }
}

fn commit(core: &mut Core) -> rusqlite::Result<()> {
    #[cfg(test)]
    if let Some(error) = core.fail.take() {
        return Err(error);
    }
    execute(core, "COMMIT")
}

/// After an error SQLite may have rolled back by itself; then this does nothing.
fn roll_back(core: &mut Core) {
    core.bundles.forget();
    if !core.connection.is_autocommit() {
        let _ = execute(core, "ROLLBACK");
    }
}

fn execute(core: &Core, sql: &str) -> rusqlite::Result<()> {
    core.connection.prepare_cached(sql)?.execute(()).map(drop)
}

/// A transaction failed before its commit: nothing of it is written.
fn gave_up(shared: &Shared, error: rusqlite::Error) -> Unwritten {
    let harmless = is_harmless(&error);
    let error = crate::error::sqlite(&shared.path, error);
    if !harmless {
        shared.break_down(error.clone());
    }
    unwritten(error)
}

/// A commit failed. Where the disk was full its last page was not written, so nothing is. After any other failure the
/// disk may hold it or not; and as a system may forget what it failed to write, trying again proves nothing: the store
/// closes, and opening it again tells.
fn failed_to_commit(shared: &Shared, error: rusqlite::Error) -> Unwritten {
    let harmless = is_harmless(&error);
    let error = crate::error::sqlite(&shared.path, error);
    if harmless {
        return unwritten(error);
    }
    shared.break_down(error.clone());
    Unwritten { maybe: true, error }
}

/// Whether the file is as good as before: another process held it, there was no space, it may not be written to, or we
/// asked for nonsense.
fn is_harmless(error: &rusqlite::Error) -> bool {
    match error.sqlite_error_code() {
        None => true,
        // A file that lost its name while it was open is lost.
        Some(ErrorCode::ReadOnly) => {
            let extended = error.sqlite_error().map(|error| error.extended_code);
            extended != Some(rusqlite::ffi::SQLITE_READONLY_DBMOVED)
        }
        Some(code) => matches!(
            code,
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::TooBig
                | ErrorCode::ConstraintViolation
                | ErrorCode::TypeMismatch
        ),
    }
}

fn unwritten(error: Error) -> Unwritten {
    Unwritten { maybe: false, error }
}
