//! The proof in small, and that it can fail. The whole of it runs in `.ci/run`.
#![allow(clippy::unwrap_used)] // Tests fail by panic.

mod fault;
#[cfg(feature = "planted")]
mod planted;
mod power;
mod proof;
mod shrink;
