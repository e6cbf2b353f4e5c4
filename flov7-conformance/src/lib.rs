//! What implementers of flov7's traits run against their work, and what tests do to the world.
//!
//! - [`executor_suite!`] makes one test of each promise of [`flov7::execute::Executor`]; [`executor::cases`] gives the same
//!   cases to programs.
//! - [`store_suite!`] makes one test of each promise of [`flov7::store`]; [`store::cases`] gives the same cases to
//!   programs.
//! - [`script`] answers for actions, and [`simulation`] runs everything on virtual time, the same every time: what tests of
//!   workflows need.
//! - [`disk`] is a store whose process can die, at a chosen operation, with all that was not synced.
//! - [`fault`] stops a process, or answers with an error, at a chosen commit, message or call; [`layer`] is what other stores
//!   over a store are made of.
//!
//! ```
//! use flov7::memory::InMemoryStore;
//! use flov7_conformance::store::{Fixture, Verdict, cases, check};
//! use std::sync::Arc;
//!
//! // In tests: `flov7_conformance::store_suite!(fixture);`
//! async fn fixture(clock: flov7::testing::ManualClock) -> Fixture {
//!     Fixture::new(Arc::new(InMemoryStore::with_clock(Arc::new(clock.clone()))), clock)
//! }
//! assert!(cases().iter().any(|case| case.name == "post_same_id_is_duplicate"));
//! assert_eq!(check("post_same_id_is_duplicate", fixture), Ok(Verdict::Held));
//! ```

#[macro_use]
mod ensure;
pub mod disk;
pub mod executor;
pub mod fault;
pub mod layer;
pub mod script;
pub mod simulation;
pub mod store;

/// The programs of the guide are compiled and run as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/guide/testing.md")]
mod guide {}
