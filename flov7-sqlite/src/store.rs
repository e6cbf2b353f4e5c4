//! The store: opening it, and what it does.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use flov7::error::{Error, ErrorKind};
use flov7::id::{ExecutionId, Namespace, Timestamp, WorkflowName};
use flov7::store::{
    Accepted, Claim, Claimed, Created, EmittedEvent, ExecutionPage, ExecutionQuery, ExecutionStore, Expect,
    Lease, Loaded, Message, NewExecution, Purge, Purged, Store, StoreCapabilities, StoredRevision, Turn,
    TurnBody, TurnError, Which, WorkflowRow, WorkflowStore,
};
use flov7::validate::Bundle;
use rusqlite::Connection;
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::connect::{Purpose, connect, data_version, log_ahead};
use crate::lock::{self, Owner, OwnerLock};
use crate::options::Options;
use crate::rows::Read;
use crate::shared::Shared;
use crate::writer::{Need, Unwritten, write};
use crate::{file, read, schema, still, writer};

/// Executions, journals and inbox in one SQLite file.
///
/// Opening and dropping a store block for a few milliseconds; its methods wait for the disk without blocking a runtime
/// of several threads. Dropping it writes what is queued, folds the log into the file and gives the file back.
///
/// On a runtime of several threads its methods use [`tokio::task::block_in_place`], which a `LocalSet` of such a runtime
/// does not allow: call it from ordinary tasks.
pub struct SqliteStore {
    pub(crate) shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
    /// Held by the process that executes, and given back last: after the connections are closed.
    lock: Option<OwnerLock>,
}

impl SqliteStore {
    /// Opens a store to execute in it, and makes it where there is none. All leases that were given before are void.
    ///
    /// Beside the file at `path` lie its log (`-wal`, `-shm`) while it is open, and its lock (`.lock`).
    ///
    /// # Errors
    /// `Locked` where another executor has it open, with that one's process id; `Newer` where a newer flov7 wrote it;
    /// `Corrupt` where it is damaged or the file of another application; `NotFound` where its directory is not there;
    /// `Invalid` where it is a directory; `Denied` where it may not be written; `Unsupported` where the file has several
    /// names (hard links), since its log goes by name, or where the file system cannot hold its log; `Unavailable` for
    /// what may pass.
    pub fn open(path: impl AsRef<Path>, options: Options) -> Result<SqliteStore, Error> {
        let path = file::canonical(path.as_ref())?;
        file::one_name(&path)?;
        let lock = OwnerLock::take(&path)?;
        let failed = |error| crate::error::sqlite(&path, error);
        let mut connection = connect(&path, Purpose::Own, &options)?;
        // Before anything is changed: a file of another application stays as it is.
        schema::is_ours(&connection, &path)?;
        log_ahead(&connection, &path)?;
        schema::migrate(&mut connection, &path)?;
        connection
            .execute("UPDATE executions SET live = 0, wake = ?1 WHERE live = 1", [options.clock.now().ms()])
            .map_err(failed)?;
        SqliteStore::start(path, options, connection, Some(lock))
    }

    /// Attaches to a store while another process executes in it, or while none does: to read, and to post messages.
    /// Whatever only an executor may do is `Denied`.
    ///
    /// Reading wants no right to write: neither to the file nor, where its log is there or not needed, to its directory.
    /// Posting is `Denied` then.
    ///
    /// # Errors
    /// As [`SqliteStore::open`], but never `Locked`; `Denied` where a log must be read and its directory may not be
    /// written to; `NotFound` where there is no store; `Unavailable` also where an
    /// executor has still to set it up.
    pub fn attach(path: impl AsRef<Path>, options: Options) -> Result<SqliteStore, Error> {
        let path = file::canonical(path.as_ref())?;
        if !path.exists() {
            return Err(Error::new(ErrorKind::NotFound, "there is no store").with("file", path.display()));
        }
        file::one_name(&path)?;
        let usual = connect(&path, Purpose::Post, &options)
            .and_then(|connection| schema::check(&connection, &path).map(|()| connection));
        let connection = match usual {
            Ok(connection) => connection,
            Err(error) => still::instead(&path, &options, error)?,
        };
        SqliteStore::start(path, options, connection, None)
    }

    /// Which process executes in the store at `path`; nobody where there is no store.
    ///
    /// # Errors
    /// `Denied` and `Unavailable` where its lock file cannot be asked, `NotFound` where its directory is not there,
    /// `Invalid` where it is a directory, `Unsupported` where the file has several names and no executor works under
    /// this one.
    pub fn owner(path: impl AsRef<Path>) -> Result<Owner, Error> {
        let path = file::canonical(path.as_ref())?;
        file::one_name(&path)?;
        lock::owner(&path)
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    fn start(
        path: PathBuf,
        options: Options,
        connection: Connection,
        lock: Option<OwnerLock>,
    ) -> Result<SqliteStore, Error> {
        let seen = data_version(&connection).map_err(|error| crate::error::sqlite(&path, error))?;
        let capabilities = StoreCapabilities::new(true, true).with_purge();
        let shared = Arc::new(Shared::new(path, options, capabilities, connection, seen));
        let writing = Arc::clone(&shared);
        let writer = std::thread::Builder::new()
            .name("flov7-sqlite".to_owned())
            .spawn(move || writer::run(&writing))
            .map_err(|error| {
                Error::new(ErrorKind::Unavailable, "the store's thread cannot be started").caused_by(error)
            })?;
        Ok(SqliteStore { shared, writer: Some(writer), lock })
    }

    /// Refuses what only an executor may do.
    fn owned(&self) -> Result<(), Error> {
        if self.lock.is_some() {
            return Ok(());
        }
        let message = "this process is attached to the store to read and post; only its executor may do that";
        Err(Error::new(ErrorKind::Denied, message).with("file", self.shared.path.display()))
    }

    /// Writes as the owner.
    async fn write<T: Send + 'static>(
        &self,
        need: Need,
        work: impl FnOnce(&mut crate::ops::Tx<'_>) -> Read<T> + Send + 'static,
    ) -> Result<T, Error> {
        self.owned()?;
        write(&self.shared, 1, need, work).await?
    }

    /// Reads without holding up the runtime.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared, &Connection) -> Read<T> + Send + 'static,
    ) -> Result<T, Error> {
        self.shared.usable()?;
        let _place = self.shared.readers.place().await?;
        let shared = Arc::clone(&self.shared);
        let reading = move || shared.readers.read(|connection| work(&shared, connection));
        match Handle::try_current().map(|handle| handle.runtime_flavor()) {
            Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(reading),
            Ok(_) => match tokio::task::spawn_blocking(reading).await {
                Ok(answer) => answer,
                Err(error) => Err(Error::defect("reading the store panicked").caused_by(error)),
            },
            Err(_) => reading(),
        }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.shared.queue.close();
        if let Some(writer) = self.writer.take() {
            // It catches what panics in it, and has nothing to tell.
            let _ = writer.join();
        }
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("SqliteStore");
        debug.field("path", &self.shared.path).field("owner", &self.lock.is_some()).finish_non_exhaustive()
    }
}

impl Store for SqliteStore {
    fn capabilities(&self) -> &StoreCapabilities {
        &self.shared.capabilities
    }
}

#[async_trait]
impl ExecutionStore for SqliteStore {
    async fn create(&self, namespace: &Namespace, new: NewExecution) -> Result<Created, Error> {
        let workflow = new.check(&self.shared.capabilities)?;
        let namespace = namespace.clone();
        self.write(Need::Durable, move |tx| tx.create(&namespace, &workflow, &new)).await
    }

    async fn commit(&self, turns: Vec<Turn>) -> Vec<Result<(), TurnError>> {
        let count = turns.len();
        let refused = |error: Error| (0..count).map(|_| Err(TurnError::Refused(error.clone()))).collect();
        if let Err(error) = self.owned() {
            return refused(error);
        }
        let written = write(&self.shared, count, Need::Durable, move |tx| {
            turns.iter().map(|turn| tx.commit(turn)).collect::<Read<Vec<_>>>()
        });
        match written.await {
            Ok(Ok(answers)) => answers,
            Ok(Err(error)) | Err(Unwritten { maybe: false, error }) => refused(error),
            Err(Unwritten { maybe: true, error }) => {
                (0..count).map(|_| Err(TurnError::Unknown(error.clone()))).collect()
            }
        }
    }

    async fn post(
        &self,
        namespace: &Namespace,
        to: &ExecutionId,
        message: Message,
    ) -> Result<Accepted, Error> {
        message.check()?;
        let (namespace, to) = (namespace.clone(), to.clone());
        write(&self.shared, 1, Need::Durable, move |tx| tx.post(&namespace, &to, &message)).await?
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Claimed>, Error> {
        let claim = claim.clone();
        self.write(Need::Soft, move |tx| tx.claim(&claim)).await
    }

    async fn renew(
        &self,
        leases: &[(Namespace, ExecutionId, Lease)],
        ttl_millis: u64,
    ) -> Result<Vec<bool>, Error> {
        self.owned()?;
        self.shared.usable()?;
        let until = self.shared.options.clock.now().saturating_add(Duration::from_millis(ttl_millis));
        let mut held = self.shared.leases();
        let extend = |(namespace, execution, lease): &(Namespace, ExecutionId, Lease)| {
            held.extend(namespace, execution, lease, until)
        };
        Ok(leases.iter().map(extend).collect())
    }

    async fn release(&self, leases: &[(Namespace, ExecutionId, Lease)]) -> Result<(), Error> {
        let leases = leases.to_vec();
        self.write(Need::Soft, move |tx| tx.release(&leases)).await
    }

    async fn arrived(
        &self,
        owner: &str,
        limit: usize,
    ) -> Result<Vec<(Namespace, ExecutionId, Message)>, Error> {
        self.owned()?;
        if self.shared.outlook.quiet() {
            return self.shared.usable().map(|()| Vec::new());
        }
        let owner = owner.to_owned();
        self.read(move |shared, connection| {
            let edition = shared.outlook.edition();
            let arrived = read::arrived(connection, limit, |namespace, execution| {
                shared.leases().get(namespace, execution).is_some_and(|held| *held.owner == *owner)
            })?;
            if !arrived.any {
                shared.outlook.read_no_mail(edition);
            }
            Ok(arrived.messages)
        })
        .await
    }

    async fn restore(&self, namespace: &Namespace, execution: &ExecutionId) -> Result<Loaded, Error> {
        let (space, id) = (namespace.clone(), execution.clone());
        let mut loaded = self
            .read(move |shared, connection| read::restore(connection, &shared.bundles, &space, &id))
            .await?;
        loaded.row.lease = self.shared.leases().get(namespace, execution).map(|held| held.lease());
        Ok(loaded)
    }

    async fn turns(
        &self,
        namespace: &Namespace,
        execution: &ExecutionId,
        from_seq: u64,
        limit: usize,
    ) -> Result<Vec<TurnBody>, Error> {
        let (namespace, execution) = (namespace.clone(), execution.clone());
        self.read(move |_, connection| read::turns(connection, &namespace, &execution, from_seq, limit)).await
    }

    async fn executions(
        &self,
        namespace: &Namespace,
        query: &ExecutionQuery,
    ) -> Result<ExecutionPage, Error> {
        let (space, query) = (namespace.clone(), query.clone());
        let mut page = self.read(move |_, connection| read::executions(connection, &space, &query)).await?;
        let leases = self.shared.leases();
        for row in &mut page.executions {
            row.lease = leases.get(namespace, &row.execution).map(|held| held.lease());
        }
        Ok(page)
    }

    async fn emitted(
        &self,
        namespace: &Namespace,
        after: u64,
        limit: usize,
    ) -> Result<Vec<EmittedEvent>, Error> {
        let namespace = namespace.clone();
        self.read(move |_, connection| read::emitted(connection, &namespace, after, limit)).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, Error> {
        let wake = match self.shared.outlook.wake().filter(|_| self.lock.is_some()) {
            Some(wake) => self.shared.usable().map(|()| wake)?,
            None => {
                let read = |shared: &Shared, connection: &Connection| {
                    let edition = shared.outlook.edition();
                    let wake = read::next_wake(connection)?;
                    shared.outlook.read_wake(edition, wake);
                    Ok(wake)
                };
                self.read(read).await?
            }
        };
        let lapse = self.shared.leases().first_lapse();
        Ok(wake.into_iter().chain(lapse).min())
    }

    async fn purge(&self, purge: &Purge) -> Result<Purged, Error> {
        let purge = purge.clone();
        self.write(Need::Durable, move |tx| tx.purge(&purge)).await
    }

    async fn changed(&self, seen: u64) -> u64 {
        let mut marks = self.shared.marks.subscribe();
        // The sender lives as long as this store: there is always an answer.
        marks.wait_for(|mark| *mark != seen).await.map_or(seen, |mark| *mark)
    }
}

#[async_trait]
impl WorkflowStore for SqliteStore {
    async fn save(&self, namespace: &Namespace, bundle: Arc<Bundle>, expect: Expect) -> Result<u64, Error> {
        let name = flov7::store::workflow_name(&bundle)?;
        let namespace = namespace.clone();
        // Outside the batch: the digest of a large bundle takes its time.
        let digest = bundle.digest();
        self.write(Need::Durable, move |tx| tx.save(&namespace, &name, &bundle, &digest, expect)).await
    }

    async fn load(
        &self,
        namespace: &Namespace,
        name: &WorkflowName,
        which: Which,
    ) -> Result<StoredRevision, Error> {
        let (namespace, name) = (namespace.clone(), name.clone());
        self.read(move |shared, connection| read::load(connection, &shared.bundles, &namespace, &name, which))
            .await
    }

    async fn activate(
        &self,
        namespace: &Namespace,
        name: &WorkflowName,
        revision: Option<u64>,
        expect: Expect,
    ) -> Result<(), Error> {
        let (namespace, name) = (namespace.clone(), name.clone());
        self.write(Need::Durable, move |tx| tx.activate(&namespace, &name, revision, expect)).await
    }

    async fn workflows(
        &self,
        namespace: &Namespace,
        after: Option<&WorkflowName>,
        limit: usize,
    ) -> Result<Vec<WorkflowRow>, Error> {
        let (namespace, after) = (namespace.clone(), after.cloned());
        self.read(move |_, connection| read::workflows(connection, &namespace, after.as_ref(), limit)).await
    }
}
