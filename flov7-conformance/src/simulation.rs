//! Virtual time: everything on one thread, and a clock that jumps to the next instant when nothing else can happen.
//!
//! ```
//! use std::time::Duration;
//! use flov7::clock::Clock;
//! use flov7_conformance::simulation::Simulation;
//!
//! let simulation = Simulation::new();
//! let (clock, began) = (simulation.clock(), simulation.clock().now());
//! let ended = simulation.run(async {
//!     // A year passes at once.
//!     clock.sleep_until(began.saturating_add(Duration::from_secs(31_536_000))).await;
//!     clock.now()
//! });
//! assert_eq!(ended.unwrap().since(began), Duration::from_secs(31_536_000));
//! ```

use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use flov7::clock::Clock;
use flov7::id::Timestamp;
use flov7::testing::ManualClock;

/// Runs programs on virtual time, the same every time: one thread, tasks in the order in which they were woken, and a
/// clock that moves only when every task waits for it.
///
/// What runs in it must take its time from [`Simulation::clock`] and its randomness from a seed. Wall-clock timers, other
/// threads and the network are outside: they do not move the clock.
#[derive(Clone, Debug)]
#[must_use]
pub struct Simulation {
    clock: ManualClock,
    horizon: Duration,
}

/// Nothing more can happen, or nothing but time passed until the horizon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing more happens at {at}")]
pub struct Stuck {
    /// When that was.
    pub at: Timestamp,
}

/// What the thread that would sleep does instead.
struct Idle {
    clock: ManualClock,
    until: Timestamp,
    root: Arc<Root>,
    stuck: AtomicBool,
}

/// Whether the program itself has something to do.
#[derive(Default)]
struct Root {
    woken: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Wake for Root {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        if let Some(waker) = &*self.waker.lock().unwrap_or_else(PoisonError::into_inner) {
            waker.wake_by_ref();
        }
    }
}

impl Idle {
    fn idle(&self) {
        if self.root.woken.load(Ordering::SeqCst) || self.stuck.load(Ordering::SeqCst) {
            return;
        }
        match self.clock.earliest_sleeper() {
            Some(at) if at <= self.until => self.clock.set(at.max(self.clock.now())),
            _ => {
                self.stuck.store(true, Ordering::SeqCst);
                Arc::clone(&self.root).wake();
            }
        }
    }
}

impl Simulation {
    /// A simulation that begins at 2026-01-01T00:00:00Z and gives up ten virtual years later.
    pub fn new() -> Self {
        Simulation { clock: ManualClock::default(), horizon: Duration::from_secs(10 * 31_536_000) }
    }

    /// Gives up sooner or later: after so much virtual time in one [`Simulation::run`].
    pub fn with_horizon(mut self, horizon: Duration) -> Self {
        self.horizon = horizon;
        self
    }

    /// The clock. Setting it is a jump, forward or back.
    #[must_use]
    pub fn clock(&self) -> ManualClock {
        self.clock.clone()
    }

    /// Runs a program to its end. What it spawned is dropped where it stands, as the end of a process would.
    ///
    /// # Errors
    /// [`Stuck`] where it waits for what never happens.
    ///
    /// # Panics
    /// Where the program panics, and where no runtime can be made.
    pub fn run<F: Future>(&self, program: F) -> Result<F::Output, Stuck> {
        let root = Arc::new(Root { woken: AtomicBool::new(true), ..Root::default() });
        let idle = Arc::new(Idle {
            clock: self.clock.clone(),
            until: self.clock.now().saturating_add(self.horizon),
            root: Arc::clone(&root),
            stuck: AtomicBool::new(false),
        });
        let parked = Arc::clone(&idle);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .on_thread_park(move || parked.idle())
            .build()
            .unwrap_or_else(|error| panic!("no runtime: {error}"));
        let mut program = pin!(program);
        runtime.block_on(std::future::poll_fn(|cx| poll(program.as_mut(), cx, &root, &idle)))
    }
}

fn poll<F: Future>(
    program: Pin<&mut F>,
    cx: &mut Context<'_>,
    root: &Arc<Root>,
    idle: &Idle,
) -> Poll<Result<F::Output, Stuck>> {
    *root.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
    root.woken.store(false, Ordering::SeqCst);
    let waker = Waker::from(Arc::clone(root));
    match program.poll(&mut Context::from_waker(&waker)) {
        Poll::Ready(output) => Poll::Ready(Ok(output)),
        Poll::Pending if idle.stuck.load(Ordering::SeqCst) => {
            Poll::Ready(Err(Stuck { at: idle.clock.now() }))
        }
        Poll::Pending => Poll::Pending,
    }
}

impl Default for Simulation {
    fn default() -> Self {
        Simulation::new()
    }
}

impl fmt::Debug for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idle").field("until", &self.until).finish_non_exhaustive()
    }
}
