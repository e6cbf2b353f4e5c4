//! The embedded store of flov7: executions, journals and inbox in one SQLite file.
//!
//! One process owns the file and executes ([`SqliteStore::open`]); others may attach to it meanwhile, to look and to
//! post messages ([`SqliteStore::attach`]): approve from another terminal, watch. What is acknowledged is on the disk:
//! the log is synced at each commit, and concurrent commits share one sync.
//!
//! ```
//! use flov7::id::Namespace;
//! use flov7::store::{ExecutionQuery, ExecutionStore, Store};
//! use flov7_sqlite::{Options, Owner, SqliteStore};
//!
//! # let path = std::env::temp_dir().join(format!("flov7-page-{}.db", std::process::id()));
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let store = SqliteStore::open(&path, Options::new())?;
//! assert!(store.capabilities().durable);
//! assert_eq!(SqliteStore::owner(&path)?, Owner::Process(std::process::id()));
//!
//! let watcher = SqliteStore::attach(&path, Options::new())?;
//! let page = watcher.executions(&Namespace::default(), &ExecutionQuery::new()).await?;
//! assert!(page.executions.is_empty());
//! # drop((store, watcher));
//! # for end in ["", "-wal", "-shm", ".lock"] { let _ = std::fs::remove_file(format!("{}{end}", path.display())); }
//! # Ok::<(), flov7::error::Error>(()) }).unwrap();
//! ```

mod bundles;
mod connect;
mod error;
mod file;
mod leases;
mod lock;
mod ops;
mod options;
mod outlook;
mod queue;
mod read;
mod readers;
mod rows;
mod schema;
mod shared;
mod still;
mod store;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
mod writer;

pub use lock::Owner;
pub use options::{Durability, Options};
pub use store::SqliteStore;
