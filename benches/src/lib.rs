//! What flov7 promises, held against generated workflows, and measurements against peers and limits that are taken in the
//! same run.
//!
//! - [`author`] writes documents that are sound by construction; [`ty`] is what it believes values to be.
//! - [`play`] runs what was accepted in a random world, and [`verdict`] says what that may come to.
//! - [`proof`] is both together.
//! - [`editor`] and [`engine`] measure; [`measure`] is what they share.

pub mod author;
pub mod dice;
pub mod editor;
pub mod engine;
pub mod measure;
pub mod play;
pub mod proof;
pub mod ty;
pub mod verdict;
