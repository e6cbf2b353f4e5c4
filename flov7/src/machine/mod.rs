//! The pure interpreter: events in, commands out.
//!
//! No I/O, no clock, no randomness: time comes in, jitter is seeded, and the same inputs give the same turns in every
//! process. An engine only drives it: it feeds what came ([`Incoming`]), commits the turn, then carries out its
//! commands ([`Command`]).

mod data;
pub mod event;
mod turn;

pub use data::*;
pub use turn::{Head, Turn, TurnBody};
