//! The suite holds for the store in memory, and each case can fail.
#![allow(clippy::unwrap_used)]

mod broken;
mod clock;
mod embedded;
mod fault;
mod golden;
mod kit;
mod memory;
mod reference;
