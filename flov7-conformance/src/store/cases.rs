//! The cases, by the part of the contract that they are about.

mod commit;
mod create;
mod family;
mod inbox;
mod leases;
mod lines;
mod namespaces;
mod purging;
mod reading;
mod reopening;
mod workflows;

pub(super) use commit::*;
pub(super) use create::*;
pub(super) use family::*;
pub(super) use inbox::*;
pub(super) use leases::*;
pub(super) use lines::*;
pub(super) use namespaces::*;
pub(super) use purging::*;
pub(super) use reading::*;
pub(super) use reopening::*;
pub(super) use workflows::*;
