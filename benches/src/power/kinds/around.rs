//! Around the steps: the input, signals, connections, triggers, the document itself.

use serde_json::json;

use crate::power::site::Site;

pub(super) fn mutate(site: &mut Site<'_>) {
    site.set("a version that is not there", "/flov7", json!(2));
    site.put("a member that no document has", "", "step", json!([]));
    site.set("a name with a space", "/name", json!("two words"));
    input(site);
    signals(site);
    triggers(site);
    let connections = site.at("/connections").as_array().map_or(0, Vec::len);
    for at in 0..connections {
        let id = site.at(&format!("/connections/{at}/id")).clone();
        let users =
            site.steps().into_iter().filter(|step| site.at(&format!("{step}/action/connection")) == &id);
        let places = users.map(|step| format!("{step}/action/connection")).collect();
        site.mutant("a connection that is not declared", places, |document| {
            document.pointer_mut("/connections")?.as_array_mut()?.remove(at);
            Some(())
        });
        site.set("a misspelt connector", &format!("/connections/{at}/connector"), json!("htpp"));
    }
    site.put("a type that is no schema", "", "types", json!({ "odd": { "type": "strng" } }));
    site.put("a limit below one", "", "limits", json!({ "steps": 0 }));
    site.put("a timeout that is no duration", "", "timeout", json!("soon"));
}

/// Without a member that is read, and without the promise that it is there.
fn input(site: &mut Site<'_>) {
    let named: Vec<String> = site
        .at("/input/properties")
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect();
    for name in named {
        let readers = readers(site, &format!("input.{name}"));
        if readers.is_empty() {
            continue;
        }
        let guarded = readers.iter().all(|place| {
            let text = site.at(place).as_str().unwrap_or_default();
            text.contains(&format!("has(input.{name})")) || text.contains(&format!("input.?{name}"))
        });
        site.mutant("an input that is not described", readers.clone(), |document| {
            let input = document.pointer_mut("/input")?.as_object_mut()?;
            input.get_mut("properties")?.as_object_mut()?.remove(&name)?;
            if let Some(required) = input.get_mut("required").and_then(|names| names.as_array_mut()) {
                required.retain(|own| own != &json!(name));
            }
            Some(())
        });
        let required = site.at("/input/required").as_array().is_some_and(|all| all.contains(&json!(name)));
        if required && !guarded {
            site.mutant("an input that need not be there", readers.clone(), |document| {
                document.pointer_mut("/input/required")?.as_array_mut()?.retain(|own| own != &json!(name));
                Some(())
            });
        }
    }
}

fn readers(site: &Site<'_>, read: &str) -> Vec<String> {
    let reads = |text: &str| {
        text.match_indices(read).any(|(at, _)| {
            !text[at + read.len()..].starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_')
        })
    };
    site.strings().into_iter().filter(|(_, text)| reads(text)).map(|(pointer, _)| pointer).collect()
}

fn signals(site: &mut Site<'_>) {
    let names: Vec<String> =
        site.at("/signals").as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    for name in names {
        let waits: Vec<String> = site
            .steps()
            .into_iter()
            .filter(|step| site.at(&format!("{step}/action/with/signal")) == &json!(name))
            .collect();
        let places = waits.iter().map(|step| format!("{step}/action/with/signal")).collect();
        site.remove("a signal that is not declared", "/signals", &name, places);
    }
    if !site.has("/signals") {
        site.put("a signal that nobody waits for", "", "signals", json!({ "ping": true }));
    }
}

fn triggers(site: &mut Site<'_>) {
    let count = site.at("/triggers").as_array().map_or(0, Vec::len);
    for at in 0..count {
        let trigger = format!("/triggers/{at}");
        match site.at(&format!("{trigger}/use")).as_str() {
            Some("event") => {
                site.put("a misspelt event", &format!("{trigger}/with"), "name", json!("order.recieved"))
            }
            Some("schedule") if site.has(&format!("{trigger}/with/cron")) => {
                site.put("an impossible cron", &format!("{trigger}/with"), "cron", json!("0 25 * * *"));
            }
            _ => {}
        }
        site.put("a misspelt kind of trigger", &trigger, "use", json!("webhok"));
        let input = format!("{trigger}/input");
        if site.at(&input).is_object() {
            let names: Vec<String> =
                site.at(&input).as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
            for name in names {
                site.remove("an input that no trigger fills", &input, &name, vec![trigger.clone()]);
            }
        }
    }
    let idle = json!([{ "id": "nightly", "use": "schedule", "with": { "cron": "0 25 * * *" } }]);
    if count == 0 {
        site.mutant("an impossible cron", vec!["/triggers/0/with/cron".to_owned()], |document| {
            document.as_object_mut()?.insert("triggers".to_owned(), idle);
            Some(())
        });
    }
    let needs_input = site.at("/input/required").as_array().is_some_and(|all| !all.is_empty());
    if count == 0 && needs_input {
        site.mutant("an input that no trigger fills", vec!["/triggers/0".to_owned()], |document| {
            let trigger = json!([{ "id": "hourly", "use": "schedule", "with": { "every": "1h" } }]);
            document.as_object_mut()?.insert("triggers".to_owned(), trigger);
            Some(())
        });
    }
}
