use std::sync::Arc;

use flov7::action::{Action, ActionError, typed};
use flov7::catalog::{ConnectorUse, Effect, EffectOf};
use flov7::machine::CallErrorKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{context, now};

/// An order.
#[derive(Deserialize, JsonSchema)]
struct Order {
    /// Who ordered.
    customer: Customer,
    lines: Vec<Line>,
    note: Option<String>,
    #[serde(default)]
    rush: bool,
}

#[derive(Deserialize, JsonSchema)]
struct Customer {
    email: String,
}

#[derive(Deserialize, JsonSchema)]
struct Line {
    quantity: u32,
    price: f64,
}

#[derive(Serialize, JsonSchema)]
struct Total {
    sum: f64,
    to: String,
    rush: bool,
    remark: Option<String>,
}

fn total() -> impl Action {
    typed("shop.total", "Add up an order", |_, order: Order| async move {
        if order.lines.is_empty() {
            return Err(ActionError::failed("shop.empty", "no lines"));
        }
        let sum = order.lines.iter().map(|line| f64::from(line.quantity) * line.price).sum();
        Ok(Total { sum, to: order.customer.email, rush: order.rush, remark: order.note })
    })
    .with_description("Adds up the lines.")
    .with_phrases(["sum up"])
    .with_effect(Effect::None)
    .with_connector(ConnectorUse::Optional("shop".into()))
    .with_error("shop.empty", false, "The order has no lines.")
    .with_attempt_timeout("5s")
    .with_records()
}

#[test]
fn the_schemas_come_from_the_types_in_one_piece() {
    let action = total();
    let descriptor = action.descriptor();
    assert_eq!(
        *descriptor.input.0,
        json!({
            "description": "An order.",
            "type": "object",
            "properties": {
                "customer": { "description": "Who ordered.", "type": "object",
                    "properties": { "email": { "type": "string" } }, "required": ["email"] },
                "lines": { "type": "array", "items": { "type": "object",
                    "properties": { "price": { "type": "number", "format": "double" },
                        "quantity": { "type": "integer", "format": "uint32", "minimum": 0 } },
                    "required": ["quantity", "price"] } },
                "note": { "type": ["string", "null"] },
                "rush": { "type": "boolean", "default": false }
            },
            "required": ["customer", "lines"]
        })
    );
    // What serde writes is always there: an output's optional member is null, not absent.
    assert_eq!(descriptor.output.0["required"], json!(["sum", "to", "rush", "remark"]));
    assert_eq!(descriptor.effect, EffectOf::Kind(Effect::None));
    assert_eq!(descriptor.errors[0].code, "shop.empty");
    assert_eq!(descriptor.attempt_timeout.as_ref().unwrap().0, "5s");
    assert!(descriptor.records);
}

#[test]
fn a_call_reads_the_input_and_writes_the_output() {
    let input =
        json!({ "customer": { "email": "a@b.example" }, "lines": [{ "quantity": 2, "price": 1.25 }] });
    let output = now(total().call(&context("add", 1), Arc::new(input))).unwrap();
    assert_eq!(output.value, json!({ "sum": 2.5, "to": "a@b.example", "rush": false, "remark": null }));
}

#[test]
fn a_handlers_failure_is_its_own() {
    let input = json!({ "customer": { "email": "a@b.example" }, "lines": [] });
    let error = now(total().call(&context("add", 1), Arc::new(input))).unwrap_err();
    assert_eq!((error.code.as_str(), error.kind), ("shop.empty", CallErrorKind::Failed));
}

#[test]
fn what_the_type_does_not_hold_fails_before_the_handler() {
    let handler = typed("a.b", "Do", |_, _: Order| async move {
        if true {
            panic!("the handler ran");
        }
        Ok(Value::Null)
    });
    let error = now(handler.call(&context("add", 1), Arc::new(json!({ "customer": 1 })))).unwrap_err();
    assert_eq!((error.code.as_str(), error.kind), ("contract.input", CallErrorKind::Failed));
}

#[test]
fn what_is_no_json_fails_as_output() {
    let handler = typed("a.b", "Do", |_, _: Value| async move {
        Ok(std::collections::BTreeMap::from([((1, 2), "a key that is no text")])
            .into_iter()
            .collect::<Pairs>())
    });
    let error = now(handler.call(&context("add", 1), Arc::new(json!({})))).unwrap_err();
    assert_eq!(error.code, "contract.output");
}

/// A map whose keys JSON cannot have.
#[derive(Serialize, JsonSchema)]
struct Pairs(#[schemars(with = "Value")] std::collections::BTreeMap<(i32, i32), &'static str>);

impl FromIterator<((i32, i32), &'static str)> for Pairs {
    fn from_iter<T: IntoIterator<Item = ((i32, i32), &'static str)>>(iter: T) -> Self {
        Pairs(iter.into_iter().collect())
    }
}
