//! Schemas, types and links.

mod assign;
mod check;
mod hostile;
mod lattice;
mod lower;
mod mutate;
mod sample;

use std::sync::LazyLock;

use flov7::types::{Defs, Lowered, SchemaChecker, lower};
use serde_json::{Value, json};

/// The named types that the tables refer to.
fn defs() -> Defs {
    // One for all: a named type is known by the document that it stands in.
    static DEFS: LazyLock<Defs> = LazyLock::new(named_types);
    DEFS.clone()
}

fn named_types() -> Defs {
    Defs::new([
        (
            "order",
            json!({ "type": "object", "required": ["id", "lines"], "properties": {
                "id": { "type": "string" }, "email": { "type": "string" },
                "lines": { "type": "array", "items": { "$ref": "#/types/line" } } } }),
        ),
        (
            "line",
            json!({ "type": "object", "required": ["quantity", "price"], "additionalProperties": false,
                "properties": { "quantity": { "type": "integer" }, "price": { "type": "number" } } }),
        ),
        (
            "tree",
            json!({ "type": "object", "required": ["name", "children"], "additionalProperties": false,
                "properties": { "name": { "type": "string" },
                    "children": { "type": "array", "items": { "$ref": "#/types/tree" } } } }),
        ),
        (
            "node",
            json!({ "type": "object", "required": ["name"], "additionalProperties": false,
                "properties": { "name": { "type": "string" }, "next": { "$ref": "#/types/node" } } }),
        ),
    ])
}

fn read(text: &str) -> Value {
    flov7::json::read(text, &flov7::json::ReadLimits::default())
        .unwrap_or_else(|fault| panic!("{text}: {fault:?}"))
}

fn lowered(text: &str) -> Lowered {
    lower(&read(text), &defs()).unwrap_or_else(|faults| panic!("{text}: {faults:?}"))
}

fn checker(text: &str) -> SchemaChecker {
    SchemaChecker::compile(&read(text), &defs()).unwrap_or_else(|faults| panic!("{text}: {faults:?}"))
}
