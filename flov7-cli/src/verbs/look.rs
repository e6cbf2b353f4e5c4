//! `explain` and `graph`: what a workflow does, in words and as a picture.

use std::path::Path;

use flov7::view;
use serde_json::json;

use super::validate::checked;
use super::{Answer, DONE};
use crate::args::Common;
use crate::output::Output;

pub(crate) fn explain(output: Output, common: &Common, file: &Path) -> Answer {
    let checked = checked(output, common, file)?;
    let text = view::explain(&checked.workflow, checked.registry.catalog());
    output.either(|| json!({ "text": text }), || text.clone());
    Ok(DONE)
}

pub(crate) fn graph(output: Output, common: &Common, file: &Path) -> Answer {
    let checked = checked(output, common, file)?;
    let text = view::mermaid(&view::graph(&checked.workflow, checked.registry.catalog()));
    output.either(|| json!({ "mermaid": text }), || text.clone());
    Ok(DONE)
}
