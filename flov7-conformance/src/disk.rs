//! A store whose process can die: at a chosen operation, with all that was not yet synced.
//!
//! A [`Disk`] is what survives. Each [`Process`] that is opened on it is a store: it counts its operations, fails where it is
//! told to, stalls, and after [`Process::kill`] or [`Disk::crash`] refuses everything, as a connection to a machine that is
//! gone would. What another process finds on the disk is what was durable.
//!
//! ```
//! # use std::sync::Arc;
//! use flov7::error::ErrorKind;
//! use flov7::id::Namespace;
//! use flov7::store::{ExecutionQuery, ExecutionStore};
//! use flov7::testing::ManualClock;
//! use flov7_conformance::disk::{Disk, Mishap};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let disk = Disk::new(ManualClock::default());
//! disk.fail(2, Mishap::Crash);
//! let (here, first) = (Namespace::default(), disk.process());
//! assert!(first.executions(&here, &ExecutionQuery::new()).await.is_ok());
//! for _ in 0..2 {
//!     let refused = first.executions(&here, &ExecutionQuery::new()).await.unwrap_err();
//!     assert_eq!(refused.kind(), ErrorKind::Unavailable);
//! }
//! assert!(disk.process().executions(&here, &ExecutionQuery::new()).await.is_ok()); // another process goes on
//! # });
//! ```

mod log;
mod process;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flov7::error::{Error, ErrorKind};
use flov7::memory::InMemoryStore;
use flov7::testing::ManualClock;

pub use process::Process;

use log::{Entry, Log};

/// What happens at an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Mishap {
    /// Nothing of it is done, and the answer is that nobody knows.
    Before,
    /// All of it is done and durable, and the answer is that nobody knows.
    After,
    /// The machine crashes with it under way: it is lost, with all that was not synced.
    Crash,
    /// The machine crashes once it is durable, before anyone is told.
    CrashAfter,
}

impl Mishap {
    /// All of them.
    pub const ALL: &'static [Mishap] = &[Mishap::Before, Mishap::After, Mishap::Crash, Mishap::CrashAfter];
}

/// What processes share, and what survives them. Clones are the same disk.
///
/// An honest disk acknowledges nothing that is not durable; [`Disk::with_lazy_sync`] makes one that lies.
#[derive(Clone)]
pub struct Disk(Arc<Shared>);

struct Shared {
    clock: ManualClock,
    state: Mutex<State>,
}

struct State {
    store: Arc<InMemoryStore>,
    /// Raised by each crash: processes of an earlier one are gone.
    life: u64,
    operations: u64,
    mishaps: BTreeMap<u64, Mishap>,
    /// What was written since the last sync, where it does not sync at once.
    lazy: Option<Log>,
}

impl Disk {
    /// An empty disk; leases and dues on it are by this clock.
    #[must_use]
    pub fn new(clock: ManualClock) -> Self {
        let store = Arc::new(InMemoryStore::with_clock(Arc::new(clock.clone())));
        let state = State { store, life: 0, operations: 0, mishaps: BTreeMap::new(), lazy: None };
        Disk(Arc::new(Shared { clock, state: Mutex::new(state) }))
    }

    /// Syncs only after every `writes`th write although it acknowledges each: a disk that lies. To see that tests catch it.
    #[must_use]
    pub fn with_lazy_sync(self, writes: usize) -> Self {
        self.state().lazy = Some(Log::new(writes));
        self
    }

    /// A store on this disk, as a process that starts now has it.
    #[must_use]
    pub fn process(&self) -> Process {
        Process::new(self.clone(), self.state().life)
    }

    /// Lets an operation fail: the `number`th from now on, from 1, whoever does it. Reads count.
    pub fn fail(&self, number: u64, mishap: Mishap) {
        let mut state = self.state();
        let at = state.operations + number;
        state.mishaps.insert(at, mishap);
    }

    /// How many operations there were.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// How many operations are still to fail.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.state().mishaps.len()
    }

    /// Nothing more fails by plan.
    pub fn heal(&self) {
        self.state().mishaps.clear();
    }

    /// All processes are gone, and so is what was not synced.
    pub fn crash(&self) {
        self.state().crash(&self.0.clock);
    }

    /// How often it crashed.
    #[must_use]
    pub fn crashes(&self) -> u64 {
        self.state().life
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an operation of a process of that life; gives the store, and what is to happen.
    fn begin(&self, life: u64) -> Result<(Arc<InMemoryStore>, Option<Mishap>), Error> {
        let mut state = self.state();
        if state.life != life {
            return Err(gone());
        }
        state.operations += 1;
        let number = state.operations;
        match state.mishaps.remove(&number) {
            Some(Mishap::Before) => Err(nobody_knows()),
            Some(Mishap::Crash) => {
                state.crash(&self.0.clock);
                Err(gone())
            }
            mishap => Ok((Arc::clone(&state.store), mishap)),
        }
    }

    /// An operation was done; what was written is kept or synced.
    fn done(&self, life: u64, written: Option<Entry>, mishap: Option<Mishap>) -> Result<(), Error> {
        let mut state = self.state();
        if state.life != life {
            return Err(gone());
        }
        if let (Some(log), Some(entry)) = (&mut state.lazy, written) {
            log.write(entry);
        }
        match mishap {
            Some(Mishap::After) => Err(nobody_knows()),
            Some(Mishap::CrashAfter) => {
                if let Some(log) = &mut state.lazy {
                    log.sync();
                }
                state.crash(&self.0.clock);
                Err(gone())
            }
            _ => Ok(()),
        }
    }

    fn is_lazy(&self) -> bool {
        self.state().lazy.is_some()
    }
}

impl State {
    fn crash(&mut self, clock: &ManualClock) {
        self.life += 1;
        if let Some(log) = &mut self.lazy {
            self.store = log.reread(clock);
        }
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Disk").field("operations", &state.operations).field("crashes", &state.life).finish()
    }
}

fn gone() -> Error {
    Error::new(ErrorKind::Unavailable, "the process is gone")
}

fn nobody_knows() -> Error {
    Error::new(ErrorKind::Unknown, "a planned mishap")
}
