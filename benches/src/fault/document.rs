//! Faults of what stands around the steps.

use serde_json::json;

use super::Fault;
use super::site::Site;

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "another version",
        code: "format-version",
        plant: |site| {
            site.set("/flov7", json!(2))?;
            Some("/flov7".to_owned())
        },
    },
    Fault {
        name: "a member that no document has",
        code: "unknown-member",
        plant: |site| site.put("", "stepz", json!([])),
    },
    Fault {
        name: "a name with a space",
        code: "bad-id",
        plant: |site| {
            site.set("/name", json!("two words"))?;
            Some("/name".to_owned())
        },
    },
    Fault {
        name: "a type that is no schema",
        code: "bad-schema",
        plant: |site| {
            site.members("/types")?.insert("zz".to_owned(), json!({ "type": "strng" }));
            Some("/types/zz/type".to_owned())
        },
    },
    Fault {
        name: "an impossible cron",
        code: "bad-schedule",
        plant: |site| {
            let trigger = json!({ "id": "planted", "use": "schedule", "with": { "cron": "61 * * * *" } });
            Some(format!("{}/with/cron", trigger_at(site, trigger)?))
        },
    },
    Fault {
        name: "a schedule that fills no input",
        code: "trigger-input",
        plant: |site| {
            site.input(|member| member.required)?;
            trigger_at(site, json!({ "id": "planted", "use": "schedule", "with": { "every": "1h" } }))
        },
    },
    Fault {
        name: "a connection of an unknown connector",
        code: "unknown-connector",
        plant: |site| {
            site.at("/connections/0").as_object()?;
            site.set("/connections/0/connector", json!("nope"))?;
            Some("/connections/0/connector".to_owned())
        },
    },
    Fault {
        name: "an output that reads too little",
        code: "unknown-step",
        plant: |site| site.put("", "output", json!("${ steps.nope }")),
    },
    Fault {
        name: "no steps",
        code: "missing-member",
        plant: |site| {
            site.members("")?.remove("steps")?;
            Some(String::new())
        },
    },
];

/// Adds a trigger, and gives its pointer.
fn trigger_at(site: &mut Site<'_>, trigger: serde_json::Value) -> Option<String> {
    let triggers = site.members("")?.entry("triggers").or_insert_with(|| json!([])).as_array_mut()?;
    triggers.push(trigger);
    Some(format!("/triggers/{}", triggers.len() - 1))
}
