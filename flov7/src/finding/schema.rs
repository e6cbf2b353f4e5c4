//! The JSON Schema of reports, for whoever reads what the command line prints.

use serde_json::{Value, json};

use super::report::Report;

/// The JSON Schema (2020-12) of a report as it is written: made from the types, published as `docs/schema/report-1.json`.
/// Members may be added in later releases, none changes its meaning.
#[must_use]
pub fn report_schema() -> Value {
    let mut schema = Value::from(schemars::schema_for!(Report));
    // Written, and never read back: it follows from the findings.
    schema["properties"]["valid"] = json!({
        "description": "Whether there is no error among the findings.",
        "type": "boolean"
    });
    schema["required"] = json!(["valid", "findings", "residuals"]);
    schema["title"] = "Report of flov7, format 1".into();
    schema["$id"] = "https://flov7.dev/schema/report-1.json".into();
    schema
}
