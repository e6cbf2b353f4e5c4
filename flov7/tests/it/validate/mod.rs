//! Validation: every code where it belongs, and nothing where nothing is wrong.

mod structure;
mod support;
