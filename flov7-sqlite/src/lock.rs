//! One executor per file: an exclusive lock on a file beside it, which holds the owner's process id.
//!
//! The system gives the lock back when the process ends, however it ends, so a stale lock file locks nobody out.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use flov7::error::Error;

/// Which process owns a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// None.
    Nobody,
    /// The one with this id.
    Process(u32),
    /// One that does not say which (where the system hides a locked file's content, for example).
    Unnamed,
}

/// The lock, held for as long as this lives.
#[derive(Debug)]
pub(crate) struct OwnerLock(File);

/// Asking who the owner is takes the lock for an instant, so a refusal is looked at again before it is believed.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(10);

impl OwnerLock {
    /// Takes the lock of the store at `store`.
    ///
    /// # Errors
    /// `Locked` with the owner's process id; `Denied` and `Unavailable` where the lock file cannot be made.
    pub(crate) fn take(store: &Path) -> Result<OwnerLock, Error> {
        let path = lock_path(store);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| crate::error::io(&path, "the lock file cannot be opened", error))?;
        for tries in 1.. {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if tries < TRIES => std::thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => return Err(locked(store, pid_in(&mut file))),
                Err(TryLockError::Error(error)) => {
                    return Err(crate::error::io(&path, "the lock file cannot be locked", error));
                }
            }
        }
        let pid = format!("{}\n", std::process::id());
        let written =
            file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(pid.as_bytes()));
        written.map_err(|error| crate::error::io(&path, "the lock file cannot be written", error))?;
        Ok(OwnerLock(file))
    }
}

impl Drop for OwnerLock {
    fn drop(&mut self) {
        // Best effort: whoever reads an id in an unlocked file does not believe it anyway.
        let _ = self.0.set_len(0);
        let _ = self.0.unlock();
    }
}

/// Who owns the store at `store`.
///
/// # Errors
/// `Denied` and `Unavailable` where the lock file is there and cannot be opened.
pub(crate) fn owner(store: &Path) -> Result<Owner, Error> {
    let path = lock_path(store);
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Owner::Nobody),
        Err(error) => return Err(crate::error::io(&path, "the lock file cannot be opened", error)),
    };
    match file.try_lock_shared() {
        Ok(()) => {
            let _ = file.unlock();
            Ok(Owner::Nobody)
        }
        Err(TryLockError::WouldBlock) => Ok(pid_in(&mut file).map_or(Owner::Unnamed, Owner::Process)),
        Err(TryLockError::Error(error)) => {
            Err(crate::error::io(&path, "the lock file cannot be locked", error))
        }
    }
}

fn locked(store: &Path, pid: Option<u32>) -> Error {
    Error::locked(pid, "another executor holds the store").with("file", store.display())
}

/// The process id that a lock file holds, if it can be read.
fn pid_in(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// `PATH.lock`.
fn lock_path(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}
