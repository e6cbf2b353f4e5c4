//! The suite that every `Store` passes: one case for each promise of [`flov7::store`].
//!
//! Each case gets a fresh, empty store on a clock that only the case moves, so leases lapse and timers come due without
//! anyone sleeping.

mod cases;
mod fixture;
mod list;
mod outcome;

pub use fixture::{Fixture, Pending, Reopen};
pub use list::{Case, cases};
pub use outcome::{Failure, Outcome, Stop, Verdict};

use std::future::Future;
use std::time::Duration;

use flov7::testing::ManualClock;

/// How long a case may take before it counts as hanging. Cases take milliseconds; nothing depends on this but the end
/// of one that waits for ever.
const HANGING: Duration = Duration::from_secs(60);

/// Runs one case against a fresh store of `factory`, on a runtime of its own with two threads.
///
/// # Errors
/// What failed. A case that panics or hangs failed too; so does a name that no case has.
pub fn check<F, R>(name: &str, factory: F) -> Result<Verdict, Failure>
where
    F: FnOnce(ManualClock) -> R,
    R: Future<Output = Fixture>,
{
    let Some(case) = cases().iter().find(|case| case.name == name) else {
        return Err(Failure::new(format!("there is no case `{name}`")));
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("no runtime: {error}")))?;
    runtime.block_on(async { run(case, factory(ManualClock::default()).await).await })
}

/// Runs one case on the runtime of the caller.
///
/// # Errors
/// What failed. A case that panics or hangs failed too.
pub async fn run(case: &Case, mut fixture: Fixture) -> Result<Verdict, Failure> {
    let test = case.test;
    let task = tokio::spawn(async move { test(&mut fixture).await });
    match tokio::time::timeout(HANGING, task).await {
        Ok(Ok(Ok(()))) => Ok(Verdict::Held),
        Ok(Ok(Err(Stop::NotDeclared(what)))) => Ok(Verdict::NotDeclared(what)),
        Ok(Ok(Err(Stop::Failed(failure)))) => Err(failure),
        Ok(Err(panic)) => Err(Failure::new(format!("the case panicked: {panic}"))),
        Err(_) => Err(Failure::new("the case hangs")),
    }
}

/// What a test of [`store_suite!`](crate::store_suite) does: runs a case and panics where it failed.
///
/// # Panics
/// Where the promise does not hold.
#[doc(hidden)]
pub fn test<F, R>(name: &str, factory: F)
where
    F: FnOnce(ManualClock) -> R,
    R: Future<Output = Fixture>,
{
    match check(name, factory) {
        Ok(Verdict::Held) => {}
        // Never silently: whoever reads the test's output sees what was not tried.
        #[allow(clippy::print_stdout)]
        Ok(Verdict::NotDeclared(what)) => println!("{name}: not tried, the store does not declare {what}"),
        Err(failure) => panic!("{name}: {failure}"),
    }
}
