//! Faults of steps: ids, order, what an action is called, rules and policies.

use serde_json::{Value, json};

use super::Fault;
use super::site::Site;
use crate::walk::{id, reads, uses};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "an id twice",
        code: "duplicate-id",
        plant: |site| {
            let steps = site.steps();
            let (first, second) = (steps.first()?.clone(), steps.get(1..)?);
            let second = site.dice.one(if second.is_empty() { return None } else { second }).clone();
            let taken = site.at(&first)["id"].clone();
            // Of two the one that stands later in the document has it wrongly.
            site.put(&second, "id", taken)
        },
    },
    Fault {
        name: "an id with capitals",
        code: "bad-id",
        plant: |site| {
            let step = site.step(|_| true)?;
            site.put(&step, "id", json!("BadId"))
        },
    },
    Fault {
        name: "a step without an id",
        code: "missing-member",
        plant: |site| {
            let step = site.step(|_| true)?;
            site.members(&step)?.remove("id")?;
            Some(step)
        },
    },
    Fault {
        name: "a member that no step has",
        code: "unknown-member",
        plant: |site| {
            let step = site.step(|_| true)?;
            site.put(&step, "whenn", json!(true))
        },
    },
    Fault {
        name: "`after` that is no list",
        code: "wrong-kind",
        plant: |site| {
            let step = site.step(|_| true)?;
            site.put(&step, "after", json!("s1"))
        },
    },
    Fault {
        name: "`after` a step that is not there",
        code: "unknown-step",
        plant: |site| {
            let step = site.step(|_| true)?;
            Some(format!("{}/0", site.put(&step, "after", json!(["nope"]))?))
        },
    },
    Fault {
        name: "`after` itself",
        code: "bad-after",
        plant: |site| {
            let step = site.step(|_| true)?;
            let own = site.at(&step)["id"].clone();
            Some(format!("{}/0", site.put(&step, "after", json!([own]))?))
        },
    },
    Fault {
        name: "`after` a later step",
        code: "bad-after",
        plant: |site| {
            let blocks: Vec<String> = site.blocks();
            let long = blocks
                .into_iter()
                .find(|block| site.at(block).as_array().is_some_and(|all| all.len() > 1))?;
            let later = site.at(&format!("{long}/1"))["id"].clone();
            Some(format!("{}/0", site.put(&format!("{long}/0"), "after", json!([later]))?))
        },
    },
    Fault { name: "a read of a step that nobody waits for", code: "not-ordered", plant: not_ordered },
    Fault {
        name: "a step of another branch",
        code: "not-ordered",
        plant: |site| {
            let step = site.step(|step| {
                let filled =
                    |at: &str| step.pointer(at).and_then(Value::as_array).is_some_and(|all| !all.is_empty());
                filled("/condition/parallel/branches/0/steps")
                    && step.pointer("/condition/parallel/branches/1").is_some()
            })?;
            let branches = format!("{step}/condition/parallel/branches");
            let inner = id(site.at(&format!("{branches}/0/steps/0"))).to_owned();
            has_value(site.at(&format!("{branches}/0/steps/0"))).then_some(())?;
            site.compute(&format!("{branches}/1/steps"), json!(format!("${{ has(steps.{inner}) }}")))
        },
    },
    Fault {
        name: "a step of an item, from outside",
        code: "unknown-step",
        plant: |site| inside_of(site, "for_each"),
    },
    Fault {
        name: "a step of a round, from outside",
        code: "unknown-step",
        plant: |site| inside_of(site, "loop"),
    },
    Fault {
        name: "an action that is not there",
        code: "unknown-action",
        plant: |site| {
            let step = site.step(|step| uses(step).starts_with("x."))?;
            site.put(&format!("{step}/action"), "use", json!("x.nope"))
        },
    },
    Fault {
        name: "a connection that is not there",
        code: "unknown-connection",
        plant: |site| {
            let step = site.step(|step| step.pointer("/action/connection").is_some())?;
            site.put(&format!("{step}/action"), "connection", json!("nope"))
        },
    },
    Fault {
        name: "no connection",
        code: "connection-missing",
        plant: |site| {
            let step = site
                .step(|step| step.pointer("/action/connection").is_some() && uses(step) != "http.request")?;
            site.members(&format!("{step}/action"))?.remove("connection")?;
            Some(format!("{step}/action"))
        },
    },
    Fault {
        name: "a signal that is not there",
        code: "unknown-signal",
        plant: |site| {
            let step = site.step(|step| uses(step) == "core.wait_for")?;
            site.put(&format!("{step}/action/with"), "signal", json!("nope"))
        },
    },
    Fault {
        name: "a rule for a step that is not inside",
        code: "unknown-step",
        plant: |site| rule(site, json!({ "steps": ["nope"], "then": "continue" }), "/steps/0"),
    },
    Fault {
        name: "a retry of a computation",
        code: "retry-place",
        plant: |site| {
            let step = site.step(|step| step.get("data").is_some() || step.get("condition").is_some())?;
            site.put(&step, "retry", json!({ "attempts": 3 }))
        },
    },
    Fault {
        name: "a retry of a wait",
        code: "retry-place",
        plant: |site| {
            let step = site.step(|step| uses(step).starts_with("core."))?;
            site.put(&step, "attempt_timeout", json!("5s"))
        },
    },
    Fault {
        name: "a filter where it is not clear what it ends",
        code: "filter-place",
        plant: |site| {
            let blocks: Vec<String> = site.blocks();
            let inner: Vec<&String> = blocks.iter().filter(|block| block.contains("/then")).collect();
            let block = (*site.dice.one(if inner.is_empty() { return None } else { &inner })).clone();
            let steps = site.document.pointer_mut(&block)?.as_array_mut()?;
            steps.push(json!({ "id": "planted", "condition": { "filter": "${ now > timestamp(0) }" } }));
            block.ends_with("then").then_some(())?;
            let at = steps.len() - 1;
            Some(format!("{block}/{at}/condition/filter"))
        },
    },
    Fault {
        name: "the value of a filter",
        code: "no-value",
        plant: |site| {
            let count = site.at("/steps").as_array().map_or(0, Vec::len);
            let filter =
                (0..count).find(|at| site.at(&format!("/steps/{at}/condition/filter")) != &Value::Null)?;
            let own = id(site.at(&format!("/steps/{filter}"))).to_owned();
            site.compute("/steps", json!(format!("${{ steps.{own} }}")))
        },
    },
    Fault {
        name: "a branch twice",
        code: "duplicate-id",
        plant: |site| {
            let step = site.step(|step| step.pointer("/condition/parallel/branches/1").is_some())?;
            site.put(&format!("{step}/condition/parallel/branches/1"), "id", json!("b0"))
        },
    },
    Fault {
        name: "a loop without an end",
        code: "missing-member",
        plant: |site| {
            let step = site.step(|step| step.pointer("/condition/loop").is_some())?;
            site.members(&format!("{step}/condition/loop"))?.remove("max")?;
            Some(format!("{step}/condition/loop"))
        },
    },
    Fault {
        name: "a question without an answer's type",
        code: "missing-member",
        plant: |site| {
            let step = site.step(|step| uses(step) == "core.ask")?;
            site.members(&format!("{step}/action"))?.remove("expect")?;
            Some(format!("{step}/action"))
        },
    },
    Fault {
        name: "a failure of ours",
        code: "bad-id",
        plant: |site| {
            let step = site.step(|step| uses(step) == "core.fail")?;
            site.put(&format!("{step}/action/with"), "code", json!("timeout"))
        },
    },
];

/// Puts a rule before all others of some step; `below` is where its fault is.
fn rule(site: &mut Site<'_>, rule: Value, below: &str) -> Option<String> {
    let step = site.step(|step| step.pointer("/condition/filter").is_none())?;
    site.put(&step, "on_error", json!([rule]))?;
    Some(format!("{step}/on_error/0{below}"))
}

/// A step reads one of its block that it no longer waits for.
fn not_ordered(site: &mut Site<'_>) -> Option<String> {
    let mut found = Vec::new();
    for block in site.blocks() {
        let ids: Vec<String> =
            site.at(&block).as_array().into_iter().flatten().map(|step| id(step).to_owned()).collect();
        for at in 1..ids.len() {
            for (pointer, text) in site.strings(&format!("{block}/{at}")) {
                if ids[..at].iter().any(|id| reads(&text, id)) {
                    found.push((format!("{block}/{at}"), pointer));
                }
            }
        }
    }
    let (step, pointer) = site.dice.one(if found.is_empty() { return None } else { &found }).clone();
    site.put(&step, "after", json!([]))?;
    Some(pointer)
}

fn has_value(step: &Value) -> bool {
    step.pointer("/condition/filter").is_none() && uses(step) != "core.fail"
}

/// A read of the first step inside of an iteration, behind it.
fn inside_of(site: &mut Site<'_>, kind: &str) -> Option<String> {
    let count = site.at("/steps").as_array().map_or(0, Vec::len);
    let inner = (0..count).find_map(|at| {
        let inner = site.document.pointer(&format!("/steps/{at}/condition/{kind}/steps/0"))?;
        Some(id(inner).to_owned())
    })?;
    site.compute("/steps", json!(format!("${{ steps.{inner} }}")))
}
