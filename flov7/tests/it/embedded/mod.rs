//! The embedded executor over the store in memory, on a clock that is moved by hand.

mod basics;
mod commits;
mod faults;
mod recovery;
mod support;
