//! What SQLite and the file system say, in our words.

use std::path::Path;

use flov7::error::{Error, ErrorKind};
use rusqlite::ErrorCode;

/// What SQLite refused, and what it means for the store.
pub(crate) fn sqlite(path: &Path, error: rusqlite::Error) -> Error {
    let (kind, message) = match error.sqlite_error_code() {
        Some(code) => of_code(code),
        None => of_conversion(&error),
    };
    Error::new(kind, message).with("file", path.display()).caused_by(error)
}

fn of_code(code: ErrorCode) -> (ErrorKind, &'static str) {
    match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            (ErrorKind::Unavailable, "another process is writing to the store and does not end")
        }
        ErrorCode::DatabaseCorrupt => (ErrorKind::Corrupt, "the store is damaged"),
        ErrorCode::NotADatabase => (ErrorKind::Corrupt, "this is no store, but a file of another kind"),
        ErrorCode::ReadOnly => (ErrorKind::Denied, "the store may not be written to"),
        ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied => {
            (ErrorKind::Denied, "the store may not be opened")
        }
        ErrorCode::CannotOpen => (ErrorKind::Unavailable, "the store cannot be opened"),
        ErrorCode::DiskFull => (ErrorKind::Unavailable, "there is no space left for the store"),
        ErrorCode::SystemIoFailure | ErrorCode::FileLockingProtocolFailed | ErrorCode::NoLargeFileSupport => {
            (ErrorKind::Unavailable, "the disk failed while the store was read or written")
        }
        ErrorCode::OutOfMemory => (ErrorKind::Unavailable, "there is no memory left for the store"),
        ErrorCode::TooBig => (ErrorKind::Limit, "a value is larger than SQLite takes"),
        _ => (ErrorKind::Defect, "the store asked SQLite for something that it refuses"),
    }
}

/// Errors that are ours: a column that does not hold what we write there.
fn of_conversion(error: &rusqlite::Error) -> (ErrorKind, &'static str) {
    match error {
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::Utf8Error(..)
        | rusqlite::Error::InvalidColumnType(..) => {
            (ErrorKind::Corrupt, "the store holds what we did not write")
        }
        _ => (ErrorKind::Defect, "the store asked SQLite for something that it refuses"),
    }
}

/// What a file system said of a path.
pub(crate) fn io(path: &Path, message: &str, error: std::io::Error) -> Error {
    let kind = match error.kind() {
        std::io::ErrorKind::NotFound => ErrorKind::NotFound,
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => ErrorKind::Denied,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, message).with("file", path.display()).caused_by(error)
}

/// A row that we did not write.
pub(crate) fn corrupt(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Corrupt, format!("the store holds {what}"))
}
