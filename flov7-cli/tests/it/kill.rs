//! The reference workflows, killed at every journal position and around every call: nothing lost, nothing repeated.
//!
//! The binary is built with its feature `fault` and aborts itself at a chosen place, as a kill would. The shop is a
//! process of its own and syncs its ledger before it answers, so that it knows what really happened.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::world::{
    Case, Dir, Ran, Shop, answer, assert_view, catalog, command, drive, finish, real_cases, roots, run,
    settled, start,
};

/// No reference workflow has as many turns or calls in one process.
const MOST: usize = 60;

/// Which of the processes of an execution is killed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Victim {
    /// The one that starts it.
    Run,
    /// The one that goes on after the answers.
    Resume,
}

/// Starts a case under a key, so that it can be started again after a kill.
fn keyed(dir: &Dir, bindings: &Path, case: &Case, fault: Option<&str>) -> Ran {
    let mut command = start(dir, bindings, case);
    command.args(["--key", "one"]);
    if let Some(fault) = fault {
        command.env("FLOV7_FAULT", fault);
    }
    run(command)
}

/// What the shop was asked, in order.
fn ledger(dir: &Dir) -> Vec<Value> {
    let text = fs::read_to_string(dir.path().join("service.jsonl")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Runs a case to its end with one fault on the way. Gives the last view and the ledger, or nothing when the place
/// was never reached.
fn faulty(case: &Case, victim: Victim, fault: &str) -> Option<(Value, Vec<Value>)> {
    let dir = Dir::new();
    let shop = Shop::start(dir.path());
    let bindings = shop.bindings(&dir);
    let aborts = !fault.ends_with("=error");
    let first = keyed(&dir, &bindings, case, (victim == Victim::Run).then_some(fault));
    let mut hit = victim == Victim::Run && first.code.is_none();
    if victim == Victim::Resume {
        let view = first.json();
        if view["status"] != "waiting" {
            return None;
        }
        let id = view["execution"].as_str().unwrap().to_owned();
        answer(&dir, case, &id, &view);
        let catalog = catalog();
        let args = ["resume", "--json", "--bindings", bindings.to_str().unwrap(), "--catalog", &catalog];
        let mut second = command(dir.path(), &args);
        second.env("FLOV7_FAULT", fault);
        hit = run(second).code.is_none();
    }
    if aborts && !hit {
        return None;
    }
    if roots(&dir).is_empty() {
        // Killed before anything was acknowledged: the caller tries again.
        keyed(&dir, &bindings, case, None);
    }
    let view = drive(&dir, &bindings, case);
    assert_eq!(roots(&dir).len(), 1, "{}: one key, one execution", case.name);
    Some((view, ledger(&dir)))
}

/// Holds what the shop saw: no keyed effect twice, no `once` call twice, repeats byte for byte.
fn assert_ledger(name: &str, ledger: &[Value]) {
    let mut done: BTreeMap<&str, u32> = BTreeMap::new();
    let mut requests: BTreeMap<&str, &Value> = BTreeMap::new();
    let mut puts: BTreeMap<&str, &str> = BTreeMap::new();
    let mut charges = 0;
    for entry in ledger {
        let (path, body) = (entry["path"].as_str().unwrap(), entry["body"].as_str().unwrap());
        if let Some(key) = entry["key"].as_str() {
            let first = requests.entry(key).or_insert(entry);
            for member in ["method", "path", "body"] {
                assert_eq!(first[member], entry[member], "{name}: a repeat differs in {member}");
            }
            if entry["repeat"] != true && entry["status"].as_u64().unwrap() < 300 {
                *done.entry(key).or_default() += 1;
            }
        }
        if entry["method"] == "PUT" {
            let before = *puts.entry(path).or_insert(body);
            assert_eq!(before, body, "{name}: an idempotent call was repeated with other bytes");
        }
        assert_ne!(entry["status"], 422, "{name}: one key for two requests");
        charges += u32::from(path == "/charges");
    }
    for (key, count) in done {
        assert_eq!(count, 1, "{name}: effect {key} was done {count} times");
    }
    assert!(charges <= 1, "{name}: a once effect was asked for {charges} times");
}

/// The result of a run that nothing disturbed, or what the case says of an unknown outcome.
fn assert_same(name: &str, case: &Case, view: &Value, calm: &Value) {
    let unknown = !view["unknown_effects"].as_array().unwrap().is_empty();
    match case.case.get("unknown").filter(|_| unknown) {
        Some(expect) => {
            assert_view(name, view, expect);
            let failed = view["steps"].as_array().unwrap().iter().find(|s| s["settled"] == "failed").unwrap();
            assert_eq!(failed["error"]["code"], "outcome_unknown", "{name}: {view:#}");
        }
        None => {
            assert_eq!(view["status"], calm["status"], "{name}: {view:#}");
            assert_eq!(settled(view), settled(calm), "{name}: {view:#}");
            assert_eq!(view["output"], calm["output"], "{name}: {view:#}");
            assert_eq!(view["error"]["code"], calm["error"]["code"], "{name}: {view:#}");
            assert!(!unknown, "{name}: {view:#}");
        }
    }
}

fn calm(case: &Case) -> Value {
    let dir = Dir::new();
    let shop = Shop::start(dir.path());
    let bindings = shop.bindings(&dir);
    let first = keyed(&dir, &bindings, case, None).json();
    finish(&dir, &bindings, case, first)
}

/// Puts one kind of fault at place after place until a place is not reached; gives how many were, and how many of
/// those left an outcome that nobody can know.
#[expect(clippy::print_stdout, reason = "how many kills there were is told to whoever asks with --nocapture")]
fn everywhere(kind: &str, when: &str) -> (usize, usize) {
    let (reached, unknown) = (AtomicUsize::new(0), AtomicUsize::new(0));
    // Processes mostly wait for each other: several cases go on at a time.
    let cases = Mutex::new(real_cases().into_iter());
    let next = || cases.lock().unwrap().next();
    let work = || {
        while let Some(case) = next() {
            let calm = calm(&case);
            for victim in [Victim::Run, Victim::Resume] {
                for place in 1..=MOST {
                    let fault = format!("{kind}:{place}:{when}");
                    let name = format!("{} {victim:?} {fault}", case.name);
                    let Some((view, ledger)) = faulty(&case, victim, &fault) else { break };
                    reached.fetch_add(1, Ordering::Relaxed);
                    let lost = view["unknown_effects"] != Value::Array(Vec::new());
                    unknown.fetch_add(usize::from(lost), Ordering::Relaxed);
                    assert_same(&name, &case, &view, &calm);
                    assert_ledger(&name, &ledger);
                    assert!(place < MOST, "{name}: more places than looked at");
                }
            }
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        workers.into_iter().for_each(|worker| worker.join().unwrap());
    });
    let (reached, unknown) = (reached.into_inner(), unknown.into_inner());
    println!("{kind} {when}: {reached} kills, {unknown} unknown outcomes");
    (reached, unknown)
}

#[test]
fn killed_before_every_commit_the_result_is_the_same() {
    assert!(everywhere("commit", "before").0 >= 160);
}

#[test]
fn killed_after_every_commit_the_result_is_the_same() {
    assert!(everywhere("commit", "after").0 >= 160);
}

#[test]
fn killed_before_every_call_the_result_is_the_same() {
    assert!(everywhere("call", "before").0 >= 65);
}

#[test]
fn killed_between_an_effect_and_its_record_nothing_is_done_twice() {
    let (reached, unknown) = everywhere("call", "after");
    assert!(reached >= 65);
    // The bank does not deduplicate: a charge whose answer was lost is looked at by a person, never repeated.
    assert!(unknown >= 1);
}

#[test]
fn a_commit_that_fails_after_it_was_written_changes_nothing() {
    for case in real_cases() {
        let calm = calm(&case);
        // Without an abort nothing says that a place was reached: the first places are reached by every case.
        for place in 1..=2 {
            for when in ["after", "before"] {
                let fault = format!("commit:{place}:{when}=error");
                let name = format!("{} {fault}", case.name);
                let (view, ledger) = faulty(&case, Victim::Run, &fault).unwrap();
                assert_same(&name, &case, &view, &calm);
                assert_ledger(&name, &ledger);
            }
        }
    }
}

/// Waits for a signal under a concurrency key.
const KEYED: &str = r#"{ "flov7": 1, "name": "keyed", "concurrency": { "key": "all", "policy": "queue" },
    "signals": { "go": { "type": "integer" } },
    "steps": [ { "id": "go", "action": { "use": "core.wait_for", "with": { "signal": "go" } } } ], "output": "${ steps.go }" }"#;

/// A command that a fault may abort; whether it did.
fn aborted(dir: &Dir, args: &[&str], fault: &str) -> bool {
    let mut command = command(dir.path(), args);
    command.env("FLOV7_FAULT", fault);
    run(command).code.is_none()
}

fn shown(dir: &Dir, id: &str) -> Value {
    run(command(dir.path(), &["show", id, "--json"])).json()
}

#[test]
fn concurrency_holds_over_a_kill_at_every_commit() {
    let mut hits = 0;
    for (number, when) in (1..MOST).flat_map(|number| ["before", "after"].map(|when| (number, when))) {
        let fault = format!("commit:{number}:{when}");
        let dir = Dir::new();
        dir.write("keyed.json", KEYED);
        let start =
            |key: &str| run(command(dir.path(), &["run", "keyed.json", "--json", "--key", key])).json();
        // Killed while the first one begins; started again under its start key.
        let begun = aborted(&dir, &["run", "keyed.json", "--key", "one"], &fault);
        let first = start("one")["execution"].as_str().unwrap().to_owned();
        // Killed while the second one joins the line.
        let joined = aborted(&dir, &["run", "keyed.json", "--key", "two"], &fault);
        let second = start("two")["execution"].as_str().unwrap().to_owned();
        assert_ne!(first, second);
        assert_eq!(shown(&dir, &second)["begins"]["in_line"], true, "{fault}: the first one lives");
        run(command(dir.path(), &["resume", "--json"]));
        assert_eq!(shown(&dir, &second)["begins"]["in_line"], true, "{fault}: the first one lives");
        assert_eq!(shown(&dir, &first)["waiting"][0]["path"], "go", "{fault}: the first one began");
        // Killed around the commit that ends the first one, and makes room.
        assert_eq!(run(command(dir.path(), &["signal", &first, "go", "1"])).code, Some(0));
        let ended = aborted(&dir, &["resume", &first], &fault);
        run(command(dir.path(), &["resume", &first, "--json"]));
        assert_eq!(shown(&dir, &first)["status"], "completed", "{fault}");
        // And around the one that takes the turn.
        let taken = aborted(&dir, &["resume", &second], &fault);
        run(command(dir.path(), &["resume", &second, "--json"]));
        let view = shown(&dir, &second);
        assert_eq!(
            (&view["begins"], &view["waiting"][0]["path"]),
            (&Value::Null, &Value::from("go")),
            "{fault}"
        );
        let hit = [begun, joined, ended, taken].into_iter().filter(|hit| *hit).count();
        hits += hit;
        if hit == 0 {
            break;
        }
    }
    assert!(hits >= 10, "only {hits} commits were reached");
}
