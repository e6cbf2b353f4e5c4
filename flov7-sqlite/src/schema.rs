//! The tables, and how an older file becomes a newer one.
//!
//! The journal is append-only by row id: one leaf page takes the turns of all executions, where a table ordered by
//! execution would touch as many pages as a batch has executions. `body` holds a turn's events in the machine's
//! encoding; everything else reads plainly in a SQLite shell.

use std::path::Path;

use flov7::error::{Error, ErrorKind};
use rusqlite::Connection;

/// What a flov7 store says of itself in its header: "flv7".
const APPLICATION_ID: i64 = 0x666c_7637;

/// One step for each version: the nth makes version n out of version n - 1.
const MIGRATIONS: &[&str] = &[
    "
CREATE TABLE bundles (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    body TEXT NOT NULL                      -- canonical text
) STRICT;

CREATE TABLE executions (
    id INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL,
    execution TEXT NOT NULL,
    workflow TEXT NOT NULL,
    bundle INTEGER NOT NULL REFERENCES bundles (id),
    key TEXT,
    status TEXT NOT NULL,
    due INTEGER,
    buffered INTEGER NOT NULL,
    buffered_bytes INTEGER NOT NULL,
    blocked TEXT,                           -- why, in JSON, where status says so
    live INTEGER NOT NULL,                  -- 1 while an executor works on it
    wake INTEGER,                           -- since or from when it may be claimed, where nobody works on it
    epoch INTEGER NOT NULL,
    started INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    UNIQUE (namespace, execution)
) STRICT;
CREATE UNIQUE INDEX executions_by_key ON executions (namespace, workflow, key) WHERE key IS NOT NULL;
CREATE INDEX executions_by_status ON executions (namespace, status, execution);
CREATE INDEX executions_by_workflow ON executions (namespace, workflow, execution);
CREATE INDEX executions_by_wake ON executions (wake) WHERE wake IS NOT NULL;
CREATE INDEX executions_live ON executions (live) WHERE live = 1;

CREATE TABLE turns (
    id INTEGER PRIMARY KEY,
    execution INTEGER NOT NULL REFERENCES executions (id),
    seq INTEGER NOT NULL,                   -- of the first event
    count INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    at INTEGER NOT NULL,
    v INTEGER NOT NULL,
    decided INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX turns_by_seq ON turns (execution, seq);

CREATE TABLE snapshots (
    execution INTEGER PRIMARY KEY REFERENCES executions (id),
    next_turn INTEGER NOT NULL,
    next_seq INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;

CREATE TABLE inbox (
    id INTEGER PRIMARY KEY,                 -- in order of arrival
    execution INTEGER NOT NULL REFERENCES executions (id),
    message TEXT NOT NULL,                  -- the sender's id
    kind TEXT NOT NULL,                     -- signal, control or child
    target TEXT NOT NULL,                   -- where a signal goes (JSON), which control, or whose end (JSON)
    payload TEXT,                           -- a signal's, or an outcome, while it is pending (canonical text)
    sender TEXT NOT NULL,
    at INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    pending INTEGER NOT NULL,               -- 1 until it is consumed or the execution ends
    UNIQUE (execution, message)
) STRICT;
CREATE INDEX inbox_pending ON inbox (execution, id) WHERE pending = 1;
CREATE INDEX inbox_arrived ON inbox (id) WHERE pending = 1;

CREATE TABLE workflows (
    id INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    head INTEGER NOT NULL,
    active INTEGER,
    UNIQUE (namespace, name)
) STRICT;

CREATE TABLE revisions (
    workflow INTEGER NOT NULL REFERENCES workflows (id),
    revision INTEGER NOT NULL,
    bundle INTEGER NOT NULL REFERENCES bundles (id),
    saved INTEGER NOT NULL,
    PRIMARY KEY (workflow, revision)
) STRICT, WITHOUT ROWID;
",
    "
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,   -- the cursor: never given again
    namespace TEXT NOT NULL,
    execution TEXT NOT NULL,
    path TEXT NOT NULL,
    name TEXT NOT NULL,
    payload TEXT NOT NULL,                  -- canonical text
    depth INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX events_by_namespace ON events (namespace, id);
",
    "
ALTER TABLE executions ADD COLUMN tags TEXT;    -- a JSON object, where it has any
ALTER TABLE executions ADD COLUMN line TEXT;    -- the concurrency key, until it ends
CREATE INDEX executions_by_line ON executions (namespace, workflow, line, id) WHERE line IS NOT NULL;
CREATE INDEX executions_by_start ON executions (namespace, started, execution);
CREATE INDEX executions_by_bundle ON executions (bundle);
CREATE INDEX executions_by_end ON executions (changed, id)
    WHERE status IN ('completed', 'failed', 'cancelled', 'terminated');
CREATE INDEX revisions_by_bundle ON revisions (bundle);

CREATE TABLE tags (
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    execution TEXT NOT NULL,
    row INTEGER NOT NULL REFERENCES executions (id),
    PRIMARY KEY (namespace, name, value, execution)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_by_row ON tags (row);
",
    // With `IN`, which a file of version 3 has here, SQLite makes a table of the four words for each row that is written, in
    // a database of its own.
    "
DROP INDEX executions_by_end;
CREATE INDEX executions_by_end ON executions (changed, id)
    WHERE status = 'completed' OR status = 'failed' OR status = 'cancelled' OR status = 'terminated';
",
];

/// Whether an execution has ended, in the words of its index: only so a query finds that.
pub(crate) const HAS_ENDED: &str =
    "(status = 'completed' OR status = 'failed' OR status = 'cancelled' OR status = 'terminated')";

/// Which version a file has, as far as we know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    /// Nothing is in it yet.
    Empty,
    /// This many migrations were made.
    Made(usize),
}

/// Brings a file up to the newest version.
///
/// # Errors
/// `Newer` where a newer flov7 wrote it; `Corrupt` where it is the file of another application.
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), Error> {
    let failed = |error| crate::error::sqlite(path, error);
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(failed)?;
    let made = match version(&transaction, path)? {
        Version::Empty => 0,
        Version::Made(made) => made,
    };
    for step in &MIGRATIONS[made..] {
        transaction.execute_batch(step).map_err(failed)?;
    }
    if made < MIGRATIONS.len() {
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
        let newest = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
        transaction.pragma_update(None, "user_version", newest).map_err(failed)?;
    }
    transaction.commit().map_err(failed)
}

/// Checks that a file has the newest version, without changing it.
///
/// # Errors
/// `Newer` where a newer flov7 wrote it; `Unavailable` where its executor has not made it yet or must bring it up to
/// date first; `Corrupt` where it is the file of another application.
pub(crate) fn check(connection: &Connection, path: &Path) -> Result<(), Error> {
    match version(connection, path)? {
        Version::Made(made) if made == MIGRATIONS.len() => Ok(()),
        Version::Made(_) => Err(Error::new(
            ErrorKind::Unavailable,
            "an older flov7 wrote the store, and an executor of this release has not opened it yet",
        )
        .with("file", path.display())),
        Version::Empty => Err(Error::new(ErrorKind::Unavailable, "no executor has set up the store yet")
            .with("file", path.display())),
    }
}

/// Checks that a file is ours or empty.
///
/// # Errors
/// `Newer` and `Corrupt`, as [`migrate`].
pub(crate) fn is_ours(connection: &Connection, path: &Path) -> Result<(), Error> {
    version(connection, path).map(drop)
}

fn version(connection: &Connection, path: &Path) -> Result<Version, Error> {
    let failed = |error| crate::error::sqlite(path, error);
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let (application, version) =
        (number("application_id").map_err(failed)?, number("user_version").map_err(failed)?);
    if application == 0 && version == 0 {
        let tables: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))
            .map_err(failed)?;
        if tables == 0 {
            return Ok(Version::Empty);
        }
    }
    if application != APPLICATION_ID {
        let message = "this is the SQLite file of another application";
        return Err(Error::new(ErrorKind::Corrupt, message).with("file", path.display()));
    }
    match usize::try_from(version) {
        Ok(made) if (1..=MIGRATIONS.len()).contains(&made) => Ok(Version::Made(made)),
        Ok(made) if made > MIGRATIONS.len() => {
            let message = format!(
                "a newer flov7 wrote the store (version {made}, this one knows {})",
                MIGRATIONS.len()
            );
            Err(Error::new(ErrorKind::Newer, message).with("file", path.display()))
        }
        _ => Err(crate::error::corrupt(format_args!("the version {version}")).with("file", path.display())),
    }
}
