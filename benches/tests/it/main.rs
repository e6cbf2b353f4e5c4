//! flov7 against peers, what two independent implementations should agree on; the proof in small, and that it can fail.
#![allow(clippy::unwrap_used)] // Tests fail by panic.

mod fault;
#[cfg(feature = "planted")]
mod planted;
mod power;
mod proof;
mod schemas;
mod shrink;
mod simulate;
