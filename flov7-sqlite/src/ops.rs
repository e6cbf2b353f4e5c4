//! What a batch does to the file, one operation after the other.
//!
//! Each operation looks at everything before it writes anything, so one that is refused leaves nothing behind, and a
//! batch needs no savepoints. What fails after that is the file itself, and then the whole batch is rolled back.

mod create;
mod inbox;
mod leasing;
mod line;
mod purge;
mod turn;
pub(crate) mod workflows;

use flov7::error::{Error, ErrorKind};
use flov7::id::{ExecutionId, Namespace, Timestamp};
use flov7::store::StoreCapabilities;
use rusqlite::Connection;

use crate::bundles::BundleRows;
use crate::leases::Leases;
use crate::outlook::News;

/// A batch in the making.
pub(crate) struct Tx<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) leases: &'a mut Leases,
    pub(crate) bundles: &'a mut BundleRows,
    pub(crate) capabilities: &'a StoreCapabilities,
    /// One instant for the whole batch, by the store's clock.
    pub(crate) now: Timestamp,
    /// Whether something came that an executor may want to look at.
    pub(crate) notable: bool,
    /// What changes of what is known without the file.
    pub(crate) news: News,
}

fn no_execution(namespace: &Namespace, execution: &ExecutionId) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no execution {execution} in `{namespace}`"))
}
