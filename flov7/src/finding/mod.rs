//! Coded findings and reports.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One thing that validation found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The code.
    pub code: String,
}

/// A place where only the run can tell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Residual {
    /// The step, if it is in one.
    pub step: Option<String>,
    /// JSON Pointer into the document.
    pub pointer: String,
    /// The failure code that is possible there.
    pub kind: String,
}
