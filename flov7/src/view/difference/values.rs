//! What two JSON values differ in, member by member.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Detail;
use crate::view::words::line;

/// The most differences that are told of one step or document; what is beyond is one more, without values.
const MOST: usize = 100;

/// How many characters before their first difference long values are shown from.
const BEFORE: usize = 20;

/// The members in which two values differ, in the order of their names.
pub(super) fn details(old: &Value, new: &Value) -> Vec<Detail> {
    let mut out = Vec::new();
    compare(&mut out, "", Some(old), Some(new));
    if out.len() > MOST {
        let more = out.len() - MOST;
        out.truncate(MOST);
        out.push(Detail { member: format!("and {more} more"), old: None, new: None });
    }
    out
}

// Readers bound the depth of values, and with it the depth of the stack here.
fn compare(out: &mut Vec<Detail>, member: &str, old: Option<&Value>, new: Option<&Value>) {
    if old == new {
        return;
    }
    let inner = |name: &str| match member {
        "" => line(name),
        outer => format!("{outer}.{}", line(name)),
    };
    match (old, new) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for name in names {
                compare(out, &inner(name), old.get(name), new.get(name));
            }
        }
        (Some(Value::Array(was)), Some(Value::Array(is))) => match (by_id(was), by_id(is)) {
            (Some(was), Some(is)) => {
                let ids: BTreeSet<&str> = was.keys().chain(is.keys()).copied().collect();
                for id in ids {
                    compare(out, &inner(id), was.get(id).map(|i| i.1), is.get(id).map(|i| i.1));
                }
                let order = |items: &BTreeMap<&str, (usize, &Value)>,
                             other: &BTreeMap<&str, (usize, &Value)>| {
                    let mut both: Vec<(usize, String)> = items
                        .iter()
                        .filter(|(id, _)| other.contains_key(*id))
                        .map(|(id, (at, _))| (*at, (*id).to_owned()))
                        .collect();
                    both.sort_unstable();
                    both.into_iter().map(|(_, id)| id).collect::<Vec<_>>()
                };
                let (before, after) = (order(&was, &is), order(&is, &was));
                if before != after {
                    let short = |ids: Vec<String>| Some(line(&ids.join(", ")));
                    out.push(Detail { member: inner("order"), old: short(before), new: short(after) });
                }
            }
            _ if was.len() == is.len() => {
                for (at, (was, is)) in was.iter().zip(is).enumerate() {
                    compare(out, &inner(&at.to_string()), Some(was), Some(is));
                }
            }
            _ => push(out, member, old, new),
        },
        _ => push(out, member, old, new),
    }
}

fn push(out: &mut Vec<Detail>, member: &str, old: Option<&Value>, new: Option<&Value>) {
    let (mut old, mut new) = (old.map(Value::to_string), new.map(Value::to_string));
    if let (Some(was), Some(is)) = (&mut old, &mut new)
        && line(was) == line(is)
    {
        // Cut short they would look the same: both begin a little before they part.
        let same = was.chars().zip(is.chars()).take_while(|(a, b)| a == b).count().saturating_sub(BEFORE);
        *was = std::iter::once('…').chain(was.chars().skip(same)).collect();
        *is = std::iter::once('…').chain(is.chars().skip(same)).collect();
    }
    let short = |text: String| line(&text);
    out.push(Detail { member: member.to_owned(), old: old.map(short), new: new.map(short) });
}

/// The items of a list by their ids, where each has one of its own; with their places.
fn by_id(items: &[Value]) -> Option<BTreeMap<&str, (usize, &Value)>> {
    let mut out = BTreeMap::new();
    for (at, item) in items.iter().enumerate() {
        if out.insert(item.get("id")?.as_str()?, (at, item)).is_some() {
            return None;
        }
    }
    Some(out)
}
