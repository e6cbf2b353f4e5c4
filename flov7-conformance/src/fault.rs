//! Fault points: a process that ends, or an answer that is lost, at one chosen place of a run.
//!
//! A [`Plan`] counts what passes its wrappers. Where one of its points is reached, it aborts the process as a kill
//! would, or answers with an error that leaves the outcome open:
//!
//! - `commit:17:before`, `commit:17:after`: the 17th write to a journal, before or after it is written: each turn is one,
//!   and each `create` with all the turns that an execution begins with;
//! - `post:2:after`: the second message from outside;
//! - `call:3:before`, `call:3:after`: the third call of a handler, before or after it ran.
//!
//! Several are separated by commas; `=error` after one answers `Unknown` instead of aborting: `commit:17:after=error`
//! is a commit that fails although it was written. A run under an empty plan tells how many places there are
//! ([`Plan::counts`]).
//!
//! ```
//! use flov7_conformance::fault::Plan;
//!
//! let plan: Plan = "commit:17:after=error,call:3:before".parse().unwrap();
//! assert_eq!(plan.to_string(), "commit:17:after=error,call:3:before");
//! assert!("commit:0:before".parse::<Plan>().is_err()); // counted from 1
//! ```

mod action;
mod plan;
mod store;

pub use action::FaultAction;
pub use plan::{Counts, Deed, Operation, Plan, Point, When};
pub use store::{FaultStore, Faults};
