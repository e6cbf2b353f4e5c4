//! Files of exported executions that nobody wrote: an answer, never a panic.

use std::ops::Range;

use flov7::execute::{Executor, Export, ForkAt};
use flov7::id::StepPath;
use flov7::machine::Actor;
use flov7::validate::Bundle;
use serde_json::{Value, json};

use super::support::{World, rested, run, space, start};

/// An execution and a fork of it, with something of everything in flight.
async fn exported() -> Vec<Value> {
    let world = World::new();
    let executor = world.executor();
    let step = |id: &str, with: Value| json!({ "id": id, "action": { "use": "now.once", "with": with } });
    let undone = |id: &str| {
        let mut step = step(id, json!({"give": 1}));
        step["undo"] = json!({ "use": "now.idempotent" });
        step
    };
    let wait = json!({ "id": "pay", "after": [], "action": { "use": "core.wait_for", "with": { "signal": "paid" } } });
    let call = json!({ "id": "call", "after": [], "action": { "use": "core.call", "with": { "workflow": "callee", "input": {} } } });
    let person =
        json!({ "id": "ask", "after": [], "action": { "use": "core.approve", "with": { "title": "x" } } });
    let mut each = json!({ "id": "each", "condition": { "for_each": { "items": "${ [1, 2, 3] }",
        "steps": [{ "id": "twice", "data": { "set": "${ item * 2 }" } }, undone("charge"), step("boom", json!({ "fail": "x.y" }))],
        "output": "${ steps.twice }" } } });
    each["after"] = json!(["a"]);
    let mut a = undone("a");
    a["after"] = json!([]);
    let race = json!({ "id": "race", "after": [], "condition": { "parallel": { "wait": "any", "branches": [
        { "id": "slow", "steps": [{ "id": "sleep", "action": { "use": "core.wait", "with": { "for": "1h" } } }], "output": 1 },
        { "id": "other", "steps": [{ "id": "rest", "action": { "use": "core.wait", "with": { "for": "2h" } } }], "output": 2 } ] } } });
    let mut open = step("open", json!({}));
    open["after"] = json!([]);
    open["action"]["use"] = json!("gate.once");
    let callee = json!({ "name": "callee", "steps": [{ "id": "sleep", "action": { "use": "core.wait", "with": { "for": "1h" } } }], "output": 1 });
    let document = json!({ "signals": { "paid": { "type": "integer" } },
        "steps": [a, wait, call, person, race, open, each] });
    let valid = world.valid_with(document, &[callee]);
    let id = start(&executor, &valid).await;
    world.held().await.give(Ok(json!(null)));
    rested(&executor, &id).await;
    let at = ForkAt::Step(StepPath::parse("a").unwrap());
    let forked = executor.fork(&space("default"), &id, at, Actor::new("ann")).await.unwrap().execution;
    world.held().await.give(Ok(json!(null)));
    rested(&executor, &forked).await;
    let store = &*world.store;
    let mut all = Vec::new();
    for id in [id, forked] {
        all.push(serde_json::to_value(Export::of(store, &space("default"), &id).await.unwrap()).unwrap());
    }
    all
}

/// Whether a file replays; any answer will do, but there must be one.
fn replays(value: Value) -> bool {
    Export::read(value).and_then(|export| export.replay()).is_ok()
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let sextet = (word >> (18 - 6 * place)) as usize & 63;
            text.push(if place > chunk.len() { '=' } else { ALPHABET[sextet] as char });
        }
    }
    text
}

fn bytes(text: &str) -> Vec<u8> {
    let (mut bytes, mut word, mut bits) = (Vec::new(), 0u32, 0);
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        word = word << 6 | ALPHABET.iter().position(|known| *known == letter).unwrap() as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((word >> bits) as u8);
        }
    }
    bytes
}

fn with_body(value: &Value, turn: usize, body: &[u8]) -> Value {
    let mut value = value.clone();
    value["turns"][turn]["body"] = json!(base64(body));
    value
}

/// The longest run of base64 in some bytes: the state that a fork begins with.
fn longest_text(body: &[u8]) -> Range<usize> {
    let is_text = |byte: &u8| ALPHABET.contains(byte) || *byte == b'=';
    let (mut best, mut at) = (0..0, 0);
    while at < body.len() {
        let length = body[at..].iter().take_while(|byte| is_text(byte)).count();
        if length > best.len() {
            best = at..at + length;
        }
        at += length + 1;
    }
    best
}

#[test]
fn a_file_with_a_damaged_turn_is_answered() {
    for value in run(exported()) {
        assert!(replays(value.clone()));
        for turn in 0..value["turns"].as_array().unwrap().len() {
            let body = bytes(value["turns"][turn]["body"].as_str().unwrap());
            for at in 0..body.len() {
                let mut body = body.clone();
                body[at] ^= 1;
                replays(with_body(&value, turn, &body));
            }
        }
    }
}

#[test]
fn a_file_of_a_fork_with_a_damaged_state_is_answered() {
    let value = run(exported()).remove(1);
    let body = bytes(value["turns"][0]["body"].as_str().unwrap());
    let place = longest_text(&body);
    let state = bytes(std::str::from_utf8(&body[place.clone()]).unwrap());
    let with = |state: &[u8]| {
        let mut body = body.clone();
        body.splice(place.clone(), base64(state).into_bytes());
        replays(with_body(&value, 0, &body))
    };
    assert!(with(&state), "what is damaged below is the state");
    for at in 0..state.len() {
        for change in [1, 2] {
            let mut state = state.clone();
            state[at] ^= change;
            with(&state);
        }
    }
}

/// Pointers to all values of a document.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| places(item, &format!("{at}/{n}"), all));
        }
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| places(member, &format!("{at}/{name}"), all));
        }
        _ => {}
    }
}

#[test]
fn a_file_with_a_bundle_that_nobody_validated_is_answered() {
    let value = run(exported()).remove(0);
    let mut all = Vec::new();
    places(&value["bundle"]["document"], "", &mut all);
    let others = [
        json!(null),
        json!(-1),
        json!(u64::MAX),
        json!("${ steps.nobody }"),
        json!("a"),
        json!(["a"]),
        json!({}),
    ];
    let mut read = 0;
    for place in &all {
        for other in &others {
            let mut value = value.clone();
            let Some(found) = value["bundle"]["document"].pointer_mut(place) else { continue };
            found.clone_from(other);
            let Ok(bundle) = serde_json::from_value::<Bundle>(value["bundle"].clone()) else { continue };
            // Whoever writes a bundle can write its digest.
            value["digest"] = json!(bundle.digest());
            replays(value);
            read += 1;
        }
    }
    assert!(read > 100, "{read} bundles were read");
}
