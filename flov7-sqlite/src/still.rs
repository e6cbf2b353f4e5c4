//! Reading a closed store from a directory that may not be written to: an archive, another user's directory.
//!
//! SQLite wants to make its log there even to read, and gives up where it cannot. As long as there is no log, though,
//! the file holds everything and nobody writes to it, so it is read as it lies. That it stayed so is checked after each
//! read, since an executor that may write there can come at any time.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use flov7::error::{Error, ErrorKind};
use rusqlite::{Connection, ErrorCode};

use crate::connect::{Purpose, connect};
use crate::options::Options;
use crate::schema;

/// A connection to the file as it lies, for a store that could not be read otherwise. `error` says why not.
///
/// # Errors
/// That error, where it has another cause; `Denied` where there is a log, which must be read too.
pub(crate) fn instead(path: &Path, options: &Options, error: Error) -> Result<Connection, Error> {
    if !lacks_log(&error) {
        return Err(error);
    }
    Calm::look(path, error)?;
    let connection = connect(path, Purpose::Still, options)?;
    schema::check(&connection, path)?;
    Ok(connection)
}

/// Reads the file as it lies. `error` is why it could not be read otherwise.
///
/// # Errors
/// As [`instead`]; `Unavailable` where an executor came meanwhile.
pub(crate) fn read<T>(
    path: &Path,
    options: &Options,
    error: Error,
    work: impl FnOnce(&Connection) -> Result<T, Error>,
) -> Result<T, Error> {
    if !lacks_log(&error) {
        return Err(error);
    }
    let before = Calm::look(path, error.clone())?;
    let connection = instead(path, options, error)?;
    let answer = work(&connection);
    match Calm::look(path, Error::new(ErrorKind::Unavailable, "it changed")) {
        Ok(after) if after == before => answer,
        _ => {
            let message = "an executor opened the store while it was read: read it again";
            Err(Error::new(ErrorKind::Unavailable, message).with("file", path.display()))
        }
    }
}

/// What a file without a log looks like from outside.
#[derive(PartialEq, Eq)]
struct Calm {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Calm {
    fn look(path: &Path, error: Error) -> Result<Calm, Error> {
        let log = log(path);
        if log.metadata().is_ok_and(|log| log.len() > 0) {
            let message = "the store cannot be read here: part of it is in its log (-wal), and SQLite needs to write \
                 beside it (-shm) to read that; copy both files to a directory that may be written to";
            return Err(Error::new(ErrorKind::Denied, message)
                .with("file", path.display())
                .with("log", log.display())
                .caused_by(error));
        }
        let file = path.metadata();
        let file = file.map_err(|error| crate::error::io(path, "the store cannot be opened", error))?;
        Ok(Calm { bytes: file.len(), modified: file.modified().ok() })
    }
}

/// `PATH-wal`.
fn log(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}

/// Whether SQLite gave up because it cannot make its log.
fn lacks_log(error: &Error) -> bool {
    let below = std::error::Error::source(error).and_then(|below| below.downcast_ref::<rusqlite::Error>());
    let code = below.and_then(rusqlite::Error::sqlite_error_code);
    matches!(code, Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
}

/// The file as a URI that tells SQLite to look for no log and take no locks (sqlite.org/uri.html, `immutable`).
pub(crate) fn uri(path: &Path) -> PathBuf {
    let mut uri = String::from("file:");
    let bytes = path.as_os_str().as_encoded_bytes();
    if bytes.first() != Some(&b'/') {
        // `C:\store` is written `/C:/store`.
        uri.push('/');
    }
    for &byte in bytes {
        match byte {
            b'\\' if cfg!(windows) => uri.push('/'),
            b'/' | b':' | b'-' | b'.' | b'_' => uri.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    PathBuf::from(OsString::from(uri))
}
