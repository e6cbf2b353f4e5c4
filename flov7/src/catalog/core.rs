//! The built-in actions, as data. The machine itself runs them; they need no handler.

use serde_json::json;

use super::{ActionDescriptor, Effect};

/// The id prefix of built-in actions.
pub const CORE_PREFIX: &str = "core.";

/// Descriptors of `core.wait`, `core.wait_for`, `core.approve`, `core.ask`, `core.call`, `core.emit` and `core.fail`.
pub fn core_actions() -> Vec<ActionDescriptor> {
    let duration_or_time = json!({ "type": "string" });
    let person = json!({ "type": "string" });
    let ask = json!({
        "type": "object", "required": ["title"], "additionalProperties": false,
        "properties": { "title": { "type": "string" }, "details": true, "to": person }
    });
    vec![
        ActionDescriptor::new(
            "core.wait",
            "Wait",
            json!({ "type": "object", "additionalProperties": false, "minProperties": 1, "maxProperties": 1,
                "properties": { "for": duration_or_time, "until": duration_or_time } }),
            json!({ "type": "null" }),
        )
        .with_description("Waits for a time, or until an instant.")
        .with_phrases(["pause", "sleep", "delay"])
        .with_effect(Effect::None),
        ActionDescriptor::new(
            "core.wait_for",
            "Wait for a signal",
            json!({ "type": "object", "required": ["signal"], "additionalProperties": false,
                "properties": { "signal": { "type": "string" }, "key": { "type": "string" } } }),
            json!(true),
        )
        .with_description("Waits for a signal that the workflow declares; its payload is the output.")
        .with_effect(Effect::None),
        ActionDescriptor::new(
            "core.approve",
            "Ask for approval",
            ask.clone(),
            json!({ "type": "object", "required": ["by", "at"], "additionalProperties": false,
                "properties": { "by": { "type": "string" }, "at": { "type": "string" }, "note": { "type": "string" } } }),
        )
        .with_description("Asks a person for a yes; a no fails with rejected.")
        .with_phrases(["approve", "sign off", "confirm", "permission"])
        .with_error("rejected", false, "The person said no.")
        .with_effect(Effect::None),
        ActionDescriptor::new("core.ask", "Ask a person", ask, json!(true))
            .with_description("Asks a person for an answer, whose shape `expect` gives.")
            .with_effect(Effect::None),
        ActionDescriptor::new(
            "core.call",
            "Run another workflow",
            json!({ "type": "object", "required": ["workflow"], "additionalProperties": false,
                "properties": { "workflow": { "type": "string" }, "input": true } }),
            json!(true),
        )
        .with_description("Runs another workflow and gives its output."),
        ActionDescriptor::new(
            "core.emit",
            "Emit an event",
            json!({ "type": "object", "required": ["event"], "additionalProperties": false,
                "properties": { "event": { "type": "string" }, "payload": true } }),
            json!({ "type": "null" }),
        )
        .with_description("Emits an event that triggers of other workflows can start from.")
        .with_effect(Effect::Keyed),
        ActionDescriptor::new(
            "core.fail",
            "Fail",
            json!({ "type": "object", "required": ["code", "message"], "additionalProperties": false,
                "properties": { "code": { "type": "string", "pattern": "^[a-z][a-z0-9_]{0,47}$" }, "message": { "type": "string" }, "details": true } }),
            json!(false),
        )
        .with_description("Fails with a code of the workflow's own.")
        .with_effect(Effect::None),
    ]
}
