//! Validation: every code where it belongs, and nothing where nothing is wrong.

mod types;
mod reads;
mod questions;
mod structure;
mod support;
