//! The store keeps what every store promises, and what a file adds to that.
#![allow(clippy::unwrap_used)]

mod attach;
mod directory;
mod executor;
mod files;
mod kill;
mod migrate;
#[cfg(unix)]
mod names;
#[cfg(unix)]
mod readonly;
mod suite;

use directory::Directory;
