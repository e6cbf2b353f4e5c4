//! Bundles: each is kept once, under its digest, and shared by whoever reads it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use flov7::error::{Error, ErrorKind};
use flov7::id::Digest;
use flov7::json;
use flov7::validate::Bundle;
use rusqlite::{Connection, OptionalExtension};

use crate::error::corrupt;
use crate::rows::{Read, limits, read};

/// How many rows are remembered.
const ROWS: usize = 256;

/// Where bundles stand in the file, of those that were looked for lately. Only the owner makes and deletes them.
#[derive(Debug, Default)]
pub(crate) struct BundleRows(BTreeMap<Digest, i64>);

impl BundleRows {
    /// Where a bundle stands, if that is remembered.
    pub(crate) fn get(&self, digest: &Digest) -> Option<i64> {
        self.0.get(digest).copied()
    }

    /// Bundles were deleted, or what was written is not there.
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }

    fn keep(&mut self, digest: &Digest, row: i64) -> i64 {
        if self.0.len() >= ROWS {
            self.0.clear();
        }
        self.0.insert(*digest, row);
        row
    }
}

/// A bundle's row, made if it is not there.
pub(crate) fn put(
    connection: &Connection,
    rows: &mut BundleRows,
    bundle: &Bundle,
    digest: &Digest,
) -> Read<i64> {
    if let Some(known) = rows.get(digest) {
        return Ok(known);
    }
    let known = connection
        .prepare_cached("SELECT id FROM bundles WHERE digest = ?1")?
        .query_row([digest.as_bytes()], |row| row.get(0))
        .optional()?;
    if let Some(known) = known {
        return Ok(rows.keep(digest, known));
    }
    let body = text(bundle, digest)?;
    connection
        .prepare_cached("INSERT INTO bundles (digest, body) VALUES (?1, ?2)")?
        .execute((digest.as_bytes(), body))?;
    Ok(rows.keep(digest, connection.last_insert_rowid()))
}

/// The text that is kept, held against what reading it back will want: a bundle that was taken must come back.
fn text(bundle: &Bundle, digest: &Digest) -> Result<String, Error> {
    let value = serde_json::to_value(bundle)
        .map_err(|error| Error::defect("a bundle has no JSON").caused_by(error))?;
    let text = json::canonical(&value);
    // Large where the bundle is; what is read back next is as large again.
    drop(value);
    if Digest::of(&text) != *digest {
        return Err(Error::new(ErrorKind::Invalid, "the digest is not the bundle's"));
    }
    match json::read(&text, &limits()) {
        Ok(_) => Ok(text),
        Err(fault) => Err(Error::new(ErrorKind::Limit, format!("the bundle cannot be kept: {fault}"))),
    }
}

/// Bundles that someone holds: reading one again costs nothing as long as it is in use.
#[derive(Debug, Default)]
pub(crate) struct Bundles(Mutex<BTreeMap<Digest, Weak<Bundle>>>);

impl Bundles {
    /// A stored bundle.
    pub(crate) fn get(&self, connection: &Connection, digest: &Digest) -> Read<Arc<Bundle>> {
        if let Some(known) = self.known(digest) {
            return Ok(known);
        }
        let body: String = connection
            .prepare_cached("SELECT body FROM bundles WHERE digest = ?1")?
            .query_row([digest.as_bytes()], |row| row.get(0))?;
        if Digest::of(&body) != *digest {
            return Err(corrupt(format_args!("the bundle {digest} with another content")).into());
        }
        let bundle: Bundle = serde_json::from_value(read(&body)?).map_err(|error| {
            corrupt(format_args!("the bundle {digest}, which cannot be read")).caused_by(error)
        })?;
        let bundle = Arc::new(bundle);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, bundle| bundle.strong_count() > 0);
        all.insert(*digest, Arc::downgrade(&bundle));
        Ok(bundle)
    }

    /// A bundle that someone holds.
    fn known(&self, digest: &Digest) -> Option<Arc<Bundle>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(digest)?.upgrade()
    }
}
