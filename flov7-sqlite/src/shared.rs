//! What the handle, its writer thread and its readers share.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use flov7::error::{Error, ErrorKind};
use flov7::store::StoreCapabilities;
use rusqlite::Connection;
use tokio::sync::watch;

use crate::bundles::{BundleRows, Bundles};
use crate::leases::Leases;
use crate::options::Options;
use crate::outlook::Outlook;
use crate::queue::Queue;
use crate::readers::Readers;

/// Everything of an open store.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) path: PathBuf,
    pub(crate) options: Options,
    pub(crate) capabilities: StoreCapabilities,
    pub(crate) queue: Queue,
    pub(crate) readers: Readers,
    pub(crate) bundles: Bundles,
    pub(crate) marks: watch::Sender<u64>,
    pub(crate) outlook: Outlook,
    core: Mutex<Core>,
    leases: Mutex<Leases>,
    /// Why nothing works any more.
    broken: Mutex<Option<Error>>,
}

/// The one connection that writes.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) connection: Connection,
    /// Whether its commits reach the disk before they return.
    pub(crate) synced: bool,
    /// What the file said when it was last asked whether others wrote to it.
    pub(crate) seen: i64,
    pub(crate) bundles: BundleRows,
    /// What the next commit answers instead of committing.
    #[cfg(test)]
    pub(crate) fail: Option<rusqlite::Error>,
}

impl Shared {
    pub(crate) fn new(
        path: PathBuf,
        options: Options,
        capabilities: StoreCapabilities,
        connection: Connection,
        seen: i64,
    ) -> Self {
        let synced = options.durability == crate::options::Durability::Full;
        Shared {
            capabilities,
            queue: Queue::new(),
            readers: Readers::new(path.clone(), options.clone()),
            bundles: Bundles::default(),
            marks: watch::Sender::new(0),
            outlook: Outlook::default(),
            core: Mutex::new(Core {
                connection,
                synced,
                seen,
                bundles: BundleRows::default(),
                #[cfg(test)]
                fail: None,
            }),
            leases: Mutex::default(),
            broken: Mutex::new(None),
            path,
            options,
        }
    }

    pub(crate) fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The writing connection, unless someone writes.
    pub(crate) fn idle_core(&self) -> Option<MutexGuard<'_, Core>> {
        match self.core.try_lock() {
            Ok(core) => Some(core),
            Err(std::sync::TryLockError::Poisoned(core)) => Some(core.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) => None,
        }
    }

    /// The leases. Never held while a commit waits for the disk.
    pub(crate) fn leases(&self) -> MutexGuard<'_, Leases> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something came that an executor may want to look at.
    pub(crate) fn advance(&self) {
        self.marks.send_modify(|mark| *mark += 1);
    }

    /// Closes the store for good: what is on the disk is known only after it is opened again.
    pub(crate) fn break_down(&self, error: Error) {
        let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        broken.get_or_insert(error);
        drop(broken);
        // Whoever waits for something to come shall come and see this.
        self.advance();
    }

    /// Whether the store still works.
    ///
    /// # Errors
    /// `Unavailable` once it broke down.
    pub(crate) fn usable(&self) -> Result<(), Error> {
        match &*self.broken.lock().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(()),
            Some(cause) => {
                let message = "the store was closed because a write failed, and must be opened again";
                Err(Error::new(ErrorKind::Unavailable, message)
                    .with("file", self.path.display())
                    .caused_by(cause.clone()))
            }
        }
    }
}
