//! Files that were tampered with are refused: what is kept proves something only if nobody can bend it unseen.

use serde_json::{Value, json};

use super::file::{Golden, Snapshot};
use super::made;

/// What is bent, and how.
type Bend = (&'static str, fn(&mut Value));

/// Each is caught by the replay alone, by whoever bends it and seals it again.
const BENT: &[Bend] = &[
    ("a turn is gone", |execution| drop(turns(execution).remove(1))),
    ("the last turn is gone", |execution| drop(turns(execution).pop())),
    ("the first turn is gone", |execution| drop(turns(execution).remove(0))),
    ("a turn is there twice", |execution| {
        let again = turns(execution)[1].clone();
        turns(execution).insert(1, again);
    }),
    ("two turns change places", |execution| turns(execution).swap(0, 1)),
    ("the number of an event", |execution| raise(&mut turns(execution)[1]["seq"])),
    ("how many events there are", |execution| raise(&mut turns(execution)[1]["count"])),
    ("the number of a turn", |execution| raise(&mut turns(execution)[1]["turn"])),
    ("the encoding's version", |execution| raise(&mut turns(execution)[1]["v"])),
    ("when a turn was made", |execution| turns(execution)[1]["at"] = json!("2027-01-01T00:00:00.000Z")),
    ("what was decided", |execution| turns(execution)[1]["decided"] = json!("00000000000000ff")),
    ("a body is empty", |execution| turns(execution)[1]["body"] = json!("")),
    ("a body is cut", |execution| {
        let body = turns(execution)[1]["body"].as_str().unwrap();
        turns(execution)[1]["body"] = json!(body[..body.len() - 4]);
    }),
    ("a body of another turn", |execution| turns(execution)[1]["body"] = turns(execution)[0]["body"].clone()),
    ("the state", |execution| execution["state"] = json!("00000000000000ff")),
    ("no state", |execution| drop(execution.as_object_mut().unwrap().remove("state"))),
    ("how it stands", |execution| execution["status"] = json!("running")),
    ("whose it is", |execution| execution["namespace"] = json!("other")),
    ("which one it is", |execution| execution["execution"] = json!("00000000000000000000000001")),
    ("the bundle", |execution| execution["bundle"]["document"]["output"] = json!(1)),
    ("the version of exports", |execution| raise(&mut execution["flov7_export"])),
];

fn turns(execution: &mut Value) -> &mut Vec<Value> {
    execution["turns"].as_array_mut().unwrap()
}

fn raise(number: &mut Value) {
    *number = json!(number.as_u64().unwrap() + 1);
}

fn whole(name: &str) -> Golden {
    let (_, make) = made::ALL.iter().find(|(made, _)| *made == name).unwrap();
    Golden::of(&make())
}

/// What is wrong with a file, whatever its seal says.
fn refused(file: &Value) -> Option<String> {
    let replayed = Golden::read(&file.to_string()).and_then(|golden| golden.replay());
    replayed.err().map(|error| error.to_string())
}

#[test]
fn golden_journals_that_are_bent_do_not_replay() {
    for (name, _) in made::ALL {
        let file: Value = serde_json::from_str(&whole(name).text()).unwrap();
        assert_eq!(refused(&file), None, "{name}");
        for number in 0..file["executions"].as_array().unwrap().len() {
            for (what, bend) in BENT {
                let mut bent = file.clone();
                bend(&mut bent["executions"][number]);
                assert!(refused(&bent).is_some(), "{name}, execution {number}: {what} is not seen");
            }
        }
    }
}

/// Some of what a snapshot holds is written over by the turns after it, and so leads to the same state. Nothing of it makes
/// the machine panic.
#[test]
fn snapshot_that_is_bent_leads_to_another_state() {
    let golden = whole("made_snapshot");
    let (export, kept) = (&golden.executions[0], golden.snapshots.values().next().unwrap());
    let bytes = kept.bytes.as_str();
    let holds = |bytes: String| {
        let bent = Snapshot { next: kept.next, bytes };
        bent.restored(export).is_ok_and(|state| Some(state) == export.state)
    };
    assert!(holds(bytes.to_owned()));
    assert!(!holds(bytes[..bytes.len() - 2].to_owned()), "cut");
    assert!(!holds(format!("{bytes}00")), "longer");
    let other = |at: usize| {
        let digit = if &bytes[at..=at] == "0" { "1" } else { "0" };
        [&bytes[..at], digit, &bytes[at + 1..]].concat()
    };
    let unseen = (0..bytes.len()).filter(|at| holds(other(*at))).count();
    assert!(unseen * 4 < bytes.len(), "of {} digits, {unseen} may be any other", bytes.len());
}

#[test]
fn golden_files_of_which_a_character_differs_are_refused() {
    let text = whole("made_fork").text();
    let read = |text: &str| Golden::read(text).is_ok_and(|golden| golden.whole);
    assert!(read(&text));
    let mut tried = 0;
    for (at, before) in text.char_indices().filter(|(_, char)| char.is_ascii_alphanumeric()) {
        let after = if before == '7' { "8" } else { "7" };
        let mut other = text.clone();
        other.replace_range(at..=at, after);
        assert!(!read(&other), "{after} instead of {before} at {at} is not seen");
        tried += 1;
    }
    assert!(tried > 1_000, "{tried}");
}
