//! The reader and what is computed from values.

mod canonical;
mod edit;
mod hash;
mod hostile;
mod number;
mod patch;
mod place;
mod read;
mod value;
#[cfg(feature = "yaml")]
mod yaml;

use flov7::json::{self, ReadLimits};
use serde_json::Value;

/// Reads what must be readable.
fn value(text: &str) -> Value {
    json::read(text, &ReadLimits::default()).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}
