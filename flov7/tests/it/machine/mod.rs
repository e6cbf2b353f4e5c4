//! The machine, driven by hand: what came goes in, turns come out, and each is replayed.

mod support;

mod engine;
mod sequence;
