//! Validation: every code where it belongs, and nothing where nothing is wrong.

mod corpus;
mod calls;
mod examples;
mod hostile;
mod links;
mod questions;
mod reads;
mod session;
mod structure;
mod types;
mod support;
