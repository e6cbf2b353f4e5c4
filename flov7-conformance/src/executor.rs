//! The suite that every `Executor` passes: one case for each promise of [`flov7::execute::Executor`] and of the rules
//! that it keeps.
//!
//! A [`Setting`] gives the clock, which only the case moves, and the actions, which answer when the case lets them; a
//! [`Fixture`] is an executor with them, over an empty store. Cases wait for what is committed and never for time.

mod cases;
mod fixture;
mod list;
mod world;

pub use fixture::{Fixture, Restart, Setting};
pub use list::{Case, cases};
pub use world::World;

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::store::{Failure, Outcome, Stop, Verdict};

/// How long a case may take before it counts as hanging. Nothing depends on this but the end of one that waits for ever.
const HANGING: Duration = Duration::from_secs(60);

/// How often a case lets everything go on before it says that nothing more happens, where all of it is one thread.
const PATIENCE: u32 = 2_000;

/// Runs one case against a fresh executor of `factory`, on a runtime of its own with two threads.
///
/// # Errors
/// What failed. A case that panics or hangs failed too; so does a name that no case has.
pub fn check<F, R>(name: &str, factory: F) -> Result<Verdict, Failure>
where
    F: FnOnce(Setting) -> R,
    R: Future<Output = Fixture>,
{
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    run(name, factory, builder.worker_threads(2), None)
}

/// As [`check`], on one thread: for executors and stores without threads of their own. What never happens is found out
/// at once, and a case runs the same every time.
///
/// # Errors
/// As [`check`].
pub fn check_alone<F, R>(name: &str, factory: F) -> Result<Verdict, Failure>
where
    F: FnOnce(Setting) -> R,
    R: Future<Output = Fixture>,
{
    run(name, factory, &mut tokio::runtime::Builder::new_current_thread(), Some(PATIENCE))
}

fn run<F, R>(
    name: &str,
    factory: F,
    runtime: &mut tokio::runtime::Builder,
    patience: Option<u32>,
) -> Result<Verdict, Failure>
where
    F: FnOnce(Setting) -> R,
    R: Future<Output = Fixture>,
{
    let Some(case) = cases().iter().find(|case| case.name == name) else {
        return Err(Failure::new(format!("there is no case `{name}`")));
    };
    let runtime =
        runtime.enable_all().build().map_err(|error| Failure::new(format!("no runtime: {error}")))?;
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            let (setting, calls) = Setting::new();
            let fixture = factory(setting.clone()).await;
            let mut world = World::new(setting, calls, fixture, patience);
            tokio::time::timeout(HANGING, (case.test)(&mut world)).await
        })
    }));
    // An attempt that a case never answered must not hold up the end of its runtime.
    runtime.shutdown_background();
    verdict(outcome.map(|outcome| outcome.unwrap_or_else(|_| Err(Failure::new("the case hangs").into()))))
}

fn verdict(outcome: Result<Outcome, Box<dyn Any + Send>>) -> Result<Verdict, Failure> {
    match outcome {
        Ok(Ok(())) => Ok(Verdict::Held),
        Ok(Err(Stop::NotDeclared(what))) => Ok(Verdict::NotDeclared(what)),
        Ok(Err(Stop::Failed(failure))) => Err(failure),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default();
            Err(Failure::new(format!("the case panicked: {text}")))
        }
    }
}

/// What a test of [`executor_suite!`](crate::executor_suite) does: runs a case and panics where it failed.
///
/// # Panics
/// Where the promise does not hold.
#[doc(hidden)]
pub fn test<F, R>(name: &str, factory: F)
where
    F: FnOnce(Setting) -> R,
    R: Future<Output = Fixture>,
{
    match check(name, factory) {
        Ok(Verdict::Held) => {}
        // Never silently: whoever reads the test's output sees what was not tried.
        #[allow(clippy::print_stdout)]
        Ok(Verdict::NotDeclared(what)) => println!("{name}: not tried, the executor does not declare {what}"),
        Err(failure) => panic!("{name}: {failure}"),
    }
}
