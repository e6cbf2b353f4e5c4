//! What flov7 promises, held against generated workflows, and measurements against peers and limits that are taken in the
//! same run.
//!
//! - [`author`] writes documents that are sound by construction; [`ty`] is what it believes values to be.
//! - [`play`] runs what was accepted in a random world, and [`verdict`] says what that may come to.
//! - [`fault`] breaks sound documents in one place each.
//! - [`proof`] is all of it together; [`shrink`] makes what is wrong smaller.
//! - `planted` (a feature) plants bugs into flov7, one at a time, and sees each caught.
//! - [`simulate`] runs them on virtual time while everything goes wrong; [`kill`] runs them in a process that is killed.
//! - [`editor`] and [`engine`] measure; [`measure`] is what they share.

pub mod author;
pub mod dice;
pub mod editor;
pub mod engine;
pub mod fault;
pub mod kill;
pub mod measure;
#[cfg(feature = "planted")]
pub mod planted;
pub mod play;
pub mod power;
pub mod proof;
pub mod shrink;
pub mod simulate;
pub mod ty;
pub mod verdict;
pub mod walk;
