//! Faults of values that go where they do not fit.

use std::sync::Arc;

use flov7::types::{Defs, SchemaChecker};
use serde_json::{Value, json};

use super::Fault;
use super::site::Site;
use crate::ty::Ty;
use crate::walk::uses;

pub(super) const FAULTS: &[Fault] = &[
    Fault { name: "an argument of another type", code: "not-assignable", plant: wrong_argument },
    Fault { name: "a number where a whole one is asked for", code: "not-assignable", plant: fraction },
    Fault { name: "a missing argument", code: "missing-argument", plant: missing_argument },
    Fault { name: "an argument that is not known", code: "unknown-argument", plant: unknown_argument },
    Fault {
        name: "a wait that is no duration",
        code: "not-assignable",
        plant: |site| {
            let step =
                site.step(|step| uses(step) == "core.wait" && step.pointer("/action/with/for").is_some())?;
            site.put(&format!("{step}/action/with"), "for", json!("5 parsecs"))
        },
    },
    Fault {
        name: "a wait for nothing",
        code: "missing-argument",
        plant: |site| {
            let step = site.step(|step| uses(step) == "core.wait")?;
            site.put(&format!("{step}/action"), "with", json!({}))?;
            Some(format!("{step}/action"))
        },
    },
    Fault {
        name: "a title that is no text",
        code: "not-assignable",
        plant: |site| {
            let step = site.step(|step| uses(step) == "core.approve")?;
            site.put(&format!("{step}/action/with"), "title", json!("${ [execution.id] }"))
        },
    },
    Fault {
        name: "a next state of another type",
        code: "loop-state-type",
        plant: |site| {
            let step = site.step(|step| {
                step.pointer("/condition/loop")
                    .is_some_and(|round| round.get("schema").is_none() && round["state"].is_number())
            })?;
            site.put(&format!("{step}/condition/loop"), "next", json!("${ execution.id }"))
        },
    },
    Fault {
        name: "a first state that says too little",
        code: "loop-state-type",
        plant: |site| {
            let step = site.step(|step| {
                step.pointer("/condition/loop").is_some_and(|round| round.get("schema").is_none())
            })?;
            site.put(&format!("{step}/condition/loop"), "state", json!([]))
        },
    },
    Fault {
        name: "items that are no list",
        code: "wrong-type",
        plant: |site| {
            let step = site.step(|step| step.pointer("/condition/for_each").is_some())?;
            site.put(&format!("{step}/condition/for_each"), "items", json!("${ size(execution.id) }"))
        },
    },
    Fault {
        name: "a schema of a kind that is none",
        code: "bad-schema",
        plant: |site| Some(format!("{}/type", schema(site, json!({ "type": "strng" }))?)),
    },
    Fault {
        name: "a type that is not there",
        code: "unknown-type",
        plant: |site| Some(format!("{}/$ref", schema(site, json!({ "$ref": "#/types/nope" }))?)),
    },
    Fault {
        name: "a schema from far away",
        code: "remote-schema",
        plant: |site| Some(format!("{}/$ref", schema(site, json!({ "$ref": "https://example.org/s" }))?)),
    },
    Fault {
        name: "a value that is never of its schema",
        code: "not-assignable",
        plant: |site| {
            let step = site.step(|step| step.pointer("/data/validate").is_some())?;
            let validate = format!("{step}/data/validate");
            site.put(&validate, "schema", json!({ "type": "boolean" }))?;
            site.put(&validate, "value", json!("${ execution.id }"))
        },
    },
    Fault {
        name: "an expectation that is never met",
        code: "not-assignable",
        plant: |site| {
            let known = |step: &Value| uses(step) == "core.approve";
            let step = site.step(known)?;
            site.put(&format!("{step}/action"), "expect", json!({ "type": "number" }))
        },
    },
    Fault {
        name: "a table of something else",
        code: "not-assignable",
        plant: |site| {
            let step = site.step(|step| step.pointer("/data/format/as") == Some(&json!("csv")))?;
            site.put(&format!("{step}/data/format"), "value", json!("${ execution.id }"))
        },
    },
    Fault {
        name: "a text to parse that is none",
        code: "not-assignable",
        plant: |site| {
            let step = site.step(|step| step.pointer("/data/parse").is_some())?;
            site.put(&format!("{step}/data/parse"), "text", json!("${ [1] }"))
        },
    },
];

/// Gives some `validate` another schema.
fn schema(site: &mut Site<'_>, schema: Value) -> Option<String> {
    let step = site.step(|step| step.pointer("/data/validate").is_some())?;
    site.put(&format!("{step}/data/validate"), "schema", schema)
}

/// A step whose `with` is written out member by member, and the schema of what it takes.
fn written(site: &mut Site<'_>, will_do: impl Fn(&Value, &Value) -> bool) -> Option<(String, Value)> {
    let case = site.case;
    let input = |step: &Value| {
        let input = &case.catalog.action(uses(step))?.input.0;
        input.get("properties").is_some().then(|| input.clone())
    };
    let step = site.step(|step| {
        let with = step.pointer("/action/with");
        uses(step).starts_with("x.")
            && with.is_some_and(|with| {
                with.is_object() && input(step).is_some_and(|input| will_do(&input, with))
            })
    })?;
    let schema = input(site.at(&step))?;
    Some((format!("{step}/action/with"), Arc::unwrap_or_clone(schema)))
}

fn wrong_argument(site: &mut Site<'_>) -> Option<String> {
    let (with, input) = written(site, |_, with| with.get("p").is_some())?;
    let checker = SchemaChecker::compile(&input["properties"]["p"], &Defs::none()).ok()?;
    let odd = [json!("never this"), json!(-7.5), json!({ "un": "known" }), json!([[["deep"]]]), json!(null)];
    let wrong = odd.into_iter().find(|value| !checker.accepts(value))?;
    site.put(&with, "p", wrong)
}

/// Any number of the input, given to what takes whole ones.
fn fraction(site: &mut Site<'_>) -> Option<String> {
    let member = site.input(|member| member.required && member.ty == Ty::num())?;
    let whole = |input: &Value| input["properties"]["p"] == json!({ "type": "integer" });
    let (with, _) = written(site, |input, with| whole(input) && with.get("p").is_some())?;
    site.put(&with, "p", json!(format!("${{ input.{} }}", member.name)))
}

fn missing_argument(site: &mut Site<'_>) -> Option<String> {
    let required =
        |input: &Value| input["required"].as_array().is_some_and(|names| names.contains(&json!("p")));
    let (with, _) = written(site, |input, with| required(input) && with.get("p").is_some())?;
    site.members(&with)?.remove("p")?;
    Some(with)
}

fn unknown_argument(site: &mut Site<'_>) -> Option<String> {
    let (with, _) = written(site, |input, _| input["additionalProperties"] == json!(false))?;
    site.put(&with, "unknown", json!(1))
}
