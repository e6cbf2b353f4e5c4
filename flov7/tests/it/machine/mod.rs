//! The machine, driven by hand: what came goes in, turns come out, and each is replayed.

mod support;

mod branch;
mod call;
mod chaos;
mod compute;
mod control;
mod decide;
mod emit;
mod engine;
mod failure;
mod journal;
mod line;
mod limits;
mod order;
mod repeat;
mod retry;
mod ride;
mod sequence;
mod signal;
mod taken;
mod timer;
mod undo;
mod wait;
