//! A few connections that only read, opened when they are wanted.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use flov7::error::{Error, ErrorKind};
use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::connect::{Purpose, connect};
use crate::options::Options;
use crate::rows::{Failed, Read};
use crate::still;

/// How many reads may run at a time.
const READERS: usize = 4;

/// The connections that nobody reads on right now.
#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    options: Options,
    idle: Mutex<Vec<Connection>>,
    places: Semaphore,
}

impl Readers {
    pub(crate) fn new(path: PathBuf, options: Options) -> Self {
        Readers { path, options, idle: Mutex::default(), places: Semaphore::new(READERS) }
    }

    /// Waits until a read may run.
    pub(crate) async fn place(&self) -> Result<tokio::sync::SemaphorePermit<'_>, Error> {
        self.places.acquire().await.map_err(|_| Error::new(ErrorKind::Unavailable, "the store is closed"))
    }

    /// Reads, on the thread that calls.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> Read<T>) -> Result<T, Error> {
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => match connect(&self.path, Purpose::Read, &self.options) {
                Ok(connection) => connection,
                Err(error) => {
                    return still::read(&self.path, &self.options, error, |connection| {
                        work(connection).map_err(|failed| match failed {
                            Failed::Row(error) => error,
                            Failed::Sqlite(error) => crate::error::sqlite(&self.path, error),
                        })
                    });
                }
            },
        };
        match work(&connection) {
            Ok(value) => {
                self.idle().push(connection);
                Ok(value)
            }
            Err(Failed::Row(error)) => {
                self.idle().push(connection);
                Err(error)
            }
            // One that SQLite gave up on is closed.
            Err(Failed::Sqlite(error)) => Err(crate::error::sqlite(&self.path, error)),
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
