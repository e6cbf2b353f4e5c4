//! Actions: what they are called, what they are given, what they wait for.

use flov7::types::{Defs, SchemaChecker};
use serde_json::{Value, json};

use crate::power::site::Site;
use crate::walk::uses;

pub(super) fn mutate(site: &mut Site<'_>) {
    for step in site.steps() {
        for member in ["action", "undo"] {
            let action = format!("{step}/{member}");
            if site.has(&action) {
                called(site, &action);
            }
        }
        core(site, &step);
        data(site, &step);
    }
}

fn called(site: &mut Site<'_>, action: &str) {
    let used = site.at(&format!("{action}/use")).as_str().unwrap_or_default().to_owned();
    site.put("a misspelt action", action, "use", json!(format!("{used}s")));
    site.remove("an action without a name", action, "use", vec![action.to_owned()]);
    if site.has(&format!("{action}/connection")) {
        site.put("a misspelt connection", action, "connection", json!("shopp"));
    }
    let Some(described) = site.catalog.action(&used) else { return };
    let input = described.input.0.clone();
    let with = format!("{action}/with");
    let given: Vec<String> =
        site.at(&with).as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    let required = |name: &str| input["required"].as_array().is_some_and(|all| all.contains(&json!(name)));
    for name in given {
        if required(&name) {
            site.remove("a missing argument", &with, &name, vec![action.to_owned()]);
        }
        if let Some(wrong) = wrong(&input["properties"][&name]) {
            site.put("an argument of another type", &with, &name, wrong);
        }
        if input["additionalProperties"] == json!(false) {
            let misspelt = format!("{name}z");
            // One that is needed is missing from the action.
            let mut places = vec![with.clone()];
            places.extend(required(&name).then(|| action.to_owned()));
            site.mutant("a misspelt argument", places, |document| {
                let members = document.pointer_mut(&with)?.as_object_mut()?;
                let value = members.remove(&name)?;
                members.insert(misspelt, value);
                Some(())
            });
        }
    }
}

/// A value that a schema refuses.
fn wrong(schema: &Value) -> Option<Value> {
    let checker = SchemaChecker::compile(schema, &Defs::none()).ok()?;
    [json!([[7]]), json!({ "odd": true }), json!("${ [1] }"), json!(true)]
        .into_iter()
        .find(|value| !checker.accepts(value))
}

fn core(site: &mut Site<'_>, step: &str) {
    let with = format!("{step}/action/with");
    match uses(site.at(step)).to_owned().as_str() {
        "core.wait" => {
            site.put("a wait that is no duration", &with, "for", json!("5 parsecs"));
            site.mutant("a wait for two things", vec![with.clone()], |document| {
                let members = document.pointer_mut(&with)?.as_object_mut()?;
                members.insert("for".to_owned(), json!("1h"));
                members.insert("until".to_owned(), json!("2027-01-01T00:00:00Z"));
                Some(())
            });
        }
        "core.wait_for" => site.put("a misspelt signal", &with, "signal", json!("payed")),
        "core.approve" => site.put("a title that is no text", &with, "title", json!("${ [1] }")),
        "core.ask" => {
            let action = format!("{step}/action");
            site.remove("a question whose answer has no type", &action, "expect", vec![action.clone()]);
        }
        "core.fail" => {
            site.put("a failure code of ours", &with, "code", json!("timeout"));
            site.put("a failure code that is computed", &with, "code", json!("${ execution.id }"));
        }
        "core.call" => site.put("a workflow that is not there", &with, "workflow", json!("nowhere")),
        _ => {}
    }
}

fn data(site: &mut Site<'_>, step: &str) {
    for schema in ["data/parse/schema", "data/validate/schema", "action/expect", "condition/loop/schema"] {
        let schema = format!("{step}/{schema}");
        if site.has(&schema) {
            site.set("a misspelt type in a schema", &schema, json!({ "type": "strng" }));
            site.set("a named type that is not there", &schema, json!({ "$ref": "#/types/ordr" }));
            site.set("a schema from far away", &schema, json!({ "$ref": "https://example.org/order.json" }));
        }
    }
    if site.has(&format!("{step}/data/parse")) {
        site.put("a text to parse that is none", &format!("{step}/data/parse"), "text", json!("${ [1] }"));
        site.put("a format that is not there", &format!("{step}/data/parse"), "format", json!("xml"));
    }
    if site.at(&format!("{step}/data/format/as")) == &json!("csv") {
        site.put(
            "a table of something else",
            &format!("{step}/data/format"),
            "value",
            json!("${ execution.id }"),
        );
    }
}
