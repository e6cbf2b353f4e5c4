//! The command line as scripts see it: standard output, exit codes, files. Each test runs the real binary.
#![allow(clippy::unwrap_used)]

mod alone;
mod author;
mod contract;
mod demo;
mod fix;
mod family;
mod hints;
mod keep;
#[cfg(feature = "fault")]
mod kill;
mod patterns;
mod pictures;
mod reference;
mod replay;
mod usage;
mod world;
