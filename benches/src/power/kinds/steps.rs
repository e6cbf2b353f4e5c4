//! Steps: ids, order, conditions, rules and policies.

use serde_json::json;

use crate::power::site::Site;
use crate::walk::{self, id, reads};

pub(super) fn mutate(site: &mut Site<'_>) {
    for step in site.steps() {
        ids(site, &step);
        order(site, &step);
        condition(site, &step);
        rules(site, &step);
        policies(site, &step);
    }
    for block in walk::blocks(site.document) {
        swapped(site, &block);
    }
}

fn ids(site: &mut Site<'_>, step: &str) {
    let own = id(site.at(step)).to_owned();
    let readers = site.readers(&own);
    if !readers.is_empty() {
        site.mutant("a step that is read under its old name", readers.clone(), |document| {
            *document.pointer_mut(&format!("{step}/id"))? = json!(format!("{own}_2"));
            Some(())
        });
        let around =
            step.rsplit_once('/').map(|(block, at)| (block.to_owned(), at.parse::<usize>().unwrap_or(0)));
        if let Some((block, at)) = around
            && site.at(&block).as_array().is_some_and(|steps| steps.len() > 1)
        {
            // Whoever stands behind it in its block moves up, and those that stand in it are gone.
            let moved = readers.iter().filter(|reader| !reader.starts_with(&format!("{step}/")));
            let places: Vec<String> = moved.map(|reader| moved_up(reader, &block, at)).collect();
            if !places.is_empty() {
                site.mutant("a step that is read and not there", places, |document| {
                    document.pointer_mut(&block)?.as_array_mut()?.remove(at);
                    Some(())
                });
            }
        }
    }
    let first = id(site.at("/steps/0")).to_owned();
    if own != first {
        site.put("an id twice", step, "id", json!(first));
    }
    site.put("an id with a capital", step, "id", json!("Check"));
    site.remove("a step without an id", step, "id", vec![step.to_owned()]);
    site.put("a misspelt member of a step", step, "whenn", json!(true));
}

/// Where a pointer leads once the step before it in the block is gone.
fn moved_up(pointer: &str, block: &str, gone: usize) -> String {
    let Some(rest) = pointer.strip_prefix(&format!("{block}/")) else { return pointer.to_owned() };
    let (at, below) = rest.split_once('/').unwrap_or((rest, ""));
    match at.parse::<usize>() {
        Ok(at) if at > gone => format!("{block}/{}/{below}", at - 1),
        _ => pointer.to_owned(),
    }
}

fn order(site: &mut Site<'_>, step: &str) {
    let own = id(site.at(step)).to_owned();
    site.mutant("a step that waits for itself", vec![format!("{step}/after/0")], |document| {
        document.pointer_mut(step)?.as_object_mut()?.insert("after".to_owned(), json!([own]));
        Some(())
    });
    site.mutant("a step that waits for none that is there", vec![format!("{step}/after/0")], |document| {
        document.pointer_mut(step)?.as_object_mut()?.insert("after".to_owned(), json!(["nobody"]));
        Some(())
    });
    // Without its order, whatever it reads of its own block may not be there yet.
    let Some((block, _)) = step.rsplit_once('/') else { return };
    let ids: Vec<String> = site
        .at(block)
        .as_array()
        .into_iter()
        .flatten()
        .map(|step| id(step).to_owned())
        .filter(|id| *id != own)
        .collect();
    let strings = walk::strings(site.document, step);
    let places: Vec<String> = strings
        .into_iter()
        .filter(|(_, text)| ids.iter().any(|id| reads(text, id)))
        .map(|(pointer, _)| pointer)
        .filter(|pointer| !pointer.contains("/on_error/"))
        .collect();
    if !places.is_empty() {
        site.mutant("a read of a step that nobody waits for", places, |document| {
            document.pointer_mut(step)?.as_object_mut()?.insert("after".to_owned(), json!([]));
            Some(())
        });
    }
}

/// Two steps that follow each other change places, and the one reads the other.
fn swapped(site: &mut Site<'_>, block: &str) {
    let count = site.at(block).as_array().map_or(0, Vec::len);
    for at in 1..count {
        let first = id(site.at(&format!("{block}/{}", at - 1))).to_owned();
        let second = format!("{block}/{at}");
        let strings = walk::strings(site.document, &second);
        let named =
            site.at(&format!("{second}/after")).as_array().is_some_and(|after| after.contains(&json!(first)));
        let read = strings.iter().filter(|(_, text)| reads(text, &first));
        let mut places: Vec<String> = read
            .map(|(pointer, _)| {
                format!("{block}/{}{}", at - 1, pointer.strip_prefix(second.as_str()).unwrap_or(""))
            })
            .collect();
        if named {
            places.push(format!("{block}/{}/after", at - 1));
        }
        if !places.is_empty() {
            site.mutant("two steps in the wrong order", places, |document| {
                document.pointer_mut(block)?.as_array_mut()?.swap(at - 1, at);
                Some(())
            });
        }
    }
}

fn condition(site: &mut Site<'_>, step: &str) {
    let condition = format!("{step}/condition");
    let questions = ["if", "filter", "loop/while"].map(|name| format!("{condition}/{name}"));
    let cases = site.at(&format!("{condition}/switch/cases")).as_array().map_or(0, Vec::len);
    let asked = (0..cases).map(|at| format!("{condition}/switch/cases/{at}/when"));
    let questions: Vec<String> = questions.into_iter().chain(asked).chain([format!("{step}/when")]).collect();
    for question in questions {
        let Some(text) = site.at(&question).as_str().map(str::to_owned) else { continue };
        let bare = text.trim_start_matches("${ ").trim_end_matches(" }").to_owned();
        site.set("a condition without marks", &question, json!(bare));
        site.set("a condition that is a text", &question, json!("${ execution.id }"));
        site.set("a condition that is a number", &question, json!("${ 1 + 1 }"));
        site.set("a condition that never changes", &question, json!("${ 1 > 2 }"));
    }
    if site.has(&format!("{condition}/if")) {
        site.remove("an `if` without a `then`", &condition, "then", vec![condition.clone()]);
    }
    if site.has(&format!("{condition}/for_each")) {
        let each = format!("{condition}/for_each");
        site.put("items that are no list", &each, "items", json!("${ size(execution.id) }"));
        site.remove("no items", &each, "items", vec![each.clone()]);
        let inner = id(site.at(&format!("{each}/steps/0"))).to_owned();
        if !inner.is_empty() {
            site.compute("a step of an item, from outside", "/steps", &format!("${{ steps.{inner} }}"));
        }
    }
    if site.has(&format!("{condition}/loop")) {
        let round = format!("{condition}/loop");
        site.remove("a loop without an end", &round, "max", vec![round.clone()]);
        site.put("a next state of another type", &round, "next", json!([[1]]));
    }
    for list in ["switch/cases", "parallel/branches"] {
        let list = format!("{condition}/{list}");
        if site.at(&list).as_array().is_some_and(|all| all.len() > 1) {
            let first = site.at(&format!("{list}/0/id")).clone();
            site.put("a case or branch twice", &format!("{list}/1"), "id", first);
        }
    }
    if let Some(count) = site.at(&format!("{condition}/parallel/branches")).as_array().map(Vec::len) {
        site.put("more winners than branches", &format!("{condition}/parallel"), "wait", json!(count + 1));
    }
}

fn rules(site: &mut Site<'_>, step: &str) {
    let count = site.at(&format!("{step}/on_error")).as_array().map_or(0, Vec::len);
    for at in 0..count {
        let rule = format!("{step}/on_error/{at}");
        if site.has(&format!("{rule}/codes/0")) {
            site.set("a misspelt code", &format!("{rule}/codes/0"), json!("htpp.404"));
        }
        site.put("a rule that says no more what then", &rule, "then", json!("go_on"));
    }
    if site.has(&format!("{step}/condition/filter")) {
        return;
    }
    let places = |below: &str| vec![format!("{step}/on_error/0{below}")];
    let rules = [
        (
            "a rule for what no rule sees",
            places("/codes/0"),
            json!([{ "codes": ["cancelled"], "then": "continue" }]),
        ),
        ("a value for nobody", places("/value"), json!([{ "then": "fail", "value": 1 }])),
        (
            "a rule for a step that is not inside",
            places("/steps/0"),
            json!([{ "steps": ["nobody"], "then": "continue" }]),
        ),
    ];
    for (kind, places, rules) in rules {
        site.mutant(kind, places, |document| {
            document.pointer_mut(step)?.as_object_mut()?.insert("on_error".to_owned(), rules);
            Some(())
        });
    }
}

fn policies(site: &mut Site<'_>, step: &str) {
    let calls =
        site.at(&format!("{step}/action/use")).as_str().is_some_and(|uses| !uses.starts_with("core."));
    if calls {
        site.put("a retry without attempts", step, "retry", json!({ "attempts": 0 }));
        site.mutant("a delay that is no duration", vec![format!("{step}/retry/first")], |document| {
            let retry = json!({ "attempts": 2, "first": "5 parsecs" });
            document.pointer_mut(step)?.as_object_mut()?.insert("retry".to_owned(), retry);
            Some(())
        });
        site.mutant(
            "a timeout that is too short for its attempts",
            vec![format!("{step}/timeout")],
            |document| {
                let members = document.pointer_mut(step)?.as_object_mut()?;
                members.insert("retry".to_owned(), json!({ "attempts": 5, "first": "1m" }));
                members.insert("timeout".to_owned(), json!("1s"));
                Some(())
            },
        );
    } else {
        site.put("a retry of what is not called", step, "retry", json!({ "attempts": 3 }));
    }
    site.put("a timeout that is no duration", step, "timeout", json!("5 parsecs"));
}
