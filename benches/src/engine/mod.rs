//! What the embedded engine costs, against three limits that are measured in the same process, in the slices just before
//! and after what is compared with them:
//!
//! - **C**: one commit of one small row by SQLite alone, with `synchronous=FULL`, its log already wrapped;
//! - **G**: acknowledgements per second of SQLite alone, when 64 writers wait and one thread commits all that wait;
//! - **F**: one boxed asynchronous step over a JSON value, in memory, with nothing around it.
//!
//! Each measure runs in a process of its own: two stores in one process disturb each other.

mod limits;
mod measures;
mod parked;
mod stats;
mod world;

pub use measures::{MEASURES, Measure};
pub use parked::peak_mib;
pub use stats::Row;
