//! `explain-code`: the page of a finding code.

use flov7::finding::{code, codes, nearest};
use serde_json::json;

use super::{Answer, DONE};
use crate::failure::Failure;
use crate::output::Output;

pub(crate) fn run(output: Output, name: &str) -> Answer {
    let Some(found) = code(name) else {
        let near = nearest(name, codes().iter().map(|code| code.name()));
        let hint = if near.is_empty() { String::new() } else { format!("; nearest: {}", near.join(", ")) };
        return Err(Failure::unreadable(format!("there is no finding code {name:?}{hint}")));
    };
    output.either(
        || {
            json!({
                "code": found.name(), "severity": found.severity().as_str(), "title": found.title(),
                "why": found.why(), "failing": found.failing().document, "mended": found.mended().document
            })
        },
        || found.page(),
    );
    Ok(DONE)
}
