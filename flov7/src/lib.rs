//! flov7 turns a sentence into a workflow, proves it sound before it runs, and runs it so that nothing is lost.

// Inside out: a module imports only from those before it (tests/it/house.rs holds this order).
pub mod id;
pub mod json;
pub mod finding;
pub mod error;
pub mod types;
pub mod expr;
pub mod workflow;
pub mod catalog;
pub mod validate;
pub mod program;
pub mod machine;
pub mod view;
pub mod secret;
pub mod clock;
pub mod observe;
pub mod connect;
pub mod action;
pub mod trigger;
pub mod store;
pub mod execute;
pub mod model;
pub mod generate;
pub mod builtin;
pub mod rules;
pub mod memory;
#[cfg(feature = "embedded")]
pub mod embedded;
#[cfg(feature = "testing")]
pub mod testing;
