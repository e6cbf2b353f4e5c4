//! Faults inside of expressions.

use serde_json::{Value, json};

use super::Fault;
use super::site::Site;
use crate::ty::Ty;

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "a misspelt step in an expression",
        code: "unknown-step",
        plant: |site| change(site, "steps.s", |text| text.replacen("steps.s", "steps.zz", 1)),
    },
    Fault {
        name: "a misspelt root",
        code: "unknown-root",
        plant: |site| change(site, "execution.id", |text| text.replacen("execution.id", "executions.id", 1)),
    },
    Fault { name: "a misspelt member", code: "no-such-member", plant: misspelt_member },
    Fault {
        name: "an expression that ends too soon",
        code: "expression-syntax",
        plant: |site| change(site, "${ ", |text| text.replacen(" }", " + }", 1)),
    },
    Fault {
        name: "a mark that is never closed",
        code: "expression-syntax",
        plant: |site| site.compute_somewhere(json!("${ 1 + 1")),
    },
    Fault {
        name: "a condition without marks",
        code: "expression-marks",
        plant: |site| {
            let step = site.step(|step| step.pointer("/condition/if").is_some_and(Value::is_string))?;
            let pointer = format!("{step}/condition/if");
            let text = site.at(&pointer).as_str()?.strip_prefix("${ ")?.strip_suffix(" }")?.to_owned();
            site.set(&pointer, json!(text))?;
            Some(pointer)
        },
    },
    Fault {
        name: "a function that is not there",
        code: "unknown-function",
        plant: |site| site.compute_somewhere(json!("${ sizes([1]) }")),
    },
    Fault {
        name: "an argument too many",
        code: "wrong-arguments",
        plant: |site| site.compute_somewhere(json!("${ size([1], 2) }")),
    },
    Fault {
        name: "a division by zero",
        code: "wrong-arguments",
        plant: |site| site.compute_somewhere(json!("${ 7 / 0 }")),
    },
    Fault {
        name: "a position behind the end",
        code: "wrong-arguments",
        plant: |site| site.compute_somewhere(json!("${ [1, 2][2] }")),
    },
    Fault {
        name: "a number and a text",
        code: "wrong-type",
        plant: |site| site.compute_somewhere(json!("${ size(execution.id) + execution.id }")),
    },
    Fault {
        name: "a text that is compared with a number",
        code: "wrong-type",
        plant: |site| site.compute_somewhere(json!("${ execution.id < 3 }")),
    },
    Fault {
        name: "a question that is no question",
        code: "wrong-type",
        plant: |site| {
            let step = site.step(|step| step.get("when").is_none())?;
            site.put(&step, "when", json!("${ execution.id }"))
        },
    },
    Fault {
        name: "null inside of a text",
        code: "maybe-null",
        plant: |site| {
            // Behind a question that was asked before it would be a text.
            site.compute_first(json!("by ${ execution.trigger }"))
        },
    },
    Fault {
        name: "a list inside of a text",
        code: "not-text",
        plant: |site| site.compute_somewhere(json!("all of ${ [1, 2] }")),
    },
    Fault {
        name: "a member that need not be there",
        code: "maybe-absent",
        plant: |site| {
            let member = site.input(|member| !member.required)?;
            site.compute_first(json!(format!("${{ input.{} }}", member.name)))
        },
    },
    Fault {
        name: "a step that may have been skipped",
        code: "maybe-absent",
        plant: |site| {
            let steps = site.document.pointer_mut("/steps")?.as_array_mut()?;
            steps
                .insert(0, json!({ "id": "maybe", "when": "${ now > timestamp(0) }", "data": { "set": 1 } }));
            steps.insert(1, json!({ "id": "planted", "data": { "set": "${ steps.maybe + 1 }" } }));
            Some("/steps/1/data/set".to_owned())
        },
    },
    Fault {
        name: "a step that may have failed",
        code: "maybe-absent",
        plant: |site| {
            let steps = site.document.pointer_mut("/steps")?.as_array_mut()?;
            let set = json!({ "set": "${ int(execution.id) }" });
            steps.insert(0, json!({ "id": "maybe", "on_error": [{ "then": "continue" }], "data": set }));
            steps.insert(1, json!({ "id": "planted", "data": { "set": "${ steps.maybe + 1 }" } }));
            Some("/steps/1/data/set".to_owned())
        },
    },
    Fault {
        name: "a step of a block that may not have run",
        code: "maybe-absent",
        plant: |site| {
            let steps = site.document.pointer_mut("/steps")?.as_array_mut()?;
            let inner = json!([{ "id": "inner", "data": { "set": 1 } }]);
            steps.insert(
                0,
                json!({ "id": "maybe", "condition": { "if": "${ now > timestamp(0) }", "then": inner } }),
            );
            steps.insert(1, json!({ "id": "planted", "data": { "set": "${ steps.inner + 1 }" } }));
            Some("/steps/1/data/set".to_owned())
        },
    },
    Fault {
        name: "a read from what nobody described",
        code: "untyped-read",
        plant: |site| {
            let member = site.input(|member| member.required && member.ty == Ty::Any)?;
            site.compute_first(json!(format!("${{ input.{}.x }}", member.name)))
        },
    },
    Fault {
        name: "a question mark too early",
        code: "optional-syntax",
        plant: |site| site.compute_somewhere(json!("${ execution?.id }")),
    },
    Fault {
        name: "a broken pattern",
        code: "bad-pattern",
        plant: |site| site.compute_somewhere(json!("${ execution.id.matches(\"(\") }")),
    },
    Fault {
        name: "a zone by its name",
        code: "zone-name",
        plant: |site| site.compute_somewhere(json!("${ now.getHours(\"Europe/Berlin\") }")),
    },
    Fault {
        name: "an item where there is none",
        code: "unknown-root",
        plant: |site| site.compute("/steps", json!("${ index }")),
    },
];

/// Changes one string that holds something; the finding stands there.
fn change(site: &mut Site<'_>, holds: &str, change: impl Fn(&str) -> String) -> Option<String> {
    let (pointer, text) = site.string(|text| text.contains(holds))?;
    site.set(&pointer, json!(change(&text)))?;
    Some(pointer)
}

/// `input.n` becomes `input.zz_n`, where nothing asks whether it is there.
fn misspelt_member(site: &mut Site<'_>) -> Option<String> {
    // What says that it may have any other members has this one, perhaps.
    if site.document.to_string().contains("\"additionalProperties\":true") {
        return None;
    }
    // Inside of a macro over nothing, nothing is said.
    let asks = ["has(", ".?", "[]", "optional"];
    let (pointer, text) =
        site.string(|text| text.contains("input.") && asks.iter().all(|ask| !text.contains(ask)))?;
    site.set(&pointer, json!(text.replacen("input.", "input.zz_", 1)))?;
    Some(pointer)
}
