//! The cases, by the part of the contract that they are about.

mod attempts;
mod children;
mod forking;
mod lines;
mod looking;
mod namespaces;
mod peers;
mod restarts;
mod signals;
mod starting;
mod stopping;
mod timers;
mod undoing;

pub(super) use attempts::*;
pub(super) use children::*;
pub(super) use forking::*;
pub(super) use lines::*;
pub(super) use looking::*;
pub(super) use namespaces::*;
pub(super) use peers::*;
pub(super) use restarts::*;
pub(super) use signals::*;
pub(super) use starting::*;
pub(super) use stopping::*;
pub(super) use timers::*;
pub(super) use undoing::*;
