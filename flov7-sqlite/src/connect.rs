//! Connections as we need them.

use std::path::Path;
use std::time::Duration;

use flov7::error::{Error, ErrorKind};
use rusqlite::{Connection, OpenFlags};

use crate::options::{Durability, Options};
use crate::still;

/// How many prepared statements a connection keeps: more than we have.
const STATEMENTS: usize = 96;

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The executor's writes: makes the file where there is none.
    Own,
    /// Another process' posts.
    Post,
    /// Reading.
    Read,
    /// Reading a file that nobody writes to, from where no log can be made. See [`crate::still`].
    Still,
}

/// Opens a connection; for [`Purpose::Own`] also makes the file and its log.
pub(crate) fn connect(path: &Path, purpose: Purpose, options: &Options) -> Result<Connection, Error> {
    let failed = |error| crate::error::sqlite(path, error);
    // Each connection is behind a lock of its own, so SQLite needs none.
    let base = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let flags = match purpose {
        Purpose::Own => base | OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        Purpose::Post => base | OpenFlags::SQLITE_OPEN_READ_WRITE,
        Purpose::Read => base | OpenFlags::SQLITE_OPEN_READ_ONLY,
        Purpose::Still => base | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI,
    };
    let opened = match purpose {
        Purpose::Still => Connection::open_with_flags(still::uri(path), flags),
        _ => Connection::open_with_flags(path, flags),
    };
    let connection = opened.map_err(failed)?;
    connection.busy_timeout(options.patience).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    if purpose == Purpose::Own && connection.is_readonly(rusqlite::MAIN_DB).map_err(failed)? {
        let message = "the store may not be written to";
        return Err(Error::new(ErrorKind::Denied, message).with("file", path.display()));
    }
    // Readers keep little: what is read once (a journal, a listing) is seldom read again.
    let reads = matches!(purpose, Purpose::Read | Purpose::Still);
    let pages: i64 = if reads { -256 } else { -2_000 };
    connection.pragma_update(None, "cache_size", pages).map_err(failed)?;
    if !reads {
        connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
        synchronous(&connection, options.durability).map_err(failed)?;
        // Until the log wraps, each commit pays for growing it: small enough to wrap early.
        connection.pragma_update(None, "wal_autocheckpoint", 1_000).map_err(failed)?;
    }
    Ok(connection)
}

/// Turns on the write-ahead log, which lets others read while one writes.
pub(crate) fn log_ahead(connection: &Connection, path: &Path) -> Result<(), Error> {
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
        .map_err(|error| crate::error::sqlite(path, error))?;
    if mode == "wal" {
        return Ok(());
    }
    let message = format!("the store cannot have a write-ahead log here (it keeps `{mode}`)");
    Err(Error::new(ErrorKind::Unsupported, message).with("file", path.display()))
}

/// Says whether commits reach the disk before they return. Outside transactions only.
pub(crate) fn synchronous(connection: &Connection, durability: Durability) -> rusqlite::Result<()> {
    let level = match durability {
        Durability::Full => "FULL",
        Durability::Process => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", level)
}

/// How often the file is asked whether another process wrote to it.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A number that changes when another connection has written.
pub(crate) fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("PRAGMA data_version")?.query_row((), |row| row.get(0))
}
