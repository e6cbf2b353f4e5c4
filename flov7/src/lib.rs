//! flov7 turns a sentence into a workflow, proves it sound before it runs, and runs it so that nothing is lost.
//!
//! ```
//! # #[cfg(feature = "embedded")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use flov7::prelude::*;
//! use serde_json::json;
//!
//! // What the application can do, as data with a handler behind it.
//! let bill = from_fn(
//!     ActionDescriptor::new("shop.bill", "Bill the order",
//!         json!({ "type": "object", "properties": { "total": { "type": "number" } }, "required": ["total"] }),
//!         json!({ "type": "string" })),
//!     |_cx, input| async move { Ok(json!(format!("invoice over {}", input["total"]))) },
//! );
//! let registry = Registry::new().with_action(bill);
//!
//! // What is wanted: made by a generator, by an editor, or in code; checked before it runs.
//! let draft = Workflow::builder("billing").steps([
//!     workflow::Step::set("total", json!("${ [19, 23].sum() }")),
//!     workflow::Step::action("bill", "shop.bill").with(json!({ "total": "${ steps.total }" })),
//! ]).output(json!("${ steps.bill }")).build();
//! let workflow = validate(&draft, registry.catalog()).map_err(|report| report.to_json().to_string())?;
//!
//! // Run: every step is journaled before its effect begins.
//! tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//!     let executor = EmbeddedExecutor::builder(Arc::new(InMemoryStore::new()), Arc::new(registry)).open()?;
//!     let here = Namespace::default();
//!     let started = executor.start(&here, &workflow, json!({}), StartOptions::default()).await?;
//!     let view = executor.wait(&here, &started.execution).await?;
//!     assert_eq!((view.status, view.output), (Status::Completed, json!("invoice over 42")));
//!     Ok(())
//! })
//! # }
//! # #[cfg(not(feature = "embedded"))]
//! # fn main() {}
//! ```
//!
//! Where to look: [`workflow`] is the document, [`catalog`] what exists, [`validate`](mod@validate) whether the one is
//! sound against the other; [`machine`] is the pure interpreter, [`embedded`] the executor around it; [`store`],
//! [`action`], [`connect`], [`execute`] and [`generate`] hold the traits that implementers meet.
//!
//! # Features
//!
//! - `embedded` (on): the executor for this process, on tokio.
//! - `schedule`: cron expressions, zones and next firings of schedule triggers.
//! - `yaml`: documents in YAML 1.2.
//! - `testing`: a manual clock and seeded entropy for tests of hosts.

// Inside out: a module imports only from those before it (tests/it/house.rs holds this order).
#[cfg(feature = "planted")]
#[doc(hidden)]
pub mod planted;
#[cfg(not(feature = "planted"))]
mod planted;
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
pub mod rules;
pub mod memory;
#[cfg(feature = "embedded")]
pub mod embedded;
#[cfg(feature = "testing")]
pub mod testing;
pub mod prelude;

/// The README's program is compiled and run as a doc test.
#[cfg(all(doctest, feature = "embedded"))]
#[doc = include_str!("../../README.md")]
mod readme {}
