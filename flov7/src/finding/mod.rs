//! What is found in a document: coded findings, reports, and the page behind each code.
//!
//! A code is declared once, together with its page and with a document that shows it and one that does not;
//! without them it does not compile. A finding says where, what was found, what would do, and how to mend it.
//!
//! ```
//! use flov7::finding::{Code, Finding, Report, Residual};
//!
//! let finding = Finding::new(Code::UNKNOWN_STEP, "/steps/1/data/set", "no step is called `totl`")
//!     .with_step("show")
//!     .with_help("did you mean `total`?");
//! let report = Report::new(vec![finding], Vec::<Residual>::new());
//! assert!(!report.is_valid());
//! assert_eq!(report.findings()[0].code.name(), "unknown-step");
//! ```

mod code;
mod locate;
pub(crate) mod meter;
mod model;
mod nearest;
mod pages;
mod render;
mod report;
mod schema;

pub use code::{Code, Example, Stage, code, codes};
pub use model::{MODEL_CHARACTERS, render_for_model};
pub use nearest::{nearest, slip};
pub use render::{Source, Style, is_hidden, render};
pub(crate) use report::Misnamed;
pub use report::{Finding, Report, Residual, ResidualKind, Severity, Span};
pub use schema::report_schema;
