//! Everything that the crate promises, at its boundary.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::disallowed_types)] // Tests read files and fail by panic.

mod action;
#[cfg(feature = "embedded")]
mod embedded;
mod execute;
mod expr;
mod finding;
mod id;
mod json;
mod catalog;
mod validate;
mod workflow;
mod house;
mod proof;
mod rules;
#[cfg(feature = "schedule")]
mod schedule;
mod machine;
mod view;
mod types;
