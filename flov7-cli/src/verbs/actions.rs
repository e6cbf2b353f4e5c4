//! `actions`: what the catalogue offers.

use std::fmt::Write;

use flov7::catalog::{ActionDescriptor, Catalog};
use serde_json::{Value, json};

use super::{Answer, DONE};
use crate::args::Common;
use crate::files;
use crate::output::{Colour, Output, clean};

pub(crate) fn run(output: Output, common: &Common, word: Option<&str>) -> Answer {
    let registry = files::registry(common, None)?;
    let catalog = registry.catalog();
    let wanted: Vec<&ActionDescriptor> =
        catalog.actions().filter(|action| word.is_none_or(|word| has(action, word))).collect();
    output.either(|| json!({ "actions": wanted }), || text(output, &wanted, catalog));
    Ok(DONE)
}

fn has(action: &ActionDescriptor, word: &str) -> bool {
    let word = word.to_lowercase();
    let texts = [&action.id, &action.title, &action.description];
    texts.into_iter().chain(&action.phrases).any(|text| text.to_lowercase().contains(&word))
}

fn text(output: Output, actions: &[&ActionDescriptor], catalog: &Catalog) -> String {
    let mut out = String::new();
    for action in actions {
        let id = output.paint(Colour::Bold, &clean(&action.id));
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{id}  {}", clean(&action.title));
        if !action.description.is_empty() {
            let _ = writeln!(out, "    {}", clean(&action.description));
        }
        if let Some(properties) = action.input.0.get("properties").and_then(Value::as_object) {
            let required = action.input.0.get("required").and_then(Value::as_array);
            let names = properties.keys().map(|name| {
                let needed = required.is_some_and(|list| list.iter().any(|n| n.as_str() == Some(name)));
                if needed { clean(name) } else { format!("{}?", clean(name)) }
            });
            let _ = writeln!(out, "    with: {}", names.collect::<Vec<_>>().join(", "));
        }
    }
    if actions.is_empty() {
        let known = catalog.actions().count();
        let _ = writeln!(out, "no action has this word; `flov7 actions` lists all {known}");
    }
    out
}
